/* What a ladder owes the debtor once he has paid: one restore, and words of thanks or excuse. */
#include "config/ladder/written.h"

#include <string.h>

#define RESTORE_WITHIN_MS RG_RESTORE_MS

static void misplaced(struct rg_draft *d, const struct rg_written_owed *w, const char *key, const char *why)
{
    rg_diags_error(d->loader->diags, rg_member_place(&w->section, key), "misplaced-key", "\"%s\" in step \"" RG_STR_FMT "\" %s",
                   key, RG_STR_ARG(w->section.name), why);
}

static void resolve_signal(struct rg_draft *d, const struct rg_written_owed *w, struct rg_owed *owed)
{
    static const char *const of_messages[] = {"via", "when_crossed", "when"};
    owed->kind = RG_ACT_SIGNAL;
    owed->signal = (enum rg_signal)w->signal;
    owed->within = rg_span_of(w->within);
    if (owed->within.unit == RG_SPAN_NONE)
        owed->within = (struct rg_span){
            RG_SPAN_MS, d->pack != NULL && d->pack->calendar.restore_ms > 0 ? d->pack->calendar.restore_ms : RESTORE_WITHIN_MS};
    if (w->signal != RG_SIGNAL_RESTORE_REQUESTED)
        misplaced(d, w, "signal", "is a sanction; what is owed is service.restore_requested");
    for (size_t i = 0; i < RG_COUNT(of_messages); i++)
        if (rg_section_has(&w->section, of_messages[i]))
            misplaced(d, w, of_messages[i], "says nothing; a restore is owed at once and without condition");
}

static void resolve_message(struct rg_draft *d, const struct rg_written_owed *w, struct rg_owed *owed)
{
    const struct rg_written_via *via = rg_via_of(d, &w->via, &w->section);
    owed->kind = RG_ACT_MESSAGE;
    owed->template = rg_loader_keep(d->loader, w->template);
    owed->when_crossed = rg_span_of(w->when_crossed);
    owed->when = rg_condition_compile(d->loader, rg_member(&w->section, "when"));
    memcpy(owed->via, via->items, sizeof via->items);
    owed->via_count = via->count;
    if (rg_section_has(&w->section, "within"))
        misplaced(d, w, "within", "says nothing; only a signal has a clock");
    if (rg_section_has(&w->section, "clock"))
        misplaced(d, w, "clock", "says nothing; only a signal has a clock");
}

/* Steps and what is owed are told apart by name alone. */
static void check_name(struct rg_draft *d, const struct rg_written_owed *w)
{
    for (int i = 0; i < d->ladder->step_count; i++)
        if (rg_str_eq(d->ladder->steps[i].name, w->section.name))
            rg_diags_error(d->loader->diags, rg_key_place(w->section.node), "duplicate-name",
                           "step \"" RG_STR_FMT "\" is already defined at line %d", RG_STR_ARG(w->section.name),
                           d->ladder->steps[i].mark.line);
}

static void resolve_one(struct rg_draft *d, const struct rg_written_owed *w, struct rg_owed *owed)
{
    bool template = rg_str_has(w->template), signal = w->signal != RG_SIGNAL_NONE;
    owed->name = rg_loader_keep(d->loader, w->section.name);
    if (w->section.node == NULL)
        return; /* no map: complained about */
    owed->mark = rg_loader_mark(d->loader, w->section.node->key);
    check_name(d, w);
    if (!rg_draft_section_sound(d, w->section.node, &rg_owed_table))
        return;
    if (template == signal)
        rg_diags_error(d->loader->diags, rg_key_place(w->section.node), template ? "misplaced-key" : "missing-key",
                       "step \"" RG_STR_FMT "\" %s; expected template or signal", RG_STR_ARG(w->section.name),
                       template ? "does two things" : "does nothing");
    else if (signal)
        resolve_signal(d, w, owed);
    else
        resolve_message(d, w, owed);
}

static int restores(const struct rg_ladder *ladder)
{
    int count = 0;
    for (int i = 0; i < ladder->owed_count; i++)
        count += ladder->owed[i].signal == RG_SIGNAL_RESTORE_REQUESTED;
    return count;
}

void rg_draft_resolve_owed(struct rg_draft *d)
{
    size_t count = d->written->on_paid.count;
    d->ladder->owed_count = (int)count;
    d->ladder->owed = RG_NEW(d->loader->rules->arena, struct rg_owed, count);
    for (size_t i = 0; i < count; i++) {
        const struct rg_written_owed *w = rg_draft_owed(d, (int)i);
        resolve_one(d, w, &d->ladder->owed[i]);
        if (w->signal == RG_SIGNAL_RESTORE_REQUESTED && restores(d->ladder) > 1)
            misplaced(d, w, "signal", "is owed twice; one step restores the service");
    }
}

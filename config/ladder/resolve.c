/* From what was written to what the engine reads: names to indices, texts to programs, defaults filled in. Everything that
 * stays is copied into the snapshot, so that the tree of the file may go. A step with an error keeps its place (others may
 * come after it) but is marked, and nobody judges it further: one mistake gives one finding. */
#include "config/ladder/written.h"

#include <string.h>

#define EVIDENCE_WITHIN_HOURS 48

struct rg_span rg_span_of(struct rg_duration duration)
{
    switch (duration.unit) {
    case RG_UNIT_NONE: return (struct rg_span){RG_SPAN_NONE, 0};
    case RG_UNIT_DAY: return (struct rg_span){RG_SPAN_DAYS, duration.amount};
    case RG_UNIT_BANK_DAY: return (struct rg_span){RG_SPAN_BANK_DAYS, duration.amount};
    default: return (struct rg_span){RG_SPAN_MS, rg_duration_ms(duration)};
    }
}

struct rg_day_spec rg_day_spec_of(struct rg_day_offset offset)
{
    return (struct rg_day_spec){.given = offset.set, .bank_days = offset.bank, .offset = offset.days};
}

static void misplaced(struct rg_draft *d, const struct rg_section *section, const char *key, const char *why)
{
    rg_diags_error(d->loader->diags, rg_member_place(section, key), "misplaced-key", "\"%s\" in step \"" RG_STR_FMT "\" %s", key,
                   RG_STR_ARG(section->name), why);
}

/* ---- one step ---- */

const struct rg_written_via *rg_via_of(const struct rg_draft *d, const struct rg_written_via *own, const struct rg_section *step)
{
    const struct rg_written_via *via = own->given ? own : &d->written->defaults.via;
    if (!via->given)
        rg_diags_error(d->loader->diags, rg_key_place(step->node), "missing-key",
                       "step \"" RG_STR_FMT "\" has no channels; expected via here or in defaults", RG_STR_ARG(step->name));
    return via;
}

static void resolve_after(struct rg_draft *d, const struct rg_written_step *w, struct rg_step *step)
{
    const char *names[RG_STEPS_MAX];
    int count = d->ladder->step_count;
    step->after_step = -1;
    if (!rg_section_has(&w->section, "after") || !rg_str_has(w->after.step))
        return;
    for (int i = 0; i < count; i++) {
        names[i] = rg_draft_written(d, i)->section.name.p;
        if (rg_str_eq(rg_draft_written(d, i)->section.name, w->after.step))
            step->after_step = i;
    }
    step->after_has = (enum rg_has)w->after.has;
    step->after_wait = rg_span_of(w->after.wait);
    if (step->after_step < 0)
        rg_unknown_value(d->loader->diags, rg_member(&w->after.section, "step"), "step", names, (size_t)count);
}

/* A day or another step, and not both. */
static void check_when_it_happens(struct rg_draft *d, const struct rg_written_step *w)
{
    bool day = rg_section_has(&w->section, "day"), after = rg_section_has(&w->section, "after");
    struct rg_diags *diags = d->loader->diags;
    if (day && after)
        rg_diags_error(diags, rg_member_place(&w->section, "after"), "both-day-and-after",
                       "step \"" RG_STR_FMT "\" has both day and after; after with not_before: keeps it from coming too early",
                       RG_STR_ARG(w->section.name));
    else if (!day && !after)
        rg_diags_error(diags, rg_key_place(w->section.node), "missing-key",
                       "step \"" RG_STR_FMT "\" says not when it happens; expected day or after", RG_STR_ARG(w->section.name));
}

static void resolve_act(struct rg_draft *d, const struct rg_written_step *w, struct rg_step *step)
{
    bool template = rg_str_has(w->template), signal = w->signal != RG_SIGNAL_NONE;
    struct rg_diags *diags = d->loader->diags;
    step->kind = signal ? RG_ACT_SIGNAL : RG_ACT_MESSAGE;
    step->signal = (enum rg_signal)w->signal;
    step->template = rg_loader_keep(d->loader, w->template);
    if (template && signal)
        misplaced(d, &w->section, "signal", "stands beside template; a step does one thing");
    else if (!template && !signal)
        rg_diags_error(diags, rg_key_place(w->section.node), "missing-key",
                       "step \"" RG_STR_FMT "\" does nothing; expected template or signal", RG_STR_ARG(w->section.name));
    if (signal) {
        if (w->via.given)
            misplaced(d, &w->section, "via", "says nothing; signals have their own channel");
        if (w->signal == RG_SIGNAL_RESTORE_REQUESTED)
            misplaced(d, &w->section, "signal", "is owed, not dunned; write it in on_paid");
        else if (w->tone != RG_TONE_SANCTION)
            misplaced(d, &w->section, "tone", "must be sanction: that signal takes something from the debtor");
        return;
    }
    if (!template)
        return;
    const struct rg_written_via *via = rg_via_of(d, &w->via, &w->section);
    memcpy(step->via, via->items, sizeof via->items);
    step->via_count = via->count;
}

static void resolve_needs(struct rg_draft *d, const struct rg_written_step *w, struct rg_step *step)
{
    const struct rg_node *list = rg_member(&w->section, "needs");
    step->needs = (unsigned)(w->needs & RG_NEEDS_PAYMENTS_FRESH);
    for (size_t i = 0; list != NULL && list->kind == RG_NODE_LIST && i < list->count; i++) {
        const struct rg_node *item = list->entries[i].value;
        if (item->kind == RG_NODE_SCALAR && (rg_str_is(item->text, "fresh_charge") || rg_str_is(item->text, "approval")))
            rg_not_yet_value(d->loader->diags, item);
    }
}

static void resolve_term(const struct rg_written_step *w, struct rg_state_days *term)
{
    for (size_t i = 0; i < w->term.count; i++) {
        const struct rg_state_duration *item = &w->term.items[i];
        int days = (int)item->duration.amount;
        if (i == 0) {
            *term = (struct rg_state_days){.given = true, .days = days};
            continue;
        }
        if (term->state_count == RG_STATE_TERMS_MAX)
            return; /* the reader takes states that exist, none twice: there are no more */
        memcpy(term->states[term->state_count].state, item->place.p, 2);
        term->states[term->state_count++].days = days;
    }
}

/* What a notice says: evidence, its time, its term, its kind. */
static void resolve_notice(struct rg_draft *d, const struct rg_written_step *w, struct rg_step *step)
{
    step->evidence = (enum rg_evidence)w->evidence;
    step->evidence_within = rg_span_of(w->evidence_within);
    if (step->evidence != RG_EVIDENCE_NONE && step->evidence_within.unit == RG_SPAN_NONE)
        step->evidence_within = (struct rg_span){RG_SPAN_MS, EVIDENCE_WITHIN_HOURS * 60 * RG_MS_PER_MINUTE};
    resolve_term(w, &step->term);
    bool notice = w->tone == RG_TONE_NOTICE;
    if (rg_section_has(&w->section, "evidence_within") && step->evidence == RG_EVIDENCE_NONE)
        misplaced(d, &w->section, "evidence_within", "says nothing without evidence");
    if (step->evidence != RG_EVIDENCE_NONE && step->kind == RG_ACT_SIGNAL)
        misplaced(d, &w->section, "evidence", "says nothing; a signal is confirmed, not delivered");
    if (step->term.given && !notice)
        misplaced(d, &w->section, "term", "says nothing; only a step of tone: notice grants a term");
    if (notice && step->kind == RG_ACT_SIGNAL)
        misplaced(d, &w->section, "tone", "cannot be notice; a notice is a message");
    if (!rg_section_has(&w->section, "kind"))
        return;
    step->extrajudicial = rg_str_is(w->kind, "extrajudicial");
    static const char *const kinds[] = {"extrajudicial"};
    if (!step->extrajudicial)
        rg_unknown_value(d->loader->diags, rg_member(&w->section, "kind"), "kind", kinds, RG_COUNT(kinds));
    else if (!notice)
        misplaced(d, &w->section, "kind", "says nothing; only a step of tone: notice has one");
}

static void resolve_times(struct rg_draft *d, const struct rg_written_step *w, struct rg_step *step)
{
    const struct rg_written_defaults *defaults = &d->written->defaults;
    step->day = rg_day_spec_of(w->day);
    step->not_before = rg_day_spec_of(w->not_before);
    step->not_after = rg_day_spec_of(w->not_after);
    step->repeat_every = rg_span_of(w->repeat.every);
    step->repeat_times = w->repeat.times > 0 ? (int)w->repeat.times : 1;
    step->until = w->until;
    if (w->until.kind == RG_UNTIL_DEFAULT && w->tone < RG_TONE_NOTICE)
        step->until = defaults->until;
    if (step->repeat_times > 1 && w->tone >= RG_TONE_NOTICE)
        misplaced(d, &w->section, "repeat", "says nothing; notices and sanctions happen once a cycle");
    if (w->again && w->tone >= RG_TONE_FIRM)
        misplaced(d, &w->section, "again", "says nothing; only info, courtesy and reminder steps are left out in a later cycle");
}

/* Notices and sanctions have no end and are not lost by what holds for milder steps: they come late, a day later still. */
static void resolve_catch_up(struct rg_draft *d, const struct rg_written_step *w, struct rg_step *step)
{
    bool written = rg_section_has(&w->section, "catch_up"), severe = w->tone >= RG_TONE_NOTICE;
    step->catch_up = (enum rg_catch_up)(written ? w->catch_up : severe ? RG_CATCH_UP_SEND : d->written->defaults.catch_up);
    if (written && severe && step->catch_up == RG_CATCH_UP_LATEST_ONLY)
        misplaced(d, &w->section, "catch_up", "cannot be latest_only; a notice or a sanction speaks for itself: send or skip");
}

static void resolve_step(struct rg_draft *d, int i)
{
    const struct rg_written_step *w = rg_draft_written(d, i);
    struct rg_step *step = &d->ladder->steps[i];
    step->name = rg_loader_keep(d->loader, w->section.name);
    step->index = i;
    step->after_step = -1;
    step->repeat_times = 1;
    if (w->section.node == NULL)
        return; /* no map: complained about */
    step->mark = rg_loader_mark(d->loader, w->section.node->key);
    step->tone = (enum rg_tone)w->tone;
    step->mode = (enum rg_mode)w->mode;
    step->again = w->again;
    step->uncertain = (enum rg_uncertain)(rg_section_has(&w->section, "uncertain") ? w->uncertain
                                                                                   : d->written->defaults.uncertain);
    step->when[1] = rg_condition_compile(d->loader, rg_member(&w->section, "when"));
    resolve_needs(d, w, step);
    resolve_after(d, w, step);
    if (!d->sound[i])
        return;
    check_when_it_happens(d, w);
    resolve_act(d, w, step);
    resolve_notice(d, w, step);
    resolve_times(d, w, step);
    resolve_catch_up(d, w, step);
}

static void resolve_steps(struct rg_draft *d)
{
    struct rg_loader *loader = d->loader;
    size_t count = d->written->steps.count;
    const struct rg_node *map = rg_member(&d->written->section, "steps");
    if (map != NULL && map->kind == RG_NODE_MAP && map->count == 0)
        rg_diags_error(loader->diags, rg_key_place(map), "missing-key", "expected at least one step");
    d->ladder->step_count = (int)count;
    d->ladder->steps = RG_NEW(loader->rules->arena, struct rg_step, count);
    const struct rg_cel *common = rg_condition_compile(loader, rg_member(&d->written->defaults.section, "when"));
    for (size_t i = 0; i < count; i++) {
        size_t before = rg_diags_errors(loader->diags);
        resolve_step(d, (int)i);
        d->ladder->steps[i].when[0] = common;
        if (rg_diags_errors(loader->diags) > before)
            d->sound[i] = false;
    }
}

/* ---- the ladder ---- */

static struct rg_week_hours hours_of(const struct rg_weekly *weekly)
{
    return (struct rg_week_hours){
        .given = weekly->given, .weekdays = weekly->weekdays, .saturday = weekly->saturday, .sunday = weekly->sunday};
}

void rg_draft_resolve(struct rg_draft *d)
{
    const struct rg_written_ladder *w = d->written;
    struct rg_ladder *ladder = d->ladder;
    struct rg_loader *loader = d->loader;
    ladder->name = rg_loader_keep(loader, w->name);
    ladder->title = rg_loader_keep(loader, w->title);
    ladder->owner = rg_loader_keep(loader, w->owner);
    ladder->mark = rg_loader_mark(loader, w->section.node);
    ladder->priority = (int)w->priority;
    ladder->mode = (enum rg_mode)w->mode;
    ladder->applies = rg_condition_compile(loader, rg_member(&w->section, "applies"));
    ladder->hours = hours_of(&w->defaults.hours);
    ladder->holidays_before_earlier = w->defaults.holidays.before == 0;
    ladder->caps = (struct rg_caps){.per_day = (int)w->defaults.caps.per_day, .per_week = (int)w->defaults.caps.per_week,
                                    .gap = rg_span_of(w->defaults.caps.gap)};
    const struct rg_node *calendar = rg_member(&w->section, "calendar");
    d->pack = rg_calendar_load(loader, w->calendar, calendar != NULL ? calendar : w->section.node);
    ladder->calendar = d->pack != NULL ? &d->pack->calendar : NULL;
    resolve_steps(d);
    rg_draft_resolve_owed(d);
}

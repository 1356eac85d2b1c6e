/* Whether steps can happen at all, and in an order that makes sense. Days are compared as stretches: a day counted in bank days
 * lies somewhere between that many days and what weekends and holidays may add, and only what is wrong in every year is said. */
#include "config/ladder/written.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BANK_DAYS_SLACK 7 /* holidays in a row, beside weekends */

struct stretch {
    int first, last; /* days from the payable day */
};

static struct stretch stretch_of(struct rg_day_spec day)
{
    if (!day.bank_days)
        return (struct stretch){day.offset, day.offset};
    int most = abs(day.offset) * 7 / 5 + BANK_DAYS_SLACK;
    return day.offset < 0 ? (struct stretch){-most, day.offset} : (struct stretch){day.offset, most};
}

static void unreachable(struct rg_draft *d, const struct rg_section *section, const char *key, const char *fmt, ...)
    RG_PRINTF(4, 5);
static void unreachable(struct rg_draft *d, const struct rg_section *section, const char *key, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    rg_diags_error(d->loader->diags, rg_member_place(section, key), "unreachable-step", "%s", text);
}

/* ---- days ---- */

static bool before(struct rg_day_spec a, struct rg_day_spec b)
{
    return a.given && b.given && stretch_of(a).last < stretch_of(b).first;
}

static void check_days(struct rg_draft *d, const struct rg_written_step *w, const struct rg_step *step)
{
    const struct rg_section *section = &w->section;
    if (before(step->not_after, step->day) || before(step->not_after, step->not_before))
        unreachable(d, section, "not_after", "step \"" RG_STR_FMT "\" never happens: not_after lies before the step begins",
                    RG_STR_ARG(step->name));
    else if (step->until.kind == RG_UNTIL_DAY && rg_section_has(section, "until") &&
             (before(step->until.day, step->day) || before(step->until.day, step->not_before)))
        unreachable(d, section, "until", "step \"" RG_STR_FMT "\" never happens: its window ends before it begins",
                    RG_STR_ARG(step->name));
}

/* ---- what a step comes after ---- */

static bool in_cycle(const struct rg_ladder *ladder, int start)
{
    int at = ladder->steps[start].after_step;
    for (int turns = 0; at >= 0 && turns < ladder->step_count; turns++) {
        if (at == start)
            return true;
        at = ladder->steps[at].after_step;
    }
    return false;
}

static void say_cycle(struct rg_draft *d, int start)
{
    struct rg_buf chain RG_CLEANUP(rg_buf_done);
    const struct rg_ladder *ladder = d->ladder;
    rg_buf_init(&chain, RG_DIAG_TEXT_MAX);
    int at = start;
    do {
        rg_buf_addf(&chain, RG_STR_FMT " after ", RG_STR_ARG(ladder->steps[at].name));
        at = ladder->steps[at].after_step;
    } while (at != start);
    rg_buf_add_str(&chain, ladder->steps[start].name);
    rg_diags_error(d->loader->diags, rg_member_place(&rg_draft_written(d, start)->after.section, "step"), "cycle",
                   "steps wait for each other: %s", rg_buf_cstr(&chain));
}

/* Said once for each circle, at its first step. */
static void check_cycles(struct rg_draft *d)
{
    for (int i = 0; i < d->ladder->step_count; i++) {
        bool first = in_cycle(d->ladder, i);
        for (int at = d->ladder->steps[i].after_step; first && at != i; at = d->ladder->steps[at].after_step)
            first = at > i;
        if (first)
            say_cycle(d, i);
    }
}

static enum rg_evidence best_of(const struct rg_draft *d, const struct rg_step *step)
{
    enum rg_evidence best = RG_EVIDENCE_NONE;
    for (int i = 0; i < step->via_count; i++) {
        enum rg_evidence of_channel = d->loader->rules->channels[step->via[i]].best_evidence;
        if (of_channel > best)
            best = of_channel;
    }
    return best;
}

static void list_evidence(const struct rg_draft *d, const struct rg_step *step, struct rg_buf *into)
{
    for (int i = 0; i < step->via_count; i++) {
        const struct rg_channel_info *channel = &d->loader->rules->channels[step->via[i]];
        rg_buf_addf(into, "%s" RG_STR_FMT " %s", i > 0 ? ", " : "", RG_STR_ARG(channel->name),
                    rg_evidence_name(channel->best_evidence));
    }
}

static enum rg_evidence evidence_of(enum rg_has has)
{
    switch (has) {
    case RG_HAS_DELIVERED: return RG_EVIDENCE_DELIVERED;
    case RG_HAS_READ: return RG_EVIDENCE_READ;
    case RG_HAS_REPLIED: return RG_EVIDENCE_REPLIED;
    default: return RG_EVIDENCE_NONE;
    }
}

static void check_after(struct rg_draft *d, const struct rg_written_step *w, const struct rg_step *step)
{
    const struct rg_step *earlier = &d->ladder->steps[step->after_step];
    const struct rg_section *after = &w->after.section;
    enum rg_evidence wanted = evidence_of(step->after_has);
    if (step->after_has == RG_HAS_CONFIRMED && earlier->kind != RG_ACT_SIGNAL) {
        unreachable(d, after, "has",
                    "step \"" RG_STR_FMT "\" never happens: \"" RG_STR_FMT "\" is a message, and only signals are confirmed",
                    RG_STR_ARG(step->name), RG_STR_ARG(earlier->name));
    } else if (step->after_has == RG_HAS_TERM_ENDED && !earlier->term.given) {
        unreachable(d, after, "has", "step \"" RG_STR_FMT "\" never happens: \"" RG_STR_FMT "\" grants no term",
                    RG_STR_ARG(step->name), RG_STR_ARG(earlier->name));
    } else if (wanted != RG_EVIDENCE_NONE && earlier->kind == RG_ACT_SIGNAL) {
        unreachable(d, after, "has",
                    "step \"" RG_STR_FMT "\" never happens: \"" RG_STR_FMT "\" is a signal, and only messages are %s",
                    RG_STR_ARG(step->name), RG_STR_ARG(earlier->name), rg_evidence_name(wanted));
    } else if (wanted > best_of(d, earlier)) {
        struct rg_buf list RG_CLEANUP(rg_buf_done);
        rg_buf_init(&list, 256);
        list_evidence(d, earlier, &list);
        rg_diags_error(d->loader->diags, rg_member_place(after, "has"), "evidence-unreachable",
                       "no channel of step \"" RG_STR_FMT "\" can prove \"%s\": at most %s", RG_STR_ARG(earlier->name),
                       rg_evidence_name(wanted), rg_buf_cstr(&list));
    }
}

static void check_evidence(struct rg_draft *d, const struct rg_written_step *w, const struct rg_step *step)
{
    if (step->kind != RG_ACT_MESSAGE || step->evidence <= best_of(d, step) || step->via_count == 0)
        return;
    struct rg_buf list RG_CLEANUP(rg_buf_done);
    rg_buf_init(&list, 256);
    list_evidence(d, step, &list);
    rg_diags_error(d->loader->diags, rg_member_place(&w->section, "evidence"), "evidence-unreachable",
                   "no channel of step \"" RG_STR_FMT "\" can prove \"%s\": at most %s", RG_STR_ARG(step->name),
                   rg_evidence_name(step->evidence), rg_buf_cstr(&list));
}

/* ---- tones ---- */

/* The day a step cannot come before: its own, or that of what it waits for. */
static bool earliest_day(const struct rg_ladder *ladder, int index, int *ret_day)
{
    for (int turns = 0; turns < ladder->step_count; turns++) {
        const struct rg_step *step = &ladder->steps[index];
        if (step->day.given) {
            *ret_day = stretch_of(step->day).first;
            return true;
        }
        if (step->after_step < 0)
            return false;
        index = step->after_step;
    }
    return false;
}

static bool waits_for(const struct rg_ladder *ladder, int index, int other)
{
    for (int turns = 0; index >= 0 && turns <= ladder->step_count; turns++) {
        index = ladder->steps[index].after_step;
        if (index == other)
            return true;
    }
    return false;
}

static bool comes_later(const struct rg_ladder *ladder, int index, int other)
{
    int own_day, other_day;
    if (waits_for(ladder, index, other))
        return true;
    return earliest_day(ladder, index, &own_day) && earliest_day(ladder, other, &other_day) && ladder->steps[other].day.given &&
           own_day > stretch_of(ladder->steps[other].day).last;
}

static void check_tone(struct rg_draft *d, int index)
{
    const struct rg_ladder *ladder = d->ladder;
    const struct rg_step *step = &ladder->steps[index];
    if (step->tone != RG_TONE_COURTESY && step->tone != RG_TONE_REMINDER)
        return;
    for (int i = 0; i < ladder->step_count; i++) {
        const struct rg_step *other = &ladder->steps[i];
        if (!d->sound[i] || other->tone < RG_TONE_FIRM || !comes_later(ladder, index, i))
            continue;
        rg_diags_warn(d->loader->diags, rg_member_place(&rg_draft_written(d, index)->section, "tone"), "tone-goes-down",
                      "step \"" RG_STR_FMT "\" (%s) comes after \"" RG_STR_FMT
                      "\" (%s): a debtor who was warned is asked kindly again",
                      RG_STR_ARG(step->name), rg_tone_name(step->tone), RG_STR_ARG(other->name), rg_tone_name(other->tone));
        return;
    }
}

void rg_draft_check_order(struct rg_draft *d)
{
    check_cycles(d);
    for (int i = 0; i < d->ladder->step_count; i++) {
        const struct rg_written_step *w = rg_draft_written(d, i);
        const struct rg_step *step = &d->ladder->steps[i];
        if (!d->sound[i])
            continue;
        check_days(d, w, step);
        check_evidence(d, w, step);
        if (step->after_step >= 0 && d->sound[step->after_step])
            check_after(d, w, step);
        check_tone(d, i);
    }
}

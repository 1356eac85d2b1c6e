/* What the law and the calendars ask of a ladder: a sanction waits for a notice that was delivered and for its term, hours are no
 * wider than those of the calendar, an extrajudicial notice is short. */
#include "config/ladder/written.h"

#include <stdio.h>
#include <string.h>

#define EXTRAJUDICIAL_DAYS_ADVISED 7

/* ---- sanctions ---- */

static bool good_notice(const struct rg_step *step)
{
    return step->tone == RG_TONE_NOTICE && step->kind == RG_ACT_MESSAGE && step->evidence >= RG_EVIDENCE_DELIVERED &&
           step->term.given;
}

/* The notice whose term a step waits for, itself or through the steps before it; NULL: none. */
static const struct rg_step *notice_of(const struct rg_ladder *ladder, const struct rg_step *step)
{
    for (int turns = 0; step->after_step >= 0 && turns <= ladder->step_count; turns++) {
        const struct rg_step *earlier = &ladder->steps[step->after_step];
        if (step->after_has == RG_HAS_TERM_ENDED && good_notice(earlier))
            return earlier;
        step = earlier;
    }
    return NULL;
}

/* The notice that was probably meant: one that is good, else any with a term, else any. */
static const struct rg_step *nearest_notice(const struct rg_ladder *ladder)
{
    const struct rg_step *best = NULL;
    int rank = 0;
    for (int i = 0; i < ladder->step_count; i++) {
        const struct rg_step *step = &ladder->steps[i];
        int own = step->tone != RG_TONE_NOTICE || step->extrajudicial ? 0 : good_notice(step) ? 3 : step->term.given ? 2 : 1;
        if (own > rank) {
            rank = own;
            best = step;
        }
    }
    return best;
}

/* "; telecom asks for 15 days (calendar br-telecom, RGC 765/2023)" */
static void add_law(const struct rg_calendar_pack *pack, struct rg_buf *into)
{
    const struct rg_calendar *cal = &pack->calendar;
    if (cal->suspension_notice_days == 0)
        return;
    rg_buf_addf(into, "; %s asks for %d days (calendar %s%s%s)", pack->sector != NULL ? pack->sector : "the calendar",
                cal->suspension_notice_days, cal->name, cal->terms_source.text != NULL ? ", " : "",
                cal->terms_source.text != NULL ? cal->terms_source.text : "");
}

static void say_no_notice(struct rg_draft *d, const struct rg_written_step *w, const struct rg_step *step)
{
    const struct rg_step *meant = nearest_notice(d->ladder);
    struct rg_buf law RG_CLEANUP(rg_buf_done);
    rg_buf_init(&law, 512);
    add_law(d->pack, &law);
    struct rg_place place = rg_key_place(w->section.node);
    char remedy[256];
    if (meant == NULL)
        (void)snprintf(remedy, sizeof remedy, "Add a step of tone: notice, and after: { step: its name, has: term_ended }");
    else if (good_notice(meant))
        (void)snprintf(remedy, sizeof remedy, "Add after: { step: " RG_STR_FMT ", has: term_ended }", RG_STR_ARG(meant->name));
    else
        (void)snprintf(remedy, sizeof remedy,
                       "Give step \"" RG_STR_FMT "\" evidence: delivered and a term, and add after: { step: " RG_STR_FMT
                       ", has: term_ended }",
                       RG_STR_ARG(meant->name), RG_STR_ARG(meant->name)); /* names are short; cut, it would still be a sentence */
    rg_diags_error(d->loader->diags, place, "sanction-without-notice",
                   "step \"" RG_STR_FMT "\" (sanction) has no earlier notice with evidence: delivered and a term%s. %s",
                   RG_STR_ARG(step->name), law.len > 0 ? rg_buf_cstr(&law) : "", remedy);
}

static int shortest_term(const struct rg_state_days *term)
{
    int days = term->days;
    for (size_t i = 0; i < term->state_count; i++)
        if (term->states[i].days < days)
            days = term->states[i].days;
    return days;
}

static void check_sanction(struct rg_draft *d, const struct rg_written_step *w, const struct rg_step *step)
{
    if (step->tone != RG_TONE_SANCTION || d->pack == NULL)
        return;
    const struct rg_step *notice = notice_of(d->ladder, step);
    int asked = step->signal == RG_SIGNAL_SUSPEND_REQUESTED ? d->pack->calendar.suspension_notice_days : 0;
    if (notice == NULL) {
        say_no_notice(d, w, step);
        return;
    }
    if (!d->sound[notice->index] || shortest_term(&notice->term) >= asked)
        return;
    struct rg_buf law RG_CLEANUP(rg_buf_done);
    rg_buf_init(&law, 512);
    add_law(d->pack, &law);
    rg_diags_error(d->loader->diags, rg_member_place(&rg_draft_written(d, notice->index)->section, "term"),
                   "sanction-without-notice", "step \"" RG_STR_FMT "\" grants %d days before \"" RG_STR_FMT "\"%s",
                   RG_STR_ARG(notice->name), shortest_term(&notice->term), RG_STR_ARG(step->name), rg_buf_cstr(&law));
}

static void check_extrajudicial(struct rg_draft *d, const struct rg_written_step *w, const struct rg_step *step)
{
    if (step->extrajudicial && step->term.given && step->term.days > EXTRAJUDICIAL_DAYS_ADVISED)
        rg_diags_warn(d->loader->diags, rg_member_place(&w->section, "term"), "notice-over-seven-days",
                      "an extrajudicial notice of %d days; a short term, at most %d days, is what makes it taken seriously",
                      step->term.days, EXTRAJUDICIAL_DAYS_ADVISED);
}

/* ---- hours ---- */

/* The calendar's hours for everybody, as calendar.h reads them: a known state's narrower ones cut further by themselves. */
static struct rg_hours_rule lawful_hours(const struct rg_calendar *cal)
{
    for (size_t i = 0; i < cal->hours_count; i++)
        if (cal->hours[i].state[0] == '\0')
            return cal->hours[i];
    return (struct rg_hours_rule){
        .weekdays = {8 * 60, 20 * 60}, .saturday = {8 * 60, 14 * 60}, .source = {"SP Lei 15.426/2014", RG_DAY_NONE}};
}

static void add_hours(struct rg_hours hours, struct rg_buf *into)
{
    if (rg_hours_closed(hours))
        rg_buf_adds(into, "none");
    else
        rg_buf_addf(into, "%02d:%02d-%02d:%02d", hours.open_minute / 60, hours.open_minute % 60, hours.close_minute / 60,
                    hours.close_minute % 60);
}

static void check_day_hours(struct rg_draft *d, const struct rg_section *hours, const char *day, struct rg_hours own,
                            struct rg_hours law, struct rg_source source)
{
    bool wider = !rg_hours_closed(own) &&
                 (own.open_minute < law.open_minute || own.close_minute > law.close_minute || rg_hours_closed(law));
    if (!wider)
        return;
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 256);
    add_hours(own, &text);
    rg_buf_addf(&text, " on %s is wider than the calendar allows: ",
                strcmp(day, "weekdays") == 0   ? day
                : strcmp(day, "saturday") == 0 ? "Saturday"
                                               : "Sunday");
    add_hours(law, &text);
    rg_diags_error(d->loader->diags, rg_member_place(hours, day), "hours-wider-than-law", "%s (calendar %s%s%s)",
                   rg_buf_cstr(&text), d->pack->calendar.name, source.text != NULL ? ", " : "",
                   source.text != NULL ? source.text : "");
}

static void check_hours(struct rg_draft *d)
{
    const struct rg_node *node = rg_member(&d->written->defaults.section, "hours");
    if (node == NULL || d->pack == NULL || !d->ladder->hours.given)
        return;
    const struct rg_section hours = {.node = node};
    struct rg_hours_rule law = lawful_hours(&d->pack->calendar);
    check_day_hours(d, &hours, "weekdays", d->ladder->hours.weekdays, law.weekdays, law.source);
    check_day_hours(d, &hours, "saturday", d->ladder->hours.saturday, law.saturday, law.source);
    check_day_hours(d, &hours, "sunday", d->ladder->hours.sunday, law.sunday, law.source);
}

void rg_draft_check_law(struct rg_draft *d)
{
    check_hours(d);
    for (int i = 0; i < d->ladder->step_count; i++) {
        const struct rg_written_step *w = rg_draft_written(d, i);
        if (!d->sound[i])
            continue;
        check_sanction(d, w, &d->ladder->steps[i]);
        check_extrajudicial(d, w, &d->ladder->steps[i]);
    }
}

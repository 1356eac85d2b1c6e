/* Catching up: what becomes of a step that was due before anything could be done about it, because the invoice became known late,
 * the daemon was down, somebody's word kept it silent, or nothing was live yet.
 *
 * One instant answers: since when the invoice can be acted upon. It is the latest of what the ledger says of a first look that
 * came late, of silences that ended, and of going live; so every owner finds the same, and a second look changes nothing. A
 * step whose day was before it is *missed*, and its `catch_up` decides. Windows are not moved: what has closed stays closed.
 *
 * To note step by step what was left out was the alternative; it would have to be undone whenever a fact comes late. */
#include "daemon/rules/look.h"

#include <stdio.h>

/* ---- since when ---- */

/* A promise is broken one bank day after its day. */
int64_t rg_promise_ends(const struct rg_look *look)
{
    const struct rg_record *record = look->record;
    bool none = record->promise_on == RG_DAY_NONE;
    return none ? record->set[RG_DG_PROMISE].time_ms : rg_after_bank_days(look, record->promise_on, 1);
}

/* The result of a debit comes within two bank days. */
int64_t rg_debit_ends(const struct rg_look *look, const struct rg_invoice *invoice)
{
    return invoice->debit_on == RG_DAY_NONE ? invoice->set[RG_IG_DEBIT].time_ms : rg_after_bank_days(look, invoice->debit_on, 2);
}

static void take(int64_t *latest_ms, int64_t ended_ms, int64_t now_ms)
{
    if (ended_ms > *latest_ms && ended_ms <= now_ms)
        *latest_ms = ended_ms;
}

int64_t rg_silence_ended(const struct rg_case *c)
{
    const struct rg_record *record = c->look->record;
    const struct rg_invoice *invoice = c->invoice;
    int64_t now_ms = c->look->world->now_ms, latest_ms = 0;
    for (size_t i = 0; i < record->hold_count; i++) {
        const struct rg_hold *hold = &record->holds[i];
        bool concerns = !rg_str_has(hold->invoice) ||
                        (rg_str_eq(hold->invoice, invoice->id) && rg_str_eq(hold->ns, invoice->ns));
        if (concerns)
            take(&latest_ms, hold->held ? hold->until_ms : hold->set.time_ms, now_ms);
    }
    take(&latest_ms, record->protection == RG_PROTECT_NONE ? record->set[RG_DG_PROTECTION].time_ms : record->protection_until_ms,
         now_ms);
    if (!invoice->disputed)
        take(&latest_ms, invoice->set[RG_IG_DISPUTE].time_ms, now_ms);
    take(&latest_ms, rg_promise_ends(c->look), now_ms);
    return latest_ms;
}

static int64_t able_since(const struct rg_case *c)
{
    int64_t since_ms = rg_silence_ended(c), live_ms = 0;
    take(&since_ms, rg_debit_ends(c->look, c->invoice), c->look->world->now_ms);
    if (c->invoice->caught_up_ms > since_ms)
        since_ms = c->invoice->caught_up_ms;
    bool live = rg_look_live(c->look, c->ladder, c->step, &live_ms);
    return live && live_ms > since_ms ? live_ms : since_ms;
}

/* ---- missed ---- */

/* The end of the day on which it catches up: the first on which a message can go out. */
static int64_t first_day_ends(const struct rg_case *c, int64_t since_ms)
{
    rg_day from = rg_local_at(c->look->zone, since_ms).day;
    for (rg_day day = from; day < from + RG_CLOSED_DAYS_MAX; day++) {
        struct rg_hours hours = rg_message_hours(c->look, c->ladder, day);
        if (!rg_hours_closed(hours) && rg_instant_at(c->look->zone, day, hours.close_minute) > since_ms)
            return rg_start_of_day(c->look->zone, day + 1);
    }
    return rg_start_of_day(c->look->zone, from + 1);
}

/* A milder step has the day on which it opens: one that can still go out on it is in time. A notice or a sanction is missed even
 * if its day is the one that catches up. */
bool rg_case_missed(const struct rg_case *c, int64_t since_ms)
{
    const struct rg_zone *zone = c->look->zone;
    if (since_ms == 0 || c->opens_ms == RG_NEVER)
        return false; /* what waits for another step has missed nothing */
    if (c->step->tone >= RG_TONE_NOTICE)
        return c->opens_ms < first_day_ends(c, since_ms);
    return rg_local_at(zone, c->opens_ms).day < rg_local_at(zone, since_ms).day;
}

static void say_missed(struct rg_case *c, int64_t since_ms, const char *then)
{
    char opened[RG_WHEN_TEXT_MAX], since[RG_WHEN_TEXT_MAX];
    rg_case_why(c, "due %s, possible since %s; %s", rg_when_text(c->look->zone, c->opens_ms, opened),
                rg_when_text(c->look->zone, since_ms, since), then);
}

/* `skip` leaves out what was missed. A notice or a sanction is never picked on the day that catches up: whoever hears of a debt
 * for the first time does not hear a threat, and whoever runs this has a day to look. */
bool rg_gate_too_old(struct rg_case *c)
{
    int64_t since_ms = able_since(c);
    if (!rg_case_missed(c, since_ms))
        return false;
    if (c->step->catch_up == RG_CATCH_UP_SKIP) {
        say_missed(c, since_ms, "catch_up: skip leaves it out");
        return true;
    }
    int64_t free_ms = first_day_ends(c, since_ms);
    if (c->step->tone < RG_TONE_NOTICE || c->look->world->now_ms >= free_ms)
        return false;
    c->until_ms = free_ms;
    say_missed(c, since_ms, "a notice or a sanction waits for the next day");
    return true;
}

/* Went out or is on its way, or nothing but the clock keeps it in. */
static bool speaks(struct rg_case *c)
{
    if (rg_case_said_before(c))
        return false;
    switch (c->done != NULL ? c->done->state : RG_DONE_VOIDED) {
    case RG_DONE_QUEUED:
    case RG_DONE_CLAIMED:
    case RG_DONE_SENT:
    case RG_DONE_UNCERTAIN:
    case RG_DONE_COVERED: return true;
    default: return rg_case_can_speak(c);
    }
}

/* Missed too, later than the other, and open when it could first be acted upon. */
static bool comes_after(struct rg_case *later, const struct rg_case *c)
{
    rg_case_window(later);
    int64_t since_ms = able_since(later);
    bool behind = later->opens_ms > c->opens_ms || (later->opens_ms == c->opens_ms && later->step->index > c->step->index);
    return behind && later->opens_ms <= c->look->world->now_ms && later->closes_ms > since_ms && rg_case_missed(later, since_ms);
}

/* `latest_only`: of what was missed only the step whose day came last goes out. */
bool rg_gate_superseded(struct rg_case *c)
{
    if (c->step->tone >= RG_TONE_NOTICE || c->step->catch_up != RG_CATCH_UP_LATEST_ONLY)
        return false;
    int64_t since_ms = able_since(c);
    for (int i = 0; rg_case_missed(c, since_ms) && i < c->ladder->step_count; i++) {
        const struct rg_step *step = &c->ladder->steps[i];
        for (int repetition = 1; step->tone < RG_TONE_NOTICE && repetition <= step->repeat_times; repetition++) {
            struct rg_case later = *c;
            rg_case_enter(&later, step, repetition);
            if (step->catch_up == RG_CATCH_UP_SKIP || !comes_after(&later, c) || !speaks(&later))
                continue;
            char then[96];
            (void)snprintf(then, sizeof then, "of what was missed only " RG_STR_FMT " goes out", RG_STR_ARG(step->name));
            say_missed(c, since_ms, then);
            return true;
        }
    }
    return false;
}

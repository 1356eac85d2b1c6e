/* When a step may happen: its day counted from the payable day, moved off days without hours, or the moment its prerequisite
 * is there; and until when. All instants are computed from facts, so a daemon that was down for a week finds the same
 * windows as one that was not. */
#include "daemon/rules/look.h"

#include "base/core/hash.h"
#include "brazil/days/bank.h"

#define LAST_CHANCE_DAYS_MAX 14
#define JITTER_MAX_MS (30 * RG_MS_PER_MINUTE)

int64_t rg_span_after(const struct rg_zone *zone, int64_t from_ms, struct rg_span span)
{
    if (span.unit == RG_SPAN_NONE)
        return from_ms;
    if (span.unit == RG_SPAN_MS)
        return from_ms + span.n;
    struct rg_local at = rg_local_at(zone, from_ms);
    if (at.day == RG_DAY_NONE)
        return RG_NEVER;
    rg_day day = span.unit == RG_SPAN_DAYS ? at.day + (rg_day)span.n : rg_bank_add(at.day, (int)span.n);
    return day == RG_DAY_NONE ? RG_NEVER : rg_instant_at(zone, day, at.minute) + at.second_ms;
}

static struct rg_hours ladder_hours(const struct rg_ladder *ladder, rg_day day)
{
    if (!ladder->hours.given)
        return (struct rg_hours){0, 24 * 60};
    switch (rg_day_weekday(day)) {
    case RG_SAT: return ladder->hours.saturday;
    case RG_SUN: return ladder->hours.sunday;
    default: return ladder->hours.weekdays;
    }
}

struct rg_hours rg_message_hours(const struct rg_look *look, const struct rg_ladder *ladder, rg_day day)
{
    struct rg_hours law = rg_calendar_hours(ladder->calendar, look->record->state, look->record->city, day);
    return rg_hours_meet(law, ladder_hours(ladder, day));
}

/* Most windows close at night, when no message may go out anyway: what kept a step in shows in the last opening before that. */
int64_t rg_case_last_chance(const struct rg_case *c)
{
    int64_t last_ms = c->closes_ms - 1;
    rg_day first_day = rg_local_at(c->look->zone, c->opens_ms).day, last_day = rg_local_at(c->look->zone, last_ms).day;
    if (c->step->kind != RG_ACT_MESSAGE || !rg_day_known(first_day) || !rg_day_known(last_day))
        return last_ms;
    for (rg_day day = last_day; day >= first_day && day > last_day - LAST_CHANCE_DAYS_MAX; day--) {
        struct rg_hours hours = rg_message_hours(c->look, c->ladder, day);
        int64_t closing_ms = rg_instant_at(c->look->zone, day, hours.close_minute) - 1;
        int64_t chance_ms = closing_ms < last_ms ? closing_ms : last_ms;
        if (!rg_hours_closed(hours) && chance_ms >= c->opens_ms && chance_ms >= rg_instant_at(c->look->zone, day, hours.open_minute))
            return chance_ms;
    }
    return last_ms;
}

int64_t rg_spread_ms(const struct rg_record *record, int64_t over_ms)
{
    if (over_ms <= 0)
        return 0;
    uint64_t hash = rg_fnv64(record->debtor.p, record->debtor.n);
    return (int64_t)((hash ^ hash >> 29) % (uint64_t)over_ms);
}

/* Spreads a herd over the first part of the opening hours; the same debtor always has the same place in it. */
int64_t rg_jitter_ms(const struct rg_record *record, struct rg_hours hours)
{
    int64_t room = (hours.close_minute - hours.open_minute) * RG_MS_PER_MINUTE / 4;
    if (room > JITTER_MAX_MS)
        room = JITTER_MAX_MS;
    return rg_spread_ms(record, room);
}

static rg_day spec_day(rg_day payable, struct rg_day_spec spec)
{
    return spec.bank_days ? rg_bank_add(payable, spec.offset) : payable + spec.offset;
}

static rg_day day_after(rg_day day)
{
    return day == RG_DAY_NONE ? RG_DAY_NONE : day + 1;
}

/* A reminder before the due day that falls on a day without hours comes earlier; one after it is left to the gates, which
 * carry it to the next opening; one on the due day itself never moves. */
static rg_day moved_day(const struct rg_case *c, rg_day day)
{
    if (c->step->day.offset >= 0 || day == RG_DAY_NONE || !c->ladder->holidays_before_earlier)
        return day;
    for (int i = 0; i < RG_CLOSED_DAYS_MAX; i++)
        if (!rg_hours_closed(rg_message_hours(c->look, c->ladder, day - i)))
            return day - i;
    return day;
}

static bool is_message(const struct rg_step *step)
{
    return step->kind == RG_ACT_MESSAGE;
}

/* The day of the next message step in the file that has a later day: where the window of a step until `next` ends. */
static rg_day next_step_day(const struct rg_case *c)
{
    rg_day own = spec_day(c->payable, c->step->day);
    for (int i = c->step->index + 1; i < c->ladder->step_count; i++) {
        const struct rg_step *other = &c->ladder->steps[i];
        if (!is_message(other) || !other->day.given)
            continue;
        rg_day day = spec_day(c->payable, other->day);
        if (day > own)
            return day;
    }
    return RG_DAY_NONE;
}

static bool endless(const struct rg_step *step)
{
    bool by_default = step->until.kind == RG_UNTIL_DEFAULT || step->until.kind == RG_UNTIL_NEXT;
    return step->until.kind == RG_UNTIL_NEVER || (by_default && step->tone >= RG_TONE_NOTICE);
}

static int64_t step_close(const struct rg_case *c, int64_t opens_ms)
{
    const struct rg_zone *zone = c->look->zone;
    if (endless(c->step))
        return RG_NEVER;
    if (c->step->until.kind == RG_UNTIL_SPAN)
        return rg_span_after(zone, opens_ms, c->step->until.span);
    rg_day day = RG_DAY_NONE;
    if (c->step->until.kind == RG_UNTIL_DAY)
        day = day_after(spec_day(c->payable, c->step->until.day));
    else if (c->step->day.given)
        day = c->step->day.offset == 0 ? c->payable + 1 : next_step_day(c);
    return rg_start_of_day(zone, day);
}

/* Each repetition has its own window, up to the next one's. */
static void repeat_window(struct rg_case *c)
{
    if (c->step->repeat_times <= 1 || c->opens_ms == RG_NEVER)
        return;
    const struct rg_zone *zone = c->look->zone;
    int64_t end = c->closes_ms, opens = c->opens_ms;
    for (int i = 1; i < c->repetition; i++)
        opens = rg_span_after(zone, opens, c->step->repeat_every);
    int64_t next = rg_span_after(zone, opens, c->step->repeat_every);
    c->opens_ms = opens;
    c->closes_ms = c->repetition < c->step->repeat_times && next < end ? next : end;
    if (c->opens_ms >= end)
        c->opens_ms = c->closes_ms = end; /* the next step has come: no room for this repetition */
}

static int64_t step_open(struct rg_case *c)
{
    if (c->step->after_step >= 0) {
        int64_t since_ms = RG_NEVER;
        return rg_case_prerequisite(c, &since_ms) == RG_GATE_NONE ? since_ms : RG_NEVER;
    }
    rg_day day = moved_day(c, spec_day(c->payable, c->step->day));
    int minute = 0;
    if (day != RG_DAY_NONE && is_message(c->step)) {
        struct rg_hours hours = rg_message_hours(c->look, c->ladder, day);
        minute = rg_hours_closed(hours) ? 0 : hours.open_minute;
    }
    return day == RG_DAY_NONE ? RG_NEVER : rg_instant_at(c->look->zone, day, minute);
}

void rg_case_window(struct rg_case *c)
{
    const struct rg_zone *zone = c->look->zone;
    c->opens_ms = step_open(c);
    c->closes_ms = RG_NEVER;
    if (c->opens_ms != RG_NEVER && c->step->not_before.given) { /* what is counted from the opening is counted from there */
        int64_t earliest_ms = rg_start_of_day(zone, spec_day(c->payable, c->step->not_before));
        c->opens_ms = c->opens_ms < earliest_ms ? earliest_ms : c->opens_ms;
    }
    if (c->opens_ms != RG_NEVER)
        c->closes_ms = step_close(c, c->opens_ms);
    repeat_window(c);
    if (c->step->not_after.given) {
        int64_t latest_ms = rg_start_of_day(zone, day_after(spec_day(c->payable, c->step->not_after)));
        c->closes_ms = c->closes_ms < latest_ms ? c->closes_ms : latest_ms;
    }
}

/* ---- steps that come after another ---- */

/* What a step waits for must have happened in the same cycle, and a notice must still speak for what is owed. */
static const struct rg_done *earlier_step(struct rg_case *c, const struct rg_step *before)
{
    const struct rg_done *done = rg_invoice_done(c->invoice, before->name, 1, c->cycle);
    if (done == NULL || done->state == RG_DONE_SHADOW) {
        rg_case_why(c, RG_STR_FMT " has not been sent", RG_STR_ARG(before->name));
        return NULL;
    }
    if (rg_notice_lapsed(done, c->balance_cents)) {
        rg_case_why(c, RG_STR_FMT " spoke of a lower amount and has lapsed", RG_STR_ARG(before->name));
        return NULL;
    }
    return done;
}

static int64_t has_since(const struct rg_done *done, enum rg_has has)
{
    switch (has) {
    case RG_HAS_DELIVERED: return done->evidence_ms[RG_EVIDENCE_DELIVERED];
    case RG_HAS_READ: return done->evidence_ms[RG_EVIDENCE_READ];
    case RG_HAS_REPLIED: return done->evidence_ms[RG_EVIDENCE_REPLIED];
    case RG_HAS_FAILED: return done->failed || done->state == RG_DONE_REJECTED ? done->at_ms : 0;
    case RG_HAS_REFUSED: return done->state == RG_DONE_REJECTED ? done->at_ms : 0;
    case RG_HAS_CONFIRMED: return done->confirmed_ms;
    default: break;
    }
    bool in_order = done->state == RG_DONE_SENT || done->state == RG_DONE_COVERED; /* spoken for, it is done, and proves nothing */
    return in_order ? done->at_ms : 0;
}

/* Times in which the term did not run (a hold, a protection, a dispute, a promise) are not added up: it starts again from the
 * last of them that ended, which is never to the debtor's harm. A booked debit does not stop it: where one is tried and fails
 * every week the term would never end. */
static int64_t term_start(const struct rg_case *c, int64_t notice_ms)
{
    int64_t ended_ms = rg_silence_ended(c);
    return ended_ms > notice_ms ? ended_ms : notice_ms;
}

static enum rg_gate term_gate(struct rg_case *c, const struct rg_step *notice, const struct rg_done *done, int64_t *ret_since_ms)
{
    enum rg_evidence demanded = notice->evidence == RG_EVIDENCE_NONE ? RG_EVIDENCE_ACCEPTED : notice->evidence;
    bool bounced = done->failed && done->evidence < RG_EVIDENCE_DELIVERED;
    if (done->evidence_ms[demanded] == 0 || bounced) {
        rg_case_why(c, RG_STR_FMT " is not %s yet", RG_STR_ARG(notice->name), rg_evidence_name(demanded));
        return RG_GATE_PREREQUISITE;
    }
    const struct rg_record *record = c->look->record;
    rg_day from = rg_local_at(c->look->zone, term_start(c, done->evidence_ms[demanded])).day;
    int days = rg_state_days_for(&notice->term, record->state);
    rg_day free_day = rg_term_first_free_day(c->ladder->calendar, record->state, record->city, from, days, c->ladder->calendar->term_end);
    if (free_day == RG_DAY_NONE) {
        rg_case_why(c, "the term of " RG_STR_FMT " never ends", RG_STR_ARG(notice->name));
        return RG_GATE_TERM;
    }
    bool next_day = c->ladder->calendar->term_end == RG_TERM_NEXT_DAY;
    if (done->deadline_on != RG_DAY_NONE && free_day < done->deadline_on + next_day)
        free_day = done->deadline_on + next_day; /* the rules have shortened the term since: what the notice says holds */
    *ret_since_ms = rg_instant_at(c->look->zone, free_day, 0);
    char from_text[RG_DAY_TEXT_MAX], free_text[RG_DAY_TEXT_MAX];
    rg_day_format(from, from_text);
    rg_day_format(free_day, free_text);
    rg_case_why(c, RG_STR_FMT " counts from %s, %d days; free from %s", RG_STR_ARG(notice->name), from_text, days, free_text);
    if (*ret_since_ms <= c->look->world->now_ms)
        return RG_GATE_NONE;
    c->until_ms = *ret_since_ms;
    return RG_GATE_TERM;
}

enum rg_gate rg_case_prerequisite(struct rg_case *c, int64_t *ret_since_ms)
{
    c->until_ms = RG_NEVER;
    if (c->step->after_step < 0) {
        *ret_since_ms = 0;
        return RG_GATE_NONE;
    }
    const struct rg_step *before = &c->ladder->steps[c->step->after_step];
    const struct rg_done *done = earlier_step(c, before);
    if (done == NULL)
        return RG_GATE_PREREQUISITE;
    int64_t since_ms = 0;
    if (c->step->after_has == RG_HAS_TERM_ENDED) {
        enum rg_gate gate = term_gate(c, before, done, &since_ms);
        if (gate != RG_GATE_NONE)
            return gate;
    } else {
        since_ms = has_since(done, c->step->after_has);
        if (since_ms == 0) {
            rg_case_why(c, RG_STR_FMT " is not %s yet", RG_STR_ARG(before->name), rg_words_has.names[c->step->after_has]);
            return RG_GATE_PREREQUISITE;
        }
        char since_text[RG_WHEN_TEXT_MAX];
        rg_case_why(c, RG_STR_FMT " is %s since %s", RG_STR_ARG(before->name), rg_words_has.names[c->step->after_has],
                    rg_when_text(c->look->zone, since_ms, since_text));
    }
    since_ms = rg_span_after(c->look->zone, since_ms, c->step->after_wait);
    if (since_ms > c->look->world->now_ms) {
        rg_case_why(c, "the time to wait after " RG_STR_FMT " has not passed", RG_STR_ARG(before->name));
        c->until_ms = since_ms;
        return RG_GATE_PREREQUISITE;
    }
    *ret_since_ms = since_ms;
    return RG_GATE_NONE;
}

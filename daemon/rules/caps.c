/* How often: caps count the messages to a debtor over all of his invoices, and messages keep their distance to each other. Both
 * are read from what was done, each action once however many invoices it named; there is no counter that could drift. What was
 * done is remembered for thirty days (room.c), as long as the longest gap. */
#include "daemon/rules/look.h"

#define WEEK_MS (7 * RG_MS_PER_DAY)

static int64_t now(const struct rg_case *c)
{
    return c->look->world->now_ms;
}

/* It went out or is under way. An attempt of the case's own that has to be made again is no message before it. */
static bool is_another_message(const struct rg_case *c, const struct rg_done *done, enum rg_tone lowest, enum rg_tone highest)
{
    bool went = done->state == RG_DONE_QUEUED || done->state == RG_DONE_CLAIMED || done->state == RG_DONE_SENT ||
                done->state == RG_DONE_UNCERTAIN || done->maybe_sent;
    bool own = c->done != NULL && rg_done_shares(done, c->done);
    bool later = c->look->hindsight && done->at_ms > now(c);
    return went && !own && !later && done->signal == RG_SIGNAL_NONE && done->tone >= lowest && done->tone <= highest;
}

static bool capped(const struct rg_case *c)
{
    return c->step->kind == RG_ACT_MESSAGE && c->step->tone >= RG_TONE_COURTESY && c->step->tone <= RG_TONE_FIRM;
}

struct week {
    const struct rg_done *sent[RG_CAPS_MAX]; /* no cap is higher */
    int count, today;
    int64_t oldest_ms;
};

static void add(struct week *week, const struct rg_done *done, int64_t today_began_ms)
{
    for (int i = 0; i < week->count; i++)
        if (rg_done_shares(week->sent[i], done))
            return;
    if (week->count == RG_CAPS_MAX)
        return;
    week->sent[week->count++] = done;
    week->today += done->at_ms >= today_began_ms;
    week->oldest_ms = done->at_ms < week->oldest_ms ? done->at_ms : week->oldest_ms;
}

bool rg_gate_caps(struct rg_case *c)
{
    const struct rg_caps *caps = &c->ladder->caps;
    const struct rg_record *record = c->look->record;
    struct week week = {.oldest_ms = RG_NEVER};
    int64_t today_began_ms = rg_start_of_day(c->look->zone, c->look->now.day);
    if (!capped(c))
        return false;
    for (size_t i = 0; i < record->invoice_count; i++) {
        for (size_t k = 0; k < record->invoices[i].done_count; k++) {
            const struct rg_done *done = &record->invoices[i].done[k];
            if (done->at_ms > now(c) - WEEK_MS && is_another_message(c, done, RG_TONE_COURTESY, RG_TONE_FIRM))
                add(&week, done, today_began_ms);
        }
    }
    if (caps->per_day > 0 && week.today >= caps->per_day) {
        c->until_ms = rg_start_of_day(c->look->zone, c->look->now.day + 1);
        rg_case_why(c, "%d today, at most %d a day", week.today, caps->per_day);
        return true;
    }
    if (caps->per_week > 0 && week.count >= caps->per_week) {
        c->until_ms = week.oldest_ms + WEEK_MS;
        rg_case_why(c, "%d in seven days, at most %d", week.count, caps->per_week);
        return true;
    }
    if (week.count > 0)
        rg_case_why(c, "%d today, %d in seven days", week.today, week.count);
    return false;
}

static int64_t last_message(const struct rg_case *c, enum rg_tone lowest)
{
    const struct rg_record *record = c->look->record;
    int64_t last_ms = 0;
    for (size_t i = 0; i < record->invoice_count; i++) {
        for (size_t k = 0; k < record->invoices[i].done_count; k++) {
            const struct rg_done *done = &record->invoices[i].done[k];
            if (done->at_ms > last_ms && is_another_message(c, done, lowest, RG_TONE_NOTICE))
                last_ms = done->at_ms;
        }
    }
    return last_ms;
}

/* Courtesy to firm keep their distance to every message; notices only to each other. */
bool rg_gate_gap(struct rg_case *c)
{
    bool notice = c->step->kind == RG_ACT_MESSAGE && c->step->tone == RG_TONE_NOTICE;
    if ((!capped(c) && !notice) || c->ladder->caps.gap.unit == RG_SPAN_NONE)
        return false;
    int64_t last_ms = last_message(c, notice ? RG_TONE_NOTICE : RG_TONE_COURTESY);
    if (last_ms == 0)
        return false;
    c->until_ms = rg_span_after(c->look->zone, last_ms, c->ladder->caps.gap);
    int64_t next_day_ms = rg_start_of_day(c->look->zone, rg_local_at(c->look->zone, last_ms).day + 1);
    if (notice && c->until_ms < next_day_ms)
        c->until_ms = next_day_ms; /* two of them never on one day, however short the gap */
    char text[RG_WHEN_TEXT_MAX];
    rg_case_why(c, "last message %s", rg_when_text(c->look->zone, last_ms, text));
    return c->until_ms > now(c);
}

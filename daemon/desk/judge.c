/* A decision that an expectation names has to be there, or not to be there. When it fails the nearest thing is shown: the same
 * step at another time or by another channel, else what stood in its way. */
#include "daemon/desk/judge.h"

#include "brazil/money/format.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES_MAX 1024

struct judging {
    const struct rg_test_file *file;
    const struct rg_rule_test *test;
    const struct rg_desk_log *log;
    const struct rg_zone *zone; /* the debtor's, at the end */
    struct rg_arena *arena;
    struct rg_verdict_on_test *verdict;
};

/* ---- words ---- */

static struct rg_str keep(const struct judging *j, struct rg_buf *text)
{
    struct rg_str kept = rg_arena_str(j->arena, rg_buf_str(text));
    rg_buf_done(text);
    return kept;
}

/* "2026-12-04 08:03 -03" */
static void add_instant(const struct judging *j, int64_t ms, struct rg_buf *to)
{
    struct rg_local at = rg_local_at(j->zone, ms);
    char day[RG_DAY_TEXT_MAX];
    rg_day_format(at.day, day);
    rg_buf_addf(to, "%s %02d:%02d %+03d", day, at.minute / 60, at.minute % 60, j->zone->offset_minutes / 60);
}

static void add_day_or_minute(const struct judging *j, int64_t ms, struct rg_buf *to)
{
    struct rg_local at = rg_local_at(j->test->zone, ms);
    char day[RG_DAY_TEXT_MAX];
    rg_day_format(at.day, day);
    rg_buf_adds(to, day);
    if (at.minute != 0 || at.second_ms != 0)
        rg_buf_addf(to, " %02d:%02d", at.minute / 60, at.minute % 60);
}

/* A stretch that ends with a day is named by that day, else by its last minute. */
static void add_end(const struct judging *j, int64_t to_ms, struct rg_buf *to)
{
    struct rg_local end = rg_local_at(j->test->zone, to_ms);
    bool whole_day = end.minute == 0 && end.second_ms == 0;
    rg_buf_adds(to, " → ");
    add_day_or_minute(j, whole_day ? to_ms - RG_MS_PER_DAY : to_ms - RG_MS_PER_MINUTE, to);
}

static void add_decided(struct rg_str step, struct rg_str channel, enum rg_signal signal, struct rg_buf *to)
{
    if (step.n > 0)
        rg_buf_add_str(to, step);
    if (signal != RG_SIGNAL_NONE)
        rg_buf_addf(to, "%s%s", step.n > 0 ? " → " : "", rg_signal_name(signal));
    else if (channel.n > 0)
        rg_buf_addf(to, " by " RG_STR_FMT, RG_STR_ARG(channel));
}

static struct rg_str expected_text(const struct judging *j, const struct rg_expect *e)
{
    struct rg_buf text;
    char money[RG_MONEY_TEXT_MAX];
    rg_buf_init(&text, TEXT_BYTES_MAX);
    add_day_or_minute(j, e->when.from_ms, &text);
    if (e->within_ms >= 0)
        rg_buf_addf(&text, " and %lld min", (long long)(e->within_ms / RG_MS_PER_MINUTE));
    else if (!e->moment)
        add_end(j, e->when.to_ms, &text);
    rg_buf_adds(&text, "  ");
    if (e->none.n > 0)
        rg_buf_adds(&text, "no ");
    add_decided(e->none.n > 0 ? e->none : e->step, e->channel, e->signal, &text);
    if (e->invoice.n > 0)
        rg_buf_addf(&text, " for " RG_STR_FMT, RG_STR_ARG(e->invoice));
    if (e->amount_cents >= 0) {
        rg_money_format(e->amount_cents, money);
        rg_buf_addf(&text, ", %s", money);
    }
    if (e->gate != RG_GATE_NONE)
        rg_buf_addf(&text, ", because of %s", rg_gate_name(e->gate));
    return keep(j, &text);
}

static struct rg_str decided_text(const struct judging *j, const struct rg_desk_decision *line, bool with_amount)
{
    struct rg_buf text;
    char money[RG_MONEY_TEXT_MAX];
    rg_buf_init(&text, TEXT_BYTES_MAX);
    add_instant(j, line->at_ms, &text);
    rg_buf_adds(&text, "  ");
    add_decided(line->decision->step, line->decision->channel, line->decision->signal, &text);
    if (with_amount) {
        rg_money_format(line->decision->total_cents, money);
        rg_buf_addf(&text, ", %s", money);
    }
    if (line->decision->mode == RG_MODE_SHADOW)
        rg_buf_adds(&text, ", in shadow");
    return keep(j, &text);
}

/* Where the step is written: "internet.yaml:52". */
static struct rg_str place_of(const struct judging *j, const struct rg_decision *decision)
{
    const struct rg_ladder *ladder = rg_rules_ladder(j->file->rules, decision->ladder);
    const struct rg_step *step = ladder != NULL ? rg_ladder_step(ladder, decision->step) : NULL;
    const struct rg_mark *mark = step != NULL ? &step->mark : NULL;
    for (int i = 0; ladder != NULL && mark == NULL && i < ladder->owed_count; i++)
        if (rg_str_eq(ladder->owed[i].name, decision->step))
            mark = &ladder->owed[i].mark;
    return mark != NULL ? rg_arena_printf(j->arena, "%s:%d", mark->file, mark->line) : (struct rg_str){NULL, 0};
}

/* ---- matching ---- */

static bool speaks_for(const struct rg_decision *d, struct rg_str invoice)
{
    for (size_t i = 0; i < d->invoice_count; i++)
        if (rg_str_eq(d->invoices[i].invoice, invoice))
            return true;
    return false;
}

static bool same_thing(const struct rg_expect *e, const struct rg_decision *d)
{
    struct rg_str step = e->none.n > 0 ? e->none : e->step;
    return (step.n == 0 || rg_str_eq(step, d->step)) && (e->signal == RG_SIGNAL_NONE || e->signal == d->signal);
}

static bool matches(const struct rg_expect *e, const struct rg_desk_decision *line)
{
    const struct rg_decision *d = line->decision;
    return same_thing(e, d) && line->at_ms >= e->when.from_ms && line->at_ms < e->when.to_ms && d->mode == RG_MODE_LIVE &&
           (e->channel.n == 0 || rg_str_eq(e->channel, d->channel)) && (e->invoice.n == 0 || speaks_for(d, e->invoice)) &&
           (e->amount_cents < 0 || e->amount_cents == d->total_cents);
}

static const struct rg_desk_decision *find_match(const struct judging *j, const struct rg_expect *e)
{
    for (size_t i = 0; i < j->log->decision_count; i++)
        if (matches(e, &j->log->decisions[i]))
            return &j->log->decisions[i];
    return NULL;
}

/* How far from the time that was meant; 0: within it. */
static int64_t distance(const struct rg_expect *e, int64_t at_ms)
{
    if (at_ms < e->when.from_ms)
        return e->when.from_ms - at_ms;
    return at_ms < e->when.to_ms ? 0 : at_ms - e->when.to_ms + 1;
}

/* The same step or signal, nearest in time; NULL: it never came. */
static const struct rg_desk_decision *nearest(const struct judging *j, const struct rg_expect *e)
{
    const struct rg_desk_decision *best = NULL;
    for (size_t i = 0; i < j->log->decision_count; i++) {
        const struct rg_desk_decision *line = &j->log->decisions[i];
        if (same_thing(e, line->decision) && (best == NULL || distance(e, line->at_ms) < distance(e, best->at_ms)))
            best = line;
    }
    return best;
}

/* ---- what stood in the way ---- */

/* Whether the sighting tells of that step: its own, or one about the whole invoice. */
static bool tells_of(const struct rg_desk_sighting *s, const struct rg_expect *e, struct rg_str step)
{
    bool named = s->name.n > 0;
    return (!named || rg_str_eq(s->name, step)) && (e->invoice.n == 0 || rg_str_eq(e->invoice, s->invoice)) &&
           s->from_ms < e->when.to_ms && s->until_ms > e->when.from_ms;
}

/* The last in that time in which the gate blocked. */
static const struct rg_desk_sighting *find_gate(const struct judging *j, const struct rg_expect *e)
{
    const struct rg_desk_sighting *last = NULL;
    for (size_t i = 0; i < j->log->sighting_count; i++) {
        const struct rg_desk_sighting *s = &j->log->sightings[i];
        if (tells_of(s, e, e->none) && (s->blocking & RG_GATE_BIT(e->gate)) != 0)
            last = s;
    }
    return last;
}

/* Why the gate that was to stand in the way did not, or not long enough. */
static struct rg_str passed_text(const struct judging *j, const struct rg_expect *e, const struct rg_decision *d)
{
    const struct rg_ladder *ladder = rg_rules_ladder(j->file->rules, d->ladder);
    const struct rg_desk_sighting *blocked = find_gate(j, e);
    struct rg_buf text;
    rg_buf_init(&text, TEXT_BYTES_MAX);
    if (blocked != NULL) {
        rg_buf_addf(&text, "%s stood in the way until ", rg_gate_name(e->gate));
        add_instant(j, blocked->until_ms, &text);
    } else {
        rg_buf_addf(&text, "%s passed", rg_gate_name(e->gate));
    }
    if (e->gate == RG_GATE_CUT_CALENDAR && ladder != NULL && !ladder->calendar->cut.given)
        rg_buf_addf(&text, ": calendar %s has no cut days", ladder->calendar->name);
    return keep(j, &text);
}

/* The one that stood longest in that time. */
static const struct rg_desk_sighting *main_sighting(const struct judging *j, const struct rg_expect *e, struct rg_str step)
{
    const struct rg_desk_sighting *best = NULL;
    int64_t longest_ms = -1;
    for (size_t i = 0; i < j->log->sighting_count; i++) {
        const struct rg_desk_sighting *s = &j->log->sightings[i];
        int64_t from_ms = s->from_ms > e->when.from_ms ? s->from_ms : e->when.from_ms;
        int64_t until_ms = s->until_ms < e->when.to_ms ? s->until_ms : e->when.to_ms;
        if (!tells_of(s, e, step) || until_ms - from_ms <= longest_ms)
            continue;
        best = s;
        longest_ms = until_ms - from_ms;
    }
    return best;
}

static struct rg_str sighting_text(const struct judging *j, const struct rg_desk_sighting *s)
{
    struct rg_buf text;
    rg_buf_init(&text, TEXT_BYTES_MAX);
    switch (s->kind) {
    case RG_VIEW_WAITING:
        rg_buf_adds(&text, s->gate != RG_GATE_NONE ? rg_gate_name(s->gate) : "its window opens ");
        if (s->gate == RG_GATE_NONE && s->opens_ms != RG_NEVER)
            add_instant(j, s->opens_ms, &text);
        break;
    case RG_VIEW_UNDER_WAY: rg_buf_adds(&text, "it was under way"); break;
    case RG_VIEW_DONE: rg_buf_adds(&text, "it had its turn before"); break;
    case RG_VIEW_CLOSED: rg_buf_addf(&text, "its window had closed: %s", rg_gate_name(s->gate)); break;
    case RG_VIEW_DECIDED: rg_buf_adds(&text, "nothing stood in the way"); break;
    case RG_VIEW_BLOCKED: rg_buf_adds(&text, rg_gate_name(s->gate)); break;
    }
    if (s->why.n > 0)
        rg_buf_addf(&text, ": " RG_STR_FMT, RG_STR_ARG(s->why));
    return keep(j, &text);
}

/* ---- one expectation ---- */

static struct rg_failure *fail(const struct judging *j, const struct rg_expect *e)
{
    struct rg_failure *failure = RG_PUSH(j->arena, j->verdict->failures, j->verdict->count, j->verdict->cap);
    *failure = (struct rg_failure){.line = e->node->line, .expected = expected_text(j, e)};
    return failure;
}

static void judge_none(const struct judging *j, const struct rg_expect *e)
{
    const struct rg_desk_decision *match = find_match(j, e);
    if (match != NULL) {
        struct rg_failure *failure = fail(j, e);
        failure->got = decided_text(j, match, e->amount_cents >= 0);
        failure->where = place_of(j, match->decision);
        if (e->gate != RG_GATE_NONE)
            failure->why = passed_text(j, e, match->decision);
        return;
    }
    if (e->gate == RG_GATE_NONE || find_gate(j, e) != NULL)
        return;
    struct rg_failure *failure = fail(j, e);
    failure->got = rg_arena_printf(j->arena, "no " RG_STR_FMT ", but for another reason", RG_STR_ARG(e->none));
    const struct rg_desk_sighting *sighting = main_sighting(j, e, e->none);
    failure->why = sighting != NULL ? sighting_text(j, sighting) : RG_STR("no open invoice has that step");
}

static void judge_some(const struct judging *j, const struct rg_expect *e)
{
    const struct rg_desk_decision *near;
    if (find_match(j, e) != NULL)
        return;
    struct rg_failure *failure = fail(j, e);
    near = nearest(j, e);
    failure->got = near != NULL ? decided_text(j, near, e->amount_cents >= 0) : RG_STR("nothing");
    if (near != NULL)
        failure->where = place_of(j, near->decision);
    const struct rg_desk_sighting *sighting = e->step.n > 0 ? main_sighting(j, e, e->step) : NULL;
    if (sighting != NULL && (near == NULL || distance(e, near->at_ms) > 0))
        failure->why = sighting_text(j, sighting);
}

/* ---- one test ---- */

int rg_test_judge(const struct rg_test_file *file, const struct rg_rule_test *test, struct rg_arena *arena,
                  struct rg_diags *diags, struct rg_desk **ret_desk, struct rg_verdict_on_test *ret_verdict)
{
    const struct rg_scenario scenario = rg_test_scenario(file, test);
    struct rg_scenario_fault fault = {.entry = RG_FAULT_ANYWHERE};
    struct rg_desk *desk = NULL;
    if (rg_scenario_play(&scenario, true, arena, &desk, &fault) < 0) {
        rg_test_say_fault(test, &fault, diags);
        return RG_EINVAL;
    }
    *ret_verdict = (struct rg_verdict_on_test){.count = 0};
    const struct judging j = {
        .file = file, .test = test, .log = rg_desk_log(desk), .zone = rg_desk_zone(desk), .arena = arena, .verdict = ret_verdict};
    for (size_t i = 0; i < test->expect_count; i++) {
        if (test->expects[i].none.n > 0)
            judge_none(&j, &test->expects[i]);
        else
            judge_some(&j, &test->expects[i]);
    }
    *ret_desk = desk;
    return 0;
}

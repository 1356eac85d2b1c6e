/* The runner. A turn at one instant loads the debtor, looks, carries out what was decided, and looks again until nothing is left
 * to do then; the engine says when to come back. Where it says "still now" (a stop, payments that are not known) a worker would
 * wait to be told; a desk comes back after an hour. */
#include "daemon/desk/desk.h"

#include "daemon/rules/fold.h"
#include "daemon/rules/look.h"
#include "daemon/state/codec.h"

#include <stdio.h>
#include <string.h>

#define LOG_BYTES ((size_t)512 * 1024 * 1024)
#define WORK_BYTES ((size_t)512 * 1024 * 1024)
#define WATCHED_CASES_MAX 4096 /* an onlooker writes a line about each */
#define TURNS_MAX 100          /* looks at one instant */
#define STILL_DUE_MS (60 * RG_MS_PER_MINUTE)
#define RESEND_MS (15 * RG_MS_PER_MINUTE)
#define SHARDS 64
#define CLAIM_VALID_MS 60000

struct rg_desk {
    const struct rg_rules *rules;
    struct rg_arena *arena; /* what stays: log, names */
    struct rg_arena *work;  /* of one turn */
    struct rg_str debtor;
    struct rg_buf stored; /* his record; empty: nothing is known yet */
    struct rg_desk_world world;
    struct rg_desk_log log;
    size_t *standing; /* sightings that nothing has changed yet, by index */
    size_t standing_count, standing_cap;
    struct rg_str *told;
    size_t told_count, told_cap;
    bool watch;
    int64_t now_ms, due_ms;
    int64_t offset; /* in a ledger that nobody keeps */
    int64_t looks, work_done;
};

struct rg_desk *rg_desk_new(const struct rg_rules *rules, struct rg_str debtor, int64_t now_ms, bool watch)
{
    struct rg_desk *desk = rg_alloc(sizeof *desk);
    *desk = (struct rg_desk){.rules = rules, .watch = watch, .now_ms = now_ms, .due_ms = now_ms};
    desk->arena = rg_arena_new(LOG_BYTES);
    desk->work = rg_arena_new(WORK_BYTES);
    desk->debtor = rg_arena_str(desk->arena, debtor);
    desk->world.payments_known_ms = RG_NEVER;
    for (int i = 0; i < rules->channel_count; i++)
        desk->world.channels[i] =
            (struct rg_desk_channel){.verdict = RG_VERDICT_ACCEPTED, .evidence = rules->channels[i].best_evidence};
    rg_buf_init(&desk->stored, RG_RECORD_STORED_MAX + 1024);
    return desk;
}

void rg_desk_free(struct rg_desk **desk)
{
    if (*desk == NULL)
        return;
    rg_buf_done(&(*desk)->stored);
    rg_arena_free(&(*desk)->work);
    rg_arena_free(&(*desk)->arena);
    rg_free(desk);
}

int64_t rg_desk_now_ms(const struct rg_desk *desk)
{
    return desk->now_ms;
}

struct rg_str rg_desk_debtor(const struct rg_desk *desk)
{
    return desk->debtor;
}

const struct rg_desk_log *rg_desk_log(const struct rg_desk *desk)
{
    return &desk->log;
}

struct rg_desk_world rg_desk_world(const struct rg_desk *desk)
{
    return desk->world;
}

void rg_desk_set_world(struct rg_desk *desk, const struct rg_desk_world *world)
{
    desk->world = *world;
    desk->due_ms = desk->now_ms;
}

void rg_desk_will_tell(struct rg_desk *desk, struct rg_str step)
{
    *RG_PUSH(desk->arena, desk->told, desk->told_count, desk->told_cap) = rg_arena_str(desk->arena, step);
}

/* ---- the record ---- */

/* Lies in the work arena, which starts anew. */
static struct rg_record *load(const struct rg_desk *desk)
{
    struct rg_record *record = NULL;
    struct rg_error err;
    rg_arena_reset(desk->work);
    if (desk->stored.len == 0)
        return rg_record_new(desk->work, desk->debtor);
    int rc = rg_record_decode(rg_buf_str(&desk->stored), desk->debtor, desk->work, &record, &err);
    rg_assert(rc == 0); /* we wrote it */
    return record;
}

static int store(struct rg_desk *desk, const struct rg_record *record, struct rg_error *err)
{
    rg_buf_reset(&desk->stored);
    return rg_record_encode(record, &desk->stored, err);
}

const struct rg_zone *rg_desk_zone(const struct rg_desk *desk)
{
    return rg_debtor_zone(load(desk));
}

/* ---- what is seen ---- */

static struct rg_world world_of(const struct rg_desk *desk, int64_t known_ms[RG_SOURCES_MAX])
{
    const struct rg_desk_world *w = &desk->world;
    bool all_known = w->payments_known_ms == RG_NEVER;
    for (int i = 0; i < RG_SOURCES_MAX; i++)
        known_ms[i] = all_known ? desk->now_ms : w->payments_known_ms;
    return (struct rg_world){.now_ms = desk->now_ms,
                             .asof_ms = desk->now_ms,
                             .due_ms = desk->now_ms,
                             .stopped = w->stopped,
                             .known_through_ms = known_ms,
                             .shards = SHARDS,
                             .rests_on = desk->offset,
                             .all_known = all_known,
                             .all_live = !w->shadow};
}

static uint64_t gate_set(const struct rg_step_view *view, bool blocking)
{
    uint64_t set = 0;
    for (size_t i = 0; i < view->gate_count; i++)
        if (view->gates[i].blocks == blocking)
            set |= RG_GATE_BIT(view->gates[i].gate);
    if (blocking && view->gate != RG_GATE_NONE)
        set |= RG_GATE_BIT(view->gate);
    return set;
}

static bool same_sight(const struct rg_desk_sighting *a, const struct rg_desk_sighting *b)
{
    return a->ladder == b->ladder && a->step == b->step && a->repetition == b->repetition && a->kind == b->kind &&
           a->gate == b->gate && a->blocking == b->blocking && a->passing == b->passing && a->opens_ms == b->opens_ms &&
           rg_str_eq(a->name, b->name) && rg_str_eq(a->invoice, b->invoice);
}

/* Index into `standing` of a sighting that is the same; the count when there is none. */
static size_t find_standing(const struct rg_desk *desk, const struct rg_desk_sighting *sight, size_t guess)
{
    if (guess < desk->standing_count && same_sight(&desk->log.sightings[desk->standing[guess]], sight))
        return guess; /* one look's findings come in the order of the last one's */
    for (size_t i = 0; i < desk->standing_count; i++)
        if (same_sight(&desk->log.sightings[desk->standing[i]], sight))
            return i;
    return desk->standing_count;
}

static size_t add_sighting(struct rg_desk *desk, struct rg_desk_sighting sight)
{
    struct rg_desk_log *log = &desk->log;
    sight.from_ms = desk->now_ms;
    sight.until_ms = RG_NEVER;
    sight.invoice = rg_arena_str(desk->arena, sight.invoice);
    sight.name = rg_arena_str(desk->arena, sight.name);
    sight.why = rg_arena_str(desk->arena, sight.why);
    *RG_PUSH(desk->arena, log->sightings, log->sighting_count, log->sighting_cap) = sight;
    return log->sighting_count - 1;
}

/* Notes what has changed since the last look; what is not found again has ended. */
static int watch(struct rg_desk *desk, struct rg_record *record, const struct rg_world *world, struct rg_error *err)
{
    struct rg_decided seen;
    rg_decide(desk->rules, world, record, true, &seen);
    if (desk->log.sighting_count + seen.view_count > RG_DESK_LINES_MAX)
        return rg_fail(err, RG_ELIMIT, "more than %d changes of what stands in the way", RG_DESK_LINES_MAX);
    size_t *now = RG_NEW(desk->work, size_t, seen.view_count + 1);
    bool *kept = RG_NEW(desk->work, bool, desk->standing_count + 1);
    for (size_t i = 0; i < seen.view_count; i++) {
        const struct rg_step_view *v = &seen.views[i];
        const struct rg_desk_sighting sight = {.ladder = v->ladder,
                                               .step = v->step,
                                               .name = v->name,
                                               .invoice = v->invoice->id,
                                               .repetition = v->repetition,
                                               .kind = v->kind,
                                               .gate = v->gate,
                                               .blocking = gate_set(v, true),
                                               .passing = gate_set(v, false),
                                               .opens_ms = v->opens_ms,
                                               .why = v->why};
        size_t at = find_standing(desk, &sight, i);
        if (at < desk->standing_count)
            kept[at] = true;
        now[i] = at < desk->standing_count ? desk->standing[at] : add_sighting(desk, sight);
    }
    for (size_t i = 0; i < desk->standing_count; i++)
        if (!kept[i])
            desk->log.sightings[desk->standing[i]].until_ms = desk->now_ms;
    desk->standing_count = 0;
    for (size_t i = 0; i < seen.view_count; i++)
        *RG_PUSH(desk->arena, desk->standing, desk->standing_count, desk->standing_cap) = now[i];
    return 0;
}

/* ---- what is done ---- */

static const struct rg_decision *keep_decision(struct rg_desk *desk, const struct rg_decision *decision)
{
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    struct rg_decision *kept = RG_NEW(desk->arena, struct rg_decision, 1);
    rg_buf_init(&bytes, RG_LEDGER_BYTES_MAX);
    rg_decision_write(decision, &bytes);
    int rc = rg_decision_read(rg_buf_str(&bytes), desk->arena, kept, NULL);
    rg_assert(rc == 0); /* as the ledger would keep it */
    return kept;
}

static void note_skip(struct rg_desk *desk, const struct rg_skip *skip)
{
    struct rg_desk_skip *added = RG_PUSH(desk->arena, desk->log.skips, desk->log.skip_count, desk->log.skip_cap);
    *added = (struct rg_desk_skip){.at_ms = desk->now_ms, .skip = *skip};
    added->skip.ns = rg_arena_str(desk->arena, skip->ns);
    added->skip.invoice = rg_arena_str(desk->arena, skip->invoice);
    added->skip.step = rg_arena_str(desk->arena, skip->step);
}

static void apply(struct rg_desk *desk, struct rg_record *record, struct rg_fact_record fact)
{
    fact.offset = desk->offset++;
    (void)rg_record_apply(record, &fact, NULL); /* our own records conflict with nothing */
}

static struct rg_claim_id claim_id(const struct rg_desk *desk)
{
    struct rg_claim_id id = {.b = {1}};
    for (size_t i = 0; i < sizeof desk->offset; i++)
        id.b[i + 1] = (uint8_t)(desk->offset >> 8 * i);
    return id;
}

static bool told_later(const struct rg_desk *desk, struct rg_str step)
{
    for (size_t i = 0; i < desk->told_count; i++)
        if (rg_str_eq(desk->told[i], step))
            return true;
    return false;
}

/* `decision` outlives the record's action, which ends here. */
static void deliver(struct rg_desk *desk, struct rg_record *record, const struct rg_decision *decision,
                    const struct rg_desk_channel *channel)
{
    struct rg_claim *claim = RG_NEW(desk->work, struct rg_claim, 1);
    struct rg_outcome *outcome = RG_NEW(desk->work, struct rg_outcome, 1);
    enum rg_evidence evidence = told_later(desk, decision->step) ? RG_EVIDENCE_ACCEPTED : channel->evidence;
    *claim = (struct rg_claim){.action = decision->action,
                               .claim = claim_id(desk),
                               .debtor = decision->debtor,
                               .valid_ms = CLAIM_VALID_MS,
                               .at_ms = desk->now_ms};
    *outcome = (struct rg_outcome){.action = decision->action,
                                   .claim = claim->claim,
                                   .claim_offset = desk->offset,
                                   .debtor = decision->debtor,
                                   .step = decision->step,
                                   .channel = decision->channel,
                                   .repetition = decision->repetition,
                                   .attempt = decision->attempt,
                                   .invoices = decision->invoices,
                                   .invoice_count = decision->invoice_count,
                                   .verdict = channel->verdict,
                                   .evidence = channel->verdict == RG_VERDICT_ACCEPTED ? evidence : RG_EVIDENCE_NONE,
                                   .at_ms = desk->now_ms};
    apply(desk, record, (struct rg_fact_record){.claim = claim});
    apply(desk, record, (struct rg_fact_record){.outcome = outcome});
}

static const struct rg_desk_channel *channel_of(const struct rg_desk *desk, const struct rg_decision *decision)
{
    int index = rg_rules_channel(desk->rules, decision->channel);
    return index < 0 ? NULL : &desk->world.channels[index];
}

static bool can_go(const struct rg_desk *desk, const struct rg_action *action)
{
    const struct rg_desk_channel *channel = channel_of(desk, &action->decision);
    bool late = action->decision.until_ms != 0 && desk->now_ms >= action->decision.until_ms;
    return action->state == RG_ACTION_QUEUED && !action->recalling && !late && !desk->world.stopped && channel != NULL &&
           !channel->down;
}

/* Each action that is queued and can go is tried once. True when there was one. */
static bool deliver_all(struct rg_desk *desk, struct rg_record *record)
{
    struct rg_decision tried[RG_RECORD_ACTIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < record->action_count && count < RG_COUNT(tried); i++)
        if (can_go(desk, &record->actions[i]))
            tried[count++] = record->actions[i].decision;
    for (size_t i = 0; i < count; i++)
        if (rg_record_action(record, &tried[i].action) != NULL) /* not void by what became of another */
            deliver(desk, record, &tried[i], channel_of(desk, &tried[i]));
    return count > 0;
}

static int carry_out(struct rg_desk *desk, struct rg_record *record, const struct rg_decided *decided, bool again, bool *ret_busy,
                     struct rg_error *err)
{
    struct rg_desk_log *log = &desk->log;
    if (log->decision_count + decided->decision_count > RG_DESK_LINES_MAX ||
        log->skip_count + decided->skipped.skip_count > RG_DESK_LINES_MAX)
        return rg_fail(err, RG_ELIMIT, "more than %d decisions or skipped steps", RG_DESK_LINES_MAX);
    for (size_t i = 0; i < decided->decision_count; i++) {
        const struct rg_decision *kept = keep_decision(desk, decided->decisions[i]);
        *RG_PUSH(desk->arena, log->decisions, log->decision_count, log->decision_cap) =
            (struct rg_desk_decision){desk->now_ms, kept};
        apply(desk, record, (struct rg_fact_record){.decided = kept});
    }
    for (size_t i = 0; i < decided->recall_count; i++)
        apply(desk, record, (struct rg_fact_record){.recalled = &decided->recalls[i]});
    for (size_t i = 0; i < decided->skipped.skip_count; i++)
        note_skip(desk, &decided->skipped.skips[i]);
    bool delivered = (decided->decision_count > 0 || !again) && deliver_all(desk, record);
    *ret_busy = delivered || decided->decision_count > 0 || decided->recall_count > 0;
    return 0;
}

/* ---- time ---- */

static int64_t cases_of(const struct rg_desk *desk, const struct rg_record *record)
{
    int64_t most = 1;
    for (int i = 0; i < desk->rules->ladder_count; i++) {
        int64_t of_ladder = 0;
        for (int k = 0; k < desk->rules->ladders[i].step_count; k++)
            of_ladder += desk->rules->ladders[i].steps[k].repeat_times;
        most = of_ladder > most ? of_ladder : most;
    }
    return most * (int64_t)(record->invoice_count + 1);
}

static int bound_work(struct rg_desk *desk, const struct rg_record *record, struct rg_error *err)
{
    int64_t cases = cases_of(desk, record), max = desk->watch ? WATCHED_CASES_MAX : RG_DESK_CASES_MAX;
    desk->work_done += cases;
    if (cases > max)
        return rg_fail(err, RG_ELIMIT, "invoices times steps are %lld; at most %lld", (long long)cases, (long long)max);
    if (++desk->looks > RG_DESK_LOOKS_MAX || desk->work_done > RG_DESK_WORK_MAX)
        return rg_fail(err, RG_ELIMIT, "too long a life for a desk: %lld looks", (long long)desk->looks);
    return 0;
}

static bool waits_for_channel(const struct rg_desk *desk, const struct rg_record *record)
{
    for (size_t i = 0; i < record->action_count; i++)
        if (can_go(desk, &record->actions[i]))
            return true;
    return false;
}

/* When to come back. */
static int64_t due_after(const struct rg_desk *desk, const struct rg_record *record, int64_t next_ms)
{
    int64_t due_ms = next_ms > desk->now_ms ? next_ms : desk->now_ms + STILL_DUE_MS;
    if (waits_for_channel(desk, record) && desk->now_ms + RESEND_MS < due_ms)
        return desk->now_ms + RESEND_MS;
    return due_ms;
}

static int turn(struct rg_desk *desk, struct rg_error *err)
{
    struct rg_record *record = load(desk);
    bool busy = true;
    for (int n = 0; busy; n++) {
        int64_t known_ms[RG_SOURCES_MAX];
        const struct rg_world world = world_of(desk, known_ms);
        struct rg_decided decided;
        int rc =
            n == TURNS_MAX ? rg_fail(err, RG_ELIMIT, "it never comes to rest at one instant") : bound_work(desk, record, err);
        if (rc == 0 && desk->watch)
            rc = watch(desk, record, &world, err);
        if (rc < 0)
            return rc;
        rg_decide(desk->rules, &world, record, false, &decided);
        rc = carry_out(desk, record, &decided, n > 0, &busy, err);
        if (rc < 0)
            return rc;
        desk->due_ms = due_after(desk, record, rg_decided_next_ms(&decided));
    }
    return store(desk, record, err);
}

int rg_desk_run(struct rg_desk *desk, int64_t to_ms, struct rg_error *err)
{
    rg_assert(to_ms >= desk->now_ms);
    while (desk->due_ms < to_ms) {
        if (desk->due_ms > desk->now_ms)
            desk->now_ms = desk->due_ms;
        int rc = turn(desk, err);
        if (rc < 0)
            return rc;
    }
    desk->now_ms = to_ms;
    return 0;
}

/* ---- what is told ---- */

/* As it would come out of the topic of that half. */
static struct rg_event *half_of(const struct rg_desk *desk, const struct rg_event *event, bool personal, struct rg_error *err)
{
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    struct rg_event *half = RG_NEW(desk->work, struct rg_event, 1);
    rg_buf_init(&bytes, RG_EVENT_BYTES_MAX);
    rg_jw_init(&jw, &bytes);
    rg_event_write(event, personal, &jw);
    rg_jw_done(&jw);
    if (bytes.overflow) {
        (void)rg_fail(err, RG_ELIMIT, "an event has at most %zu bytes", RG_EVENT_BYTES_MAX);
        return NULL;
    }
    return rg_event_read(rg_buf_str(&bytes), desk->work, half, err) < 0 ? NULL : half;
}

static int fold_halves(struct rg_desk *desk, struct rg_record *record, const struct rg_event *event, struct rg_error *err)
{
    for (int personal = 0; personal < 2; personal++) {
        if (!rg_event_has_half(event, personal))
            continue;
        const struct rg_event *half = half_of(desk, event, personal, err);
        if (half == NULL)
            return err->code;
        const struct rg_fact_record fact = {.offset = desk->offset++, .event = half, .personal = personal};
        if (rg_record_apply(record, &fact, err) == RG_FOLD_CONFLICT)
            return err->code;
    }
    return event->details != NULL ? fold_halves(desk, record, event->details, err) : 0;
}

int rg_desk_fold(struct rg_desk *desk, const struct rg_event *event, struct rg_error *err)
{
    struct rg_error why = {0};
    struct rg_record *record = load(desk);
    if (rg_str_has(event->debtor) && !rg_str_eq(event->debtor, desk->debtor))
        return rg_fail(err, RG_EINVAL, "it is about debtor \"" RG_STR_FMT "\"; here lies \"" RG_STR_FMT "\" alone",
                       RG_STR_ARG(event->debtor), RG_STR_ARG(desk->debtor));
    int rc = fold_halves(desk, record, event, &why);
    if (rc < 0)
        return rg_fail(err, rc, "%s", why.text);
    desk->due_ms = desk->now_ms;
    return store(desk, record, err);
}

/* The entry of the last attempt of that step that went out. */
static const struct rg_done *last_sent(const struct rg_record *record, struct rg_str step)
{
    const struct rg_done *last = NULL;
    for (size_t i = 0; i < record->invoice_count; i++) {
        for (size_t k = 0; k < record->invoices[i].done_count; k++) {
            const struct rg_done *done = &record->invoices[i].done[k];
            bool out = done->state == RG_DONE_SENT || done->state == RG_DONE_UNCERTAIN || done->state == RG_DONE_REJECTED;
            if (out && rg_str_eq(done->step, step) && (last == NULL || done->at_ms > last->at_ms))
                last = done;
        }
    }
    return last;
}

int rg_desk_tell(struct rg_desk *desk, struct rg_str step, enum rg_provider_fact fact, struct rg_error *err)
{
    char action[RG_ACTION_TEXT + 1], id[32];
    const struct rg_done *sent = last_sent(load(desk), step);
    if (sent == NULL)
        return rg_fail(err, RG_ENOTFOUND, "no message of step \"" RG_STR_FMT "\" has gone out by then", RG_STR_ARG(step));
    struct rg_action_id of;
    rg_done_action(sent, &of);
    rg_action_id_print(&of, action);
    (void)snprintf(id, sizeof id, "told-%lld", (long long)desk->offset);
    const struct rg_event event = {.type = RG_EV_DELIVERY_RECEIPT,
                                   .id = rg_str(id),
                                   .source = RG_STR("desk"),
                                   .time_ms = desk->now_ms,
                                   .debtor = desk->debtor,
                                   .action = rg_str(action),
                                   .status = (int)fact,
                                   .has = RG_BIT(RG_F_DEBTOR) | RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS)};
    return rg_desk_fold(desk, &event, err);
}

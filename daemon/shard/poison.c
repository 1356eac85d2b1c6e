/* A record that kills whoever applies it would kill every owner after him, and with him all shards of his process. So the first
 * fold after an opening is noted before it begins: where it begins and with which record. Whoever finds a note of the place he
 * stands at comes after a death: he folds record by record, each noted, as far as the batch of the dead one can have reached.
 * A record that somebody died of twice while it was alone is set aside: into the dead letters, and its debtor is held, by a
 * record in the ledger like any other hold, because what was not applied may have been the reason not to press him.
 *
 * Only deaths count. What an owner survives (a server away, a transaction refused) leaves a note that he himself does not heed;
 * another process may, at the price of being careful, or after three such misfortunes at one record of a debtor held in vain.
 * A debtor whose mere look kills is not cured by this: no record is to blame. */
#include "daemon/shard/batch.h"

#include "base/core/hash.h"
#include "base/core/log.h"

#include <stdio.h>
#include <string.h>

#define BEGUN_MAX 3 /* once in its batch and twice alone, or once more alone */

/* ---- the note ---- */

static bool is_first(const struct rg_begun *begun, const struct rg_fetched *intake)
{
    return begun->times > 0 && begun->people == intake->people && begun->offset == intake->offset;
}

/* A transaction of its own, under the fence: a dead connection can note nothing. */
static enum rg_commit note(struct rg_shard *shard, const struct rg_fetched *first, int times, struct rg_error *err)
{
    struct rg_pos pos = shard->pos;
    pos.origins = NULL;
    pos.origin_count = pos.origin_cap = 0;
    pos.batch++;
    const struct rg_begun begun = {pos.ledger_next, pos.people_next, first->people, first->offset, times};
    const struct rg_store_batch write = {.out_done_through = shard->out_done, .pos = &pos, .begun = &begun};
    shard->noted = begun; /* before it is written: where the answer is lost it may stand all the same */
    enum rg_commit rc = shard->store->ops->commit(shard->store, &write, err);
    if (rc != RG_COMMITTED)
        return rc;
    shard->pos.batch = pos.batch;
    shard->out_done = -1;
    shard->begun = begun;
    return RG_COMMITTED;
}

/* So many records as one batch takes. */
static size_t first_batch(const struct rg_shard *shard)
{
    size_t most = shard->inbox_count < shard->batch_max ? shard->inbox_count : shard->batch_max, count = 1;
    size_t bytes = shard->inbox[shard->inbox_first].size;
    while (count < most && bytes + shard->inbox[shard->inbox_first + count].size <= RG_SHARD_BATCH_BYTES_MAX)
        bytes += shard->inbox[shard->inbox_first + count++].size;
    return count;
}

enum rg_commit rg_shard_begin_fold(struct rg_shard *shard, size_t *ret_count, bool *ret_aside, struct rg_error *err)
{
    const struct rg_fetched *first = &shard->inbox[shard->inbox_first];
    size_t count = first_batch(shard);
    int times = 1;
    if (!shard->began && shard->after_death) {
        shard->careful = RG_SHARD_BATCH_MAX;
        rg_log(RG_LOG_WARNING, "SHARD-CAREFUL", &(struct rg_log_ctx){.shard = shard->config.shard},
               "whoever folded here last came to no end: the next %d records are folded one at a time", RG_SHARD_BATCH_MAX);
    }
    if (shard->careful > 0) {
        times = is_first(&shard->begun, first) ? shard->begun.times + 1 : 2;
        count = 1;
    }
    bool noted = shard->began && shard->careful == 0, aside = times > BEGUN_MAX;
    shard->began = true;
    enum rg_commit rc = noted || aside ? RG_COMMITTED : note(shard, first, times, err);
    if (rc != RG_COMMITTED)
        return rc;
    if (shard->careful > 0)
        shard->careful--;
    *ret_count = count;
    *ret_aside = aside;
    return RG_COMMITTED;
}

/* ---- setting aside ---- */

/* By the record's key alone, for it was reading its value that somebody may have died of. Absent: it names a reference. */
static struct rg_str debtor_of(const struct rg_fetched *intake)
{
    static const char *const references[] = {"invoice:", "agreement:", "offer:", "task:", "provider:", "action:"};
    struct rg_str key = intake->key;
    bool nameless = intake->kind == RG_REC_EVENT || intake->kind == RG_REC_LOCATED;
    for (size_t i = 0; i < RG_COUNT(references) && nameless && rg_str_has(key); i++)
        if (key.n > strlen(references[i]) && memcmp(key.p, references[i], strlen(references[i])) == 0)
            return (struct rg_str){0};
    size_t tail = intake->origin.n + 1; /* of <debtor>/<origin> */
    if (intake->kind == RG_REC_UPDATE && rg_str_has(intake->origin) && key.n > tail && key.p[key.n - tail] == '/')
        key.n -= tail;
    return rg_str_has(key) && key.n <= RG_ID_BYTES_MAX && rg_utf8_valid(key) ? key : (struct rg_str){0};
}

/* What holds him: now in his record, and in the ledger for whoever folds it again. */
static struct rg_event hold_of(struct rg_batch *batch, const struct rg_fetched *intake, struct rg_str debtor)
{
    struct rg_event hold = {.type = RG_EV_DEBTOR_HELD, .source = RG_STR("regua"), .time_ms = batch->world->now_ms,
                            .has = RG_BIT(RG_F_DEBTOR)};
    hold.id = rg_arena_printf(batch->arena, "set-aside:%s:%lld", intake->people ? "people" : "ledger", (long long)intake->offset);
    hold.debtor = debtor;
    return hold;
}

static void send_hold(struct rg_batch *batch, const struct rg_event *hold)
{
    const struct rg_shard_config *config = &batch->shard->config;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_jw jw;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_event_write(hold, false, &jw);
    rg_jw_done(&jw);
    const struct rg_out out = {.kind = RG_OUT_FORWARD, .topic = rg_str(config->ledger_topic),
                               .partition = rg_shard_of(hold->debtor, config->shards), .key = hold->debtor,
                               .value = rg_buf_str(&buf), .record_kind = rg_str(rg_kind_name(RG_REC_EVENT))};
    rg_batch_out(batch, &out);
}

enum rg_commit rg_shard_set_aside(struct rg_shard *shard, const struct rg_shard_world *world, struct rg_error *err)
{
    const struct rg_fetched *intake = &shard->inbox[shard->inbox_first];
    struct rg_batch batch;
    rg_batch_begin(&batch, shard, world);
    rg_batch_passed(&batch, intake);
    if (!intake->people)
        batch.pos.ledger_crc = rg_crc32(0, intake->value.p, intake->value.n);
    rg_batch_dead_letter(&batch, intake, RG_DEAD_CRASHED, "whoever applied it died of it, again and again");
    struct rg_str debtor = debtor_of(intake);
    bool here = debtor.p != NULL && rg_shard_of(debtor, shard->config.shards) == shard->config.shard;
    struct rg_touched *touched = here ? rg_batch_add(&batch, debtor) : NULL;
    rg_log(RG_LOG_ERROR, "RECORD-SET-ASIDE", &(struct rg_log_ctx){.shard = shard->config.shard},
           "the record at %s/%d/%lld is set aside: whoever applied it died of it; %s",
           intake->people ? shard->config.people_topic : shard->config.ledger_topic, shard->config.shard,
           (long long)intake->offset, debtor.p != NULL ? "its debtor is held" : "it names no debtor who could be held");
    enum rg_commit rc = rg_batch_load(&batch, err);
    if (rc != RG_COMMITTED)
        return rc;
    if (debtor.p != NULL) {
        const struct rg_event hold = hold_of(&batch, intake, debtor);
        send_hold(&batch, &hold);
        if (here) {
            const struct rg_fact_record fact = {.offset = intake->offset, .event = &hold};
            (void)rg_record_apply(touched->record, &fact, err); /* a hold contradicts nothing */
            touched->changed = true;
        }
    }
    rc = rg_batch_end(&batch, err);
    if (rc == RG_COMMITTED)
        rg_shard_consume(shard, 1);
    return rc;
}

/* What the tests of the claim share. */
#include "tests/unit/producers/sender/play.h"

#include <string.h>

static bool read_ledger(void *ctx, int shard, int64_t offset, struct rg_str *ret_kind, struct rg_str *ret_value)
{
    (void)ctx;
    if (offset >= mk_end(STAGE_LEDGER, shard))
        return false;
    const struct mk_record *record = mk_at(STAGE_LEDGER, shard, offset);
    *ret_kind = rg_str(record->header);
    *ret_value = record->value;
    return true;
}

void play_start(struct play *play)
{
    memset(play, 0, sizeof *play);
    mk_start(STAGE_SHARDS);
    stage_init(&play->stage);
    play->stage.ledger = read_ledger;
    play->transport = fake_transport_new();
    play->transport->clock = &play->stage.clock;
    play->config = (struct rg_sender_config){.kafka = {.brokers = "memory", .client_id = "test"},
                                             .group = "regua-send-email",
                                             .channel = "email",
                                             .actions_topic = STAGE_ACTIONS,
                                             .ledger_topic = STAGE_LEDGER,
                                             .messages_topic = STAGE_MESSAGES,
                                             .signals_topic = STAGE_SIGNALS,
                                             .shards = STAGE_SHARDS,
                                             .claim_valid_ms = RG_CLAIM_VALID_MS,
                                             .concurrency = 32,
                                             .from = "Provedor Exemplo <cobranca@provedor.example>",
                                             .domain = "provedor.example",
                                             .clock = play->stage.clock,
                                             .world = stage_world(&play->stage),
                                             .transport = &play->transport->base,
                                             .kind = RG_SENDER_MAIL};
}

void play_sender(struct play *play)
{
    struct rg_error err = {0};
    if (rg_sender_new(&play->config, &play->sender, &err) < 0)
        fail_msg("%s", err.text);
}

void play_end(struct play *play)
{
    fake_transport_answer_all(play->transport, RG_VERDICT_ACCEPTED); /* nothing is left to the process's end */
    rg_sender_free(&play->sender);
    fake_transport_free(&play->transport);
    stage_done(&play->stage);
    mk_stop();
}

void play_turns(struct play *play, int n)
{
    for (int i = 0; i < n; i++)
        rg_sender_turn(play->sender, 1);
}

void play_run(struct play *play, int64_t ms)
{
    for (int64_t passed = 0; passed < ms; passed += 10) {
        stage_pass(&play->stage, 10);
        play_turns(play, 6);
    }
}

int64_t play_copy(struct play *play, const struct rg_decision *decision)
{
    struct rg_buf value RG_CLEANUP(rg_buf_done);
    rg_buf_init(&value, RG_LEDGER_BYTES_MAX);
    rg_decision_write(decision, &value);
    return mk_append(play->config.actions_topic, rg_action_id_shard(&decision->action), decision->debtor, rg_buf_str(&value));
}

struct rg_decision play_decide(struct play *play, int n)
{
    struct rg_decision decision = stage_decision(&play->stage, n);
    (void)stage_queue(&play->stage, &decision);
    (void)play_copy(play, &decision);
    return decision;
}

int64_t play_ledger_end(int shard)
{
    return mk_end(STAGE_LEDGER, shard);
}

size_t play_kinds(int shard, enum rg_kind kind)
{
    size_t n = 0;
    for (int64_t i = 0; i < mk_end(STAGE_LEDGER, shard); i++)
        n += strcmp(mk_at(STAGE_LEDGER, shard, i)->header, rg_kind_name(kind)) == 0;
    return n;
}

static struct rg_str last_of(int shard, enum rg_kind kind, int64_t *ret_offset)
{
    for (int64_t i = mk_end(STAGE_LEDGER, shard); i-- > 0;) {
        const struct mk_record *record = mk_at(STAGE_LEDGER, shard, i);
        if (strcmp(record->header, rg_kind_name(kind)) == 0) {
            *ret_offset = i;
            return record->value;
        }
    }
    fail_msg("no %s in shard %d", rg_kind_name(kind), shard);
    return (struct rg_str){0};
}

void play_last_claim(struct play *play, int shard, struct rg_claim *ret_claim, int64_t *ret_offset)
{
    assert_int_equal(rg_claim_read(last_of(shard, RG_REC_CLAIM, ret_offset), play->stage.arena, ret_claim, NULL), 0);
}

void play_last_outcome(struct play *play, int shard, struct rg_outcome *ret_outcome, int64_t *ret_offset)
{
    assert_int_equal(rg_outcome_read(last_of(shard, RG_REC_OUTCOME, ret_offset), play->stage.arena, ret_outcome, NULL), 0);
}

void play_append_claim(struct play *play, const struct rg_decision *decision, uint8_t fill, struct rg_claim_id *ret_claim)
{
    int shard = rg_action_id_shard(&decision->action);
    struct stage_act *act = stage_act_of(&play->stage, &decision->action);
    memset(ret_claim->b, fill, sizeof ret_claim->b);
    act->value = (struct rg_act_value){.claimed = true, .claim = *ret_claim, .claim_offset = mk_end(STAGE_LEDGER, shard)};
    /* Its record takes a place in the ledger; the state above is what folding it would give. */
    (void)mk_append(STAGE_LEDGER, shard, decision->debtor, RG_STR("{}"));
}

uint64_t play_verdicts(const struct play *play, enum rg_verdict verdict)
{
    return atomic_load(&rg_sender_counters(play->sender)->verdicts[verdict]);
}

/* Death leaves what was written and nothing else: what is on its way is cut off, and no word comes after. */
void play_crash(struct play *play)
{
    mk_die();
    fake_transport_answer_all(play->transport, RG_VERDICT_UNCERTAIN); /* so that the jobs are free; nobody hears it */
    rg_sender_free(&play->sender);
    mk_live();
    fake_transport_free(&play->transport);
    play->transport = fake_transport_new();
    play->transport->clock = &play->stage.clock;
    play->config.transport = &play->transport->base;
    play_sender(play);
}

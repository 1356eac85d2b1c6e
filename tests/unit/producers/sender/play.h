/* A sender on its stage, over Kafka in memory and a scripted transport. */
#pragma once

#include "tests/unit/support/cmocka.h"

#include <stdatomic.h>

#include "tests/fakes/transport/transport.h"
#include "tests/unit/producers/sender/memory_kafka.h"
#include "tests/unit/producers/sender/stage.h"

struct play {
    struct stage stage;
    struct fake_transport *transport;
    struct rg_sender *sender;
    struct rg_sender_config config;
};

void play_start(struct play *play);          /* a new stage and an e-mail sender; config may be changed before play_sender */
void play_sender(struct play *play);         /* makes the sender of play->config */
void play_end(struct play *play);
void play_crash(struct play *play);          /* the process dies: nothing of it is said or committed; another one starts */
void play_turns(struct play *play, int n);   /* turns, without time passing */
void play_run(struct play *play, int64_t ms); /* turns while so much time passes */

int64_t play_copy(struct play *play, const struct rg_decision *decision); /* the relay's copy; its offset */
struct rg_decision play_decide(struct play *play, int n);                 /* decided, queued, copied */

int64_t play_ledger_end(int shard);
size_t play_kinds(int shard, enum rg_kind kind); /* records of a kind */
/* The last record of the kind in the shard's ledger. */
void play_last_claim(struct play *play, int shard, struct rg_claim *ret_claim, int64_t *ret_offset);
void play_last_outcome(struct play *play, int shard, struct rg_outcome *ret_outcome, int64_t *ret_offset);
void play_append_claim(struct play *play, const struct rg_decision *decision, uint8_t fill,
                       struct rg_claim_id *ret_claim); /* another's */
uint64_t play_verdicts(const struct play *play, enum rg_verdict verdict);

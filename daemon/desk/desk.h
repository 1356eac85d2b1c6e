/* A debtor on a desk: the engine with nobody outside. Facts are folded when somebody tells them, the engine looks whenever it is
 * due, and what it decides is claimed and delivered at once, proving the most its channel can. Time jumps from one look to the
 * next; nothing is sent, asked or waited for, so the same facts give the same life in every process. Pure but for its memory.
 *
 * It is a shard of one debtor: between two instants he lies in his stored form, as a worker keeps him. Rule tests (`reguactl
 * test`) and whoever wants to see what rules would do are this one runner:
 *
 *     rg_desk_run(desk, at_ms, &err);        looks at all that is due before that instant
 *     rg_desk_fold(desk, &issued, &err);     comes first in it
 *     rg_desk_log(desk)                      what was decided, skipped, and what stood in the way when
 *
 * All is bounded: a life that is too busy for a desk ends with RG_ELIMIT, and is not to be gone on with. */
#pragma once

#include "brazil/days/zone.h"
#include "config/contract/event.h"
#include "daemon/rules/decide.h"

#define RG_DESK_LINES_MAX 20000 /* each of decisions, skips and sightings */
#define RG_DESK_LOOKS_MAX 30000
#define RG_DESK_CASES_MAX 20000           /* invoices × steps × repetitions */
#define RG_DESK_WORK_MAX INT64_C(3000000) /* cases looked at, over all looks */

/* What becomes of what is handed to a channel. */
struct rg_desk_channel {
    bool down; /* nobody takes it: it stays queued until its time is over */
    enum rg_verdict verdict;
    enum rg_evidence evidence; /* of ACCEPTED: what is proven at once */
};

struct rg_desk_world {
    bool stopped;
    bool shadow;
    int64_t payments_known_ms;                        /* RG_NEVER: all that is paid is known */
    struct rg_desk_channel channels[RG_CHANNELS_MAX]; /* as rules->channels */
};

/* What happened, in the order of time. Texts live as long as the desk. */
struct rg_desk_decision {
    int64_t at_ms;
    const struct rg_decision *decision;
};
/* A window that closed with nothing sent. */
struct rg_desk_skip {
    int64_t at_ms;
    struct rg_skip skip;
};
/* What an onlooker sees of one step of one invoice, from one look to the look that finds it changed. */
struct rg_desk_sighting {
    int64_t from_ms, until_ms;      /* RG_NEVER: to the end */
    const struct rg_ladder *ladder; /* NULL: none applies */
    const struct rg_step *step;     /* NULL: a finding about the whole invoice, and for what is owed */
    struct rg_str name;             /* of the step, or of what is owed; absent: the whole invoice */
    struct rg_str invoice;
    int repetition;
    enum rg_view_kind kind;
    enum rg_gate gate;          /* the one that blocks first */
    uint64_t blocking, passing; /* sets of gates: bit 1 << gate; of those that pass only the ones with something to say */
    int64_t opens_ms;
    struct rg_str why; /* when it was first seen */
};
static_assert(RG_GATE_COUNT <= 64, "gates are a 64-bit set");
#define RG_GATE_BIT(gate) (UINT64_C(1) << (gate))

struct rg_desk_log {
    struct rg_desk_decision *decisions;
    size_t decision_count, decision_cap;
    struct rg_desk_skip *skips;
    size_t skip_count, skip_cap;
    struct rg_desk_sighting *sightings; /* only of a desk that is watched */
    size_t sighting_count, sighting_cap;
};

struct rg_desk;

/* `watch`: note sightings. `rules` must outlive the desk. The world is live, not stopped, knows all payments, and every channel
 * proves the most it can. */
struct rg_desk *rg_desk_new(const struct rg_rules *rules, struct rg_str debtor, int64_t now_ms, bool watch)
    __attribute__((returns_nonnull));
void rg_desk_free(struct rg_desk **desk);

int64_t rg_desk_now_ms(const struct rg_desk *desk);
struct rg_str rg_desk_debtor(const struct rg_desk *desk);
const struct rg_zone *rg_desk_zone(const struct rg_desk *desk); /* the debtor's, as known now */
const struct rg_desk_log *rg_desk_log(const struct rg_desk *desk);

/* The world changes now: the debtor is looked at again. */
struct rg_desk_world rg_desk_world(const struct rg_desk *desk);
void rg_desk_set_world(struct rg_desk *desk, const struct rg_desk_world *world);

/* Deliveries of this step prove no more than that they were accepted: rg_desk_tell brings the rest. */
void rg_desk_will_tell(struct rg_desk *desk, struct rg_str step);

/* A fact comes in now, as it would from a source: it is written and read in both its halves. RG_EINVAL: it is about another
 * debtor. RG_ELIMIT: more than can be kept of one. */
RG_MUST_USE int rg_desk_fold(struct rg_desk *desk, const struct rg_event *event, struct rg_error *err);
/* A provider tells now what became of the last message of that step. RG_ENOTFOUND: none has gone out. */
RG_MUST_USE int rg_desk_tell(struct rg_desk *desk, struct rg_str step, enum rg_provider_fact fact, struct rg_error *err);
/* Time passes to that instant, which is not before now; what is due before it is done. What is due at it waits for the facts that
 * come at the same time. */
RG_MUST_USE int rg_desk_run(struct rg_desk *desk, int64_t to_ms, struct rg_error *err);

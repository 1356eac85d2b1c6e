/* The owner's fold in miniature: what a claim and an outcome do to the state of an action, and nothing else. */
#include "tests/unit/producers/sender/stage.h"

#include <stdio.h>
#include <string.h>

static int64_t wall(void *ctx) { return ((struct stage *)ctx)->wall_ms; }
static int64_t shared(void *ctx) { return ((struct stage *)ctx)->shared_ms; }

static int64_t boot(void *ctx)
{
    struct stage *stage = ctx;
    return stage->boot_runs ? stage->boot_ms + rg_boot_ms(rg_clock_system()) : stage->boot_ms;
}

static struct rg_recipient_invoice one_invoice;

void stage_init(struct stage *stage)
{
    *stage = (struct stage){.boot_ms = 5000000, .shared_ms = STAGE_NOW, .wall_ms = STAGE_NOW, .asof_ms = STAGE_NOW - 60000};
    stage->clock = (struct rg_clock){wall, boot, shared, stage};
    stage->arena = rg_arena_new((size_t)64 << 20);
    stage->txt = "Olá, {{nome}}! Fatura de {{valor}} vencida em {{vencimento}}. {{> credor}}";
    one_invoice = (struct rg_recipient_invoice){.due_on = rg_day_of(2026, 11, 20),
                                                .charge = {.pix_until = RG_DAY_NONE, .boleto_until = RG_DAY_NONE}};
    stage->recipient = (struct rg_recipient){.name = RG_STR("Maria da Silva"),
                                             .document = RG_STR("52998224725"),
                                             .state = RG_STR("SP"),
                                             .address = RG_STR("maria@exemplo.example"),
                                             .utc_offset_minutes = -180,
                                             .invoices = &one_invoice,
                                             .invoice_count = 1};
    stage->creditor = (struct rg_creditor_info){.name = RG_STR("Provedor Exemplo Ltda"),
                                                .document = RG_STR("12.345.678/0001-95"),
                                                .address = RG_STR("Rua das Flores 10, Campinas SP"),
                                                .email = RG_STR("cobranca@provedor.example"),
                                                .phone = RG_STR("+55 19 3000-0000")};
}

void stage_done(struct stage *stage)
{
    rg_arena_free(&stage->arena);
}

void stage_pass(struct stage *stage, int64_t ms)
{
    stage->boot_ms += ms;
    stage->shared_ms += ms;
    stage->wall_ms += ms;
}

/* ---- the engine ---- */

struct stage_act *stage_act_of(struct stage *stage, const struct rg_action_id *action)
{
    for (size_t i = 0; i < stage->act_count; i++)
        if (rg_action_id_eq(&stage->acts[i].action, action))
            return &stage->acts[i];
    return NULL;
}

struct stage_act *stage_queue(struct stage *stage, const struct rg_decision *decision)
{
    struct stage_act *act = stage_act_of(stage, &decision->action);
    if (act == NULL) {
        rg_assert(stage->act_count < STAGE_ACTS_MAX);
        act = &stage->acts[stage->act_count++];
    }
    *act = (struct stage_act){.action = decision->action, .live = true, .value = {.claim_offset = -1}};
    return act;
}

void stage_void(struct stage *stage, const struct rg_action_id *action)
{
    stage_act_of(stage, action)->live = false;
}

static void fold_claim(struct stage *stage, struct rg_str value, int64_t offset)
{
    struct rg_claim claim;
    rg_assert(rg_claim_read(value, stage->arena, &claim, NULL) == 0);
    stage->claims++;
    struct stage_act *act = stage_act_of(stage, &claim.action);
    if (act == NULL || !act->live || act->value.claimed)
        return;
    act->value.claimed = true;
    act->value.claim = claim.claim;
    act->value.claim_offset = offset;
}

static void fold_outcome(struct stage *stage, struct rg_str value)
{
    struct rg_outcome outcome;
    rg_assert(rg_outcome_read(value, stage->arena, &outcome, NULL) == 0);
    stage->outcomes++;
    stage->last = outcome;
    struct stage_act *act = stage_act_of(stage, &outcome.action);
    if (act == NULL || !act->live)
        return;
    bool named = act->value.claimed && rg_claim_id_eq(&act->value.claim, &outcome.claim);
    bool only_named = outcome.verdict == RG_VERDICT_RELEASED || outcome.verdict == RG_VERDICT_UNCERTAIN;
    if (only_named && !named)
        return;
    if (outcome.verdict == RG_VERDICT_RELEASED || (outcome.verdict == RG_VERDICT_UNCERTAIN && stage->requeue_uncertain))
        act->value = (struct rg_act_value){.claim_offset = -1};
    else
        act->live = false;
}

void stage_fold(struct stage *stage, int shard)
{
    struct rg_str kind, value;
    while (!stage->asleep && stage->ledger(stage->ledger_ctx, shard, stage->next[shard], &kind, &value)) {
        int64_t offset = stage->next[shard]++;
        if (rg_str_is(kind, rg_kind_name(RG_REC_CLAIM)))
            fold_claim(stage, value, offset);
        else if (rg_str_is(kind, rg_kind_name(RG_REC_OUTCOME)))
            fold_outcome(stage, value);
    }
}

/* ---- the world ---- */

static int acts(void *ctx, int shard, const struct rg_action_id *actions, size_t n, struct rg_act_seen *ret_seen,
                int64_t *ret_ledger_next, int64_t *ret_asof_ms, struct rg_error *err)
{
    struct stage *stage = ctx;
    stage->looks++;
    if (stage->away)
        return rg_fail(err, RG_EUNREACHABLE, "the script says so");
    stage_fold(stage, shard);
    for (size_t i = 0; i < n; i++) {
        const struct stage_act *act = stage_act_of(stage, &actions[i]);
        ret_seen[i] = act == NULL ? (struct rg_act_seen){0} : (struct rg_act_seen){act->live, act->value};
    }
    *ret_ledger_next = stage->next[shard];
    *ret_asof_ms = stage->asof_ms;
    return 0;
}

static int recipient(void *ctx, const struct rg_decision *decision, struct rg_arena *arena, struct rg_recipient *ret,
                     struct rg_error *err)
{
    struct stage *stage = ctx;
    stage->recipient_asked++;
    if (stage->recipient_code != 0)
        return rg_fail(err, stage->recipient_code, "the script says so");
    *ret = stage->recipient;
    ret->invoices = RG_NEW(arena, struct rg_recipient_invoice, ret->invoice_count);
    for (size_t i = 0; i < ret->invoice_count; i++) {
        ret->invoices[i] = stage->recipient.invoices[i];
        ret->invoices[i].ns = decision->invoices[i].ns;
        ret->invoices[i].invoice = decision->invoices[i].invoice;
    }
    return 0;
}

static const struct rg_creditor_info *creditor(void *ctx, struct rg_str name)
{
    (void)name;
    struct stage *stage = ctx;
    return stage->no_creditor ? NULL : &stage->creditor;
}

static struct rg_str template_part(void *ctx, struct rg_str name, struct rg_str channel, const char *part)
{
    (void)name;
    (void)channel;
    const struct stage *stage = ctx;
    return rg_str(strcmp(part, "txt") == 0 ? stage->txt : strcmp(part, "html") == 0 ? stage->html : stage->subject);
}

static struct rg_str template_partial(void *ctx, struct rg_str name, const char *part)
{
    (void)part;
    const struct stage *stage = ctx;
    return stage->partial_name != NULL && rg_str_is(name, stage->partial_name) ? rg_str(stage->partial) : (struct rg_str){0};
}

static bool is_stopped(void *ctx)
{
    return ((struct stage *)ctx)->stopped;
}

static bool is_live(void *ctx, const struct rg_decision *decision)
{
    return decision->owed || !((struct stage *)ctx)->lowered;
}

static bool is_timely(void *ctx)
{
    return !((struct stage *)ctx)->clocks_disagree;
}

static int want_asof(void *ctx, int64_t at_ms)
{
    struct stage *stage = ctx;
    stage->want_ms = at_ms > stage->want_ms ? at_ms : stage->want_ms;
    stage->wants++;
    return 0;
}

struct rg_sender_world stage_world(struct stage *stage)
{
    return (struct rg_sender_world){.ctx = stage,
                                    .acts = acts,
                                    .recipient = recipient,
                                    .creditor = creditor,
                                    .template_part = template_part,
                                    .template_partial = template_partial,
                                    .stopped = is_stopped,
                                    .live = is_live,
                                    .timely = is_timely,
                                    .want_asof = want_asof};
}

/* ---- decisions ---- */

struct rg_decision stage_decision(struct stage *stage, int n)
{
    struct rg_decision_invoice *invoices = RG_NEW(stage->arena, struct rg_decision_invoice, 1);
    invoices[0] = (struct rg_decision_invoice){.ns = RG_STR("prov"),
                                               .invoice = rg_arena_printf(stage->arena, "F%d", n),
                                               .cycle = 1,
                                               .balance_cents = 10000,
                                               .offset = 7};
    struct rg_decision decision = {.debtor = rg_arena_printf(stage->arena, "c_%d", n),
                                   .ladder = RG_STR("internet"),
                                   .step = RG_STR("atraso"),
                                   .repetition = 1,
                                   .channel = RG_STR("email"),
                                   .attempt = 1,
                                   .kind = RG_ACT_MESSAGE,
                                   .tone = RG_TONE_REMINDER,
                                   .mode = RG_MODE_LIVE,
                                   .uncertain = RG_UNCERTAIN_SKIP,
                                   .text = RG_STR("atraso"),
                                   .creditor = RG_STR("provedor"),
                                   .service = RG_STR("internet"),
                                   .invoices = invoices,
                                   .invoice_count = 1,
                                   .amount_cents = 10000,
                                   .fine_cents = 200,
                                   .interest_cents = 27,
                                   .total_cents = 10227,
                                   .amounts_on = rg_day_of(2026, 11, 28),
                                   .deadline_on = RG_DAY_NONE,
                                   .at_ms = STAGE_NOW - 1000,
                                   .asof_ms = STAGE_NOW - 2000,
                                   .rests_on = 40,
                                   .previous = -1,
                                   .rules = RG_STR("0123456789ab")};
    rg_decision_identify(&decision, STAGE_SHARDS);
    return decision;
}

struct rg_decision stage_signal(struct stage *stage, int n, enum rg_signal signal, int64_t sequence)
{
    struct rg_decision decision = stage_decision(stage, n);
    decision.channel = RG_STR("signals");
    decision.kind = RG_ACT_SIGNAL;
    decision.signal = signal;
    decision.sequence = sequence;
    decision.text = (struct rg_str){0};
    decision.owed = signal == RG_SIGNAL_RESTORE_REQUESTED;
    decision.tone = decision.owed ? RG_TONE_INFO : RG_TONE_SANCTION;
    decision.step = decision.owed ? RG_STR("religar") : RG_STR("suspensao");
    rg_decision_identify(&decision, STAGE_SHARDS);
    return decision;
}

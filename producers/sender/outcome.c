/* The end of an attempt as it stands in the ledger. It names the step too, so that a delivery counts even where nobody knows the
 * decision any more. */
#include "producers/sender/internal.h"

#include "base/core/log.h"

#include <string.h>

static void log_outcome(const struct rg_sender *sender, const struct rg_hand *hand, const struct rg_outcome *outcome)
{
    char step[RG_ID_BYTES_MAX + 1] = "";
    memcpy(step, outcome->step.p, outcome->step.n < sizeof step ? outcome->step.n : sizeof step - 1);
    bool fine = outcome->verdict == RG_VERDICT_ACCEPTED || outcome->verdict == RG_VERDICT_RELEASED ||
                outcome->verdict == RG_VERDICT_EXPIRED;
    rg_log(fine ? RG_LOG_DEBUG : RG_LOG_INFO, "SENDER-OUTCOME",
           &(struct rg_log_ctx){.debtor = hand->debtor,
                                .step = step,
                                .action = hand->action,
                                .channel = sender->config.channel,
                                .shard = hand->shard,
                                .gate = outcome->gate == RG_GATE_NONE ? NULL : rg_gate_name(outcome->gate)},
           "%s: " RG_STR_FMT, rg_verdict_name(outcome->verdict), RG_STR_ARG(outcome->detail));
}

void rg_hand_conclude(struct rg_sender *sender, struct rg_hand *hand, const struct rg_ending *ending)
{
    const struct rg_decision *decision = &hand->decision;
    const struct rg_transport_result *result = ending->result;
    struct rg_decision_invoice invoices[RG_DECISION_INVOICES_MAX];
    int64_t now_ms = rg_shared_ms(&sender->config.clock);
    rg_assert(ending->verdict > RG_VERDICT_UNSET && ending->verdict < RG_VERDICT_COUNT);
    for (size_t i = 0; i < decision->invoice_count; i++) {
        const struct rg_decision_invoice *from = &decision->invoices[i];
        invoices[i] =
            (struct rg_decision_invoice){.ns = from->ns, .invoice = from->invoice, .cycle = from->cycle, .listed = from->listed};
    }
    struct rg_outcome outcome = {.action = decision->action,
                                 .claim_offset = ending->claim_offset,
                                 .debtor = decision->debtor,
                                 .step = decision->step,
                                 .channel = decision->channel,
                                 .repetition = decision->repetition,
                                 .attempt = decision->attempt,
                                 .invoices = invoices,
                                 .invoice_count = decision->invoice_count,
                                 .verdict = ending->verdict,
                                 .gate = ending->gate,
                                 .at_ms = now_ms > 0 ? now_ms : 0};
    if (ending->claim != NULL)
        outcome.claim = *ending->claim;
    if (result != NULL) {
        outcome.evidence = result->evidence;
        outcome.retry_after_ms = result->retry_after_ms;
        outcome.provider_id = result->provider_id[0] == '\0' ? (struct rg_str){0} : rg_str(result->provider_id);
    }
    const char *detail = ending->detail != NULL ? ending->detail : result != NULL ? result->detail : "";
    outcome.detail = detail[0] == '\0' ? (struct rg_str){0} : rg_utf8_cut(rg_str(detail), RG_OUTCOME_DETAIL_MAX);

    struct rg_buf value RG_CLEANUP(rg_buf_done);
    rg_buf_init(&value, RG_LEDGER_BYTES_MAX);
    rg_outcome_write(&outcome, &value);
    rg_assert(!value.overflow);
    rg_post_add(sender->post, &(struct rg_post_record){.kind = RG_POST_OUTCOME,
                                                       .hand = hand,
                                                       .partition = hand->shard,
                                                       .key = decision->debtor,
                                                       .value = rg_buf_str(&value)});
    log_outcome(sender, hand, &outcome);
    rg_hand_move(sender, hand, RG_HAND_CONCLUDE);
    atomic_fetch_add_explicit(&sender->counters.verdicts[ending->verdict], 1, memory_order_relaxed);
    if (ending->verdict == RG_VERDICT_RELEASED)
        atomic_fetch_add_explicit(&sender->counters.released, 1, memory_order_relaxed);
}

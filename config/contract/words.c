/* Names in the enums' order. A table that misses a member would hold NULL there: name_of asserts, and the unit test walks
 * every member of every list. */
#include "config/contract/words.h"

#include "base/core/suggest.h"

static const char *name_of(const struct rg_words *words, int member)
{
    rg_assert(member >= 0 && member < words->count);
    rg_assert(words->names[member] != NULL);
    return words->names[member];
}

int rg_word(const struct rg_words *words, struct rg_str name)
{
    for (int i = words->first; i < words->count; i++)
        if (rg_str_is(name, words->names[i]))
            return i;
    return -1;
}

const char *rg_words_suggest(const struct rg_words *words, struct rg_str name)
{
    return rg_suggest(name, words->names + words->first, (size_t)(words->count - words->first));
}

static const char *const tone_names[RG_TONE_COUNT] = {
    [RG_TONE_INFO] = "info", [RG_TONE_COURTESY] = "courtesy", [RG_TONE_REMINDER] = "reminder", [RG_TONE_FIRM] = "firm",
    [RG_TONE_NOTICE] = "notice", [RG_TONE_SANCTION] = "sanction",
};
const struct rg_words rg_words_tone = {"tone", tone_names, RG_TONE_COUNT, 0};
const char *rg_tone_name(enum rg_tone tone)
{
    return name_of(&rg_words_tone, (int)tone);
}

static const char *const evidence_names[RG_EVIDENCE_COUNT] = {
    [RG_EVIDENCE_NONE] = "none", [RG_EVIDENCE_ACCEPTED] = "accepted", [RG_EVIDENCE_DELIVERED] = "delivered",
    [RG_EVIDENCE_READ] = "read", [RG_EVIDENCE_REPLIED] = "replied",
};
const struct rg_words rg_words_evidence = {"evidence", evidence_names, RG_EVIDENCE_COUNT, 1};
const char *rg_evidence_name(enum rg_evidence evidence)
{
    return name_of(&rg_words_evidence, (int)evidence);
}

static const char *const provider_fact_names[RG_FACT_COUNT] = {
    [RG_FACT_NONE] = "none", [RG_FACT_ACCEPTED] = "accepted", [RG_FACT_DELIVERED] = "delivered", [RG_FACT_READ] = "read",
    [RG_FACT_REPLIED] = "replied", [RG_FACT_BOUNCED] = "bounced", [RG_FACT_REJECTED] = "rejected",
    [RG_FACT_COMPLAINED] = "complained",
};
const struct rg_words rg_words_provider_fact = {"status", provider_fact_names, RG_FACT_COUNT, 1};
const char *rg_provider_fact_name(enum rg_provider_fact provider_fact)
{
    return name_of(&rg_words_provider_fact, (int)provider_fact);
}

static const char *const verdict_names[RG_VERDICT_COUNT] = {
    [RG_VERDICT_UNSET] = "unset", [RG_VERDICT_ACCEPTED] = "accepted", [RG_VERDICT_REJECTED] = "rejected",
    [RG_VERDICT_RETRY] = "retry", [RG_VERDICT_THROTTLED] = "throttled", [RG_VERDICT_UNCERTAIN] = "uncertain",
    [RG_VERDICT_EXPIRED] = "expired", [RG_VERDICT_RELEASED] = "released",
};
const struct rg_words rg_words_verdict = {"verdict", verdict_names, RG_VERDICT_COUNT, 1};
const char *rg_verdict_name(enum rg_verdict verdict)
{
    return name_of(&rg_words_verdict, (int)verdict);
}

static const char *const mode_names[RG_MODE_COUNT] = {
    [RG_MODE_SHADOW] = "shadow", [RG_MODE_LIVE] = "live",
};
const struct rg_words rg_words_mode = {"mode", mode_names, RG_MODE_COUNT, 0};
const char *rg_mode_name(enum rg_mode mode)
{
    return name_of(&rg_words_mode, (int)mode);
}

static const char *const uncertain_names[RG_UNCERTAIN_COUNT] = {
    [RG_UNCERTAIN_SKIP] = "skip", [RG_UNCERTAIN_RESEND] = "resend",
};
const struct rg_words rg_words_uncertain = {"policy for uncertain outcomes", uncertain_names, RG_UNCERTAIN_COUNT, 0};
const char *rg_uncertain_name(enum rg_uncertain uncertain)
{
    return name_of(&rg_words_uncertain, (int)uncertain);
}

static const char *const gate_names[RG_GATE_COUNT] = {
    [RG_GATE_NONE] = "none", [RG_GATE_PAID] = "paid", [RG_GATE_VOIDED] = "voided", [RG_GATE_WRITTEN_OFF] = "written_off",
    [RG_GATE_FRONTIER] = "frontier", [RG_GATE_CLEARING] = "clearing", [RG_GATE_DISPUTED] = "disputed",
    [RG_GATE_PROMISED] = "promised", [RG_GATE_IN_AGREEMENT] = "in_agreement", [RG_GATE_DEBIT_SCHEDULED] = "debit_scheduled",
    [RG_GATE_HELD] = "held", [RG_GATE_PROTECTED] = "protected", [RG_GATE_OPTED_OUT] = "opted_out",
    [RG_GATE_UNREACHABLE] = "unreachable", [RG_GATE_NOT_DELIVERED] = "not_delivered", [RG_GATE_HOURS] = "hours",
    [RG_GATE_HOLIDAY] = "holiday", [RG_GATE_CAPS] = "caps", [RG_GATE_GAP] = "gap", [RG_GATE_PREREQUISITE] = "prerequisite",
    [RG_GATE_TERM] = "term", [RG_GATE_PAYMENTS_FRESH] = "payments_fresh", [RG_GATE_FRESH_CHARGE] = "fresh_charge",
    [RG_GATE_APPROVAL] = "approval", [RG_GATE_QUOTA] = "quota", [RG_GATE_BRAKE] = "brake",
    [RG_GATE_CUT_CALENDAR] = "cut_calendar", [RG_GATE_TOO_OLD] = "too_old", [RG_GATE_PRESCRIBED] = "prescribed",
    [RG_GATE_SUPERSEDED] = "superseded", [RG_GATE_COVERED] = "covered", [RG_GATE_HOLDOUT] = "holdout",
    [RG_GATE_CONDITION] = "condition", [RG_GATE_MISSING_DATA] = "missing_data", [RG_GATE_NO_LADDER] = "no_ladder",
    [RG_GATE_CHANNEL_DOWN] = "channel_down", [RG_GATE_EXPIRED] = "expired", [RG_GATE_SHADOW] = "shadow",
    [RG_GATE_STOPPED] = "stopped",
};
const struct rg_words rg_words_gate = {"gate", gate_names, RG_GATE_COUNT, 1};
const char *rg_gate_name(enum rg_gate gate)
{
    return name_of(&rg_words_gate, (int)gate);
}

static const char *const debtor_kind_names[RG_KIND_COUNT] = {
    [RG_KIND_UNKNOWN] = "unknown", [RG_KIND_PERSON] = "person", [RG_KIND_COMPANY] = "company",
};
const struct rg_words rg_words_debtor_kind = {"kind", debtor_kind_names, RG_KIND_COUNT, 1};
const char *rg_debtor_kind_name(enum rg_debtor_kind debtor_kind)
{
    return name_of(&rg_words_debtor_kind, (int)debtor_kind);
}

static const char *const protection_names[RG_PROTECT_COUNT] = {
    [RG_PROTECT_NONE] = "none", [RG_PROTECT_OVERINDEBTED] = "overindebted", [RG_PROTECT_JUDICIAL_PLAN] = "judicial_plan",
    [RG_PROTECT_DECEASED] = "deceased", [RG_PROTECT_LAWYER] = "lawyer",
};
const struct rg_words rg_words_protection = {"protection", protection_names, RG_PROTECT_COUNT, 0};
const char *rg_protection_name(enum rg_protection protection)
{
    return name_of(&rg_words_protection, (int)protection);
}

static const char *const event_type_names[RG_EV_COUNT] = {
    [RG_EV_NONE] = "none", [RG_EV_INVOICE_ISSUED] = "invoice.issued", [RG_EV_INVOICE_UPDATED] = "invoice.updated",
    [RG_EV_INVOICE_VOIDED] = "invoice.voided", [RG_EV_INVOICE_WRITTEN_OFF] = "invoice.written_off",
    [RG_EV_INVOICE_REOPENED] = "invoice.reopened", [RG_EV_BILL_DELIVERED] = "bill.delivered",
    [RG_EV_BILL_OPENED] = "bill.opened", [RG_EV_PAYMENT_CONFIRMED] = "payment.confirmed",
    [RG_EV_PAYMENT_SETTLED] = "payment.settled", [RG_EV_PAYMENT_REVERSED] = "payment.reversed",
    [RG_EV_PAYMENT_SCHEDULED] = "payment.scheduled", [RG_EV_PAYMENT_FAILED] = "payment.failed",
    [RG_EV_CREDIT_APPLIED] = "credit.applied", [RG_EV_SOURCE_SYNCED] = "source.synced",
    [RG_EV_DEBTOR_UPDATED] = "debtor.updated", [RG_EV_DEBTOR_OPTED_OUT] = "debtor.opted_out",
    [RG_EV_DEBTOR_OPTED_IN] = "debtor.opted_in", [RG_EV_DEBTOR_HELD] = "debtor.held",
    [RG_EV_DEBTOR_RELEASED] = "debtor.released", [RG_EV_DEBTOR_PROTECTED] = "debtor.protected",
    [RG_EV_DISPUTE_OPENED] = "dispute.opened", [RG_EV_DISPUTE_CLOSED] = "dispute.closed",
    [RG_EV_PROMISE_MADE] = "promise.made", [RG_EV_PROMISE_WITHDRAWN] = "promise.withdrawn",
    [RG_EV_DELIVERY_RECEIPT] = "delivery.receipt", [RG_EV_SERVICE_SUSPENDED] = "service.suspended",
    [RG_EV_SERVICE_RESTORED] = "service.restored", [RG_EV_SERVICE_TERMINATED] = "service.terminated",
};
const struct rg_words rg_words_event_type = {"event type", event_type_names, RG_EV_COUNT, 1};
const char *rg_event_type_name(enum rg_event_type event_type)
{
    return name_of(&rg_words_event_type, (int)event_type);
}

static const char *const signal_names[RG_SIGNAL_COUNT] = {
    [RG_SIGNAL_NONE] = "none", [RG_SIGNAL_SUSPEND_REQUESTED] = "service.suspend_requested",
    [RG_SIGNAL_RESTORE_REQUESTED] = "service.restore_requested",
};
const struct rg_words rg_words_signal = {"signal", signal_names, RG_SIGNAL_COUNT, 1};
const char *rg_signal_name(enum rg_signal signal)
{
    return name_of(&rg_words_signal, (int)signal);
}

static const char *const reversal_names[] = {"chargeback", "refund", "returned"};
const struct rg_words rg_words_reversal = {"reason", reversal_names, RG_COUNT(reversal_names), 0};

static const char *const dispute_result_names[] = {"accepted", "rejected"};
const struct rg_words rg_words_dispute_result = {"result", dispute_result_names, RG_COUNT(dispute_result_names), 0};

static const char *const later_type_names[] = {
    "debtor.erased", "offer.accepted", "agreement.signed", "agreement.broken", "agreement.settled", "reply.received", "task.done",
    "bureau.listed", "bureau.excluded", "bureau.refused", "legal.filed", "legal.closed", "operator.approved", "operator.refused",
    "operator.stopped", "operator.resumed", "rules.activated", "cluster.set",
};
const struct rg_words rg_words_later_type = {"event type", later_type_names, RG_COUNT(later_type_names), 0};

static const struct {
    const char *lifted_by, *sentence;
} gates[RG_GATE_COUNT] = {
    [RG_GATE_NONE] = {"", "nothing stands in the way"},
    [RG_GATE_PAID] = {"upstream: payment.reversed",
        "the invoice is paid"},
    [RG_GATE_VOIDED] = {"upstream: invoice.reopened",
        "the invoice was voided"},
    [RG_GATE_WRITTEN_OFF] = {"upstream: invoice.reopened",
        "the invoice was written off"},
    [RG_GATE_FRONTIER] = {"itself, once everything published is read",
        "something published upstream is still unread"},
    [RG_GATE_CLEARING] = {"itself, once payments are known through the payable day",
        "a payment made on the payable day may not be known yet"},
    [RG_GATE_DISPUTED] = {"upstream: dispute.closed",
        "the invoice is disputed"},
    [RG_GATE_PROMISED] = {"its date, or promise.withdrawn",
        "the debtor promised to pay"},
    [RG_GATE_IN_AGREEMENT] = {"the agreement's end",
        "the invoice is part of a signed agreement"},
    [RG_GATE_DEBIT_SCHEDULED] = {"the result of the debit",
        "an automatic debit is booked"},
    [RG_GATE_HELD] = {"debtor.released, or the end of the hold",
        "the debtor or the invoice is on hold"},
    [RG_GATE_PROTECTED] = {"debtor.protected with kind none",
        "the debtor is protected from collection"},
    [RG_GATE_OPTED_OUT] = {"the debtor: debtor.opted_in",
        "the debtor opted out of every channel this step may use"},
    [RG_GATE_UNREACHABLE] = {"upstream: debtor.updated with a contact",
        "there is no usable contact for any channel of this step"},
    [RG_GATE_NOT_DELIVERED] = {"a corrected contact or a late receipt",
        "no channel could prove delivery"},
    [RG_GATE_HOURS] = {"itself, at the next opening",
        "outside the hours in which this debtor may be contacted"},
    [RG_GATE_HOLIDAY] = {"itself, on the next working day",
        "today is a holiday where the debtor lives"},
    [RG_GATE_CAPS] = {"itself, when an earlier message leaves the window",
        "the debtor has had as many messages as the caps allow"},
    [RG_GATE_GAP] = {"itself, when the gap has passed",
        "the last message is too recent"},
    [RG_GATE_PREREQUISITE] = {"the step it waits for",
        "the step it comes after is not there yet"},
    [RG_GATE_TERM] = {"itself, when the term has ended",
        "the term granted by the notice is still running"},
    [RG_GATE_PAYMENTS_FRESH] = {"the payments source, once it is known through the last bank day",
        "payments are not known recently enough"},
    [RG_GATE_FRESH_CHARGE] = {"upstream: a charge with a new date",
        "the charge has to be issued anew"},
    [RG_GATE_APPROVAL] = {"a second person",
        "it waits for approval"},
    [RG_GATE_QUOTA] = {"itself, in the next hour",
        "the limit for this action is used up"},
    [RG_GATE_BRAKE] = {"an operator",
        "an automatic brake is on"},
    [RG_GATE_CUT_CALENDAR] = {"itself, on the next allowed day",
        "service may not be cut today"},
    [RG_GATE_TOO_OLD] = {"the next day, if it is a notice or a sanction; else nobody",
        "its day had passed before anything could go out"},
    [RG_GATE_PRESCRIBED] = {"nobody",
        "the debt is prescribed"},
    [RG_GATE_SUPERSEDED] = {"nobody",
        "a later step has taken its place"},
    [RG_GATE_COVERED] = {"nobody",
        "another message spoke for it"},
    [RG_GATE_HOLDOUT] = {"nobody",
        "the debtor is in the hold-out share"},
    [RG_GATE_CONDITION] = {"a fact it asks about",
        "its condition does not hold"},
    [RG_GATE_MISSING_DATA] = {"upstream: the missing value",
        "a value its template needs is missing"},
    [RG_GATE_NO_LADDER] = {"the rules: a ladder that applies",
        "no ladder applies to this invoice"},
    [RG_GATE_CHANNEL_DOWN] = {"the channel's return",
        "its channel is down"},
    [RG_GATE_EXPIRED] = {"nobody",
        "its window closed"},
    [RG_GATE_SHADOW] = {"an operator: reguactl go-live",
        "decided in shadow mode: nothing leaves"},
    [RG_GATE_STOPPED] = {"an operator: reguactl resume",
        "everything is stopped"},
};

const char *rg_gate_lifted_by(enum rg_gate gate)
{
    rg_assert(gate < RG_GATE_COUNT);
    return gates[gate].lifted_by;
}

const char *rg_gate_sentence(enum rg_gate gate)
{
    rg_assert(gate < RG_GATE_COUNT);
    return gates[gate].sentence;
}

enum rg_evidence rg_fact_evidence(enum rg_provider_fact fact)
{
    switch (fact) {
    case RG_FACT_ACCEPTED: return RG_EVIDENCE_ACCEPTED;
    case RG_FACT_DELIVERED: return RG_EVIDENCE_DELIVERED;
    case RG_FACT_READ: return RG_EVIDENCE_READ;
    case RG_FACT_REPLIED: return RG_EVIDENCE_REPLIED;
    default: return RG_EVIDENCE_NONE;
    }
}

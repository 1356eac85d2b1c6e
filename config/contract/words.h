/* The closed lists: words that events, ladders, `explain`, metrics, tests and the console share, and no others. Each list
 * is an enum and a table of names in the same order; a word is added here first. Pure. */
#pragma once

#include "base/core/core.h"

/* Severity of a step, in this order. `info` is no collection: it has no cap and proves nothing. */
enum rg_tone { RG_TONE_INFO, RG_TONE_COURTESY, RG_TONE_REMINDER, RG_TONE_FIRM, RG_TONE_NOTICE, RG_TONE_SANCTION, RG_TONE_COUNT };

/* What is proven of a message, in this order. RG_EVIDENCE_NONE: nothing asked or nothing known. */
enum rg_evidence {
    RG_EVIDENCE_NONE, RG_EVIDENCE_ACCEPTED, RG_EVIDENCE_DELIVERED, RG_EVIDENCE_READ, RG_EVIDENCE_REPLIED, RG_EVIDENCE_COUNT
};

/* What a provider tells afterwards about a message. */
enum rg_provider_fact {
    RG_FACT_NONE, RG_FACT_ACCEPTED, RG_FACT_DELIVERED, RG_FACT_READ, RG_FACT_REPLIED,
    RG_FACT_BOUNCED, RG_FACT_REJECTED, RG_FACT_COMPLAINED, RG_FACT_COUNT
};
enum rg_evidence rg_fact_evidence(enum rg_provider_fact fact); /* bounced, rejected, complained: RG_EVIDENCE_NONE */

/* A sender's verdict on one attempt. Zero is "unset" and asserts where a verdict is needed. */
enum rg_verdict {
    RG_VERDICT_UNSET, RG_VERDICT_ACCEPTED, RG_VERDICT_REJECTED, RG_VERDICT_RETRY, RG_VERDICT_THROTTLED,
    RG_VERDICT_UNCERTAIN, RG_VERDICT_EXPIRED, RG_VERDICT_RELEASED, RG_VERDICT_COUNT
};

enum rg_mode { RG_MODE_SHADOW, RG_MODE_LIVE, RG_MODE_COUNT };
enum rg_uncertain { RG_UNCERTAIN_SKIP, RG_UNCERTAIN_RESEND, RG_UNCERTAIN_COUNT };

/* Reasons why a step does not happen now. Every suppression carries exactly one of these names. */
enum rg_gate {
    RG_GATE_NONE,
    RG_GATE_PAID, RG_GATE_VOIDED, RG_GATE_WRITTEN_OFF, RG_GATE_FRONTIER, RG_GATE_CLEARING, RG_GATE_DISPUTED, RG_GATE_PROMISED,
    RG_GATE_IN_AGREEMENT, RG_GATE_DEBIT_SCHEDULED, RG_GATE_HELD, RG_GATE_PROTECTED, RG_GATE_OPTED_OUT, RG_GATE_UNREACHABLE,
    RG_GATE_NOT_DELIVERED, RG_GATE_HOURS, RG_GATE_HOLIDAY, RG_GATE_CAPS, RG_GATE_GAP, RG_GATE_PREREQUISITE, RG_GATE_TERM,
    RG_GATE_PAYMENTS_FRESH, RG_GATE_FRESH_CHARGE, RG_GATE_APPROVAL, RG_GATE_QUOTA, RG_GATE_BRAKE, RG_GATE_CUT_CALENDAR,
    RG_GATE_TOO_OLD, RG_GATE_PRESCRIBED, RG_GATE_SUPERSEDED, RG_GATE_COVERED, RG_GATE_HOLDOUT, RG_GATE_CONDITION,
    RG_GATE_MISSING_DATA, RG_GATE_NO_LADDER, RG_GATE_CHANNEL_DOWN, RG_GATE_EXPIRED, RG_GATE_SHADOW, RG_GATE_STOPPED,
    RG_GATE_COUNT
};
/* Who lifts the gate, and the sentence an operator reads. */
const char *rg_gate_lifted_by(enum rg_gate gate);
const char *rg_gate_sentence(enum rg_gate gate);

enum rg_debtor_kind { RG_KIND_UNKNOWN, RG_KIND_PERSON, RG_KIND_COMPANY, RG_KIND_COUNT };
enum rg_protection {
    RG_PROTECT_NONE, RG_PROTECT_OVERINDEBTED, RG_PROTECT_JUDICIAL_PLAN, RG_PROTECT_DECEASED, RG_PROTECT_LAWYER, RG_PROTECT_COUNT
};

/* Event types, without their prefix "regua."; the order is the contract's. */
enum rg_event_type {
    RG_EV_NONE,
    RG_EV_INVOICE_ISSUED, RG_EV_INVOICE_UPDATED, RG_EV_INVOICE_VOIDED, RG_EV_INVOICE_WRITTEN_OFF, RG_EV_INVOICE_REOPENED,
    RG_EV_BILL_DELIVERED, RG_EV_BILL_OPENED,
    RG_EV_PAYMENT_CONFIRMED, RG_EV_PAYMENT_SETTLED, RG_EV_PAYMENT_REVERSED, RG_EV_PAYMENT_SCHEDULED, RG_EV_PAYMENT_FAILED,
    RG_EV_CREDIT_APPLIED, RG_EV_SOURCE_SYNCED,
    RG_EV_DEBTOR_UPDATED, RG_EV_DEBTOR_OPTED_OUT, RG_EV_DEBTOR_OPTED_IN, RG_EV_DEBTOR_HELD, RG_EV_DEBTOR_RELEASED,
    RG_EV_DEBTOR_PROTECTED, RG_EV_DISPUTE_OPENED, RG_EV_DISPUTE_CLOSED, RG_EV_PROMISE_MADE, RG_EV_PROMISE_WITHDRAWN,
    RG_EV_DELIVERY_RECEIPT,
    RG_EV_SERVICE_SUSPENDED, RG_EV_SERVICE_RESTORED, RG_EV_SERVICE_TERMINATED,
    RG_EV_COUNT
};

/* Signals that leave on regua.signals, without their prefix. */
enum rg_signal { RG_SIGNAL_NONE, RG_SIGNAL_SUSPEND_REQUESTED, RG_SIGNAL_RESTORE_REQUESTED, RG_SIGNAL_COUNT };

/* Name of a word, never NULL for a member; and back: −1 when no member has that name. */
const char *rg_tone_name(enum rg_tone tone);
const char *rg_evidence_name(enum rg_evidence evidence);
const char *rg_provider_fact_name(enum rg_provider_fact fact);
const char *rg_verdict_name(enum rg_verdict verdict);
const char *rg_mode_name(enum rg_mode mode);
const char *rg_uncertain_name(enum rg_uncertain uncertain);
const char *rg_gate_name(enum rg_gate gate);
const char *rg_debtor_kind_name(enum rg_debtor_kind kind);
const char *rg_protection_name(enum rg_protection protection);
const char *rg_event_type_name(enum rg_event_type type);
const char *rg_signal_name(enum rg_signal signal); /* "service.suspend_requested" */

/* The lists as arrays of names, indexed by the enum, for parsers and did-you-mean. */
struct rg_words {
    const char *what; /* "tone", for messages */
    const char *const *names;
    int count;
    int first; /* 1 where member 0 is "none" and cannot be written by a person */
};
extern const struct rg_words rg_words_tone, rg_words_evidence, rg_words_provider_fact, rg_words_verdict, rg_words_mode,
    rg_words_uncertain, rg_words_gate, rg_words_debtor_kind, rg_words_protection, rg_words_event_type, rg_words_signal;
/* Words that nothing switches on; they travel as text. */
extern const struct rg_words rg_words_reversal; /* why a payment came back: chargeback, refund, returned */
extern const struct rg_words rg_words_dispute_result; /* accepted, rejected */
extern const struct rg_words rg_words_later_type; /* event types of the contract that are not read yet */
int rg_word(const struct rg_words *words, struct rg_str name);
const char *rg_words_suggest(const struct rg_words *words, struct rg_str name); /* "did you mean": NULL when nothing is near */

/* The debtor record: everything the engine knows of one debtor, a pure function of his part of the ledger (and, for the
 * words of a message, of the people topic). One struct in an arena while it is worked on, one compact versioned string in
 * Redis (codec.h). Only rg_record_apply (fold.h) makes a record from facts and only rg_decide (decide.h) adds decisions.
 *
 * Field groups remember the time of the event that set them, and the last by time wins, so that duplicates and disorder change
 * nothing. Sources count time in seconds: of two events as late as each other the one that stands later in the ledger wins,
 * but that an issue, which may come again at any time, never undoes an update. Pure. */
#pragma once

#include "base/core/arena.h"
#include "config/contract/event.h"
#include "config/contract/ledger.h"

/* Where a record is full. Closed invoices make room for what comes; when none is left, a new invoice is refused and the debtor
 * held, while whatever is said of a known one is folded all the same: room.c. */
#define RG_RECORD_INVOICES_MAX 300 /* issued ones */
#define RG_RECORD_SHELLS_MAX 32    /* of which only payments or other facts have come */
#define RG_RECORD_BYTES_MAX ((size_t)64 * 1024)
#define RG_RECORD_STORED_MAX (4 * RG_RECORD_BYTES_MAX) /* what is folded into a full record needs room too */
#define RG_RECORD_ARENA_BYTES ((size_t)64 * 1024 * 1024) /* for the largest, and all that explain says of it */
#define RG_RECORD_HOLDS_MAX 32
#define RG_RECORD_OPENINGS_MAX 64 /* of one invoice: due days, and reopenings */
#define RG_RECORD_CREDITS_MAX 64  /* of one invoice, and without one */
#define RG_RECORD_OPTOUTS_MAX 64
#define RG_RECORD_PAYMENTS_MAX 64 /* of one invoice */
#define RG_RECORD_ACTIONS_MAX 64  /* outstanding at once */
#define RG_RECORD_NOTES_MAX 32
#define RG_STEPS_KEPT_MS (30 * RG_MS_PER_DAY) /* what was done for an invoice that is closed since: longer than caps look back */

/* When something was last set; time 0: never. */
struct rg_stamp {
    int64_t time_ms;
    bool updated; /* by invoice.updated */
};
bool rg_stamp_wins(struct rg_stamp incoming, struct rg_stamp stored); /* not earlier, and no issue against an update */

/* Fields that are set together carry one stamp; each is a group of its own wherever an event may bring it alone. */
enum rg_invoice_group { /* the usual ones first: their set is stored as a number */
    RG_IG_DUE, RG_IG_AMOUNT, RG_IG_SERVICE, RG_IG_PIX, RG_IG_ISSUED_ON, RG_IG_BOLETO, RG_IG_LINK, RG_IG_CREDITOR, RG_IG_CONTRACT,
    RG_IG_STATE, RG_IG_DISPUTE, RG_IG_TAGS, RG_IG_DISCOUNTS, RG_IG_FINE, RG_IG_INTEREST, RG_IG_DEBIT, RG_IG_COUNT
};
enum rg_debtor_group { /* from name to language: personal, but for kind */
    RG_DG_KIND, RG_DG_NAME, RG_DG_DOCUMENT, RG_DG_CONTACTS, RG_DG_STATE, RG_DG_CITY, RG_DG_TIME_ZONE, RG_DG_LANGUAGE,
    RG_DG_CONSUMER, RG_DG_TIER, RG_DG_SCORE, RG_DG_PAYDAY, RG_DG_TAGS, RG_DG_PROTECTION, RG_DG_PROMISE, RG_DG_COUNT
};

/* Amounts are maxima per status; dates are Brasília days. `reversed` counts back what had come. */
struct rg_payment {
    struct rg_str id; /* upstream's, or `<source>/<event id>` where it has none; empty: the sum of those that made room */
    bool unnamed;
    int64_t confirmed_cents, settled_cents, reversed_cents;
    int64_t confirmed_ms, settled_ms, reversed_ms; /* first known by event time; 0: not */
    rg_day paid_on;                                /* Brasília day it was first paid on; RG_DAY_NONE: only reversed so far */
    bool chargeback;
};

struct rg_credit {
    uint32_t identity; /* of its event; 0: the sum of those that made room */
    int64_t cents;
};

/* What happened with one step for one invoice in one cycle. One entry per (step, repetition, cycle); `attempt` counts. */
enum rg_done_state {
    RG_DONE_QUEUED,    /* decided, not yet claimed */
    RG_DONE_CLAIMED,   /* in a sender's hands */
    RG_DONE_SENT,      /* delivered to the provider or topic; `evidence` says what is proven */
    RG_DONE_RETRY,     /* a temporary failure: decided anew after a back-off */
    RG_DONE_REJECTED,  /* this channel will not do; the next of `via` is tried */
    RG_DONE_UNCERTAIN, /* the provider's answer was lost and the step says skip */
    RG_DONE_VOIDED, RG_DONE_RECALLED, RG_DONE_EXPIRED, /* ended without delivery; may be decided anew */
    RG_DONE_SKIPPED,   /* its window closed; `gate` says what blocked it last */
    RG_DONE_COVERED,   /* another message spoke for it */
    RG_DONE_SHADOW,    /* decided in shadow mode: nothing left */
    RG_DONE_COUNT
};
const char *rg_done_state_name(enum rg_done_state state);

/* What is kept of an action's id: enough to know it among the few dozen of one debtor, for a receipt names nothing else. */
#define RG_TRACE_BYTES 4

/* Times are whole seconds, rounded up: nothing happens earlier for it. */
struct rg_done {
    struct rg_str step;
    int repetition, cycle, attempt;
    enum rg_done_state state;
    enum rg_gate gate;          /* SKIPPED, VOIDED, RECALLED, REJECTED: why */
    struct rg_str channel;
    enum rg_evidence evidence;
    enum rg_tone tone;
    enum rg_signal signal;
    bool failed;                /* a provider said bounced, rejected or complained after accepting */
    bool maybe_sent;            /* an attempt ended uncertain: it may have arrived, whatever came after */
    int tries;                  /* temporary failures in a row, for the back-off */
    int64_t decided_ms;         /* shared clock of the last decision; of one that was delivered, of its delivery */
    int64_t at_ms;              /* of the last change */
    int64_t evidence_ms[RG_EVIDENCE_COUNT]; /* when each level was first proven; 0: not */
    int64_t retry_after_ms;     /* what a throttling provider asked for; 0 */
    int64_t confirmed_ms;       /* the system that acted confirmed it; 0 */
    int64_t sequence;           /* of a signal */
    int64_t sent_offset;        /* SENT: ledger offset of the outcome that said so */
    int64_t balance_cents;      /* what a notice spoke of: when more is owed later, it has lapsed */
    rg_day deadline_on;         /* the last day it gave the debtor, by its text; RG_DAY_NONE */
    uint8_t trace[RG_TRACE_BYTES]; /* of the last attempt's action; zero: none that anything may come back about */
    struct rg_str *refused;     /* channels that will not do in this cycle */
    size_t refused_count, refused_cap;
};

enum rg_invoice_state { RG_INVOICE_OPEN, RG_INVOICE_VOIDED, RG_INVOICE_WRITTEN_OFF };

struct rg_invoice {
    struct rg_str ns, id;
    bool issued; /* amount and due date are known; false: only payments or other facts have come so far */
    struct rg_str creditor, service, contract;
    struct rg_str *tags;
    size_t tag_count;
    rg_day due_on, issued_on;
    int64_t amount_cents;
    struct rg_stamp set[RG_IG_COUNT];
    enum rg_invoice_state state;
    /* facts that opened it again, each by its identity: reopenings; moved due dates are the further values in due_days */
    uint32_t *reopenings;
    size_t reopening_count, reopening_cap;
    rg_day *due_days;
    size_t due_day_count, due_day_cap;
    int more_openings; /* how many of these made room for later ones */
    bool has_pix, has_boleto, has_link; /* the codes themselves lie apart, for the sender */
    rg_day pix_until, boleto_until;
    struct rg_decimal fine_percent, interest_percent_month; /* units −1: not given */
    struct rg_discount discounts[RG_DISCOUNTS_MAX];
    size_t discount_count;
    bool received, opened;
    bool disputed, dispute_accepted; /* open; closed for the debtor */
    rg_day debit_on; /* an automatic debit is booked for that day; RG_DAY_NONE */
    struct rg_payment *payments;
    size_t payment_count, payment_cap;
    struct rg_credit *credits;
    size_t credit_count, credit_cap;
    struct rg_done *done;
    size_t done_count, done_cap;
    int64_t offset; /* ledger offset of the last fact about it */
    bool fresh;     /* it became open, and the engine has not looked at it since */
    int64_t caught_up_ms; /* by then steps had been due for which nobody could do anything; 0: always in time */
};

struct rg_hold {
    struct rg_str ns, invoice; /* absent: the whole debtor */
    struct rg_stamp set;
    bool held;
    int64_t until_ms; /* 0: until released */
};

/* Consent per channel. An opt-out that names one address of it closes the channel all the same: the address is personal and
 * the ledger does not hold it, and to write less is the safe side. */
struct rg_optout {
    struct rg_str channel;
    struct rg_stamp set;
    bool out;
};

enum rg_action_state { RG_ACTION_QUEUED, RG_ACTION_CLAIMED };

/* A decision that is under way. `releases` counts how often a copy was to be put into its channel's topic. */
struct rg_action {
    struct rg_decision decision;
    enum rg_action_state state;
    struct rg_claim_id claim;
    int64_t claim_offset;
    int64_t claim_over_ms; /* shared clock: nothing begins on the strength of the claim any more */
    int64_t logged_offset; /* of its `decided` in the ledger; −1: not yet seen there */
    bool recalling;        /* on its way into the ledger: a `recalled`, or of a claim the word that it is in doubt */
    int releases;
};

/* What is remembered of closed invoices that made room for newer ones: how many, by when they were known (what would make an
 * invoice known that is as old as they are most likely is about one of them, and opens nothing), and what conditions ask of a
 * debtor's history. Their due days say nothing: the terms of one debtor's invoices differ. */
#define RG_PAST_MARKS_MAX 24
enum rg_past_kind { RG_PAST_LATE, RG_PAST_UNPAID, RG_PAST_CHARGEBACK, RG_PAST_KIND_COUNT };
struct rg_past_mark {
    rg_day on; /* payable day; of a chargeback the day it came */
    enum rg_past_kind kind;
};
struct rg_past {
    int64_t invoices;
    int64_t known_ms;
    int64_t counted, paid; /* of those that were issued and not voided */
    int64_t streak;        /* paid on time since the last that was not */
    struct rg_past_mark marks[RG_PAST_MARKS_MAX]; /* the newest, oldest first */
    size_t mark_count;
};

/* A free text, kept for people: why a hold was made, what a dispute is about. */
struct rg_note {
    struct rg_str about, text;
    int64_t time_ms;
};

struct rg_record {
    struct rg_arena *arena; /* everything below lies in it */
    struct rg_str debtor;
    /* facts */
    enum rg_debtor_kind kind;
    int consumer; /* −1 not said, 0, 1 */
    struct rg_str tier;
    struct rg_str *tags;
    size_t tag_count;
    int64_t score, payday; /* −1: not known */
    rg_day score_on;
    enum rg_protection protection;
    int64_t protection_until_ms;
    rg_day promise_on; /* the debtor promised to pay by that day; RG_DAY_NONE */
    struct rg_stamp set[RG_DG_COUNT];
    /* personal */
    struct rg_str name, document, state, city, time_zone, language;
    struct rg_contact *contacts;
    size_t contact_count;
    struct rg_note *notes;
    size_t note_count, note_cap;
    bool people_dirty; /* the merged people record has to be written; not stored */
    /* lists */
    struct rg_hold *holds;
    size_t hold_count, hold_cap;
    struct rg_optout *optouts;
    size_t optout_count, optout_cap;
    struct rg_credit *credits; /* given to the debtor without naming an invoice */
    size_t credit_count, credit_cap;
    struct rg_invoice *invoices;
    size_t invoice_count, invoice_cap;
    struct rg_past past;
    struct rg_action *actions;
    size_t action_count, action_cap;
    int64_t sequence;          /* of the last signal decided */
    int64_t previous_decision; /* ledger offset of the last `decided` seen; −1 */
    int64_t looked_ms;         /* last time the engine looked: windows that closed since then are counted once */
    bool overflowing;          /* something could not be taken in: everything is held, with an alarm, until people release him */
};

/* An empty record of that debtor in `arena`. */
struct rg_record *rg_record_new(struct rg_arena *arena, struct rg_str debtor);

struct rg_invoice *rg_record_invoice(const struct rg_record *record, struct rg_str ns, struct rg_str id); /* NULL: unknown */
struct rg_action *rg_record_action(const struct rg_record *record, const struct rg_action_id *id);        /* NULL: not under way */
struct rg_done *rg_invoice_done(const struct rg_invoice *invoice, struct rg_str step, int repetition, int cycle);

/* Derived facts. */
bool rg_done_traced(const struct rg_done *done);
bool rg_done_is(const struct rg_done *done, const struct rg_action_id *action); /* that action was its last attempt */
void rg_done_action(const struct rg_done *done, struct rg_action_id *ret_action); /* for who plays a provider: an id that is taken for it */
bool rg_done_shares(const struct rg_done *a, const struct rg_done *b);          /* the last attempts of both were one action */
/* A suspend that is, or may be, in the world: it owes a restore. */
bool rg_done_suspends(const struct rg_done *done);
/* A dispute ended for the debtor, and nothing has made it a debt again since: no other amount, no reopening. */
bool rg_invoice_excused(const struct rg_invoice *invoice);
/* It is, or was, a debt: not void, and no dispute about it ended for the debtor. What is not says nothing of how he pays. */
bool rg_invoice_is_debt(const struct rg_invoice *invoice);
int rg_invoice_cycle(const struct rg_invoice *invoice);
int64_t rg_invoice_received_cents(const struct rg_invoice *invoice); /* payments less reversals, plus its own credits */
bool rg_invoice_merged(const struct rg_invoice *invoice, size_t payment); /* a nameless confirmation, counted with its settlement */
/* Also counts the invoice's share of credits without an invoice, which go to the oldest due first. */
int64_t rg_record_received_cents(const struct rg_record *record, const struct rg_invoice *invoice);
int64_t rg_record_balance_cents(const struct rg_record *record, const struct rg_invoice *invoice); /* negative: paid above */
/* Paid: what was received reaches the amount, less the best discount in force on the day of payment, less the tolerance.
 * An invoice that was not issued is never paid. */
bool rg_record_paid(const struct rg_record *record, const struct rg_invoice *invoice, int64_t tolerance_cents);
/* The best discount for paying on that day; one that leaves nothing to pay is none. */
int64_t rg_invoice_discount_cents(const struct rg_invoice *invoice, rg_day day, enum rg_rounding rounding);
rg_day rg_invoice_paid_on(const struct rg_invoice *invoice); /* day of the last payment that counts; RG_DAY_NONE */
bool rg_record_consumer(const struct rg_record *record); /* said so, or a person, or nothing known */
bool rg_record_held(const struct rg_record *record, const struct rg_invoice *invoice, int64_t at_ms, int64_t *ret_until_ms); /* invoice NULL: the debtor */
bool rg_record_protected(const struct rg_record *record, int64_t at_ms);
bool rg_record_opted_out(const struct rg_record *record, struct rg_str channel);
rg_day rg_brasilia_day(int64_t ms); /* the civil day by which payments and promises are dated, whatever the debtor's zone */

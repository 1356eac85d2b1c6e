/* Private to this room: one look at one debtor, and one step of one invoice in it. */
#pragma once

#include "brazil/days/zone.h"
#include "config/ladder/facts.h"
#include "daemon/rules/decide.h"

#define RG_CLOSED_DAYS_MAX 30 /* no calendar closes longer than this */

struct rg_look {
    const struct rg_rules *rules;
    const struct rg_world *world;
    struct rg_record *record;
    struct rg_decided *out;
    bool explain;
    bool hindsight; /* a moment that has passed is looked at: messages after it do not count */
    const struct rg_zone *zone; /* the debtor's */
    struct rg_local now;
    int64_t next_ms;      /* earliest instant seen so far at which to look again */
    int64_t prompt_ms;    /* the same of what is owed to him, which waits for nothing upstream */
    bool in_debt;         /* some invoice is open */
    bool late;            /* this look was due on an earlier day: nobody could look */
};

/* One (invoice, step, repetition). */
struct rg_case {
    struct rg_look *look;
    struct rg_invoice *invoice;
    const struct rg_ladder *ladder;
    const struct rg_step *step;
    int repetition, cycle;
    int64_t balance_cents;
    rg_day payable; /* the invoice's */
    struct rg_done *done;          /* NULL: nothing has happened yet */
    int64_t opens_ms, closes_ms;   /* RG_NEVER: does not open yet / does not close */
    int channel;                   /* chosen by the contact gates; −1 */
    int64_t until_ms;              /* set by a gate that blocks: when it may lift */
    struct rg_str why;             /* set by a gate that blocks, or that passes with a value worth reading */
    struct rg_gate_view *gates;    /* when explaining */
    size_t gate_count, gate_cap;
};

/* Turns to another step of the same invoice; nothing of its window is known yet. */
void rg_case_enter(struct rg_case *c, const struct rg_step *step, int repetition);
/* Words for a person, made only when explaining: the daemon decides without writing prose. */
void rg_case_why(struct rg_case *c, const char *fmt, ...) RG_PRINTF(2, 3);
#define RG_WHEN_TEXT_MAX 40
/* "Tue 2026-11-24 08:00" in that zone; "further notice" for RG_NEVER. */
const char *rg_when_text(const struct rg_zone *zone, int64_t ms, char ret_text[RG_WHEN_TEXT_MAX]);
void rg_look_at(struct rg_look *look, int64_t instant_ms);        /* notes a future instant */
void rg_look_prompt_at(struct rg_look *look, int64_t instant_ms); /* the same for what is owed to the debtor */
int64_t rg_start_of_day(const struct rg_zone *zone, rg_day day); /* a day that cannot be counted never comes */
int64_t rg_after_bank_days(const struct rg_look *look, rg_day day, int n); /* when the n-th bank day behind `day` is over */
rg_day rg_payable_day(const struct rg_look *look, const struct rg_invoice *invoice);
/* Whose invoice it is: nobody's business is told in another's name. */
struct rg_str rg_look_creditor(const struct rg_look *look, const struct rg_invoice *invoice);
const struct rg_ladder *rg_look_ladder(struct rg_look *look, struct rg_invoice *invoice); /* first that applies; NULL */
const struct rg_zone *rg_debtor_zone(const struct rg_record *record);
struct rg_fees rg_look_fees(const struct rg_look *look, const struct rg_invoice *invoice, int64_t balance_cents);
int64_t rg_look_discount_cents(const struct rg_look *look, const struct rg_invoice *invoice, int64_t balance_cents);

/* facts.c: tests one condition for an invoice; `why` gets values or the missing fact. */
enum rg_cel_verdict rg_look_test(struct rg_look *look, struct rg_invoice *invoice, const struct rg_cel *condition, struct rg_str *ret_why);
bool rg_condition_reads_time(const struct rg_cel *condition);

/* window.c */
void rg_case_window(struct rg_case *c); /* fills opens_ms, closes_ms; for steps that wait for another: until_ms, why and a gate */
int64_t rg_case_last_chance(const struct rg_case *c); /* of a window that has closed: when it could last have gone out */
enum rg_gate rg_case_prerequisite(struct rg_case *c, int64_t *ret_since_ms);
int64_t rg_span_after(const struct rg_zone *zone, int64_t from_ms, struct rg_span span);
struct rg_hours rg_message_hours(const struct rg_look *look, const struct rg_ladder *ladder, rg_day day);
int64_t rg_spread_ms(const struct rg_record *record, int64_t over_ms); /* the debtor's own place in a stretch of time */
int64_t rg_jitter_ms(const struct rg_record *record, struct rg_hours hours);

/* decide.c: courtesy and reminders that went out in an earlier cycle are not repeated in a later one. */
bool rg_case_said_before(const struct rg_case *c);

/* catch_up.c */
int64_t rg_promise_ends(const struct rg_look *look); /* it was withdrawn, or is broken from then on; 0: there never was one */
int64_t rg_debit_ends(const struct rg_look *look, const struct rg_invoice *invoice); /* it failed, or its result is overdue; 0 */
/* When the last of what was said to keep this invoice silent (hold, protection, dispute, promise) ended; 0: nothing has. */
int64_t rg_silence_ended(const struct rg_case *c);
/* Whether a step was due too early for `since_ms`, when the invoice could first be acted upon. */
bool rg_case_missed(const struct rg_case *c, int64_t since_ms);
bool rg_gate_too_old(struct rg_case *c);
bool rg_gate_superseded(struct rg_case *c);

/* caps.c */
bool rg_gate_caps(struct rg_case *c);
bool rg_gate_gap(struct rg_case *c);

/* gates.c: the first value that a text cannot do without and that is not there, by its name in texts; NULL: it can be written.
 * `wanted`: RG_TN_ bits; `term`: it grants one. */
const char *rg_look_missing(const struct rg_look *look, const struct rg_invoice *invoice, uint32_t wanted, bool term);
/* Nothing but the clock keeps a message in. */
bool rg_case_can_speak(struct rg_case *c);
/* The first gate that blocks an open case, in the table's order; with all in c->gates when explaining. */
enum rg_gate rg_case_gate(struct rg_case *c);
/* The gates that look at the invoice alone: also said of an invoice that has no ladder. */
enum rg_gate rg_invoice_gate(struct rg_look *look, const struct rg_invoice *invoice);
const struct rg_contact *rg_usable_contact(const struct rg_record *record, struct rg_str channel);
#define RG_TRIES_MAX 6 /* temporary failures in a row before the next channel is taken */
int64_t rg_backoff_ms(int tries);
int64_t rg_retry_at(const struct rg_done *done); /* when what failed for the time being is tried again */
/* A notice that spoke of less than is owed now has lapsed: it is given again. */
static inline bool rg_notice_lapsed(const struct rg_done *done, int64_t balance_cents)
{
    return done->tone == RG_TONE_NOTICE && done->balance_cents > 0 && done->balance_cents < balance_cents;
}

/* owed.c: in explain mode decides nothing, but says what is owed. */
void rg_look_owed(struct rg_look *look);

/* emit.c: makes a decision of cases that share ladder, step, repetition and channel, and notes it. */
struct rg_decision *rg_emit_begin(struct rg_look *look, const struct rg_ladder *ladder, struct rg_str step, int repetition);
void rg_emit_invoice(struct rg_look *look, struct rg_decision *decision, struct rg_invoice *invoice, int cycle, bool listed);
void rg_emit_finish(struct rg_look *look, struct rg_decision *decision);
bool rg_look_live(const struct rg_look *look, const struct rg_ladder *ladder, const struct rg_step *step, int64_t *ret_since_ms);

/* Rules as the engine sees them: ladders, policy, calendars, templates, and what of the installation they rest on. One
 * immutable snapshot, compiled from YAML once, named by the hash of its canonical form, freed with its arena.
 *
 * What the words mean is decided in daemon/rules; here is only what was written, resolved and checked. */
#pragma once

#include "base/core/arena.h"
#include "brazil/days/calendar.h"
#include "brazil/money/fees.h"
#include "config/cel/cel.h"
#include "config/contract/ledger.h"
#include "config/contract/words.h"

#define RG_LADDERS_MAX 64
#define RG_STEPS_MAX 64      /* in one ladder */
#define RG_VIA_MAX 8         /* channels of one step */
#define RG_CHANNELS_MAX 32
#define RG_SERVICES_MAX 64
#define RG_SOURCES_MAX 64
#define RG_STATE_TERMS_MAX 27
#define RG_CAPS_MAX 100      /* messages in a day or a week */
#define RG_RULES_HASH_TEXT 12 /* hex digits that name a version */

/* A length of time as people write it: 20h 30m, 15d (calendar days), 2bd (bank business days). */
enum rg_span_unit { RG_SPAN_NONE, RG_SPAN_MS, RG_SPAN_DAYS, RG_SPAN_BANK_DAYS };
struct rg_span {
    enum rg_span_unit unit;
    int64_t n;
};

/* D-5, D0, D+5, D+5bd: counted from the payable day. */
struct rg_day_spec {
    bool given;
    bool bank_days;
    int offset;
};

/* A number of days with exceptions by state: `10d` or `{ default: 10d, SP: 15d }`. */
struct rg_state_days {
    bool given;
    int days;
    struct {
        char state[3];
        int days;
    } states[RG_STATE_TERMS_MAX];
    size_t state_count;
};
int rg_state_days_for(const struct rg_state_days *term, struct rg_str state);

/* `after.has` */
enum rg_has {
    RG_HAS_NONE,
    RG_HAS_DELIVERED,
    RG_HAS_READ,
    RG_HAS_REPLIED,
    RG_HAS_FAILED,
    RG_HAS_DONE,
    RG_HAS_REFUSED,
    RG_HAS_CONFIRMED,
    RG_HAS_TERM_ENDED,
    RG_HAS_COUNT
};
extern const struct rg_words rg_words_has;

enum rg_catch_up { RG_CATCH_UP_LATEST_ONLY, RG_CATCH_UP_SEND, RG_CATCH_UP_SKIP, RG_CATCH_UP_COUNT };
extern const struct rg_words rg_words_catch_up;

/* Where a step stands in its file, for messages. */
struct rg_mark {
    const char *file;
    int line, column;
};

struct rg_week_hours {
    bool given;
    struct rg_hours weekdays, saturday, sunday; /* both minutes 0: closed */
};

enum rg_until_kind { RG_UNTIL_DEFAULT, RG_UNTIL_NEXT, RG_UNTIL_SPAN, RG_UNTIL_DAY, RG_UNTIL_NEVER };
struct rg_until {
    enum rg_until_kind kind;
    struct rg_span span;
    struct rg_day_spec day;
};

#define RG_NEEDS_PAYMENTS_FRESH 1u

/* Which values a template asks for, as a set: the engine must know that they exist before it decides. */
enum rg_template_need {
    RG_TN_NAME = 1u << 0, RG_TN_PIX = 1u << 1, RG_TN_BOLETO = 1u << 2, RG_TN_LINK = 1u << 3, RG_TN_SERVICE = 1u << 4,
    RG_TN_CONTRACT = 1u << 5, RG_TN_DISCOUNT = 1u << 6, RG_TN_DOCUMENT = 1u << 7, RG_TN_VALID_UNTIL = 1u << 8,
    RG_TN_CUT_DATE = 1u << 9, RG_TN_TERM = 1u << 10,
};

struct rg_step {
    struct rg_str name;
    struct rg_mark mark;
    int index; /* position in the file */
    struct rg_day_spec day;
    int after_step; /* index of the step it comes after; −1: it has a day */
    enum rg_has after_has;
    struct rg_span after_wait;
    struct rg_day_spec not_before, not_after;
    enum rg_tone tone;
    bool extrajudicial;
    int via[RG_VIA_MAX]; /* indices into rules->channels; empty for signals */
    int via_count;
    enum rg_act_kind kind;
    struct rg_str template; /* RG_ACT_MESSAGE */
    uint32_t template_needs; /* RG_TN_… bits over all channels of via */
    enum rg_signal signal;  /* RG_ACT_SIGNAL */
    const struct rg_cel *when[2]; /* the defaults' and the step's own; NULL: always */
    unsigned needs;
    enum rg_evidence evidence; /* demanded; NONE */
    struct rg_span evidence_within;
    struct rg_state_days term; /* what a notice grants */
    struct rg_span repeat_every;
    int repeat_times; /* ≥ 1, all of them counted */
    struct rg_until until;
    enum rg_catch_up catch_up;
    enum rg_uncertain uncertain;
    enum rg_mode mode;
    bool again; /* courtesy and reminder steps: once more in a later cycle */
};

/* What we owe the debtor once he has paid. */
struct rg_owed {
    struct rg_str name;
    struct rg_mark mark;
    enum rg_act_kind kind;
    enum rg_signal signal;  /* restore */
    struct rg_span within;  /* the alarm's clock */
    struct rg_span when_crossed; /* message sent when a payment crossed a message within this span; NONE: a thank-you */
    int via[RG_VIA_MAX];
    int via_count;
    struct rg_str template;
    uint32_t template_needs;
    const struct rg_cel *when;
};

struct rg_caps {
    int per_day, per_week; /* 0: no cap */
    struct rg_span gap;
};

struct rg_ladder {
    struct rg_str name, title, owner;
    struct rg_mark mark;
    int priority;
    const struct rg_cel *applies;
    const struct rg_calendar *calendar;
    enum rg_mode mode;
    struct rg_week_hours hours; /* narrower than the calendar's */
    bool holidays_before_earlier; /* after the due day a step always comes later */
    struct rg_caps caps;
    struct rg_step *steps;
    int step_count;
    struct rg_owed *owed;
    int owed_count;
};

struct rg_channel_info {
    struct rg_str name;
    enum rg_evidence best_evidence;
    bool signals; /* the built-in channel */
};

struct rg_service_info {
    struct rg_str name, sector, creditor;
};

/* How payments of a source become known. */
enum rg_payments_known { RG_PAYMENTS_NONE, RG_PAYMENTS_LIVE, RG_PAYMENTS_SYNCED };
struct rg_source_info {
    struct rg_str name;
    enum rg_payments_known payments;
};

struct rg_policy {
    struct rg_fee_terms fees; /* `consumer` is filled per debtor */
    int64_t tolerance_cents;
    int after_dispute_bank_days;
    int prescription_years;
};

struct rg_template_info {
    struct rg_str name;
    struct rg_mark mark;
};

struct rg_rules {
    struct rg_arena *arena; /* owns everything below */
    char hash[RG_RULES_HASH_TEXT + 1];
    enum rg_mode mode; /* the installation's, from regua.yaml */
    struct rg_ladder *ladders; /* by priority */
    int ladder_count;
    struct rg_policy policy;
    struct rg_channel_info channels[RG_CHANNELS_MAX];
    int channel_count;
    int signals_channel; /* index of the built-in channel */
    struct rg_service_info services[RG_SERVICES_MAX];
    int service_count;
    struct rg_source_info sources[RG_SOURCES_MAX];
    int source_count;
    struct rg_template_info *templates;
    int template_count;
};

const struct rg_ladder *rg_rules_ladder(const struct rg_rules *rules, struct rg_str name); /* NULL: none */
const struct rg_step *rg_ladder_step(const struct rg_ladder *ladder, struct rg_str name);
int rg_rules_channel(const struct rg_rules *rules, struct rg_str name);                    /* −1: none */
const struct rg_service_info *rg_rules_service(const struct rg_rules *rules, struct rg_str name);

/* Events: what upstream tells us, decoded against one field table and written back in canonical form.
 *
 * One struct holds the fields of all types; which of them a type requires and allows stands in the type table. The
 * struct borrows all text from the arena given to the decoder. `has` says which fields were present, `null` which were an
 * explicit null (that deletes; absent leaves unchanged).
 *
 * Personal data (names, documents, contacts, addresses, free text) is marked in the table: the canonical forms written
 * for the ledger hold everything else, those for the people topic hold only it. Pure. */
#pragma once

#include "base/core/arena.h"
#include "base/core/error.h"
#include "base/json/json.h"
#include "base/json/write.h"
#include "brazil/days/date.h"
#include "brazil/money/fees.h"
#include "config/contract/words.h"

#define RG_ID_BYTES_MAX 128        /* ids of debtors, invoices, payments … */
#define RG_TEXT_BYTES_MAX 512      /* free text, addresses, links */
#define RG_PIX_BYTES_MAX 1024      /* a PIX copy-and-paste code */
#define RG_WORD_BYTES_MAX 64       /* channels, payment methods, tiers, languages, states */
#define RG_TAGS_MAX 16
#define RG_CONTACTS_MAX 16
#define RG_INVOICE_LIST_MAX 64
#define RG_EVENT_BYTES_MAX ((size_t)256 * 1024) /* a canonical record; larger events go to the dead letters */

enum rg_field {
    RG_F_DEBTOR, RG_F_INVOICE, RG_F_CREDITOR, RG_F_SERVICE, RG_F_PAYMENT, RG_F_CONTRACT, RG_F_ACTION, RG_F_SOURCE_NAME,
    RG_F_DUE_ON, RG_F_ISSUED_ON, RG_F_AMOUNT, RG_F_TAGS, RG_F_DESCRIPTION,
    RG_F_PIX_CODE, RG_F_PIX_UNTIL, RG_F_PIX_CENTS, RG_F_BOLETO_LINE, RG_F_BOLETO_BARCODE, RG_F_BOLETO_URL, RG_F_BOLETO_UNTIL,
    RG_F_BOLETO_CENTS, RG_F_LINK, RG_F_FINE, RG_F_INTEREST, RG_F_DISCOUNTS,
    RG_F_PAID_AT, RG_F_AVAILABLE_ON, RG_F_METHOD, RG_F_ON, RG_F_PAY_ON, RG_F_UNTIL, RG_F_AT, RG_F_THROUGH,
    RG_F_REASON, RG_F_CHANNEL, RG_F_ADDRESS, RG_F_STATUS, RG_F_PROVIDER_ID, RG_F_DETAIL, RG_F_BY, RG_F_RESULT, RG_F_INVOICES,
    RG_F_PROTECTION, RG_F_KIND, RG_F_CONSUMER, RG_F_TIER, RG_F_SCORE, RG_F_SCORE_ON, RG_F_PAYDAY,
    RG_F_NAME, RG_F_DOCUMENT, RG_F_STATE, RG_F_CITY, RG_F_TIME_ZONE, RG_F_LANGUAGE, RG_F_CONTACTS,
    RG_F_COUNT
};
static_assert(RG_F_COUNT <= 64, "presence is a 64-bit set");
#define RG_BIT(field) (UINT64_C(1) << (field))

struct rg_contact {
    struct rg_str channel, address; /* of sms and whatsapp in E.164 */
    bool verified_false; /* said to be wrong: never used */
    bool in_contract;    /* the address stands in the contract */
    bool preferred;
};

struct rg_event {
    enum rg_event_type type;
    struct rg_str id, source; /* CloudEvents: (source, id) identifies an event for ever */
    int64_t time_ms;          /* when it happened upstream */
    struct rg_str ns;         /* namespace of its invoice ids */
    uint64_t has, null;

    struct rg_str debtor, invoice, creditor, service, payment, contract, action, source_name;
    rg_day due_on, issued_on;
    int64_t amount_cents;
    struct rg_str *tags;
    size_t tag_count;
    struct rg_str description;
    struct rg_str pix_code, boleto_line, boleto_barcode, boleto_url, link;
    rg_day pix_until, boleto_until;
    int64_t pix_cents, boleto_cents;
    struct rg_decimal fine_percent, interest_percent_month;
    struct rg_discount discounts[RG_DISCOUNTS_MAX]; /* brazil/money/fees.h: for paying early */
    size_t discount_count;
    int64_t paid_at_ms, at_ms, through_ms, until_ms; /* a plain date stands for the last millisecond of that day in Brasília */
    rg_day available_on, on, pay_on, score_on;
    struct rg_str method, reason, channel, address, provider_id, detail, by, result;
    int status; /* enum rg_provider_fact */
    struct rg_str *invoices;
    size_t invoice_count;
    int protection; /* enum rg_protection */
    int kind;       /* enum rg_debtor_kind */
    bool consumer;
    struct rg_str tier;
    int64_t score, payday;
    struct rg_str name, document, state, city, time_zone, language; /* document: digits and capitals only; state: "SP" */
    struct rg_contact *contacts;
    size_t contact_count;

    const struct rg_event *details; /* invoice.issued or .updated with debtor_details: the debtor.updated in it, else NULL */
};

static inline bool rg_event_has(const struct rg_event *event, enum rg_field field)
{
    return (event->has & RG_BIT(field)) != 0;
}

/* One row per field; the table also makes the JSON Schema and the manual page. What each kind accepts:
 *
 *   ID        text of 1 … max bytes without control characters; a whole number from 0 below 2^53 stands for its digits
 *   TEXT      text of at most max bytes; of control characters only tab, line feed and carriage return
 *   LINK      an http or https address without spaces
 *   CENTS     a whole number of centavos
 *   DAY       "2026-11-23"
 *   INSTANT   RFC 3339 with an offset; or a day: the end of it in Brasília
 *   WORD      a member of `words`, kept as its number
 *   CHOICE    a member of `words`, kept as text
 *   BOOL, INT
 *   PERCENT   a decimal as text, "2" or "0.033"
 *   TEXTS     a list of IDs, min … max of them */
enum rg_field_kind {
    RG_FK_ID, RG_FK_TEXT, RG_FK_LINK, RG_FK_CENTS, RG_FK_DAY, RG_FK_INSTANT, RG_FK_WORD, RG_FK_CHOICE, RG_FK_BOOL, RG_FK_INT,
    RG_FK_PERCENT, RG_FK_TEXTS, RG_FK_CONTACTS, RG_FK_DISCOUNTS, RG_FK_COUNT
};
struct rg_field_row {
    enum rg_field field;
    const char *path; /* below `data`, e.g. "charge/pix/copy_paste" */
    enum rg_field_kind kind;
    size_t offset;
    int64_t min, max; /* bytes of a text, value of a number, entries of a list */
    const struct rg_words *words;
    bool personal; /* travels in the people topic only */
    const char *help;
};
extern const struct rg_field_row rg_field_rows[RG_F_COUNT];

struct rg_type_row {
    uint64_t required, optional;
    bool names_debtor_or_reference; /* may arrive without `debtor`: its reference's home shard finds him */
    bool updates;                   /* an explicit null deletes; elsewhere it is the same as absent */
    bool details;                   /* may carry debtor_details */
};
const struct rg_type_row *rg_event_type_row(enum rg_event_type type);
/* As the row says, except that the reason of payment.reversed is a word of a closed list and no free text. */
bool rg_event_field_personal(enum rg_event_type type, enum rg_field field);

/* Reasons for the dead letters, as they stand in the header regua_reason. */
#define RG_DEAD_BAD_JSON "bad_json"
#define RG_DEAD_BAD_ENVELOPE "bad_envelope"
#define RG_DEAD_UNKNOWN_TYPE "unknown_type"
#define RG_DEAD_MISSING_FIELD "missing_field"
#define RG_DEAD_BAD_FIELD "bad_field"
#define RG_DEAD_TOO_LARGE "too_large"
#define RG_DEAD_UNMAPPED "unmapped"
#define RG_DEAD_CONFLICT "conflict"
#define RG_DEAD_UNROUTABLE "unroutable"
#define RG_DEAD_REFUSED "refused" /* no broker takes the record it makes */
#define RG_DEAD_CRASHED "crashed" /* whoever applied it died of it, again and again */

struct rg_reject {
    const char *reason; /* one of RG_DEAD_… */
    char detail[256];   /* where and what was expected, for a person; never repeats personal data */
};
/* Fills *reject and returns RG_EINVAL, so that callers write `return rg_refuse(reject, RG_DEAD_BAD_FIELD, "…", …);`. What arrives
 * in the sentence from outside is made printable; a sentence that is too long is cut. */
int rg_refuse(struct rg_reject *reject, const char *reason, const char *fmt, ...) RG_PRINTF(3, 4);

/* What counts as an id: text of 1 … max_bytes without control characters, or a whole number from 0 below 2^53, whose digits it
 * becomes. False leaves *ret_id alone. */
RG_MUST_USE bool rg_event_id(const struct rg_json_value *value, size_t max_bytes, struct rg_arena *arena, struct rg_str *ret_id);

/* "invoice.issued" → its type. An unknown name is refused with a suggestion; one of the contract that is not read yet says so. */
RG_MUST_USE int rg_event_type_parse(struct rg_str name, struct rg_reject *reject, enum rg_event_type *ret_type);

/* Fills the type's fields of *event from `data` (event->type, id, source, time_ms and ns are the caller's). Unknown members
 * are ignored; a missing or mistyped required field, and a mistyped optional one, reject the event and leave *event undefined.
 *
 * What the country knows is checked and normalised here, once: documents (and the kind they imply, when the event does not
 * say one), phone numbers, e-mail addresses, states, time zones, action ids. */
RG_MUST_USE int rg_event_decode(struct rg_event *event, const struct rg_json_value *data, struct rg_arena *arena,
                                struct rg_reject *reject);

/* Canonical forms: {"v":1,"type":…,"id":…,"source":…,"time":…,"ns":…,"data":{…}}, `data` in the shape upstream uses. The
 * personal half has "personal":true before its data, which holds debtor and invoice beside the personal fields. */
void rg_event_write(const struct rg_event *event, bool personal, struct rg_jw *jw);
/* Is there anything to write in that half beside the ids? The ledger half of every type but debtor.updated is a fact by
 * itself. */
bool rg_event_has_half(const struct rg_event *event, bool personal);
/* Reads either canonical form back. What was once accepted stays readable: limits and required fields are looked at, the
 * country's rules are not asked again. */
RG_MUST_USE int rg_event_read(struct rg_str bytes, struct rg_arena *arena, struct rg_event *ret_event, struct rg_error *err);

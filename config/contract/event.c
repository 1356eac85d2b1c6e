/* The two tables that say what an event is: one row per field, one per type. Decoder, writer, tests and generated documents
 * all walk them, so a field is added in one place, and what is personal is decided in one place.
 *
 * Rows stand in the enum's order, and fields below one object stand together: the writer opens and closes objects as it walks. */
#include "config/contract/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct rg_event, member)
#define ID(member) RG_FK_ID, AT(member), 1, RG_ID_BYTES_MAX, NULL, false
#define NAME(member) RG_FK_ID, AT(member), 1, RG_WORD_BYTES_MAX, NULL, false
#define CODE(member) RG_FK_ID, AT(member), 1, RG_PIX_BYTES_MAX, NULL, false
#define LINK(member) RG_FK_LINK, AT(member), 1, RG_TEXT_BYTES_MAX, NULL, false
#define PERSONAL_ID(member) RG_FK_ID, AT(member), 1, RG_WORD_BYTES_MAX, NULL, true
#define PERSONAL_TEXT(member) RG_FK_TEXT, AT(member), 0, RG_TEXT_BYTES_MAX, NULL, true
#define CENTS(member) RG_FK_CENTS, AT(member), 1, RG_CENTS_MAX, NULL, false
#define DAY(member) RG_FK_DAY, AT(member), 0, 0, NULL, false
#define INSTANT(member) RG_FK_INSTANT, AT(member), 0, 0, NULL, false
#define WORD(member, list) RG_FK_WORD, AT(member), 0, 0, &(list), false
#define NUMBER(member, low, high) RG_FK_INT, AT(member), low, high, NULL, false
#define PERCENT(member) RG_FK_PERCENT, AT(member), 0, 100, NULL, false

const struct rg_field_row rg_field_rows[RG_F_COUNT] = {
    {RG_F_DEBTOR, "debtor", ID(debtor), "who owes"},
    {RG_F_INVOICE, "invoice", ID(invoice), "id of the invoice within its namespace"},
    {RG_F_CREDITOR, "creditor", NAME(creditor), "who is owed; absent: the only creditor configured"},
    {RG_F_SERVICE, "service", NAME(service), "what the invoice is for; absent: the only service configured"},
    {RG_F_PAYMENT, "payment", ID(payment), "id of the payment; absent: source and id of the event"},
    {RG_F_CONTRACT, "contract", ID(contract), "id of the contract"},
    {RG_F_ACTION, "action", ID(action), "id of the action a receipt is about"},
    {RG_F_SOURCE_NAME, "source_name", NAME(source_name), "the source whose payments are known"},
    {RG_F_DUE_ON, "due_on", DAY(due_on), "due date printed on the bill"},
    {RG_F_ISSUED_ON, "issued_on", DAY(issued_on), "day of issue"},
    {RG_F_AMOUNT, "amount_cents", CENTS(amount_cents), "amount in centavos"},
    {RG_F_TAGS, "tags", RG_FK_TEXTS, AT(tags), 0, RG_TAGS_MAX, NULL, false, "free labels for rules"},
    {RG_F_DESCRIPTION, "description", PERSONAL_TEXT(description), "what the invoice says"},
    {RG_F_PIX_CODE, "charge/pix/copy_paste", CODE(pix_code), "PIX code to copy and paste"},
    {RG_F_PIX_UNTIL, "charge/pix/valid_until", DAY(pix_until), "last day the PIX code can be paid"},
    {RG_F_PIX_CENTS, "charge/pix/amount_cents", CENTS(pix_cents), "amount in the PIX code"},
    {RG_F_BOLETO_LINE, "charge/boleto/line", NAME(boleto_line), "digits a person types"},
    {RG_F_BOLETO_BARCODE, "charge/boleto/barcode", NAME(boleto_barcode), "digits of the bar code"},
    {RG_F_BOLETO_URL, "charge/boleto/url", LINK(boleto_url), "where the boleto can be seen"},
    {RG_F_BOLETO_UNTIL, "charge/boleto/valid_until", DAY(boleto_until), "last day the boleto can be paid"},
    {RG_F_BOLETO_CENTS, "charge/boleto/amount_cents", CENTS(boleto_cents), "amount on the boleto"},
    {RG_F_LINK, "charge/link", LINK(link), "where the invoice can be seen and paid"},
    {RG_F_FINE, "terms/fine_percent", PERCENT(fine_percent), "fine for paying late"},
    {RG_F_INTEREST, "terms/interest_percent_month", PERCENT(interest_percent_month), "simple interest a month"},
    {RG_F_DISCOUNTS, "terms/discounts", RG_FK_DISCOUNTS, AT(discounts), 0, RG_DISCOUNTS_MAX, NULL, false,
     "for paying early: percent or amount_cents, until"},
    {RG_F_PAID_AT, "paid_at", INSTANT(paid_at_ms), "when it was paid"},
    {RG_F_AVAILABLE_ON, "available_on", DAY(available_on), "day the money is there"},
    {RG_F_METHOD, "method", NAME(method), "how it was paid"},
    {RG_F_ON, "on", DAY(on), "day of the automatic debit"},
    {RG_F_PAY_ON, "pay_on", DAY(pay_on), "day the debtor promises to pay"},
    {RG_F_UNTIL, "until", INSTANT(until_ms), "end of a hold or a protection"},
    {RG_F_AT, "at", INSTANT(at_ms), "when it happened"},
    {RG_F_THROUGH, "through", INSTANT(through_ms), "payments are known through this instant"},
    {RG_F_REASON, "reason", PERSONAL_TEXT(reason), "why; of payment.reversed one of chargeback, refund, returned"},
    {RG_F_CHANNEL, "channel", NAME(channel), "name of a channel"},
    {RG_F_ADDRESS, "address", PERSONAL_TEXT(address), "address on that channel"},
    {RG_F_STATUS, "status", WORD(status, rg_words_provider_fact), "what the provider says of a message"},
    {RG_F_PROVIDER_ID, "provider_id", RG_FK_ID, AT(provider_id), 1, RG_TEXT_BYTES_MAX, NULL, false, "the provider's own id"},
    {RG_F_DETAIL, "detail", PERSONAL_TEXT(detail), "the provider's words"},
    {RG_F_BY, "by", PERSONAL_TEXT(by), "who did it"},
    {RG_F_RESULT, "result", RG_FK_CHOICE, AT(result), 0, 0, &rg_words_dispute_result, false, "how the dispute ended"},
    {RG_F_INVOICES, "invoices", RG_FK_TEXTS, AT(invoices), 1, RG_INVOICE_LIST_MAX, NULL, false, "ids of invoices"},
    {RG_F_PROTECTION, "kind", WORD(protection, rg_words_protection), "why the debtor is protected; none ends it"},
    {RG_F_KIND, "kind", WORD(kind, rg_words_debtor_kind), "absent: follows the document"},
    {RG_F_CONSUMER, "consumer", RG_FK_BOOL, AT(consumer), 0, 0, NULL, false, "protected as a consumer; absent: a person is"},
    {RG_F_TIER, "tier", NAME(tier), "commercial tier"},
    {RG_F_SCORE, "score", NUMBER(score, 0, 1000000), "credit score"},
    {RG_F_SCORE_ON, "score_on", DAY(score_on), "day of the score"},
    {RG_F_PAYDAY, "payday", NUMBER(payday, 1, 31), "day of the month the debtor is paid"},
    {RG_F_NAME, "name", PERSONAL_TEXT(name), "name of the debtor"},
    {RG_F_DOCUMENT, "document", PERSONAL_ID(document), "CPF or CNPJ"},
    {RG_F_STATE, "state", PERSONAL_ID(state), "state, two letters"},
    {RG_F_CITY, "city", PERSONAL_TEXT(city), "city"},
    {RG_F_TIME_ZONE, "time_zone", PERSONAL_ID(time_zone), "time zone in Brazil, such as America/Sao_Paulo"},
    {RG_F_LANGUAGE, "language", PERSONAL_ID(language), "language tag, such as pt-BR"},
    {RG_F_CONTACTS, "contacts", RG_FK_CONTACTS, AT(contacts), 0, RG_CONTACTS_MAX, NULL, true,
     "channel, address, verified, in_contract, preferred"},
};

#define B(field) RG_BIT(RG_F_##field)
#define CHARGE \
    (B(PIX_CODE) | B(PIX_UNTIL) | B(PIX_CENTS) | B(BOLETO_LINE) | B(BOLETO_BARCODE) | B(BOLETO_URL) | B(BOLETO_UNTIL) | \
     B(BOLETO_CENTS) | B(LINK))
#define TERMS (B(FINE) | B(INTEREST) | B(DISCOUNTS))
#define ISSUED_OPTIONAL \
    (B(CREDITOR) | B(ISSUED_ON) | B(DESCRIPTION) | B(SERVICE) | CHARGE | TERMS | B(CONTRACT) | B(TAGS))
#define DEBTOR_OPTIONAL \
    (B(NAME) | B(KIND) | B(DOCUMENT) | B(CONSUMER) | B(STATE) | B(CITY) | B(TIME_ZONE) | B(LANGUAGE) | B(CONTACTS) | B(TIER) | \
     B(SCORE) | B(SCORE_ON) | B(PAYDAY) | B(TAGS))

/* Every type that is about an invoice may name the debtor too: then the fact needs no home shard. */
#define ABOUT_INVOICE(more_required, more_optional) \
    {.required = B(INVOICE) | (more_required), .optional = B(DEBTOR) | (more_optional), .names_debtor_or_reference = true}
#define ABOUT_DEBTOR(more_required, more_optional) {.required = B(DEBTOR) | (more_required), .optional = (more_optional)}

static const struct rg_type_row type_rows[RG_EV_COUNT] = {
    [RG_EV_INVOICE_ISSUED] = {.required = B(INVOICE) | B(DEBTOR) | B(DUE_ON) | B(AMOUNT), .optional = ISSUED_OPTIONAL,
                              .details = true},
    [RG_EV_INVOICE_UPDATED] = {.required = B(INVOICE), .optional = B(DEBTOR) | B(DUE_ON) | B(AMOUNT) | ISSUED_OPTIONAL,
                               .names_debtor_or_reference = true, .updates = true, .details = true},
    [RG_EV_INVOICE_VOIDED] = ABOUT_INVOICE(0, B(REASON)),
    [RG_EV_INVOICE_WRITTEN_OFF] = ABOUT_INVOICE(0, B(REASON)),
    [RG_EV_INVOICE_REOPENED] = ABOUT_INVOICE(0, B(REASON)),
    [RG_EV_BILL_DELIVERED] = ABOUT_INVOICE(0, B(CHANNEL) | B(AT)),
    [RG_EV_BILL_OPENED] = ABOUT_INVOICE(0, B(CHANNEL) | B(AT)),
    [RG_EV_PAYMENT_CONFIRMED] = ABOUT_INVOICE(B(AMOUNT), B(PAYMENT) | B(PAID_AT) | B(METHOD)),
    [RG_EV_PAYMENT_SETTLED] = ABOUT_INVOICE(B(AMOUNT), B(PAYMENT) | B(PAID_AT) | B(METHOD) | B(AVAILABLE_ON)),
    [RG_EV_PAYMENT_REVERSED] = ABOUT_INVOICE(B(AMOUNT), B(PAYMENT) | B(REASON)),
    [RG_EV_PAYMENT_SCHEDULED] = ABOUT_INVOICE(0, B(ON) | B(METHOD) | B(REASON)),
    [RG_EV_PAYMENT_FAILED] = ABOUT_INVOICE(0, B(ON) | B(METHOD) | B(REASON)),
    [RG_EV_CREDIT_APPLIED] = ABOUT_DEBTOR(B(AMOUNT), B(INVOICE) | B(REASON)),
    [RG_EV_SOURCE_SYNCED] = {.required = B(SOURCE_NAME) | B(THROUGH)},
    [RG_EV_DEBTOR_UPDATED] = {.required = B(DEBTOR), .optional = DEBTOR_OPTIONAL, .updates = true},
    [RG_EV_DEBTOR_OPTED_OUT] = ABOUT_DEBTOR(B(CHANNEL), B(ADDRESS)),
    [RG_EV_DEBTOR_OPTED_IN] = ABOUT_DEBTOR(B(CHANNEL), B(ADDRESS)),
    [RG_EV_DEBTOR_HELD] = ABOUT_DEBTOR(0, B(INVOICE) | B(UNTIL) | B(REASON) | B(BY)),
    [RG_EV_DEBTOR_RELEASED] = ABOUT_DEBTOR(0, B(INVOICE) | B(UNTIL) | B(REASON) | B(BY)),
    [RG_EV_DEBTOR_PROTECTED] = ABOUT_DEBTOR(B(PROTECTION), B(UNTIL) | B(REASON)),
    [RG_EV_DISPUTE_OPENED] = ABOUT_INVOICE(0, B(REASON) | B(RESULT)),
    [RG_EV_DISPUTE_CLOSED] = ABOUT_INVOICE(0, B(REASON) | B(RESULT)),
    [RG_EV_PROMISE_MADE] = ABOUT_DEBTOR(B(PAY_ON), B(INVOICES) | B(AMOUNT) | B(BY)),
    [RG_EV_PROMISE_WITHDRAWN] = ABOUT_DEBTOR(B(PAY_ON), B(INVOICES) | B(AMOUNT) | B(BY)),
    [RG_EV_DELIVERY_RECEIPT] = {.required = B(ACTION) | B(STATUS),
                                .optional = B(DEBTOR) | B(CHANNEL) | B(PROVIDER_ID) | B(DETAIL) | B(AT),
                                .names_debtor_or_reference = true},
    [RG_EV_SERVICE_SUSPENDED] = ABOUT_DEBTOR(0, B(SERVICE) | B(INVOICES) | B(AT)),
    [RG_EV_SERVICE_RESTORED] = ABOUT_DEBTOR(0, B(SERVICE) | B(INVOICES) | B(AT)),
    [RG_EV_SERVICE_TERMINATED] = ABOUT_DEBTOR(0, B(SERVICE) | B(INVOICES) | B(AT)),
};

const struct rg_type_row *rg_event_type_row(enum rg_event_type type)
{
    rg_assert(type > RG_EV_NONE && type < RG_EV_COUNT);
    return &type_rows[type];
}

bool rg_event_field_personal(enum rg_event_type type, enum rg_field field)
{
    rg_assert(field < RG_F_COUNT);
    return rg_field_rows[field].personal && !(type == RG_EV_PAYMENT_REVERSED && field == RG_F_REASON);
}

int rg_refuse(struct rg_reject *reject, const char *reason, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(reject->detail, sizeof reject->detail, fmt, args);
    va_end(args);
    rg_assert(n >= 0);
    bool cut = (size_t)n >= sizeof reject->detail;
    rg_sentence_clean(reject->detail, cut ? sizeof reject->detail - 1 : (size_t)n, cut);
    reject->reason = reason;
    return RG_EINVAL;
}

int rg_event_type_parse(struct rg_str name, struct rg_reject *reject, enum rg_event_type *ret_type)
{
    int type = rg_word(&rg_words_event_type, name);
    if (type > 0) {
        *ret_type = (enum rg_event_type)type;
        return 0;
    }
    struct rg_str shown = {name.p, name.n < RG_WORD_BYTES_MAX ? name.n : RG_WORD_BYTES_MAX};
    if (rg_word(&rg_words_later_type, name) >= 0)
        return rg_refuse(reject, RG_DEAD_UNKNOWN_TYPE,
                         "type regua." RG_STR_FMT " is in the contract, but this version does not read it yet",
                         RG_STR_ARG(shown));
    const char *near = rg_words_suggest(&rg_words_event_type, name);
    if (near != NULL)
        return rg_refuse(reject, RG_DEAD_UNKNOWN_TYPE, "unknown event type \"regua." RG_STR_FMT "\", did you mean \"regua.%s\"?",
                         RG_STR_ARG(shown), near);
    return rg_refuse(reject, RG_DEAD_UNKNOWN_TYPE, "unknown event type \"regua." RG_STR_FMT "\"", RG_STR_ARG(shown));
}

/* What each field accepts at its limit and refuses beyond it, and that a refusal says where, what was expected, and nothing
 * personal. */
#include "tests/unit/config/contract/event_support.h"

static struct rg_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = rg_arena_new((size_t)16 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

#define ISSUED "{\"invoice\":\"F\",\"debtor\":\"c\",\"due_on\":\"2026-11-03\",\"amount_cents\":1,"
#define UPDATED "{\"debtor\":\"c\","
#define CONTACT(channel, address) "\"contacts\":[{\"channel\":\"" channel "\",\"address\":\"" address "\"}]"

static void values_at_their_limit_are_taken(void **state)
{
    (void)state;
    static const struct {
        enum rg_event_type type;
        const char *data;
    } rows[] = {
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":0,\"amount_cents\":1}"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":9007199254740991,\"amount_cents\":1000000000000}"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":1,\"currency\":\"BRL\"}"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":1,\"currency\":null}"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":\"2026-11-03T10:00:00.999999Z\"}"},
        {RG_EV_PAYMENT_REVERSED, "{\"invoice\":\"F\",\"amount_cents\":1,\"reason\":\"returned\"}"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"description\":\"\"}"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"description\":\"linha 1\\r\\n\\tlinha 2\"}"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"fine_percent\":\"0\",\"interest_percent_month\":\"100\"}}"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"discounts\":[]}}"},
        {RG_EV_INVOICE_ISSUED,
         ISSUED "\"terms\":{\"discounts\":[{\"percent\":\"100\",\"amount_cents\":null,\"until\":\"2026-11-03\"}]}}"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"charge\":{\"link\":\"http://a\"},\"charge2\":1}"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"charge\":{\"link\":\"HTTPS://a.example/?q=%20\"}}"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"debtor_details\":null}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"payday\":1,\"score\":0}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"payday\":31,\"score\":1000000}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"contacts\":[]}"},
        {RG_EV_DEBTOR_UPDATED,
         UPDATED "\"contacts\":[{\"channel\":\"x\",\"address\":\"y\",\"verified\":null,\"preferred\":null}]}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "a.b+c_d'e@x-1.y.example") "}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "0@1.br") "}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"language\":\"pt\",\"time_zone\":\"America/Rio_Branco\",\"state\":\"DF\"}"},
        {RG_EV_DEBTOR_PROTECTED, "{\"debtor\":\"c\",\"kind\":\"none\"}"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        (void)decoded(rows[i].type, rows[i].data, arena);
}

/* The place and the expectation stand in `says`. */
static void values_beyond_it_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum rg_event_type type;
        const char *data, *says;
    } rows[] = {
        {RG_EV_PAYMENT_CONFIRMED, "[]", "data: expected an object, found array"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"\",\"amount_cents\":1}",
         "data.invoice: expected text of 1 to 128 bytes without control characters, found \"\""},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":9007199254740992,\"amount_cents\":1}", "data.invoice: expected text of 1 to 128"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":-1,\"amount_cents\":1}", "found -1"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":-0,\"amount_cents\":1}", "data.invoice"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":1.0,\"amount_cents\":1}", "found 1.0"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":1e3,\"amount_cents\":1}", "found 1e3"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":true,\"amount_cents\":1}", "found a boolean"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":[\"F\"],\"amount_cents\":1}", "found a list of 1"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":{},\"amount_cents\":1}", "found an object"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\\n\",\"amount_cents\":1}", "found text with a control character"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\\u007f\",\"amount_cents\":1}", "data.invoice"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\\u0085\",\"amount_cents\":1}", "data.invoice"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":0}",
         "data.amount_cents: expected a whole number of centavos from 1 to 1000000000000, found 0"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":1000000000001}", "data.amount_cents"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":-5}", "data.amount_cents"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":15.9}", "found 15.9"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":\"15900\"}", "found \"15900\""},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":1,\"currency\":\"USD\"}",
         "data.currency: expected BRL, found \"USD\""},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":1,\"currency\":986}", "data.currency"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":\"2026-11-03T10:00:00\"}",
         "data.paid_at: expected an instant such as 2026-11-23T10:00:00-03:00, or a date"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":\"2026-02-30\"}", "data.paid_at"},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":1795611600}", "data.paid_at"},
        {RG_EV_PAYMENT_REVERSED, "{\"invoice\":\"F\",\"amount_cents\":1,\"reason\":\"changed his mind\"}",
         "data.reason: expected one of chargeback, refund, returned"},
        {RG_EV_INVOICE_ISSUED, "{\"invoice\":\"F\",\"debtor\":\"c\",\"due_on\":\"03/11/2026\",\"amount_cents\":1}",
         "data.due_on: expected a date such as 2026-11-23, found \"03/11/2026\""},
        {RG_EV_INVOICE_ISSUED, "{\"invoice\":\"F\",\"debtor\":\"c\",\"due_on\":\"2026-11-31\",\"amount_cents\":1}",
         "data.due_on"},
        {RG_EV_INVOICE_ISSUED, "{\"invoice\":\"F\",\"debtor\":\"c\",\"due_on\":20261103,\"amount_cents\":1}", "data.due_on"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"charge\":\"none\"}", "data.charge: expected an object"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"charge\":{\"pix\":[]}}", "data.charge.pix: expected an object"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"charge\":{\"pix\":{\"copy_paste\":\"a\\nb\"}}}", "data.charge.pix.copy_paste"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"charge\":{\"link\":\"javascript:alert(1)\"}}",
         "data.charge.link: expected an http or https"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"charge\":{\"link\":\"https://\"}}", "data.charge.link"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"charge\":{\"link\":\"https:///x\"}}", "data.charge.link"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"charge\":{\"link\":\"https://a b\"}}", "data.charge.link"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"charge\":{\"link\":\"https://a\\r\\nX: y\"}}", "data.charge.link"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"fine_percent\":2}}",
         "data.terms.fine_percent: expected a percentage as text"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"fine_percent\":\"100.01\"}}", "at most 100, found \"100.01\""},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"fine_percent\":\"-2\"}}", "data.terms.fine_percent"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"fine_percent\":\"2%\"}}", "data.terms.fine_percent"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"discounts\":{}}}", "data.terms.discounts: expected a list of 0 to 3 entries, found an object"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"discounts\":[{\"until\":\"2026-11-03\"}]}}",
         "data.terms.discounts[0]: expected either percent or amount_cents, found neither"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"discounts\":[5]}}",
         "data.terms.discounts[0]: expected an object with percent or amount_cents, and until, found 5"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"discounts\":[1,2,3,4]}}",
         "data.terms.discounts: expected a list of 0 to 3 entries, found a list of 4"},
        {RG_EV_INVOICE_ISSUED,
         ISSUED "\"terms\":{\"discounts\":[{\"percent\":\"5\",\"amount_cents\":5,\"until\":\"2026-11-03\"}]}}",
         "data.terms.discounts[0]: expected either percent or amount_cents, found both"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"discounts\":[{\"percent\":\"0\",\"until\":\"2026-11-03\"}]}}",
         "data.terms.discounts[0].percent"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"discounts\":[{\"amount_cents\":0,\"until\":\"2026-11-03\"}]}}",
         "data.terms.discounts[0].amount_cents"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"discounts\":[{\"percent\":\"5\"}]}}", "data.terms.discounts[0].until"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"terms\":{\"discounts\":[7]}}", "data.terms.discounts[0]"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"tags\":\"vip\"}", "data.tags: expected a list of 0 to 16 entries"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"tags\":[\"a\",\"\"]}", "data.tags[1]"},
        {RG_EV_INVOICE_ISSUED, ISSUED "\"description\":\"a\\u0001b\"}", "data.description: expected text of at most 512 bytes"},
        {RG_EV_PROMISE_MADE, "{\"debtor\":\"c\",\"pay_on\":\"2026-11-03\",\"invoices\":[]}",
         "data.invoices: expected a list of 1 to 64"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"payday\":0}", "data.payday: expected a whole number from 1 to 31, found 0"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"payday\":32}", "data.payday"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"score\":-1}", "data.score"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"score\":1000001}", "data.score"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"consumer\":\"yes\"}", "data.consumer: expected true or false, found \"yes\""},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"kind\":\"unknown\"}", "data.kind: expected one of person, company"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"document\":\"12345678900\"}", "data.document: "},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"document\":\"11111111111\"}", "data.document: "},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"state\":\"XX\"}", "data.state: expected the two letters of a state"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"state\":\"São Paulo\"}", "data.state"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"time_zone\":\"Europe/Lisbon\"}", "data.time_zone: expected a time zone in Brazil"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"language\":\"português\"}", "data.language: expected a language tag"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"language\":\"p\"}", "data.language"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"language\":\"pt-\"}", "data.language"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"contacts\":{}}", "data.contacts: expected a list of 0 to 16 entries"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"contacts\":[\"m@x.example\"]}",
         "data.contacts[0]: expected an object with channel and address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"contacts\":[{\"address\":\"y\"}]}", "data.contacts[0].channel"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"contacts\":[{\"channel\":\"x\"}]}", "data.contacts[0].address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"contacts\":[{\"channel\":\"x\",\"address\":\"y\",\"verified\":\"no\"}]}",
         "data.contacts[0].verified"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"contacts\":[{\"channel\":\"x\",\"address\":\"y\",\"preferred\":1}]}",
         "data.contacts[0].preferred"},
        {RG_EV_DEBTOR_UPDATED,
         UPDATED "\"contacts\":[{\"channel\":\"x\",\"address\":\"y\"},{\"channel\":\"x\",\"address\":\"y\","
                 "\"in_contract\":[]}]}",
         "data.contacts[1].in_contract"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("sms", "190") "}", "data.contacts[0].address: "},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("whatsapp", "+1 202 555 0100") "}", "data.contacts[0].address: "},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("sms", "(11) 3123-4567") "}", "a fixed line takes no sms"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "maria") "}", "data.contacts[0].address: not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "@x.example") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m@") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m@localhost") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m@@x.example") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m@x..example") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m@-x.example") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m@x.example.") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", ".m@x.example") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m.@x.example") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m..a@x.example") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m a@x.example") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m@x.example>") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "Maria <m@x.example>") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "joão@x.example") "}", "not an e-mail address"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "m@x.example\\r\\nRCPT TO:<y@z>") "}", "data.contacts[0].address"},
        {RG_EV_DEBTOR_OPTED_OUT, "{\"debtor\":\"c\",\"channel\":\"sms\",\"address\":\"190\"}", "data.address: "},
        {RG_EV_DEBTOR_PROTECTED, "{\"debtor\":\"c\",\"kind\":\"famous\"}",
         "data.kind: expected one of none, overindebted, judicial_plan, deceased, lawyer, found \"famous\""},
        {RG_EV_DELIVERY_RECEIPT, "{\"action\":\"002a00112233445566778899aabbccddeeff\",\"status\":\"sent\"}",
         "data.status: expected one of accepted, delivered, read, replied, bounced, rejected, complained, found \"sent\""},
        {RG_EV_DELIVERY_RECEIPT, "{\"action\":\"42\",\"status\":\"read\"}",
         "data.action: expected the id of an action, 36 hex digits"},
        {RG_EV_DISPUTE_CLOSED, "{\"invoice\":\"F\",\"result\":\"won\"}", "data.result: expected one of accepted, rejected"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event;
        struct rg_reject reject;
        if (decode_text(rows[i].type, rows[i].data, arena, &event, &reject) != RG_EINVAL)
            fail_msg("%s was accepted", rows[i].data);
        assert_string_equal(reject.reason, RG_DEAD_BAD_FIELD);
        if (strstr(reject.detail, rows[i].says) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].data, reject.detail, rows[i].says);
    }
}

/* A value of n times the letter a behind `before`, `after` behind it. */
static const char *padded(const char *before, size_t n, const char *after)
{
    char *text = rg_arena_alloc(arena, strlen(before) + n + strlen(after) + 1);
    size_t start = strlen(before);
    memcpy(text, before, start);
    memset(text + start, 'a', n);
    memcpy(text + start + n, after, strlen(after) + 1);
    return text;
}

static void texts_have_their_longest(void **state)
{
    (void)state;
    static const struct {
        enum rg_event_type type;
        const char *before, *after;
        size_t max;
    } rows[] = {
        {RG_EV_INVOICE_VOIDED, "{\"invoice\":\"", "\"}", RG_ID_BYTES_MAX},
        {RG_EV_INVOICE_VOIDED, "{\"invoice\":\"F\",\"reason\":\"", "\"}", RG_TEXT_BYTES_MAX},
        {RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F\",\"service\":\"", "\"}", RG_WORD_BYTES_MAX},
        {RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F\",\"charge\":{\"pix\":{\"copy_paste\":\"", "\"}}}", RG_PIX_BYTES_MAX},
        {RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F\",\"charge\":{\"link\":\"https://", "\"}}", RG_TEXT_BYTES_MAX - 8},
        {RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F\",\"tags\":[\"", "\"]}", RG_ID_BYTES_MAX},
        {RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c\",\"contacts\":[{\"channel\":\"", "\",\"address\":\"x\"}]}", RG_WORD_BYTES_MAX},
        {RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c\",\"contacts\":[{\"channel\":\"x\",\"address\":\"", "\"}]}", RG_TEXT_BYTES_MAX},
        {RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c\",\"contacts\":[{\"channel\":\"email\",\"address\":\"", "@x.example\"}]}", 64},
        {RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c\",\"contacts\":[{\"channel\":\"email\",\"address\":\"m@", ".example\"}]}", 63},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event;
        struct rg_reject reject;
        (void)decoded(rows[i].type, padded(rows[i].before, rows[i].max, rows[i].after), arena);
        assert_int_equal(
            decode_text(rows[i].type, padded(rows[i].before, rows[i].max + 1, rows[i].after), arena, &event, &reject), RG_EINVAL);
        assert_string_equal(reject.reason, RG_DEAD_BAD_FIELD);
    }
}

/* `count` times `item`, separated by commas. */
static const char *repeated(const char *before, const char *item, size_t count, const char *after)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_buf_adds(&buf, before);
    for (size_t i = 0; i < count; i++)
        rg_buf_addf(&buf, "%s%s", i == 0 ? "" : ",", item);
    rg_buf_adds(&buf, after);
    return rg_arena_str(arena, rg_buf_str(&buf)).p;
}

static void lists_have_their_longest(void **state)
{
    (void)state;
    static const struct {
        enum rg_event_type type;
        const char *before, *item, *after;
        size_t max;
    } rows[] = {
        {RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F\",\"tags\":[", "\"t\"", "]}", RG_TAGS_MAX},
        {RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F\",\"terms\":{\"discounts\":[", "{\"percent\":\"1\",\"until\":\"2026-11-03\"}",
         "]}}", RG_DISCOUNTS_MAX},
        {RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c\",\"contacts\":[", "{\"channel\":\"x\",\"address\":\"y\"}", "]}",
         RG_CONTACTS_MAX},
        {RG_EV_PROMISE_MADE, "{\"debtor\":\"c\",\"pay_on\":\"2026-11-03\",\"invoices\":[", "\"F\"", "]}", RG_INVOICE_LIST_MAX},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event;
        struct rg_reject reject;
        event = decoded(rows[i].type, repeated(rows[i].before, rows[i].item, rows[i].max, rows[i].after), arena);
        assert_int_equal(event.tag_count + event.discount_count + event.contact_count + event.invoice_count, rows[i].max);
        const char *more = repeated(rows[i].before, rows[i].item, rows[i].max + 1, rows[i].after);
        assert_int_equal(decode_text(rows[i].type, more, arena, &event, &reject), RG_EINVAL);
    }
}

/* The largest event there can be still fits into a record of ours. */
static void the_largest_event_fits_its_record(void **state)
{
    (void)state;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_buf_adds(&buf, "{\"debtor\":\"c\",\"contacts\":[");
    for (size_t i = 0; i < RG_CONTACTS_MAX; i++) {
        rg_buf_addf(&buf, "%s{\"channel\":\"letter\",\"address\":\"", i == 0 ? "" : ",");
        for (size_t j = 0; j < RG_TEXT_BYTES_MAX; j++)
            rg_buf_addc(&buf, '/');
        rg_buf_adds(&buf, "\"}");
    }
    rg_buf_adds(&buf, "]}");
    struct rg_event event = decoded(RG_EV_DEBTOR_UPDATED, rg_buf_cstr(&buf), arena);
    assert_true(written(&event, true, arena).n < RG_EVENT_BYTES_MAX / 8);
}

static void a_refusal_repeats_nothing_personal(void **state)
{
    (void)state;
    static const struct {
        enum rg_event_type type;
        const char *data;
    } rows[] = {
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"document\":\"SECRET\"}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"name\":[\"SECRET\"]}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"state\":\"SECRET\"}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"time_zone\":\"SECRET\"}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"language\":\"SECRET_SECRET\"}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("email", "SECRET") "}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED CONTACT("sms", "SECRET") "}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"contacts\":[{\"channel\":\"x\",\"address\":\"SECRET\\n\"}]}"},
        {RG_EV_DEBTOR_UPDATED, UPDATED "\"contacts\":[{\"channel\":\"x\",\"address\":\"y\",\"verified\":\"SECRET\"}]}"},
        {RG_EV_DEBTOR_HELD, "{\"debtor\":\"c\",\"by\":\"SECRET\\u0001\"}"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event;
        struct rg_reject reject;
        assert_int_equal(decode_text(rows[i].type, rows[i].data, arena, &event, &reject), RG_EINVAL);
        assert_null(strstr(reject.detail, "SECRET"));
    }
}

static void types_are_found_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *says;
    } rows[] = {
        {"invoice.isued", "unknown event type \"regua.invoice.isued\", did you mean \"regua.invoice.issued\"?"},
        {"agreement.signed", "type regua.agreement.signed is in the contract, but this version does not read it yet"},
        {"none", "unknown event type"},
        {"", "unknown event type"},
        {"something.else.altogether", "unknown event type \"regua.something.else.altogether\""},
    };
    struct rg_reject reject;
    enum rg_event_type type = RG_EV_NONE;
    for (int i = 1; i < RG_EV_COUNT; i++) {
        assert_int_equal(rg_event_type_parse(rg_str(rg_event_type_name((enum rg_event_type)i)), &reject, &type), 0);
        assert_int_equal(type, i);
    }
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        assert_int_equal(rg_event_type_parse(rg_str(rows[i].name), &reject, &type), RG_EINVAL);
        assert_string_equal(reject.reason, RG_DEAD_UNKNOWN_TYPE);
        assert_non_null(strstr(reject.detail, rows[i].says));
    }
    for (int i = 0; i < rg_words_later_type.count; i++)
        assert_int_equal(rg_event_type_parse(rg_str(rg_words_later_type.names[i]), &reject, &type), RG_EINVAL);
}

static void a_sentence_is_always_printable(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } rows[] = {
        {"olá €😀", "olá €😀"}, {"a\nb\tc\x7f", "a b c "}, {"\xff\xc3", "??"}, {"\xc2\x85x", " x"}, {"\xe2\x82", "??"},
        {"\xe2\x82z\xc3\xa1", "??zá"}, {"\xc2\xa0", "\xc2\xa0"},
    };
    struct rg_reject reject;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        assert_int_equal(rg_refuse(&reject, RG_DEAD_BAD_JSON, "%s", rows[i].text), RG_EINVAL);
        assert_string_equal(reject.detail, rows[i].shown);
    }
    for (size_t shift = 0; shift < 4; shift++) {
        char text[600] = "xxxx";
        for (size_t i = 0; i < 100; i++)
            memcpy(text + shift + 4 * i, "\xf0\x9f\x98\x80", 5);
        assert_int_equal(rg_refuse(&reject, RG_DEAD_BAD_JSON, "%s", text), RG_EINVAL);
        assert_true(rg_utf8_valid(rg_str(reject.detail)));
        assert_int_equal(strlen(reject.detail), sizeof reject.detail - 1 - (sizeof reject.detail - 1 - shift) % 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_at_their_limit_are_taken), cmocka_unit_test(values_beyond_it_are_refused),
        cmocka_unit_test(texts_have_their_longest), cmocka_unit_test(lists_have_their_longest),
        cmocka_unit_test(the_largest_event_fits_its_record), cmocka_unit_test(a_refusal_repeats_nothing_personal),
        cmocka_unit_test(types_are_found_by_name), cmocka_unit_test(a_sentence_is_always_printable),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

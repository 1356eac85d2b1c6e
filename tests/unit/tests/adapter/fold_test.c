/* The suite fold: canonical events in, the record out. */
#include "tests/unit/tests/adapter/ask.h"

#define EVENT(type, id, time, data) \
    "{\"v\":1,\"type\":\"" type "\",\"id\":\"" id "\",\"source\":\"billing\",\"time\":\"" time \
    "-03:00\",\"ns\":\"n\",\"data\":{\"debtor\":\"D1\"" data "}}"
#define PERSON(id, time, data) \
    "{\"v\":1,\"type\":\"debtor.updated\",\"id\":\"" id "\",\"source\":\"billing\",\"time\":\"" time \
    "-03:00\",\"ns\":\"n\",\"personal\":true,\"data\":{\"debtor\":\"D1\"" data "}}"
#define ISSUED \
    EVENT("invoice.issued", "1", "2026-10-20T10:00:00", ",\"invoice\":\"F1\",\"due_on\":\"2026-11-03\",\"amount_cents\":15900")
#define PAID(id, cents) \
    EVENT("payment.confirmed", id, "2026-11-04T10:00:00", ",\"invoice\":\"F1\",\"payment\":\"P1\",\"amount_cents\":" cents)
#define ASK(id, events) "{\"id\":" id ",\"events\":[" events "]}"

#define HEAD "{\"v\":1,\"debtor\":\"D1\","
#define EMPTY "\"contacts\":[],\"holds\":[],\"opted_out\":[],"
#define INVOICE(balance, payments, offset) \
    "\"invoices\":[{\"invoice\":\"F1\",\"namespace\":\"n\",\"issued\":true,\"state\":\"open\",\"cycle\":1,\"amount_cents\":" \
    "15900," \
    "\"balance_cents\":" balance ",\"left_cents\":" balance \
    ",\"due_on\":\"2026-11-03\",\"pix\":false,\"boleto\":false," payments "\"steps\":[],\"offset\":" offset \
    "}],\"under_way\":[]}"
#define PAYMENT(cents) "\"payments\":[{\"payment\":\"P1\",\"confirmed_cents\":" cents ",\"paid_on\":\"2026-11-04\"}],"

static void test_events(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {ASK("1", ISSUED), "{\"id\":1,\"record\":" HEAD "\"consumer\":true," EMPTY INVOICE("15900", "", "0") "}"},
        /* a payment told twice counts once, of two amounts the greater */
        {ASK("2", ISSUED "," PAID("2", "5900") "," PAID("3", "10000") "," PAID("2", "5900")),
         "{\"id\":2,\"record\":" HEAD "\"consumer\":true," EMPTY INVOICE("5900", PAYMENT("10000"), "3") "}"},
        /* whatever the order */
        {ASK("3", PAID("3", "10000") "," PAID("2", "5900") "," ISSUED),
         "{\"id\":3,\"record\":" HEAD "\"consumer\":true," EMPTY INVOICE("5900", PAYMENT("10000"), "2") "}"},
        /* personal data is masked, the last by time wins */
        {ASK("4", PERSON("5", "2026-10-21T10:00:00", ",\"name\":\"Maria da Silva\",\"document\":\"52998224725\"") "," PERSON(
                      "4", "2026-10-20T10:00:00", ",\"name\":\"Ana\",\"state\":\"SP\"")),
         "{\"id\":4,\"record\":" HEAD
         "\"name\":\"Maria S.\",\"document\":\"***.982.247-**\",\"consumer\":true,\"state\":\"SP\"," EMPTY
         "\"invoices\":[],\"under_way\":[]}}"},
        {ASK("5", EVENT("debtor.held", "6", "2026-10-20T10:00:00", ",\"until\":\"2026-12-01\"")),
         "{\"id\":5,\"record\":" HEAD
         "\"consumer\":true,\"contacts\":[],\"holds\":[{\"until\":\"2026-12-01T23:59:59.999-03:00\"}],"
         "\"opted_out\":[],\"invoices\":[],\"under_way\":[]}}"},
    };
    assert_suite("fold", ROWS, RG_COUNT(ROWS));
}

static void test_bad_events(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"{\"id\":1}", "{\"id\":1,\"error\":\"expected \\\"events\\\" to be a list of events, at least one\"}"},
        {ASK("2", ""), "{\"id\":2,\"error\":\"expected \\\"events\\\" to be a list of events, at least one\"}"},
        {"{\"id\":3,\"events\":{\"a\":1}}",
         "{\"id\":3,\"error\":\"expected \\\"events\\\" to be a list of events, at least one\"}"},
        {ASK("4", ISSUED
             ",{\"v\":1,\"type\":\"debtor.updated\",\"id\":\"7\",\"source\":\"s\",\"time\":\"2026-10-20T10:00:00Z\",\"ns\":\"n\","
             "\"data\":{\"debtor\":\"D2\",\"tier\":\"a\"}}"),
         "{\"id\":4,\"error\":\"events/1: expected all events to name the same debtor\"}"},
    };
    assert_suite("fold", ROWS, RG_COUNT(ROWS));
}

/* One invoice more than a debtor can have: he is held, and the record says so. */
static void test_overflow(void **state)
{
    (void)state;
    struct rg_buf question RG_CLEANUP(rg_buf_done);
    rg_buf_init(&question, (size_t)1024 * 1024);
    for (int invoices = 300; invoices <= 301; invoices++) {
        rg_buf_addf(&question, "{\"id\":%d,\"events\":[", invoices);
        for (int i = 0; i < invoices; i++)
            rg_buf_addf(&question,
                        "%s" EVENT("invoice.issued", "%d", "2026-10-20T10:00:00",
                                   ",\"invoice\":\"F%d\",\"due_on\":\"2026-11-03\",\"amount_cents\":100"),
                        i > 0 ? "," : "", i, i);
        rg_buf_adds(&question, "]}\n");
    }
    char *answers = ask("fold", rg_buf_cstr(&question), question.len), *second = strchr(answers, '\n');
    assert_non_null(second);
    *second = '\0';
    assert_null(strstr(answers, "overflowing"));
    assert_non_null(strstr(second + 1, ",\"overflowing\":true}}\n"));
    rg_free(&answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_events), cmocka_unit_test(test_bad_events),
                                       cmocka_unit_test(test_overflow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

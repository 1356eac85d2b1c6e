/* What a server says, line by line, and what it means. Rows are written as "> command", "< reply" and "." for the whole mail. */
#include "producers/transport/smtp_talk.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

#define LOGGED_IN "> EHLO x\r\n|< 250-x\r\n|< 250 SIZE\r\n|"
#define DATA LOGGED_IN "> MAIL FROM:<a@x>\r\n|< 250 ok\r\n|> RCPT TO:<b@y>\r\n|< 250 ok\r\n|> DATA\r\n|"
#define SENT DATA "< 354 go\r\n|.|"

static void talk(const char *script, struct rg_smtp_talk *t)
{
    *t = (struct rg_smtp_talk){0};
    while (*script != '\0') {
        size_t n = strcspn(script, "|");
        struct rg_str rest = {script + (n > 2 ? 2 : n), n > 2 ? n - 2 : 0};
        if (script[0] == '>')
            rg_smtp_talk_command(t, rest);
        else if (script[0] == '<')
            rg_smtp_talk_reply(t, rest);
        else
            rg_smtp_talk_dot(t);
        script += n + (script[n] == '|');
    }
}

static void verdicts(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        bool taken;
        enum rg_verdict verdict;
        bool channel;
        const char *detail;
    } rows[] = {
        {"", false, RG_VERDICT_RETRY, true, "trouble (at the greeting)"},
        {"< 421 busy\r\n|", false, RG_VERDICT_RETRY, true, "421 in answer to the greeting"},
        {"< 554 5.7.1 no\r\n|", false, RG_VERDICT_RETRY, true, "554 5.7.1 in answer to the greeting"},
        {LOGGED_IN "> AUTH PLAIN\r\n|< 535 5.7.8 no\r\n|", false, RG_VERDICT_RETRY, true, "535 5.7.8 in answer to AUTH"},
        {LOGGED_IN "> MAIL FROM:<a@x>\r\n|< 550 no\r\n|", false, RG_VERDICT_RETRY, true, "550 in answer to MAIL FROM"},
        {LOGGED_IN "> MAIL FROM:<a@x>\r\n|< 250 ok\r\n|> RCPT TO:<b@y>\r\n|< 550 5.1.1 no\r\n|", false, RG_VERDICT_REJECTED, false,
         "550 5.1.1 in answer to RCPT TO"},
        {LOGGED_IN "> MAIL FROM:<a@x>\r\n|< 250 ok\r\n|> RCPT TO:<b@y>\r\n|< 451 4.7.1 later\r\n|", false, RG_VERDICT_RETRY, false,
         "451 4.7.1 in answer to RCPT TO"},
        {LOGGED_IN "> MAIL FROM:<a@x>\r\n|< 250 ok\r\n|> RCPT TO:<b@y>\r\n|< 530 5.7.0 log in\r\n|", false, RG_VERDICT_RETRY, true,
         "530 5.7.0 in answer to RCPT TO"},
        {DATA, false, RG_VERDICT_RETRY, true, "trouble (at DATA)"},
        {DATA "< 250 what\r\n|", true, RG_VERDICT_RETRY, true, "trouble (at DATA)"}, /* content, and nothing was sent */
        {DATA "< 999 what\r\n|", false, RG_VERDICT_RETRY, true, "trouble (at DATA)"},
        {SENT, false, RG_VERDICT_UNCERTAIN, false, "no reply after the whole mail was sent"},
        {SENT "< 552 5.3.4 big\r\n|", false, RG_VERDICT_REJECTED, false, "552 5.3.4 in answer to the whole mail"},
        {SENT "< 452 4.3.1 full\r\n|", false, RG_VERDICT_RETRY, false, "452 4.3.1 in answer to the whole mail"},
        {SENT "< 250 2.0.0 Ok: queued as 4XyZ\r\n|", true, RG_VERDICT_ACCEPTED, false, "250 2.0.0"},
        /* Nobody knows what these say of a mail that was sent: to send it again could be a second time. */
        {SENT "< 354 go on\r\n|", false, RG_VERDICT_UNCERTAIN, false, "a reply that SMTP does not know after the whole mail was sent"},
        {SENT "< 650 what\r\n|", false, RG_VERDICT_UNCERTAIN, false, "a reply that SMTP does not know after the whole mail was sent"},
        {SENT "< 999 what\r\n|", false, RG_VERDICT_UNCERTAIN, false, "a reply that SMTP does not know after the whole mail was sent"},
        {SENT "< 099 what\r\n|", false, RG_VERDICT_UNCERTAIN, false, "a reply that SMTP does not know after the whole mail was sent"},
        {SENT "< 25\r\n|< ok\r\n|< 2x0 ok\r\n|< \xff\xff\xff\xff|", false, RG_VERDICT_UNCERTAIN, false,
         "no reply after the whole mail was sent"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_smtp_talk t;
        struct rg_transport_result result = {.verdict = RG_VERDICT_UNSET};
        talk(rows[i].script, &t);
        rg_smtp_talk_judge(&t, rows[i].taken, "trouble", &result);
        assert_string_equal(result.detail, rows[i].detail);
        assert_int_equal(result.verdict, rows[i].verdict);
        assert_int_equal(result.channel, rows[i].channel);
    }
}

static void ids_and_codes(void **state)
{
    (void)state;
    static const struct {
        const char *reply, *enhanced, *id;
    } rows[] = {
        {"250 2.0.0 Ok: queued as 4XyZ\r\n", "2.0.0", "4XyZ"},
        {"250 Ok: queued as 4XyZ", "", "4XyZ"},
        {"250 2.0.0 queued as ", "2.0.0", ""},
        {"250 2.0.0 queued as <4>", "2.0.0", ""},
        {"250 2.0 ok", "", ""},
        {"250 2.0.0.0 ok", "", ""},
        {"250 ...... ok", "", ""},
        {"250 2.123.4567890 ok", "2.123.45678", ""},
        {"550 queued as 7", "", ""},
        {"250 queued as 0123456789012345678901234567890123456789012345678901234567890123456789", "",
         "012345678901234567890123456789012345678901234567890123456789012"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_smtp_talk t;
        talk(SENT, &t);
        rg_smtp_talk_reply(&t, rg_str(rows[i].reply));
        assert_string_equal(t.enhanced, rows[i].enhanced);
        assert_string_equal(t.queue_id, rows[i].id);
    }
}

/* A login's lines are text of somebody's choosing: none of them is a command. */
static void stages_go_forward(void **state)
{
    (void)state;
    struct rg_smtp_talk t;
    talk(LOGGED_IN "> AUTH LOGIN\r\n|> EHLO x\r\n|> RCPT TO:x\r\n|> DATA\r\n|", &t);
    assert_int_equal(t.stage, RG_SMTP_LOGIN);
    assert_false(t.data_agreed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(ids_and_codes),
        cmocka_unit_test(stages_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The inbox inside another program: doors on free ports, many senders at once, entries of the program's own, and an end at
 * any moment. The dialogues themselves are tried with other people's clients in tests/integration. */
#include "tests/fakes/inbox/inbox.h"

#include "tests/unit/support/cmocka.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Sends all of it at once, hangs up its own side and reads to the end. */
static size_t talk(int port, const char *words, char *ret_answer, size_t room)
{
    int fd = connect_to(port);
    assert_int_equal(send(fd, words, strlen(words), MSG_NOSIGNAL), (ssize_t)strlen(words));
    (void)shutdown(fd, SHUT_WR);
    size_t n = 0;
    for (ssize_t got; (got = recv(fd, ret_answer + n, room - 1 - n, 0)) > 0;)
        n += (size_t)got;
    ret_answer[n] = '\0';
    (void)close(fd);
    return n;
}

static const char mail_dialogue[] =
    "EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: hi\r\n\r\n..dots\r\n.\r\nQUIT\r\n";
static const char post[] =
    "POST /provider/sms/send HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
    "Content-Length: 24\r\n\r\n{\"to\":\"+55\",\"text\":\"oi\"}";

#define SENDERS 8
#define ROUNDS 10

struct sender {
    struct rg_inbox *inbox;
    int failures;
};

static void *send_many(void *arg)
{
    struct sender *sender = arg;
    char answer[4096];
    for (int i = 0; i < ROUNDS; i++) {
        (void)talk(rg_inbox_smtp_port(sender->inbox), mail_dialogue, answer, sizeof answer);
        sender->failures += strstr(answer, "250 2.0.0 Ok: queued as mail-") == NULL;
        (void)talk(rg_inbox_http_port(sender->inbox), post, answer, sizeof answer);
        sender->failures += strstr(answer, "{\"id\":\"msg-") == NULL;
        rg_inbox_add(sender->inbox, "signal", "d-1", "suspend_requested", RG_STR("{\"step\":\"suspensao\"}"));
    }
    return NULL;
}

struct tally {
    int64_t next;
    int mails, posts, signals;
};

static bool count_entry(const struct rg_inbox_entry *entry, void *ctx)
{
    struct tally *tally = ctx;
    assert_int_equal(entry->n, tally->next++);
    assert_int_equal(entry->virtual_ms, -1);
    if (rg_str_is(entry->channel, "email")) {
        assert_true(rg_str_is(entry->to, "c@d") && rg_str_is(entry->from, "a@b") && rg_str_is(entry->subject, "hi"));
        assert_true(rg_str_is(entry->text, ".dots\r\n") && rg_str_is(entry->raw, "Subject: hi\r\n\r\n.dots\r\n"));
        tally->mails++;
    } else if (rg_str_is(entry->channel, "sms")) {
        assert_true(rg_str_is(entry->to, "+55") && rg_str_is(entry->text, "oi") && rg_str_is(entry->path, "/provider/sms/send"));
        tally->posts++;
    } else {
        assert_true(rg_str_is(entry->state, "added") && rg_str_is(entry->step, "suspensao"));
        tally->signals++;
    }
    return true;
}

static void many_senders_lose_nothing(void **state)
{
    (void)state;
    struct rg_inbox *inbox = NULL;
    struct rg_error err = {0};
    assert_int_equal(rg_inbox_start(&(struct rg_inbox_config){.https_port = -1}, &inbox, &err), 0);
    assert_int_equal(rg_inbox_https_port(inbox), -1);
    pthread_t threads[SENDERS];
    struct sender senders[SENDERS] = {{0}};
    for (size_t i = 0; i < SENDERS; i++) {
        senders[i].inbox = inbox;
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
    }
    assert_true(rg_inbox_wait(inbox, SENDERS * ROUNDS * 3, 60000));
    for (size_t i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(senders[i].failures, 0);
    }
    struct tally tally = {.next = 1};
    rg_inbox_each(inbox, 0, count_entry, &tally);
    assert_int_equal(tally.mails, SENDERS * ROUNDS);
    assert_int_equal(tally.posts, SENDERS * ROUNDS);
    assert_int_equal(tally.signals, SENDERS * ROUNDS);
    assert_false(rg_inbox_wait(inbox, SENDERS * ROUNDS * 3 + 1, 1));
    rg_inbox_stop(&inbox);
    assert_null(inbox);
    rg_inbox_stop(&inbox);
}

static bool copy_text(const struct rg_inbox_entry *entry, void *ctx)
{
    (void)snprintf(ctx, 128, RG_STR_FMT, RG_STR_ARG(entry->text));
    return true;
}

/* A provider that knows what it has approved: the message is read as the recipient reads it, and other parameters are refused. */
static void approved_templates_are_filled_in(void **state)
{
    (void)state;
    static const struct rg_inbox_approved approved[] = {{"vencida", "Ola, {{1}}! {{2}} ate {{1}} {{x}} {{3"}};
    static const struct {
        const char *body, *text, *code;
    } rows[] = {
        {"{\"name\":\"vencida\",\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"Ana\"},{\"type\":\"text\","
         "\"text\":\"R$ 1\"}]}]}", "Ola, Ana! R$ 1 ate Ana {{x}} {{3", "\"messages\""},
        {"{\"name\":\"vencida\",\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"Ana\"}]}]}",
         "Ola, Ana!  ate Ana {{x}} {{3", "132000"},
        {"{\"name\":\"outra\",\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"Ana\"},{\"type\":\"text\","
         "\"text\":\"R$ 1\"}]}]}", "Ana\nR$ 1", "\"messages\""},
    };
    struct rg_inbox *inbox = NULL;
    const struct rg_inbox_config config = {.https_port = -1, .smtp_port = -1, .approved = approved, .approved_count = RG_COUNT(approved)};
    assert_int_equal(rg_inbox_start(&config, &inbox, NULL), 0);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char request[1024], body[512], answer[4096], seen[128] = "";
        (void)snprintf(body, sizeof body, "{\"messaging_product\":\"whatsapp\",\"to\":\"55\",\"type\":\"template\",\"template\":%s}", rows[i].body);
        (void)snprintf(request, sizeof request, "POST /provider/whatsapp/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
        (void)talk(rg_inbox_http_port(inbox), request, answer, sizeof answer);
        if (strstr(answer, rows[i].code) == NULL)
            fail_msg("row %zu: %s", i, answer);
        rg_inbox_each(inbox, (int64_t)i, copy_text, seen);
        assert_string_equal(seen, rows[i].text);
    }
    rg_inbox_stop(&inbox);
}

static void a_fault_is_set_and_healed(void **state)
{
    (void)state;
    struct rg_inbox *inbox = NULL;
    assert_int_equal(rg_inbox_start(&(struct rg_inbox_config){.https_port = -1, .http_port = -1}, &inbox, NULL), 0);
    assert_int_equal(rg_inbox_http_port(inbox), -1);
    char answer[4096];
    assert_int_equal(rg_inbox_fault(inbox, "smtp", RG_STR("{\"code\":451,\"text\":\"4.2.0 busy\"}"), NULL), 0);
    (void)talk(rg_inbox_smtp_port(inbox), mail_dialogue, answer, sizeof answer);
    assert_non_null(strstr(answer, "451 4.2.0 busy\r\n"));
    rg_inbox_heal(inbox);
    (void)talk(rg_inbox_smtp_port(inbox), mail_dialogue, answer, sizeof answer);
    assert_non_null(strstr(answer, "250 2.0.0 Ok: queued"));
    struct rg_error err = {0};
    assert_int_equal(rg_inbox_fault(inbox, "smtp", RG_STR("{\"kode\":451}"), &err), RG_EINVAL);
    rg_inbox_stop(&inbox);
}

static void stopping_ends_those_who_wait(void **state)
{
    (void)state;
    struct rg_inbox *inbox = NULL;
    assert_int_equal(rg_inbox_start(&(struct rg_inbox_config){.https_port = -1}, &inbox, NULL), 0);
    assert_int_equal(rg_inbox_fault(inbox, "http", RG_STR("{\"delay_ms\":600000}"), NULL), 0);
    assert_int_equal(rg_inbox_fault(inbox, "smtp", RG_STR("{\"delay_ms\":600000}"), NULL), 0);
    int silent = connect_to(rg_inbox_smtp_port(inbox)), delayed = connect_to(rg_inbox_http_port(inbox));
    int mail = connect_to(rg_inbox_smtp_port(inbox)), polling = connect_to(rg_inbox_http_port(inbox));
    static const char poll_request[] = "GET /inbox?wait=60000&after=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_int_equal(send(delayed, post, sizeof post - 1, 0), sizeof post - 1);
    assert_int_equal(send(mail, mail_dialogue, sizeof mail_dialogue - 1, 0), sizeof mail_dialogue - 1);
    assert_int_equal(send(polling, poll_request, sizeof poll_request - 1, 0), sizeof poll_request - 1);
    assert_true(rg_inbox_wait(inbox, 2, 30000)); /* both were kept and wait for their answers */
    int64_t before = rg_boot_ms(rg_clock_system());
    rg_inbox_stop(&inbox);
    assert_in_range(rg_boot_ms(rg_clock_system()) - before, 0, 5000);
    const int fds[] = {silent, delayed, mail, polling};
    for (size_t i = 0; i < RG_COUNT(fds); i++)
        (void)close(fds[i]);
}

static void wrong_configurations_do_not_open(void **state)
{
    (void)state;
    struct rg_inbox *inbox = NULL, *first = NULL;
    struct rg_error err = {0};
    assert_int_equal(rg_inbox_start(&(struct rg_inbox_config){.https_port = -1}, &first, NULL), 0);
    const struct rg_inbox_config rows[] = {
        {.https_port = -1, .log_path = "/nonexistent/log"},
        {.https_port = -1, .tls_required = true},
        {.https_port = -1, .tls_cert = "/nonexistent.pem"},
        {.https_port = 0},
        {.https_port = 0, .smtp_port = -1, .tls_cert = "/nonexistent.pem"},
        {.https_port = -1, .smtp_port = rg_inbox_smtp_port(first)},
        {.https_port = -1, .http_port = rg_inbox_http_port(first)},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        assert_true(rg_inbox_start(&rows[i], &inbox, &err) < 0);
        assert_null(inbox);
        assert_true(err.text[0] != '\0');
    }
    rg_inbox_stop(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_senders_lose_nothing),
        cmocka_unit_test(approved_templates_are_filled_in),
        cmocka_unit_test(a_fault_is_set_and_healed),
        cmocka_unit_test(stopping_ends_those_who_wait),
        cmocka_unit_test(wrong_configurations_do_not_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

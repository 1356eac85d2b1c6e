/* E-mail against scripted servers: what goes over the wire, a verdict for every way it can end, and that no address leaves
 * where TLS fails. */
#include "producers/transport/smtp.h"

#include "tests/unit/base/http/certs.h"
#include "tests/unit/base/http/peer.h"
#include "tests/unit/support/cmocka.h"

#include <stdatomic.h>
#include <string.h>

#define MAIL "Subject: x\r\n\r\nOl=C3=A1\r\n"

/* Pieces of a dialogue. */
#define HELLO \
    {PEER_ACCEPT, NULL}, {PEER_SEND, "220 x ESMTP\r\n"}, {PEER_LINE, "EHLO "}, {PEER_SEND, "250-x\r\n250 SIZE 1000000\r\n"}
#define ADDRESSES \
    {PEER_LINE, "MAIL FROM:<cobranca@provedor.example>"}, {PEER_SEND, "250 2.1.0 Ok\r\n"}, \
        {PEER_LINE, "RCPT TO:<ana@x.example>\r\n"}, {PEER_SEND, "250 2.1.5 Ok\r\n"}
#define ASK_RCPT {PEER_LINE, "MAIL"}, {PEER_SEND, "250 ok\r\n"}, {PEER_LINE, "RCPT"}
#define DATA {PEER_LINE, "DATA\r\n"}, {PEER_SEND, "354 go\r\n"}
#define WHOLE {PEER_UNTIL, "\r\n.\r\n"}
#define OK {PEER_SEND, "250 2.0.0 Ok: queued as 4XyZ9\r\n"}
#define BYE {PEER_LINE, "QUIT"}, {PEER_SEND, "221 bye\r\n"}, {PEER_CLOSE, NULL}
#define ASK_TLS \
    {PEER_ACCEPT, NULL}, {PEER_SEND, "220 x\r\n"}, {PEER_LINE, "EHLO "}, {PEER_SEND, "250-x\r\n250 STARTTLS\r\n"}, \
        {PEER_LINE, "STARTTLS"}
#define SECURE_HELLO \
    ASK_TLS, {PEER_SEND, "220 go\r\n"}, {PEER_TLS, NULL}, {PEER_LINE, "EHLO "}, {PEER_SEND, "250-x\r\n250 AUTH PLAIN\r\n"}
#define HANG_UP {PEER_EOF, NULL}
#define END {PEER_END, NULL}

struct fixture {
    struct rg_clock clock;
    _Atomic int64_t boot_ms;
    struct rg_smtp_config config;
    struct rg_transport *transport;
    struct rg_transport_job job;
    struct rg_transport_result result;
    struct rg_buf transcript;
    char url[64];
};

static int64_t fake_now(void *ctx)
{
    return atomic_load((_Atomic int64_t *)ctx);
}

static int set_up(void **state)
{
    struct fixture *f = rg_alloc(sizeof *f);
    f->clock = (struct rg_clock){.wall_ms = fake_now, .boot_ms = fake_now, .shared_ms = fake_now, .ctx = &f->boot_ms};
    atomic_store(&f->boot_ms, 1000);
    f->config = (struct rg_smtp_config){
        .clock = &f->clock, .tls = RG_SMTP_TLS_OFF, .from = "cobranca@provedor.example", .connections = 1, .timeout_ms = 8000};
    f->job = (struct rg_transport_job){.to = RG_STR("ana@x.example"), .payload = RG_STR(MAIL), .deadline_boot_ms = 20000};
    rg_buf_init(&f->transcript, (size_t)8 * 1024 * 1024);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->transport)
        f->transport->ops->close(&f->transport);
    rg_buf_done(&f->transcript);
    rg_free(&f);
    return 0;
}

static void open_transport(struct fixture *f, const struct peer *peer, const char *scheme, const char *host)
{
    struct rg_error err = {0};
    snprintf(f->url, sizeof f->url, "%s://%s:%d", scheme, host, peer_port(peer));
    f->config.url = f->url;
    if (rg_transport_smtp_new(&f->config, &f->transport, &err) < 0)
        fail_msg("%s", err.text);
}

static void send_one(struct fixture *f)
{
    assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), 0);
    assert_int_equal(f->transport->ops->poll(f->transport, 20000, &f->result, 1), 1);
    assert_ptr_equal(f->result.job, &f->job);
    assert_int_equal(f->transport->ops->in_flight(f->transport), 0);
    assert_null(strstr(f->result.detail, "@")); /* never personal data */
}

static void close_transport(struct fixture *f)
{
    f->transport->ops->close(&f->transport);
    assert_null(f->transport);
}

static void check_peer(struct fixture *f, struct peer **peer)
{
    const char *complaint = peer_join(peer, &f->transcript);
    if (complaint[0])
        fail_msg("%s\n%s", complaint, rg_buf_cstr(&f->transcript));
}

static void a_mail_on_the_wire(void **state)
{
    struct fixture *f = *state;
    static const struct peer_step steps[] = {HELLO, ADDRESSES, DATA, WHOLE, OK, BYE, END};
    struct peer *peer = peer_start(steps, NULL);
    f->config.helo = "mta.provedor.example";
    open_transport(f, peer, "smtp", "127.0.0.1");
    assert_string_equal(f->transport->ops->name, "smtp");
    assert_int_equal(f->transport->ops->best_evidence(f->transport), RG_EVIDENCE_ACCEPTED);
    send_one(f);
    assert_int_equal(f->result.verdict, RG_VERDICT_ACCEPTED);
    assert_int_equal(f->result.evidence, RG_EVIDENCE_ACCEPTED);
    assert_string_equal(f->result.provider_id, "4XyZ9");
    assert_string_equal(f->result.detail, "250 2.0.0");
    close_transport(f);
    check_peer(f, &peer);
    assert_string_equal(rg_buf_cstr(&f->transcript), "EHLO mta.provedor.example\r\nMAIL FROM:<cobranca@provedor.example>\r\n"
                                                     "RCPT TO:<ana@x.example>\r\nDATA\r\n" MAIL ".\r\nQUIT\r\n");
}

static void verdicts(void **state)
{
    struct fixture *f = *state;
    struct {
        struct peer_step steps[24];
        enum rg_verdict verdict;
        bool channel;
        const char *detail;
    } rows[] = {
        {{HELLO, ADDRESSES, DATA, WHOLE, {PEER_SEND, "250 ok\r\n"}, BYE, END}, RG_VERDICT_ACCEPTED, false, "250"},
        /* before any address */
        {{{PEER_ACCEPT, NULL}, {PEER_SEND, "554 no service\r\n"}, HANG_UP, END}, RG_VERDICT_RETRY, true, "greeting"},
        {{{PEER_ACCEPT, NULL}, {PEER_SEND, "421 busy\r\n"}, HANG_UP, END}, RG_VERDICT_RETRY, true, "421"},
        {{{PEER_ACCEPT, NULL}, {PEER_CLOSE, NULL}, END}, RG_VERDICT_RETRY, true, "broke"},
        {{{PEER_ACCEPT, NULL}, {PEER_SEND, "220 x\r\n"}, {PEER_LINE, "EHLO"}, {PEER_RESET, NULL}, END}, RG_VERDICT_RETRY, true,
         "EHLO"},
        /* the sender is refused: the channel's trouble */
        {{HELLO, {PEER_LINE, "MAIL"}, {PEER_SEND, "550 5.7.1 not you\r\n"}, HANG_UP, END}, RG_VERDICT_RETRY, true,
         "550 5.7.1 in answer to MAIL FROM"},
        {{HELLO, {PEER_LINE, "MAIL"}, {PEER_SEND, "530 5.7.0 Must issue STARTTLS\r\n"}, HANG_UP, END}, RG_VERDICT_RETRY, true,
         "530"},
        {{HELLO, {PEER_LINE, "MAIL"}, {PEER_SEND, "452 4.3.1 full\r\n"}, HANG_UP, END}, RG_VERDICT_RETRY, true, "452 4.3.1"},
        {{HELLO, {PEER_LINE, "MAIL"}, {PEER_CLOSE, NULL}, END}, RG_VERDICT_RETRY, true, "MAIL FROM"},
        /* the recipient */
        {{HELLO, ASK_RCPT, {PEER_SEND, "550 5.1.1 <ana@x.example> unknown\r\n"}, HANG_UP, END},
         RG_VERDICT_REJECTED, false, "550 5.1.1 in answer to RCPT TO"},
        {{HELLO, ASK_RCPT, {PEER_SEND, "550-5.1.1 no\r\n550 5.1.1 such\r\n"}, HANG_UP, END},
         RG_VERDICT_REJECTED, false, "550 5.1.1 in answer to RCPT TO"},
        /* the answer to our QUIT, in time to be read, is not the answer to the recipient */
        {{HELLO, ASK_RCPT, {PEER_SEND, "550 5.1.1 no\r\n221 2.0.0 bye\r\n"}, HANG_UP, END},
         RG_VERDICT_REJECTED, false, "550 5.1.1 in answer to RCPT TO"},
        {{HELLO, ASK_RCPT, {PEER_SEND, "553 nao\r\n"}, HANG_UP, END},
         RG_VERDICT_REJECTED, false, "553 in answer to RCPT TO"},
        {{HELLO, ASK_RCPT, {PEER_SEND, "450 4.2.0 greylisted\r\n"}, HANG_UP, END},
         RG_VERDICT_RETRY, false, "450 4.2.0 in answer to RCPT TO"},
        {{HELLO, ASK_RCPT, {PEER_SEND, "421 4.7.0 later\r\n"}, HANG_UP, END},
         RG_VERDICT_RETRY, true, "421 4.7.0"},
        {{HELLO, ASK_RCPT, {PEER_RESET, NULL}, END}, RG_VERDICT_RETRY, true, "RCPT TO"},
        /* DATA */
        {{HELLO, ADDRESSES, {PEER_LINE, "DATA"}, {PEER_SEND, "451 4.3.0 not now\r\n"}, HANG_UP, END}, RG_VERDICT_RETRY, false,
         "451 4.3.0 in answer to DATA"},
        {{HELLO, ADDRESSES, {PEER_LINE, "DATA"}, {PEER_SEND, "554 5.7.1 spam\r\n"}, HANG_UP, END}, RG_VERDICT_REJECTED, false,
         "554 5.7.1 in answer to DATA"},
        {{HELLO, ADDRESSES, {PEER_LINE, "DATA"}, {PEER_CLOSE, NULL}, END}, RG_VERDICT_RETRY, true, "DATA"},
        /* after the dot */
        {{HELLO, ADDRESSES, DATA, WHOLE, {PEER_SEND, "452 4.2.2 mailbox full\r\n"}, HANG_UP, END}, RG_VERDICT_RETRY, false,
         "452 4.2.2 in answer to the whole mail"},
        {{HELLO, ADDRESSES, DATA, WHOLE, {PEER_SEND, "552 5.2.3 too big\r\n"}, HANG_UP, END}, RG_VERDICT_REJECTED, false,
         "552 5.2.3 in answer to the whole mail"},
        {{HELLO, ADDRESSES, DATA, WHOLE, {PEER_SEND, "552 5.2.3 too big\r\n221 2.0.0 bye\r\n"}, HANG_UP, END}, RG_VERDICT_REJECTED, false,
         "552 5.2.3 in answer to the whole mail"},
        {{HELLO, ADDRESSES, DATA, WHOLE, {PEER_SEND, "421 4.3.2 shutting down\r\n"}, HANG_UP, END}, RG_VERDICT_RETRY, true,
         "421"},
        {{HELLO, ADDRESSES, DATA, WHOLE, {PEER_CLOSE, NULL}, END}, RG_VERDICT_UNCERTAIN, false, "no reply"},
        {{HELLO, ADDRESSES, DATA, WHOLE, {PEER_RESET, NULL}, END}, RG_VERDICT_UNCERTAIN, false, "no reply"},
        {{HELLO, ADDRESSES, DATA, WHOLE, {PEER_SEND, "25"}, {PEER_CLOSE, NULL}, END}, RG_VERDICT_UNCERTAIN, false, "no reply"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct peer *peer = peer_start(rows[i].steps, NULL);
        open_transport(f, peer, "smtp", "127.0.0.1");
        send_one(f);
        close_transport(f);
        check_peer(f, &peer);
        if (f->result.verdict != rows[i].verdict || f->result.channel != rows[i].channel ||
            !strstr(f->result.detail, rows[i].detail))
            fail_msg("row %zu: verdict %d, channel %d, %s", i, (int)f->result.verdict, f->result.channel, f->result.detail);
    }
}

/* A mail too large for the socket's buffers, cut in its middle: the dot never left. */
static void a_mail_cut_before_its_dot_is_retried(void **state)
{
    struct fixture *f = *state;
    static char big[4 * 1024 * 1024];
    memset(big, 'x', sizeof big);
    for (size_t i = 0; i + 2 < sizeof big; i += 76)
        memcpy(big + i, "\r\n", 2);
    f->job.payload = (struct rg_str){big, sizeof big};
    static const struct peer_step steps[] = {HELLO, ADDRESSES, DATA, {PEER_UNTIL, "\r\nxxxx"}, {PEER_RESET, NULL}, END};
    struct peer *peer = peer_start(steps, NULL);
    open_transport(f, peer, "smtp", "127.0.0.1");
    send_one(f);
    check_peer(f, &peer);
    assert_int_equal(f->result.verdict, RG_VERDICT_RETRY);
    assert_non_null(strstr(f->result.detail, "DATA"));
}

static void no_answer_to_the_dot_is_uncertain(void **state)
{
    struct fixture *f = *state;
    static const struct peer_step steps[] = {HELLO, ADDRESSES, DATA, WHOLE, HANG_UP, END};
    struct peer *peer = peer_start(steps, NULL);
    f->config.timeout_ms = 300;
    open_transport(f, peer, "smtp", "127.0.0.1");
    send_one(f);
    close_transport(f);
    check_peer(f, &peer);
    assert_int_equal(f->result.verdict, RG_VERDICT_UNCERTAIN);
}

static void tarpits_end_in_time(void **state)
{
    struct fixture *f = *state;
    static const char *const greetings[] = {"220-wait\r\n", "HTTP/1.1 400 Bad\r\n\r\n", ""};
    f->job.deadline_boot_ms = 1300; /* shorter than the channel's own patience */
    for (size_t i = 0; i < RG_COUNT(greetings); i++) {
        const struct peer_step steps[] = {{PEER_ACCEPT, NULL}, {PEER_SEND, greetings[i]}, HANG_UP, END};
        struct peer *peer = peer_start(steps, NULL);
        open_transport(f, peer, "smtp", "127.0.0.1");
        send_one(f);
        close_transport(f);
        check_peer(f, &peer);
        assert_int_equal(f->result.verdict, RG_VERDICT_RETRY);
        assert_non_null(strstr(f->result.detail, "in time"));
    }
}

static void late_jobs_do_not_begin(void **state)
{
    struct fixture *f = *state;
    static const struct peer_step steps[] = {END};
    struct peer *peer = peer_start(steps, NULL);
    f->job.deadline_boot_ms = 999;
    open_transport(f, peer, "smtp", "127.0.0.1");
    send_one(f);
    check_peer(f, &peer);
    assert_int_equal(f->result.verdict, RG_VERDICT_EXPIRED);
}

static void pass_the_deadline(void *ctx)
{
    atomic_store((_Atomic int64_t *)ctx, 20001);
}

/* The time ends while the mail is on its way: its dot is not sent, so the server must not deliver. */
static void the_clock_is_looked_at_before_the_dot(void **state)
{
    struct fixture *f = *state;
    static const struct peer_step steps[] = {HELLO, ADDRESSES, {PEER_LINE, "DATA"}, {PEER_CALL, NULL},
        {PEER_SEND, "354 go\r\n"}, HANG_UP, END};
    struct peer_options options = {.call = pass_the_deadline, .ctx = &f->boot_ms};
    struct peer *peer = peer_start(steps, &options);
    open_transport(f, peer, "smtp", "127.0.0.1");
    send_one(f);
    close_transport(f);
    check_peer(f, &peer);
    assert_int_equal(f->result.verdict, RG_VERDICT_EXPIRED);
    assert_null(strstr(rg_buf_cstr(&f->transcript), "\r\n.\r\n"));
}

static void connections_are_kept(void **state)
{
    struct fixture *f = *state;
    static const struct peer_step steps[] = {HELLO, ADDRESSES, DATA, WHOLE, OK, ADDRESSES, DATA, WHOLE, OK, BYE, END};
    struct peer *peer = peer_start(steps, NULL);
    open_transport(f, peer, "smtp", "127.0.0.1");
    for (int i = 0; i < 2; i++) {
        send_one(f);
        assert_int_equal(f->result.verdict, RG_VERDICT_ACCEPTED);
    }
    close_transport(f);
    check_peer(f, &peer);
}

/* A kept connection that turns out dead at its next mail: once more on a fresh one, as long as no data was agreed on. */
static void dead_kept_connections_are_replaced(void **state)
{
    struct fixture *f = *state;
    static const struct peer_step at_mail[] = {HELLO, ADDRESSES, DATA, WHOLE, OK, {PEER_LINE, "MAIL"}, {PEER_RESET, NULL},
                                               HELLO, ADDRESSES, DATA, WHOLE, OK, BYE, END};
    static const struct peer_step at_421[] = {HELLO, ADDRESSES, DATA, WHOLE, OK, {PEER_LINE, "MAIL"},
        {PEER_SEND, "421 idle too long\r\n"},
                                              HELLO, ADDRESSES, DATA, WHOLE, OK, BYE, END};
    static const struct peer_step at_data[] = {HELLO, ADDRESSES, DATA, WHOLE, OK, ADDRESSES, DATA, WHOLE, {PEER_RESET, NULL},
        END};
    static const struct peer_step twice[] = {HELLO, ADDRESSES, DATA, WHOLE, OK, {PEER_LINE, "MAIL"}, {PEER_RESET, NULL},
                                             HELLO, {PEER_LINE, "MAIL"}, {PEER_RESET, NULL}, END};
    static const struct peer_step refused[] = {HELLO, ADDRESSES, DATA, WHOLE, OK, ASK_RCPT, {PEER_SEND, "550 5.1.1 no\r\n"}, HANG_UP, END};
    struct {
        const struct peer_step *steps;
        enum rg_verdict second;
    } rows[] = {
        {at_mail, RG_VERDICT_ACCEPTED}, {at_421, RG_VERDICT_ACCEPTED}, {at_data, RG_VERDICT_UNCERTAIN},
         {twice, RG_VERDICT_RETRY}, {refused, RG_VERDICT_REJECTED}}; /* who refuses is not dead */
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct peer *peer = peer_start(rows[i].steps, NULL);
        open_transport(f, peer, "smtp", "127.0.0.1");
        send_one(f);
        assert_int_equal(f->result.verdict, RG_VERDICT_ACCEPTED);
        send_one(f);
        close_transport(f);
        check_peer(f, &peer);
        if (f->result.verdict != rows[i].second)
            fail_msg("row %zu: verdict %d, %s", i, (int)f->result.verdict, f->result.detail);
    }
}

static void logins(void **state)
{
    struct fixture *f = *state;
    struct certs certs;
    char ca[128], pem[128], key[128];
    assert_true(certs_make(&certs));
    struct peer_options options = {.certificate_file = certs_path(&certs, "server.pem", pem),
        .key_file = certs_path(&certs, "server.key", key)};
    static const struct peer_step taken[] = {SECURE_HELLO, {PEER_LINE, "AUTH PLAIN"}, {PEER_SEND, "334\r\n"},
        {PEER_LINE, "AG1hcmlhAHNlZ3JlZG8="},
                                             {PEER_SEND, "235 2.7.0 ok\r\n"}, ADDRESSES, DATA, WHOLE, OK, BYE, END};
    static const struct peer_step refused[] = {SECURE_HELLO, {PEER_LINE, "AUTH PLAIN"}, {PEER_SEND, "334\r\n"},
        {PEER_LINE, "AG1hcmlhAHNlZ3JlZG8="},
                                               {PEER_SEND, "535 5.7.8 no\r\n"}, HANG_UP, END};
    f->config.tls = RG_SMTP_TLS_REQUIRED;
    f->config.ca_file = certs_path(&certs, "ca.pem", ca);
    f->config.user = "maria";
    f->config.password = "segredo";
    struct peer *peer = peer_start(taken, &options);
    open_transport(f, peer, "smtp", "localhost");
    send_one(f);
    close_transport(f);
    check_peer(f, &peer);
    assert_int_equal(f->result.verdict, RG_VERDICT_ACCEPTED);
    peer = peer_start(refused, &options);
    open_transport(f, peer, "smtp", "localhost");
    send_one(f);
    close_transport(f);
    check_peer(f, &peer);
    certs_remove(&certs);
    assert_int_equal(f->result.verdict, RG_VERDICT_RETRY);
    assert_true(f->result.channel);
    assert_string_equal(f->result.detail, "535 5.7.8 in answer to AUTH");
}

/* With TLS required nothing about a person leaves before the certificate has been verified. */
static void tls_is_verified_before_any_address(void **state)
{
    struct fixture *f = *state;
    struct certs certs;
    assert_true(certs_make(&certs));
    static const struct peer_step starttls[] = {SECURE_HELLO, ADDRESSES, DATA, WHOLE, OK, BYE, END};
    static const struct peer_step starttls_bad[] = {ASK_TLS, {PEER_SEND, "220 go\r\n"}, {PEER_TLS, "may fail"}, HANG_UP, END};
    static const struct peer_step plain[] = {HELLO, HANG_UP, END};
    static const struct peer_step stripped[] = {ASK_TLS, {PEER_SEND, "454 4.7.0 not now\r\n"}, HANG_UP, END};
    static const struct peer_step injected[] = {ASK_TLS, {PEER_SEND, "220 go\r\n250 x\r\n250 ok\r\n250 ok\r\n"}, HANG_UP, END};
    static const struct peer_step implicit[] = {{PEER_ACCEPT, NULL}, {PEER_TLS, NULL}, {PEER_SEND, "220 x\r\n"},
        {PEER_LINE, "EHLO "}, {PEER_SEND, "250 x\r\n"},
                                                ADDRESSES, DATA, WHOLE, OK, BYE, END};
    static const struct peer_step implicit_bad[] = {{PEER_ACCEPT, NULL}, {PEER_TLS, "may fail"}, HANG_UP, END};
    static const struct peer_step implicit_plain[] = {{PEER_ACCEPT, NULL}, {PEER_SEND, "220 x\r\n"}, HANG_UP, END};
    struct {
        const struct peer_step *steps;
        const char *scheme, *certificate, *host;
        const char *detail; /* NULL: accepted */
    } rows[] = {
        {starttls, "smtp", "server", "localhost", NULL},
        {starttls, "smtp", "server", "127.0.0.1", NULL},
        {implicit, "smtps", "server", "localhost", NULL},
        {starttls_bad, "smtp", "other", "localhost", "another host name"},
        {starttls_bad, "smtp", "expired", "localhost", "expired"},
        {starttls_bad, "smtp", "stranger", "localhost", "nobody we trust"},
        {implicit_bad, "smtps", "other", "localhost", "another host name"},
        {implicit_bad, "smtps", "expired", "localhost", "expired"},
        {implicit_bad, "smtps", "stranger", "localhost", "nobody we trust"},
        {implicit_plain, "smtps", "server", "localhost", "TLS"},
        {plain, "smtp", "server", "localhost", "offers no TLS"},
        {stripped, "smtp", "server", "localhost", "454 4.7.0 in answer to STARTTLS"},
        {injected, "smtp", "server", "localhost", ""},
    };
    char ca[128];
    f->config.tls = RG_SMTP_TLS_REQUIRED;
    f->config.ca_file = certs_path(&certs, "ca.pem", ca);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char name[40], pem[128], key[128];
        snprintf(name, sizeof name, "%s.pem", rows[i].certificate);
        certs_path(&certs, name, pem);
        snprintf(name, sizeof name, "%s.key", rows[i].certificate);
        certs_path(&certs, name, key);
        struct peer_options options = {.certificate_file = pem, .key_file = key};
        struct peer *peer = peer_start(rows[i].steps, &options);
        open_transport(f, peer, rows[i].scheme, rows[i].host);
        rg_buf_reset(&f->transcript);
        send_one(f);
        close_transport(f);
        check_peer(f, &peer);
        bool sent = strstr(rg_buf_cstr(&f->transcript), "MAIL FROM") != NULL;
        if (sent != (rows[i].detail == NULL) || f->result.verdict != (sent ? RG_VERDICT_ACCEPTED : RG_VERDICT_RETRY) ||
            f->result.channel == sent ||
            !strstr(f->result.detail, rows[i].detail ? rows[i].detail : ""))
            fail_msg("row %zu: verdict %d, channel %d, %s\n%s", i, (int)f->result.verdict, f->result.channel, f->result.detail,
                f->transcript.data);
    }
    certs_remove(&certs);
}

static void jobs_that_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct peer_step steps[] = {END};
    struct peer *peer = peer_start(steps, NULL);
    open_transport(f, peer, "smtp", "127.0.0.1");
    const struct rg_str bad[] = {RG_STR(""), RG_STR("ana"), RG_STR("ana@x.example>\r\nRCPT TO:<b@y.example"),
        RG_STR("ana@x.example\n"), RG_STR("ana@x.example\0"),
                                 RG_STR("<ana@x.example>"), RG_STR("ana@x.example NOTIFY=NEVER"), {NULL, 0}};
    for (size_t i = 0; i < RG_COUNT(bad); i++) {
        f->job.to = bad[i];
        assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), RG_EINVAL);
    }
    f->job.to = RG_STR("ana@x.example");
    f->job.payload = RG_STR("");
    assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), RG_EINVAL);
    assert_int_equal(f->transport->ops->in_flight(f->transport), 0);
    check_peer(f, &peer);
}

static void configurations_that_are_refused(void **state)
{
    struct fixture *f = *state;
    struct {
        const char *url, *helo, *from, *user, *password;
        enum rg_smtp_tls tls;
        size_t connections;
        int code;
    } rows[] = {
        {"http://x:25", NULL, "a@b", NULL, NULL, RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://", NULL, "a@b", NULL, NULL, RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://x:25/path", NULL, "a@b", NULL, NULL, RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://user:secret@x", NULL, "a@b", NULL, NULL, RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://x\r\n", NULL, "a@b", NULL, NULL, RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://x", "a b", "a@b", NULL, NULL, RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://x", "", "a@b", NULL, NULL, RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://x", NULL, "A <a@b>", NULL, NULL, RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://x", NULL, "", NULL, NULL, RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://x", NULL, "a@b", "u", NULL, RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://x", NULL, "a@b", NULL, "p", RG_SMTP_TLS_REQUIRED, 1, RG_EINVAL},
        {"smtp://x", NULL, "a@b", "u", "p", RG_SMTP_TLS_OFF, 1, RG_EREFUSED},
        {"smtps://x", NULL, "a@b", NULL, NULL, RG_SMTP_TLS_OFF, 1, RG_EINVAL},
        {"smtp://x", NULL, "a@b", NULL, NULL, RG_SMTP_TLS_REQUIRED, RG_SMTP_CONNECTIONS_MAX + 1, RG_EINVAL},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_smtp_config config = {.clock = &f->clock, .url = rows[i].url, .helo = rows[i].helo, .from = rows[i].from,
            .user = rows[i].user,
                                        .password = rows[i].password, .tls = rows[i].tls, .connections = rows[i].connections};
        struct rg_error err = {0};
        if (rg_transport_smtp_new(&config, &f->transport, &err) != rows[i].code || err.text[0] == '\0')
            fail_msg("row %zu: %s", i, err.text);
        assert_null(f->transport);
    }
}

static void say_connected(void *ctx)
{
    atomic_store((atomic_bool *)ctx, true);
}

static void queue_drain_and_wake(void **state)
{
    struct fixture *f = *state;
    static const struct peer_step steps[] = {{PEER_ACCEPT, NULL}, {PEER_CALL, NULL}, HANG_UP, END};
    atomic_bool connected = false;
    struct peer_options options = {.call = say_connected, .ctx = &connected};
    struct peer *peer = peer_start(steps, &options);
    f->config.in_flight_max = 3;
    open_transport(f, peer, "smtp", "127.0.0.1");
    struct rg_transport_job jobs[4];
    for (size_t i = 0; i < 4; i++) {
        jobs[i] = f->job;
        assert_int_equal(f->transport->ops->submit(f->transport, &jobs[i], NULL), i < 3 ? 0 : RG_ELIMIT);
    }
    f->transport->ops->wake(f->transport);
    assert_int_equal(f->transport->ops->poll(f->transport, 60000, &f->result, 1), 0);
    while (!atomic_load(&connected))
        assert_int_equal(f->transport->ops->poll(f->transport, 5, &f->result, 1), 0);
    /* The first is under way, its server silent; the others come back. */
    struct rg_transport_result results[4];
    f->transport->ops->drain(f->transport);
    assert_int_equal(f->transport->ops->poll(f->transport, 60000, results, 4), 2);
    assert_ptr_equal(results[0].job, &jobs[1]);
    assert_ptr_equal(results[1].job, &jobs[2]);
    assert_int_equal(results[0].verdict, RG_VERDICT_RELEASED);
    assert_int_equal(results[1].verdict, RG_VERDICT_RELEASED);
    assert_int_equal(f->transport->ops->submit(f->transport, &jobs[3], NULL), 0);
    assert_int_equal(f->transport->ops->poll(f->transport, 60000, &f->result, 1), 1);
    assert_int_equal(f->result.verdict, RG_VERDICT_RELEASED);
    assert_int_equal(f->transport->ops->in_flight(f->transport), 1);
    close_transport(f); /* does not wait for the silent server */
    check_peer(f, &peer);
}

/* Several threads, several mails: each job has exactly one result. */
static void many_mails(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 40 };
    static struct peer_step steps[COUNT * 8 + 16];
    static const struct peer_step hello[] = {HELLO}, one[] = {ADDRESSES, DATA, WHOLE, OK}, end[] = {BYE, END};
    size_t n = 0;
    memcpy(steps, hello, sizeof hello);
    n = RG_COUNT(hello);
    for (int i = 0; i < COUNT; i++, n += RG_COUNT(one))
        memcpy(steps + n, one, sizeof one);
    memcpy(steps + n, end, sizeof end);
    struct peer *peer = peer_start(steps, NULL);
    f->config.in_flight_max = COUNT;
    open_transport(f, peer, "smtp", "127.0.0.1");
    struct rg_transport_job jobs[COUNT];
    int seen[COUNT] = {0};
    for (int i = 0; i < COUNT; i++) {
        jobs[i] = f->job;
        assert_int_equal(f->transport->ops->submit(f->transport, &jobs[i], NULL), 0);
    }
    for (size_t got = 0; got < COUNT;) {
        struct rg_transport_result results[7];
        size_t more = f->transport->ops->poll(f->transport, 5000, results, RG_COUNT(results));
        assert_int_not_equal(more, 0);
        for (size_t i = 0; i < more; i++) {
            assert_int_equal(results[i].verdict, RG_VERDICT_ACCEPTED);
            seen[results[i].job - jobs]++;
        }
        got += more;
    }
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(seen[i], 1);
    close_transport(f);
    check_peer(f, &peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_mail_on_the_wire, set_up, tear_down),
        cmocka_unit_test_setup_teardown(verdicts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mail_cut_before_its_dot_is_retried, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_answer_to_the_dot_is_uncertain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tarpits_end_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(late_jobs_do_not_begin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_clock_is_looked_at_before_the_dot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connections_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dead_kept_connections_are_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(logins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tls_is_verified_before_any_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(jobs_that_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(configurations_that_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queue_drain_and_wake, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_mails, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

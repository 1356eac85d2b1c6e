/* What the product's ways out cost beside the same library in a bare loop: mails over kept connections, requests over a multi
 * handle. Bytes are ready on both sides; what differs is all that the product does about one delivery beside handing it over:
 * deadlines, guarded addresses, reading what the server said, judging it. */
#include "config/yaml/diag.h"
#include "producers/transport/http.h"
#include "producers/transport/preset_load.h"
#include "producers/transport/smtp.h"
#include "tests/bench/bench.h"
#include "tests/bench/sink.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET_RATIO 0.7
#define CONNECTIONS_MAX 32
#define IN_FLIGHT_MAX 256
#define ARENA_BYTES ((size_t)192 * 1024 * 1024)
#define FROM "cobranca@provedor.example"
#define TO "maria.000001@example.com"
#define BODY "{\"to\":\"+5519980000001\",\"text\":\"Maria, sua fatura de R$ 159,90 vence em 10/11/2026. Pague com PIX: 0002012658\"," \
             "\"reference\":\"0012a1b2c3d4e5f60718293a4b5c6d7e8f90\"}"
#define TOKEN "Bearer 0123456789abcdef0123456789abcdef"
#define KEY "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

static int64_t mails = 10000, requests = 50000, turns = 5, connections = 4, in_flight = 64, mail_bytes = 6000;

struct rig {
    struct sink sink;
    struct rg_arena *arena;
    struct rg_str mail;
    const struct rg_preset *preset;
};

/* ---- ours ---- */

static void deliver_all(struct rg_transport *transport, const struct rg_transport_job *like, int64_t count)
{
    struct rg_transport_result results[IN_FLIGHT_MAX];
    struct rg_transport_job job = *like;
    struct rg_error err = {0};
    int64_t begun = 0, ended = 0;
    while (ended < count) {
        while (begun < count) {
            int rc = transport->ops->submit(transport, &job, &err);
            if (rc == RG_ELIMIT)
                break;
            if (rc < 0)
                bench_fail("%s", err.text);
            begun++;
        }
        size_t n = transport->ops->poll(transport, 1000, results, RG_COUNT(results));
        for (size_t i = 0; i < n; i++)
            if (results[i].verdict != RG_VERDICT_ACCEPTED)
                bench_fail("a delivery ended %s: %s", rg_verdict_name(results[i].verdict), results[i].detail);
        ended += (int64_t)n;
    }
}

static void our_mails(const struct rig *rig)
{
    char url[64];
    struct rg_transport *transport = NULL;
    struct rg_error err = {0};
    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%u", rig->sink.smtp_port);
    const struct rg_smtp_config config = {.clock = rg_clock_system(), .url = url, .tls = RG_SMTP_TLS_OFF, .helo = "bench", .from = FROM,
                                          .connections = (size_t)connections};
    if (rg_transport_smtp_new(&config, &transport, &err) < 0)
        bench_fail("%s", err.text);
    const struct rg_transport_job job = {.action = RG_STR("a"), .idempotency_key = RG_STR(KEY), .to = RG_STR(TO), .payload = rig->mail,
                                         .deadline_boot_ms = rg_boot_ms(rg_clock_system()) + 600000};
    deliver_all(transport, &job, mails);
    transport->ops->close(&transport);
}

static void our_requests(const struct rig *rig)
{
    char url[64];
    struct rg_transport *transport = NULL;
    struct rg_error err = {0};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/api", rig->sink.http_port);
    const struct rg_str secret_names[] = {RG_STR("token")};
    const struct rg_mu_value secret_values[] = {rg_mu_text(RG_STR("0123456789abcdef0123456789abcdef"))};
    const struct rg_mu_value secret = {.kind = RG_MU_MAP, .keys = secret_names, .items = secret_values, .count = 1};
    const struct rg_http_transport_config config = {.clock = rg_clock_system(), .preset = rig->preset, .url = url, .secret = &secret,
                                                    .private_allowed = true, .in_flight_max = (size_t)in_flight};
    if (rg_transport_http_new(&config, &transport, &err) < 0)
        bench_fail("%s", err.text);
    const struct rg_transport_job job = {.action = RG_STR("a"), .idempotency_key = RG_STR(KEY), .to = RG_STR("+5519980000001"),
                                         .payload = RG_STR(BODY), .deadline_boot_ms = rg_boot_ms(rg_clock_system()) + 600000};
    deliver_all(transport, &job, requests);
    transport->ops->close(&transport);
}

/* ---- bare: mails, one handle a connection, each in a thread ---- */

struct mailer {
    const struct rig *rig;
    int64_t count;
    size_t at; /* of the mail, while it is read */
    pthread_t thread;
};

static size_t read_mail(char *into, size_t size, size_t n, void *ctx)
{
    struct mailer *mailer = ctx;
    size_t room = size * n, left = mailer->rig->mail.n - mailer->at;
    size_t bytes = left < room ? left : room;
    memcpy(into, mailer->rig->mail.p + mailer->at, bytes);
    mailer->at += bytes;
    return bytes;
}

static void *send_mails(void *ctx)
{
    struct mailer *mailer = ctx;
    char url[64];
    CURL *easy = curl_easy_init();
    struct curl_slist *to = curl_slist_append(NULL, "<" TO ">");
    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%u/bench", mailer->rig->sink.smtp_port);
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_MAIL_FROM, "<" FROM ">");
    (void)curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to);
    (void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_mail);
    (void)curl_easy_setopt(easy, CURLOPT_READDATA, mailer);
    for (int64_t i = 0; i < mailer->count; i++) {
        mailer->at = 0;
        CURLcode code = curl_easy_perform(easy);
        if (code != CURLE_OK)
            bench_fail("the bare loop's mail: %s", curl_easy_strerror(code));
    }
    curl_easy_cleanup(easy);
    curl_slist_free_all(to);
    return NULL;
}

static void bare_mails(const struct rig *rig)
{
    struct mailer mailers[CONNECTIONS_MAX];
    for (int64_t i = 0; i < connections; i++) {
        mailers[i] = (struct mailer){.rig = rig, .count = mails / connections};
        int rc = pthread_create(&mailers[i].thread, NULL, send_mails, &mailers[i]);
        rg_assert(rc == 0);
    }
    for (int64_t i = 0; i < connections; i++)
        (void)pthread_join(mailers[i].thread, NULL);
}

/* ---- bare: requests, one multi handle ---- */

static size_t drop(char *bytes, size_t size, size_t n, void *ctx)
{
    (void)bytes;
    (void)ctx;
    return size * n;
}

static void bare_requests(const struct rig *rig)
{
    char url[64];
    CURLM *multi = curl_multi_init();
    CURL *easies[IN_FLIGHT_MAX];
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Authorization: " TOKEN);
    headers = curl_slist_append(headers, "Idempotency-Key: " KEY);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/api/messages", rig->sink.http_port);
    int64_t begun = 0, ended = 0;
    for (; begun < in_flight; begun++) {
        CURL *easy = easies[begun] = curl_easy_init();
        (void)curl_easy_setopt(easy, CURLOPT_URL, url);
        (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, BODY);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)(sizeof BODY - 1));
        (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
        (void)curl_multi_add_handle(multi, easy);
    }
    while (ended < requests) {
        int running, left;
        CURLMsg *message;
        (void)curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            CURL *easy = message->easy_handle;
            if (message->msg != CURLMSG_DONE || message->data.result != CURLE_OK)
                bench_fail("the bare loop's request: %s", curl_easy_strerror(message->data.result));
            ended++;
            (void)curl_multi_remove_handle(multi, easy);
            if (begun < requests) {
                begun++;
                (void)curl_multi_add_handle(multi, easy);
            }
        }
        if (ended < requests)
            (void)curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    for (int64_t i = 0; i < in_flight; i++)
        curl_easy_cleanup(easies[i]);
    (void)curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
}

/* ---- figures ---- */

typedef void arm_fn(const struct rig *rig);

struct side {
    double cpu_us, rate;
};

static struct side run(const struct rig *rig, arm_fn *arm, int64_t count)
{
    double cpu_s = bench_own_cpu_s(), began_s = bench_now_s();
    arm(rig);
    return (struct side){(bench_own_cpu_s() - cpu_s) / (double)count * 1e6, (double)count / (bench_now_s() - began_s)};
}

static void compare(struct bench *bench, const struct rig *rig, const char *what, arm_fn *ours, arm_fn *bare, int64_t count)
{
    char name[BENCH_NAME_MAX];
    struct bench_figure *figures[6];
    static const struct {
        const char *text, *unit;
    } rows[] = {{"CPU", "µs"}, {"CPU of the bare loop", "µs"}, {"bare loop's CPU / régua's", ""}, {"rate", "/s"},
                {"rate of the bare loop", "/s"}, {"régua's rate / bare loop's", ""}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        (void)snprintf(name, sizeof name, "%s: %s", what, rows[i].text);
        bool ratio = i == 2;
        figures[i] = bench_figure(bench, name, rows[i].unit, ratio ? BENCH_AT_LEAST : BENCH_NO_AIM, BUDGET_RATIO);
    }
    for (int64_t turn = 0; turn < turns; turn++) {
        bench_progress(bench, what, turn, turns);
        struct side mine = run(rig, ours, count), its = run(rig, bare, count);
        const double values[] = {mine.cpu_us, its.cpu_us, its.cpu_us / mine.cpu_us, mine.rate, its.rate, mine.rate / its.rate};
        for (size_t i = 0; i < RG_COUNT(values); i++)
            bench_add(figures[i], values[i]);
    }
}

static void make_mail(struct rig *rig)
{
    struct rg_buf buf;
    rg_buf_init(&buf, (size_t)1024 * 1024);
    rg_buf_adds(&buf, "From: Provedor <" FROM ">\r\nTo: <" TO ">\r\nSubject: Fatura\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    while (buf.len < (size_t)mail_bytes)
        rg_buf_adds(&buf, "TWFyaWEsIHN1YSBmYXR1cmEgZGUgUiQgMTU5LDkwIHZlbmNlIGVtIDEwLzExLzIwMjYuIFBhZ3Vl\r\n");
    rig->mail = rg_arena_str(rig->arena, rg_buf_str(&buf));
    rg_buf_done(&buf);
}

static void load_preset(struct rig *rig)
{
    char path[1024];
    const char *source = getenv("RG_SOURCE_DIR");
    struct rg_diags *diags = rg_diags_new();
    (void)snprintf(path, sizeof path, "%s/config/shipped/presets/sms-http.yaml", source != NULL ? source : ".");
    if (rg_preset_load(path, rig->arena, diags, &rig->preset) < 0)
        bench_fail("%s has errors", path);
    rg_diags_free(&diags);
}

int main(int argc, char **argv)
{
    const struct bench_option options[] = {
        {"mails", &mails, 100, 10000000, "mails in one turn"},
        {"requests", &requests, 100, 10000000, "requests in one turn"},
        {"turns", &turns, 1, BENCH_SAMPLES_MAX, "alternations"},
        {"connections", &connections, 1, CONNECTIONS_MAX, "to the mail server"},
        {"in-flight", &in_flight, 1, IN_FLIGHT_MAX, "requests at once"},
        {"mail-bytes", &mail_bytes, 500, 100000, "of one mail"},
    };
    struct bench *bench = bench_new(argc, argv, "delivery", "delivering beside the same library in a bare loop", options, RG_COUNT(options));
    struct rig rig = {.arena = rg_arena_new(ARENA_BYTES)};
    sink_start(&rig.sink);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        bench_fail("libcurl cannot be used");
    bench_note(bench, "libcurl", "%s", curl_version_info(CURLVERSION_NOW)->version);
    make_mail(&rig);
    load_preset(&rig);
    compare(bench, &rig, "mail", our_mails, bare_mails, mails / connections * connections);
    compare(bench, &rig, "request", our_requests, bare_requests, requests);
    sink_stop(&rig.sink);
    bench_report(bench);
    rg_arena_free(&rig.arena);
    bench_free(&bench);
    return 0;
}

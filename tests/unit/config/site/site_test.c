/* regua.yaml: a good file, the file that is shipped, everything that is wrong word for word, and that the manual cannot forget a
 * key. */
#include "config/site/site.h"

#include "base/core/file.h"
#include "base/core/log.h"
#include "tests/unit/config/yaml/heads.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)4 << 20)

/* One section a line, so that rows below can replace one and know where they are. */
enum { LANGUAGE, CREDITORS, SERVICES, KAFKA, REDIS, SOURCES, CHANNELS, REST, LINES };
static const char *const good[LINES] = {
    [LANGUAGE] = "language: 1",
    [CREDITORS] = "creditors: { provedor: { name: Provedor Exemplo Ltda, document: 12.345.678/0001-95 } }",
    [SERVICES] = "services: { internet: { sector: telecom } }",
    [KAFKA] = "kafka: { brokers: [\"127.0.0.1:9092\"] }",
    [REDIS] = "redis: { url: \"unix:///run/redis/redis.sock\" }",
    [SOURCES] = "sources: { billing: { topic: billing.events, live: true } }",
    [CHANNELS] = "channels: { email: { transport: smtp, url: \"smtp://127.0.0.1:25\", from: cobranca@provedor.example } }",
    [REST] = "",
};

static char directory[64];

static void write_text(const char *name, const char *text)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    static const char *const directories[] = {"mappings", "presets", "etc"};
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/regua-site-XXXXXX");
    assert_non_null(mkdtemp(directory));
    for (size_t i = 0; i < RG_COUNT(directories); i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s/%s", directory, directories[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    write_text("mappings/asaas.yaml", "a: b\n");
    write_text("presets/whatsapp-cloud.yaml", "a: b\n");
    write_text("presets/zenvia.yaml", "a: b\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

struct loaded {
    struct rg_arena *arena;
    struct rg_diags *diags;
    const struct rg_site *site;
    int rc;
    struct rg_buf heads;
};

static struct loaded load(const char *text)
{
    struct loaded l = {.arena = rg_arena_new(RG_SITE_ARENA_BYTES), .diags = rg_diags_new()};
    char path[160];
    (void)snprintf(path, sizeof path, "%s/etc/regua.yaml", directory);
    write_text("etc/regua.yaml", text);
    l.rc = rg_site_load(path, directory, l.arena, l.diags, &l.site);
    rg_buf_init(&l.heads, TEXT_MAX);
    add_heads(l.diags, &l.heads);
    return l;
}

static void done(struct loaded *l)
{
    rg_buf_done(&l->heads);
    rg_diags_free(&l->diags);
    rg_arena_free(&l->arena);
}

/* The good file with one line replaced. */
static struct loaded load_with(int line, const char *replacement)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, TEXT_MAX);
    for (int i = 0; i < LINES; i++)
        rg_buf_addf(&text, "%s\n", i == line ? replacement : good[i]);
    return load(rg_buf_cstr(&text));
}

static void assert_text(struct rg_str text, const char *expected)
{
    if (expected == NULL)
        assert_null(text.p);
    else if (!rg_str_is(text, expected))
        fail_msg("\"" RG_STR_FMT "\" is not \"%s\"", RG_STR_ARG(text), expected);
}

static void a_short_file_takes_its_defaults(void **state)
{
    (void)state;
    struct loaded l RG_CLEANUP(done) = load_with(REST, "");
    assert_string_equal(rg_buf_cstr(&l.heads), "");
    assert_int_equal(l.rc, 0);
    const struct rg_site *s = l.site;
    assert_int_equal(s->mode, RG_MODE_SHADOW);
    assert_text(s->kafka.group, "regua");
    assert_int_equal(s->kafka.shards, 64);
    assert_false(s->kafka.create_topics);
    assert_text(s->kafka.topics.ledger, "regua.ledger");
    assert_text(s->kafka.topics.actions, "regua.actions");
    assert_int_equal(s->kafka.client.count, 0);
    assert_text(rg_site_services(s)[0].creditor, "provedor");
    assert_text(rg_site_sources(s)[0].creditor, "provedor");
    assert_int_equal(rg_site_sources(s)[0].payments, RG_SITE_PAYMENTS_LIVE);
    assert_int_equal(rg_site_sources(s)[0].format, RG_SITE_CLOUDEVENTS);
    const struct rg_site_channel *email = rg_site_channel(s, RG_STR("email"));
    assert_int_equal(email->transport, RG_SITE_SMTP);
    assert_int_equal(email->tls, RG_SITE_TLS_REQUIRED);
    assert_int_equal(email->evidence, RG_EVIDENCE_NONE);
    assert_int_equal(email->rate.count, 0);
    assert_int_equal(rg_duration_ms(email->claim_time), 60000);
    assert_int_equal(rg_duration_ms(email->timeout), 30000);
    assert_int_equal(s->rules.count, 1);
    assert_text(s->rules.items[0], "rules.d");
    assert_text(s->policy, "policy.yaml");
    assert_string_equal(s->http.listen.host, "127.0.0.1");
    assert_int_equal(s->http.listen.port, 8470);
    assert_int_equal(s->doors.listen.port, 0);
    assert_int_equal(s->http.operators.count, 0);
    assert_int_equal(rg_site_log_level(s), RG_LOG_INFO);
    assert_int_equal(s->log.format, RG_LOG_AUTO);
    assert_int_equal(rg_duration_ms(s->tuning.freshness_round), 1000);
    assert_int_equal(rg_duration_ms(s->tuning.session_timeout), 10000);
    assert_null(rg_site_channel(s, RG_STR("sms")));
    assert_string_equal(s->shipped, directory);
}

static void a_full_file_is_read(void **state)
{
    (void)state;
    struct loaded l RG_CLEANUP(done) = load(
        "language: 1\nmode: live\n"
        "creditors:\n  um: { name: Um, document: 529.982.247-25, address: \"Rua A, 1\", email: a@b.example, phone: +55 19 "
        "3000-0000, state: SP }\n"
        "  dois: { name: Dois, document: 12345678000195 }\n"
        "services: { internet: { sector: telecom, creditor: dois } }\n"
        "kafka:\n  brokers: [\"a:9092\", \"b:9092\"]\n  group: regua-x\n  shards: 512\n  create_topics: true\n  replicas: 3\n"
        "  topics: { ledger: x.ledger }\n"
        "  client: { security.protocol: sasl_ssl, sasl.password: { credential: kafka }, socket.timeout.ms: 30000 }\n"
        "redis: { url: \"redis://host:6380/2\", user: regua, password: { file: /run/keys/redis } }\n"
        "sources:\n  a: { topic: t.a, creditor: um, payments: synced }\n"
        "  b: { topic: t.b, format: json, mapping: asaas, namespace: asaas, creditor: dois, live: true, "
        "door: { scheme: token, header: asaas-access-token, secret: { credential: w } } }\n"
        "channels:\n"
        "  email: { transport: smtp, url: \"smtps://mail.example:465\", from: \"Um <a@b.example>\", user: u, password: { "
        "credential: p }, rate: 50/s, "
        "evidence: delivered, concurrency: 4, claim_time: 2m, timeout: 90s }\n"
        "  whatsapp: { transport: http, preset: whatsapp-cloud, url: \"https://graph.example\", version: v23.0, "
        "phone_number_id: \"1055\", "
        "token: { credential: t }, app_secret: { credential: s } }\n"
        "  inner: { transport: http, preset: zenvia, url: \"http://10.0.0.5:8080/x\", internal: true }\n"
        "  letter: { transport: spool, directory: letters }\n"
        "  bus: { transport: kafka, topic: out.messages }\n"
        "  call: { transport: task }\n"
        "rules: [rules.d, more.yaml]\npolicy: /srv/policy.yaml\n"
        "http: { listen: \"[::1]:1\", operators: { maria: { token: { credential: m }, roles: [approve, look] } } }\n"
        "doors: { listen: none }\n"
        "test_recipients: [eu@b.example, +55 11 91234-5678]\n"
        "log: { level: debug, format: json }\n"
        "tuning: { decide_workers: 8, freshness_round: 2s, session_timeout: 30s }\n");
    assert_string_equal(rg_buf_cstr(&l.heads), "");
    const struct rg_site *s = l.site;
    assert_int_equal(s->mode, RG_MODE_LIVE);
    assert_text(rg_site_creditor(s, RG_STR("um"))->title, "Um");
    assert_text(rg_site_service(s, RG_STR("internet"))->creditor, "dois");
    assert_int_equal(s->kafka.shards, 512);
    assert_text(s->kafka.topics.ledger, "x.ledger");
    assert_text(s->kafka.topics.people, "regua.people");
    assert_int_equal(s->kafka.client.count, 3);
    assert_text(s->kafka.client.items[0].value, "sasl_ssl");
    assert_int_equal(s->kafka.client.items[1].secret.kind, RG_SECRET_CREDENTIAL);
    assert_int_equal(s->redis.password.kind, RG_SECRET_FILE);
    assert_int_equal(rg_site_source(s, RG_STR("a"))->payments, RG_SITE_PAYMENTS_SYNCED);
    assert_int_equal(rg_site_source(s, RG_STR("b"))->door.scheme, RG_SITE_SCHEME_TOKEN);
    assert_text(rg_site_source(s, RG_STR("b"))->ns, "asaas");
    const struct rg_site_channel *email = rg_site_channel(s, RG_STR("email")), *whatsapp = rg_site_channel(s, RG_STR("whatsapp"));
    assert_int_equal(email->evidence, RG_EVIDENCE_DELIVERED);
    assert_int_equal(email->rate.count, 50);
    assert_int_equal(email->extra_count, 0);
    assert_int_equal(whatsapp->extra_count, 3);
    assert_text(whatsapp->extras[0].key, "version");
    assert_text(whatsapp->extras[1].value, "1055");
    assert_text(whatsapp->extras[2].secret.name, "s");
    assert_null(whatsapp->extras[2].value.p);
    assert_true(rg_site_channel(s, RG_STR("inner"))->internal);
    assert_true(s->http.listen.loopback);
    assert_string_equal(s->http.listen.host, "::1");
    assert_int_equal(s->doors.listen.port, 0);
    assert_int_equal(rg_site_operators(s)[0].roles, RG_SITE_ROLE_LOOK | RG_SITE_ROLE_APPROVE);
    assert_int_equal(s->test_recipients.count, 2);
    assert_int_equal(rg_site_log_level(s), RG_LOG_DEBUG);
    assert_int_equal(s->log.format, RG_LOG_JSON);
    assert_int_equal(s->tuning.decide_workers, 8);
}

struct row {
    int line;
    const char *replacement, *expected;
};

static void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct loaded l RG_CLEANUP(done) = load_with(rows[i].line, rows[i].replacement);
        if (strcmp(rg_buf_cstr(&l.heads), rows[i].expected) != 0)
            fail_msg("%s\n got %s want %s", rows[i].replacement, rg_buf_cstr(&l.heads), rows[i].expected);
        assert_int_equal(l.rc, rg_diags_errors(l.diags) > 0 ? RG_EINVAL : 0);
        assert_int_equal(l.site != NULL, l.rc == 0);
    }
}

static void sections_and_names_must_fit(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {LANGUAGE, "", "2:1: error: missing key \"language\" at the top level [missing-key]\n"},
        {LANGUAGE, "language: 2", "1:11: error: \"language\" is 2; expected 1 to 1 [out-of-range]\n"},
        {REST, "modo: live", "8:1: error: unknown key \"modo\" at the top level, did you mean \"mode\"? [unknown-key]\n"},
        {REST, "mode: on", "8:7: error: unknown mode \"on\"; expected one of shadow, live [unknown-value]\n"},
        {CREDITORS, "", "1:1: error: missing key \"creditors\" at the top level [missing-key]\n"},
        {CREDITORS, "creditors: {}", "2:12: error: \"creditors\" is empty; expected at least one [missing-key]\n"},
        {CREDITORS, "creditors: { a: { name: A } }", "2:14: error: missing key \"document\" in creditor \"a\" [missing-key]\n"},
        {CREDITORS, "creditors: { a: { name: A, document: 12.345.678/0001-96 } }",
         "2:38: error: wrong check digit in this CNPJ [bad-document]\n"},
        {CREDITORS, "creditors: { a: { name: A, document: 12345678000195, email: nobody, state: XX } }",
         "2:61: error: expected an e-mail address such as cobranca@provedor.example [bad-address]\n"
         "2:76: error: expected a state such as SP, two capital letters [unknown-value]\n"},
        {CREDITORS, "creditors: { a: { name: A, document: 12345678000195 }, b: { name: B, document: 12345678000195 } }",
         "3:13: error: missing key \"creditor\" in service \"internet\" [missing-key]\n"},
        {CREDITORS, "creditors: { A: { name: A, document: 12345678000195 } }",
         "2:14: error: a name starts with a lower-case letter and holds only lower-case letters, digits and \"_\" or \"-\"; "
         "write \"a\" [bad-name]\n"},
        {SERVICES, "services: { internet: { sector: telecom, creditor: provedro } }",
         "3:52: error: unknown creditor \"provedro\", did you mean \"provedor\"? expected one of provedor [unknown-value]\n"},
        {SERVICES, "services: { internet: {} }", "3:13: error: missing key \"sector\" in service \"internet\" [missing-key]\n"},
        {REST, "test_recipients: [eu@provedor.example, alguem]",
         "8:40: error: expected an e-mail address or a phone number [bad-address]\n"},
        {REST, "rules: rules.d", "8:8: error: expected a list for \"rules\", got \"rules.d\" [mistyped]\n"},
        {REST, "tuning: { freshness_round: 1d }",
         "8:28: error: expected a duration such as 10s, 5m or 2h, got \"1d\" [bad-duration]\n"},
    };
    assert_rows(rows, RG_COUNT(rows));
}

static void kafka_and_redis_must_fit(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {KAFKA, "kafka: {}", "4:1: error: missing key \"brokers\" in \"kafka\" [missing-key]\n"},
        {KAFKA, "kafka: { brokers: [] }", "4:19: error: a list of 0; expected 1 to 32 [out-of-range]\n"},
        {KAFKA, "kafka: { brokers: [\"a:1,b:2\"] }",
         "4:20: error: expected host:port, one in each item of the list [bad-address]\n"},
        {KAFKA, "kafka: { servers: [a] }",
         "4:1: error: missing key \"brokers\" in \"kafka\" [missing-key]\n"
         "4:10: error: unknown key \"servers\" in \"kafka\", did you mean \"brokers\"? [unknown-key]\n"},
        {KAFKA, "kafka: { brokers: [a], shards: 0 }", "4:32: error: \"shards\" is 0; expected 1 to 512 [out-of-range]\n"},
        {KAFKA, "kafka: { brokers: [a], shards: 513 }", "4:32: error: \"shards\" is 513; expected 1 to 512 [out-of-range]\n"},
        {KAFKA, "kafka: { brokers: [a], topics: { ledger: regua.people } }",
         "4:42: error: this topic is already \"people\"; each needs its own [repeated]\n"},
        {KAFKA, "kafka: { brokers: [a], topics: { ledger: x, people: x } }",
         "4:53: error: this topic is already \"ledger\"; each needs its own [repeated]\n"},
        {KAFKA, "kafka: { brokers: [a], topics: { ledger: é } }",
         "4:42: error: a topic's name holds letters, digits, \".\", \"_\" and \"-\" only [bad-name]\n"},
        {KAFKA, "kafka: { brokers: [a], client: { acks: 1 } }",
         "4:34: error: Kafka client setting acks cannot be set: records that one broker alone holds can be lost "
         "[refused-setting]\n"},
        {KAFKA, "kafka: { brokers: [a], client: { enable.auto.comit: true } }",
         "4:34: error: enable.auto.comit is no setting of the Kafka client, did you mean enable.auto.commit? [bad-setting]\n"},
        {KAFKA, "kafka: { brokers: [a], client: { sasl.password: hunter2 } }",
         "4:49: error: a secret is not written here; write { credential: NAME } or { file: PATH } and treat this one as leaked "
         "[literal-secret]\n"},
        {KAFKA, "kafka: { brokers: [a], client: [acks] }",
         "4:32: error: expected settings of the Kafka client for \"client\", got a list [mistyped]\n"},
        {REDIS, "redis: {}", "5:1: error: missing key \"url\" in \"redis\" [missing-key]\n"},
        {REDIS, "redis: { url: \"redis://u@host\", user: v }", "5:39: error: the user stands in the url already [repeated]\n"},
    };
    assert_rows(rows, RG_COUNT(rows));
}

/* Settings that carry a guarantee are refused whoever sets them. */
static void guarantees_cannot_be_configured_away(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "enable.idempotence: false", "acks: 1", "enable.auto.commit: true", "auto.offset.reset: latest",
            "isolation.level: read_uncommitted",
        "message.timeout.ms: 5000", "partition.assignment.strategy: cooperative-sticky", "enable.gapless.guarantee: false",
            "group.id: x",
        "group.instance.id: x", "bootstrap.servers: x", "transactional.id: x", "enable.auto.offset.store: true", "retries: 0",
        "request.required.acks: 0", "delivery.timeout.ms: 1000", "check.crcs: false", "plugin.library.paths: x",
            "test.mock.num.brokers: 3",
    };
    for (size_t i = 0; i < RG_COUNT(settings); i++) {
        char line[160];
        (void)snprintf(line, sizeof line, "kafka: { brokers: [a], client: { %s } }", settings[i]);
        struct loaded l RG_CLEANUP(done) = load_with(KAFKA, line);
        assert_int_equal(l.rc, RG_EINVAL);
        if (strstr(rg_buf_cstr(&l.heads), "[refused-setting]") == NULL)
            fail_msg("%s: %s", settings[i], rg_buf_cstr(&l.heads));
    }
}

static void redis_over_tls_is_refused_with_advice(void **state)
{
    (void)state;
    struct loaded l RG_CLEANUP(done) = load_with(REDIS, "redis: { url: \"rediss://host\" }");
    assert_int_equal(l.rc, RG_EINVAL);
    assert_non_null(strstr(rg_buf_cstr(&l.heads), "stunnel"));
    static const char *const leaks[] = {"redis: { url: \"redis://u:hunter2@host\" }", "redis: { url: \"redis://u:hunter2@host\", usr: x }",
                                        "redis: { usr: x, url: \"redis://u:hunter2@host\" }"};
    for (size_t i = 0; i < RG_COUNT(leaks); i++) {
        struct loaded p RG_CLEANUP(done) = load_with(REDIS, leaks[i]);
        assert_int_equal(p.rc, RG_EINVAL);
        struct rg_buf out RG_CLEANUP(rg_buf_done);
        rg_buf_init(&out, TEXT_MAX);
        rg_diags_print(p.diags, RG_DIAGS_PLAIN, &out);
        assert_null(strstr(rg_buf_cstr(&out), "hunter2"));
    }
}

static void sources_must_fit(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {SOURCES, "sources: {}", "6:10: error: \"sources\" is empty; expected at least one [missing-key]\n"},
        {SOURCES, "sources: { a: { topic: t } }",
         "6:1: error: no source makes payments known; nobody could stop owing [no-payments]\n"},
        {SOURCES, "sources: { a: { topic: t, live: true, payments: synced } }",
         "6:33: error: \"live: true\" is short for \"payments: live\"; write one of them [repeated]\n"},
        {SOURCES, "sources: { a: { topic: t, live: true, payments: live } }", ""},
        {SOURCES, "sources: { a: { topic: t, live: false, payments: synced } }", ""},
        {SOURCES, "sources: { a: { topic: t, live: true }, b: { topic: t } }",
         "6:53: error: source \"a\" reads this topic already [repeated]\n"},
        {SOURCES, "sources: { a: { topic: regua.ledger, live: true } }",
         "6:24: error: this topic is our own \"ledger\"; a source is written by others [repeated]\n"},
        {SOURCES, "sources: { a: { topic: t/x, live: true } }",
         "6:24: error: a topic's name holds letters, digits, \".\", \"_\" and \"-\" only [bad-name]\n"},
        {SOURCES, "sources: { a: { topic: t, format: json, live: true } }",
         "6:12: error: missing key \"mapping\" in source \"a\" [missing-key]\n"},
        {SOURCES, "sources: { a: { topic: t, format: json, mapping: asas, live: true } }",
         "6:50: error: unknown mapping \"asas\", did you mean \"asaas\"? expected one of asaas [unknown-value]\n"},
        {SOURCES, "sources: { a: { topic: t, live: true, creditor: outro } }",
         "6:49: error: unknown creditor \"outro\"; expected one of provedor [unknown-value]\n"},
        {SOURCES, "sources: { a: { topic: t, live: true, door: { scheme: token } } }",
         "6:39: error: missing key \"secret\" in \"door\" [missing-key]\n6:39: error: missing key \"header\" in \"door\" "
         "[missing-key]\n"},
        {SOURCES, "sources: { a: { topic: t, live: true, door: { scheme: stripe, secret: whsec_1 } } }",
         "6:71: error: a secret is not written here; write { credential: NAME } or { file: PATH } and treat this one as leaked "
         "[literal-secret]\n"},
        {SOURCES, "sources: { a: { topic: t, live: true, payements: live } }",
         "6:39: error: unknown key \"payements\" in source \"a\", did you mean \"payments\"? [unknown-key]\n"},
    };
    assert_rows(rows, RG_COUNT(rows));
}

static void channels_must_fit(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {CHANNELS, "channels: {}", ""},
        {CHANNELS, "", ""},
        {CHANNELS, "channels: { a: {} }", "7:13: error: missing key \"transport\" in channel \"a\" [missing-key]\n"},
        {CHANNELS, "channels: { a: { transport: stmp } }",
         "7:29: error: unknown transport \"stmp\", did you mean \"smtp\"? expected one of smtp, http, kafka, spool, task "
         "[unknown-value]\n"},
        {CHANNELS, "channels: { a: { transport: smtp } }",
         "7:13: error: missing key \"url\" in channel \"a\" [missing-key]\n7:13: error: missing key \"from\" in channel \"a\" "
         "[missing-key]\n"},
        {CHANNELS, "channels: { a: { transport: http } }",
         "7:13: error: missing key \"preset\" in channel \"a\" [missing-key]\n7:13: error: missing key \"url\" in channel \"a\" "
         "[missing-key]\n"},
        {CHANNELS, "channels: { a: { transport: kafka } }",
         "7:13: error: missing key \"topic\" in channel \"a\" [missing-key]\n"},
        {CHANNELS, "channels: { a: { transport: spool } }",
         "7:13: error: missing key \"directory\" in channel \"a\" [missing-key]\n"},
        {CHANNELS, "channels: { a: { transport: task } }", ""},
        {CHANNELS, "channels: { a: { transport: task, url: \"https://x\" } }",
         "7:35: error: \"url\" means nothing to transport task [unused-key]\n"},
        {CHANNELS, "channels: { a: { transport: task, version: 1 } }",
         "7:35: error: unknown key \"version\" in channel \"a\" [unknown-key]\n"},
        {CHANNELS, "channels: { a: { transport: task, rte: 50/s } }",
         "7:35: error: unknown key \"rte\" in channel \"a\", did you mean \"rate\"? [unknown-key]\n"},
        {CHANNELS, "channels: { a: { transport: http, preset: zenvia, url: \"https://x\", rte: 50/s } }",
         "7:69: warning: \"rte\" goes to the preset as it is; did you mean \"rate\"? [near-key]\n"},
        {CHANNELS, "channels: { a: { transport: http, preset: zenvai, url: \"https://x\" } }",
         "7:43: error: unknown preset \"zenvai\", did you mean \"zenvia\"? expected one of whatsapp-cloud, zenvia "
         "[unknown-value]\n"},
        {CHANNELS, "channels: { a: { transport: http, preset: zenvia, url: \"http://api.example\" } }",
         "7:56: error: personal data would travel readable; write https://, or internal: true if this is your own network "
         "[not-encrypted]\n"},
        {CHANNELS, "channels: { a: { transport: http, preset: zenvia, url: \"http://127.0.0.1:8080\" } }", ""},
        {CHANNELS, "channels: { a: { transport: http, preset: zenvia, url: \"http://[::1]:8080/x\" } }", ""},
        {CHANNELS, "channels: { a: { transport: http, preset: zenvia, url: \"ftp://x\" } }",
         "7:56: error: expected an address such as https://api.provider.example [bad-url]\n"},
        {CHANNELS, "channels: { a: { transport: http, preset: zenvia, url: \"https://u:hunter2@x\" } }",
         "7:56: error: a password is not written into an address; write token: { credential: NAME } [literal-secret]\n"},
        {CHANNELS, "channels: { a: { transport: http, preset: zenvia, url: \"https://x\", api_key: hunter2 } }",
         "7:78: error: a secret is not written here; write { credential: NAME } or { file: PATH } and treat this one as leaked "
         "[literal-secret]\n"},
        {CHANNELS, "channels: { a: { transport: http, preset: zenvia, url: \"https://x\", Version: 1 } }",
         "7:69: error: unknown key \"Version\" in channel \"a\" [unknown-key]\n"},
        {CHANNELS, "channels: { a: { transport: smtp, url: \"mail.example\", from: a@b.c } }",
         "7:40: error: expected an address such as smtp://127.0.0.1:25 [bad-url]\n"},
        {CHANNELS, "channels: { a: { transport: smtp, url: \"smtp://mail.example\", tls: none, from: a@b.c } }",
         "7:40: error: personal data would travel readable; write tls: required, or internal: true if this is your own network "
         "[not-encrypted]\n"},
        {CHANNELS, "channels: { a: { transport: smtp, url: \"smtp://mail.example\", tls: none, internal: true, from: a@b.c } }",
         ""},
        {CHANNELS, "channels: { a: { transport: smtp, url: \"smtp://127.0.0.1\", tls: none, from: a@b.c, user: u, password: { "
                   "credential: p } } }",
         "7:103: error: a password is not sent without encryption; write tls: required [not-encrypted]\n"},
        {CHANNELS, "channels: { a: { transport: smtp, url: \"smtp://m\", from: a@b.c, user: u } }",
         "7:71: error: user and password go together [missing-key]\n"},
        {CHANNELS, "channels: { a: { transport: smtp, url: \"smtp://m\", from: Provedor } }",
         "7:58: error: expected a sender such as Provedor Exemplo <cobranca@provedor.example> [bad-address]\n"},
        {CHANNELS, "channels: { a: { transport: smtp, url: \"smtp://m\", from: \"a@b.c\\nBcc: x@y.z\" } }",
         "7:58: error: expected a text of one line, without control characters [bad-character]\n"},
        {CHANNELS, "channels: { a: { transport: task, rate: 50 } }",
         "7:41: error: expected a rate such as 50/s, 600/m or 1000/h for \"rate\", got \"50\" [mistyped]\n"},
        {CHANNELS, "channels: { a: { transport: task, claim_time: 30s } }",
         "7:47: error: timeout must be shorter than claim_time, else a slow answer is always in doubt [out-of-range]\n"},
        {CHANNELS, "channels: { a: { transport: task, timeout: 60s } }",
         "7:44: error: timeout must be shorter than claim_time, else a slow answer is always in doubt [out-of-range]\n"},
        {CHANNELS, "channels: { a: { transport: task, timeout: 59s } }", ""},
        {CHANNELS, "channels: { a: { transport: task, claim_time: 9s, timeout: 1s } }",
         "7:47: error: \"claim_time\" is 9s; expected 10s to 10m [out-of-range]\n"},
        {CHANNELS, "channels: { signals: { transport: task } }",
         "7:13: error: channel \"signals\" is built in; choose another name [reserved]\n"},
        {CHANNELS, "channels: { a: { transport: task, evidence: seen } }",
         "7:45: error: unknown evidence \"seen\"; expected one of best, accepted, delivered, read, replied [unknown-value]\n"},
        {CHANNELS, "channels: { a: { transport: kafka, topic: \"a b\" } }",
         "7:43: error: a topic's name holds letters, digits, \".\", \"_\" and \"-\" only [bad-name]\n"},
    };
    assert_rows(rows, RG_COUNT(rows));
}

static void listeners_must_fit(void **state)
{
    (void)state;
    static const char mistyped[] = "8:17: error: expected address:port such as 127.0.0.1:8470, or none for \"listen\", got \"";
    static const char *const wrong[] = {"localhost:80", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", ":80",
                                        "[::1]", "::1:80", "300.0.0.1:80", "127.0.0.1:+80"};
    for (size_t i = 0; i < RG_COUNT(wrong); i++) {
        char line[96], expected[192];
        (void)snprintf(line, sizeof line, "http: { listen: \"%s\" }", wrong[i]);
        (void)snprintf(expected, sizeof expected, "%s%s\" [mistyped]\n", mistyped, wrong[i]);
        const struct row row = {REST, line, expected};
        assert_rows(&row, 1);
    }
    static const struct row rows[] = {
        {REST, "http: { listen: none }", ""},
        {REST, "http: { listen: \"127.0.0.1:65535\" }", ""},
        {REST, "http: { listen: \"0.0.0.0:8470\" }",
         "8:17: warning: console and API can be reached from other machines, without encryption [exposed]\n"},
        {REST, "doors: { listen: \"127.0.0.1:8470\" }",
         "8:18: error: http and doors never share a socket: webhooks come from outside [repeated]\n"},
        {REST, "http: { listen: \"127.0.0.1:8471\" }", ""}, /* nobody has a door unless he says so */
        {REST, "http: { operators: { maria: {} } }",
         "8:22: error: missing key \"token\" in operator \"maria\" [missing-key]\n8:22: error: missing key \"roles\" in "
         "operator \"maria\" [missing-key]\n"},
        {REST, "http: { operators: { maria: { token: hunter2, roles: [look] } } }",
         "8:38: error: a secret is not written here; write { credential: NAME } or { file: PATH } and treat this one as leaked "
         "[literal-secret]\n"},
        {REST, "http: { operators: { maria: { token: { credential: m }, roles: [admin] } } }",
         "8:65: error: unknown role \"admin\"; expected one of look, act, approve [unknown-value]\n"},
        {REST, "http: { operators: { maria: { token: { credential: m }, roles: [] } } }",
         "8:64: error: a list of 0; expected 1 to 3 [out-of-range]\n"},
    };
    assert_rows(rows, RG_COUNT(rows));
}

static void all_findings_come_in_one_run(void **state)
{
    (void)state;
    struct loaded l RG_CLEANUP(done) =
        load("language: 3\ncreditors: { a: { name: A, document: 1 } }\nservices: { i: { sector: X } }\nkafka: { shards: 0 }\n"
                                            "redis: { url: x }\nsources: { s: { topic: t } }\nchannels: { c: { transport: fax } "
                                            "}\nmodo: x\n");
    assert_int_equal(l.rc, RG_EINVAL);
    assert_true(rg_diags_errors(l.diags) >= 9);
    struct loaded none RG_CLEANUP(done) = load("- a\n");
    assert_string_equal(rg_buf_cstr(&none.heads), "1:1: error: expected keys and values, got a list [mistyped]\n");
    struct loaded missing RG_CLEANUP(done) = load("");
    assert_int_equal(missing.rc, RG_EINVAL);
}

static void a_missing_file_is_a_finding(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(RG_SITE_ARENA_BYTES);
    struct rg_diags *diags = rg_diags_new();
    const struct rg_site *site = NULL;
    assert_int_equal(rg_site_load("/nowhere/regua.yaml", NULL, arena, diags, &site), RG_ENOTFOUND);
    assert_null(site);
    assert_string_equal(rg_diags_at(diags, 0)->text, "cannot be read: No such file or directory");
    rg_diags_free(&diags);
    rg_arena_free(&arena);
}

static const char *source_path(const char *below)
{
    static char path[512];
    const char *root = getenv("RG_SOURCE_DIR");
    (void)snprintf(path, sizeof path, "%s/%s", root ? root : ".", below);
    return path;
}

static void read_source(const char *below, struct rg_buf *into)
{
    struct rg_error err;
    rg_buf_init(into, TEXT_MAX);
    if (rg_file_read(source_path(below), into, &err) < 0)
        fail_msg("%s: %s", source_path(below), err.text);
}

/* As shipped, and with every setting switched on that waits behind a "#". */
static void the_shipped_file_is_right_with_every_setting_on(void **state)
{
    (void)state;
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    read_source("config/shipped/regua.yaml", &text);
    struct loaded plain RG_CLEANUP(done) = load(rg_buf_cstr(&text));
    assert_string_equal(rg_buf_cstr(&plain.heads), "");
    assert_int_equal(plain.site->mode, RG_MODE_SHADOW);
    size_t switched = 0;
    for (size_t i = 0; i + 1 < text.len; i++) {
        bool begins = text.data[i] == '#' && text.data[i + 1] >= 'a' && text.data[i + 1] <= 'z';
        size_t before = i;
        while (before > 0 && text.data[before - 1] == ' ')
            before--;
        if (!begins || (before > 0 && text.data[before - 1] != '\n'))
            continue;
        memmove(text.data + i, text.data + i + 1, text.len - i); /* and the NUL */
        text.len--;
        switched++;
    }
    struct loaded all RG_CLEANUP(done) = load(rg_buf_cstr(&text));
    assert_string_equal(rg_buf_cstr(&all.heads), "");
    assert_true(switched >= 20);
    assert_int_equal(all.site->channels.count, 2);
    assert_int_equal(all.site->kafka.client.count, 4);
    assert_int_equal(all.site->http.operators.count, 1);
}

static void check_help(const char *path, const struct rg_row *row, void *ctx)
{
    (void)ctx;
    size_t n = strlen(row->help);
    if (n < 10 || row->help[n - 1] != '.')
        fail_msg("%s: the help is no sentence: %s", path, row->help);
}

/* What the documents make of the table is compared in the lane "docs"; here it must be sound. */
static void every_key_is_documented(void **state)
{
    (void)state;
    rg_table_check(&rg_site_table);
    rg_table_each(&rg_site_table, check_help, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_file_takes_its_defaults),
        cmocka_unit_test(a_full_file_is_read),
        cmocka_unit_test(sections_and_names_must_fit),
        cmocka_unit_test(kafka_and_redis_must_fit),
        cmocka_unit_test(guarantees_cannot_be_configured_away),
        cmocka_unit_test(redis_over_tls_is_refused_with_advice),
        cmocka_unit_test(sources_must_fit),
        cmocka_unit_test(channels_must_fit),
        cmocka_unit_test(listeners_must_fit),
        cmocka_unit_test(all_findings_come_in_one_run),
        cmocka_unit_test(a_missing_file_is_a_finding),
        cmocka_unit_test(the_shipped_file_is_right_with_every_setting_on),
        cmocka_unit_test(every_key_is_documented),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* The admin port from outside: who may ask what, what is answered, what is refused and in which words. */
#include "daemon/admin/admin.h"

#include "base/core/log.h"
#include "base/json/json.h"
#include "tests/unit/base/httpd/peer.h"
#include "tests/unit/daemon/admin/fake_daemon.h"
#include "tests/unit/daemon/rules/play.h"
#include "tests/unit/support/cmocka.h"

struct rig {
    struct rg_daemon daemon;
    struct rg_buf answer;
    int status;
    const char *body;
    char last_log[256];
};

static void on_log(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink)
{
    struct rig *rig = sink;
    (void)level;
    (void)snprintf(rig->last_log, sizeof rig->last_log, "%s %s %s", id, ctx != NULL && ctx->debtor != NULL ? ctx->debtor : "-",
                   text);
}

static int open_rig(void **state)
{
    struct rig *rig = rg_alloc(sizeof *rig);
    struct play p;
    rg_log_capture(on_log, rig);
    fake_daemon_open(&rig->daemon);
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-11-24 10:12");
    fake_daemon_put_debtor(&rig->daemon, p.record);
    fake_daemon_put_reference(&rig->daemon, "invoice:provedor:F1", "D1");
    fake_daemon_put_reference(&rig->daemon, "invoice:provedor:F9", "D9");
    fake_daemon_put_reference(&rig->daemon, "invoice:bank:F9", "D1");
    play_end(&p);
    rg_buf_init(&rig->answer, 1 << 20);
    *state = rig;
    return 0;
}

static int close_rig(void **state)
{
    struct rig *rig = *state;
    fake_daemon_close(&rig->daemon);
    rg_buf_done(&rig->answer);
    rg_log_capture(NULL, NULL);
    rg_free(&rig);
    return 0;
}

static void ask(struct rig *rig, const char *method, const char *target, const char *token, const char *headers, const char *body)
{
    struct rg_buf request RG_CLEANUP(rg_buf_done);
    rg_buf_init(&request, 1 << 20);
    rg_buf_reset(&rig->answer);
    rg_buf_addf(&request, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, target, headers);
    if (token != NULL)
        rg_buf_addf(&request, "Authorization: Bearer %s\r\n", token);
    if (body != NULL)
        rg_buf_addf(&request, "Content-Length: %zu\r\n", strlen(body));
    rg_buf_addf(&request, "\r\n%s", body != NULL ? body : "");
    rg_peer_ask(rg_admin_port(rig->daemon.admin), rg_buf_str(&request), &rig->answer);
    const char *text = rg_buf_cstr(&rig->answer);
    assert_int_equal(sscanf(text, "HTTP/1.1 %d", &rig->status), 1);
    rig->body = strstr(text, "\r\n\r\n");
    assert_non_null(rig->body);
    rig->body += 4;
}

/* One row of a conversation: `says` is a part of the body. */
struct row {
    const char *method, *target, *token, *body;
    int status;
    const char *says;
};

static void check(struct rig *rig, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ask(rig, rows[i].method, rows[i].target, rows[i].token, "", rows[i].body);
        if (rig->status != rows[i].status || strstr(rig->body, rows[i].says) == NULL)
            fail_msg("row %zu %s %s: %d %s", i, rows[i].method, rows[i].target, rig->status, rig->body);
        if (rig->status >= 400 && strncmp(rows[i].target, "/api", 4) == 0) {
            struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
            struct rg_str text;
            assert_int_equal(rg_json_parse(rg_str(rig->body), 1 << 16, &doc, NULL), 0);
            assert_true(rg_json_str(rg_json_get(rg_json_root(doc), "error"), &text));
            assert_true(rg_json_str(rg_json_get(rg_json_root(doc), "detail"), &text));
        }
    }
}

static void health_is_one_word_and_its_reasons(void **state)
{
    struct rig *rig = *state;
    const struct row fine[] = {
        {"GET", "/livez", NULL, NULL, 200, "ok\n"},
        {"GET", "/readyz", NULL, NULL, 200, "ready\n"},
        {"GET", "/readyz?verbose", NULL, NULL, 200, "[+] 2 of 64 shards run here\n"},
        {"GET", "/readyz?verbose=maybe", NULL, NULL, 400, "verbose=1 or verbose=0 expected"},
    };
    check(rig, fine, RG_COUNT(fine));
    rig->daemon.status.ready = false;
    rig->daemon.status.reason_count = 1;
    (void)snprintf(rig->daemon.status.reasons[0], sizeof rig->daemon.status.reasons[0], "Redis cannot be reached");
    ask(rig, "GET", "/readyz", NULL, "", NULL);
    assert_int_equal(rig->status, 503);
    assert_string_equal(rig->body, "unready\n");
    const struct row red[] = {
        {"GET", "/readyz?verbose=1", NULL, NULL, 503, "unready\n[-] Redis cannot be reached\n"},
        {"GET", "/livez", NULL, NULL, 200, "ok\n"},
    };
    check(rig, red, RG_COUNT(red));
}

/* With the words of --check, so that nobody has to look elsewhere; and a warning only, for what runs is fine. */
static void a_refused_reload_is_told_everywhere(void **state)
{
    struct rig *rig = *state;
    rig->daemon.reload = (struct rg_daemon_reload){.asked = 3, .done = 3, .rejected = true, .at_ms = rig->daemon.now_ms,
                                                   .fine_at_ms = rig->daemon.now_ms - 3600000,
                                                   .findings = RG_STR("a.yaml:3:5: error: wrong [code]\n  x: y\n  ^\n")};
    const struct row rows[] = {
        {"GET", "/readyz", NULL, NULL, 200, "ready\n"},
        {"GET", "/readyz?verbose", NULL, NULL, 200,
         "[!] reload rejected, rules 3fa9c1d200aa stay in force:\n    a.yaml:3:5: error: wrong [code]\n      x: y\n      ^\n"},
        {"GET", "/api/v1/status", NULL, NULL, 200,
         "\"reload\":{\"asked\":3,\"done\":3,\"rejected\":true,\"at\":\"2026-11-24T10:12:00-03:00\",\"in_force_since\":\"2026-11-24T09:12:00-"
         "03:00\",\"findings\":\"a.yaml:3:5: error: wrong [code]\\n  x: y\\n  ^\\n\"}"},
        {"GET", "/api/v1/reload", NULL, NULL, 200, "\"rules\":\"3fa9c1d200aa\",\"asked\":3,\"done\":3,\"rejected\":true"},
        {"GET", "/metrics", NULL, NULL, 200, "\nregua_config_last_reload_successful 0\n"},
        {"GET", "/metrics", NULL, NULL, 200, "\nregua_config_last_reload_success_timestamp_seconds 1795522320.000\n"},
    };
    check(rig, rows, RG_COUNT(rows));
    rig->daemon.reload.rejected = false;
    rig->daemon.reload.findings = RG_STR("regua.yaml:3:5: warning: changed [needs-restart]\n");
    ask(rig, "GET", "/readyz?verbose", NULL, "", NULL);
    assert_non_null(strstr(rig->body, "[!] the last reload warned:\n    regua.yaml:3:5: warning: changed [needs-restart]\n"));
}

static void status_is_counts_and_needs_no_token(void **state)
{
    struct rig *rig = *state;
    static const char *const parts[] = {
        "\"ready\":true,\"reasons\":[]",
        "\"rules\":\"3fa9c1d200aa\"",
        "\"live\":false,\"live_max_step\":null",
        "\"at_rest\":false",
        "\"shards_configured\":64",
        "\"now\":\"2026-11-24T10:12:00-03:00\"",
        "\"next_due\":\"2026-11-24T10:11:57.500-03:00\"",
        "{\"shard\":7,\"state\":\"running\",\"lag\":3,",
        "{\"channel\":\"email\",\"taken\":40,\"in_hand\":0,\"unreadable\":6,\"accepted\":38,\"rejected\":0",
        "\"dead\":6,",
        "{\"source\":\"billing\",\"accepted\":900,\"ignored\":0,\"rejected\":3,\"dead\":3,\"repeated\":5,\"partitions\":[{\"partition\":0,"
        "\"state\":\"reading\",\"next\":700,\"lag\":12,\"read_through\":\"2026-11-24T10:11:59.100-03:00\"}",
        "\"partitions_here\":2,\"partitions_read\":1,\"lag\":12,\"read_through\":null}",
        "\"state\":\"stopped\",\"next\":40,\"lag\":0,\"read_through\":\"2026-11-24T10:12:00-03:00\",\"trouble\":\"made anew\"}",
    };
    ask(rig, "GET", "/api/v1/status", NULL, "", NULL);
    assert_int_equal(rig->status, 200);
    for (size_t i = 0; i < RG_COUNT(parts); i++)
        if (strstr(rig->body, parts[i]) == NULL)
            fail_msg("%s not in %s", parts[i], rig->body);
}

/* Every sample belongs to a family that was introduced before it, counters end in _total, nothing comes twice. */
static void metrics_are_well_formed(void **state)
{
    struct rig *rig = *state;
    char name[128], type[32], family[128] = "", *save = NULL;
    size_t samples = 0;
    ask(rig, "GET", "/metrics", NULL, "", NULL);
    assert_int_equal(rig->status, 200);
    assert_non_null(strcasestr(rig->answer.data, "Content-Type: text/plain; version=0.0.4"));
    assert_non_null(strstr(rig->body, "\nregua_events_total{result=\"accepted\"} 1200\n"));
    assert_non_null(strstr(rig->body, "\nregua_suppressed_total{gate=\"paid\"} 4\n"));
    assert_non_null(strstr(rig->body, "\nregua_deliveries_total{channel=\"email\",result=\"accepted\"} 38\n"));
    assert_non_null(strstr(rig->body, "\nregua_source_records_total{source=\"billing\",result=\"accepted\"} 900\n"));
    assert_non_null(strstr(rig->body, "\nregua_source_records_total{source=\"bank\",result=\"ignored\"} 7\n"));
    assert_non_null(strstr(rig->body, "\nregua_source_deadletter_total{source=\"billing\",reason=\"bad_json\"} 3\n"));
    assert_non_null(strstr(rig->body, "\nregua_source_repeated_total{source=\"billing\"} 5\n"));
    assert_non_null(strstr(rig->body, "\nregua_deadletter_total{by=\"ingest\"} 4\nregua_deadletter_total{by=\"shard\"} 2\n"));
    assert_non_null(strstr(rig->body, "\nregua_source_lag_records{source=\"billing\",partition=\"0\"} 12\n"));
    assert_null(strstr(rig->body, "regua_source_lag_records{source=\"billing\",partition=\"1\"}"));
    assert_non_null(strstr(rig->body, "\nregua_source_read_through_timestamp_seconds{source=\"billing\",partition=\"0\"} "));
    assert_non_null(strstr(rig->body, "\nregua_source_partition_read{source=\"bank\",partition=\"0\"} 0\n"));
    assert_non_null(strstr(rig->body, "\nregua_actions_unreadable_total{channel=\"email\"} 6\n"));
    assert_non_null(strstr(rig->body, "\nregua_due_oldest_seconds 2.500\n"));
    assert_non_null(strstr(rig->body, "\nregua_frontier_age_seconds 1.200\n"));
    char *copy = rg_strdup(rig->body);
    for (char *line = strtok_r(copy, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        if (sscanf(line, "# HELP %127s", name) == 1) {
            char mark[160];
            (void)snprintf(mark, sizeof mark, "# HELP %s ", name);
            assert_null(strstr(strstr(rig->body, mark) + 1, mark));
        } else if (sscanf(line, "# TYPE %127s %31s", family, type) == 2) {
            assert_string_equal(family, name);
            assert_int_equal(strcmp(type, "counter") == 0, strstr(family, "_total") != NULL);
            assert_null(strstr(family, "_ms"));
        } else {
            assert_int_equal(strncmp(line, family, strlen(family)), 0);
            assert_true(line[strlen(family)] == '{' || line[strlen(family)] == ' ');
            samples++;
        }
    }
    rg_free(&copy);
    assert_true(samples > 50);
}

static void who_may_ask_what(void **state)
{
    const struct row rows[] = {
        {"GET", "/api/v1/debtors/D1", NULL, NULL, 401, "this needs an operator's token"},
        {"GET", "/api/v1/debtors/D1", "wrong", NULL, 401, "this token is not known"},
        {"GET", "/api/v1/debtors/D1", FAKE_MARIA "x", NULL, 401, "this token is not known"},
        {"GET", "/api/v1/debtors/D1", FAKE_LIA, NULL, 200, "\"debtor\":\"D1\""},
        {"POST", "/api/v1/stop", NULL, "{\"reason\":\"x\"}", 401, "no_token"},
        {"POST", "/api/v1/stop", FAKE_LIA, "{\"reason\":\"x\"}", 403, "operator lia lacks the role act"},
        {"POST", "/api/v1/stop", FAKE_MARIA, "{\"reason\":\"x\"}", 200, "\"by\":\"maria\""},
        {"GET", "/api/v1/stop", FAKE_MARIA, NULL, 405, "POST expected here"},
        {"POST", "/livez", NULL, "", 405, "GET expected here"},
        {"GET", "/", NULL, NULL, 404, "there is nothing at this path"},
        {"GET", "/api/v1/debtors/", FAKE_MARIA, NULL, 404, "there is nothing at this path"},
        {"GET", "/api/v1/debtors/D1/x", FAKE_MARIA, NULL, 404, "there is nothing at this path"},
        {"GET", "/api/v1/debtors/D%", FAKE_MARIA, NULL, 400, "not well escaped"},
    };
    check(*state, rows, RG_COUNT(rows));
}

static void pages_of_other_sites_cannot_act(void **state)
{
    struct rig *rig = *state;
    static const char *const headers[] = {"Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n",
                                          "Origin: null\r\n"};
    for (size_t i = 0; i < RG_COUNT(headers); i++) {
        ask(rig, "POST", "/api/v1/stop", FAKE_MARIA, headers[i], "{\"reason\":\"x\"}");
        assert_int_equal(rig->status, 403);
        assert_non_null(strstr(rig->body, "other_origin"));
    }
    assert_string_equal(rig->daemon.act, "");
    ask(rig, "POST", "/api/v1/stop", FAKE_MARIA, "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n",
        "{\"reason\":\"x\"}");
    assert_int_equal(rig->status, 200);
}

static void a_debtor_is_found_by_id_or_invoice(void **state)
{
    const struct row rows[] = {
        {"GET", "/api/v1/debtors/D1", FAKE_LIA, NULL, 200, "\"next_look\":null,\"record\":{\"v\":1,\"debtor\":\"D1\""},
        {"GET", "/api/v1/debtors/%44%31", FAKE_LIA, NULL, 200, "\"debtor\":\"D1\""},
        {"GET", "/api/v1/debtors/F1", FAKE_LIA, NULL, 200, "\"debtor\":\"D1\""},
        {"GET", "/api/v1/debtors/provedor:F1", FAKE_LIA, NULL, 200, "\"debtor\":\"D1\""},
        {"GET", "/api/v1/debtors/provedor%3AF1", FAKE_LIA, NULL, 200, "\"debtor\":\"D1\""},
        {"GET", "/api/v1/debtors/bank:F1", FAKE_LIA, NULL, 404, "no debtor and no invoice \\\"bank:F1\\\" is known"},
        {"GET", "/api/v1/debtors/D2", FAKE_LIA, NULL, 404, "no debtor and no invoice \\\"D2\\\" is known"},
        {"GET", "/api/v1/debtors/F9", FAKE_LIA, NULL, 409,
         "invoice F9 is owed by D1 (bank) and by D9 (provedor): name the debtor"},
        {"GET", "/api/v1/debtors/bank:F9", FAKE_LIA, NULL, 200, "\"debtor\":\"D1\""},
        {"GET", "/api/v1/debtors?invoice=F9", FAKE_LIA, NULL, 200,
         "{\"debtors\":[{\"debtor\":\"D1\",\"namespace\":\"bank\",\"invoice\":\"F9\"},{\"debtor\":\"D9\""},
        {"GET", "/api/v1/debtors?invoice=none", FAKE_LIA, NULL, 200, "{\"debtors\":[]}"},
        {"GET", "/api/v1/debtors", FAKE_LIA, NULL, 400, "an id of 1 to 128 bytes expected"},
        {"GET", "/api/v1/debtors?invoice=a&invoice=b", FAKE_LIA, NULL, 400, "says \\\"invoice\\\" twice"},
    };
    check(*state, rows, RG_COUNT(rows));
}

static void personal_data_is_masked_and_its_showing_logged(void **state)
{
    struct rig *rig = *state;
    static const char *const personal[] = {"Maria da Silva", "52998224725", "maria@exemplo.example", "+5511912345678"};
    ask(rig, "GET", "/api/v1/debtors/D1", FAKE_LIA, "", NULL);
    for (size_t i = 0; i < RG_COUNT(personal); i++)
        assert_null(strstr(rig->body, personal[i]));
    assert_string_equal(rig->last_log, "");
    ask(rig, "GET", "/api/v1/debtors/F1?reveal=1", FAKE_LIA, "", NULL);
    for (size_t i = 0; i < RG_COUNT(personal); i++)
        assert_non_null(strstr(rig->body, personal[i]));
    assert_string_equal(rig->last_log, "REVEAL D1 operator lia read this debtor's personal data");
}

static void explain_speaks_text_and_json(void **state)
{
    struct rig *rig = *state;
    const struct row rows[] = {
        {"GET", "/api/v1/debtors/D1/explain", FAKE_LIA, NULL, 200, "{\"debtor\":\"D1\""},
        {"GET", "/api/v1/debtors/D1/explain?format=text", FAKE_LIA, NULL, 200, "debtor D1"},
        {"GET", "/api/v1/debtors/F1/explain?format=text&step=suspensao&all=1", FAKE_LIA, NULL, 200, "suspensao"},
        {"GET", "/api/v1/debtors/D1/explain?step=suspensa", FAKE_LIA, NULL, 400,
         "no ladder has a step \\\"suspensa\\\", did you mean \\\"suspensao\\\"?"},
        {"GET", "/api/v1/debtors/D1/explain?step=", FAKE_LIA, NULL, 400, "unknown_step"},
        {"GET", "/api/v1/debtors/D1/explain?format=yaml", FAKE_LIA, NULL, 400, "format=text or format=json expected"},
        {"GET", "/api/v1/debtors/D1/explain?all=2", FAKE_LIA, NULL, 400, "all=1 or all=0 expected"},
        {"GET", "/api/v1/debtors/D2/explain", FAKE_LIA, NULL, 404, "not_found"},
    };
    check(rig, rows, RG_COUNT(rows));
    ask(rig, "GET", "/api/v1/debtors/D1/explain", FAKE_LIA, "Accept: text/plain, */*\r\n", NULL);
    assert_int_equal(strncmp(rig->body, "debtor D1", 9), 0);
    rig->daemon.redis_down = true;
    ask(rig, "GET", "/api/v1/debtors/D1/explain", FAKE_LIA, "", NULL);
    assert_int_equal(rig->status, 503);
    assert_non_null(strstr(rig->body, "Redis at 127.0.0.1:6379 cannot be reached"));
}

static void acts_have_an_author_and_a_reason(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *target, *body, *act, *logged;
    } rows[] = {
        {"/api/v1/go-live", "{\"max_step\":\"atraso\",\"spread\":\"5d\",\"reason\":\"piloto\"}",
         "go-live maria atraso 432000000 piloto", "; reason: piloto"},
        {"/api/v1/go-live", "{\"max_step\":\"suspensao\",\"reason\":\"tudo\"}", "go-live maria suspensao 0 tudo", "; reason: tudo"},
        {"/api/v1/stop", "{\"reason\":\"enchente\"}", "stop maria enchente", "; reason: enchente"},
        {"/api/v1/resume", "{\"reason\":\"passou\"}", "resume maria passou", "; reason: passou"},
        {"/api/v1/synced", "{\"source\":\"bank\",\"through\":\"2026-11-23T23:59:59-03:00\",\"reason\":\"retorno\"}",
         "synced maria bank 1795489199000 retorno", "; reason: retorno"},
        {"/api/v1/synced", "{\"source\":\"bank\",\"reason\":\"retorno\"}", "synced maria bank 1795525920000 retorno", "; reason: retorno"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        ask(rig, "POST", rows[i].target, FAKE_MARIA, "", rows[i].body);
        if (rig->status != 200)
            fail_msg("%s: %s", rows[i].body, rig->body);
        assert_string_equal(rig->daemon.act, rows[i].act);
        assert_non_null(strstr(rig->body, "\"by\":\"maria\",\"changed\":\""));
        assert_non_null(strstr(rig->body, "\"undo\":\""));
        assert_int_equal(strncmp(rig->last_log, "ACT - operator maria: ", 22), 0);
        assert_non_null(strstr(rig->last_log, rows[i].logged));
    }
}

static void acts_that_are_wrong_or_careless_change_nothing(void **state)
{
    struct rig *rig = *state;
    const struct row rows[] = {
        {"POST", "/api/v1/stop", FAKE_MARIA, "", 400, "the body is not JSON"},
        {"POST", "/api/v1/stop", FAKE_MARIA, "[]", 400, "a JSON object expected"},
        {"POST", "/api/v1/stop", FAKE_MARIA, "{}", 400, "reason: say why"},
        {"POST", "/api/v1/stop", FAKE_MARIA, "{\"reason\":\"\"}", 400, "reason: a text of one line"},
        {"POST", "/api/v1/stop", FAKE_MARIA, "{\"reason\":\"a\\nb\"}", 400, "reason: a text of one line"},
        {"POST", "/api/v1/stop", FAKE_MARIA, "{\"reason\":7}", 400, "reason: a text of one line"},
        {"POST", "/api/v1/stop", FAKE_MARIA, "{\"reason\":null}", 400, "reason: say why"},
        {"POST", "/api/v1/stop", FAKE_MARIA, "{\"reasn\":\"x\"}", 400,
         "unknown member \\\"reasn\\\", did you mean \\\"reason\\\"?"},
        {"POST", "/api/v1/stop", FAKE_MARIA, "{\"reason\":\"x\",\"reason\":\"y\"}", 400, "not JSON"},
        {"POST", "/api/v1/go-live", FAKE_MARIA, "{\"reason\":\"x\"}", 409, "without a cap is refused"},
        {"POST", "/api/v1/go-live", FAKE_MARIA, "{\"max_step\":\"atrazo\",\"reason\":\"x\"}", 400,
         "no ladder has a step \\\"atrazo\\\", did you mean \\\"atraso\\\"?"},
        {"POST", "/api/v1/go-live", FAKE_MARIA, "{\"max_step\":\"religar\",\"reason\":\"x\"}", 400, "unknown_step"},
        {"POST", "/api/v1/go-live", FAKE_MARIA, "{\"max_step\":\"atraso\",\"spread\":\"5bd\",\"reason\":\"x\"}", 400,
         "spread: a duration"},
        {"POST", "/api/v1/go-live", FAKE_MARIA, "{\"max_step\":\"atraso\",\"spread\":\"91d\",\"reason\":\"x\"}", 400,
         "spread: a duration"},
        {"POST", "/api/v1/go-live", FAKE_MARIA, "{\"max_step\":\"atraso\",\"spread\":\"-1d\",\"reason\":\"x\"}", 400,
         "spread: a duration"},
        {"POST", "/api/v1/synced", FAKE_MARIA, "{\"reason\":\"x\"}", 400, "source: the name of a source expected"},
        {"POST", "/api/v1/synced", FAKE_MARIA, "{\"source\":\"bnak\",\"reason\":\"x\"}", 400,
         "no source \\\"bnak\\\", did you mean \\\"bank\\\"?"},
        {"POST", "/api/v1/synced", FAKE_MARIA, "{\"source\":\"billing\",\"reason\":\"x\"}", 409, "not declared as synced"},
        {"POST", "/api/v1/synced", FAKE_MARIA, "{\"source\":\"bank\",\"through\":\"yesterday\",\"reason\":\"x\"}", 400,
         "through: an instant"},
        {"POST", "/api/v1/synced", FAKE_MARIA, "{\"source\":\"bank\",\"through\":\"2026-11-24T10:12:01-03:00\",\"reason\":\"x\"}",
         409, "lies in the future"},
    };
    check(rig, rows, RG_COUNT(rows));
    assert_string_equal(rig->daemon.act, "");
    char body[700] = "{\"reason\":\"";
    for (size_t n = 500; n <= 501; n++) {
        memset(body + 11, 'r', n);
        memcpy(body + 11 + n, "\"}", 3);
        ask(rig, "POST", "/api/v1/stop", FAKE_MARIA, "", body);
        assert_int_equal(rig->status, n == 500 ? 200 : 400);
    }
}

/* A spread that is counted from no instant would be over: every debtor at once. */
static void going_live_waits_for_the_shared_clock(void **state)
{
    struct rig *rig = *state;
    const int64_t now_ms = rig->daemon.now_ms;
    rig->daemon.now_ms = -1;
    for (int spread = 0; spread < 2; spread++) {
        ask(rig, "POST", "/api/v1/go-live", FAKE_MARIA, "",
            spread ? "{\"max_step\":\"atraso\",\"spread\":\"5d\",\"reason\":\"x\"}" : "{\"max_step\":\"atraso\",\"reason\":\"x\"}");
        assert_int_equal(rig->status, 503);
        assert_non_null(strstr(rig->body, "the shared clock is not known yet"));
    }
    assert_string_equal(rig->daemon.act, "");
    rig->daemon.now_ms = now_ms;
}

static void an_act_without_kafka_says_so(void **state)
{
    struct rig *rig = *state;
    rig->daemon.kafka_down = true;
    ask(rig, "POST", "/api/v1/stop", FAKE_MARIA, "", "{\"reason\":\"x\"}");
    assert_int_equal(rig->status, 503);
    assert_non_null(strstr(rig->body, "Kafka has not answered yet"));
    rig->daemon.kafka_down = false;
    rig->daemon.act_rc = RG_EUNKNOWN;
    ask(rig, "POST", "/api/v1/stop", FAKE_MARIA, "", "{\"reason\":\"x\"}");
    assert_int_equal(rig->status, 503);
    assert_non_null(strstr(rig->body, "{\"error\":\"outcome_unknown\""));
}

static void going_live_with_everything_in_shadow_is_refused(void **state)
{
    struct rig *rig = *state;
    struct rg_ruleset *set = rg_runtime_rules(&rig->daemon.runtime);
    set->rules->ladders[0].mode = RG_MODE_SHADOW;
    rg_ruleset_unref(&set);
    ask(rig, "POST", "/api/v1/go-live", FAKE_MARIA, "", "{\"max_step\":\"atraso\",\"reason\":\"x\"}");
    assert_int_equal(rig->status, 409);
    assert_non_null(strstr(rig->body, "nothing would go live"));
}

/* ---- tokens at start ---- */

static void tokens_that_cannot_be_read_or_told_apart_stop_the_start(void **state)
{
    struct rig *rig = *state;
    struct rg_daemon *d = &rig->daemon;
    struct rg_admin *second = NULL;
    struct rg_error err;
    d->operators[1].token.name = RG_STR("maria"); /* the same file */
    assert_int_equal(rg_admin_new(d, &d->site, &second, &err), RG_EINVAL);
    assert_string_equal(err.text, "operators maria and lia have the same token: an act's author would not be known");
    d->operators[1].token.name = RG_STR("nowhere");
    assert_int_equal(rg_admin_new(d, &d->site, &second, &err), RG_ENOTFOUND);
    assert_non_null(strstr(err.text, "token of operator lia: "));
    assert_null(second);
}

static void with_listen_none_there_is_no_port(void **state)
{
    struct rig *rig = *state;
    struct rg_site site = rig->daemon.site;
    struct rg_admin *quiet = NULL;
    struct rg_error err;
    site.http.listen = (struct rg_site_listen){0};
    assert_int_equal(rg_admin_new(&rig->daemon, &site, &quiet, &err), 0);
    assert_int_equal(rg_admin_port(quiet), 0);
    rg_admin_free(&quiet);
    assert_null(quiet);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(health_is_one_word_and_its_reasons),
        WITH_RIG(a_refused_reload_is_told_everywhere),
        WITH_RIG(status_is_counts_and_needs_no_token),
        WITH_RIG(metrics_are_well_formed),
        WITH_RIG(who_may_ask_what),
        WITH_RIG(pages_of_other_sites_cannot_act),
        WITH_RIG(a_debtor_is_found_by_id_or_invoice),
        WITH_RIG(personal_data_is_masked_and_its_showing_logged),
        WITH_RIG(explain_speaks_text_and_json),
        WITH_RIG(acts_have_an_author_and_a_reason),
        WITH_RIG(acts_that_are_wrong_or_careless_change_nothing),
        WITH_RIG(going_live_waits_for_the_shared_clock),
        WITH_RIG(an_act_without_kafka_says_so),
        WITH_RIG(going_live_with_everything_in_shadow_is_refused),
        WITH_RIG(tokens_that_cannot_be_read_or_told_apart_stop_the_start),
        WITH_RIG(with_listen_none_there_is_no_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

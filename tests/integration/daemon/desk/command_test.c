/* `reguactl test` as a program: which files it takes, what it prints, and how it ends. */
#include "base/core/core.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RG_REGUACTL
#error "the build says where reguactl is"
#endif

#define OUTPUT_BYTES_MAX 65536

static const char good[] =
    "rules: [rede.yaml]\ndefaults: { debtor: { state: SP, contacts: [{ channel: email, address: m@x.example }] } }\ntests:\n"
    "  - name: lembrete antes\n    events: [{ at: 2026-10-20, invoice.issued: { invoice: F1, due_on: 2026-11-03, amount_cents: "
    "15900 } }]\n"
    "    expect: [{ at: 2026-10-29, step: lembrete, channel: email }]\n"
    "  - name: paga antes\n    events:\n"
    "      - { at: 2026-10-20, invoice.issued: { invoice: F1, due_on: 2026-11-03, amount_cents: 15900 } }\n"
    "      - { at: 2026-10-21, payment.confirmed: { invoice: F1, amount_cents: 15900 } }\n"
    "    expect: [{ from: 2026-10-21, to: 2026-11-30, none: lembrete, gate: paid }]\n";
static const char bad[] =
    "rules: [../rede.yaml]\ntests:\n  - name: sem contato não chega nada\n"
    "    events: [{ at: 2026-10-20, invoice.issued: { invoice: F1, due_on: 2026-11-03, amount_cents: 15900 } }]\n"
    "    expect: [{ at: 2026-10-29, step: lembrete }]\n";
static const char rede[] = "language: 1\nladder: rede\npriority: 1\nsteps:\n  lembrete: { day: D-5, tone: courtesy, via: "
                           "[email], template: lembrete }\n";

struct rig {
    char home[32];
    char out[OUTPUT_BYTES_MAX];
};

static void put(const struct rig *rig, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", rig->home, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* In the rig's directory; stdout and stderr together. Answers the exit status. */
static int run(struct rig *rig, const char *arguments)
{
    const char *source = getenv("RG_SOURCE_DIR");
    char command[1024];
    assert_non_null(source);
    (void)snprintf(command, sizeof command, "cd %s && '%s' test --shipped '%s/config/shipped' %s 2>&1", rig->home, RG_REGUACTL,
                   source, arguments);
    FILE *from = popen(command, "re");
    assert_non_null(from);
    size_t n = fread(rig->out, 1, sizeof rig->out - 1, from);
    rig->out[n] = '\0';
    int status = pclose(from);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect(struct rig *rig, const char *arguments, int status, const char *const *parts)
{
    int ended = run(rig, arguments);
    if (ended != status)
        fail_msg("test %s: ended with %d: %s", arguments, ended, rig->out);
    for (; *parts != NULL; parts++)
        if (strstr(rig->out, *parts) == NULL)
            fail_msg("test %s: \"%s\" is not in: %s", arguments, *parts, rig->out);
}
#define EXPECT(rig, arguments, status, ...) expect((rig), (arguments), (status), (const char *const[]){__VA_ARGS__, NULL})

static int set_up(void **state)
{
    char path[64];
    struct rig *rig = rg_alloc(sizeof *rig);
    memcpy(rig->home, "/tmp/command_test_XXXXXX", sizeof "/tmp/command_test_XXXXXX");
    assert_non_null(mkdtemp(rig->home));
    (void)snprintf(path, sizeof path, "%s/below", rig->home);
    assert_int_equal(mkdir(path, 0700), 0);
    put(rig, "rede.yaml", rede);
    put(rig, "a_test.yaml", good);
    put(rig, "below/b_test.yaml", bad);
    put(rig, "below/.c_test.yaml", "no test file\n");
    put(rig, "below/notes.yaml", "no test file\n");
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"rede.yaml", "a_test.yaml", "below/b_test.yaml", "below/.c_test.yaml",
                                        "below/notes.yaml"};
    struct rig *rig = *state;
    char path[128];
    for (size_t i = 0; i < RG_COUNT(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", rig->home, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    (void)snprintf(path, sizeof path, "%s/below", rig->home);
    assert_int_equal(rmdir(path) | rmdir(rig->home), 0);
    rg_free(&rig);
    return 0;
}

static void test_text(void **state)
{
    struct rig *rig = *state;
    EXPECT(rig, "a_test.yaml", 0, "2 tests, 2 passed, 0 failed · steps 1/1 · gates 2/38 · conditions both ways 0/0 · ");
    assert_null(strstr(rig->out, "FAIL"));
    EXPECT(rig, "", 1,
           "FAIL  sem contato não chega nada                                 ./below/b_test.yaml:3\n"
           "      expected  2026-10-29  lembrete\n"
           "      got       nothing\n"
           "      why       unreachable: email\n",
           "3 tests, 2 passed, 1 failed · steps 1/1 · gates 3/38");
    EXPECT(rig, "below a_test.yaml", 1, "3 tests, 2 passed, 1 failed");
}

static void test_options(void **state)
{
    struct rig *rig = *state;
    EXPECT(rig, "--run 'paga|nada' .", 1, "2 tests, 1 passed, 1 failed");
    EXPECT(rig, "--run '^paga' .", 0, "1 test, 1 passed, 0 failed · steps 0/1 (lembrete untested)");
    EXPECT(rig, "a_test.yaml --coverage=100", 0, "2 passed");
    EXPECT(rig, "a_test.yaml --run '^paga' --coverage 1", 1, "0 % of steps and conditions are covered, 1 % are wanted");
}

static void test_json(void **state)
{
    struct rig *rig = *state;
    EXPECT(rig, "--json", 1,
           "{\"files\":[{\"file\":\"./a_test.yaml\",\"tests\":[{\"name\":\"lembrete "
           "antes\",\"line\":4,\"passed\":true,\"failures\":[]},",
           "{\"name\":\"sem contato não chega "
           "nada\",\"line\":3,\"passed\":false,\"failures\":[{\"line\":5,\"expected\":\"2026-10-29  "
           "lembrete\",\"got\":\"nothing\",\"why\":\"unreachable: email\"}]}]",
           "\"check\":{\"errors\":0,\"warnings\":0,\"findings\":[]}",
           "\"passed\":2,\"failed\":1,\"coverage_percent\":100,\"coverage\":\"steps 1/1");
}

static void test_findings(void **state)
{
    struct rig *rig = *state;
    put(rig, "below/b_test.yaml", "rules: [../rede.yaml]\ntests: [{ name: a, events: [], expct: [] }]\n");
    EXPECT(
        rig, "", 1,
        "./below/b_test.yaml:2:32: error: unknown key \"expct\" in item 1 of \"tests\", did you mean \"expect\"? [unknown-key]",
        "2 tests, 2 passed, 0 failed");
    EXPECT(rig, "--json", 1, "\"check\":{\"errors\":1,");
    put(rig, "below/b_test.yaml",
        "rules: [../rede.yaml]\ntests:\n  - name: a\n    events:\n      - { at: 2026-10-20, outcome: { step: lembrete, "
        "status: read } }\n");
    EXPECT(rig, "below", 1, "b_test.yaml:5:9: error: no message of step \"lembrete\" has gone out by then [bad-event]",
           "1 test, 0 passed, 1 failed");
}

/* Texts of the installation above are the ones that are meant: one that asks for what nobody has keeps a step in. */
static void test_installation(void **state)
{
    struct rig *rig = *state;
    char path[64];
    (void)snprintf(path, sizeof path, "%s/templates", rig->home);
    assert_int_equal(mkdir(path, 0700), 0);
    put(rig, "templates/lembrete.pt-BR.txt", "{{contrato}} {{> credor}}\n");
    put(rig, "below/b_test.yaml",
        "rules: [../rede.yaml]\ndefaults: { debtor: { contacts: [{ channel: email, address: m@x.example }] } }\ntests:\n  - "
        "name: a\n"
        "    events: [{ at: 2026-10-20, invoice.issued: { invoice: F1, due_on: 2026-11-03, amount_cents: 15900 } }]\n"
        "    expect: [{ at: 2026-10-29, none: lembrete, gate: missing_data }]\n");
    EXPECT(rig, "below", 0, "1 test, 1 passed");
    (void)run(rig, "below >/dev/null; rm -r templates");
}

static void test_usage(void **state)
{
    struct rig *rig = *state;
    EXPECT(rig, "/nonexistent", 2, "there is no such file or directory");
    EXPECT(rig, "--run '('", 2, "--run: no regular expression");
    EXPECT(rig, "--coverage 101", 2, "a percentage from 0 to 100 expected");
    EXPECT(rig, "--coverage many", 2, "a percentage from 0 to 100 expected");
    EXPECT(rig, "--cover 90", 2, "unknown option --cover");
    put(rig, "below/b_test.yaml", "");
    EXPECT(rig, "rede.yaml", 1, "missing key \"rules\"");
    EXPECT(rig, "$(mktemp -d -p .)", 2, "no test files; their names end in _test.yaml");
    (void)run(rig, ". >/dev/null; rmdir tmp.*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_findings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_installation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_usage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

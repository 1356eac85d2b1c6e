/* Whatever an operator writes into a file of rule tests, beside a ladder that is fine: the reader says what is wrong, or every test can be
 * judged, or is said why it cannot. */
#include "daemon/desk/coverage.h"
#include "daemon/desk/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COVERAGE_BYTES ((size_t)1 << 20)
#define SAID_BYTES_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char ladder[] =
    "language: 1\nladder: rede\npriority: 1\ncalendar: br-telecom\ndefaults: { via: [whatsapp, email] }\nsteps:\n"
    "  lembrete: { day: D-5, tone: courtesy, via: [email], template: lembrete, when: invoice.balance >= brl(\"20.00\") }\n"
    "  atraso: { day: D+1, tone: reminder, template: atraso }\n"
    "  aviso: { day: D+15, tone: notice, template: aviso_suspensao, evidence: delivered, term: 15d }\n"
    "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, signal: service.suspend_requested }\n"
    "on_paid:\n  religar: { signal: service.restore_requested, within: 24h }\n";

/* Made once a process. */
static char directory[] = "/tmp/regua-fuzz-XXXXXX", ladder_path[64], test_path[64];

static void put(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "w");
    rg_assert(file != NULL && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
}

static void clean_up(void)
{
    (void)unlink(ladder_path); /* a temporary directory: what stays does no harm */
    (void)unlink(test_path);
    (void)rmdir(directory);
}

static void make_place(void)
{
    rg_assert(mkdtemp(directory) != NULL);
    (void)snprintf(ladder_path, sizeof ladder_path, "%s/rede.yaml", directory);
    (void)snprintf(test_path, sizeof test_path, "%s/rede_test.yaml", directory);
    put(ladder_path, ladder, sizeof ladder - 1);
    (void)atexit(clean_up);
}

static void judge(const struct rg_test_file *file, const struct rg_rule_test *test, struct rg_coverage *coverage, struct rg_diags *diags)
{
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(RG_SCENARIO_ARENA_BYTES);
    struct rg_desk *desk RG_CLEANUP(rg_desk_free) = NULL;
    struct rg_verdict_on_test verdict = {.count = 0};
    size_t errors = rg_diags_errors(diags);
    for (size_t i = 0; i < test->expect_count; i++)
        rg_assert(test->expects[i].when.from_ms < test->expects[i].when.to_ms);
    if (rg_test_judge(file, test, arena, diags, &desk, &verdict) < 0) {
        rg_assert(rg_diags_errors(diags) > errors);
        return;
    }
    rg_assert(verdict.count <= test->expect_count);
    for (size_t i = 0; i < verdict.count; i++)
        rg_assert(rg_str_has(verdict.failures[i].expected) && rg_str_has(verdict.failures[i].got));
    rg_coverage_add(coverage, desk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rg_diags *diags RG_CLEANUP(rg_diags_free) = rg_diags_new();
    struct rg_test_file *file RG_CLEANUP(rg_test_file_free) = NULL;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(COVERAGE_BYTES);
    struct rg_buf said RG_CLEANUP(rg_buf_done);
    struct rg_coverage coverage;
    if (ladder_path[0] == '\0')
        make_place();
    put(test_path, data, size);
    rg_buf_init(&said, SAID_BYTES_MAX);
    rg_coverage_begin(&coverage, arena);
    int rc = rg_test_file_load(test_path, RG_SOURCE "/config/shipped", diags, &file);
    rg_assert((rc == 0) == (rg_diags_errors(diags) == 0) && (rc == 0) == (file != NULL));
    if (rc == 0) {
        rg_coverage_rules(&coverage, file->rules);
        for (size_t i = 0; i < file->test_count; i++)
            judge(file, &file->tests[i], &coverage, diags);
        rg_coverage_print(&coverage, &said);
        rg_assert(rg_coverage_percent(&coverage) >= 0 && rg_coverage_percent(&coverage) <= 100);
    }
    rg_diags_print(diags, RG_DIAGS_PLAIN, &said);
    return 0;
}

/* Log lines as they reach stderr: read back from a pipe, in each format, with hostile texts and fields. */
#include "base/core/log.h"

#include "tests/unit/support/cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* What one call of rg_log writes to stderr. */
static char *logged(enum rg_log_format format, const struct rg_log_ctx *ctx, const char *text)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int saved = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    rg_log_setup(format, RG_LOG_INFO);
    rg_log(RG_LOG_WARNING, "TEST-LINE", ctx, "%s", text);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    (void)close(ends[1]);
    char *line = rg_alloc((size_t)64 * 1024 + 1);
    size_t n = 0;
    for (ssize_t got; (got = read(ends[0], line + n, (size_t)64 * 1024 - n)) > 0;)
        n += (size_t)got;
    (void)close(ends[0]);
    return line;
}

static void assert_human(const struct rg_log_ctx *ctx, const char *text, const char *expected)
{
    char *line = logged(RG_LOG_HUMAN, ctx, text);
    assert_string_equal(line, expected);
    rg_free(&line);
}

static void a_person_reads_one_clean_line(void **state)
{
    (void)state;
    const struct rg_log_ctx ctx = {.debtor = "d-42", .step = "aviso\nerror   FORGED", .shard = 7, .file = "a.yaml", .line = 12};
    assert_human(NULL, "all well", "warning TEST-LINE          all well\n");
    assert_human(&(struct rg_log_ctx){.shard = -1}, "all well", "warning TEST-LINE          all well\n");
    assert_human(&ctx, "held", "warning TEST-LINE          held  [DEBTOR=d-42 STEP=aviso?error   FORGED SHARD=7]\n");
    assert_human(NULL, "two\nlines \x1b[2J \x7f \xc2\x9b", "warning TEST-LINE          two?lines ?[2J ? ?\n");
    assert_human(NULL, "latin1 \xe9", "warning TEST-LINE          latin1 \xef\xbf\xbd\n");
    assert_human(NULL, "não há dívida", "warning TEST-LINE          não há dívida\n");
}

static void assert_json_ends(const struct rg_log_ctx *ctx, const char *text, const char *expected)
{
    static const char begin[] = "{\"at\":\"2026-01-01T00:00:00.000Z\"", rest[] = ",\"level\":\"warning\",\"event\":\"TEST-LINE\"";
    char *line = logged(RG_LOG_JSON, ctx, text);
    assert_memory_equal(line, begin, 7);
    for (size_t i = 7; i < sizeof begin - 1; i++) { /* a stamp of the same shape */
        bool digit = begin[i] >= '0' && begin[i] <= '9';
        assert_true(digit ? line[i] >= '0' && line[i] <= '9' : line[i] == begin[i]);
    }
    assert_memory_equal(line + sizeof begin - 1, rest, sizeof rest - 1);
    assert_string_equal(line + sizeof begin - 1 + sizeof rest - 1, expected);
    rg_free(&line);
}

static void a_pipe_reads_json(void **state)
{
    (void)state;
    const struct rg_log_ctx ctx = {.debtor = "d\"4\\2", .gate = "hours", .channel = "sms", .source = "s", .topic = "t",
                                   .action = "0a1b", .file = "a.yaml", .shard = 0, .line = 0};
    assert_json_ends(NULL, "plain", ",\"text\":\"plain\"}\n");
    assert_json_ends(&ctx, "x",
                     ",\"debtor\":\"d\\\"4\\\\2\",\"gate\":\"hours\",\"action\":\"0a1b\",\"channel\":\"sms\",\"source\":\"s\","
                     "\"topic\":\"t\",\"file\":\"a.yaml\",\"shard\":\"0\",\"text\":\"x\"}\n");
    assert_json_ends(NULL, "\"q\" \\ \n\t\x01\x1f é", ",\"text\":\"\\\"q\\\" \\\\ \\u000a\\u0009\\u0001\\u001f é\"}\n");
    assert_json_ends(NULL, "\x7f\xc2\x9b", ",\"text\":\"\\u007f\\u009b\"}\n"); /* whoever prints the line is not steered */
    assert_json_ends(NULL, "bad \xff\xc0\x80", ",\"text\":\"bad \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}\n");
}

static void the_longest_line_is_whole_json(void **state)
{
    (void)state;
    char text[6000], field[2000];
    memset(text, 1, sizeof text); /* the worst: every byte becomes six */
    memset(field, 2, sizeof field);
    text[sizeof text - 1] = field[sizeof field - 1] = '\0';
    const struct rg_log_ctx ctx = {field, field, field, field, field, field, field, field, 511, 99999};
    char *line = logged(RG_LOG_JSON, &ctx, text);
    static const char end[] = "\\u0001…\"}\n";
    size_t n = strlen(line), marks = 0;
    assert_string_equal(line + n - (sizeof end - 1), end);
    assert_true(n > (size_t)6 * (4096 + 8 * 512));
    assert_true(rg_utf8_valid(rg_str(line)));
    for (size_t i = 0; i < n; i++)
        marks += line[i] == '"';
    assert_int_equal(marks, 4 * (3 + 10 + 1)); /* at, level, event; ten fields; text: names and values in quotes */
    rg_free(&line);
}

struct captured {
    int lines;
    enum rg_log_level level;
    char id[32], text[64];
    const struct rg_log_ctx *ctx;
};

static void capture(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink_ctx)
{
    struct captured *seen = sink_ctx;
    seen->lines++;
    seen->level = level;
    seen->ctx = ctx;
    strncpy(seen->id, id, sizeof seen->id - 1);
    strncpy(seen->text, text, sizeof seen->text - 1);
    errno = EBADF; /* a sink may disturb it; the caller must not notice */
}

static void a_captured_line_is_not_printed(void **state)
{
    (void)state;
    struct captured seen = {0};
    const struct rg_log_ctx ctx = {.debtor = "d", .shard = -1};
    rg_log_capture(capture, &seen);
    errno = EAGAIN;
    rg_log(RG_LOG_DEBUG, "DEEP", &ctx, "n=%d", 5); /* below the level, captured all the same */
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(seen.lines, 1);
    assert_int_equal(seen.level, RG_LOG_DEBUG);
    assert_string_equal(seen.id, "DEEP");
    assert_string_equal(seen.text, "n=5");
    assert_ptr_equal(seen.ctx, &ctx);
    char *line = logged(RG_LOG_HUMAN, NULL, "unseen");
    assert_string_equal(line, "");
    rg_free(&line);
    assert_int_equal(seen.lines, 2);
    rg_log_capture(NULL, NULL);
    rg_log(RG_LOG_DEBUG, "DEEP", NULL, "below the level, so nowhere");
    assert_int_equal(seen.lines, 2);
}

static void errno_survives_a_closed_stderr(void **state)
{
    (void)state;
    int saved = dup(STDERR_FILENO);
    (void)close(STDERR_FILENO);
    rg_log_setup(RG_LOG_JSON, RG_LOG_INFO);
    errno = ENOENT;
    rg_log(RG_LOG_ERROR, "LOST", NULL, "nobody reads this");
    int after = errno;
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    assert_int_equal(after, ENOENT);
}

/* The linker puts this in the place of systemd's, which sd_journal_sendv stands for: what one entry consists of. */
static char entry[4096];
int __wrap_sd_journal_sendv_with_location(const char *file, const char *line, const char *function, const struct iovec *iov, int n);
int __wrap_sd_journal_sendv_with_location(const char *file, const char *line, const char *function, const struct iovec *iov, int n)
{
    size_t used = 0;
    (void)file, (void)line, (void)function;
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(entry + used, sizeof entry - used, "%.*s|", (int)iov[i].iov_len, (const char *)iov[i].iov_base);
    return -ENOENT; /* there is no journal: no error of ours */
}

static void an_entry_of_the_journal_has_its_fields(void **state)
{
    (void)state;
    const struct rg_log_ctx finding = {.file = "/etc/regua/rules.d/a.yaml", .line = 32, .shard = -1};
    const struct rg_log_ctx all = {.debtor = "d-1", .step = "atraso", .gate = "held", .action = "00a1", .channel = "sms", .source = "asaas",
                                   .topic = "t", .file = "f", .shard = 3, .line = 4};
    char *line = logged(RG_LOG_JOURNAL, &finding, "a.yaml:32:39: error: x [y]");
    assert_string_equal(entry, "MESSAGE=a.yaml:32:39: error: x [y]|PRIORITY=4|REGUA_EVENT=TEST-LINE|REGUA_FILE=/etc/regua/rules.d/a.yaml|"
                               "REGUA_LINE=32|");
    assert_string_equal(line, ""); /* stderr stays clean; without journald the entry is simply gone */
    rg_free(&line);
    line = logged(RG_LOG_JOURNAL, &all, "two\nlines");
    assert_string_equal(entry, "MESSAGE=two?lines  [DEBTOR=d-1 STEP=atraso GATE=held ACTION=00a1 CHANNEL=sms SOURCE=asaas TOPIC=t SHARD=3]|PRIORITY=4|REGUA_EVENT=TEST-LINE|REGUA_DEBTOR=d-1|REGUA_STEP=atraso|REGUA_GATE=held|"
                               "REGUA_ACTION=00a1|REGUA_CHANNEL=sms|REGUA_SOURCE=asaas|REGUA_TOPIC=t|REGUA_FILE=f|REGUA_SHARD=3|REGUA_LINE=4|");
    rg_free(&line);
    line = logged(RG_LOG_JOURNAL, NULL, "nothing more");
    assert_string_equal(entry, "MESSAGE=nothing more|PRIORITY=4|REGUA_EVENT=TEST-LINE|");
    rg_free(&line);
}

/* Whether a line goes to the journal when JOURNAL_STREAM is `stream`; stderr is a pipe, "self" names it. */
static bool goes_to_journal(const char *stream)
{
    int ends[2], saved = dup(STDERR_FILENO);
    char self[64], byte;
    struct stat status;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fstat(ends[1], &status), 0);
    (void)snprintf(self, sizeof self, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    (void)setenv("JOURNAL_STREAM", strcmp(stream, "self") == 0 ? self : stream, 1);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    rg_log_setup(RG_LOG_AUTO, RG_LOG_INFO);
    rg_log(RG_LOG_WARNING, "TEST-LINE", NULL, "where to?");
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)unsetenv("JOURNAL_STREAM");
    (void)close(saved);
    (void)close(ends[1]);
    bool silent = read(ends[0], &byte, 1) == 0;
    (void)close(ends[0]);
    return silent;
}

static void the_format_is_found_by_itself(void **state)
{
    (void)state;
    (void)unsetenv("JOURNAL_STREAM");
    char *line = logged(RG_LOG_AUTO, NULL, "to a pipe");
    assert_int_equal(line[0], '{');
    rg_free(&line);
    assert_true(goes_to_journal("self"));
    assert_false(goes_to_journal("8:1")); /* inherited: stderr is not what the journal listens to */
    assert_false(goes_to_journal(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_reads_one_clean_line), cmocka_unit_test(a_pipe_reads_json),
        cmocka_unit_test(the_longest_line_is_whole_json), cmocka_unit_test(a_captured_line_is_not_printed),
        cmocka_unit_test(errno_survives_a_closed_stderr), cmocka_unit_test(an_entry_of_the_journal_has_its_fields),
        cmocka_unit_test(the_format_is_found_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* reguactl test: rule tests, on a desk: nothing is connected to, nothing is sent. */
#include "daemon/ctl/ctl.h"

#include "base/core/clock.h"
#include "base/json/write.h"
#include "config/yaml/chars.h"
#include "daemon/desk/coverage.h"
#include "daemon/desk/judge.h"

#include <dirent.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 1000
#define DEPTH_MAX 8 /* directories inside each other */
#define PATH_BYTES_MAX 4096
#define ARENA_BYTES ((size_t)64 << 20)
#define OUTPUT_BYTES_MAX ((size_t)64 << 20)
#define NAME_COLUMNS 58
#define SUFFIX "_test.yaml"

struct run {
    struct rg_ctl *ctl;
    struct rg_arena *arena; /* paths, coverage */
    const char *files[FILES_MAX];
    size_t file_count;
    regex_t only;
    bool has_only;
    struct rg_coverage coverage;
    bool json;
    struct rg_buf out; /* JSON */
    struct rg_jw jw;
    size_t tests, failed;
    bool findings;
};

/* ---- files ---- */

static bool is_test_file(const char *name)
{
    size_t n = strlen(name), m = sizeof SUFFIX - 1;
    return name[0] != '.' && n > m && strcmp(name + n - m, SUFFIX) == 0;
}

static bool add_file(struct run *run, const char *path)
{
    if (run->file_count == FILES_MAX) {
        fprintf(stderr, "reguactl test: more than %d files\n", FILES_MAX);
        return false;
    }
    run->files[run->file_count++] = rg_arena_strdup(run->arena, path);
    return true;
}

/* Test files in and below a directory, in the order of their names. */
static bool add_directory(struct run *run, const char *path, int depth)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    bool fine = count >= 0;
    if (!fine)
        fprintf(stderr, "reguactl test: %s cannot be read\n", path);
    for (int i = 0; i < count; i++) {
        char below[PATH_BYTES_MAX];
        struct stat st;
        const char *name = entries[i]->d_name;
        bool fits = snprintf(below, sizeof below, "%s/%s", path, name) < (int)sizeof below;
        if (fine && fits && name[0] != '.' && lstat(below, &st) == 0) {
            if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
                fine = add_directory(run, below, depth + 1);
            else if (S_ISREG(st.st_mode) && is_test_file(name))
                fine = add_file(run, below);
        }
        free(entries[i]);
    }
    free(entries);
    return fine;
}

static bool add_path(struct run *run, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        fprintf(stderr, "reguactl test: %s: there is no such file or directory\n", path);
        return false;
    }
    return S_ISDIR(st.st_mode) ? add_directory(run, path, 0) : add_file(run, path);
}

/* ---- what is printed ---- */

static void print_findings(struct run *run, struct rg_diags *diags)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, (size_t)1 << 20);
    run->findings = run->findings || rg_diags_errors(diags) > 0;
    if (run->json) {
        rg_diags_json(diags, &text);
        rg_jw_member_raw(&run->jw, "check", (struct rg_str){text.data, text.len - 1}); /* without its line end */
        return;
    }
    rg_diags_print(diags, run->ctl->colour ? RG_DIAGS_COLOUR : RG_DIAGS_PLAIN, &text);
    fputs(rg_buf_cstr(&text), stdout);
}

static void print_failure(const struct rg_failure *f)
{
    printf("      expected  " RG_STR_FMT "\n      got       " RG_STR_FMT, RG_STR_ARG(f->expected), RG_STR_ARG(f->got));
    if (rg_str_has(f->where))
        printf("     rules: " RG_STR_FMT, RG_STR_ARG(f->where));
    putchar('\n');
    if (rg_str_has(f->why))
        printf("      why       " RG_STR_FMT "\n", RG_STR_ARG(f->why));
}

static void print_test(const struct run *run, const struct rg_test_file *file, const struct rg_rule_test *test,
                       const struct rg_verdict_on_test *verdict)
{
    size_t columns = rg_chars_count(test->name);
    if (verdict->count == 0)
        return;
    printf("%sFAIL%s  " RG_STR_FMT "%*s %s:%d\n", run->ctl->colour ? "\033[1;31m" : "", run->ctl->colour ? "\033[0m" : "",
           RG_STR_ARG(test->name), columns < NAME_COLUMNS ? (int)(NAME_COLUMNS - columns) : 0, "", file->path, test->node->line);
    for (size_t i = 0; i < verdict->count; i++)
        print_failure(&verdict->failures[i]);
}

static void write_test(struct run *run, const struct rg_rule_test *test, const struct rg_verdict_on_test *verdict)
{
    struct rg_jw *jw = &run->jw;
    rg_jw_object(jw);
    rg_jw_member_str(jw, "name", test->name);
    rg_jw_member_int(jw, "line", test->node->line);
    rg_jw_member_bool(jw, "passed", verdict->count == 0);
    rg_jw_member_array(jw, "failures");
    for (size_t i = 0; i < verdict->count; i++) {
        const struct rg_failure *f = &verdict->failures[i];
        rg_jw_object(jw);
        rg_jw_member_int(jw, "line", f->line);
        rg_jw_member_str(jw, "expected", f->expected);
        rg_jw_member_str(jw, "got", f->got);
        rg_jw_member_opt_str(jw, "rules", f->where);
        rg_jw_member_opt_str(jw, "why", f->why);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
    rg_jw_object_end(jw);
}

/* ---- running ---- */

static bool chosen(const struct run *run, const struct rg_rule_test *test)
{
    return !run->has_only || regexec(&run->only, test->name.p, 0, NULL, 0) == 0;
}

static void run_test(struct run *run, const struct rg_test_file *file, const struct rg_rule_test *test, struct rg_diags *diags)
{
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(RG_SCENARIO_ARENA_BYTES);
    struct rg_desk *desk RG_CLEANUP(rg_desk_free) = NULL;
    struct rg_verdict_on_test verdict = {.count = 0};
    run->tests++;
    if (rg_test_judge(file, test, arena, diags, &desk, &verdict) < 0) {
        run->failed++;
        return;
    }
    run->failed += verdict.count > 0;
    rg_coverage_add(&run->coverage, desk);
    if (run->json)
        write_test(run, test, &verdict);
    else
        print_test(run, file, test, &verdict);
}

static void run_file(struct run *run, const char *path)
{
    RG_CLEANUP(rg_diags_free) struct rg_diags *diags = rg_diags_new();
    RG_CLEANUP(rg_test_file_free) struct rg_test_file *file = NULL;
    bool loaded = rg_test_file_load(path, rg_ctl_option(run->ctl, "shipped"), diags, &file) == 0;
    if (run->json) {
        rg_jw_object(&run->jw);
        rg_jw_member_cstr(&run->jw, "file", path);
        rg_jw_member_array(&run->jw, "tests");
    }
    if (loaded)
        rg_coverage_rules(&run->coverage, file->rules);
    for (size_t i = 0; loaded && i < file->test_count; i++)
        if (chosen(run, &file->tests[i]))
            run_test(run, file, &file->tests[i], diags);
    if (run->json)
        rg_jw_array_end(&run->jw);
    print_findings(run, diags);
    if (run->json)
        rg_jw_object_end(&run->jw);
}

static void print_summary(struct run *run, int64_t took_ms)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 64 * 1024);
    rg_coverage_print(&run->coverage, &text);
    if (!run->json) {
        printf("%zu test%s, %zu passed, %zu failed · %s · %lld.%02lld s\n", run->tests, run->tests == 1 ? "" : "s",
               run->tests - run->failed, run->failed, rg_buf_cstr(&text), (long long)(took_ms / 1000),
               (long long)(took_ms % 1000 / 10));
        return;
    }
    rg_jw_array_end(&run->jw);
    rg_jw_member_int(&run->jw, "passed", (int64_t)(run->tests - run->failed));
    rg_jw_member_int(&run->jw, "failed", (int64_t)run->failed);
    rg_jw_member_int(&run->jw, "coverage_percent", rg_coverage_percent(&run->coverage));
    rg_jw_member_str(&run->jw, "coverage", rg_buf_str(&text));
    rg_jw_object_end(&run->jw);
    rg_jw_done(&run->jw);
    puts(rg_buf_cstr(&run->out));
}

static bool read_options(struct run *run, int64_t *ret_coverage)
{
    const char *only = rg_ctl_option(run->ctl, "run"), *wanted = rg_ctl_option(run->ctl, "coverage");
    *ret_coverage = 0;
    if (wanted != NULL && (!rg_str_to_i64(rg_str(wanted), ret_coverage) || *ret_coverage < 0 || *ret_coverage > 100)) {
        fputs("reguactl test: --coverage: a percentage from 0 to 100 expected\n", stderr);
        return false;
    }
    run->has_only = only != NULL;
    if (only != NULL && regcomp(&run->only, only, REG_EXTENDED | REG_NOSUB) != 0) {
        run->has_only = false;
        fputs("reguactl test: --run: no regular expression\n", stderr);
        return false;
    }
    return true;
}

static int run_all(struct run *run)
{
    const struct rg_clock *clock = rg_clock_system();
    int64_t begin_ms = rg_boot_ms(clock), coverage;
    bool fine = read_options(run, &coverage);
    for (size_t i = 0; fine && i < run->ctl->arg_count; i++)
        fine = add_path(run, run->ctl->args[i]);
    if (fine && run->ctl->arg_count == 0)
        fine = add_path(run, ".");
    if (fine && run->file_count == 0)
        fputs("reguactl test: no test files; their names end in " SUFFIX "\n", stderr);
    if (!fine || run->file_count == 0)
        return RG_EXIT_USAGE;
    if (run->json) {
        rg_jw_init(&run->jw, &run->out);
        rg_jw_object(&run->jw);
        rg_jw_member_array(&run->jw, "files");
    }
    for (size_t i = 0; i < run->file_count; i++)
        run_file(run, run->files[i]);
    print_summary(run, rg_boot_ms(clock) - begin_ms);
    int percent = rg_coverage_percent(&run->coverage);
    if (percent < coverage)
        fprintf(stderr, "reguactl test: %d %% of steps and conditions are covered, %lld %% are wanted\n", percent,
                (long long)coverage);
    return run->failed > 0 || run->findings || percent < coverage ? RG_EXIT_FINDINGS : RG_EXIT_FINE;
}

int rg_ctl_test(struct rg_ctl *ctl)
{
    struct run *run = rg_alloc(sizeof *run);
    run->ctl = ctl;
    run->json = rg_ctl_option(ctl, "json") != NULL;
    run->arena = rg_arena_new(ARENA_BYTES);
    rg_buf_init(&run->out, OUTPUT_BYTES_MAX);
    rg_coverage_begin(&run->coverage, run->arena);
    int status = run_all(run);
    if (run->has_only)
        regfree(&run->only);
    rg_buf_done(&run->out);
    rg_arena_free(&run->arena);
    rg_free(&run);
    return status;
}

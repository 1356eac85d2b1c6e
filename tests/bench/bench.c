/* Figures are kept as they come and judged at the end; text and JSON are two walks over the same table. */
#include "tests/bench/bench.h"

#include "base/json/write.h"

#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define BAR_CELLS 24
#define TELL_S 0.1
#define OPTIONS_MAX 16
#define REPORT_BYTES_MAX ((size_t)1024 * 1024)

struct bench_figure {
    char name[BENCH_NAME_MAX];
    const char *unit;
    enum bench_aim aim;
    double budget;
    double samples[BENCH_SAMPLES_MAX];
    size_t count;
};

struct bench_note {
    const char *name;
    char text[160];
};

struct bench {
    const char *name, *about;
    bool json, terminal;
    double began_s, told_s;
    char told[BENCH_NAME_MAX];
    struct bench_figure figures[BENCH_FIGURES_MAX];
    size_t figure_count;
    struct bench_note notes[BENCH_NOTES_MAX];
    size_t note_count;
};

void bench_fail(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("\nbench: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

/* ---- clocks ---- */

static double seconds(clockid_t id)
{
    struct timespec t;
    int rc = clock_gettime(id, &t);
    rg_assert(rc == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bench_now_s(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double bench_own_cpu_s(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double bench_thread_cpu_s(void)
{
    return seconds(CLOCK_THREAD_CPUTIME_ID);
}

double bench_cpu_of_s(pid_t pid)
{
    clockid_t id;
    struct timespec t;
    if (pid <= 0 || clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &t) != 0)
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- options ---- */

static void print_help(const struct bench *bench, const struct bench_option *options, size_t count)
{
    printf("./dev bench %s [OPTION…]\n\n%s\n\n", bench->name, bench->about);
    for (size_t i = 0; i < count; i++)
        printf("  --%-14s %s (%lld)\n", options[i].name, options[i].help, (long long)*options[i].value);
    printf("  --%-14s %s\n", "json", "one JSON object instead of a table");
}

static void take_option(const struct bench_option *option, const char *text)
{
    int64_t value = 0;
    if (!rg_str_to_i64(rg_str(text), &value) || value < option->min || value > option->max) {
        fprintf(stderr, "bench: --%s wants a whole number from %lld to %lld, not \"%s\"\n", option->name, (long long)option->min,
                (long long)option->max, text);
        exit(2);
    }
    *option->value = value;
}

static void read_options(struct bench *bench, int argc, char **argv, const struct bench_option *options, size_t count)
{
    struct option rows[OPTIONS_MAX + 3] = {{0}};
    rg_assert(count <= OPTIONS_MAX);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct option){options[i].name, required_argument, NULL, (int)i};
    rows[count] = (struct option){"json", no_argument, NULL, OPTIONS_MAX};
    rows[count + 1] = (struct option){"help", no_argument, NULL, OPTIONS_MAX + 1};
    for (int which; (which = getopt_long(argc, argv, "", rows, NULL)) != -1;) {
        if (which == '?')
            exit(2);
        if (which == OPTIONS_MAX + 1) {
            print_help(bench, options, count);
            exit(0);
        }
        if (which == OPTIONS_MAX)
            bench->json = true;
        else
            take_option(&options[which], optarg);
    }
    if (optind < argc) {
        fprintf(stderr, "bench: \"%s\" is no option; --help lists them\n", argv[optind]);
        exit(2);
    }
}

static void note_machine(struct bench *bench)
{
    struct utsname name;
    double load[3] = {0};
    int rc = uname(&name);
    rg_assert(rc == 0);
    (void)getloadavg(load, 3); /* unknown shows as 0 */
    bench_note(bench, "machine", "%ld cores, Linux %s, load %.2f %.2f before the run", sysconf(_SC_NPROCESSORS_ONLN), name.release,
               load[0], load[1]);
}

struct bench *bench_new(int argc, char **argv, const char *name, const char *about, const struct bench_option *options,
                        size_t option_count)
{
    struct bench *bench = rg_alloc(sizeof *bench);
    const char *term = getenv("TERM");
    *bench = (struct bench){.name = name, .about = about, .began_s = bench_now_s(),
                            .terminal = isatty(STDERR_FILENO) != 0 && (term == NULL || strcmp(term, "dumb") != 0)};
    read_options(bench, argc, argv, options, option_count);
    note_machine(bench);
    for (size_t i = 0; i < option_count; i++)
        bench_note(bench, options[i].name, "%lld", (long long)*options[i].value);
    return bench;
}

void bench_free(struct bench **bench)
{
    rg_free(bench);
}

/* ---- progress ---- */

void bench_progress(struct bench *bench, const char *what, int64_t done, int64_t whole)
{
    double now_s = bench_now_s();
    bool news = strncmp(bench->told, what, sizeof bench->told - 1) != 0;
    char bar[3 * BAR_CELLS + 1] = "";
    if (!news && (!bench->terminal || now_s - bench->told_s < TELL_S))
        return;
    (void)snprintf(bench->told, sizeof bench->told, "%s", what);
    bench->told_s = now_s;
    if (!bench->terminal) {
        fprintf(stderr, "%6.1f s  %s\n", now_s - bench->began_s, what);
        return;
    }
    int full = whole > 0 ? (int)(done * BAR_CELLS / whole) : 0;
    for (int i = 0; whole > 0 && i < BAR_CELLS; i++)
        strcat(bar, i < full ? "█" : "░");
    fprintf(stderr, "\r%6.1f s  %s %s\033[K", now_s - bench->began_s, bar, what);
}

/* ---- figures ---- */

void bench_note(struct bench *bench, const char *name, const char *fmt, ...)
{
    va_list args;
    rg_assert(bench->note_count < BENCH_NOTES_MAX);
    struct bench_note *note = &bench->notes[bench->note_count++];
    note->name = name;
    va_start(args, fmt);
    (void)vsnprintf(note->text, sizeof note->text, fmt, args);
    va_end(args);
}

struct bench_figure *bench_figure(struct bench *bench, const char *name, const char *unit, enum bench_aim aim, double budget)
{
    rg_assert(bench->figure_count < BENCH_FIGURES_MAX);
    struct bench_figure *figure = &bench->figures[bench->figure_count++];
    *figure = (struct bench_figure){.unit = unit, .aim = aim, .budget = budget};
    (void)snprintf(figure->name, sizeof figure->name, "%s", name);
    return figure;
}

void bench_add(struct bench_figure *figure, double value)
{
    rg_assert(figure->count < BENCH_SAMPLES_MAX);
    figure->samples[figure->count++] = value;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_quantile(double *values, size_t count, double share)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, by_value);
    double at = share * (double)(count - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < count ? below + 1 : below;
    return values[below] + (values[above] - values[below]) * (at - (double)below);
}

static double quantile_of(const struct bench_figure *figure, double share)
{
    double copy[BENCH_SAMPLES_MAX];
    memcpy(copy, figure->samples, figure->count * sizeof *copy);
    return bench_quantile(copy, figure->count, share);
}

double bench_median(const struct bench_figure *figure)
{
    return quantile_of(figure, 0.5);
}

/* ---- report ---- */

/* Three digits that mean something: 123,456 · 12.3 · 0.812 */
static const char *number_text(double value, char text[32])
{
    if (fabs(value) < 1000) {
        int places = fabs(value) >= 100 ? 0 : fabs(value) >= 10 ? 1 : fabs(value) >= 1 ? 2 : 3;
        (void)snprintf(text, 32, "%.*f", value == floor(value) ? 0 : places, value);
        return text;
    }
    char digits[32];
    size_t count = (size_t)snprintf(digits, sizeof digits, "%.0f", value), at = 0;
    for (size_t i = 0; i < count && at + 2 < 32; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

static bool met(const struct bench_figure *figure)
{
    double value = bench_median(figure);
    return figure->aim == BENCH_AT_LEAST ? value >= figure->budget : value <= figure->budget;
}

/* Text in a column: width counts characters, printf counts bytes. */
static void print_cell(const char *text, int width, bool right)
{
    int seen = 0;
    for (const char *p = text; *p != '\0'; p++)
        seen += (*p & 0xc0) != 0x80;
    int spaces = width > seen ? width - seen : 0;
    printf("%*s%s%*s ", right ? spaces : 0, "", text, right ? 0 : spaces, "");
}

static void print_figure(const struct bench_figure *figure)
{
    char middle[32], low[32], high[32], spread[72] = "", budget[32];
    number_text(bench_median(figure), middle);
    if (figure->count > 1)
        (void)snprintf(spread, sizeof spread, "%s … %s", number_text(quantile_of(figure, 0), low),
                       number_text(quantile_of(figure, 1), high));
    fputs("  ", stdout);
    print_cell(figure->name, 42, false);
    print_cell(middle, 9, true);
    print_cell(figure->unit, 10, false);
    print_cell(spread, figure->aim != BENCH_NO_AIM ? 20 : 0, false);
    if (figure->aim != BENCH_NO_AIM)
        printf("%s %s: %s", figure->aim == BENCH_AT_LEAST ? "≥" : "≤", number_text(figure->budget, budget),
               met(figure) ? "met" : "MISSED");
    putchar('\n');
}

static void print_table(const struct bench *bench)
{
    printf("%s: %s\n", bench->name, bench->about);
    for (size_t i = 0; i < bench->note_count; i++)
        printf("%s%s %s", i == 0 ? "" : i % 6 == 1 ? "\n" : " · ", bench->notes[i].name, bench->notes[i].text);
    printf("\n\n");
    for (size_t i = 0; i < bench->figure_count; i++)
        print_figure(&bench->figures[i]);
}

/* The JSON writer knows whole numbers only, as everything that is money or time here is one. */
static void member_number(struct rg_jw *jw, const char *key, double value)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%.6g", value);
    rg_jw_member_raw(jw, key, rg_str(text));
}

static void write_figure(struct rg_jw *jw, const struct bench_figure *figure)
{
    rg_jw_object(jw);
    rg_jw_member_cstr(jw, "name", figure->name);
    rg_jw_member_cstr(jw, "unit", figure->unit);
    member_number(jw, "median", bench_median(figure));
    member_number(jw, "low", quantile_of(figure, 0));
    member_number(jw, "high", quantile_of(figure, 1));
    rg_jw_member_int(jw, "samples", (int64_t)figure->count);
    if (figure->aim != BENCH_NO_AIM) {
        member_number(jw, figure->aim == BENCH_AT_LEAST ? "at_least" : "at_most", figure->budget);
        rg_jw_member_bool(jw, "met", met(figure));
    }
    rg_jw_object_end(jw);
}

static void print_json(const struct bench *bench)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_jw jw;
    rg_buf_init(&buf, REPORT_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_jw_object(&jw);
    rg_jw_member_cstr(&jw, "bench", bench->name);
    rg_jw_member_object(&jw, "notes");
    for (size_t i = 0; i < bench->note_count; i++)
        rg_jw_member_cstr(&jw, bench->notes[i].name, bench->notes[i].text);
    rg_jw_object_end(&jw);
    rg_jw_member_array(&jw, "figures");
    for (size_t i = 0; i < bench->figure_count; i++)
        write_figure(&jw, &bench->figures[i]);
    rg_jw_array_end(&jw);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
    puts(rg_buf_cstr(&buf));
}

void bench_report(struct bench *bench)
{
    if (bench->terminal)
        fputs("\r\033[K", stderr);
    if (bench->json)
        print_json(bench);
    else
        print_table(bench);
    (void)fflush(stdout);
}

/* What every benchmark shares: options, progress, figures and how they are printed.
 *
 * A figure is one quantity measured several times in one run, each time beside the ceiling it is compared with; what is printed is
 * its median with the spread. A budget is written beside it and never fails anything: benchmarks are commands, not tests, for a
 * busy machine would make them liars. */
#pragma once

#include "base/core/core.h"

#include <sys/types.h>

#define BENCH_SAMPLES_MAX 64
#define BENCH_FIGURES_MAX 48
#define BENCH_NOTES_MAX 16
#define BENCH_NAME_MAX 64

struct bench_option {
    const char *name; /* without its dashes */
    int64_t *value;   /* as it stands: the default */
    int64_t min, max;
    const char *help;
};

struct bench;

/* Reads `--NAME N` for each option, --json and --help; a mistake ends the program with status 2. `about` is one sentence. */
struct bench *bench_new(int argc, char **argv, const char *name, const char *about, const struct bench_option *options,
                        size_t option_count) __attribute__((returns_nonnull));
void bench_free(struct bench **bench);

/* On a terminal one line that moves, elsewhere one line whenever `what` changes. whole 0: no bar. */
void bench_progress(struct bench *bench, const char *what, int64_t done, int64_t whole);

/* A condition of the run worth reading with its figures: versions, sizes. */
void bench_note(struct bench *bench, const char *name, const char *fmt, ...) RG_PRINTF(3, 4);

enum bench_aim { BENCH_NO_AIM, BENCH_AT_LEAST, BENCH_AT_MOST };
struct bench_figure;
struct bench_figure *bench_figure(struct bench *bench, const char *name, const char *unit, enum bench_aim aim, double budget);
void bench_add(struct bench_figure *figure, double value);
double bench_median(const struct bench_figure *figure);

/* Table or JSON on standard output. */
void bench_report(struct bench *bench);

_Noreturn void bench_fail(const char *fmt, ...) RG_PRINTF(1, 2);

double bench_now_s(void);            /* CLOCK_MONOTONIC */
double bench_own_cpu_s(void);        /* user and system time of this process */
double bench_thread_cpu_s(void);     /* of the calling thread */
double bench_cpu_of_s(pid_t pid);    /* of another one; 0 when it is gone */
/* The value below which `share` (0 … 1) of the values lie; sorts them. */
double bench_quantile(double *values, size_t count, double share);

/* The demo as one thing: a stage with the real daemon on it, a portfolio of debtors, an agenda of what the world does, a
 * publisher that does it, and a witness who reads what came of it. */
#pragma once

#include "base/core/arena.h"
#include "base/core/error.h"
#include "tests/demo/agenda.h"
#include "tests/demo/portfolio.h"
#include "tests/demo/publish.h"
#include "tests/demo/stage.h"
#include "tests/demo/witness.h"

#define DEMO_SLOT_MS (10 * RG_MS_PER_MINUTE) /* the world acts on this grid */

struct demo_options {
    int debtors, days;
    uint64_t seed;
    bool serve;
    const char *state; /* directory for configuration, log, and what reguactl needs to know of an operator */
};

struct demo {
    struct demo_options options;
    struct rg_arena *arena;
    struct demo_stage *stage;
    struct demo_portfolio portfolio;
    struct demo_agenda *agenda;
    struct demo_publisher *publisher;
    struct demo_witness *witness;
    const struct rg_zone *zone; /* of the creditor, and of what is printed */
    rg_day first_day;
    int64_t begin_ms, end_ms, now_ms;
};

/* habits.c: what people and providers do, planned ahead and in answer to what reaches them */
void demo_plan(struct demo *demo);
struct demo_witness_ops demo_answers(void); /* ctx: the demo */

/* drive.c: turns the clock from instant to instant until end_ms, with everything at rest in between; then, while serving, at the
 * pace of the wall. */
RG_MUST_USE int demo_drive(struct demo *demo, struct rg_error *err);
void demo_serve(struct demo *demo, const volatile int *told_to_stop, int64_t limit_ms);

/* report.c: what happened, from inbox and topics alone. False: the check does not hold. */
bool demo_report(struct demo *demo, int64_t took_ms);

/* progress.c: one line that moves on a terminal, a line a week elsewhere */
struct demo_progress {
    bool terminal;
    int64_t began_boot_ms, told_boot_ms;
    int told_week;
};
void demo_progress_begin(struct demo_progress *progress);
void demo_progress_tell(struct demo_progress *progress, const struct demo *demo);
void demo_progress_end(struct demo_progress *progress);

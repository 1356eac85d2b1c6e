/* The clock jumps to the next instant at which anything can happen and waits there until nothing is left to do. Timers go first,
 * on their grid, and what the world does at the same instant a millisecond later, so that the two never race: the same seed gives
 * the same two months on any machine. For the same reason a debtor gets at most one event at a time. */
#include "tests/demo/demo.h"

#include <time.h>

#define SERVE_TURN_MS 200
#define TIMER_SLOT_MS (60 * RG_MS_PER_MINUTE)
#define TIMER_OFFSET_MS (30 * RG_MS_PER_MINUTE)

/* Moves there and waits. What went out is heard of before anything else happens. */
static int rest(struct demo *demo, int64_t at_ms, int64_t *ret_due_ms, struct rg_error *err)
{
    int rc = demo_stage_rest(demo->stage, at_ms, ret_due_ms, err);
    return rc == 0 ? demo_witness_read(demo->witness, err) : rc;
}

static void set_time(struct demo *demo, int64_t at_ms)
{
    demo->now_ms = at_ms;
    demo_stage_set_time(demo->stage, at_ms);
}

/* Timers are looked at once an hour, at half past: messages go out from eight on, each debtor at his own minute of the first half
 * hour, and are a little late here so that two months take a minute. */
static int64_t slot_after(int64_t ms)
{
    int64_t into_ms = ms - TIMER_OFFSET_MS;
    return ms >= INT64_MAX - 2 * TIMER_SLOT_MS ? INT64_MAX
                                               : (into_ms + TIMER_SLOT_MS - 1) / TIMER_SLOT_MS * TIMER_SLOT_MS + TIMER_OFFSET_MS;
}

/* Publishes what is due, at most one entry of each debtor; entries come sorted by debtor within an instant, so that a second one
 * of the same stands directly behind the first. */
static int publish_some(struct demo *demo, struct rg_error *err)
{
    struct demo_entry entry, again[64];
    size_t again_count = 0;
    const struct demo_debtor *last = NULL;
    int rc = 0;
    while (rc == 0 && again_count < RG_COUNT(again) && demo_agenda_take(demo->agenda, demo->now_ms, &entry)) {
        if (entry.debtor != NULL && entry.debtor == last) {
            again[again_count++] = entry;
            continue;
        }
        last = entry.debtor;
        rc = demo_publish(demo->publisher, &entry, err);
    }
    for (size_t i = 0; i < again_count; i++)
        demo_agenda_add(demo->agenda, &again[i]);
    return rc == 0 ? demo_publisher_flush(demo->publisher, err) : rc;
}

/* Rest means that upstream is known through now: each batch needs a now of its own, later than what was known before. */
static int let_it_happen(struct demo *demo, int64_t *ret_due_ms, struct rg_error *err)
{
    int rc = 0;
    while (rc == 0 && demo_agenda_next_ms(demo->agenda) <= demo->now_ms) {
        rc = publish_some(demo, err);
        if (rc == 0)
            rc = rest(demo, demo->now_ms, ret_due_ms, err);
        set_time(demo, demo->now_ms + 1);
    }
    return rc;
}

/* The next instant: of a timer, on its grid but not past what the world does next; or of that. True: it is a timer's. */
static bool choose_instant(const struct demo *demo, int64_t due_ms, int64_t *ret_ms)
{
    int64_t event_ms = demo_agenda_next_ms(demo->agenda), slot_ms = slot_after(due_ms);
    bool timer = due_ms <= event_ms && due_ms < INT64_MAX;
    *ret_ms = timer && slot_ms < event_ms ? slot_ms : event_ms;
    if (*ret_ms <= demo->now_ms)
        *ret_ms = demo->now_ms + 1;
    return timer;
}

int demo_drive(struct demo *demo, struct rg_error *err)
{
    struct demo_progress progress;
    int64_t due_ms = INT64_MAX, next_ms = 0;
    int rc = rest(demo, demo->now_ms, &due_ms, err);
    demo_progress_begin(&progress);
    while (rc == 0) {
        bool timer = choose_instant(demo, due_ms, &next_ms);
        if (next_ms >= demo->end_ms)
            break;
        set_time(demo, next_ms);
        rc = timer ? rest(demo, next_ms, &due_ms, err) : let_it_happen(demo, &due_ms, err);
        demo_progress_tell(&progress, demo);
    }
    if (rc == 0) {
        set_time(demo, demo->end_ms);
        rc = rest(demo, demo->end_ms, &due_ms, err);
    }
    demo_progress_end(&progress);
    return rc;
}

void demo_serve(struct demo *demo, const volatile int *told_to_stop, int64_t limit_ms)
{
    const struct timespec pause = {.tv_nsec = SERVE_TURN_MS * 1000000L};
    struct rg_error err;
    for (int64_t served_ms = 0; *told_to_stop == 0 && served_ms < limit_ms; served_ms += SERVE_TURN_MS) {
        (void)nanosleep(&pause, NULL);
        set_time(demo, demo->now_ms + SERVE_TURN_MS);
        /* nobody waits here for anything: what does not work now is tried again in a moment */
        if (publish_some(demo, &err) < 0 || demo_stage_want(demo->stage, demo->now_ms, &err) < 0 ||
            demo_witness_glance(demo->witness, &err) < 0)
            continue;
    }
}

/* "14 Oct 2026 ▕██████████░░░░░░░▏ 61 %  2,104 messages  311 paid  9 suspended  6 restored   1.2 days/s, 21 s to go" */
#include "tests/demo/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR_CELLS 24
#define TELL_MS 100

void demo_progress_begin(struct demo_progress *progress)
{
    const char *term = getenv("TERM");
    *progress = (struct demo_progress){.terminal = isatty(STDERR_FILENO) != 0 && (term == NULL || strcmp(term, "dumb") != 0),
                                       .began_boot_ms = rg_boot_ms(rg_clock_system()),
                                       .told_week = -1};
}

static void date_text(const struct demo *demo, char text[24])
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    int year, month, day;
    rg_day today = rg_local_at(demo->zone, demo->now_ms).day;
    rg_day_civil(today, &year, &month, &day);
    (void)snprintf(text, 24, "%s %2d %s %d", weekdays[rg_day_weekday(today)], day, months[month - 1], year);
}

static void counts_text(const struct demo *demo, char text[128])
{
    const struct demo_counts *c = demo_witness_sum(demo->witness);
    (void)snprintf(text, 128, "%5lld messages %4lld paid %3lld suspended %3lld restored", (long long)c->messages,
                   (long long)c->paid, (long long)c->suspended, (long long)c->restored);
}

static void tell_terminal(const struct demo *demo, int64_t passed_ms)
{
    char date[24], counts[128], bar[3 * BAR_CELLS + 1] = "";
    int64_t done_ms = demo->now_ms - demo->begin_ms, whole_ms = demo->end_ms - demo->begin_ms;
    int full = (int)(done_ms * BAR_CELLS / whole_ms);
    int64_t tenths = passed_ms > 0 ? done_ms * 10 * 1000 / passed_ms / RG_MS_PER_DAY : 0; /* of days a second */
    int64_t left_s = done_ms > 0 ? passed_ms * (whole_ms - done_ms) / done_ms / 1000 : 0;
    for (int i = 0; i < BAR_CELLS; i++)
        strcat(bar, i < full ? "█" : "░");
    date_text(demo, date);
    counts_text(demo, counts);
    fprintf(stderr, "\r%s %s %s  %lld.%lld days/s, %lld s left \033[K", date, bar, counts, (long long)(tenths / 10),
            (long long)(tenths % 10), (long long)left_s);
}

void demo_progress_tell(struct demo_progress *progress, const struct demo *demo)
{
    int64_t boot_ms = rg_boot_ms(rg_clock_system());
    int week = (int)((demo->now_ms - demo->begin_ms) / (7 * RG_MS_PER_DAY));
    if (progress->terminal) {
        if (boot_ms - progress->told_boot_ms < TELL_MS)
            return;
        progress->told_boot_ms = boot_ms;
        tell_terminal(demo, boot_ms - progress->began_boot_ms);
        return;
    }
    if (week == progress->told_week)
        return;
    char date[24], counts[128];
    progress->told_week = week;
    date_text(demo, date);
    counts_text(demo, counts);
    fprintf(stderr, "%s %s\n", date, counts);
}

void demo_progress_end(struct demo_progress *progress)
{
    if (progress->terminal)
        fputs("\r\033[K", stderr);
}

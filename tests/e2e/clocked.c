/* reguad-clocked: reguad on a clock that a driver turns. It is reguad's own command line with one option more in front:
 *
 *     reguad-clocked --clock FILE [reguad's arguments]
 *
 * FILE is a page of tests/fakes/clock: wall and shared time are read from it, boot time stays the machine's, because claims and
 * time-outs pass in reality. Freshness is asked for more often than by reguad, so that a driver does not wait for it. */
#include "daemon/daemon.h"
#include "tests/fakes/clock/page_clock.h"

#include <stdio.h>
#include <string.h>

#define ROUND_MS 5

int main(int argc, char **argv)
{
    struct rg_error err = {0};
    struct rg_page_clock *page = NULL;
    if (argc < 3 || strcmp(argv[1], "--clock") != 0) {
        fputs("reguad-clocked: --clock FILE expected in front of reguad's arguments\n", stderr);
        return RG_EXIT_USAGE;
    }
    if (rg_page_clock_open(argv[2], &page, &err) < 0) {
        fprintf(stderr, "reguad-clocked: %s\n", err.text);
        return RG_EXIT_USAGE;
    }
    argv[2] = argv[0];
    const struct rg_daemon_options given = {.clock = rg_page_clock(page), .round_ms = ROUND_MS};
    int status = rg_daemon_main(argc - 2, argv + 2, &given);
    rg_page_clock_close(&page);
    return status;
}

/* A clock that a driver turns: wall and shared time are read from a file that driver and driven both map. Boot time stays
 * the machine's own, because durations (claims, time-outs, sessions) pass in reality also while days pass in minutes.
 *
 * The page, for drivers in other languages; integers in the machine's byte order, each aligned and written whole:
 *
 *      0  8 bytes  "RGCLOCK1"
 *      8  uint32   version, 1
 *     12  uint32   0
 *     16  int64    wall_ms     ms since 1970 UTC
 *     24  int64    shared_ms   the same for all processes; < 0: not known yet
 *     32  zeros to RG_PAGE_CLOCK_BYTES
 *
 * One driver writes, any number of processes and threads read. The two times are two writes: a reader between them sees
 * the new shared time with the old wall time. The driver turns the clock only while the driven are at rest, or does
 * without that difference. */
#pragma once

#include "base/core/clock.h"
#include "base/core/error.h"

#define RG_PAGE_CLOCK_BYTES 4096

struct rg_page_clock;

/* Makes the file (an existing one is replaced, never seen half-written) and maps it for the driver. */
RG_MUST_USE int rg_page_clock_create(const char *path, int64_t wall_ms, int64_t shared_ms, struct rg_page_clock **ret_page,
                                     struct rg_error *err);

/* Maps an existing page for reading. RG_EIO: no such file; RG_EINVAL: not such a page. */
RG_MUST_USE int rg_page_clock_open(const char *path, struct rg_page_clock **ret_page, struct rg_error *err);

void rg_page_clock_close(struct rg_page_clock **page); /* the clocks of it must not be read any more */

/* The table to pass down; lives as long as the page. */
const struct rg_clock *rg_page_clock(const struct rg_page_clock *page);

/* The driver's hand. Only on a page that was created, not opened. */
void rg_page_clock_set(struct rg_page_clock *page, int64_t wall_ms, int64_t shared_ms);

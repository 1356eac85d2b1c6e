/* Retry-After in all its spellings; what is not one of them is no answer. */
#include "base/http/retry_after.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

#define SUNDAY_1994 INT64_C(784111777000)   /* 1994-11-06 08:49:37 */
#define MONDAY_2026 INT64_C(1795428000000)  /* 2026-11-23 10:00:00 */

static void dates(void **state)
{
    (void)state;
    struct {
        const char *text;
        int64_t now_ms, wall_ms;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", MONDAY_2026, SUNDAY_1994},
        {"Sunday, 06-Nov-94 08:49:37 GMT", MONDAY_2026, SUNDAY_1994},
        {"Sun Nov  6 08:49:37 1994", MONDAY_2026, SUNDAY_1994},
        {"Sun Nov 06 08:49:37 1994", MONDAY_2026, SUNDAY_1994},
        {"Mon, 23 Nov 2026 10:00:00 GMT", 0, MONDAY_2026},
        {"Monday, 23-Nov-26 10:00:00 GMT", MONDAY_2026, MONDAY_2026},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0, 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", 0, -1000},
        {"Tue, 29 Feb 2000 00:00:00 GMT", 0, INT64_C(951782400000)},
        {"Mon, 01 Mar 2100 00:00:00 GMT", 0, INT64_C(4107542400000)},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 0, INT64_C(253402300799000)},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 0, INT64_C(1483228800000)},
        {"Friday, 01-Jan-76 00:00:00 GMT", MONDAY_2026, INT64_C(3345062400000)}, /* 2076: 50 years ahead */
        {"Saturday, 01-Jan-77 00:00:00 GMT", MONDAY_2026, INT64_C(220924800000)}, /* 51 ahead, so 1977 */
        {"Sunday, 01-Jan-00 00:00:00 GMT", MONDAY_2026, INT64_C(946684800000)},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        int64_t ms = 42;
        if (!rg_http_date(rg_str(rows[i].text), rows[i].now_ms, &ms) || ms != rows[i].wall_ms)
            fail_msg("%s: %lld", rows[i].text, (long long)ms);
    }
}

static void no_dates(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "Sun",
        "Sun,",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 32 Jan 2026 00:00:00 GMT",
        "Sun, 00 Jan 2026 00:00:00 GMT",
        "Sun, 29 Feb 2100 00:00:00 GMT",
        "Sun, 29 Feb 2026 00:00:00 GMT",
        "Sun, 31 Apr 2026 00:00:00 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1600 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sunday 06-Nov-94 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sunday Nov  6 08:49:37 1994",
        "Sun Nov   08:49:37 1994",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:3/ GMT",
        "1994-11-06T08:49:37Z",
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        int64_t ms = 42;
        if (rg_http_date(rg_str(rows[i]), MONDAY_2026, &ms) || ms != 42)
            fail_msg("taken: %s", rows[i]);
    }
}

static void waits(void **state)
{
    (void)state;
    struct {
        const char *text;
        int64_t wait_ms; /* -1: refused */
    } rows[] = {
        {"0", 0},
        {"1", 1000},
        {"120", 120000},
        {" 7\t", 7000},
        {"007", 7000},
        {"86400", RG_RETRY_AFTER_MAX_MS},
        {"86399", 86399000},
        {"86401", RG_RETRY_AFTER_MAX_MS},
        {"99999999999999999999999999", RG_RETRY_AFTER_MAX_MS},
        {"Mon, 23 Nov 2026 10:00:30 GMT", 30000},
        {"Mon, 23 Nov 2026 10:00:00 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Tue, 24 Nov 2026 10:00:00 GMT", RG_RETRY_AFTER_MAX_MS},
        {"Wed, 23 Nov 2027 10:00:00 GMT", RG_RETRY_AFTER_MAX_MS},
        {"", -1},
        {" ", -1},
        {"-1", -1},
        {"+1", -1},
        {"1.5", -1},
        {"1s", -1},
        {"1 2", -1},
        {"0x10", -1},
        {"amanhã", -1},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        int64_t ms = -1;
        bool taken = rg_retry_after(rg_str(rows[i].text), MONDAY_2026, &ms);
        if (taken != (rows[i].wait_ms >= 0) || ms != rows[i].wait_ms)
            fail_msg("%s: %lld", rows[i].text, (long long)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),
        cmocka_unit_test(no_dates),
        cmocka_unit_test(waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

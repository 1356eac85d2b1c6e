/* Any bytes as Retry-After: a wait within its limits, or none. */
#include "base/http/retry_after.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t clocks_ms[] = {0, INT64_C(1795428000000), INT64_C(253402300799999)};
    struct rg_str value = {(const char *)data, size};
    for (size_t i = 0; i < RG_COUNT(clocks_ms); i++) {
        int64_t wait_ms = -1, wall_ms = INT64_MIN;
        if (rg_retry_after(value, clocks_ms[i], &wait_ms))
            rg_assert(wait_ms >= 0 && wait_ms <= RG_RETRY_AFTER_MAX_MS);
        else
            rg_assert(wait_ms == -1);
        if (!rg_http_date(value, clocks_ms[i], &wall_ms))
            rg_assert(wall_ms == INT64_MIN);
    }
    return 0;
}

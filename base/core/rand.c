/* getrandom of up to 256 bytes is never interrupted half-way, so there is no loop. */
#include "base/core/rand.h"

#include <sys/random.h>
#include <sys/types.h>

void rg_random_bytes(void *ret_bytes, size_t n)
{
    rg_assert(n <= 256);
    ssize_t got = getrandom(ret_bytes, n, 0);
    rg_assert(got >= 0 && (size_t)got == n);
}

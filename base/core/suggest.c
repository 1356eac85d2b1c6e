/* Optimal string alignment distance in three rows. */
#include "base/core/suggest.h"

#include <string.h>

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

static size_t distance(struct rg_str a, struct rg_str b)
{
    size_t rows[3][RG_SUGGEST_WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        above[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t cost = lower(a.p[i - 1]) != lower(b.p[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
            bool swapped = i > 1 && j > 1 && lower(a.p[i - 1]) == lower(b.p[j - 2]) && lower(a.p[i - 2]) == lower(b.p[j - 1]);
            if (swapped && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *recycled = before;
        before = above;
        above = row;
        row = recycled;
    }
    return above[b.n];
}

const char *rg_suggest(struct rg_str word, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t best_distance = word.n <= 2 ? 2 : 3;
    if (word.n == 0 || word.n > RG_SUGGEST_WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct rg_str candidate = rg_str(candidates[i]);
        if (candidate.n > RG_SUGGEST_WORD_MAX)
            continue;
        size_t d = distance(word, candidate);
        if (d < best_distance) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}

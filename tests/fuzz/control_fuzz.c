/* Whatever stands in regua.control, one record a line: a key, a space, a value. A record changes what it speaks of or is refused with
 * a reason and changes nothing; what they come to keeps its limits, and what was known stays known. */
#include "config/contract/route.h"
#include "config/yaml/fields.h"
#include "daemon/control_state.h"

#include <string.h>

#define SOURCES_MAX 256
#define STATE_BYTES ((size_t)256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rg_control_known *find(const struct rg_control_state *state, struct rg_str source)
{
    const struct rg_control_known *found = NULL;
    for (size_t i = 0; i < state->known_count; i++) {
        bool same = rg_str_eq(state->known[i].source, source);
        rg_assert(!same || found == NULL);
        found = same ? &state->known[i] : found;
    }
    return found;
}

static void check(const struct rg_control_state *before, const struct rg_control_state *after)
{
    rg_assert(after->layout_shards >= 0 && after->layout_shards <= RG_SHARDS_MAX && after->known_count <= SOURCES_MAX);
    rg_assert(before->layout_shards == 0 || after->layout_shards != 0);
    rg_assert(!rg_str_has(before->live_max_step) || rg_str_has(after->live_max_step));
    for (size_t i = 0; i < after->known_count; i++)
        rg_assert(after->known[i].source.n > 0 && after->known[i].source.n <= RG_NAME_MAX);
    for (size_t i = 0; i < before->known_count; i++) {
        const struct rg_control_known *was = &before->known[i], *is = find(after, was->source);
        rg_assert(is != NULL && rg_known_reach_ms(is->through_ms, is->at_ms) >= rg_known_reach_ms(was->through_ms, was->at_ms));
    }
}

static void fold(struct rg_control_state **state, struct rg_str line)
{
    struct rg_error err = {0};
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(STATE_BYTES);
    const struct rg_control_state before = rg_control_state_in(arena, *state), *was = *state;
    const char *space = memchr(line.p, ' ', line.n);
    size_t n = space != NULL ? (size_t)(space - line.p) : line.n;
    const struct rg_str value = space != NULL ? (struct rg_str){space + 1, line.n - n - 1} : (struct rg_str){NULL, 0};
    int rc = rg_control_state_fold(state, (struct rg_str){line.p, n}, value, &err);
    rg_assert(rc == 0 || (*state == was && err.text[0] != '\0'));
    check(&before, *state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rg_control_state *state RG_CLEANUP(rg_control_state_free) = rg_control_state_copy(NULL);
    struct rg_str rest = {(const char *)data, size};
    while (rest.n > 0) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end != NULL ? (size_t)(end - rest.p) : rest.n;
        fold(&state, (struct rg_str){rest.p, n});
        n += end != NULL;
        rest = (struct rg_str){rest.p + n, rest.n - n};
    }
    return 0;
}

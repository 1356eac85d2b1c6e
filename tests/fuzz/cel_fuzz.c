/* Any bytes as a condition and as a dynamic expression: refused with a place and a reason, or a program whose canonical text
 * means the same, whose explanation ends, and whose evaluation needs no more than it was given. */
#include "config/cel/cel.h"

#include <stdalign.h>
#include <string.h>

#include "tests/unit/config/cel/facts.h"

#define SCRATCH_BYTES 4096
#define TEXT_BYTES ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an evaluation ends in, as bytes to compare. */
static void evaluate(const struct rg_cel *prog, struct rg_buf *out)
{
    static alignas(max_align_t) char bytes[SCRATCH_BYTES];
    struct rg_cel_scratch scratch = {bytes, sizeof bytes, 0};
    struct rg_cel_value value;
    struct test_world world;
    test_world_init(&world);
    struct rg_cel_outcome outcome = rg_cel_eval(prog, test_fact, &world, &scratch, &value);
    rg_assert(scratch.used <= sizeof bytes);
    rg_assert((outcome.slot >= 0) == (outcome.fault == RG_CEL_UNKNOWN_FACT));
    rg_buf_addf(out, "%s %d ", rg_cel_fault_name(outcome.fault), outcome.slot);
    if (outcome.fault == RG_CEL_FINE)
        rg_cel_value_print(&value, out);
    rg_cel_explain(prog, test_fact, &world, out);
}

static bool compile(struct rg_str text, const struct rg_cel_env *env, struct rg_arena *arena, const struct rg_cel **ret_prog)
{
    struct rg_cel_error err;
    int rc = rg_cel_compile(text, env, arena, ret_prog, &err);
    if (rc == 0)
        return true;
    rg_assert(rc == RG_EINVAL || rc == RG_ELIMIT);
    rg_assert(err.code != NULL && err.text[0] != '\0');
    rg_assert(err.offset <= text.n && err.length <= text.n - err.offset);
    return false;
}

static void try(struct rg_str text, const struct rg_cel_env *env)
{
    struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES), *arena_again = rg_arena_new(RG_CEL_ARENA_BYTES);
    const struct rg_cel *prog, *again;
    if (compile(text, env, arena, &prog)) {
        struct rg_buf once RG_CLEANUP(rg_buf_done), twice RG_CLEANUP(rg_buf_done);
        rg_buf_init(&once, TEXT_BYTES);
        rg_buf_init(&twice, TEXT_BYTES);
        rg_cel_canonical(prog, &once);
        rg_assert(!once.overflow && rg_utf8_valid(rg_buf_str(&once)));
        if (once.len <= RG_CEL_TEXT_MAX) {
            rg_assert(compile(rg_buf_str(&once), env, arena_again, &again));
            rg_cel_canonical(again, &twice);
            rg_assert(rg_str_eq(rg_buf_str(&once), rg_buf_str(&twice)));
            rg_buf_reset(&once);
            rg_buf_reset(&twice);
            evaluate(prog, &once);
            evaluate(again, &twice);
            rg_assert(rg_str_eq(rg_buf_str(&once), rg_buf_str(&twice)));
        }
    }
    rg_arena_free(&arena);
    rg_arena_free(&arena_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rg_str text = {(const char *)data, size};
    double number;
    struct rg_cel_value instant;
    (void)!rg_cel_read_double(text, &number); /* any answer is fine, harm is not */
    if (rg_cel_read_instant(text, &instant) == RG_CEL_FINE)
        rg_assert(instant.type == RG_CEL_INSTANT && instant.nanos >= 0 && instant.nanos < 1000000000);
    try(text, &test_env);
    try(text, &test_dynamic);
    return 0;
}

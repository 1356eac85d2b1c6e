/* From a text to a program: limits, the tree, its types, the slots it reads. The stages know nothing of one another beyond
 * the tree (node.h). */
#include "config/cel/node.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool rg_cel_refuse(struct rg_cel_error *err, const char *code, size_t offset, size_t length, const char *fmt, ...)
{
    *err = (struct rg_cel_error){.offset = offset, .length = length, .code = code};
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return false;
}

const char *rg_cel_type_name(enum rg_cel_type type)
{
    static const char *const names[RG_CEL_TYPES] = {
        [RG_CEL_DYN] = "any",         [RG_CEL_NULL] = "null",         [RG_CEL_BOOL] = "bool",   [RG_CEL_INT] = "int",
        [RG_CEL_DOUBLE] = "double",   [RG_CEL_STRING] = "text",       [RG_CEL_LIST] = "list",   [RG_CEL_MAP] = "map",
        [RG_CEL_INSTANT] = "instant", [RG_CEL_DURATION] = "duration", [RG_CEL_MONEY] = "money", [RG_CEL_DATE] = "date",
    };
    return names[type];
}

const char *rg_cel_fault_name(enum rg_cel_fault fault)
{
    static const char *const names[] = {
        [RG_CEL_FINE] = "fine",
        [RG_CEL_UNKNOWN_FACT] = "unknown_fact",
        [RG_CEL_OVERFLOW] = "overflow",
        [RG_CEL_DIVIDE_BY_ZERO] = "divide_by_zero",
        [RG_CEL_NO_SUCH_KEY] = "no_such_key",
        [RG_CEL_NO_SUCH_OVERLOAD] = "no_such_overload",
        [RG_CEL_RANGE] = "range",
        [RG_CEL_INDEX] = "index",
        [RG_CEL_UNDECLARED] = "undeclared",
        [RG_CEL_OTHER] = "other",
    };
    static_assert(RG_COUNT(names) == RG_CEL_OTHER + 1, "every fault has a name");
    return names[fault];
}

struct rg_cel_value rg_cel_instant_ms(int64_t ms)
{
    int64_t seconds = ms / 1000, rest = ms % 1000;
    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    return (struct rg_cel_value){.type = RG_CEL_INSTANT, .i = seconds, .nanos = (int32_t)rest * 1000000};
}

static void collect_slots(struct rg_cel *prog, struct rg_arena *arena, const struct rg_cel_node *node)
{
    for (unsigned i = 0; i < node->count; i++)
        collect_slots(prog, arena, node->args[i]);
    if (node->op != RG_CEL_OP_FACT && node->op != RG_CEL_OP_HAS_FACT)
        return;
    for (size_t i = 0; i < prog->slot_count; i++)
        if (prog->slots[i] == node->index)
            return;
    *RG_PUSH(arena, prog->slots, prog->slot_count, prog->slot_capacity) = node->index;
}

int rg_cel_compile(struct rg_str text, const struct rg_cel_env *env, struct rg_arena *arena, const struct rg_cel **ret_prog,
                   struct rg_cel_error *err)
{
    *err = (struct rg_cel_error){0};
    if (text.n > RG_CEL_TEXT_MAX) {
        (void)rg_cel_refuse(err, "limit", RG_CEL_TEXT_MAX, text.n - RG_CEL_TEXT_MAX, "a condition has at most %d bytes",
                            RG_CEL_TEXT_MAX);
        return RG_ELIMIT;
    }
    if (!rg_utf8_valid(text)) {
        (void)rg_cel_refuse(err, "syntax", 0, text.n, "the condition is not valid UTF-8");
        return RG_EINVAL;
    }
    struct rg_cel *prog = RG_NEW(arena, struct rg_cel, 1);
    prog->text = text.p != NULL ? rg_arena_str(arena, text) : RG_STR("");
    struct rg_cel_source src = {prog->text, env, arena, err};
    struct rg_cel_node *root = rg_cel_parse(&src);
    if (root == NULL || !rg_cel_check(&src, root))
        return strcmp(err->code, "limit") == 0 ? RG_ELIMIT : RG_EINVAL;
    collect_slots(prog, arena, root);
    prog->root = root;
    *ret_prog = prog;
    return 0;
}

struct rg_str rg_cel_text(const struct rg_cel *prog)
{
    return prog->text;
}

const int *rg_cel_slots(const struct rg_cel *prog, size_t *ret_count)
{
    *ret_count = prog->slot_count;
    return prog->slots;
}

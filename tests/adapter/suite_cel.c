/* {op: eval, expr, vars: {name: {type, value?}}} → {value: V} | {error: kind} | {load_error: text}. Expressions are taken as
 * CEL's evaluation defines them, not as a ladder's conditions: a mismatch of types is an error of the evaluation, whatever
 * type a variable is declared with. A variable without value is undeclared, as in CEL. */
#include "tests/adapter/suite.h"

#include <inttypes.h>
#include <math.h>

#include "config/cel/cel.h"

#define VARS_MAX 256
#define VALUES_BYTES ((size_t)64 * 1024 * 1024)
#define SCRATCH_BYTES ((size_t)1024 * 1024)
#define NANOS_PER_SECOND INT64_C(1000000000)

struct vars {
    struct rg_cel_decl decls[VARS_MAX];
    struct rg_cel_value values[VARS_MAX]; /* RG_CEL_DYN: has none */
    size_t count;
};

static bool var_fact(void *ctx, int slot, struct rg_cel_value *ret_value)
{
    const struct vars *vars = ctx;
    if (vars->values[slot].type == RG_CEL_DYN)
        return false;
    *ret_value = vars->values[slot];
    return true;
}

/* ---- questions ---- */

static bool read_value(const struct rg_json_value *v, struct rg_arena *arena, struct rg_cel_value *ret_value);

static bool read_double(const struct rg_json_value *number, struct rg_cel_value *ret_value)
{
    struct rg_str text = rg_json_number_text(number);
    double value;
    if ((text.p == NULL && !rg_json_str(number, &text)) || !rg_cel_read_double(text, &value))
        return false;
    *ret_value = rg_cel_double(value);
    return true;
}

static bool read_duration(const struct rg_json_value *parts, struct rg_cel_value *ret_value)
{
    struct rg_str text;
    int64_t seconds, nanos;
    if (!rg_json_str(rg_json_get(parts, "seconds"), &text) || !rg_str_to_i64(text, &seconds) ||
        !rg_json_int(rg_json_get(parts, "nanos"), &nanos) || __builtin_mul_overflow(seconds, NANOS_PER_SECOND, &seconds) ||
        __builtin_add_overflow(seconds, nanos, &nanos))
        return false;
    *ret_value = (struct rg_cel_value){.type = RG_CEL_DURATION, .i = nanos};
    return true;
}

static bool read_items(const struct rg_json_value *array, bool map, struct rg_arena *arena, struct rg_cel_value *ret_value)
{
    size_t n = rg_json_count(array), used = 0;
    if (rg_json_kind(array) != RG_JSON_ARRAY)
        return false;
    struct rg_cel_value *items = RG_NEW(arena, struct rg_cel_value, map ? 2 * n : n);
    RG_JSON_EACH(item, array) {
        if (!map && !read_value(item, arena, &items[used++]))
            return false;
        if (map &&
            (!read_value(rg_json_at(item, 0), arena, &items[used]) || !read_value(rg_json_at(item, 1), arena, &items[used + 1])))
            return false;
        used += map ? 2 : 0;
    }
    *ret_value = (struct rg_cel_value){.type = map ? RG_CEL_MAP : RG_CEL_LIST, .items = {items, n}};
    return true;
}

/* The reader limits how deep values lie in one another. */
static bool read_value(const struct rg_json_value *v, struct rg_arena *arena, struct rg_cel_value *ret_value)
{
    const struct rg_json_value *only = rg_json_next(v, NULL);
    struct rg_str form = rg_json_key(only), text;
    int64_t number;
    bool flag;
    if (rg_json_count(v) != 1 || form.p == NULL)
        return false;
    if (rg_str_is(form, "double"))
        return read_double(only, ret_value);
    if (rg_str_is(form, "duration"))
        return read_duration(only, ret_value);
    if (rg_str_is(form, "list") || rg_str_is(form, "map"))
        return read_items(only, rg_str_is(form, "map"), arena, ret_value);
    if (rg_str_is(form, "timestamp"))
        return rg_json_str(only, &text) && rg_cel_read_instant(text, ret_value) == RG_CEL_FINE;
    if (rg_str_is(form, "bool") && rg_json_bool(only, &flag))
        *ret_value = rg_cel_bool(flag);
    else if (rg_str_is(form, "int") && rg_json_str(only, &text) && rg_str_to_i64(text, &number))
        *ret_value = rg_cel_int(number);
    else if (rg_str_is(form, "string") && rg_json_str(only, &text))
        *ret_value = rg_cel_string(text);
    else if (rg_str_is(form, "null") && rg_json_kind(only) == RG_JSON_NULL)
        *ret_value = rg_cel_null();
    else
        return false;
    return true;
}

static bool read_vars(const struct rg_json_value *object, struct rg_arena *arena, struct vars *vars)
{
    if (rg_json_kind(object) != RG_JSON_ABSENT && rg_json_kind(object) != RG_JSON_OBJECT)
        return false;
    RG_JSON_EACH(var, object) {
        const struct rg_json_value *value = rg_json_get(var, "value");
        size_t i = vars->count++;
        if (i == VARS_MAX || (value != NULL && !read_value(value, arena, &vars->values[i])))
            return false;
        vars->decls[i] =
            (struct rg_cel_decl){.name = rg_arena_str(arena, rg_json_key(var)).p, .type = RG_CEL_DYN, .slot = (int)i};
    }
    return true;
}

/* ---- answers ---- */

static void write_value(const struct rg_cel_value *value, struct rg_jw *answer);

static void write_number(const char *form, int64_t number, struct rg_jw *answer)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    rg_jw_member_cstr(answer, form, text);
}

static void write_duration(int64_t nanos, struct rg_jw *answer)
{
    rg_jw_key(answer, "duration");
    rg_jw_object(answer);
    write_number("seconds", nanos / NANOS_PER_SECOND, answer);
    rg_jw_member_int(answer, "nanos", nanos % NANOS_PER_SECOND);
    rg_jw_object_end(answer);
}

/* Doubles and instants as the module itself prints them; JSON has no word for the doubles that are no numbers. */
static void write_printed(const struct rg_cel_value *value, struct rg_jw *answer)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 128);
    rg_cel_value_print(value, &text);
    rg_jw_key(answer, value->type == RG_CEL_DOUBLE ? "double" : "timestamp");
    if (value->type == RG_CEL_DOUBLE && isfinite(value->d))
        rg_jw_raw(answer, rg_buf_str(&text));
    else
        rg_jw_str(answer, rg_buf_str(&text));
}

static void write_items(const struct rg_cel_value *value, struct rg_jw *answer)
{
    bool map = value->type == RG_CEL_MAP;
    rg_jw_key(answer, map ? "map" : "list");
    rg_jw_array(answer);
    for (size_t i = 0; i < value->items.n; i++) {
        if (!map) {
            write_value(&value->items.p[i], answer);
            continue;
        }
        rg_jw_array(answer);
        write_value(&value->items.p[2 * i], answer);
        write_value(&value->items.p[2 * i + 1], answer);
        rg_jw_array_end(answer);
    }
    rg_jw_array_end(answer);
}

static void write_value(const struct rg_cel_value *value, struct rg_jw *answer)
{
    rg_jw_object(answer);
    switch (value->type) {
    case RG_CEL_NULL:
        rg_jw_key(answer, "null");
        rg_jw_null(answer);
        break;
    case RG_CEL_BOOL: rg_jw_member_bool(answer, "bool", value->b); break;
    case RG_CEL_INT: write_number("int", value->i, answer); break;
    case RG_CEL_STRING: rg_jw_member_str(answer, "string", value->s); break;
    case RG_CEL_LIST:
    case RG_CEL_MAP: write_items(value, answer); break;
    case RG_CEL_DURATION: write_duration(value->i, answer); break;
    case RG_CEL_DOUBLE:
    case RG_CEL_INSTANT: write_printed(value, answer); break;
    default: /* money and dates are ours alone; no question of CEL's ends in one */
        rg_jw_member_cstr(answer, "other", rg_cel_type_name(value->type));
        break;
    }
    rg_jw_object_end(answer);
}

/* How many objects and arrays of the answer the value needs inside each other. Only an expression that wraps a deep variable
 * deeper can pass what the writer holds. */
static size_t levels(const struct rg_cel_value *value)
{
    bool map = value->type == RG_CEL_MAP;
    size_t deepest = 0;
    if (value->type == RG_CEL_DURATION)
        return 2;
    if (!map && value->type != RG_CEL_LIST)
        return 1;
    for (size_t i = 0; i < (map ? 2 : 1) * value->items.n; i++) {
        size_t of_item = levels(&value->items.p[i]);
        deepest = of_item > deepest ? of_item : deepest;
    }
    return (map ? 3 : 2) + deepest;
}

static void evaluate(const struct rg_cel *prog, struct vars *vars, struct rg_arena *arena, struct rg_jw *answer)
{
    struct rg_cel_scratch scratch = {rg_arena_alloc(arena, SCRATCH_BYTES), SCRATCH_BYTES, 0};
    struct rg_cel_value value;
    struct rg_cel_outcome outcome = rg_cel_eval(prog, var_fact, vars, &scratch, &value);
    if (outcome.fault == RG_CEL_FINE && answer->depth + levels(&value) > RG_JW_DEPTH_MAX) {
        rg_jw_member_cstr(answer, "error", rg_cel_fault_name(RG_CEL_OTHER));
        return;
    }
    if (outcome.fault == RG_CEL_FINE) {
        rg_jw_key(answer, "value");
        write_value(&value, answer);
        return;
    }
    bool absent = outcome.fault == RG_CEL_UNKNOWN_FACT;
    rg_jw_member_cstr(answer, "error", rg_cel_fault_name(absent ? RG_CEL_UNDECLARED : outcome.fault));
}

void rg_suite_cel(const struct rg_json_value *question, struct rg_jw *answer)
{
    static const char *const OPS[] = {"eval"};
    struct rg_str expr;
    size_t op;
    if (!rg_ask_word(question, "op", OPS, RG_COUNT(OPS), answer, &op) || !rg_ask_str(question, "expr", answer, &expr))
        return;
    struct rg_arena *arena = rg_arena_new(VALUES_BYTES);
    struct vars *vars = RG_NEW(arena, struct vars, 1);
    if (read_vars(rg_json_get(question, "vars"), arena, vars)) {
        struct rg_cel_env env = {.decls = vars->decls, .count = vars->count, .dynamic = true};
        const struct rg_cel *prog;
        struct rg_cel_error err;
        if (rg_cel_compile(expr, &env, arena, &prog, &err) == 0)
            evaluate(prog, vars, arena, answer);
        else
            rg_jw_member_cstr(answer, "load_error", err.text);
    } else {
        rg_jw_member_cstr(answer, "error",
                          "expected \"vars\" to be an object of {type, value} with a value such as {\"int\": \"1\"}");
    }
    rg_arena_free(&arena);
}

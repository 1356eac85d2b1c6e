/* The condition language of ladders and policies: a typed subset of CEL, the Common Expression Language.
 *
 *   invoice.balance >= brl("20.00") && debtor.cluster in ["esquecido", "esporadico"]
 *
 * A text is compiled once, against the declared facts, into the caller's arena; types, names and limits are checked then, so
 * that what loads can run. Evaluation is pure: no clock, no allocation, no globals; facts come through one callback.
 *
 * What there is: bool, int (64 bits, overflow is an error), double, text, list, map, null, instant, duration; the operators
 * ! - * / % + < <= > >= == != in && || ?:, index and field; size contains startsWith endsWith, has(), the conversions bool int
 * double string timestamp duration, the getters of instants and durations (UTC or an offset such as "-03:00"), and
 * all exists exists_one filter map. && and || absorb errors whichever side they stand on, as CEL says.
 * Two types of our own: `money`, written brl("20.00") and mixed with nothing else, and `date`, a civil day, written
 * date("2026-01-31") and moved by durations of whole days; duration() also knows days, duration("3d").
 * What there is not (uint, bytes, messages, type(), matches, named zones) is refused at load and says so.
 *
 * Two modes. A condition (the default) is checked strictly: every operand has a declared type, the result is a bool, a literal
 * that can never be read is refused. `dynamic` follows CEL without a type checker: mismatches become faults at evaluation. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/core/core.h"
#include "base/core/error.h"

#define RG_CEL_TEXT_MAX 4096     /* bytes of one expression */
#define RG_CEL_DEPTH_MAX 32      /* brackets, calls, ?: and macros inside one another */
#define RG_CEL_NODES_MAX 512     /* names, literals and operators of one expression */
#define RG_CEL_HEIGHT_MAX 128    /* operators stacked upon one another, as in 1 + 1 + 1 + … */
#define RG_CEL_NAME_MAX 128      /* bytes of a dotted name */
#define RG_CEL_VARS_MAX 8        /* macros inside one another */
#define RG_CEL_TURNS_MAX 10000   /* elements that the macros of one evaluation may visit */
#define RG_CEL_ARENA_BYTES (512 * 1024) /* the most that one program takes from its arena */

enum rg_cel_type {
    RG_CEL_DYN, /* any; never the tag of a value */
    RG_CEL_NULL,
    RG_CEL_BOOL,
    RG_CEL_INT,
    RG_CEL_DOUBLE,
    RG_CEL_STRING,
    RG_CEL_LIST,
    RG_CEL_MAP,
    RG_CEL_INSTANT,
    RG_CEL_DURATION,
    RG_CEL_MONEY,
    RG_CEL_DATE,
};
#define RG_CEL_TYPES (RG_CEL_DATE + 1)

/* As people read it: "text", "money", … */
const char *rg_cel_type_name(enum rg_cel_type type);

/* A value owns nothing: text and items lie in the program, in what a fact brought, or in the evaluation's scratch. */
struct rg_cel_value {
    enum rg_cel_type type;
    int32_t nanos; /* of an instant, 0 to 999,999,999 */
    union {
        bool b;
        int64_t i; /* int; money in cents; instant in seconds since 1970 UTC; duration in nanoseconds; date in days since 1970 */
        double d;
        struct rg_str s;
        struct {
            const struct rg_cel_value *p; /* a map's keys and values alternate: 2n values */
            size_t n;
        } items;
    };
};

static inline struct rg_cel_value rg_cel_null(void) { return (struct rg_cel_value){.type = RG_CEL_NULL}; }
static inline struct rg_cel_value rg_cel_bool(bool b) { return (struct rg_cel_value){.type = RG_CEL_BOOL, .b = b}; }
static inline struct rg_cel_value rg_cel_int(int64_t i) { return (struct rg_cel_value){.type = RG_CEL_INT, .i = i}; }
static inline struct rg_cel_value rg_cel_double(double d) { return (struct rg_cel_value){.type = RG_CEL_DOUBLE, .d = d}; }
static inline struct rg_cel_value rg_cel_string(struct rg_str s) { return (struct rg_cel_value){.type = RG_CEL_STRING, .s = s}; }
static inline struct rg_cel_value rg_cel_money(int64_t cents) { return (struct rg_cel_value){.type = RG_CEL_MONEY, .i = cents}; }
static inline struct rg_cel_value rg_cel_date(int32_t day) { return (struct rg_cel_value){.type = RG_CEL_DATE, .i = day}; }
static inline struct rg_cel_value rg_cel_list(const struct rg_cel_value *p, size_t n)
{
    return (struct rg_cel_value){.type = RG_CEL_LIST, .items = {p, n}};
}
struct rg_cel_value rg_cel_instant_ms(int64_t ms);

/* A fact: its dotted name, its type and the number the evaluation asks for it by. `elem` is a list's or map's element type,
 * `key` a map's key type (RG_CEL_DYN: any). Names must outlive the programs' compilation only. */
struct rg_cel_decl {
    const char *name;
    enum rg_cel_type type;
    int slot; /* ≥ 0 */
    enum rg_cel_type elem, key;
};

struct rg_cel_env {
    const struct rg_cel_decl *decls;
    size_t count;
    bool dynamic; /* see above; the result may be of any type */
};

/* Where and why a text was refused. `code` is one of "unknown-fact", "type", "syntax", "subset", "limit". */
struct rg_cel_error {
    size_t offset, length; /* bytes within the text; length is at least 1 unless the text ends there */
    const char *code;
    char text[256];
};

struct rg_cel;

/* 0, RG_EINVAL, or RG_ELIMIT. The text is copied; the program lives as long as the arena, and is immutable. */
int rg_cel_compile(struct rg_str text, const struct rg_cel_env *env, struct rg_arena *arena, const struct rg_cel **ret_prog,
                   struct rg_cel_error *err) RG_MUST_USE;

struct rg_str rg_cel_text(const struct rg_cel *prog);
const int *rg_cel_slots(const struct rg_cel *prog, size_t *ret_count); /* each slot once, in the order of first use */

/* Gives the fact of a slot; false when it is not known. The value must stay valid until the evaluation returns (longer when
 * it is part of the result), and be of the declared type. */
typedef bool rg_cel_fact_fn(void *ctx, int slot, struct rg_cel_value *ret_value);

enum rg_cel_fault {
    RG_CEL_FINE,
    RG_CEL_UNKNOWN_FACT,
    RG_CEL_OVERFLOW,
    RG_CEL_DIVIDE_BY_ZERO,
    RG_CEL_NO_SUCH_KEY,
    RG_CEL_NO_SUCH_OVERLOAD, /* operands of these types have no such operation */
    RG_CEL_RANGE,
    RG_CEL_INDEX,
    RG_CEL_UNDECLARED, /* dynamic mode only */
    RG_CEL_OTHER,      /* a text that cannot be converted, a map with a key twice, scratch or turns used up */
};
const char *rg_cel_fault_name(enum rg_cel_fault fault); /* "unknown_fact", "overflow", … */

enum rg_cel_verdict { RG_CEL_FALSE, RG_CEL_TRUE, RG_CEL_UNKNOWN };

/* Why a condition is RG_CEL_UNKNOWN: its fault, and for RG_CEL_UNKNOWN_FACT the slot of the first fact that was missing. */
struct rg_cel_outcome {
    enum rg_cel_fault fault;
    int slot; /* -1: none */
};

/* Tests a condition. `ret_outcome` may be NULL. */
enum rg_cel_verdict rg_cel_test(const struct rg_cel *prog, rg_cel_fact_fn *fact, void *ctx, struct rg_cel_outcome *ret_outcome);

/* Memory for the lists and texts that an evaluation makes; the caller's, `bytes` aligned for any type. */
struct rg_cel_scratch {
    void *bytes;
    size_t size, used;
};

/* Evaluates to any value, which may lie in the scratch. `ret_value` is untouched unless the outcome's fault is RG_CEL_FINE. */
struct rg_cel_outcome rg_cel_eval(const struct rg_cel *prog, rg_cel_fact_fn *fact, void *ctx, struct rg_cel_scratch *scratch,
                                  struct rg_cel_value *ret_value);

/* The same expression with one spacing, one quoting and no needless brackets: what a version's hash is taken of. Compiling it
 * gives the same canonical text again, unless it has outgrown RG_CEL_TEXT_MAX: spaces and escapes make it longer. */
void rg_cel_canonical(const struct rg_cel *prog, struct rg_buf *buf);

/* Why a condition came out as it did, with today's values: of && and || only the parts that decided, comparisons with values
 * filled in, as in `159.20 >= 20.00`; a bool fact as `debtor.consumer = false`, a missing one as `debtor.tier unknown`. */
void rg_cel_explain(const struct rg_cel *prog, rg_cel_fact_fn *fact, void *ctx, struct rg_buf *buf);

/* Texts as double() and timestamp() read them: 1.5e3, NaN, -Inf; RFC 3339 with up to nine decimals, years 1 to 9999. The
 * instant fails with RG_CEL_OTHER for what it is not and RG_CEL_RANGE for years outside. */
bool rg_cel_read_double(struct rg_str text, double *ret_value) RG_MUST_USE;
enum rg_cel_fault rg_cel_read_instant(struct rg_str text, struct rg_cel_value *ret_value) RG_MUST_USE;

/* A value as explain shows it: 20.00, "texto", 2026-01-31, 2026-01-31T10:00:00Z, 90s, ["a", "b"]. Long ones end in "…". */
void rg_cel_value_print(const struct rg_cel_value *value, struct rg_buf *buf);

/* What the files of this folder share: the tree that a text becomes, and the helpers that each of them gives the others.
 * Nothing outside the folder includes this. */
#pragma once

#include "config/cel/cel.h"

enum rg_cel_op {
    RG_CEL_OP_CONST,      /* a literal */
    RG_CEL_OP_FACT,       /* index: slot */
    RG_CEL_OP_VAR,        /* a macro's variable; index: its place */
    RG_CEL_OP_UNDECLARED, /* a name that is no fact: a fault, in dynamic mode only */
    RG_CEL_OP_HAS_FACT,   /* has(debtor.tier); index: slot */
    RG_CEL_OP_HAS_KEY,    /* has(map.name) */
    RG_CEL_OP_SELECT,     /* map.name */
    RG_CEL_OP_INDEX,
    RG_CEL_OP_NOT,
    RG_CEL_OP_NEG,
    RG_CEL_OP_AND, /* two or more operands */
    RG_CEL_OP_OR,  /* likewise */
    RG_CEL_OP_COND,
    RG_CEL_OP_EQ,
    RG_CEL_OP_NE,
    RG_CEL_OP_LT,
    RG_CEL_OP_LE,
    RG_CEL_OP_GT,
    RG_CEL_OP_GE,
    RG_CEL_OP_IN,
    RG_CEL_OP_ADD,
    RG_CEL_OP_SUB,
    RG_CEL_OP_MUL,
    RG_CEL_OP_DIV,
    RG_CEL_OP_MOD,
    RG_CEL_OP_LIST,
    RG_CEL_OP_MAP, /* keys and values alternate */
    RG_CEL_OP_CALL,
    RG_CEL_OP_ALL, /* the macros: range and body; name and index are the variable's */
    RG_CEL_OP_EXISTS,
    RG_CEL_OP_EXISTS_ONE,
    RG_CEL_OP_FILTER,
    RG_CEL_OP_COLLECT, /* map(); with three operands the second is a filter */
};
#define RG_CEL_OPS (RG_CEL_OP_COLLECT + 1)

/* The text of an operator or macro: "&&", "<=", "exists", …; NULL for the others. */
const char *rg_cel_op_text(enum rg_cel_op op);

/* A declared or derived type. A list's element and a map's key and value are known one level deep; below, all is dyn. */
struct rg_cel_kind {
    enum rg_cel_type type, elem, key;
};

struct rg_cel_fn;

struct rg_cel_node {
    enum rg_cel_op op;
    bool ready;  /* `value` is the result, known at load */
    bool member; /* a call written receiver.name(…) */
    bool rooted; /* a name that needs its leading dot, because a macro's variable hides it */
    bool quoted; /* a field written between backquotes, or a name between brackets: neither may join a dotted name */
    unsigned count, height;
    struct rg_cel_node **args;
    struct rg_cel_value value;
    int index;
    const struct rg_cel_fn *fn;
    struct rg_str name; /* of the fact, variable, field or function */
    struct rg_cel_kind kind;
    size_t offset, length; /* where it stands in the text */
};

struct rg_cel {
    struct rg_str text;
    const struct rg_cel_node *root;
    int *slots;
    size_t slot_count, slot_capacity;
};

/* One compilation. */
struct rg_cel_source {
    struct rg_str text;
    const struct rg_cel_env *env;
    struct rg_arena *arena;
    struct rg_cel_error *err;
};

/* Fills in the error; always false, for `return rg_cel_refuse(…)`. */
bool rg_cel_refuse(struct rg_cel_error *err, const char *code, size_t offset, size_t length, const char *fmt, ...)
    RG_PRINTF(5, 6);
#define RG_CEL_REFUSE_NODE(src, code, node, ...) rg_cel_refuse((src)->err, (code), (node)->offset, (node)->length, __VA_ARGS__)

/* parse.c: the tree, names resolved; NULL after an error. check.c: types, and the results that are known at load. */
struct rg_cel_node *rg_cel_parse(const struct rg_cel_source *src);
bool rg_cel_check(const struct rg_cel_source *src, struct rg_cel_node *root);

/* name.c: names, and what to say of one that is no fact. */
bool rg_cel_is_reserved(struct rg_str name); /* by CEL, for later: if, for, while, … */
bool rg_cel_is_type(struct rg_str name);     /* int, list, … */
bool rg_cel_is_macro(struct rg_str name);
enum rg_cel_op rg_cel_macro_op(struct rg_str name);
const struct rg_cel_decl *rg_cel_find_decl(const struct rg_cel_env *env, struct rg_str name); /* NULL: not declared */
void rg_cel_unknown_name(const struct rg_cel_source *src, size_t offset, size_t length, struct rg_str name);

/* value.c: comparison and arithmetic of values, as CEL has them. */
bool rg_cel_equal(const struct rg_cel_value *a, const struct rg_cel_value *b);
/* -1, 0, 1 or RG_CEL_UNORDERED. */
enum rg_cel_fault rg_cel_order(const struct rg_cel_value *a, const struct rg_cel_value *b, int *ret_order);
#define RG_CEL_UNORDERED 2 /* a NaN: neither below nor above nor equal */
bool rg_cel_is_number(enum rg_cel_type type);
bool rg_cel_is_ordered(enum rg_cel_type type);
const struct rg_cel_value *rg_cel_map_find(const struct rg_cel_value *map, const struct rg_cel_value *key); /* NULL: absent */
enum rg_cel_fault rg_cel_map_check(const struct rg_cel_value *pairs, size_t n); /* keys of a permitted type, each once */

/* arith.c */
enum rg_cel_fault rg_cel_negate(const struct rg_cel_value *a, struct rg_cel_value *ret_value);
/* Everything but the sums that need memory, those of texts and of lists. */
enum rg_cel_fault rg_cel_arith(enum rg_cel_op op, const struct rg_cel_value *a, const struct rg_cel_value *b,
                               struct rg_cel_value *ret_value);
/* The type of a sum, difference, product, …; false when these types have none. Dyn operands are the caller's business. */
bool rg_cel_arith_type(enum rg_cel_op op, enum rg_cel_type a, enum rg_cel_type b, enum rg_cel_type *ret_type);
#define RG_CEL_DAY_NANOS (INT64_C(86400) * 1000000000)

/* text.c: readers of literals, writers of values. */
bool rg_cel_read_money(struct rg_str text, int64_t *ret_cents);
enum rg_cel_fault rg_cel_read_duration(struct rg_str text, struct rg_cel_value *ret_value);
bool rg_cel_days_of(int year, int month, int day, int64_t *ret_days); /* days since 1970; false when there is no such date */
#define RG_CEL_INSTANT_MIN (INT64_C(-62135596800)) /* 0001-01-01T00:00:00Z */
#define RG_CEL_INSTANT_MAX (INT64_C(253402300799)) /* 9999-12-31T23:59:59Z */
#define RG_CEL_NUMBER_TEXT_MAX 64
/* Each writes at most RG_CEL_NUMBER_TEXT_MAX bytes with its NUL and returns the length without it. */
size_t rg_cel_write_double(double value, char *ret_text);
size_t rg_cel_write_instant(const struct rg_cel_value *instant, char *ret_text);
size_t rg_cel_write_duration(int64_t nanos, char *ret_text);
void rg_cel_print_quoted(struct rg_str text, struct rg_buf *buf); /* with quotes and escapes */

/* call.c: the functions. */
struct rg_cel_run;
typedef enum rg_cel_fault rg_cel_call_fn(struct rg_cel_run *run, const struct rg_cel_value *args, unsigned count,
                                         struct rg_cel_value *ret_value);
struct rg_cel_fn {
    const char *name;
    rg_cel_call_fn *call;
    bool global, member; /* which of name(x, …) and x.name(…) there is */
    bool literal;        /* takes a literal text and is known at load when that can be read */
    bool ours;           /* not CEL's: takes nothing but a literal, in either mode */
    bool dynamic;        /* there is none in conditions */
    const char *example; /* of a literal */
};
const struct rg_cel_fn *rg_cel_fn_find(struct rg_str name, bool member); /* NULL: there is none */
/* Why a name of CEL's is not here, as a sentence's end; NULL for names that CEL does not know either. */
const char *rg_cel_fn_outside(struct rg_str name);
const char *rg_cel_fn_suggest(struct rg_str name);
bool rg_cel_fn_zone_fits(const struct rg_cel_fn *fn, struct rg_str zone); /* a getter's second argument; true for the rest */
/* The type that a call gives; false when no form of the function takes these arguments. */
bool rg_cel_fn_type(const struct rg_cel_fn *fn, const struct rg_cel_kind *args, unsigned count, enum rg_cel_type *ret_type);

/* eval.c: one evaluation. */
struct rg_cel_run {
    rg_cel_fact_fn *fact;
    void *ctx;
    struct rg_cel_scratch *scratch;
    const struct rg_cel_value *vars[RG_CEL_VARS_MAX];
    struct rg_cel_outcome outcome;
    int turns;
};
bool rg_cel_run_node(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value);
void *rg_cel_scratch_take(struct rg_cel_scratch *scratch, size_t bytes); /* NULL when it is used up */

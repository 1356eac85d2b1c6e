/* Names: those that CEL keeps for itself, those that are declared, and the nearest fact to one that is not. */
#include "config/cel/node.h"

#include "base/core/suggest.h"

static bool is_one_of(struct rg_str name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rg_str_is(name, words[i]))
            return true;
    return false;
}

bool rg_cel_is_reserved(struct rg_str name)
{
    static const char *const words[] = {"as", "break", "const", "continue", "else", "for", "function", "if", "import",
                                        "let", "loop", "package", "namespace", "return", "var", "void", "while"};
    return is_one_of(name, words, RG_COUNT(words));
}

bool rg_cel_is_type(struct rg_str name)
{
    static const char *const words[] = {"bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"};
    return is_one_of(name, words, RG_COUNT(words));
}

static const char *const op_texts[RG_CEL_OPS] = {
    [RG_CEL_OP_NOT] = "!",      [RG_CEL_OP_NEG] = "-",       [RG_CEL_OP_AND] = "&&", [RG_CEL_OP_OR] = "||",
    [RG_CEL_OP_COND] = "?:",    [RG_CEL_OP_EQ] = "==",       [RG_CEL_OP_NE] = "!=",  [RG_CEL_OP_LT] = "<",
    [RG_CEL_OP_LE] = "<=",      [RG_CEL_OP_GT] = ">",        [RG_CEL_OP_GE] = ">=",  [RG_CEL_OP_IN] = "in",
    [RG_CEL_OP_ADD] = "+",      [RG_CEL_OP_SUB] = "-",       [RG_CEL_OP_MUL] = "*",  [RG_CEL_OP_DIV] = "/",
    [RG_CEL_OP_MOD] = "%",      [RG_CEL_OP_ALL] = "all",     [RG_CEL_OP_EXISTS] = "exists",
    [RG_CEL_OP_EXISTS_ONE] = "exists_one", [RG_CEL_OP_FILTER] = "filter", [RG_CEL_OP_COLLECT] = "map",
};

const char *rg_cel_op_text(enum rg_cel_op op)
{
    return op_texts[op];
}

bool rg_cel_is_macro(struct rg_str name)
{
    return is_one_of(name, op_texts + RG_CEL_OP_ALL, RG_CEL_OPS - RG_CEL_OP_ALL);
}

enum rg_cel_op rg_cel_macro_op(struct rg_str name)
{
    enum rg_cel_op op = RG_CEL_OP_ALL;
    while (!rg_str_is(name, op_texts[op]))
        op++;
    rg_assert(op <= RG_CEL_OP_COLLECT);
    return op;
}

const struct rg_cel_decl *rg_cel_find_decl(const struct rg_cel_env *env, struct rg_str name)
{
    for (size_t i = 0; i < env->count; i++)
        if (rg_str_is(name, env->decls[i].name))
            return &env->decls[i];
    return NULL;
}

/* What stands after the last dot: people forget or misplace the group before it. */
static struct rg_str last_part(struct rg_str name)
{
    size_t from = name.n;
    while (from > 0 && name.p[from - 1] != '.')
        from--;
    return (struct rg_str){name.p + from, name.n - from};
}

/* A fact whose name goes on after `name` and a dot. */
static const struct rg_cel_decl *first_of_group(const struct rg_cel_env *env, struct rg_str name)
{
    for (size_t i = 0; i < env->count; i++) {
        struct rg_str whole = rg_str(env->decls[i].name);
        if (whole.n > name.n && whole.p[name.n] == '.' && rg_str_eq((struct rg_str){whole.p, name.n}, name))
            return &env->decls[i];
    }
    return NULL;
}

static const struct rg_cel_decl *nearest(const struct rg_cel_env *env, struct rg_arena *arena, struct rg_str name)
{
    if (env->count == 0)
        return NULL;
    const char **words = RG_NEW(arena, const char *, env->count);
    for (size_t i = 0; i < env->count; i++)
        words[i] = env->decls[i].name;
    const char *near = rg_suggest(name, words, env->count);
    if (near != NULL)
        return rg_cel_find_decl(env, rg_str(near));
    for (size_t i = 0; i < env->count; i++)
        words[i] = last_part(rg_str(env->decls[i].name)).p;
    near = rg_suggest(last_part(name), words, env->count);
    for (size_t i = 0; near != NULL && i < env->count; i++)
        if (words[i] == near)
            return &env->decls[i];
    return NULL;
}

void rg_cel_unknown_name(const struct rg_cel_source *src, size_t offset, size_t length, struct rg_str name)
{
    const struct rg_cel_decl *member = first_of_group(src->env, name);
    const struct rg_cel_decl *near = member == NULL ? nearest(src->env, src->arena, name) : NULL;
    if (member != NULL)
        (void)rg_cel_refuse(src->err, "unknown-fact", offset, length, "\"" RG_STR_FMT "\" is a group of facts, such as %s",
                            RG_STR_ARG(name), member->name);
    else if (near == NULL)
        (void)rg_cel_refuse(src->err, "unknown-fact", offset, length, "no fact \"" RG_STR_FMT "\"", RG_STR_ARG(name));
    else
        (void)rg_cel_refuse(src->err, "unknown-fact", offset, length, "no fact \"" RG_STR_FMT "\", did you mean \"%s\" (%s)?",
                            RG_STR_ARG(name), near->name, rg_cel_type_name(near->type));
}

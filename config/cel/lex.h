/* Tokens of an expression. A lexer is a small value: copying it remembers a place to come back to. */
#pragma once

#include "config/cel/node.h"

/* One-character signs are their own kind. */
enum rg_cel_token_kind {
    RG_CEL_T_END = 256,
    RG_CEL_T_NAME,
    RG_CEL_T_QUOTED_NAME, /* `content-type` */
    RG_CEL_T_INT,
    RG_CEL_T_DOUBLE,
    RG_CEL_T_STRING,
    RG_CEL_T_AND,
    RG_CEL_T_OR,
    RG_CEL_T_EQ,
    RG_CEL_T_NE,
    RG_CEL_T_LE,
    RG_CEL_T_GE,
};

struct rg_cel_token {
    int kind;
    size_t offset, length;
    struct rg_str text; /* a name without its backquotes, a number, what stands between a string's quotes */
    bool raw;           /* a string without escapes */
};

struct rg_cel_lexer {
    struct rg_str text;
    size_t at;
};

/* The next token; false after an error. */
bool rg_cel_lex(struct rg_cel_lexer *lexer, struct rg_cel_error *err, struct rg_cel_token *ret_token);
/* A string token's text with its escapes resolved, in the arena. */
bool rg_cel_unescape(const struct rg_cel_token *token, struct rg_arena *arena, struct rg_cel_error *err, struct rg_str *ret_text);

/* The lexis of CEL. Strings are delimited here and unescaped later, by the parser, because only it has an arena. Whatever
 * is outside our subset but lexically CEL (bytes, uint) is recognised, so that the message can name it. */
#include "config/cel/lex.h"

#include "base/core/hash.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The character `ahead` bytes on; NUL past the end, which no token contains. */
static char peek(const struct rg_cel_lexer *lexer, size_t ahead)
{
    return lexer->at + ahead < lexer->text.n ? lexer->text.p[lexer->at + ahead] : '\0';
}

static void skip_space(struct rg_cel_lexer *lexer)
{
    for (;;) {
        char c = peek(lexer, 0);
        if (c == '/' && peek(lexer, 1) == '/') {
            while (lexer->at < lexer->text.n && peek(lexer, 0) != '\n')
                lexer->at++;
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            lexer->at++;
        } else {
            return;
        }
    }
}

static bool lex_number(struct rg_cel_lexer *lexer, struct rg_cel_error *err, struct rg_cel_token *token)
{
    size_t start = lexer->at;
    token->kind = RG_CEL_T_INT;
    if (peek(lexer, 0) == '0' && (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'X') && rg_hex_digit(peek(lexer, 2)) >= 0) {
        lexer->at += 2;
        while (rg_hex_digit(peek(lexer, 0)) >= 0)
            lexer->at++;
    } else {
        while (is_digit(peek(lexer, 0)))
            lexer->at++;
        if (peek(lexer, 0) == '.' && is_digit(peek(lexer, 1))) {
            token->kind = RG_CEL_T_DOUBLE;
            lexer->at++;
            while (is_digit(peek(lexer, 0)))
                lexer->at++;
        }
        size_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-' ? 2 : 1;
        if ((peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') && is_digit(peek(lexer, sign))) {
            token->kind = RG_CEL_T_DOUBLE;
            lexer->at += sign;
            while (is_digit(peek(lexer, 0)))
                lexer->at++;
        }
    }
    token->text = (struct rg_str){lexer->text.p + start, lexer->at - start};
    char after = peek(lexer, 0);
    if ((after == 'u' || after == 'U') && token->kind == RG_CEL_T_INT && !is_letter(peek(lexer, 1)) && !is_digit(peek(lexer, 1)))
        return rg_cel_refuse(err, "subset", start, token->text.n + 1,
                             "unsigned numbers are outside the subset; write " RG_STR_FMT, RG_STR_ARG(token->text));
    if (is_letter(after) || is_digit(after))
        return rg_cel_refuse(err, "syntax", start, token->text.n + 1, "a number ends in \"%c\"; a text needs quotes", after);
    return true;
}

/* Finds the end of a string that opens at `at` after `prefix` letters. */
static bool lex_string(struct rg_cel_lexer *lexer, size_t prefix, struct rg_cel_error *err, struct rg_cel_token *token)
{
    size_t start = lexer->at;
    for (size_t i = 0; i < prefix; i++) {
        char c = peek(lexer, i);
        if (c == 'b' || c == 'B')
            return rg_cel_refuse(err, "subset", start, prefix + 1, "bytes are outside the subset; write a text without the b");
    }
    if (prefix > 1)
        return rg_cel_refuse(err, "syntax", start, prefix + 1, "one r makes a text raw");
    token->kind = RG_CEL_T_STRING;
    token->raw = prefix > 0;
    lexer->at += prefix;
    char quote = peek(lexer, 0);
    size_t quotes = peek(lexer, 1) == quote && peek(lexer, 2) == quote ? 3 : 1;
    lexer->at += quotes;
    size_t body = lexer->at;
    while (lexer->at < lexer->text.n) {
        char c = peek(lexer, 0);
        if (c == quote && (quotes == 1 || (peek(lexer, 1) == quote && peek(lexer, 2) == quote))) {
            token->text = (struct rg_str){lexer->text.p + body, lexer->at - body};
            lexer->at += quotes;
            return true;
        }
        if (quotes == 1 && (c == '\n' || c == '\r'))
            break;
        lexer->at += c == '\\' && !token->raw ? 2 : 1;
    }
    return rg_cel_refuse(err, "syntax", start, prefix + quotes, "the text that opens here is not closed by %.*s", (int)quotes,
                         lexer->text.p + body - quotes);
}

static bool lex_quoted_name(struct rg_cel_lexer *lexer, struct rg_cel_error *err, struct rg_cel_token *token)
{
    size_t start = lexer->at;
    size_t n = 1;
    while (is_letter(peek(lexer, n)) || is_digit(peek(lexer, n)) || (peek(lexer, n) != '\0' && strchr(".-/ ", peek(lexer, n))))
        n++;
    if (n == 1 || peek(lexer, n) != '`')
        return rg_cel_refuse(err, "syntax", start, n, "a name between backquotes holds letters, digits, _ . - / and spaces");
    token->kind = RG_CEL_T_QUOTED_NAME;
    token->text = (struct rg_str){lexer->text.p + start + 1, n - 1};
    lexer->at += n + 1;
    return true;
}

static void lex_name(struct rg_cel_lexer *lexer, struct rg_cel_token *token)
{
    size_t start = lexer->at;
    while (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0)))
        lexer->at++;
    token->kind = RG_CEL_T_NAME;
    token->text = (struct rg_str){lexer->text.p + start, lexer->at - start};
}

static bool lex_sign(struct rg_cel_lexer *lexer, struct rg_cel_error *err, struct rg_cel_token *token)
{
    static const struct {
        char text[3];
        int kind;
    } doubles[] = {
        {"&&", RG_CEL_T_AND}, {"||", RG_CEL_T_OR}, {"==", RG_CEL_T_EQ},
        {"!=", RG_CEL_T_NE},  {"<=", RG_CEL_T_LE}, {">=", RG_CEL_T_GE},
    };
    char c = peek(lexer, 0);
    for (size_t i = 0; i < RG_COUNT(doubles); i++)
        if (c == doubles[i].text[0] && peek(lexer, 1) == doubles[i].text[1]) {
            token->kind = doubles[i].kind;
            lexer->at += 2;
            return true;
        }
    if (c != '\0' && strchr("<>!-+*/%?:.,()[]{}", c) != NULL) {
        token->kind = c;
        lexer->at++;
        return true;
    }
    switch (c) {
    case '=':
        return rg_cel_refuse(err, "syntax", lexer->at, 1, "write == to compare");
    case '&':
    case '|':
        return rg_cel_refuse(err, "syntax", lexer->at, 1, "write %c%c", c, c);
    default:
        break;
    }
    struct rg_str rest = {lexer->text.p + lexer->at, lexer->text.n - lexer->at}; /* valid UTF-8: the whole text was looked at */
    size_t n = rg_utf8_next(rest);
    if (rg_control_next(rest) > 0)
        return rg_cel_refuse(err, "syntax", lexer->at, 1, "a control character is not allowed here");
    return rg_cel_refuse(err, "syntax", lexer->at, n, "\"%.*s\" means nothing here; a text needs quotes", (int)n, rest.p);
}

bool rg_cel_lex(struct rg_cel_lexer *lexer, struct rg_cel_error *err, struct rg_cel_token *ret_token)
{
    skip_space(lexer);
    struct rg_cel_token token = {.kind = RG_CEL_T_END, .offset = lexer->at};
    char c = peek(lexer, 0);
    size_t prefix = 0;
    while (prefix < 2 && peek(lexer, prefix) != '\0' && strchr("rRbB", peek(lexer, prefix)) != NULL)
        prefix++;
    bool fine = true;
    if (lexer->at >= lexer->text.n)
        token.kind = RG_CEL_T_END;
    else if (peek(lexer, prefix) == '"' || peek(lexer, prefix) == '\'')
        fine = lex_string(lexer, prefix, err, &token);
    else if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1))))
        fine = lex_number(lexer, err, &token);
    else if (is_letter(c))
        lex_name(lexer, &token);
    else if (c == '`')
        fine = lex_quoted_name(lexer, err, &token);
    else
        fine = lex_sign(lexer, err, &token);
    if (!fine)
        return false;
    token.length = lexer->at - token.offset;
    *ret_token = token;
    return true;
}

/* Digits of a numeric escape: `digits` of them in base 8 or 16, from `p`. */
static bool read_code(struct rg_str text, size_t at, size_t digits, int base, uint32_t *ret_code)
{
    uint32_t code = 0;
    for (size_t i = at; i < at + digits; i++) {
        int digit = i < text.n ? rg_hex_digit(text.p[i]) : -1;
        if (digit < 0 || digit >= base)
            return false;
        code = code * (uint32_t)base + (uint32_t)digit;
    }
    *ret_code = code;
    return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

/* One escape, text.p[at] being the character after the backslash; advances *at past it. */
static bool unescape_one(struct rg_str text, size_t *at, char **out)
{
    static const char letters[] = "abfnrtv\\?\"'`";
    static const char meanings[] = "\a\b\f\n\r\t\v\\?\"'`";
    char c = *at < text.n ? text.p[*at] : '\0';
    const char *letter = c != '\0' ? strchr(letters, c) : NULL;
    if (letter != NULL) {
        *(*out)++ = meanings[letter - letters];
        *at += 1;
        return true;
    }
    size_t skip = c >= '0' && c <= '3' ? 0 : 1;
    size_t digits = skip == 0 ? 3 : c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    uint32_t code;
    if (digits == 0 || !read_code(text, *at + skip, digits, skip == 0 ? 8 : 16, &code))
        return false;
    *out += rg_utf8_put(*out, code);
    *at += skip + digits;
    return true;
}

bool rg_cel_unescape(const struct rg_cel_token *token, struct rg_arena *arena, struct rg_cel_error *err, struct rg_str *ret_text)
{
    struct rg_str text = token->text;
    char *start = rg_arena_alloc(arena, text.n + 1); /* no escape is shorter than what it stands for */
    char *out = start;
    size_t body = token->offset + (size_t)token->raw + (token->length - (size_t)token->raw - text.n) / 2;
    for (size_t at = 0; at < text.n;) {
        if (text.p[at] != '\\' || token->raw) {
            *out++ = text.p[at++];
            continue;
        }
        size_t backslash = at++;
        if (!unescape_one(text, &at, &out))
            return rg_cel_refuse(err, "syntax", body + backslash, 2, "unknown escape; a backslash itself is written \\\\");
    }
    *ret_text = (struct rg_str){start, (size_t)(out - start)};
    return true;
}

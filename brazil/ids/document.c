/* One algorithm for both documents: a check digit is 11 minus the weighted sum modulo 11, weights counted from the right and
 * starting over after the largest one; a character is worth its code minus that of '0', which gives the letters of the new
 * CNPJ their official values without a special case. */
#include "brazil/ids/document.h"

#include <string.h>

#define INPUT_MAX 18 /* "12.ABC.345/01DE-35" */

/* '#' takes a character of the document, anything else may stand there or not. */
static const struct shape {
    enum rg_document_kind kind;
    const char *name, *mask;
    size_t chars;
    int weight_max;
} SHAPES[] = {
    {RG_DOCUMENT_CPF, "CPF", "###.###.###-##", 11, 11},
    {RG_DOCUMENT_CNPJ, "CNPJ", "##.###.###/####-##", 14, 9},
};

static const char *const EXPECTED[] = {
    [RG_DOCUMENT_AUTO] = "a CPF (11 digits) or a CNPJ (14 digits and letters)",
    [RG_DOCUMENT_CPF] = "a CPF of 11 digits",
    [RG_DOCUMENT_CNPJ] = "a CNPJ of 14 digits and letters",
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_letter(char c)
{
    return upper(c) >= 'A' && upper(c) <= 'Z';
}

static const struct shape *shape_of(struct rg_str input, enum rg_document_kind kind)
{
    size_t chars = 0;
    for (size_t i = 0; i < input.n; i++)
        chars += is_digit(input.p[i]) || is_letter(input.p[i]);
    for (size_t i = 0; i < RG_COUNT(SHAPES); i++)
        if ((kind == RG_DOCUMENT_AUTO || kind == SHAPES[i].kind) && chars == SHAPES[i].chars)
            return &SHAPES[i];
    return NULL;
}

/* Copies the document's characters; false when one stands where it may not. */
static bool strip(struct rg_str input, const struct shape *shape, char *ret_text)
{
    size_t at = 0, n = 0;
    for (const char *mask = shape->mask; *mask != '\0'; mask++) {
        bool has = at < input.n;
        if (*mask != '#') {
            at += has && input.p[at] == *mask;
            continue;
        }
        bool letters = shape->kind == RG_DOCUMENT_CNPJ && n < shape->chars - 2;
        if (!has || !(is_digit(input.p[at]) || (letters && is_letter(input.p[at]))))
            return false;
        ret_text[n++] = upper(input.p[at++]);
    }
    ret_text[n] = '\0';
    return at == input.n;
}

static char check_digit(const char *text, size_t n, int weight_max)
{
    int sum = 0, weight = 2;
    for (size_t i = n; i-- > 0;) {
        sum += (text[i] - '0') * weight;
        weight = weight == weight_max ? 2 : weight + 1;
    }
    int rest = sum % 11;
    return (char)(rest < 2 ? '0' : '0' + 11 - rest);
}

static bool is_repetition(const char *text)
{
    return strspn(text, (const char[]){text[0], '\0'}) == strlen(text);
}

int rg_document_check(struct rg_str input, enum rg_document_kind kind, struct rg_document *ret_document, struct rg_error *err)
{
    const struct shape *shape = input.n <= INPUT_MAX ? shape_of(input, kind) : NULL;
    if (shape == NULL)
        return rg_fail(err, RG_EINVAL, "expected %s", EXPECTED[kind]);
    struct rg_document document = {.kind = shape->kind};
    if (!strip(input, shape, document.text))
        return rg_fail(err, RG_EINVAL, "malformed %s, expected it bare or as %s", shape->name, shape->mask);
    if (is_repetition(document.text))
        return rg_fail(err, RG_EINVAL, "a %s cannot be one character repeated", shape->name);
    for (size_t n = shape->chars - 2; n < shape->chars; n++)
        if (check_digit(document.text, n, shape->weight_max) != document.text[n])
            return rg_fail(err, RG_EINVAL, "wrong check digit in this %s", shape->name);
    *ret_document = document;
    return 0;
}

/* CPF as public bodies print it; a CNPJ alike. */
void rg_document_mask(const struct rg_document *document, char ret_text[RG_DOCUMENT_MASK_MAX])
{
    rg_assert(document->kind != RG_DOCUMENT_AUTO);
    bool cpf = document->kind == RG_DOCUMENT_CPF;
    const char *shown = cpf ? "***.###.###-**" : "**.###.###/####-**";
    const char *next = document->text;
    size_t i = 0;
    for (; shown[i] != '\0'; i++) {
        ret_text[i] = shown[i] == '#' ? *next : shown[i];
        next += shown[i] == '#' || shown[i] == '*';
    }
    ret_text[i] = '\0';
}

/* Nothing here parses more than it shows. Whatever is not plainly what it should be is hidden whole: a mask that fails open
 * prints the very thing it exists to hide. */
#include "brazil/text/mask.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 80 /* bytes of a name's first word or of a domain */

static void hide(char ret_text[RG_MASK_TEXT_MAX])
{
    memcpy(ret_text, "***", sizeof "***");
}

static struct rg_str first_character(struct rg_str text)
{
    return (struct rg_str){text.p, rg_utf8_next(text)};
}

/* Control characters would let a name or address rewrite the line it is printed on. */
static bool is_printable(struct rg_str text)
{
    return rg_utf8_valid(text) && !rg_str_has_controls(text);
}

void rg_mask_email(struct rg_str address, char ret_text[RG_MASK_TEXT_MAX])
{
    hide(ret_text);
    const char *sign = address.n > 0 ? memchr(address.p, '@', address.n) : NULL;
    if (sign == NULL || sign == address.p || !is_printable(address))
        return;
    struct rg_str domain = {sign + 1, address.n - (size_t)(sign + 1 - address.p)};
    if (domain.n == 0 || domain.n > SHOWN_MAX || memchr(domain.p, '@', domain.n) != NULL)
        return;
    struct rg_str first = first_character(address);
    snprintf(ret_text, RG_MASK_TEXT_MAX, RG_STR_FMT "***@" RG_STR_FMT, RG_STR_ARG(first), RG_STR_ARG(domain));
}

void rg_mask_phone(struct rg_str e164, char ret_text[RG_MASK_TEXT_MAX])
{
    hide(ret_text);
    if ((e164.n != 13 && e164.n != 14) || memcmp(e164.p, "+55", 3) != 0)
        return;
    for (size_t i = 1; i < e164.n; i++)
        if (e164.p[i] < '0' || e164.p[i] > '9')
            return;
    const char *hidden = e164.n == 14 ? "*****" : "****";
    snprintf(ret_text, RG_MASK_TEXT_MAX, "+55 %.2s %s-%.4s", e164.p + 3, hidden, e164.p + e164.n - 4);
}

/* The next word at or after *at, absent at the end. */
static struct rg_str next_word(struct rg_str text, size_t *at)
{
    while (*at < text.n && text.p[*at] == ' ')
        ++*at;
    size_t start = *at;
    while (*at < text.n && text.p[*at] != ' ')
        ++*at;
    return *at > start ? (struct rg_str){text.p + start, *at - start} : (struct rg_str){NULL, 0};
}

void rg_mask_name(struct rg_str name, char ret_text[RG_MASK_TEXT_MAX])
{
    hide(ret_text);
    size_t at = 0;
    struct rg_str first = next_word(name, &at);
    if (first.p == NULL || first.n > SHOWN_MAX || !is_printable(name))
        return;
    struct rg_str last = {NULL, 0};
    for (struct rg_str word = next_word(name, &at); word.p != NULL; word = next_word(name, &at))
        last = word;
    struct rg_str initial = first_character(last.p == NULL ? first : last);
    if (last.p == NULL)
        snprintf(ret_text, RG_MASK_TEXT_MAX, RG_STR_FMT "***", RG_STR_ARG(initial));
    else
        snprintf(ret_text, RG_MASK_TEXT_MAX, RG_STR_FMT " " RG_STR_FMT ".", RG_STR_ARG(first), RG_STR_ARG(initial));
}

/* One table from code point to ASCII look-alike: two dense blocks (Latin-1 and Latin Extended-A) indexed directly, the rest
 * a short sorted list. ICU's transliterator was the alternative; it folds all scripts, allocates, takes a locale, and turns
 * what it does not like into question marks, where we must know that something remained. */
#include "brazil/text/fold.h"

#include "brazil/text/sms.h"
#include "brazil/text/utf8.h"

#include <string.h>

/* U+00A0 … U+00FF; NULL where nothing in ASCII looks alike. */
static const char *const LATIN_1[96] = {
    " ", "!", "c", NULL, NULL, NULL, "|", NULL, NULL, "(c)", "a", "\"", NULL, "", "(R)", NULL,
    "o", "+-", "2", "3", "'", "u", NULL, ".", NULL, "1", "o", "\"", "1/4", "1/2", "3/4", "?",
    "A", "A", "A", "A", "A", "A", "AE", "C", "E", "E", "E", "E", "I", "I", "I", "I",
    "D", "N", "O", "O", "O", "O", "O", "x", "O", "U", "U", "U", "U", "Y", "TH", "ss",
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
    "d", "n", "o", "o", "o", "o", "o", "/", "o", "u", "u", "u", "u", "y", "th", "y",
};

/* U+0100 … U+017F. */
static const char *const LATIN_A[128] = {
    "A", "a", "A", "a", "A", "a", "C", "c", "C", "c", "C", "c", "C", "c", "D", "d",
    "D", "d", "E", "e", "E", "e", "E", "e", "E", "e", "E", "e", "G", "g", "G", "g",
    "G", "g", "G", "g", "H", "h", "H", "h", "I", "i", "I", "i", "I", "i", "I", "i",
    "I", "i", "IJ", "ij", "J", "j", "K", "k", "k", "L", "l", "L", "l", "L", "l", "L",
    "l", "L", "l", "N", "n", "N", "n", "N", "n", "n", "N", "n", "O", "o", "O", "o",
    "O", "o", "OE", "oe", "R", "r", "R", "r", "R", "r", "S", "s", "S", "s", "S", "s",
    "S", "s", "T", "t", "T", "t", "T", "t", "U", "u", "U", "u", "U", "u", "U", "u",
    "U", "u", "U", "u", "W", "w", "Y", "y", "Y", "Z", "z", "Z", "z", "Z", "z", "s",
};

/* Stretches of further code points, in order; all of a stretch folds to the same text. */
static const struct stretch {
    uint32_t first, last;
    const char *ascii;
} OTHERS[] = {
    {0x0218, 0x0218, "S"},  {0x0219, 0x0219, "s"},  {0x021a, 0x021a, "T"},  {0x021b, 0x021b, "t"},
    {0x02b9, 0x02bc, "'"},  {0x0300, 0x036f, ""},   {0x1ebc, 0x1ebc, "E"},  {0x1ebd, 0x1ebd, "e"},
    {0x1ef8, 0x1ef8, "Y"},  {0x1ef9, 0x1ef9, "y"},  {0x2000, 0x200a, " "},  {0x200b, 0x200f, ""},
    {0x2010, 0x2015, "-"},  {0x2018, 0x201b, "'"},  {0x201c, 0x201f, "\""}, {0x2022, 0x2022, "-"},
    {0x2026, 0x2026, "..."}, {0x202f, 0x202f, " "}, {0x2032, 0x2032, "'"},  {0x2033, 0x2033, "\""},
    {0x2039, 0x203a, "'"},  {0x2060, 0x2060, ""},   {0x2122, 0x2122, "TM"}, {0x2212, 0x2212, "-"},
    {0xfe0e, 0xfe0f, ""},   {0xfeff, 0xfeff, ""},
};

/* NULL when there is none; an empty text for characters that are only marks. */
static const char *look_alike(uint32_t code_point)
{
    if (code_point >= 0xa0 && code_point <= 0xff)
        return LATIN_1[code_point - 0xa0];
    if (code_point >= 0x100 && code_point <= 0x17f)
        return LATIN_A[code_point - 0x100];
    for (size_t i = 0; i < RG_COUNT(OTHERS) && OTHERS[i].first <= code_point; i++)
        if (code_point <= OTHERS[i].last)
            return OTHERS[i].ascii;
    return NULL;
}

/* A text read as folded characters, one at a time, without a buffer. */
struct reader {
    struct rg_str text;
    size_t at;
    const char *pending; /* rest of the look-alike being given out */
    bool started;        /* something other than a space was given out */
};

#define END UINT32_MAX

static uint32_t lower(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static uint32_t next_folded(struct reader *r)
{
    while (*r->pending == '\0') {
        if (r->at >= r->text.n)
            return END;
        uint32_t code_point = rg_utf8_point(r->text, &r->at);
        r->pending = look_alike(code_point);
        if (r->pending == NULL) {
            r->pending = "";
            return lower(code_point);
        }
    }
    return lower((unsigned char)*r->pending++);
}

static bool is_gap(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '-' || c == '\'' || c == '`';
}

/* Gaps of any length come out as one space, at the ends as none. */
static uint32_t next_letter(struct reader *r)
{
    struct reader before = *r;
    uint32_t c = next_folded(r);
    if (!is_gap(c)) {
        r->started = true;
        return c;
    }
    while (is_gap(c)) {
        before = *r;
        c = next_folded(r);
    }
    if (c == END)
        return END;
    if (!r->started) {
        r->started = true;
        return c;
    }
    *r = before;
    return ' ';
}

bool rg_fold_eq(struct rg_str a, struct rg_str b)
{
    struct reader left = {.text = a, .pending = ""};
    struct reader right = {.text = b, .pending = ""};
    for (;;) {
        uint32_t c = next_letter(&left);
        if (c != next_letter(&right))
            return false;
        if (c == END)
            return true;
    }
}

bool rg_fold_ascii(struct rg_str text, struct rg_buf *out)
{
    bool all = true;
    for (size_t at = 0; at < text.n;) {
        size_t start = at;
        uint32_t code_point = rg_utf8_point(text, &at);
        const char *ascii = look_alike(code_point);
        if (ascii != NULL) {
            rg_buf_adds(out, ascii);
            continue;
        }
        rg_buf_add(out, text.p + start, at - start);
        all = all && code_point < 0x80;
    }
    return all;
}

/* GSM-7 lacks two characters of ASCII that people type. */
static const char *sms_look_alike(uint32_t code_point)
{
    if (code_point == '`')
        return "'";
    if (code_point == '\t')
        return " ";
    return look_alike(code_point);
}

bool rg_fold_sms(struct rg_str text, struct rg_buf *out)
{
    bool all = true;
    for (size_t at = 0; at < text.n;) {
        size_t start = at;
        uint32_t code_point = rg_utf8_point(text, &at);
        const char *ascii = rg_gsm7_septets(code_point) == 0 ? sms_look_alike(code_point) : NULL;
        if (ascii != NULL) {
            rg_buf_adds(out, ascii);
            continue;
        }
        rg_buf_add(out, text.p + start, at - start);
        all = all && rg_gsm7_septets(code_point) > 0;
    }
    return all;
}

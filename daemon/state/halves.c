/* Two tables make each alphabet, and each is written once: as a list of (character, place), from which the array that reads and
 * the one that writes are made by the compiler.
 *
 * LETTERS: half bytes 0 … 11 are the frequent characters; 12 … 15 with the next half byte are one of 64 places: the other
 * characters, then a Latin letter with an accent (its second byte follows; the first is always 0xC3), then any byte at all.
 * DIGITS: half bytes 0 … 14 are characters; 15 and the next are one of fifteen more, or, 15 again, any byte. A text of which little is in
 * the table is written as it is. A code by frequency to the bit would save a tenth more, and cost bits to read. */
#include "daemon/state/halves.h"

#include <string.h>

#define FREQUENT(X) \
    X('a', 0) X('e', 1) X('o', 2) X('i', 3) X('r', 4) X('s', 5) X('n', 6) X('m', 7) X('l', 8) X('d', 9) X('t', 10) X(' ', 11)
#define OTHERS(X) \
    X('b', 0) X('c', 1) X('f', 2) X('g', 3) X('h', 4) X('j', 5) X('k', 6) X('p', 7) X('q', 8) X('u', 9) X('v', 10) X('w', 11) \
    X('x', 12) X('y', 13) X('z', 14) X('.', 15) X('@', 16) X('_', 17) X('-', 18) X('+', 19) X('0', 20) X('1', 21) X('2', 22) \
    X('3', 23) X('4', 24) X('5', 25) X('6', 26) X('7', 27) X('8', 28) X('9', 29) X('A', 30) X('B', 31) X('C', 32) X('D', 33) \
    X('E', 34) X('F', 35) X('G', 36) X('H', 37) X('I', 38) X('J', 39) X('K', 40) X('L', 41) X('M', 42) X('N', 43) X('O', 44) \
    X('P', 45) X('Q', 46) X('R', 47) X('S', 48) X('T', 49) X('U', 50) X('V', 51) X('W', 52) X('X', 53) X('Y', 54) X('Z', 55) \
    X('/', 56) X(':', 57) X(',', 58) X('\'', 59) X('&', 60) X('#', 61)
#define OTHERS_COUNT 62
#define ACCENT 62
#define ACCENT_FIRST 0xc3
#define ANY 63
#define FREQUENT_COUNT 12

#define DIRECT(X) \
    X('0', 0) X('1', 1) X('2', 2) X('3', 3) X('4', 4) X('5', 5) X('6', 6) X('7', 7) X('8', 8) X('9', 9) X('a', 10) X('b', 11) \
    X('c', 12) X('d', 13) X('e', 14)
#define BEHIND(X) \
    X('f', 0) X('-', 1) X('_', 2) X('.', 3) X('/', 4) X('+', 5) X(':', 6) X('p', 7) X('y', 8) X('u', 9) X('s', 10) X('i', 11) \
    X('n', 12) X('v', 13) X('t', 14)
#define NEXT 15

#define READS(character, place) [place] = (character),
#define WRITES(character, place) [(unsigned char)(character)] = (place) + 1,
#define WRITES_SECOND(character, place) [(unsigned char)(character)] = (place) + 65,
#define SAVES_3(character, place) [(unsigned char)(character)] = 3,
#define SAVES_2(character, place) [(unsigned char)(character)] = 2,

static const char frequent[FREQUENT_COUNT] = {FREQUENT(READS)}, others[OTHERS_COUNT] = {OTHERS(READS)};
static const char direct[NEXT] = {DIRECT(READS)}, behind[NEXT] = {BEHIND(READS)};
/* 0: in neither table; 1 …: place in the first; 65 …: place in the second. */
static const uint8_t letters_place[256] = {FREQUENT(WRITES) OTHERS(WRITES_SECOND)};
static const uint8_t digits_place[256] = {DIRECT(WRITES) BEHIND(WRITES_SECOND)};
/* Half bytes less than the four of a character that is in no table: lengths are asked for each text of each record stored. */
static const uint8_t letters_saved[256] = {FREQUENT(SAVES_3) OTHERS(SAVES_2)};
static const uint8_t digits_saved[256] = {DIRECT(SAVES_3) BEHIND(SAVES_2)};

static unsigned char other_case(unsigned char c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter ? c ^ 0x20 : c;
}

/* ---- lengths ---- */

static size_t letters_halves(struct rg_str text, bool exchanged)
{
    size_t halves = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        halves += 4u - letters_saved[exchanged ? other_case(c) : c];
        i += c == ACCENT_FIRST; /* both bytes of an accent take as much as one that is in no table */
    }
    return halves;
}

static size_t digits_halves(struct rg_str text)
{
    size_t saved = 0;
    for (size_t i = 0; i < text.n; i++)
        saved += digits_saved[(unsigned char)text.p[i]];
    return 4 * text.n - saved;
}

/* Where the second character is a capital most are; where the last is no digit nor a … e, few are. */
enum rg_halves rg_halves_choose(struct rg_str text)
{
    if (text.n < 2)
        return RG_HALVES_NONE;
    bool capitals = text.p[1] >= 'A' && text.p[1] <= 'Z', digits = digits_place[(unsigned char)text.p[text.n - 1]] != 0;
    enum rg_halves best = RG_HALVES_NONE;
    size_t halves = letters_halves(text, capitals), least = text.n;
    if ((halves + 1) / 2 < least) {
        best = capitals ? RG_HALVES_CAPITALS : RG_HALVES_LETTERS;
        least = (halves + 1) / 2;
    }
    halves = digits ? digits_halves(text) : 2 * text.n;
    return (halves + 1) / 2 < least ? RG_HALVES_DIGITS : best;
}

/* ---- writing ---- */

struct writer {
    struct rg_buf *out;
    unsigned high; /* of a byte that is not full */
    bool half;
};

static void put(struct writer *w, unsigned half)
{
    if (w->half)
        rg_buf_addc(w->out, (char)(w->high << 4 | half));
    w->high = half;
    w->half = !w->half;
}

static void put_byte(struct writer *w, unsigned byte)
{
    put(w, byte >> 4);
    put(w, byte & 15);
}

/* Places of 64 begin behind the frequent ones. */
static void put_place(struct writer *w, unsigned place)
{
    put_byte(w, FREQUENT_COUNT * 16 + place);
}

static void write_letters(struct writer *w, struct rg_str text, bool exchanged)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        uint8_t place = letters_place[exchanged ? other_case(c) : c];
        if (place > 64) {
            put_place(w, place - 65u);
        } else if (place > 0) {
            put(w, place - 1u);
        } else if (c == ACCENT_FIRST && i + 1 < text.n) {
            put_place(w, ACCENT);
            put_byte(w, (unsigned char)text.p[++i]);
        } else {
            put_place(w, ANY);
            put_byte(w, c);
        }
    }
}

static void write_digits(struct writer *w, struct rg_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        uint8_t place = digits_place[c];
        if (place > 0 && place <= 64) {
            put(w, place - 1u);
            continue;
        }
        put(w, NEXT);
        put(w, place > 64 ? place - 65u : NEXT);
        if (place == 0)
            put_byte(w, c);
    }
}

void rg_halves_write(struct rg_str text, enum rg_halves how, struct rg_buf *out)
{
    struct writer w = {.out = out};
    if (how == RG_HALVES_NONE)
        rg_buf_add(out, text.p, text.n);
    else if (how == RG_HALVES_DIGITS)
        write_digits(&w, text);
    else
        write_letters(&w, text, how == RG_HALVES_CAPITALS);
    if (w.half)
        put(&w, 0);
}

/* ---- reading ---- */

struct reader {
    const unsigned char *p, *end;
    bool half;   /* the high half of *p is taken */
    bool broken;
};

static unsigned get(struct reader *r)
{
    if (r->p == r->end) {
        r->broken = true;
        return 0;
    }
    unsigned value = r->half ? *r->p++ & 15u : *r->p >> 4;
    r->half = !r->half;
    return value;
}

static unsigned get_byte(struct reader *r)
{
    unsigned high = get(r);
    return high << 4 | get(r);
}

static void read_letters(struct reader *r, char *text, size_t n, bool exchanged)
{
    for (size_t i = 0; i < n && !r->broken; i++) {
        unsigned half = get(r);
        unsigned place = half < FREQUENT_COUNT ? 0 : (half - FREQUENT_COUNT) << 4 | get(r);
        if (half >= FREQUENT_COUNT && place >= ACCENT) {
            if (place == ACCENT && i + 1 < n)
                text[i++] = (char)ACCENT_FIRST;
            text[i] = (char)get_byte(r);
            continue;
        }
        char c = half < FREQUENT_COUNT ? frequent[half] : others[place];
        text[i] = exchanged ? (char)other_case((unsigned char)c) : c;
    }
}

static void read_digits(struct reader *r, char *text, size_t n)
{
    for (size_t i = 0; i < n && !r->broken; i++) {
        unsigned half = get(r);
        if (half < NEXT) {
            text[i] = direct[half];
            continue;
        }
        half = get(r);
        text[i] = half < NEXT ? behind[half] : (char)get_byte(r);
    }
}

bool rg_halves_read(struct rg_str *in, size_t n, enum rg_halves how, char *ret_text)
{
    struct reader r = {.p = (const unsigned char *)in->p, .end = (const unsigned char *)in->p + in->n};
    if (how == RG_HALVES_NONE) {
        r.broken = n > in->n;
        if (!r.broken && n > 0)
            memcpy(ret_text, in->p, n);
        r.p += r.broken ? 0 : n;
    } else if (how == RG_HALVES_DIGITS) {
        read_digits(&r, ret_text, n);
    } else {
        read_letters(&r, ret_text, n, how == RG_HALVES_CAPITALS);
    }
    r.p += r.half;
    *in = (struct rg_str){(const char *)r.p, (size_t)(r.end - r.p)};
    return !r.broken;
}

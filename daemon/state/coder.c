/* Numbers are varints, signed ones zigzag. Reading never stops at the first damage: it goes on with zeros and says `broken` once at
 * the end, so that a walk needs no error paths; lists are empty from then on, so nothing is allocated for what is not there. */
#include "daemon/state/coder.h"

#include <string.h>

#define CENTS_LIMIT (1000 * RG_CENTS_MAX)
#define TIME_LIMIT (INT64_C(1) << 53)
#define LIST_MAX 4096 /* entries of any list; a stored record is ours, but Redis may hand us anything */

static void put_varint(struct rg_buf *out, uint64_t value)
{
    char bytes[10];
    size_t n = 0;
    if (value < 0x80) {
        rg_buf_addc(out, (char)value);
        return;
    }
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (char)(value | 0x80);
    bytes[n++] = (char)value;
    rg_buf_add(out, bytes, n);
}

static uint64_t get_varint(struct rg_coder *c)
{
    uint64_t value = 0;
    if (c->elided) {
        c->elided = false;
        return 0;
    }
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (c->offset >= c->in.n)
            break;
        uint8_t byte = (uint8_t)c->in.p[c->offset++];
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
    c->broken = true;
    return 0;
}

/* ---- groups ---- */

struct rg_coder_group rg_coder_group_begin(struct rg_coder *c)
{
    struct rg_coder_group outer = c->group;
    c->group = (struct rg_coder_group){0};
    return outer;
}

void rg_coder_group_end(struct rg_coder *c, struct rg_coder_group outer)
{
    c->group = outer;
}

/* Eight more fields: their control byte. */
void rg_coder_control(struct rg_coder *c)
{
    struct rg_coder_group *g = &c->group;
    g->control = 0;
    if (c->out != NULL) {
        g->control_at = c->out->len;
        rg_buf_addc(c->out, '\0');
        return;
    }
    c->broken = c->broken || c->offset >= c->in.n;
    if (c->offset < c->in.n)
        g->control = (uint8_t)c->in.p[c->offset++];
}

/* ---- values ---- */

void rg_code_i64(struct rg_coder *c, int64_t *value)
{
    if (c->out != NULL) {
        put_varint(c->out, (uint64_t)*value << 1 ^ (uint64_t)(*value >> 63));
        return;
    }
    uint64_t zigzag = get_varint(c);
    *value = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
}

static void code_u32(struct rg_coder *c, uint32_t *value)
{
    if (c->out != NULL)
        put_varint(c->out, *value);
    else
        *value = (uint32_t)get_varint(c);
}

void rg_code_int(struct rg_coder *c, int *value)
{
    int64_t wide = *value;
    rg_code_i64(c, &wide);
    if (wide < INT32_MIN || wide > INT32_MAX) {
        c->broken = true;
        wide = 0;
    }
    *value = (int)wide;
}

/* `usual` is stored as 0. */
void rg_code_i64_from(struct rg_coder *c, int64_t *value, int64_t usual)
{
    int64_t distance = (int64_t)((uint64_t)*value - (uint64_t)usual);
    rg_code_i64(c, &distance);
    *value = (int64_t)((uint64_t)distance + (uint64_t)usual);
}

void rg_code_int_from(struct rg_coder *c, int *value, int usual)
{
    int64_t wide = *value;
    rg_code_i64_from(c, &wide, usual);
    if (wide < INT32_MIN || wide > INT32_MAX) {
        c->broken = true;
        wide = 0;
    }
    *value = (int)wide;
}

/* 0 (never) stays 0; any other time is the distance from the one before, moved away from 0. */
void rg_code_time(struct rg_coder *c, int64_t *ms)
{
    int64_t distance = (int64_t)((uint64_t)*ms - (uint64_t)c->last_ms);
    int64_t stored = *ms == 0 ? 0 : distance >= 0 ? distance + 1 : distance;
    rg_code_i64(c, &stored);
    if (stored > TIME_LIMIT || stored < -TIME_LIMIT) {
        c->broken = true;
        stored = 0;
    }
    *ms = stored == 0 ? 0 : c->last_ms + (stored > 0 ? stored - 1 : stored);
    if (*ms != 0)
        c->last_ms = *ms;
}

/* Sums of many amounts must stay within 64 bits, whatever Redis holds. */
void rg_code_cents(struct rg_coder *c, int64_t *cents)
{
    rg_code_i64(c, cents);
    if (*cents > CENTS_LIMIT || *cents < -CENTS_LIMIT) {
        c->broken = true;
        *cents = 0;
    }
}

/* None is the common case and costs one byte: 0, so that days from 1970 on are stored one higher. */
void rg_code_day(struct rg_coder *c, rg_day *day)
{
    int64_t value = *day == RG_DAY_NONE ? 0 : *day >= 0 ? (int64_t)*day + 1 : *day;
    rg_code_i64(c, &value);
    if (value > INT32_MAX || value <= INT32_MIN) {
        c->broken = true;
        value = 0;
    }
    *day = value == 0 ? RG_DAY_NONE : value > 0 ? (rg_day)(value - 1) : (rg_day)value;
}

void rg_code_str(struct rg_coder *c, struct rg_str *text)
{
    if (c->out != NULL) {
        put_varint(c->out, text->p == NULL ? 0 : text->n + 1);
        rg_buf_add(c->out, text->p, text->n);
        return;
    }
    uint64_t n = get_varint(c);
    *text = (struct rg_str){0};
    if (c->broken || n == 0)
        return;
    n--;
    if (n > c->in.n - c->offset) {
        c->broken = true;
        return;
    }
    *text = rg_arena_str(c->arena, (struct rg_str){c->in.p + c->offset, (size_t)n});
    c->offset += (size_t)n;
}

void rg_code_bytes(struct rg_coder *c, uint8_t *bytes, size_t n)
{
    if (c->out != NULL) {
        rg_buf_add(c->out, bytes, n);
        return;
    }
    if (n > c->in.n - c->offset) {
        c->broken = true;
        return;
    }
    memcpy(bytes, c->in.p + c->offset, n);
    c->offset += n;
}

static size_t find_word(const struct rg_coder *c, struct rg_str word)
{
    size_t i = 0;
    while (i < c->word_count && !rg_str_eq(c->words[i], word))
        i++;
    return i;
}

/* A text that may come again: 0 absent, odd: the place of its first coming, even: its length and itself. */
void rg_code_word(struct rg_coder *c, struct rg_str *word)
{
    size_t place = c->out != NULL && word->p != NULL ? find_word(c, *word) : c->word_count;
    if (c->out != NULL) {
        bool known = place < c->word_count;
        put_varint(c->out, word->p == NULL ? 0 : known ? (uint64_t)place << 1 | 1 : ((uint64_t)word->n + 1) << 1);
        if (word->p == NULL || known)
            return;
        rg_buf_add(c->out, word->p, word->n);
    } else {
        uint64_t code = get_varint(c);
        uint64_t n = code >> 1;
        bool fine = !c->broken && ((code & 1) != 0 ? n < c->word_count : code == 0 || (n > 0 && n - 1 <= c->in.n - c->offset));
        c->broken = !fine;
        *word = fine && (code & 1) != 0 ? c->words[n] : (struct rg_str){0};
        if (!fine || code == 0 || (code & 1) != 0)
            return;
        *word = rg_arena_str(c->arena, (struct rg_str){c->in.p + c->offset, (size_t)n - 1});
        c->offset += word->n;
    }
    if (c->word_count < RG_CODER_WORDS_MAX)
        c->words[c->word_count++] = *word;
}

/* Words that nearly every record has need not be spelled in any. The list only ever grows at its end, with the version. */
void rg_coder_know_words(struct rg_coder *c)
{
    static const char *const known[] = {"email", "sms", "whatsapp", "letter", "signals"};
    for (size_t i = 0; i < RG_COUNT(known); i++)
        c->words[c->word_count++] = rg_str(known[i]);
}

/* Up to 32 flags in one varint; reads and writes through the same list of addresses. */
void rg_code_flags(struct rg_coder *c, bool *const *flags, size_t count)
{
    uint32_t set = 0;
    for (size_t i = 0; i < count; i++)
        set |= (uint32_t)*flags[i] << i;
    code_u32(c, &set);
    for (size_t i = 0; i < count; i++)
        *flags[i] = (set >> i & 1) != 0;
}
/* Length of a list; on reading also makes room. */
void *rg_code_list(struct rg_coder *c, void *items, size_t *count, size_t each_bytes)
{
    if (c->out != NULL) {
        put_varint(c->out, *count);
        return items;
    }
    uint64_t n = get_varint(c);
    if (n > LIST_MAX)
        c->broken = true;
    *count = c->broken ? 0 : (size_t)n;
    return *count > 0 ? rg_arena_alloc(c->arena, *count * each_bytes) : NULL;
}
void rg_code_hash(struct rg_coder *c, uint32_t *hash)
{
    /* no small numbers */
    uint8_t b[4] = {(uint8_t)*hash, (uint8_t)(*hash >> 8), (uint8_t)(*hash >> 16), (uint8_t)(*hash >> 24)};
    rg_code_bytes(c, b, sizeof b);
    *hash = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

void rg_code_stamp(struct rg_coder *c, struct rg_stamp *stamp)
{
    bool repeated = stamp->time_ms == c->last_stamp.time_ms && stamp->updated == c->last_stamp.updated;
    RG_CODE_FLAGS(c, &repeated, &stamp->updated);
    if (repeated)
        *stamp = c->last_stamp;
    else
        rg_code_time(c, &stamp->time_ms);
    c->last_stamp = *stamp;
}

/* Only the groups that were ever set are stored. */
void rg_code_stamps(struct rg_coder *c, struct rg_stamp *stamps, size_t count)
{
    uint32_t set = 0;
    for (size_t i = 0; i < count; i++)
        set |= (uint32_t)(stamps[i].time_ms != 0) << i;
    code_u32(c, &set);
    for (size_t i = 0; i < count; i++)
        if ((set >> i & 1) != 0)
            rg_code_stamp(c, &stamps[i]);
}
static_assert(RG_IG_COUNT <= 32 && RG_DG_COUNT <= 32, "groups fit one 32-bit set");

void rg_code_words(struct rg_coder *c, struct rg_str **words, size_t *count)
{
    RG_CODE_LIST(c, *words, *count);
    for (size_t i = 0; i < *count; i++)
        rg_code_word(c, &(*words)[i]);
}

/* Units −1 say that nothing was given: the usual case. */
void rg_code_decimal(struct rg_coder *c, struct rg_decimal *decimal)
{
    rg_code_i64_from(c, &decimal->units, -1);
    if (decimal->units >= 0)
        rg_code_int(c, &decimal->scale);
    if (decimal->scale < 0 || decimal->scale > RG_DECIMAL_PLACES_MAX)
        c->broken = true;
}

void rg_code_shard(struct rg_coder *c, uint8_t shard[2])
{
    bool other = memcmp(c->shard, shard, sizeof c->shard) != 0;
    RG_CODE_FLAGS(c, &other);
    if (other)
        rg_code_bytes(c, shard, sizeof c->shard);
    else
        memcpy(shard, c->shard, sizeof c->shard);
    memcpy(c->shard, shard, sizeof c->shard);
}

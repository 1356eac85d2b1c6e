/* Private to this room: hands each field of a record to its stored form or takes it from there, through the same calls.
 *
 * Millions of records lie in memory, so what is usual costs nothing. Fields stand in groups of eight behind a byte that says
 * which of them are there: one that would be a single 0 is left out. Numbers are stored so that their usual value is 0; times
 * as the distance from the time before; words that come again, such as channels, as the place of their first coming; the
 * shard, with which all action ids begin, once. */
#pragma once

#include "base/core/buf.h"
#include "daemon/rules/record.h"

#define RG_CODER_WORDS_MAX 64

/* Fields seen since the last control byte. */
struct rg_coder_group {
    size_t count, control_at, field_at;
    uint8_t control;
};

struct rg_coder {
    struct rg_buf *out; /* writing when set */
    struct rg_str in;   /* reading: what is left */
    size_t offset;
    struct rg_arena *arena;
    struct rg_coder_group group;
    bool elided;                /* reading: the next number was left out, it is 0 */
    struct rg_stamp last_stamp; /* one event sets many fields: a repeated stamp costs a byte */
    int64_t last_ms;
    uint8_t shard[2];
    struct rg_str words[RG_CODER_WORDS_MAX];
    size_t word_count;
    bool broken;
};

/* A struct's fields are a group of their own inside that of the struct around it. */
struct rg_coder_group rg_coder_group_begin(struct rg_coder *c);
void rg_coder_group_end(struct rg_coder *c, struct rg_coder_group outer);
void rg_coder_control(struct rg_coder *c);
static inline void rg_coder_field_begin(struct rg_coder *c)
{
    struct rg_coder_group *g = &c->group;
    if (g->count % 8 == 0)
        rg_coder_control(c);
    if (c->out != NULL)
        g->field_at = c->out->len;
    else
        c->elided = (g->control >> g->count % 8 & 1) == 0;
}
static inline void rg_coder_field_end(struct rg_coder *c)
{
    struct rg_coder_group *g = &c->group;
    unsigned bit = g->count++ % 8;
    c->elided = false;
    if (c->out == NULL || c->out->overflow)
        return;
    if (c->out->len == g->field_at + 1 && c->out->data[g->field_at] == '\0') {
        c->out->len--;
        return;
    }
    g->control |= (uint8_t)(1u << bit);
    c->out->data[g->control_at] = (char)g->control;
}
/* A field begins with a number and, where that is 0, is nothing else. */
#define RG_FIELD(c, call)           \
    do {                            \
        rg_coder_field_begin(c);    \
        call;                       \
        rg_coder_field_end(c);      \
    } while (0)

void rg_code_i64(struct rg_coder *c, int64_t *value);
void rg_code_int(struct rg_coder *c, int *value);
void rg_code_i64_from(struct rg_coder *c, int64_t *value, int64_t usual); /* `usual` is stored as 0 */
void rg_code_int_from(struct rg_coder *c, int *value, int usual);
void rg_code_time(struct rg_coder *c, int64_t *ms);
void rg_code_cents(struct rg_coder *c, int64_t *cents);
void rg_code_day(struct rg_coder *c, rg_day *day);
void rg_code_decimal(struct rg_coder *c, struct rg_decimal *decimal);
void rg_code_bytes(struct rg_coder *c, uint8_t *bytes, size_t n); /* begins with no number: never a field by itself */
void rg_code_str(struct rg_coder *c, struct rg_str *text);
void rg_code_word(struct rg_coder *c, struct rg_str *word); /* a text that may come again */
void rg_code_words(struct rg_coder *c, struct rg_str **words, size_t *count);
void rg_coder_know_words(struct rg_coder *c); /* first of all: words that need not be spelled in any record */
void rg_code_hash(struct rg_coder *c, uint32_t *hash);
void rg_code_stamp(struct rg_coder *c, struct rg_stamp *stamp);
void rg_code_stamps(struct rg_coder *c, struct rg_stamp *stamps, size_t count); /* at most 32 */
void rg_code_shard(struct rg_coder *c, uint8_t shard[2]);

/* Up to 32 flags in one number. */
void rg_code_flags(struct rg_coder *c, bool *const *flags, size_t count);
#define RG_CODE_FLAGS(c, ...) rg_code_flags((c), (bool *const[]){__VA_ARGS__}, RG_COUNT(((bool *const[]){__VA_ARGS__})))

/* Length of a list; on reading also makes room. */
void *rg_code_list(struct rg_coder *c, void *items, size_t *count, size_t each_bytes);
#define RG_CODE_LIST(c, items, count) ((items) = rg_code_list((c), (items), &(count), sizeof *(items)))

/* An enum, refused when a newer or broken writer stored a member that does not exist here. */
#define RG_CODE_ENUM(c, lvalue, limit)                      \
    do {                                                    \
        int member_ = (int)(lvalue);                        \
        rg_code_int((c), &member_);                         \
        if (member_ < 0 || member_ >= (int)(limit)) {       \
            (c)->broken = true;                             \
            member_ = 0;                                    \
        }                                                   \
        (lvalue) = (__typeof__(lvalue))member_;             \
    } while (0)

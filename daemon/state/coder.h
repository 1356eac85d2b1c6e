/* Private to this room: hands each field of a record to its stored form or takes it from there, through the same calls.
 *
 * Millions of records lie in memory, so what is usual costs nothing. Fields stand in groups of eight behind a byte that says
 * which of them are there; one that would be a single 0 is left out, and so is a group of which nothing is there. Everything is
 * stored so that the usual is 0: as the distance from what came before it in the record, or as "the same". Times are whole
 * seconds where they are; words that come again are the place of their first coming; texts are half bytes (halves.h). */
#pragma once

#include "base/core/buf.h"
#include "daemon/rules/record.h"

#define RG_CODER_WORDS_MAX 64 /* of one record, beside those that need not be spelled in any */

/* Fields seen since the last control byte. */
struct rg_coder_group {
    size_t count, control_at, field_at, begun_at;
    uint8_t control;
    bool absent; /* reading: the whole group was left out. Writing: nothing of it was there so far */
};

struct rg_coder {
    struct rg_buf *out; /* writing when set */
    struct rg_str in;   /* reading: what is left */
    struct rg_arena *arena;
    struct rg_coder_group group;
    size_t taken_bytes; /* reading: memory for lists */
    bool elided;        /* reading: the next number was left out, it is 0 */
    bool broken;
    int64_t last_s, last_offset;
    rg_day last_day;
    struct rg_str words[RG_CODER_WORDS_MAX];
    size_t word_count;
};
void rg_coder_init_write(struct rg_coder *c, struct rg_buf *out);
void rg_coder_init_read(struct rg_coder *c, struct rg_str in, struct rg_arena *arena);

/* A struct's fields are a group of their own inside that of the struct around it. As a field of that one it takes nothing when
 * nothing of it is there; as an entry of a list at least its control bytes. */
static inline struct rg_coder_group rg_coder_group_begin(struct rg_coder *c)
{
    struct rg_coder_group outer = c->group;
    c->group = (struct rg_coder_group){.absent = c->out != NULL || c->elided, .begun_at = c->out != NULL ? c->out->len : 0};
    c->elided = false;
    return outer;
}
static inline void rg_coder_group_end(struct rg_coder *c, struct rg_coder_group outer, bool entry)
{
    if (c->out != NULL && c->group.absent && !entry && !c->out->overflow)
        c->out->len = c->group.begun_at;
    c->group = outer;
}
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
    if (c->out == NULL || c->out->overflow || c->out->len == g->field_at)
        return;
    if (c->out->len == g->field_at + 1 && c->out->data[g->field_at] == '\0') {
        c->out->len--;
        return;
    }
    g->absent = false;
    g->control |= (uint8_t)(1u << bit);
    c->out->data[g->control_at] = (char)g->control;
}
/* A field begins with a number and, where that is 0, is nothing else; or it is a group. */
#define RG_FIELD(c, call)           \
    do {                            \
        rg_coder_field_begin(c);    \
        call;                       \
        rg_coder_field_end(c);      \
    } while (0)

/* ---- numbers ---- */

void rg_code_long_number(struct rg_coder *c, uint64_t *value);
static inline void rg_code_number(struct rg_coder *c, uint64_t *value)
{
    if (c->out != NULL && *value < 0x80) {
        rg_buf_addc(c->out, (char)*value);
    } else if (c->elided) {
        c->elided = false;
        *value = 0;
    } else if (c->out == NULL && c->in.n > 0 && (*c->in.p & 0x80) == 0) {
        *value = (uint64_t)*c->in.p++;
        c->in.n--;
    } else {
        rg_code_long_number(c, value);
    }
}
void rg_code_count(struct rg_coder *c, int64_t *value);  /* never negative */
void rg_code_int_from(struct rg_coder *c, int *value, int usual); /* `usual` is stored as 0 */
void rg_code_i64_from(struct rg_coder *c, int64_t *value, int64_t usual);
void rg_code_cents(struct rg_coder *c, int64_t *cents, int64_t usual); /* never negative */
void rg_code_time(struct rg_coder *c, int64_t *ms);
void rg_code_time_as(struct rg_coder *c, int64_t *ms, int64_t usual_ms); /* the usual one is stored as 0 */
void rg_code_day(struct rg_coder *c, rg_day *day);
void rg_code_day_as(struct rg_coder *c, rg_day *day, rg_day usual);
void rg_code_offset(struct rg_coder *c, int64_t *offset, int64_t none); /* of the ledger; `none` is stored as 0 */
void rg_code_offset_and(struct rg_coder *c, int64_t *offset, int64_t none, bool *flag); /* the same with a flag */
void rg_code_decimal(struct rg_coder *c, struct rg_decimal *decimal);
void rg_code_bytes(struct rg_coder *c, uint8_t *bytes, size_t n); /* begins with no number: never a field by itself */
void rg_code_hash(struct rg_coder *c, uint32_t *hash);            /* nor does this */

/* ---- texts ---- */

void rg_code_text(struct rg_coder *c, struct rg_str *text);
void rg_code_raw(struct rg_coder *c, struct rg_str *text); /* one in which half bytes would save nothing */
void rg_code_text_as(struct rg_coder *c, struct rg_str *text, struct rg_str usual);
void rg_code_word(struct rg_coder *c, struct rg_str *word); /* one that may come again */
void rg_code_word_as(struct rg_coder *c, struct rg_str *word, struct rg_str usual);
void rg_code_words(struct rg_coder *c, struct rg_str **words, size_t *count);

/* ---- more than one ---- */

void rg_code_stamp(struct rg_coder *c, struct rg_stamp *stamp);
void rg_code_stamps(struct rg_coder *c, struct rg_stamp *stamps, size_t count); /* at most 32 */
/* Up to 32 flags in one number. */
void rg_code_flags(struct rg_coder *c, bool *const *flags, size_t count);
#define RG_CODE_FLAGS(c, ...) rg_code_flags((c), (bool *const[]){__VA_ARGS__}, RG_COUNT(((bool *const[]){__VA_ARGS__})))

/* Length of a list; on reading also makes room. */
void *rg_code_list(struct rg_coder *c, void *items, size_t *count, size_t each_bytes);
#define RG_CODE_LIST(c, items, count) ((items) = rg_code_list((c), (items), &(count), sizeof *(items)))
/* Length of an array of fixed room. */
void rg_code_length(struct rg_coder *c, size_t *count, size_t max);

/* An enum, refused when a newer or broken writer stored a member that does not exist here. */
#define RG_CODE_ENUM(c, lvalue, limit)                      \
    do {                                                    \
        uint64_t member_ = (uint64_t)(lvalue);              \
        rg_code_number((c), &member_);                      \
        if (member_ >= (uint64_t)(limit)) {                 \
            (c)->broken = true;                             \
            member_ = 0;                                    \
        }                                                   \
        (lvalue) = (__typeof__(lvalue))member_;             \
    } while (0)

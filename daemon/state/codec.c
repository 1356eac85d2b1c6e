/* One description serves both directions: each struct has one `walk` function that hands every field to a coder, which
 * either appends it or reads it. Writing and reading cannot drift apart, and a new field is one line. Enum values are stored as
 * they are numbered, so those lists only ever grow at their end.
 *
 * Millions of records lie in memory, so what is usual costs nothing. Fields stand in groups of eight behind a byte that says which
 * of them are there: one that would be a single 0 is left out. Numbers are stored so that their usual value is 0; times as
 * the distance from the time before; words that come again, such as channels, as the place of their first coming; the shard,
 * with which all action ids begin, once. */
#include "daemon/state/codec.h"

#include <string.h>

#define CENTS_LIMIT (1000 * RG_CENTS_MAX)
#define TIME_LIMIT (INT64_C(1) << 53)
#define LIST_MAX 4096 /* entries of any list; a stored record is ours, but Redis may hand us anything */
#define WORDS_MAX 64

/* Fields seen since the last control byte. */
struct group {
    size_t count, control_at, field_at;
    uint8_t control;
};

struct coder {
    struct rg_buf *out; /* writing when set */
    struct rg_str in;   /* reading: what is left */
    size_t offset;
    struct rg_arena *arena;
    struct group group;
    bool elided;                /* reading: the next number was left out, it is 0 */
    struct rg_stamp last_stamp; /* one event sets many fields: a repeated stamp costs a byte */
    int64_t last_ms;
    uint8_t shard[2];
    struct rg_str words[WORDS_MAX];
    size_t word_count;
    bool broken;
};

static void put_varint(struct rg_buf *out, uint64_t value)
{
    char bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (char)(value | 0x80);
    bytes[n++] = (char)value;
    rg_buf_add(out, bytes, n);
}

static uint64_t get_varint(struct coder *c)
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

static struct group group_begin(struct coder *c)
{
    struct group outer = c->group;
    c->group = (struct group){0};
    return outer;
}

static void group_end(struct coder *c, struct group outer)
{
    c->group = outer;
}

static void field_begin(struct coder *c)
{
    struct group *g = &c->group;
    if (g->count % 8 == 0 && c->out != NULL) {
        g->control = 0;
        g->control_at = c->out->len;
        rg_buf_addc(c->out, '\0');
    } else if (g->count % 8 == 0) {
        g->control = c->offset < c->in.n ? (uint8_t)c->in.p[c->offset] : 0;
        c->broken = c->broken || c->offset >= c->in.n;
        c->offset += c->offset < c->in.n;
    }
    if (c->out != NULL)
        g->field_at = c->out->len;
    else
        c->elided = (g->control >> g->count % 8 & 1) == 0;
}

static void field_end(struct coder *c)
{
    struct group *g = &c->group;
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
#define FIELD(c, call)      \
    do {                    \
        field_begin(c);     \
        call;               \
        field_end(c);       \
    } while (0)

/* ---- values ---- */

static void code_i64(struct coder *c, int64_t *value)
{
    if (c->out != NULL) {
        put_varint(c->out, (uint64_t)*value << 1 ^ (uint64_t)(*value >> 63));
        return;
    }
    uint64_t zigzag = get_varint(c);
    *value = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
}

static void code_u32(struct coder *c, uint32_t *value)
{
    if (c->out != NULL)
        put_varint(c->out, *value);
    else
        *value = (uint32_t)get_varint(c);
}

static void code_int(struct coder *c, int *value)
{
    int64_t wide = *value;
    code_i64(c, &wide);
    if (wide < INT32_MIN || wide > INT32_MAX) {
        c->broken = true;
        wide = 0;
    }
    *value = (int)wide;
}

/* `usual` is stored as 0. */
static void code_i64_from(struct coder *c, int64_t *value, int64_t usual)
{
    int64_t distance = (int64_t)((uint64_t)*value - (uint64_t)usual);
    code_i64(c, &distance);
    *value = (int64_t)((uint64_t)distance + (uint64_t)usual);
}

static void code_int_from(struct coder *c, int *value, int usual)
{
    int64_t wide = *value;
    code_i64_from(c, &wide, usual);
    if (wide < INT32_MIN || wide > INT32_MAX) {
        c->broken = true;
        wide = 0;
    }
    *value = (int)wide;
}

/* 0 (never) stays 0; any other time is the distance from the one before, moved away from 0. */
static void code_time(struct coder *c, int64_t *ms)
{
    int64_t distance = (int64_t)((uint64_t)*ms - (uint64_t)c->last_ms);
    int64_t stored = *ms == 0 ? 0 : distance >= 0 ? distance + 1 : distance;
    code_i64(c, &stored);
    if (stored > TIME_LIMIT || stored < -TIME_LIMIT) {
        c->broken = true;
        stored = 0;
    }
    *ms = stored == 0 ? 0 : c->last_ms + (stored > 0 ? stored - 1 : stored);
    if (*ms != 0)
        c->last_ms = *ms;
}

/* Sums of many amounts must stay within 64 bits, whatever Redis holds. */
static void code_cents(struct coder *c, int64_t *cents)
{
    code_i64(c, cents);
    if (*cents > CENTS_LIMIT || *cents < -CENTS_LIMIT) {
        c->broken = true;
        *cents = 0;
    }
}

/* None is the common case and costs one byte: 0, so that days from 1970 on are stored one higher. */
static void code_day(struct coder *c, rg_day *day)
{
    int64_t value = *day == RG_DAY_NONE ? 0 : *day >= 0 ? (int64_t)*day + 1 : *day;
    code_i64(c, &value);
    if (value > INT32_MAX || value <= INT32_MIN) {
        c->broken = true;
        value = 0;
    }
    *day = value == 0 ? RG_DAY_NONE : value > 0 ? (rg_day)(value - 1) : (rg_day)value;
}

static void code_str(struct coder *c, struct rg_str *text)
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

static void code_bytes(struct coder *c, uint8_t *bytes, size_t n)
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

static size_t find_word(const struct coder *c, struct rg_str word)
{
    size_t i = 0;
    while (i < c->word_count && !rg_str_eq(c->words[i], word))
        i++;
    return i;
}

/* A text that may come again: 0 absent, odd: the place of its first coming, even: its length and itself. */
static void code_word(struct coder *c, struct rg_str *word)
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
        *word = !fine || code == 0 ? (struct rg_str){0} : (code & 1) != 0 ? c->words[n] : rg_arena_str(c->arena, (struct rg_str){c->in.p + c->offset, (size_t)n - 1});
        if (!fine || code == 0 || (code & 1) != 0)
            return;
        c->offset += word->n;
    }
    if (c->word_count < WORDS_MAX)
        c->words[c->word_count++] = *word;
}

/* Words that nearly every record has need not be spelled in any. The list only ever grows at its end, with the version. */
static void know_words(struct coder *c)
{
    static const char *const known[] = {"email", "sms", "whatsapp", "letter", "signals"};
    for (size_t i = 0; i < RG_COUNT(known); i++)
        c->words[c->word_count++] = rg_str(known[i]);
}

/* Up to 32 flags in one varint; reads and writes through the same list of addresses. */
static void code_flags(struct coder *c, bool *const *flags, size_t count)
{
    uint32_t set = 0;
    for (size_t i = 0; i < count; i++)
        set |= (uint32_t)*flags[i] << i;
    code_u32(c, &set);
    for (size_t i = 0; i < count; i++)
        *flags[i] = (set >> i & 1) != 0;
}
#define CODE_FLAGS(c, ...) code_flags((c), (bool *const[]){__VA_ARGS__}, RG_COUNT(((bool *const[]){__VA_ARGS__})))

/* Length of a list; on reading also makes room. */
static void *code_list(struct coder *c, void *items, size_t *count, size_t each_bytes)
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
#define CODE_LIST(c, items, count) ((items) = code_list((c), (items), &(count), sizeof *(items)))

/* An enum, refused when a newer or broken writer stored a member that does not exist here. */
#define CODE_ENUM(c, lvalue, limit)                             \
    do {                                                        \
        int member_ = (int)(lvalue);                            \
        code_int((c), &member_);                                \
        if (member_ < 0 || member_ >= (int)(limit)) {           \
            (c)->broken = true;                                 \
            member_ = 0;                                        \
        }                                                       \
        (lvalue) = (__typeof__(lvalue))member_;                 \
    } while (0)

static void code_tie(struct coder *c, uint32_t *tie)
{
    uint8_t b[4] = {(uint8_t)*tie, (uint8_t)(*tie >> 8), (uint8_t)(*tie >> 16), (uint8_t)(*tie >> 24)}; /* a hash: no small numbers */
    code_bytes(c, b, sizeof b);
    *tie = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void code_stamp(struct coder *c, struct rg_stamp *stamp)
{
    bool repeated = stamp->time_ms == c->last_stamp.time_ms && stamp->tie == c->last_stamp.tie;
    CODE_FLAGS(c, &repeated);
    if (repeated) {
        *stamp = c->last_stamp;
        return;
    }
    code_time(c, &stamp->time_ms);
    code_tie(c, &stamp->tie);
    c->last_stamp = *stamp;
}

/* Only the groups that were ever set are stored. */
static void code_stamps(struct coder *c, struct rg_stamp *stamps, size_t count)
{
    uint32_t set = 0;
    for (size_t i = 0; i < count; i++)
        set |= (uint32_t)(stamps[i].time_ms != 0) << i;
    code_u32(c, &set);
    for (size_t i = 0; i < count; i++)
        if ((set >> i & 1) != 0)
            code_stamp(c, &stamps[i]);
}
static_assert(RG_IG_COUNT <= 32 && RG_DG_COUNT <= 32, "groups fit one 32-bit set");

static void code_words(struct coder *c, struct rg_str **words, size_t *count)
{
    CODE_LIST(c, *words, *count);
    for (size_t i = 0; i < *count; i++)
        code_word(c, &(*words)[i]);
}

/* Units −1 say that nothing was given: the usual case. */
static void code_decimal(struct coder *c, struct rg_decimal *decimal)
{
    code_i64_from(c, &decimal->units, -1);
    if (decimal->units >= 0)
        code_int(c, &decimal->scale);
    if (decimal->scale < 0 || decimal->scale > RG_DECIMAL_PLACES_MAX)
        c->broken = true;
}

static void code_shard(struct coder *c, uint8_t shard[2])
{
    bool other = memcmp(c->shard, shard, sizeof c->shard) != 0;
    CODE_FLAGS(c, &other);
    if (other)
        code_bytes(c, shard, sizeof c->shard);
    else
        memcpy(shard, c->shard, sizeof c->shard);
    memcpy(c->shard, shard, sizeof c->shard);
}

static void walk_credits(struct coder *c, struct rg_credit **credits, size_t *count, size_t *cap)
{
    CODE_LIST(c, *credits, *count);
    for (size_t i = 0; i < *count; i++) {
        code_tie(c, &(*credits)[i].tie);
        code_cents(c, &(*credits)[i].cents);
    }
    *cap = *count;
}

static void walk_payment(struct coder *c, struct rg_payment *p)
{
    struct group outer = group_begin(c);
    FIELD(c, code_str(c, &p->id));
    FIELD(c, CODE_FLAGS(c, &p->unnamed, &p->chargeback));
    FIELD(c, code_cents(c, &p->confirmed_cents));
    FIELD(c, code_cents(c, &p->settled_cents));
    FIELD(c, code_cents(c, &p->reversed_cents));
    FIELD(c, code_time(c, &p->confirmed_ms));
    FIELD(c, code_time(c, &p->settled_ms));
    FIELD(c, code_time(c, &p->reversed_ms));
    FIELD(c, code_day(c, &p->paid_on));
    group_end(c, outer);
}

static void walk_done(struct coder *c, struct rg_done *d)
{
    struct group outer = group_begin(c);
    FIELD(c, code_word(c, &d->step));
    FIELD(c, code_int_from(c, &d->repetition, 1));
    FIELD(c, code_int_from(c, &d->cycle, 1));
    FIELD(c, code_int_from(c, &d->attempt, 1));
    FIELD(c, CODE_ENUM(c, d->state, RG_DONE_COUNT));
    FIELD(c, CODE_ENUM(c, d->gate, RG_GATE_COUNT));
    FIELD(c, code_word(c, &d->channel));
    FIELD(c, CODE_ENUM(c, d->evidence, RG_EVIDENCE_COUNT));
    FIELD(c, CODE_ENUM(c, d->tone, RG_TONE_COUNT));
    FIELD(c, CODE_ENUM(c, d->signal, RG_SIGNAL_COUNT));
    FIELD(c, CODE_FLAGS(c, &d->failed, &d->maybe_sent));
    FIELD(c, code_int(c, &d->tries));
    FIELD(c, code_time(c, &d->decided_ms));
    FIELD(c, code_time(c, &d->at_ms));
    for (int e = RG_EVIDENCE_ACCEPTED; e <= (int)d->evidence; e++)
        FIELD(c, code_time(c, &d->evidence_ms[e]));
    FIELD(c, code_i64(c, &d->retry_after_ms));
    FIELD(c, code_time(c, &d->confirmed_ms));
    FIELD(c, code_i64(c, &d->sequence));
    FIELD(c, code_cents(c, &d->balance_cents));
    FIELD(c, code_words(c, &d->refused, &d->refused_count));
    d->refused_cap = d->refused_count;
    if (d->attempt > 0) {
        FIELD(c, code_shard(c, d->action.b));
        code_bytes(c, d->action.b + sizeof c->shard, sizeof d->action.b - sizeof c->shard);
    }
    group_end(c, outer);
}

static void walk_discounts(struct coder *c, struct rg_invoice *v)
{
    int count = (int)v->discount_count;
    code_int(c, &count);
    if (count < 0 || count > RG_DISCOUNTS_MAX) {
        c->broken = true;
        count = 0;
    }
    v->discount_count = (size_t)count;
    for (int i = 0; i < count; i++) {
        CODE_FLAGS(c, &v->discounts[i].by_percent);
        code_decimal(c, &v->discounts[i].percent);
        code_cents(c, &v->discounts[i].amount_cents);
        code_day(c, &v->discounts[i].until);
    }
}

static void walk_openings(struct coder *c, struct rg_invoice *v)
{
    FIELD(c, CODE_LIST(c, v->reopenings, v->reopening_count));
    for (size_t i = 0; i < v->reopening_count; i++)
        code_tie(c, &v->reopenings[i]);
    FIELD(c, CODE_LIST(c, v->due_days, v->due_day_count));
    for (size_t i = 0; i < v->due_day_count; i++)
        code_day(c, &v->due_days[i]);
    v->reopening_cap = v->reopening_count;
    v->due_day_cap = v->due_day_count;
}

static void walk_charge(struct coder *c, struct rg_invoice *v)
{
    FIELD(c, code_day(c, &v->pix_until));
    FIELD(c, code_day(c, &v->boleto_until));
    FIELD(c, code_day(c, &v->debit_on));
    FIELD(c, code_decimal(c, &v->fine_percent));
    FIELD(c, code_decimal(c, &v->interest_percent_month));
    FIELD(c, walk_discounts(c, v));
}

static void walk_invoice(struct coder *c, struct rg_invoice *v)
{
    struct group outer = group_begin(c);
    FIELD(c, code_word(c, &v->ns));
    FIELD(c, code_str(c, &v->id));
    FIELD(c, CODE_FLAGS(c, &v->issued, &v->has_pix, &v->has_boleto, &v->has_link, &v->received, &v->opened, &v->disputed, &v->conflict));
    FIELD(c, code_word(c, &v->creditor));
    FIELD(c, code_word(c, &v->service));
    FIELD(c, code_word(c, &v->contract));
    FIELD(c, code_words(c, &v->tags, &v->tag_count));
    FIELD(c, code_day(c, &v->due_on));
    FIELD(c, code_day(c, &v->issued_on));
    FIELD(c, code_cents(c, &v->amount_cents));
    FIELD(c, code_stamps(c, v->set, RG_IG_COUNT));
    FIELD(c, CODE_ENUM(c, v->state, RG_INVOICE_WRITTEN_OFF + 1));
    walk_openings(c, v);
    walk_charge(c, v);
    FIELD(c, code_i64_from(c, &v->offset, -1));
    FIELD(c, CODE_LIST(c, v->payments, v->payment_count));
    for (size_t i = 0; i < v->payment_count; i++)
        walk_payment(c, &v->payments[i]);
    FIELD(c, walk_credits(c, &v->credits, &v->credit_count, &v->credit_cap));
    FIELD(c, CODE_LIST(c, v->done, v->done_count));
    for (size_t i = 0; i < v->done_count; i++)
        walk_done(c, &v->done[i]);
    v->payment_cap = v->payment_count;
    v->done_cap = v->done_count;
    group_end(c, outer);
}

/* The decision under way is stored as its own wire form: rarely present, and read back by the one codec there is. */
static void walk_decision(struct coder *c, struct rg_decision *decision)
{
    struct rg_str wire = {0};
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    if (c->out != NULL) {
        rg_decision_write(decision, &buf);
        wire = rg_buf_str(&buf);
    }
    code_str(c, &wire);
    if (c->out == NULL && !c->broken && rg_decision_read(wire, c->arena, decision, NULL) < 0)
        c->broken = true;
}

static void walk_action(struct coder *c, struct rg_action *a)
{
    walk_decision(c, &a->decision);
    CODE_ENUM(c, a->state, RG_ACTION_CLAIMED + 1);
    if (a->state == RG_ACTION_CLAIMED) {
        code_bytes(c, a->claim.b, sizeof a->claim.b);
        code_i64(c, &a->claim_offset);
        code_i64(c, &a->claim_valid_ms);
    } else {
        a->claim_offset = -1;
    }
    code_i64(c, &a->logged_offset);
    CODE_FLAGS(c, &a->recalling);
    code_int(c, &a->releases);
}

static void walk_person(struct coder *c, struct rg_record *r)
{
    FIELD(c, code_str(c, &r->name));
    FIELD(c, code_str(c, &r->document));
    FIELD(c, code_str(c, &r->state));
    FIELD(c, code_str(c, &r->city));
    FIELD(c, code_str(c, &r->time_zone));
    FIELD(c, code_str(c, &r->language));
    FIELD(c, CODE_LIST(c, r->contacts, r->contact_count));
    for (size_t i = 0; i < r->contact_count; i++) {
        struct rg_contact *contact = &r->contacts[i];
        code_word(c, &contact->channel);
        code_word(c, &contact->address);
        CODE_FLAGS(c, &contact->verified_false, &contact->in_contract, &contact->preferred);
    }
    FIELD(c, CODE_LIST(c, r->notes, r->note_count));
    for (size_t i = 0; i < r->note_count; i++) {
        code_word(c, &r->notes[i].about);
        code_str(c, &r->notes[i].text);
        code_time(c, &r->notes[i].time_ms);
    }
    r->note_cap = r->note_count;
}

static void walk_facts(struct coder *c, struct rg_record *r)
{
    FIELD(c, CODE_ENUM(c, r->kind, RG_KIND_COUNT));
    FIELD(c, code_int_from(c, &r->consumer, -1));
    FIELD(c, code_word(c, &r->tier));
    FIELD(c, code_words(c, &r->tags, &r->tag_count));
    FIELD(c, code_i64_from(c, &r->score, -1));
    FIELD(c, code_i64_from(c, &r->payday, -1));
    FIELD(c, code_day(c, &r->score_on));
    FIELD(c, CODE_ENUM(c, r->protection, RG_PROTECT_COUNT));
    FIELD(c, code_time(c, &r->protection_until_ms));
    FIELD(c, code_day(c, &r->promise_on));
    FIELD(c, code_stamps(c, r->set, RG_DG_COUNT));
}

static void walk_consents(struct coder *c, struct rg_record *r)
{
    FIELD(c, CODE_LIST(c, r->holds, r->hold_count));
    for (size_t i = 0; i < r->hold_count; i++) {
        struct rg_hold *hold = &r->holds[i];
        code_word(c, &hold->ns);
        code_word(c, &hold->invoice);
        code_stamp(c, &hold->set);
        CODE_FLAGS(c, &hold->held);
        code_time(c, &hold->until_ms);
    }
    FIELD(c, CODE_LIST(c, r->optouts, r->optout_count));
    for (size_t i = 0; i < r->optout_count; i++) {
        struct rg_optout *optout = &r->optouts[i];
        code_word(c, &optout->channel);
        code_stamp(c, &optout->set);
        CODE_FLAGS(c, &optout->out);
    }
    FIELD(c, walk_credits(c, &r->credits, &r->credit_count, &r->credit_cap));
    r->hold_cap = r->hold_count;
    r->optout_cap = r->optout_count;
}

static void walk_record(struct coder *c, struct rg_record *r)
{
    know_words(c);
    struct group outer = group_begin(c);
    FIELD(c, code_str(c, &r->debtor));
    walk_facts(c, r);
    walk_person(c, r);
    walk_consents(c, r);
    FIELD(c, code_i64(c, &r->sequence));
    FIELD(c, code_i64_from(c, &r->previous_decision, -1));
    FIELD(c, code_time(c, &r->looked_ms));
    FIELD(c, CODE_FLAGS(c, &r->overflowing));
    FIELD(c, CODE_LIST(c, r->invoices, r->invoice_count));
    for (size_t i = 0; i < r->invoice_count; i++)
        walk_invoice(c, &r->invoices[i]);
    FIELD(c, CODE_LIST(c, r->actions, r->action_count));
    for (size_t i = 0; i < r->action_count; i++)
        walk_action(c, &r->actions[i]);
    r->invoice_cap = r->invoice_count;
    r->action_cap = r->action_count;
    group_end(c, outer);
}

int rg_record_encode(const struct rg_record *record, struct rg_buf *buf, struct rg_error *err)
{
    struct rg_record copy = *record; /* the walk takes fields by address, and writes back what it read: the same values */
    size_t before = buf->len;
    rg_buf_addc(buf, RG_RECORD_VERSION);
    struct coder c = {.out = buf};
    walk_record(&c, &copy);
    if (buf->overflow || buf->len - before > RG_RECORD_BYTES_MAX)
        return rg_fail(err, RG_ELIMIT, "debtor " RG_STR_FMT ": record larger than %zu bytes", RG_STR_ARG(record->debtor), RG_RECORD_BYTES_MAX);
    return 0;
}

int rg_record_decode(struct rg_str bytes, struct rg_arena *arena, struct rg_record **ret_record, struct rg_error *err)
{
    if (bytes.n == 0)
        return rg_fail(err, RG_EINVAL, "debtor record: empty");
    if (bytes.n > RG_RECORD_BYTES_MAX)
        return rg_fail(err, RG_ELIMIT, "debtor record: %zu bytes, at most %zu expected", bytes.n, RG_RECORD_BYTES_MAX);
    uint8_t version = (uint8_t)bytes.p[0];
    if (version != RG_RECORD_VERSION)
        return rg_fail(err, RG_EREFUSED, "debtor record: version %d, this program knows %d; was a newer one here before?", version, RG_RECORD_VERSION);
    struct rg_record *record = rg_record_new(arena, RG_STR(""));
    struct coder c = {.in = bytes, .offset = 1, .arena = arena};
    walk_record(&c, record);
    if (c.broken || c.offset != bytes.n)
        return rg_fail(err, RG_EINVAL, "debtor record: broken at byte %zu of %zu", c.offset, bytes.n);
    *ret_record = record;
    return 0;
}

/* One description serves both directions: each struct has one `walk` function that hands every field to a coder, which
 * either appends it or reads it. Writing and reading cannot drift apart, and a new field is one line. Times are stored in
 * milliseconds as zigzag varints; enum values are stored as they are numbered, so those lists only ever grow at their end. */
#include "daemon/state/codec.h"

#include <string.h>

#define LIST_MAX 4096 /* entries of any list; a stored record is ours, but Redis may hand us anything */

struct coder {
    struct rg_buf *out; /* writing when set */
    struct rg_str in;   /* reading: what is left */
    size_t offset;
    struct rg_arena *arena;
    struct rg_stamp last_stamp; /* one event sets many fields: a repeated stamp costs a byte */
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

static void code_day(struct coder *c, rg_day *day)
{
    int value = *day == RG_DAY_NONE ? INT32_MIN + 1 : *day; /* both ends of the range read back unharmed */
    code_int(c, &value);
    *day = value == INT32_MIN + 1 ? RG_DAY_NONE : value;
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

static void code_stamp(struct coder *c, struct rg_stamp *stamp)
{
    bool repeated = stamp->time_ms == c->last_stamp.time_ms && stamp->tie == c->last_stamp.tie;
    CODE_FLAGS(c, &repeated);
    if (repeated) {
        *stamp = c->last_stamp;
        return;
    }
    code_i64(c, &stamp->time_ms);
    code_u32(c, &stamp->tie);
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

static void code_texts(struct coder *c, struct rg_str **texts, size_t *count)
{
    CODE_LIST(c, *texts, *count);
    for (size_t i = 0; i < *count; i++)
        code_str(c, &(*texts)[i]);
}

static void code_decimal(struct coder *c, struct rg_decimal *decimal)
{
    code_i64(c, &decimal->units);
    if (decimal->units >= 0)
        code_int(c, &decimal->scale);
}

static void walk_payment(struct coder *c, struct rg_payment *p)
{
    code_str(c, &p->id);
    CODE_FLAGS(c, &p->unnamed, &p->chargeback);
    code_i64(c, &p->confirmed_cents);
    code_i64(c, &p->settled_cents);
    code_i64(c, &p->reversed_cents);
    code_i64(c, &p->confirmed_ms);
    code_i64(c, &p->settled_ms);
    code_i64(c, &p->reversed_ms);
    code_day(c, &p->paid_on);
}

static void walk_done(struct coder *c, struct rg_done *d)
{
    code_str(c, &d->step);
    code_int(c, &d->repetition);
    code_int(c, &d->cycle);
    code_int(c, &d->attempt);
    CODE_ENUM(c, d->state, RG_DONE_COUNT);
    CODE_ENUM(c, d->gate, RG_GATE_COUNT);
    code_str(c, &d->channel);
    CODE_ENUM(c, d->evidence, RG_EVIDENCE_COUNT);
    CODE_ENUM(c, d->tone, RG_TONE_COUNT);
    CODE_ENUM(c, d->signal, RG_SIGNAL_COUNT);
    CODE_FLAGS(c, &d->failed, &d->maybe_sent);
    code_int(c, &d->tries);
    code_i64(c, &d->decided_ms);
    code_i64(c, &d->at_ms);
    for (int e = RG_EVIDENCE_ACCEPTED; e <= (int)d->evidence; e++)
        code_i64(c, &d->evidence_ms[e]);
    code_i64(c, &d->retry_after_ms);
    code_i64(c, &d->confirmed_ms);
    code_i64(c, &d->sequence);
    code_i64(c, &d->balance_cents);
    if (d->attempt > 0)
        code_bytes(c, d->action.b, sizeof d->action.b);
    code_texts(c, &d->refused, &d->refused_count);
    d->refused_cap = d->refused_count;
}

static void walk_charge(struct coder *c, struct rg_invoice *v)
{
    code_day(c, &v->pix_until);
    code_day(c, &v->boleto_until);
    code_day(c, &v->debit_on);
    code_decimal(c, &v->fine_percent);
    code_decimal(c, &v->interest_percent_month);
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
        code_i64(c, &v->discounts[i].amount_cents);
        code_day(c, &v->discounts[i].until);
    }
}

static void walk_invoice(struct coder *c, struct rg_invoice *v)
{
    code_str(c, &v->ns);
    code_str(c, &v->id);
    CODE_FLAGS(c, &v->issued, &v->has_pix, &v->has_boleto, &v->has_link, &v->received, &v->opened, &v->disputed, &v->conflict);
    code_str(c, &v->creditor);
    code_str(c, &v->service);
    code_str(c, &v->contract);
    code_texts(c, &v->tags, &v->tag_count);
    code_day(c, &v->due_on);
    code_day(c, &v->issued_on);
    code_i64(c, &v->amount_cents);
    code_stamps(c, v->set, RG_IG_COUNT);
    CODE_ENUM(c, v->state, RG_INVOICE_WRITTEN_OFF + 1);
    CODE_LIST(c, v->reopenings, v->reopening_count);
    for (size_t i = 0; i < v->reopening_count; i++)
        code_u32(c, &v->reopenings[i]);
    CODE_LIST(c, v->due_days, v->due_day_count);
    for (size_t i = 0; i < v->due_day_count; i++)
        code_day(c, &v->due_days[i]);
    walk_charge(c, v);
    CODE_LIST(c, v->payments, v->payment_count);
    for (size_t i = 0; i < v->payment_count; i++)
        walk_payment(c, &v->payments[i]);
    CODE_LIST(c, v->credits, v->credit_count);
    for (size_t i = 0; i < v->credit_count; i++) {
        code_u32(c, &v->credits[i].tie);
        code_i64(c, &v->credits[i].cents);
    }
    CODE_LIST(c, v->done, v->done_count);
    for (size_t i = 0; i < v->done_count; i++)
        walk_done(c, &v->done[i]);
    v->reopening_cap = v->reopening_count;
    v->due_day_cap = v->due_day_count;
    v->payment_cap = v->payment_count;
    v->credit_cap = v->credit_count;
    v->done_cap = v->done_count;
    code_i64(c, &v->offset);
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
    }
    code_i64(c, &a->logged_offset);
    CODE_FLAGS(c, &a->recalling);
    code_int(c, &a->releases);
}

static void walk_person(struct coder *c, struct rg_record *r)
{
    code_str(c, &r->name);
    code_str(c, &r->document);
    code_str(c, &r->state);
    code_str(c, &r->city);
    code_str(c, &r->time_zone);
    code_str(c, &r->language);
    CODE_LIST(c, r->contacts, r->contact_count);
    for (size_t i = 0; i < r->contact_count; i++) {
        struct rg_contact *contact = &r->contacts[i];
        code_str(c, &contact->channel);
        code_str(c, &contact->address);
        CODE_FLAGS(c, &contact->verified_false, &contact->in_contract, &contact->preferred);
    }
    CODE_LIST(c, r->notes, r->note_count);
    for (size_t i = 0; i < r->note_count; i++) {
        code_str(c, &r->notes[i].about);
        code_str(c, &r->notes[i].text);
        code_i64(c, &r->notes[i].time_ms);
    }
    r->note_cap = r->note_count;
}

static void walk_facts(struct coder *c, struct rg_record *r)
{
    CODE_ENUM(c, r->kind, RG_KIND_COUNT);
    code_int(c, &r->consumer);
    code_str(c, &r->tier);
    code_texts(c, &r->tags, &r->tag_count);
    code_i64(c, &r->score);
    code_i64(c, &r->payday);
    code_day(c, &r->score_on);
    CODE_ENUM(c, r->protection, RG_PROTECT_COUNT);
    code_i64(c, &r->protection_until_ms);
    code_day(c, &r->promise_on);
    code_stamps(c, r->set, RG_DG_COUNT);
}

static void walk_consents(struct coder *c, struct rg_record *r)
{
    CODE_LIST(c, r->holds, r->hold_count);
    for (size_t i = 0; i < r->hold_count; i++) {
        struct rg_hold *hold = &r->holds[i];
        code_str(c, &hold->ns);
        code_str(c, &hold->invoice);
        code_stamp(c, &hold->set);
        CODE_FLAGS(c, &hold->held);
        code_i64(c, &hold->until_ms);
    }
    CODE_LIST(c, r->optouts, r->optout_count);
    for (size_t i = 0; i < r->optout_count; i++) {
        struct rg_optout *optout = &r->optouts[i];
        code_str(c, &optout->channel);
        code_stamp(c, &optout->set);
        CODE_FLAGS(c, &optout->out);
    }
    CODE_LIST(c, r->credits, r->credit_count);
    for (size_t i = 0; i < r->credit_count; i++) {
        code_u32(c, &r->credits[i].tie);
        code_i64(c, &r->credits[i].cents);
    }
    r->credit_cap = r->credit_count;
    r->hold_cap = r->hold_count;
    r->optout_cap = r->optout_count;
}

static void walk_record(struct coder *c, struct rg_record *r)
{
    code_str(c, &r->debtor);
    walk_facts(c, r);
    walk_person(c, r);
    walk_consents(c, r);
    CODE_LIST(c, r->invoices, r->invoice_count);
    for (size_t i = 0; i < r->invoice_count; i++)
        walk_invoice(c, &r->invoices[i]);
    CODE_LIST(c, r->actions, r->action_count);
    for (size_t i = 0; i < r->action_count; i++)
        walk_action(c, &r->actions[i]);
    code_i64(c, &r->sequence);
    code_i64(c, &r->previous_decision);
    code_i64(c, &r->looked_ms);
    CODE_FLAGS(c, &r->overflowing);
    r->invoice_cap = r->invoice_count;
    r->action_cap = r->action_count;
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

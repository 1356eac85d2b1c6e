/* Records of our own. One table per record says which members it has, where they lie in the struct and which of them must be
 * there; one writer and one reader walk the tables, so the two cannot drift apart, and an absent member always means the same
 * default. Members at their default are not written: most of a decision's numbers are zero, and the ledger is kept for years.
 *
 * Instants are milliseconds since 1970 and ids are hex; both are read by programs far more often than by people. */
#include "config/contract/ledger.h"

#include "base/json/json.h"
#include "base/json/write.h"

#include <string.h>

enum member_kind {
    TEXT, INT, LONG, BOOL, WORD, DAY, ACTION, CLAIM, INVOICES, COVERS, SKIPS, CAUGHT_UP
};

struct member {
    const char *name;
    enum member_kind kind;
    size_t offset;
    bool required;
    int64_t absent; /* the default of a number */
    const struct rg_words *words;
};

static const char *const kind_names[RG_REC_COUNT] = {
    [RG_REC_UNKNOWN] = "unknown", [RG_REC_EVENT] = "event", [RG_REC_FORWARDED] = "forwarded", [RG_REC_LOCATED] = "located",
    [RG_REC_DECIDED] = "decided", [RG_REC_RECALLED] = "recalled",
    [RG_REC_SKIPPED] = "skipped", [RG_REC_CLAIM] = "claim", [RG_REC_OUTCOME] = "outcome",
    [RG_REC_SEAL] = "seal", [RG_REC_UPDATE] = "update", [RG_REC_MERGED] = "merged",
};

const char *rg_kind_name(enum rg_kind kind)
{
    rg_assert(kind < RG_REC_COUNT);
    return kind_names[kind];
}

enum rg_kind rg_kind_of(struct rg_str name)
{
    for (int i = RG_REC_UNKNOWN + 1; i < RG_REC_COUNT; i++)
        if (rg_str_is(name, kind_names[i]))
            return (enum rg_kind)i;
    return RG_REC_UNKNOWN;
}

static const char *const act_kind_names[RG_ACT_KIND_COUNT] = {
    [RG_ACT_MESSAGE] = "message", [RG_ACT_SIGNAL] = "signal", [RG_ACT_TASK] = "task",
};
static const struct rg_words act_kind_words = {"kind", act_kind_names, RG_ACT_KIND_COUNT, 0};

const char *rg_act_kind_name(enum rg_act_kind kind)
{
    rg_assert(kind < RG_ACT_KIND_COUNT);
    return act_kind_names[kind];
}

#define AT(member) offsetof(struct rg_decision, member)
static const struct member decision_members[] = {
    {"action", ACTION, AT(action), true, 0, NULL},
    {"debtor", TEXT, AT(debtor), true, 0, NULL},
    {"ladder", TEXT, AT(ladder), false, 0, NULL},
    {"step", TEXT, AT(step), true, 0, NULL},
    {"repetition", INT, AT(repetition), false, 1, NULL},
    {"channel", TEXT, AT(channel), false, 0, NULL},
    {"attempt", INT, AT(attempt), false, 1, NULL},
    {"kind", WORD, AT(kind), true, 0, &act_kind_words},
    {"tone", WORD, AT(tone), true, 0, &rg_words_tone},
    {"mode", WORD, AT(mode), true, 0, &rg_words_mode},
    {"uncertain", WORD, AT(uncertain), true, 0, &rg_words_uncertain},
    {"evidence", WORD, AT(evidence), false, RG_EVIDENCE_NONE, &rg_words_evidence},
    {"owed", BOOL, AT(owed), false, 0, NULL},
    {"text", TEXT, AT(text), false, 0, NULL},
    {"signal", WORD, AT(signal), false, RG_SIGNAL_NONE, &rg_words_signal},
    {"creditor", TEXT, AT(creditor), false, 0, NULL},
    {"service", TEXT, AT(service), false, 0, NULL},
    {"invoices", INVOICES, AT(invoices), false, 0, NULL},
    {"covers", COVERS, AT(covers), false, 0, NULL},
    {"amount_cents", LONG, AT(amount_cents), false, 0, NULL},
    {"fine_cents", LONG, AT(fine_cents), false, 0, NULL},
    {"interest_cents", LONG, AT(interest_cents), false, 0, NULL},
    {"discount_cents", LONG, AT(discount_cents), false, 0, NULL},
    {"total_cents", LONG, AT(total_cents), false, 0, NULL},
    {"amounts_on", DAY, AT(amounts_on), false, RG_DAY_NONE, NULL},
    {"deadline_on", DAY, AT(deadline_on), false, RG_DAY_NONE, NULL},
    {"until_ms", LONG, AT(until_ms), false, 0, NULL},
    {"sequence", LONG, AT(sequence), false, 0, NULL},
    {"at_ms", LONG, AT(at_ms), true, 0, NULL},
    {"asof_ms", LONG, AT(asof_ms), true, 0, NULL},
    {"rests_on", LONG, AT(rests_on), true, 0, NULL},
    {"previous", LONG, AT(previous), false, -1, NULL},
    {"rules", TEXT, AT(rules), false, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct rg_decision_invoice, member)
static const struct member invoice_members[] = {
    {"ns", TEXT, AT(ns), true, 0, NULL},
    {"invoice", TEXT, AT(invoice), true, 0, NULL},
    {"cycle", INT, AT(cycle), false, 1, NULL},
    {"balance_cents", LONG, AT(balance_cents), false, 0, NULL},
    {"offset", LONG, AT(offset), false, 0, NULL},
    {"listed", BOOL, AT(listed), false, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct rg_decision_cover, member)
static const struct member cover_members[] = {
    {"invoice", INT, AT(invoice), false, 0, NULL},
    {"step", TEXT, AT(step), true, 0, NULL},
    {"repetition", INT, AT(repetition), false, 1, NULL},
};
#undef AT

#define AT(member) offsetof(struct rg_recalled, member)
static const struct member recalled_members[] = {
    {"action", ACTION, AT(action), true, 0, NULL},
    {"debtor", TEXT, AT(debtor), true, 0, NULL},
    {"gate", WORD, AT(gate), true, 0, &rg_words_gate},
    {"at_ms", LONG, AT(at_ms), true, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct rg_skip, member)
static const struct member skip_members[] = {
    {"ns", TEXT, AT(ns), true, 0, NULL},
    {"invoice", TEXT, AT(invoice), true, 0, NULL},
    {"step", TEXT, AT(step), true, 0, NULL},
    {"cycle", INT, AT(cycle), false, 1, NULL},
    {"repetition", INT, AT(repetition), false, 1, NULL},
    {"gate", WORD, AT(gate), true, 0, &rg_words_gate},
};
#undef AT

#define AT(member) offsetof(struct rg_caught_up, member)
static const struct member caught_up_members[] = {
    {"ns", TEXT, AT(ns), true, 0, NULL},
    {"invoice", TEXT, AT(invoice), true, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct rg_skipped, member)
static const struct member skipped_members[] = {
    {"debtor", TEXT, AT(debtor), true, 0, NULL},
    {"skips", SKIPS, AT(skips), false, 0, NULL},
    {"caught_up", CAUGHT_UP, AT(caught_up), false, 0, NULL},
    {"through_ms", LONG, AT(through_ms), true, 0, NULL},
    {"at_ms", LONG, AT(at_ms), false, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct rg_claim, member)
static const struct member claim_members[] = {
    {"claim", CLAIM, AT(claim), true, 0, NULL},
    {"action", ACTION, AT(action), true, 0, NULL},
    {"debtor", TEXT, AT(debtor), true, 0, NULL},
    {"valid_ms", LONG, AT(valid_ms), true, 0, NULL},
    {"message_key", TEXT, AT(message_key), false, 0, NULL},
    {"message_hash", TEXT, AT(message_hash), false, 0, NULL},
    {"at_ms", LONG, AT(at_ms), true, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct rg_outcome, member)
static const struct member outcome_members[] = {
    {"action", ACTION, AT(action), true, 0, NULL},
    {"claim", CLAIM, AT(claim), false, 0, NULL},
    {"claim_offset", LONG, AT(claim_offset), false, -1, NULL},
    {"debtor", TEXT, AT(debtor), true, 0, NULL},
    {"step", TEXT, AT(step), true, 0, NULL},
    {"channel", TEXT, AT(channel), false, 0, NULL},
    {"repetition", INT, AT(repetition), false, 1, NULL},
    {"attempt", INT, AT(attempt), false, 1, NULL},
    {"invoices", INVOICES, AT(invoices), false, 0, NULL},
    {"verdict", WORD, AT(verdict), true, 0, &rg_words_verdict},
    {"evidence", WORD, AT(evidence), false, RG_EVIDENCE_NONE, &rg_words_evidence},
    {"provider_id", TEXT, AT(provider_id), false, 0, NULL},
    {"detail", TEXT, AT(detail), false, 0, NULL},
    {"gate", WORD, AT(gate), false, RG_GATE_NONE, &rg_words_gate},
    {"retry_after_ms", LONG, AT(retry_after_ms), false, 0, NULL},
    {"at_ms", LONG, AT(at_ms), true, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct rg_located, member)
static const struct member located_members[] = {
    {"ref", TEXT, AT(ref), true, 0, NULL},
    {"debtor", TEXT, AT(debtor), true, 0, NULL},
};
#undef AT

/* A list member is a pointer with its count behind it, copied out and in. */
struct list {
    void *items;
    size_t count;
};
static_assert(offsetof(struct rg_decision, invoice_count) ==
                  offsetof(struct rg_decision, invoices) + offsetof(struct list, count),
              "invoices and their count lie together");
static_assert(offsetof(struct rg_decision, cover_count) == offsetof(struct rg_decision, covers) + offsetof(struct list, count),
              "covers and their count lie together");
static_assert(offsetof(struct rg_outcome, invoice_count) == offsetof(struct rg_outcome, invoices) + offsetof(struct list, count),
              "invoices and their count lie together");
static_assert(offsetof(struct rg_skipped, skip_count) == offsetof(struct rg_skipped, skips) + offsetof(struct list, count),
              "skips and their count lie together");
static_assert(offsetof(struct rg_skipped, caught_up_count) ==
                  offsetof(struct rg_skipped, caught_up) + offsetof(struct list, count),
              "what was caught up with and its count lie together");
static_assert(sizeof(enum rg_gate) == sizeof(int), "words are read and written through int");

/* A struct of one kind that hangs in a list. */
struct shape {
    const struct member *members;
    size_t member_count;
    size_t bytes;
    size_t max;
};
static const struct shape invoice_shape = {invoice_members, RG_COUNT(invoice_members), sizeof(struct rg_decision_invoice),
                                           RG_DECISION_INVOICES_MAX};
static const struct shape cover_shape = {cover_members, RG_COUNT(cover_members), sizeof(struct rg_decision_cover),
                                         RG_DECISION_COVERS_MAX};

static const struct shape skip_shape = {skip_members, RG_COUNT(skip_members), sizeof(struct rg_skip), RG_SKIPS_MAX};
static const struct shape caught_up_shape = {caught_up_members, RG_COUNT(caught_up_members), sizeof(struct rg_caught_up),
                                             RG_CAUGHT_UP_MAX};

static const struct shape *shape_of(const struct member *member)
{
    switch (member->kind) {
    case INVOICES: return &invoice_shape;
    case COVERS: return &cover_shape;
    case SKIPS: return &skip_shape;
    default: rg_assert(member->kind == CAUGHT_UP); return &caught_up_shape;
    }
}

static bool is_default(const struct member *member, const void *at)
{
    struct list list;
    switch (member->kind) {
    case TEXT: return ((const struct rg_str *)at)->p == NULL;
    case INT:
    case WORD: return *(const int *)at == member->absent;
    case LONG: return *(const int64_t *)at == member->absent;
    case DAY: return *(const rg_day *)at == member->absent;
    case BOOL: return !*(const bool *)at;
    case ACTION: return false;
    case CLAIM: return rg_claim_id_is_zero(at);
    default: memcpy(&list, at, sizeof list); return list.count == 0;
    }
}

static void write_members(const struct member *members, size_t count, const void *record, struct rg_jw *jw);

static void write_list(const struct member *member, const void *at, struct rg_jw *jw)
{
    const struct shape *shape = shape_of(member);
    struct list list;
    memcpy(&list, at, sizeof list);
    rg_assert(list.count <= shape->max);
    rg_jw_array(jw);
    for (size_t i = 0; i < list.count; i++) {
        rg_jw_object(jw);
        write_members(shape->members, shape->member_count, (const char *)list.items + i * shape->bytes, jw);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

static void write_value(const struct member *member, const void *at, struct rg_jw *jw)
{
    char text[RG_ACTION_TEXT + 1];
    static_assert(sizeof text > RG_CLAIM_TEXT && sizeof text >= RG_DAY_TEXT_MAX, "every printed form fits");
    switch (member->kind) {
    case TEXT: rg_jw_str(jw, *(const struct rg_str *)at); return;
    case INT: rg_jw_int(jw, *(const int *)at); return;
    case LONG: rg_jw_int(jw, *(const int64_t *)at); return;
    case BOOL: rg_jw_bool(jw, *(const bool *)at); return;
    case WORD:
        rg_assert(*(const int *)at >= member->words->first && *(const int *)at < member->words->count);
        rg_jw_cstr(jw, member->words->names[*(const int *)at]);
        return;
    case DAY: rg_day_format(*(const rg_day *)at, text); break;
    case ACTION: rg_action_id_print(at, text); break;
    case CLAIM: rg_claim_id_print(at, text); break;
    default: write_list(member, at, jw); return;
    }
    rg_jw_cstr(jw, text);
}

static void write_members(const struct member *members, size_t count, const void *record, struct rg_jw *jw)
{
    for (size_t i = 0; i < count; i++) {
        const void *at = (const char *)record + members[i].offset;
        if (!members[i].required && is_default(&members[i], at))
            continue;
        rg_jw_key(jw, members[i].name);
        write_value(&members[i], at, jw);
    }
}

static void write_record(const struct member *members, size_t count, const void *record, struct rg_buf *buf)
{
    struct rg_jw jw;
    rg_jw_init(&jw, buf);
    rg_jw_object(&jw);
    rg_jw_member_int(&jw, "v", RG_LEDGER_VERSION);
    write_members(members, count, record, &jw);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}

/* What one call to read has at hand. */
struct reading {
    const char *what; /* "decision", for error sentences */
    struct rg_arena *arena;
    struct rg_error *err;
};

static void set_default(const struct member *member, void *at)
{
    switch (member->kind) {
    case INT:
    case WORD: *(int *)at = (int)member->absent; break;
    case LONG: *(int64_t *)at = member->absent; break;
    case DAY: *(rg_day *)at = (rg_day)member->absent; break;
    default: break; /* zeroed memory is the default of the others */
    }
}

static int read_members(const struct reading *reading, const struct member *members, size_t count,
                        const struct rg_json_value *object, void *record);

static int read_list(const struct reading *reading, const struct member *member, const struct rg_json_value *value, void *at)
{
    const struct shape *shape = shape_of(member);
    struct list list = {.count = rg_json_count(value)};
    if (rg_json_kind(value) != RG_JSON_ARRAY || list.count > shape->max)
        return rg_fail(reading->err, RG_EINVAL, "%s: %s is no list of at most %zu entries", reading->what, member->name,
                       shape->max);
    list.items = rg_arena_alloc(reading->arena, shape->bytes * (list.count + 1));
    char *item = list.items;
    RG_JSON_EACH(child, value) {
        int failed = read_members(reading, shape->members, shape->member_count, child, item);
        if (failed < 0)
            return failed;
        item += shape->bytes;
    }
    memcpy(at, &list, sizeof list);
    return 0;
}

static bool read_scalar(const struct reading *reading, const struct member *member, const struct rg_json_value *value, void *at)
{
    struct rg_str text;
    int64_t number = 0;
    bool is_text = rg_json_str(value, &text), is_number = rg_json_int(value, &number);
    switch (member->kind) {
    case TEXT:
        if (is_text)
            *(struct rg_str *)at = rg_arena_str(reading->arena, text);
        return is_text;
    case INT:
        if (is_number && number >= INT32_MIN && number <= INT32_MAX)
            *(int *)at = (int)number;
        return is_number && number >= INT32_MIN && number <= INT32_MAX;
    case LONG:
        if (is_number)
            *(int64_t *)at = number;
        return is_number;
    case BOOL: return rg_json_bool(value, at);
    case WORD: *(int *)at = is_text ? rg_word(member->words, text) : -1; return *(int *)at >= 0;
    case DAY: return is_text && rg_day_parse(text, at);
    case ACTION: return is_text && rg_action_id_parse(text, at);
    case CLAIM: return is_text && rg_claim_id_parse(text, at);
    default: return false;
    }
}

static int read_members(const struct reading *reading, const struct member *members, size_t count,
                        const struct rg_json_value *object, void *record)
{
    for (size_t i = 0; i < count; i++) {
        const struct member *member = &members[i];
        const struct rg_json_value *value = rg_json_get(object, member->name);
        void *at = (char *)record + member->offset;
        if (value == NULL && member->required)
            return rg_fail(reading->err, RG_EINVAL, "%s: %s is missing", reading->what, member->name);
        if (value == NULL) {
            set_default(member, at);
            continue;
        }
        if (member->kind >= INVOICES) {
            int failed = read_list(reading, member, value, at);
            if (failed < 0)
                return failed;
        } else if (!read_scalar(reading, member, value, at)) {
            return rg_fail(reading->err, RG_EINVAL, "%s: %s is not what it should be", reading->what, member->name);
        }
    }
    return 0;
}

static int read_record(const struct reading *reading, const struct member *members, size_t count, struct rg_str bytes,
                       void *record)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    int64_t version = 0;
    int failed = rg_json_parse(bytes, RG_LEDGER_BYTES_MAX, &doc, reading->err);
    if (failed < 0)
        return failed;
    const struct rg_json_value *root = rg_json_root(doc);
    if (!rg_json_int(rg_json_get(root, "v"), &version))
        return rg_fail(reading->err, RG_EINVAL, "%s: v is missing", reading->what);
    if (version != RG_LEDGER_VERSION)
        return rg_fail(reading->err, RG_EREFUSED, "%s: version %lld is newer than this program", reading->what,
                       (long long)version);
    return read_members(reading, members, count, root, record);
}

#define READ(members, name, record) read_record(&(struct reading){name, arena, err}, members, RG_COUNT(members), bytes, record)

void rg_decision_write(const struct rg_decision *decision, struct rg_buf *buf)
{
    write_record(decision_members, RG_COUNT(decision_members), decision, buf);
}

int rg_decision_read(struct rg_str bytes, struct rg_arena *arena, struct rg_decision *ret, struct rg_error *err)
{
    struct rg_decision decision = {0};
    int failed = READ(decision_members, "decision", &decision);
    if (failed < 0)
        return failed;
    for (size_t i = 0; i < decision.cover_count; i++)
        if (decision.covers[i].invoice < 0 || (size_t)decision.covers[i].invoice >= decision.invoice_count)
            return rg_fail(err, RG_EINVAL, "decision: covers[%zu] names an invoice that is not there", i);
    *ret = decision;
    return 0;
}

void rg_recalled_write(const struct rg_recalled *recalled, struct rg_buf *buf)
{
    write_record(recalled_members, RG_COUNT(recalled_members), recalled, buf);
}

int rg_recalled_read(struct rg_str bytes, struct rg_arena *arena, struct rg_recalled *ret, struct rg_error *err)
{
    struct rg_recalled recalled = {0};
    int failed = READ(recalled_members, "recall", &recalled);
    if (failed == 0)
        *ret = recalled;
    return failed;
}

void rg_skipped_write(const struct rg_skipped *skipped, struct rg_buf *buf)
{
    write_record(skipped_members, RG_COUNT(skipped_members), skipped, buf);
}

int rg_skipped_read(struct rg_str bytes, struct rg_arena *arena, struct rg_skipped *ret, struct rg_error *err)
{
    struct rg_skipped skipped = {0};
    int failed = READ(skipped_members, "skip", &skipped);
    if (failed == 0)
        *ret = skipped;
    return failed;
}

void rg_claim_write(const struct rg_claim *claim, struct rg_buf *buf)
{
    write_record(claim_members, RG_COUNT(claim_members), claim, buf);
}

int rg_claim_read(struct rg_str bytes, struct rg_arena *arena, struct rg_claim *ret, struct rg_error *err)
{
    struct rg_claim claim = {0};
    int failed = READ(claim_members, "claim", &claim);
    if (failed == 0)
        *ret = claim;
    return failed;
}

void rg_outcome_write(const struct rg_outcome *outcome, struct rg_buf *buf)
{
    rg_assert(outcome->detail.n <= RG_OUTCOME_DETAIL_MAX);
    write_record(outcome_members, RG_COUNT(outcome_members), outcome, buf);
}

int rg_outcome_read(struct rg_str bytes, struct rg_arena *arena, struct rg_outcome *ret, struct rg_error *err)
{
    struct rg_outcome outcome = {0};
    int failed = READ(outcome_members, "outcome", &outcome);
    if (failed == 0)
        *ret = outcome;
    return failed;
}

void rg_located_write(const struct rg_located *located, struct rg_buf *buf)
{
    write_record(located_members, RG_COUNT(located_members), located, buf);
}

int rg_located_read(struct rg_str bytes, struct rg_arena *arena, struct rg_located *ret, struct rg_error *err)
{
    struct rg_located located = {0};
    int failed = READ(located_members, "located", &located);
    if (failed == 0)
        *ret = located;
    return failed;
}

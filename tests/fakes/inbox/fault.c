/* A short list behind a lock, looked through from its start. A rule keeps its JSON and its parsed members; the dice are a
 * seeded generator, so that a run repeats as far as the order of messages does. */
#include "tests/fakes/inbox/fault.h"

#include <fnmatch.h>
#include <pthread.h>
#include <string.h>

#include "base/json/write.h"

struct rule {
    struct rg_arena *arena; /* of this rule: everything below lies in it */
    int64_t id, hits;
    bool http;
    enum inbox_stage stage;
    const char *to, *provider, *contains; /* NULL: any */
    int64_t times; /* left; < 0: for ever */
    int64_t odds;  /* per cent */
    struct rg_str json;
    struct inbox_effect effect;
};

struct inbox_faults {
    pthread_mutex_t lock;
    struct rule rules[INBOX_FAULTS_MAX];
    size_t count;
    int64_t ids;
    uint64_t dice;
};

struct inbox_faults *inbox_faults_new(uint64_t seed)
{
    struct inbox_faults *faults = rg_alloc(sizeof *faults);
    int failed = pthread_mutex_init(&faults->lock, NULL);
    rg_assert(failed == 0);
    faults->dice = seed;
    return faults;
}

static void clear_rules(struct inbox_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        rg_arena_free(&faults->rules[i].arena);
    faults->count = 0;
}

void inbox_faults_free(struct inbox_faults **faults)
{
    if (*faults == NULL)
        return;
    clear_rules(*faults);
    (void)pthread_mutex_destroy(&(*faults)->lock);
    rg_free(faults);
}

void inbox_faults_clear(struct inbox_faults *faults)
{
    (void)pthread_mutex_lock(&faults->lock);
    clear_rules(faults);
    (void)pthread_mutex_unlock(&faults->lock);
}

static int take_number(const struct rg_json_value *value, const char *name, int64_t min, int64_t max, int64_t *ret_number,
                       struct rg_error *err)
{
    int64_t number = 0;
    if (!rg_json_int(value, &number) || number < min || number > max)
        return rg_fail(err, RG_EINVAL, "%s: expected a whole number from %lld to %lld", name, (long long)min, (long long)max);
    *ret_number = number;
    return 0;
}

static int take_text(const struct rg_json_value *value, const char *name, struct rule *rule, struct rg_str *ret_text,
                     struct rg_error *err)
{
    struct rg_str text;
    if (!rg_json_str(value, &text) || text.n == 0)
        return rg_fail(err, RG_EINVAL, "%s: expected a text", name);
    *ret_text = rg_arena_str(rule->arena, text);
    return 0;
}

static int take_flag(const struct rg_json_value *value, const char *name, bool *ret_flag, struct rg_error *err)
{
    return rg_json_bool(value, ret_flag) ? 0 : rg_fail(err, RG_EINVAL, "%s: expected true or false", name);
}

static int take_stage(struct rg_str text, enum inbox_stage *ret_stage, struct rg_error *err)
{
    static const char *const names[] = {"connect", "helo", "mail", "rcpt", "data", "body", "dot"};
    for (size_t i = 0; i < RG_COUNT(names); i++)
        if (rg_str_is(text, names[i])) {
            *ret_stage = (enum inbox_stage)i;
            return 0;
        }
    return rg_fail(err, RG_EINVAL, "at: expected connect, helo, mail, rcpt, data, body or dot");
}

static int take_smtp(const struct rg_json_value *value, struct rg_str key, struct rule *rule, struct rg_error *err)
{
    struct inbox_effect *effect = &rule->effect;
    struct rg_str text = {NULL, 0};
    int64_t number = 0;
    bool flag = false;
    int rc = 0;
    if (rg_str_is(key, "at")) {
        rc = take_text(value, "at", rule, &text, err);
        return rc < 0 ? rc : take_stage(text, &rule->stage, err);
    }
    if (rg_str_is(key, "code")) {
        rc = take_number(value, "code", 200, 599, &number, err);
        effect->code = (int)number;
        return rc;
    }
    if (rg_str_is(key, "text")) {
        rc = take_text(value, "text", rule, &effect->text, err);
        if (rc == 0 &&
            (memchr(effect->text.p, '\r', effect->text.n) != NULL || memchr(effect->text.p, '\n', effect->text.n) != NULL))
            return rg_fail(err, RG_EINVAL, "text: expected one line");
        return rc;
    }
    if (rg_str_is(key, "cut")) {
        rc = take_flag(value, "cut", &flag, err);
        effect->cut = flag ? INBOX_CUT_AFTER : INBOX_CUT_NO;
        return rc;
    }
    return rg_fail(err, RG_EINVAL, "%.40s: no member of an smtp rule", key.p);
}

static int take_headers(const struct rg_json_value *value, struct rule *rule, struct rg_error *err)
{
    struct inbox_effect *effect = &rule->effect;
    if (rg_json_kind(value) != RG_JSON_OBJECT || rg_json_count(value) > INBOX_FAULT_HEADERS_MAX)
        return rg_fail(err, RG_EINVAL, "headers: expected an object of at most %d texts", INBOX_FAULT_HEADERS_MAX);
    RG_JSON_EACH(child, value)
    {
        effect->header_names[effect->header_count] = rg_arena_str(rule->arena, rg_json_key(child));
        int rc = take_text(child, "headers", rule, &effect->header_values[effect->header_count], err);
        if (rc < 0)
            return rc;
        effect->header_count++;
    }
    return 0;
}

static int take_cut(struct rg_str text, enum inbox_cut *ret_cut, struct rg_error *err)
{
    static const char *const names[] = {"", "before", "after", "body"};
    for (size_t i = 1; i < RG_COUNT(names); i++)
        if (rg_str_is(text, names[i])) {
            *ret_cut = (enum inbox_cut)i;
            return 0;
        }
    return rg_fail(err, RG_EINVAL, "cut: expected before, after or body");
}

static void take_body(const struct rg_json_value *value, struct rule *rule)
{
    struct rg_str text;
    if (rg_json_str(value, &text)) {
        rule->effect.text = rg_arena_str(rule->arena, text);
        return;
    }
    RG_CLEANUP(rg_buf_done) struct rg_buf json;
    rg_buf_init(&json, 2 * INBOX_FAULT_BYTES_MAX);
    struct rg_jw jw;
    rg_jw_init(&jw, &json);
    rg_jw_value(&jw, value);
    rg_jw_done(&jw);
    rule->effect.text = rg_arena_str(rule->arena, rg_buf_str(&json));
}

static int take_http(const struct rg_json_value *value, struct rg_str key, struct rule *rule, struct rg_error *err)
{
    struct inbox_effect *effect = &rule->effect;
    struct rg_str text = {NULL, 0};
    int64_t number = 0;
    int rc = 0;
    if (rg_str_is(key, "provider") || rg_str_is(key, "contains")) {
        rc = take_text(value, rg_str_is(key, "provider") ? "provider" : "contains", rule, &text, err);
        *(rg_str_is(key, "provider") ? &rule->provider : &rule->contains) = text.p;
        return rc;
    }
    if (rg_str_is(key, "status")) {
        rc = take_number(value, "status", 200, 599, &number, err);
        effect->code = (int)number;
        return rc;
    }
    if (rg_str_is(key, "headers"))
        return take_headers(value, rule, err);
    if (rg_str_is(key, "body")) {
        take_body(value, rule);
        return 0;
    }
    if (rg_str_is(key, "cut")) {
        rc = take_text(value, "cut", rule, &text, err);
        return rc < 0 ? rc : take_cut(text, &effect->cut, err);
    }
    if (rg_str_is(key, "endless"))
        return take_flag(value, "endless", &effect->endless, err);
    return rg_fail(err, RG_EINVAL, "%.40s: no member of an http rule", key.p);
}

static int take_member(const struct rg_json_value *value, struct rule *rule, struct rg_error *err)
{
    struct rg_str key = rg_json_key(value), text = {NULL, 0};
    if (rg_str_is(key, "times"))
        return take_number(value, "times", 1, RG_JSON_INT_MAX, &rule->times, err);
    if (rg_str_is(key, "odds"))
        return take_number(value, "odds", 1, 100, &rule->odds, err);
    if (rg_str_is(key, "delay_ms"))
        return take_number(value, "delay_ms", 0, INBOX_DELAY_MS_MAX, &rule->effect.delay_ms, err);
    if (rg_str_is(key, "drip_ms"))
        return take_number(value, "drip_ms", 0, INBOX_DELAY_MS_MAX, &rule->effect.drip_ms, err);
    if (rg_str_is(key, "to")) {
        int rc = take_text(value, "to", rule, &text, err);
        rule->to = text.p;
        return rc;
    }
    if (rg_str_is(key, "store")) {
        bool flag = false;
        int rc = take_flag(value, "store", &flag, err);
        rule->effect.keep = flag ? INBOX_KEEP_YES : INBOX_KEEP_NO;
        return rc;
    }
    return rule->http ? take_http(value, key, rule, err) : take_smtp(value, key, rule, err);
}

static int read_rule(struct rg_str text, struct rule *rule, struct rg_error *err)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    int rc = rg_json_parse(text, INBOX_FAULT_BYTES_MAX, &doc, err);
    if (rc < 0)
        return rc;
    if (rg_json_kind(rg_json_root(doc)) != RG_JSON_OBJECT)
        return rg_fail(err, RG_EINVAL, "expected an object");
    RG_JSON_EACH(child, rg_json_root(doc))
    {
        rc = take_member(child, rule, err);
        if (rc < 0)
            return rc;
    }
    if (rule->to != NULL && rule->stage < INBOX_AT_RCPT)
        return rg_fail(err, RG_EINVAL, "to: no recipient is known before rcpt");
    rule->json = rg_arena_str(rule->arena, text);
    return 0;
}

int inbox_faults_add(struct inbox_faults *faults, const char *door, struct rg_str text, int64_t *ret_id, struct rg_error *err)
{
    bool http = strcmp(door, "http") == 0;
    if (!http && strcmp(door, "smtp") != 0)
        return rg_fail(err, RG_EINVAL, "door: expected smtp or http");
    struct rule rule = {.arena = rg_arena_new(8 * INBOX_FAULT_BYTES_MAX), .http = http, .times = -1, .odds = 100};
    rule.stage = http ? INBOX_AT_HTTP : INBOX_AT_DOT;
    int rc = read_rule(text, &rule, err);
    if (rc < 0) {
        rg_arena_free(&rule.arena);
        return rc;
    }
    (void)pthread_mutex_lock(&faults->lock);
    if (faults->count == INBOX_FAULTS_MAX) {
        (void)pthread_mutex_unlock(&faults->lock);
        rg_arena_free(&rule.arena);
        return rg_fail(err, RG_ELIMIT, "there are %d faults already", INBOX_FAULTS_MAX);
    }
    rule.id = ++faults->ids;
    faults->rules[faults->count++] = rule;
    *ret_id = rule.id;
    (void)pthread_mutex_unlock(&faults->lock);
    return 0;
}

void inbox_faults_write(struct inbox_faults *faults, struct rg_buf *out)
{
    struct rg_jw jw;
    rg_jw_init(&jw, out);
    rg_jw_array(&jw);
    (void)pthread_mutex_lock(&faults->lock);
    for (size_t i = 0; i < faults->count; i++) {
        const struct rule *rule = &faults->rules[i];
        rg_jw_object(&jw);
        rg_jw_member_int(&jw, "id", rule->id);
        rg_jw_member_cstr(&jw, "door", rule->http ? "http" : "smtp");
        rg_jw_member_int(&jw, "hits", rule->hits);
        rg_jw_member_raw(&jw, "rule", rule->json);
        rg_jw_object_end(&jw);
    }
    (void)pthread_mutex_unlock(&faults->lock);
    rg_jw_array_end(&jw);
    rg_jw_done(&jw);
}

/* splitmix64 */
static uint64_t roll(struct inbox_faults *faults)
{
    uint64_t z = faults->dice += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool fits(const struct rule *rule, const struct inbox_occasion *occasion)
{
    if (rule->stage != occasion->stage || rule->times == 0)
        return false;
    if (rule->to != NULL && (occasion->to == NULL || fnmatch(rule->to, occasion->to, FNM_CASEFOLD) != 0))
        return false;
    if (rule->provider != NULL && fnmatch(rule->provider, occasion->provider, FNM_CASEFOLD) != 0)
        return false;
    return rule->contains == NULL || (occasion->content.n > 0 &&
           memmem(occasion->content.p, occasion->content.n, rule->contains, strlen(rule->contains)) != NULL);
}

static void copy_effect(const struct inbox_effect *from, struct rg_arena *arena, struct inbox_effect *to)
{
    *to = *from;
    to->text = rg_arena_str(arena, from->text);
    for (size_t i = 0; i < from->header_count; i++) {
        to->header_names[i] = rg_arena_str(arena, from->header_names[i]);
        to->header_values[i] = rg_arena_str(arena, from->header_values[i]);
    }
}

bool inbox_faults_match(struct inbox_faults *faults, const struct inbox_occasion *occasion, struct rg_arena *arena,
                        struct inbox_effect *ret_effect)
{
    bool found = false;
    (void)pthread_mutex_lock(&faults->lock);
    for (size_t i = 0; i < faults->count && !found; i++) {
        struct rule *rule = &faults->rules[i];
        if (!fits(rule, occasion) || (rule->odds < 100 && (int64_t)(roll(faults) % 100) >= rule->odds))
            continue;
        found = true;
        rule->hits++;
        if (rule->times > 0)
            rule->times--;
        copy_effect(&rule->effect, arena, ret_effect);
    }
    (void)pthread_mutex_unlock(&faults->lock);
    return found;
}

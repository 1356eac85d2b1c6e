/* Reading entries. An event is wrapped into the CloudEvent that its source would have published and read by the door's own
 * decoder, so that a test cannot hold what production would refuse. */
#include "daemon/desk/happening.h"

#include "base/core/suggest.h"
#include "base/json/write.h"
#include "consumers/decode/decode.h"

#include <stdio.h>
#include <string.h>

#define SOURCE "desk" /* of events, and namespace of their invoices */
#define CREDITORS_MAX RG_SERVICES_MAX
#define NAME "Maria da Silva"
#define TYPE_PREFIX "regua."
/* The static code of the central bank's manual. */
#define PIX_CODE \
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA" \
    "62070503***63041D3D"

static int wrong(struct rg_error *err, const char *key, const char *expected)
{
    return rg_fail(err, RG_EINVAL, "%s: expected %s", key, expected);
}

/* ---- events ---- */

static void write_charge(struct rg_jw *jw)
{
    rg_jw_member_object(jw, "charge");
    rg_jw_member_cstr(jw, "link", "https://pay.example/1");
    rg_jw_member_object(jw, "pix");
    rg_jw_member_cstr(jw, "copy_paste", PIX_CODE);
    rg_jw_object_end(jw);
    rg_jw_object_end(jw);
}

/* What a source would have published. */
struct published {
    enum rg_event_type type;
    const struct rg_json_value *id; /* absent: made of `made_id` */
    const char *made_id, *name;     /* name: of a person who has none; NULL: stays without */
    const struct rg_json_value *data;
    int64_t at_ms;
};

static void write_event(const struct rg_happening_reading *reading, const struct published *p, struct rg_buf *buf)
{
    char text[RG_INSTANT_TEXT_MAX], type[RG_WORD_BYTES_MAX];
    struct rg_jw jw;
    rg_instant_format(p->at_ms, 0, text);
    (void)snprintf(type, sizeof type, TYPE_PREFIX "%s", rg_event_type_name(p->type));
    rg_jw_init(&jw, buf);
    rg_jw_object(&jw);
    rg_jw_member_cstr(&jw, "specversion", "1.0");
    rg_jw_key(&jw, "id");
    if (rg_json_kind(p->id) != RG_JSON_ABSENT)
        rg_jw_value(&jw, p->id);
    else
        rg_jw_cstr(&jw, p->made_id);
    rg_jw_member_cstr(&jw, "source", SOURCE);
    rg_jw_member_cstr(&jw, "type", type);
    rg_jw_member_cstr(&jw, "time", text);
    rg_jw_member_object(&jw, "data");
    if (rg_json_get(p->data, "debtor") == NULL)
        rg_jw_member_str(&jw, "debtor", reading->debtor);
    if (p->name != NULL && rg_json_get(p->data, "name") == NULL)
        rg_jw_member_cstr(&jw, "name", p->name);
    if (p->type == RG_EV_INVOICE_ISSUED && rg_json_get(p->data, "charge") == NULL)
        write_charge(&jw);
    RG_JSON_EACH(member, p->data) {
        rg_jw_key_str(&jw, rg_json_key(member));
        rg_jw_value(&jw, member);
    }
    rg_jw_object_end(&jw);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}

static void add_creditor(struct rg_upstream *upstream, struct rg_str *creditors, struct rg_str name)
{
    for (size_t i = 0; i < upstream->creditor_count; i++)
        if (rg_str_eq(creditors[i], name))
            return;
    if (rg_str_has(name))
        creditors[upstream->creditor_count++] = name;
}

/* As it comes through the door. */
static int decode(const struct rg_happening_reading *reading, const struct published *p, struct rg_event *ret_event,
                  struct rg_error *err)
{
    static const struct rg_message_header header = {{"content-type", 12}, {"application/cloudevents+json", 28}};
    const struct rg_rules *rules = reading->rules;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_str creditors[CREDITORS_MAX];
    struct rg_service_of services[RG_SERVICES_MAX];
    struct rg_upstream upstream = {.name = RG_STR(SOURCE),
                                   .format = RG_SOURCE_CLOUDEVENTS,
                                   .ns = RG_STR(SOURCE),
                                   .creditors = creditors,
                                   .services = services};
    struct rg_reject reject;
    rg_buf_init(&buf, 2 * RG_EVENT_BYTES_MAX);
    write_event(reading, p, &buf);
    for (int i = 0; i < rules->service_count; i++) {
        const struct rg_service_info *service = &rules->services[i];
        services[upstream.service_count++] = (struct rg_service_of){service->name, service->creditor};
        add_creditor(&upstream, creditors, service->creditor);
    }
    const struct rg_message message = {.value = rg_buf_str(&buf), .headers = &header, .header_count = 1};
    if (buf.overflow || rg_decode(&upstream, &message, reading->arena, ret_event, &reject) != RG_DECODED_EVENT)
        return rg_fail(err, RG_EINVAL, "%s", buf.overflow ? "the event is too large" : reject.detail);
    return 0;
}

static int read_event(const struct rg_happening_reading *reading, const struct rg_json_value *item, struct rg_str type,
                      const struct rg_json_value *data, struct rg_happening *happening, struct rg_error *err)
{
    struct rg_reject reject;
    char id[32];
    size_t n = sizeof TYPE_PREFIX - 1;
    struct published p = {.data = data, .id = rg_json_get(item, "id"), .made_id = id, .at_ms = happening->at_ms};
    if (type.n > n && memcmp(type.p, TYPE_PREFIX, n) == 0)
        type = (struct rg_str){type.p + n, type.n - n};
    if (rg_event_type_parse(type, &reject, &p.type) < 0)
        return rg_fail(err, RG_EINVAL, "%s", reject.detail);
    if (rg_json_kind(data) != RG_JSON_OBJECT)
        return wrong(err, rg_event_type_name(p.type), "an object, the event's data");
    (void)snprintf(id, sizeof id, "happening-%d", happening->index);
    happening->kind = RG_HAPPENING_EVENT;
    int rc = decode(reading, &p, &happening->event, err);
    if (rc == 0 && rg_str_has(happening->event.debtor) && !rg_str_eq(happening->event.debtor, reading->debtor))
        return rg_fail(err, RG_EINVAL, "it is about debtor \"" RG_STR_FMT "\", and all others about \"" RG_STR_FMT "\"",
                       RG_STR_ARG(happening->event.debtor), RG_STR_ARG(reading->debtor));
    return rc;
}

int rg_person_read(const struct rg_happening_reading *reading, const struct rg_json_value *data, int64_t at_ms,
                   struct rg_event *ret_event, struct rg_error *err)
{
    const struct published p = {.type = RG_EV_DEBTOR_UPDATED, .data = data, .made_id = "person", .name = NAME, .at_ms = at_ms};
    if (rg_json_kind(data) > RG_JSON_NULL && rg_json_kind(data) != RG_JSON_OBJECT)
        return wrong(err, "debtor", "what is known of him, as in debtor.updated");
    return decode(reading, &p, ret_event, err);
}

/* ---- outcomes ---- */

static void add_step(const char **names, size_t *count, struct rg_str name)
{
    for (size_t i = 0; i < *count; i++)
        if (rg_str_is(name, names[i]))
            return;
    names[(*count)++] = name.p;
}

const char *const *rg_desk_steps(const struct rg_rules *rules, struct rg_arena *arena, size_t *ret_count)
{
    size_t most = 0;
    for (int i = 0; i < rules->ladder_count; i++)
        most += (size_t)(rules->ladders[i].step_count + rules->ladders[i].owed_count);
    const char **names = RG_NEW(arena, const char *, most + 1);
    *ret_count = 0;
    for (int i = 0; i < rules->ladder_count; i++) {
        for (int k = 0; k < rules->ladders[i].step_count; k++)
            add_step(names, ret_count, rules->ladders[i].steps[k].name);
        for (int k = 0; k < rules->ladders[i].owed_count; k++)
            add_step(names, ret_count, rules->ladders[i].owed[k].name);
    }
    return names;
}

static int check_step(const struct rg_happening_reading *reading, struct rg_str step, struct rg_error *err)
{
    size_t count;
    const char *const *names = rg_desk_steps(reading->rules, reading->arena, &count);
    for (size_t i = 0; i < count; i++)
        if (rg_str_is(step, names[i]))
            return 0;
    const char *near = rg_suggest(step, names, count);
    return rg_fail(err, RG_EINVAL, "outcome: no step \"" RG_STR_FMT "\"%s%s%s", RG_STR_ARG(step),
                   near != NULL ? ", did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static int read_outcome(const struct rg_happening_reading *reading, const struct rg_json_value *object,
                        struct rg_happening *entry, struct rg_error *err)
{
    struct rg_str status;
    entry->kind = RG_HAPPENING_OUTCOME;
    if (!rg_json_str(rg_json_get(object, "step"), &entry->step))
        return wrong(err, "outcome", "a step and a status");
    int rc = check_step(reading, entry->step, err);
    if (rc < 0)
        return rc;
    int fact = rg_json_str(rg_json_get(object, "status"), &status) ? rg_word(&rg_words_provider_fact, status) : -1;
    if (fact <= RG_FACT_NONE)
        return wrong(err, "outcome: status", "one of accepted, delivered, read, replied, bounced, rejected, complained");
    entry->fact = (enum rg_provider_fact)fact;
    return 0;
}

/* ---- the world ---- */

static int read_channel(const struct rg_rules *rules, const struct rg_json_value *member, struct rg_desk_world *world,
                        struct rg_error *err)
{
    static const enum rg_verdict failures[] = {RG_VERDICT_REJECTED, RG_VERDICT_RETRY, RG_VERDICT_THROTTLED, RG_VERDICT_UNCERTAIN};
    struct rg_str word, name = rg_json_key(member);
    int index = rg_rules_channel(rules, name);
    if (index < 0)
        return rg_fail(err, RG_EINVAL, "channels: there is no channel \"" RG_STR_FMT "\"", RG_STR_ARG(name));
    struct rg_desk_channel *channel = &world->channels[index];
    if (!rg_json_str(member, &word))
        word = RG_STR("");
    int evidence = rg_word(&rg_words_evidence, word);
    *channel = (struct rg_desk_channel){.down = rg_str_is(word, "down"), .verdict = RG_VERDICT_UNSET};
    if (evidence > RG_EVIDENCE_NONE)
        *channel = (struct rg_desk_channel){.verdict = RG_VERDICT_ACCEPTED, .evidence = (enum rg_evidence)evidence};
    for (size_t i = 0; i < RG_COUNT(failures); i++)
        if (rg_str_is(word, rg_verdict_name(failures[i])))
            channel->verdict = failures[i];
    if (!channel->down && channel->verdict == RG_VERDICT_UNSET)
        return wrong(err, "channels", "one of accepted, delivered, read, replied, rejected, retry, throttled, uncertain, down");
    return 0;
}

static int read_known(const struct rg_zone *zone, const struct rg_json_value *member, struct rg_desk_world *world,
                      struct rg_error *err)
{
    struct rg_when when;
    struct rg_str text;
    bool all = rg_json_str(member, &text) && rg_str_is(text, "all");
    if (!all && (!rg_json_str(member, &text) || !rg_when_parse(text, zone, &when)))
        return wrong(err, "payments_known_through", RG_WHEN_EXPECTED " or all");
    world->payments_known_ms = all ? RG_NEVER : when.to_ms;
    return 0;
}

static int read_mode(const struct rg_json_value *member, struct rg_desk_world *world, struct rg_error *err)
{
    struct rg_str text;
    int mode = rg_json_str(member, &text) ? rg_word(&rg_words_mode, text) : -1;
    if (mode < 0)
        return wrong(err, "mode", "shadow or live");
    world->shadow = mode == RG_MODE_SHADOW;
    return 0;
}

static int read_world_member(const struct rg_rules *rules, const struct rg_zone *zone, const struct rg_json_value *member,
                             struct rg_desk_world *world, struct rg_error *err)
{
    struct rg_str key = rg_json_key(member);
    if (rg_str_is(key, "stopped"))
        return rg_json_bool(member, &world->stopped) ? 0 : wrong(err, "stopped", "true or false");
    if (rg_str_is(key, "mode"))
        return read_mode(member, world, err);
    if (rg_str_is(key, "payments_known_through"))
        return read_known(zone, member, world, err);
    if (!rg_str_is(key, "channels"))
        return rg_fail(err, RG_EINVAL,
                       "the world has no \"" RG_STR_FMT "\"; it has stopped, mode, payments_known_through, channels",
                       RG_STR_ARG(key));
    if (rg_json_kind(member) != RG_JSON_OBJECT)
        return wrong(err, "channels", "what becomes of what each is given, by name");
    RG_JSON_EACH(channel, member) {
        int rc = read_channel(rules, channel, world, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int rg_world_read(const struct rg_rules *rules, const struct rg_zone *zone, const struct rg_json_value *object,
                  struct rg_desk_world *world, struct rg_error *err)
{
    if (rg_json_kind(object) != RG_JSON_OBJECT)
        return wrong(err, "world", "an object");
    RG_JSON_EACH(member, object) {
        int rc = read_world_member(rules, zone, member, world, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- entries ---- */

/* The one member that is neither `at` nor `id`; NULL: none, or several. */
static const struct rg_json_value *only_thing(const struct rg_json_value *item)
{
    const struct rg_json_value *thing = NULL;
    size_t count = 0;
    RG_JSON_EACH(member, item) {
        struct rg_str key = rg_json_key(member);
        if (rg_str_is(key, "at") || rg_str_is(key, "id"))
            continue;
        thing = member;
        count++;
    }
    return count == 1 ? thing : NULL;
}

int rg_happening_read(const struct rg_happening_reading *reading, const struct rg_json_value *item, size_t index,
                      struct rg_happening *ret_entry, struct rg_error *err)
{
    struct rg_happening entry = {.index = (int)index};
    struct rg_when when;
    struct rg_str at;
    int rc = 0;
    if (rg_json_kind(item) != RG_JSON_OBJECT)
        return rg_fail(err, RG_EINVAL, "expected an object with a time and one thing that happens");
    if (!rg_json_str(rg_json_get(item, "at"), &at) || !rg_when_parse(at, reading->zone, &when))
        return wrong(err, "at", RG_WHEN_EXPECTED);
    entry.at_ms = when.from_ms;
    const struct rg_json_value *thing = only_thing(item);
    if (thing == NULL)
        return rg_fail(err, RG_EINVAL, "expected one event, outcome or world beside \"at\"");
    struct rg_str what = rg_json_key(thing);
    if (rg_str_is(what, "outcome")) {
        rc = read_outcome(reading, thing, &entry, err);
    } else if (rg_str_is(what, "world")) {
        struct rg_desk_world unused = {0};
        entry.kind = RG_HAPPENING_WORLD;
        entry.world = thing;
        rc = rg_world_read(reading->rules, reading->zone, thing, &unused, err);
    } else {
        rc = read_event(reading, item, what, thing, &entry, err);
    }
    if (rc == 0)
        *ret_entry = entry;
    return rc;
}

/* By insertion: people write in order, and what is written first stays first. */
void rg_happenings_sort(struct rg_happening *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct rg_happening entry = entries[i];
        size_t k = i;
        for (; k > 0 && entries[k - 1].at_ms > entry.at_ms; k--)
            entries[k] = entries[k - 1];
        entries[k] = entry;
    }
}

int rg_happen(const struct rg_happening_reading *reading, const struct rg_happening *entry, struct rg_desk *desk,
              struct rg_error *err)
{
    struct rg_desk_world world;
    int rc = rg_desk_run(desk, entry->at_ms, err);
    if (rc < 0)
        return rc;
    switch (entry->kind) {
    case RG_HAPPENING_EVENT: return rg_desk_fold(desk, &entry->event, err);
    case RG_HAPPENING_OUTCOME: return rg_desk_tell(desk, entry->step, entry->fact, err);
    case RG_HAPPENING_WORLD:
        world = rg_desk_world(desk);
        rc = rg_world_read(reading->rules, reading->zone, entry->world, &world, err);
        rg_assert(rc == 0); /* it was checked when it was read */
        rg_desk_set_world(desk, &world);
        return 0;
    }
    return 0;
}

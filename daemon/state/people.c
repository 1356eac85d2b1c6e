/* {"v":1,"debtor":…,"fields":{"name":["Maria",<ms>],…},"contacts":[[…],<ms>],"notes":[…]}: a value, and the time of the event that
 * set it. A record of ours that comes late, from an owner that is gone, never undoes an update of the same time. */
#include "daemon/state/people.h"

#include "daemon/rules/note.h"

#define PEOPLE_VERSION 1
#define PEOPLE_BYTES_MAX RG_LEDGER_BYTES_MAX

struct person_field {
    const char *name;
    enum rg_debtor_group group;
    size_t offset;
};

static const struct person_field fields[] = {
    {"name", RG_DG_NAME, offsetof(struct rg_record, name)},
    {"document", RG_DG_DOCUMENT, offsetof(struct rg_record, document)},
    {"state", RG_DG_STATE, offsetof(struct rg_record, state)},
    {"city", RG_DG_CITY, offsetof(struct rg_record, city)},
    {"time_zone", RG_DG_TIME_ZONE, offsetof(struct rg_record, time_zone)},
    {"language", RG_DG_LANGUAGE, offsetof(struct rg_record, language)},
};

static void write_contacts(const struct rg_record *record, struct rg_jw *jw)
{
    rg_jw_member_array(jw, "contacts");
    rg_jw_array(jw);
    for (size_t i = 0; i < record->contact_count; i++) {
        const struct rg_contact *contact = &record->contacts[i];
        rg_jw_object(jw);
        rg_jw_member_str(jw, "channel", contact->channel);
        rg_jw_member_str(jw, "address", contact->address);
        if (contact->verified_false)
            rg_jw_member_bool(jw, "verified", false);
        if (contact->in_contract)
            rg_jw_member_bool(jw, "in_contract", true);
        if (contact->preferred)
            rg_jw_member_bool(jw, "preferred", true);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
    rg_jw_int(jw, record->set[RG_DG_CONTACTS].time_ms);
    rg_jw_array_end(jw);
}

void rg_people_write(const struct rg_record *record, struct rg_buf *buf)
{
    struct rg_jw jw;
    rg_jw_init(&jw, buf);
    rg_jw_object(&jw);
    rg_jw_member_int(&jw, "v", PEOPLE_VERSION);
    rg_jw_member_str(&jw, "debtor", record->debtor);
    rg_jw_member_object(&jw, "fields");
    for (size_t i = 0; i < RG_COUNT(fields); i++) {
        const struct rg_stamp *stamp = &record->set[fields[i].group];
        if (stamp->time_ms == 0)
            continue;
        rg_jw_member_array(&jw, fields[i].name);
        rg_jw_str(&jw, *(const struct rg_str *)(const void *)((const char *)record + fields[i].offset));
        rg_jw_int(&jw, stamp->time_ms);
        rg_jw_array_end(&jw);
    }
    rg_jw_object_end(&jw);
    if (record->set[RG_DG_CONTACTS].time_ms != 0)
        write_contacts(record, &jw);
    rg_jw_member_array(&jw, "notes");
    for (size_t i = 0; i < record->note_count; i++) {
        rg_jw_array(&jw);
        rg_jw_str(&jw, record->notes[i].about);
        rg_jw_str(&jw, record->notes[i].text);
        rg_jw_int(&jw, record->notes[i].time_ms);
        rg_jw_array_end(&jw);
    }
    rg_jw_array_end(&jw);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}

/* [value, ms] → the stamp; false when it is none, or when what is stored is as late. */
static bool takes(const struct rg_json_value *entry, struct rg_stamp *stored)
{
    int64_t ms = 0;
    if (!rg_json_int(rg_json_at(entry, 1), &ms) || ms <= stored->time_ms)
        return false;
    *stored = (struct rg_stamp){.time_ms = ms};
    return true;
}

static bool flag(const struct rg_json_value *object, const char *key, bool otherwise)
{
    bool value = otherwise;
    return rg_json_bool(rg_json_get(object, key), &value) ? value : otherwise;
}

static void fold_contacts(struct rg_record *record, const struct rg_json_value *entry)
{
    if (entry == NULL || !takes(entry, &record->set[RG_DG_CONTACTS]))
        return;
    const struct rg_json_value *list = rg_json_at(entry, 0);
    size_t count = rg_json_count(list) < RG_CONTACTS_MAX ? rg_json_count(list) : RG_CONTACTS_MAX;
    record->contacts = count > 0 ? RG_NEW(record->arena, struct rg_contact, count) : NULL;
    record->contact_count = 0;
    RG_JSON_EACH(item, list) {
        struct rg_str channel, address;
        if (record->contact_count == count || !rg_json_str(rg_json_get(item, "channel"), &channel) ||
            !rg_json_str(rg_json_get(item, "address"), &address))
            continue;
        record->contacts[record->contact_count++] = (struct rg_contact){
            .channel = rg_arena_str(record->arena, channel), .address = rg_arena_str(record->arena, address),
            .verified_false = !flag(item, "verified", true), .in_contract = flag(item, "in_contract", false),
            .preferred = flag(item, "preferred", false)};
    }
}

static void fold_notes(struct rg_record *record, const struct rg_json_value *notes)
{
    RG_JSON_EACH(item, notes) {
        struct rg_str about, text;
        int64_t ms = 0;
        if (!rg_json_str(rg_json_at(item, 0), &about) || !rg_json_str(rg_json_at(item, 1), &text) ||
            !rg_json_int(rg_json_at(item, 2), &ms))
            continue;
        rg_record_note(record, about, text, ms);
    }
}

int rg_people_fold(struct rg_record *record, struct rg_str bytes, struct rg_error *err)
{
    RG_CLEANUP(rg_json_free) struct rg_json *doc = NULL;
    int rc = rg_json_parse(bytes, PEOPLE_BYTES_MAX, &doc, err);
    if (rc < 0)
        return rc;
    const struct rg_json_value *root = rg_json_root(doc);
    int64_t version = 0;
    if (!rg_json_int(rg_json_get(root, "v"), &version) || version != PEOPLE_VERSION)
        return rg_fail(err, RG_EINVAL, "people record: \"v\": %d expected", PEOPLE_VERSION);
    for (size_t i = 0; i < RG_COUNT(fields); i++) {
        const struct rg_json_value *entry = rg_json_get(rg_json_get(root, "fields"), fields[i].name);
        if (entry == NULL || !takes(entry, &record->set[fields[i].group]))
            continue;
        struct rg_str text = {0};
        struct rg_str *into = (struct rg_str *)(void *)((char *)record + fields[i].offset);
        *into = rg_json_str(rg_json_at(entry, 0), &text) ? rg_arena_str(record->arena, text) : (struct rg_str){0};
    }
    fold_contacts(record, rg_json_get(root, "contacts"));
    fold_notes(record, rg_json_get(root, "notes"));
    return 0;
}

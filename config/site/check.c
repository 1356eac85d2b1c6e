/* What one key cannot know of another: names that must exist, keys that belong to one transport, listeners and topics that must
 * differ. Runs after the table, on whatever it could read; a value that was wrong already is not judged again. */
#include "base/core/suggest.h"
#include "base/redis/redis.h"
#include "brazil/days/zone.h"
#include "brazil/ids/document.h"
#include "brazil/ids/phone.h"
#include "config/contract/ledger.h"
#include "config/site/internal.h"

#include <string.h>

struct check {
    struct rg_site *site;
    struct rg_arena *arena;
    struct rg_diags *diags;
};

#define EACH(type, item, sections) \
    for (type *item = (sections).items, *end_ = item == NULL ? NULL : item + (sections).count; item != end_; item++)

/* The value that was written for a key; the section's own name when it was left out. */
static const struct rg_node *node_of(const struct rg_section *section, const char *key)
{
    const struct rg_node *value = rg_node_get(section->node, key);
    return value != NULL ? value : section->node->key;
}

static struct rg_place place_of(const struct rg_section *section, const char *key)
{
    return rg_node_place(node_of(section, key));
}

/* --- Names -------------------------------------------------------------------------------------------------------- */

static void unknown_name(const struct check *c, const struct rg_node *node, const char *noun, struct rg_texts names)
{
    const char **candidates = RG_NEW(c->arena, const char *, names.count);
    for (size_t i = 0; i < names.count; i++)
        candidates[i] = names.items[i].p;
    rg_unknown_value(c->diags, node, noun, candidates, names.count);
}

static struct rg_texts creditor_names(const struct check *c)
{
    struct rg_texts names = {RG_NEW(c->arena, struct rg_str, c->site->creditors.count), c->site->creditors.count};
    for (size_t i = 0; i < names.count; i++)
        names.items[i] = rg_site_creditors(c->site)[i].section.name;
    return names;
}

static const struct rg_table *table_of(const char *sections)
{
    return rg_table_row(&rg_site_table, rg_str(sections))->table;
}

/* Fills in the only creditor; `needed`: of several, one must be named. */
static void resolve_creditor(const struct check *c, const struct rg_section *section, struct rg_str *creditor, bool needed)
{
    const struct rg_site *site = c->site;
    if (section->node == NULL || site->creditors.count == 0 || (creditor->p == NULL && rg_section_has(section, "creditor")))
        return;
    if (creditor->p != NULL && rg_site_creditor(site, *creditor) == NULL)
        unknown_name(c, node_of(section, "creditor"), "creditor", creditor_names(c));
    else if (creditor->p == NULL && site->creditors.count == 1)
        *creditor = rg_site_creditors(site)[0].section.name;
    else if (creditor->p == NULL && needed)
        rg_missing_key(c->diags, section->node, rg_table_row(table_of("services"), RG_STR("creditor")));
}

static void must_exist(const struct check *c, const struct rg_section *section, const char *key, struct rg_str name,
                       enum rg_site_kind kind)
{
    char path[RG_SITE_PATH_MAX];
    if (name.p != NULL && !rg_site_find(c->site, kind, name, path))
        unknown_name(c, node_of(section, key), key, rg_site_names(c->site, kind, c->arena));
}

static void at_least_one(const struct check *c, const char *key, size_t count)
{
    const struct rg_node *node = rg_node_get(c->site->section.node, key);
    if (node != NULL && node->kind == RG_NODE_MAP && count == 0)
        rg_diags_error(c->diags, rg_node_place(node), "missing-key", "\"%s\" is empty; expected at least one", key);
}

/* --- Creditors and services --------------------------------------------------------------------------------------- */

static void check_creditor(const struct check *c, const struct rg_site_creditor *creditor)
{
    struct rg_document document;
    struct rg_phone phone;
    struct rg_error err;
    if (creditor->document.p != NULL && rg_document_check(creditor->document, RG_DOCUMENT_AUTO, &document, &err) < 0)
        rg_diags_error(c->diags, place_of(&creditor->section, "document"), "bad-document", "%s", err.text);
    if (creditor->phone.p != NULL && rg_phone_parse(creditor->phone, &phone, &err) < 0)
        rg_diags_warn(c->diags, place_of(&creditor->section, "phone"), "bad-phone", "%s", err.text); /* may be a 0800 */
    if (creditor->email.p != NULL && !rg_site_is_mailbox(creditor->email))
        rg_diags_error(c->diags, place_of(&creditor->section, "email"), "bad-address",
                       "expected an e-mail address such as cobranca@provedor.example");
    if (creditor->state.p != NULL && rg_zone_of_state(creditor->state) == NULL)
        rg_diags_error(c->diags, place_of(&creditor->section, "state"), "unknown-value",
                       "expected a state such as SP, two capital letters");
}

/* --- Kafka, Redis ------------------------------------------------------------------------------------------------- */

static bool is_topic_name(struct rg_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char ch = name.p[i];
        bool fits = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
                    ch == '.' || ch == '_' || ch == '-';
        if (!fits)
            return false;
    }
    return name.n > 0 && !rg_str_is(name, ".") && !rg_str_is(name, "..");
}

static void check_topic_name(const struct check *c, const struct rg_section *section, const char *key, struct rg_str name)
{
    if (name.p != NULL && !is_topic_name(name))
        rg_diags_error(c->diags, place_of(section, key), "bad-name",
                       "a topic's name holds letters, digits, \".\", \"_\" and \"-\" only");
}

struct own_topic {
    const char *key;
    struct rg_str name;
};

static void own_topics(const struct rg_site *site, struct own_topic ret_topics[8])
{
    const struct rg_site_topics *t = &site->kafka.topics;
    const struct own_topic topics[8] = {
        {"ledger", t->ledger},     {"people", t->people},   {"control", t->control}, {"actions", t->actions},
        {"messages", t->messages}, {"signals", t->signals}, {"retry", t->retry},     {"deadletter", t->deadletter},
    };
    memcpy(ret_topics, topics, sizeof topics);
}

static void check_own_topics(const struct check *c)
{
    struct own_topic topics[8];
    const struct rg_section *section = &c->site->kafka.topics.section;
    own_topics(c->site, topics);
    if (section->node == NULL)
        return; /* the defaults are fine */
    for (size_t i = 0; i < RG_COUNT(topics); i++) {
        if (!rg_section_has(section, topics[i].key))
            continue;
        check_topic_name(c, section, topics[i].key, topics[i].name);
        for (size_t j = 0; j < RG_COUNT(topics); j++)
            if (i != j && rg_str_eq(topics[i].name, topics[j].name) && (j < i || !rg_section_has(section, topics[j].key)))
                rg_diags_error(c->diags, place_of(section, topics[i].key), "repeated",
                               "this topic is already \"%s\"; each needs its own", topics[j].key);
    }
}

static void check_brokers(const struct check *c)
{
    const struct rg_node *list = rg_node_get(c->site->kafka.section.node, "brokers");
    for (size_t i = 0; list != NULL && i < c->site->kafka.brokers.count; i++)
        if (strpbrk(c->site->kafka.brokers.items[i].p, ", /") != NULL)
            rg_diags_error(c->diags, rg_node_place(list->entries[i].value), "bad-address",
                           "expected host:port, one in each item of the list");
}

static void check_redis(const struct check *c)
{
    const struct rg_site_redis *redis = &c->site->redis;
    struct rg_redis_url url;
    struct rg_site_url parts;
    struct rg_error err;
    if (redis->section.node == NULL || redis->url.p == NULL)
        return;
    bool password = rg_site_split_url(redis->url, &parts) && parts.password;
    if (rg_redis_url_parse(redis->url, &url, &err) < 0)
        rg_diags_error(c->diags, place_of(&redis->section, "url"),
                       password ? RG_DIAG_SECRET : err.code == RG_EREFUSED ? "refused-setting" : "bad-url", "%s", err.text);
    else if (url.user[0] != '\0' && redis->user.p != NULL)
        rg_diags_error(c->diags, place_of(&redis->section, "user"), "repeated", "the user stands in the url already");
}

/* --- Sources ------------------------------------------------------------------------------------------------------ */

static void check_source_topic(const struct check *c, const struct rg_site_source *source)
{
    struct own_topic topics[8];
    if (source->topic.p == NULL)
        return;
    check_topic_name(c, &source->section, "topic", source->topic);
    own_topics(c->site, topics);
    for (size_t i = 0; i < RG_COUNT(topics); i++)
        if (rg_str_eq(topics[i].name, source->topic))
            rg_diags_error(c->diags, place_of(&source->section, "topic"), "repeated",
                           "this topic is our own \"%s\"; a source is written by others",
                           topics[i].key);
    for (const struct rg_site_source *other = rg_site_sources(c->site); other < source; other++)
        if (other->topic.p != NULL && rg_str_eq(other->topic, source->topic))
            rg_diags_error(c->diags, place_of(&source->section, "topic"), "repeated",
                           "source \"" RG_STR_FMT "\" reads this topic already",
                           RG_STR_ARG(other->section.name));
}

static void check_payments(const struct check *c, struct rg_site_source *source)
{
    if (!source->live)
        return;
    if (rg_section_has(&source->section, "payments") && source->payments != RG_SITE_PAYMENTS_LIVE)
        rg_diags_error(c->diags, place_of(&source->section, "live"), "repeated",
                       "\"live: true\" is short for \"payments: live\"; write one of them");
    source->payments = RG_SITE_PAYMENTS_LIVE;
}

static void check_door(const struct check *c, const struct rg_site_door *door)
{
    const struct rg_table *table = rg_table_row(table_of("sources"), RG_STR("door"))->table;
    if (door->section.node == NULL || door->scheme == RG_SITE_SCHEME_NONE)
        return;
    if (!rg_section_has(&door->section, "secret"))
        rg_missing_key(c->diags, door->section.node, rg_table_row(table, RG_STR("secret")));
    if (door->scheme == RG_SITE_SCHEME_TOKEN && !rg_section_has(&door->section, "header"))
        rg_missing_key(c->diags, door->section.node, rg_table_row(table, RG_STR("header")));
}

static void check_source(const struct check *c, struct rg_site_source *source)
{
    const struct rg_table *table = table_of("sources");
    check_source_topic(c, source);
    check_payments(c, source);
    check_door(c, &source->door);
    resolve_creditor(c, &source->section, &source->creditor, false);
    must_exist(c, &source->section, "mapping", source->mapping, RG_SITE_MAPPINGS);
    if (source->format == RG_SITE_JSON && !rg_section_has(&source->section, "mapping"))
        rg_missing_key(c->diags, source->section.node, rg_table_row(table, RG_STR("mapping")));
}

static void check_sources(const struct check *c)
{
    bool payments = false;
    EACH(struct rg_site_source, source, c->site->sources) {
        if (source->section.node == NULL)
            continue;
        check_source(c, source);
        payments = payments || source->payments != RG_SITE_PAYMENTS_NONE;
    }
    if (payments || c->site->sources.count == 0)
        return;
    rg_diags_error(c->diags, rg_node_place(rg_node_get(c->site->section.node, "sources")->key), "no-payments",
                   "no source makes payments known; nobody could stop owing");
    rg_diags_advise(c->diags, "write live: true at the source that brings payments as they happen, or payments: synced");
}

/* --- Channels ----------------------------------------------------------------------------------------------------- */

#define SMTP (1u << RG_SITE_SMTP)
#define HTTP (1u << RG_SITE_HTTP)
#define KAFKA (1u << RG_SITE_KAFKA)
#define SPOOL (1u << RG_SITE_SPOOL)

static const struct {
    const char *key;
    unsigned means_something, required; /* by transport */
} channel_keys[] = {
    {"preset", HTTP, HTTP},  {"url", SMTP | HTTP, SMTP | HTTP}, {"tls", SMTP, 0},  {"internal", SMTP | HTTP, 0},
    {"from", SMTP, SMTP},    {"user", SMTP, 0},                 {"helo", SMTP, 0}, {"ca_file", SMTP | HTTP, 0},
    {"password", SMTP, 0},   {"token", HTTP, 0},                {"topic", KAFKA, KAFKA}, {"directory", SPOOL, SPOOL},
};

static void check_channel_keys(const struct check *c, const struct rg_site_channel *channel)
{
    const struct rg_table *table = table_of("channels");
    unsigned transport = 1u << channel->transport;
    for (size_t i = 0; i < RG_COUNT(channel_keys); i++) {
        const char *key = channel_keys[i].key;
        bool written = rg_section_has(&channel->section, key);
        if (!written && (channel_keys[i].required & transport) != 0)
            rg_missing_key(c->diags, channel->section.node, rg_table_row(table, rg_str(key)));
        if (written && (channel_keys[i].means_something & transport) == 0)
            rg_diags_error(c->diags, rg_node_place(rg_node_get(channel->section.node, key)->key), "unused-key",
                           "\"%s\" means nothing to transport %s", key, rg_site_transport_words[channel->transport]);
    }
}

/* Keys that no row knows belong to the preset; a preset is what http has. */
static void check_extras(const struct check *c, const struct rg_site_channel *channel)
{
    const struct rg_table *table = table_of("channels");
    const char *keys[RG_ROWS_MAX];
    for (size_t i = 0; i < table->count; i++)
        keys[i] = table->fields[i].key;
    for (size_t i = 0; i < channel->extra_count; i++) {
        const struct rg_site_extra *extra = &channel->extras[i];
        const char *near = rg_suggest(extra->key, keys, table->count);
        if (channel->transport != RG_SITE_HTTP) {
            rg_unknown_key(c->diags, extra->node, keys, table->count);
        } else if (near != NULL) {
            rg_diags_warn(c->diags, rg_node_place(extra->node), "near-key",
                          "\"" RG_STR_FMT "\" goes to the preset as it is; did you mean \"%s\"?",
                          RG_STR_ARG(extra->key), near);
        }
    }
}

static void check_url(const struct check *c, const struct rg_site_channel *channel)
{
    struct rg_site_url url;
    bool smtp = channel->transport == RG_SITE_SMTP;
    const char *plain = smtp ? "smtp" : "http", *secure = smtp ? "smtps" : "https";
    if (channel->url.p == NULL || (!smtp && channel->transport != RG_SITE_HTTP))
        return;
    struct rg_place place = place_of(&channel->section, "url");
    bool address = rg_site_split_url(channel->url, &url);
    if (address && url.password) {
        rg_diags_error(c->diags, place, RG_DIAG_SECRET, "a password is not written into an address; write %s",
                       smtp ? "user: NAME and password: { credential: NAME }" : "token: { credential: NAME }");
        return;
    }
    if (!address || !(rg_str_is(url.scheme, plain) || rg_str_is(url.scheme, secure))) {
        rg_diags_error(c->diags, place, "bad-url", "expected an address such as %s",
                       smtp ? "smtp://127.0.0.1:25" : "https://api.provider.example");
        return;
    }
    bool unencrypted = smtp ? channel->tls == RG_SITE_TLS_NONE : rg_str_is(url.scheme, "http");
    if (unencrypted && !channel->internal && !rg_site_is_loopback(url.host))
        rg_diags_error(c->diags, place, "not-encrypted", "personal data would travel readable; %s",
                       smtp ? "write tls: required, or internal: true if this is your own network"
                            : "write https://, or internal: true if this is your own network");
}

static void check_smtp(const struct check *c, const struct rg_site_channel *channel)
{
    if (channel->from.p != NULL && !rg_site_is_mailbox(channel->from))
        rg_diags_error(c->diags, place_of(&channel->section, "from"), "bad-address",
                       "expected a sender such as Provedor Exemplo <cobranca@provedor.example>");
    bool user = rg_section_has(&channel->section, "user"), password = rg_section_has(&channel->section, "password");
    if (user != password)
        rg_diags_error(c->diags, place_of(&channel->section, user ? "user" : "password"), "missing-key",
                       "user and password go together");
    if (password && channel->tls == RG_SITE_TLS_NONE)
        rg_diags_error(c->diags, place_of(&channel->section, "password"), "not-encrypted",
                       "a password is not sent without encryption; write tls: required");
}

static void check_channel(const struct check *c, const struct rg_site_channel *channel)
{
    const struct rg_section *section = &channel->section;
    const struct rg_node *transport = rg_node_get(section->node, "transport");
    if (rg_str_is(section->name, RG_QUEUE_SIGNALS) || rg_str_is(section->name, RG_QUEUE_OWED))
        rg_diags_error(c->diags, rg_node_place(section->node->key), "reserved", "channel \"" RG_STR_FMT "\" is built in; choose another name",
                       RG_STR_ARG(section->name));
    if (rg_duration_ms(channel->timeout) >= rg_duration_ms(channel->claim_time))
        rg_diags_error(c->diags, place_of(section, rg_section_has(section, "timeout") ? "timeout" : "claim_time"), "out-of-range",
                       "timeout must be shorter than claim_time, else a slow answer is always in doubt");
    if (transport == NULL || !rg_str_is(transport->text, rg_site_transport_words[channel->transport]))
        return; /* without a transport the rest means nothing */
    check_channel_keys(c, channel);
    check_extras(c, channel);
    check_url(c, channel);
    check_topic_name(c, section, "topic", channel->topic);
    must_exist(c, section, "preset", channel->preset, RG_SITE_PRESETS);
    if (channel->transport == RG_SITE_SMTP)
        check_smtp(c, channel);
}

/* --- The rest ----------------------------------------------------------------------------------------------------- */

static void check_listeners(const struct check *c)
{
    const struct rg_site_http *http = &c->site->http;
    const struct rg_site_doors *doors = &c->site->doors;
    bool same = http->listen.port != 0 && http->listen.port == doors->listen.port &&
                strcmp(http->listen.host, doors->listen.host) == 0;
    const struct rg_section *written = doors->section.node != NULL ? &doors->section : &http->section;
    if (same && written->node != NULL)
        rg_diags_error(c->diags, place_of(written, "listen"), "repeated",
                       "http and doors never share a socket: webhooks come from outside");
    if (http->listen.port != 0 && !http->listen.loopback && http->section.node != NULL) {
        rg_diags_warn(c->diags, place_of(&http->section, "listen"), "exposed",
                      "console and API can be reached from other machines, without encryption");
        rg_diags_advise(c->diags, "listen on 127.0.0.1 and put a proxy in front that encrypts and asks who is there");
    }
}

static void check_recipients(const struct check *c)
{
    const struct rg_node *list = rg_node_get(c->site->section.node, "test_recipients");
    struct rg_phone phone;
    for (size_t i = 0; list != NULL && i < c->site->test_recipients.count; i++) {
        struct rg_str text = c->site->test_recipients.items[i];
        if (!rg_site_is_mailbox(text) && rg_phone_parse(text, &phone, NULL) < 0)
            rg_diags_error(c->diags, rg_node_place(list->entries[i].value), "bad-address",
                           "expected an e-mail address or a phone number");
    }
}

void rg_site_check(struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags)
{
    const struct check c = {site, arena, diags};
    at_least_one(&c, "creditors", site->creditors.count);
    at_least_one(&c, "services", site->services.count);
    at_least_one(&c, "sources", site->sources.count);
    EACH(struct rg_site_creditor, creditor, site->creditors)
        if (creditor->section.node != NULL)
            check_creditor(&c, creditor);
    EACH(struct rg_site_service, service, site->services)
        resolve_creditor(&c, &service->section, &service->creditor, true);
    check_own_topics(&c);
    check_brokers(&c);
    check_redis(&c);
    check_sources(&c);
    EACH(struct rg_site_channel, channel, site->channels)
        if (channel->section.node != NULL)
            check_channel(&c, channel);
    check_listeners(&c);
    check_recipients(&c);
}

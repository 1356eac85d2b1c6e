/* Values that only regua.yaml has: settings of the Kafka client, addresses to listen on, keys that belong to a preset. */
#include "base/kafka/kafka.h"
#include "config/site/internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- Texts -------------------------------------------------------------------------------------------------------- */

bool rg_site_split_url(struct rg_str url, struct rg_site_url *ret_url)
{
    const char *mark = memmem(url.p, url.n, "://", 3);
    if (mark == NULL || mark == url.p)
        return false;
    struct rg_str rest = {mark + 3, url.n - (size_t)(mark + 3 - url.p)};
    size_t authority = 0;
    while (authority < rest.n && strchr("/?#", rest.p[authority]) == NULL)
        authority++;
    rest.n = authority;
    struct rg_site_url parts = {.scheme = {url.p, (size_t)(mark - url.p)}};
    const char *at = memrchr(rest.p, '@', rest.n);
    if (at != NULL) {
        parts.password = memchr(rest.p, ':', (size_t)(at - rest.p)) != NULL;
        rest = (struct rg_str){at + 1, rest.n - (size_t)(at + 1 - rest.p)};
    }
    const char *bracket = rest.n > 0 && rest.p[0] == '[' ? memchr(rest.p, ']', rest.n) : NULL;
    const char *colon = bracket ? NULL : memchr(rest.p, ':', rest.n);
    parts.host = bracket ? (struct rg_str){rest.p + 1, (size_t)(bracket - rest.p) - 1}
                         : (struct rg_str){rest.p, colon ? (size_t)(colon - rest.p) : rest.n};
    if (parts.host.n == 0)
        return false;
    *ret_url = parts;
    return true;
}

bool rg_site_is_loopback(struct rg_str host)
{
    char text[64];
    struct in_addr v4;
    struct in6_addr v6;
    if (host.n >= sizeof text)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    if (inet_pton(AF_INET, text, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, text, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcasecmp(text, "localhost") == 0;
}

bool rg_site_is_mailbox(struct rg_str text)
{
    const char *open = memchr(text.p, '<', text.n);
    if (open != NULL) {
        if (text.p[text.n - 1] != '>')
            return false;
        text = (struct rg_str){open + 1, text.n - (size_t)(open + 1 - text.p) - 1};
    }
    const char *at = memchr(text.p, '@', text.n);
    if (at == NULL || at == text.p || at == text.p + text.n - 1)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (strchr(" <>,;()", text.p[i]) != NULL || (text.p[i] == '@' && text.p + i != at))
            return false;
    return true;
}

/* --- Kafka's settings --------------------------------------------------------------------------------------------- */

/* One setting is asked about at a time, so that each complaint has its place. A secret is not read here: a stand-in is judged. */
static bool setting_is_fine(const struct rg_node *key, const char *value, const struct rg_reader *reader)
{
    struct rg_kafka_setting setting = {key->text.p, value};
    struct rg_kafka_config config = {.brokers = "localhost", .settings = &setting, .settings_n = 1};
    struct rg_error err;
    if (rg_kafka_config_check(&config, &err) == 0)
        return true;
    rg_diags_error(reader->diags, rg_node_place(key), err.code == RG_EREFUSED ? "refused-setting" : "bad-setting", "%s",
                   err.text);
    return false;
}

static bool read_setting(const struct rg_entry *e, struct rg_site_setting *setting, const struct rg_reader *reader)
{
    static const struct rg_row text_row = {.key = "value", .type = RG_ROW_TEXT, .flags = RG_MULTILINE, .min = 0, .max = 65536};
    static const struct rg_row secret_row = {.key = "secret", .type = RG_ROW_SECRET};
    if (e->key->bad || e->value->bad)
        return false;
    setting->key = e->key->text;
    bool secret = e->value->kind == RG_NODE_MAP || rg_sounds_secret(e->key->text);
    if (secret)
        return rg_row_read(e->value, &secret_row, &setting->secret, reader) && setting_is_fine(e->key, "x", reader);
    return rg_row_read(e->value, &text_row, &setting->value, reader) && setting_is_fine(e->key, setting->value.p, reader);
}

bool rg_site_read_client(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row; /* nothing in it that we need */
    if (node->kind != RG_NODE_MAP) {
        rg_mistyped(reader->diags, node, "settings of the Kafka client");
        return false;
    }
    if (node->count > RG_KAFKA_SETTINGS_MAX) {
        rg_diags_error(reader->diags, rg_node_place(node), "out-of-range", "%zu settings; expected at most %d", node->count,
                       RG_KAFKA_SETTINGS_MAX);
        return false;
    }
    struct rg_site_client client = {RG_NEW(reader->arena, struct rg_site_setting, node->count), node->count};
    bool fine = true;
    for (size_t i = 0; i < node->count; i++)
        if (!read_setting(&node->entries[i], &client.items[i], reader))
            fine = false;
    if (fine)
        *(struct rg_site_client *)member = client;
    return fine;
}

/* --- Listening ---------------------------------------------------------------------------------------------------- */

/* 127.0.0.1:8470, [::1]:8470. Addresses only: a name could mean more than one. */
static bool parse_listen(struct rg_str text, struct rg_site_listen *ret_listen)
{
    struct rg_site_listen listen = {0};
    const char *colon = memrchr(text.p, ':', text.n);
    if (colon == NULL)
        return false;
    struct rg_str host = {text.p, (size_t)(colon - text.p)}, digits = {colon + 1, text.n - host.n - 1};
    bool bracketed = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (bracketed)
        host = (struct rg_str){host.p + 1, host.n - 2};
    int64_t port;
    if (host.n == 0 || host.n >= sizeof listen.host || digits.n > 5 || !rg_str_to_i64(digits, &port) || port < 1 || port > 65535)
        return false;
    memcpy(listen.host, host.p, host.n);
    struct in6_addr address;
    if (strlen(listen.host) != host.n || inet_pton(bracketed ? AF_INET6 : AF_INET, listen.host, &address) != 1)
        return false;
    listen.port = (uint16_t)port;
    listen.loopback = rg_site_is_loopback(host);
    *ret_listen = listen;
    return true;
}

bool rg_site_read_listen(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row; /* both listeners read alike */
    struct rg_site_listen listen = {0};
    bool none = node->kind == RG_NODE_SCALAR && rg_str_is(node->text, "none");
    if (!none && (node->kind != RG_NODE_SCALAR || !parse_listen(node->text, &listen))) {
        rg_mistyped(reader->diags, node, "address:port such as 127.0.0.1:8470, or none");
        return false;
    }
    *(struct rg_site_listen *)member = listen;
    return true;
}

/* --- Keys of a preset --------------------------------------------------------------------------------------------- */

bool rg_site_take_extra(const struct rg_node *key, const struct rg_node *value, void *target, const struct rg_reader *reader)
{
    static const struct rg_row text_row = {.key = "value", .type = RG_ROW_TEXT, .min = 1, .max = 2048};
    static const struct rg_row secret_row = {.key = "secret", .type = RG_ROW_SECRET};
    struct rg_site_channel *channel = target;
    if (!rg_parse_name(key->text, false))
        return false;
    struct rg_site_extra extra = {.key = key->text, .node = key};
    bool secret = value->kind == RG_NODE_MAP || rg_sounds_secret(key->text);
    bool fine = secret ? rg_row_read(value, &secret_row, &extra.secret, reader)
                       : rg_row_read(value, &text_row, &extra.value, reader);
    if (fine)
        *RG_PUSH(reader->arena, channel->extras, channel->extra_count, channel->extra_capacity) = extra;
    return true; /* known as far as a key of a preset can be: check.c asks whether this channel has one */
}

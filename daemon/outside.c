/* The rest of the daemon as one sender sees it: states of actions, whom to write to, texts, and how the channel leaves the house.
 * Everything here is called from the sender's own thread and uses its own connections. */
#include "daemon/internal.h"

#include "daemon/connections.h"
#include "daemon/rules/look.h"
#include "daemon/state/codec.h"
#include "producers/render/mime.h"
#include "producers/transport/http.h"
#include "producers/transport/smtp.h"

#include <stdio.h>
#include <string.h>

static int acts(void *ctx, int shard, const struct rg_action_id *actions, size_t n, struct rg_act_seen *ret_seen, int64_t *ret_ledger_next,
                int64_t *ret_asof_ms, struct rg_error *err)
{
    struct rg_sender_part *part = ctx;
    struct rg_act_state states[RG_SENDER_WINDOW_MAX];
    rg_assert(n <= RG_SENDER_WINDOW_MAX);
    int rc = rg_state_reader_acts(part->reader, shard, actions, n, states, ret_ledger_next, ret_asof_ms, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        ret_seen[i] = (struct rg_act_seen){states[i].live, states[i].value};
    return rc;
}

/* ---- recipients ---- */

static struct rg_store_key invoice_key(struct rg_arena *arena, const struct rg_decision_invoice *of)
{
    return (struct rg_store_key){RG_STORE_INVOICE, rg_charge_key(arena, of->ns, of->invoice)};
}

static void fill_invoice(const struct rg_record *record, const struct rg_decision_invoice *of, struct rg_recipient_invoice *into)
{
    const struct rg_invoice *invoice = rg_record_invoice(record, of->ns, of->invoice);
    *into = (struct rg_recipient_invoice){.ns = of->ns, .invoice = of->invoice, .due_on = RG_DAY_NONE, .balance_cents = of->balance_cents,
                                          .charge = {.pix_until = RG_DAY_NONE, .boleto_until = RG_DAY_NONE}};
    if (invoice == NULL)
        return;
    into->due_on = invoice->due_on;
    into->contract = invoice->contract;
    into->service = invoice->service;
}

static int recipient(void *ctx, const struct rg_decision *decision, struct rg_arena *arena, struct rg_recipient *ret, struct rg_error *err)
{
    struct rg_sender_part *part = ctx;
    size_t n = decision->invoice_count;
    struct rg_store_key *keys = RG_NEW(arena, struct rg_store_key, n + 1);
    struct rg_str *values = RG_NEW(arena, struct rg_str, n + 1);
    struct rg_record *record = NULL;
    keys[0] = (struct rg_store_key){RG_STORE_DEBTOR, decision->debtor};
    for (size_t i = 0; i < n; i++)
        keys[i + 1] = invoice_key(arena, &decision->invoices[i]);
    int rc = rg_state_reader_get(part->reader, rg_action_id_shard(&decision->action), keys, n + 1, arena, values, err);
    if (rc < 0)
        return rc;
    rc = values[0].p == NULL ? 0 : rg_record_decode(values[0], decision->debtor, arena, &record, err);
    if (rc < 0)
        return rc;
    if (record == NULL || rg_record_action(record, &decision->action) == NULL)
        return rg_fail(err, RG_EUNKNOWN, "the debtor's record is not one that holds the action");
    const struct rg_contact *contact = rg_usable_contact(record, decision->channel);
    *ret = (struct rg_recipient){.name = record->name, .document = record->document, .state = record->state, .city = record->city,
                                 .language = record->language, .utc_offset_minutes = rg_debtor_zone(record)->offset_minutes,
                                 .address = contact == NULL ? (struct rg_str){0} : contact->address,
                                 .invoices = RG_NEW(arena, struct rg_recipient_invoice, n + 1), .invoice_count = n};
    for (size_t i = 0; i < n; i++) {
        fill_invoice(record, &decision->invoices[i], &ret->invoices[i]);
        if (values[i + 1].p != NULL && (rc = rg_charge_read(values[i + 1], arena, &ret->invoices[i].charge, err)) < 0)
            return rc;
    }
    return 0;
}

static const struct rg_creditor_info *creditor(void *ctx, struct rg_str name)
{
    struct rg_sender_part *part = ctx;
    const struct rg_site *site = part->daemon->site;
    for (size_t i = 0; i < part->creditor_count; i++)
        if (rg_str_eq(rg_site_creditors(site)[i].section.name, name) || (!rg_str_has(name) && part->creditor_count == 1))
            return &part->creditors[i];
    return NULL;
}

static struct rg_str template_part(void *ctx, struct rg_str name, struct rg_str channel, const char *part_name)
{
    struct rg_sender_part *part = ctx;
    return rg_template_source(part->rules->templates, name, channel, part_name);
}

static struct rg_str template_partial(void *ctx, struct rg_str name, const char *part_name)
{
    struct rg_sender_part *part = ctx;
    return rg_template_partial(part->rules->templates, name, part_name);
}

static bool stopped(void *ctx)
{
    struct rg_sender_part *part = ctx;
    rg_arena_reset(part->control_arena);
    part->control = rg_runtime_control(&part->daemon->runtime, part->control_arena);
    return !part->control.loaded || part->control.stopped || part->rules->rules->mode == RG_MODE_SHADOW; /* whatever is written */
}

/* What is not known yet holds everything back as a stop; it ends nothing. */
static bool live(void *ctx, const struct rg_decision *decision)
{
    struct rg_sender_part *part = ctx;
    return !part->control.loaded || rg_decision_live(part->rules->rules, decision, part->control.live_max_step);
}

static bool timely(void *ctx)
{
    struct rg_sender_part *part = ctx;
    return !rg_runtime_holds(&part->daemon->runtime);
}

static int want_asof(void *ctx, int64_t at_ms)
{
    struct rg_sender_part *part = ctx;
    struct rg_error err;
    return rg_fresh_store_want(part->fresh, at_ms, &err);
}

struct rg_sender_world rg_daemon_sender_world(struct rg_sender_part *part)
{
    return (struct rg_sender_world){.ctx = part, .acts = acts, .recipient = recipient, .creditor = creditor, .template_part = template_part,
                                    .template_partial = template_partial, .stopped = stopped, .live = live, .timely = timely,
                                    .want_asof = want_asof};
}

/* ---- ways out ---- */

static int read_secret(struct rg_sender_part *part, struct rg_secret secret, struct rg_str *ret, struct rg_error *err)
{
    return rg_connect_secret(part->daemon->site, part->daemon->arena, secret, ret, err);
}

static int smtp(struct rg_sender_part *part, const struct rg_site_channel *channel, struct rg_error *err)
{
    struct rg_str name, address, password = {0};
    struct rg_arena *arena = part->daemon->arena;
    int rc = rg_mime_mailbox_split(channel->from, &name, &address, err);
    if (rc == 0 && channel->password.kind != RG_SECRET_NONE)
        rc = read_secret(part, channel->password, &password, err);
    if (rc < 0)
        return rc;
    const struct rg_smtp_config config = {
        .clock = &part->daemon->runtime.clock, .url = channel->url.p, .tls = channel->tls == RG_SITE_TLS_NONE ? RG_SMTP_TLS_OFF : RG_SMTP_TLS_REQUIRED,
        .ca_file = channel->ca_file.p, .helo = channel->helo.p, .from = rg_arena_str(arena, address).p, .user = channel->user.p, .password = password.p,
        .connections = channel->concurrency > 0 ? (size_t)channel->concurrency : 0, .timeout_ms = rg_duration_ms(channel->timeout)};
    return rg_transport_smtp_new(&config, &part->transport, err);
}

/* A map being filled; it lives in the daemon's arena as long as the transport. */
struct map {
    struct rg_str *keys;
    struct rg_mu_value *items;
    size_t count;
};

static struct map map_of(struct rg_arena *arena, size_t room)
{
    return (struct map){RG_NEW(arena, struct rg_str, room), RG_NEW(arena, struct rg_mu_value, room), 0};
}

static void map_put(struct map *map, struct rg_str key, struct rg_str value)
{
    map->keys[map->count] = key;
    map->items[map->count++] = rg_mu_text(value);
}

static const struct rg_mu_value *map_value(struct rg_arena *arena, const struct map *map)
{
    struct rg_mu_value *value = RG_NEW(arena, struct rg_mu_value, 1);
    *value = (struct rg_mu_value){.kind = RG_MU_MAP, .keys = map->keys, .items = map->items, .count = map->count};
    return value;
}

/* The preset's own keys of the channel, as {{channel.KEY}} and {{secret.KEY}}. */
static int http_values(struct rg_sender_part *part, const struct rg_site_channel *channel, const struct rg_mu_value **ret_channel,
                       const struct rg_mu_value **ret_secret, struct rg_error *err)
{
    struct rg_arena *arena = part->daemon->arena;
    struct map open = map_of(arena, channel->extra_count + 2), secret = map_of(arena, channel->extra_count + 2);
    struct rg_str text;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < channel->extra_count; i++) {
        const struct rg_site_extra *extra = &channel->extras[i];
        if (extra->secret.kind == RG_SECRET_NONE)
            map_put(&open, extra->key, extra->value);
        else if ((rc = read_secret(part, extra->secret, &text, err)) == 0)
            map_put(&secret, extra->key, text);
    }
    if (rc == 0 && channel->token.kind != RG_SECRET_NONE && (rc = read_secret(part, channel->token, &text, err)) == 0)
        map_put(&secret, RG_STR("token"), text);
    if (rc == 0 && rg_str_has(channel->from))
        map_put(&open, RG_STR("from"), channel->from);
    *ret_channel = map_value(arena, &open);
    *ret_secret = map_value(arena, &secret);
    return rc;
}

static int http(struct rg_sender_part *part, const struct rg_site_channel *channel, struct rg_error *err)
{
    const struct rg_mu_value *channel_values = NULL, *secret_values = NULL;
    int rc = http_values(part, channel, &channel_values, &secret_values, err);
    if (rc < 0)
        return rc;
    const struct rg_http_transport_config config = {
        .clock = &part->daemon->runtime.clock, .preset = part->presets->presets[part->index].preset, .url = channel->url.p, .channel = channel_values, .secret = secret_values,
        .ca_file = channel->ca_file.p, .private_allowed = channel->internal,
        .in_flight_max = channel->concurrency > 0 ? (size_t)channel->concurrency : 0, .timeout_ms = rg_duration_ms(channel->timeout)};
    return rg_transport_http_new(&config, &part->transport, err);
}

int rg_daemon_transport(struct rg_sender_part *part, const struct rg_site_channel *channel, struct rg_error *err)
{
    switch ((enum rg_site_transport)channel->transport) {
    case RG_SITE_SMTP: return smtp(part, channel, err);
    case RG_SITE_HTTP: return http(part, channel, err);
    default: return rg_fail(err, RG_EREFUSED, "channel " RG_STR_FMT ": this transport is not in this version", RG_STR_ARG(channel->section.name));
    }
}

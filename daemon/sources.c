/* What an installation asks of consumers and producers. Mappings are read here, where config ends and consumers begin: regua.yaml only names them. */
#include "daemon/sources.h"

#include "config/yaml/yaml.h"

static const struct rg_mapping *load_mapping(const struct rg_site *site, struct rg_str name, struct rg_arena *arena, struct rg_diags *diags)
{
    char path[RG_SITE_PATH_MAX];
    const struct rg_doc *doc = NULL;
    if (!rg_site_find(site, RG_SITE_MAPPINGS, name, path)) {
        rg_diags_error(diags, (struct rg_place){.file = site->file}, "unreadable", "mapping \"" RG_STR_FMT "\" is not there any more",
                       RG_STR_ARG(name));
        return NULL;
    }
    return rg_yaml_load(path, arena, diags, &doc) < 0 ? NULL : rg_mapping_read(doc, &(struct rg_reader){.diags = diags, .arena = arena});
}

static void fill_creditors(const struct rg_site *site, struct rg_arena *arena, struct rg_upstream *common)
{
    struct rg_str *creditors = RG_NEW(arena, struct rg_str, site->creditors.count + 1);
    struct rg_service_of *services = RG_NEW(arena, struct rg_service_of, site->services.count + 1);
    for (size_t i = 0; i < site->creditors.count; i++)
        creditors[i] = rg_site_creditors(site)[i].section.name;
    for (size_t i = 0; i < site->services.count; i++)
        services[i] = (struct rg_service_of){rg_site_services(site)[i].section.name, rg_site_services(site)[i].creditor};
    common->creditors = creditors;
    common->creditor_count = site->creditors.count;
    common->services = services;
    common->service_count = site->services.count;
}

int rg_sources_load(const struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags, const struct rg_ingest_source **ret_sources,
                    size_t *ret_count)
{
    struct rg_ingest_source *sources = RG_NEW(arena, struct rg_ingest_source, site->sources.count + 2);
    struct rg_upstream common = {0};
    size_t n = 0;
    fill_creditors(site, arena, &common);
    for (size_t i = 0; i < site->sources.count; i++) {
        const struct rg_site_source *from = &rg_site_sources(site)[i];
        struct rg_ingest_source *source = &sources[n++];
        source->upstream = common;
        source->upstream.name = from->section.name;
        source->upstream.format = from->format == RG_SITE_JSON ? RG_SOURCE_JSON : RG_SOURCE_CLOUDEVENTS;
        source->upstream.ns = from->ns;
        source->upstream.creditor = from->creditor;
        source->topic = from->topic.p;
        if (source->upstream.format == RG_SOURCE_JSON)
            source->upstream.mapping = load_mapping(site, from->mapping, arena, diags);
    }
    sources[n] = (struct rg_ingest_source){.upstream = common, .topic = site->kafka.topics.retry.p, .again = true};
    sources[n++].upstream.name = RG_STR(RG_SOURCE_RETRY);
    if (rg_diags_errors(diags) > 0)
        return RG_EINVAL;
    *ret_sources = sources;
    *ret_count = n;
    return 0;
}

/* ---- not yet ---- */

static struct rg_place place_of(const struct rg_node *map, const char *key)
{
    const struct rg_node *value = rg_node_get(map, key);
    return rg_node_place(value->key != NULL ? value->key : value);
}

static void check_channels(const struct rg_site *site, struct rg_diags *diags)
{
    for (size_t i = 0; i < site->channels.count; i++) {
        const struct rg_site_channel *channel = &rg_site_channels(site)[i];
        if (channel->transport != RG_SITE_SMTP && channel->transport != RG_SITE_HTTP)
            rg_diags_error(diags, rg_node_place(channel->section.node), "not-yet",
                           "channel \"" RG_STR_FMT "\": this transport is not supported in this version; smtp and http are", RG_STR_ARG(channel->section.name));
    }
}

/* Payments that nobody takes would be payments that nobody knows of. */
static void check_doors(const struct rg_site *site, struct rg_diags *diags)
{
    for (size_t i = 0; i < site->sources.count; i++) {
        const struct rg_site_source *source = &rg_site_sources(site)[i];
        if (source->door.scheme == RG_SITE_SCHEME_NONE)
            continue;
        rg_diags_error(diags, place_of(source->section.node, "door"), "not-yet",
                       "webhooks are not taken in this version: what is sent to /events/" RG_STR_FMT " would be lost", RG_STR_ARG(source->section.name));
        rg_diags_advise(diags, "let what receives them write to the topic " RG_STR_FMT, RG_STR_ARG(source->topic));
    }
    if (site->doors.listen.port == 0)
        return;
    rg_diags_warn(diags, place_of(site->doors.section.node, "listen"), "not-yet", "no door is opened in this version: receipts that are sent here are lost");
    rg_diags_advise(diags, "let receipts be written to a source's topic, as delivery.receipt; and say listen: none");
}

/* Whoever reads the key may well believe that nobody else is written to. */
static void check_recipients(const struct rg_site *site, struct rg_diags *diags)
{
    if (site->test_recipients.count == 0)
        return;
    rg_diags_error(diags, place_of(site->section.node, "test_recipients"), "not-yet",
                   "no test message can be sent in this version, and nothing else is limited to these addresses: live steps write to every debtor");
    rg_diags_advise(diags, "leave the key out; mode: shadow is the way to try something without writing to anybody");
}

static void check_roles(const struct rg_site *site, struct rg_diags *diags)
{
    for (size_t i = 0; i < site->http.operators.count; i++) {
        const struct rg_site_operator *operator = &rg_site_operators(site)[i];
        if ((operator->roles & RG_SITE_ROLE_APPROVE) != 0)
            rg_diags_warn(diags, place_of(operator->section.node, "roles"), "not-yet", "role approve allows nothing in this version: no step asks for an approval");
    }
}

void rg_not_yet_check(const struct rg_site *site, struct rg_diags *diags)
{
    check_channels(site, diags);
    check_doors(site, diags);
    check_recipients(site, diags);
    check_roles(site, diags);
}

/* Here, and not in config, because what a provider can prove stands in its preset, which the producers read. */
#include "daemon/load.h"

#include "config/yaml/yaml.h"
#include "producers/transport/preset_load.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

/* The most a channel can prove: what its section says, else what its transport or preset can. */
static enum rg_evidence best_evidence(const struct rg_site *site, const struct rg_site_channel *channel, struct rg_arena *arena, struct rg_diags *diags)
{
    char path[RG_SITE_PATH_MAX];
    const struct rg_preset *preset = NULL;
    switch ((enum rg_site_transport)channel->transport) {
    case RG_SITE_HTTP:
        if (!rg_site_find(site, RG_SITE_PRESETS, channel->preset, path) || rg_preset_load(path, arena, diags, &preset) < 0)
            return RG_EVIDENCE_ACCEPTED;
        return preset->best_evidence;
    case RG_SITE_SPOOL: return RG_EVIDENCE_DELIVERED; /* by the carrier's receipt */
    default: return RG_EVIDENCE_ACCEPTED;
    }
}

static void fill_channels(const struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags, struct rg_channel_info *channels, size_t *ret_count)
{
    size_t n = 0;
    for (size_t i = 0; i < site->channels.count && n < RG_CHANNELS_MAX - 1; i++) {
        const struct rg_site_channel *channel = &rg_site_channels(site)[i];
        enum rg_evidence best = best_evidence(site, channel, arena, diags);
        channels[n++] = (struct rg_channel_info){.name = channel->section.name,
                                                 .best_evidence = channel->evidence != RG_EVIDENCE_NONE ? (enum rg_evidence)channel->evidence : best};
    }
    *ret_count = n;
}

int rg_rules_load_site(const struct rg_site *site, struct rg_diags *diags, struct rg_rules **ret_rules, struct rg_templates **ret_templates,
                       struct rg_inventory *ret_inventory)
{
    static const enum rg_payments_known known[] = {[RG_SITE_PAYMENTS_NONE] = RG_PAYMENTS_NONE, [RG_SITE_PAYMENTS_LIVE] = RG_PAYMENTS_LIVE,
                                                   [RG_SITE_PAYMENTS_SYNCED] = RG_PAYMENTS_SYNCED};
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(ARENA_BYTES);
    struct rg_channel_info *channels = RG_NEW(arena, struct rg_channel_info, RG_CHANNELS_MAX);
    struct rg_service_info *services = RG_NEW(arena, struct rg_service_info, site->services.count + 1);
    struct rg_source_info *sources = RG_NEW(arena, struct rg_source_info, site->sources.count + 1);
    char (*paths)[RG_SITE_PATH_MAX] = rg_arena_alloc(arena, (site->rules.count + 1) * sizeof *paths);
    const char **path_list = rg_arena_alloc(arena, (site->rules.count + 1) * sizeof *path_list);
    char policy[RG_SITE_PATH_MAX];
    struct rg_rules_input input = {.directory = site->directory, .shipped = site->shipped, .paths = path_list, .mode = (enum rg_mode)site->mode,
                                   .channels = channels, .services = services, .sources = sources};
    fill_channels(site, arena, diags, channels, &input.channel_count);
    for (size_t i = 0; i < site->services.count; i++, input.service_count++) {
        const struct rg_site_service *service = &rg_site_services(site)[i];
        services[i] = (struct rg_service_info){service->section.name, service->sector, service->creditor};
    }
    for (size_t i = 0; i < site->sources.count; i++, input.source_count++)
        sources[i] = (struct rg_source_info){rg_site_sources(site)[i].section.name, known[rg_site_sources(site)[i].payments]};
    for (size_t i = 0; i < site->rules.count; i++) {
        if (!rg_site_path(site, site->rules.items[i], paths[i]))
            continue; /* too long to be a path: rg_site_load has said so */
        path_list[input.path_count++] = paths[i];
    }
    if (rg_str_has(site->policy) && rg_site_path(site, site->policy, policy))
        input.policy = policy;
    return rg_rules_load_from(&input, diags, ret_rules, ret_templates, ret_inventory);
}

/* ---- sources ---- */

static const struct rg_mapping *load_mapping(const struct rg_site *site, struct rg_str name, struct rg_arena *arena, struct rg_diags *diags)
{
    char path[RG_SITE_PATH_MAX];
    const struct rg_doc *doc = NULL;
    if (!rg_site_find(site, RG_SITE_MAPPINGS, name, path) || rg_yaml_load(path, arena, diags, &doc) < 0 || rg_diags_errors(diags) > 0)
        return NULL;
    return rg_mapping_read(doc, &(struct rg_reader){.diags = diags, .arena = arena});
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

int rg_sources_load_site(const struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags, const struct rg_ingest_source **ret_sources,
                         size_t *ret_count)
{
    struct rg_ingest_source *sources = RG_NEW(arena, struct rg_ingest_source, site->sources.count + 1);
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
    if (rg_diags_errors(diags) > 0)
        return RG_EINVAL;
    *ret_sources = sources;
    *ret_count = n;
    return 0;
}

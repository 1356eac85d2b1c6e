/* The same load for an installation read from regua.yaml: paths made whole, channels with the most that they can prove. */
#include "config/ladder/written.h"
#include "config/site/site.h"

#include <sys/stat.h>

#define PRESET_SCRATCH_BYTES (RG_YAML_ARENA_BYTES + ((size_t)1 << 20))

/* What a preset says of its provider; the senders read the rest of it. Without a word of it: accepted, the least. */
static enum rg_evidence preset_evidence(const struct rg_site *site, struct rg_str preset, struct rg_diags *diags)
{
    char path[RG_SITE_PATH_MAX];
    const struct rg_doc *doc = NULL;
    int evidence = -1;
    if (!rg_str_has(preset) || !rg_site_find(site, RG_SITE_PRESETS, preset, path))
        return RG_EVIDENCE_ACCEPTED; /* that it is missing was said of regua.yaml */
    struct rg_arena *scratch = rg_arena_new(PRESET_SCRATCH_BYTES);
    if (rg_yaml_load(path, scratch, diags, &doc) == 0) {
        const struct rg_node *node = rg_node_get(doc->root, "best_evidence");
        evidence = node != NULL && node->kind == RG_NODE_SCALAR ? rg_word(&rg_words_evidence, node->text) : -1;
    }
    rg_arena_free(&scratch);
    return evidence > 0 ? (enum rg_evidence)evidence : RG_EVIDENCE_ACCEPTED;
}

static enum rg_evidence transport_evidence(const struct rg_site *site, const struct rg_site_channel *channel,
                                           struct rg_diags *diags)
{
    switch ((enum rg_site_transport)channel->transport) {
    case RG_SITE_HTTP: return preset_evidence(site, channel->preset, diags);
    case RG_SITE_SPOOL: return RG_EVIDENCE_DELIVERED; /* the return receipt, handed in as delivery.receipt */
    case RG_SITE_SMTP:
    case RG_SITE_KAFKA:
    case RG_SITE_TASK: return RG_EVIDENCE_ACCEPTED;
    }
    return RG_EVIDENCE_ACCEPTED;
}

static void take_channels(const struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags,
                          struct rg_rules_input *input)
{
    const struct rg_site_channel *written = rg_site_channels(site);
    size_t count = site->channels.count;
    struct rg_channel_info *channels = RG_NEW(arena, struct rg_channel_info, count);
    for (size_t i = 0; i < count; i++) {
        enum rg_evidence said = (enum rg_evidence)written[i].evidence;
        enum rg_evidence best = said != RG_EVIDENCE_NONE ? said : transport_evidence(site, &written[i], diags);
        channels[i] = (struct rg_channel_info){.name = written[i].section.name, .best_evidence = best};
    }
    input->channels = channels;
    input->channel_count = count;
}

static void take_services(const struct rg_site *site, struct rg_arena *arena, struct rg_rules_input *input)
{
    const struct rg_site_service *written = rg_site_services(site);
    struct rg_service_info *services = RG_NEW(arena, struct rg_service_info, site->services.count);
    for (size_t i = 0; i < site->services.count; i++)
        services[i] = (struct rg_service_info){
            .name = written[i].section.name, .sector = written[i].sector, .creditor = written[i].creditor};
    input->services = services;
    input->service_count = site->services.count;
}

static void take_sources(const struct rg_site *site, struct rg_arena *arena, struct rg_rules_input *input)
{
    static const enum rg_payments_known known[] = {[RG_SITE_PAYMENTS_NONE] = RG_PAYMENTS_NONE,
                                                   [RG_SITE_PAYMENTS_LIVE] = RG_PAYMENTS_LIVE,
                                                   [RG_SITE_PAYMENTS_SYNCED] = RG_PAYMENTS_SYNCED};
    const struct rg_site_source *written = rg_site_sources(site);
    struct rg_source_info *sources = RG_NEW(arena, struct rg_source_info, site->sources.count);
    for (size_t i = 0; i < site->sources.count; i++)
        sources[i] = (struct rg_source_info){.name = written[i].section.name, .payments = known[written[i].payments]};
    input->sources = sources;
    input->source_count = site->sources.count;
}

static const char *whole_path(const struct rg_site *site, struct rg_str written, struct rg_arena *arena, struct rg_diags *diags)
{
    char path[RG_SITE_PATH_MAX];
    if (rg_site_path(site, written, path))
        return rg_arena_strdup(arena, path);
    rg_diags_error(diags, (struct rg_place){.file = site->file}, "unreadable", "the path \"%.60s\" … is too long", written.p);
    return NULL;
}

static void take_paths(const struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags, struct rg_rules_input *input)
{
    const char **paths = RG_NEW(arena, const char *, site->rules.count);
    struct stat st;
    for (size_t i = 0; i < site->rules.count; i++) {
        const char *path = whole_path(site, site->rules.items[i], arena, diags);
        if (path != NULL)
            paths[input->path_count++] = path;
    }
    input->paths = paths;
    const char *policy = whole_path(site, site->policy, arena, diags);
    if (policy != NULL && (stat(policy, &st) == 0 || rg_section_has(&site->section, "policy")))
        input->policy = policy; /* one that nobody named need not exist */
}

static bool fits(const struct rg_site *site, struct rg_diags *diags, const char *what, size_t count, size_t max)
{
    if (count > max)
        rg_diags_error(diags, (struct rg_place){.file = site->file}, "too-many", "%zu %s; at most %zu", count, what, max);
    return count <= max;
}

int rg_rules_load(const struct rg_site *site, struct rg_diags *diags, struct rg_rules **ret_rules,
                  struct rg_templates **ret_templates, struct rg_inventory *ret_inventory)
{
    if (!fits(site, diags, "channels", site->channels.count, RG_CHANNELS_MAX - 1) ||
        !fits(site, diags, "services", site->services.count, RG_SERVICES_MAX) ||
        !fits(site, diags, "sources", site->sources.count, RG_SOURCES_MAX))
        return RG_EINVAL;
    struct rg_arena *arena = rg_arena_new(RG_SITE_ARENA_BYTES);
    struct rg_rules_input input = {.directory = site->directory, .shipped = site->shipped, .mode = (enum rg_mode)site->mode};
    take_channels(site, arena, diags, &input);
    take_services(site, arena, &input);
    take_sources(site, arena, &input);
    take_paths(site, arena, diags, &input);
    int rc = rg_rules_load_from(&input, diags, ret_rules, ret_templates, ret_inventory);
    rg_arena_free(&arena);
    return rc;
}

/* Looking things up in compiled rules. */
#include "config/ladder/ladder.h"

static const char *const has_names[RG_HAS_COUNT] = {
    [RG_HAS_NONE] = "none", [RG_HAS_DELIVERED] = "delivered", [RG_HAS_READ] = "read", [RG_HAS_REPLIED] = "replied",
    [RG_HAS_FAILED] = "failed", [RG_HAS_DONE] = "done", [RG_HAS_REFUSED] = "refused", [RG_HAS_CONFIRMED] = "confirmed",
    [RG_HAS_TERM_ENDED] = "term_ended",
};
const struct rg_words rg_words_has = {"condition of after", has_names, RG_HAS_COUNT, 1};

static const char *const catch_up_names[RG_CATCH_UP_COUNT] = {
    [RG_CATCH_UP_LATEST_ONLY] = "latest_only", [RG_CATCH_UP_SEND] = "send", [RG_CATCH_UP_SKIP] = "skip",
};
const struct rg_words rg_words_catch_up = {"way to catch up", catch_up_names, RG_CATCH_UP_COUNT, 0};

int rg_state_days_for(const struct rg_state_days *term, struct rg_str state)
{
    for (size_t i = 0; i < term->state_count; i++)
        if (rg_str_is(state, term->states[i].state))
            return term->states[i].days;
    return term->days;
}

const struct rg_ladder *rg_rules_ladder(const struct rg_rules *rules, struct rg_str name)
{
    for (int i = 0; i < rules->ladder_count; i++)
        if (rg_str_eq(rules->ladders[i].name, name))
            return &rules->ladders[i];
    return NULL;
}

const struct rg_step *rg_ladder_step(const struct rg_ladder *ladder, struct rg_str name)
{
    for (int i = 0; i < ladder->step_count; i++)
        if (rg_str_eq(ladder->steps[i].name, name))
            return &ladder->steps[i];
    return NULL;
}

int rg_rules_channel(const struct rg_rules *rules, struct rg_str name)
{
    for (int i = 0; i < rules->channel_count; i++)
        if (rg_str_eq(rules->channels[i].name, name))
            return i;
    return -1;
}

const struct rg_service_info *rg_rules_service(const struct rg_rules *rules, struct rg_str name)
{
    for (int i = 0; i < rules->service_count; i++)
        if (rg_str_eq(rules->services[i].name, name))
            return &rules->services[i];
    return rules->service_count == 1 && !rg_str_has(name) ? &rules->services[0] : NULL; /* the only one need not be named */
}

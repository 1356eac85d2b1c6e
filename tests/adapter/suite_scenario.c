/* {rules, policy?, events: [{at, …}], world?, until} → {decisions: [{at, step, channel?, signal?, amount_cents}], suppressed:
 * [{at, step, gate}]}: the runner of `reguactl test` on the small installation of tests/fakes/rules.h, with the channels of a
 * test file. `rules` is one ladder or a list of them, `policy` a policy: YAML where it has several lines, else the path of a
 * file. Events, world and times are those of rule tests (daemon/desk/happening.h); times without an offset are Brasília's.
 * `amount_cents` is what the message or signal asks for. `suppressed` are steps whose window closed with nothing sent, with the
 * gate that blocked them last, and those decided in shadow. */
#include "tests/adapter/suite.h"

#include "config/yaml/yaml.h"
#include "daemon/desk/rule_test.h"
#include "tests/fakes/rules.h"

#define LADDERS_MAX 16
#define DEFAULT_STATE "SP"

struct texts {
    struct rg_rules_text ladders[LADDERS_MAX];
    size_t count;
    struct rg_rules_text policy;
    struct rg_buf files[LADDERS_MAX + 1]; /* what was read for them */
    size_t file_count;
};

static bool is_path(struct rg_str text)
{
    return memchr(text.p, '\n', text.n) == NULL;
}

static bool take_text(struct texts *texts, struct rg_str text, const char *name, struct rg_rules_text *ret_text,
                      struct rg_jw *answer)
{
    struct rg_error err = {0};
    char sentence[512];
    *ret_text = (struct rg_rules_text){.file = name, .bytes = text};
    if (!is_path(text))
        return true;
    struct rg_buf *file = &texts->files[texts->file_count++];
    rg_buf_init(file, RG_YAML_BYTES_MAX);
    if (rg_file_read(text.p, file, &err) < 0) {
        (void)snprintf(sentence, sizeof sentence, "the file in \"%s\" cannot be read: %s", name, err.text);
        rg_jw_member_cstr(answer, "error", sentence);
        return false;
    }
    *ret_text = (struct rg_rules_text){.file = name, .bytes = file->len > 0 ? rg_buf_str(file) : RG_STR("")};
    return true;
}

static bool take_rules(const struct rg_json_value *question, struct texts *texts, struct rg_jw *answer)
{
    const struct rg_json_value *rules = rg_json_get(question, "rules"), *policy = rg_json_get(question, "policy");
    struct rg_str text;
    bool list = rg_json_kind(rules) == RG_JSON_ARRAY && rg_json_count(rules) > 0 && rg_json_count(rules) <= LADDERS_MAX;
    if (rg_json_str(rules, &text) && !take_text(texts, text, "rules", &texts->ladders[texts->count++], answer))
        return false;
    RG_JSON_EACH(ladder, list ? rules : NULL) {
        list = list && rg_json_str(ladder, &text);
        if (list && !take_text(texts, text, "rules", &texts->ladders[texts->count++], answer))
            return false;
    }
    if (texts->count == 0 || (rg_json_kind(rules) == RG_JSON_ARRAY && !list)) {
        rg_jw_member_cstr(answer, "error", "expected \"rules\" to be a ladder or a list of at most 16, each a text or a path");
        return false;
    }
    return rg_json_kind(policy) <= RG_JSON_NULL ||
           (rg_ask_str(question, "policy", answer, &text) && take_text(texts, text, "policy", &texts->policy, answer));
}

static struct rg_rules *load_rules(const struct texts *texts, struct rg_jw *answer)
{
    struct rg_diags *diags RG_CLEANUP(rg_diags_free) = rg_diags_new();
    struct rg_rules *rules = NULL;
    struct rg_templates *templates = NULL;
    struct rg_inventory inventory;
    struct rg_rules_input input = rg_test_rules_input();
    input.shipped = RG_SHIPPED;
    input.channels = rg_test_channels;
    input.channel_count = RG_TEST_CHANNELS;
    input.texts = texts->ladders;
    input.text_count = texts->count;
    input.policy_text = texts->policy.file != NULL ? &texts->policy : NULL;
    if (rg_rules_load_from(&input, diags, &rules, &templates, &inventory) < 0)
        rg_answer_first_error(answer, "error", diags);
    rg_templates_free(&templates);
    return rules;
}

static void write_instant(struct rg_jw *answer, int64_t ms, const struct rg_zone *zone)
{
    char text[RG_INSTANT_TEXT_MAX];
    rg_instant_format(ms, zone->offset_minutes, text);
    rg_jw_member_cstr(answer, "at", text);
}

static void write_decision(struct rg_jw *answer, const struct rg_desk_decision *line, const struct rg_zone *zone)
{
    const struct rg_decision *d = line->decision;
    rg_jw_object(answer);
    write_instant(answer, line->at_ms, zone);
    rg_jw_member_str(answer, "step", d->step);
    if (d->kind == RG_ACT_MESSAGE)
        rg_jw_member_str(answer, "channel", d->channel);
    if (d->signal != RG_SIGNAL_NONE)
        rg_jw_member_cstr(answer, "signal", rg_signal_name(d->signal));
    rg_jw_member_int(answer, "amount_cents", d->total_cents);
    rg_jw_object_end(answer);
}

static void write_suppressed(struct rg_jw *answer, int64_t at_ms, struct rg_str step, enum rg_gate gate,
                             const struct rg_zone *zone)
{
    rg_jw_object(answer);
    write_instant(answer, at_ms, zone);
    rg_jw_member_str(answer, "step", step);
    rg_jw_member_cstr(answer, "gate", rg_gate_name(gate));
    rg_jw_object_end(answer);
}

/* Both lists are in the order of time. */
static void write_life(struct rg_jw *answer, const struct rg_desk *desk)
{
    const struct rg_desk_log *log = rg_desk_log(desk);
    const struct rg_zone *zone = rg_desk_zone(desk);
    rg_jw_member_array(answer, "decisions");
    for (size_t i = 0; i < log->decision_count; i++)
        if (log->decisions[i].decision->mode == RG_MODE_LIVE)
            write_decision(answer, &log->decisions[i], zone);
    rg_jw_array_end(answer);
    rg_jw_member_array(answer, "suppressed");
    for (size_t i = 0, k = 0; i < log->skip_count || k < log->decision_count;) {
        bool skip = k == log->decision_count || (i < log->skip_count && log->skips[i].at_ms <= log->decisions[k].at_ms);
        if (skip)
            write_suppressed(answer, log->skips[i].at_ms, log->skips[i].skip.step, log->skips[i].skip.gate, zone);
        else if (log->decisions[k].decision->mode == RG_MODE_SHADOW)
            write_suppressed(answer, log->decisions[k].at_ms, log->decisions[k].decision->step, RG_GATE_SHADOW, zone);
        i += skip;
        k += !skip;
    }
    rg_jw_array_end(answer);
}

static void play(const struct rg_json_value *question, const struct rg_rules *rules, struct rg_jw *answer)
{
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(RG_SCENARIO_ARENA_BYTES);
    struct rg_desk *desk RG_CLEANUP(rg_desk_free) = NULL;
    struct rg_scenario_fault fault = {.entry = RG_FAULT_ANYWHERE};
    struct rg_when until;
    struct rg_str text;
    char sentence[sizeof fault.err.text + 32];
    struct rg_scenario scenario = {.rules = rules,
                                   .events = rg_json_get(question, "events"),
                                   .world = rg_json_get(question, "world"),
                                   .zone = rg_zone_of_state(RG_STR(DEFAULT_STATE))};
    if (!rg_json_str(rg_json_get(question, "until"), &text) || !rg_when_parse(text, scenario.zone, &until)) {
        rg_jw_member_cstr(answer, "error", "expected \"until\" to be " RG_WHEN_EXPECTED);
        return;
    }
    scenario.until_ms = until.to_ms;
    if (rg_scenario_play(&scenario, false, arena, &desk, &fault) == 0) {
        write_life(answer, desk);
        return;
    }
    if (fault.entry >= 0)
        (void)snprintf(sentence, sizeof sentence, "events/%d: %s", fault.entry, fault.err.text);
    rg_jw_member_cstr(answer, "error", fault.entry >= 0 ? sentence : fault.err.text);
}

void rg_suite_scenario(const struct rg_json_value *question, struct rg_jw *answer)
{
    struct texts texts = {.count = 0};
    struct rg_rules *rules = take_rules(question, &texts, answer) ? load_rules(&texts, answer) : NULL;
    if (rules != NULL)
        play(question, rules, answer);
    rg_rules_free(&rules);
    for (size_t i = 0; i < texts.file_count; i++)
        rg_buf_done(&texts.files[i]);
}

/* A test file is read by its tables; what the tables take as it stands (events, the debtor, the world) becomes one JSON document
 * a test, which the scenario reads. Places stay known by index. */
#include "daemon/desk/rule_test.h"

#include "config/site/site.h"
#include "daemon/desk/written_test.h"
#include "daemon/desk/yaml_json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_ARENA_BYTES (RG_YAML_ARENA_BYTES + ((size_t)256 << 20))
#define TEST_JSON_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define DEFAULT_STATE "SP"
#define PARENTS_MAX 3 /* directories above the test file's in which an installation is looked for */

const struct rg_channel_info rg_test_channels[RG_TEST_CHANNELS] = {
    {.name = {"email", 5}, .best_evidence = RG_EVIDENCE_DELIVERED}, /* with delivery notices; SMTP alone proves less */
    {.name = {"sms", 3}, .best_evidence = RG_EVIDENCE_DELIVERED},
    {.name = {"whatsapp", 8}, .best_evidence = RG_EVIDENCE_READ},
    {.name = {"letter", 6}, .best_evidence = RG_EVIDENCE_DELIVERED},
};

/* ---- rules ---- */

struct loading {
    struct rg_test_file *file;
    const struct rg_doc *doc;
    const struct written_file *written;
    struct rg_diags *diags;
    const char *const *steps; /* all that the rules have */
    size_t step_count;
};

static const char *beside(const struct loading *l, struct rg_str path)
{
    const char *slash = strrchr(l->file->path, '/');
    if (path.p[0] == '/' || slash == NULL)
        return path.p;
    return rg_arena_printf(l->file->arena, "%.*s/" RG_STR_FMT, (int)(slash - l->file->path), l->file->path, RG_STR_ARG(path)).p;
}

/* Whose calendars and templates win over what is shipped: those of the nearest directory, from the test's own upwards, that has
 * any, or a main file. Tests lie beside the rules, which lie below the installation. */
static const char *installation(const struct loading *l)
{
    static const char *const marks[] = {"regua.yaml", "templates", "calendars"};
    const char *directory = beside(l, RG_STR("."));
    for (int up = 0; up <= PARENTS_MAX; up++) {
        for (size_t i = 0; i < RG_COUNT(marks); i++)
            if (access(rg_arena_printf(l->file->arena, "%s/%s", directory, marks[i]).p, R_OK) == 0)
                return directory;
        directory = rg_arena_printf(l->file->arena, "%s/..", directory).p;
    }
    return beside(l, RG_STR("."));
}

static bool take_channels(const struct loading *l, struct rg_rules_input *input)
{
    const struct rg_pairs *written = &l->written->channels;
    bool fine = true;
    input->channels = rg_test_channels;
    input->channel_count = RG_COUNT(rg_test_channels);
    if (written->count == 0)
        return true;
    struct rg_channel_info *channels = RG_NEW(l->file->arena, struct rg_channel_info, written->count);
    for (size_t i = 0; i < written->count; i++) {
        int evidence = rg_word(&rg_words_evidence, written->items[i].value);
        channels[i] = (struct rg_channel_info){.name = written->items[i].key, .best_evidence = (enum rg_evidence)evidence};
        fine = fine && evidence > 0;
        if (evidence < 0)
            rg_unknown_value(l->diags, written->items[i].node, "evidence", rg_words_evidence.names + rg_words_evidence.first,
                             (size_t)(rg_words_evidence.count - rg_words_evidence.first));
    }
    input->channels = channels;
    input->channel_count = written->count;
    return fine;
}

static int load_rules(const struct loading *l, const char *shipped)
{
    static const struct rg_source_info source = {.name = {"desk", 4}, .payments = RG_PAYMENTS_LIVE};
    const struct written_service *s = &l->written->defaults.service;
    const struct rg_service_info service = {.name = s->name, .sector = s->sector, .creditor = s->creditor};
    struct rg_inventory inventory;
    struct rg_rules_input input = {.directory = installation(l),
                                   .shipped = shipped != NULL ? shipped : RG_SITE_SHIPPED,
                                   .mode = RG_MODE_LIVE,
                                   .services = &service,
                                   .service_count = 1,
                                   .sources = &source,
                                   .source_count = 1};
    const char **paths = RG_NEW(l->file->arena, const char *, l->written->rules.count);
    if (!take_channels(l, &input))
        return RG_EINVAL;
    for (size_t i = 0; i < l->written->rules.count; i++)
        paths[i] = beside(l, l->written->rules.items[i]);
    input.paths = paths;
    input.path_count = l->written->rules.count;
    input.policy = rg_str_has(l->written->policy) ? beside(l, l->written->policy) : NULL;
    return rg_rules_load_from(&input, l->diags, &l->file->rules, &l->file->templates, &inventory);
}

/* ---- one test ---- */

static struct rg_str text_of(const struct rg_node *map, const char *key)
{
    const struct rg_node *node = rg_node_get(map, key);
    return node != NULL && node->kind == RG_NODE_SCALAR ? node->text : (struct rg_str){NULL, 0};
}

/* The test's own members, then those of the file that it does not replace. */
static void write_person(const struct rg_node *own, const struct rg_node *defaults, struct rg_diags *diags, struct rg_jw *jw)
{
    struct rg_node merged = {.kind = RG_NODE_MAP};
    size_t count = (own != NULL ? own->count : 0) + (defaults != NULL ? defaults->count : 0);
    struct rg_entry *entries = rg_alloc((count + 1) * sizeof *entries);
    for (size_t i = 0; own != NULL && i < own->count; i++)
        entries[merged.count++] = own->entries[i];
    for (size_t i = 0; defaults != NULL && i < defaults->count; i++)
        if (own == NULL || rg_node_get(own, defaults->entries[i].key->text.p) == NULL)
            entries[merged.count++] = defaults->entries[i];
    merged.entries = entries;
    rg_yaml_event_data(&merged, RG_EV_DEBTOR_UPDATED, diags, jw);
    rg_free(&entries);
}

static const struct rg_zone *zone_of(const struct written_test *w, const struct written_file *file)
{
    const struct rg_node *maps[] = {w->debtor, file->defaults.debtor};
    const struct rg_zone *zone = NULL;
    for (size_t i = 0; i < RG_COUNT(maps) && zone == NULL; i++)
        if (rg_str_has(text_of(maps[i], "time_zone")))
            zone = rg_zone_find(text_of(maps[i], "time_zone"));
    for (size_t i = 0; i < RG_COUNT(maps) && zone == NULL; i++)
        if (rg_str_has(text_of(maps[i], "state")))
            zone = rg_zone_of_state(text_of(maps[i], "state"));
    return zone != NULL ? zone : rg_zone_of_state(RG_STR(DEFAULT_STATE));
}

/* `then` as one more entry of `events`. */
static void write_then(const struct written_then *then, struct rg_diags *diags, struct rg_jw *jw)
{
    struct rg_entry entries[2];
    size_t count = 0;
    for (size_t i = 0; i < then->section.node->count; i++) {
        const struct rg_entry *entry = &then->section.node->entries[i];
        if (entry->value == then->what || rg_str_is(entry->key->text, "at"))
            entries[count++] = *entry;
        if (count == RG_COUNT(entries))
            break;
    }
    const struct rg_node node = {.kind = RG_NODE_MAP, .entries = entries, .count = count};
    rg_yaml_happening(&node, diags, jw);
}

static bool write_test(const struct loading *l, const struct written_test *w, struct rg_rule_test *test)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    struct rg_error err = {0};
    struct rg_jw jw;
    const struct rg_node *world = w->world != NULL ? w->world : l->written->world;
    rg_buf_init(&text, TEST_JSON_BYTES_MAX);
    rg_jw_init(&jw, &text);
    rg_jw_object(&jw);
    rg_jw_member_array(&jw, "events");
    for (size_t i = 0; i < w->events->count; i++)
        rg_yaml_happening(w->events->entries[i].value, l->diags, &jw);
    if (w->then.section.node != NULL)
        write_then(&w->then, l->diags, &jw);
    rg_jw_array_end(&jw);
    rg_jw_key(&jw, "person");
    write_person(w->debtor, l->written->defaults.debtor, l->diags, &jw);
    if (world != NULL) {
        rg_jw_key(&jw, "world");
        rg_yaml_plain(world, &jw);
    }
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
    if (!text.overflow && rg_json_parse(rg_buf_str(&text), TEST_JSON_BYTES_MAX, &test->doc, &err) == 0)
        return true;
    rg_diags_error(l->diags, rg_node_place(test->node), "bad-event", "%s", text.overflow ? "the test is too large" : err.text);
    return false;
}

static bool parse_when(const struct loading *l, const struct rg_section *section, const char *key, struct rg_str text,
                       const struct rg_zone *zone, struct rg_when *ret_when)
{
    if (rg_when_parse(text, zone, ret_when))
        return true;
    rg_diags_error(l->diags, rg_node_place(rg_node_get(section->node, key)), "bad-time", "expected %s", RG_WHEN_EXPECTED);
    return false;
}

static void wrong_expect(const struct loading *l, const struct written_expect *w, const char *what)
{
    rg_diags_error(l->diags, rg_node_place(w->section.node), "bad-expect", "%s", what);
}

/* One of: a time, a stretch of time, a span after `then`. */
static void read_time(const struct loading *l, const struct written_expect *w, const struct rg_zone *zone, bool of_then,
                      struct rg_expect *expect)
{
    bool at = rg_str_has(w->at), from = rg_str_has(w->from), to = rg_str_has(w->to), within = w->within.unit != RG_UNIT_NONE;
    struct rg_when end;
    expect->moment = at;
    expect->within_ms = within ? rg_duration_ms(w->within) : -1;
    if ((int)at + (int)from + (int)within != 1 || from != to) {
        wrong_expect(l, w, "expected one of \"at\", \"from\" with \"to\", or \"within\"");
        return;
    }
    if (within && !of_then)
        wrong_expect(l, w, "\"within\" counts from what happens in \"then\", and this is not in it");
    if (within || !parse_when(l, &w->section, at ? "at" : "from", at ? w->at : w->from, zone, &expect->when) || at)
        return;
    if (!parse_when(l, &w->section, "to", w->to, zone, &end))
        return;
    expect->when.to_ms = end.to_ms;
    if (expect->when.to_ms <= expect->when.from_ms)
        wrong_expect(l, w, "\"to\" is before \"from\"");
}

static void check_step(const struct loading *l, const struct written_expect *w, const char *key, struct rg_str step)
{
    for (size_t i = 0; i < l->step_count; i++)
        if (rg_str_is(step, l->steps[i]))
            return;
    rg_unknown_value(l->diags, rg_node_get(w->section.node, key), "step", l->steps, l->step_count);
}

static void check_expect(const struct loading *l, const struct written_expect *w)
{
    bool step = rg_str_has(w->step), none = rg_str_has(w->none);
    if ((step && none) || (!step && !none && w->signal == RG_SIGNAL_NONE))
        wrong_expect(l, w, "expected one of \"step\", \"none\", or a \"signal\"");
    if (w->gate != RG_GATE_NONE && !none)
        wrong_expect(l, w, "\"gate\" says what stands in the way: it belongs to \"none\"");
    if (rg_str_has(w->channel) && rg_rules_channel(l->file->rules, w->channel) < 0)
        wrong_expect(l, w, "there is no such channel; \"channels\" of this file names them");
    if (step)
        check_step(l, w, "step", w->step);
    if (none)
        check_step(l, w, "none", w->none);
}

static void read_expect(const struct loading *l, const struct written_expect *w, const struct rg_zone *zone, bool of_then,
                        struct rg_expect *expect)
{
    *expect = (struct rg_expect){.node = w->section.node,
                                 .step = w->step,
                                 .none = w->none,
                                 .channel = w->channel,
                                 .invoice = w->invoice,
                                 .signal = (enum rg_signal)w->signal,
                                 .gate = (enum rg_gate)w->gate,
                                 .amount_cents = rg_section_has(&w->section, "amount") ? w->amount_cents : -1};
    read_time(l, w, zone, of_then, expect);
    check_expect(l, w);
}

static void read_expects(const struct loading *l, const struct rg_sections *written, bool of_then, struct rg_rule_test *test)
{
    const struct written_expect *items = written->items;
    for (size_t i = 0; i < written->count; i++)
        read_expect(l, &items[i], test->zone, of_then, &test->expects[test->expect_count++]);
}

static void reach(struct rg_rule_test *test, int64_t until_ms)
{
    if (until_ms > test->until_ms)
        test->until_ms = until_ms;
}

/* The end of the last time that is written: what happens, and what is expected. */
static void find_end(const struct loading *l, const struct written_test *w, struct rg_rule_test *test)
{
    struct rg_when when;
    if (rg_str_has(w->until)) {
        if (parse_when(l, &w->section, "until", w->until, test->zone, &when))
            test->until_ms = when.to_ms;
        return;
    }
    for (size_t i = 0; i < w->events->count; i++)
        if (rg_when_parse(text_of(w->events->entries[i].value, "at"), test->zone, &when))
            reach(test, when.from_ms + 1);
    if (w->then.section.node != NULL && rg_when_parse(w->then.at, test->zone, &when))
        reach(test, when.from_ms + 1);
    for (size_t i = 0; i < test->expect_count; i++)
        reach(test, test->expects[i].when.to_ms);
}

/* What is expected within a time after `then` gets its place in time. */
static void place_then(const struct loading *l, const struct written_test *w, struct rg_rule_test *test)
{
    struct rg_when then;
    if (w->then.section.node == NULL)
        return;
    if (!rg_str_has(w->then.at) || !parse_when(l, &w->then.section, "at", w->then.at, test->zone, &then))
        return;
    for (size_t i = 0; i < test->expect_count; i++)
        if (test->expects[i].within_ms >= 0)
            test->expects[i].when = (struct rg_when){then.from_ms, then.from_ms + test->expects[i].within_ms + 1};
}

static void note_places(const struct loading *l, const struct written_test *w, struct rg_rule_test *test)
{
    test->happenings = RG_NEW(l->file->arena, const struct rg_node *, w->events->count + 1);
    for (size_t i = 0; i < w->events->count; i++)
        test->happenings[i] = w->events->entries[i].value;
    test->happenings[w->events->count] = w->then.section.node;
}

struct rg_scenario rg_test_scenario(const struct rg_test_file *file, const struct rg_rule_test *test)
{
    const struct rg_json_value *root = rg_json_root(test->doc);
    return (struct rg_scenario){.rules = file->rules,
                                .events = rg_json_get(root, "events"),
                                .person = rg_json_get(root, "person"),
                                .world = rg_json_get(root, "world"),
                                .zone = test->zone,
                                .until_ms = test->until_ms};
}

void rg_test_say_fault(const struct rg_rule_test *test, const struct rg_scenario_fault *fault, struct rg_diags *diags)
{
    const struct rg_node *debtor = rg_node_get(test->node, "debtor"), *world = rg_node_get(test->node, "world");
    const struct rg_node *at = test->node;
    if (fault->entry >= 0)
        at = test->happenings[fault->entry];
    else if (fault->entry == RG_FAULT_PERSON && debtor != NULL)
        at = debtor;
    else if (fault->entry == RG_FAULT_WORLD && world != NULL)
        at = world;
    rg_diags_error(diags, rg_node_place(at), "bad-event", "%s%s", fault->entry == RG_FAULT_PERSON ? "debtor: " : "",
                   fault->err.text);
}

struct checking {
    const struct rg_rule_test *test;
    struct rg_diags *diags;
};

static void tell_fault(void *ctx, const struct rg_scenario_fault *fault)
{
    const struct checking *c = ctx;
    rg_test_say_fault(c->test, fault, c->diags);
}

static void check_scenario(const struct loading *l, const struct rg_rule_test *test)
{
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(RG_SCENARIO_ARENA_BYTES);
    const struct rg_scenario scenario = rg_test_scenario(l->file, test);
    struct checking checking = {test, l->diags};
    rg_scenario_check(&scenario, arena, tell_fault, &checking);
}

/* Findings are all that is said of what is wrong. */
static void read_test(const struct loading *l, const struct written_test *w, struct rg_rule_test *test)
{
    *test = (struct rg_rule_test){.name = w->name, .node = w->section.node, .zone = zone_of(w, l->written)};
    if (w->events == NULL)
        return;
    test->expects = RG_NEW(l->file->arena, struct rg_expect, w->expect.count + w->then.expect.count + 1);
    note_places(l, w, test);
    read_expects(l, &w->expect, false, test);
    read_expects(l, &w->then.expect, true, test);
    place_then(l, w, test);
    find_end(l, w, test);
    if (write_test(l, w, test))
        check_scenario(l, test);
}

/* ---- the file ---- */

static int read_tests(struct loading *l)
{
    const struct written_test *written = l->written->tests.items;
    struct rg_test_file *file = l->file;
    file->tests = RG_NEW(file->arena, struct rg_rule_test, l->written->tests.count + 1);
    l->steps = rg_desk_steps(file->rules, file->arena, &l->step_count);
    for (size_t i = 0; i < l->written->tests.count; i++)
        read_test(l, &written[i], &file->tests[file->test_count++]);
    return rg_diags_errors(l->diags) > 0 ? RG_EINVAL : 0;
}

int rg_test_file_load(const char *path, const char *shipped, struct rg_diags *diags, struct rg_test_file **ret_file)
{
    struct rg_test_file *file RG_CLEANUP(rg_test_file_free) = rg_alloc(sizeof *file);
    struct written_file written;
    file->arena = rg_arena_new(FILE_ARENA_BYTES);
    file->path = rg_arena_strdup(file->arena, path);
    struct loading l = {.file = file, .written = &written, .diags = diags};
    const struct rg_reader reader = {.diags = diags, .arena = file->arena};
    int rc = rg_yaml_load(path, file->arena, diags, &l.doc);
    if (rc == 0)
        rc = rg_fields_read(l.doc->root, &rg_test_file_table, &written, &reader) ? 0 : RG_EINVAL;
    if (rc == 0)
        rc = load_rules(&l, shipped);
    if (rc == 0)
        rc = read_tests(&l);
    if (rc < 0)
        return RG_EINVAL;
    *ret_file = file;
    file = NULL;
    return 0;
}

void rg_test_file_free(struct rg_test_file **file)
{
    if (*file == NULL)
        return;
    for (size_t i = 0; i < (*file)->test_count; i++)
        rg_json_free(&(*file)->tests[i].doc);
    rg_rules_free(&(*file)->rules);
    rg_templates_free(&(*file)->templates);
    rg_arena_free(&(*file)->arena);
    rg_free(file);
}

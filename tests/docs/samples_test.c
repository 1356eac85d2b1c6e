/* What the guides show is right: each sample is cut out of its page and given to the very reader that an installation has. A
 * sample is a fenced block; its language says what it is, and `<!-- refused -->` before it says that it must fail, with the
 * reason and the sentence that the page prints behind it. */
#include "base/core/file.h"
#include "config/site/site.h"
#include "consumers/decode/decode.h"
#include "daemon/desk/judge.h"
#include "tests/fakes/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE_BYTES_MAX ((size_t)1 << 20)
#define SAMPLES_MAX 64
#define REFUSED "<!-- refused -->\n"

static struct rg_arena *arena;
static const char *source_dir;

static int setup(void **state)
{
    (void)state;
    arena = rg_arena_new((size_t)512 * 1024 * 1024);
    source_dir = getenv("RG_SOURCE_DIR");
    return source_dir == NULL;
}

static int teardown(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

/* ---- pages and what is in them ---- */

struct sample {
    struct rg_str text;
    int line;
    bool refused;
};
struct page {
    const char *name, *text;
    struct sample samples[SAMPLES_MAX];
    size_t count;
};

static const char *read_text(const char *below)
{
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    struct rg_error err;
    rg_buf_init(&bytes, PAGE_BYTES_MAX);
    if (rg_file_read(rg_arena_printf(arena, "%s/%s", source_dir, below).p, &bytes, &err) < 0)
        fail_msg("%s: %s", below, err.text);
    return rg_arena_strdup(arena, rg_buf_cstr(&bytes));
}

static int line_at(const struct page *page, const char *p)
{
    int line = 1;
    for (const char *q = page->text; q < p; q++)
        line += *q == '\n';
    return line;
}

/* The page with its blocks of one language; there must be some, else the test proves nothing. */
static struct page *read_page(const char *name, const char *language)
{
    struct page *page = RG_NEW(arena, struct page, 1);
    const char *fence = rg_arena_printf(arena, "\n```%s\n", language).p;
    *page = (struct page){.name = name, .text = read_text(name)};
    for (const char *at = strstr(page->text, fence); at != NULL; at = strstr(at + 1, fence)) {
        const char *text = at + strlen(fence), *end = strstr(text, "\n```\n");
        size_t before = sizeof REFUSED - 1;
        assert_non_null(end);
        assert_true(page->count < SAMPLES_MAX);
        page->samples[page->count++] = (struct sample){
            .text = {text, (size_t)(end - text) + 1}, .line = line_at(page, text),
            .refused = (size_t)(at + 1 - page->text) > before && memcmp(at + 1 - before, REFUSED, before) == 0};
    }
    if (page->count == 0)
        fail_msg("%s has no block of %s", name, language);
    return page;
}

static void findings_of(const struct page *page, const struct sample *sample, struct rg_diags *diags)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, (size_t)64 * 1024);
    rg_diags_print(diags, RG_DIAGS_PLAIN, &text);
    if (rg_diags_count(diags) > 0)
        fail_msg("%s:%d: the sample has findings:\n%s", page->name, sample->line, rg_buf_cstr(&text));
}

/* ---- events ---- */

static enum rg_decoded decode(struct rg_str value, struct rg_event *event, struct rg_reject *reject)
{
    static const struct rg_str creditors[] = {{"provedor", 8}};
    static const struct rg_service_of services[] = {{{"internet", 8}, {"provedor", 8}}};
    static const struct rg_message_header header = {{"content-type", 12}, {"application/cloudevents+json", 28}};
    static const struct rg_upstream upstream = {.name = {"billing", 7}, .creditors = creditors, .creditor_count = 1, .services = services,
                                                .service_count = 1};
    struct rg_message message = {.value = value, .headers = &header, .header_count = 1, .timestamp_ms = 1792000000000};
    return rg_decode(&upstream, &message, arena, event, reject);
}

static void events_are_what_the_door_takes(void **state)
{
    (void)state;
    const struct page *page = read_page("docs/events.md", "json");
    size_t refused = 0;
    for (size_t i = 0; i < page->count; i++) {
        const struct sample *sample = &page->samples[i];
        struct rg_event event = {0};
        struct rg_reject reject = {.detail = ""};
        enum rg_decoded decoded = decode(sample->text, &event, &reject);
        if ((decoded == RG_DECODED_REJECT) != sample->refused || decoded == RG_DECODED_NOTHING)
            fail_msg("%s:%d: %s", page->name, sample->line, sample->refused ? "is taken" : reject.detail);
        if (!sample->refused)
            continue;
        refused++;
        const char *said = rg_arena_printf(arena, "\nregua_reason: %s\nregua_detail: %s\n", reject.reason, reject.detail).p;
        if (strstr(page->text, said) == NULL)
            fail_msg("%s:%d: the page does not say:%s", page->name, sample->line, said);
    }
    assert_int_not_equal(refused, 0);
}

/* ---- YAML ---- */

static void load_rules(const struct page *page, const struct sample *sample, const char *ladder, struct rg_str policy, const char *directory)
{
    struct rg_rules *rules = NULL;
    struct rg_templates *templates = NULL;
    struct rg_inventory inventory;
    struct rg_diags *diags = rg_diags_new();
    struct rg_rules_text text = {.file = page->name, .bytes = rg_str(ladder)}, policy_text = {.file = page->name, .bytes = policy};
    struct rg_rules_input input = rg_test_rules_input();
    input.shipped = rg_arena_printf(arena, "%s/config/shipped", source_dir).p;
    input.directory = directory;
    input.texts = &text;
    input.text_count = 1;
    input.policy_text = policy.p != NULL ? &policy_text : NULL;
    int rc = rg_rules_load_from(&input, diags, &rules, &templates, &inventory);
    findings_of(page, sample, diags);
    assert_int_equal(rc, 0);
    rg_rules_free(&rules);
    rg_templates_free(&templates);
    rg_diags_free(&diags);
}

#define LADDER_HEAD "language: 1\nladder: amostra\npriority: 1\n"
#define LADDER_STEP "steps:\n  atraso: { day: D+1, tone: reminder, via: [email], template: %s }\n"

static const char *plain_ladder(const char *more)
{
    return rg_arena_printf(arena, LADDER_HEAD "%s" LADDER_STEP, more, "atraso").p;
}

static void write_file(const char *path, struct rg_str text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
    assert_int_equal(fclose(file), 0);
}

static void load_calendar(const struct page *page, const struct sample *sample, const char *name)
{
    char directory[] = "/tmp/regua-samples-XXXXXX";
    assert_non_null(mkdtemp(directory));
    const char *below = rg_arena_printf(arena, "%s/calendars", directory).p;
    const char *path = rg_arena_printf(arena, "%s/%s.yaml", below, name).p;
    assert_int_equal(mkdir(below, 0700), 0);
    write_file(path, sample->text);
    load_rules(page, sample, plain_ladder(rg_arena_printf(arena, "calendar: %s\n", name).p), (struct rg_str){0}, directory);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(below), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void load_site(const struct page *page, const struct sample *sample)
{
    char path[] = "/tmp/regua-samples-XXXXXX";
    const struct rg_site *site = NULL;
    struct rg_diags *diags = rg_diags_new();
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    write_file(path, sample->text);
    int rc = rg_site_load(path, rg_arena_printf(arena, "%s/config/shipped", source_dir).p, arena, diags, &site);
    assert_int_equal(unlink(path), 0);
    findings_of(page, sample, diags);
    assert_int_equal(rc, 0);
    rg_diags_free(&diags);
}

static void load_mapping(const struct page *page, const struct sample *sample, const struct rg_doc *doc, struct rg_diags *diags)
{
    struct rg_reader reader = {.diags = diags, .arena = arena};
    const struct rg_mapping *mapping = rg_mapping_read(doc, &reader);
    findings_of(page, sample, diags);
    assert_non_null(mapping);
}

/* A test of the ladders that the page shows; it has to pass. */
static void play_tests(const struct page *page, const struct sample *sample)
{
    char directory[] = "/tmp/regua-samples-XXXXXX";
    const char *paths[SAMPLES_MAX + 1];
    size_t count = 0;
    struct rg_diags *diags = rg_diags_new();
    struct rg_test_file *file = NULL;
    assert_non_null(mkdtemp(directory));
    for (size_t i = 0; i < page->count; i++) {
        static const char key[] = "\nladder: ";
        const char *text = rg_arena_str(arena, page->samples[i].text).p, *name = strstr(text, key);
        if (name == NULL)
            continue;
        name += sizeof key - 1;
        paths[count] = rg_arena_printf(arena, "%s/%.*s.yaml", directory, (int)strcspn(name, "\n "), name).p;
        write_file(paths[count++], page->samples[i].text);
    }
    paths[count] = rg_arena_printf(arena, "%s/amostra_test.yaml", directory).p;
    write_file(paths[count++], sample->text);
    int rc = rg_test_file_load(paths[count - 1], rg_arena_printf(arena, "%s/config/shipped", source_dir).p, diags, &file);
    findings_of(page, sample, diags);
    assert_int_equal(rc, 0);
    for (size_t i = 0; i < file->test_count; i++) {
        struct rg_desk *desk = NULL;
        struct rg_verdict_on_test verdict = {.count = 0};
        assert_int_equal(rg_test_judge(file, &file->tests[i], arena, diags, &desk, &verdict), 0);
        if (verdict.count > 0)
            fail_msg("%s:%d: expected %s, got %s", page->name, sample->line + verdict.failures[0].line - 1,
                     verdict.failures[0].expected.p, verdict.failures[0].got.p);
        rg_desk_free(&desk);
    }
    rg_test_file_free(&file);
    rg_diags_free(&diags);
    while (count > 0)
        assert_int_equal(unlink(paths[--count]), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void load_sample(const struct page *page, const struct sample *sample)
{
    const struct rg_doc *doc = NULL;
    struct rg_diags *diags = rg_diags_new();
    int rc = rg_yaml_parse(page->name, sample->text, arena, diags, &doc);
    findings_of(page, sample, diags);
    assert_int_equal(rc, 0);
    const struct rg_node *calendar = rg_node_get(doc->root, "calendar");
    if (rg_node_get(doc->root, "ladder") != NULL)
        load_rules(page, sample, rg_arena_str(arena, sample->text).p, (struct rg_str){0}, NULL);
    else if (rg_node_get(doc->root, "mapping") != NULL)
        load_mapping(page, sample, doc, diags);
    else if (rg_node_get(doc->root, "tests") != NULL)
        play_tests(page, sample);
    else if (rg_node_get(doc->root, "creditors") != NULL)
        load_site(page, sample);
    else if (rg_node_get(doc->root, "policy") != NULL)
        load_rules(page, sample, plain_ladder(""), sample->text, NULL);
    else if (calendar != NULL)
        load_calendar(page, sample, calendar->text.p);
    else
        fail_msg("%s:%d: what file is this?", page->name, sample->line);
    rg_diags_free(&diags);
}

static void files_are_what_check_takes(void **state)
{
    (void)state;
    static const char *const pages[] = {"docs/events.md", "docs/rules.md", "docs/configuration.md"};
    for (size_t i = 0; i < RG_COUNT(pages); i++) {
        const struct page *page = read_page(pages[i], "yaml");
        for (size_t k = 0; k < page->count; k++)
            load_sample(page, &page->samples[k]);
    }
}

/* ---- conditions and texts ---- */

static void conditions_compile(void **state)
{
    (void)state;
    const struct page *page = read_page("docs/rules.md", "cel");
    for (size_t i = 0; i < page->count; i++) {
        struct rg_str left = page->samples[i].text;
        while (left.n > 0) {
            size_t n = (size_t)((const char *)memchr(left.p, '\n', left.n) - left.p);
            load_rules(page, &page->samples[i], plain_ladder(rg_arena_printf(arena, "applies: >-\n  %.*s\n", (int)n, left.p).p), (struct rg_str){0}, NULL);
            left = (struct rg_str){left.p + n + 1, left.n - n - 1};
        }
    }
}

static void texts_render(void **state)
{
    (void)state;
    const struct page *page = read_page("docs/rules.md", "mustache");
    for (size_t i = 0; i < page->count; i++) {
        struct rg_buf ladder RG_CLEANUP(rg_buf_done);
        rg_buf_init(&ladder, PAGE_BYTES_MAX);
        rg_buf_addf(&ladder, LADDER_HEAD LADDER_STEP "templates:\n  amostra: |\n    ", "amostra");
        for (size_t k = 0; k < page->samples[i].text.n; k++) {
            rg_buf_addc(&ladder, page->samples[i].text.p[k]);
            if (page->samples[i].text.p[k] == '\n')
                rg_buf_adds(&ladder, "    ");
        }
        load_rules(page, &page->samples[i], rg_buf_cstr(&ladder), (struct rg_str){0}, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_what_the_door_takes),
        cmocka_unit_test(files_are_what_check_takes),
        cmocka_unit_test(conditions_compile),
        cmocka_unit_test(texts_render),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* Field tables: what each type takes, what is said about the rest, defaults, sections, and the documentation that comes out. */
#include "config/yaml/fields.h"

#include "tests/unit/config/yaml/heads.h"
#include "tests/unit/support/cmocka.h"
#include "tests/unit/support/death.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX ((size_t)1 << 20)

static const char *const tones[] = {"info", "courtesy", "reminder", "firm", "notice", "sanction", NULL};
static const char *const days[] = {"monday", "friday", "saturday", NULL};

struct step {
    struct rg_section section;
    struct rg_day_offset day;
    int tone;
    struct rg_texts via;
    struct rg_str template;
    struct rg_by_state term;
};

static const struct rg_row step_rows[] = {
    {.key = "day", RG_AT(struct step, day), .type = RG_ROW_DAY, .flags = RG_REQUIRED, .help = "When."},
    {.key = "tone", RG_AT(struct step, tone), .type = RG_ROW_ENUM, .words = tones, .fallback = "reminder", .help = "How."},
    {.key = "via", RG_AT(struct step, via), .type = RG_ROW_TEXTS, .fallback = "whatsapp-x, email",
     .help = "By what."},
    {.key = "template", RG_AT(struct step, template), .type = RG_ROW_NAME, .help = "What."},
    {.key = "term", RG_AT(struct step, term), .type = RG_ROW_BY_STATE, .help = "Time granted."},
};
static const struct rg_table step_table = RG_TABLE("step", struct step, step_rows);

struct caps {
    struct rg_section section;
    int64_t per_day;
    struct rg_duration gap;
};

static const struct rg_row caps_rows[] = {
    {.key = "per_day", RG_AT(struct caps, per_day), .type = RG_ROW_INT, .fallback = "1", .min = 1, .max = 10, .help = "A day."},
    {.key = "gap", RG_AT(struct caps, gap), .type = RG_ROW_DURATION, .fallback = "20h", .min = 3600, .max = 7 * 86400,
     .help = "Between."},
};
static const struct rg_table caps_table = RG_TABLE("caps", struct caps, caps_rows);

struct all {
    struct rg_section section;
    struct rg_str title, text, name;
    bool flag;
    int64_t number, cents;
    struct rg_decimal percent;
    struct rg_day_offset day;
    struct rg_duration wait, claim;
    struct rg_rate_limit rate;
    rg_day date;
    struct rg_hours open;
    struct rg_weekly hours;
    uint64_t never;
    struct rg_texts hosts;
    struct rg_pairs headers;
    struct rg_secret token;
    struct caps caps;
    struct rg_sections steps, tests;
    struct rg_by_state term;
    int64_t custom;
};

static bool read_custom(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    static const struct rg_row inner = {.key = "custom", .type = RG_ROW_INT, .min = 1, .max = 9};
    assert_string_equal(row->key, "custom");
    if (node->kind == RG_NODE_LIST) {
        *(int64_t *)member = (int64_t)node->count;
        return true;
    }
    return rg_row_read(node, &inner, member, reader);
}

static bool take_extra(const struct rg_node *key, const struct rg_node *value, void *target, const struct rg_reader *reader)
{
    (void)value;
    (void)target;
    *(int *)reader->ctx += 1;
    return rg_str_is(key->text, "x_known");
}

static const struct rg_row all_rows[] = {
    {.key = "title", RG_AT(struct all, title), .type = RG_ROW_TEXT, .min = 2, .max = 10, .fallback = "ação", .help = "Title."},
    {.key = "text", RG_AT(struct all, text), .type = RG_ROW_TEXT, .flags = RG_MULTILINE, .help = "Lines."},
    {.key = "name", RG_AT(struct all, name), .type = RG_ROW_NAME, .help = "Name."},
    {.key = "flag", RG_AT(struct all, flag), .type = RG_ROW_BOOL, .fallback = "true", .help = "Flag."},
    {.key = "shards", RG_AT(struct all, number), .type = RG_ROW_INT, .min = 1, .max = 512, .fallback = "64", .help = "Number."},
    {.key = "cents", RG_AT(struct all, cents), .type = RG_ROW_CENTS, .fallback = "brl(\"20.00\")", .max = 100000,
     .help = "Money."},
    {.key = "percent", RG_AT(struct all, percent), .type = RG_ROW_DECIMAL, .max = 2, .fallback = "2", .help = "Percent."},
    {.key = "day", RG_AT(struct all, day), .type = RG_ROW_DAY, .min = -30, .max = 180, .help = "Day."},
    {.key = "wait", RG_AT(struct all, wait), .type = RG_ROW_DURATION, .help = "Wait."},
    {.key = "claim", RG_AT(struct all, claim), .type = RG_ROW_DURATION, .units = RG_UNITS_CLOCK, .fallback = "60s", .min = 5,
     .max = 600, .help = "Claim."},
    {.key = "rate", RG_AT(struct all, rate), .type = RG_ROW_RATE, .help = "Rate."},
    {.key = "date", RG_AT(struct all, date), .type = RG_ROW_DATE, .help = "Date."},
    {.key = "open", RG_AT(struct all, open), .type = RG_ROW_OPENING, .fallback = "08:00-20:00", .help = "Open."},
    {.key = "hours", RG_AT(struct all, hours), .type = RG_ROW_HOURS, .help = "Hours."},
    {.key = "never", RG_AT(struct all, never), .type = RG_ROW_FLAGS, .words = days, .fallback = "friday, saturday",
     .help = "Never."},
    {.key = "brokers", RG_AT(struct all, hosts), .type = RG_ROW_TEXTS, .min = 1, .max = 3, .help = "Hosts."},
    {.key = "headers", RG_AT(struct all, headers), .type = RG_ROW_PAIRS, .max = 2, .help = "Headers."},
    {.key = "token", RG_AT(struct all, token), .type = RG_ROW_SECRET, .help = "Token."},
    {.key = "caps", RG_AT(struct all, caps), .type = RG_ROW_SECTION, .table = &caps_table, .help = "Caps."},
    {.key = "steps", RG_AT(struct all, steps), .type = RG_ROW_SECTIONS, .table = &step_table, .help = "Steps."},
    {.key = "tests", RG_AT(struct all, tests), .type = RG_ROW_LIST, .table = &step_table, .help = "Tests."},
    {.key = "term", RG_AT(struct all, term), .type = RG_ROW_BY_STATE, .units = RG_UNITS(RG_UNIT_DAY), .fallback = "3d",
     .help = "Term."},
    {.key = "custom", RG_AT(struct all, custom), .type = RG_ROW_CUSTOM, .custom = read_custom, .example = "`[a]`",
     .help = "Custom."},
};
static const struct rg_table all_table = {
    .name = "all", .size = sizeof(struct all), .fields = all_rows, .count = RG_COUNT(all_rows), .extra = take_extra};

struct read {
    struct rg_arena *arena;
    struct rg_diags *diags;
    const struct rg_doc *doc;
    struct all all;
    bool fine;
    int extras;
    struct rg_buf heads;
};

static void read_all(const char *yaml, struct read *r)
{
    *r = (struct read){.arena = rg_arena_new(RG_YAML_ARENA_BYTES), .diags = rg_diags_new()};
    struct rg_reader reader = {r->diags, r->arena, &r->extras};
    int rc = rg_yaml_parse("t.yaml", rg_str(yaml), r->arena, r->diags, &r->doc);
    assert_int_equal(rc, 0);
    r->fine = rg_fields_read(r->doc->root, &all_table, &r->all, &reader);
    rg_buf_init(&r->heads, TEXT_MAX);
    add_heads(r->diags, &r->heads);
}

static void done(struct read *r)
{
    rg_buf_done(&r->heads);
    rg_diags_free(&r->diags);
    rg_arena_free(&r->arena);
}

static void assert_text(struct rg_str text, const char *expected)
{
    assert_true(rg_str_is(text, expected));
}

static void assert_term(const struct rg_by_state *term, size_t i, const char *place, int64_t amount)
{
    assert_true(i < term->count);
    assert_text(term->items[i].place, place);
    assert_int_equal(term->items[i].duration.amount, amount);
}

static void assert_defaults(const struct all *a)
{
    assert_text(a->title, "ação");
    assert_null(a->text.p);
    assert_true(a->flag);
    assert_int_equal(a->number, 64);
    assert_int_equal(a->cents, 2000);
    assert_int_equal(a->percent.units, 2);
    assert_false(a->day.set);
    assert_int_equal(a->wait.unit, RG_UNIT_NONE);
    assert_int_equal(rg_duration_ms(a->claim), 60000);
    assert_int_equal(a->rate.count, 0);
    assert_int_equal(a->date, RG_DAY_NONE);
    assert_int_equal(a->open.open_minute, 480);
    assert_int_equal(a->open.close_minute, 1200);
    assert_false(a->hours.given);
    assert_int_equal(a->never, 6);
    assert_int_equal(a->hosts.count + a->headers.count + a->steps.count + a->tests.count, 0);
    assert_int_equal(a->token.kind, RG_SECRET_NONE);
    assert_null(a->caps.section.node);
    assert_int_equal(a->caps.per_day, 1);
    assert_int_equal(rg_duration_ms(a->caps.gap), 20 * 3600000);
    assert_term(&a->term, 0, "default", 3);
    assert_int_equal(a->term.count, 1);
}

static void absent_keys_take_their_defaults(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(TEXT_MAX);
    struct rg_diags *diags = rg_diags_new();
    struct rg_reader reader = {diags, arena, NULL};
    struct all all;
    memset(&all, 0xa5, sizeof all);
    assert_true(rg_fields_read(NULL, &all_table, &all, &reader));
    assert_defaults(&all);
    assert_null(all.section.node);
    assert_false(rg_section_has(&all.section, "flag"));
    assert_int_equal(rg_diags_count(diags), 0);
    rg_diags_free(&diags);
    rg_arena_free(&arena);
}

static void every_type_is_read(void **state)
{
    (void)state;
    struct read r RG_CLEANUP(done);
    read_all("title: \"08:00\"\n"
             "text: |\n  a\n  \tb\n"
             "name: a_1\n"
             "flag: false\n"
             "shards: '512'\n"
             "cents: brl(\"1000\")\n"
             "percent: 0.033\n"
             "day: D-30\n"
             "wait: 2bd\n"
             "claim: 10m\n"
             "rate: 600/m\n"
             "date: 2024-02-29\n"
             "open: 00:00-24:00\n"
             "hours: { weekdays: 08:00-20:00, saturday: 08:00-14:00 }\n"
             "never: [monday]\n"
             "brokers: [127.0.0.1:9092, b]\n"
             "headers: { X-A: 1, b: \"c d\" }\n"
             "token: { credential: smtp }\n"
             "caps: { gap: 1h }\n"
             "steps:\n"
             "  atraso: { day: D+1, tone: sanction, via: [sms], template: atraso, term: { SP: 15d, default: 10d } }\n"
             "  outro: { day: D+5bd }\n"
             "tests:\n  - { day: D0, term: 3bd }\n"
             "term: { default: 1d, RJ: 2d }\n"
             "custom: [a, b, c]\n"
             "x_known: 1\n", &r);
    assert_string_equal(rg_buf_cstr(&r.heads), "");
    assert_true(r.fine);
    const struct all *a = &r.all;
    assert_text(a->title, "08:00");
    assert_text(a->text, "a\n\tb\n");
    assert_text(a->name, "a_1");
    assert_false(a->flag);
    assert_int_equal(a->number, 512);
    assert_int_equal(a->cents, 100000);
    assert_int_equal(a->percent.units, 33);
    assert_int_equal(a->percent.scale, 3);
    assert_true(a->day.set && a->day.days == -30 && !a->day.bank);
    assert_true(a->wait.amount == 2 && a->wait.unit == RG_UNIT_BANK_DAY);
    assert_int_equal(rg_duration_ms(a->claim), 600000);
    assert_true(a->rate.count == 600 && a->rate.per_s == 60);
    assert_int_equal(a->date, 19782);
    assert_true(a->open.open_minute == 0 && a->open.close_minute == 1440);
    assert_true(a->hours.given && a->hours.saturday.close_minute == 840 && a->hours.sunday.close_minute == 0);
    assert_int_equal(a->never, 1);
    assert_int_equal(a->hosts.count, 2);
    assert_text(a->hosts.items[0], "127.0.0.1:9092");
    assert_int_equal(a->headers.count, 2);
    assert_text(a->headers.items[0].key, "X-A");
    assert_text(a->headers.items[1].value, "c d");
    assert_int_equal(a->token.kind, RG_SECRET_CREDENTIAL);
    assert_text(a->token.name, "smtp");
    assert_int_equal(a->caps.per_day, 1);
    assert_int_equal(rg_duration_ms(a->caps.gap), 3600000);
    assert_non_null(a->caps.section.node);
    assert_int_equal(a->custom, 3);
    assert_int_equal(r.extras, 1);
    assert_int_equal(a->steps.count, 2);
    const struct step *steps = a->steps.items;
    assert_text(steps[0].section.name, "atraso");
    assert_int_equal(steps[0].tone, 5);
    assert_int_equal(steps[0].via.count, 1);
    assert_int_equal(steps[0].term.count, 2);
    assert_term(&steps[0].term, 0, "default", 10); /* wherever it was written */
    assert_term(&steps[0].term, 1, "SP", 15);
    assert_int_equal(steps[1].term.count, 0);
    assert_int_equal(a->term.count, 2);
    assert_term(&a->term, 1, "RJ", 2);
    assert_true(steps[1].day.bank && steps[1].day.days == 5);
    assert_int_equal(steps[1].tone, 2);
    assert_int_equal(steps[1].via.count, 2);
    assert_text(steps[1].via.items[0], "whatsapp-x");
    assert_true(rg_section_has(&steps[0].section, "via"));
    assert_false(rg_section_has(&steps[1].section, "via"));
    const struct step *test = a->tests.items;
    assert_null(test->section.name.p);
    assert_true(test->day.set && test->day.days == 0);
}

static void assert_complaint(const char *yaml, const char *expected)
{
    struct read r RG_CLEANUP(done);
    read_all(yaml, &r);
    assert_string_equal(rg_buf_cstr(&r.heads), expected);
    assert_false(r.fine);
}

/* The rows of the language's list of typical mistakes that tables own, word for word. */
static void typical_mistakes_read_like_a_colleague(void **state)
{
    (void)state;
    assert_complaint("steps:\n  atraso: { day: D+1, tone: reminder, tempalte: atraso }\n",
                     "2:39: error: unknown key \"tempalte\" in step \"atraso\", did you mean \"template\"? [unknown-key]\n");
    assert_complaint("steps:\n  atraso:\n    day: 10 dias\n",
                     "3:10: error: expected a day such as D-5, D0, D+5 or D+5bd; for ten days after the due date write D+10 "
                     "[bad-day]\n");
    struct read r RG_CLEANUP(done);
    read_all("brokers: [emial]\n", &r);
    static const char *const channels[] = {"email", "letter", "sms", "whatsapp"};
    rg_unknown_value(r.diags, rg_node_get(r.doc->root, "brokers")->entries[0].value, "channel", channels, 4);
    assert_string_equal(rg_diags_at(r.diags, 0)->text,
                        "unknown channel \"emial\", did you mean \"email\"? expected one of email, letter, sms, whatsapp");
}

static void keys_are_known_or_guessed(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *expected;
    } rows[] = {
        {"titel: ab\n", "1:1: error: unknown key \"titel\" at the top level, did you mean \"title\"? [unknown-key]\n"},
        {"caps: { per_dya: 1 }\n", "1:9: error: unknown key \"per_dya\" in \"caps\", did you mean \"per_day\"? [unknown-key]\n"},
        {"steps: { a: { day: D0, channel: sms } }\n",
         "1:24: error: unknown key \"channel\" in step \"a\", did you mean \"via\"? [unknown-key]\n"},
        {"steps: { a: { delay: D0 } }\n",
         "1:10: error: missing key \"day\" in step \"a\" [missing-key]\n"
         "1:15: error: unknown key \"delay\" in step \"a\", did you mean \"day\"? [unknown-key]\n"},
        {"caps: { zzzzz: 1 }\n", "1:9: error: unknown key \"zzzzz\" in \"caps\" [unknown-key]\n"},
        {"caps: { \"\": 1 }\n", "1:9: error: unknown key \"\" in \"caps\" [unknown-key]\n"},
        {"tests:\n  - {}\n  - { dia: D0 }\n",
         "2:5: error: missing key \"day\" in item 1 of \"tests\" [missing-key]\n"
         "3:5: error: missing key \"day\" in item 2 of \"tests\" [missing-key]\n"
         "3:7: error: unknown key \"dia\" in item 2 of \"tests\", did you mean \"day\"? [unknown-key]\n"},
        {"steps:\n  Aviso Suspensão: { day: D0 }\n",
         "2:3: error: a name starts with a lower-case letter and holds only lower-case letters, digits and \"_\"; write "
         "\"aviso_suspensao\" [bad-name]\n"},
        {"steps: []\n", "1:8: error: expected keys and values for \"steps\", got a list [mistyped]\n"},
        {"steps: { a: D0 }\n", "1:13: error: expected keys and values for \"a\", got \"D0\" [mistyped]\n"},
        {"steps:\n  a:\n", "2:3: error: expected keys and values for \"a\", got nothing [mistyped]\n"},
        {"tests: { a: {} }\n", "1:8: error: expected a list for \"tests\", got a map [mistyped]\n"},
        {"caps: 1\n", "1:7: error: expected keys and values for \"caps\", got \"1\" [mistyped]\n"},
        {"hours: { feriado: 08:00-09:00, weekday: 08:00-09:00 }\n",
         "1:10: error: unknown key \"feriado\" in \"hours\" [unknown-key]\n"
         "1:32: error: unknown key \"weekday\" in \"hours\", did you mean \"weekdays\"? [unknown-key]\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        assert_complaint(rows[i].yaml, rows[i].expected);
    assert_complaint("[a]\n", "1:1: error: expected keys and values, got a list [mistyped]\n");
    assert_complaint("a\n", "1:1: error: expected keys and values, got \"a\" [mistyped]\n");
}

static void values_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *expected;
    } rows[] = {
        {"title: a\n", "1:8: error: a text of 1 characters; expected 2 to 10 [out-of-range]\n"},
        {"title: ããããããããããã\n", "1:8: error: a text of 11 characters; expected 2 to 10 [out-of-range]\n"},
        {"title: [a]\n", "1:8: error: expected a text for \"title\", got a list [mistyped]\n"},
        {"title:\n", "1:1: error: expected a text for \"title\", got nothing [mistyped]\n"},
        {"title: \"a\\nb\"\n", "1:8: error: expected a text of one line, without control characters [bad-character]\n"},
        {"title: \"a\\0b\"\n", "1:8: error: expected a text of one line, without control characters [bad-character]\n"},
        {"text: \"a\\0b\"\n", "1:7: error: expected a text without control characters [bad-character]\n"},
        {"text: \"\\e[31m\"\n", "1:7: error: expected a text without control characters [bad-character]\n"},
        {"text: ''\n", "1:7: error: a text of 0 characters; expected 1 to 4096 [out-of-range]\n"},
        {"name: A-b\n", "1:7: error: a name starts with a lower-case letter and holds only lower-case letters, digits and "
         "\"_\"; write \"a_b\" [bad-name]\n"},
        {"name: 1a\n", "1:7: error: a name starts with a lower-case letter and holds only lower-case letters, digits and \"_\" "
         "[bad-name]\n"},
        {"name: 日本\n", "1:7: error: a name starts with a lower-case letter and holds only lower-case letters, digits and \"_\" "
         "[bad-name]\n"},
        {"flag: yes\n", "1:7: error: expected true or false for \"flag\", got \"yes\" [mistyped]\n"},
        {"flag: True\n", "1:7: error: expected true or false for \"flag\", got \"True\" [mistyped]\n"},
        {"flag: [true]\n", "1:7: error: expected true or false for \"flag\", got a list [mistyped]\n"},
        {"shards: 0\n", "1:9: error: \"shards\" is 0; expected 1 to 512 [out-of-range]\n"},
        {"shards: 513\n", "1:9: error: \"shards\" is 513; expected 1 to 512 [out-of-range]\n"},
        {"shards: 1e2\n", "1:9: error: expected a whole number for \"shards\", got \"1e2\" [mistyped]\n"},
        {"shards: 0x40\n", "1:9: error: expected a whole number for \"shards\", got \"0x40\" [mistyped]\n"},
        {"shards: 99999999999999999999\n",
         "1:9: error: expected a whole number for \"shards\", got \"99999999999999999999\" [mistyped]\n"},
        {"cents: 300\n", "1:8: error: money has a type of its own; write brl(\"300.00\") [bad-money]\n"},
        {"cents: 20,5\n", "1:8: error: money has a type of its own; write brl(\"205.00\") [bad-money]\n"},
        {"cents: R$ 1.234,56\n", "1:8: error: money has a type of its own; write brl(\"1234.56\") [bad-money]\n"},
        {"cents: brl(\"20,00\")\n", "1:8: error: money has a type of its own; write brl(\"20.00\") [bad-money]\n"},
        {"cents: brl(20)\n", "1:8: error: money has a type of its own; write brl(\"20.00\") [bad-money]\n"},
        {"cents: muito\n", "1:8: error: expected money such as brl(\"20.00\"), got \"muito\" [bad-money]\n"},
        {"cents: brl(\"\")\n", "1:8: error: expected money such as brl(\"20.00\"), got \"brl(\"\")\" [bad-money]\n"},
        {"cents: brl(\"1000.01\")\n",
         "1:8: error: \"cents\" is brl(\"1000.01\"); expected brl(\"0.00\") to brl(\"1000.00\") [out-of-range]\n"},
        {"percent: 2,5\n", "1:10: error: decimals have a point; write \"2.5\" [bad-decimal]\n"},
        {"percent: 2.\n", "1:10: error: expected a decimal number such as \"2\" or \"0.033\", got \"2.\" [bad-decimal]\n"},
        {"percent: -1\n", "1:10: error: expected a decimal number such as \"2\" or \"0.033\", got \"-1\" [bad-decimal]\n"},
        {"percent: 2.000000001\n", "1:10: error: \"percent\" is 2.000000001; expected 0 to 2 [out-of-range]\n"},
        {"percent: 2%\n", "1:10: error: expected a decimal number such as \"2\" or \"0.033\", got \"2%\" [bad-decimal]\n"},
        {"day: D+181\n", "1:6: error: \"day\" is D+181; expected D-30 to D+180 [out-of-range]\n"},
        {"day: D-31\n", "1:6: error: \"day\" is D-31; expected D-30 to D+180 [out-of-range]\n"},
        {"wait: 10 dias\n", "1:7: error: expected a duration such as 30m, 20h, 15d or 2bd (bank days); write 10d "
         "[bad-duration]\n"},
        {"wait: 2 dias úteis\n",
         "1:7: error: expected a duration such as 30m, 20h, 15d or 2bd (bank days); write 2bd [bad-duration]\n"},
        {"wait: 3 hours\n", "1:7: error: expected a duration such as 30m, 20h, 15d or 2bd (bank days); write 3h "
         "[bad-duration]\n"},
        {"wait: 10\n", "1:7: error: expected a duration such as 30m, 20h, 15d or 2bd (bank days), got \"10\" [bad-duration]\n"},
        {"wait: 1w\n", "1:7: error: expected a duration such as 30m, 20h, 15d or 2bd (bank days), got \"1w\" [bad-duration]\n"},
        {"wait: -1d\n", "1:7: error: expected a duration such as 30m, 20h, 15d or 2bd (bank days), got \"-1d\" [bad-duration]\n"},
        {"wait: 100001d\n", "1:7: error: expected a duration such as 30m, 20h, 15d or 2bd (bank days), got \"100001d\" "
         "[bad-duration]\n"},
        {"claim: 1d\n", "1:8: error: expected a duration such as 10s, 5m or 2h, got \"1d\" [bad-duration]\n"},
        {"claim: 4s\n", "1:8: error: \"claim\" is 4s; expected 5s to 10m [out-of-range]\n"},
        {"claim: 601s\n", "1:8: error: \"claim\" is 601s; expected 5s to 10m [out-of-range]\n"},
        {"caps: { gap: 8d }\n", "1:14: error: \"gap\" is 8d; expected 1h to 7d [out-of-range]\n"},
        {"rate: 50\n", "1:7: error: expected a rate such as 50/s, 600/m or 1000/h for \"rate\", got \"50\" [mistyped]\n"},
        {"rate: 0/s\n", "1:7: error: expected a rate such as 50/s, 600/m or 1000/h for \"rate\", got \"0/s\" [mistyped]\n"},
        {"date: 2026-02-29\n", "1:7: error: expected a date such as 2026-11-30 for \"date\", got \"2026-02-29\" [mistyped]\n"},
        {"date: 29/02/2024\n", "1:7: error: expected a date such as 2026-11-30 for \"date\", got \"29/02/2024\" [mistyped]\n"},
        {"open: 20:00-08:00\n", "1:7: error: expected hours such as 08:00-20:00 for \"open\", got \"20:00-08:00\" [mistyped]\n"},
        {"open: 8:00-20:00\n", "1:7: error: expected hours such as 08:00-20:00 for \"open\", got \"8:00-20:00\" [mistyped]\n"},
        {"open: 08:00-24:01\n", "1:7: error: expected hours such as 08:00-20:00 for \"open\", got \"08:00-24:01\" [mistyped]\n"},
        {"open: 08:60-20:00\n", "1:7: error: expected hours such as 08:00-20:00 for \"open\", got \"08:60-20:00\" [mistyped]\n"},
        {"hours: { saturday: x }\n", "1:20: error: expected hours such as 08:00-20:00 for \"saturday\", got \"x\" [mistyped]\n"},
        {"never: [fridya]\n",
         "1:9: error: unknown never \"fridya\", did you mean \"friday\"? expected one of monday, friday, saturday "
         "[unknown-value]\n"},
        {"never: friday\n", "1:8: error: expected a list for \"never\", got \"friday\" [mistyped]\n"},
        {"steps: { a: { day: D0, tone: hard } }\n",
         "1:30: error: unknown tone \"hard\"; expected one of info, courtesy, reminder, firm, notice, sanction "
         "[unknown-value]\n"},
        {"brokers: []\n", "1:10: error: a list of 0; expected 1 to 3 [out-of-range]\n"},
        {"brokers: [a, b, c, d]\n", "1:10: error: a list of 4; expected 1 to 3 [out-of-range]\n"},
        {"brokers: [a, b, a]\n", "1:17: error: \"a\" stands twice in this list [repeated]\n"},
        {"brokers: [a, [b], c]\n", "1:14: error: expected a text, got a list [mistyped]\n"},
        {"headers: { a: 1, b: 2, c: 3 }\n", "1:10: error: 3 keys; expected at most 2 [out-of-range]\n"},
        {"headers: { a: [b] }\n", "1:15: error: expected a text for \"a\", got a list [mistyped]\n"},
        {"headers: { a: \"b\\r\\nX: y\" }\n",
         "1:15: error: expected a text of one line, without control characters [bad-character]\n"},
        {"token: {}\n", "1:8: error: expected one of { credential: NAME } and { file: PATH } for \"token\", got a map "
         "[mistyped]\n"},
        {"token: { credential: a, file: b }\n",
         "1:8: error: expected one of { credential: NAME } and { file: PATH } for \"token\", got a map [mistyped]\n"},
        {"token: { credentail: a }\n",
         "1:10: error: unknown key \"credentail\" in \"token\", did you mean \"credential\"? [unknown-key]\n"},
        {"token: { credential: ../x }\n",
         "1:22: error: a credential's name is no path; for a path write { file: PATH } [bad-name]\n"},
        {"token: { credential: .. }\n",
         "1:22: error: a credential's name is no path; for a path write { file: PATH } [bad-name]\n"},
        {"token: [a]\n", "1:8: error: expected { credential: NAME } or { file: PATH } for \"token\", got a list [mistyped]\n"},
        {"token:\n", "1:1: error: expected { credential: NAME } or { file: PATH } for \"token\", got nothing [mistyped]\n"},
        {"term: { RJ: 2d }\n", "1:7: error: missing key \"default\": what holds in all other states [missing-key]\n"},
        {"term: { default: 1d, XX: 2d }\n",
         "1:22: error: unknown place \"XX\"; expected \"default\" or a state such as SP [unknown-key]\n"},
        {"term: { default: [1d] }\n", "1:18: error: expected a duration such as 30m, 20h or 15d for \"default\", got a list "
         "[mistyped]\n"},
        {"term: 2bd\n", "1:7: error: expected days such as 15d, got \"2bd\" [bad-duration]\n"},
        {"term: 2 horas\n", "1:7: error: expected days such as 15d, got \"2 horas\" [bad-duration]\n"},
        {"term: 2 dias\n", "1:7: error: expected days such as 15d; write 2d [bad-duration]\n"},
        {"steps: { a: { day: D0, term: { default: dez } } }\n",
         "1:41: error: expected a duration such as 30m, 20h, 15d or 2bd (bank days), got \"dez\" [bad-duration]\n"},
        {"custom: 10\n", "1:9: error: \"custom\" is 10; expected 1 to 9 [out-of-range]\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        assert_complaint(rows[i].yaml, rows[i].expected);
}

static void days_are_guessed_from_speech(void **state)
{
    (void)state;
    static const char expected[] = "expected a day such as D-5, D0, D+5 or D+5bd";
    static const struct {
        const char *day, *guess;
    } rows[] = {
        {"10 dias", "; for ten days after the due date write D+10"},
        {"1 dia", "; for one day after the due date write D+1"},
        {"20", "; for twenty days after the due date write D+20"},
        {"21", "; for 21 days after the due date write D+21"},
        {"\"-3\"", "; for three days before the due date write D-3"},
        {"5 dias antes", "; for five days before the due date write D-5"},
        {"5 dias úteis", "; for five bank days after the due date write D+5bd"},
        {"D5", "; for five days after the due date write D+5"},
        {"d+5", "; for five days after the due date write D+5"},
        {"D+05", "; for five days after the due date write D+5"},
        {"D+0", ""},
        {"D+", ""},
        {"D0bd", ""},
        {"D+5bdx", "; for five bank days after the due date write D+5bd"},
        {"D+4001", ""},
        {"ontem", ""},
        {"\"\"", ""},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char yaml[64], text[256];
        (void)snprintf(yaml, sizeof yaml, "day: %s\n", rows[i].day);
        (void)snprintf(text, sizeof text, "1:6: error: %s%s [bad-day]\n", expected, rows[i].guess);
        assert_complaint(yaml, text);
    }
}

static void wrong_values_leave_the_defaults(void **state)
{
    (void)state;
    struct read r RG_CLEANUP(done);
    read_all("title: a\nflag: maybe\nshards: x\ncents: x\npercent: x\nday: x\nwait: x\nclaim: x\nrate: x\ndate: x\nopen: "
             "x\nhours: x\n"
             "never: [x]\nbrokers: [a, a]\nheaders: x\ntoken: x\ncaps: x\nsteps: x\ntests: x\nterm: [x]\n", &r);
    assert_int_equal(rg_diags_errors(r.diags), 20);
    assert_defaults(&r.all);
}

/* A secret written out must not be repeated by the tool that refuses it. */
static void a_literal_secret_is_not_shown(void **state)
{
    (void)state;
    struct read r RG_CLEANUP(done);
    read_all("token: hunter2\n", &r);
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, TEXT_MAX);
    rg_diags_print(r.diags, RG_DIAGS_PLAIN, &out);
    rg_diags_json(r.diags, &out);
    assert_non_null(strstr(rg_buf_cstr(&out),
                           "t.yaml:1:8: error: a secret is not written here; write { credential: NAME } or { file: PATH } and "
                           "treat this "
                           "one as leaked [literal-secret]\n"));
    assert_null(strstr(rg_buf_cstr(&out), "hunter2"));
}

/* Nor by another finding about the same line, whichever comes first; nor where a key that means one is misspelt. */
static void a_line_with_a_secret_is_shown_by_no_finding(void **state)
{
    (void)state;
    static const char *const texts[] = {"{ token: hunter2, shrads: 4 }\n", "{ shrads: 4, token: hunter2 }\n", "{ shards: x, token: hunter2 }\n",
                                        "{ token: hunter2, shards: x }\n", "tokn: hunter2\n", "secret_token: hunter2\n",
                                        "api_key: hunter2\n"};
    for (size_t i = 0; i < RG_COUNT(texts); i++) {
        struct read r RG_CLEANUP(done);
        struct rg_buf out RG_CLEANUP(rg_buf_done);
        read_all(texts[i], &r);
        rg_buf_init(&out, TEXT_MAX);
        rg_diags_print(r.diags, RG_DIAGS_PLAIN, &out);
        rg_diags_json(r.diags, &out);
        assert_true(rg_diags_errors(r.diags) > 0);
        if (strstr(rg_buf_cstr(&out), "hunter2") != NULL)
            fail_msg("%s", rg_buf_cstr(&out));
    }
}

static void what_was_repaired_is_not_complained_about_twice(void **state)
{
    (void)state;
    assert_complaint("shards: {{n}}\nflag: a: b\nsteps: {{x}}\nnever: *x\n",
                     "1:9: error: a text that starts with \"{{\" needs quotes, else YAML reads a map [quote-it]\n"
                     "2:8: error: a value with \": \" inside needs quotes: flag: \"a: b\" [quote-it]\n"
                     "3:8: error: a text that starts with \"{{\" needs quotes, else YAML reads a map [quote-it]\n"
                     "4:8: error: aliases (*…) are refused: write the value out, so that a change shows where it acts "
                     "[alias-refused]\n");
}

static void many_unknown_keys_take_no_time(void **state)
{
    (void)state;
    struct rg_buf yaml RG_CLEANUP(rg_buf_done);
    rg_buf_init(&yaml, TEXT_MAX);
    rg_buf_adds(&yaml, "caps:\n");
    for (int i = 0; i < 40000; i++)
        rg_buf_addf(&yaml, "  per_dax_%d: 1\n", i);
    struct read r RG_CLEANUP(done);
    read_all(rg_buf_cstr(&yaml), &r);
    assert_int_equal(rg_diags_errors(r.diags), 40000);
}

static void documentation_comes_from_the_table(void **state)
{
    (void)state;
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, TEXT_MAX);
    rg_table_markdown(&all_table, &out);
    static const char *const lines[] = {
        "| `shards` | whole number, 1 to 512 | `64` | Number. |\n",
        "| `flag` | `true` or `false` | `true` | Flag. |\n",
        "| `claim` | duration: `30s` `5m` `2h` | `60s` | Claim. |\n",
        "| `never` | list of `monday`, `friday`, `saturday` | `friday, saturday` | Never. |\n",
        "| `caps.per_day` | whole number, 1 to 10 | `1` | A day. |\n",
        "| `steps.NAME.day` | day: `D-5` `D0` `D+5` `D+5bd` | required | When. |\n",
        "| `tests[].template` | name | – | What. |\n",
        "| `term` | duration: `30m` `20h` `15d` `2bd`, or by state: `{ default: …, SP: … }` | `3d` | Term. |\n",
        "| `custom` | `[a]` | – | Custom. |\n",
    };
    for (size_t i = 0; i < RG_COUNT(lines); i++)
        if (strstr(rg_buf_cstr(&out), lines[i]) == NULL)
            fail_msg("not in the dump: %s", lines[i]);
    rg_buf_reset(&out);
    rg_table_schema(&all_table, "a \"title\"", &out);
    static const char *const parts[] = {
        "\"title\":\"a \\\"title\\\"\"", "\"shards\":{\"type\":[\"integer\"],\"minimum\":1,\"maximum\":512,",
        "\"required\":[\"day\"]", "\"uniqueItems\":true", "\"pattern\":\"^D(0|[+-][1-9][0-9]*(bd)?)$\"",
        "\"additionalProperties\":false", "\"required\":[\"default\"]",
    };
    for (size_t i = 0; i < RG_COUNT(parts); i++)
        if (strstr(rg_buf_cstr(&out), parts[i]) == NULL)
            fail_msg("not in the schema: %s", parts[i]);
    assert_false(out.overflow);
}

static void add_line(const char *path, struct rg_str value, const struct rg_node *node, const struct rg_row *row, void *ctx)
{
    const char *dot = strrchr(path, '.');
    assert_true(row == NULL || strcmp(dot != NULL ? dot + 1 : path, row->key) == 0);
    rg_buf_addf(ctx, "%s = " RG_STR_FMT "%s%d\n", path, RG_STR_ARG(value), node ? " line " : " default ", node ? node->line : 0);
}

static void what_holds_is_told_with_its_origin(void **state)
{
    (void)state;
    struct read r RG_CLEANUP(done);
    read_all("title: \"a \\\"b\\\" \\\\\"\nshards: 8\nbrokers: [a, 'b']\ntoken:\n  credential: smtp\ncaps: { gap: 1h }\n"
             "steps: { a: { day: D0, term: { default: 1d, SP: 2d } } }\ntests:\n  - { day: D+1 }\nx_known: { file: /k }\n", &r);
    assert_string_equal(rg_buf_cstr(&r.heads), "");
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, TEXT_MAX);
    rg_table_effective(&all_table, r.doc->root, add_line, &out);
    assert_string_equal(rg_buf_cstr(&out),
                        "title = \"a \\\"b\\\" \\\\\" line 1\nflag = true default 0\nshards = 8 line 2\ncents = brl(\"20.00\") "
                        "default 0\n"
                        "percent = 2 default 0\nclaim = 60s default 0\nopen = 08:00-20:00 default 0\nnever = [friday, saturday] "
                        "default 0\n"
                        "brokers = [a, \"b\"] line 3\ntoken = «credential smtp» line 5\ncaps.per_day = 1 default 0\ncaps.gap = "
                        "1h line 6\n"
                        "steps.a.day = D0 line 7\nsteps.a.tone = reminder default 0\nsteps.a.via = [whatsapp-x, email] default "
                        "0\n"
                        "steps.a.term = { default: 1d, SP: 2d } line 7\ntests[1].day = D+1 line 9\ntests[1].tone = reminder "
                        "default 0\n"
                        "tests[1].via = [whatsapp-x, email] default 0\nterm = 3d default 0\nx_known = «file /k» line 10\n");
    rg_buf_reset(&out);
    rg_table_effective(&caps_table, NULL, add_line, &out);
    assert_string_equal(rg_buf_cstr(&out), "per_day = 1 default 0\ngap = 20h default 0\n");
}

struct wrong {
    struct rg_section section;
    int32_t number;
};

static void check_wrong_size(void *ctx)
{
    (void)ctx;
    static const struct rg_row rows[] = {{.key = "n", RG_AT(struct wrong, number), .type = RG_ROW_INT, .help = "N."}};
    static const struct rg_table table = RG_TABLE("wrong", struct wrong, rows);
    rg_table_check(&table);
}

static void read_wrong_default(void *ctx)
{
    static const struct rg_row rows[] = {{.key = "n", RG_AT(struct caps, per_day), .type = RG_ROW_INT, .fallback = "ten",
                                          .help = "N."}};
    static const struct rg_table table = RG_TABLE("wrong", struct caps, rows);
    struct caps caps;
    (void)rg_fields_read(NULL, &table, &caps, ctx);
}

static void unsound_tables_are_our_bugs(void **state)
{
    (void)state;
    rg_table_check(&all_table);
    assert_true(rg_test_aborts(check_wrong_size, NULL));
    struct rg_arena *arena = rg_arena_new(TEXT_MAX);
    struct rg_diags *diags = rg_diags_new();
    struct rg_reader reader = {diags, arena, NULL};
    assert_true(rg_test_aborts(read_wrong_default, &reader));
    rg_diags_free(&diags);
    rg_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_keys_take_their_defaults),
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(typical_mistakes_read_like_a_colleague),
        cmocka_unit_test(keys_are_known_or_guessed),
        cmocka_unit_test(values_that_do_not_fit_are_refused),
        cmocka_unit_test(days_are_guessed_from_speech),
        cmocka_unit_test(wrong_values_leave_the_defaults),
        cmocka_unit_test(a_literal_secret_is_not_shown),
        cmocka_unit_test(a_line_with_a_secret_is_shown_by_no_finding),
        cmocka_unit_test(what_was_repaired_is_not_complained_about_twice),
        cmocka_unit_test(many_unknown_keys_take_no_time),
        cmocka_unit_test(documentation_comes_from_the_table),
        cmocka_unit_test(what_holds_is_told_with_its_origin),
        cmocka_unit_test(unsound_tables_are_our_bugs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The tables of a test file. */
#include "daemon/desk/written_test.h"

static bool keep_map(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row;
    if (node->kind != RG_NODE_MAP)
        return rg_mistyped(reader->diags, node, "keys and values"), false;
    *(const struct rg_node **)member = node;
    return true;
}

static bool keep_list(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row;
    if (node->kind != RG_NODE_LIST)
        return rg_mistyped(reader->diags, node, "a list of what happens"), false;
    *(const struct rg_node **)member = node;
    return true;
}

static bool keep_what(const struct rg_node *key, const struct rg_node *value, void *target, const struct rg_reader *reader)
{
    struct written_then *then = target;
    if (then->what != NULL)
        rg_diags_error(reader->diags, rg_node_place(key), "bad-event",
                       "one thing happens then; further ones stand in \"events\"");
    then->what = value;
    return true;
}

static bool read_word(const struct rg_node *node, const struct rg_words *words, void *member, const struct rg_reader *reader)
{
    int word = node->kind == RG_NODE_SCALAR ? rg_word(words, node->text) : -1;
    if (node->kind != RG_NODE_SCALAR)
        rg_mistyped(reader->diags, node, "one word");
    else if (word < 0)
        rg_unknown_value(reader->diags, node, words->what, words->names + words->first, (size_t)(words->count - words->first));
    if (word >= 0)
        *(int *)member = word;
    return word >= 0;
}

static bool read_signal(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row;
    return read_word(node, &rg_words_signal, member, reader);
}

static bool read_gate(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row;
    return read_word(node, &rg_words_gate, member, reader);
}

static const struct rg_row service_fields[] = {
    {.key = "name", RG_AT(struct written_service, name), .type = RG_ROW_NAME, .flags = RG_HYPHEN, .fallback = "servico",
     .help = "What invoices are for."},
    {.key = "sector", RG_AT(struct written_service, sector), .type = RG_ROW_NAME, .flags = RG_HYPHEN, .fallback = "generico",
     .help = "As in `services` of the main file."},
    {.key = "creditor", RG_AT(struct written_service, creditor), .type = RG_ROW_NAME, .flags = RG_HYPHEN, .fallback = "credor",
     .help = "Who is owed."},
};
static const struct rg_table service_table = RG_TABLE("service", struct written_service, service_fields);

static const struct rg_row default_fields[] = {
    {.key = "service", RG_AT(struct written_defaults, service), .type = RG_ROW_SECTION, .table = &service_table,
     .help = "The service of every invoice."},
    {.key = "debtor", RG_AT(struct written_defaults, debtor), .type = RG_ROW_CUSTOM, .custom = keep_map,
     .example = "{ state: SP, contacts: [{ channel: email, address: m@x.example }] }",
     .help = "What is known of him before anything happens: the data of a `debtor.updated`."},
};
static const struct rg_table default_table = RG_TABLE("defaults", struct written_defaults, default_fields);

#define EXPECT_TEXT(name_, help_) \
    {.key = #name_, RG_AT(struct written_expect, name_), .type = RG_ROW_TEXT, .min = 1, .max = 64, .help = help_}
static const struct rg_row expect_fields[] = {
    EXPECT_TEXT(at, "A day, a minute or an instant."),
    EXPECT_TEXT(from, "Begin of a stretch of time, with `to`."),
    EXPECT_TEXT(to, "Its end; a day is meant whole."),
    {.key = "within", RG_AT(struct written_expect, within), .type = RG_ROW_DURATION, .min = 1, .max = 3660 * 86400,
     .units = RG_UNITS_CLOCK | RG_UNITS(RG_UNIT_DAY),
     .help = "After what happens in `then`."},
    EXPECT_TEXT(step, "This step is decided then."),
    EXPECT_TEXT(none, "This step is not decided then."),
    {.key = "signal", RG_AT(struct written_expect, signal), .type = RG_ROW_CUSTOM, .custom = read_signal,
     .example = "service.restore_requested", .help = "It sends this signal."},
    EXPECT_TEXT(channel, "It goes by this channel."),
    EXPECT_TEXT(invoice, "It speaks for this invoice."),
    {.key = "amount", RG_AT(struct written_expect, amount_cents), .type = RG_ROW_CENTS, .max = RG_CENTS_MAX,
     .help = "What it asks for, fine and interest included."},
    {.key = "gate", RG_AT(struct written_expect, gate), .type = RG_ROW_CUSTOM, .custom = read_gate, .example = "cut_calendar",
     .help = "With `none`: this stands in the way."},
};
static const struct rg_table expect_table = RG_TABLE("expect", struct written_expect, expect_fields);

static const struct rg_row then_fields[] = {
    {.key = "at", RG_AT(struct written_then, at), .type = RG_ROW_TEXT, .flags = RG_REQUIRED, .min = 1, .max = 64,
     .help = "When it happens."},
    {.key = "expect", RG_AT(struct written_then, expect), .type = RG_ROW_LIST, .flags = RG_REQUIRED, .table = &expect_table,
     .min = 1, .max = RG_EXPECTS_MAX, .help = "What follows from it."},
};
static const struct rg_table then_table = {.name = "then", .size = sizeof(struct written_then), .fields = then_fields,
                                           .count = RG_COUNT(then_fields), .extra = keep_what};

static const struct rg_row test_fields[] = {
    {.key = "name", RG_AT(struct written_test, name), .type = RG_ROW_TEXT, .flags = RG_REQUIRED, .min = 1, .max = 120,
     .help = "What it shows."},
    {.key = "debtor", RG_AT(struct written_test, debtor), .type = RG_ROW_CUSTOM, .custom = keep_map,
     .example = "{ state: RJ }", .help = "Members that replace those of `defaults.debtor`."},
    {.key = "world", RG_AT(struct written_test, world), .type = RG_ROW_CUSTOM, .custom = keep_map,
     .example = "{ payments_known_through: 2026-11-20 }", .help = "In place of the file's `world`."},
    {.key = "events", RG_AT(struct written_test, events), .type = RG_ROW_CUSTOM, .custom = keep_list, .flags = RG_REQUIRED,
     .example = "[{ at: 2026-10-20, invoice.issued: { invoice: F1, due_on: 2026-11-03, amount_cents: 15900 } }]",
     .help = "What happens: each entry has a time and an event, an outcome or a change of the world."},
    {.key = "expect", RG_AT(struct written_test, expect), .type = RG_ROW_LIST, .table = &expect_table, .max = RG_EXPECTS_MAX,
     .help = "What he must and must not get."},
    {.key = "then", RG_AT(struct written_test, then), .type = RG_ROW_SECTION, .table = &then_table,
     .help = "One more thing that happens, and what follows from it."},
    {.key = "until", RG_AT(struct written_test, until), .type = RG_ROW_TEXT, .min = 1, .max = 64,
     .help = "How long to look; without it to the last time that is written."},
};
static const struct rg_table test_table = RG_TABLE("test", struct written_test, test_fields);

static const struct rg_row file_fields[] = {
    {.key = "language", RG_AT(struct written_file, language), .type = RG_ROW_INT, .fallback = "1", .min = 1, .max = 1,
     .help = "Version of this language."},
    {.key = "rules", RG_AT(struct written_file, rules), .type = RG_ROW_TEXTS, .flags = RG_REQUIRED, .min = 1,
     .help = "Ladders, or directories of them, relative to this file."},
    {.key = "policy", RG_AT(struct written_file, policy), .type = RG_ROW_TEXT,
     .help = "A policy; without it the defaults hold."},
    {.key = "channels", RG_AT(struct written_file, channels), .type = RG_ROW_PAIRS, .max = RG_CHANNELS_MAX - 1,
     .example = "{ email: accepted, whatsapp: read }",
     .help = "What each can prove; without it the most that they can: email, sms and letter `delivered`, whatsapp `read`."},
    {.key = "defaults", RG_AT(struct written_file, defaults), .type = RG_ROW_SECTION, .table = &default_table,
     .help = "What holds for all tests of the file."},
    {.key = "world", RG_AT(struct written_file, world), .type = RG_ROW_CUSTOM, .custom = keep_map,
     .example = "{ stopped: true }", .help = "What is out of the ordinary from the beginning."},
    {.key = "tests", RG_AT(struct written_file, tests), .type = RG_ROW_LIST, .flags = RG_REQUIRED, .table = &test_table, .min = 1,
     .max = RG_TESTS_MAX, .help = "One after the other; none knows of another."},
};
const struct rg_table rg_test_file_table = RG_TABLE("test file", struct written_file, file_fields);

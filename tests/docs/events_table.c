/* The events page: one row per type, one per field, as the decoder reads them. */
#include "tests/docs/generate.h"

#include "config/contract/event.h"

#include <inttypes.h>
#include <string.h>

/* Of an object only its name: what is inside stands among the fields. */
static struct rg_str top(enum rg_field field)
{
    const char *path = field == RG_F_PROTECTION ? "kind" : rg_field_rows[field].path;
    return (struct rg_str){path, strcspn(path, "/")};
}

static void add_fields(uint64_t set, struct rg_buf *into)
{
    struct rg_str last = {0};
    for (int field = 0; field < RG_F_COUNT; field++) {
        struct rg_str name = top((enum rg_field)field);
        if ((set & RG_BIT(field)) == 0 || rg_str_eq(name, last))
            continue;
        rg_buf_addf(into, "%s`" RG_STR_FMT "`", rg_str_has(last) ? ", " : "", RG_STR_ARG(name));
        last = name;
    }
    if (!rg_str_has(last))
        rg_buf_adds(into, "–");
}

static void add_type(enum rg_event_type type, struct rg_buf *into)
{
    const struct rg_type_row *row = rg_event_type_row(type);
    rg_buf_addf(into, "| `regua.%s` | ", rg_event_type_name(type));
    add_fields(row->required, into);
    rg_buf_adds(into, " | ");
    add_fields(row->optional, into);
    rg_buf_addf(into, "%s%s |\n", row->details ? ", `debtor_details`" : "", row->updates ? "; `null` deletes" : "");
}

static void add_words(const struct rg_words *words, struct rg_buf *into)
{
    for (int i = words->first; i < words->count; i++)
        rg_buf_addf(into, "%s`%s`", i > words->first ? ", " : "", words->names[i]);
}

static void add_value(const struct rg_field_row *row, struct rg_buf *into)
{
    switch (row->kind) {
    case RG_FK_ID: rg_buf_addf(into, "text of 1 to %" PRId64 " bytes", row->max); break;
    case RG_FK_TEXT: rg_buf_addf(into, "text of at most %" PRId64 " bytes", row->max); break;
    case RG_FK_LINK: rg_buf_adds(into, "`http` or `https` address"); break;
    case RG_FK_CENTS: rg_buf_addf(into, "whole number, %" PRId64 " to %" PRId64, row->min, row->max); break;
    case RG_FK_DAY: rg_buf_adds(into, "`\"2026-11-23\"`"); break;
    case RG_FK_INSTANT: rg_buf_adds(into, "`\"2026-11-23T10:00:00-03:00\"`, or a day: its end in Brasília"); break;
    case RG_FK_WORD:
    case RG_FK_CHOICE: add_words(row->words, into); break;
    case RG_FK_BOOL: rg_buf_adds(into, "`true`, `false`"); break;
    case RG_FK_INT: rg_buf_addf(into, "whole number, %" PRId64 " to %" PRId64, row->min, row->max); break;
    case RG_FK_PERCENT: rg_buf_addf(into, "decimal as text, such as `\"0.033\"`, at most %" PRId64, row->max); break;
    case RG_FK_TEXTS: rg_buf_addf(into, "list of %" PRId64 " to %" PRId64 " texts", row->min, row->max); break;
    case RG_FK_CONTACTS: rg_buf_addf(into, "list of at most %" PRId64 " contacts: [events.md](../events.md#contacts)", row->max); break;
    case RG_FK_DISCOUNTS: rg_buf_addf(into, "list of at most %" PRId64 " discounts: [events.md](../events.md#discounts)", row->max); break;
    case RG_FK_COUNT: rg_assert(false);
    }
}

/* Where it is met, when the same name means two things. */
static void add_owner(enum rg_field field, struct rg_buf *into)
{
    if (field == RG_F_PROTECTION)
        rg_buf_adds(into, " of `debtor.protected`");
    else if (field == RG_F_KIND)
        rg_buf_adds(into, " of `debtor.updated`");
}

void rg_docs_events(struct rg_buf *into)
{
    rg_buf_adds(into, "# Events: types and fields\n\n" RG_DOCS_NOTE "How to send them, and what becomes of them: [events.md](../events.md).\n\n"
                      "## Types\n\n| type | required in `data` | optional |\n|---|---|---|\n");
    for (int type = RG_EV_NONE + 1; type < RG_EV_COUNT; type++)
        add_type((enum rg_event_type)type, into);
    rg_buf_adds(into, "\n## Fields of `data`\n\nA `/` stands for nesting: `charge/pix/copy_paste` is `{\"charge\":{\"pix\":{\"copy_paste\":…}}}`. "
                      "Personal fields never enter the ledger; they travel in `regua.people`, where they can be erased.\n\n"
                      "| field | value | meaning | personal |\n|---|---|---|---|\n");
    for (int field = 0; field < RG_F_COUNT; field++) {
        const struct rg_field_row *row = &rg_field_rows[field];
        rg_buf_addf(into, "| `%s`", row->path);
        add_owner((enum rg_field)field, into);
        rg_buf_adds(into, " | ");
        add_value(row, into);
        rg_buf_addf(into, " | %s | %s |\n", row->help, row->personal ? "yes" : "");
    }
    rg_buf_adds(into, "\n## In the contract, not read yet\n\nEvents of these types go to the dead letters, and the reason says so: ");
    for (int i = rg_words_later_type.first; i < rg_words_later_type.count; i++)
        rg_buf_addf(into, "%s`regua.%s`", i > rg_words_later_type.first ? ", " : "", rg_words_later_type.names[i]);
    rg_buf_adds(into, ".\n");
}

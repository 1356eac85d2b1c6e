/* The words of a ladder file: tables, and the readers of values that only ladders have. What the language knows but this
 * version does not do is taken by the tables' last resort and refused by name, so that nobody believes in a rule that nothing
 * obeys. */
#include "config/ladder/written.h"

#include <string.h>

#define PRIORITY_MAX 1000000
#define REPEAT_TIMES_MAX 100

/* ---- Values of their own kind ---- */

static bool read_word(const struct rg_node *node, void *member, const struct rg_reader *reader, const struct rg_words *words)
{
    if (node->kind != RG_NODE_SCALAR || rg_node_empty(node))
        return rg_mistyped(reader->diags, node, "one word"), false;
    int index = rg_word(words, node->text);
    if (index < 0)
        return rg_unknown_value(reader->diags, node, words->what, words->names + words->first,
                                (size_t)(words->count - words->first)),
               false;
    *(int *)member = index;
    return true;
}

#define WORD_READER(name, list) \
    static bool name(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader) \
    { \
        (void)field; \
        return read_word(node, member, reader, &list); \
    }
WORD_READER(read_tone, rg_words_tone)
WORD_READER(read_evidence, rg_words_evidence)
WORD_READER(read_uncertain, rg_words_uncertain)
WORD_READER(read_catch_up, rg_words_catch_up)
WORD_READER(read_mode, rg_words_mode)
WORD_READER(read_has, rg_words_has)

/* A signal; those of the contract that the engine does not send yet are known, and refused. */
static bool read_signal(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    static const char *const later[] = {"contract.termination_requested",
                                        "bureau.include_requested",
                                        "bureau.exclude_requested",
                                        "protest.requested",
                                        "protest.cancel_requested",
                                        "legal.referral_requested",
                                        "agency.referral_requested",
                                        "charge.reissue_requested",
                                        "task.requested",
                                        "offer.made",
                                        "tier.changed",
                                        "writeoff.proposed",
                                        "debtor.settled"};
    (void)field;
    for (size_t i = 0; node->kind == RG_NODE_SCALAR && i < RG_COUNT(later); i++)
        if (rg_str_is(node->text, later[i]))
            return rg_not_yet_value(reader->diags, node), false;
    return read_word(node, member, reader, &rg_words_signal);
}

static int channel_of(const struct rg_loader *loader, const struct rg_node *item)
{
    int index = item->kind == RG_NODE_SCALAR ? rg_rules_channel(loader->rules, item->text) : -1;
    return index >= 0 && loader->rules->channels[index].signals ? -1 : index;
}

static bool read_via_item(struct rg_loader *loader, const struct rg_node *item, struct rg_written_via *via)
{
    int index = channel_of(loader, item);
    if (item->bad)
        return false;
    if (item->kind != RG_NODE_SCALAR)
        return rg_mistyped(loader->diags, item, "the name of a channel"), false;
    if (index < 0)
        return rg_unknown_value(loader->diags, item, "channel", loader->channel_names, loader->channel_name_count), false;
    for (int i = 0; i < via->count; i++) {
        if (via->items[i] == index) {
            rg_diags_error(loader->diags, rg_node_place(item), "repeated", "\"" RG_STR_FMT "\" stands twice in this list",
                           RG_STR_ARG(item->text));
            return false;
        }
    }
    via->items[via->count++] = index;
    return true;
}

static bool read_via(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    struct rg_loader *loader = reader->ctx;
    (void)field;
    *(struct rg_written_via *)member = (struct rg_written_via){.given = true}; /* what is wrong with it is said here, and once */
    if (node->kind != RG_NODE_LIST) {
        rg_mistyped(reader->diags, node, "a list of channels");
        if (node->kind == RG_NODE_SCALAR && !rg_node_empty(node))
            rg_diags_advise(reader->diags, "lists are always lists, also of one: [" RG_STR_FMT "]", RG_STR_ARG(node->text));
        return false;
    }
    if (node->count == 0 || node->count > RG_VIA_MAX) {
        rg_diags_error(reader->diags, rg_node_place(node), "out-of-range", "a list of %zu; expected 1 to %d channels",
                       node->count, RG_VIA_MAX);
        return false;
    }
    struct rg_written_via via = {.given = true};
    bool fine = true;
    for (size_t i = 0; i < node->count; i++)
        if (!read_via_item(loader, node->entries[i].value, &via))
            fine = false;
    if (fine)
        *(struct rg_written_via *)member = via;
    return fine;
}

/* next, a duration from its opening, or a day. */
static bool read_until(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    struct rg_until *until = member;
    struct rg_day_offset day;
    struct rg_duration duration;
    (void)field;
    if (node->kind == RG_NODE_SCALAR && rg_str_is(node->text, "next")) {
        *until = (struct rg_until){.kind = RG_UNTIL_NEXT};
        return true;
    }
    if (node->kind == RG_NODE_SCALAR && rg_parse_day(node->text, &day)) {
        *until = (struct rg_until){.kind = RG_UNTIL_DAY, .day = rg_day_spec_of(day)};
        return true;
    }
    if (node->kind == RG_NODE_SCALAR && rg_parse_duration(node->text, &duration) && duration.amount > 0) {
        *until = (struct rg_until){.kind = RG_UNTIL_SPAN, .span = rg_span_of(duration)};
        return true;
    }
    rg_mistyped(reader->diags, node, "next, a duration such as 2d, or a day such as D+10");
    return false;
}

/* Words of which this version does one: the others are known, and refused. */
static bool read_fixed(const struct rg_node *node, void *member, const struct rg_reader *reader, const char *what,
                       const char *const *words, size_t count)
{
    if (node->kind == RG_NODE_SCALAR) {
        if (rg_str_is(node->text, words[0])) {
            *(int *)member = 0;
            return true;
        }
        for (size_t i = 1; i < count; i++)
            if (rg_str_is(node->text, words[i]))
                return rg_not_yet_value(reader->diags, node), false;
    }
    rg_unknown_value(reader->diags, node, what, words, count);
    return false;
}

static bool read_on_change(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    static const char *const words[] = {"migrate", "pin"};
    return read_fixed(node, member, reader, field->key, words, RG_COUNT(words));
}

static bool read_clock(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    static const char *const words[] = {"confirmed", "settled"};
    return read_fixed(node, member, reader, field->key, words, RG_COUNT(words));
}

/* ---- Tables ---- */

static bool later_in_step(const struct rg_node *key, const struct rg_node *value, void *target, const struct rg_reader *reader)
{
    static const char *const later[] = {"near_payday",  "offer",   "limit", "task",         "holdout",
                                        "deputy_after", "timeout", "ends",  "channel_down", "on_change"};
    (void)value, (void)target;
    return RG_NOT_YET(later, key, reader);
}

static bool later_in_defaults(const struct rg_node *key, const struct rg_node *value, void *target,
                              const struct rg_reader *reader)
{
    static const char *const later[] = {"channel_down", "near_payday", "limit", "holdout"};
    (void)value, (void)target;
    return RG_NOT_YET(later, key, reader);
}

static bool later_in_ladder(const struct rg_node *key, const struct rg_node *value, void *target, const struct rg_reader *reader)
{
    static const char *const later[] = {"due", "clusters", "tiers", "holdout", "limit"};
    (void)value, (void)target;
    return RG_NOT_YET(later, key, reader);
}

static const struct rg_row after_fields[] = {
    {.key = "step", RG_AT(struct rg_written_after, step), .type = RG_ROW_NAME, .flags = RG_REQUIRED,
     .help = "The step it comes after."},
    {.key = "has", RG_AT(struct rg_written_after, has), .type = RG_ROW_CUSTOM, .custom = read_has, .fallback = "done",
     .example = "term_ended",
     .help = "What must have become of that step: `delivered`, `read`, `replied`, `failed`, `done`, `refused`, `confirmed` or "
             "`term_ended`."},
    {.key = "wait", RG_AT(struct rg_written_after, wait), .type = RG_ROW_DURATION, .help = "How long after that."},
};
static const struct rg_table after_table = RG_TABLE("after", struct rg_written_after, after_fields);

static const struct rg_row repeat_fields[] = {
    {.key = "every", RG_AT(struct rg_written_repeat, every), .type = RG_ROW_DURATION, .flags = RG_REQUIRED, .min = 3600,
     .max = 366 * 86400, .help = "Time between two of them."},
    {.key = "times", RG_AT(struct rg_written_repeat, times), .type = RG_ROW_INT, .flags = RG_REQUIRED, .min = 1,
     .max = REPEAT_TIMES_MAX, .help = "How often, all of them counted."},
};
static const struct rg_table repeat_table = RG_TABLE("repeat", struct rg_written_repeat, repeat_fields);

static const char *const needs_words[] = {"payments_fresh", "fresh_charge", "approval", NULL};

static const struct rg_row step_fields[] = {
    {.key = "day", RG_AT(struct rg_written_step, day), .type = RG_ROW_DAY,
     .help = "When, counted from the payable day; `bd` counts bank business days."},
    {.key = "after", RG_AT(struct rg_written_step, after), .type = RG_ROW_SECTION, .table = &after_table,
     .help = "Instead of a day: after another step."},
    {.key = "not_before", RG_AT(struct rg_written_step, not_before), .type = RG_ROW_DAY, .help = "Never before that day."},
    {.key = "not_after", RG_AT(struct rg_written_step, not_after), .type = RG_ROW_DAY, .help = "Never after that day."},
    {.key = "tone", RG_AT(struct rg_written_step, tone), .type = RG_ROW_CUSTOM, .custom = read_tone, .flags = RG_REQUIRED,
     .example = "reminder", .help = "How severe it is: `info`, `courtesy`, `reminder`, `firm`, `notice` or `sanction`."},
    {.key = "kind", RG_AT(struct rg_written_step, kind), .type = RG_ROW_TEXT, .example = "extrajudicial",
     .help = "`extrajudicial`: a notice that `check` holds to a short term."},
    {.key = "via", RG_AT(struct rg_written_step, via), .type = RG_ROW_CUSTOM, .custom = read_via, .example = "[whatsapp, email]",
     .help = "Channels; the first that reaches the debtor is used."},
    {.key = "when", RG_AT(struct rg_written_step, when), .type = RG_ROW_TEXT, .flags = RG_MULTILINE, .min = 1,
     .max = RG_CEL_TEXT_MAX, .help = "A condition; both it and that of `defaults` must hold."},
    {.key = "needs", RG_AT(struct rg_written_step, needs), .type = RG_ROW_FLAGS, .words = needs_words,
     .help = "What must be there beside the condition."},
    {.key = "template", RG_AT(struct rg_written_step, template), .type = RG_ROW_NAME, .help = "The message to send."},
    {.key = "signal", RG_AT(struct rg_written_step, signal), .type = RG_ROW_CUSTOM, .custom = read_signal,
     .example = "service.suspend_requested", .help = "The signal to send to other systems."},
    {.key = "evidence", RG_AT(struct rg_written_step, evidence), .type = RG_ROW_CUSTOM, .custom = read_evidence,
     .example = "delivered", .help = "What must be proven of the message: `accepted`, `delivered`, `read` or `replied`."},
    {.key = "evidence_within", RG_AT(struct rg_written_step, evidence_within), .type = RG_ROW_DURATION, .min = 3600,
     .max = 90 * 86400, .help = "How long to wait for the proof before the next channel is tried; `48h` when not written."},
    {.key = "term", RG_AT(struct rg_written_step, term), .type = RG_ROW_BY_STATE,
     .units = RG_UNITS(RG_UNIT_DAY), .min = 86400, .max = RG_TERM_DAYS_MAX * INT64_C(86400),
     .help = "The term that the notice grants, in calendar days; may differ by state."},
    {.key = "repeat", RG_AT(struct rg_written_step, repeat), .type = RG_ROW_SECTION, .table = &repeat_table,
     .help = "The same step several times."},
    {.key = "until", RG_AT(struct rg_written_step, until), .type = RG_ROW_CUSTOM, .custom = read_until, .example = "D+10",
     .help = "The end of its window: `next`, a duration, or a day."},
    {.key = "catch_up", RG_AT(struct rg_written_step, catch_up), .type = RG_ROW_CUSTOM, .custom = read_catch_up,
     .example = "skip",
     .help = "When its day had passed before anything could go out: `send` it late, `skip` it, or `latest_only`: of all that "
             "were missed only the latest goes out. A notice or a sanction is sent, from the next day on, unless it says `skip` "
             "itself."},
    {.key = "uncertain", RG_AT(struct rg_written_step, uncertain), .type = RG_ROW_CUSTOM, .custom = read_uncertain,
     .example = "skip", .help = "When the provider's answer was lost: `skip` or `resend`."},
    {.key = "mode", RG_AT(struct rg_written_step, mode), .type = RG_ROW_CUSTOM, .custom = read_mode, .fallback = "live",
     .example = "shadow", .help = "`shadow` decides without sending; never above the ladder's."},
    {.key = "again", RG_AT(struct rg_written_step, again), .type = RG_ROW_BOOL,
     .help = "Courtesy and reminders: once more when the invoice is open again."},
};
const struct rg_table rg_step_table = {.name = "step",
                                       .size = sizeof(struct rg_written_step),
                                       .fields = step_fields,
                                       .count = RG_COUNT(step_fields),
                                       .extra = later_in_step};

static const struct rg_row owed_fields[] = {
    {.key = "signal", RG_AT(struct rg_written_owed, signal), .type = RG_ROW_CUSTOM, .custom = read_signal,
     .example = "service.restore_requested", .help = "The signal that gives back what a sanction took."},
    {.key = "clock", RG_AT(struct rg_written_owed, clock), .type = RG_ROW_CUSTOM, .custom = read_clock, .fallback = "confirmed",
     .example = "confirmed", .help = "What starts the clock: the payment is `confirmed`."},
    {.key = "within", RG_AT(struct rg_written_owed, within), .type = RG_ROW_DURATION, .min = 60, .max = 60 * 86400,
     .help = "An alarm when it is not confirmed within that time; the calendar's, or `24h`, when not written."},
    {.key = "via", RG_AT(struct rg_written_owed, via), .type = RG_ROW_CUSTOM, .custom = read_via, .example = "[whatsapp, email]",
     .help = "Channels of the message."},
    {.key = "template", RG_AT(struct rg_written_owed, template), .type = RG_ROW_NAME, .help = "The message to send."},
    {.key = "when_crossed", RG_AT(struct rg_written_owed, when_crossed), .type = RG_ROW_DURATION, .min = 60, .max = 7 * 86400,
     .help = "Send it when a message went out so shortly before the payment, or after it."},
    {.key = "when", RG_AT(struct rg_written_owed, when), .type = RG_ROW_TEXT, .flags = RG_MULTILINE, .min = 1,
     .max = RG_CEL_TEXT_MAX, .help = "A condition."},
};
const struct rg_table rg_owed_table = RG_TABLE("on_paid", struct rg_written_owed, owed_fields);

static const char *const holidays_words[] = {"earlier", "later", NULL};
static const char *const holidays_after_words[] = {"later", NULL};
static const struct rg_row holidays_fields[] = {
    {.key = "before", RG_AT(struct rg_written_holidays, before), .type = RG_ROW_ENUM, .words = holidays_words,
     .fallback = "earlier", .help = "A step before the due day that falls on a day without hours comes `earlier` or `later`."},
    {.key = "after", RG_AT(struct rg_written_holidays, after), .type = RG_ROW_ENUM, .words = holidays_after_words,
     .fallback = "later", .help = "A step after the due day comes `later`."},
};
static const struct rg_table holidays_table = RG_TABLE("holidays", struct rg_written_holidays, holidays_fields);

static const struct rg_row caps_fields[] = {
    {.key = "per_day", RG_AT(struct rg_written_caps, per_day), .type = RG_ROW_INT, .min = 1, .max = RG_CAPS_MAX, .fallback = "1",
     .help = "Messages to one debtor in a day."},
    {.key = "per_week", RG_AT(struct rg_written_caps, per_week), .type = RG_ROW_INT, .min = 1, .max = RG_CAPS_MAX, .fallback = "3",
     .help = "Messages to one debtor in seven days."},
    {.key = "gap", RG_AT(struct rg_written_caps, gap), .type = RG_ROW_DURATION, .fallback = "20h", .min = 60, .max = 30 * 86400,
     .help = "Time between two messages to one debtor."},
};
static const struct rg_table caps_table = RG_TABLE("caps", struct rg_written_caps, caps_fields);

static const struct rg_row defaults_fields[] = {
    {.key = "hours", RG_AT(struct rg_written_defaults, hours), .type = RG_ROW_HOURS,
     .example = "{ weekdays: 08:00-20:00, saturday: 08:00-14:00 }",
     .help = "When messages go out, in the debtor's zone; never wider than the calendar's."},
    {.key = "holidays", RG_AT(struct rg_written_defaults, holidays), .type = RG_ROW_SECTION, .table = &holidays_table,
     .help = "Where steps move to from days without hours."},
    {.key = "caps", RG_AT(struct rg_written_defaults, caps), .type = RG_ROW_SECTION, .table = &caps_table,
     .help = "How often one debtor is written to."},
    {.key = "via", RG_AT(struct rg_written_defaults, via), .type = RG_ROW_CUSTOM, .custom = read_via,
     .example = "[whatsapp, sms, email]", .help = "Channels of steps that name none."},
    {.key = "until", RG_AT(struct rg_written_defaults, until), .type = RG_ROW_CUSTOM, .custom = read_until, .fallback = "next",
     .example = "next", .help = "The end of a step's window; notices and sanctions have none."},
    {.key = "catch_up", RG_AT(struct rg_written_defaults, catch_up), .type = RG_ROW_CUSTOM, .custom = read_catch_up,
     .fallback = "latest_only", .example = "latest_only",
     .help = "What happens to steps whose day had passed before anything could go out: `send`, `skip` or `latest_only`; not of "
             "notices and sanctions."},
    {.key = "uncertain", RG_AT(struct rg_written_defaults, uncertain), .type = RG_ROW_CUSTOM, .custom = read_uncertain,
     .fallback = "skip", .example = "skip", .help = "When the provider's answer was lost: `skip` or `resend`."},
    {.key = "on_change", RG_AT(struct rg_written_defaults, on_change), .type = RG_ROW_CUSTOM, .custom = read_on_change,
     .fallback = "migrate", .example = "migrate",
     .help = "When rules change they hold for debtors under way at once: `migrate`. What a notice gave them stands."},
    {.key = "when", RG_AT(struct rg_written_defaults, when), .type = RG_ROW_TEXT, .flags = RG_MULTILINE, .min = 1,
     .max = RG_CEL_TEXT_MAX, .help = "A condition that holds for every step."},
};
static const struct rg_table defaults_table = {.name = "defaults",
                                               .size = sizeof(struct rg_written_defaults),
                                               .fields = defaults_fields,
                                               .count = RG_COUNT(defaults_fields),
                                               .extra = later_in_defaults};

static const struct rg_row ladder_fields[] = {
    {.key = "language", RG_AT(struct rg_written_ladder, language), .type = RG_ROW_INT, .flags = RG_REQUIRED, .min = 1, .max = 1,
     .help = "Version of this language: 1."},
    {.key = "ladder", RG_AT(struct rg_written_ladder, name), .type = RG_ROW_NAME, .flags = RG_REQUIRED, .help = "Its name."},
    {.key = "title", RG_AT(struct rg_written_ladder, title), .type = RG_ROW_TEXT, .min = 1, .max = 200,
     .help = "What people call it."},
    {.key = "owner", RG_AT(struct rg_written_ladder, owner), .type = RG_ROW_TEXT, .min = 1, .max = 200,
     .help = "Whom to ask about it."},
    {.key = "priority", RG_AT(struct rg_written_ladder, priority), .type = RG_ROW_INT, .flags = RG_REQUIRED, .min = 0,
     .max = PRIORITY_MAX, .help = "An invoice takes the ladder of the lowest number that applies to it."},
    {.key = "applies", RG_AT(struct rg_written_ladder, applies), .type = RG_ROW_TEXT, .flags = RG_MULTILINE, .min = 1,
     .max = RG_CEL_TEXT_MAX, .help = "To which invoices; all when not written."},
    {.key = "calendar", RG_AT(struct rg_written_ladder, calendar), .type = RG_ROW_NAME, .flags = RG_HYPHEN,
     .fallback = "br-generico", .help = "A file of `calendars/`."},
    {.key = "mode", RG_AT(struct rg_written_ladder, mode), .type = RG_ROW_CUSTOM, .custom = read_mode, .fallback = "live",
     .example = "live", .help = "`shadow` decides without sending; never above the installation's."},
    {.key = "defaults", RG_AT(struct rg_written_ladder, defaults), .type = RG_ROW_SECTION, .table = &defaults_table,
     .help = "What holds for steps that do not say otherwise."},
    {.key = "steps", RG_AT(struct rg_written_ladder, steps), .type = RG_ROW_SECTIONS, .flags = RG_REQUIRED,
     .table = &rg_step_table, .min = 1, .max = RG_STEPS_MAX, .help = "The steps, by name."},
    {.key = "on_paid", RG_AT(struct rg_written_ladder, on_paid), .type = RG_ROW_SECTIONS, .table = &rg_owed_table,
     .max = RG_STEPS_MAX, .help = "What the debtor is owed once he has paid."},
    {.key = "templates", RG_AT(struct rg_written_ladder, templates), .type = RG_ROW_PAIRS, .flags = RG_MULTILINE,
     .max = RG_STEPS_MAX, .help = "Short texts, by name; long ones stand in files of `templates/`."},
};
const struct rg_table rg_ladder_table = {.name = "ladder", .size = sizeof(struct rg_written_ladder), .fields = ladder_fields,
                                         .count = RG_COUNT(ladder_fields), .extra = later_in_ladder};

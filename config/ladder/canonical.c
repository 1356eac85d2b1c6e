/* The canonical form: every value that rules decide by, each on a line of its own, in one order, whatever the files looked like.
 * Comments, spacing, quoting, the order of keys and what is written out of defaults do not show in it; free texts are preceded by
 * their length, so that no text can look like another value. */
#include "base/core/hash.h"
#include "config/ladder/shelf.h"
#include "config/ladder/written.h"

#include <inttypes.h>

#define CANONICAL_BYTES_MAX ((size_t)512 << 20)

static void add_text(struct rg_buf *into, const char *key, struct rg_str text)
{
    if (!rg_str_has(text))
        return;
    rg_buf_addf(into, "%s %zu:", key, text.n);
    rg_buf_add_str(into, text);
    rg_buf_addc(into, '\n');
}

static void add_condition(struct rg_buf *into, const char *key, const struct rg_cel *condition)
{
    if (condition == NULL)
        return;
    rg_buf_addf(into, "%s ", key);
    rg_cel_canonical(condition, into);
    rg_buf_addc(into, '\n');
}

static void add_day(struct rg_buf *into, const char *key, struct rg_day_spec day)
{
    if (day.given)
        rg_buf_addf(into, "%s D%+d%s\n", key, day.offset, day.bank_days ? "bd" : "");
}

static void add_span(struct rg_buf *into, const char *key, struct rg_span span)
{
    static const char *const units[] = {
        [RG_SPAN_NONE] = "", [RG_SPAN_MS] = "ms", [RG_SPAN_DAYS] = "d", [RG_SPAN_BANK_DAYS] = "bd"};
    if (span.unit != RG_SPAN_NONE)
        rg_buf_addf(into, "%s %" PRId64 "%s\n", key, span.n, units[span.unit]);
}

static void add_hours(struct rg_buf *into, const char *key, struct rg_hours hours)
{
    rg_buf_addf(into, "%s %d-%d\n", key, hours.open_minute, hours.close_minute);
}

static void add_via(struct rg_buf *into, const struct rg_rules *rules, const int *via, int count)
{
    for (int i = 0; i < count; i++)
        add_text(into, "via", rules->channels[via[i]].name);
}

static void add_until(struct rg_buf *into, const struct rg_until *until)
{
    if (until->kind == RG_UNTIL_NEXT)
        rg_buf_adds(into, "until next\n");
    add_span(into, "until", until->kind == RG_UNTIL_SPAN ? until->span : (struct rg_span){0});
    add_day(into, "until", until->kind == RG_UNTIL_DAY ? until->day : (struct rg_day_spec){0});
}

static void add_term(struct rg_buf *into, const struct rg_state_days *term)
{
    if (!term->given)
        return;
    rg_buf_addf(into, "term %d\n", term->days);
    for (char a = 'A'; a <= 'Z'; a++) /* in the order of the alphabet, not of the file */
        for (char b = 'A'; b <= 'Z'; b++)
            for (size_t i = 0; i < term->state_count; i++)
                if (term->states[i].state[0] == a && term->states[i].state[1] == b)
                    rg_buf_addf(into, "term %s %d\n", term->states[i].state, term->states[i].days);
}

static void add_step(struct rg_buf *into, const struct rg_rules *rules, const struct rg_ladder *ladder,
                     const struct rg_step *step)
{
    add_text(into, "step", step->name);
    add_day(into, "day", step->day);
    if (step->after_step >= 0) {
        add_text(into, "after", ladder->steps[step->after_step].name);
        rg_buf_addf(into, "has %s\n", rg_words_has.names[step->after_has]);
        add_span(into, "wait", step->after_wait);
    }
    add_day(into, "not_before", step->not_before);
    add_day(into, "not_after", step->not_after);
    rg_buf_addf(into, "tone %s%s\n", rg_tone_name(step->tone), step->extrajudicial ? " extrajudicial" : "");
    add_via(into, rules, step->via, step->via_count);
    add_text(into, "template", step->template);
    if (step->kind == RG_ACT_SIGNAL)
        rg_buf_addf(into, "signal %s\n", rg_signal_name(step->signal));
    add_condition(into, "when", step->when[0]);
    add_condition(into, "and", step->when[1]);
    rg_buf_addf(into, "needs %u\nevidence %s\n", step->needs, rg_evidence_name(step->evidence));
    add_span(into, "evidence_within", step->evidence_within);
    add_term(into, &step->term);
    add_span(into, "every", step->repeat_every);
    rg_buf_addf(into, "times %d\n", step->repeat_times);
    add_until(into, &step->until);
    rg_buf_addf(into, "catch_up %s\nuncertain %s\nmode %s\nagain %d\n", rg_words_catch_up.names[step->catch_up],
                rg_uncertain_name(step->uncertain), rg_mode_name(step->mode), step->again);
}

static void add_owed(struct rg_buf *into, const struct rg_rules *rules, const struct rg_owed *owed)
{
    add_text(into, "owed", owed->name);
    if (owed->kind == RG_ACT_SIGNAL)
        rg_buf_addf(into, "signal %s\n", rg_signal_name(owed->signal));
    add_span(into, "within", owed->within);
    add_span(into, "when_crossed", owed->when_crossed);
    add_via(into, rules, owed->via, owed->via_count);
    add_text(into, "template", owed->template);
    add_condition(into, "when", owed->when);
}

static void add_calendar(struct rg_buf *into, const struct rg_calendar *cal)
{
    add_text(into, "calendar", rg_str(cal->name));
    for (size_t i = 0; i < cal->holidays_count; i++) {
        const struct rg_holiday_rule *rule = &cal->holidays[i];
        rg_buf_addf(into, "holiday %s %d %d %d %d\n", rule->state, rule->by_easter, rule->month, rule->day, rule->easter_days);
        add_text(into, "city", rule->city);
    }
    for (size_t i = 0; i < cal->hours_count; i++) {
        add_text(into, "hours", rg_str(cal->hours[i].state));
        add_hours(into, "weekdays", cal->hours[i].weekdays);
        add_hours(into, "saturday", cal->hours[i].saturday);
        add_hours(into, "sunday", cal->hours[i].sunday);
    }
    if (cal->cut.given) {
        rg_buf_addf(into, "never %u\n", cal->cut.never);
        add_hours(into, "cut", cal->cut.hours);
    }
    for (size_t i = 0; i < cal->cut.only_count; i++)
        rg_buf_addf(into, "only %d-%d..%d-%d\n", cal->cut.only[i].from_month, cal->cut.only[i].from_day,
                    cal->cut.only[i].to_month, cal->cut.only[i].to_day);
    rg_buf_addf(into, "term_end %d\nsuspension_notice %d\nrestore %" PRId64 "\n", cal->term_end, cal->suspension_notice_days,
                cal->restore_ms);
}

static void add_ladder(struct rg_buf *into, const struct rg_rules *rules, const struct rg_ladder *ladder)
{
    add_text(into, "ladder", ladder->name);
    add_text(into, "title", ladder->title);
    add_text(into, "owner", ladder->owner);
    rg_buf_addf(into, "priority %d\nmode %s\n", ladder->priority, rg_mode_name(ladder->mode));
    add_condition(into, "applies", ladder->applies);
    if (ladder->hours.given) {
        add_hours(into, "weekdays", ladder->hours.weekdays);
        add_hours(into, "saturday", ladder->hours.saturday);
        add_hours(into, "sunday", ladder->hours.sunday);
    }
    rg_buf_addf(into, "holidays %d\nper_day %d\nper_week %d\n", ladder->holidays_before_earlier,
                ladder->caps.per_day, ladder->caps.per_week);
    add_span(into, "gap", ladder->caps.gap);
    for (int i = 0; i < ladder->step_count; i++)
        add_step(into, rules, ladder, &ladder->steps[i]);
    for (int i = 0; i < ladder->owed_count; i++)
        add_owed(into, rules, &ladder->owed[i]);
    add_calendar(into, ladder->calendar);
}

static void add_decimal(struct rg_buf *into, const char *key, struct rg_decimal decimal)
{
    while (decimal.scale > 0 && decimal.units % 10 == 0) { /* 2.50 is 2.5 */
        decimal.units /= 10;
        decimal.scale--;
    }
    rg_buf_addf(into, "%s %" PRId64 "e-%d\n", key, decimal.units, decimal.scale);
}

static void add_policy(struct rg_buf *into, const struct rg_policy *policy)
{
    rg_buf_adds(into, "policy\n");
    add_decimal(into, "fine", policy->fees.fine_percent);
    add_decimal(into, "interest", policy->fees.interest_percent_month);
    rg_buf_addf(into,
                "base %d\nstart %d\nrounding %d\nlast_bank_day_of_year %d\ntolerance %" PRId64
                "\nafter_dispute %d\nprescription %d\n",
                policy->fees.base, policy->fees.start, policy->fees.rounding, policy->fees.last_bank_day_of_year,
                policy->tolerance_cents, policy->after_dispute_bank_days, policy->prescription_years);
}

static void add_texts(struct rg_buf *into, const char *what, struct rg_template *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_text(into, what, items[i]->name);
        for (size_t k = 0; k < items[i]->text_count; k++) {
            add_text(into, "channel", items[i]->texts[k].channel);
            add_text(into, rg_part_names[items[i]->texts[k].part], items[i]->texts[k].source);
        }
    }
}

void rg_rules_canonical(const struct rg_rules *rules, const struct rg_templates *templates, struct rg_buf *into)
{
    rg_buf_adds(into, "regua rules 1\n");
    add_policy(into, &rules->policy);
    for (int i = 0; i < rules->ladder_count; i++)
        add_ladder(into, rules, &rules->ladders[i]);
    add_texts(into, "text", templates->items, templates->count);
    add_texts(into, "partial", templates->partials, templates->partial_count);
}

void rg_rules_name(struct rg_rules *rules, const struct rg_templates *templates)
{
    struct rg_buf canonical RG_CLEANUP(rg_buf_done);
    uint8_t digest[RG_SHA256_BYTES];
    rg_buf_init(&canonical, CANONICAL_BYTES_MAX);
    rg_rules_canonical(rules, templates, &canonical);
    rg_assert(!canonical.overflow); /* the snapshot and the shelf together are smaller */
    rg_sha256(canonical.data, canonical.len, digest);
    static_assert(RG_RULES_HASH_TEXT % 2 == 0, "whole bytes");
    rg_hex(digest, RG_RULES_HASH_TEXT / 2, rules->hash);
}

/* {settled, state, kind: exclude|restore} → {deadline}. `settled` is a date or an instant; the deadline of a restore is of the
 * same form, that of an exclusion always a date: the last bank day in the debtor's zone. */
#include "tests/adapter/suite.h"

#include "brazil/days/bank.h"
#include "brazil/days/calendar.h"
#include "brazil/days/zone.h"

enum kind { KIND_EXCLUDE, KIND_RESTORE };

static void answer_instant(enum kind kind, int64_t ms, struct rg_str state, const struct rg_zone *zone, struct rg_jw *answer)
{
    char text[RG_INSTANT_TEXT_MAX];
    if (kind == KIND_EXCLUDE) {
        rg_answer_day(answer, "deadline", rg_bank_add(rg_local_at(zone, ms).day, rg_exclusion_bank_days(state)));
        return;
    }
    rg_instant_format(ms + RG_RESTORE_MS, zone->offset_minutes, text);
    rg_jw_member_cstr(answer, "deadline", text);
}

void rg_suite_obligation(const struct rg_json_value *question, struct rg_jw *answer)
{
    static const char *const KINDS[] = {[KIND_EXCLUDE] = "exclude", [KIND_RESTORE] = "restore"};
    struct rg_str settled, state;
    size_t kind;
    rg_day day;
    int64_t ms;
    if (!rg_ask_str(question, "settled", answer, &settled) || !rg_ask_str(question, "state", answer, &state) ||
        !rg_ask_word(question, "kind", KINDS, RG_COUNT(KINDS), answer, &kind))
        return;
    const struct rg_zone *zone = rg_zone_of_state(state);
    if (zone == NULL)
        rg_jw_member_cstr(answer, "error", "expected \"state\" to be a state such as SP");
    else if (rg_instant_parse(settled, &ms))
        answer_instant((enum kind)kind, ms, state, zone, answer);
    else if (!rg_ask_day(question, "settled", answer, &day))
        return;
    else if (kind == KIND_EXCLUDE)
        rg_answer_day(answer, "deadline", rg_bank_add(day, rg_exclusion_bank_days(state)));
    else
        rg_answer_day(answer, "deadline", day + (rg_day)(RG_RESTORE_MS / RG_MS_PER_DAY));
}

/* {notice, term_days, term_end: next_day|same_day, state, calendar} → {result: "YYYY-MM-DD"}, the first day on which a cut is
 * allowed. The calendars known by name are statutes alone: national holidays, none of a state's own. */
#include "tests/adapter/suite.h"

#include "brazil/days/calendar.h"

static struct rg_calendar calendar_at(size_t index)
{
    struct rg_calendar calendar = {.name = "br-bank"};
    if (index > 0)
        calendar.cut = rg_cut_public_service;
    return calendar;
}

void rg_suite_cut(const struct rg_json_value *question, struct rg_jw *answer)
{
    static const char *const CALENDARS[] = {"br-bank", "br-telecom", "br-public-service"};
    static const char *const ENDS[] = {[RG_TERM_NEXT_DAY] = "next_day", [RG_TERM_SAME_DAY] = "same_day"};
    rg_day notice;
    int64_t days;
    size_t term_end, index;
    struct rg_str state, city = {NULL, 0};
    if (!rg_ask_day(question, "notice", answer, &notice) || !rg_ask_int(question, "term_days", answer, &days) ||
        !rg_ask_word(question, "term_end", ENDS, RG_COUNT(ENDS), answer, &term_end) ||
        !rg_ask_str(question, "state", answer, &state) ||
        !rg_ask_word(question, "calendar", CALENDARS, RG_COUNT(CALENDARS), answer, &index))
        return;
    struct rg_calendar calendar = calendar_at(index);
    int n_days = days >= 0 && days <= RG_TERM_DAYS_MAX ? (int)days : -1; /* no term: the module says so */
    rg_day free_day = rg_term_first_free_day(&calendar, state, city, notice, n_days, (enum rg_term_end)term_end);
    rg_answer_day(answer, "result", rg_calendar_next_cut(&calendar, state, city, free_day));
}

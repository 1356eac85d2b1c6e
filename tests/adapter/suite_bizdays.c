/* {op: add|is_bd|following|preceding|count, date, n?, to?} → {result: "YYYY-MM-DD" | bool | int}, on the national bank
 * calendar. `count` is bank days after `date` up to and including `to`. */
#include "tests/adapter/suite.h"

#include "brazil/days/bank.h"

enum op { OP_ADD, OP_IS_BD, OP_FOLLOWING, OP_PRECEDING, OP_COUNT };

static void answer_add(const struct rg_json_value *question, rg_day day, struct rg_jw *answer)
{
    int64_t n;
    if (!rg_ask_int(question, "n", answer, &n))
        return;
    bool fits = n >= INT32_MIN && n <= INT32_MAX;
    rg_answer_day(answer, "result", fits ? rg_bank_add(day, (int)n) : RG_DAY_NONE);
}

static void answer_count(const struct rg_json_value *question, rg_day day, struct rg_jw *answer)
{
    rg_day to;
    if (rg_ask_day(question, "to", answer, &to))
        rg_jw_member_int(answer, "result", rg_bank_count(day, to));
}

void rg_suite_bizdays(const struct rg_json_value *question, struct rg_jw *answer)
{
    static const char *const OPS[] = {
        [OP_ADD] = "add", [OP_IS_BD] = "is_bd", [OP_FOLLOWING] = "following", [OP_PRECEDING] = "preceding", [OP_COUNT] = "count"};
    size_t op;
    rg_day day;
    if (!rg_ask_word(question, "op", OPS, RG_COUNT(OPS), answer, &op) || !rg_ask_day(question, "date", answer, &day))
        return;
    if (op == OP_ADD)
        answer_add(question, day, answer);
    else if (op == OP_IS_BD)
        rg_jw_member_bool(answer, "result", rg_bank_day(day));
    else if (op == OP_COUNT)
        answer_count(question, day, answer);
    else
        rg_answer_day(answer, "result", op == OP_FOLLOWING ? rg_bank_following(day) : rg_bank_preceding(day));
}

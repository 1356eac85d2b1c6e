/* Reading questions. One sentence per mistake, so that the author of a question can mend it without reading this program. */
#include "tests/adapter/suite.h"

#define SENTENCE_MAX 256

static bool refuse(struct rg_jw *answer, const char *key, const char *expected)
{
    char sentence[SENTENCE_MAX];
    snprintf(sentence, sizeof sentence, "expected \"%s\" to be %s", key, expected);
    rg_jw_member_cstr(answer, "error", sentence);
    return false;
}

bool rg_ask_str(const struct rg_json_value *question, const char *key, struct rg_jw *answer, struct rg_str *ret_text)
{
    return rg_json_str(rg_json_get(question, key), ret_text) || refuse(answer, key, "a string");
}

bool rg_ask_int(const struct rg_json_value *question, const char *key, struct rg_jw *answer, int64_t *ret_number)
{
    return rg_json_int(rg_json_get(question, key), ret_number) || refuse(answer, key, "an integer");
}

bool rg_ask_day(const struct rg_json_value *question, const char *key, struct rg_jw *answer, rg_day *ret_day)
{
    struct rg_str text;
    bool parsed = rg_json_str(rg_json_get(question, key), &text) && rg_day_parse(text, ret_day);
    return parsed || refuse(answer, key, "a date YYYY-MM-DD of the years 1900 to 2199");
}

bool rg_ask_flag(const struct rg_json_value *question, const char *key, struct rg_jw *answer, bool *ret_flag)
{
    const struct rg_json_value *value = rg_json_get(question, key);
    if (rg_json_kind(value) == RG_JSON_ABSENT) {
        *ret_flag = false;
        return true;
    }
    return rg_json_bool(value, ret_flag) || refuse(answer, key, "true or false");
}

bool rg_ask_word(const struct rg_json_value *question, const char *key, const char *const *words, size_t count,
                 struct rg_jw *answer, size_t *ret_index)
{
    struct rg_str word = {NULL, 0};
    char expected[SENTENCE_MAX / 2] = "one of";
    size_t used = sizeof "one of" - 1;
    bool is_text = rg_json_str(rg_json_get(question, key), &word);
    for (size_t i = 0; i < count; i++) {
        if (is_text && rg_str_is(word, words[i])) {
            *ret_index = i;
            return true;
        }
        int n = snprintf(expected + used, sizeof expected - used, " %s", words[i]);
        rg_assert(n > 0 && used + (size_t)n < sizeof expected);
        used += (size_t)n;
    }
    return refuse(answer, key, expected);
}

int rg_ask_file(const struct rg_json_value *question, const char *key, struct rg_jw *answer, struct rg_buf *into,
                struct rg_error *err)
{
    struct rg_str path;
    char sentence[SENTENCE_MAX + sizeof err->text];
    if (!rg_ask_str(question, key, answer, &path))
        return RG_EINVAL;
    int rc = rg_file_read(path.p, into, err);
    if (rc < 0 && rc != RG_ELIMIT) {
        snprintf(sentence, sizeof sentence, "the file in \"%s\" cannot be read: %s", key, err->text);
        rg_jw_member_cstr(answer, "error", sentence);
    }
    return rc;
}

void rg_answer_verdict(struct rg_jw *answer, const char *reason)
{
    rg_jw_member_cstr(answer, "result", reason == NULL ? "accept" : "refuse");
    if (reason != NULL)
        rg_jw_member_cstr(answer, "reason", reason);
}

void rg_answer_first_error(struct rg_jw *answer, const char *key, struct rg_diags *diags)
{
    struct rg_buf sentence RG_CLEANUP(rg_buf_done);
    const struct rg_finding *found = NULL;
    for (size_t i = 0; i < rg_diags_count(diags) && found == NULL; i++)
        if (rg_diags_at(diags, i)->severity == RG_SEVERITY_ERROR)
            found = rg_diags_at(diags, i);
    rg_assert(found != NULL);
    rg_buf_init(&sentence, 2 * RG_DIAG_TEXT_MAX);
    rg_buf_addf(&sentence, "%d:%d: %s [%s]", found->line, found->column, found->text, found->code);
    rg_jw_member_str(answer, key, rg_buf_str(&sentence));
}

void rg_answer_day(struct rg_jw *answer, const char *key, rg_day day)
{
    char text[RG_DAY_TEXT_MAX];
    if (day == RG_DAY_NONE) {
        rg_jw_member_cstr(answer, "error", "no such day within the years 1900 to 2199");
        return;
    }
    rg_day_format(day, text);
    rg_jw_member_cstr(answer, key, text);
}

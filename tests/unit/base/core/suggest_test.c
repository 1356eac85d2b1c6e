/* "did you mean": near enough, and silent otherwise. */
#include "base/core/suggest.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static const char *const words[] = {"template", "channel", "channels", "when", "until", "to", "id", "on_paid"};

static void the_nearest_word_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *word, *expected;
    } rows[] = {
        {"tempalte", "template"}, /* two neighbours swapped: one edit */
        {"templat", "template"},  {"templates", "template"}, {"emplat", "template"}, {"TEMPLATE", "template"},
        {"tempXYte", "template"}, {"tempXYZe", NULL},        {"chanel", "channel"},  {"channelz", "channel"},
        {"channelss", "channels"}, {"wehn", "when"},         {"untli", "until"},     {"onpaid", "on_paid"},
        {"ti", "to"},             {"di", "id"},              {"xy", NULL},           {"x", NULL},
        {"i", "id"},              {"", NULL},                {"completely", NULL},   {"until", "until"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        const char *found = rg_suggest(rg_str(rows[i].word), words, RG_COUNT(words));
        if (rows[i].expected == NULL)
            assert_null(found);
        else
            assert_string_equal(found, rows[i].expected);
    }
    assert_null(rg_suggest(RG_STR("when"), NULL, 0));
    assert_null(rg_suggest(rg_str(NULL), words, RG_COUNT(words)));
}

static void of_equals_the_first_wins(void **state)
{
    (void)state;
    static const char *const equals[] = {"stepa", "stepb"};
    assert_string_equal(rg_suggest(RG_STR("stepc"), equals, 2), "stepa");
    assert_string_equal(rg_suggest(RG_STR("stepb"), equals, 2), "stepb");
}

static void long_words_are_left_alone(void **state)
{
    (void)state;
    char most[RG_SUGGEST_WORD_MAX + 1], over[RG_SUGGEST_WORD_MAX + 2];
    memset(most, 'a', sizeof most);
    most[RG_SUGGEST_WORD_MAX] = '\0';
    memset(over, 'a', sizeof over);
    over[RG_SUGGEST_WORD_MAX + 1] = '\0';
    const char *only_most[] = {most}, *only_over[] = {over};
    assert_ptr_equal(rg_suggest(rg_str(most), only_most, 1), most);
    assert_null(rg_suggest(rg_str(over), only_most, 1));
    assert_null(rg_suggest(rg_str(most), only_over, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_word_is_found),
        cmocka_unit_test(of_equals_the_first_wins),
        cmocka_unit_test(long_words_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

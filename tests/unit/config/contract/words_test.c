/* Every list of words: no member without a name, no name twice, and back by the name. */
#include "config/contract/words.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static const struct rg_words *const lists[] = {
    &rg_words_tone, &rg_words_evidence, &rg_words_provider_fact, &rg_words_verdict, &rg_words_mode, &rg_words_uncertain,
    &rg_words_gate, &rg_words_debtor_kind, &rg_words_protection, &rg_words_event_type, &rg_words_signal, &rg_words_reversal,
    &rg_words_dispute_result, &rg_words_later_type,
};

static void every_member_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (size_t l = 0; l < RG_COUNT(lists); l++) {
        const struct rg_words *words = lists[l];
        assert_non_null(words->what);
        assert_true(words->count > words->first);
        for (int i = 0; i < words->count; i++) {
            assert_non_null(words->names[i]);
            assert_true(strlen(words->names[i]) > 0);
            for (int j = 0; j < i; j++)
                assert_string_not_equal(words->names[i], words->names[j]);
            assert_int_equal(rg_word(words, rg_str(words->names[i])), i >= words->first ? i : -1);
        }
    }
}

static void words_are_compared_exactly(void **state)
{
    (void)state;
    static const char *const strangers[] = {"", "Sanction", "sanction ", " sanction", "sanctio", "sanctions"};
    for (size_t i = 0; i < RG_COUNT(strangers); i++)
        assert_int_equal(rg_word(&rg_words_tone, rg_str(strangers[i])), -1);
    assert_int_equal(rg_word(&rg_words_tone, (struct rg_str){NULL, 0}), -1);
    assert_int_equal(rg_word(&rg_words_tone, (struct rg_str){"info\0", 5}), -1);
}

/* The order of these two carries meaning: severity, and how much is proven. */
static void the_order_of_tones_and_evidence_is_fixed(void **state)
{
    (void)state;
    static const char *const tones[] = {"info", "courtesy", "reminder", "firm", "notice", "sanction"};
    static const char *const evidence[] = {"none", "accepted", "delivered", "read", "replied"};
    assert_int_equal(RG_TONE_COUNT, RG_COUNT(tones));
    for (size_t i = 0; i < RG_COUNT(tones); i++)
        assert_string_equal(rg_tone_name((enum rg_tone)i), tones[i]);
    assert_int_equal(RG_EVIDENCE_COUNT, RG_COUNT(evidence));
    for (size_t i = 0; i < RG_COUNT(evidence); i++)
        assert_string_equal(rg_evidence_name((enum rg_evidence)i), evidence[i]);
}

static void every_gate_has_its_sentence(void **state)
{
    (void)state;
    for (int gate = RG_GATE_NONE; gate < RG_GATE_COUNT; gate++) {
        const char *sentence = rg_gate_sentence((enum rg_gate)gate);
        assert_true(strlen(sentence) > 0);
        assert_int_not_equal(sentence[strlen(sentence) - 1], '.'); /* it stands inside longer lines */
        assert_non_null(rg_gate_lifted_by((enum rg_gate)gate));
        assert_true(gate == RG_GATE_NONE || strlen(rg_gate_lifted_by((enum rg_gate)gate)) > 0);
    }
}

static void provider_facts_prove_what_they_say(void **state)
{
    (void)state;
    static const enum rg_evidence proven[RG_FACT_COUNT] = {
        [RG_FACT_ACCEPTED] = RG_EVIDENCE_ACCEPTED, [RG_FACT_DELIVERED] = RG_EVIDENCE_DELIVERED, [RG_FACT_READ] = RG_EVIDENCE_READ,
        [RG_FACT_REPLIED] = RG_EVIDENCE_REPLIED,
    };
    for (int fact = 0; fact < RG_FACT_COUNT; fact++)
        assert_int_equal(rg_fact_evidence((enum rg_provider_fact)fact), proven[fact]);
}

static void a_near_word_is_suggested(void **state)
{
    (void)state;
    assert_string_equal(rg_words_suggest(&rg_words_event_type, RG_STR("invoice.isued")), "invoice.issued");
    assert_string_equal(rg_words_suggest(&rg_words_tone, RG_STR("notise")), "notice");
    assert_null(rg_words_suggest(&rg_words_tone, RG_STR("friendly")));
    assert_null(rg_words_suggest(&rg_words_event_type, RG_STR("non"))); /* "none" is nothing a person writes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_has_a_name_of_its_own), cmocka_unit_test(words_are_compared_exactly),
        cmocka_unit_test(the_order_of_tones_and_evidence_is_fixed), cmocka_unit_test(every_gate_has_its_sentence),
        cmocka_unit_test(provider_facts_prove_what_they_say), cmocka_unit_test(a_near_word_is_suggested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

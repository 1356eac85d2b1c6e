/* The records of our own: round trips with every member set and with none, what is refused, and identities against vectors
 * that were computed by a few lines of Python. */
#include "config/contract/ledger.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

#define ARENA_BYTES ((size_t)4 * 1024 * 1024)

static struct rg_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = rg_arena_new(ARENA_BYTES);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static struct rg_action_id action_of(const char *hex)
{
    struct rg_action_id id;
    assert_true(rg_action_id_parse(rg_str(hex), &id));
    return id;
}

static struct rg_claim_id claim_of(const char *hex)
{
    struct rg_claim_id id;
    assert_true(rg_claim_id_parse(rg_str(hex), &id));
    return id;
}

#define ACTION "002a00112233445566778899aabbccddeeff"
#define CLAIM "000102030405060708090a0b0c0d0e0f"

static struct rg_decision full_decision(struct rg_decision_invoice invoices[2], struct rg_decision_cover covers[1])
{
    invoices[0] = (struct rg_decision_invoice){RG_STR("asaas"), RG_STR("F1"), 2, 15900, 41, false};
    invoices[1] = (struct rg_decision_invoice){RG_STR("asaas"), RG_STR("F2"), 1, 100, 42, true};
    covers[0] = (struct rg_decision_cover){1, RG_STR("lembrete"), 3};
    return (struct rg_decision){
        .action = action_of(ACTION),
        .debtor = RG_STR("c1"),
        .ladder = RG_STR("internet"),
        .step = RG_STR("atraso"),
        .repetition = 2,
        .channel = RG_STR("email"),
        .attempt = 3,
        .kind = RG_ACT_SIGNAL,
        .tone = RG_TONE_NOTICE,
        .mode = RG_MODE_LIVE,
        .uncertain = RG_UNCERTAIN_RESEND,
        .evidence = RG_EVIDENCE_READ,
        .owed = true,
        .text = RG_STR("atraso"),
        .signal = RG_SIGNAL_RESTORE_REQUESTED,
        .creditor = RG_STR("provedor"),
        .service = RG_STR("internet"),
        .invoices = invoices,
        .invoice_count = 2,
        .covers = covers,
        .cover_count = 1,
        .amount_cents = 16000,
        .fine_cents = 320,
        .interest_cents = 17,
        .discount_cents = 5,
        .total_cents = 16332,
        .amounts_on = 20777,
        .deadline_on = 20792,
        .until_ms = 1795611600000,
        .sequence = 9,
        .at_ms = 1795608000000,
        .asof_ms = 1795607999000,
        .rests_on = 43,
        .previous = 7,
        .rules = RG_STR("3fa9c1"),
    };
}

static struct rg_str decision_bytes(const struct rg_decision *decision)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_decision_write(decision, &buf);
    return rg_arena_str(arena, rg_buf_str(&buf));
}

static void a_decision_is_read_back_whole(void **state)
{
    (void)state;
    struct rg_decision_invoice invoices[2];
    struct rg_decision_cover covers[1];
    struct rg_decision decision = full_decision(invoices, covers), back;
    struct rg_str bytes = decision_bytes(&decision);
    assert_int_equal(rg_decision_read(bytes, arena, &back, NULL), 0);
    assert_true(rg_action_id_eq(&back.action, &decision.action));
    assert_int_equal(back.invoice_count, 2);
    assert_true(rg_str_is(back.invoices[0].invoice, "F1") && rg_str_is(back.invoices[0].ns, "asaas"));
    assert_int_equal(back.invoices[0].cycle, 2);
    assert_int_equal(back.invoices[0].balance_cents, 15900);
    assert_int_equal(back.invoices[1].offset, 42);
    assert_int_equal(back.covers[0].invoice, 1);
    assert_int_equal(back.covers[0].repetition, 3);
    assert_int_equal(back.uncertain, RG_UNCERTAIN_RESEND);
    assert_int_equal(back.previous, 7);
    assert_true(rg_str_eq(decision_bytes(&back), bytes)); /* and with it every other member */
}

/* The form is final: programs and oracles in other languages read it. */
static void the_form_of_a_decision_is_fixed(void **state)
{
    (void)state;
    struct rg_decision_invoice invoices[2];
    struct rg_decision_cover covers[1];
    struct rg_decision decision = full_decision(invoices, covers);
    assert_string_equal(
        decision_bytes(&decision).p,
        "{\"v\":1,\"action\":\"" ACTION
        "\",\"debtor\":\"c1\",\"ladder\":\"internet\",\"step\":\"atraso\",\"repetition\":2,\"channel\":"
        "\"email\",\"attempt\":3,\"kind\":\"signal\",\"tone\":\"notice\",\"mode\":\"live\",\"uncertain\":\"resend\",\"evidence\":"
        "\"read\","
        "\"owed\":true,\"text\":\"atraso\",\"signal\":\"service.restore_requested\",\"creditor\":\"provedor\",\"service\":"
        "\"internet\","
        "\"invoices\":[{\"ns\":\"asaas\",\"invoice\":\"F1\",\"cycle\":2,\"balance_cents\":15900,\"offset\":41},{\"ns\":\"asaas\","
        "\"invoice\":\"F2\",\"balance_cents\":100,\"offset\":42,\"listed\":true}],\"covers\":[{\"invoice\":1,\"step\":"
        "\"lembrete\",\"repetition\":3}],"
        "\"amount_cents\":16000,\"fine_cents\":320,\"interest_cents\":17,\"discount_cents\":5,\"total_cents\":16332,\"amounts_"
        "on\":"
        "\"2026-11-20\",\"deadline_on\":\"2026-12-05\",\"until_ms\":1795611600000,\"sequence\":9,\"at_ms\":1795608000000,\"asof_"
        "ms\":"
        "1795607999000,\"rests_on\":43,\"previous\":7,\"rules\":\"3fa9c1\"}");
}

static void what_is_not_written_has_its_default(void **state)
{
    (void)state;
    struct rg_decision decision = {.action = action_of(ACTION), .debtor = RG_STR("c1"), .step = RG_STR("s"), .repetition = 1,
                                   .attempt = 1, .amounts_on = RG_DAY_NONE, .deadline_on = RG_DAY_NONE, .previous = -1};
    struct rg_str bytes = decision_bytes(&decision);
    assert_string_equal(bytes.p, "{\"v\":1,\"action\":\"" ACTION
                                 "\",\"debtor\":\"c1\",\"step\":\"s\",\"kind\":\"message\",\"tone\":\"info\","
                                 "\"mode\":\"shadow\",\"uncertain\":\"skip\",\"at_ms\":0,\"asof_ms\":0,\"rests_on\":0}");
    struct rg_decision back;
    assert_int_equal(rg_decision_read(bytes, arena, &back, NULL), 0);
    assert_int_equal(back.repetition, 1);
    assert_int_equal(back.attempt, 1);
    assert_int_equal(back.amounts_on, RG_DAY_NONE);
    assert_int_equal(back.deadline_on, RG_DAY_NONE);
    assert_int_equal(back.previous, -1);
    assert_null(back.ladder.p);
    assert_int_equal(back.invoice_count, 0);
}

static void what_was_skipped_is_read_back(void **state)
{
    (void)state;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_skip skip = {RG_STR("n"), RG_STR("F1"), RG_STR("s"), 1, 2, RG_GATE_CAPS};
    struct rg_caught_up caught_up[] = {{RG_STR("n"), RG_STR("F1")}, {RG_STR("m"), RG_STR("F2")}};
    struct rg_skipped skipped = {.debtor = RG_STR("c1"), .skips = &skip, .skip_count = 1, .through_ms = 5}, back;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_skipped_write(&skipped, &buf); /* as it always was */
    assert_string_equal(rg_buf_cstr(&buf), "{\"v\":1,\"debtor\":\"c1\",\"skips\":[{\"ns\":\"n\",\"invoice\":\"F1\",\"step\":\"s\","
                                           "\"repetition\":2,\"gate\":\"caps\"}],\"through_ms\":5}");
    assert_int_equal(rg_skipped_read(rg_buf_str(&buf), arena, &back, NULL), 0);
    assert_true(back.skip_count == 1 && back.caught_up_count == 0 && back.at_ms == 0);
    rg_buf_reset(&buf);
    skipped = (struct rg_skipped){.debtor = RG_STR("c1"), .caught_up = caught_up, .caught_up_count = 2, .at_ms = 7};
    rg_skipped_write(&skipped, &buf);
    assert_string_equal(rg_buf_cstr(&buf), "{\"v\":1,\"debtor\":\"c1\",\"caught_up\":[{\"ns\":\"n\",\"invoice\":\"F1\"},"
                                           "{\"ns\":\"m\",\"invoice\":\"F2\"}],\"through_ms\":0,\"at_ms\":7}");
    assert_int_equal(rg_skipped_read(rg_buf_str(&buf), arena, &back, NULL), 0);
    assert_true(back.skip_count == 0 && back.caught_up_count == 2 && back.at_ms == 7);
    assert_true(rg_str_is(back.caught_up[1].ns, "m") && rg_str_is(back.caught_up[1].invoice, "F2"));
}

static void the_other_records_are_read_back(void **state)
{
    (void)state;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_decision_invoice invoice = {RG_STR("n"), RG_STR("F1"), 4, 0, 0, false};
    struct rg_recalled recalled = {action_of(ACTION), RG_STR("c1"), RG_GATE_HOURS, 5}, recalled_back;
    struct rg_claim claim = {claim_of(CLAIM), action_of(ACTION), RG_STR("c1"), 30000, RG_STR("c1/a/b"), RG_STR("ff"), 6},
                    claim_back;
    struct rg_outcome outcome = {action_of(ACTION),
                                 claim_of(CLAIM),
                                 17,
                                 RG_STR("c1"),
                                 RG_STR("s"),
                                 RG_STR("email"),
                                 2,
                                 3,
                                 &invoice,
                                 1,
                                 RG_VERDICT_THROTTLED,
                                 RG_EVIDENCE_ACCEPTED,
                                 RG_STR("wamid"),
                                 RG_STR("slow"),
                                 RG_GATE_MISSING_DATA,
                                 1000,
                                 8},
                      outcome_back;
    struct rg_located located = {RG_STR("invoice:n:F1"), RG_STR("c1")}, located_back;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);

    rg_recalled_write(&recalled, &buf);
    assert_string_equal(rg_buf_cstr(&buf),
                        "{\"v\":1,\"action\":\"" ACTION "\",\"debtor\":\"c1\",\"gate\":\"hours\",\"at_ms\":5}");
    assert_int_equal(rg_recalled_read(rg_buf_str(&buf), arena, &recalled_back, NULL), 0);
    assert_int_equal(recalled_back.gate, RG_GATE_HOURS);

    rg_buf_reset(&buf);
    rg_claim_write(&claim, &buf);
    assert_string_equal(rg_buf_cstr(&buf),
                        "{\"v\":1,\"claim\":\"" CLAIM "\",\"action\":\"" ACTION "\",\"debtor\":\"c1\",\"valid_ms\":30000,"
                        "\"message_key\":\"c1/a/b\",\"message_hash\":\"ff\",\"at_ms\":6}");
    assert_int_equal(rg_claim_read(rg_buf_str(&buf), arena, &claim_back, NULL), 0);
    assert_true(rg_claim_id_eq(&claim_back.claim, &claim.claim) && rg_str_is(claim_back.message_hash, "ff"));

    rg_buf_reset(&buf);
    rg_outcome_write(&outcome, &buf);
    assert_string_equal(rg_buf_cstr(&buf), "{\"v\":1,\"action\":\"" ACTION "\",\"claim\":\"" CLAIM
                                           "\",\"claim_offset\":17,\"debtor\":\"c1\",\"step\":\"s\",\"channel\":\"email\","
                                           "\"repetition\":2,\"attempt\":3,\"invoices\":[{\"ns\":\"n\",\"invoice\":\"F1\","
                                           "\"cycle\":4}],\"verdict\":\"throttled\",\"evidence\":"
                                           "\"accepted\",\"provider_id\":\"wamid\",\"detail\":\"slow\",\"gate\":\"missing_data\","
                                           "\"retry_after_ms\":1000,\"at_ms\":8}");
    assert_int_equal(rg_outcome_read(rg_buf_str(&buf), arena, &outcome_back, NULL), 0);
    assert_int_equal(outcome_back.invoices[0].cycle, 4);
    assert_int_equal(outcome_back.verdict, RG_VERDICT_THROTTLED);

    rg_buf_reset(&buf);
    outcome.claim = (struct rg_claim_id){{0}};
    outcome.claim_offset = -1;
    rg_outcome_write(&outcome, &buf);
    assert_null(strstr(rg_buf_cstr(&buf), "claim"));
    assert_int_equal(rg_outcome_read(rg_buf_str(&buf), arena, &outcome_back, NULL), 0);
    assert_true(rg_claim_id_is_zero(&outcome_back.claim) && outcome_back.claim_offset == -1);

    rg_buf_reset(&buf);
    rg_located_write(&located, &buf);
    assert_string_equal(rg_buf_cstr(&buf), "{\"v\":1,\"ref\":\"invoice:n:F1\",\"debtor\":\"c1\"}");
    assert_int_equal(rg_located_read(rg_buf_str(&buf), arena, &located_back, NULL), 0);
    assert_true(rg_str_is(located_back.ref, "invoice:n:F1") && rg_str_is(located_back.debtor, "c1"));
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
#define CLAIMED(claim, rest) "{\"v\":1,\"claim\":\"" claim "\",\"action\":\"" ACTION "\",\"debtor\":\"c\"," rest "}"
    static const struct {
        const char *bytes;
        int code;
    } rows[] = {
        {"", RG_EINVAL},
        {"null", RG_EINVAL},
        {"{}", RG_EINVAL},
        {"{\"v\":2}", RG_EREFUSED},
        {"{\"v\":\"1\"}", RG_EINVAL},
        {CLAIMED(CLAIM, "\"at_ms\":1"), RG_EINVAL},
        {CLAIMED(CLAIM, "\"at_ms\":1,\"valid_ms\":null"), RG_EINVAL},
        {CLAIMED(CLAIM, "\"at_ms\":1,\"valid_ms\":\"30\""), RG_EINVAL},
        {CLAIMED(CLAIM, "\"at_ms\":1,\"valid_ms\":30.5"), RG_EINVAL},
        {CLAIMED("0", "\"at_ms\":1,\"valid_ms\":30"), RG_EINVAL},
        {CLAIMED(CLAIM, "\"at_ms\":1,\"valid_ms\":30,\"message_key\":5"), RG_EINVAL},
        {CLAIMED(CLAIM, "\"at_ms\":1,\"valid_ms\":30"), 0},
        {CLAIMED(CLAIM, "\"at_ms\":1,\"valid_ms\":30,\"later\":[]"), 0}, /* members of a later version are skipped */
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_claim claim = {.at_ms = 77};
        struct rg_error err = {0};
        assert_int_equal(rg_claim_read(rg_str(rows[i].bytes), arena, &claim, &err), rows[i].code);
        assert_int_equal(claim.at_ms, rows[i].code == 0 ? 1 : 77);
        assert_true(rows[i].code == 0 || strlen(err.text) > 0);
    }
}

static void numbers_and_words_of_a_decision_are_held_to_their_kind(void **state)
{
    (void)state;
#define DECIDED(rest)                                                                                                            \
    "{\"v\":1,\"action\":\"" ACTION                                                                                              \
    "\",\"debtor\":\"c\",\"step\":\"s\",\"tone\":\"info\",\"mode\":\"live\",\"uncertain\":\"skip\",\"at_ms\":0,"                 \
    "\"asof_ms\":0,\"rests_on\":0," rest "}"
#define INVOICE "{\"ns\":\"n\",\"invoice\":\"F\"}"
    static const struct {
        const char *bytes;
        bool fine;
    } rows[] = {
        {DECIDED("\"kind\":\"message\""), true},
        {DECIDED("\"kind\":\"letter\""), false},
        {DECIDED("\"kind\":1"), false},
        {DECIDED("\"kind\":\"message\",\"evidence\":\"none\""), false},
        {DECIDED("\"kind\":\"message\",\"attempt\":2147483647"), true},
        {DECIDED("\"kind\":\"message\",\"attempt\":2147483648"), false},
        {DECIDED("\"kind\":\"message\",\"owed\":1"), false},
        {DECIDED("\"kind\":\"message\",\"deadline_on\":\"2026-02-30\""), false},
        {DECIDED("\"kind\":\"message\",\"invoices\":{}"), false},
        {DECIDED("\"kind\":\"message\",\"invoices\":[5]"), false},
        {DECIDED("\"kind\":\"message\",\"invoices\":[" INVOICE "]"), true},
        {DECIDED("\"kind\":\"message\",\"invoices\":[{\"ns\":\"n\"}]"), false},
        {DECIDED("\"kind\":\"message\",\"covers\":[{\"step\":\"x\"}]"), false}, /* of no invoice */
        {DECIDED("\"kind\":\"message\",\"invoices\":[" INVOICE "],\"covers\":[{\"step\":\"x\"}]"), true},
        {DECIDED("\"kind\":\"message\",\"invoices\":[" INVOICE "],\"covers\":[{\"step\":\"x\",\"invoice\":1}]"), false},
        {DECIDED("\"kind\":\"message\",\"invoices\":[" INVOICE "],\"covers\":[{\"step\":\"x\",\"invoice\":-1}]"), false},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_decision decision;
        if ((rg_decision_read(rg_str(rows[i].bytes), arena, &decision, NULL) == 0) != rows[i].fine)
            fail_msg("%s", rows[i].bytes);
    }
}

static void lists_have_their_longest(void **state)
{
    (void)state;
    struct rg_decision_invoice invoices[RG_DECISION_INVOICES_MAX];
    struct rg_decision_cover covers[RG_DECISION_COVERS_MAX];
    struct rg_decision decision = full_decision(invoices, covers), back;
    for (size_t i = 0; i < RG_DECISION_INVOICES_MAX; i++)
        invoices[i] = (struct rg_decision_invoice){RG_STR("n"), rg_arena_printf(arena, "F%zu", i), 1, 1, 1, false};
    for (size_t i = 0; i < RG_DECISION_COVERS_MAX; i++)
        covers[i] = (struct rg_decision_cover){(int)i, RG_STR("s"), 1};
    decision.invoice_count = RG_DECISION_INVOICES_MAX;
    decision.cover_count = RG_DECISION_COVERS_MAX;
    struct rg_str bytes = decision_bytes(&decision);
    assert_int_equal(rg_decision_read(bytes, arena, &back, NULL), 0);
    assert_int_equal(back.invoice_count, RG_DECISION_INVOICES_MAX);
    struct rg_buf more RG_CLEANUP(rg_buf_done);
    rg_buf_init(&more, RG_LEDGER_BYTES_MAX);
    const char *list = strstr(bytes.p, "\"invoices\":[") + 12;
    rg_buf_add(&more, bytes.p, (size_t)(list - bytes.p));
    rg_buf_adds(&more, "{\"ns\":\"n\",\"invoice\":\"one more\"},");
    rg_buf_adds(&more, list);
    assert_int_equal(rg_decision_read(rg_buf_str(&more), arena, &back, NULL), RG_EINVAL);
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (int kind = RG_REC_UNKNOWN; kind < RG_REC_COUNT; kind++) {
        assert_non_null(rg_kind_name((enum rg_kind)kind));
        assert_int_equal(rg_kind_of(rg_str(rg_kind_name((enum rg_kind)kind))), kind);
    }
    assert_int_equal(rg_kind_of(RG_STR("decide")), RG_REC_UNKNOWN);
    assert_int_equal(rg_kind_of((struct rg_str){NULL, 0}), RG_REC_UNKNOWN);
    for (int kind = 0; kind < RG_ACT_KIND_COUNT; kind++)
        assert_true(strlen(rg_act_kind_name((enum rg_act_kind)kind)) > 0);
}

/* Three invoices out of order, one of them with a cover. */
static struct rg_decision sample(struct rg_decision_invoice invoices[3], struct rg_decision_cover covers[2])
{
    invoices[0] = (struct rg_decision_invoice){RG_STR("b"), RG_STR("F1"), 1, 1, 1, false};
    invoices[1] = (struct rg_decision_invoice){RG_STR("a"), RG_STR("F2"), 2, 2, 2, false};
    invoices[2] = (struct rg_decision_invoice){RG_STR("a"), RG_STR("F10"), 1, 3, 3, false};
    covers[0] = (struct rg_decision_cover){1, RG_STR("x"), 1};
    covers[1] = (struct rg_decision_cover){0, RG_STR("y"), 1};
    return (struct rg_decision){.debtor = RG_STR("c1"), .step = RG_STR("atraso"), .repetition = 1, .channel = RG_STR("email"),
                                .attempt = 1, .invoices = invoices, .invoice_count = 3, .covers = covers, .cover_count = 2,
                                .amount_cents = 15900};
}

static void identities_are_the_vectors(void **state)
{
    (void)state;
    struct rg_decision_invoice invoices[3];
    struct rg_decision_cover covers[2];
    struct rg_decision decision = sample(invoices, covers);
    char action[RG_ACTION_TEXT + 1], message[33];
    rg_decision_identify(&decision, 64);
    rg_action_id_print(&decision.action, action);
    rg_decision_message_id(&decision, message);
    assert_string_equal(action, "0023673887359a2f38f7dddc5db07d931a46");
    assert_string_equal(message, "19a69824a4db5470f3adaa1d71f1e71f");
    struct rg_decision lone = {.debtor = RG_STR("cus_000005219613"), .step = RG_STR("religar"), .repetition = 2, .attempt = 7};
    rg_decision_identify(&lone, 512);
    rg_action_id_print(&lone.action, action);
    rg_decision_message_id(&lone, message);
    assert_string_equal(action, "0092f9a2a0dcdce1a0ee24f2b29e972061e2");
    assert_string_equal(message, "9e555e5aa6669197a4aee22aafec0f30");
    assert_int_equal(rg_action_id_shard(&lone.action), rg_shard_of(lone.debtor, 512));
}

static void invoices_are_sorted_and_covers_follow(void **state)
{
    (void)state;
    struct rg_decision_invoice invoices[3];
    struct rg_decision_cover covers[2];
    struct rg_decision decision = sample(invoices, covers);
    rg_decision_identify(&decision, 64);
    assert_true(rg_str_is(invoices[0].invoice, "F10") && rg_str_is(invoices[1].invoice, "F2") &&
                rg_str_is(invoices[2].invoice, "F1"));
    assert_int_equal(covers[0].invoice, 1);
    assert_int_equal(covers[1].invoice, 2);
    struct rg_action_id first = decision.action;
    for (int turn = 0; turn < 6; turn++) { /* any order gives the same name */
        struct rg_decision_invoice kept = invoices[turn % 3];
        invoices[turn % 3] = invoices[(turn + 1) % 3];
        invoices[(turn + 1) % 3] = kept;
        rg_decision_identify(&decision, 64);
        assert_true(rg_action_id_eq(&decision.action, &first));
    }
}

static void each_part_of_an_identity_counts(void **state)
{
    (void)state;
    struct rg_decision_invoice invoices[3];
    struct rg_decision_cover covers[2];
    struct rg_action_id ids[13];
    char messages[13][33];
    for (int i = 0; i < 13; i++) {
        struct rg_decision decision = sample(invoices, covers);
        switch (i) {
        case 1: decision.debtor = RG_STR("c2"); break;
        case 2: decision.invoice_count = 2; break;
        case 3: invoices[0].ns = RG_STR("bF"); invoices[0].invoice = RG_STR("1"); break;
        case 4: invoices[1].cycle = 3; break;
        case 5: invoices[2].invoice = RG_STR("F11"); break;
        case 6: decision.step = RG_STR("atraso1"); break;
        case 7: decision.repetition = 11; break;
        case 8: decision.channel = RG_STR("sms"); break;
        case 9: decision.channel = (struct rg_str){NULL, 0}; break;
        case 10: decision.attempt = 2; break;
        case 11: decision.amount_cents = 15901; break;
        case 12: invoices[1].listed = true; break;
        default: break;
        }
        decision.cover_count = 0;
        rg_decision_identify(&decision, 1);
        ids[i] = decision.action;
        rg_decision_message_id(&decision, messages[i]);
        for (int j = 0; j < i; j++) {
            assert_false(rg_action_id_eq(&ids[i], &ids[j]));
            bool resend = (i == 10 || i == 11) && (j == 0 || j >= 10); /* attempt and amount keep the message's name */
            assert_true((strcmp(messages[i], messages[j]) == 0) == resend);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision_is_read_back_whole),
        cmocka_unit_test(the_form_of_a_decision_is_fixed),
        cmocka_unit_test(what_is_not_written_has_its_default),
        cmocka_unit_test(what_was_skipped_is_read_back),
        cmocka_unit_test(the_other_records_are_read_back),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(numbers_and_words_of_a_decision_are_held_to_their_kind),
        cmocka_unit_test(lists_have_their_longest),
        cmocka_unit_test(kinds_have_names),
        cmocka_unit_test(identities_are_the_vectors),
        cmocka_unit_test(invoices_are_sorted_and_covers_follow),
        cmocka_unit_test(each_part_of_an_identity_counts),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

/* The fake store does what the suite asks of every store, and what its switches say. */
#include "tests/fakes/store.h"
#include "tests/unit/daemon/state/store_suite.h"

static struct rg_store *another(struct store_rig *rig)
{
    return rg_fake_store_new(rig->side, 3);
}

static void elapse(struct store_rig *rig, int64_t ms)
{
    rg_fake_state_elapse(rig->side, ms);
}

static void wipe(struct store_rig *rig)
{
    rg_fake_state_wipe(rig->side);
}

static int begin(void **state)
{
    struct store_rig *rig = rg_alloc(sizeof *rig);
    *rig = (struct store_rig){.store = another, .elapse = elapse, .wipe = wipe, .side = rg_fake_state_new()};
    rig_begin(rig);
    *state = rig;
    return 0;
}

static int finish(void **state)
{
    struct store_rig *rig = *state;
    struct rg_fake_state *side = rig->side;
    rig_end(rig);
    rg_fake_state_free(&side);
    free(rig);
    return 0;
}

static void a_doomed_commit_meets_its_fate(void **state)
{
    static const struct {
        enum rg_fake_fate fate;
        enum rg_commit answer;
        bool applied;
    } rows[] = {{RG_FAKE_REFUSED, RG_COMMIT_REFUSED, false},
                {RG_FAKE_TOO_LARGE, RG_COMMIT_REFUSED, false},
                {RG_FAKE_UNKNOWN_LOST, RG_COMMIT_UNKNOWN, false},
                {RG_FAKE_UNKNOWN_APPLIED, RG_COMMIT_UNKNOWN, true},
                {RG_FAKE_BROKEN, RG_COMMIT_BROKEN, false}};
    struct store_rig *rig = *state;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char text[2] = {(char)('0' + i), '\0'};
        struct rg_store_put put = put_of(RG_STORE_DEBTOR, RG_STR("x"), rg_str("before"));
        rg_fake_state_doom(rig->side, 2, rows[i].fate);
        commit(rig, (struct rg_store_batch){.puts = &put, .put_count = 1});
        put.value = rg_str(text);
        assert_int_equal(try_commit(rig->first, (struct rg_store_batch){.puts = &put, .put_count = 1}, rig->batch, NULL),
                         rows[i].answer);
        struct rg_store_opened opened = open_store(rig, rig->first);
        assert_int_equal(opened.pos.batch, rig->batch + rows[i].applied);
        rig->batch = opened.pos.batch;
        assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), rows[i].applied ? rg_str(text) : RG_STR("before"));
    }
}

static void a_lost_tail_is_noticed(void **state)
{
    struct store_rig *rig = *state;
    for (int i = 0; i < 3; i++) {
        struct rg_store_put put = put_of(RG_STORE_DEBTOR, RG_STR("x"), rg_arena_printf(rig->arena, "%d", i));
        commit(rig, (struct rg_store_batch){.puts = &put, .put_count = 1});
    }
    rg_fake_state_roll_back(rig->side, 2);
    assert_int_equal(try_commit(rig->first, (struct rg_store_batch){0}, rig->batch, NULL), RG_COMMIT_REOWN);
    rig->batch = open_store(rig, rig->first).pos.batch;
    assert_int_equal(rig->batch, 1);
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), RG_STR("0"));
}

static void forgets_only_the_oldest_versions(void **state)
{
    struct store_rig *rig = *state;
    for (int i = 0; i < 2 * RG_FAKE_VERSIONS_MAX; i++)
        commit(rig, (struct rg_store_batch){0});
    rg_fake_state_roll_back(rig->side, RG_FAKE_VERSIONS_MAX);
    assert_int_equal(open_store(rig, rig->first).pos.batch, RG_FAKE_VERSIONS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_SUITE,
        STORE_TEST(a_doomed_commit_meets_its_fate),
        STORE_TEST(a_lost_tail_is_noticed),
        STORE_TEST(forgets_only_the_oldest_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

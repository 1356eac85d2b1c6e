/* The merged record of a person: what it says comes back, and one that comes late undoes nothing. */
#include "daemon/state/people.h"

#include "daemon/rules/fold.h"
#include "tests/unit/support/cmocka.h"

#include <string.h>

static struct rg_arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = rg_arena_new((size_t)4 * 1024 * 1024);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static void say(struct rg_record *record, const char *name, int64_t time_ms)
{
    struct rg_contact contact = {.channel = RG_STR("email"), .address = rg_str(name)};
    struct rg_event e = {.type = RG_EV_DEBTOR_UPDATED, .id = rg_str(name), .source = RG_STR("s"), .time_ms = time_ms,
                         .debtor = RG_STR("D1"), .name = rg_str(name), .contacts = &contact, .contact_count = 1,
                         .has = RG_BIT(RG_F_DEBTOR) | RG_BIT(RG_F_NAME) | RG_BIT(RG_F_CONTACTS)};
    const struct rg_fact_record fact = {.event = &e, .personal = true};
    (void)rg_record_apply(record, &fact, NULL);
}

static struct rg_str written(const struct rg_record *record)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, 1 << 16);
    rg_people_write(record, &buf);
    return rg_arena_str(arena, rg_buf_str(&buf));
}

static void what_is_written_comes_back(void **state)
{
    (void)state;
    struct rg_record *record = rg_record_new(arena, RG_STR("D1")), *again = rg_record_new(arena, RG_STR("D1"));
    say(record, "Maria", 1000);
    assert_int_equal(rg_people_fold(again, written(record), NULL), 0);
    assert_true(rg_str_is(again->name, "Maria") && again->contact_count == 1 && rg_str_is(again->contacts[0].address, "Maria"));
    assert_true(rg_str_eq(written(again), written(record)));
}

/* An owner that died knew only the first of two updates of one second; his word arrives behind the second. */
static void a_late_record_undoes_nothing(void **state)
{
    (void)state;
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    say(record, "Maria", 1000);
    struct rg_str late = written(record);
    say(record, "Maria Silva", 1000);
    assert_int_equal(rg_people_fold(record, late, NULL), 0);
    assert_true(rg_str_is(record->name, "Maria Silva") && rg_str_is(record->contacts[0].address, "Maria Silva"));
    say(record, "Ana", 999);
    assert_true(rg_str_is(record->name, "Maria Silva"));
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "[]", "{}", "{\"v\":2,\"debtor\":\"D1\"}", "{\"v\":1,\"fields\":{\"name\":[\"x\"]}"};
    static const char *const harmless[] = {"{\"v\":1}", "{\"v\":1,\"fields\":{\"name\":[\"x\"]},\"contacts\":[[],\"1\"],\"notes\":[[1,2,3]]}",
                                           "{\"v\":1,\"fields\":{\"name\":[1,0]},\"contacts\":7,\"notes\":{}}"};
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    say(record, "Maria", 1000);
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        assert_true(rg_people_fold(record, rg_str(rows[i]), NULL) < 0);
    for (size_t i = 0; i < RG_COUNT(harmless); i++)
        assert_int_equal(rg_people_fold(record, rg_str(harmless[i]), NULL), 0);
    assert_true(rg_str_is(record->name, "Maria"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(what_is_written_comes_back), TEST(a_late_record_undoes_nothing), TEST(what_is_no_record_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

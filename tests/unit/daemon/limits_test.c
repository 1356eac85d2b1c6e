/* What a file may say and what there is room for are two numbers in two rooms. */
#include "daemon/internal.h"

#include "tests/unit/support/cmocka.h"

static const struct rg_row *row(const char *section, const char *key)
{
    const struct rg_row *of_section = rg_table_row(&rg_site_table, rg_str(section));
    assert_non_null(of_section);
    const struct rg_row *found = key == NULL ? of_section : rg_table_row(of_section->table, rg_str(key));
    assert_non_null(found);
    return found;
}

static void there_is_room_for_all_that_may_be_written(void **state)
{
    (void)state;
    assert_true(row("tuning", "decide_workers")->max <= RG_WORKERS_MAX);
    assert_true(row("tuning", "decide_workers")->min >= 1);
    assert_true(row("channels", NULL)->max < RG_SENDERS_MAX);        /* and one for signals */
    assert_true(row("sources", NULL)->max < RG_INGEST_SOURCES_MAX);  /* and one for letters sent again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_is_room_for_all_that_may_be_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The memory of the inbox: order, bounds, queries, waiting, and the log that keeps what memory forgets. */
#include "tests/fakes/inbox/store.h"

#include "tests/unit/support/cmocka.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void append(struct inbox_store *store, const char *channel, const char *to, const char *text)
{
    const struct rg_inbox_entry entry = {
        .channel = rg_str(channel), .state = RG_STR("delivered"), .to = rg_str(to), .text = rg_str(text)};
    (void)inbox_store_append(store, &entry);
}

static struct inbox_store *new_store(const struct rg_inbox_config *config)
{
    struct inbox_store *store = NULL;
    struct rg_error err = {0};
    assert_int_equal(inbox_store_new(config, &store, &err), 0);
    return store;
}

static bool sum_numbers(const struct rg_inbox_entry *entry, void *ctx)
{
    int64_t *sum = ctx;
    *sum = *sum * 10 + entry->n;
    return entry->n < 4;
}

static void entries_are_numbered_and_the_oldest_go(void **state)
{
    (void)state;
    struct inbox_store *store = new_store(&(struct rg_inbox_config){.entries_max = 3});
    struct inbox_span span = inbox_store_span(store);
    assert_true(span.first == 1 && span.last == 0 && span.dropped == 0);
    for (int i = 0; i < 3; i++)
        append(store, "sms", "a", "x");
    int64_t sum = 0;
    inbox_store_each(store, 0, sum_numbers, &sum);
    assert_int_equal(sum, 123);
    append(store, "sms", "a", "x");
    append(store, "sms", "a", "x");
    span = inbox_store_span(store);
    assert_true(span.first == 3 && span.last == 5 && span.dropped == 2);
    sum = 0;
    inbox_store_each(store, 0, sum_numbers, &sum);
    assert_int_equal(sum, 34); /* and stopped when told to */
    inbox_store_free(&store);
    assert_null(store);
    inbox_store_free(&store);
}

static void bytes_are_bounded_too(void **state)
{
    (void)state;
    struct inbox_store *store = new_store(&(struct rg_inbox_config){.bytes_max = 10000});
    char text[3001];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 20; i++)
        append(store, "sms", "a", text);
    struct inbox_span span = inbox_store_span(store);
    assert_int_equal(span.last, 20);
    assert_in_range(span.last - span.first + 1, 1, 3);
    char *huge = rg_alloc(50001);
    memset(huge, 'y', 50000);
    append(store, "sms", "a", huge); /* larger than all of it: kept alone */
    span = inbox_store_span(store);
    assert_true(span.first == 21 && span.last == 21);
    rg_free(&huge);
    inbox_store_free(&store);
}

static void write_text(const struct rg_inbox_entry *entry, struct rg_buf *out)
{
    rg_buf_add_str(out, entry->text);
}

static void queries_find_what_fits(void **state)
{
    (void)state;
    struct inbox_store *store = new_store(&(struct rg_inbox_config){0});
    append(store, "email", "Ana@x.br", "fatura F1 vence");
    append(store, "sms", "+5511999", "Fatura F2 venceu");
    append(store, "email", "bia@x.br", NULL);
    append(store, "email", NULL, "sem destinatario");
    static const struct {
        struct inbox_query query;
        int64_t found;
    } rows[] = {
        {{.after = 0}, 1}, {{.after = 1}, 2}, {{.after = 3}, 4}, {{.after = 4}, 0}, {{.after = 99}, 0},
        {{.channel = RG_STR("sms")}, 2}, {{.channel = RG_STR("SMS")}, 0}, {{.channel = RG_STR("email"), .after = 1}, 3},
        {{.state = RG_STR("delivered")}, 1}, {{.state = RG_STR("refused")}, 0},
        {{.to = "ana@*"}, 1}, {{.to = "BIA@X.BR"}, 3}, {{.to = "x.br"}, 0}, {{.to = "*", .after = 3}, 4},
        {{.contains = "f2"}, 2}, {{.contains = "VENC"}, 1}, {{.contains = "5511"}, 2}, {{.contains = "nichts"}, 0},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        RG_CLEANUP(rg_buf_done) struct rg_buf out;
        rg_buf_init(&out, 1000);
        assert_int_equal(inbox_store_next(store, &rows[i].query, 0, write_text, &out), rows[i].found);
    }
    inbox_store_free(&store);
}

static void *append_later(void *arg)
{
    (void)usleep(20000);
    append(arg, "email", "late@x.br", "here");
    return NULL;
}

static void waiting_ends_with_what_was_awaited_or_with_time(void **state)
{
    (void)state;
    struct inbox_store *store = new_store(&(struct rg_inbox_config){0});
    const struct inbox_query late = {.to = "late@*"};
    RG_CLEANUP(rg_buf_done) struct rg_buf out;
    rg_buf_init(&out, 1000);
    assert_int_equal(inbox_store_next(store, &late, 5, write_text, &out), 0);
    assert_false(inbox_store_wait(store, 1, 5));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, append_later, store), 0);
    assert_int_equal(inbox_store_next(store, &late, 30000, write_text, &out), 1);
    assert_string_equal(rg_buf_cstr(&out), "here");
    assert_true(inbox_store_wait(store, 1, 0));
    assert_int_equal(pthread_join(thread, NULL), 0);
    inbox_store_stop(store);
    assert_false(inbox_store_wait(store, 2, 30000)); /* at once */
    assert_false(inbox_store_sleep(store, 30000));
    inbox_store_free(&store);
}

static void the_log_keeps_every_line(void **state)
{
    (void)state;
    char path[] = "/tmp/regua-inbox-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    for (int run = 0; run < 2; run++) { /* a second run appends */
        struct inbox_store *store = new_store(&(struct rg_inbox_config){.entries_max = 2, .log_path = path});
        for (int i = 0; i < 5; i++)
            append(store, "email", "a@b", "line\nend \"q\" \xff");
        inbox_store_free(&store);
    }
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char line[4096];
    int lines = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        char begin[40];
        (void)snprintf(begin, sizeof begin, "{\"n\":%d,", ++lines % 5 == 0 ? 5 : lines % 5);
        assert_memory_equal(line, begin, strlen(begin));
        assert_non_null(strstr(line, "\"text\":\"line\\nend \\\"q\\\" \xef\xbf\xbd\""));
        assert_string_equal(line + strlen(line) - 2, "}\n");
    }
    assert_int_equal(lines, 10);
    (void)fclose(file);
    (void)unlink(path);
    struct inbox_store *store = NULL;
    struct rg_error err = {0};
    assert_int_equal(inbox_store_new(&(struct rg_inbox_config){.log_path = "/nonexistent/log"}, &store, &err), RG_EIO);
    assert_null(store);
}

static void names_are_never_given_twice(void **state)
{
    (void)state;
    struct inbox_store *store = new_store(&(struct rg_inbox_config){0});
    char names[50][64];
    for (size_t i = 0; i < 50; i++) {
        inbox_store_name(store, i % 2 ? "wamid.RG" : "msg-", names[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(names[i], names[j]);
    }
    inbox_store_free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_numbered_and_the_oldest_go),
        cmocka_unit_test(bytes_are_bounded_too),
        cmocka_unit_test(queries_find_what_fits),
        cmocka_unit_test(waiting_ends_with_what_was_awaited_or_with_time),
        cmocka_unit_test(the_log_keeps_every_line),
        cmocka_unit_test(names_are_never_given_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

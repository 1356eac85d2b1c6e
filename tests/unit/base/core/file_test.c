/* Whole files: the cap, and everything that is no readable regular file. */
#include "base/core/file.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *path, size_t n)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(fputc((int)(i % 251), f), (int)(i % 251));
    assert_int_equal(fclose(f), 0);
}

static void files_are_read_up_to_the_cap(void **state)
{
    (void)state;
    char path[] = "/tmp/regua-file-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    static const struct {
        size_t bytes, cap;
        int rc;
    } rows[] = {{0, 0, 0}, {0, 10, 0}, {1, 1, 0}, {2, 1, RG_ELIMIT}, {100000, 100000, 0}, {100001, 100000, RG_ELIMIT}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        write_file(path, rows[i].bytes);
        struct rg_buf into RG_CLEANUP(rg_buf_done);
        rg_buf_init(&into, rows[i].cap);
        struct rg_error err = {0};
        assert_int_equal(rg_file_read(path, &into, &err), rows[i].rc);
        assert_int_equal(err.code, rows[i].rc);
        assert_true(into.len <= rows[i].cap);
        if (rows[i].rc == 0) {
            assert_int_equal(into.len, rows[i].bytes);
            for (size_t b = 0; b < into.len; b++)
                assert_int_equal((unsigned char)into.data[b], b % 251);
        }
    }
    assert_int_equal(unlink(path), 0);
}

static void what_is_already_in_the_buffer_stays(void **state)
{
    (void)state;
    char path[] = "/tmp/regua-file-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "bc", 2), 2);
    assert_int_equal(close(fd), 0);
    struct rg_buf into RG_CLEANUP(rg_buf_done);
    rg_buf_init(&into, 3);
    rg_buf_addc(&into, 'a');
    assert_int_equal(rg_file_read(path, &into, NULL), 0);
    assert_string_equal(rg_buf_cstr(&into), "abc");
    assert_int_equal(unlink(path), 0);
}

static void other_things_are_refused(void **state)
{
    (void)state;
    char dir[] = "/tmp/regua-file-XXXXXX";
    assert_non_null(mkdtemp(dir));
    char fifo[64], inside[80], locked[64];
    (void)snprintf(fifo, sizeof fifo, "%s/fifo", dir);
    (void)snprintf(inside, sizeof inside, "%s/below", fifo);
    (void)snprintf(locked, sizeof locked, "%s/locked", dir);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    write_file(locked, 1);
    assert_int_equal(chmod(locked, 0), 0);
    const struct {
        const char *path;
        int rc;
        const char *text;
    } rows[] = {
        {dir, RG_EINVAL, "it is a directory; expected a file"},
        {fifo, RG_EINVAL, "it is no regular file"}, /* and opening it does not wait for a writer */
        {"/dev/zero", RG_EINVAL, "it is no regular file"},
        {inside, RG_ENOTFOUND, "Not a directory"},
        {"/tmp/regua-file-nothing", RG_ENOTFOUND, "No such file or directory"},
        {"", RG_ENOTFOUND, "No such file or directory"},
        {locked, RG_EIO, "Permission denied"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        if (rows[i].path == locked && geteuid() == 0)
            continue; /* nothing is locked for root */
        struct rg_buf into RG_CLEANUP(rg_buf_done);
        rg_buf_init(&into, 100);
        struct rg_error err = {0};
        assert_int_equal(rg_file_read(rows[i].path, &into, &err), rows[i].rc);
        assert_string_equal(err.text, rows[i].text);
        assert_int_equal(into.len, 0);
    }
    assert_int_equal(unlink(locked) + unlink(fifo) + rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_up_to_the_cap),
        cmocka_unit_test(what_is_already_in_the_buffer_stays),
        cmocka_unit_test(other_things_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

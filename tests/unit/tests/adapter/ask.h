/* Asking the line adapter as a program: questions in, answers compared line by line. */
#pragma once

#include "base/core/buf.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RG_ADAPTER
#error "the build says where the adapter is"
#endif

#define ANSWER_BYTES_MAX ((size_t)1024 * 1024)

struct row {
    const char *question, *answer;
};

/* A file in a place of its own; to be unlinked. */
static inline void write_file(char ret_path[32], const void *bytes, size_t n)
{
    memcpy(ret_path, "/tmp/adapter_test_XXXXXX", sizeof "/tmp/adapter_test_XXXXXX");
    int fd = mkstemp(ret_path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* All that the suite answers to the questions; it has to end well. */
static inline char *ask(const char *suite, const char *questions, size_t n)
{
    char path[32], command[512];
    char *answers = NULL;
    size_t capacity = 0, got = 0;
    write_file(path, questions, n);
    (void)snprintf(command, sizeof command, "'%s' %s < %s", RG_ADAPTER, suite, path);
    FILE *from = popen(command, "re");
    assert_non_null(from);
    do {
        capacity += 64 * 1024;
        answers = rg_realloc(answers, capacity, 1);
        got += fread(answers + got, 1, capacity - got - 1, from);
    } while (got == capacity - 1);
    answers[got] = '\0';
    assert_int_equal(pclose(from), 0);
    assert_int_equal(unlink(path), 0);
    return answers;
}

/* Runs a suite over all questions at once and compares line by line. */
static inline void assert_suite(const char *suite, const struct row *rows, size_t count)
{
    struct rg_buf questions RG_CLEANUP(rg_buf_done);
    rg_buf_init(&questions, (size_t)64 * 1024 * 1024);
    for (size_t i = 0; i < count; i++)
        rg_buf_addf(&questions, "%s\n", rows[i].question);
    char *answers = ask(suite, rg_buf_cstr(&questions), questions.len), *line = answers;
    for (size_t i = 0; i < count; i++) {
        size_t n = strcspn(line, "\n");
        assert_int_equal(line[n], '\n');
        line[n] = '\0';
        assert_string_equal(line, rows[i].answer);
        line += n + 1;
    }
    assert_string_equal(line, "");
    rg_free(&answers);
}

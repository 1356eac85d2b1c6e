/* Files around regua.yaml: own copies before shipped ones, names that cannot leave their directory, secrets. */
#include "config/site/site.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct trees {
    char root[64], own[96], shipped[96];
    struct rg_site site;
};

static void write_file(const char *tree, const char *name, const char *text, size_t n)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", tree, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void make_directory(const char *tree, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", tree, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static int setup(void **state)
{
    struct trees *t = rg_alloc(sizeof *t);
    (void)snprintf(t->root, sizeof t->root, "/tmp/regua-site-XXXXXX");
    assert_non_null(mkdtemp(t->root));
    (void)snprintf(t->own, sizeof t->own, "%s/etc", t->root);
    (void)snprintf(t->shipped, sizeof t->shipped, "%s/share", t->root);
    make_directory(t->root, "etc");
    make_directory(t->root, "share");
    make_directory(t->own, "mappings");
    make_directory(t->own, "templates");
    make_directory(t->shipped, "mappings");
    make_directory(t->shipped, "mappings/dir.yaml");
    write_file(t->own, "mappings/asaas.yaml", "own", 3);
    write_file(t->own, "mappings/mine.yaml", "own", 3);
    write_file(t->own, "mappings/.hidden.yaml", "own", 3);
    write_file(t->own, "mappings/note.txt", "own", 3);
    write_file(t->own, "templates/a.pt-BR.txt", "own", 3);
    write_file(t->shipped, "mappings/asaas.yaml", "shipped", 7);
    write_file(t->shipped, "mappings/stripe.yaml", "shipped", 7);
    write_file(t->root, "secret", "outside", 7);
    t->site.directory = t->own;
    t->site.shipped = t->shipped;
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct trees *t = *state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", t->root);
    int rc = system(command);
    rg_free(&t);
    return rc;
}

static void own_files_win_over_shipped_ones(void **state)
{
    const struct trees *t = *state;
    static const struct {
        enum rg_site_kind kind;
        const char *name, *below; /* NULL: not found */
        bool own;
    } rows[] = {
        {RG_SITE_MAPPINGS, "asaas", "mappings/asaas.yaml", true},
        {RG_SITE_MAPPINGS, "mine", "mappings/mine.yaml", true},
        {RG_SITE_MAPPINGS, "stripe", "mappings/stripe.yaml", false},
        {RG_SITE_TEMPLATES, "a.pt-BR.txt", "templates/a.pt-BR.txt", true},
        {RG_SITE_TEMPLATES, "a", NULL, false},
        {RG_SITE_PRESETS, "asaas", NULL, false},
        {RG_SITE_MAPPINGS, "", NULL, false},
        {RG_SITE_MAPPINGS, ".hidden", NULL, false},
        {RG_SITE_MAPPINGS, "dir", NULL, false},
        {RG_SITE_MAPPINGS, "../mappings/asaas", NULL, false},
        {RG_SITE_TEMPLATES, "../../secret", NULL, false},
        {RG_SITE_TEMPLATES, "..", NULL, false},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char path[RG_SITE_PATH_MAX] = "untouched", expected[RG_SITE_PATH_MAX] = "untouched";
        assert_int_equal(rg_site_find(&t->site, rows[i].kind, rg_str(rows[i].name), path), rows[i].below != NULL);
        if (rows[i].below != NULL)
            (void)snprintf(expected, sizeof expected, "%s/%s", rows[i].own ? t->own : t->shipped, rows[i].below);
        assert_string_equal(path, expected);
    }
    char path[RG_SITE_PATH_MAX];
    assert_false(rg_site_find(&t->site, RG_SITE_TEMPLATES, (struct rg_str){"a\0b", 3}, path));
}

static void names_are_listed_once(void **state)
{
    const struct trees *t = *state;
    struct rg_arena *arena = rg_arena_new((size_t)1 << 20);
    struct rg_texts names = rg_site_names(&t->site, RG_SITE_MAPPINGS, arena);
    static const char *const expected[] = {"asaas", "dir", "mine", "stripe"};
    assert_int_equal(names.count, RG_COUNT(expected));
    for (size_t i = 0; i < names.count; i++)
        assert_true(rg_str_is(names.items[i], expected[i]));
    assert_int_equal(rg_site_names(&t->site, RG_SITE_PRESETS, arena).count, 0);
    assert_true(rg_str_is(rg_site_names(&t->site, RG_SITE_TEMPLATES, arena).items[0], "a.pt-BR.txt"));
    rg_arena_free(&arena);
}

static void paths_are_relative_to_the_file(void **state)
{
    (void)state;
    const struct rg_site site = {.directory = "/etc/regua"};
    char path[RG_SITE_PATH_MAX];
    assert_true(rg_site_path(&site, RG_STR("rules.d"), path));
    assert_string_equal(path, "/etc/regua/rules.d");
    assert_true(rg_site_path(&site, RG_STR("/srv/x"), path));
    assert_string_equal(path, "/srv/x");
    for (size_t over = 0; over <= 1; over++) {
        size_t n = RG_SITE_PATH_MAX - 1 - strlen("/etc/regua/") + over;
        char *name = rg_alloc(n + 1);
        memset(name, 'a', n);
        assert_int_equal(rg_site_path(&site, (struct rg_str){name, n}, path), over == 0);
        rg_free(&name);
    }
    assert_false(rg_site_path(&site, (struct rg_str){"a\0b", 3}, path));
}

static void secrets_are_read_when_needed(void **state)
{
    const struct trees *t = *state;
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", t->root, 1), 0);
    static const struct {
        const char *bytes;
        size_t n;
        int rc;
        const char *secret, *text;
    } rows[] = {
        {"abc", 3, 0, "abc", NULL},       {"abc\n", 4, 0, "abc", NULL},       {"abc\r\n", 5, 0, "abc", NULL},
        {"abc\n\n", 5, 0, "abc\n", NULL}, {" a b \n", 6, 0, " a b ", NULL},   {"a\nb\n", 4, 0, "a\nb", NULL},
        {"", 0, RG_EINVAL, NULL, "is empty"}, {"\n", 1, RG_EINVAL, NULL, "is empty"},
        {"hunter\0two", 10, RG_EINVAL, NULL, "holds a NUL byte; expected text"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        write_file(t->root, "token", rows[i].bytes, rows[i].n);
        char path[160];
        (void)snprintf(path, sizeof path, "%s/token", t->root);
        const struct rg_secret kinds[] = {
            {RG_SECRET_CREDENTIAL, RG_STR("token")}, {RG_SECRET_FILE, rg_str(path)}, {RG_SECRET_FILE, RG_STR("../token")}};
        for (size_t k = 0; k < RG_COUNT(kinds); k++) {
            struct rg_buf secret RG_CLEANUP(rg_secret_done) = {0};
            struct rg_error err = {0};
            assert_int_equal(rg_secret_read(&t->site, kinds[k], &secret, &err), rows[i].rc);
            if (rows[i].rc == 0)
                assert_string_equal(rg_buf_cstr(&secret), rows[i].secret);
            else
                assert_non_null(strstr(err.text, rows[i].text));
            assert_null(strstr(err.text, "hunter"));
        }
    }
}

static void secrets_have_a_limit(void **state)
{
    const struct trees *t = *state;
    for (size_t over = 0; over <= 1; over++) {
        char *text = rg_alloc(RG_SECRET_BYTES_MAX + over);
        memset(text, 'k', RG_SECRET_BYTES_MAX + over);
        write_file(t->root, "long", text, RG_SECRET_BYTES_MAX + over);
        rg_free(&text);
        struct rg_buf secret RG_CLEANUP(rg_secret_done) = {0};
        struct rg_error err;
        int rc = rg_secret_read(&t->site, (struct rg_secret){RG_SECRET_FILE, RG_STR("../long")}, &secret, &err);
        assert_int_equal(rc, over == 0 ? 0 : RG_ELIMIT);
        assert_int_equal(secret.len, over == 0 ? RG_SECRET_BYTES_MAX : 0);
    }
}

static void missing_secrets_say_where_they_were_sought(void **state)
{
    const struct trees *t = *state;
    struct rg_buf secret RG_CLEANUP(rg_secret_done) = {0};
    struct rg_error err;
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/nowhere", 1), 0);
    assert_int_equal(rg_secret_read(&t->site, (struct rg_secret){RG_SECRET_CREDENTIAL, RG_STR("smtp")}, &secret, &err),
                     RG_ENOTFOUND);
    assert_string_equal(err.text, "secret /nowhere/smtp: No such file or directory");
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    assert_int_equal(rg_secret_read(&t->site, (struct rg_secret){RG_SECRET_CREDENTIAL, RG_STR("smtp")}, &secret, &err),
                     RG_ENOTFOUND);
    assert_non_null(strstr(err.text, "credential \"smtp\": there is no $CREDENTIALS_DIRECTORY"));
    assert_int_equal(rg_secret_read(&t->site, (struct rg_secret){0}, &secret, &err), RG_ENOTFOUND);
    assert_string_equal(err.text, "no secret is configured");
    assert_int_equal(rg_secret_read(&t->site, (struct rg_secret){RG_SECRET_FILE, RG_STR("mappings")}, &secret, &err), RG_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_files_win_over_shipped_ones),
        cmocka_unit_test(names_are_listed_once),
        cmocka_unit_test(paths_are_relative_to_the_file),
        cmocka_unit_test(secrets_are_read_when_needed),
        cmocka_unit_test(secrets_have_a_limit),
        cmocka_unit_test(missing_secrets_say_where_they_were_sought),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

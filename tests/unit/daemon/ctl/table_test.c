/* The command table against what is made of it — arguments, help, manual, completion — and against the API's routes. */
#include "daemon/admin/admin.h"
#include "daemon/ctl/ctl.h"

#include "config/site/site.h"
#include "tests/unit/support/cmocka.h"

#include <stdlib.h>
#include <string.h>

/* What a printer prints. Not inlined: at -O3 gcc 12 then believes that what it returns points into its own frame. */
__attribute__((noinline)) static char *printed(void (*print)(FILE *to))
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    assert_non_null(to);
    print(to);
    assert_int_equal(fclose(to), 0);
    return text;
}

static char *printed_help(const struct rg_ctl_command *command)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    assert_non_null(to);
    rg_ctl_help_command(command, to);
    assert_int_equal(fclose(to), 0);
    return text;
}

/* As roff writes it. */
static void escaped(const char *text, char ret[1024])
{
    size_t n = 0;
    for (; *text != '\0' && n < 1020; text++) {
        if (*text == '-')
            ret[n++] = '\\';
        ret[n++] = *text;
    }
    ret[n] = '\0';
}

/* The first `n` bytes with every run of spaces and line breaks as one space: what wrapping must not change. */
static char *unwrapped(const char *text)
{
    char *out = rg_alloc(strlen(text) + 1);
    size_t n = 0;
    for (; *text != '\0'; text++) {
        bool space = *text == ' ' || *text == '\n';
        if (!space || (n > 0 && out[n - 1] != ' '))
            out[n++] = space ? ' ' : *text;
    }
    return out;
}

static void every_row_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < rg_ctl_command_count; i++) {
        const struct rg_ctl_command *c = &rg_ctl_commands[i];
        char start[64];
        (void)snprintf(start, sizeof start, "reguactl %s", c->name);
        assert_true(rg_ctl_command(c->name) == c);
        assert_true(c->summary[0] != '\0' && c->summary[strlen(c->summary) - 1] != '.');
        assert_true(c->detail[strlen(c->detail) - 1] == '.');
        assert_int_equal(strncmp(c->examples, start, strlen(start)), 0);
        assert_non_null(c->exits[RG_EXIT_FINE]);
        assert_non_null(c->exits[RG_EXIT_USAGE]);
        assert_true((c->sets & RG_CTL_LIVE) == 0 || c->exits[RG_EXIT_UNREACHABLE] != NULL);
        bool no_facts = strcmp(c->name, "completion") == 0 || strcmp(c->name, "help") == 0;
        assert_int_equal((c->sets & RG_CTL_JSON) != 0, !no_facts); /* what tells facts tells them to programs too */
        assert_int_equal(c->args[0] != '\0', c->args_max > 0);
        assert_int_equal(c->args[0] == '[' || c->args[0] == '\0', c->args_min == 0);
        assert_true(c->args_max <= RG_CTL_ARGS_MAX);
    }
}

static void letters_and_names_of_options_are_unique_in_a_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < rg_ctl_command_count; i++) {
        const struct rg_ctl_option *options[RG_CTL_OPTIONS_MAX];
        size_t count = rg_ctl_options(&rg_ctl_commands[i], options);
        for (size_t a = 0; a < count; a++) {
            assert_true(options[a]->help[strlen(options[a]->help) - 1] == '.');
            for (size_t b = a + 1; b < count; b++) {
                assert_string_not_equal(options[a]->name, options[b]->name);
                assert_true(options[a]->letter == 0 || options[a]->letter != options[b]->letter);
            }
        }
    }
}

/* What the API can do, a person can do without the console; and no command speaks to a route that is not there. */
static void routes_and_commands_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < rg_admin_route_count; i++) {
        const struct rg_admin_route *route = &rg_admin_routes[i];
        assert_true(route->help[strlen(route->help) - 1] == '.');
        assert_int_equal(route->command != NULL, strncmp(route->path, "/api/", 5) == 0);
        if (route->command == NULL)
            continue;
        const struct rg_ctl_command *command = rg_ctl_command(route->command);
        assert_non_null(command);
        assert_true((command->sets & RG_CTL_LIVE) != 0);
        assert_true(route->role == 0 || command->exits[RG_EXIT_REFUSED] != NULL);
    }
    for (size_t i = 0; i < rg_ctl_command_count; i++) {
        bool routed = false;
        for (size_t k = 0; k < rg_admin_route_count; k++)
            routed = routed ||
                     (rg_admin_routes[k].command != NULL && strcmp(rg_admin_routes[k].command, rg_ctl_commands[i].name) == 0);
        assert_int_equal(routed, (rg_ctl_commands[i].sets & RG_CTL_LIVE) != 0);
    }
}

/* --help, the manual and completion name the same commands, options, meanings and statuses. */
static void help_manual_and_completion_agree(void **state)
{
    (void)state;
    char *manual = printed(rg_ctl_manual), *completion = printed(rg_ctl_completion), *list = printed(rg_ctl_help);
    for (size_t i = 0; i < rg_ctl_command_count; i++) {
        const struct rg_ctl_command *c = &rg_ctl_commands[i];
        const struct rg_ctl_option *options[RG_CTL_OPTIONS_MAX];
        size_t count = rg_ctl_options(c, options);
        char text[2048], roff[1024], *raw = printed_help(c), *help = unwrapped(raw);
        assert_non_null(strstr(list, c->summary));
        assert_non_null(strstr(help, c->detail));
        escaped(c->detail, roff);
        assert_non_null(strstr(manual, roff));
        escaped(c->name, roff);
        (void)snprintf(text, sizeof text, ".SS %s", roff);
        const char *chapter = strstr(manual, text);
        assert_non_null(chapter);
        (void)snprintf(text, sizeof text, "    %s) COMPREPLY=", c->name);
        const char *completed = strstr(completion, text);
        assert_non_null(completed);
        for (size_t k = 0; k < count; k++) {
            (void)snprintf(text, sizeof text, "--%s", options[k]->name);
            assert_non_null(strstr(help, text));
            assert_true(strstr(completed, text) < strchr(completed, '\n') && strstr(completed, text) != NULL);
            assert_non_null(strstr(help, options[k]->help));
            if (strcmp(options[k]->name, "help") == 0)
                continue;
            escaped(text, roff);
            assert_non_null(strstr(chapter, roff));
            escaped(options[k]->help, roff);
            assert_non_null(strstr(chapter, roff));
        }
        for (int k = 0; k < RG_CTL_EXITS; k++) {
            if (c->exits[k] == NULL)
                continue;
            (void)snprintf(text, sizeof text, " %d %s", k, c->exits[k]);
            assert_non_null(strstr(help, text));
            escaped(c->exits[k], roff);
            assert_non_null(strstr(chapter, roff));
        }
        rg_free(&help);
        free(raw);
    }
    free(manual);
    free(completion);
    free(list);
}

static void help_fits_a_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i <= rg_ctl_command_count; i++) {
        char *text = i < rg_ctl_command_count ? printed_help(&rg_ctl_commands[i]) : printed(rg_ctl_help), *save = NULL;
        for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
            if (strlen(line) > 102 || line[strlen(line) - 1] == ' ')
                fail_msg("%zu: %s", strlen(line), line);
        free(text);
    }
}

/* ---- arguments ---- */

static void arguments_by_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *command, *argv[6];
        int rc;
        const char *option, *value; /* what is expected of one of them; value NULL: not given */
        size_t args;
    } rows[] = {
        {"explain", {"8841"}, RG_EXIT_FINE, "step", NULL, 1},
        {"explain", {"8841", "--step", "atraso"}, RG_EXIT_FINE, "step", "atraso", 1},
        {"explain", {"--step=atraso", "8841"}, RG_EXIT_FINE, "step", "atraso", 1},
        {"explain", {"-s", "atraso", "8841"}, RG_EXIT_FINE, "step", "atraso", 1},
        {"explain", {"-v", "8841"}, RG_EXIT_FINE, "verbose", "", 1},
        {"explain", {"-v", "-v", "8841"}, RG_EXIT_FINE, "verbose", "", 1},
        {"explain", {"--", "-v"}, RG_EXIT_FINE, "verbose", NULL, 1},
        {"explain", {"--step=", "8841"}, RG_EXIT_FINE, "step", "", 1},
        {"explain", {"--step", "--", "8841"}, RG_EXIT_FINE, "step", "--", 1},
        {"explain", {"-"}, RG_EXIT_FINE, "step", NULL, 1},
        {"explain", {"--help"}, RG_EXIT_FINE, "help", "", 0},
        {"explain", {NULL}, RG_EXIT_USAGE, NULL, NULL, 0},
        {"explain", {"8841", "8842"}, RG_EXIT_USAGE, NULL, NULL, 0},
        {"explain", {"8841", "--ste", "atraso"}, RG_EXIT_USAGE, NULL, NULL, 0},
        {"explain", {"8841", "--step"}, RG_EXIT_USAGE, NULL, NULL, 0},
        {"explain", {"8841", "--step=a", "--step=b"}, RG_EXIT_USAGE, NULL, NULL, 0},
        {"explain", {"8841", "--verbose=1"}, RG_EXIT_USAGE, NULL, NULL, 0},
        {"explain", {"8841", "-x"}, RG_EXIT_USAGE, NULL, NULL, 0},
        {"explain", {"8841", "-vv"}, RG_EXIT_USAGE, NULL, NULL, 0},
        {"explain", {"8841", "--token", "secret"}, RG_EXIT_USAGE, NULL, NULL, 0},
        {"status", {"8841"}, RG_EXIT_USAGE, NULL, NULL, 0},
        {"help", {NULL}, RG_EXIT_FINE, "man", NULL, 0},
    };
    FILE *null = freopen("/dev/null", "we", stderr); /* what is said there is looked at where the program is run */
    assert_non_null(null);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_ctl ctl;
        char *argv[6];
        int argc = 0;
        for (; argc < 6 && rows[i].argv[argc] != NULL; argc++)
            argv[argc] = rg_strdup(rows[i].argv[argc]);
        int rc = rg_ctl_parse(rg_ctl_command(rows[i].command), argc, argv, &ctl);
        if (rc != rows[i].rc)
            fail_msg("row %zu: %d", i, rc);
        if (rc == RG_EXIT_FINE) {
            const char *value = rg_ctl_option(&ctl, rows[i].option);
            assert_int_equal(value != NULL, rows[i].value != NULL);
            assert_true(value == NULL || strcmp(value, rows[i].value) == 0);
            assert_int_equal(ctl.arg_count, rows[i].args);
        }
        for (int k = 0; k < argc; k++)
            rg_free(&argv[k]);
    }
}

/* "Broker transport failure" alone tells nobody which Kafka, or that it is about one. */
static void a_kafka_that_fails_is_named(void **state)
{
    (void)state;
    char said[512] = "";
    FILE *real = stderr, *memory = fmemopen(said, sizeof said, "w");
    struct rg_str brokers[] = {RG_STR("k1:9092"), RG_STR("k2:9092")};
    const struct rg_site site = {.file = "/etc/regua/regua.yaml", .kafka.brokers = {.items = brokers, .count = 2}};
    const struct rg_error gone = {.code = RG_EUNREACHABLE, .text = "no answer"}, absent = {.code = RG_ENOTFOUND, .text = "no topic"};
    const struct rg_ctl ctl = {.command = rg_ctl_command("publish")};
    assert_non_null(memory);
    stderr = memory;
    int unreachable = rg_ctl_kafka_failed(&ctl, &site, &gone), usage = rg_ctl_kafka_failed(&ctl, &site, &absent);
    stderr = real;
    assert_int_equal(fclose(memory), 0);
    assert_int_equal(unreachable, RG_EXIT_UNREACHABLE);
    assert_int_equal(usage, RG_EXIT_USAGE);
    assert_string_equal(said, "reguactl publish: no answer\n"
                              "  does Kafka answer at k1:9092, k2:9092? That is what kafka.brokers of /etc/regua/regua.yaml says\n"
                              "reguactl publish: no topic\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(letters_and_names_of_options_are_unique_in_a_command),
        cmocka_unit_test(routes_and_commands_agree),
        cmocka_unit_test(help_manual_and_completion_agree),
        cmocka_unit_test(help_fits_a_terminal),
        cmocka_unit_test(a_kafka_that_fails_is_named),
        cmocka_unit_test(arguments_by_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Arguments by the table. Our own reader, because getopt_long takes any beginning of a name for the name (a script that says
 * --re today means something else tomorrow), keeps state in globals and suggests nothing. */
#include "daemon/ctl/ctl.h"

#include "base/core/log.h"
#include "base/core/suggest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef RG_VERSION
#error "the build says the version"
#endif

const char *rg_ctl_option(const struct rg_ctl *ctl, const char *name)
{
    for (size_t i = 0; i < ctl->option_count; i++)
        if (strcmp(ctl->options[i]->name, name) == 0)
            return ctl->values[i];
    rg_assert(false); /* a command asks for an option that its table row does not have */
    return NULL;
}

static int usage_error(const struct rg_ctl_command *command)
{
    fprintf(stderr, "usage: reguactl %s%s%s [OPTION…]; reguactl help %s tells more\n", command->name,
            command->args[0] != '\0' ? " " : "", command->args, command->name);
    return RG_EXIT_USAGE;
}

static int unknown_option(const struct rg_ctl *ctl, const char *word, size_t n)
{
    const char *names[RG_CTL_OPTIONS_MAX];
    for (size_t i = 0; i < ctl->option_count; i++)
        names[i] = ctl->options[i]->name;
    const char *near = word[1] == '-' ? rg_suggest((struct rg_str){word + 2, n - 2}, names, ctl->option_count) : NULL;
    fprintf(stderr, "reguactl %s: unknown option %.*s", ctl->command->name, (int)n, word);
    fprintf(stderr, near != NULL ? ", did you mean --%s?\n" : "\n", near);
    return usage_error(ctl->command);
}

/* Which option a word is: "--name", "--name=value", "-n"; −1 none. */
static int find_option(const struct rg_ctl *ctl, const char *word, size_t n)
{
    for (size_t i = 0; i < ctl->option_count; i++) {
        const struct rg_ctl_option *option = ctl->options[i];
        bool is_long = word[1] == '-' && strlen(option->name) == n - 2 && strncmp(option->name, word + 2, n - 2) == 0;
        bool is_short = n == 2 && word[1] == option->letter && option->letter != 0;
        if (is_long || is_short)
            return (int)i;
    }
    return -1;
}

/* Takes argv[*at] and, where it needs one, its value. */
static int take_option(struct rg_ctl *ctl, int argc, char **argv, int *at)
{
    const char *word = argv[*at], *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    size_t n = equals != NULL ? (size_t)(equals - word) : strlen(word);
    int index = find_option(ctl, word, n);
    if (index < 0)
        return unknown_option(ctl, word, n);
    const struct rg_ctl_option *option = ctl->options[index];
    if (option->value == NULL && equals != NULL) {
        fprintf(stderr, "reguactl %s: --%s takes no value\n", ctl->command->name, option->name);
        return usage_error(ctl->command);
    }
    if (ctl->values[index] != NULL && option->value != NULL) {
        fprintf(stderr, "reguactl %s: --%s was given twice\n", ctl->command->name, option->name);
        return usage_error(ctl->command);
    }
    if (option->value == NULL) {
        ctl->values[index] = "";
    } else if (equals != NULL) {
        ctl->values[index] = equals + 1;
    } else if (*at + 1 < argc) {
        ctl->values[index] = argv[++*at];
    } else {
        fprintf(stderr, "reguactl %s: --%s needs a value: --%s %s\n", ctl->command->name, option->name, option->name,
                option->value);
        return usage_error(ctl->command);
    }
    return RG_EXIT_FINE;
}

int rg_ctl_parse(const struct rg_ctl_command *command, int argc, char **argv, struct rg_ctl *ret_ctl)
{
    struct rg_ctl ctl = {.command = command, .colour = isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL};
    bool only_args = false;
    ctl.option_count = rg_ctl_options(command, ctl.options);
    for (int i = 0; i < argc; i++) {
        if (!only_args && strcmp(argv[i], "--") == 0) {
            only_args = true;
        } else if (!only_args && argv[i][0] == '-' && argv[i][1] != '\0') {
            int rc = take_option(&ctl, argc, argv, &i);
            if (rc != RG_EXIT_FINE)
                return rc;
        } else if (argv[i][0] == '\0') {
            fprintf(stderr, "reguactl %s: an argument is empty\n", command->name); /* a variable that was not set, in a script */
            return usage_error(command);
        } else if (ctl.arg_count < (size_t)command->args_max) {
            ctl.args[ctl.arg_count++] = argv[i];
        } else {
            fprintf(stderr, "reguactl %s: unexpected argument %s\n", command->name, argv[i]);
            return usage_error(command);
        }
    }
    bool help = rg_ctl_option(&ctl, "help") != NULL;
    if (!help && ctl.arg_count < (size_t)command->args_min) {
        fprintf(stderr, "reguactl %s: %s expected\n", command->name, command->args);
        return usage_error(command);
    }
    *ret_ctl = ctl;
    return RG_EXIT_FINE;
}

static int unknown_command(const char *word)
{
    const char **names = rg_alloc(rg_ctl_command_count * sizeof names[0]);
    for (size_t i = 0; i < rg_ctl_command_count; i++)
        names[i] = rg_ctl_commands[i].name;
    const char *near = rg_suggest(rg_str(word), names, rg_ctl_command_count);
    fprintf(stderr, "reguactl: no command \"%s\"", word);
    fprintf(stderr, near != NULL ? ", did you mean \"%s\"?\n" : "; reguactl help lists them\n", near);
    rg_free(&names);
    return RG_EXIT_USAGE;
}

int rg_ctl_help_run(struct rg_ctl *ctl)
{
    if (rg_ctl_option(ctl, "man") != NULL) {
        rg_ctl_manual(stdout);
        return RG_EXIT_FINE;
    }
    if (ctl->arg_count == 0) {
        rg_ctl_help(stdout);
        return RG_EXIT_FINE;
    }
    const struct rg_ctl_command *command = rg_ctl_command(ctl->args[0]);
    if (command == NULL)
        return unknown_command(ctl->args[0]);
    rg_ctl_help_command(command, stdout);
    return RG_EXIT_FINE;
}

int rg_ctl_version(struct rg_ctl *ctl)
{
    puts(ctl != NULL && rg_ctl_option(ctl, "json") != NULL ? "{\"version\":\"" RG_VERSION "\"}" : "reguactl " RG_VERSION);
    return RG_EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct rg_ctl ctl;
    if (argc < 2) {
        rg_ctl_help(stderr);
        return RG_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        rg_ctl_help(stdout);
        return RG_EXIT_FINE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return rg_ctl_version(NULL);
    const struct rg_ctl_command *command = rg_ctl_command(argv[1]);
    if (command == NULL && argv[1][0] == '-') {
        fprintf(stderr, "reguactl: options follow the command: reguactl COMMAND [OPTION…]; reguactl help lists the commands\n");
        return RG_EXIT_USAGE;
    }
    if (command == NULL)
        return unknown_command(argv[1]);
    int rc = rg_ctl_parse(command, argc - 2, argv + 2, &ctl);
    if (rc != RG_EXIT_FINE)
        return rc;
    if (rg_ctl_option(&ctl, "help") != NULL) {
        rg_ctl_help_command(command, stdout);
        return RG_EXIT_FINE;
    }
    return command->run(&ctl);
}

int rg_ctl_main(int argc, char **argv)
{
    rg_log_setup(RG_LOG_HUMAN, RG_LOG_ERROR); /* what a library mutters is no answer: each command says itself how it ended */
    int status = run(argc, argv);
    bool lost = fflush(stdout) != 0 || ferror(stdout) != 0;
    if (lost && status == RG_EXIT_FINE) {
        fputs("reguactl: the output could not be written\n", stderr);
        status = RG_EXIT_UNREACHABLE;
    }
    return status;
}

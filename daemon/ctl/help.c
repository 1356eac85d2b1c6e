/* The table as help, as a manual page and as completion. */
#include "daemon/ctl/ctl.h"

#include <string.h>

#define WIDTH 100
#define INDENT 24
#define COMMAND_INDENT 30

static const char *const intro = "asks and tells a running reguad, and reads its configuration";

/* What holds for all commands: printed by help and manual alike. */
static const struct {
    const char *heading, *text;
} chapters[] = {
    {"Where the daemon is", "--url, else the http.listen of the --config given, else the environment variable REGUA_URL, else "
                            "the first line of ~/.config/regua/url, else the "
                            "http.listen of /etc/regua/regua.yaml, else http://127.0.0.1:8470."},
    {"Who you are", "The token in --token-file, else in ~/.config/regua/token. It is never taken from an argument or from the "
                    "environment, where others could read it. Acts carry the "
                    "name of the token's owner."},
    {"Output", "Facts on stdout, advice and errors on stderr. Colour only on a terminal, and not when NO_COLOR is set. With "
               "--json one JSON document, the same as the API gives."},
};

static const char *const status_names[RG_CTL_EXITS] = {
    [RG_EXIT_FINE] = "fine",
    [RG_EXIT_FINDINGS] = "something was found, or nothing where something was asked for",
    [RG_EXIT_USAGE] = "usage or configuration",
    [RG_EXIT_UNREACHABLE] = "something needed cannot be reached",
    [RG_EXIT_REFUSED] = "refused for safety",
};

/* Wraps at spaces; the first line begins at column `at`. */
static void wrap(FILE *to, const char *text, int at, int indent)
{
    for (bool first = true; *text != '\0'; first = false) {
        int n = (int)strcspn(text, " ");
        if (!first && at + 1 + n > WIDTH) {
            fprintf(to, "\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            fputc(' ', to);
            at++;
        }
        fprintf(to, "%.*s", n, text);
        at += n;
        text += n + (text[n] == ' ');
    }
    fputc('\n', to);
}

static void each_line(FILE *to, const char *lines, const char *before)
{
    while (*lines != '\0') {
        int n = (int)strcspn(lines, "\n");
        fprintf(to, "%s%.*s\n", before, n, lines);
        lines += n + (lines[n] == '\n');
    }
}

void rg_ctl_help(FILE *to)
{
    fprintf(to, "reguactl %s\n\nTry:\n  reguactl status\n  reguactl explain DEBTOR\n  reguactl check\n\nCommands:\n", intro);
    for (size_t i = 0; i < rg_ctl_command_count; i++) {
        const struct rg_ctl_command *c = &rg_ctl_commands[i];
        int n = fprintf(to, "  %s%s%s", c->name, c->args[0] != '\0' ? " " : "", c->args);
        for (const char *p = c->args; *p != '\0'; p++)
            n -= ((unsigned char)*p & 0xc0) == 0x80; /* columns are characters */
        fprintf(to, "%*s%s\n", n < COMMAND_INDENT ? COMMAND_INDENT - n : 1, "", c->summary);
    }
    for (size_t i = 0; i < RG_COUNT(chapters); i++) {
        fprintf(to, "\n%s:\n  ", chapters[i].heading);
        wrap(to, chapters[i].text, 2, 2);
    }
    fputs("\nExit status:\n", to);
    for (int i = 0; i < RG_CTL_EXITS; i++)
        fprintf(to, "  %d  %s\n", i, status_names[i]);
    fputs("\nreguactl help COMMAND tells more.\n", to);
}

static int option_words(const struct rg_ctl_option *option, char *text, size_t size)
{
    char letter[8] = "    ";
    if (option->letter != 0)
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    return snprintf(text, size, "%s--%s%s%s", letter, option->name, option->value != NULL ? " " : "",
                    option->value != NULL ? option->value : "");
}

void rg_ctl_help_command(const struct rg_ctl_command *c, FILE *to)
{
    const struct rg_ctl_option *options[RG_CTL_OPTIONS_MAX];
    size_t count = rg_ctl_options(c, options);
    fputs("Examples:\n", to);
    each_line(to, c->examples, "  ");
    fprintf(to, "\nUsage: reguactl %s%s%s [OPTION…]\n\n%s: %s.\n", c->name, c->args[0] != '\0' ? " " : "", c->args, c->name,
            c->summary);
    wrap(to, c->detail, 0, 0);
    fputs("\nOptions:\n", to);
    for (size_t i = 0; i < count; i++) {
        char words[96];
        (void)option_words(options[i], words, sizeof words);
        fprintf(to, "  %-*s", INDENT, words);
        wrap(to, options[i]->help, INDENT + 2, INDENT + 2);
    }
    fputs("\nExit status:\n", to);
    for (int i = 0; i < RG_CTL_EXITS; i++)
        if (c->exits[i] != NULL) {
            fprintf(to, "  %d  ", i);
            wrap(to, c->exits[i], 5, 5);
        }
}

/* ---- reguactl(1) ---- */

/* Dashes are minus signs, backslashes are themselves, and no line may look like a request. */
static void roff(FILE *to, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        bool line_start = p == text || p[-1] == '\n';
        if (*p == '-')
            fputs("\\-", to);
        else if (*p == '\\')
            fputs("\\e", to);
        else if (line_start && (*p == '.' || *p == '\''))
            fprintf(to, "\\&%c", *p);
        else
            fputc(*p, to);
    }
}

static void roff_line(FILE *to, const char *text)
{
    roff(to, text);
    fputc('\n', to);
}

static void manual_command(FILE *to, const struct rg_ctl_command *c)
{
    const struct rg_ctl_option *options[RG_CTL_OPTIONS_MAX];
    size_t count = rg_ctl_options(c, options);
    fputs(".SS ", to);
    roff(to, c->name);
    fprintf(to, "%s", c->args[0] != '\0' ? " " : "");
    roff_line(to, c->args);
    roff_line(to, c->detail);
    for (size_t i = 0; i < count; i++) {
        char words[96];
        (void)option_words(options[i], words, sizeof words);
        if (strcmp(options[i]->name, "help") == 0)
            continue;
        fputs(".TP\n", to);
        roff_line(to, words + (options[i]->letter == 0 ? 4 : 0));
        roff_line(to, options[i]->help);
    }
    fputs(".PP\nExit status:", to);
    for (int i = 0; i < RG_CTL_EXITS; i++)
        if (c->exits[i] != NULL) {
            fprintf(to, "\n.br\n%d ", i);
            roff(to, c->exits[i]);
        }
    fputs("\n.PP\n.nf\n", to);
    roff_line(to, c->examples);
    fputs(".fi\n", to);
}

void rg_ctl_manual(FILE *to)
{
    fputs(".TH REGUACTL 1 2026-11-24 \"Regua " RG_VERSION "\"\n.SH NAME\nreguactl \\- ", to);
    roff_line(to, intro);
    fputs(".SH SYNOPSIS\n.B reguactl\nCOMMAND [ARGUMENT] [OPTION]\n.SH COMMANDS\n", to);
    for (size_t i = 0; i < rg_ctl_command_count; i++)
        manual_command(to, &rg_ctl_commands[i]);
    for (size_t i = 0; i < RG_COUNT(chapters); i++) {
        fputs(".SH ", to);
        for (const char *p = chapters[i].heading; *p != '\0'; p++)
            fputc(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p, to);
        fputc('\n', to);
        roff_line(to, chapters[i].text);
    }
    fputs(".SH EXIT STATUS\n", to);
    for (int i = 0; i < RG_CTL_EXITS; i++) {
        fprintf(to, ".TP\n%d\n", i);
        roff_line(to, status_names[i]);
    }
    fputs(".SH FILES\n.TP\n~/.config/regua/url\nthe daemon's admin port\n.TP\n~/.config/regua/token\nyour token; readable by "
          "nobody else\n.TP\n/etc/regua/regua.yaml\nthe main file\n"
          ".SH SEE ALSO\nreguad(8), regua.yaml(5)\n",
          to);
}

/* ---- completion ---- */

void rg_ctl_completion(FILE *to)
{
    fputs("# bash completion for reguactl\n_reguactl()\n{\n    local word=${COMP_WORDS[COMP_CWORD]} "
          "before=${COMP_WORDS[COMP_CWORD - 1]}\n    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"",
          to);
    for (size_t i = 0; i < rg_ctl_command_count; i++)
        fprintf(to, "%s%s", i > 0 ? " " : "", rg_ctl_commands[i].name);
    fputs("\" -- \"$word\"))\n        return\n    fi\n    case $before in\n    --config | -c | --token-file | --shipped)\n       "
          " COMPREPLY=($(compgen -f -- \"$word\"))\n"
          "        return\n        ;;\n    esac\n    case ${COMP_WORDS[1]} in\n",
          to);
    for (size_t i = 0; i < rg_ctl_command_count; i++) {
        const struct rg_ctl_command *c = &rg_ctl_commands[i];
        const struct rg_ctl_option *options[RG_CTL_OPTIONS_MAX];
        size_t count = rg_ctl_options(c, options);
        fprintf(to, "    %s) COMPREPLY=($(compgen -W \"", c->name);
        for (size_t k = 0; k < count; k++)
            fprintf(to, "%s--%s", k > 0 ? " " : "", options[k]->name);
        if (c->words != NULL)
            fprintf(to, " %s", c->words);
        for (size_t k = 0; strcmp(c->name, "help") == 0 && k < rg_ctl_command_count; k++)
            fprintf(to, " %s", rg_ctl_commands[k].name);
        fputs("\" -- \"$word\")) ;;\n", to);
    }
    fputs("    esac\n}\ncomplete -o default -F _reguactl reguactl\n", to);
}

int rg_ctl_completion_command(struct rg_ctl *ctl)
{
    if (strcmp(ctl->args[0], "bash") != 0) {
        fprintf(stderr, "reguactl completion: no completion for \"%s\": bash expected\n", ctl->args[0]);
        return RG_EXIT_USAGE;
    }
    rg_ctl_completion(stdout);
    return RG_EXIT_FINE;
}

/* reguactl: one table of commands, from which arguments are read and help, manual page and completion are printed, so that the
 * four cannot disagree. Each command is one function in a file of its own.
 *
 * Facts go to stdout, advice and errors to stderr. Exit status: enum rg_exit. No secret is ever taken from an argument or from
 * the environment. */
#pragma once

#include "base/core/buf.h"
#include "base/core/error.h"
#include "base/json/json.h"
#include "daemon/daemon.h"

#include <stdio.h>

#define RG_CTL_CONFIG "/etc/regua/regua.yaml"
#define RG_CTL_ARGS_MAX 64
#define RG_CTL_OPTIONS_MAX 16
#define RG_CTL_EXITS (RG_EXIT_REFUSED + 1)

struct rg_ctl_option {
    const char *name;  /* without the dashes; NULL ends a list */
    char letter;       /* 0: none */
    const char *value; /* what its value is called in help; NULL: it takes none */
    const char *help;
};

enum { RG_CTL_LIVE = 1, RG_CTL_JSON = 2 }; /* option sets shared by many commands */

struct rg_ctl;
struct rg_ctl_command {
    const char *name;
    const char *args;    /* as usage shows them; "" when there are none */
    int args_min, args_max;
    const char *summary; /* one line, no full stop */
    const char *detail;  /* whole sentences */
    const char *examples; /* lines */
    unsigned sets;
    const struct rg_ctl_option *options; /* its own; NULL: none */
    const char *exits[RG_CTL_EXITS];     /* what each status means here; NULL: it does not happen */
    const char *words;   /* what its first argument may be, for completion; NULL */
    int (*run)(struct rg_ctl *ctl);
};
extern const struct rg_ctl_command rg_ctl_commands[];
extern const size_t rg_ctl_command_count;
const struct rg_ctl_command *rg_ctl_command(const char *name); /* NULL: no such */
/* All options of a command: its own, then the sets'. */
size_t rg_ctl_options(const struct rg_ctl_command *command, const struct rg_ctl_option *ret_options[RG_CTL_OPTIONS_MAX]);

/* One invocation. */
struct rg_ctl {
    const struct rg_ctl_command *command;
    const char *args[RG_CTL_ARGS_MAX];
    size_t arg_count;
    const struct rg_ctl_option *options[RG_CTL_OPTIONS_MAX];
    const char *values[RG_CTL_OPTIONS_MAX]; /* NULL: not given; "" for options without value */
    size_t option_count;
    bool colour; /* stdout is a terminal that wants it */
};
const char *rg_ctl_option(const struct rg_ctl *ctl, const char *name); /* NULL: not given */

/* The whole program. */
int rg_ctl_main(int argc, char **argv);

/* RG_EXIT_FINE, or RG_EXIT_USAGE when it was said what is wrong. `argv` are the words after the command. */
int rg_ctl_parse(const struct rg_ctl_command *command, int argc, char **argv, struct rg_ctl *ret_ctl);

/* ---- help.c ---- */
void rg_ctl_help(FILE *to);
void rg_ctl_help_command(const struct rg_ctl_command *command, FILE *to);
void rg_ctl_manual(FILE *to); /* reguactl(1), roff */
void rg_ctl_completion(FILE *to); /* bash */

/* ---- remote.c: asking the daemon ---- */
struct rg_ctl_answer {
    int status; /* of HTTP */
    struct rg_buf body;
    struct rg_json *doc; /* the body, when it is a JSON object */
};
void rg_ctl_answer_done(struct rg_ctl_answer *answer);
/* `body` NULL: GET. RG_EXIT_FINE and an answer of 2xx; anything else was said. */
int rg_ctl_ask_text(struct rg_ctl *ctl, const char *path, const char *body, struct rg_ctl_answer *ret_answer);
/* The same where JSON has to come: `doc` is there. */
int rg_ctl_ask(struct rg_ctl *ctl, const char *path, const char *body, struct rg_ctl_answer *ret_answer);
/* "/api/v1/debtors/" + escaped id + suffix */
void rg_ctl_debtor_path(const char *debtor, const char *suffix, struct rg_buf *into);
/* POSTs {fields…} to an act's route and prints what changed. `fields` are name, value pairs; a NULL value is left out. */
int rg_ctl_act(struct rg_ctl *ctl, const char *path, const char *const fields[][2]);

/* ---- text.c ---- */
int rg_ctl_print_json(const struct rg_ctl_answer *answer); /* the body and a line break */
struct rg_str rg_ctl_text(const struct rg_json_value *object, const char *key); /* "" when it is no text */
void rg_ctl_say(struct rg_str text); /* what others wrote, without what steers a terminal; line breaks and tabs stay */
int64_t rg_ctl_int(const struct rg_json_value *object, const char *key); /* 0 when it is no integer */
bool rg_ctl_bool(const struct rg_json_value *object, const char *key);
/* "2026-11-24T10:12:00-03:00" → "Tue 2026-11-24 10:12" */
#define RG_CTL_WHEN_BYTES 32
void rg_ctl_when(struct rg_str instant, char ret[RG_CTL_WHEN_BYTES]);
/* A table of the rows of `array`; a column is a heading, a member's name and how it is shown. Nothing for an empty array. */
enum rg_ctl_show {
    RG_CTL_TEXT,
    RG_CTL_WORDS, /* written_off is shown as "written off" */
    RG_CTL_NUMBER, RG_CTL_MONEY, RG_CTL_INSTANT, RG_CTL_YES
};
struct rg_ctl_column {
    const char *heading, *member;
    enum rg_ctl_show show;
};
void rg_ctl_table(const struct rg_json_value *array, const struct rg_ctl_column *columns, size_t count);

/* ---- config.c, check.c … ---- */
const char *rg_ctl_config_file(const struct rg_ctl *ctl); /* --config, else the usual place */
/* The main file; RG_EXIT_USAGE when its findings were printed. */
int rg_ctl_site(struct rg_ctl *ctl, struct rg_arena *arena, const struct rg_site **ret_site);
/* Kafka did not do what was asked: says so, and where it was looked for. The exit status. */
int rg_ctl_kafka_failed(const struct rg_ctl *ctl, const struct rg_site *site, const struct rg_error *err);
int rg_ctl_list_names(struct rg_ctl *ctl); /* check --facts, check --variables */
int rg_ctl_show(struct rg_ctl *ctl);
int rg_ctl_explain(struct rg_ctl *ctl);
int rg_ctl_status(struct rg_ctl *ctl);
int rg_ctl_check(struct rg_ctl *ctl);
int rg_ctl_test(struct rg_ctl *ctl);
int rg_ctl_config(struct rg_ctl *ctl);
int rg_ctl_reload(struct rg_ctl *ctl);
int rg_ctl_go_live(struct rg_ctl *ctl);
int rg_ctl_stop(struct rg_ctl *ctl);
int rg_ctl_resume(struct rg_ctl *ctl);
int rg_ctl_synced(struct rg_ctl *ctl);
int rg_ctl_publish(struct rg_ctl *ctl);
int rg_ctl_deadletter(struct rg_ctl *ctl);
int rg_ctl_completion_command(struct rg_ctl *ctl);
int rg_ctl_help_run(struct rg_ctl *ctl);
int rg_ctl_version(struct rg_ctl *ctl);

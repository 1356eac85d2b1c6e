/* Loads and checks the rules of an installation: every ladder file of `rules:`, the policy, the calendars they name, and the
 * templates their steps send. Findings go to `diags`, all of one run; with an error among them no snapshot is made. Reads
 * files, connects to nothing: `reguad --check`, `reguactl check`, reload and the demo are this one call.
 *
 * Codes of findings, beside those of config/yaml (unknown-key, unknown-value, bad-day, duplicate-key, missing-key, …) and of
 * config/cel (unknown-fact, type, syntax, subset, limit):
 *
 *   not-yet                 a word of the language whose effect this version does not have: refused, never ignored
 *   misplaced-key           a key that says nothing where it stands (a term without a notice)
 *   both-day-and-after      a step says twice when it happens
 *   cycle                   steps that wait for each other
 *   unreachable-step        a step that can never happen
 *   evidence-unreachable    no channel of `via` can prove what is demanded
 *   sanction-without-notice a sanction that does not wait for a delivered notice and its term
 *   hours-wider-than-law    `hours` beyond the calendar's
 *   fine-above-law          a fine above 2 % (CDC art. 52 §1); a warning for interest above the usual 1 % a month
 *   tone-goes-down          warning: a friendly step after a firm one
 *   notice-over-seven-days  warning: an extrajudicial notice whose term is longer than seven days
 *   unknown-template        no text for a step, or for a partial
 *   unknown-variable        a template asks for a value that no message has
 *   template-syntax         tags that do not close
 *   template-missing-legal-field  a message of collection without the creditor's name, document and address (CDC art. 42-A)
 *   sms-too-long            warning: a text that takes many segments
 *   duplicate-priority, duplicate-name, no-ladder, too-many */
#pragma once

#include "config/ladder/ladder.h"
#include "config/ladder/templates.h"
#include "config/yaml/diag.h"

struct rg_site;


/* A file that need not lie on a disk: tests, a ladder being edited. */
struct rg_rules_text {
    const char *file; /* as findings name it */
    struct rg_str bytes;
};

/* What of an installation the rules rest on. Everything is borrowed for the time of the call. */
struct rg_rules_input {
    const char *directory;                    /* of regua.yaml: its calendars/ and templates/ win; NULL: none */
    const char *shipped;                      /* the tree of what is shipped; NULL: none */
    const char *const *paths;                 /* `rules:`: files, or directories of *.yaml without *_test.yaml */
    size_t path_count;
    const struct rg_rules_text *texts;        /* further ladders */
    size_t text_count;
    const char *policy;                       /* path; NULL: `policy_text`, or what holds when nothing is written */
    const struct rg_rules_text *policy_text;
    enum rg_mode mode;
    const struct rg_channel_info *channels;   /* without the built-in `signals` */
    size_t channel_count;
    const struct rg_service_info *services;
    size_t service_count;
    const struct rg_source_info *sources;
    size_t source_count;
};

/* What was loaded, for the inventory line. */
struct rg_inventory {
    int ladders, steps, templates, calendars;
};

/* On success *ret_rules and *ret_templates own their memory. RG_EINVAL when `diags` holds an error; the inventory is filled
 * either way. */
RG_MUST_USE int rg_rules_load(const struct rg_site *site, struct rg_diags *diags, struct rg_rules **ret_rules,
                              struct rg_templates **ret_templates, struct rg_inventory *ret_inventory);
RG_MUST_USE int rg_rules_load_from(const struct rg_rules_input *input, struct rg_diags *diags, struct rg_rules **ret_rules,
                                   struct rg_templates **ret_templates, struct rg_inventory *ret_inventory);
void rg_rules_free(struct rg_rules **rules);

/* "2 ladders, 21 steps, 14 templates, 2 calendars, 0 errors, 1 warning (3 ms)" */
void rg_inventory_print(const struct rg_inventory *inventory, const struct rg_diags *diags, int64_t took_ms, struct rg_buf *into);

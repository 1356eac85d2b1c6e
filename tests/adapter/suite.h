/* The line adapter: `adapter SUITE` answers questions on standard input, one JSON object per line, with one JSON object per
 * line that carries the same `id`. It exists so that independent implementations can be held against ours case by case, and
 * has no logic of its own: a suite converts, calls one module and converts back.
 *
 * A suite is one file suite_NAME.c, declared here and named in the table of adapter.c. Whatever is wrong with a question
 * becomes an answer with `error`; the adapter itself never gives up. */
#pragma once

#include "base/core/file.h"
#include "base/json/write.h"
#include "brazil/days/date.h"
#include "config/yaml/diag.h"

#include <stdio.h>
#include <string.h>

/* Writes the members of the answer into the object that is open in `answer`; either all of them or `error` alone. */
typedef void rg_suite_fn(const struct rg_json_value *question, struct rg_jw *answer);

rg_suite_fn rg_suite_bizdays, rg_suite_cel, rg_suite_cloudevents, rg_suite_cut, rg_suite_documents, rg_suite_fold, rg_suite_json,
    rg_suite_latefees, rg_suite_mime, rg_suite_mustache, rg_suite_obligation, rg_suite_phones, rg_suite_scenario, rg_suite_sms,
    rg_suite_yaml;

/* Members of a question. False when one is missing or of another kind; the answer then has its `error` already. */
bool rg_ask_str(const struct rg_json_value *question, const char *key, struct rg_jw *answer, struct rg_str *ret_text);
bool rg_ask_int(const struct rg_json_value *question, const char *key, struct rg_jw *answer, int64_t *ret_number);
bool rg_ask_day(const struct rg_json_value *question, const char *key, struct rg_jw *answer, rg_day *ret_day);
/* Absent is false. */
bool rg_ask_flag(const struct rg_json_value *question, const char *key, struct rg_jw *answer, bool *ret_flag);
/* One of `words`; answers its position. */
bool rg_ask_word(const struct rg_json_value *question, const char *key, const char *const *words, size_t count,
                 struct rg_jw *answer, size_t *ret_index);

/* Reads the file whose path stands there. RG_ELIMIT: it is larger than `into` may become, err says so; any other failure has been
 * answered. */
RG_MUST_USE int rg_ask_file(const struct rg_json_value *question, const char *key, struct rg_jw *answer, struct rg_buf *into,
                            struct rg_error *err);

/* `result`: accept, or refuse with its reason. */
void rg_answer_verdict(struct rg_jw *answer, const char *reason);

/* The first error found in rules, with its place: "5:71: unknown key … [unknown-key]". */
void rg_answer_first_error(struct rg_jw *answer, const char *key, struct rg_diags *diags);

/* "YYYY-MM-DD" under the given key, or `error` for RG_DAY_NONE. */
void rg_answer_day(struct rg_jw *answer, const char *key, rg_day day);

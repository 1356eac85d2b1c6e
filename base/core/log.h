/* Logging: one line per event, with a stable id and closed fields. Libraries return errors; the daemon logs them once.
 * No secrets, no message bodies, no personal data: a debtor appears by id only.
 *
 * Sinks: human text on a terminal, JSON lines on a pipe, native journal fields where stderr is connected
 * to the journal (JOURNAL_STREAM names it). In text and in the journal's MESSAGE the fields follow the sentence, "[SHARD=3]", but
 * not FILE and LINE, with which such a sentence begins. */
#pragma once

#include "base/core/core.h"

enum rg_log_level { RG_LOG_ERROR = 3, RG_LOG_WARNING = 4, RG_LOG_NOTICE = 5, RG_LOG_INFO = 6, RG_LOG_DEBUG = 7 };

/* What a line concerns; NULL or -1 means not given. Becomes REGUA_DEBTOR, REGUA_STEP, … */
struct rg_log_ctx {
    const char *debtor, *step, *gate, *action, *channel, *source, *topic, *file;
    int shard, line; /* shard -1 and line 0: not given */
};
#define RG_LOG_NO_CTX ((const struct rg_log_ctx *)NULL)

/* `id` is a stable upper-case word such as "SHARD-OPEN". Preserves errno. Thread-safe. */
void rg_log(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *fmt, ...) RG_PRINTF(4, 5);

enum rg_log_format { RG_LOG_AUTO, RG_LOG_HUMAN, RG_LOG_JSON, RG_LOG_JOURNAL };
void rg_log_setup(enum rg_log_format format, enum rg_log_level max_level);

/* Whether lines become entries with fields of their own. */
bool rg_log_is_journal(void);

/* Tests and the demo capture lines instead of printing them. NULL restores the normal sink. */
typedef void rg_log_sink_fn(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text,
                            void *sink_ctx);
void rg_log_capture(rg_log_sink_fn *sink, void *sink_ctx);

/* Reading a whole file that a person or the system put somewhere: bounded, close-on-exec, regular files only (a FIFO or a
 * device named by mistake must not hang a daemon's start). */
#pragma once

#include "base/core/buf.h"
#include "base/core/core.h"
#include "base/core/error.h"

/* Appends the file's bytes to `into`, whose `max_bytes` is the cap: a larger file is RG_ELIMIT. RG_ENOTFOUND when there is
 * none, RG_EIO when it cannot be read. On failure `into` may hold a part. The text of `err` names no path: the caller does. */
RG_MUST_USE int rg_file_read(const char *path, struct rg_buf *into, struct rg_error *err);

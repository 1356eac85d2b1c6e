/* A mail server and an HTTP provider that take everything at once and keep nothing: a process of its own, so that what it costs is
 * not the sender's, and gone when this one is. */
#pragma once

#include "base/core/core.h"

#include <sys/types.h>

struct sink {
    pid_t pid;
    uint16_t smtp_port, http_port;
};
void sink_start(struct sink *sink);
void sink_stop(struct sink *sink);

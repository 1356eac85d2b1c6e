/* A signal as other systems read it: a CloudEvent in structured mode. */
#pragma once

#include "base/core/buf.h"
#include "config/contract/ledger.h"

/* Made of the decision alone: the same decision is the same bytes, under the same id, however often it is sent. */
void rg_signal_event_write(const struct rg_decision *decision, struct rg_buf *buf);

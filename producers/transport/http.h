/* SMS, WhatsApp and any other provider that takes one message by one HTTP request; what is particular to the provider
 * stands in its preset. */
#pragma once

#include "base/core/clock.h"
#include "producers/transport/preset.h"
#include "producers/transport/transport.h"

struct rg_http_transport_config {
    const struct rg_clock *clock;
    const struct rg_preset *preset; /* lives as long as it is used */
    const char *url;                /* base; the preset's path is appended */
    const struct rg_mu_value *channel; /* map: the channel's settings, as {{channel.…}}; lives as long as the transport */
    const struct rg_mu_value *secret;  /* map: as {{secret.…}} in path and headers, never in bodies; as above; may be NULL */
    const char *ca_file;            /* NULL: the system's */
    bool private_allowed;           /* the configured host lies inside */
    size_t in_flight_max;           /* default 64 */
    int64_t timeout_ms;             /* one request; default 30 s */
};

RG_MUST_USE int rg_transport_http_new(const struct rg_http_transport_config *config, struct rg_transport **ret_transport,
                                      struct rg_error *err);

/* Another preset from now on; nothing may be in flight (asserted), and no body that was rendered with the old one may follow. */
void rg_transport_http_use(struct rg_transport *transport, const struct rg_preset *preset);

/* Renders the body of one request, the payload of a job to come. `values` is a map of what the message has to say: to
 * (E.164), action, idempotency_key, text, subject, template, language, parameters (a list of texts); `channel` and
 * `to_digits` (without the plus) are added here. RG_ENOTFOUND and *missing (may be NULL) name a value that is absent or empty. */
RG_MUST_USE int rg_transport_http_body(const struct rg_transport *transport, const struct rg_mu_value *values, struct rg_buf *out,
                                       struct rg_str *missing, struct rg_error *err);

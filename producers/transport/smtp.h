/* E-mail by SMTP. Blocking connections in a small pool of threads of its own (the library's SMTP blocks inside its event
 * loop), each kept open between mails; one recipient a mail. */
#pragma once

#include "base/core/clock.h"
#include "producers/transport/transport.h"

#define RG_SMTP_CONNECTIONS_MAX 64

enum rg_smtp_tls {
    RG_SMTP_TLS_REQUIRED, /* STARTTLS (smtp://) or TLS from the first byte (smtps://); without it no address is sent */
    RG_SMTP_TLS_OFF,      /* plain, for a relay on this machine; refused together with a password */
};

struct rg_smtp_config {
    const struct rg_clock *clock;
    const char *url;  /* smtp://host:port or smtps://host:port */
    enum rg_smtp_tls tls;
    const char *ca_file;  /* NULL: the system's */
    const char *helo;     /* NULL: this machine's name */
    const char *from;     /* envelope sender */
    const char *user, *password; /* both or none */
    size_t connections;   /* default 4 */
    size_t in_flight_max; /* queued and being sent; default 4 × connections */
    int64_t timeout_ms;   /* one mail, connection included; default 60 s */
};

/* RG_EINVAL, RG_EREFUSED: what is wrong in the configuration. Connects at the first job. */
RG_MUST_USE int rg_transport_smtp_new(const struct rg_smtp_config *config, struct rg_transport **ret_transport,
                                      struct rg_error *err);

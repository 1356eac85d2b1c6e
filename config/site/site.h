/* regua.yaml, the main file of an installation: one immutable snapshot, owned by the arena it was read into. Nothing here
 * connects anywhere or reads a secret: `reguad --check` and `reguactl check` read a file by the very same call.
 *
 * Relative paths are relative to the file. What the package ships (ladders, calendars, mappings, presets, templates) lies in a
 * second tree; a file of the same name beside regua.yaml wins over it. */
#pragma once

#include "config/contract/words.h"
#include "config/yaml/fields.h"

#define RG_SITE_SHIPPED "/usr/share/regua"
#define RG_SITE_PATH_MAX 4096          /* bytes of a path, its NUL included */
#define RG_SITE_NAMES_MAX 1024         /* files of one kind */
#define RG_SECRET_BYTES_MAX ((size_t)64 * 1024)
#define RG_SITE_ARENA_BYTES (RG_YAML_ARENA_BYTES + ((size_t)8 << 20)) /* enough for any one call of rg_site_load */

struct rg_site_creditor {
    struct rg_section section;
    struct rg_str title;    /* `name`: as debtors read it */
    struct rg_str document; /* CPF or CNPJ as written; its digits are right */
    struct rg_str address, email, phone;
    struct rg_str state; /* for the clock of debtors who have no better one; absent: Brasília */
};

struct rg_site_service {
    struct rg_section section;
    struct rg_str sector;
    struct rg_str creditor; /* never absent after loading */
};

struct rg_site_setting { /* of librdkafka */
    struct rg_str key, value;
    struct rg_secret secret; /* instead of a value */
};
struct rg_site_topics {
    struct rg_section section;
    struct rg_str ledger, people, control,
        actions /* prefix: a dot and the channel follow */, messages, signals, retry, deadletter;
};
struct rg_site_client {
    struct rg_site_setting *items;
    size_t count;
};
struct rg_site_kafka {
    struct rg_section section;
    struct rg_texts brokers;
    struct rg_str group;
    int64_t shards;
    bool create_topics;
    int64_t replicas; /* of topics we create; 0: what the brokers say */
    struct rg_site_topics topics;
    struct rg_site_client client; /* checked: known, well-formed, none that carries a guarantee */
};

struct rg_site_redis {
    struct rg_section section;
    struct rg_str url; /* checked by rg_redis_url_parse() */
    struct rg_str user;
    struct rg_secret password;
};

enum rg_site_format { RG_SITE_CLOUDEVENTS, RG_SITE_JSON };
enum rg_site_payments { RG_SITE_PAYMENTS_NONE, RG_SITE_PAYMENTS_LIVE, RG_SITE_PAYMENTS_SYNCED };
enum rg_site_scheme {
    RG_SITE_SCHEME_NONE, RG_SITE_SCHEME_TOKEN, RG_SITE_SCHEME_STANDARD_WEBHOOKS, RG_SITE_SCHEME_STRIPE, RG_SITE_SCHEME_META,
    RG_SITE_SCHEME_TWILIO, RG_SITE_SCHEME_SENDGRID, RG_SITE_SCHEME_MAILGUN
};
struct rg_site_door { /* /events/<source>: how a webhook proves where it comes from */
    struct rg_section section;
    int scheme; /* enum rg_site_scheme; NONE: the source has no door */
    struct rg_str header; /* TOKEN: the header that holds it */
    struct rg_secret secret;
};
struct rg_site_source {
    struct rg_section section;
    struct rg_str topic;
    int format; /* enum rg_site_format */
    struct rg_str mapping; /* name of a mapping that exists; absent for CloudEvents without one */
    struct rg_str ns;       /* `namespace` of its invoice ids; absent: the creditor's name */
    struct rg_str creditor; /* absent: the events say */
    int payments; /* enum rg_site_payments, `live: true` resolved */
    bool live;
    struct rg_site_door door;
};

enum rg_site_transport { RG_SITE_SMTP, RG_SITE_HTTP, RG_SITE_KAFKA, RG_SITE_SPOOL, RG_SITE_TASK };
enum rg_site_tls { RG_SITE_TLS_REQUIRED, RG_SITE_TLS_NONE };
struct rg_site_extra { /* a key that only the preset knows: {{channel.KEY}}, or {{secret.KEY}} when it is a secret */
    struct rg_str key, value;
    struct rg_secret secret; /* instead of a value */
    const struct rg_node *node; /* of the key */
};
struct rg_site_channel {
    struct rg_section section;
    int transport; /* enum rg_site_transport */
    struct rg_str preset, url, from, user, directory, topic, ca_file, helo;
    int tls; /* enum rg_site_tls */
    bool internal; /* the host may lie inside: private addresses and plain connections are meant */
    struct rg_secret password, token;
    struct rg_rate_limit rate;
    int evidence; /* enum rg_evidence; NONE: the most that transport or preset can prove */
    int64_t concurrency;
    struct rg_duration claim_time, timeout; /* seconds to hours; timeout < claim_time */
    struct rg_site_extra *extras;
    size_t extra_count, extra_capacity;
};

#define RG_SITE_ROLE_LOOK (UINT64_C(1) << 0)
#define RG_SITE_ROLE_ACT (UINT64_C(1) << 1)
#define RG_SITE_ROLE_APPROVE (UINT64_C(1) << 2)
struct rg_site_operator {
    struct rg_section section;
    struct rg_secret token;
    uint64_t roles;
};
struct rg_site_listen {
    char host[64]; /* an address, without brackets; "" when none */
    uint16_t port; /* 0: none */
    bool loopback;
};
struct rg_site_http {
    struct rg_section section;
    struct rg_site_listen listen;
    struct rg_sections operators; /* of struct rg_site_operator */
};
struct rg_site_doors {
    struct rg_section section;
    struct rg_site_listen listen;
};

struct rg_site_log {
    struct rg_section section;
    int level;  /* index: error, warning, notice, info, debug; see rg_site_log_level() */
    int format; /* enum rg_log_format */
};

/* Knobs that nobody should need. */
struct rg_site_tuning {
    struct rg_section section;
    int64_t decide_workers;
    struct rg_duration freshness_round, session_timeout;
};

struct rg_site {
    struct rg_section section;
    int64_t language;
    int mode; /* enum rg_mode */
    struct rg_sections creditors; /* of struct rg_site_creditor; at least one */
    struct rg_sections services;  /* of struct rg_site_service; at least one */
    struct rg_site_kafka kafka;
    struct rg_site_redis redis;
    struct rg_sections sources;  /* of struct rg_site_source; at least one */
    struct rg_sections channels; /* of struct rg_site_channel */
    struct rg_texts rules; /* paths as written: files, or directories of *.yaml */
    struct rg_str policy;  /* path as written */
    struct rg_site_http http;
    struct rg_site_doors doors;
    struct rg_texts test_recipients;
    struct rg_site_log log;
    struct rg_site_tuning tuning;

    const char *file;      /* as given */
    const char *directory; /* where it lies: what relative paths are relative to */
    const char *shipped;
};

/* The table behind the file: its documentation, its schema. */
extern const struct rg_table rg_site_table;

/* Reads `path`. `shipped` NULL: RG_SITE_SHIPPED. All findings go to `diags`; with an error among them RG_EINVAL (or what reading
 * the file gave) and no site. */
RG_MUST_USE int rg_site_load(const char *path, const char *shipped, struct rg_arena *arena, struct rg_diags *diags,
                             const struct rg_site **ret_site);

/* Only where the admin port listens; whatever else is wrong with the file does not matter to who asks a running daemon. */
RG_MUST_USE int rg_site_admin_listen(const char *path, struct rg_site_listen *ret_listen, struct rg_error *err);

static inline const struct rg_site_creditor *rg_site_creditors(const struct rg_site *site) { return site->creditors.items; }
static inline const struct rg_site_service *rg_site_services(const struct rg_site *site) { return site->services.items; }
static inline const struct rg_site_source *rg_site_sources(const struct rg_site *site) { return site->sources.items; }
static inline const struct rg_site_channel *rg_site_channels(const struct rg_site *site) { return site->channels.items; }
static inline const struct rg_site_operator *rg_site_operators(const struct rg_site *site) { return site->http.operators.items; }
/* By name; NULL when there is none. */
const struct rg_site_creditor *rg_site_creditor(const struct rg_site *site, struct rg_str name);
const struct rg_site_service *rg_site_service(const struct rg_site *site, struct rg_str name);
const struct rg_site_source *rg_site_source(const struct rg_site *site, struct rg_str name);
const struct rg_site_channel *rg_site_channel(const struct rg_site *site, struct rg_str name);
int rg_site_log_level(const struct rg_site *site); /* enum rg_log_level */

/* --- Files around the site ---------------------------------------------------------------------------------------- */

enum rg_site_kind { RG_SITE_LADDERS, RG_SITE_CALENDARS, RG_SITE_MAPPINGS, RG_SITE_PRESETS, RG_SITE_TEMPLATES, RG_SITE_SCHEMAS,
                   RG_SITE_KINDS };

/* "mappings", …: the directory's name, beside regua.yaml and below the shipped tree. Own ladders stand in `rules:` instead. */

/* A written path → where it is; false when it does not fit. */
bool rg_site_path(const struct rg_site *site, struct rg_str written, char ret_path[RG_SITE_PATH_MAX]);
/* The file of that name, own copy before shipped one: "asaas" → /etc/regua/mappings/asaas.yaml. Templates and schemas are named
 * with their ending. A name that is not the name of a file in that directory ("../x", ".x", "") is not found. */
bool rg_site_find(const struct rg_site *site, enum rg_site_kind kind, struct rg_str name, char ret_path[RG_SITE_PATH_MAX]);
/* All names of that kind, own and shipped, sorted, each once, without ".yaml". At most RG_SITE_NAMES_MAX. */
struct rg_texts rg_site_names(const struct rg_site *site, enum rg_site_kind kind, struct rg_arena *arena);

/* --- Secrets ------------------------------------------------------------------------------------------------------ */

/* Reads a secret at the moment it is needed: a credential from $CREDENTIALS_DIRECTORY, a file from its path. One trailing line
 * break is cut. RG_ENOTFOUND, RG_EIO; RG_EINVAL when it is empty or holds a NUL; RG_ELIMIT past RG_SECRET_BYTES_MAX. Errors name
 * the credential or the path, never a byte of what is inside. A secret of kind NONE is RG_ENOTFOUND. What `into` (zeroed or used
 * before) held is gone. */
RG_MUST_USE int rg_secret_read(const struct rg_site *site, struct rg_secret secret, struct rg_buf *into, struct rg_error *err);
/* Overwrites before freeing. */
void rg_secret_done(struct rg_buf *secret);

/* The keys of regua.yaml, one row each: reader, manual page, schema and `config --effective` are made from these. Their order is
 * the manual's. What one key cannot know of another stands in check.c. */
#include "config/site/internal.h"

static const char *const mode_words[] = {"shadow", "live", NULL};
static const char *const format_words[] = {"cloudevents", "json", NULL};
static const char *const payments_words[] = {"none", "live", "synced", NULL};
static const char *const scheme_words[] = {"none", "token", "standard-webhooks", "stripe", "meta", "twilio", "sendgrid",
                                           "mailgun", NULL};
const char *const rg_site_transport_words[] = {"smtp", "http", "kafka", "spool", "task", NULL};
static const char *const tls_words[] = {"required", "none", NULL};
static const char *const evidence_words[] = {"best", "accepted", "delivered", "read", "replied", NULL};
static const char *const role_words[] = {"look", "act", "approve", NULL};
static const char *const level_words[] = {"error", "warning", "notice", "info", "debug", NULL};
static const char *const log_format_words[] = {"auto", "human", "json", "journal", NULL};

static const struct rg_row creditor_rows[] = {
    {.key = "name", RG_AT(struct rg_site_creditor, title), .type = RG_ROW_TEXT, .flags = RG_REQUIRED, .min = 1,
     .max = 200,
     .help = "Who the money is owed to, as debtors read it."},
    {.key = "document", RG_AT(struct rg_site_creditor, document), .type = RG_ROW_TEXT, .flags = RG_REQUIRED,
     .min = 11, .max = 18,
     .help = "CNPJ or CPF of the creditor; stands in every notice."},
    {.key = "address", RG_AT(struct rg_site_creditor, address), .type = RG_ROW_TEXT, .min = 1, .max = 300,
     .help = "Postal address; stands in letters and notices."},
    {.key = "email", RG_AT(struct rg_site_creditor, email), .type = RG_ROW_TEXT, .min = 3, .max = 254,
     .help = "Where a debtor can write to."},
    {.key = "phone", RG_AT(struct rg_site_creditor, phone), .type = RG_ROW_TEXT, .min = 8, .max = 32,
     .help = "Where a debtor can call."},
    {.key = "state", RG_AT(struct rg_site_creditor, state), .type = RG_ROW_TEXT, .min = 2, .max = 2,
     .help = "The creditor's state, two capital letters: its clock counts for debtors without time zone, state and mobile "
             "phone."},
};
static const struct rg_table creditor_table = RG_TABLE("creditor", struct rg_site_creditor, creditor_rows);

static const struct rg_row service_rows[] = {
    {.key = "sector", RG_AT(struct rg_site_service, sector), .type = RG_ROW_NAME, .flags = RG_REQUIRED,
     .help = "What is sold, such as `telecom`, `energy`, `water`, `school`, `condominium`: ladders choose by it."},
    {.key = "creditor", RG_AT(struct rg_site_service, creditor), .type = RG_ROW_NAME,
     .help = "Who the debts of this service are owed to. The only creditor when there is one."},
};
static const struct rg_table service_table = RG_TABLE("service", struct rg_site_service, service_rows);

#define TOPIC(name_) \
    .key = #name_, RG_AT(struct rg_site_topics, name_), .type = RG_ROW_TEXT, .fallback = "regua." #name_, .min = 1

static const struct rg_row topics_rows[] = {
    {TOPIC(ledger), .max = 249, .help = "Everything that happened, in order per shard: the truth."},
    {TOPIC(people), .max = 249, .help = "Personal data, compacted and erasable."},
    {TOPIC(control), .max = 249, .help = "Stop, holds, versions of rules, compacted."},
    {TOPIC(actions), .max = 180,
     .help = "Beginning of the names of the channels' topics; a dot and the channel's name follow."},
    {TOPIC(messages), .max = 249, .help = "Rendered messages, compacted and erasable."},
    {TOPIC(signals), .max = 249, .help = "CloudEvents for other systems: suspend, restore."},
    {TOPIC(retry), .max = 249, .help = "Dead letters sent again by `reguactl deadletter replay`: a source of its own."},
    {TOPIC(deadletter), .max = 249, .help = "Events that could not be read, with the reason."},
};
static const struct rg_table topics_table = RG_TABLE("topics", struct rg_site_topics, topics_rows);

static const struct rg_row kafka_rows[] = {
    {.key = "brokers", RG_AT(struct rg_site_kafka, brokers), .type = RG_ROW_TEXTS, .flags = RG_REQUIRED, .min = 1, .max = 32,
     .help = "Where to begin finding the cluster: `host:port`, several for safety."},
    {.key = "group", RG_AT(struct rg_site_kafka, group), .type = RG_ROW_NAME, .flags = RG_HYPHEN, .fallback = "regua",
     .help = "Beginning of the names of our consumer groups."},
    {.key = "shards", RG_AT(struct rg_site_kafka, shards), .type = RG_ROW_INT, .fallback = "64", .min = 1, .max = 512,
     .help = "Parts of the ledger, and the most processes that can share the work. Fixed for ever once recorded."},
    {.key = "create_topics", RG_AT(struct rg_site_kafka, create_topics), .type = RG_ROW_BOOL, .fallback = "false",
     .help = "Create our own topics where they are missing; never upstream's."},
    {.key = "replicas", RG_AT(struct rg_site_kafka, replicas), .type = RG_ROW_INT, .fallback = "0", .min = 0, .max = 9,
     .help = "Copies of the topics we create; 0 leaves it to the brokers."},
    {.key = "topics", RG_AT(struct rg_site_kafka, topics), .type = RG_ROW_SECTION, .table = &topics_table,
     .help = "Names of our own topics."},
    {.key = "client", RG_AT(struct rg_site_kafka, client), .type = RG_ROW_CUSTOM, .custom = rg_site_read_client,
     .example = "librdkafka's settings: `{ security.protocol: ssl, ssl.key.password: { credential: NAME } }`",
     .help = "Any setting of the Kafka client, for encryption and login. Those that carry our guarantees are refused."},
};
static const struct rg_table kafka_table = RG_TABLE("kafka", struct rg_site_kafka, kafka_rows);

static const struct rg_row redis_rows[] = {
    {.key = "url", RG_AT(struct rg_site_redis, url), .type = RG_ROW_TEXT, .flags = RG_REQUIRED, .min = 1, .max = 512,
     .help = "`unix:///run/redis/redis.sock` or `redis://host:6379/0`. Not encrypted: for another machine use a tunnel "
             "(stunnel)."},
    {.key = "user", RG_AT(struct rg_site_redis, user), .type = RG_ROW_TEXT, .min = 1, .max = 63,
     .help = "Redis user; absent: the default user."},
    {.key = "password", RG_AT(struct rg_site_redis, password), .type = RG_ROW_SECRET, .help = "Redis password."},
};
static const struct rg_table redis_table = RG_TABLE("redis", struct rg_site_redis, redis_rows);

static const struct rg_row door_rows[] = {
    {.key = "scheme", RG_AT(struct rg_site_door, scheme), .type = RG_ROW_ENUM, .words = scheme_words, .fallback = "none",
     .help = "How a webhook at `/events/SOURCE` proves where it comes from. `none`: this source has no door; in this version no "
             "other is accepted."},
    {.key = "header", RG_AT(struct rg_site_door, header), .type = RG_ROW_TEXT, .min = 1, .max = 64,
     .help = "With `scheme: token`: the header that holds the token."},
    {.key = "secret", RG_AT(struct rg_site_door, secret), .type = RG_ROW_SECRET,
     .help = "The token, or the key of the signature."},
};
static const struct rg_table door_table = RG_TABLE("door", struct rg_site_door, door_rows);

static const struct rg_row source_rows[] = {
    {.key = "topic", RG_AT(struct rg_site_source, topic), .type = RG_ROW_TEXT, .flags = RG_REQUIRED, .min = 1, .max = 249,
     .help = "The topic that the billing system writes to."},
    {.key = "format", RG_AT(struct rg_site_source, format), .type = RG_ROW_ENUM, .words = format_words, .fallback = "cloudevents",
     .help = "CloudEvents, or another system's JSON through a `mapping`."},
    {.key = "mapping", RG_AT(struct rg_site_source, mapping), .type = RG_ROW_NAME, .flags = RG_HYPHEN,
     .help = "Name of a file in `mappings/` that says what the JSON means."},
    {.key = "namespace", RG_AT(struct rg_site_source, ns), .type = RG_ROW_NAME, .flags = RG_HYPHEN,
     .help = "Whose invoice numbers these are, so that two systems may both have a 1001. Absent: the creditor's name."},
    {.key = "creditor", RG_AT(struct rg_site_source, creditor), .type = RG_ROW_NAME,
     .help = "Creditor of events that name none. The only creditor when there is one."},
    {.key = "payments", RG_AT(struct rg_site_source, payments), .type = RG_ROW_ENUM, .words = payments_words, .fallback = "none",
     .help = "How payments become known: `live` as they happen, `synced` when a `source.synced` event says so (bank returns), "
             "`none` not by "
             "this source."},
    {.key = "live", RG_AT(struct rg_site_source, live), .type = RG_ROW_BOOL, .fallback = "false",
     .help = "`true` is short for `payments: live`."},
    {.key = "door", RG_AT(struct rg_site_source, door), .type = RG_ROW_SECTION, .table = &door_table,
     .help = "Webhooks instead of a producer of its own. Not in this version."},
};
static const struct rg_table source_table = RG_TABLE("source", struct rg_site_source, source_rows);

static const struct rg_row channel_rows[] = {
    {.key = "transport", RG_AT(struct rg_site_channel, transport), .type = RG_ROW_ENUM, .flags = RG_REQUIRED,
     .words = rg_site_transport_words,
     .help = "How messages leave: `smtp` e-mail, `http` any provider described by a preset, `kafka` another topic, `spool` "
             "files (letters), "
             "`task` work for people."},
    {.key = "preset", RG_AT(struct rg_site_channel, preset), .type = RG_ROW_NAME, .flags = RG_HYPHEN,
     .help = "With `http`: name of a file in `presets/` that describes the provider."},
    {.key = "url", RG_AT(struct rg_site_channel, url), .type = RG_ROW_TEXT, .min = 1, .max = 1024,
     .help = "With `smtp`: `smtp://host:port` or `smtps://host:port`. With `http`: `https://…`, to which the preset's path is "
             "added."},
    {.key = "tls", RG_AT(struct rg_site_channel, tls), .type = RG_ROW_ENUM, .words = tls_words, .fallback = "required",
     .help = "With `smtp`: encryption, or none for a relay on this machine."},
    {.key = "internal", RG_AT(struct rg_site_channel, internal), .type = RG_ROW_BOOL, .fallback = "false",
     .help = "The server is meant to lie inside: private addresses are allowed, and so is a connection without encryption."},
    {.key = "from", RG_AT(struct rg_site_channel, from), .type = RG_ROW_TEXT, .min = 3, .max = 320,
     .help = "With `smtp`: sender, such as `Provedor Exemplo <cobranca@provedor.example>`."},
    {.key = "user", RG_AT(struct rg_site_channel, user), .type = RG_ROW_TEXT, .min = 1, .max = 254,
     .help = "With `smtp`: user to log in as."},
    {.key = "password", RG_AT(struct rg_site_channel, password), .type = RG_ROW_SECRET, .help = "With `smtp`: its password."},
    {.key = "helo", RG_AT(struct rg_site_channel, helo), .type = RG_ROW_TEXT, .min = 1, .max = 253,
     .help = "With `smtp`: our name in the greeting. Absent: this machine's."},
    {.key = "token", RG_AT(struct rg_site_channel, token), .type = RG_ROW_SECRET,
     .help = "With `http`: the provider's token, `{{secret.token}}` in the preset. Other keys that the preset knows are written "
             "the same way: "
             "secrets as `{{secret.KEY}}`, plain values as `{{channel.KEY}}`."},
    {.key = "ca_file", RG_AT(struct rg_site_channel, ca_file), .type = RG_ROW_TEXT, .min = 1, .max = 1024,
     .help = "With `smtp` and `http`: certificates to trust instead of the system's."},
    {.key = "topic", RG_AT(struct rg_site_channel, topic), .type = RG_ROW_TEXT, .min = 1, .max = 249,
     .help = "With `kafka`: where messages are written."},
    {.key = "directory", RG_AT(struct rg_site_channel, directory), .type = RG_ROW_TEXT, .min = 1, .max = 1024,
     .help = "With `spool`: where files and their manifest are put."},
    {.key = "rate", RG_AT(struct rg_site_channel, rate), .type = RG_ROW_RATE,
     .help = "At most so many messages per process. Absent: no limit of ours."},
    {.key = "evidence", RG_AT(struct rg_site_channel, evidence), .type = RG_ROW_ENUM, .words = evidence_words, .fallback = "best",
     .help = "The most that this channel can prove. `best`: whatever transport or preset can."},
    {.key = "concurrency", RG_AT(struct rg_site_channel, concurrency), .type = RG_ROW_INT, .fallback = "8", .min = 1, .max = 64,
     .help = "Connections at once, per process."},
    {.key = "claim_time", RG_AT(struct rg_site_channel, claim_time), .type = RG_ROW_DURATION, .units = RG_UNITS_CLOCK,
     .fallback = "60s", .min = 10,
     .max = 600, .help = "How long a delivery may take, from the claim to the last byte. What is not begun by then is not sent."},
    {.key = "timeout", RG_AT(struct rg_site_channel, timeout), .type = RG_ROW_DURATION, .units = RG_UNITS_CLOCK,
     .fallback = "30s", .min = 1,
     .max = 300, .help = "How long one request may take; shorter than `claim_time`."},
};
static const struct rg_table channel_table = {.name = "channel", .size = sizeof(struct rg_site_channel), .fields = channel_rows,
                                              .count = RG_COUNT(channel_rows), .extra = rg_site_take_extra};

static const struct rg_row operator_rows[] = {
    {.key = "token", RG_AT(struct rg_site_operator, token), .type = RG_ROW_SECRET, .flags = RG_REQUIRED,
     .help = "The operator's token; who holds it is the author of an act."},
    {.key = "roles", RG_AT(struct rg_site_operator, roles), .type = RG_ROW_FLAGS, .flags = RG_REQUIRED,
     .words = role_words, .min = 1, .max = 3,
     .help = "What the operator may do: `look` at debtors, `act` (go-live, stop, resume, synced). `approve` allows nothing in this "
             "version."},
};
static const struct rg_table operator_table = RG_TABLE("operator", struct rg_site_operator, operator_rows);

static const struct rg_row http_rows[] = {
    {.key = "listen", RG_AT(struct rg_site_http, listen), .type = RG_ROW_CUSTOM, .custom = rg_site_read_listen,
     .fallback = "127.0.0.1:8470",
     .example = "`address:port`, or `none`",
     .help = "Console, API, metrics and health. Meant for this machine, or a proxy that asks who is there."},
    {.key = "operators", RG_AT(struct rg_site_http, operators), .type = RG_ROW_SECTIONS,
     .table = &operator_table,
     .help = "Who may use console and API. Without a token only counts are shown."},
};
static const struct rg_table http_table = RG_TABLE("http", struct rg_site_http, http_rows);

static const struct rg_row doors_rows[] = {
    {.key = "listen", RG_AT(struct rg_site_doors, listen), .type = RG_ROW_CUSTOM, .custom = rg_site_read_listen,
     .fallback = "none",
     .example = "`address:port`, or `none`",
     .help = "Receipts and webhooks, behind the reverse proxy; never shares a socket with the console. Not in this version: nothing "
             "listens there."},
};
static const struct rg_table doors_table = RG_TABLE("doors", struct rg_site_doors, doors_rows);

static const struct rg_row log_rows[] = {
    {.key = "level", RG_AT(struct rg_site_log, level), .type = RG_ROW_ENUM, .flags = RG_RELOAD, .words = level_words,
     .fallback = "info",
     .help = "The least important lines that are written."},
    {.key = "format", RG_AT(struct rg_site_log, format), .type = RG_ROW_ENUM, .words = log_format_words, .fallback = "auto",
     .help = "`auto`: the journal under systemd, text on a terminal, JSON lines elsewhere."},
};
static const struct rg_table log_table = RG_TABLE("log", struct rg_site_log, log_rows);

static const struct rg_row tuning_rows[] = {
    {.key = "decide_workers", RG_AT(struct rg_site_tuning, decide_workers), .type = RG_ROW_INT, .flags = RG_INTERNAL,
     .fallback = "4", .min = 1, .max = 64,
     .help = "Threads that fold and decide; shards are spread over them. More than processors, for they wait for Redis."},
    {.key = "freshness_round", RG_AT(struct rg_site_tuning, freshness_round), .type = RG_ROW_DURATION, .flags = RG_INTERNAL,
     .units = RG_UNITS_CLOCK, .fallback = "1s", .min = 1, .max = 60,
     .help = "How often it is asked whether anything upstream is still unread."},
    {.key = "session_timeout", RG_AT(struct rg_site_tuning, session_timeout), .type = RG_ROW_DURATION, .flags = RG_INTERNAL,
     .units = RG_UNITS_CLOCK, .fallback = "10s", .min = 2, .max = 300,
     .help = "After how long a silent process loses its shards to the others."},
};
static const struct rg_table tuning_table = RG_TABLE("tuning", struct rg_site_tuning, tuning_rows);

static const struct rg_row site_rows[] = {
    {.key = "language", RG_AT(struct rg_site, language), .type = RG_ROW_INT, .flags = RG_REQUIRED, .min = 1, .max = 1,
     .help = "Version of the language these files are written in: `language: 1`."},
    {.key = "mode", RG_AT(struct rg_site, mode), .type = RG_ROW_ENUM, .flags = RG_RELOAD, .words = mode_words,
     .fallback = "shadow",
     .help = "`shadow` decides and sends nothing. The file can only lower the mode; going live is an act: `reguactl go-live`."},
    {.key = "creditors", RG_AT(struct rg_site, creditors), .type = RG_ROW_SECTIONS, .flags = RG_REQUIRED | RG_HYPHEN,
     .max = 64,
     .table = &creditor_table, .help = "Who debts are owed to, by a short name."},
    {.key = "services", RG_AT(struct rg_site, services), .type = RG_ROW_SECTIONS, .flags = RG_REQUIRED | RG_HYPHEN,
     .max = 64,
     .table = &service_table, .help = "What is billed, by a short name."},
    {.key = "kafka", RG_AT(struct rg_site, kafka), .type = RG_ROW_SECTION, .flags = RG_REQUIRED, .table = &kafka_table,
     .help = "Where the ledger lives."},
    {.key = "redis", RG_AT(struct rg_site, redis), .type = RG_ROW_SECTION, .flags = RG_REQUIRED, .table = &redis_table,
     .help = "Where each debtor's present state lives, as folded from the ledger."},
    {.key = "sources", RG_AT(struct rg_site, sources), .type = RG_ROW_SECTIONS, .flags = RG_REQUIRED | RG_HYPHEN, .max = 63,
     .table = &source_table,
     .help = "Where invoices and payments come from, by a short name."},
    {.key = "channels", RG_AT(struct rg_site, channels), .type = RG_ROW_SECTIONS, .flags = RG_HYPHEN, .max = 31,
     .table = &channel_table,
     .help = "How messages go out, by the name that ladders use in `via`. `signals` and `owed` are built in."},
    {.key = "rules", RG_AT(struct rg_site, rules), .type = RG_ROW_TEXTS, .flags = RG_RELOAD, .fallback = "rules.d", .min = 1,
     .max = 64,
     .help = "Ladders: files, or directories of `*.yaml`."},
    {.key = "policy", RG_AT(struct rg_site, policy), .type = RG_ROW_TEXT, .flags = RG_RELOAD, .fallback = "policy.yaml", .min = 1,
     .max = 1024,
     .help = "Fees, clusters, promises, brakes: what holds for all ladders."},
    {.key = "http", RG_AT(struct rg_site, http), .type = RG_ROW_SECTION, .table = &http_table,
     .help = "The side that operators see."},
    {.key = "doors", RG_AT(struct rg_site, doors), .type = RG_ROW_SECTION, .table = &doors_table,
     .help = "The side that providers see. Not in this version."},
    {.key = "test_recipients", RG_AT(struct rg_site, test_recipients), .type = RG_ROW_TEXTS, .max = 64,
     .help = "The only addresses that test messages may go to. Not in this version, and refused: it would limit nothing else."},
    {.key = "log", RG_AT(struct rg_site, log), .type = RG_ROW_SECTION, .table = &log_table,
     .help = "What is written about the work."},
    {.key = "tuning", RG_AT(struct rg_site, tuning), .type = RG_ROW_SECTION, .flags = RG_INTERNAL, .table = &tuning_table,
     .help = "Knobs with sane defaults."},
};
const struct rg_table rg_site_table = RG_TABLE("regua.yaml", struct rg_site, site_rows);

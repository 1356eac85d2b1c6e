/* An HTTP provider as data: how its request is built and how its answer is read. Immutable, lives in one arena. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/core/error.h"
#include "config/contract/words.h"
#include "producers/render/mustache.h"

#define RG_PRESET_HEADERS_MAX 16
#define RG_PRESET_STATUSES_MAX 16
#define RG_PRESET_CODES_MAX 64
#define RG_PRESET_BODY_DEPTH_MAX 16
#define RG_PRESET_BODY_NODES_MAX 512

/* The body's structure. Strings are templates; what they make is written as a JSON string; structure comes from the preset
 * alone. A map whose only key is "{{#name}}" is a section: as an item of a list it stands for one item per item of
 * `name` ({{.}} is the item), as a member's value it is left out with its key unless `name` has a value. */
enum rg_preset_node_kind { RG_PRESET_STRING, RG_PRESET_LITERAL, RG_PRESET_LIST, RG_PRESET_MAP, RG_PRESET_SECTION };
struct rg_preset_node {
    enum rg_preset_node_kind kind;
    struct rg_str key;                     /* name of a map's member */
    const struct rg_mu_template *template; /* STRING */
    struct rg_str text;                    /* LITERAL: true, false, null or a number; SECTION: the name it asks for */
    const struct rg_preset_node *children; /* LIST, MAP; SECTION: exactly one */
    size_t count;
};

struct rg_preset_header {
    struct rg_str name;
    const struct rg_mu_template *value;
};
struct rg_preset_code {
    struct rg_str code; /* as text, numbers as their digits */
    enum rg_verdict verdict;
};
struct rg_preset_status {
    int from, to; /* 429…429, or a class: 400…499 */
    enum rg_verdict verdict;
};
struct rg_preset_fact {
    struct rg_str status;
    enum rg_provider_fact fact;
};

struct rg_preset {
    struct rg_str name;
    enum rg_evidence best_evidence;

    struct rg_str method;
    const struct rg_mu_template *path; /* appended to the channel's url; values are percent-encoded */
    struct rg_preset_header *headers;
    size_t header_count;
    const struct rg_preset_node *body;

    int *accepted_statuses;
    size_t accepted_count;
    struct rg_str id_pointer; /* JSON pointer to the provider's id; absent: it gives none */

    struct rg_str error_pointer; /* JSON pointer to the provider's error code; absent: status alone decides */
    struct rg_preset_code *codes;
    size_t code_count;
    struct rg_preset_status *defaults; /* narrower ranges first */
    size_t default_count;

    struct { /* how its receipts are read; nothing of ours reads any yet, they come as events */
        struct rg_str verify_scheme, verify_header;
        struct rg_str list_pointer, id_pointer, status_pointer;
        struct rg_preset_fact *facts;
        size_t fact_count;
    } receipts;
};

/* Renders the request's body: the bytes a job carries as its payload. `outer` (may be NULL) is asked for names that
 * `values` does not know. Strict: RG_ENOTFOUND and *missing (may be NULL) name a value that is absent or empty. */
RG_MUST_USE int rg_preset_body(const struct rg_preset *preset, const struct rg_mu_value *values, const struct rg_mu_value *outer,
                               struct rg_buf *out, struct rg_str *missing, struct rg_error *err);

/* What an answer means. Pure. */
struct rg_preset_reading {
    enum rg_verdict verdict;
    bool channel;        /* the channel is broken, not the message */
    char provider_id[129];
    char code[41];       /* the provider's error code, letters, digits and . _ - only; "" when none */
};
struct rg_preset_reading rg_preset_read(const struct rg_preset *preset, int status, struct rg_str body);

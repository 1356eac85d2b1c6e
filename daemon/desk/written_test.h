/* A test file as it was written; what the table takes as it stands is kept as nodes. Private to this room. */
#pragma once

#include "config/yaml/fields.h"
#include "daemon/desk/rule_test.h"

struct written_service {
    struct rg_section section;
    struct rg_str name, sector, creditor;
};

struct written_defaults {
    struct rg_section section;
    struct written_service service;
    const struct rg_node *debtor;
};

struct written_expect {
    struct rg_section section;
    struct rg_str at, from, to, step, none, channel, invoice;
    struct rg_duration within;
    int signal, gate;
    int64_t amount_cents;
};

struct written_then {
    struct rg_section section;
    struct rg_str at;
    struct rg_sections expect;
    const struct rg_node *what; /* its key is what happens */
};

struct written_test {
    struct rg_section section;
    struct rg_str name, until;
    const struct rg_node *debtor, *world, *events;
    struct rg_sections expect;
    struct written_then then;
};

struct written_file {
    struct rg_section section;
    int64_t language;
    struct rg_texts rules;
    struct rg_str policy;
    struct rg_pairs channels;
    struct written_defaults defaults;
    const struct rg_node *world;
    struct rg_sections tests;
};

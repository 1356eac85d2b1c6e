/* What the two files of the mapping share; nobody else includes this. */
#pragma once

#include "consumers/decode/mapping.h"

#include "brazil/days/zone.h"

#define RG_MAPPING_POINTERS_MAX 8

enum rg_mapping_unit { RG_MAPPING_CENTAVOS, RG_MAPPING_REAIS };
enum rg_mapping_format { RG_MAPPING_ISO, RG_MAPPING_DMY, RG_MAPPING_UNIX, RG_MAPPING_UNIX_MS };

/* Where one value stands and what becomes of it. */
struct rg_mapping_value {
    struct rg_section section;
    struct rg_str pointer;  /* absent: `constant` */
    struct rg_pairs table;
    int unit;               /* enum rg_mapping_unit */
    int format;             /* enum rg_mapping_format */
    const struct rg_zone *zone;
    struct rg_str constant;
    struct rg_str sum;      /* the pointer names a list: the sum of this pointer in its entries … */
    struct rg_str where;    /* … that have one of `is` here; absent: of all */
    struct rg_texts is;
};

struct rg_mapping_entry {
    const struct rg_field_row *row;
    bool details;                         /* below debtor_details */
    struct rg_str channel;                /* row is RG_F_CONTACTS: the channel of this contact; absent: the whole list */
    const struct rg_node *node;           /* for findings */
    const struct rg_mapping_value *value; /* NULL: left out */
};

struct rg_mapping_entries {
    struct rg_mapping_entry *items;
    size_t count, capacity;
};

/* One word of the type's table, with the entries its type looks at, in the order they are written. */
struct rg_mapping_type {
    struct rg_str word;
    enum rg_event_type type; /* RG_EV_NONE: ignored */
    struct rg_mapping_entries entries;
};

struct rg_mapping {
    struct rg_str name, source;
    struct rg_texts id, type_pointers; /* several: what stands there is joined by slashes */
    bool ignore_others;
    const struct rg_mapping_value *time; /* NULL: the record's timestamp */
    struct rg_mapping_type *types;
    size_t type_count;
};

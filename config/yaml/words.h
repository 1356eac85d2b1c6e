/* Single values, between the files of this room only. */
#pragma once

#include "config/yaml/fields.h"

/* Each adds one finding about a scalar that the row's type does not take, guessing what was meant. */
void rg_say_bad_day(const struct rg_node *node, struct rg_diags *diags);
void rg_say_bad_duration(const struct rg_node *node, unsigned units, struct rg_diags *diags);
void rg_say_bad_money(const struct rg_node *node, struct rg_diags *diags);
void rg_say_bad_decimal(const struct rg_node *node, struct rg_diags *diags);
void rg_say_bad_name(const struct rg_node *node, bool hyphen, struct rg_diags *diags);
void rg_say_literal_secret(const struct rg_node *node, struct rg_diags *diags);

/* read.c: how each type of value is read, and what its member is in bytes. Sections are fields.c's. */
#define RG_VALUE_TYPES ((size_t)RG_ROW_SECTION)
struct rg_value_type {
    rg_row_fn *read;
    size_t size;
};
extern const struct rg_value_type rg_value_types[RG_VALUE_TYPES];

/* A list or map of a size that the row allows, else a finding. */
bool rg_is_list(const struct rg_node *node, const struct rg_row *row, const struct rg_reader *reader);
bool rg_is_map(const struct rg_node *node, const struct rg_row *row, const struct rg_reader *reader);

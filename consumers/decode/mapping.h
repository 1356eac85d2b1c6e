/* Mappings: how the JSON of another system becomes our events, written in YAML. A mapping says where id, time, type and each
 * field of `data` stand (JSON pointers), translates words by tables and amounts by unit, and gives constants; the result goes
 * through the same door as any other event. There is nothing to program in it: what cannot be said here wants a CloudEvent.
 *
 *     language: 1
 *     mapping: asaas
 *     source: asaas                    # the events' source, part of their identity; absent: the mapping's name
 *     id: /id                          # or a list of places, when no single one names the event
 *     type: { pointer: /event, table: { PAYMENT_CREATED: invoice.issued, PAYMENT_OVERDUE: ignore } }
 *     default: dead_letter             # of types outside the table; or ignore
 *     time: { pointer: /dateCreated, zone: America/Sao_Paulo }   # absent: the record's Kafka timestamp
 *     data:                            # fields of the contract, nested as there
 *       invoice: /payment/id           # short for { pointer: /payment/id }
 *       amount_cents: { pointer: /payment/value, unit: reais }
 *       charge: { link: /payment/invoiceUrl }
 *       contacts: { email: /customer/email }                     # one contact per channel
 *       debtor_details: { name: /customer/name }
 *     override:                        # per type of the other system; `none` leaves a field out
 *       PAYMENT_REFUNDED: { payment: none, reason: { constant: refund } }
 *
 * A value that is missing or null upstream is left out. A table leaves out what is not in it. A field is only looked at for
 * types that have it, so one `data` serves them all.
 *
 * What an event means may hang on more than its type: on a status, a currency, an amount of nothing. The type's pointer may be a
 * list; "invoice.paid/brl" then is the word of a row, and a word that has no row is looked up without its last part. */
#pragma once

#include "base/json/json.h"
#include "config/contract/event.h"
#include "config/yaml/fields.h"

#define RG_MAPPING_TYPES_MAX 256
#define RG_MAPPING_ENTRIES_MAX 128

struct rg_mapping;

/* Reads a mapping from a document; everything lives in the reader's arena. NULL when findings were added. */
const struct rg_mapping *rg_mapping_read(const struct rg_doc *doc, const struct rg_reader *reader);
struct rg_str rg_mapping_name(const struct rg_mapping *mapping);

/* The tables, for documentation. */
extern const struct rg_table rg_mapping_table, rg_mapping_value_table;

enum rg_mapped {
    RG_MAPPED_EVENT,   /* event's type, id, source and time_ms are filled, and the buffer holds its `data` as JSON */
    RG_MAPPED_IGNORED, /* the mapping says that this is nothing for us */
    RG_MAPPED_REJECT,  /* *ret_reject says why */
};
/* Applies a mapping to a document of the other system. `data` is appended to. */
enum rg_mapped rg_mapping_apply(const struct rg_mapping *mapping, const struct rg_json_value *root, int64_t timestamp_ms,
                                struct rg_arena *arena, struct rg_event *ret_event, struct rg_buf *data,
                                struct rg_reject *ret_reject);

/* Walks the words of the type's table, for tests and documentation: false past the last. `ret_type` is RG_EV_NONE for ignored
 * ones. */
bool rg_mapping_type_at(const struct rg_mapping *mapping, size_t index, struct rg_str *ret_word, enum rg_event_type *ret_type);

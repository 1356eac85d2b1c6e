/* Presets as people write them: presets/NAME.yaml, shipped ones overridden by the same name in /etc.
 *
 *     language: 1
 *     preset: sms-http
 *     best_evidence: delivered
 *     request:
 *       method: POST
 *       path: "/v1/messages"
 *       headers: { Authorization: "Bearer {{secret.token}}" }
 *       body: { to: "{{to}}", text: "{{text}}", flash: false }
 *     accepted: { status: [200, 202], id: /id }
 *     errors: { pointer: /error/code, table: { 21: rejected }, default: { 4xx: rejected, 429: throttled, 5xx: retry } }
 *
 * In the body an unquoted true, false, null or whole number is that JSON value, anything else is a text and a template.
 * "{{#name}}" as the only key of a map makes a section, see preset.h. */
#pragma once

#include "config/yaml/fields.h"
#include "producers/transport/preset.h"

#define RG_PRESET_ARENA_BYTES ((size_t)192 << 20) /* the most that one hostile file takes; honest ones take little */

/* Negative when findings were added. All memory comes from `arena`, `bytes` may go at once. */
RG_MUST_USE int rg_preset_parse(const char *file, struct rg_str bytes, struct rg_arena *arena, struct rg_diags *diags,
                                const struct rg_preset **ret_preset);
RG_MUST_USE int rg_preset_load(const char *path, struct rg_arena *arena, struct rg_diags *diags,
                               const struct rg_preset **ret_preset);

extern const struct rg_table rg_preset_table; /* for the manual and the schema */

/* Rules for tests of other rooms: compiled from YAML as an installation would, on a small installation that never changes:
 *
 *   channels  email (proves accepted), sms (delivered), whatsapp (read), letter (delivered), and the built-in signals
 *   service   internet, sector telecom, of creditor "provedor"
 *   source    billing, payments live
 *   mode      live
 *
 * Calendars and templates are the shipped ones. A ladder that is wrong ends the test with its findings. */
#pragma once

#include "config/ladder/load.h"

/* One ladder's text, whole: "language: 1\nladder: …". Free with rg_rules_free. */
struct rg_rules *rg_test_rules(const char *yaml) __attribute__((returns_nonnull));
/* A shipped ladder by name. `ret_templates` may be NULL. */
struct rg_rules *rg_test_rules_shipped(const char *name, struct rg_templates **ret_templates) __attribute__((returns_nonnull));
/* The installation above, to be loaded with something else; valid for ever. */
struct rg_rules_input rg_test_rules_input(void);

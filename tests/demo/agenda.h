/* What the world around Régua is going to do, by time: billing issues invoices, people pay, providers report, the network obeys.
 * Entries of one instant come out in an order that does not depend on the order in which they were put in. */
#pragma once

#include "base/core/core.h"

enum demo_deed {
    DEMO_BE_KNOWN, /* debtor.updated */
    DEMO_ISSUE, DEMO_VOID, DEMO_PAY, DEMO_REVERSE, DEMO_DISPUTE, DEMO_END_DISPUTE, DEMO_HOLD, DEMO_PROMISE, DEMO_OPT_OUT,
    DEMO_RECEIPT, DEMO_CUT_OFF, DEMO_RECONNECT, DEMO_RUBBISH
};

struct demo_debtor;
struct demo_invoice;

struct demo_entry {
    int64_t at_ms;
    enum demo_deed deed;
    struct demo_debtor *debtor;    /* NULL: rubbish */
    struct demo_invoice *invoice;  /* NULL where it is about no single one */
    int64_t cents;                 /* DEMO_PAY, DEMO_REVERSE */
    int64_t day_ms;                /* DEMO_PAY: when it was paid; DEMO_HOLD, DEMO_PROMISE: until when */
    int number;                    /* of the payment; of the rubbish; a provider fact (DEMO_RECEIPT) */
    char action[40];               /* DEMO_RECEIPT */
    char channel[24];              /* DEMO_RECEIPT, DEMO_OPT_OUT */
};

struct demo_agenda;
struct demo_agenda *demo_agenda_new(void) __attribute__((returns_nonnull));
void demo_agenda_free(struct demo_agenda **agenda);
void demo_agenda_add(struct demo_agenda *agenda, const struct demo_entry *entry);
int64_t demo_agenda_next_ms(const struct demo_agenda *agenda); /* INT64_MAX when empty */
bool demo_agenda_take(struct demo_agenda *agenda, int64_t until_ms, struct demo_entry *ret_entry); /* the first at or before */

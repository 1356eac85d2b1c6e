/* The debtors of the demo: who they are, what they owe, and how they use to pay. All of it follows from the seed. */
#pragma once

#include "base/core/arena.h"
#include "brazil/days/zone.h"
#include "tests/demo/papers.h"

#define DEMO_DEBTORS_MAX 5000
#define DEMO_INVOICES_MAX 16 /* of one debtor */
#define DEMO_NO_WHATSAPP "55??95*" /* numbers that the provider refuses, as it sees them */
#define DEMO_GONE_DOMAIN "antigo.example"

/* When and how a debtor pays. What comes after a message really comes after it: he pays because it arrived. */
enum demo_habit {
    DEMO_EARLY,             /* some days before the due date */
    DEMO_ON_THE_DAY,
    DEMO_AFTER_REMINDER,    /* after the message of step atraso */
    DEMO_AFTER_INSISTENCE,  /* … insiste */
    DEMO_AFTER_UPDATE,      /* … atualizados */
    DEMO_AFTER_TALK,        /* … conversa */
    DEMO_AFTER_NOTICE,      /* … aviso_suspensao */
    DEMO_AFTER_LETTER,      /* … notificacao */
    DEMO_AFTER_CUT,         /* when the internet is gone */
    DEMO_NEVER,
    DEMO_IN_PARTS,          /* half after the reminder, the rest later */
    DEMO_CHARGES_BACK,      /* pays by card, takes it back */
    DEMO_DISPUTES,
    DEMO_HELD,              /* an operator has promised him some weeks */
    DEMO_PROMISES,
    DEMO_NO_CONTACT,
    DEMO_NOT_OWED,          /* the invoice was a mistake and is voided */
    DEMO_HABITS
};

struct demo_place {
    const char *state, *city;
    int area_code;
};

struct demo_debtor;

struct demo_invoice {
    struct demo_debtor *debtor;
    char id[32];
    uint64_t number;
    rg_day issued_on, due_on;
    int64_t cents;
    int64_t left_cents;  /* not paid yet, as the script knows it */
    int payments;        /* made so far, for their ids */
    int reacted;         /* set of reactions already planned, by habit's own numbering */
};

struct demo_debtor {
    int number;
    char id[16], name[64], email[96], phone[20], document[DEMO_CPF_MAX];
    const struct demo_place *place;
    const struct rg_zone *zone;
    enum demo_habit habit;
    bool by_asaas;       /* billed through Asaas: webhooks instead of CloudEvents */
    bool boleto;         /* gets a boleto beside the PIX code */
    bool no_whatsapp;    /* the number has none: the provider refuses */
    bool mailbox_gone;
    bool leaves_whatsapp; /* answers STOP to the first message there */
    struct demo_invoice invoices[DEMO_INVOICES_MAX];
    int invoice_count;
};

struct demo_portfolio {
    uint64_t seed;
    struct demo_debtor *debtors; /* in the arena */
    int count;
};

/* Invoices are issued from `first` for `days` days: one a month each. */
struct demo_portfolio demo_portfolio_make(struct rg_arena *arena, uint64_t seed, int debtors, rg_day first, int days);
struct demo_debtor *demo_portfolio_find(const struct demo_portfolio *portfolio, struct rg_str id); /* NULL */
struct demo_invoice *demo_debtor_invoice(struct demo_debtor *debtor, struct rg_str id); /* NULL */

/* The step whose message makes such a debtor pay; NULL when none does. */
const char *demo_habit_step(enum demo_habit habit);

/* A fold of its own, written without a look at the engine's: actions by id, invoices by namespace and number, debtors. Facts
 * about an invoice count where its debtor's records stand, so that "before the claim" is the ledger's own order. */
#include "tests/demo/witness.h"

#include "base/json/json.h"
#include "config/contract/event.h"
#include "config/contract/ledger.h"
#include "tests/demo/names.h"
#include "tests/demo/stage.h"

#include <stdio.h>
#include <string.h>

#define MEMORY_BYTES ((size_t)1024 * 1024 * 1024)
#define RECORD_ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define SIGNAL_BYTES_MAX ((size_t)256 * 1024)
#define EDGES_MS 5000
#define READ_MS 20000
#define POLL_MS 20

#define BILLING_NAMESPACE "provedor" /* invoices of sources that say no other are the creditor's */
#define LEDGER "regua.ledger"
#define SIGNALS "regua.signals"
#define DEADLETTER "regua.deadletter"
#define DEADLETTER_PARTITIONS 2

enum action_end { ACTION_OPEN, ACTION_CLAIMED, ACTION_ENDED, ACTION_RECALLED };

struct action {
    struct rg_str debtor, step, channel;
    struct rg_str *invoices, *keys; /* ids; namespace and id */
    size_t invoice_count;
    enum rg_act_kind kind;
    enum rg_mode mode;
    bool collects;      /* asks for money: what must never follow a payment */
    bool after_payment; /* when it was claimed */
    bool accepted;
    enum action_end end;
    enum rg_evidence proven;
    bool bounced;
};

struct payment {
    int64_t confirmed_cents, settled_cents, reversed_cents;
};

struct invoice {
    struct rg_str debtor;
    int64_t cents;
    bool issued, voided, reminded, paid_after_message;
    enum rg_gate blocked;       /* what kept its last step in; NONE */
    struct demo_names payments; /* of struct payment; arena NULL: none yet */
};

struct debtor {
    bool cut;
    struct rg_str cut_for; /* key of the one invoice that the last cut named; absent: several */
};

struct demo_witness {
    struct demo_witness_config config;
    struct rg_arena *memory, *record;
    struct rg_kafka_consumer *reader;
    struct rg_kafka_admin *admin;
    struct rg_kafka_position *ends;
    size_t end_count;
    struct demo_names actions, invoices, debtors, steps;
    struct demo_counts counts;
    struct rg_str restored;
};

int demo_witness_new(const struct demo_witness_config *config, struct demo_witness **ret_witness, struct rg_error *err)
{
    struct demo_witness *w = rg_alloc(sizeof *w);
    w->config = *config;
    w->memory = rg_arena_new(MEMORY_BYTES);
    w->record = rg_arena_new(RECORD_ARENA_BYTES);
    demo_names_init(&w->actions, w->memory, sizeof(struct action));
    demo_names_init(&w->invoices, w->memory, sizeof(struct invoice));
    demo_names_init(&w->debtors, w->memory, sizeof(struct debtor));
    demo_names_init(&w->steps, w->memory, sizeof(struct demo_step_row *));
    w->end_count = 2 * (size_t)config->shards + DEADLETTER_PARTITIONS;
    w->ends = RG_NEW(w->memory, struct rg_kafka_position, w->end_count);
    for (int p = 0; p < config->shards; p++) {
        w->ends[2 * p] = (struct rg_kafka_position){LEDGER, p, RG_KAFKA_BEGINNING};
        w->ends[2 * p + 1] = (struct rg_kafka_position){SIGNALS, p, RG_KAFKA_BEGINNING};
    }
    for (int p = 0; p < DEADLETTER_PARTITIONS; p++)
        w->ends[2 * config->shards + p] = (struct rg_kafka_position){DEADLETTER, p, RG_KAFKA_BEGINNING};
    const struct rg_kafka_consumer_options options = {.group = "regua-demo-witness"};
    int rc = rg_kafka_consumer_new(config->kafka, &options, &w->reader, err);
    if (rc == 0)
        rc = rg_kafka_admin_new(config->kafka, &w->admin, err);
    if (rc == 0)
        rc = rg_kafka_consumer_assign(w->reader, w->ends, w->end_count, err);
    if (rc < 0) {
        demo_witness_free(&w);
        return rc;
    }
    *ret_witness = w;
    return 0;
}

void demo_witness_free(struct demo_witness **witness)
{
    struct demo_witness *w = *witness;
    if (w == NULL)
        return;
    rg_kafka_consumer_free(&w->reader, RG_KAFKA_FREE_MS);
    rg_kafka_admin_free(&w->admin, RG_KAFKA_FREE_MS);
    rg_arena_free(&w->record);
    rg_arena_free(&w->memory);
    rg_free(witness);
}

/* ---- facts ---- */

static struct rg_str invoice_key(struct rg_arena *arena, struct rg_str ns, struct rg_str id)
{
    return rg_arena_printf(arena, RG_STR_FMT "/" RG_STR_FMT, RG_STR_ARG(ns), RG_STR_ARG(id));
}

static int64_t received(const struct invoice *invoice)
{
    int64_t sum = 0;
    for (size_t i = 0; i < invoice->payments.count; i++) {
        const struct payment *p = invoice->payments.order[i].thing;
        int64_t known = p->confirmed_cents > p->settled_cents ? p->confirmed_cents : p->settled_cents;
        sum += known - p->reversed_cents;
    }
    return sum;
}

static bool is_paid(const struct invoice *invoice)
{
    return invoice->issued && received(invoice) >= invoice->cents;
}

static void raise(int64_t *value, int64_t to)
{
    if (to > *value)
        *value = to;
}

static void note_payment(struct demo_witness *w, struct invoice *invoice, const struct rg_event *event)
{
    if (invoice->payments.arena == NULL)
        demo_names_init(&invoice->payments, w->memory, sizeof(struct payment));
    bool was_paid = is_paid(invoice);
    struct payment *payment = demo_names_get(&invoice->payments, rg_str_has(event->payment) ? event->payment : event->id);
    switch (event->type) {
    case RG_EV_PAYMENT_CONFIRMED: raise(&payment->confirmed_cents, event->amount_cents); break;
    case RG_EV_PAYMENT_SETTLED: raise(&payment->settled_cents, event->amount_cents); break;
    default:
        w->counts.charged_back += payment->reversed_cents == 0;
        raise(&payment->reversed_cents, event->amount_cents);
        break;
    }
    if (!was_paid && is_paid(invoice))
        invoice->paid_after_message = invoice->reminded;
}

/* A receipt tells the furthest that a message came. */
static void note_receipt(struct demo_witness *w, const struct rg_event *event)
{
    struct action *action = demo_names_find(&w->actions, event->action);
    if (action == NULL || !action->accepted)
        return;
    enum rg_evidence evidence = rg_fact_evidence((enum rg_provider_fact)event->status);
    if (evidence > action->proven)
        action->proven = evidence;
    action->bounced = action->bounced || event->status == RG_FACT_BOUNCED || event->status == RG_FACT_REJECTED;
}

static void take_event(struct demo_witness *w, int partition, struct rg_str key, struct rg_str value)
{
    struct rg_event event;
    struct rg_error err;
    if (rg_event_read(value, w->record, &event, &err) < 0)
        return; /* not for us to judge: the shard sets it aside */
    if (event.type == RG_EV_DELIVERY_RECEIPT) {
        note_receipt(w, &event);
        return;
    }
    if (!rg_event_has(&event, RG_F_INVOICE))
        return;
    struct invoice *invoice = demo_names_get(&w->invoices, invoice_key(w->record, event.ns, event.invoice));
    if (event.type == RG_EV_INVOICE_ISSUED && !invoice->issued) {
        invoice->issued = true;
        invoice->debtor = rg_arena_str(w->memory, event.debtor);
        invoice->cents = event.amount_cents;
        return;
    }
    bool at_home = rg_str_has(invoice->debtor) && rg_str_eq(key, invoice->debtor) &&
                   rg_shard_of(key, w->config.shards) == partition;
    if (!at_home)
        return; /* on its way, in the invoice's home shard */
    if (event.type == RG_EV_INVOICE_VOIDED)
        invoice->voided = true;
    else if (event.type == RG_EV_PAYMENT_CONFIRMED || event.type == RG_EV_PAYMENT_SETTLED || event.type == RG_EV_PAYMENT_REVERSED)
        note_payment(w, invoice, &event);
}

/* ---- our own records ---- */

static struct rg_str action_name(const struct rg_action_id *id, char text[RG_ACTION_TEXT + 1])
{
    rg_action_id_print(id, text);
    return (struct rg_str){text, RG_ACTION_TEXT};
}

static void take_decided(struct demo_witness *w, struct rg_str value)
{
    char text[RG_ACTION_TEXT + 1];
    struct rg_decision d;
    struct rg_error err;
    if (rg_decision_read(value, w->record, &d, &err) < 0)
        return;
    struct action *action = demo_names_get(&w->actions, action_name(&d.action, text));
    if (rg_str_has(action->debtor))
        return; /* released again: the same decision */
    action->debtor = rg_arena_str(w->memory, d.debtor);
    action->step = rg_arena_str(w->memory, d.step);
    action->channel = rg_arena_str(w->memory, d.channel);
    action->kind = d.kind;
    action->mode = d.mode;
    action->collects = d.kind == RG_ACT_MESSAGE && d.tone >= RG_TONE_COURTESY && !d.owed;
    action->invoice_count = d.invoice_count;
    action->invoices = RG_NEW(w->memory, struct rg_str, d.invoice_count);
    action->keys = RG_NEW(w->memory, struct rg_str, d.invoice_count);
    for (size_t i = 0; i < d.invoice_count; i++) {
        action->invoices[i] = rg_arena_str(w->memory, d.invoices[i].invoice);
        action->keys[i] = invoice_key(w->memory, d.invoices[i].ns, d.invoices[i].invoice);
    }
    w->counts.shadow += d.mode == RG_MODE_SHADOW;
}

static void take_claim(struct demo_witness *w, struct rg_str value)
{
    char text[RG_ACTION_TEXT + 1];
    struct rg_claim claim;
    struct rg_error err;
    if (rg_claim_read(value, w->record, &claim, &err) < 0)
        return;
    struct action *action = demo_names_find(&w->actions, action_name(&claim.action, text));
    if (action == NULL || action->end != ACTION_OPEN)
        return;
    action->end = ACTION_CLAIMED;
    for (size_t i = 0; i < action->invoice_count; i++) {
        const struct invoice *invoice = demo_names_find(&w->invoices, action->keys[i]);
        action->after_payment = action->after_payment || (invoice != NULL && is_paid(invoice));
    }
}

static int channel_index(struct rg_str channel)
{
    for (int i = 0; i < DEMO_CHANNELS; i++)
        if (rg_str_is(channel, demo_channels[i]))
            return i;
    return -1;
}

static struct demo_step_row *step_row(struct demo_witness *w, struct rg_str step)
{
    struct demo_step_row **row = demo_names_get(&w->steps, step);
    if (*row == NULL) {
        rg_assert(w->counts.step_count < DEMO_STEPS_MAX);
        *row = &w->counts.steps[w->counts.step_count++];
        (*row)->step = rg_arena_str(w->memory, step);
    }
    return *row;
}

static void count_accepted(struct demo_witness *w, struct action *action, const char *id, int channel, int64_t at_ms)
{
    struct demo_counts *c = &w->counts;
    action->accepted = true;
    c->accepted[channel]++;
    step_row(w, action->step)->sent[channel]++;
    if (action->kind != RG_ACT_MESSAGE) {
        struct debtor *debtor = demo_names_get(&w->debtors, action->debtor);
        if (rg_str_is(action->step, "suspensao"))
            debtor->cut_for = action->invoice_count == 1 ? action->keys[0] : (struct rg_str){0};
        return;
    }
    c->messages++;
    c->checked += action->collects;
    c->after_payment += action->collects && action->after_payment;
    for (size_t i = 0; i < action->invoice_count; i++) {
        struct invoice *invoice = demo_names_find(&w->invoices, action->keys[i]);
        if (invoice != NULL && action->collects)
            invoice->reminded = true;
    }
    const struct demo_message message = {.action = id,
                                         .debtor = action->debtor,
                                         .step = action->step,
                                         .channel = action->channel,
                                         .invoices = action->invoices,
                                         .invoice_count = action->invoice_count,
                                         .at_ms = at_ms};
    if (w->config.ops.on_message != NULL)
        w->config.ops.on_message(w->config.ctx, &message);
}

static void take_outcome(struct demo_witness *w, struct rg_str value)
{
    char text[RG_ACTION_TEXT + 1];
    struct rg_outcome outcome;
    struct rg_error err;
    struct demo_counts *c = &w->counts;
    if (rg_outcome_read(value, w->record, &outcome, &err) < 0)
        return;
    struct action *action = demo_names_find(&w->actions, action_name(&outcome.action, text));
    int channel = action == NULL ? -1 : channel_index(action->channel);
    if (channel < 0 || action->accepted)
        return;
    action->end = outcome.verdict == RG_VERDICT_RELEASED ? ACTION_OPEN : ACTION_ENDED;
    switch (outcome.verdict) {
    case RG_VERDICT_ACCEPTED: count_accepted(w, action, text, channel, outcome.at_ms); break;
    case RG_VERDICT_REJECTED: c->refused[channel]++; break;
    case RG_VERDICT_RETRY:
    case RG_VERDICT_THROTTLED: c->retried++; break;
    case RG_VERDICT_EXPIRED: c->expired++; break;
    case RG_VERDICT_UNCERTAIN: c->uncertain++; break;
    default: break;
    }
}

/* Reasons that a person understands at once, the most telling last. */
static int interest(enum rg_gate gate)
{
    static const enum rg_gate gates[] = {RG_GATE_HELD, RG_GATE_OPTED_OUT, RG_GATE_UNREACHABLE, RG_GATE_DISPUTED};
    for (size_t i = 0; i < RG_COUNT(gates); i++)
        if (gates[i] == gate)
            return (int)i + 1;
    return 0;
}

static void take_skipped(struct demo_witness *w, struct rg_str value)
{
    struct rg_skipped skipped;
    struct rg_error err;
    if (rg_skipped_read(value, w->record, &skipped, &err) < 0)
        return;
    for (size_t i = 0; i < skipped.skip_count; i++) {
        const struct rg_skip *skip = &skipped.skips[i];
        struct invoice *invoice = demo_names_get(&w->invoices, invoice_key(w->record, skip->ns, skip->invoice));
        w->counts.skipped[skip->gate]++;
        w->counts.skips++;
        step_row(w, skip->step)->skipped[skip->gate]++;
        invoice->blocked = skip->gate;
    }
}

static void take_recalled(struct demo_witness *w, struct rg_str value)
{
    char text[RG_ACTION_TEXT + 1];
    struct rg_recalled recalled;
    struct rg_error err;
    if (rg_recalled_read(value, w->record, &recalled, &err) < 0)
        return;
    struct action *action = demo_names_find(&w->actions, action_name(&recalled.action, text));
    if (action != NULL && action->end == ACTION_OPEN) {
        action->end = ACTION_RECALLED;
        w->counts.recalled++;
    }
}

static void take_ledger(struct demo_witness *w, const struct rg_kafka_event *event)
{
    switch (rg_kind_of(rg_kafka_event_header(event, RG_HEADER_KIND))) {
    case RG_REC_EVENT:
    case RG_REC_FORWARDED: take_event(w, event->partition, event->key, event->value); break;
    case RG_REC_DECIDED: take_decided(w, event->value); break;
    case RG_REC_CLAIM: take_claim(w, event->value); break;
    case RG_REC_OUTCOME: take_outcome(w, event->value); break;
    case RG_REC_SKIPPED: take_skipped(w, event->value); break;
    case RG_REC_RECALLED: take_recalled(w, event->value); break;
    default: break;
    }
}

/* ---- signals and dead letters ---- */

static void take_signal(struct demo_witness *w, const struct rg_kafka_event *event)
{
    RG_CLEANUP(rg_json_free) struct rg_json *doc = NULL;
    struct rg_str type, time;
    int64_t at_ms = 0;
    if (rg_json_parse(event->value, SIGNAL_BYTES_MAX, &doc, NULL) < 0 ||
        !rg_json_str(rg_json_get(rg_json_root(doc), "type"), &type) ||
        !rg_json_str(rg_json_get(rg_json_root(doc), "time"), &time) || !rg_instant_parse(time, &at_ms))
        return;
    struct rg_str name = event->key;
    struct debtor *debtor = demo_names_get(&w->debtors, name);
    bool cut = rg_str_is(type, "regua.service.suspend_requested");
    w->counts.strays += !cut && !debtor->cut;
    debtor->cut = cut;
    w->counts.suspended += cut;
    w->counts.restored += !cut;
    if (!cut)
        w->restored = rg_arena_str(w->memory, name);
    const char *shown = rg_arena_str(w->record, type).p;
    rg_inbox_add(w->config.inbox, "signal", rg_arena_str(w->record, name).p, strncmp(shown, "regua.", 6) == 0 ? shown + 6 : shown,
                 event->value);
    if (w->config.ops.on_signal != NULL)
        w->config.ops.on_signal(w->config.ctx, type, name, at_ms);
}

static void take_dead_letter(struct demo_witness *w, const struct rg_kafka_event *event)
{
    struct rg_str reason = rg_kafka_event_header(event, "regua_reason");
    struct demo_counts *c = &w->counts;
    size_t i = 0;
    c->dead_letters++;
    while (i < c->dead_count && !rg_str_eq(c->dead[i].reason, reason))
        i++;
    if (i == c->dead_count) {
        if (c->dead_count == DEMO_REASONS_MAX)
            return;
        c->dead[c->dead_count++].reason = rg_arena_str(w->memory, reason);
    }
    c->dead[i].count++;
}

/* ---- reading ---- */

static int take(struct demo_witness *w, int wait_ms, struct rg_error *err)
{
    struct rg_kafka_event event;
    rg_kafka_consumer_poll(w->reader, wait_ms, &event);
    if (event.kind == RG_KAFKA_EVENT_FAULT && (event.fatal || event.stopped)) {
        *err = event.error;
        return event.error.code;
    }
    if (event.kind != RG_KAFKA_EVENT_MESSAGE)
        return 0;
    rg_arena_reset(w->record);
    if (strcmp(event.topic, LEDGER) == 0)
        take_ledger(w, &event);
    else if (strcmp(event.topic, SIGNALS) == 0)
        take_signal(w, &event);
    else
        take_dead_letter(w, &event);
    return 1;
}

static bool at_ends(struct demo_witness *w)
{
    for (size_t i = 0; i < w->end_count; i++) {
        const struct rg_kafka_position *end = &w->ends[i];
        int64_t next = rg_kafka_consumer_next(w->reader, end->topic, end->partition);
        if (end->offset > 0 && next < end->offset)
            return false;
    }
    return true;
}

int demo_witness_read(struct demo_witness *w, struct rg_error *err)
{
    int64_t until = rg_boot_ms(rg_clock_system()) + READ_MS;
    int rc = rg_kafka_topic_edges(w->admin, RG_KAFKA_EDGE_END, w->ends, w->end_count, EDGES_MS, err);
    while (rc >= 0 && !at_ends(w)) {
        rc = take(w, POLL_MS, err);
        if (rc >= 0 && rg_boot_ms(rg_clock_system()) > until)
            rc = rg_fail(err, RG_ETIMEOUT, "the witness does not get to the end of the topics");
    }
    return rc < 0 ? rc : 0;
}

int demo_witness_glance(struct demo_witness *w, struct rg_error *err)
{
    int rc = 1;
    while (rc > 0)
        rc = take(w, 0, err);
    return rc;
}

/* ---- sums ---- */

const struct demo_counts *demo_witness_counts(const struct demo_witness *w)
{
    return &w->counts;
}

static void sum_invoices(struct demo_witness *w, struct demo_counts *c)
{
    c->invoices = c->invoiced_cents = c->paid = c->paid_cents = c->paid_after_message = c->invoices_voided = 0;
    for (size_t i = 0; i < w->invoices.count; i++) {
        const struct invoice *invoice = w->invoices.order[i].thing;
        if (!invoice->issued)
            continue;
        c->invoices++;
        c->invoiced_cents += invoice->cents;
        c->paid_cents += received(invoice);
        c->paid += is_paid(invoice);
        c->paid_after_message += is_paid(invoice) && invoice->paid_after_message;
        c->invoices_voided += invoice->voided;
    }
}

static void sum_actions(struct demo_witness *w, struct demo_counts *c)
{
    c->delivered = c->read = c->bounced = c->voided = 0;
    for (size_t i = 0; i < w->actions.count; i++) {
        const struct action *action = w->actions.order[i].thing;
        c->voided += action->mode == RG_MODE_LIVE && action->end == ACTION_OPEN;
        if (action->kind != RG_ACT_MESSAGE)
            continue;
        c->delivered += action->proven >= RG_EVIDENCE_DELIVERED;
        c->read += action->proven >= RG_EVIDENCE_READ;
        c->bounced += action->bounced && action->proven < RG_EVIDENCE_DELIVERED;
    }
}

const struct demo_counts *demo_witness_sum(struct demo_witness *w)
{
    struct demo_counts *c = &w->counts;
    sum_invoices(w, c);
    sum_actions(w, c);
    c->still_suspended = 0;
    for (size_t i = 0; i < w->debtors.count; i++)
        c->still_suspended += ((const struct debtor *)w->debtors.order[i].thing)->cut;
    return c;
}

struct rg_str demo_witness_blocked(const struct demo_witness *w, enum rg_gate *ret_gate)
{
    struct rg_str found = {0};
    *ret_gate = RG_GATE_NONE;
    for (size_t i = 0; i < w->invoices.count; i++) {
        const struct invoice *invoice = w->invoices.order[i].thing;
        if (!invoice->issued || invoice->voided || is_paid(invoice) || interest(invoice->blocked) <= interest(*ret_gate))
            continue;
        found = invoice->debtor;
        *ret_gate = invoice->blocked;
    }
    return found;
}

struct rg_str demo_witness_restored(const struct demo_witness *w)
{
    return w->restored;
}

struct rg_str demo_witness_to_pay(const struct demo_witness *w, int64_t *ret_cents)
{
    for (size_t i = 0; i < w->debtors.count; i++) {
        const struct debtor *debtor = w->debtors.order[i].thing;
        const struct invoice *invoice = debtor->cut && rg_str_has(debtor->cut_for)
                                            ? demo_names_find(&w->invoices, debtor->cut_for)
                                            : NULL;
        const char *slash = invoice == NULL ? NULL : strchr(debtor->cut_for.p, '/');
        if (slash == NULL || is_paid(invoice) || strncmp(debtor->cut_for.p, BILLING_NAMESPACE "/", sizeof BILLING_NAMESPACE) != 0)
            continue;
        *ret_cents = invoice->cents - received(invoice);
        return rg_str(slash + 1);
    }
    return (struct rg_str){0};
}

/* Plays facts and time against fold and decide, as a shard would: events are folded when their time comes, looks happen when they
 * are due, and what is decided is claimed and delivered at once unless the test says otherwise. */
#pragma once

#include "daemon/rules/decide.h"
#include "brazil/days/zone.h"
#include "daemon/rules/fold.h"
#include "tests/fakes/rules.h"

#include <stdio.h>
#include <string.h>

#define PLAY_LINES_MAX 256

struct play {
    struct rg_rules *rules;
    struct rg_arena *arena;
    struct rg_record *record;
    int64_t now_ms, due_ms;
    int64_t offset;
    bool hold_claims;                /* decisions stay queued */
    enum rg_verdict verdict;         /* of every delivery; ACCEPTED by default */
    enum rg_evidence evidence;       /* proven at once */
    int64_t retry_after_ms;          /* what a provider asks for that does not accept */
    bool stopped;
    bool shadow;                     /* nothing is live */
    int64_t live_since_ms;           /* going live was said then; 0: everything always was */
    bool sources;                    /* payments are known as far as its sources say */
    int64_t known_ms;                /* the word of a synced one */
    int caught_up;                   /* invoices that were said to be caught up with */
    char lines[PLAY_LINES_MAX][160]; /* "2026-11-04 08:03 atraso email 15900" */
    size_t line_count;
    char skips[PLAY_LINES_MAX][96];  /* "como_pagar condition" */
    size_t skip_count;
};

static inline int64_t at(const char *text)
{
    char full[64];
    int64_t ms = 0;
    (void)snprintf(full, sizeof full, "%.10sT%s:00-03:00", text, strlen(text) > 10 ? text + 11 : "00:00");
    rg_assert(rg_instant_parse(rg_str(full), &ms));
    return ms;
}

static inline void play_begin(struct play *p, struct rg_rules *rules, const char *now)
{
    *p = (struct play){.rules = rules, .verdict = RG_VERDICT_ACCEPTED, .evidence = RG_EVIDENCE_ACCEPTED};
    p->arena = rg_arena_new((size_t)256 * 1024 * 1024);
    p->record = rg_record_new(p->arena, RG_STR("D1"));
    p->now_ms = at(now);
    p->due_ms = RG_NEVER;
}

static inline void play_end(struct play *p)
{
    rg_arena_free(&p->arena);
    rg_rules_free(&p->rules);
}

static inline void play_deliver(struct play *p, const struct rg_decision *d)
{
    struct rg_claim claim = {.action = d->action, .debtor = d->debtor, .valid_ms = 60000, .at_ms = p->now_ms};
    claim.claim.b[0] = 1;
    struct rg_fact_record fact = {.offset = p->offset++, .claim = &claim};
    if (rg_record_apply(p->record, &fact, NULL) != RG_FOLD_CHANGED)
        return; /* void before it was claimed */
    struct rg_outcome outcome = {.action = d->action, .claim = claim.claim, .claim_offset = fact.offset, .debtor = d->debtor, .step = d->step,
                                 .channel = d->channel, .repetition = d->repetition, .attempt = d->attempt, .invoices = d->invoices,
                                 .invoice_count = d->invoice_count, .verdict = p->verdict, .evidence = p->evidence,
                                 .retry_after_ms = p->verdict == RG_VERDICT_ACCEPTED ? 0 : p->retry_after_ms, .at_ms = p->now_ms};
    fact = (struct rg_fact_record){.offset = p->offset++, .outcome = &outcome};
    (void)rg_record_apply(p->record, &fact, NULL);
}

static inline void play_note(struct play *p, const struct rg_decision *d)
{
    struct rg_local local = rg_local_at(rg_zone_of_state(RG_STR("SP")), d->at_ms);
    char day[RG_DAY_TEXT_MAX];
    rg_day_format(local.day, day);
    rg_assert(p->line_count < PLAY_LINES_MAX);
    (void)snprintf(p->lines[p->line_count++], sizeof p->lines[0], "%s %02d:%02d " RG_STR_FMT " " RG_STR_FMT "%s%s", day, local.minute / 60, local.minute % 60,
                   RG_STR_ARG(d->step), RG_STR_ARG(d->channel), d->signal != RG_SIGNAL_NONE ? " " : "",
                   d->signal != RG_SIGNAL_NONE ? rg_signal_name(d->signal) : "");
}

/* One look that was due then; decisions are carried out. */
static inline void play_look_due(struct play *p, int64_t due_ms)
{
    struct rg_world world = {.now_ms = p->now_ms, .asof_ms = p->now_ms, .due_ms = due_ms, .all_known = true, .all_live = true, .shards = 64,
                             .stopped = p->stopped};
    struct rg_decided decided;
    int64_t known_ms[RG_SOURCES_MAX];
    if (p->shadow || p->live_since_ms != 0) {
        const struct rg_ladder *ladder = &p->rules->ladders[0];
        for (size_t i = 0; i < RG_COUNT(known_ms); i++)
            known_ms[i] = p->now_ms;
        world.all_known = world.all_live = false;
        world.known_through_ms = known_ms;
        world.live_since_ms = p->live_since_ms;
        world.live_max_step = p->shadow ? (struct rg_str){0} : ladder->steps[ladder->step_count - 1].name;
    }
    if (p->sources) {
        for (int i = 0; i < p->rules->source_count; i++)
            known_ms[i] = p->rules->sources[i].payments == RG_PAYMENTS_SYNCED ? p->known_ms : p->now_ms;
        world.all_known = false;
        world.known_through_ms = known_ms;
    }
    rg_decide(p->rules, &world, p->record, false, &decided);
    for (size_t i = 0; i < decided.decision_count; i++) {
        play_note(p, decided.decisions[i]);
        struct rg_fact_record fact = {.offset = p->offset++, .decided = decided.decisions[i]};
        (void)rg_record_apply(p->record, &fact, NULL);
        if (!p->hold_claims)
            play_deliver(p, decided.decisions[i]);
    }
    p->caught_up += (int)decided.skipped.caught_up_count;
    for (size_t i = 0; i < decided.skipped.skip_count && p->skip_count < PLAY_LINES_MAX; i++)
        (void)snprintf(p->skips[p->skip_count++], sizeof p->skips[0], RG_STR_FMT " %s", RG_STR_ARG(decided.skipped.skips[i].step),
                       rg_gate_name(decided.skipped.skips[i].gate));
    p->due_ms = decided.decision_count > 0 ? p->now_ms + 1 : rg_decided_next_ms(&decided);
}

static inline void play_look(struct play *p)
{
    play_look_due(p, p->now_ms);
}

/* Lets time pass to `until`, looking whenever something is due; while everything is stopped, once at its end. */
static inline void play_to(struct play *p, const char *until)
{
    int64_t end = at(until);
    for (int i = 0; i < 10000 && !p->stopped && p->due_ms <= end; i++) {
        if (p->due_ms > p->now_ms)
            p->now_ms = p->due_ms;
        play_look(p);
    }
    rg_assert(p->stopped || p->due_ms > end);
    p->now_ms = end;
    if (p->stopped)
        play_look(p);
}

static inline struct rg_event play_event(struct play *p, enum rg_event_type type, const char *id)
{
    return (struct rg_event){.type = type, .id = rg_arena_str(p->arena, rg_str(id)), .source = RG_STR("billing"), .time_ms = p->now_ms,
                             .ns = RG_STR("provedor"), .debtor = RG_STR("D1"), .has = RG_BIT(RG_F_DEBTOR)};
}

static inline void play_fold(struct play *p, const struct rg_event *event, bool personal)
{
    struct rg_fact_record fact = {.offset = p->offset++, .event = event, .personal = personal};
    (void)rg_record_apply(p->record, &fact, NULL);
    play_look(p);
}

static inline void play_invoice(struct play *p, const char *id, const char *due, int64_t cents)
{
    struct rg_event e = play_event(p, RG_EV_INVOICE_ISSUED, id);
    e.invoice = rg_arena_str(p->arena, rg_str(id));
    e.service = RG_STR("internet");
    e.amount_cents = cents;
    rg_assert(rg_day_parse(rg_str(due), &e.due_on));
    e.pix_code = e.link = RG_STR("x");
    e.pix_until = RG_DAY_NONE;
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_SERVICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_PIX_CODE) | RG_BIT(RG_F_LINK);
    play_fold(p, &e, false);
}

static inline void play_money(struct play *p, enum rg_event_type type, const char *invoice, const char *payment, int64_t cents)
{
    struct rg_event e = play_event(p, type, rg_arena_printf(p->arena, "%s-%s-%d", invoice, payment, (int)type).p);
    e.invoice = rg_arena_str(p->arena, rg_str(invoice));
    e.payment = rg_arena_str(p->arena, rg_str(payment));
    e.amount_cents = cents;
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
    play_fold(p, &e, false);
}

/* Name, state and one contact for each of email, sms and whatsapp. */
static inline void play_person(struct play *p)
{
    static struct rg_contact contacts[3];
    contacts[0] = (struct rg_contact){.channel = RG_STR("email"), .address = RG_STR("maria@exemplo.example")};
    contacts[1] = (struct rg_contact){.channel = RG_STR("sms"), .address = RG_STR("+5511912345678")};
    contacts[2] = (struct rg_contact){.channel = RG_STR("whatsapp"), .address = RG_STR("+5511912345678")};
    struct rg_event e = play_event(p, RG_EV_DEBTOR_UPDATED, "person");
    e.name = RG_STR("Maria da Silva");
    e.state = RG_STR("SP");
    e.document = RG_STR("52998224725");
    e.contacts = contacts;
    e.contact_count = 3;
    e.has |= RG_BIT(RG_F_NAME) | RG_BIT(RG_F_STATE) | RG_BIT(RG_F_DOCUMENT) | RG_BIT(RG_F_CONTACTS);
    play_fold(p, &e, true);
}

static inline void play_receipt(struct play *p, const char *step, enum rg_provider_fact status)
{
    char action[RG_ACTION_TEXT + 1], id[80];
    for (size_t i = 0; i < p->record->invoice_count; i++) {
        for (size_t k = 0; k < p->record->invoices[i].done_count; k++) {
            const struct rg_done *done = &p->record->invoices[i].done[k];
            if (!rg_str_is(done->step, step))
                continue;
            struct rg_action_id of;
            rg_done_action(done, &of);
            rg_action_id_print(&of, action);
            (void)snprintf(id, sizeof id, "receipt-%s-%d", action, (int)status);
            struct rg_event e = play_event(p, RG_EV_DELIVERY_RECEIPT, id);
            e.action = rg_arena_str(p->arena, rg_str(action));
            e.status = (int)status;
            e.has |= RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
            play_fold(p, &e, false);
            return;
        }
    }
    rg_assert(step == NULL); /* no such step was sent */
}

/* Whether some line holds all the words, in order of the line. */
static inline const char *play_find(const struct play *p, const char *words)
{
    for (size_t i = 0; i < p->line_count; i++)
        if (strstr(p->lines[i], words) != NULL)
            return p->lines[i];
    return NULL;
}

static inline void play_print(const struct play *p)
{
    for (size_t i = 0; i < p->line_count; i++)
        fprintf(stderr, "  %s\n", p->lines[i]);
    for (size_t i = 0; i < p->skip_count; i++)
        fprintf(stderr, "  skipped %s\n", p->skips[i]);
}

/* Built from the same events as every benchmark's debtors. */
#include "tests/bench/reference.h"

#include "brazil/days/zone.h"
#include "tests/bench/portfolio.h"
#include "tests/fakes/rules.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define DUE_IN_DAYS 20
#define NOON_MS (15 * 60 * RG_MS_PER_MINUTE) /* in Brasília */

/* Conditions: 2 + 2 1 2 2 1 1 2 2 1 2 1 1. */
static const char ladder_text[] =
    "language: 1\n"
    "ladder: referencia\n"
    "title: Régua de referência\n"
    "owner: cobranca@provedor.example\n"
    "priority: 10\n"
    "applies: service.sector == \"telecom\" && debtor.consumer\n"
    "calendar: br-telecom\n"
    "defaults:\n"
    "  hours: { weekdays: 08:00-20:00, saturday: 08:00-14:00 }\n"
    "  holidays: { before: earlier, after: later }\n"
    "  caps: { per_day: 1, per_week: 4, gap: 20h }\n"
    "  via: [sms, email]\n"
    "  until: %s\n"
    "steps:\n"
    "  como_pagar: { day: D-7, tone: info, via: [email], template: como_pagar, when: history.paid_percent < 50 && invoice.has_pix }\n"
    "  lembrete: { day: D-5, tone: courtesy, template: lembrete, when: invoice.balance >= brl(\"20.00\") }\n"
    "  nao_recebido: { day: D-3, tone: courtesy, template: segunda_via, when: '!invoice.received && invoice.balance >= brl(\"20.00\")' }\n"
    "  vespera: { day: D-1, tone: courtesy, template: lembrete, when: history.on_time_streak < 6 && history.unpaid_12m >= 0 }\n"
    "  vence_hoje: { day: D0, tone: courtesy, template: vence_hoje, when: history.late_12m >= 1 }\n"
    "  atraso: { day: D+1, tone: reminder, template: atraso, when: invoice.balance >= brl(\"20.00\") }\n"
    "  insiste: { day: D+4, tone: reminder, template: atraso, when: invoice.days_late > 2 && debtor.overdue_count >= 1 }\n"
    "  de_novo: { day: D+7, tone: reminder, template: atraso, when: invoice.has_boleto || invoice.has_pix }\n"
    "  atualizados: { day: D+10, tone: reminder, template: valores_atualizados, when: invoice.balance >= brl(\"20.00\") }\n"
    "  conversa: { day: D+13, tone: firm, template: conversa, when: history.messages_cycle > 1 && debtor.reachable }\n"
    "  aviso: { day: D+16, tone: notice, via: [sms], template: aviso_suspensao, evidence: delivered, evidence_within: 48h, term: 15d,\n"
    "           when: invoice.balance >= brl(\"20.00\") }\n"
    "  suspensao: { after: { step: aviso, has: term_ended }, tone: sanction, needs: [payments_fresh], signal: service.suspend_requested,\n"
    "               when: debtor.open_total >= brl(\"50.00\") }\n"
    "on_paid:\n"
    "  religar: { signal: service.restore_requested, clock: confirmed, within: 24h }\n"
    "  obrigado: { template: obrigado, when: history.messages_cycle > 0 }\n";

static void fold(struct reference *r, struct rg_fact_record fact)
{
    struct rg_error err = {0};
    fact.offset = r->offset++;
    enum rg_folded folded = rg_record_apply(r->record, &fact, &err);
    rg_assert(folded != RG_FOLD_CONFLICT);
}

static void fold_event(struct reference *r, const struct rg_event *event, bool personal)
{
    fold(r, (struct rg_fact_record){.event = event, .personal = personal});
}

void reference_init(struct reference *r, bool all_open)
{
    char text[sizeof ladder_text + 16];
    *r = (struct reference){.arena = rg_arena_new(ARENA_BYTES), .offset = 1000000};
    (void)snprintf(text, sizeof text, ladder_text, all_open ? "90d" : "next");
    r->rules = rg_test_rules(text);
    struct portfolio p = {.shards = REFERENCE_SHARDS, .now_ms = REFERENCE_ISSUED_MS, .due_in_days = DUE_IN_DAYS};
    r->record = rg_record_new(r->arena, portfolio_debtor(r->arena, 1));
    struct rg_event person = portfolio_person(&p, r->arena, 1), issued = portfolio_event(&p, r->arena, 1, 0);
    fold_event(r, &person, false);
    fold_event(r, &person, true);
    fold_event(r, &issued, false);
    r->record->people_dirty = false;
    r->due_on = issued.due_on;
    r->now_ms = p.now_ms;
}

void reference_done(struct reference *r)
{
    rg_rules_free(&r->rules);
    rg_arena_free(&r->arena);
}

struct rg_world reference_world(struct reference *r, int days_from_due)
{
    int64_t now_ms = (r->due_on + days_from_due) * RG_MS_PER_DAY + NOON_MS;
    for (size_t i = 0; i < RG_COUNT(r->known_through_ms); i++)
        r->known_through_ms[i] = now_ms;
    return (struct rg_world){.now_ms = now_ms, .asof_ms = now_ms, .due_ms = now_ms, .live_max_step = RG_STR("suspensao"),
                             .known_through_ms = r->known_through_ms, .shards = REFERENCE_SHARDS, .rests_on = r->offset};
}

/* His shard reads the decision back, a sender claims it, the provider takes it. */
static void deliver(struct reference *r, const struct rg_decision *decision)
{
    fold(r, (struct rg_fact_record){.decided = decision});
    struct rg_claim claim = {.action = decision->action, .debtor = decision->debtor, .valid_ms = 60000, .at_ms = r->now_ms};
    for (size_t i = 0; i < sizeof claim.claim.b; i++)
        claim.claim.b[i] = (uint8_t)(r->offset * 31 + (int64_t)i * 17);
    int64_t claim_offset = r->offset;
    fold(r, (struct rg_fact_record){.claim = &claim});
    const struct rg_outcome outcome = {.action = decision->action, .claim = claim.claim, .claim_offset = claim_offset,
                                       .debtor = decision->debtor, .step = decision->step, .channel = decision->channel,
                                       .repetition = decision->repetition, .attempt = decision->attempt, .invoices = decision->invoices,
                                       .invoice_count = decision->invoice_count, .verdict = RG_VERDICT_ACCEPTED,
                                       .evidence = RG_EVIDENCE_ACCEPTED, .at_ms = r->now_ms + 2000};
    fold(r, (struct rg_fact_record){.outcome = &outcome});
    r->messages += decision->kind == RG_ACT_MESSAGE;
}

static void look(struct reference *r, int days_from_due)
{
    const struct rg_world world = reference_world(r, days_from_due);
    struct rg_decided decided;
    r->now_ms = world.now_ms;
    rg_decide(r->rules, &world, r->record, false, &decided);
    if (decided.skipped.skip_count > 0)
        fold(r, (struct rg_fact_record){.skipped = &decided.skipped});
    for (size_t i = 0; i < decided.decision_count; i++)
        deliver(r, decided.decisions[i]);
}

static int days_now(const struct reference *r)
{
    return (int)(r->now_ms / RG_MS_PER_DAY - r->due_on);
}

void reference_live(struct reference *r, int until_days_from_due)
{
    for (int day = days_now(r) + 1; day <= until_days_from_due; day++)
        look(r, day);
}

void reference_live_until(struct reference *r, int messages)
{
    while (r->messages < messages && days_now(r) < 60)
        look(r, days_now(r) + 1);
    rg_assert(r->messages == messages);
}

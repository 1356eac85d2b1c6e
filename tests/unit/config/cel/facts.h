/* The facts of a ladder, for the tests of its conditions: names and types as operators know them, and a world to set. */
#pragma once

#include "config/cel/cel.h"

#include <string.h>

static const struct rg_cel_decl test_facts[] = {
    {.name = "debtor.id", .type = RG_CEL_STRING, .slot = 0},
    {.name = "debtor.kind", .type = RG_CEL_STRING, .slot = 1},
    {.name = "debtor.consumer", .type = RG_CEL_BOOL, .slot = 2},
    {.name = "debtor.state", .type = RG_CEL_STRING, .slot = 3},
    {.name = "debtor.city", .type = RG_CEL_STRING, .slot = 4},
    {.name = "debtor.tier", .type = RG_CEL_STRING, .slot = 5},
    {.name = "debtor.cluster", .type = RG_CEL_STRING, .slot = 6},
    {.name = "debtor.language", .type = RG_CEL_STRING, .slot = 7},
    {.name = "debtor.tags", .type = RG_CEL_LIST, .slot = 8, .elem = RG_CEL_STRING},
    {.name = "debtor.score", .type = RG_CEL_INT, .slot = 9},
    {.name = "debtor.cluster_since", .type = RG_CEL_DATE, .slot = 10},
    {.name = "debtor.overdue_count", .type = RG_CEL_INT, .slot = 11},
    {.name = "debtor.reachable", .type = RG_CEL_BOOL, .slot = 12},
    {.name = "debtor.open_total", .type = RG_CEL_MONEY, .slot = 13},
    {.name = "debtor.protected", .type = RG_CEL_BOOL, .slot = 14},
    {.name = "invoice.balance", .type = RG_CEL_MONEY, .slot = 15},
    {.name = "invoice.amount", .type = RG_CEL_MONEY, .slot = 16},
    {.name = "invoice.due_on", .type = RG_CEL_DATE, .slot = 17},
    {.name = "invoice.discount_until", .type = RG_CEL_DATE, .slot = 18},
    {.name = "invoice.days_late", .type = RG_CEL_INT, .slot = 19},
    {.name = "invoice.received", .type = RG_CEL_BOOL, .slot = 20},
    {.name = "invoice.tags", .type = RG_CEL_LIST, .slot = 21, .elem = RG_CEL_STRING},
    {.name = "history.on_time_streak", .type = RG_CEL_INT, .slot = 22},
    {.name = "history.late_12m", .type = RG_CEL_INT, .slot = 23},
    {.name = "history.promises", .type = RG_CEL_INT, .slot = 24},
    {.name = "history.promises_kept", .type = RG_CEL_INT, .slot = 25},
    {.name = "history.messages_cycle", .type = RG_CEL_INT, .slot = 26},
    {.name = "history.delivered_cycle", .type = RG_CEL_INT, .slot = 27},
    {.name = "history.chargebacks_12m", .type = RG_CEL_INT, .slot = 28},
    {.name = "history.paid_percent", .type = RG_CEL_INT, .slot = 29},
    {.name = "history.last_reply", .type = RG_CEL_STRING, .slot = 30},
    {.name = "history.last_reply_on", .type = RG_CEL_DATE, .slot = 31},
    {.name = "history.offer_used", .type = RG_CEL_BOOL, .slot = 32},
    {.name = "service.name", .type = RG_CEL_STRING, .slot = 33},
    {.name = "service.sector", .type = RG_CEL_STRING, .slot = 34},
    {.name = "service.suspended_since", .type = RG_CEL_DATE, .slot = 35},
    {.name = "bureau.listed_on", .type = RG_CEL_DATE, .slot = 36},
    {.name = "payments.known_through", .type = RG_CEL_INSTANT, .slot = 37},
    {.name = "today", .type = RG_CEL_DATE, .slot = 38},
    {.name = "now", .type = RG_CEL_INSTANT, .slot = 39},
};
static const struct rg_cel_env test_env = {.decls = test_facts, .count = RG_COUNT(test_facts)};
static const struct rg_cel_env test_dynamic = {.decls = test_facts, .count = RG_COUNT(test_facts), .dynamic = true};

/* A fact is known when its value has a type. */
struct test_world {
    struct rg_cel_value values[RG_COUNT(test_facts)];
    int asked; /* how often a fact was asked for */
};

static inline bool test_fact(void *ctx, int slot, struct rg_cel_value *ret_value)
{
    struct test_world *world = ctx;
    world->asked++;
    if (world->values[slot].type == RG_CEL_DYN)
        return false;
    *ret_value = world->values[slot];
    return true;
}

static inline void test_set(struct test_world *world, const char *name, struct rg_cel_value value)
{
    for (size_t i = 0; i < RG_COUNT(test_facts); i++)
        if (strcmp(test_facts[i].name, name) == 0) {
            rg_assert(test_facts[i].slot == (int)i && test_facts[i].type == value.type);
            world->values[i] = value;
            return;
        }
    rg_assert(name == NULL);
}

#define TEST_TODAY 20780 /* 2026-11-23 */

/* A debtor with most facts known; service.suspended_since, bureau.listed_on and history.last_reply_on are not. */
static inline void test_world_init(struct test_world *world)
{
    static const struct rg_cel_value tags[] = {
        {.type = RG_CEL_STRING, .s = {"vip", 3}},
        {.type = RG_CEL_STRING, .s = {"condomínio", sizeof "condomínio" - 1}},
    };
    memset(world, 0, sizeof *world);
    test_set(world, "debtor.id", rg_cel_string(RG_STR("C1")));
    test_set(world, "debtor.consumer", rg_cel_bool(true));
    test_set(world, "debtor.state", rg_cel_string(RG_STR("SP")));
    test_set(world, "debtor.city", rg_cel_string(RG_STR("São Paulo")));
    test_set(world, "debtor.cluster", rg_cel_string(RG_STR("quebrado")));
    test_set(world, "debtor.tags", rg_cel_list(tags, RG_COUNT(tags)));
    test_set(world, "debtor.score", rg_cel_int(640));
    test_set(world, "debtor.cluster_since", rg_cel_date(TEST_TODAY - 10));
    test_set(world, "debtor.overdue_count", rg_cel_int(2));
    test_set(world, "debtor.open_total", rg_cel_money(31840));
    test_set(world, "invoice.balance", rg_cel_money(15920));
    test_set(world, "invoice.amount", rg_cel_money(15920));
    test_set(world, "invoice.due_on", rg_cel_date(TEST_TODAY - 10));
    test_set(world, "invoice.discount_until", rg_cel_date(TEST_TODAY));
    test_set(world, "invoice.days_late", rg_cel_int(10));
    test_set(world, "invoice.received", rg_cel_bool(false));
    test_set(world, "invoice.tags", rg_cel_list(NULL, 0));
    test_set(world, "history.on_time_streak", rg_cel_int(0));
    test_set(world, "history.late_12m", rg_cel_int(2));
    test_set(world, "history.promises", rg_cel_int(5));
    test_set(world, "history.promises_kept", rg_cel_int(2));
    test_set(world, "history.delivered_cycle", rg_cel_int(3));
    test_set(world, "history.messages_cycle", rg_cel_int(4));
    test_set(world, "history.chargebacks_12m", rg_cel_int(0));
    test_set(world, "history.paid_percent", rg_cel_int(40));
    test_set(world, "history.last_reply", rg_cel_string(RG_STR("no_funds")));
    test_set(world, "history.offer_used", rg_cel_bool(false));
    test_set(world, "service.sector", rg_cel_string(RG_STR("telecom")));
    test_set(world, "payments.known_through", rg_cel_instant_ms(INT64_C(1795392000000)));
    test_set(world, "today", rg_cel_date(TEST_TODAY));
    test_set(world, "now", rg_cel_instant_ms(INT64_C(1795428000000))); /* 2026-11-23T10:00:00Z */
}

/* The story in numbers, for a person: what went out, what came in, what did not go out and why, and whether the two books agree.
 */
#include "tests/demo/demo.h"

#include "brazil/money/format.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_WIDTH 20
#define STEPS_SHOWN 3

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* 12345 → "12,345" */
static const char *grouped(int64_t n, char text[32])
{
    char digits[32];
    size_t count = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)n), at = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

static void print_number(int64_t n)
{
    char text[32];
    printf("%10s", n == 0 ? "·" : grouped(n, text));
    if (n == 0)
        printf(" "); /* the point has two bytes, printf counts bytes */
}

static void head(const char *title)
{
    printf("\n%s\n", title);
}

/* ---- what went out ---- */

static int place_of(const struct rg_ladder *ladder, struct rg_str step)
{
    for (int i = 0; i < ladder->step_count; i++)
        if (rg_str_eq(ladder->steps[i].name, step))
            return i;
    for (int i = 0; i < ladder->owed_count; i++)
        if (rg_str_eq(ladder->owed[i].name, step))
            return ladder->step_count + i;
    return INT16_MAX;
}

static void print_row(const char *name, const int64_t sent[DEMO_CHANNEL_KINDS])
{
    int64_t sum = 0;
    printf("  %-*s", LABEL_WIDTH, name);
    for (int i = 0; i < DEMO_CHANNELS; i++) {
        print_number(sent[i]);
        sum += sent[i];
    }
    print_number(sum);
    putchar('\n');
}

static bool was_sent(const struct demo_step_row *row)
{
    for (int i = 0; i < DEMO_CHANNELS; i++)
        if (row->sent[i] > 0)
            return true;
    return false;
}

/* In the ladder's order, whatever the order in which they first went out. */
static void print_sent(const struct demo *demo, const struct demo_counts *c)
{
    struct rg_runtime *runtime = rg_daemon_runtime(demo_stage_daemon(demo->stage));
    struct rg_ruleset *set = rg_runtime_rules(runtime);
    const struct rg_ladder *ladder = &set->rules->ladders[0];
    int64_t all[DEMO_CHANNEL_KINDS] = {0};
    bool printed[DEMO_STEPS_MAX] = {false};
    head("Sent, by step and channel");
    printf("  %-*s%10s%10s%10s%10s%10s\n", LABEL_WIDTH, "", "e-mail", "whatsapp", "sms", "signals", "all");
    for (size_t n = 0; n < c->step_count; n++) {
        size_t best = DEMO_STEPS_MAX;
        for (size_t i = 0; i < c->step_count; i++)
            if (!printed[i] &&
                (best == DEMO_STEPS_MAX || place_of(ladder, c->steps[i].step) < place_of(ladder, c->steps[best].step)))
                best = i;
        printed[best] = true;
        if (was_sent(&c->steps[best]))
            print_row(c->steps[best].step.p, c->steps[best].sent);
        for (int k = 0; k < DEMO_CHANNELS; k++)
            all[k] += c->steps[best].sent[k];
    }
    print_row("all", all);
    rg_ruleset_unref(&set);
}

static void print_fates(const struct demo_counts *c)
{
    char a[32], b[32], d[32];
    int64_t refused = c->refused[0] + c->refused[1] + c->refused[2];
    printf("  %s reported delivered, %s read, %s bounced; %lld refused by a provider: then the step's next channel was tried\n",
           grouped(c->delivered, a), grouped(c->read, b), grouped(c->bounced, d), (long long)refused);
    if (c->retried + c->expired + c->uncertain > 0)
        printf("  %lld tried again later, %lld expired, %lld uncertain\n", (long long)c->retried, (long long)c->expired,
               (long long)c->uncertain);
}

/* ---- what came in ---- */

static void print_money(const struct demo_counts *c)
{
    char billed[RG_MONEY_TEXT_MAX], paid[RG_MONEY_TEXT_MAX];
    rg_money_format(c->invoiced_cents, billed);
    rg_money_format(c->paid_cents, paid);
    head("Paid");
    printf("  %lld of %lld invoices, %s of %s; %lld of them after a message, %lld without needing one\n", (long long)c->paid,
           (long long)c->invoices, paid, billed, (long long)c->paid_after_message, (long long)(c->paid - c->paid_after_message));
    printf("  %lld charged back, %lld invoices voided by billing\n", (long long)c->charged_back, (long long)c->invoices_voided);
    head("Suspended");
    printf("  %lld suspended after a delivered notice and its term, %lld restored on payment, %lld still suspended\n",
           (long long)c->suspended, (long long)c->restored, (long long)c->still_suspended);
}

/* ---- what did not go out ---- */

/* The three steps that this gate kept in most often: "desconto 564, vence_hoje 165, …" */
static void print_steps_of(const struct demo_counts *c, int gate)
{
    bool printed[DEMO_STEPS_MAX] = {false};
    char text[32];
    for (int n = 0; n < STEPS_SHOWN + 1; n++) {
        size_t best = DEMO_STEPS_MAX;
        for (size_t i = 0; i < c->step_count; i++)
            if (!printed[i] && c->steps[i].skipped[gate] > 0 &&
                (best == DEMO_STEPS_MAX || c->steps[i].skipped[gate] > c->steps[best].skipped[gate] ||
                 (c->steps[i].skipped[gate] == c->steps[best].skipped[gate] &&
                  rg_str_cmp(c->steps[i].step, c->steps[best].step) < 0)))
                best = i;
        if (best == DEMO_STEPS_MAX)
            break;
        printed[best] = true;
        if (n == STEPS_SHOWN)
            printf(", …");
        else
            printf("%s" RG_STR_FMT " %s", n > 0 ? ", " : "", RG_STR_ARG(c->steps[best].step),
                   grouped(c->steps[best].skipped[gate], text));
    }
}

static void print_skips(const struct demo_counts *c)
{
    bool printed[RG_GATE_COUNT] = {false};
    char text[32];
    head("Not sent, by what stood in the way when the step's window closed");
    for (int n = 0; n < RG_GATE_COUNT; n++) {
        int best = -1;
        for (int gate = 0; gate < RG_GATE_COUNT; gate++)
            if (!printed[gate] && c->skipped[gate] > 0 && (best < 0 || c->skipped[gate] > c->skipped[best]))
                best = gate;
        if (best < 0)
            break;
        printed[best] = true;
        printf("  %-*s%10s  %s: ", LABEL_WIDTH, rg_gate_name((enum rg_gate)best), grouped(c->skipped[best], text),
               rg_gate_sentence((enum rg_gate)best));
        print_steps_of(c, best);
        putchar('\n');
    }
    printf("  %-*s%10s\n", LABEL_WIDTH, "all", grouped(c->skips, text));
    if (c->voided + c->recalled + c->shadow > 0)
        printf("  besides: %lld decided and then void before anybody had sent them, %lld called back, %lld in shadow\n",
               (long long)c->voided, (long long)c->recalled, (long long)c->shadow);
}

static void print_dead_letters(const struct demo_counts *c)
{
    head("Dead letters");
    printf("  %lld:", (long long)c->dead_letters);
    for (size_t i = 0; i < c->dead_count; i++)
        printf("%s %lld " RG_STR_FMT, i > 0 ? "," : "", (long long)c->dead[i].count, RG_STR_ARG(c->dead[i].reason));
    putchar('\n');
}

/* ---- the check ---- */

struct arrived {
    int64_t taken[DEMO_CHANNEL_KINDS];
    int64_t shown; /* number of the entry to show: the mail with most to see */
    size_t shown_bytes;
};

static bool count_arrived(const struct rg_inbox_entry *entry, void *ctx)
{
    struct arrived *arrived = ctx;
    bool taken = rg_str_is(entry->state, "delivered"), signal = rg_str_is(entry->state, "added");
    for (int i = 0; i < DEMO_CHANNELS; i++) {
        bool ours = rg_str_is(entry->channel, demo_channels[i]) || (signal && strcmp(demo_channels[i], "signals") == 0);
        arrived->taken[i] += ours && (taken || signal);
    }
    if (taken && entry->html.n > arrived->shown_bytes) {
        arrived->shown = entry->n;
        arrived->shown_bytes = entry->html.n;
    }
    return true;
}

static bool print_verdict(bool fine, const char *fmt, ...) RG_PRINTF(2, 3);
static bool print_verdict(bool fine, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    printf("  %s  ", fine ? "ok  " : "FAIL");
    vprintf(fmt, args);
    putchar('\n');
    va_end(args);
    return fine;
}

static bool print_check(const struct demo *demo, const struct demo_counts *c, const struct arrived *arrived)
{
    int64_t inbox = 0, ledger = 0;
    bool same = true;
    char a[32], b[32], last_error[256];
    for (int i = 0; i < DEMO_CHANNELS; i++) {
        inbox += arrived->taken[i];
        ledger += c->accepted[i];
        same = same && arrived->taken[i] == c->accepted[i];
    }
    head("Check");
    int errors = demo_stage_errors(demo->stage, last_error);
    bool fine = print_verdict(same, "%s arrived in the inbox and on regua.signals, %s accepted in the ledger, channel by channel",
                              grouped(inbox, a), grouped(ledger, b));
    fine &= print_verdict(c->after_payment == 0, "%s of %s messages asked for money that had been paid before",
                          grouped(c->after_payment, a), grouped(c->checked, b));
    fine &= print_verdict(c->strays == 0, "%s restores of what was not suspended", grouped(c->strays, a));
    fine &= print_verdict(errors == 0, "%d errors in the daemon's log%s%s", errors, errors > 0 ? ", the last: " : "", last_error);
    return fine;
}

/* ---- where to look ---- */

static void print_links(const struct demo *demo, const struct arrived *arrived)
{
    int port = rg_inbox_http_port(demo_stage_inbox(demo->stage));
    enum rg_gate gate;
    int64_t cents = 0;
    struct rg_str blocked = demo_witness_blocked(demo->witness, &gate), restored = demo_witness_restored(demo->witness);
    struct rg_str to_pay = demo_witness_to_pay(demo->witness, &cents);
    head("Look");
    printf("  every message           http://127.0.0.1:%d/\n", port);
    if (arrived->shown > 0)
        printf("  one as it was read      http://127.0.0.1:%d/#n=%lld\n", port, (long long)arrived->shown);
    if (rg_str_has(blocked))
        printf("  somebody blocked        http://127.0.0.1:%d/#q=%s  (%s)\n", port, blocked.p + 1, rg_gate_name(gate));
    if (rg_str_has(restored))
        printf("  cut off and back again  http://127.0.0.1:%d/#q=%s\n", port, restored.p + 1);
    head("Try, in another terminal");
    if (rg_str_has(blocked))
        printf("  ./dev ctl explain %s\n", blocked.p);
    if (rg_str_has(restored))
        printf("  ./dev ctl show %s\n", restored.p);
    if (rg_str_has(to_pay)) /* his service comes back while one looks */
        printf("  ./dev ctl publish payment.settled --invoice %s --amount-cents %lld\n", to_pay.p, (long long)cents);
}

bool demo_report(struct demo *demo, int64_t took_ms)
{
    const struct demo_counts *c = demo_witness_sum(demo->witness);
    struct arrived arrived = {.shown = 0};
    int year, from_month, from_day, to_month, to_day;
    rg_inbox_each(demo_stage_inbox(demo->stage), 0, count_arrived, &arrived);
    rg_day_civil(demo->first_day, &year, &from_month, &from_day);
    rg_day_civil(demo->first_day + demo->options.days - 1, &year, &to_month, &to_day);
    printf("%d debtors, %d %s to %d %s %d, seed %llu", demo->options.debtors, from_day, month_names[from_month - 1], to_day,
           month_names[to_month - 1], year, (unsigned long long)demo->options.seed);
    fprintf(stderr, "played in %lld s\n", (long long)((took_ms + 500) / 1000));
    putchar('\n');
    print_sent(demo, c);
    print_fates(c);
    print_money(c);
    print_skips(c);
    print_dead_letters(c);
    bool fine = print_check(demo, c, &arrived);
    if (demo->options.serve)
        print_links(demo, &arrived);
    (void)fflush(stdout);
    return fine;
}

/* reguactl show: the dossier. */
#include "daemon/ctl/ctl.h"

#include "brazil/money/format.h"

#include <string.h>

/* "label text" when there is text. */
static void say(const char *label, struct rg_str text)
{
    if (text.n == 0)
        return;
    printf("  %s%s", label, label[0] != '\0' ? " " : "");
    rg_ctl_say(text);
}

static void say_all(const char *label, const struct rg_json_value *array)
{
    bool first = true;
    RG_JSON_EACH(item, array) {
        struct rg_str text;
        if (!rg_json_str(item, &text))
            continue;
        printf(first ? "%s " RG_STR_FMT : "%s, " RG_STR_FMT, first ? label : "", RG_STR_ARG(text));
        first = false;
    }
    if (!first)
        putchar('\n');
}

static void say_holds(const struct rg_json_value *array)
{
    RG_JSON_EACH(hold, array) {
        struct rg_str invoice = rg_ctl_text(hold, "invoice"), until = rg_ctl_text(hold, "until");
        printf("on hold%s" RG_STR_FMT " until " RG_STR_FMT "\n", invoice.n > 0 ? ": invoice " : "", RG_STR_ARG(invoice),
               RG_STR_ARG(until.n > 0 ? until : RG_STR("released")));
    }
}

static void head(const struct rg_json_value *root, const struct rg_json_value *r)
{
    struct rg_str next = rg_ctl_text(root, "next_look");
    char when[RG_CTL_WHEN_BYTES] = "when something happens";
    printf("debtor " RG_STR_FMT, RG_STR_ARG(rg_ctl_text(r, "debtor")));
    say("", rg_ctl_text(r, "name"));
    say("", rg_ctl_text(r, "document"));
    say("", rg_ctl_text(r, "kind"));
    say("", rg_ctl_text(r, "city"));
    say("", rg_ctl_text(r, "state"));
    say("tier", rg_ctl_text(r, "tier"));
    if (next.n > 0)
        rg_ctl_when(next, when);
    printf("\nshard %d, looked at again %s; times here are Brasília's\n", (int)rg_ctl_int(root, "shard"), when);
    if (rg_ctl_text(r, "protected").n > 0)
        printf("protected: " RG_STR_FMT "\n", RG_STR_ARG(rg_ctl_text(r, "protected")));
    if (rg_ctl_text(r, "promised_on").n > 0)
        printf("promised to pay on " RG_STR_FMT "\n", RG_STR_ARG(rg_ctl_text(r, "promised_on")));
    if (rg_ctl_bool(r, "overflowing"))
        puts("OVERFLOWING: more than can be kept of one debtor; everything is held until he is released");
    const struct rg_json_value *past = rg_json_get(r, "made_room");
    if (past != NULL)
        printf("%lld closed invoices made room for newer ones, known until " RG_STR_FMT "\n", (long long)rg_ctl_int(past, "invoices"),
               RG_STR_ARG(rg_ctl_text(past, "known_until")));
    say_all("tags:", rg_json_get(r, "tags"));
    say_all("opted out of:", rg_json_get(r, "opted_out"));
    say_holds(rg_json_get(r, "holds"));
}

/* A payment made twice, or fine and interest: only people can tell, so they have to see it. */
static void say_paid_above(const struct rg_json_value *invoices)
{
    char money[RG_MONEY_TEXT_MAX];
    RG_JSON_EACH(invoice, invoices) {
        int64_t balance_cents = rg_ctl_int(invoice, "balance_cents");
        if (balance_cents >= 0 || !rg_ctl_bool(invoice, "issued"))
            continue;
        rg_money_format(-balance_cents, money);
        printf(RG_STR_FMT " is paid above its amount by %s\n", RG_STR_ARG(rg_ctl_text(invoice, "invoice")), money);
    }
}

static void steps(const struct rg_json_value *invoices)
{
    static const struct rg_ctl_column columns[] = {{"STEP", "step", RG_CTL_TEXT},         {"N", "repetition", RG_CTL_NUMBER},
                                                   {"CYCLE", "cycle", RG_CTL_NUMBER},     {"STATE", "state", RG_CTL_TEXT},
                                                   {"GATE", "gate", RG_CTL_TEXT},         {"CHANNEL", "channel", RG_CTL_TEXT},
                                                   {"EVIDENCE", "evidence", RG_CTL_TEXT}, {"AT", "at", RG_CTL_INSTANT}};
    RG_JSON_EACH(invoice, invoices) {
        if (rg_json_count(rg_json_get(invoice, "steps")) == 0)
            continue;
        printf("\nsteps of " RG_STR_FMT "\n", RG_STR_ARG(rg_ctl_text(invoice, "invoice")));
        rg_ctl_table(rg_json_get(invoice, "steps"), columns, RG_COUNT(columns));
    }
}

static void section(const char *title, const struct rg_json_value *array, const struct rg_ctl_column *columns, size_t count)
{
    if (rg_json_count(array) == 0)
        return;
    printf("\n%s\n", title);
    rg_ctl_table(array, columns, count);
}

static void dossier(const struct rg_json_value *root)
{
    static const struct rg_ctl_column contacts[] = {
        {"CHANNEL", "channel", RG_CTL_TEXT}, {"ADDRESS", "address", RG_CTL_TEXT}, {"PREFERRED", "preferred", RG_CTL_YES}};
    static const struct rg_ctl_column invoices[] = {{"INVOICE", "invoice", RG_CTL_TEXT},
                                                    {"NAMESPACE", "namespace", RG_CTL_TEXT},
                                                    {"DUE", "due_on", RG_CTL_TEXT},
                                                    {"AMOUNT", "amount_cents", RG_CTL_MONEY},
                                                    {"LEFT", "left_cents", RG_CTL_MONEY},
                                                    {"STATE", "state", RG_CTL_WORDS},
                                                    {"CYCLE", "cycle", RG_CTL_NUMBER},
                                                    {"SERVICE", "service", RG_CTL_TEXT},
                                                    {"DISPUTED", "disputed", RG_CTL_YES}};
    static const struct rg_ctl_column actions[] = {{"STEP", "step", RG_CTL_TEXT},
                                                   {"CHANNEL", "channel", RG_CTL_TEXT},
                                                   {"STATE", "state", RG_CTL_TEXT},
                                                   {"ACTION", "action", RG_CTL_TEXT}};
    const struct rg_json_value *r = rg_json_get(root, "record");
    head(root, r);
    section("contacts", rg_json_get(r, "contacts"), contacts, RG_COUNT(contacts));
    section("invoices", rg_json_get(r, "invoices"), invoices, RG_COUNT(invoices));
    say_paid_above(rg_json_get(r, "invoices"));
    section("under way", rg_json_get(r, "under_way"), actions, RG_COUNT(actions));
    steps(rg_json_get(r, "invoices"));
}

int rg_ctl_show(struct rg_ctl *ctl)
{
    struct rg_ctl_answer answer RG_CLEANUP(rg_ctl_answer_done) = {0};
    struct rg_buf path RG_CLEANUP(rg_buf_done);
    rg_buf_init(&path, 1024);
    rg_ctl_debtor_path(ctl->args[0], rg_ctl_option(ctl, "reveal") != NULL ? "?reveal=1" : "", &path);
    int rc = rg_ctl_ask(ctl, rg_buf_cstr(&path), NULL, &answer);
    if (rc != RG_EXIT_FINE)
        return rc;
    if (rg_ctl_option(ctl, "json") != NULL)
        return rg_ctl_print_json(&answer);
    dossier(rg_json_root(answer.doc));
    return RG_EXIT_FINE;
}

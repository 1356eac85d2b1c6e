/* The policy: what holds for every ladder. Without a file the table's defaults are the policy; what the shipped policy.yaml
 * writes out is the same. */
#include "config/ladder/written.h"

#include <string.h>

#define TOLERANCE_MAX_CENTS 10000
#define INTEREST_USUAL_PERCENT 1
#define POLICY_SCRATCH_BYTES (RG_YAML_ARENA_BYTES + ((size_t)1 << 20))

struct written_fees {
    struct rg_section section;
    struct rg_decimal fine_percent, interest_percent_month;
    int64_t base, tolerance_cents;
    int start, rounding, residue;
    bool last_bank_day_of_year;
};

struct written_disputes {
    struct rg_section section;
    struct rg_duration after_dispute;
};

struct written_freshness {
    struct rg_section section;
    int payments;
};

struct written_prescription {
    struct rg_section section;
    int64_t years;
};

struct written_policy {
    struct rg_section section;
    int64_t language;
    struct rg_str name;
    struct written_fees fees;
    struct written_disputes disputes;
    struct written_freshness freshness;
    struct written_prescription prescription;
};

/* In the order of enum rg_fee_start and enum rg_rounding. */
static const char *const start_words[] = {"original", "postponed", NULL};
static const char *const rounding_words[] = {"half_up", "half_even", "truncate", NULL};
static const char *const freshness_words[] = {"previous_bank_day", NULL};

static bool read_residue(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    static const char *const words[] = {"keep"};
    if (node->kind == RG_NODE_SCALAR && rg_str_is(node->text, "dun"))
        return rg_not_yet_value(reader->diags, node), false;
    if (node->kind != RG_NODE_SCALAR || !rg_str_is(node->text, words[0]))
        return rg_unknown_value(reader->diags, node, field->key, words, RG_COUNT(words)), false;
    *(int *)member = 0;
    return true;
}

static bool read_base(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    (void)field;
    if (node->kind != RG_NODE_SCALAR || (!rg_str_is(node->text, "30") && !rg_str_is(node->text, "365")))
        return rg_mistyped(reader->diags, node, "30 (every month has thirty days) or 365 (the year's twelve months by its days)"),
               false;
    *(int64_t *)member = rg_str_is(node->text, "30") ? 30 : 365;
    return true;
}

static bool later_in_fees(const struct rg_node *key, const struct rg_node *value, void *target, const struct rg_reader *reader)
{
    static const char *const later[] = {"correction", "partial"};
    (void)value, (void)target;
    return RG_NOT_YET(later, key, reader);
}

static bool later_in_policy(const struct rg_node *key, const struct rg_node *value, void *target, const struct rg_reader *reader)
{
    static const char *const later[] = {"clusters", "tiers",  "promises", "agreements", "debits",
                                        "replies",  "brakes", "holdout",  "costs"};
    (void)value, (void)target;
    return RG_NOT_YET(later, key, reader);
}

static const struct rg_row fees_fields[] = {
    {.key = "fine_percent", RG_AT(struct written_fees, fine_percent), .type = RG_ROW_DECIMAL, .fallback = "2", .min = 0,
     .max = 99, .help = "Fine (multa), once; for consumers at most 2 (CDC art. 52 §1)."},
    {.key = "interest_percent_month", RG_AT(struct written_fees, interest_percent_month), .type = RG_ROW_DECIMAL, .fallback = "1",
     .min = 0, .max = 100, .help = "Simple interest (juros) a month, counted by days."},
    {.key = "base", RG_AT(struct written_fees, base), .type = RG_ROW_CUSTOM, .custom = read_base, .fallback = "30",
     .example = "30", .help = "Days of a month for interest: `30`, or `365` for twelve months over the year's days."},
    {.key = "start", RG_AT(struct written_fees, start), .type = RG_ROW_ENUM, .words = start_words, .fallback = "original",
     .help = "Interest counts from the `original` due date or from the `postponed` one."},
    {.key = "rounding", RG_AT(struct written_fees, rounding), .type = RG_ROW_ENUM, .words = rounding_words, .fallback = "half_up",
     .help = "How a component is rounded, once."},
    {.key = "residue", RG_AT(struct written_fees, residue), .type = RG_ROW_CUSTOM, .custom = read_residue, .fallback = "keep",
     .example = "keep",
     .help = "Fine and interest still unpaid after the payment are kept on record, and nobody is dunned for them."},
    {.key = "tolerance_cents", RG_AT(struct written_fees, tolerance_cents), .type = RG_ROW_INT, .fallback = "1", .min = 0,
     .max = TOLERANCE_MAX_CENTS, .help = "What may be missing of an amount that counts as paid."},
    {.key = "last_bank_day_of_year", RG_AT(struct written_fees, last_bank_day_of_year), .type = RG_ROW_BOOL, .fallback = "true",
     .help = "What is due on the year's last bank day may be paid on the first of the next."},
};
static const struct rg_table fees_table = {.name = "fees",
                                           .size = sizeof(struct written_fees),
                                           .fields = fees_fields,
                                           .count = RG_COUNT(fees_fields),
                                           .extra = later_in_fees};

static const struct rg_row disputes_fields[] = {
    {.key = "after_dispute", RG_AT(struct written_disputes, after_dispute), .type = RG_ROW_DURATION,
     .units = RG_UNITS(RG_UNIT_BANK_DAY), .fallback = "5bd", .min = 86400, .max = 60 * 86400,
     .help = "How long sanctions wait after a dispute was closed against the debtor."},
};
static const struct rg_table disputes_table = RG_TABLE("disputes", struct written_disputes, disputes_fields);

static const struct rg_row freshness_fields[] = {
    {.key = "payments", RG_AT(struct written_freshness, payments), .type = RG_ROW_ENUM, .words = freshness_words,
     .fallback = "previous_bank_day", .help = "Through when payments must be known before a sanction."},
};
static const struct rg_table freshness_table = RG_TABLE("freshness", struct written_freshness, freshness_fields);

static const struct rg_row prescription_fields[] = {
    {.key = "years", RG_AT(struct written_prescription, years), .type = RG_ROW_INT, .fallback = "5", .min = 1, .max = 10,
     .help = "From so many years after its payable day on nothing presses for a debt (Código Civil art. 206 §5 I: 5)."},
};
static const struct rg_table prescription_table = RG_TABLE("prescription", struct written_prescription, prescription_fields);

static const struct rg_row policy_fields[] = {
    {.key = "language", RG_AT(struct written_policy, language), .type = RG_ROW_INT, .flags = RG_REQUIRED, .min = 1, .max = 1,
     .help = "Version of this language: 1."},
    {.key = "policy", RG_AT(struct written_policy, name), .type = RG_ROW_NAME, .flags = RG_REQUIRED, .help = "Its name."},
    {.key = "fees", RG_AT(struct written_policy, fees), .type = RG_ROW_SECTION, .table = &fees_table,
     .help = "What paying late costs."},
    {.key = "disputes", RG_AT(struct written_policy, disputes), .type = RG_ROW_SECTION, .table = &disputes_table,
     .help = "What follows a dispute."},
    {.key = "freshness", RG_AT(struct written_policy, freshness), .type = RG_ROW_SECTION, .table = &freshness_table,
     .help = "How fresh payments must be."},
    {.key = "prescription", RG_AT(struct written_policy, prescription), .type = RG_ROW_SECTION, .table = &prescription_table,
     .help = "When a debt is too old to press for."},
};
const struct rg_table rg_policy_table = {.name = "policy",
                                         .size = sizeof(struct written_policy),
                                         .fields = policy_fields,
                                         .count = RG_COUNT(policy_fields),
                                         .extra = later_in_policy};

static void check_fees(struct rg_loader *loader, const struct written_fees *fees)
{
    const struct rg_decimal fine_max = {RG_FINE_PERCENT_CONSUMER_MAX, 0}, usual = {INTEREST_USUAL_PERCENT, 0};
    const struct rg_node *fine = rg_member(&fees->section, "fine_percent"),
                         *interest = rg_member(&fees->section, "interest_percent_month");
    if (fine != NULL && rg_decimal_cmp(fees->fine_percent, fine_max) > 0)
        rg_diags_error(loader->diags, rg_node_place(fine), "fine-above-law",
                       "a fine of " RG_STR_FMT " %% is above the %d %% that a consumer may be charged (CDC art. 52 §1)",
                       RG_STR_ARG(fine->text), RG_FINE_PERCENT_CONSUMER_MAX);
    if (interest != NULL && rg_decimal_cmp(fees->interest_percent_month, usual) > 0)
        rg_diags_warn(loader->diags, rg_node_place(interest), "fine-above-law",
                      "interest of " RG_STR_FMT " %% a month is above the usual %d %%; a judge may lower it for a consumer",
                      RG_STR_ARG(interest->text), INTEREST_USUAL_PERCENT);
}

static void take(struct rg_policy *policy, const struct written_policy *w)
{
    *policy = (struct rg_policy){
        .fees = {.fine_percent = w->fees.fine_percent,
                 .interest_percent_month = w->fees.interest_percent_month,
                 .base = (int)w->fees.base,
                 .start = (enum rg_fee_start)w->fees.start,
                 .rounding = (enum rg_rounding)w->fees.rounding,
                 .last_bank_day_of_year = w->fees.last_bank_day_of_year},
        .tolerance_cents = w->fees.tolerance_cents,
        .after_dispute_bank_days = (int)w->disputes.after_dispute.amount,
        .prescription_years = (int)w->prescription.years,
    };
}

static const struct rg_doc *read_document(struct rg_loader *loader)
{
    const struct rg_rules_input *in = loader->input;
    const struct rg_doc *doc = NULL;
    int rc = 0;
    if (in->policy != NULL)
        rc = rg_yaml_load(in->policy, loader->scratch, loader->diags, &doc);
    else if (in->policy_text != NULL)
        rc = rg_yaml_parse(in->policy_text->file, in->policy_text->bytes, loader->scratch, loader->diags, &doc);
    return rc == 0 ? doc : NULL;
}

void rg_policy_load(struct rg_loader *loader)
{
    loader->scratch = rg_arena_new(POLICY_SCRATCH_BYTES);
    const struct rg_doc *doc = read_document(loader);
    struct rg_reader reader = rg_loader_reader(loader);
    struct written_policy written;
    if (rg_fields_read(doc != NULL ? doc->root : NULL, &rg_policy_table, &written, &reader))
        check_fees(loader, &written.fees);
    take(&loader->rules->policy, &written);
    rg_arena_free(&loader->scratch);
}

/* From files to a snapshot: what is filled in, what two files may not both say, and the name of a version. */
#include "base/core/clock.h"
#include "config/ladder/written.h"
#include "tests/unit/config/ladder/findings.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define OK_STEP "  atraso: { day: D+1, tone: reminder, template: texto }\n"

/* ---- what becomes of a ladder ---- */

static void filled_in(void **state)
{
    (void)state;
    struct found f;
    found_load(
        &f,
        "language: 1\nladder: internet\ntitle: \"Régua\"\nowner: x@y.example\npriority: 10\napplies: debtor.consumer\n"
        "calendar: br-telecom\n"
        "defaults:\n  hours: { weekdays: 09:00-18:00 }\n  holidays: { before: later }\n  caps: { per_day: 2, per_week: 5, gap: "
        "1d }\n"
        "  via: [whatsapp, email]\n  until: 2d\n  uncertain: resend\n  when: invoice.balance >= brl(\"20.00\")\n"
        "steps:\n"
        "  a: { day: D-5bd, tone: courtesy, template: texto, when: debtor.reachable }\n"
        "  b: { day: D+4, tone: reminder, template: texto, via: [sms], repeat: { every: 3d, times: 3 }, until: D+20, uncertain: "
        "skip }\n"
        "  aviso: { day: D+15, tone: notice, template: texto, evidence: delivered, term: { default: 15d, SP: 20d, RJ: 16d } }\n"
        "  corte: { after: { step: aviso, has: term_ended, wait: 30m }, not_before: D+35, not_after: D+90, tone: sanction, "
        "needs: [payments_fresh], signal: service.suspend_requested, mode: shadow }\n"
        "on_paid:\n  religar: { signal: service.restore_requested, within: 12h }\n  desculpe: { when_crossed: 30m, template: "
        "texto }\n" TAIL);
    assert_string_equal(found_heads(&f), "");
    const struct rg_ladder *ladder = rg_rules_ladder(f.rules, RG_STR("internet"));
    assert_non_null(ladder);
    assert_string_equal(ladder->title.p, "Régua");
    assert_string_equal(ladder->mark.file, "internet.yaml");
    assert_string_equal(ladder->calendar->name, "br-telecom");
    assert_int_equal(ladder->calendar->suspension_notice_days, 15);
    assert_true(ladder->calendar->cut.given && ladder->calendar->hours_count == 2 && ladder->calendar->holidays_count > 30);
    assert_int_equal(ladder->hours.weekdays.open_minute, 540);
    assert_true(rg_hours_closed(ladder->hours.saturday));
    assert_false(ladder->holidays_before_earlier);
    assert_int_equal(ladder->caps.per_day * 10 + ladder->caps.per_week, 25);
    assert_true(ladder->caps.gap.unit == RG_SPAN_DAYS && ladder->caps.gap.n == 1);
    const struct rg_step *a = rg_ladder_step(ladder, RG_STR("a")), *b = rg_ladder_step(ladder, RG_STR("b"));
    assert_true(a->day.given && a->day.bank_days && a->day.offset == -5 && a->after_step == -1);
    assert_true(a->via_count == 2 && a->via[0] == rg_rules_channel(f.rules, RG_STR("whatsapp")));
    assert_true(a->until.kind == RG_UNTIL_SPAN && a->uncertain == RG_UNCERTAIN_RESEND && a->repeat_times == 1);
    assert_non_null(a->when[0]);
    assert_string_equal(rg_cel_text(a->when[1]).p, "debtor.reachable");
    assert_int_equal(a->template_needs, RG_TN_NAME);
    assert_int_equal(a->mark.line, 17);
    assert_true(b->via_count == 1 && b->repeat_times == 3 && b->repeat_every.n == 3 && b->until.kind == RG_UNTIL_DAY &&
                b->until.day.offset == 20);
    assert_true(b->uncertain == RG_UNCERTAIN_SKIP && b->when[1] == NULL);
    const struct rg_step *aviso = rg_ladder_step(ladder, RG_STR("aviso")), *corte = rg_ladder_step(ladder, RG_STR("corte"));
    assert_true(aviso->until.kind == RG_UNTIL_DEFAULT); /* a notice has no end, whatever defaults say */
    assert_true(aviso->evidence_within.unit == RG_SPAN_MS && aviso->evidence_within.n == 48 * 60 * RG_MS_PER_MINUTE);
    assert_int_equal(rg_state_days_for(&aviso->term, RG_STR("SP")), 20);
    assert_int_equal(rg_state_days_for(&aviso->term, RG_STR("RJ")), 16);
    assert_int_equal(rg_state_days_for(&aviso->term, RG_STR("MG")), 15);
    assert_true(corte->after_step == aviso->index && corte->after_has == RG_HAS_TERM_ENDED &&
                corte->after_wait.n == 30 * RG_MS_PER_MINUTE);
    assert_true(corte->kind == RG_ACT_SIGNAL && corte->via_count == 0 && corte->needs == RG_NEEDS_PAYMENTS_FRESH &&
                corte->mode == RG_MODE_SHADOW);
    assert_true(corte->not_before.offset == 35 && corte->not_after.offset == 90);
    assert_int_equal(ladder->owed_count, 2);
    assert_true(ladder->owed[0].signal == RG_SIGNAL_RESTORE_REQUESTED && ladder->owed[0].within.n == 12 * 60 * RG_MS_PER_MINUTE);
    assert_true(ladder->owed[1].kind == RG_ACT_MESSAGE && ladder->owed[1].when_crossed.n == 30 * RG_MS_PER_MINUTE);
    assert_true(f.rules->channels[f.rules->signals_channel].signals);
    assert_true(f.rules->policy.tolerance_cents == 1 && f.rules->policy.after_dispute_bank_days == 5 &&
                f.rules->policy.fees.base == 30);
    found_done(&f);
}

/* Nothing written in a file rises above the installation. */
static void modes(void **state)
{
    (void)state;
    static const struct {
        enum rg_mode site;
        const char *ladder, *step;
        enum rg_mode of_ladder, of_step;
    } rows[] = {
        {RG_MODE_LIVE, "live", "live", RG_MODE_LIVE, RG_MODE_LIVE},
        {RG_MODE_LIVE, "live", "shadow", RG_MODE_LIVE, RG_MODE_SHADOW},
        {RG_MODE_LIVE, "shadow", "live", RG_MODE_SHADOW, RG_MODE_SHADOW},
        {RG_MODE_SHADOW, "live", "live", RG_MODE_SHADOW, RG_MODE_SHADOW},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct found f;
        char yaml[1024];
        (void)snprintf(yaml, sizeof yaml, "mode: %s\n" HEAD "  a: { day: D+1, tone: reminder, template: texto, mode: %s }\n" TAIL,
                       rows[i].ladder, rows[i].step);
        struct rg_rules_text text = {"internet.yaml", rg_str(yaml)};
        struct rg_rules_input input = rg_test_rules_input();
        input.mode = rows[i].site;
        input.texts = &text;
        input.text_count = 1;
        found_begin(&f);
        found_input(&f, input);
        assert_string_equal(found_heads(&f), "");
        assert_int_equal(f.rules->ladders[0].mode, rows[i].of_ladder);
        assert_int_equal(f.rules->ladders[0].steps[0].mode, rows[i].of_step);
        found_done(&f);
    }
}

/* ---- files ---- */

struct tree {
    char path[64];
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static void tree_begin(struct tree *tree)
{
    static const char *const directories[] = {"/rules.d", "/own", "/own/calendars"};
    (void)snprintf(tree->path, sizeof tree->path, "/tmp/regua-load-XXXXXX");
    assert_non_null(mkdtemp(tree->path));
    for (size_t i = 0; i < RG_COUNT(directories); i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s%s", tree->path, directories[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

static void tree_done(struct tree *tree)
{
    (void)nftw(tree->path, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* a temporary directory */
}

static void tree_put(const struct tree *tree, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", tree->path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void tree_load(const struct tree *tree, struct found *f)
{
    char own[128], rules[128];
    (void)snprintf(own, sizeof own, "%s/own", tree->path);
    (void)snprintf(rules, sizeof rules, "%s/rules.d", tree->path);
    const char *const paths[] = {rules};
    struct rg_rules_input input = rg_test_rules_input();
    input.directory = own;
    input.paths = paths;
    input.path_count = 1;
    found_begin(f);
    found_input(f, input);
}

#define LADDER(name, priority) \
    "language: 1\nladder: " name "\npriority: " priority "\ndefaults: { via: [sms] }\nsteps:\n" OK_STEP TAIL

static void directories(void **state)
{
    (void)state;
    struct tree tree;
    struct found f;
    tree_begin(&tree);
    tree_load(&tree, &f); /* an empty directory is no error, and said */
    assert_int_equal(f.rc, 0);
    assert_string_equal(found_heads(&f),
                        "0:0: warning: no ladder here: invoices are followed, and nobody is written to [no-ladder]\n");
    found_done(&f);
    tree_put(&tree, "rules.d/z.yaml", LADDER("um", "1"));
    tree_put(&tree, "rules.d/a.yaml", LADDER("dois", "2"));
    tree_put(&tree, "rules.d/a_test.yaml", "tests: []\n");
    tree_put(&tree, "rules.d/.a.yaml", "what: ever\n");
    tree_put(&tree, "rules.d/README", "what: ever\n");
    tree_load(&tree, &f);
    assert_string_equal(found_heads(&f), "");
    assert_int_equal(f.rules->ladder_count, 2);
    assert_true(rg_str_is(f.rules->ladders[0].name, "um")); /* by priority, not by file */
    rg_buf_reset(&f.text);
    rg_inventory_print(&f.inventory, f.diags, 3, &f.text);
    assert_string_equal(rg_buf_cstr(&f.text), "2 ladders, 2 steps, 1 template, 2 calendars, 0 errors, 0 warnings (3 ms)");
    found_done(&f);
    tree_put(&tree, "rules.d/m.yaml", LADDER("tres", "1"));
    tree_load(&tree, &f);
    assert_non_null(strstr(found_heads(&f), "3:11: error: priority 1 is that of ladder \"tres\" already ("));
    found_done(&f);
    tree_put(&tree, "rules.d/m.yaml", LADDER("um", "3"));
    tree_load(&tree, &f);
    assert_non_null(strstr(found_heads(&f), "2:9: error: ladder \"um\" is already defined in "));
    assert_int_equal(f.rc, RG_EINVAL);
    found_done(&f);
    tree_put(&tree, "rules.d/m.yaml", LADDER("quatro", "4"));
    tree_put(&tree, "rules.d/b.yml", LADDER("tres", "3"));
    tree_load(&tree, &f); /* whoever wrote it waits for its messages */
    assert_string_equal(found_heads(&f), "0:0: warning: b.yml is not read: the names of ladders end in .yaml [no-ladder]\n");
    assert_int_equal(f.rules->ladder_count, 3);
    found_done(&f);
    tree_done(&tree);
}

static void missing_paths(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nonexistent/rules.d", "/nonexistent/a.yaml"};
    struct found f;
    struct rg_rules_input input = rg_test_rules_input();
    input.paths = paths;
    input.path_count = 2;
    input.policy = "/nonexistent/policy.yaml";
    found_begin(&f);
    found_input(&f, input);
    assert_int_equal(f.rc, RG_EINVAL);
    assert_int_equal(rg_diags_errors(f.diags), 3);
    found_done(&f);
}

/* ---- policy ---- */

static void policy(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *heads;
    } rows[] = {
        {"language: 1\npolicy: p\nfees: { fine_percent: \"2\", interest_percent_month: \"0.5\", base: 365, start: postponed, "
         "rounding: half_even }\n",
         ""},
        {"language: 1\npolicy: p\nfees: { fine_percent: \"2.01\" }\n",
         "3:23: error: a fine of 2.01 % is above the 2 % that a consumer may be charged (CDC art. 52 §1) [fine-above-law]\n"},
        {"language: 1\npolicy: p\nfees: { interest_percent_month: \"1.5\" }\n",
         "3:33: warning: interest of 1.5 % a month is above the usual 1 %; a judge may lower it for a consumer "
         "[fine-above-law]\n"},
        {"language: 1\npolicy: p\nfees: { base: 360 }\n",
         "3:15: error: expected 30 (every month has thirty days) or 365 (the year's twelve months by its days) for \"base\", got "
         "\"360\" [mistyped]\n"},
        {"language: 1\npolicy: p\nfees: { residue: dun }\n",
         "3:18: error: \"dun\" is not supported in this version; remove it [not-yet]\n"},
        {"language: 1\npolicy: p\nfees: { correction: { index: ipca } }\n",
         "3:9: error: \"correction\" is not supported in this version; remove it [not-yet]\n"},
        {"language: 1\npolicy: p\nclusters: {}\ntiers: {}\npromises: {}\nagreements: {}\nreplies: {}\nbrakes: {}\nholdout: "
         "{}\ncosts: {}\n",
         "3:1: error: \"clusters\" is not supported in this version; remove it [not-yet]\n"
         "4:1: error: \"tiers\" is not supported in this version; remove it [not-yet]\n"
         "5:1: error: \"promises\" is not supported in this version; remove it [not-yet]\n"
         "6:1: error: \"agreements\" is not supported in this version; remove it [not-yet]\n"
         "7:1: error: \"replies\" is not supported in this version; remove it [not-yet]\n"
         "8:1: error: \"brakes\" is not supported in this version; remove it [not-yet]\n"
         "9:1: error: \"holdout\" is not supported in this version; remove it [not-yet]\n"
         "10:1: error: \"costs\" is not supported in this version; remove it [not-yet]\n"},
        {"language: 1\npolicy: p\ndisputes: { after_dispute: 5d }\n",
         "3:28: error: expected bank days such as 2bd, got \"5d\" [bad-duration]\n"},
        {"language: 1\npolicy: p\nprescription: { years: 1 }\n", ""},
        {"language: 1\npolicy: p\nprescription: { years: 10 }\n", ""},
        {"language: 1\npolicy: p\nprescription: { years: 0 }\n",
         "3:24: error: \"years\" is 0; expected 1 to 10 [out-of-range]\n"},
        {"language: 1\npolicy: p\nprescription: { years: 11 }\n",
         "3:24: error: \"years\" is 11; expected 1 to 10 [out-of-range]\n"},
        {"language: 1\npolicy: p\nprescription: 5y\n",
         "3:15: error: expected keys and values for \"prescription\", got \"5y\" [mistyped]\n"},
        {"language: 1\npolicy: p\nfeez: {}\n",
         "3:1: error: unknown key \"feez\" at the top level, did you mean \"fees\"? [unknown-key]\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct found f;
        struct rg_rules_text ladder = {"internet.yaml", rg_str(HEAD OK_STEP TAIL)}, text = {"policy.yaml", rg_str(rows[i].yaml)};
        struct rg_rules_input input = rg_test_rules_input();
        input.texts = &ladder;
        input.text_count = 1;
        input.policy_text = &text;
        found_begin(&f);
        found_input(&f, input);
        assert_string_equal(found_heads(&f), rows[i].heads);
        if (i == 0)
            assert_true(f.rules->policy.fees.base == 365 && f.rules->policy.fees.start == RG_FEE_START_POSTPONED &&
                        f.rules->policy.fees.rounding == RG_ROUND_HALF_EVEN);
        found_done(&f);
    }
}

/* ---- calendars ---- */

static void calendars(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *heads;
    } rows[] = {
        {"language: 1\ncalendar: c\nextends: br-bank\nholidays: { SP: [01-01, easter, easter-2, easter+60], \"SP/Campinas\": [{ "
         "day: 02-29, name: x }] }\n"
         "hours: { default: { weekdays: 08:00-18:00 }, RJ: { weekdays: 10:00-12:00 } }\ncut: { only: [12-15..01-31], hours: "
         "08:00-18:00 }\n"
         "terms: { suspension_notice: 30d }\nterm_end: same_day\n",
         ""},
        {"language: 1\ncalendar: d\n", "2:11: error: a calendar bears the name of its file: expected \"c\" [bad-name]\n"},
        {"language: 1\ncalendar: c\nextends: c\n",
         "3:10: error: calendars extend each other more than 4 times, or in a circle [too-deep]\n"},
        {"language: 1\ncalendar: c\nextends: nada\n",
         "3:10: error: unknown calendar \"nada\"; expected one of br-bank, br-generico, br-telecom, c [unknown-value]\n"},
        {"language: 1\ncalendar: c\nholidays: { XX: [07-09] }\n",
         "3:13: error: unknown place \"XX\"; expected a state such as SP, or a city such as \"SP/Campinas\" [unknown-key]\n"},
        {"language: 1\ncalendar: c\nholidays: { \"SP/\": [07-09] }\n",
         "3:13: error: unknown place \"SP/\"; expected a state such as SP, or a city such as \"SP/Campinas\" [unknown-key]\n"},
        {"language: 1\ncalendar: c\nholidays: { SP: [02-30, 7-9, easter+, easter+-1, easter+121, easter47, 13-01] }\n",
         "3:18: error: expected a day of the year such as 07-09 or easter-47, got \"02-30\" [mistyped]\n"
         "3:25: error: expected a day of the year such as 07-09 or easter-47, got \"7-9\" [mistyped]\n"
         "3:30: error: expected a day of the year such as 07-09 or easter-47, got \"easter+\" [mistyped]\n"
         "3:39: error: expected a day of the year such as 07-09 or easter-47, got \"easter+-1\" [mistyped]\n"
         "3:50: error: expected a day of the year such as 07-09 or easter-47, got \"easter+121\" [mistyped]\n"
         "3:62: error: expected a day of the year such as 07-09 or easter-47, got \"easter47\" [mistyped]\n"
         "3:72: error: expected a day of the year such as 07-09 or easter-47, got \"13-01\" [mistyped]\n"},
        {"language: 1\ncalendar: c\nhours: { ZZ: { weekdays: 08:00-18:00 } }\n",
         "3:10: error: unknown place \"ZZ\"; expected \"default\" or a state such as SP [unknown-key]\n"},
        {"language: 1\ncalendar: c\ncut: { only: [12-15..13-31] }\n",
         "3:15: error: expected a season such as 12-15..01-31, got \"12-15..13-31\" [mistyped]\n"},
        {"language: 1\ncalendar: c\ncut: { never: [fridays] }\n",
         "3:16: error: unknown never \"fridays\", did you mean \"friday\"? expected one of monday, tuesday, wednesday, thursday, "
         "friday, saturday, "
         "sunday, holiday, holiday_eve [unknown-value]\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct tree tree;
        struct found f;
        tree_begin(&tree);
        tree_put(&tree, "own/calendars/c.yaml", rows[i].yaml);
        tree_put(&tree, "rules.d/a.yaml",
                 "language: 1\nladder: a\npriority: 1\ncalendar: c\ndefaults: { via: [sms] }\nsteps:\n" OK_STEP TAIL);
        tree_load(&tree, &f);
        assert_string_equal(found_heads(&f), rows[i].heads);
        if (i == 0) {
            const struct rg_calendar *cal = f.rules->ladders[0].calendar;
            assert_true(cal->term_end == RG_TERM_SAME_DAY && cal->suspension_notice_days == 30 && cal->cut.only_count == 1 &&
                        cal->hours_count == 2);
            assert_int_equal(rg_calendar_hours(cal, RG_STR("RJ"), RG_STR(""), rg_day_of(2026, 11, 24)).open_minute, 600);
            assert_non_null(rg_calendar_holiday(cal, RG_STR("SP"), RG_STR("campinas"), rg_day_of(2028, 2, 29)));
            assert_null(rg_calendar_holiday(cal, RG_STR("SP"), RG_STR("santos"), rg_day_of(2028, 2, 29)));
            assert_string_equal(rg_calendar_holiday(cal, RG_STR("SP"), RG_STR(""), rg_day_of(2026, 7, 9)),
                                "Revolução Constitucionalista");
        }
        found_done(&f);
        tree_done(&tree);
    }
}

/* What a calendar does not write about cuts stays as the one it extends says. */
static void cuts_are_inherited(void **state)
{
    (void)state;
    static const struct {
        const char *cut;
        unsigned never;
        int opens;
        size_t seasons;
    } rows[] = {
        {"", 0x1f0, 480, 0},
        {"cut: { hours: 09:00-17:00 }\n", 0x1f0, 540, 0},
        {"cut: { only: [12-15..01-31] }\n", 0x1f0, 480, 1},
        {"cut: { never: [monday] }\n", 1, 480, 0},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct tree tree;
        struct found f;
        char calendar[256];
        (void)snprintf(calendar, sizeof calendar, "language: 1\ncalendar: c\nextends: br-telecom\n%s", rows[i].cut);
        tree_begin(&tree);
        tree_put(&tree, "own/calendars/c.yaml", calendar);
        tree_put(&tree, "rules.d/a.yaml",
                 "language: 1\nladder: a\npriority: 1\ncalendar: c\ndefaults: { via: [sms] }\nsteps:\n" OK_STEP TAIL);
        tree_load(&tree, &f);
        assert_string_equal(found_heads(&f), "");
        const struct rg_cut_rule *cut = &f.rules->ladders[0].calendar->cut;
        assert_true(cut->given);
        assert_int_equal(cut->never, rows[i].never);
        assert_int_equal(cut->hours.open_minute, rows[i].opens);
        assert_int_equal(cut->only_count, rows[i].seasons);
        assert_string_equal(cut->source.text, "Lei 14.015/2020");
        found_done(&f);
        tree_done(&tree);
    }
}

/* ---- the version's name ---- */

static void hash_of(const char *yaml, char ret_hash[RG_RULES_HASH_TEXT + 1])
{
    struct found f;
    found_load(&f, yaml);
    assert_string_equal(found_heads(&f), "");
    assert_int_equal(strlen(f.rules->hash), RG_RULES_HASH_TEXT);
    memcpy(ret_hash, f.rules->hash, RG_RULES_HASH_TEXT + 1);
    found_done(&f);
}

#define TEXTS "templates: { texto: \"a {{> credor}}\" }\n"

static void hashes(void **state)
{
    (void)state;
    static const char base[] =
        "language: 1\nladder: internet\npriority: 10\ncalendar: br-telecom\ndefaults: { via: [sms] }\nsteps:\n"
        "  a: { day: D+1, tone: reminder, template: texto, when: debtor.consumer && invoice.balance >= brl(\"20.00\") }\n"
        "  b: { day: D+5, tone: firm, template: texto }\n" TEXTS;
    static const char *const same[] = {
        "# a comment\nlanguage: 1\npriority: 10 # another\nladder: \"internet\"\n\ncalendar: br-telecom\n" TEXTS
        "steps:\n  a:\n    template: texto\n    tone: reminder\n    when: |\n      (debtor.consumer)   &&\n      "
        "invoice.balance>=brl('20.00')\n    day: D+1\n"
        "  b: { day: D+5, tone: firm, template: texto }\ndefaults: { via: [ 'sms' ] }\n",
        /* what holds by default, written out */
        "language: 1\nladder: internet\npriority: 10\ncalendar: br-telecom\nmode: live\n"
        "defaults: { via: [sms], until: next, uncertain: skip, catch_up: latest_only, on_change: migrate, caps: { per_day: 1, "
        "per_week: 3, gap: 20h }, "
        "holidays: { before: earlier, after: later } }\nsteps:\n"
        "  a: { day: D+1, tone: reminder, template: texto, via: [sms], mode: live, when: debtor.consumer && invoice.balance >= "
        "brl(\"20.00\") }\n"
        "  b: { day: D+5, tone: firm, template: texto, again: false }\n" TEXTS,
    };
    static const char *const other[] = {
        "language: 1\nladder: internet\npriority: 11\ncalendar: br-telecom\ndefaults: { via: [sms] }\nsteps:\n"
        "  a: { day: D+1, tone: reminder, template: texto, when: debtor.consumer && invoice.balance >= brl(\"20.00\") }\n"
        "  b: { day: D+5, tone: firm, template: texto }\n" TEXTS,
        "language: 1\nladder: internet\npriority: 10\ncalendar: br-telecom\ndefaults: { via: [sms] }\nsteps:\n"
        "  a: { day: D+1, tone: reminder, template: texto, when: debtor.consumer && invoice.balance >= brl(\"20.01\") }\n"
        "  b: { day: D+5, tone: firm, template: texto }\n" TEXTS,
        "language: 1\nladder: internet\npriority: 10\ncalendar: br-telecom\ndefaults: { via: [sms] }\nsteps:\n"
        "  a: { day: D+1, tone: reminder, template: texto, when: debtor.consumer && invoice.balance >= brl(\"20.00\") }\n"
        "  b: { day: D+5bd, tone: firm, template: texto }\n" TEXTS,
        "language: 1\nladder: internet\npriority: 10\ncalendar: br-generico\ndefaults: { via: [sms] }\nsteps:\n"
        "  a: { day: D+1, tone: reminder, template: texto, when: debtor.consumer && invoice.balance >= brl(\"20.00\") }\n"
        "  b: { day: D+5, tone: firm, template: texto }\n" TEXTS,
        "language: 1\nladder: internet\npriority: 10\ncalendar: br-telecom\ndefaults: { via: [sms] }\nsteps:\n"
        "  a: { day: D+1, tone: reminder, template: texto, when: debtor.consumer && invoice.balance >= brl(\"20.00\") }\n"
        "  b: { day: D+5, tone: firm, template: texto }\ntemplates: { texto: \"b {{> credor}}\" }\n",
        "language: 1\nladder: internet\npriority: 10\ncalendar: br-telecom\ndefaults: { via: [sms, email] }\nsteps:\n"
        "  a: { day: D+1, tone: reminder, template: texto, when: debtor.consumer && invoice.balance >= brl(\"20.00\") }\n"
        "  b: { day: D+5, tone: firm, template: texto }\n" TEXTS,
    };
    char hash[RG_RULES_HASH_TEXT + 1], found[RG_RULES_HASH_TEXT + 1];
    hash_of(base, hash);
    for (size_t i = 0; i < RG_COUNT(same); i++) {
        hash_of(same[i], found);
        assert_string_equal(found, hash);
    }
    for (size_t i = 0; i < RG_COUNT(other); i++) {
        hash_of(other[i], found);
        assert_string_not_equal(found, hash);
    }
}

/* ---- many rules ---- */

/* A thousand steps in sixteen ladders, each with a condition. The budget is 20 ms; the bound here only catches what grows with
 * the square, in any build and on any machine. */
static void a_thousand(void **state)
{
    (void)state;
    enum { LADDERS = 16, STEPS = 63 };
    static struct rg_buf bytes[LADDERS];
    static char names[LADDERS][32];
    struct rg_rules_text texts[LADDERS];
    for (int i = 0; i < LADDERS; i++) {
        rg_buf_init(&bytes[i], 64 * 1024);
        (void)snprintf(names[i], sizeof names[i], "l%d.yaml", i);
        rg_buf_addf(&bytes[i],
                    "language: 1\nladder: l%d\npriority: %d\napplies: service.sector == \"telecom\"\ndefaults: { via: [whatsapp, "
                    "sms, email] }\nsteps:\n",
                    i, i);
        for (int k = 0; k < STEPS; k++)
            rg_buf_addf(&bytes[i],
                        "  s%d: { day: D+%d, tone: reminder, template: atraso, when: invoice.balance >= brl(\"%d.00\") && "
                        "debtor.consumer }\n",
                        k, k + 1, k);
        texts[i] = (struct rg_rules_text){names[i], rg_buf_str(&bytes[i])};
    }
    struct found f;
    struct rg_rules_input input = rg_test_rules_input();
    input.texts = texts;
    input.text_count = LADDERS;
    found_begin(&f);
    int64_t began = rg_boot_ms(rg_clock_system());
    found_input(&f, input);
    int64_t took = rg_boot_ms(rg_clock_system()) - began;
    assert_string_equal(found_heads(&f), "");
    assert_int_equal(f.inventory.steps, LADDERS * STEPS);
    print_message("%d steps in %lld ms\n", f.inventory.steps, (long long)took);
    assert_true(took < 2000);
    found_done(&f);
    for (int i = 0; i < LADDERS; i++)
        rg_buf_done(&bytes[i]);
}

static void limits(void **state)
{
    (void)state;
    struct rg_buf yaml;
    for (int steps = RG_STEPS_MAX; steps <= RG_STEPS_MAX + 1; steps++) {
        struct found f;
        rg_buf_init(&yaml, 64 * 1024);
        rg_buf_adds(&yaml, HEAD);
        for (int i = 0; i < steps; i++)
            rg_buf_addf(&yaml, "  s%d: { day: D+%d, tone: reminder, template: texto }\n", i, i + 1);
        rg_buf_adds(&yaml, TAIL);
        found_load(&f, rg_buf_cstr(&yaml));
        assert_int_equal(f.rc, steps > RG_STEPS_MAX ? RG_EINVAL : 0);
        assert_int_equal(rg_diags_errors(f.diags), steps > RG_STEPS_MAX ? 1 : 0);
        found_done(&f);
        rg_buf_done(&yaml);
    }
}

static void tables(void **state)
{
    (void)state;
    rg_table_check(&rg_ladder_table);
    rg_table_check(&rg_policy_table);
    rg_table_check(&rg_calendar_table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filled_in), cmocka_unit_test(modes),     cmocka_unit_test(directories), cmocka_unit_test(missing_paths),
        cmocka_unit_test(policy),    cmocka_unit_test(calendars), cmocka_unit_test(hashes),      cmocka_unit_test(a_thousand),
        cmocka_unit_test(limits),    cmocka_unit_test(tables),    cmocka_unit_test(cuts_are_inherited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

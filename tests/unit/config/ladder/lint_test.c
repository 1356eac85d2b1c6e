/* Every complaint about a ladder, by a ladder that earns it; and one mistake gives one finding. */
#include "tests/unit/config/ladder/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct row {
    const char *steps, *heads; /* steps begin in line 7 */
};

#define OK_STEP "  atraso: { day: D+1, tone: reminder, template: texto }\n"
#define NOTICE "  aviso: { day: D+15, tone: notice, template: texto, evidence: delivered, term: 15d }\n"
#define SUSPEND "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, signal: service.suspend_requested }\n"

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct found f;
        char yaml[8192];
        int n = snprintf(yaml, sizeof yaml, HEAD "%s" TAIL, rows[i].steps);
        assert_true(n > 0 && n < (int)sizeof yaml);
        found_load(&f, yaml);
        assert_string_equal(found_heads(&f), rows[i].heads);
        assert_int_equal(f.rc, rg_diags_errors(f.diags) > 0 ? RG_EINVAL : 0);
        assert_true((f.rules != NULL) == (f.rc == 0));
        found_done(&f);
    }
}

static void good(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OK_STEP, ""},
        {NOTICE SUSPEND, ""},
        {NOTICE
         "  corte:\n    after: { step: aviso, has: term_ended, wait: 2bd }\n    not_before: D+40\n    tone: sanction\n"
         "    needs: [payments_fresh]\n    signal: service.suspend_requested\n    when: invoice.balance >= brl(\"100.00\")\n",
         ""},
        {"  a: { day: D-5bd, tone: info, template: texto, again: true, until: 2d, uncertain: resend, mode: shadow }\n", ""},
        {"  a: { day: D+1, tone: reminder, template: texto, repeat: { every: 2bd, times: 100 }, until: D+90, catch_up: "
         "latest_only }\n",
         ""},
        {"  a: { day: D+1, tone: reminder, template: texto, catch_up: send }\n"
         "  b: { day: D+2, tone: reminder, template: texto, catch_up: skip }\n"
         "  aviso: { day: D+9, tone: notice, template: texto, evidence: delivered, term: 15d, catch_up: skip }\n",
         ""},
        {"  a: { day: D+1, tone: firm, template: texto, not_after: D+1 }\n", ""},
        {"  aviso: { day: D+9, tone: notice, kind: extrajudicial, template: texto, evidence: read, evidence_within: 5d, term: 7d "
         "}\n",
         ""},
        {"  aviso: { day: D+9, tone: notice, template: texto, evidence: delivered, term: { default: 15d, SP: 20d } }\n" SUSPEND,
         ""},
        {NOTICE SUSPEND "  depois: { after: { step: corte, has: confirmed }, tone: info, template: texto }\n", ""},
        {OK_STEP "on_paid:\n  religar: { signal: service.restore_requested, clock: confirmed, within: 24h }\n"
                 "  desculpe: { when_crossed: 30m, template: texto }\n  obrigado: { via: [email], template: texto, when: "
                 "history.messages_cycle > 0 }\n",
         ""},
    };
    check_rows(rows, RG_COUNT(rows));
}

static void values(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"  a: { day: D+1, tone: remider, template: texto }\n",
         "7:24: error: unknown tone \"remider\", did you mean \"reminder\"? expected one of info, courtesy, reminder, firm, "
         "notice, sanction "
         "[unknown-value]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, via: sms }\n",
         "7:56: error: expected a list of channels for \"via\", got \"sms\" [mistyped]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, via: [signals] }\n",
         "7:57: error: unknown channel \"signals\"; expected one of email, letter, sms, whatsapp [unknown-value]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, via: [sms, sms] }\n",
         "7:62: error: \"sms\" stands twice in this list [repeated]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, via: [] }\n",
         "7:56: error: a list of 0; expected 1 to 8 channels [out-of-range]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, until: amanha }\n",
         "7:58: error: expected next, a duration such as 2d, or a day such as D+10 for \"until\", got \"amanha\" [mistyped]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, evidence: none }\n",
         "7:61: error: unknown evidence \"none\"; expected one of accepted, delivered, read, replied [unknown-value]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, uncertain: retry }\n",
         "7:62: error: unknown policy for uncertain outcomes \"retry\"; expected one of skip, resend [unknown-value]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, mode: dry }\n",
         "7:57: error: unknown mode \"dry\"; expected one of shadow, live [unknown-value]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, repeat: { every: 3d, times: 0 } }\n",
         "7:79: error: \"times\" is 0; expected 1 to 100 [out-of-range]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, repeat: { every: 3d } }\n",
         "7:51: error: missing key \"times\" in \"repeat\" [missing-key]\n"},
        {"  aviso: { day: D+9, tone: notice, kind: judicial, template: texto }\n",
         "7:42: error: unknown kind \"judicial\"; expected one of extrajudicial [unknown-value]\n"},
        {"  aviso: { day: D+9, tone: notice, template: texto, term: 2bd }\n",
         "7:59: error: expected days such as 15d, got \"2bd\" [bad-duration]\n"},
        {"  aviso: { day: D+9, tone: notice, template: texto, term: { default: 10d, XX: 15d } }\n",
         "7:75: error: unknown place \"XX\"; expected \"default\" or a state such as SP [unknown-key]\n"},
        {"  Aviso: { day: D+9, tone: reminder, template: texto }\n",
         "7:3: error: a name starts with a lower-case letter and holds only lower-case letters, digits and \"_\"; write "
         "\"aviso\" [bad-name]\n"},
        {"  corte: { day: D+9, tone: sanction, signal: service.suspend_request }\n",
         "7:46: error: unknown signal \"service.suspend_request\", did you mean \"service.suspend_requested\"? expected one of "
         "service.suspend_requested, service.restore_requested [unknown-value]\n"},
        {"  a: texto\n", "7:6: error: expected keys and values for \"a\", got \"texto\" [mistyped]\n"},
        {"  a: { day: D+1, tone: reminder, template: texto, when: \"invoice.balance >=\" }\n",
         "7:76: error: the expression ends here; a fact, a literal or an opening bracket was expected [syntax]\n"},
    };
    check_rows(rows, RG_COUNT(rows));
}

static void not_yet(void **state)
{
    (void)state;
    static const char *const keys[] = {"near_payday: 5d",
                                       "offer: { installments: 3 }",
                                       "limit: { per_hour: 200 }",
                                       "task: call",
                                       "holdout: true",
                                       "deputy_after: 2bd",
                                       "timeout: 5bd",
                                       "ends: handed_over"};
    for (size_t i = 0; i < RG_COUNT(keys); i++) {
        char steps[256], heads[256];
        int key = (int)strcspn(keys[i], ":");
        (void)snprintf(steps, sizeof steps, "  a:\n    day: D+1\n    tone: reminder\n    template: texto\n    %s\n", keys[i]);
        (void)snprintf(heads, sizeof heads, "11:5: error: \"%.*s\" is not supported in this version; remove it [not-yet]\n", key,
                       keys[i]);
        check_rows(&(struct row){steps, heads}, 1);
    }
    static const struct row rows[] = {
        {"  a: { day: D+1, tone: reminder, template: texto, needs: [payments_fresh, fresh_charge, approval] }\n",
         "7:75: error: \"fresh_charge\" is not supported in this version; remove it [not-yet]\n"
         "7:89: error: \"approval\" is not supported in this version; remove it [not-yet]\n"},
        {"  a: { day: D+1, tone: sanction, signal: bureau.include_requested }\n",
         "7:42: error: \"bureau.include_requested\" is not supported in this version; remove it [not-yet]\n"},
        {OK_STEP "on_paid:\n  religar: { signal: service.restore_requested, clock: settled }\n",
         "9:56: error: \"settled\" is not supported in this version; remove it [not-yet]\n"},
        {OK_STEP "on_paid:\n  retirar: { signal: bureau.exclude_requested }\n",
         "9:22: error: \"bureau.exclude_requested\" is not supported in this version; remove it [not-yet]\n"},
        {OK_STEP "due: printed\n", "8:1: error: \"due\" is not supported in this version; remove it [not-yet]\n"},
    };
    check_rows(rows, RG_COUNT(rows));
    struct found f;
    found_load(&f, "language: 1\nladder: internet\npriority: 10\ncalendar: br-telecom\n"
                   "defaults:\n  via: [sms]\n  channel_down: 4h\n  on_change: pin\nsteps:\n" OK_STEP TAIL);
    assert_string_equal(found_heads(&f), "7:3: error: \"channel_down\" is not supported in this version; remove it [not-yet]\n"
                                         "8:14: error: \"pin\" is not supported in this version; remove it [not-yet]\n");
    found_done(&f);
}

static void shape(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NOTICE "  a: { day: D+20, after: { step: aviso, has: delivered }, tone: firm, template: texto }\n",
         "8:26: error: step \"a\" has both day and after; after with not_before: keeps it from coming too early "
         "[both-day-and-after]\n"},
        {"  a: { tone: firm, template: texto }\n",
         "7:3: error: step \"a\" says not when it happens; expected day or after [missing-key]\n"},
        {"  a: { day: D+1, template: texto }\n", "7:3: error: missing key \"tone\" in step \"a\" [missing-key]\n"},
        {"  a: { day: D+1, tone: firm }\n", "7:3: error: step \"a\" does nothing; expected template or signal [missing-key]\n"},
        {NOTICE "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, signal: service.suspend_requested, "
                "template: texto }\n",
         "8:77: error: \"signal\" in step \"corte\" stands beside template; a step does one thing [misplaced-key]\n"},
        {NOTICE
         "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, via: [sms], signal: service.suspend_requested }\n",
         "8:74: error: \"via\" in step \"corte\" says nothing; signals have their own channel [misplaced-key]\n"},
        {"  corte: { day: D+30, tone: firm, signal: service.suspend_requested }\n",
         "7:29: error: \"tone\" in step \"corte\" must be sanction: that signal takes something from the debtor "
         "[misplaced-key]\n"},
        {"  corte: { day: D+30, tone: sanction, signal: service.restore_requested }\n",
         "7:47: error: \"signal\" in step \"corte\" is owed, not dunned; write it in on_paid [misplaced-key]\n"},
        {"  a: { day: D+1, tone: firm, template: texto, term: 5d }\n",
         "7:53: error: \"term\" in step \"a\" says nothing; only a step of tone: notice grants a term [misplaced-key]\n"},
        {"  a: { day: D+1, tone: firm, template: texto, kind: extrajudicial }\n",
         "7:53: error: \"kind\" in step \"a\" says nothing; only a step of tone: notice has one [misplaced-key]\n"},
        {"  a: { day: D+1, tone: firm, template: texto, evidence_within: 2d }\n",
         "7:64: error: \"evidence_within\" in step \"a\" says nothing without evidence [misplaced-key]\n"},
        {"  a: { day: D+1, tone: firm, template: texto, again: true }\n",
         "7:54: error: \"again\" in step \"a\" says nothing; only info, courtesy and reminder steps are left out in a later "
         "cycle [misplaced-key]\n"},
        {"  a: { day: D+9, tone: notice, template: texto, repeat: { every: 3d, times: 2 } }\n",
         "7:57: error: \"repeat\" in step \"a\" says nothing; notices and sanctions happen once a cycle [misplaced-key]\n"},
        {"  a: { day: D+1, tone: notice, template: texto, catch_up: latest_only }\n",
         "7:59: error: \"catch_up\" in step \"a\" cannot be latest_only; a notice or a sanction speaks for itself: send or "
         "skip [misplaced-key]\n"},
        {NOTICE "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, signal: service.suspend_requested, "
                "evidence: read }\n",
         "8:114: error: \"evidence\" in step \"corte\" says nothing; a signal is confirmed, not delivered [misplaced-key]\n"},
        {OK_STEP "on_paid:\n  atraso: { template: texto }\n",
         "9:3: error: step \"atraso\" is already defined at line 7 [duplicate-name]\n"},
        {OK_STEP "on_paid:\n  a: { within: 24h, clock: confirmed, template: texto }\n",
         "9:16: error: \"within\" in step \"a\" says nothing; only a signal has a clock [misplaced-key]\n"
         "9:28: error: \"clock\" in step \"a\" says nothing; only a signal has a clock [misplaced-key]\n"},
        {OK_STEP "on_paid:\n  a: { signal: service.suspend_requested }\n",
         "9:16: error: \"signal\" in step \"a\" is a sanction; what is owed is service.restore_requested [misplaced-key]\n"},
        {OK_STEP "on_paid:\n  a: { signal: service.restore_requested, via: [sms] }\n",
         "9:48: error: \"via\" in step \"a\" says nothing; a restore is owed at once and without condition [misplaced-key]\n"},
        {OK_STEP "on_paid:\n  a: { signal: service.restore_requested }\n  b: { signal: service.restore_requested }\n",
         "10:16: error: \"signal\" in step \"b\" is owed twice; one step restores the service [misplaced-key]\n"},
        {OK_STEP "on_paid:\n  a: { when_crossed: 5m }\n",
         "9:3: error: step \"a\" does nothing; expected template or signal [missing-key]\n"},
    };
    check_rows(rows, RG_COUNT(rows));
}

static void order(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"  a: { after: { step: b }, tone: reminder, template: texto }\n  b: { after: { step: a }, tone: reminder, template: "
         "texto }\n",
         "7:23: error: steps wait for each other: a after b after a [cycle]\n"},
        {"  a: { after: { step: a }, tone: reminder, template: texto }\n",
         "7:23: error: steps wait for each other: a after a [cycle]\n"},
        {OK_STEP
         "  x: { after: { step: c }, tone: firm, template: texto }\n  c: { after: { step: d }, tone: firm, template: texto }\n"
         "  d: { after: { step: c }, tone: firm, template: texto }\n",
         "9:23: error: steps wait for each other: c after d after c [cycle]\n"},
        {OK_STEP "  b: { after: { step: atrazo }, tone: reminder, template: texto }\n",
         "8:23: error: unknown step \"atrazo\", did you mean \"atraso\"? expected one of atraso, b [unknown-value]\n"},
        {OK_STEP "  b: { after: { step: atraso, has: confirmed }, tone: firm, template: texto }\n",
         "8:36: error: step \"b\" never happens: \"atraso\" is a message, and only signals are confirmed [unreachable-step]\n"},
        {OK_STEP "  b: { after: { step: atraso, has: term_ended }, tone: firm, template: texto }\n",
         "8:36: error: step \"b\" never happens: \"atraso\" grants no term [unreachable-step]\n"},
        {NOTICE SUSPEND "  b: { after: { step: corte, has: delivered }, tone: firm, template: texto }\n",
         "9:35: error: step \"b\" never happens: \"corte\" is a signal, and only messages are delivered [unreachable-step]\n"},
        {"  a: { day: D+10, tone: firm, template: texto, not_after: D+9 }\n",
         "7:59: error: step \"a\" never happens: not_after lies before the step begins [unreachable-step]\n"},
        {OK_STEP "  b: { after: { step: atraso }, not_before: D+10, not_after: D+9, tone: firm, template: texto }\n",
         "8:62: error: step \"b\" never happens: not_after lies before the step begins [unreachable-step]\n"},
        {"  a: { day: D+10, tone: firm, template: texto, until: D+9 }\n",
         "7:55: error: step \"a\" never happens: its window ends before it begins [unreachable-step]\n"},
        {"  a: { day: D+10bd, tone: firm, template: texto, until: D+12 }\n", ""}, /* ten bank days may be twelve days … */
        {"  a: { day: D+10bd, tone: firm, template: texto, until: D+9 }\n",       /* … but never nine */
         "7:57: error: step \"a\" never happens: its window ends before it begins [unreachable-step]\n"},
        {"  a: { day: D+1, tone: reminder, via: [email], template: texto, evidence: delivered }\n",
         "7:75: error: no channel of step \"a\" can prove \"delivered\": at most email accepted [evidence-unreachable]\n"},
        {"  a: { day: D+1, tone: reminder, via: [sms, email], template: texto }\n  b: { after: { step: a, has: read }, tone: "
         "firm, template: texto }\n",
         "8:31: error: no channel of step \"a\" can prove \"read\": at most sms delivered, email accepted "
         "[evidence-unreachable]\n"},
        {"  a: { day: D+5, tone: firm, template: texto }\n  b: { day: D+8, tone: reminder, template: texto }\n",
         "8:24: warning: step \"b\" (reminder) comes after \"a\" (firm): a debtor who was warned is asked kindly again "
         "[tone-goes-down]\n"},
        {NOTICE "  b: { after: { step: aviso, has: delivered }, tone: courtesy, template: texto }\n",
         "8:54: warning: step \"b\" (courtesy) comes after \"aviso\" (notice): a debtor who was warned is asked kindly again "
         "[tone-goes-down]\n"},
        {"  b: { day: D+8, tone: reminder, template: texto }\n  a: { day: D+15, tone: firm, template: texto }\n", ""},
        {"  a: { day: D+5, tone: firm, template: texto }\n  b: { day: D+8, tone: info, template: texto }\n", ""},
    };
    check_rows(rows, RG_COUNT(rows));
}

#define NO_NOTICE(place, remedy) \
    place \
        " error: step \"corte\" (sanction) has no earlier notice with evidence: delivered and a term; telecom asks for 15 days " \
        "(calendar br-telecom, RGC 765/2023). " remedy " [sanction-without-notice]\n"

static void law(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"  corte: { day: D+30, tone: sanction, signal: service.suspend_requested }\n",
         NO_NOTICE("7:3:", "Add a step of tone: notice, and after: { step: its name, has: term_ended }")},
        {"  aviso: { day: D+15, tone: notice, template: texto, evidence: accepted, term: 15d }\n" SUSPEND,
         NO_NOTICE("8:3:",
                   "Give step \"aviso\" evidence: delivered and a term, and add after: { step: aviso, has: term_ended }")},
        {NOTICE
         "  corte: { after: { step: aviso, has: delivered, wait: 15d }, tone: sanction, signal: service.suspend_requested }\n",
         NO_NOTICE("8:3:", "Add after: { step: aviso, has: term_ended }")},
        {"  aviso: { day: D+15, tone: notice, template: texto, evidence: delivered, term: 10d }\n" SUSPEND,
         "7:81: error: step \"aviso\" grants 10 days before \"corte\"; telecom asks for 15 days (calendar br-telecom, RGC "
         "765/2023) "
         "[sanction-without-notice]\n"},
        {"  aviso: { day: D+15, tone: notice, template: texto, evidence: delivered, term: { default: 15d, SP: 14d } }\n" SUSPEND,
         "7:81: error: step \"aviso\" grants 14 days before \"corte\"; telecom asks for 15 days (calendar br-telecom, RGC "
         "765/2023) "
         "[sanction-without-notice]\n"},
        {"  a: { day: D+20, tone: notice, kind: extrajudicial, template: texto, evidence: delivered, term: 8d }\n",
         "7:98: warning: an extrajudicial notice of 8 days; a short term, at most 7 days, is what makes it taken seriously "
         "[notice-over-seven-days]\n"},
    };
    check_rows(rows, RG_COUNT(rows));
}

static void hours(void **state)
{
    (void)state;
    static const struct {
        const char *hours, *heads;
    } rows[] = {
        {"{ weekdays: 08:00-20:00, saturday: 08:00-14:00 }", ""},
        {"{ weekdays: 09:00-18:00 }", ""},
        {"{ weekdays: 07:59-20:00 }",
         "6:22: error: 07:59-20:00 on weekdays is wider than the calendar allows: 08:00-20:00 (calendar br-telecom, "
         "SP Lei 15.426/2014, AL Lei 7.782/2016) [hours-wider-than-law]\n"},
        {"{ weekdays: 08:00-20:01 }",
         "6:22: error: 08:00-20:01 on weekdays is wider than the calendar allows: 08:00-20:00 (calendar br-telecom, "
         "SP Lei 15.426/2014, AL Lei 7.782/2016) [hours-wider-than-law]\n"},
        {"{ saturday: 08:00-15:00 }",
         "6:22: error: 08:00-15:00 on Saturday is wider than the calendar allows: 08:00-14:00 (calendar br-telecom, "
         "SP Lei 15.426/2014, AL Lei 7.782/2016) [hours-wider-than-law]\n"},
        {"{ sunday: 10:00-12:00 }",
         "6:20: error: 10:00-12:00 on Sunday is wider than the calendar allows: none (calendar br-telecom, "
         "SP Lei 15.426/2014, AL Lei 7.782/2016) [hours-wider-than-law]\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct found f;
        char yaml[2048];
        (void)snprintf(yaml, sizeof yaml,
                       "language: 1\nladder: internet\npriority: 10\ncalendar: br-telecom\ndefaults:\n  hours: %s\n  via: "
                       "[sms]\nsteps:\n" OK_STEP TAIL,
                       rows[i].hours);
        found_load(&f, yaml);
        assert_string_equal(found_heads(&f), rows[i].heads);
        found_done(&f);
    }
}

static void top(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *heads;
    } rows[] = {
        {"language: 2\nladder: a\npriority: 1\nsteps:\n" OK_STEP TAIL,
         "1:11: error: \"language\" is 2; expected 1 to 1 [out-of-range]\n"
         "5:3: error: step \"atraso\" has no channels; expected via here or in defaults [missing-key]\n"},
        {"language: 1\nladder: a\npriority: 1\ndefaults: { via: [smss] }\nsteps:\n" OK_STEP TAIL, /* one mistake, one finding */
         "4:19: error: unknown channel \"smss\", did you mean \"sms\"? expected one of email, letter, sms, whatsapp [unknown-value]\n"},
        {"language: 1\nladder: a\npriority: 1\nsteps: {}\n", "4:1: error: expected at least one step [missing-key]\n"},
        {"language: 1\nladder: a\npriority: 1\n", "1:1: error: missing key \"steps\" at the top level [missing-key]\n"},
        {"language: 1\nladder: a\npriority: 1\ncalendar: br-telecon\ndefaults: { via: [sms] }\nsteps:\n" OK_STEP TAIL,
         "4:11: error: unknown calendar \"br-telecon\", did you mean \"br-telecom\"? expected one of br-bank, br-generico, "
         "br-telecom "
         "[unknown-value]\n"},
        {"language: 1\nladder: a\npriority: 1\nsteps:\n" OK_STEP TAIL,
         "5:3: error: step \"atraso\" has no channels; expected via here or in defaults [missing-key]\n"},
        {"language: 1\nladder: a\npriority: 1\napplies: service.setor == \"telecom\"\ndefaults: { via: [sms] }\nsteps:\n" OK_STEP
             TAIL,
         "4:10: error: no fact \"service.setor\", did you mean \"service.sector\" (text)? reguactl check --facts lists all "
         "[unknown-fact]\n"},
        {"- a\n", "1:1: error: expected keys and values, got a list [mistyped]\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct found f;
        found_load(&f, rows[i].yaml);
        assert_string_equal(found_heads(&f), rows[i].heads);
        found_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),  cmocka_unit_test(values), cmocka_unit_test(not_yet), cmocka_unit_test(shape),
        cmocka_unit_test(order), cmocka_unit_test(law),    cmocka_unit_test(hours),   cmocka_unit_test(top),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The gates: one table, in the order in which an operator wants to hear of them — what is final about the invoice, what
 * people have said, what the step waits for, whom it can reach, and at last the clock and the frontier. Each looks at one
 * open case and answers whether it blocks, until when, and why. A new gate is a function and a row. */
#include "daemon/rules/look.h"

#include "brazil/days/bank.h"

#include <stdarg.h>
#include <stdio.h>

#define NOON (12 * 60)
#define SECOND_MS 1000
#define SYNCED_LOOK_MS (15 * RG_MS_PER_MINUTE)

void rg_case_why(struct rg_case *c, const char *fmt, ...)
{
    if (!c->look->explain)
        return;
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct rg_str why = rg_str(text);
    for (size_t i = 0; i < why.n; i++)
        if ((unsigned char)text[i] < ' ')
            text[i] = ' '; /* a reason that somebody gave may have several lines */
    while (!rg_utf8_valid(why))
        why.n--; /* cut within a character */
    c->why = rg_arena_str(c->look->record->arena, why);
}

static int64_t now(const struct rg_case *c)
{
    return c->look->world->now_ms;
}

static int64_t start_of(const struct rg_case *c, rg_day day)
{
    return rg_start_of_day(c->look->zone, day);
}

/* ---- final about the invoice ---- */

/* Whoever owes for so many years may not be pressed any more, out of court either. Reached is enough: the day of equal number is the
 * first on which nothing is said. */
static bool prescribed(const struct rg_look *look, const struct rg_invoice *invoice)
{
    rg_day first = rg_day_add_years(rg_payable_day(look, invoice), look->rules->policy.prescription_years);
    return first != RG_DAY_NONE && look->now.day >= first;
}

enum rg_gate rg_invoice_gate(struct rg_look *look, const struct rg_invoice *invoice)
{
    if (invoice->state == RG_INVOICE_VOIDED)
        return RG_GATE_VOIDED;
    if (invoice->state == RG_INVOICE_WRITTEN_OFF)
        return RG_GATE_WRITTEN_OFF;
    if (rg_record_paid(look->record, invoice, look->rules->policy.tolerance_cents))
        return RG_GATE_PAID;
    return prescribed(look, invoice) ? RG_GATE_PRESCRIBED : RG_GATE_NONE;
}

static bool gate_paid(struct rg_case *c)
{
    return rg_record_paid(c->look->record, c->invoice, c->look->rules->policy.tolerance_cents);
}

static bool gate_voided(struct rg_case *c)
{
    return c->invoice->state == RG_INVOICE_VOIDED;
}

static bool gate_written_off(struct rg_case *c)
{
    return c->invoice->state == RG_INVOICE_WRITTEN_OFF;
}

static bool gate_prescribed(struct rg_case *c)
{
    return prescribed(c->look, c->invoice);
}

/* ---- what people have said ---- */

/* Nobody tells each debtor that a stop was lifted: he stays due, and is looked at then. */
static bool gate_stopped(struct rg_case *c)
{
    if (c->look->world->stopped && !c->look->explain)
        c->until_ms = c->look->world->due_ms;
    return c->look->world->stopped;
}

static const struct rg_note *note_about(const struct rg_record *record, const char *what)
{
    for (size_t i = 0; i < record->note_count; i++)
        if (record->notes[i].about.n >= rg_str(what).n && rg_str_eq((struct rg_str){record->notes[i].about.p, rg_str(what).n}, rg_str(what)))
            return &record->notes[i];
    return NULL;
}

static bool gate_held(struct rg_case *c)
{
    int64_t until = 0;
    const struct rg_record *record = c->look->record;
    if (record->overflowing) {
        rg_case_why(c, "more than can be kept of one debtor");
        return true;
    }
    if (!rg_record_held(record, c->invoice, now(c), &until))
        return false;
    c->until_ms = until == 0 ? RG_NEVER : until;
    const struct rg_note *note = note_about(record, "debtor.held");
    char text[RG_WHEN_TEXT_MAX];
    const char *until_text = rg_when_text(c->look->zone, c->until_ms, text);
    if (note != NULL)
        rg_case_why(c, "until %s, \"" RG_STR_FMT "\"", until_text, RG_STR_ARG(note->text));
    else
        rg_case_why(c, "until %s", until_text);
    return true;
}

static bool gate_protected(struct rg_case *c)
{
    const struct rg_record *record = c->look->record;
    if (!rg_record_protected(record, now(c)))
        return false;
    if (record->protection_until_ms != 0)
        c->until_ms = record->protection_until_ms;
    rg_case_why(c, "%s", rg_protection_name(record->protection));
    return true;
}

static bool gate_disputed(struct rg_case *c)
{
    const struct rg_stamp *set = &c->invoice->set[RG_IG_DISPUTE];
    if (rg_invoice_excused(c->invoice))
        rg_case_why(c, "it ended for the debtor");
    if (c->invoice->disputed || rg_invoice_excused(c->invoice))
        return true;
    if (set->time_ms == 0 || c->step->tone != RG_TONE_SANCTION)
        return false;
    c->until_ms = rg_after_bank_days(c->look, rg_local_at(c->look->zone, set->time_ms).day,
                                     c->look->rules->policy.after_dispute_bank_days);
    if (c->until_ms <= now(c))
        return false;
    rg_case_why(c, "the dispute was closed too recently for a sanction");
    return true;
}

static bool gate_promised(struct rg_case *c)
{
    rg_day on = c->look->record->promise_on;
    if (on == RG_DAY_NONE)
        return false;
    c->until_ms = rg_promise_ends(c->look);
    bool stands = c->until_ms > now(c);
    char text[RG_DAY_TEXT_MAX];
    rg_day_format(on, text);
    rg_case_why(c, stands ? "for %s" : "for %s, and did not", text);
    return stands;
}

static bool gate_debit_scheduled(struct rg_case *c)
{
    if (c->invoice->debit_on == RG_DAY_NONE)
        return false;
    c->until_ms = rg_debit_ends(c->look, c->invoice);
    return c->until_ms > now(c);
}

/* ---- what the step asks for ---- */

static bool gate_condition(struct rg_case *c)
{
    struct rg_str held = {0};
    for (size_t i = 0; i < RG_COUNT(c->step->when); i++) {
        if (c->step->when[i] == NULL)
            continue;
        if (rg_look_test(c->look, c->invoice, c->step->when[i], &c->why) == RG_CEL_TRUE) {
            held = rg_str_has(held) ? rg_arena_printf(c->look->record->arena, RG_STR_FMT "; " RG_STR_FMT, RG_STR_ARG(held), RG_STR_ARG(c->why)) : c->why;
            continue;
        }
        if (rg_condition_reads_time(c->step->when[i]))
            c->until_ms = start_of(c, c->look->now.day + 1);
        return true;
    }
    c->why = held;
    return false;
}

const char *rg_look_missing(const struct rg_look *look, const struct rg_invoice *v, uint32_t wanted, bool term)
{
    const struct rg_record *record = look->record;
    bool discount = (wanted & RG_TN_DISCOUNT) != 0 && rg_look_discount_cents(look, v, rg_record_balance_cents(record, v)) > 0;
    const struct {
        uint32_t need;
        bool there;
        const char *what;
    } needs[] = {
        {RG_TN_NAME, rg_str_has(record->name), "nome"},
        {RG_TN_PIX, v->has_pix, "pix"},
        {RG_TN_BOLETO, v->has_boleto, "boleto"},
        {RG_TN_LINK, v->has_link, "link"},
        {RG_TN_SERVICE, rg_str_has(v->service), "servico"},
        {RG_TN_CONTRACT, rg_str_has(v->contract), "contrato"},
        {RG_TN_DISCOUNT, discount, "desconto"},
        {RG_TN_DOCUMENT, rg_str_has(record->document), "documento_mascarado"},
        {RG_TN_VALID_UNTIL, v->pix_until != RG_DAY_NONE || v->boleto_until != RG_DAY_NONE, "valido_ate"},
        {RG_TN_TERM | RG_TN_CUT_DATE, term, "prazo"},
    };
    for (size_t i = 0; i < RG_COUNT(needs); i++)
        if ((wanted & needs[i].need) != 0 && !needs[i].there)
            return needs[i].what;
    return NULL;
}

static bool gate_missing_data(struct rg_case *c)
{
    const char *what = rg_look_missing(c->look, c->invoice, c->step->template_needs, c->step->term.given);
    if (what != NULL)
        rg_case_why(c, "%s, for template " RG_STR_FMT, what, RG_STR_ARG(c->step->template));
    return what != NULL;
}

/* ---- whom it can reach ---- */

const struct rg_contact *rg_usable_contact(const struct rg_record *record, struct rg_str channel)
{
    const struct rg_contact *found = NULL;
    for (size_t i = 0; i < record->contact_count; i++) {
        const struct rg_contact *contact = &record->contacts[i];
        if (contact->verified_false || !rg_str_eq(contact->channel, channel))
            continue;
        if (found == NULL || (contact->preferred && !found->preferred))
            found = contact;
    }
    return found;
}

int64_t rg_backoff_ms(int tries)
{
    int64_t ms = 30 * INT64_C(1000);
    for (int i = 1; i < tries && ms < 4 * 60 * RG_MS_PER_MINUTE; i++)
        ms *= 4;
    return ms;
}

int64_t rg_retry_at(const struct rg_done *done)
{
    int64_t longest_ms = 90 * RG_MS_PER_DAY; /* a provider may ask for anything */
    int64_t wait_ms = done->retry_after_ms > 0 ? done->retry_after_ms : rg_backoff_ms(done->tries);
    return done->at_ms + (wait_ms < longest_ms ? wait_ms : longest_ms);
}

static bool channel_refused(const struct rg_case *c, struct rg_str channel)
{
    const struct rg_done *done = c->done;
    for (size_t i = 0; done != NULL && i < done->refused_count; i++)
        if (rg_str_eq(done->refused[i], channel))
            return true;
    if (done == NULL || !rg_str_eq(done->channel, channel) || rg_notice_lapsed(done, c->balance_cents))
        return false;
    bool unproven = done->state == RG_DONE_SENT || done->state == RG_DONE_UNCERTAIN; /* only looked at again when its time to prove is over */
    return unproven || (done->state == RG_DONE_RETRY && done->tries >= RG_TRIES_MAX);
}

/* The first channel of `via` that is still good; else the gate that says why none is. */
static enum rg_gate choose_channel(struct rg_case *c)
{
    const struct rg_rules *rules = c->look->rules;
    bool any_refused = false, any_opted_out = false;
    for (int i = 0; i < c->step->via_count; i++) {
        const struct rg_channel_info *channel = &rules->channels[c->step->via[i]];
        if (channel->best_evidence < c->step->evidence)
            continue;
        if (channel_refused(c, channel->name)) {
            any_refused = true;
        } else if (rg_record_opted_out(c->look->record, channel->name)) {
            any_opted_out = true;
        } else if (rg_usable_contact(c->look->record, channel->name) != NULL) {
            c->channel = c->step->via[i];
            return RG_GATE_NONE;
        }
    }
    return any_refused ? RG_GATE_NOT_DELIVERED : any_opted_out ? RG_GATE_OPTED_OUT : RG_GATE_UNREACHABLE;
}

bool rg_case_can_speak(struct rg_case *c)
{
    return !gate_condition(c) && !gate_missing_data(c) && choose_channel(c) == RG_GATE_NONE;
}

static void list_via(struct rg_case *c)
{
    if (!c->look->explain)
        return;
    struct rg_buf text;
    char memory[512];
    rg_buf_over(&text, memory, sizeof memory);
    for (int i = 0; i < c->step->via_count; i++)
        rg_buf_addf(&text, "%s" RG_STR_FMT, i > 0 ? ", " : "", RG_STR_ARG(c->look->rules->channels[c->step->via[i]].name));
    c->why = rg_arena_str(c->look->record->arena, rg_buf_str(&text));
}

static bool gate_opted_out(struct rg_case *c)
{
    if (c->step->kind != RG_ACT_MESSAGE || choose_channel(c) != RG_GATE_OPTED_OUT)
        return false;
    list_via(c);
    return true;
}

static bool gate_unreachable(struct rg_case *c)
{
    if (c->step->kind != RG_ACT_MESSAGE || choose_channel(c) != RG_GATE_UNREACHABLE)
        return false;
    list_via(c);
    return true;
}

static bool gate_not_delivered(struct rg_case *c)
{
    if (c->step->kind != RG_ACT_MESSAGE || choose_channel(c) != RG_GATE_NOT_DELIVERED)
        return false;
    list_via(c);
    return true;
}

/* ---- hours ---- */

static int64_t next_opening(const struct rg_case *c)
{
    int64_t after = now(c);
    for (rg_day day = c->look->now.day; day < c->look->now.day + RG_CLOSED_DAYS_MAX; day++) {
        struct rg_hours hours = rg_message_hours(c->look, c->ladder, day);
        if (rg_hours_closed(hours))
            continue;
        int64_t opens = rg_instant_at(c->look->zone, day, hours.open_minute) + rg_jitter_ms(c->look->record, hours);
        if (opens > after)
            return opens;
    }
    return after + RG_MS_PER_DAY;
}

/* Open from the opening plus the debtor's own place in the herd, to the closing. */
static bool within_hours(const struct rg_case *c)
{
    struct rg_hours hours = rg_message_hours(c->look, c->ladder, c->look->now.day);
    if (!rg_hours_has(hours, c->look->now.minute))
        return false;
    return now(c) >= rg_instant_at(c->look->zone, c->look->now.day, hours.open_minute) + rg_jitter_ms(c->look->record, hours);
}

/* ---- payments known ---- */

static void sooner(int64_t *until_ms, int64_t instant_ms)
{
    if (instant_ms < *until_ms)
        *until_ms = instant_ms;
}

/* Banks keep the time of Brasília wherever the debtor lives. */
static const struct rg_zone *bank_zone(void)
{
    return rg_zone_of_state(RG_STR("SP"));
}

/* Through the end of the bank day `through` and `local_end_ms`, by every payments source; a word for the last second of a day speaks
 * for the day. A boleto paid on a day is known a bank day later: for an invoice that has one, a live source counts only from noon of
 * the next bank day. A live source that is behind is waited for like the frontier: the look stays due until upstream has been read
 * past what is needed. What a synced one knows stands in regua.control, of which no debtor is told: it is looked at again now and
 * then. */
static bool payments_known(const struct rg_look *look, const struct rg_invoice *invoice, rg_day through, int64_t local_end_ms,
                           int64_t *ret_until_ms)
{
    *ret_until_ms = RG_NEVER;
    if (look->world->all_known)
        return true;
    int64_t bank_end_ms = rg_start_of_day(bank_zone(), through + 1);
    int64_t needed = bank_end_ms > local_end_ms ? bank_end_ms : local_end_ms;
    int64_t noon = rg_instant_at(bank_zone(), rg_bank_add(through, 1), NOON);
    bool known = true;
    for (int i = 0; i < look->rules->source_count; i++) {
        enum rg_payments_known how = look->rules->sources[i].payments;
        if (how == RG_PAYMENTS_NONE)
            continue;
        int64_t at = look->world->known_through_ms == NULL ? -1 : look->world->known_through_ms[i];
        if (at < needed - SECOND_MS) {
            known = false;
            int64_t due_ms = look->world->due_ms > needed ? look->world->due_ms : needed;
            sooner(ret_until_ms, how == RG_PAYMENTS_LIVE ? due_ms : look->world->now_ms + SYNCED_LOOK_MS);
        }
        if (how == RG_PAYMENTS_LIVE && invoice->has_boleto && look->world->now_ms < noon) {
            known = false;
            sooner(ret_until_ms, noon);
        }
    }
    return known;
}

static bool gate_payments_fresh(struct rg_case *c)
{
    bool wanted = c->step->tone == RG_TONE_SANCTION || (c->step->needs & RG_NEEDS_PAYMENTS_FRESH) != 0;
    rg_day through = rg_bank_preceding(c->look->now.day - 1);
    if (!wanted)
        return false;
    bool known = payments_known(c->look, c->invoice, through, 0, &c->until_ms);
    char text[RG_DAY_TEXT_MAX];
    rg_day_format(through, text);
    rg_case_why(c, known ? "known through %s" : "needed through %s", text);
    return !known;
}

/* Until the payable day is over it cannot be known whether a payment was made on it. Messages of the days before it know nothing of
 * being late; a sanction waits for it, whatever its notice granted: nobody is cut off for what is not due. */
static bool gate_clearing(struct rg_case *c)
{
    rg_day payable = c->payable;
    bool over = c->look->now.day > payable;
    if (!over && c->step->tone != RG_TONE_SANCTION)
        return false;
    bool known = over && payments_known(c->look, c->invoice, payable, start_of(c, payable + 1), &c->until_ms);
    if (!over)
        c->until_ms = start_of(c, payable + 1);
    if (!known && c->step->kind == RG_ACT_MESSAGE && !within_hours(c) && c->until_ms < next_opening(c))
        c->until_ms = next_opening(c); /* no need to ask all night */
    char text[RG_DAY_TEXT_MAX];
    rg_day_format(payable, text);
    rg_case_why(c, known ? "known through %s, the payable day" : "needed through %s, the payable day", text);
    return !known;
}

/* ---- the clock ---- */

static const char *holiday_today(const struct rg_case *c)
{
    return rg_calendar_holiday(c->ladder->calendar, c->look->record->state, c->look->record->city, c->look->now.day);
}

static bool gate_hours(struct rg_case *c)
{
    char text[RG_WHEN_TEXT_MAX];
    if (c->step->kind != RG_ACT_MESSAGE || within_hours(c) || holiday_today(c) != NULL)
        return false;
    c->until_ms = next_opening(c);
    rg_case_why(c, "opens %s", rg_when_text(c->look->zone, c->until_ms, text));
    return true;
}

static bool gate_holiday(struct rg_case *c)
{
    char text[RG_WHEN_TEXT_MAX];
    const char *name = c->step->kind == RG_ACT_MESSAGE ? holiday_today(c) : NULL;
    if (name == NULL || within_hours(c))
        return false;
    c->until_ms = next_opening(c);
    rg_case_why(c, "%s; opens %s", name, rg_when_text(c->look->zone, c->until_ms, text));
    return true;
}

static bool gate_cut_calendar(struct rg_case *c)
{
    const struct rg_record *record = c->look->record;
    const struct rg_calendar *cal = c->ladder->calendar;
    if (c->step->signal != RG_SIGNAL_SUSPEND_REQUESTED || !cal->cut.given)
        return false;
    struct rg_hours today = rg_calendar_cut_hours(cal, record->state, record->city, c->look->now.day);
    if (rg_hours_has(today, c->look->now.minute))
        return false;
    rg_day from = c->look->now.minute < today.open_minute ? c->look->now.day : c->look->now.day + 1;
    rg_day day = rg_calendar_next_cut(cal, record->state, record->city, from);
    if (day != RG_DAY_NONE)
        c->until_ms = rg_instant_at(c->look->zone, day, rg_calendar_cut_hours(cal, record->state, record->city, day).open_minute);
    char text[RG_WHEN_TEXT_MAX];
    rg_case_why(c, "allowed from %s", rg_when_text(c->look->zone, c->until_ms, text));
    return true;
}

static bool gate_frontier(struct rg_case *c)
{
    const struct rg_world *world = c->look->world;
    if (world->all_known || rg_asof_allows(world->asof_ms, world->due_ms, world->now_ms))
        return false;
    c->until_ms = world->due_ms;
    rg_case_why(c, "waiting for %s" RG_STR_FMT, rg_str_has(world->lagging) ? "" : "the sources", RG_STR_ARG(world->lagging));
    return true;
}

static const struct {
    enum rg_gate gate;
    bool (*blocks)(struct rg_case *c);
} table[] = {
    {RG_GATE_PAID, gate_paid},
    {RG_GATE_VOIDED, gate_voided},
    {RG_GATE_WRITTEN_OFF, gate_written_off},
    {RG_GATE_PRESCRIBED, gate_prescribed},
    {RG_GATE_STOPPED, gate_stopped},
    {RG_GATE_HELD, gate_held},
    {RG_GATE_PROTECTED, gate_protected},
    {RG_GATE_DISPUTED, gate_disputed},
    {RG_GATE_PROMISED, gate_promised},
    {RG_GATE_DEBIT_SCHEDULED, gate_debit_scheduled},
    {RG_GATE_TOO_OLD, rg_gate_too_old},
    {RG_GATE_SUPERSEDED, rg_gate_superseded},
    {RG_GATE_CONDITION, gate_condition},
    {RG_GATE_MISSING_DATA, gate_missing_data},
    {RG_GATE_OPTED_OUT, gate_opted_out},
    {RG_GATE_UNREACHABLE, gate_unreachable},
    {RG_GATE_NOT_DELIVERED, gate_not_delivered},
    {RG_GATE_PAYMENTS_FRESH, gate_payments_fresh},
    {RG_GATE_CLEARING, gate_clearing},
    {RG_GATE_HOURS, gate_hours},
    {RG_GATE_HOLIDAY, gate_holiday},
    {RG_GATE_CUT_CALENDAR, gate_cut_calendar},
    {RG_GATE_CAPS, rg_gate_caps},
    {RG_GATE_GAP, rg_gate_gap},
    {RG_GATE_FRONTIER, gate_frontier},
};

static void note_view(struct rg_case *c, enum rg_gate gate, bool blocks)
{
    if (c->look->explain && (blocks || rg_str_has(c->why)))
        *RG_PUSH(c->look->record->arena, c->gates, c->gate_count, c->gate_cap) =
            (struct rg_gate_view){.gate = gate, .blocks = blocks, .until_ms = c->until_ms, .why = c->why};
}

/* Of a step that comes after another: how that came to be enough, and since when. */
static void note_prerequisite(struct rg_case *c)
{
    int64_t since_ms;
    if (!c->look->explain || c->step->after_step < 0)
        return;
    c->why = (struct rg_str){0};
    if (rg_case_prerequisite(c, &since_ms) == RG_GATE_NONE)
        note_view(c, c->step->after_has == RG_HAS_TERM_ENDED ? RG_GATE_TERM : RG_GATE_PREREQUISITE, false);
}

enum rg_gate rg_case_gate(struct rg_case *c)
{
    enum rg_gate first = RG_GATE_NONE;
    struct rg_str why = {0};
    int64_t until = RG_NEVER;
    note_prerequisite(c);
    for (size_t i = 0; i < RG_COUNT(table); i++) {
        c->until_ms = RG_NEVER;
        c->why = (struct rg_str){0};
        bool blocks = table[i].blocks(c);
        note_view(c, table[i].gate, blocks);
        if (!blocks)
            continue;
        if (first == RG_GATE_NONE) {
            first = table[i].gate;
            why = c->why;
            until = c->until_ms;
        }
        if (!c->look->explain)
            break;
    }
    c->why = why;
    c->until_ms = until;
    return first;
}

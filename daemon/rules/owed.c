/* What we owe the debtor once he has paid: service back, a word of thanks, an excuse for a message that crossed his payment.
 * Signals go out each by itself; a word speaks for all that was paid on its day.
 *
 * A restore is owed from the moment a suspend was claimed for delivery, and from then on whatever became of it, for exactly the
 * invoices the suspend named, when all of them are paid, void, or in a dispute that ended for the debtor. It is decided without
 * looking upstream, at any hour, in any mode but for a stop, and its sequence is above that of every suspend before it. */
#include "daemon/rules/look.h"

#define THANKS_WITHIN_MS (3 * RG_MS_PER_DAY) /* nobody is thanked for what was paid long ago */
#define ALARM_AGAIN_MS RG_MS_PER_DAY

static bool restored(const struct rg_invoice *invoice, const struct rg_done *suspend)
{
    for (size_t i = 0; i < invoice->done_count; i++) {
        const struct rg_done *done = &invoice->done[i];
        bool alive = done->state == RG_DONE_QUEUED || done->state == RG_DONE_CLAIMED || done->state == RG_DONE_SENT;
        if (done->signal == RG_SIGNAL_RESTORE_REQUESTED && done->sequence > suspend->sequence && alive)
            return true;
    }
    return false;
}

static bool closed(const struct rg_look *look, const struct rg_invoice *invoice)
{
    bool paid = rg_record_paid(look->record, invoice, look->rules->policy.tolerance_cents);
    return paid || invoice->state == RG_INVOICE_VOIDED || rg_invoice_excused(invoice);
}

/* The suspend's entry in another invoice of the same action. */
static const struct rg_done *same_action(const struct rg_invoice *invoice, const struct rg_done *suspend)
{
    for (size_t i = 0; i < invoice->done_count; i++)
        if (invoice->done[i].signal == RG_SIGNAL_SUSPEND_REQUESTED && rg_done_shares(&invoice->done[i], suspend))
            return &invoice->done[i];
    return NULL;
}

static bool all_closed(const struct rg_look *look, const struct rg_done *suspend)
{
    for (size_t i = 0; i < look->record->invoice_count; i++) {
        const struct rg_invoice *invoice = &look->record->invoices[i];
        if (same_action(invoice, suspend) != NULL && !closed(look, invoice))
            return false;
    }
    return true;
}

/* A restore that was refused is decided again, but not in a circle: when it may be. */
static int64_t again_at(const struct rg_invoice *invoice, const struct rg_done *suspend)
{
    int64_t at_ms = 0;
    for (size_t i = 0; i < invoice->done_count; i++) {
        const struct rg_done *done = &invoice->done[i];
        bool its = done->signal == RG_SIGNAL_RESTORE_REQUESTED && done->sequence > suspend->sequence;
        if (its && done->state == RG_DONE_REJECTED && rg_retry_at(done) > at_ms)
            at_ms = rg_retry_at(done);
    }
    return at_ms;
}

static const struct rg_owed *restore_rule(const struct rg_ladder *ladder)
{
    for (int i = 0; ladder != NULL && i < ladder->owed_count; i++)
        if (ladder->owed[i].signal == RG_SIGNAL_RESTORE_REQUESTED)
            return &ladder->owed[i];
    return NULL;
}

static void view_owed(struct rg_look *look, const struct rg_invoice *invoice, const struct rg_ladder *ladder, struct rg_str name, int64_t opens_ms)
{
    struct rg_decided *out = look->out;
    bool stopped = look->world->stopped, now = opens_ms <= look->world->now_ms;
    *RG_PUSH(look->record->arena, out->views, out->view_count, out->view_cap) =
        (struct rg_step_view){.kind = stopped ? RG_VIEW_BLOCKED : now ? RG_VIEW_DECIDED : RG_VIEW_WAITING, .invoice = invoice, .ladder = ladder,
                              .name = name, .repetition = 1, .gate = stopped ? RG_GATE_STOPPED : RG_GATE_NONE, .opens_ms = opens_ms,
                              .closes_ms = RG_NEVER, .until_ms = now ? RG_NEVER : opens_ms};
}

static void view_said(struct rg_look *look, const struct rg_invoice *invoice, const struct rg_ladder *ladder, struct rg_str name)
{
    struct rg_decided *out = look->out;
    *RG_PUSH(look->record->arena, out->views, out->view_count, out->view_cap) =
        (struct rg_step_view){.kind = RG_VIEW_DONE, .invoice = invoice, .ladder = ladder, .name = name, .repetition = 1,
                              .gate = RG_GATE_COVERED, .until_ms = RG_NEVER, .why = RG_STR("said of another invoice that day")};
}

/* Rules may have changed or forgotten the step: what is owed does not depend on them, only its name does. */
static void owe_restore(struct rg_look *look, struct rg_invoice *first, const struct rg_done *suspend)
{
    const struct rg_ladder *ladder = rg_look_ladder(look, first);
    const struct rg_owed *rule = restore_rule(ladder);
    struct rg_str name = rule != NULL ? rule->name : RG_STR("restore");
    if (look->explain) {
        view_owed(look, first, ladder, name, look->world->now_ms);
        return;
    }
    struct rg_decision *d = rg_emit_begin(look, ladder, name, 1);
    d->kind = RG_ACT_SIGNAL;
    d->tone = RG_TONE_INFO;
    d->signal = RG_SIGNAL_RESTORE_REQUESTED;
    d->channel = look->rules->channels[look->rules->signals_channel].name;
    d->owed = true;
    d->uncertain = RG_UNCERTAIN_RESEND;
    d->sequence = look->record->sequence + 1;
    for (size_t i = 0; i < look->record->invoice_count && d->invoice_count < RG_DECISION_INVOICES_MAX; i++) {
        struct rg_invoice *invoice = &look->record->invoices[i];
        const struct rg_done *named = same_action(invoice, suspend);
        if (named != NULL)
            rg_emit_invoice(look, d, invoice, named->cycle, false);
    }
    rg_emit_finish(look, d);
}

/* The first suspend of an invoice whose restore is owed and not on its way. */
static const struct rg_done *owing(const struct rg_look *look, const struct rg_invoice *invoice)
{
    for (size_t i = 0; i < invoice->done_count; i++)
        if (rg_done_suspends(&invoice->done[i]) && !restored(invoice, &invoice->done[i]) && all_closed(look, &invoice->done[i]))
            return &invoice->done[i];
    return NULL;
}

static void look_restores(struct rg_look *look)
{
    struct rg_record *record = look->record;
    for (size_t i = 0; i < record->invoice_count; i++) {
        const struct rg_done *suspend = owing(look, &record->invoices[i]); /* one is enough: its restore is above every suspend before it */
        if (suspend != NULL && look->world->stopped && !look->explain)
            rg_look_prompt_at(look, look->world->now_ms); /* when the stop is lifted */
        else if (suspend != NULL && again_at(&record->invoices[i], suspend) > look->world->now_ms)
            rg_look_prompt_at(look, again_at(&record->invoices[i], suspend));
        else if (suspend != NULL)
            owe_restore(look, &record->invoices[i], suspend);
    }
}

bool rg_owes(const struct rg_rules *rules, const struct rg_world *world, struct rg_record *record)
{
    struct rg_look look = {.rules = rules, .world = world, .record = record};
    for (size_t i = 0; i < record->invoice_count; i++)
        if (owing(&look, &record->invoices[i]) != NULL)
            return true;
    return false;
}

static int64_t paid_at(const struct rg_invoice *invoice)
{
    int64_t last = 0;
    for (size_t i = 0; i < invoice->payment_count; i++) {
        const struct rg_payment *p = &invoice->payments[i];
        int64_t first = p->confirmed_ms == 0 || (p->settled_ms != 0 && p->settled_ms < p->confirmed_ms) ? p->settled_ms : p->confirmed_ms;
        if (first > last)
            last = first;
    }
    return last;
}

/* ---- the clock of a restore ---- */

/* The last restore that answers a suspend, however it ended; NULL: none was decided. */
static const struct rg_done *answer_to(const struct rg_invoice *invoice, const struct rg_done *suspend)
{
    const struct rg_done *answer = NULL;
    for (size_t i = 0; i < invoice->done_count; i++) {
        const struct rg_done *done = &invoice->done[i];
        bool its = done->signal == RG_SIGNAL_RESTORE_REQUESTED && done->sequence > suspend->sequence;
        if (its && (answer == NULL || done->sequence > answer->sequence))
            answer = done;
    }
    return answer;
}

/* When the last of its invoices was closed, by the word of whoever closed it; one closed by a credit, which has no date, by the
 * restore that was decided then. */
static int64_t owed_since(const struct rg_look *look, const struct rg_done *suspend, const struct rg_done *answer)
{
    int64_t since_ms = suspend->decided_ms;
    for (size_t i = 0; i < look->record->invoice_count; i++) {
        const struct rg_invoice *invoice = &look->record->invoices[i];
        if (same_action(invoice, suspend) == NULL)
            continue;
        int64_t at_ms = invoice->state == RG_INVOICE_VOIDED ? invoice->set[RG_IG_STATE].time_ms
                        : rg_invoice_excused(invoice)        ? invoice->set[RG_IG_DISPUTE].time_ms
                                                             : paid_at(invoice);
        if (at_ms == 0 && answer != NULL)
            at_ms = answer->decided_ms;
        if (at_ms > since_ms)
            since_ms = at_ms;
    }
    return since_ms;
}

/* What became of a suspend is over: another one came after it, its restore is confirmed, or nothing is owed for it. */
static bool made_good(const struct rg_look *look, const struct rg_invoice *invoice, const struct rg_done *suspend,
                      const struct rg_done *answer)
{
    for (size_t i = 0; i < invoice->done_count; i++)
        if (rg_done_suspends(&invoice->done[i]) && invoice->done[i].sequence > suspend->sequence)
            return true;
    return (answer != NULL && answer->confirmed_ms != 0) || !all_closed(look, suspend);
}

static bool named_before(const struct rg_look *look, size_t index, const struct rg_done *suspend)
{
    for (size_t i = 0; i < index; i++)
        if (same_action(&look->record->invoices[i], suspend) != NULL)
            return true;
    return false;
}

static void look_at_clock(struct rg_look *look, struct rg_invoice *invoice, const struct rg_done *suspend,
                          const struct rg_done *answer)
{
    const struct rg_ladder *ladder = rg_look_ladder(look, invoice);
    const struct rg_owed *rule = restore_rule(ladder);
    struct rg_span within = rule != NULL ? rule->within : (struct rg_span){RG_SPAN_MS, RG_RESTORE_MS};
    int64_t now_ms = look->world->now_ms, since_ms = owed_since(look, suspend, answer);
    int64_t limit_ms = rg_span_after(look->zone, since_ms, within);
    if (limit_ms > now_ms) {
        rg_look_prompt_at(look, limit_ms);
        return;
    }
    struct rg_decided *out = look->out;
    int64_t told_ms = now_ms - (now_ms - limit_ms) % ALARM_AGAIN_MS;
    *RG_PUSH(look->record->arena, out->overdue, out->overdue_count, out->overdue_cap) =
        (struct rg_overdue){.invoice = invoice, .name = rule != NULL ? rule->name : RG_STR("restore"), .since_ms = since_ms,
                            .limit_ms = limit_ms, .told_ms = told_ms};
    rg_look_prompt_at(look, told_ms + ALARM_AGAIN_MS);
}

/* A restore has its time until the system that restores has confirmed it, once for all invoices of a suspend. */
static void look_clocks(struct rg_look *look)
{
    struct rg_record *record = look->record;
    for (size_t i = 0; i < record->invoice_count; i++) {
        struct rg_invoice *invoice = &record->invoices[i];
        for (size_t k = 0; k < invoice->done_count; k++) {
            const struct rg_done *suspend = &invoice->done[k];
            const struct rg_done *answer = answer_to(invoice, suspend);
            if (rg_done_suspends(suspend) && !made_good(look, invoice, suspend, answer) && !named_before(look, i, suspend))
                look_at_clock(look, invoice, suspend, answer);
        }
    }
}

/* ---- thanks and excuses ---- */

/* Whether a dunning message went out at most `within` before the payment, or after it. */
static bool crossed(const struct rg_look *look, const struct rg_invoice *invoice, int cycle, int64_t paid_ms, struct rg_span within)
{
    for (size_t i = 0; i < invoice->done_count; i++) {
        const struct rg_done *done = &invoice->done[i];
        bool dunning = done->signal == RG_SIGNAL_NONE && done->tone >= RG_TONE_COURTESY && done->state == RG_DONE_SENT && done->cycle == cycle;
        if (dunning && rg_span_after(look->zone, done->at_ms, within) >= paid_ms)
            return true;
    }
    return false;
}

static bool finished(const struct rg_done *done)
{
    return done != NULL && done->state != RG_DONE_VOIDED && done->state != RG_DONE_EXPIRED && done->state != RG_DONE_RECALLED &&
           done->state != RG_DONE_RETRY;
}

static int usable_channel(const struct rg_look *look, const struct rg_owed *owed)
{
    for (int i = 0; i < owed->via_count; i++) {
        struct rg_str name = look->rules->channels[owed->via[i]].name;
        if (!rg_record_opted_out(look->record, name) && rg_usable_contact(look->record, name) != NULL)
            return owed->via[i];
    }
    return -1;
}

/* A word that is to be said now, about one invoice. */
struct word {
    struct rg_invoice *invoice; /* NULL: said */
    struct rg_str creditor;
    const struct rg_ladder *ladder;
    const struct rg_owed *owed;
    int channel;
};
struct words {
    struct word *items;
    size_t count, cap;
};

static bool excuses(const struct rg_owed *owed)
{
    return owed->when_crossed.unit != RG_SPAN_NONE;
}

/* Of an excuse another excuse says the same; of thanks an excuse too, for it begins with them. */
static bool says(const struct rg_ladder *ladder, struct rg_str step, const struct rg_owed *wanted)
{
    for (int i = 0; i < ladder->owed_count; i++)
        if (ladder->owed[i].kind == RG_ACT_MESSAGE && rg_str_eq(ladder->owed[i].name, step))
            return excuses(&ladder->owed[i]) || !excuses(wanted);
    return false;
}

/* One word a day is enough, whatever was paid on it: it was said today, or on the day of this payment, about another invoice. */
static bool said_of_another(const struct rg_look *look, const struct rg_invoice *invoice, const struct rg_ladder *ladder,
                            const struct rg_owed *owed, int64_t paid_ms)
{
    const struct rg_record *record = look->record;
    rg_day paid_on = rg_local_at(look->zone, paid_ms).day;
    for (size_t i = 0; i < record->invoice_count; i++) {
        const struct rg_invoice *other = &record->invoices[i];
        bool another = other != invoice && rg_str_eq(rg_look_creditor(look, other), rg_look_creditor(look, invoice));
        for (size_t k = 0; another && k < other->done_count; k++) {
            const struct rg_done *done = &other->done[k];
            rg_day day = rg_local_at(look->zone, done->decided_ms).day;
            bool alive = done->state == RG_DONE_QUEUED || done->state == RG_DONE_CLAIMED || done->state == RG_DONE_SENT ||
                         done->state == RG_DONE_UNCERTAIN;
            if (alive && (day == look->now.day || day == paid_on) && says(ladder, done->step, owed))
                return true;
        }
    }
    return false;
}

/* What stands in the way of a word that is owed, but for the clock. */
static bool kept_in(struct rg_look *look, struct rg_invoice *invoice, const struct rg_owed *owed, const struct rg_done *done,
                    int *ret_channel)
{
    int64_t until_ms, now_ms = look->world->now_ms;
    if (look->world->stopped && !look->explain) {
        rg_look_prompt_at(look, now_ms); /* when the stop is lifted */
        return true;
    }
    *ret_channel = usable_channel(look, owed);
    if (*ret_channel < 0 || rg_record_held(look->record, invoice, now_ms, &until_ms) ||
        rg_look_missing(look, invoice, owed->template_needs, false) != NULL)
        return true;
    bool later = done != NULL && done->state == RG_DONE_RETRY && now_ms < rg_retry_at(done);
    if (later)
        rg_look_prompt_at(look, rg_retry_at(done));
    return later;
}

static void wait_for_hours(struct rg_look *look, const struct rg_invoice *invoice, const struct rg_ladder *ladder,
                           const struct rg_owed *owed)
{
    for (rg_day day = look->now.day; day < look->now.day + 7; day++) {
        struct rg_hours open = rg_message_hours(look, ladder, day);
        int64_t opens_ms = rg_instant_at(look->zone, day, open.open_minute);
        if (rg_hours_closed(open) || opens_ms <= look->world->now_ms)
            continue;
        if (!look->world->stopped)
            rg_look_prompt_at(look, opens_ms);
        if (look->explain)
            view_owed(look, invoice, ladder, owed->name, opens_ms);
        return;
    }
}

/* One word per paid cycle: the excuse where a message crossed the payment, else the thanks; at the debtor's hours. */
static void look_word(struct rg_look *look, struct rg_invoice *invoice, const struct rg_ladder *ladder,
                      const struct rg_owed *owed, bool *said, struct words *now)
{
    int cycle = rg_invoice_cycle(invoice), channel = -1;
    int64_t paid_ms = paid_at(invoice);
    const struct rg_done *done = rg_invoice_done(invoice, owed->name, 1, cycle);
    if (finished(done)) {
        *said = true;
        return;
    }
    if (*said || paid_ms == 0 || paid_ms + THANKS_WITHIN_MS < look->world->now_ms ||
        (excuses(owed) && !crossed(look, invoice, cycle, paid_ms, owed->when_crossed)) ||
        (owed->when != NULL && rg_look_test(look, invoice, owed->when, NULL) != RG_CEL_TRUE))
        return;
    if (said_of_another(look, invoice, ladder, owed, paid_ms)) {
        *said = true;
        if (look->explain)
            view_said(look, invoice, ladder, owed->name);
        return;
    }
    if (kept_in(look, invoice, owed, done, &channel))
        return;
    *said = true;
    if (rg_hours_has(rg_message_hours(look, ladder, look->now.day), look->now.minute))
        *RG_PUSH(look->record->arena, now->items, now->count, now->cap) =
            (struct word){invoice, rg_look_creditor(look, invoice), ladder, owed, channel};
    else
        wait_for_hours(look, invoice, ladder, owed);
}

static bool same_word(const struct word *a, const struct word *b)
{
    return rg_str_eq(a->owed->name, b->owed->name) && rg_str_eq(a->owed->template, b->owed->template) &&
           rg_str_eq(a->creditor, b->creditor) && a->ladder->mode == b->ladder->mode;
}

/* One message for all that it is said of; more than it can name are meant, too. */
static void emit_word(struct rg_look *look, struct words *words, size_t first)
{
    const struct word said = words->items[first];
    struct rg_decision *d = rg_emit_begin(look, said.ladder, said.owed->name, 1);
    int64_t since_ms = 0;
    d->kind = RG_ACT_MESSAGE;
    d->tone = RG_TONE_INFO;
    d->text = said.owed->template;
    d->channel = look->rules->channels[said.channel].name;
    d->mode = rg_look_live(look, said.ladder, NULL, &since_ms) ? RG_MODE_LIVE : RG_MODE_SHADOW;
    d->until_ms = rg_instant_at(look->zone, look->now.day, rg_message_hours(look, said.ladder, look->now.day).close_minute);
    for (size_t i = first; i < words->count; i++) {
        struct word *word = &words->items[i];
        if (word->invoice == NULL || !same_word(&said, word))
            continue;
        if (d->invoice_count < RG_DECISION_INVOICES_MAX)
            rg_emit_invoice(look, d, word->invoice, rg_invoice_cycle(word->invoice), false);
        word->invoice = NULL;
    }
    rg_emit_finish(look, d);
}

/* Where somebody is begged pardon he is thanked already. */
static bool thanked_by_an_excuse(const struct words *words, const struct word *thanks)
{
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->items[i];
        if (excuses(word->owed) && rg_str_eq(word->creditor, thanks->creditor))
            return !excuses(thanks->owed);
    }
    return false;
}

static void say_words(struct rg_look *look, struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->items[i];
        if (word->invoice == NULL || thanked_by_an_excuse(words, word))
            continue;
        if (look->explain)
            view_owed(look, word->invoice, word->ladder, word->owed->name, look->world->now_ms);
        else
            emit_word(look, words, i);
    }
}

void rg_look_owed(struct rg_look *look)
{
    struct words words = {0};
    look_restores(look);
    look_clocks(look);
    for (size_t i = 0; i < look->record->invoice_count; i++) {
        struct rg_invoice *invoice = &look->record->invoices[i];
        if (!invoice->issued || invoice->state != RG_INVOICE_OPEN || rg_invoice_gate(look, invoice) != RG_GATE_PAID)
            continue;
        const struct rg_ladder *ladder = rg_look_ladder(look, invoice);
        bool said = false;
        for (int k = 0; ladder != NULL && k < ladder->owed_count; k++)
            if (ladder->owed[k].kind == RG_ACT_MESSAGE)
                look_word(look, invoice, ladder, &ladder->owed[k], &said, &words);
    }
    say_words(look, &words);
}

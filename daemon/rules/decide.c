/* The decision: what we owe first; then every step of every open invoice is a case with a window and a gate; cases that pass
 * become one conversation per debtor; and the earliest instant at which any answer may change is when to look again. */
#include "daemon/rules/decide.h"

#include "brazil/money/format.h"
#include "daemon/rules/look.h"

/* Cases that passed every gate. */
struct passed {
    struct rg_case *cases;
    size_t count, cap;
    bool *used; /* went into a decision */
};

/* ---- one case ---- */

static bool in_hands(const struct rg_done *done)
{
    return done->state == RG_DONE_QUEUED || done->state == RG_DONE_CLAIMED;
}

/* Sent, but what it demands is not proven: until its time to prove is over it waits, then the next channel is tried. */
static bool unproven(const struct rg_case *c, int64_t *ret_until_ms)
{
    bool out = c->done->state == RG_DONE_SENT || c->done->state == RG_DONE_UNCERTAIN;
    *ret_until_ms = RG_NEVER;
    if (!out || c->step->evidence == RG_EVIDENCE_NONE || c->done->evidence >= c->step->evidence)
        return false;
    *ret_until_ms = rg_span_after(c->look->zone, c->done->at_ms, c->step->evidence_within);
    return true;
}

/* Whether what has happened leaves something to do; if so and it is not yet time, *ret_until_ms says when. */
static bool still_to_do(struct rg_case *c, int64_t *ret_until_ms)
{
    int64_t now_ms = c->look->world->now_ms, since_ms = 0;
    *ret_until_ms = RG_NEVER;
    if (c->done == NULL || rg_notice_lapsed(c->done, c->balance_cents))
        return true;
    if (unproven(c, ret_until_ms)) {
        if (*ret_until_ms <= now_ms)
            *ret_until_ms = RG_NEVER;
        return true;
    }
    switch (c->done->state) {
    case RG_DONE_RETRY:
    case RG_DONE_REJECTED:
        if ((c->done->state == RG_DONE_RETRY || c->step->kind == RG_ACT_SIGNAL) && rg_retry_at(c->done) > now_ms)
            *ret_until_ms = rg_retry_at(c->done);
        return true;
    case RG_DONE_VOIDED:
    case RG_DONE_RECALLED:
    case RG_DONE_EXPIRED: return true;
    case RG_DONE_SHADOW:
        if (rg_look_live(c->look, c->ladder, c->step, &since_ms))
            return true;
        /* going live is an act nobody tells each debtor of: he is looked at again tomorrow, or when his turn has come */
        *ret_until_ms = since_ms > now_ms ? since_ms : rg_instant_at(c->look->zone, c->look->now.day + 1, 0) + rg_spread_ms(c->look->record, RG_MS_PER_DAY);
        return true;
    default: return false;
    }
}

bool rg_case_said_before(const struct rg_case *c)
{
    if (c->step->again || c->step->tone >= RG_TONE_FIRM || c->cycle == 1)
        return false;
    for (size_t i = 0; i < c->invoice->done_count; i++) {
        const struct rg_done *done = &c->invoice->done[i];
        bool said = done->state == RG_DONE_SENT || done->state == RG_DONE_COVERED || done->state == RG_DONE_UNCERTAIN;
        if (said && done->cycle < c->cycle && done->repetition == c->repetition && rg_str_eq(done->step, c->step->name))
            return true;
    }
    return false;
}

static struct rg_step_view *view_step(struct rg_case *c, enum rg_view_kind kind, enum rg_gate gate, int64_t until_ms)
{
    struct rg_decided *out = c->look->out;
    struct rg_step_view *f = RG_PUSH(c->look->record->arena, out->views, out->view_count, out->view_cap);
    *f = (struct rg_step_view){.kind = kind, .invoice = c->invoice, .ladder = c->ladder, .step = c->step, .repetition = c->repetition,
                             .gate = gate, .opens_ms = c->opens_ms, .closes_ms = c->closes_ms, .until_ms = until_ms, .done = c->done, .why = c->why,
                             .gates = c->gates, .gate_count = c->gate_count};
    if (c->step != NULL)
        f->name = c->step->name;
    return f;
}

/* What blocked a case when it could last have gone out. The clock itself is no reason: then its window simply passed. */
static enum rg_gate last_gate(struct rg_case *c)
{
    struct rg_world world = *c->look->world;
    struct rg_look look = *c->look;
    struct rg_case then = *c;
    world.now_ms = rg_case_last_chance(c);
    world.stopped = world.stopped && world.stopped_since_ms <= world.now_ms;
    look.world = &world;
    look.hindsight = true;
    look.now = rg_local_at(look.zone, world.now_ms);
    then.look = &look;
    enum rg_gate gate = rg_case_gate(&then);
    bool of_the_clock = gate == RG_GATE_HOURS || gate == RG_GATE_HOLIDAY || gate == RG_GATE_NONE || gate == RG_GATE_FRONTIER;
    c->why = of_the_clock ? (struct rg_str){0} : then.why;
    return of_the_clock ? RG_GATE_EXPIRED : gate;
}

static bool lags(struct rg_look *look)
{
    const struct rg_world *world = look->world;
    bool behind = !world->all_known && !rg_asof_allows(world->asof_ms, world->due_ms, world->now_ms);
    look->out->lagging = look->out->lagging || behind;
    return behind;
}

/* A window that closed since the last look is accounted for once, in the ledger, with what blocked it last. One that had
 * closed before the invoice was known is nobody's omission. */
static void look_closed(struct rg_case *c)
{
    struct rg_look *look = c->look;
    bool news = c->closes_ms > look->record->looked_ms && c->closes_ms > c->invoice->set[RG_IG_DUE].time_ms;
    if (!look->explain && !news)
        return;
    if (look->explain && c->closes_ms <= c->invoice->set[RG_IG_DUE].time_ms) {
        rg_case_why(c, "its window had closed before the invoice was known");
        (void)view_step(c, RG_VIEW_CLOSED, RG_GATE_EXPIRED, RG_NEVER);
        return;
    }
    enum rg_gate gate = last_gate(c);
    if (look->explain) {
        (void)view_step(c, RG_VIEW_CLOSED, gate, RG_NEVER);
        return;
    }
    if (lags(look)) {
        rg_look_at(look, look->world->due_ms); /* a payment still unread may be the true reason */
        return;
    }
    struct rg_skipped *skipped = &look->out->skipped;
    if (skipped->skip_count == RG_SKIPS_MAX)
        return;
    *RG_PUSH(look->record->arena, skipped->skips, skipped->skip_count, look->out->skip_cap) =
        (struct rg_skip){.ns = c->invoice->ns, .invoice = c->invoice->id, .step = c->step->name, .cycle = c->cycle,
                         .repetition = c->repetition, .gate = gate};
}

static void look_waiting(struct rg_case *c)
{
    int64_t since_ms = 0;
    enum rg_gate gate = RG_GATE_NONE;
    int64_t until_ms = c->opens_ms;
    if (c->step->after_step >= 0) {
        gate = rg_case_prerequisite(c, &since_ms);
        if (gate != RG_GATE_NONE)
            until_ms = c->until_ms;
    }
    rg_look_at(c->look, until_ms);
    if (c->look->explain)
        (void)view_step(c, RG_VIEW_WAITING, gate, until_ms);
}

/* An open case that is still to do runs through the gates. */
static void look_open(struct rg_case *c, struct passed *passed)
{
    enum rg_gate gate = rg_case_gate(c);
    (void)lags(c->look); /* whatever stands in front of the frontier */
    if (gate == RG_GATE_NONE) {
        *RG_PUSH(c->look->record->arena, passed->cases, passed->count, passed->cap) = *c;
    } else {
        rg_look_at(c->look, c->until_ms);
        rg_look_at(c->look, c->closes_ms);
    }
    if (c->look->explain)
        (void)view_step(c, gate == RG_GATE_NONE ? RG_VIEW_DECIDED : RG_VIEW_BLOCKED, gate, c->until_ms);
}

static void look_case(struct rg_case *c, struct passed *passed)
{
    int64_t now_ms = c->look->world->now_ms, until_ms = RG_NEVER;
    if (c->done != NULL && in_hands(c->done)) {
        if (c->look->explain)
            (void)view_step(c, RG_VIEW_UNDER_WAY, RG_GATE_NONE, RG_NEVER);
        return;
    }
    bool to_do = still_to_do(c, &until_ms);
    if (to_do && rg_case_said_before(c)) {
        rg_case_why(c, "it went out in an earlier cycle and is not repeated");
        to_do = false;
    }
    if (!to_do) {
        if (c->look->explain)
            (void)view_step(c, RG_VIEW_DONE, c->done != NULL ? c->done->gate : RG_GATE_SUPERSEDED, RG_NEVER);
        return;
    }
    rg_case_window(c);
    if (c->closes_ms <= now_ms) {
        look_closed(c);
    } else if (c->opens_ms > now_ms) {
        look_waiting(c);
    } else if (until_ms != RG_NEVER) {
        rg_look_at(c->look, until_ms);
        if (c->look->explain)
            (void)view_step(c, RG_VIEW_DONE, c->done->state == RG_DONE_SHADOW ? RG_GATE_SHADOW : c->done->gate, until_ms);
    } else {
        look_open(c, passed);
    }
}

/* The whole invoice is out of the question; what was done about it stays worth knowing. */
static void view_whole(struct rg_case *c, enum rg_gate gate)
{
    char money[RG_MONEY_TEXT_MAX], day[RG_DAY_TEXT_MAX];
    if (gate == RG_GATE_PAID) {
        rg_money_format(rg_record_received_cents(c->look->record, c->invoice), money);
        rg_day_format(rg_invoice_paid_on(c->invoice), day);
        rg_case_why(c, "%s received, last on %s", money, day);
    }
    if (gate == RG_GATE_PRESCRIBED) {
        rg_day_format(rg_payable_day(c->look, c->invoice), day);
        rg_case_why(c, "payable on %s, and %d years are over: nothing presses for it any more", day,
                    c->look->rules->policy.prescription_years);
    }
    (void)view_step(c, RG_VIEW_BLOCKED, gate, RG_NEVER);
    c->why = (struct rg_str){0};
    for (size_t i = 0; i < c->invoice->done_count; i++) {
        struct rg_done *done = &c->invoice->done[i];
        if (done->cycle != c->cycle)
            continue;
        c->done = done;
        c->repetition = done->repetition;
        c->step = c->ladder != NULL ? rg_ladder_step(c->ladder, done->step) : NULL;
        view_step(c, in_hands(done) ? RG_VIEW_UNDER_WAY : RG_VIEW_DONE, done->gate, RG_NEVER)->name = done->step;
    }
}

/* A step that is open, or will be today, was due before this look, and had no chance since `due_ms`. */
static bool missed_one(struct rg_case *c, int64_t due_ms)
{
    int64_t now_ms = c->look->world->now_ms, until_ms;
    if ((c->done != NULL && in_hands(c->done)) || !still_to_do(c, &until_ms))
        return false;
    rg_case_window(c);
    return c->opens_ms >= due_ms && c->closes_ms > now_ms && rg_case_missed(c, now_ms);
}

static bool missed_some(struct rg_case c, int64_t due_ms)
{
    for (int i = 0; i < c.ladder->step_count; i++) {
        for (int repetition = 1; repetition <= c.ladder->steps[i].repeat_times; repetition++) {
            rg_case_enter(&c, &c.ladder->steps[i], repetition);
            if (missed_one(&c, due_ms))
                return true;
        }
    }
    return false;
}

static_assert(RG_CAUGHT_UP_MAX >= RG_RECORD_INVOICES_MAX, "all invoices of a debtor can be caught up with at once");

/* The first look at an invoice, or the first after days in which nobody could look: where steps had been due, the ledger says
 * that they are caught up with from now on. */
static void look_first(struct rg_look *look, const struct rg_case *c)
{
    struct rg_invoice *invoice = c->invoice;
    bool fresh = invoice->fresh;
    if (look->explain || (!fresh && !look->late))
        return;
    invoice->fresh = false;
    look->out->noted = look->out->noted || fresh;
    bool today = invoice->caught_up_ms != 0 && rg_local_at(look->zone, invoice->caught_up_ms).day == look->now.day;
    struct rg_skipped *skipped = &look->out->skipped;
    if (today || !missed_some(*c, fresh ? INT64_MIN : look->world->due_ms))
        return;
    invoice->caught_up_ms = look->world->now_ms;
    *RG_PUSH(look->record->arena, skipped->caught_up, skipped->caught_up_count, look->out->caught_up_cap) =
        (struct rg_caught_up){.ns = invoice->ns, .invoice = invoice->id};
}

static void look_invoice(struct rg_look *look, struct rg_invoice *invoice, struct passed *passed)
{
    struct rg_case c = {.look = look, .invoice = invoice, .cycle = rg_invoice_cycle(invoice), .channel = -1,
                        .balance_cents = rg_record_balance_cents(look->record, invoice), .until_ms = RG_NEVER};
    if (!invoice->issued)
        return;
    enum rg_gate gate = rg_invoice_gate(look, invoice);
    look->in_debt = look->in_debt || gate == RG_GATE_NONE;
    c.ladder = gate == RG_GATE_NONE || look->explain ? rg_look_ladder(look, invoice) : NULL;
    if (gate == RG_GATE_NONE && c.ladder == NULL)
        gate = RG_GATE_NO_LADDER;
    if (gate != RG_GATE_NONE) {
        if (look->explain)
            view_whole(&c, gate);
        return;
    }
    c.payable = rg_payable_day(look, invoice);
    look_first(look, &c);
    for (int i = 0; i < c.ladder->step_count; i++) {
        for (int repetition = 1; repetition <= c.ladder->steps[i].repeat_times; repetition++) {
            rg_case_enter(&c, &c.ladder->steps[i], repetition);
            look_case(&c, passed);
        }
    }
}

/* ---- one conversation ---- */

static bool talks(const struct rg_case *c)
{
    return c->step->kind == RG_ACT_MESSAGE && c->step->tone <= RG_TONE_FIRM;
}

static bool is_live(const struct rg_case *c)
{
    int64_t since_ms;
    return rg_look_live(c->look, c->ladder, c->step, &since_ms);
}

/* What may be said in one breath: of one creditor, and what is only tried out apart from what is meant. */
static bool together(const struct rg_case *a, const struct rg_case *b)
{
    return is_live(a) == is_live(b) && rg_str_eq(rg_look_creditor(a->look, a->invoice), rg_look_creditor(b->look, b->invoice));
}

/* A service of one contract is cut and restored by itself. */
static bool same_step(const struct rg_case *a, const struct rg_case *b)
{
    const struct rg_invoice *x = a->invoice, *y = b->invoice;
    bool same = a->ladder == b->ladder && a->step == b->step && a->repetition == b->repetition && a->channel == b->channel;
    bool one_service = rg_str_eq(x->service, y->service) && rg_str_eq(x->contract, y->contract);
    return same && (a->step->kind == RG_ACT_MESSAGE || one_service);
}

/* The more severe first; of equals the one whose day came last, for it speaks for those before it; but notices and sanctions,
 * which speak for themselves, in the order of their days; then the older invoice. */
static int by_weight(const struct rg_case *a, const struct rg_case *b)
{
    if (a->step->tone != b->step->tone)
        return a->step->tone > b->step->tone ? -1 : 1;
    if (a->opens_ms != b->opens_ms)
        return (a->opens_ms > b->opens_ms) == (a->step->tone < RG_TONE_NOTICE) ? -1 : 1;
    if (a->invoice->due_on != b->invoice->due_on)
        return a->invoice->due_on < b->invoice->due_on ? -1 : 1;
    return rg_str_cmp(a->invoice->id, b->invoice->id);
}

/* By insertion: a handful of cases, and the library's sort may allocate. */
static void sort_by_weight(struct passed *passed)
{
    for (size_t i = 1; i < passed->count; i++) {
        struct rg_case c = passed->cases[i];
        size_t k = i;
        for (; k > 0 && by_weight(&passed->cases[k - 1], &c) > 0; k--)
            passed->cases[k] = passed->cases[k - 1];
        passed->cases[k] = c;
    }
}

/* Until the end of the hours it was decided in; a cut until the end of the cut hours of that day. */
static int64_t until_of(const struct rg_case *c)
{
    const struct rg_record *record = c->look->record;
    rg_day today = c->look->now.day;
    int close = 24 * 60;
    if (c->step->kind == RG_ACT_MESSAGE)
        close = rg_message_hours(c->look, c->ladder, today).close_minute;
    else if (c->ladder->calendar->cut.given && c->step->signal == RG_SIGNAL_SUSPEND_REQUESTED)
        close = rg_calendar_cut_hours(c->ladder->calendar, record->state, record->city, today).close_minute;
    int64_t until = rg_instant_at(c->look->zone, today, close);
    return until < c->closes_ms ? until : c->closes_ms;
}

static void describe(struct rg_case *c, struct rg_decision *d)
{
    const struct rg_step *step = c->step;
    int64_t since_ms = 0;
    d->kind = step->kind;
    d->tone = step->tone;
    d->uncertain = step->uncertain;
    d->evidence = step->evidence;
    d->signal = step->signal;
    d->text = step->template;
    d->mode = rg_look_live(c->look, c->ladder, step, &since_ms) ? RG_MODE_LIVE : RG_MODE_SHADOW;
    d->channel = c->look->rules->channels[step->kind == RG_ACT_MESSAGE ? c->channel : c->look->rules->signals_channel].name;
    d->until_ms = until_of(c);
    if (step->kind == RG_ACT_SIGNAL && d->mode == RG_MODE_LIVE)
        d->sequence = c->look->record->sequence + 1;
    if (step->term.given) {
        const struct rg_record *record = c->look->record;
        d->deadline_on = rg_term_last_day(c->ladder->calendar, record->state, record->city, c->look->now.day,
                                          rg_state_days_for(&step->term, record->state));
    }
}

static bool names(const struct rg_decision *d, const struct rg_invoice *invoice, int *ret_index)
{
    for (size_t i = 0; i < d->invoice_count; i++)
        if (rg_str_eq(d->invoices[i].invoice, invoice->id) && rg_str_eq(d->invoices[i].ns, invoice->ns)) {
            *ret_index = (int)i;
            return true;
        }
    return false;
}

/* A milder message that passed at the same time is covered, and its invoice named. */
static void cover(struct rg_case *c, struct rg_decision *d)
{
    int index = -1;
    if (d->cover_count == RG_DECISION_COVERS_MAX)
        return;
    if (!names(d, c->invoice, &index)) {
        if (d->invoice_count == RG_DECISION_INVOICES_MAX)
            return;
        rg_emit_invoice(c->look, d, c->invoice, c->cycle, true);
        index = (int)d->invoice_count - 1;
    }
    d->covers[d->cover_count++] = (struct rg_decision_cover){.invoice = index, .step = c->step->name, .repetition = c->repetition};
}

/* Makes one decision of a case and all that share its step, and of the milder ones it covers. */
static void emit_group(struct rg_look *look, struct passed *passed, size_t first)
{
    bool *used = passed->used;
    struct rg_case *c = &passed->cases[first];
    struct rg_decision *d = rg_emit_begin(look, c->ladder, c->step->name, c->repetition);
    describe(c, d);
    for (size_t i = first; i < passed->count && d->invoice_count < RG_DECISION_INVOICES_MAX; i++) {
        if (used[i] || !same_step(c, &passed->cases[i]) || !together(c, &passed->cases[i]))
            continue;
        used[i] = true;
        rg_emit_invoice(look, d, passed->cases[i].invoice, passed->cases[i].cycle, false);
    }
    for (size_t i = 0; i < passed->count && talks(c); i++) {
        if (used[i] || !talks(&passed->cases[i]) || !together(c, &passed->cases[i]))
            continue;
        used[i] = true;
        cover(&passed->cases[i], d);
    }
    rg_emit_finish(look, d);
}

/* Messages that keep their distance to each other: all but info. */
static bool keeps_distance(const struct rg_case *c)
{
    return c->step->kind == RG_ACT_MESSAGE && c->step->tone != RG_TONE_INFO;
}

/* Sanctions and other signals each on their own; one notice, or one message that speaks for all milder ones. What stays behind is
 * looked at again by the gates, which then see what it stayed behind. */
static void consolidate(struct rg_look *look, struct passed *passed)
{
    bool spoken[2] = {false}; /* in shadow, and live */
    if (passed->count == 0)
        return;
    passed->used = RG_NEW(look->record->arena, bool, passed->count);
    sort_by_weight(passed);
    for (size_t i = 0; i < passed->count; i++) {
        const struct rg_case *c = &passed->cases[i];
        if (passed->used[i])
            continue;
        bool *said = &spoken[is_live(c)];
        if (*said && keeps_distance(c)) {
            passed->used[i] = true; /* nothing milder speaks for it */
            rg_look_at(look, look->world->now_ms + RG_MS_PER_MINUTE);
            continue;
        }
        *said = *said || keeps_distance(c);
        emit_group(look, passed, i);
    }
}

/* ---- queued actions that the world makes unwanted ---- */

/* What lies outside the ledger (a stop, a hand-changed contact) never changes a fold: the action is called back through it. */
static void look_recalls(struct rg_look *look)
{
    struct rg_record *record = look->record;
    for (size_t i = 0; i < record->action_count; i++) {
        struct rg_action *action = &record->actions[i];
        const struct rg_decision *d = &action->decision;
        enum rg_gate gate = RG_GATE_NONE;
        if (action->state != RG_ACTION_QUEUED || action->recalling || action->logged_offset < 0 || d->owed)
            continue;
        if (look->world->stopped)
            gate = RG_GATE_STOPPED;
        else if (rg_rules_channel(look->rules, d->channel) < 0)
            gate = RG_GATE_CHANNEL_DOWN; /* nobody takes it there any more */
        else if (d->kind == RG_ACT_MESSAGE && rg_usable_contact(record, d->channel) == NULL)
            gate = RG_GATE_UNREACHABLE;
        else if (d->until_ms != 0 && look->world->now_ms >= d->until_ms)
            gate = RG_GATE_EXPIRED;
        if (gate == RG_GATE_NONE) {
            rg_look_at(look, d->until_ms == 0 ? RG_NEVER : d->until_ms);
            continue;
        }
        action->recalling = true;
        *RG_PUSH(record->arena, look->out->recalls, look->out->recall_count, look->out->recall_cap) =
            (struct rg_recalled){.action = d->action, .debtor = record->debtor, .gate = gate, .at_ms = look->world->now_ms};
    }
}

/* Rules, channels and calendars change, and nobody tells each debtor: while he owes something he is looked at once a day. */
static void look_tomorrow(struct rg_look *look)
{
    if (look->in_debt)
        rg_look_at(look, rg_instant_at(look->zone, look->now.day + 1, 0) + rg_spread_ms(look->record, RG_MS_PER_DAY));
}

/* The shortest time for which a look that should have been is a time in which nobody could look; and a night lay in it. */
#define LATE_MS (12 * 60 * RG_MS_PER_MINUTE)

static bool is_late(const struct rg_look *look)
{
    int64_t due_ms = look->world->due_ms;
    return due_ms > 0 && due_ms < look->world->now_ms - LATE_MS && rg_local_at(look->zone, due_ms).day < look->now.day;
}

/* What there is to say of windows that closed: those up to now are accounted for, where some were. */
static void finish_skipped(struct rg_look *look)
{
    struct rg_skipped *skipped = &look->out->skipped;
    if (skipped->skip_count == 0 && skipped->caught_up_count == 0)
        return;
    if (skipped->skip_count > 0)
        look->record->looked_ms = look->world->now_ms;
    skipped->debtor = look->record->debtor;
    skipped->through_ms = look->record->looked_ms;
    skipped->at_ms = look->world->now_ms;
}

void rg_decide(const struct rg_rules *rules, const struct rg_world *world, struct rg_record *record, bool explain, struct rg_decided *ret)
{
    *ret = (struct rg_decided){.next_ms = RG_NEVER, .prompt_ms = RG_NEVER};
    const struct rg_zone *zone = rg_debtor_zone(record);
    struct rg_look look = {.rules = rules, .world = world, .record = record, .out = ret, .explain = explain, .zone = zone,
                           .now = rg_local_at(zone, world->now_ms), .next_ms = RG_NEVER, .prompt_ms = RG_NEVER};
    struct passed passed = {0};
    look.late = is_late(&look);
    if (!explain)
        rg_look_owed(&look);
    for (size_t i = 0; i < record->invoice_count; i++)
        look_invoice(&look, &record->invoices[i], &passed);
    if (explain)
        rg_look_owed(&look); /* read after what led to it */
    if (!explain) {
        consolidate(&look, &passed);
        look_recalls(&look);
        look_tomorrow(&look);
        finish_skipped(&look);
    }
    ret->next_ms = look.next_ms;
    ret->prompt_ms = look.prompt_ms;
}

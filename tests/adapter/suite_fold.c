/* {events: […]} → {record}: canonical events of one debtor, folded in the order given, and the record as `reguactl show --json`
 * prints it. Either half of an event may stand there; the personal one says so itself. */
#include "tests/adapter/suite.h"

#include "daemon/rules/fold.h"
#include "daemon/state/codec.h"

#define TOLERANCE_CENTS 1 /* a policy that says nothing */

#define FOLD_ARENA_BYTES ((size_t)256 * 1024 * 1024)

static void answer_error(struct rg_jw *answer, size_t index, const char *what)
{
    char sentence[320];
    (void)snprintf(sentence, sizeof sentence, "events/%zu: %s", index, what);
    rg_jw_member_cstr(answer, "error", sentence);
}

static bool read_event(const struct rg_json_value *item, struct rg_arena *arena, struct rg_event *ret_event, struct rg_error *err)
{
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    rg_buf_init(&bytes, RG_EVENT_BYTES_MAX);
    rg_jw_init(&jw, &bytes);
    rg_jw_value(&jw, item);
    rg_jw_done(&jw);
    if (bytes.overflow)
        return rg_fail(err, RG_ELIMIT, "an event has at most %zu bytes", RG_EVENT_BYTES_MAX) == 0;
    return rg_event_read(rg_buf_str(&bytes), arena, ret_event, err) == 0;
}

void rg_suite_fold(const struct rg_json_value *question, struct rg_jw *answer)
{
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(FOLD_ARENA_BYTES);
    const struct rg_json_value *events = rg_json_get(question, "events");
    struct rg_record *record = NULL;
    struct rg_error err = {0};
    size_t index = 0;
    if (rg_json_kind(events) != RG_JSON_ARRAY || rg_json_count(events) == 0) {
        rg_jw_member_cstr(answer, "error", "expected \"events\" to be a list of events, at least one");
        return;
    }
    RG_JSON_EACH(item, events) {
        struct rg_event *event = RG_NEW(arena, struct rg_event, 1);
        struct rg_fact_record fact = {.offset = (int64_t)index, .event = event};
        if (!read_event(item, arena, event, &err)) {
            answer_error(answer, index, err.text);
            return;
        }
        if (!rg_str_has(event->debtor) || (record != NULL && !rg_str_eq(record->debtor, event->debtor))) {
            answer_error(answer, index, "expected all events to name the same debtor");
            return;
        }
        if (record == NULL)
            record = rg_record_new(arena, event->debtor);
        if (!rg_json_bool(rg_json_get(item, "personal"), &fact.personal))
            fact.personal = false;
        (void)rg_record_apply(record, &fact, &err); /* what does not fit shows in the record */
        index++;
    }
    rg_jw_key(answer, "record");
    rg_record_json(record, TOLERANCE_CENTS, false, answer);
}

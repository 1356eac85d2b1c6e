/* Whatever stands in `data`: the decoder accepts or refuses with a reason and a place, and what it accepts survives both
 * halves: written, read back and written again they are the same bytes. The first byte picks the type; the second, when its
 * lowest bit is set, hands the rest to the readers of stored records instead. */
#include "config/contract/event.h"
#include "config/contract/ledger.h"

#include <string.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define RECORD_BYTES_MAX ((size_t)4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_half(const struct rg_event *event, bool personal, struct rg_buf *buf)
{
    struct rg_jw jw;
    rg_buf_init(buf, RECORD_BYTES_MAX);
    rg_jw_init(&jw, buf);
    rg_event_write(event, personal, &jw);
    rg_jw_done(&jw);
    rg_assert(!buf->overflow);
    rg_assert(buf->len <= RG_EVENT_BYTES_MAX);
}

static void check_event(const struct rg_event *event, struct rg_arena *arena)
{
    for (int personal = 0; personal < 2; personal++) {
        struct rg_buf first RG_CLEANUP(rg_buf_done), second RG_CLEANUP(rg_buf_done);
        struct rg_event back;
        struct rg_error err;
        write_half(event, personal, &first);
        int failed = rg_event_read(rg_buf_str(&first), arena, &back, &err);
        rg_assert(failed == 0);
        write_half(&back, personal, &second);
        rg_assert(rg_str_eq(rg_buf_str(&first), rg_buf_str(&second)));
    }
    if (event->details != NULL)
        check_event(event->details, arena);
}

/* What is read is written, and what is written is read and written again as it is. */
#define CHECK(name)                                                                                                                \
    static void check_##name(struct rg_str bytes, struct rg_arena *arena)                                                          \
    {                                                                                                                              \
        struct rg_##name value;                                                                                                    \
        struct rg_buf first RG_CLEANUP(rg_buf_done), second RG_CLEANUP(rg_buf_done);                                               \
        rg_buf_init(&first, RECORD_BYTES_MAX);                                                                                     \
        rg_buf_init(&second, RECORD_BYTES_MAX);                                                                                    \
        if (rg_##name##_read(bytes, arena, &value, NULL) < 0)                                                                      \
            return;                                                                                                                \
        rg_##name##_write(&value, &first);                                                                                         \
        int rc = rg_##name##_read(rg_buf_str(&first), arena, &value, NULL);                                                        \
        rg_assert(rc == 0);                                                                                                        \
        rg_##name##_write(&value, &second);                                                                                        \
        rg_assert(rg_str_eq(rg_buf_str(&first), rg_buf_str(&second)));                                                             \
    }
CHECK(decision)
CHECK(recalled)
CHECK(skipped)
CHECK(claim)
CHECK(outcome)
CHECK(located)

static void read_records(struct rg_str bytes, struct rg_arena *arena)
{
    struct rg_event event;
    struct rg_origin origin;
    if (rg_event_read(bytes, arena, &event, NULL) == 0) {
        struct rg_buf buf RG_CLEANUP(rg_buf_done);
        write_half(&event, false, &buf);
    }
    check_decision(bytes, arena);
    check_recalled(bytes, arena);
    check_skipped(bytes, arena);
    check_claim(bytes, arena);
    check_outcome(bytes, arena);
    check_located(bytes, arena);
    if (rg_origin_parse(bytes, &origin, NULL) == 0) {
        char text[RG_ORIGIN_TEXT_MAX];
        rg_origin_print(&origin, text);
        rg_assert(rg_str_is(bytes, text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = NULL;
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_reject reject = {.reason = NULL};
    if (size < 2)
        return 0;
    arena = rg_arena_new(ARENA_BYTES);
    struct rg_str bytes = {(const char *)data + 2, size - 2};
    if ((data[1] & 1) != 0) {
        read_records(bytes, arena);
        return 0;
    }
    if (rg_json_parse(bytes, RG_EVENT_BYTES_MAX, &doc, NULL) < 0)
        return 0;
    struct rg_event event = {
        .type = (enum rg_event_type)(1 + data[0] % (RG_EV_COUNT - 1)), .id = RG_STR("1"), .source = RG_STR("s")};
    if (rg_event_decode(&event, rg_json_root(doc), arena, &reject) == 0)
        check_event(&event, arena);
    else
        rg_assert(reject.reason != NULL && strlen(reject.detail) > 0 && rg_utf8_valid(rg_str(reject.detail)));
    return 0;
}

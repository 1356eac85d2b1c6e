/* Whatever Redis hands us in place of a debtor's record, a reference, an outbox entry, an action's state or a charge, and Kafka as
 * what is known of a person: refused, or something that is written the same way again and bears being looked at. */
#include "config/contract/state.h"
#include "daemon/shard/parking.h"
#include "daemon/state/codec.h"
#include "daemon/state/people.h"
#include "producers/relay/relay.h"

#include <string.h>

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct rg_record *record)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf text;
    struct rg_jw jw;
    rg_buf_init(&text, (size_t)64 * 1024 * 1024);
    rg_jw_init(&jw, &text);
    rg_record_json(record, 1, true, &jw);
    rg_jw_done(&jw);
    for (size_t i = 0; i < record->invoice_count; i++)
        (void)rg_record_paid(record, &record->invoices[i], 1);
}

static void try_record(struct rg_str bytes, struct rg_arena *arena)
{
    struct rg_record *record = NULL, *again = NULL;
    RG_CLEANUP(rg_buf_done) struct rg_buf first, second;
    rg_buf_init(&first, 2 * RG_RECORD_STORED_MAX);
    rg_buf_init(&second, 2 * RG_RECORD_STORED_MAX);
    if (rg_record_decode(bytes, RG_STR("C-1"), arena, &record, NULL) < 0)
        return;
    look_at(record);
    if (rg_record_encode(record, &first, NULL) < 0)
        return; /* decisions are stored as they are written, which may be longer than they were found */
    int rc = rg_record_decode(rg_buf_str(&first), RG_STR("C-1"), arena, &again, NULL);
    rg_assert(rc == 0);
    rc = rg_record_encode(again, &second, NULL);
    rg_assert(rc == 0);
    rg_assert(rg_str_eq(rg_buf_str(&first), rg_buf_str(&second)));
}

static void try_reference(struct rg_str bytes, struct rg_arena *arena)
{
    struct rg_reference reference;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, bytes.n + 16);
    if (rg_reference_decode(bytes, arena, &reference, NULL) < 0)
        return;
    rg_reference_encode(&reference, &buf);
    rg_assert(rg_str_eq(rg_buf_str(&buf), bytes));
}

static void try_out(struct rg_str bytes)
{
    struct rg_out out;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, bytes.n + 16);
    if (rg_out_decode(bytes, &out, NULL) < 0)
        return;
    rg_assert(rg_str_has(out.topic) && out.partition >= 0);
    rg_out_encode(&out, &buf);
    rg_assert(rg_str_eq(rg_buf_str(&buf), bytes));
}

static void try_act(struct rg_str bytes)
{
    struct rg_act_value value;
    char text[RG_ACT_VALUE_MAX];
    if (rg_act_value_parse(bytes, &value, NULL) < 0)
        return;
    rg_act_value_print(&value, text);
    rg_assert(rg_str_is(bytes, text));
}

static void try_charge(struct rg_str bytes, struct rg_arena *arena)
{
    struct rg_charge charge;
    RG_CLEANUP(rg_buf_done) struct rg_buf first, second;
    rg_buf_init(&first, RG_RECORD_STORED_MAX);
    rg_buf_init(&second, RG_RECORD_STORED_MAX);
    if (rg_charge_read(bytes, arena, &charge, NULL) < 0)
        return;
    rg_charge_write(&charge, &first);
    int rc = rg_charge_read(rg_buf_str(&first), arena, &charge, NULL);
    rg_assert(rc == 0);
    rg_charge_write(&charge, &second);
    rg_assert(rg_str_eq(rg_buf_str(&first), rg_buf_str(&second)));
}

/* What is folded into a record that knows nobody is what that record says of the person, also after it was stored. */
static void try_person(struct rg_str bytes, struct rg_arena *arena)
{
    struct rg_record *record = rg_record_new(arena, RG_STR("C-1")), *again = NULL;
    RG_CLEANUP(rg_buf_done) struct rg_buf first, second, stored;
    rg_buf_init(&first, 2 * RG_LEDGER_BYTES_MAX);
    rg_buf_init(&second, 2 * RG_LEDGER_BYTES_MAX);
    rg_buf_init(&stored, RG_RECORD_STORED_MAX);
    if (rg_people_fold(record, bytes, NULL) < 0 || rg_record_encode(record, &stored, NULL) < 0)
        return;
    rg_people_write(record, &first);
    int rc = rg_record_decode(rg_buf_str(&stored), RG_STR("C-1"), arena, &again, NULL);
    rg_assert(rc == 0);
    rg_people_write(again, &second);
    rg_assert(rg_str_eq(rg_buf_str(&first), rg_buf_str(&second)));
    look_at(again);
}

/* The first byte says what the rest is taken for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(ARENA_BYTES);
    const struct rg_str bytes = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case 'd': try_record(bytes, arena); break;
    case 'r': try_reference(bytes, arena); break;
    case 'o': try_out(bytes); break;
    case 'a': try_act(bytes); break;
    case 'c': try_charge(bytes, arena); break;
    case 'p': try_person(bytes, arena); break;
    default: break;
    }
    return 0;
}

/* A version byte, a letter, then length-prefixed text. */
#include "daemon/shard/parking.h"

#define REFERENCE_VERSION 1

static void put_text(struct rg_buf *buf, struct rg_str text)
{
    for (int shift = 0; shift < 32; shift += 8)
        rg_buf_addc(buf, (char)(text.n >> shift & 0xff));
    rg_buf_add_str(buf, text);
}

static bool get_text(struct rg_str bytes, size_t *at, struct rg_str *ret)
{
    if (bytes.n - *at < 4)
        return false;
    size_t n = 0;
    for (int i = 3; i >= 0; i--)
        n = n << 8 | (unsigned char)bytes.p[*at + (size_t)i];
    *at += 4;
    if (n > bytes.n - *at)
        return false;
    *ret = (struct rg_str){bytes.p + *at, n};
    *at += n;
    return true;
}

void rg_reference_encode(const struct rg_reference *reference, struct rg_buf *buf)
{
    bool located = reference->debtor.p != NULL;
    rg_buf_addc(buf, REFERENCE_VERSION);
    rg_buf_addc(buf, located ? 'D' : 'P');
    if (located)
        put_text(buf, reference->debtor);
    for (size_t i = 0; !located && i < reference->parked_count; i++) {
        put_text(buf, reference->parked[i].first);
        put_text(buf, reference->parked[i].value);
    }
}

int rg_reference_decode(struct rg_str bytes, struct rg_arena *arena, struct rg_reference *ret, struct rg_error *err)
{
    struct rg_reference out = {0};
    size_t at = 2;
    if (bytes.p == NULL) {
        *ret = out;
        return 0;
    }
    if (bytes.n < 2 || bytes.p[0] != REFERENCE_VERSION || (bytes.p[1] != 'D' && bytes.p[1] != 'P'))
        return rg_fail(err, RG_EINVAL, "reference: not version %d", REFERENCE_VERSION);
    if (bytes.p[1] == 'D') {
        if (!get_text(bytes, &at, &out.debtor) || at != bytes.n)
            return rg_fail(err, RG_EINVAL, "reference: broken at byte %zu of %zu", at, bytes.n);
        out.debtor = rg_arena_str(arena, out.debtor);
    }
    while (at < bytes.n) {
        struct rg_parked parked;
        if (!get_text(bytes, &at, &parked.first) || !get_text(bytes, &at, &parked.value))
            return rg_fail(err, RG_EINVAL, "reference: cut short at byte %zu", at);
        *RG_PUSH(arena, out.parked, out.parked_count, out.parked_cap) =
            (struct rg_parked){rg_arena_str(arena, parked.first), rg_arena_str(arena, parked.value)};
    }
    *ret = out;
    return 0;
}

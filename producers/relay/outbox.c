/* Stored form of an outbox entry: a version byte, the kind, the partition, then length-prefixed fields. */
#include "producers/relay/relay.h"

#include <string.h>

#define OUT_VERSION 1
#define FIELDS 9
#define NO_FIELD UINT32_MAX

static void put_u32(struct rg_buf *buf, uint32_t value)
{
    unsigned char b[4] = {(unsigned char)value, (unsigned char)(value >> 8), (unsigned char)(value >> 16),
                          (unsigned char)(value >> 24)};
    rg_buf_add(buf, b, sizeof b);
}

static bool get_u32(struct rg_str bytes, size_t *at, uint32_t *ret)
{
    if (bytes.n - *at < 4)
        return false;
    const unsigned char *b = (const unsigned char *)bytes.p + *at;
    *ret = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    *at += 4;
    return true;
}

static void list_fields(const struct rg_out *out, struct rg_str ret[FIELDS])
{
    const struct rg_str fields[FIELDS] = {out->topic, out->key,    out->value,  out->record_kind, out->origin,
                                          out->first, out->reason, out->detail, out->from};
    memcpy(ret, fields, sizeof fields);
}

void rg_out_encode(const struct rg_out *out, struct rg_buf *buf)
{
    struct rg_str fields[FIELDS];
    list_fields(out, fields);
    rg_buf_addc(buf, OUT_VERSION);
    rg_buf_addc(buf, (char)out->kind);
    put_u32(buf, (uint32_t)out->partition);
    rg_buf_add(buf, out->action.b, sizeof out->action.b);
    for (size_t i = 0; i < FIELDS; i++) {
        put_u32(buf, fields[i].p == NULL ? NO_FIELD : (uint32_t)fields[i].n);
        rg_buf_add_str(buf, fields[i]);
    }
}

int rg_out_decode(struct rg_str bytes, struct rg_out *ret_out, struct rg_error *err)
{
    struct rg_out out = {0};
    struct rg_str *fields[FIELDS] = {&out.topic, &out.key,    &out.value,  &out.record_kind, &out.origin,
                                     &out.first, &out.reason, &out.detail, &out.from};
    uint32_t partition = 0;
    size_t at = 2;
    if (bytes.n < 2 || bytes.p[0] != OUT_VERSION || (unsigned char)bytes.p[1] >= RG_OUT_KIND_COUNT)
        return rg_fail(err, RG_EINVAL, "outbox entry: not version %d, or of an unknown kind", OUT_VERSION);
    out.kind = (enum rg_out_kind)bytes.p[1];
    if (!get_u32(bytes, &at, &partition) || bytes.n - at < sizeof out.action.b)
        return rg_fail(err, RG_EINVAL, "outbox entry: cut short at byte %zu", at);
    out.partition = (int)partition;
    memcpy(out.action.b, bytes.p + at, sizeof out.action.b);
    at += sizeof out.action.b;
    for (size_t i = 0; i < FIELDS; i++) {
        uint32_t n = 0;
        if (!get_u32(bytes, &at, &n) || (n != NO_FIELD && n > bytes.n - at))
            return rg_fail(err, RG_EINVAL, "outbox entry: cut short at byte %zu", at);
        if (n == NO_FIELD)
            continue;
        *fields[i] = (struct rg_str){bytes.p + at, n};
        at += n;
    }
    if (at != bytes.n)
        return rg_fail(err, RG_EINVAL, "outbox entry: %zu bytes too many", bytes.n - at);
    if (!rg_str_has(out.topic) || out.topic.n > RG_KAFKA_TOPIC_NAME_MAX || memchr(out.topic.p, '\0', out.topic.n) != NULL ||
        out.partition < 0)
        return rg_fail(err, RG_EINVAL, "outbox entry: names no topic and partition");
    *ret_out = out;
    return 0;
}

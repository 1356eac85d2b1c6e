/* Entries as JSON, for the log, the query calls and the page. Texts that are no UTF-8 are repaired by the writer; the bytes
 * as they came are at /raw/N. */
#include "base/json/write.h"
#include "tests/fakes/inbox/store.h"

#define PREVIEW_BYTES 120

/* [["Name","value"], …] from one "Name: value" a line. */
static void write_headers(struct rg_jw *jw, struct rg_str headers)
{
    rg_jw_member_array(jw, "headers");
    size_t start = 0;
    for (size_t i = 0; i <= headers.n; i++) {
        if (i < headers.n && headers.p[i] != '\n')
            continue;
        struct rg_str line = {headers.p + start, i - start};
        start = i + 1;
        size_t colon = 0;
        while (colon < line.n && line.p[colon] != ':')
            colon++;
        if (colon == line.n)
            continue;
        struct rg_str value = {line.p + colon + 1, line.n - colon - 1};
        while (value.n > 0 && value.p[0] == ' ') {
            value.p++;
            value.n--;
        }
        rg_jw_array(jw);
        rg_jw_str(jw, (struct rg_str){line.p, colon});
        rg_jw_str(jw, value);
        rg_jw_array_end(jw);
    }
    rg_jw_array_end(jw);
}

static void write_common(struct rg_jw *jw, const struct rg_inbox_entry *entry)
{
    rg_jw_member_int(jw, "n", entry->n);
    rg_jw_member_int(jw, "at_ms", entry->at_ms);
    if (entry->virtual_ms >= 0)
        rg_jw_member_int(jw, "virtual_ms", entry->virtual_ms);
    else
        rg_jw_member_null(jw, "virtual_ms");
    rg_jw_member_str(jw, "channel", entry->channel);
    rg_jw_member_str(jw, "door", entry->door);
    rg_jw_member_str(jw, "state", entry->state);
    rg_jw_member_bool(jw, "accepted", rg_str_is(entry->state, "delivered") || rg_str_is(entry->state, "unanswered"));
    rg_jw_member_int(jw, "code", entry->code);
    rg_jw_member_str(jw, "to", entry->to);
    rg_jw_member_str(jw, "subject", entry->subject);
    rg_jw_member_str(jw, "step", entry->step);
}

void inbox_entry_write(const struct rg_inbox_entry *entry, struct rg_buf *out)
{
    struct rg_jw jw;
    rg_jw_init(&jw, out);
    rg_jw_object(&jw);
    write_common(&jw, entry);
    rg_jw_member_str(&jw, "provider", entry->provider);
    rg_jw_member_str(&jw, "method", entry->method);
    rg_jw_member_str(&jw, "path", entry->path);
    rg_jw_member_str(&jw, "from", entry->from);
    rg_jw_member_str(&jw, "message_id", entry->message_id);
    rg_jw_member_str(&jw, "idempotency_key", entry->idempotency_key);
    rg_jw_member_str(&jw, "provider_id", entry->provider_id);
    write_headers(&jw, entry->headers);
    rg_jw_member_str(&jw, "text", entry->text);
    rg_jw_member_str(&jw, "html", entry->html);
    bool is_mail = rg_str_is(entry->door, "smtp"); /* its parts stand above; the whole is at /raw/N */
    rg_jw_member_str(&jw, "body", is_mail ? (struct rg_str){NULL, 0} : entry->raw);
    rg_jw_member_int(&jw, "bytes", (int64_t)entry->raw.n);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}

static struct rg_str preview_of(struct rg_str text)
{
    if (text.p == NULL || text.n <= PREVIEW_BYTES)
        return text;
    struct rg_str shown = {text.p, 0};
    while (shown.n < PREVIEW_BYTES) { /* whole characters only */
        size_t step = rg_utf8_next((struct rg_str){text.p + shown.n, text.n - shown.n});
        shown.n += step > 0 ? step : 1;
    }
    return shown;
}

void inbox_entry_write_short(const struct rg_inbox_entry *entry, struct rg_buf *out)
{
    struct rg_jw jw;
    rg_jw_init(&jw, out);
    rg_jw_object(&jw);
    write_common(&jw, entry);
    rg_jw_member_str(&jw, "preview", preview_of(entry->text));
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}

/* Envelope or mapping first, then the contract's decoder, then what only the installation knows: the creditor, the service and
 * the namespace that an event did not say because there is only one. They are filled in here, before anything is stored, so that
 * a record means the same for ever, whatever is configured later. */
#include "consumers/decode/decode.h"

#include "base/core/suggest.h"

#include <string.h>

#define TYPE_PREFIX "regua."
#define NAMES_MAX 256

/* Fields that name an invoice: their events need a namespace. */
#define INVOICE_FIELDS (RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_INVOICES))

static bool known_instant(int64_t ms)
{
    char text[RG_INSTANT_TEXT_MAX];
    rg_instant_format(ms, 0, text);
    return text[0] != '-';
}

/* ---- the two formats ---- */

static int check_identity(struct rg_str id, struct rg_str source, struct rg_reject *reject)
{
    if (id.n > RG_ID_BYTES_MAX)
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "id: at most %d bytes", RG_ID_BYTES_MAX);
    if (source.n > RG_TEXT_BYTES_MAX)
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "source: at most %d bytes", RG_TEXT_BYTES_MAX);
    if (rg_str_has_controls(id) || rg_str_has_controls(source))
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "id and source may not hold control characters");
    return 0;
}

/* The event's own attributes; its data is read by the caller. */
/* Most often a name of the contract that lacks only the prefix, as people say it to each other. */
static int refuse_bare_type(struct rg_str type, struct rg_reject *reject)
{
    int word = rg_word(&rg_words_event_type, type);
    const char *near = word > 0 ? rg_words_event_type.names[word] : rg_words_suggest(&rg_words_event_type, type);
    return rg_refuse(reject, RG_DEAD_UNKNOWN_TYPE, "type \"%.80s\" does not begin with \"" TYPE_PREFIX "\"%s%s%s", type.p,
                     near != NULL ? ", did you mean \"" TYPE_PREFIX : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static int read_attributes(const struct rg_cloudevent *envelope, const struct rg_message *message, struct rg_event *event,
                           struct rg_reject *reject)
{
    size_t n = sizeof TYPE_PREFIX - 1;
    if (envelope->type.n < n || memcmp(envelope->type.p, TYPE_PREFIX, n) != 0)
        return refuse_bare_type(envelope->type, reject);
    int failed = rg_event_type_parse((struct rg_str){envelope->type.p + n, envelope->type.n - n}, reject, &event->type);
    if (failed == 0)
        failed = check_identity(envelope->id, envelope->source, reject);
    if (failed < 0)
        return failed;
    event->id = envelope->id;
    event->source = envelope->source;
    event->time_ms = message->timestamp_ms;
    if (envelope->time.p != NULL && !rg_instant_parse(envelope->time, &event->time_ms))
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "time is no instant");
    return 0;
}

static enum rg_decoded decode_cloudevent(const struct rg_message *message, struct rg_arena *arena, struct rg_event *event,
                                         struct rg_reject *reject)
{
    struct rg_cloudevent envelope RG_CLEANUP(rg_cloudevent_done) = {0};
    struct rg_json *inner RG_CLEANUP(rg_json_free) = NULL;
    struct rg_error err;
    if (rg_cloudevent_read(message, arena, &envelope, reject) < 0 || read_attributes(&envelope, message, event, reject) < 0)
        return RG_DECODED_REJECT;
    const struct rg_json_value *data = envelope.json;
    if (envelope.kind == RG_CE_BINARY) { /* data_base64 around JSON */
        if (rg_json_parse(envelope.bytes, RG_EVENT_BYTES_MAX, &inner, &err) < 0) {
            (void)rg_refuse(reject, RG_DEAD_BAD_JSON, "data: %s", err.text);
            return RG_DECODED_REJECT;
        }
        data = rg_json_root(inner);
    }
    if (data == NULL) {
        (void)rg_refuse(reject, RG_DEAD_BAD_FIELD, "data: expected an object, found %s",
                        envelope.kind == RG_CE_NOTHING ? "nothing" : "text");
        return RG_DECODED_REJECT;
    }
    return rg_event_decode(event, data, arena, reject) < 0 ? RG_DECODED_REJECT : RG_DECODED_EVENT;
}

/* Says which mapping produced what the contract's decoder refused. */
static void name_mapping(const struct rg_mapping *mapping, struct rg_reject *reject)
{
    struct rg_reject inner = *reject;
    struct rg_str name = rg_mapping_name(mapping);
    (void)rg_refuse(reject, inner.reason, "mapping " RG_STR_FMT ": %s", RG_STR_ARG(name), inner.detail);
}

static enum rg_decoded decode_mapped(const struct rg_mapping *mapping, const struct rg_message *message, struct rg_arena *arena,
                                     struct rg_event *event, struct rg_reject *reject)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL, *mapped RG_CLEANUP(rg_json_free) = NULL;
    struct rg_buf data RG_CLEANUP(rg_buf_done);
    struct rg_error err;
    rg_buf_init(&data, 2 * RG_EVENT_BYTES_MAX);
    int failed = rg_json_parse(message->value, RG_EVENT_BYTES_MAX, &doc, &err);
    if (failed < 0) {
        (void)rg_refuse(reject, message->value.n > RG_EVENT_BYTES_MAX ? RG_DEAD_TOO_LARGE : RG_DEAD_BAD_JSON, "%s", err.text);
        return RG_DECODED_REJECT;
    }
    enum rg_mapped done = rg_mapping_apply(mapping, rg_json_root(doc), message->timestamp_ms, arena, event, &data, reject);
    if (done != RG_MAPPED_EVENT)
        return done == RG_MAPPED_IGNORED ? RG_DECODED_NOTHING : RG_DECODED_REJECT;
    if (data.overflow || rg_json_parse(rg_buf_str(&data), 2 * RG_EVENT_BYTES_MAX, &mapped, &err) < 0) {
        (void)rg_refuse(reject, RG_DEAD_TOO_LARGE, "the mapped event is too large");
        return RG_DECODED_REJECT;
    }
    if (rg_event_decode(event, rg_json_root(mapped), arena, reject) < 0) {
        name_mapping(mapping, reject);
        return RG_DECODED_REJECT;
    }
    return RG_DECODED_EVENT;
}

/* ---- what only the installation knows ---- */

static int refuse_name(struct rg_reject *reject, const char *what, struct rg_str found, const char *const *names, size_t count)
{
    const char *near = rg_suggest(found, names, count);
    return rg_refuse(reject, RG_DEAD_BAD_FIELD, "data.%s: \"" RG_STR_FMT "\" is not configured%s%s%s", what, RG_STR_ARG(found),
                     near != NULL ? ", did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static const struct rg_service_of *find_service(const struct rg_upstream *upstream, struct rg_str name)
{
    for (size_t i = 0; i < upstream->service_count; i++)
        if (rg_str_eq(upstream->services[i].service, name))
            return &upstream->services[i];
    return NULL;
}

static int check_service(const struct rg_upstream *upstream, const struct rg_event *event, struct rg_arena *arena,
                         struct rg_reject *reject)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    if (upstream->service_count == 0 || !rg_event_has(event, RG_F_SERVICE) || find_service(upstream, event->service) != NULL)
        return 0;
    for (; count < upstream->service_count && count < NAMES_MAX; count++)
        names[count] = rg_arena_str(arena, upstream->services[count].service).p;
    return refuse_name(reject, "service", event->service, names, count);
}

static int check_creditor(const struct rg_upstream *upstream, const struct rg_event *event, struct rg_arena *arena,
                          struct rg_reject *reject)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    if (upstream->creditor_count == 0 || !rg_event_has(event, RG_F_CREDITOR))
        return 0;
    for (size_t i = 0; i < upstream->creditor_count; i++)
        if (rg_str_eq(upstream->creditors[i], event->creditor))
            return 0;
    for (; count < upstream->creditor_count && count < NAMES_MAX; count++)
        names[count] = rg_arena_str(arena, upstream->creditors[count]).p;
    return refuse_name(reject, "creditor", event->creditor, names, count);
}

/* A new invoice knows its service and its creditor, said or because there is no other. */
static int fill_invoice(const struct rg_upstream *upstream, struct rg_event *event, struct rg_reject *reject)
{
    if (!rg_event_has(event, RG_F_SERVICE) && upstream->service_count > 0) {
        if (upstream->service_count > 1)
            return rg_refuse(reject, RG_DEAD_MISSING_FIELD, "data.service is missing, and %zu services are configured",
                             upstream->service_count);
        event->service = upstream->services[0].service;
        event->has |= RG_BIT(RG_F_SERVICE);
    }
    if (rg_event_has(event, RG_F_CREDITOR) || upstream->creditor_count == 0)
        return 0;
    const struct rg_service_of *service = rg_event_has(event, RG_F_SERVICE) ? find_service(upstream, event->service) : NULL;
    if (rg_str_has(upstream->creditor))
        event->creditor = upstream->creditor;
    else if (service != NULL && rg_str_has(service->creditor))
        event->creditor = service->creditor;
    else if (upstream->creditor_count == 1)
        event->creditor = upstream->creditors[0];
    else
        return rg_refuse(reject, RG_DEAD_MISSING_FIELD, "data.creditor is missing, and %zu creditors are configured",
                         upstream->creditor_count);
    event->has |= RG_BIT(RG_F_CREDITOR);
    return 0;
}

static int fill_namespace(const struct rg_upstream *upstream, struct rg_event *event, struct rg_reject *reject)
{
    const struct rg_type_row *row = rg_event_type_row(event->type);
    if (rg_str_has(upstream->ns))
        event->ns = upstream->ns;
    else if (rg_event_has(event, RG_F_CREDITOR))
        event->ns = event->creditor;
    else if (rg_str_has(upstream->creditor))
        event->ns = upstream->creditor;
    else if (upstream->creditor_count == 1)
        event->ns = upstream->creditors[0];
    else if (upstream->creditor_count > 1 && ((row->required | row->optional) & INVOICE_FIELDS & event->has) != 0)
        return rg_refuse(
            reject, RG_DEAD_UNROUTABLE,
            "whose invoice is it? the source has no namespace, the event no creditor, and %zu creditors are configured",
            upstream->creditor_count);
    return 0;
}

static int complete(const struct rg_upstream *upstream, struct rg_event *event, struct rg_arena *arena, struct rg_reject *reject)
{
    if (!known_instant(event->time_ms))
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "time: neither the event nor the record says when it was");
    int failed = check_service(upstream, event, arena, reject);
    if (failed == 0)
        failed = check_creditor(upstream, event, arena, reject);
    if (failed == 0 && event->type == RG_EV_INVOICE_ISSUED)
        failed = fill_invoice(upstream, event, reject);
    if (failed == 0)
        failed = fill_namespace(upstream, event, reject);
    if (failed < 0)
        return failed;
    event->ns = rg_arena_str(arena, event->ns);
    if (event->details != NULL) {
        struct rg_event *details = RG_NEW(arena, struct rg_event, 1);
        *details = *event->details;
        details->ns = event->ns;
        event->details = details;
    }
    event->service = rg_arena_str(arena, event->service);
    event->creditor = rg_arena_str(arena, event->creditor);
    return 0;
}

enum rg_decoded rg_decode(const struct rg_upstream *upstream, const struct rg_message *message, struct rg_arena *arena,
                          struct rg_event *ret_event, struct rg_reject *ret_reject)
{
    rg_assert(upstream->format == RG_SOURCE_CLOUDEVENTS || upstream->mapping != NULL);
    if (message->value.p == NULL)
        return RG_DECODED_NOTHING;
    struct rg_event event = {.type = RG_EV_NONE};
    enum rg_decoded done = upstream->format == RG_SOURCE_CLOUDEVENTS
                               ? decode_cloudevent(message, arena, &event, ret_reject)
                               : decode_mapped(upstream->mapping, message, arena, &event, ret_reject);
    if (done != RG_DECODED_EVENT)
        return done;
    if (complete(upstream, &event, arena, ret_reject) < 0)
        return RG_DECODED_REJECT;
    *ret_event = event;
    return RG_DECODED_EVENT;
}

/* What HTTP providers do, as far as a sender can see it: WhatsApp's Cloud API (Meta, "Send Messages", Graph API) for paths of a
 * provider so named that end in /messages, and an SMS gateway that answers {"id":…} for the rest. The recipient and the text are
 * looked for where such interfaces put them; what is not found is simply not shown, the body is kept whole. */
#include "tests/fakes/inbox/http.h"

#include "base/json/write.h"
#include "tests/fakes/inbox/mail.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PROVIDER_NAME_MAX 64
#define PARAMETERS_MAX 64

struct delivery {
    struct rg_arena *arena;
    struct rg_json *json; /* NULL: the body is none */
    char provider[PROVIDER_NAME_MAX + 1];
    bool whatsapp;
    bool misfit; /* other parameters than its template has */
    const struct rg_inbox_config *config;
    struct rg_inbox_entry entry;
    struct inbox_effect effect;
    char name[64];
};

static const struct rg_json_value *root_of(const struct delivery *delivery)
{
    return delivery->json != NULL ? rg_json_root(delivery->json) : NULL;
}

/* The value of the first of these members that is a text or a number. */
static struct rg_str first_member(const struct rg_json_value *object, const char *const *names, size_t count)
{
    struct rg_str found = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        const struct rg_json_value *value = rg_json_get(object, names[i]);
        if (rg_json_str(value, &found))
            return found;
        found = rg_json_number_text(value);
        if (found.p != NULL)
            return found;
    }
    return found;
}

static const char *const to_names[] = {"to", "phone", "recipient", "number", "destination", "To", "msisdn", "address", "debtor"};
static const char *const text_names[] = {"text", "message", "body", "content", "Body", "msg"};

/* The parameters of a WhatsApp template that are texts, in order. */
struct parameters {
    struct rg_str items[PARAMETERS_MAX];
    size_t count;
};

static void read_parameters(const struct rg_json_value *template, struct parameters *parameters)
{
    RG_JSON_EACH(component, rg_json_get(template, "components"))
    {
        RG_JSON_EACH(parameter, rg_json_get(component, "parameters"))
        {
            if (parameters->count < PARAMETERS_MAX &&
                rg_json_str(rg_json_get(parameter, "text"), &parameters->items[parameters->count]))
                parameters->count++;
        }
    }
}

/* Where "{{12}}" ends, and 12; NULL when none begins here. */
static const char *read_place(const char *text, size_t *ret_number)
{
    size_t number = 0;
    const char *p = text;
    if (strncmp(p, "{{", 2) != 0)
        return NULL;
    for (p += 2; *p >= '0' && *p <= '9' && number < PARAMETERS_MAX; p++)
        number = number * 10 + (size_t)(*p - '0');
    if (number == 0 || strncmp(p, "}}", 2) != 0)
        return NULL;
    *ret_number = number;
    return p + 2;
}

/* As the recipient reads it; and how many parameters the approved text has. */
static size_t fill_in(const char *approved, const struct parameters *parameters, struct rg_buf *out)
{
    size_t highest = 0, number = 0;
    for (const char *p = approved; *p != '\0';) {
        const char *end = read_place(p, &number);
        if (end == NULL) {
            rg_buf_addc(out, *p++);
            continue;
        }
        if (number <= parameters->count)
            rg_buf_add_str(out, parameters->items[number - 1]);
        highest = number > highest ? number : highest;
        p = end;
    }
    return highest;
}

static const char *approved_text(const struct delivery *delivery, struct rg_str name)
{
    for (size_t i = 0; i < delivery->config->approved_count; i++)
        if (rg_str_is(name, delivery->config->approved[i].name))
            return delivery->config->approved[i].text;
    return NULL;
}

/* One parameter a line where nobody knows the text around them. */
static void read_template(struct delivery *delivery, const struct rg_json_value *template)
{
    struct rg_inbox_entry *entry = &delivery->entry;
    struct parameters parameters = {.count = 0};
    RG_CLEANUP(rg_buf_done) struct rg_buf text;
    rg_buf_init(&text, RG_INBOX_MESSAGE_BYTES_MAX);
    read_parameters(template, &parameters);
    if (!rg_json_str(rg_json_get(template, "name"), &entry->subject))
        entry->subject = (struct rg_str){NULL, 0};
    const char *approved = approved_text(delivery, entry->subject);
    if (approved != NULL)
        delivery->misfit = fill_in(approved, &parameters, &text) != parameters.count;
    for (size_t i = 0; approved == NULL && i < parameters.count; i++) {
        if (i > 0)
            rg_buf_addc(&text, '\n');
        rg_buf_add_str(&text, parameters.items[i]);
    }
    entry->text = rg_arena_str(delivery->arena, rg_buf_str(&text));
}

static void read_json(struct delivery *delivery)
{
    struct rg_inbox_entry *entry = &delivery->entry;
    const struct rg_json_value *root = root_of(delivery), *template = rg_json_get(root, "template");
    struct rg_str text = {NULL, 0};
    static const char *const step_names[] = {"step"};
    entry->to = first_member(root, to_names, RG_COUNT(to_names));
    if (template != NULL) {
        read_template(delivery, template);
    } else if (rg_json_str(rg_json_pointer(root, RG_STR("/text/body")), &text)) {
        entry->text = text;
    } else {
        entry->text = first_member(root, text_names, RG_COUNT(text_names));
    }
    if (entry->step.p == NULL)
        entry->step = first_member(root, step_names, 1);
}

/* A value of an application/x-www-form-urlencoded body, decoded. */
static struct rg_str form_value(struct rg_str body, const char *name, struct rg_arena *arena)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < body.n;) {
        const char *end = memchr(body.p + i, '&', body.n - i);
        struct rg_str pair = {body.p + i, end != NULL ? (size_t)(end - body.p) - i : body.n - i};
        i += pair.n + 1;
        if (pair.n <= n || pair.p[n] != '=' || memcmp(pair.p, name, n) != 0)
            continue;
        char *value = rg_arena_alloc(arena, pair.n - n);
        memcpy(value, pair.p + n + 1, pair.n - n - 1);
        for (char *p = value; *p != '\0'; p++)
            *p = *p == '+' ? ' ' : *p;
        (void)MHD_http_unescape(value);
        return rg_str(value);
    }
    return (struct rg_str){NULL, 0};
}

static void read_form(struct delivery *delivery, struct rg_str body)
{
    for (size_t i = 0; i < RG_COUNT(to_names) && delivery->entry.to.p == NULL; i++)
        delivery->entry.to = form_value(body, to_names[i], delivery->arena);
    for (size_t i = 0; i < RG_COUNT(text_names) && delivery->entry.text.p == NULL; i++)
        delivery->entry.text = form_value(body, text_names[i], delivery->arena);
}

static enum MHD_Result add_header(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    rg_buf_addf(ctx, "%s: %s\n", name, value != NULL ? value : "");
    return MHD_YES;
}

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static struct rg_str channel_of(const struct delivery *delivery)
{
    if (delivery->whatsapp || strcasestr(delivery->provider, "whatsapp") != NULL)
        return RG_STR("whatsapp");
    return strcasestr(delivery->provider, "sms") != NULL ? RG_STR("sms") : rg_str(delivery->provider);
}

static void read_request(struct http_request *request, struct delivery *delivery)
{
    struct rg_inbox_entry *entry = &delivery->entry;
    RG_CLEANUP(rg_buf_done) struct rg_buf headers;
    rg_buf_init(&headers, (size_t)64 * 1024);
    (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_header, &headers);
    struct rg_str body = rg_buf_str(&request->body);
    (void)snprintf(delivery->provider, sizeof delivery->provider, "%.*s", (int)strcspn(request->path + 10, "/"),
                   request->path + 10);
    delivery->whatsapp = ends_in(request->path, "/messages") && strcasestr(delivery->provider, "whatsapp") != NULL;
    entry->headers = rg_arena_str(delivery->arena, rg_buf_str(&headers));
    entry->door = RG_STR("http");
    entry->channel = channel_of(delivery);
    entry->provider = rg_str(delivery->provider);
    entry->method = rg_str(request->method);
    entry->path = rg_str(request->path);
    entry->raw = body;
    entry->idempotency_key = inbox_header(entry->headers, "Idempotency-Key");
    entry->step = inbox_header(entry->headers, "X-Regua-Step");
    if (rg_json_parse(body, RG_INBOX_MESSAGE_BYTES_MAX, &delivery->json, NULL) == 0)
        read_json(delivery);
    else
        read_form(delivery, body);
}

/* What WhatsApp's interface refuses by itself; NULL when it would take the message. */
static const char *whatsapp_complaint(const struct delivery *delivery, int *ret_code)
{
    *ret_code = 100;
    struct rg_str product = {NULL, 0}, type = {NULL, 0};
    if (delivery->json == NULL)
        return "Invalid JSON";
    if (!rg_json_str(rg_json_get(root_of(delivery), "messaging_product"), &product) || !rg_str_is(product, "whatsapp"))
        return "(#100) The parameter messaging_product is required.";
    if (!rg_str_has(delivery->entry.to))
        return "(#100) The parameter to is required.";
    if (!rg_json_str(rg_json_get(root_of(delivery), "type"), &type) || rg_json_get_str(root_of(delivery), type) == NULL)
        return "(#100) Invalid parameter: type, and the object that it names";
    *ret_code = 132000;
    if (delivery->misfit)
        return "(#132000) Number of parameters does not match the expected number of params";
    return NULL;
}

/* The answer of a provider that has nothing against the message, or something. Returns its status. */
static int usual_answer(struct delivery *delivery, struct rg_buf *out)
{
    int code = 0;
    const char *complaint = delivery->whatsapp ? whatsapp_complaint(delivery, &code) : NULL;
    struct rg_jw jw;
    rg_jw_init(&jw, out);
    rg_jw_object(&jw);
    if (complaint != NULL) {
        rg_jw_member_object(&jw, "error");
        rg_jw_member_cstr(&jw, "message", complaint);
        rg_jw_member_cstr(&jw, "type", "OAuthException");
        rg_jw_member_int(&jw, "code", code);
        rg_jw_object_end(&jw);
    } else if (delivery->whatsapp) {
        rg_jw_member_cstr(&jw, "messaging_product", "whatsapp");
        rg_jw_member_array(&jw, "contacts");
        rg_jw_object(&jw);
        rg_jw_member_str(&jw, "input", delivery->entry.to);
        rg_jw_member_str(&jw, "wa_id", delivery->entry.to);
        rg_jw_object_end(&jw);
        rg_jw_array_end(&jw);
        rg_jw_member_array(&jw, "messages");
        rg_jw_object(&jw);
        rg_jw_member_cstr(&jw, "id", delivery->name);
        rg_jw_object_end(&jw);
        rg_jw_array_end(&jw);
    } else {
        rg_jw_member_cstr(&jw, "id", delivery->name);
        rg_jw_member_cstr(&jw, "status", "queued");
    }
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
    return complaint != NULL ? 400 : 200;
}

/* An answer sent in pieces: dripping, cut in the middle, or without an end. */
struct pieces {
    struct inbox_store *store;
    int64_t drip_ms;
    bool endless, cut;
    size_t n;
    char bytes[];
};

static ssize_t next_piece(void *ctx, uint64_t at, char *out, size_t room)
{
    struct pieces *pieces = ctx;
    size_t n = pieces->drip_ms > 0 ? 1 : room;
    if (pieces->drip_ms > 0 && !inbox_store_sleep(pieces->store, pieces->drip_ms))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (pieces->endless) {
        memset(out, ' ', n);
        return (ssize_t)n;
    }
    size_t end = pieces->cut ? pieces->n / 2 : pieces->n;
    if (at >= end)
        return pieces->cut ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    n = n < end - at ? n : end - at;
    memcpy(out, pieces->bytes + at, n);
    return (ssize_t)n;
}

static void free_pieces(void *ctx)
{
    struct pieces *pieces = ctx;
    rg_free(&pieces);
}

static enum MHD_Result send_answer(struct http_request *request, const struct inbox_effect *effect, int status,
                                   struct rg_str body)
{
    struct pieces *pieces = rg_alloc(sizeof *pieces + body.n);
    *pieces = (struct pieces){request->store, effect->drip_ms, effect->endless, effect->cut == INBOX_CUT_BODY, body.n};
    memcpy(pieces->bytes, body.p, body.n);
    struct MHD_Response *response = MHD_create_response_from_callback(effect->endless ? MHD_SIZE_UNKNOWN : body.n, 16 * 1024,
                                                                      next_piece, pieces, free_pieces);
    rg_assert(response != NULL);
    bool typed = false;
    for (size_t i = 0; i < effect->header_count; i++) {
        typed = typed || strcasecmp(effect->header_names[i].p, "Content-Type") == 0;
        (void)MHD_add_response_header(response, effect->header_names[i].p, effect->header_values[i].p); /* it refuses line ends */
    }
    if (!typed)
        (void)MHD_add_response_header(response, "Content-Type", "application/json");
    return http_answer(request, status, response);
}

/* Keeps the message as the effect and the status have it, then answers. */
static enum MHD_Result settle(struct http_request *request, struct delivery *delivery)
{
    struct inbox_effect *effect = &delivery->effect;
    RG_CLEANUP(rg_buf_done) struct rg_buf usual;
    rg_buf_init(&usual, (size_t)64 * 1024);
    inbox_store_name(request->store, delivery->whatsapp ? "wamid.RG" : "msg-", delivery->name);
    int status = usual_answer(delivery, &usual);
    if (effect->code != 0)
        status = effect->code;
    bool taken = status >= 200 && status < 300, answered = effect->cut == INBOX_CUT_NO && !effect->endless;
    bool kept = effect->keep == INBOX_KEEP_BY_ANSWER ? taken && effect->cut != INBOX_CUT_BEFORE : effect->keep == INBOX_KEEP_YES;
    struct rg_inbox_entry *entry = &delivery->entry;
    bool silent = effect->cut == INBOX_CUT_BEFORE || effect->cut == INBOX_CUT_AFTER;
    entry->code = silent ? 0 : status;
    entry->provider_id = kept ? rg_str(delivery->name) : (struct rg_str){NULL, 0};
    entry->state =
        kept ? (taken && answered ? RG_STR("delivered") : RG_STR("unanswered")) : (silent ? RG_STR("cut") : RG_STR("refused"));
    (void)inbox_store_append(request->store, entry);
    if (effect->delay_ms > 0 && !inbox_store_sleep(request->store, effect->delay_ms))
        return MHD_NO;
    if (silent)
        return MHD_NO;
    return send_answer(request, effect, status, effect->text.p != NULL ? effect->text : rg_buf_str(&usual));
}

enum MHD_Result http_provide(struct http_request *request)
{
    if (strcmp(request->method, "POST") != 0 && strcmp(request->method, "PUT") != 0)
        return http_answer_error(request, 405, "a provider takes POST and PUT");
    struct delivery delivery = {.arena = rg_arena_new(8 * RG_INBOX_MESSAGE_BYTES_MAX), .config = request->config};
    read_request(request, &delivery);
    struct inbox_occasion occasion = {
        .stage = INBOX_AT_HTTP, .to = delivery.entry.to.p, .provider = delivery.provider, .content = rg_buf_str(&request->body)};
    if (delivery.entry.to.p != NULL)
        occasion.to = rg_arena_str(delivery.arena, delivery.entry.to).p; /* a number's text does not end in a NUL */
    (void)inbox_faults_match(request->faults, &occasion, delivery.arena, &delivery.effect); /* nothing fits: no effect */
    enum MHD_Result result = settle(request, &delivery);
    rg_json_free(&delivery.json);
    rg_arena_free(&delivery.arena);
    return result;
}

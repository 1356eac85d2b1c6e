/* What the country knows about a field: whether a document, a phone number, a state or a zone can exist, and its one
 * spelling. Done once at the door, so that nothing behind it meets two spellings of the same thing, and only for events from
 * upstream: what stands in our own topics was accepted by the rules of its day and stays readable.
 *
 * No sentence here repeats a document, a number or an address: it stands in the header of a dead letter and in logs. */
#include "config/contract/event_parts.h"

#include "brazil/days/zone.h"
#include "brazil/ids/document.h"
#include "brazil/ids/phone.h"
#include "config/contract/route.h"

#include <string.h>

#define EMAIL_BYTES_MAX 254
#define EMAIL_LOCAL_BYTES_MAX 64
#define LABEL_BYTES_MAX 63

/* Of ASCII, whatever the locale. */
static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
    return is_alpha(c) || (c >= '0' && c <= '9');
}

/* Labels of letters, digits and inner hyphens, at least two of them. */
static bool domain_ok(struct rg_str domain)
{
    size_t start = 0;
    int labels = 0;
    for (size_t i = 0; i <= domain.n; i++) {
        if (i < domain.n && domain.p[i] != '.') {
            if (!is_alnum(domain.p[i]) && domain.p[i] != '-')
                return false;
            continue;
        }
        size_t n = i - start;
        if (n == 0 || n > LABEL_BYTES_MAX || domain.p[start] == '-' || domain.p[i - 1] == '-')
            return false;
        labels++;
        start = i + 1;
    }
    return labels >= 2;
}

/* A plain address in ASCII: a dot-atom, @, a domain. Quoted local parts and address literals are legal and nobody's. */
static bool email_ok(struct rg_str address)
{
    const char *sign = memchr(address.p, '@', address.n);
    if (sign == NULL || address.n > EMAIL_BYTES_MAX)
        return false;
    struct rg_str local = {address.p, (size_t)(sign - address.p)};
    struct rg_str domain = {sign + 1, address.n - local.n - 1};
    if (local.n == 0 || local.n > EMAIL_LOCAL_BYTES_MAX || local.p[0] == '.' || local.p[local.n - 1] == '.')
        return false;
    for (size_t i = 0; i < local.n; i++) {
        if (local.p[i] == '.' && local.p[i + 1] == '.')
            return false;
        if (!is_alnum(local.p[i]) && (local.p[i] == '\0' || strchr("!#$%&'*+-/=?^_`{|}~.", local.p[i]) == NULL))
            return false;
    }
    return domain_ok(domain);
}

/* Puts an address into its channel's one spelling. */
static int settle_address(const struct rg_event_reading *reading, struct rg_str channel, const char *path, struct rg_str *address)
{
    if (rg_str_is(channel, "email") && !email_ok(*address))
        return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD, "%s.%s: not an e-mail address", reading->where, path);
    if (!rg_str_is(channel, "sms") && !rg_str_is(channel, "whatsapp"))
        return 0;
    struct rg_phone phone;
    struct rg_error why;
    if (rg_phone_parse(*address, &phone, &why) < 0)
        return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD, "%s.%s: %s", reading->where, path, why.text);
    if (!phone.mobile)
        return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD, "%s.%s: a fixed line takes no " RG_STR_FMT, reading->where, path,
                         RG_STR_ARG(channel));
    *address = rg_arena_str(reading->arena, rg_str(phone.e164));
    return 0;
}

static int settle_contacts(const struct rg_event_reading *reading)
{
    struct rg_event *event = reading->event;
    for (size_t i = 0; i < event->contact_count; i++) {
        struct rg_contact *contact = &event->contacts[i];
        struct rg_str path = rg_arena_printf(reading->arena, "contacts[%zu].address", i);
        int failed = settle_address(reading, contact->channel, path.p, &contact->address);
        if (failed < 0)
            return failed;
    }
    if (rg_event_has(event, RG_F_CHANNEL) && rg_event_has(event, RG_F_ADDRESS))
        return settle_address(reading, event->channel, "address", &event->address);
    return 0;
}

static int settle_document(const struct rg_event_reading *reading)
{
    struct rg_event *event = reading->event;
    struct rg_document document;
    struct rg_error why;
    if (!rg_event_has(event, RG_F_DOCUMENT))
        return 0;
    if (rg_document_check(event->document, RG_DOCUMENT_AUTO, &document, &why) < 0)
        return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD, "%s.document: %s", reading->where, why.text);
    event->document = rg_arena_str(reading->arena, rg_str(document.text));
    if (!rg_event_has(event, RG_F_KIND)) {
        event->kind = document.kind == RG_DOCUMENT_CPF ? RG_KIND_PERSON : RG_KIND_COMPANY;
        event->has |= RG_BIT(RG_F_KIND);
        event->null &= ~RG_BIT(RG_F_KIND);
    }
    return 0;
}

static int settle_place(const struct rg_event_reading *reading)
{
    struct rg_event *event = reading->event;
    if (rg_event_has(event, RG_F_STATE)) {
        char state[3] = "";
        for (size_t i = 0; i < 2 && event->state.n == 2; i++)
            state[i] = (char)(is_alpha(event->state.p[i]) ? event->state.p[i] & ~0x20 : event->state.p[i]);
        if (rg_zone_of_state(rg_str(state)) == NULL)
            return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD, "%s.state: expected the two letters of a state, such as SP",
                             reading->where);
        event->state = rg_arena_str(reading->arena, rg_str(state));
    }
    if (rg_event_has(event, RG_F_TIME_ZONE) && rg_zone_find(event->time_zone) == NULL)
        return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD,
                         "%s.time_zone: expected a time zone in Brazil, such as America/Sao_Paulo", reading->where);
    return 0;
}

/* "pt-BR": a language and subtags. */
static bool language_ok(struct rg_str tag)
{
    size_t start = 0;
    for (size_t i = 0; i <= tag.n; i++) {
        if (i < tag.n && tag.p[i] != '-') {
            if (!is_alnum(tag.p[i]) || (start == 0 && !is_alpha(tag.p[i])))
                return false;
            continue;
        }
        size_t n = i - start;
        if (n > 8 || n < (start == 0 ? 2U : 1U))
            return false;
        start = i + 1;
    }
    return true;
}

int rg_event_settle(const struct rg_event_reading *reading)
{
    struct rg_event *event = reading->event;
    struct rg_action_id action;
    if (rg_event_has(event, RG_F_ACTION) && !rg_action_id_parse(event->action, &action))
        return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD, "%s.action: expected the id of an action, %d hex digits",
                         reading->where, RG_ACTION_TEXT);
    if (rg_event_has(event, RG_F_LANGUAGE) && !language_ok(event->language))
        return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD, "%s.language: expected a language tag, such as pt-BR",
                         reading->where);
    int failed = settle_document(reading);
    if (failed == 0)
        failed = settle_place(reading);
    if (failed == 0)
        failed = settle_contacts(reading);
    return failed;
}

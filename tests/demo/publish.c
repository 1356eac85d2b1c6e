/* One function per kind of deed. The partition follows from the debtor, as a billing system that cares for order would have it.
 */
#include "tests/demo/publish.h"

#include "base/core/hash.h"
#include "base/json/write.h"
#include "config/contract/words.h"
#include "tests/demo/portfolio.h"

#include <stdio.h>
#include <string.h>

#define OPEN_MS 5000
#define FLUSH_MS 20000
#define RECORD_BYTES_MAX ((size_t)64 * 1024)
#define BRASILIA_MINUTES (-180)

const struct demo_topic demo_upstream_topics[DEMO_UPSTREAM_TOPICS] = {
    {DEMO_TOPIC_BILLING, 4}, {DEMO_TOPIC_ASAAS, 2}, {DEMO_TOPIC_PROVIDERS, 2}, {DEMO_TOPIC_NETWORK, 1}};

struct demo_publisher {
    struct rg_kafka_producer *producer;
    struct rg_buf buf;
    struct rg_jw jw;
    struct rg_error failed; /* of a report */
};

static void on_report(void *ctx, const struct rg_kafka_report *report)
{
    struct demo_publisher *publisher = ctx;
    if (report->err.code != 0)
        publisher->failed = report->err;
}

int demo_publisher_new(const struct rg_kafka_config *kafka, struct demo_publisher **ret_publisher, struct rg_error *err)
{
    struct demo_publisher *p = rg_alloc(sizeof *p);
    rg_buf_init(&p->buf, RECORD_BYTES_MAX);
    const struct rg_kafka_producer_options options = {.on_report = on_report, .ctx = p};
    int rc = rg_kafka_producer_new(kafka, &options, &p->producer, err), partitions = 0;
    for (int i = 0; rc == 0 && i < DEMO_UPSTREAM_TOPICS; i++)
        rc = rg_kafka_producer_open(p->producer, demo_upstream_topics[i].name, OPEN_MS, &partitions, err);
    if (rc < 0) {
        demo_publisher_free(&p);
        return rc;
    }
    *ret_publisher = p;
    return 0;
}

void demo_publisher_free(struct demo_publisher **publisher)
{
    struct demo_publisher *p = *publisher;
    if (p == NULL)
        return;
    rg_kafka_producer_free(&p->producer, RG_KAFKA_FREE_MS);
    rg_buf_done(&p->buf);
    rg_free(publisher);
}

static int send(struct demo_publisher *p, const char *topic, const char *key, const char *content_type, struct rg_error *err)
{
    int partitions = 1;
    for (int i = 0; i < DEMO_UPSTREAM_TOPICS; i++)
        if (strcmp(demo_upstream_topics[i].name, topic) == 0)
            partitions = demo_upstream_topics[i].partitions;
    const struct rg_kafka_header header = {"content-type", rg_str(content_type)};
    const struct rg_kafka_record record = {.topic = topic,
                                           .partition = (int)((rg_murmur2(key, strlen(key)) & 0x7fffffff) % (unsigned)partitions),
                                           .key = rg_str(key),
                                           .value = rg_buf_str(&p->buf),
                                           .headers = &header,
                                           .headers_n = 1};
    return rg_kafka_producer_send(p->producer, &record, err);
}

/* ---- CloudEvents ---- */

static void member_instant(struct rg_jw *jw, const char *key, int64_t ms)
{
    char text[RG_INSTANT_TEXT_MAX];
    rg_instant_format(ms, BRASILIA_MINUTES, text);
    rg_jw_member_cstr(jw, key, text);
}

static void member_day(struct rg_jw *jw, const char *key, rg_day day)
{
    char text[RG_DAY_TEXT_MAX];
    rg_day_format(day, text);
    rg_jw_member_cstr(jw, key, text);
}

static struct rg_jw *begin(struct demo_publisher *p, const struct demo_entry *e, const char *source, const char *type)
{
    char id[96];
    (void)snprintf(id, sizeof id, "%s-%s-%lld-%d%s", type, e->invoice != NULL ? e->invoice->id : e->debtor->id,
                   (long long)(e->at_ms / 1000), e->number, e->action);
    rg_buf_reset(&p->buf);
    rg_jw_init(&p->jw, &p->buf);
    rg_jw_object(&p->jw);
    rg_jw_member_cstr(&p->jw, "specversion", "1.0");
    rg_jw_member_cstr(&p->jw, "id", id);
    rg_jw_member_cstr(&p->jw, "source", source);
    (void)snprintf(id, sizeof id, "regua.%s", type);
    rg_jw_member_cstr(&p->jw, "type", id);
    member_instant(&p->jw, "time", e->at_ms);
    rg_jw_member_object(&p->jw, "data");
    return &p->jw;
}

static int end(struct demo_publisher *p, const struct demo_entry *e, const char *topic, struct rg_error *err)
{
    rg_jw_object_end(&p->jw);
    rg_jw_object_end(&p->jw);
    rg_jw_done(&p->jw);
    return send(p, topic, e->debtor->id, "application/cloudevents+json", err);
}

static void contact(struct rg_jw *jw, const char *channel, const char *address)
{
    rg_jw_object(jw);
    rg_jw_member_cstr(jw, "channel", channel);
    rg_jw_member_cstr(jw, "address", address);
    rg_jw_object_end(jw);
}

static int be_known(struct demo_publisher *p, const struct demo_entry *e, struct rg_error *err)
{
    const struct demo_debtor *d = e->debtor;
    struct rg_jw *jw = begin(p, e, "/crm", "debtor.updated");
    rg_jw_member_cstr(jw, "debtor", d->id);
    rg_jw_member_cstr(jw, "name", d->name);
    rg_jw_member_cstr(jw, "document", d->document);
    rg_jw_member_cstr(jw, "state", d->place->state);
    rg_jw_member_cstr(jw, "city", d->place->city);
    if (d->habit != DEMO_NO_CONTACT) {
        rg_jw_member_array(jw, "contacts");
        contact(jw, "email", d->email);
        contact(jw, "whatsapp", d->phone);
        contact(jw, "sms", d->phone);
        rg_jw_array_end(jw);
    }
    return end(p, e, DEMO_TOPIC_BILLING, err);
}

static void charge(struct rg_jw *jw, const struct demo_invoice *invoice)
{
    char text[DEMO_PIX_MAX], txid[26];
    (void)snprintf(txid, sizeof txid, "F%08llu", (unsigned long long)invoice->number);
    rg_jw_member_object(jw, "charge");
    demo_pix("cobranca@provedor.example", invoice->cents, txid, text);
    rg_jw_member_object(jw, "pix");
    rg_jw_member_cstr(jw, "copy_paste", text);
    rg_jw_object_end(jw);
    if (invoice->debtor->boleto) {
        rg_jw_member_object(jw, "boleto");
        demo_boleto(invoice->number, invoice->due_on, invoice->cents, text);
        rg_jw_member_cstr(jw, "line", text);
        (void)snprintf(text, sizeof text, "https://fatura.provedor.example/b/%s.pdf", invoice->id);
        rg_jw_member_cstr(jw, "url", text);
        rg_jw_object_end(jw);
    }
    (void)snprintf(text, sizeof text, "https://fatura.provedor.example/%s", invoice->id);
    rg_jw_member_cstr(jw, "link", text);
    rg_jw_object_end(jw);
}

static int issue(struct demo_publisher *p, const struct demo_entry *e, struct rg_error *err)
{
    const struct demo_invoice *invoice = e->invoice;
    char contract[32];
    struct rg_jw *jw = begin(p, e, "/billing", "invoice.issued");
    (void)snprintf(contract, sizeof contract, "C-%05d", 10000 + e->debtor->number);
    rg_jw_member_cstr(jw, "invoice", invoice->id);
    rg_jw_member_cstr(jw, "debtor", e->debtor->id);
    member_day(jw, "due_on", invoice->due_on);
    rg_jw_member_int(jw, "amount_cents", invoice->cents);
    rg_jw_member_cstr(jw, "contract", contract);
    charge(jw, invoice);
    return end(p, e, DEMO_TOPIC_BILLING, err);
}

static int about_invoice(struct demo_publisher *p, const struct demo_entry *e, const char *type, const char *key,
                         const char *value, struct rg_error *err)
{
    struct rg_jw *jw = begin(p, e, "/billing", type);
    rg_jw_member_cstr(jw, "invoice", e->invoice->id);
    rg_jw_member_cstr(jw, key, value);
    return end(p, e, DEMO_TOPIC_BILLING, err);
}

/* A payment knows only its invoice, as those of banks do. */
static int pay(struct demo_publisher *p, const struct demo_entry *e, struct rg_error *err)
{
    char payment[48];
    struct rg_jw *jw = begin(p, e, "/billing", "payment.settled");
    (void)snprintf(payment, sizeof payment, "%s-p%d", e->invoice->id, e->number);
    rg_jw_member_cstr(jw, "invoice", e->invoice->id);
    rg_jw_member_cstr(jw, "payment", payment);
    rg_jw_member_int(jw, "amount_cents", e->cents);
    rg_jw_member_cstr(jw, "method", e->debtor->boleto ? "boleto" : "pix");
    member_instant(jw, "paid_at", e->day_ms);
    return end(p, e, DEMO_TOPIC_BILLING, err);
}

static int about_debtor(struct demo_publisher *p, const struct demo_entry *e, struct rg_error *err)
{
    rg_day until = rg_local_at(e->debtor->zone, e->day_ms).day;
    struct rg_jw *jw = begin(p, e, "/crm",
                             e->deed == DEMO_HOLD      ? "debtor.held"
                             : e->deed == DEMO_PROMISE ? "promise.made"
                                                       : "debtor.opted_out");
    rg_jw_member_cstr(jw, "debtor", e->debtor->id);
    if (e->deed == DEMO_HOLD) {
        member_day(jw, "until", until);
        rg_jw_member_cstr(jw, "reason", "prazo combinado com a supervisão");
    } else if (e->deed == DEMO_PROMISE) {
        member_day(jw, "pay_on", until);
    } else {
        rg_jw_member_cstr(jw, "channel", e->channel);
    }
    return end(p, e, DEMO_TOPIC_BILLING, err);
}

static int receipt(struct demo_publisher *p, const struct demo_entry *e, struct rg_error *err)
{
    struct rg_jw *jw = begin(p, e, "/providers", "delivery.receipt");
    rg_jw_member_cstr(jw, "action", e->action);
    rg_jw_member_cstr(jw, "status", rg_provider_fact_name((enum rg_provider_fact)e->number));
    rg_jw_member_cstr(jw, "channel", e->channel);
    return end(p, e, DEMO_TOPIC_PROVIDERS, err);
}

static int network(struct demo_publisher *p, const struct demo_entry *e, struct rg_error *err)
{
    struct rg_jw *jw = begin(p, e, "/network", e->deed == DEMO_CUT_OFF ? "service.suspended" : "service.restored");
    rg_jw_member_cstr(jw, "debtor", e->debtor->id);
    member_instant(jw, "at", e->at_ms);
    return end(p, e, DEMO_TOPIC_NETWORK, err);
}

/* ---- Asaas ---- */

static const char *asaas_event(const struct demo_entry *e)
{
    switch (e->deed) {
    case DEMO_ISSUE: return "PAYMENT_CREATED";
    case DEMO_VOID: return "PAYMENT_DELETED";
    case DEMO_REVERSE: return "PAYMENT_CHARGEBACK_REQUESTED";
    default:
        return e->number == 1 ? "PAYMENT_CONFIRMED" : "PAYMENT_AWAITING_CHARGEBACK_REVERSAL"; /* paid again after a chargeback */
    }
}

static int webhook(struct demo_publisher *p, const struct demo_entry *e, struct rg_error *err)
{
    const struct demo_invoice *invoice = e->invoice;
    char text[96];
    struct rg_jw *jw = &p->jw;
    rg_buf_reset(&p->buf);
    rg_jw_init(jw, &p->buf);
    rg_jw_object(jw);
    (void)snprintf(text, sizeof text, "evt_%s_%s_%d", invoice->id, asaas_event(e), e->number);
    rg_jw_member_cstr(jw, "id", text);
    rg_jw_member_cstr(jw, "event", asaas_event(e));
    rg_instant_format(e->at_ms, BRASILIA_MINUTES, text);
    text[10] = ' ';
    text[19] = '\0';
    rg_jw_member_cstr(jw, "dateCreated", text);
    rg_jw_member_object(jw, "payment");
    rg_jw_member_cstr(jw, "id", invoice->id);
    member_day(jw, "dateCreated", invoice->issued_on);
    rg_jw_member_cstr(jw, "customer", e->debtor->id);
    (void)snprintf(text, sizeof text, "sub_%04d", e->debtor->number);
    rg_jw_member_cstr(jw, "subscription", text);
    (void)snprintf(text, sizeof text, "%lld.%02lld", (long long)(invoice->cents / 100), (long long)(invoice->cents % 100));
    rg_jw_member_raw(jw, "value", rg_str(text));
    rg_jw_member_cstr(jw, "billingType", e->debtor->habit == DEMO_CHARGES_BACK ? "CREDIT_CARD" : "PIX");
    member_day(jw, "dueDate", invoice->due_on);
    if (e->deed == DEMO_PAY)
        member_day(jw, "clientPaymentDate", rg_local_at(e->debtor->zone, e->day_ms).day);
    (void)snprintf(text, sizeof text, "https://www.asaas.example/i/%s", invoice->id + 4);
    rg_jw_member_cstr(jw, "invoiceUrl", text);
    rg_jw_object_end(jw);
    rg_jw_object_end(jw);
    rg_jw_done(jw);
    return send(p, DEMO_TOPIC_ASAAS, invoice->id, "application/json", err);
}

/* ---- rubbish ---- */

static int rubbish(struct demo_publisher *p, int number, struct rg_error *err)
{
    static const struct {
        const char *topic, *type, *value;
    } pieces[DEMO_RUBBISH_COUNT] = {
        {DEMO_TOPIC_BILLING, "application/cloudevents+json",
         "{\"specversion\":\"1.0\",\"id\":\"x1\",\"source\":\"/billing\",\"type\":"},
        {DEMO_TOPIC_BILLING, "application/cloudevents+json",
         "{\"specversion\":\"1.0\",\"id\":\"x2\",\"source\":\"/billing\",\"type\":\"regua.invoice.isued\",\"data\":{\"invoice\":\"F1\"}}"},
        {DEMO_TOPIC_BILLING, "application/cloudevents+json",
         "{\"specversion\":\"1.0\",\"id\":\"x3\",\"source\":\"/billing\",\"type\":\"regua.payment.settled\","
         "\"data\":{\"invoice\":\"F0001-1\",\"amount_cents\":\"79,90\"}}"},
        {DEMO_TOPIC_ASAAS, "application/json",
         "{\"id\":\"evt_x4\",\"event\":\"PAYMENT_TELEPORTED\",\"payment\":{\"id\":\"pay_000000\"}}"}};
    rg_assert(number < DEMO_RUBBISH_COUNT);
    rg_buf_reset(&p->buf);
    rg_buf_adds(&p->buf, pieces[number].value);
    return send(p, pieces[number].topic, "rubbish", pieces[number].type, err);
}

int demo_publish(struct demo_publisher *p, const struct demo_entry *e, struct rg_error *err)
{
    bool webhooks = e->debtor != NULL && e->debtor->by_asaas;
    switch (e->deed) {
    case DEMO_BE_KNOWN: return be_known(p, e, err);
    case DEMO_ISSUE: return webhooks ? webhook(p, e, err) : issue(p, e, err);
    case DEMO_VOID:
        return webhooks ? webhook(p, e, err) : about_invoice(p, e, "invoice.voided", "reason", "cobrança em duplicidade", err);
    case DEMO_PAY: return webhooks ? webhook(p, e, err) : pay(p, e, err);
    case DEMO_REVERSE: return webhook(p, e, err);
    case DEMO_DISPUTE: return about_invoice(p, e, "dispute.opened", "reason", "não reconhece o valor", err);
    case DEMO_END_DISPUTE: return about_invoice(p, e, "dispute.closed", "result", "rejected", err);
    case DEMO_HOLD:
    case DEMO_PROMISE:
    case DEMO_OPT_OUT: return about_debtor(p, e, err);
    case DEMO_RECEIPT: return receipt(p, e, err);
    case DEMO_CUT_OFF:
    case DEMO_RECONNECT: return network(p, e, err);
    case DEMO_RUBBISH: break;
    }
    return rubbish(p, e->number, err);
}

int demo_publisher_flush(struct demo_publisher *p, struct rg_error *err)
{
    int rc = rg_kafka_producer_flush(p->producer, FLUSH_MS, err);
    if (rc == 0 && p->failed.code != 0) {
        *err = p->failed;
        rc = err->code;
    }
    return rc;
}

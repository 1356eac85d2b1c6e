/* Actions made into bytes: exact texts, every value of the closed list, names of the worst kind, and everything that can be
 * missing. Mails are read back by a reader of their own. */
#include "tests/unit/support/cmocka.h"

#include "tests/unit/producers/sender/mail_reader.h"
#include "tests/unit/producers/sender/stage.h"

#include "base/core/file.h"
#include "base/json/json.h"
#include "config/ladder/templates.h"
#include "producers/sender/render_action.h"
#include "producers/sender/values.h"
#include "producers/transport/http.h"
#include "producers/transport/preset_load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rig {
    struct stage stage;
    struct rg_sender_config config;
    struct rg_renderer *renderer;
    struct rg_rendered rendered;
    struct rg_unrendered why;
    struct rg_error err;
    struct rg_recipient_invoice invoices[3];
};

static void rig_start(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    stage_init(&rig->stage);
    rig->config = (struct rg_sender_config){.channel = "email",
                                            .from = "Provedor Exemplo <cobranca@provedor.example>",
                                            .domain = "provedor.example",
                                            .shards = STAGE_SHARDS,
                                            .clock = rig->stage.clock,
                                            .world = stage_world(&rig->stage),
                                            .kind = RG_SENDER_MAIL};
    rig->renderer = rg_renderer_new(&rig->config);
    rg_buf_init(&rig->rendered.payload, RG_RENDERED_BYTES_MAX);
}

static void rig_end(struct rig *rig)
{
    rg_buf_done(&rig->rendered.payload);
    rg_renderer_free(&rig->renderer);
    stage_done(&rig->stage);
}

static int render(struct rig *rig, const struct rg_decision *decision)
{
    rg_buf_reset(&rig->rendered.payload);
    rig->why = (struct rg_unrendered){0};
    return rg_render_action(rig->renderer, decision, STAGE_NOW, rig->stage.arena, &rig->rendered, &rig->why, &rig->err);
}

static void render_fine(struct rig *rig, const struct rg_decision *decision)
{
    int rc = render(rig, decision);
    if (rc < 0)
        fail_msg("%d: %s %s", rc, rig->why.detail, rig->err.text);
}

static void read_back(struct rig *rig, struct read_mail *mail)
{
    mail_read(rg_buf_str(&rig->rendered.payload), mail);
}

/* Two invoices, one of them only named beside the other, and everything that can be known. */
static struct rg_decision full_decision(struct rig *rig)
{
    struct rg_decision decision = stage_decision(&rig->stage, 1);
    decision.invoices = RG_NEW(rig->stage.arena, struct rg_decision_invoice, 2);
    decision.invoices[0] = (struct rg_decision_invoice){
        .ns = RG_STR("prov"), .invoice = RG_STR("2026-10"), .cycle = 1, .balance_cents = 15900, .offset = 31};
    decision.invoices[1] = (struct rg_decision_invoice){
        .ns = RG_STR("prov"), .invoice = RG_STR("2026-11"), .cycle = 2, .balance_cents = 123456, .offset = 35, .listed = true};
    decision.invoice_count = 2;
    decision.amount_cents = 139356;
    decision.fine_cents = 318;
    decision.interest_cents = 140;
    decision.discount_cents = 1000;
    decision.total_cents = 138814;
    decision.deadline_on = rg_day_of(2026, 12, 31);
    rg_decision_identify(&decision, STAGE_SHARDS);
    for (size_t i = 0; i < 2; i++)
        rig->invoices[i] = (struct rg_recipient_invoice){
            .due_on = rg_day_of(2026, i == 0 ? 10 : 11, 20),
            .balance_cents = decision.invoices[i].balance_cents,
            .contract = RG_STR("C-77"),
            .service = RG_STR("internet"),
            .charge = {.pix_code = i == 0 ? RG_STR("00020126PIX1") : RG_STR("00020126PIX2"),
                       .boleto_line = i == 0 ? RG_STR("34191.79001") : RG_STR("34191.79002"),
                       .link = i == 0 ? RG_STR("https://pague.example/1") : RG_STR("https://pague.example/2"),
                       .pix_until = rg_day_of(2026, 12, 5 + (int)i),
                       .boleto_until = rg_day_of(2026, 12, 20)}};
    rig->stage.recipient.invoices = rig->invoices;
    rig->stage.recipient.invoice_count = 2;
    return decision;
}

/* ---- mails ---- */

static void test_reminder_of_two_invoices(void **state)
{
    (void)state;
    struct rig rig;
    struct read_mail mail;
    rig_start(&rig);
    struct rg_decision decision = full_decision(&rig);
    rig.stage.subject = "Sua fatura, {{nome}}";
    rig.stage.txt =
        "Olá, {{nome}}!\n\nEm aberto:\n{{#faturas}}\n- Fatura {{numero}}, vencida em {{vencimento}}: {{valor}}\n{{/faturas}}\n"
        "Original {{valor_original}} + multa {{multa}} + juros {{juros}}{{#desconto}} - desconto {{desconto}}{{/desconto}} = "
        "{{total}}\n"
        "{{dias_atraso}} dias, contrato {{contrato}}, serviço {{servico}}, CPF "
        "{{documento_mascarado}}\n{{pix}}\n{{boleto}}\n{{link}}\n"
        "Pague até {{valido_ate}}; prazo {{prazo}}, corte a partir de {{data_corte}}.\n{{> credor}}\n";
    rig.stage.html = "<p>{{nome}}: <b>{{valor}}</b></p>{{> credor}}";
    render_fine(&rig, &decision);
    read_back(&rig, &mail);
    assert_string_equal(
        rg_buf_cstr(&mail.text),
        "Olá, Maria da Silva!\n\nEm aberto:\n"
        "- Fatura 2026-10, vencida em 20/10/2026: R$\u00a0159,00\n"
        "- Fatura 2026-11, vencida em 20/11/2026: R$\u00a01.234,56\n"
        "Original R$\u00a01.393,56 + multa R$\u00a03,18 + juros R$\u00a01,40 - desconto R$\u00a010,00 = R$\u00a01.388,14\n"
        "39 dias, contrato C-77, serviço internet, CPF ***.982.247-**\n"
        "2026-10: 00020126PIX1\n2026-11: 00020126PIX2\n2026-10: 34191.79001\n2026-11: 34191.79002\nhttps://pague.example/1\n"
        "Pague até 05/12/2026; prazo 31/12/2026, corte a partir de 01/01/2027.\n"
        "Provedor Exemplo Ltda - CNPJ/CPF 12.345.678/0001-95 - Rua das Flores 10, Campinas SP - +55 19 3000-0000 - "
        "cobranca@provedor.example\n");
    assert_non_null(
        strstr(rg_buf_cstr(&mail.html), "<p>Maria da Silva: <b>R$\u00a01.388,14</b></p>Provedor Exemplo Ltda - CNPJ/CPF"));
    assert_string_equal(mail_header(&mail, "Subject"), "Sua fatura, Maria da Silva");
    assert_non_null(strstr(mail_header(&mail, "From"), "<cobranca@provedor.example>"));
    assert_non_null(strstr(mail_header(&mail, "To"), "Maria da Silva"));
    assert_non_null(strstr(mail_header(&mail, "To"), "<maria@exemplo.example>"));
    assert_string_equal(mail_header(&mail, "Date"), "Sat, 28 Nov 2026 12:00:00 +0000");
    char id[33], expected[80];
    rg_decision_message_id(&decision, id);
    (void)snprintf(expected, sizeof expected, "<%s@provedor.example>", id);
    assert_string_equal(mail_header(&mail, "Message-ID"), expected);
    assert_true(rg_str_is(rig.rendered.to, "maria@exemplo.example"));
    mail_done(&mail);
    rig_end(&rig);
}

static void test_text_alone_and_neutral_subject(void **state)
{
    (void)state;
    struct rig rig;
    struct read_mail mail;
    rig_start(&rig);
    struct rg_decision decision = stage_decision(&rig.stage, 1);
    rig.stage.txt = "Oi";
    static const char *const subjects[] = {NULL, "", "{{#desconto}}x{{/desconto}}"}; /* none, and two that come out empty */
    for (size_t i = 0; i < RG_COUNT(subjects); i++) {
        rig.stage.subject = subjects[i];
        render_fine(&rig, &decision);
        read_back(&rig, &mail);
        assert_string_equal(mail_header(&mail, "Subject"), "Mensagem de Provedor Exemplo Ltda");
        assert_string_equal(rg_buf_cstr(&mail.text), "Oi");
        assert_int_equal(mail.html.len, 0);
        mail_done(&mail);
    }
    rig_end(&rig);
}

static void test_same_bytes_again(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct rg_decision decision = stage_decision(&rig.stage, 1);
    render_fine(&rig, &decision);
    char *first = strdup(rg_buf_cstr(&rig.rendered.payload));
    render_fine(&rig, &decision);
    assert_string_equal(first, rg_buf_cstr(&rig.rendered.payload));
    free(first);
    rig_end(&rig);
}

static void test_one_invoice(void **state)
{
    (void)state;
    struct rig rig;
    struct read_mail mail;
    rig_start(&rig);
    struct rg_decision decision = full_decision(&rig);
    decision.invoice_count = rig.stage.recipient.invoice_count = 1;
    rig.stage.txt = "{{pix}}|{{boleto}}|{{link}}|{{vencimento}}";
    render_fine(&rig, &decision);
    read_back(&rig, &mail);
    assert_string_equal(rg_buf_cstr(&mail.text), "00020126PIX1|34191.79001|https://pague.example/1|20/10/2026");
    mail_done(&mail);
    rig_end(&rig);
}

/* Inside the list each invoice has its own code; what it lacks is not borrowed from a neighbour. */
static void test_codes_inside_the_list(void **state)
{
    (void)state;
    struct rig rig;
    struct read_mail mail;
    rig_start(&rig);
    struct rg_decision decision = full_decision(&rig);
    rig.invoices[1].charge.pix_code = (struct rg_str){0};
    rig.stage.txt = "{{#faturas}}{{numero}}:{{#pix}}{{pix}}{{/pix}}{{^pix}}-{{/pix}} {{/faturas}}";
    render_fine(&rig, &decision);
    read_back(&rig, &mail);
    assert_string_equal(rg_buf_cstr(&mail.text), "2026-10:00020126PIX1 2026-11:- ");
    mail_done(&mail);
    rig_end(&rig);
}

static void test_days_late(void **state)
{
    (void)state;
    static const struct {
        int month, day;
        const char *expected;
    } rows[] = {
        {11, 20, "5"},  /* a holiday, Friday: payable on Monday 23 */
        {11, 21, "5"},  /* a Saturday */
        {11, 24, "4"}, {11, 27, "1"}, {11, 28, "0"}, {12, 10, "0"},
    };
    struct rig rig;
    rig_start(&rig);
    struct rg_decision decision = stage_decision(&rig.stage, 1);
    rig.stage.recipient.invoices = rig.invoices;
    rig.stage.txt = "{{dias_atraso}}";
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct read_mail mail;
        rig.invoices[0] = (struct rg_recipient_invoice){.due_on = rg_day_of(2026, rows[i].month, rows[i].day),
                                                        .charge = {.pix_until = RG_DAY_NONE, .boleto_until = RG_DAY_NONE}};
        render_fine(&rig, &decision);
        read_back(&rig, &mail);
        assert_string_equal(rg_buf_cstr(&mail.text), rows[i].expected);
        mail_done(&mail);
    }
    rig_end(&rig);
}

/* ---- names of the worst kind ---- */

static void test_hostile_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *shown;
    } rows[] = {
        {"Maria\r\nBcc: todos@exemplo.example", "Maria Bcc: todos@exemplo.example"},
        {"Maria\n.\nQUIT", "Maria . QUIT"},
        {"  Maria   da  Silva  ", "Maria da Silva"},
        {"{{total}}{{> credor}}", "{{total}}{{> credor}}"},
        {"<script>alert(1)</script>", "<script>alert(1)</script>"},
        {"\"; DROP TABLE\", \\", "\"; DROP TABLE\", \\"},
        {"Ma\u202eria\u2066 \u2028x", "Ma ria x"},
        {"Ana\t\x01\x7f\xc2\x85Lu", "Ana Lu"},
        {"Zé \xff\xfe Lima", "Zé Lima"},
        {"=?utf-8?B?QmFk?=", "=?utf-8?B?QmFk?="},
        {"José da Conceição Gonçalves de Araújo Magalhães e Vasconcelos",
         "José da Conceição Gonçalves de Araújo Magalhães e Vasconcelos"},
    };
    struct rig rig;
    rig_start(&rig);
    struct rg_decision decision = stage_decision(&rig.stage, 1);
    rig.stage.txt = "Olá, {{nome}}!\n";
    rig.stage.html = "<p title=\"{{nome}}\">{{nome}}</p>";
    rig.stage.subject = "Para {{nome}}";
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct read_mail mail;
        char expected[512];
        rig.stage.recipient.name = rg_str(rows[i].name);
        render_fine(&rig, &decision);
        assert_null(strstr(rg_buf_cstr(&rig.rendered.payload), "\r\nBcc"));
        assert_null(strstr(rg_buf_cstr(&rig.rendered.payload), "\r\n.\r\n"));
        read_back(&rig, &mail);
        (void)snprintf(expected, sizeof expected, "Olá, %s!\n", rows[i].shown);
        assert_string_equal(rg_buf_cstr(&mail.text), expected);
        (void)snprintf(expected, sizeof expected, "Para %s", rows[i].shown);
        assert_string_equal(mail_header(&mail, "Subject"), expected);
        assert_null(strstr(rg_buf_cstr(&mail.html), "<script>"));
        assert_int_equal(mail.header_count, 8);
        mail_done(&mail);
    }
    rig_end(&rig);
}

static void test_enormous_name(void **state)
{
    (void)state;
    struct rig rig;
    static char name[1 << 20];
    rig_start(&rig);
    memset(name, 'A', sizeof name - 1);
    rig.stage.recipient.name = (struct rg_str){name, sizeof name - 1};
    struct rg_decision decision = stage_decision(&rig.stage, 1);
    assert_int_equal(render(&rig, &decision), RG_EREFUSED);
    assert_int_equal(rig.why.gate, RG_GATE_MISSING_DATA);
    assert_true(strlen(rig.why.detail) <= RG_OUTCOME_DETAIL_MAX);
    assert_null(strstr(rig.why.detail, "AAAA"));
    rig_end(&rig);
}

/* ---- what is missing ---- */

static void test_missing(void **state)
{
    (void)state;
    static const struct {
        const char *txt, *named;
    } rows[] = {
        {"{{desconto}}", "\"desconto\""},
        {"{{pix}}", "\"pix\""},
        {"{{boleto}}", "\"boleto\""},
        {"{{link}}", "\"link\""},
        {"{{valido_ate}}", "\"valido_ate\""},
        {"{{prazo}}", "\"prazo\""},
        {"{{data_corte}}", "\"data_corte\""},
        {"{{contrato}}", "\"contrato\""},
        {"{{descadastro}}", "\"descadastro\""},
        {"{{consequencias}}", "\"consequencias\""},
        {"{{correcao}}", "\"correcao\""},
        {"{{nunca_visto}}", "\"nunca_visto\""},
        {"{{faturas}}", "\"faturas\""},
        {"{{> nao_ha}}", "\"nao_ha\""},
        {"{{#faturas}}{{pix}}{{/faturas}}", "\"pix\""},
        {"{{#nome}", "cannot be used"},
        {"{{#a}}", "cannot be used"},
        {"", "is empty"},
        {"{{#desconto}}x{{/desconto}}", "is empty"},
        {NULL, "has no text"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rig rig;
        rig_start(&rig);
        struct rg_decision decision = stage_decision(&rig.stage, 1);
        rig.stage.txt = rows[i].txt;
        assert_int_equal(render(&rig, &decision), RG_EREFUSED);
        assert_int_equal(rig.why.gate, RG_GATE_MISSING_DATA);
        if (strstr(rig.why.detail, rows[i].named) == NULL)
            fail_msg("%s: %s", rows[i].txt, rig.why.detail);
        assert_non_null(strstr(rig.why.detail, "atraso"));
        rig_end(&rig);
    }
}

static void test_missing_people(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct rg_decision decision = stage_decision(&rig.stage, 1);
    struct rg_recipient whole = rig.stage.recipient;

    rig.stage.recipient.name = (struct rg_str){0};
    assert_int_equal(render(&rig, &decision), RG_EREFUSED); /* the text greets by name */
    rig.stage.recipient.name = RG_STR("\r\n");
    assert_int_equal(render(&rig, &decision), RG_EREFUSED); /* a name of nothing is none */
    rig.stage.txt = "Fatura de {{valor}}";
    render_fine(&rig, &decision); /* a text that does not is sent without */

    static const char *const addresses[] = {NULL,
                                            "",
                                            "maria",
                                            "maria@",
                                            "@x",
                                            "a@b\r\nRCPT TO:<c@d>",
                                            "maria@exemplo.example, joao@exemplo.example",
                                            "mária@exemplo.example"};
    for (size_t i = 0; i < RG_COUNT(addresses); i++) {
        rig.stage.recipient = whole;
        rig.stage.recipient.address = rg_str(addresses[i]);
        assert_int_equal(render(&rig, &decision), RG_EREFUSED);
        assert_int_equal(rig.why.gate, RG_GATE_UNREACHABLE);
        assert_null(strstr(rig.why.detail, "maria"));
    }
    rig.stage.recipient = whole;
    rig.stage.no_creditor = true;
    assert_int_equal(render(&rig, &decision), RG_EREFUSED);
    assert_int_equal(rig.why.gate, RG_GATE_MISSING_DATA);
    rig.stage.no_creditor = false;
    rig.stage.txt = "{{> credor}}";
    rig.stage.creditor.address = (struct rg_str){0};
    assert_int_equal(render(&rig, &decision), RG_EREFUSED); /* the law wants it */
    assert_non_null(strstr(rig.why.detail, "credor.endereco"));
    rig_end(&rig);
}

static void test_unreadable_is_not_refused(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct rg_decision decision = stage_decision(&rig.stage, 1);
    static const int codes[] = {RG_EUNREACHABLE, RG_ETIMEOUT, RG_ENOTFOUND, RG_EINVAL};
    for (size_t i = 0; i < RG_COUNT(codes); i++) {
        rig.stage.recipient_code = codes[i];
        assert_int_equal(render(&rig, &decision), codes[i]);
    }
    rig.stage.recipient_code = RG_EREFUSED;
    assert_int_equal(render(&rig, &decision), RG_EIO);
    rig.stage.recipient_code = 0;
    rig.stage.recipient.invoice_count = 0;
    assert_int_equal(render(&rig, &decision), RG_EINVAL);
    rig_end(&rig);
}

static void test_wrong_kind(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct rg_decision decision = stage_decision(&rig.stage, 1);
    static const enum rg_act_kind kinds[] = {RG_ACT_SIGNAL, RG_ACT_TASK};
    for (size_t i = 0; i < RG_COUNT(kinds); i++) {
        decision.kind = kinds[i];
        assert_int_equal(render(&rig, &decision), RG_EREFUSED);
        assert_int_equal(rig.why.gate, RG_GATE_NONE);
        assert_int_equal(rig.stage.recipient_asked, 0);
    }
    rig.config.kind = RG_SENDER_SIGNALS;
    decision = stage_decision(&rig.stage, 1);
    assert_int_equal(render(&rig, &decision), RG_EREFUSED);
    rig_end(&rig);
}

static void test_partials(void **state)
{
    (void)state;
    struct rig rig;
    struct read_mail mail;
    rig_start(&rig);
    struct rg_decision decision = stage_decision(&rig.stage, 1);
    rig.stage.partial_name = "assinatura";
    rig.stage.partial = "Equipe {{credor.nome}}, {{> credor}}";
    rig.stage.txt = "Oi. {{> assinatura}}";
    render_fine(&rig, &decision);
    read_back(&rig, &mail);
    assert_non_null(
        strstr(rg_buf_cstr(&mail.text), "Oi. Equipe Provedor Exemplo Ltda, Provedor Exemplo Ltda - CNPJ/CPF 12.345.678/0001-95"));
    mail_done(&mail);
    rig.stage.partial_name = "credor"; /* the installation's own goes before ours */
    rig.stage.partial = "{{credor.nome}}.";
    rig.stage.txt = "{{> credor}}";
    render_fine(&rig, &decision);
    read_back(&rig, &mail);
    assert_string_equal(rg_buf_cstr(&mail.text), "Provedor Exemplo Ltda.");
    mail_done(&mail);
    rig.stage.partial = "{{> credor}}"; /* in a circle */
    assert_int_equal(render(&rig, &decision), RG_EREFUSED);
    rig.stage.partial = "{{#a}}";
    assert_int_equal(render(&rig, &decision), RG_EREFUSED);
    rig_end(&rig);
}

/* Texts may be replaced between two renderings, at the same place in memory. */
static void test_text_changes_in_place(void **state)
{
    (void)state;
    struct rig rig;
    struct read_mail mail;
    char text[32] = "um {{total}}";
    rig_start(&rig);
    struct rg_decision decision = stage_decision(&rig.stage, 1);
    rig.stage.txt = text;
    render_fine(&rig, &decision);
    memcpy(text, "ab {{multa}}", 12);
    render_fine(&rig, &decision);
    read_back(&rig, &mail);
    assert_string_equal(rg_buf_cstr(&mail.text), "ab R$\u00a02,00");
    mail_done(&mail);
    char many[32];
    rig.stage.txt = many;
    for (int i = 0; i < 1500; i++) { /* more than are kept */
        (void)snprintf(many, sizeof many, "%d {{nome}}", i);
        render_fine(&rig, &decision);
    }
    rig_end(&rig);
}

/* ---- providers ---- */

static void provider(struct rig *rig, const char *preset_file, const char *channel, struct rg_arena *arena,
                     const struct rg_preset **preset)
{
    char path[512];
    struct rg_error err = {0};
    struct rg_diags *diags = rg_diags_new();
    static const struct rg_str keys[] = {RG_STR("version"), RG_STR("phone_number_id"), RG_STR("from")};
    static struct rg_mu_value items[3], settings;
    items[0] = rg_mu_text(RG_STR("v23.0"));
    items[1] = rg_mu_text(RG_STR("1055500000000"));
    items[2] = rg_mu_text(RG_STR("provedor"));
    settings = (struct rg_mu_value){.kind = RG_MU_MAP, .keys = keys, .items = items, .count = 3};
    (void)snprintf(path, sizeof path, "%s/config/shipped/presets/%s.yaml", getenv("RG_SOURCE_DIR"), preset_file);
    assert_int_equal(rg_preset_load(path, arena, diags, preset), 0);
    rg_diags_free(&diags);
    const struct rg_http_transport_config http = {
        .clock = rg_clock_system(), .preset = *preset, .url = "https://provider.example", .channel = &settings};
    if (rg_transport_http_new(&http, &rig->config.transport, &err) < 0)
        fail_msg("%s", err.text);
    rig->config.kind = RG_SENDER_PROVIDER;
    rig->config.channel = channel;
    rig->stage.recipient.address = RG_STR("+5511912345678");
}

static struct rg_str text_at(struct rg_json *doc, const char *pointer)
{
    struct rg_str text = {0};
    if (!rg_json_str(rg_json_pointer(rg_json_root(doc), rg_str(pointer)), &text))
        fail_msg("nothing at %s", pointer);
    return text;
}

static void test_sms(void **state)
{
    (void)state;
    static const struct {
        const char *txt, *expected;
    } rows[] = {
        {"Olá, {{nome}}. Não há pressa.", "Olá, Maria da Silva. Não há pressa."}, /* one segment either way: as it was written */
        {"Olá, {{nome}}. A sua fatura de {{valor}} não foi paga até hoje; a segunda via está à disposição no site.",
         "Olà, Maria da Silva. A sua fatura de R$ 102,27 nao foi paga até hoje; a segunda via està à disposiçao no site."},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rig rig;
        struct rg_json *doc = NULL;
        const struct rg_preset *preset = NULL;
        struct rg_arena *arena = rg_arena_new(RG_PRESET_ARENA_BYTES);
        rig_start(&rig);
        provider(&rig, "sms-http", "sms", arena, &preset);
        struct rg_decision decision = stage_decision(&rig.stage, 1);
        decision.channel = RG_STR("sms");
        rig.stage.txt = rows[i].txt;
        render_fine(&rig, &decision);
        assert_int_equal(rg_json_parse(rg_buf_str(&rig.rendered.payload), RG_RENDERED_BYTES_MAX, &doc, NULL), 0);
        struct rg_str text = text_at(doc, "/text");
        char folded[512];
        (void)snprintf(folded, sizeof folded, RG_STR_FMT, RG_STR_ARG(text));
        if (i == 0)
            assert_string_equal(folded, rows[i].expected);
        else
            assert_true(strlen(folded) < strlen(rows[i].txt) + 40 && strstr(folded, "nao foi") != NULL &&
                        strstr(folded, "R$ 102,27") != NULL);
        assert_true(rg_str_is(text_at(doc, "/to"), "+5511912345678"));
        char action[RG_ACTION_TEXT + 1];
        rg_action_id_print(&decision.action, action);
        assert_true(rg_str_is(text_at(doc, "/reference"), action));
        rg_json_free(&doc);
        rig.config.transport->ops->close(&rig.config.transport);
        rig_end(&rig);
        rg_arena_free(&arena);
    }
}

/* Approved texts have positions: the values the text writes outside sections, each once, on one line. */
static void test_whatsapp(void **state)
{
    (void)state;
    struct rig rig;
    const struct rg_preset *preset = NULL;
    struct rg_arena *arena = rg_arena_new(RG_PRESET_ARENA_BYTES);
    rig_start(&rig);
    provider(&rig, "whatsapp-cloud", "whatsapp", arena, &preset);
    struct rg_decision decision = full_decision(&rig);
    decision.channel = RG_STR("whatsapp");
    rig.stage.recipient.name = RG_STR("Maria \"\\ Silva");
    rig.stage.txt = "{{nome}}: {{valor}} até {{vencimento}}.{{#contrato}} Contrato {{contrato}}.{{/contrato}} {{nome}}, pix: "
                    "{{pix}} {{> credor}}";
    render_fine(&rig, &decision);
    char expected[1024], action[RG_ACTION_TEXT + 1];
    rg_action_id_print(&decision.action, action);
    (void)snprintf(
        expected, sizeof expected,
        "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"5511912345678\","
        "\"biz_opaque_callback_data\":\"%s\",\"type\":\"template\",\"template\":{\"name\":\"atraso\",\"language\":{\"code\":\"pt_BR\"},\"components\":[{\"type\":\"body\",\"parameters\":["
        "{\"type\":\"text\",\"text\":\"Maria \\\"\\\\ Silva\"},{\"type\":\"text\",\"text\":\"R$\u00a01.388,14\"},"
        "{\"type\":\"text\",\"text\":\"20/10/2026\"},{\"type\":\"text\",\"text\":\"2026-10: 00020126PIX1 2026-11: "
        "00020126PIX2\"}]}]}}", action);
    assert_string_equal(rg_buf_cstr(&rig.rendered.payload), expected);
    rig.stage.txt = "Sem valores.";
    render_fine(&rig, &decision);
    assert_null(strstr(rg_buf_cstr(&rig.rendered.payload), "components"));
    rig.config.transport->ops->close(&rig.config.transport);
    rig_end(&rig);
    rg_arena_free(&arena);
}

/* ---- signals ---- */

static void test_signal_exact(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    rig.config.kind = RG_SENDER_SIGNALS;
    struct rg_decision decision = full_decision(&rig);
    decision.channel = RG_STR("signals");
    decision.kind = RG_ACT_SIGNAL;
    decision.signal = RG_SIGNAL_SUSPEND_REQUESTED;
    decision.tone = RG_TONE_SANCTION;
    decision.step = RG_STR("suspensao");
    decision.sequence = 3;
    decision.previous = 38;
    rg_decision_identify(&decision, STAGE_SHARDS);
    char id[RG_ACTION_TEXT + 1], expected[2048];
    rg_action_id_print(&decision.action, id);
    (void)snprintf(
        expected, sizeof expected,
        "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"regua\",\"type\":\"regua.service.suspend_requested\",\"subject\":"
        "\"c_1\","
        "\"time\":\"2026-11-28T11:59:59Z\",\"datacontenttype\":\"application/"
        "json\",\"data\":{\"debtor\":\"c_1\",\"creditor\":\"provedor\","
        "\"service\":\"internet\",\"invoices\":[{\"namespace\":\"prov\",\"invoice\":\"2026-10\",\"cycle\":1,\"balance_cents\":"
        "15900},"
        "{\"namespace\":\"prov\",\"invoice\":\"2026-11\",\"cycle\":2,\"balance_cents\":123456}],\"amount_cents\":138814,"
        "\"breakdown\":{\"principal_cents\":139356,\"fine_cents\":318,\"interest_cents\":140,\"discount_cents\":1000},\"amount_"
        "on\":\"2026-11-28\","
        "\"reason\":\"unpaid\",\"ladder\":\"internet\",\"step\":\"suspensao\",\"rules\":\"0123456789ab\",\"sequence\":3,"
        "\"deadline\":\"2026-12-31\","
        "\"evidence\":{\"partition\":%d,\"rests_on\":40,\"previous\":38,\"facts\":[31,35]}}}",
        id, rg_action_id_shard(&decision.action));
    render_fine(&rig, &decision);
    assert_string_equal(rg_buf_cstr(&rig.rendered.payload), expected);
    assert_true(rg_str_is(rig.rendered.to, "c_1"));
    assert_int_equal(rig.stage.recipient_asked, 0); /* nothing of the person leaves in a signal */
    struct rg_decision restore = stage_signal(&rig.stage, 1, RG_SIGNAL_RESTORE_REQUESTED, 4);
    restore.until_ms = STAGE_NOW;
    render_fine(&rig, &restore);
    assert_non_null(strstr(rg_buf_cstr(&rig.rendered.payload), "\"type\":\"regua.service.restore_requested\""));
    assert_non_null(strstr(rg_buf_cstr(&rig.rendered.payload), "\"reason\":\"resolved\""));
    assert_non_null(strstr(rg_buf_cstr(&rig.rendered.payload), "\"not_after\":\"2026-11-28T12:00:00Z\""));
    assert_null(strstr(rg_buf_cstr(&rig.rendered.payload), "previous"));
    assert_null(strstr(rg_buf_cstr(&rig.rendered.payload), "deadline"));
    rig_end(&rig);
}

/* ---- the closed list, and the texts that are shipped ---- */

static void test_every_value_of_the_list(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    struct rg_decision decision = full_decision(&rig);
    struct rg_recipient recipient = rig.stage.recipient;
    for (size_t i = 0; i < 2; i++)
        rig.invoices[i].invoice = decision.invoices[i].invoice;
    struct rg_mu_value values = rg_message_values(rig.stage.arena, &decision, &recipient, &rig.stage.creditor, STAGE_NOW);
    for (size_t i = 0; i < rg_template_var_count; i++) {
        const struct rg_template_var *var = &rg_template_vars[i];
        const struct rg_mu_value *of = var->of == NULL ? &values : rg_mu_lookup(&values, rg_str(var->of));
        if (var->later || (var->optional && var->of == NULL))
            continue;
        assert_non_null(of);
        if (of->kind == RG_MU_LIST)
            of = &of->items[0];
        if (!rg_mu_truthy(rg_mu_lookup(of, rg_str(var->name))))
            fail_msg("no value for %s of %s", var->name, var->of == NULL ? "the message" : var->of);
    }
    for (size_t i = 0; i < values.count; i++) {
        bool known = false;
        for (size_t k = 0; k < rg_template_var_count; k++)
            known = known || (rg_template_vars[k].of == NULL && rg_str_is(values.keys[i], rg_template_vars[k].name));
        if (!known)
            fail_msg(RG_STR_FMT " is not on the list", RG_STR_ARG(values.keys[i]));
    }
    rig_end(&rig);
}

static char shipped[512];
static struct rg_arena *shipped_arena;

static struct rg_str read_shipped(const char *below, struct rg_str name, const char *part)
{
    char path[1024];
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    rg_buf_init(&bytes, RG_TEMPLATE_BYTES_MAX);
    (void)snprintf(path, sizeof path, "%s%s/%.*s.pt-BR.%s", shipped, below, (int)name.n, name.p, part);
    return rg_file_read(path, &bytes, NULL) < 0 ? (struct rg_str){0} : rg_arena_str(shipped_arena, rg_buf_str(&bytes));
}

static struct rg_str shipped_part(void *ctx, struct rg_str name, struct rg_str channel, const char *part)
{
    (void)ctx;
    (void)channel;
    return read_shipped("", name, part);
}

static struct rg_str shipped_partial(void *ctx, struct rg_str name, const char *part)
{
    (void)ctx;
    struct rg_str own = read_shipped("/partials", name, part);
    return own.p != NULL ? own : read_shipped("/partials", name, "txt");
}

static void test_shipped_texts(void **state)
{
    (void)state;
    struct rig rig;
    int rendered = 0;
    rig_start(&rig);
    shipped_arena = rg_arena_new((size_t)16 << 20);
    (void)snprintf(shipped, sizeof shipped, "%s/config/shipped/templates", getenv("RG_SOURCE_DIR"));
    rig.config.world.template_part = shipped_part;
    rig.config.world.template_partial = shipped_partial;
    struct rg_decision decision = full_decision(&rig);
    DIR *directory = opendir(shipped);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        const char *end = strstr(entry->d_name, ".pt-BR.txt");
        if (end == NULL)
            continue;
        struct read_mail mail;
        decision.text = rg_arena_str(shipped_arena, (struct rg_str){entry->d_name, (size_t)(end - entry->d_name)});
        int rc = render(&rig, &decision);
        if (rc < 0)
            fail_msg("%s: %s", entry->d_name, rig.why.detail);
        read_back(&rig, &mail);
        assert_null(strstr(rg_buf_cstr(&mail.text), "{{"));
        assert_true(mail.html.len == 0 || strstr(rg_buf_cstr(&mail.html), "{{") == NULL);
        mail_done(&mail);
        rendered++;
    }
    (void)closedir(directory);
    assert_true(rendered > 5);
    rg_arena_free(&shipped_arena);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reminder_of_two_invoices),
        cmocka_unit_test(test_text_alone_and_neutral_subject),
        cmocka_unit_test(test_same_bytes_again),
        cmocka_unit_test(test_one_invoice),
        cmocka_unit_test(test_codes_inside_the_list),
        cmocka_unit_test(test_days_late),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_enormous_name),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_missing_people),
        cmocka_unit_test(test_unreadable_is_not_refused),
        cmocka_unit_test(test_wrong_kind),
        cmocka_unit_test(test_partials),
        cmocka_unit_test(test_text_changes_in_place),
        cmocka_unit_test(test_sms),
        cmocka_unit_test(test_whatsapp),
        cmocka_unit_test(test_signal_exact),
        cmocka_unit_test(test_every_value_of_the_list),
        cmocka_unit_test(test_shipped_texts),
    };
    return cmocka_run_group_tests_name("producers/sender/render", tests, NULL, NULL);
}

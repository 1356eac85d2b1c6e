/* Every shipped text, rendered as a sender would: nothing goes out with a hole, whatever an invoice lacks; who asks is always
 * named; subjects and the first words tell nothing to whoever looks over a shoulder. */
#include "brazil/text/fold.h"
#include "brazil/text/sms.h"
#include "config/ladder/shelf.h"
#include "producers/render/mustache.h"
#include "tests/fakes/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WHATSAPP_CHARACTERS_MAX 1024 /* of a template's body, by Meta */
#define VALUES_MAX 64

struct map {
    struct rg_str keys[VALUES_MAX];
    struct rg_mu_value values[VALUES_MAX];
    size_t count;
};

static void put(struct map *map, const char *key, struct rg_mu_value value)
{
    assert_true(map->count < VALUES_MAX);
    map->keys[map->count] = rg_str(key);
    map->values[map->count++] = value;
}

static void put_text(struct map *map, const char *key, const char *text)
{
    put(map, key, rg_mu_text(rg_str(text))); /* NULL: absent */
}

static struct rg_mu_value finish(const struct map *map)
{
    return (struct rg_mu_value){.kind = RG_MU_MAP, .keys = map->keys, .items = map->values, .count = map->count};
}

/* What a template does not ask the engine to see to may be absent. */
struct data {
    struct map top, creditor, invoice;
    struct rg_mu_value invoices[1], values;
};

static void fill(struct data *d, unsigned needs, bool all)
{
    *d = (struct data){0};
    put_text(&d->creditor, "nome", "Provedor Exemplo Ltda");
    put_text(&d->creditor, "documento", "12.345.678/0001-95");
    put_text(&d->creditor, "endereco", "Rua das Flores 10, Campinas SP");
    put_text(&d->creditor, "email", all ? "cobranca@provedor.example" : NULL);
    put_text(&d->creditor, "telefone", all ? "+55 19 3000-0000" : NULL);
    put_text(&d->invoice, "numero", "2026/11");
    put_text(&d->invoice, "valor", "R$ 159,00");
    put_text(&d->invoice, "vencimento", "03/11/2026");
    put_text(&d->invoice, "pix", all ? "00020126580014br.gov.bcb.pix" : NULL);
    put_text(&d->invoice, "boleto", all ? "00190.00009 01234.567890 12345.678901 1 00000000015900" : NULL);
    put_text(&d->invoice, "link", all ? "https://pague.example/2026-11" : NULL);
    d->invoices[0] = finish(&d->invoice);
    static const char *const always[] = {"valor",      "R$ 164,77",  "valor_original", "R$ 159,00", "multa",
                                         "R$ 3,18",    "juros",      "R$ 2,59",        "total",     "R$ 164,77",
                                         "vencimento", "03/11/2026", "dias_atraso",    "15"};
    for (size_t i = 0; i < RG_COUNT(always); i += 2)
        put_text(&d->top, always[i], always[i + 1]);
    const struct {
        unsigned need;
        const char *key, *text;
    } asked[] = {
        {RG_TN_NAME, "nome", "Maria da Silva"},
        {RG_TN_PIX, "pix", "00020126580014br.gov.bcb.pix"},
        {RG_TN_BOLETO, "boleto", "00190.00009 01234.567890 12345.678901 1 00000000015900"},
        {RG_TN_LINK, "link", "https://pague.example/2026-11"},
        {RG_TN_SERVICE, "servico", "internet"},
        {RG_TN_CONTRACT, "contrato", "C-77"},
        {RG_TN_DISCOUNT, "desconto", "R$ 10,00"},
        {RG_TN_DOCUMENT, "documento_mascarado", "***.456.789-**"},
        {RG_TN_VALID_UNTIL, "valido_ate", "30/11/2026"},
        {RG_TN_TERM, "prazo", "03/12/2026"},
        {RG_TN_CUT_DATE, "data_corte", "04/12/2026"},
    };
    for (size_t i = 0; i < RG_COUNT(asked); i++)
        put_text(&d->top, asked[i].key, all || (needs & asked[i].need) != 0 ? asked[i].text : NULL);
    put(&d->top, "faturas", (struct rg_mu_value){.kind = RG_MU_LIST, .items = d->invoices, .count = 1});
    put(&d->top, "credor", finish(&d->creditor));
    d->values = finish(&d->top);
}

static const struct rg_mu_template *compile(struct rg_arena *arena, struct rg_str source)
{
    const struct rg_mu_template *template = NULL;
    struct rg_error err = {0};
    if (rg_mu_compile(arena, source, &template, NULL, &err) < 0)
        fail_msg("%s", err.text);
    return template;
}

static void render(const struct rg_templates *templates, const struct rg_template_text *text, const struct data *data,
                   struct rg_arena *arena, struct rg_buf *out)
{
    struct rg_mu_partial partials[VALUES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < templates->partial_count; i++) {
        struct rg_str source = rg_template_partial(templates, templates->partials[i]->name, rg_part_names[text->part]);
        if (source.p != NULL)
            partials[count++] = (struct rg_mu_partial){templates->partials[i]->name, compile(arena, source)};
    }
    const struct rg_mu_options options = {.escape = text->part == RG_PART_HTML ? RG_MU_HTML : RG_MU_PLAIN,
                                          .strict = true,
                                          .partials = partials,
                                          .partial_count = count};
    struct rg_str missing = {0};
    struct rg_error err = {0};
    if (rg_mu_render(compile(arena, text->source), &data->values, &options, out, &missing, &err) < 0)
        fail_msg("%s: %s", text->file, err.text);
}

static bool has(const struct rg_buf *text, const char *part)
{
    return memmem(text->data, text->len, part, strlen(part)) != NULL;
}

/* A text to be approved: its values are positions, so that nothing may be there for some and not for others. */
static void check_whatsapp(const struct rg_template_text *text, const struct rg_buf *out)
{
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new((size_t)16 << 20);
    size_t uses_n = 0, characters = 0;
    const struct rg_mu_use *uses = rg_mu_uses(compile(arena, text->source), &uses_n);
    for (size_t i = 0; i < uses_n; i++)
        if (uses[i].kind == RG_MU_USE_SECTION || uses[i].kind == RG_MU_USE_INVERTED)
            fail_msg("%s has a section", text->file);
    for (size_t i = 0; i < out->len; i++)
        characters += ((unsigned char)out->data[i] & 0xc0) != 0x80;
    if (characters > WHATSAPP_CHARACTERS_MAX)
        fail_msg("%s has %zu characters", text->file, characters);
}

static void check_text(const struct rg_template_text *text, const struct rg_buf *out, bool full)
{
    static const char *const debt_words[] = {"dívida", "débito", "atraso", "cobrança", "suspens", "negativ", "inadimpl"};
    static const char *const threats[] = {"imediatamente", "sob pena", "Serasa",  "SPC",
                                          "nome sujo",     "processo", "polícia", "ameaç"};
    for (size_t i = 0; i < RG_COUNT(threats); i++)
        if (has(out, threats[i]))
            fail_msg("%s says %s", text->file, threats[i]);
    if (text->part == RG_PART_SUBJECT) {
        for (size_t i = 0; i < RG_COUNT(debt_words); i++)
            if (has(out, debt_words[i]))
                fail_msg("%s says %s", text->file, debt_words[i]);
        assert_true(out->len > 0 && out->len < 70 && memchr(out->data, '\n', out->len) == NULL);
        return;
    }
    assert_true(has(out, "Provedor Exemplo Ltda") && has(out, "12.345.678/0001-95") &&
                has(out, "Rua das Flores 10, Campinas SP"));
    assert_false(has(out, "{{") || has(out, "\n\n\n"));
    if (full && rg_str_is(text->channel, "sms")) {
        struct rg_buf folded RG_CLEANUP(rg_buf_done);
        struct rg_sms sms;
        rg_buf_init(&folded, 4096);
        assert_true(rg_fold_sms(rg_buf_str(out), &folded)); /* GSM-7 throughout */
        assert_true(rg_sms_measure(rg_buf_str(&folded), &sms));
        assert_true(sms.segments <= 3);
    }
    if (rg_str_is(text->channel, "whatsapp"))
        check_whatsapp(text, out);
    if (text->part == RG_PART_HTML)
        assert_false(has(out, "<img") || has(out, "<script") || has(out, "url("));
}

static void every_text(void **state)
{
    (void)state;
    static const char *const ladders[] = {"internet_residencial", "padrao"};
    bool show = getenv("RG_SHOW_TEXTS") != NULL; /* to read them as a debtor would */
    int rendered = 0;
    for (size_t l = 0; l < RG_COUNT(ladders); l++) {
        struct rg_templates *templates = NULL;
        struct rg_rules *rules = rg_test_rules_shipped(ladders[l], &templates);
        for (size_t i = 0; i < templates->count; i++) {
            assert_non_null(rg_template_source(templates, templates->items[i]->name, RG_STR("email"), "subject").p);
            assert_non_null(rg_template_source(templates, templates->items[i]->name, RG_STR("email"), "html").p);
            for (size_t k = 0; k < templates->items[i]->text_count; k++) {
                const struct rg_template_text *text = &templates->items[i]->texts[k];
                for (int full = 0; full <= 1; full++) {
                    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new((size_t)64 << 20);
                    struct rg_buf out RG_CLEANUP(rg_buf_done);
                    struct data data;
                    rg_buf_init(&out, 64 * 1024);
                    fill(&data, text->scanned ? text->needs : UINT_MAX, full == 1); /* of a text that no step sends nobody asked */
                    render(templates, text, &data, arena, &out);
                    check_text(text, &out, full == 1);
                    rendered++;
                    if (show && l == 0)
                        (void)printf("---- %s (%s)\n%s\n", strrchr(text->file, '/') + 1, full ? "full" : "least",
                                     rg_buf_cstr(&out));
                }
            }
        }
        rg_rules_free(&rules);
        rg_templates_free(&templates);
    }
    assert_true(rendered > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

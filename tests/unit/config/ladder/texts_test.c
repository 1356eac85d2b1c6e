/* Templates: what their tags ask for, whose text wins, and what is refused before a message could go out with a hole. */
#include "config/ladder/shelf.h"
#include "tests/unit/config/ladder/findings.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define STEP "  atraso: { day: D+1, tone: reminder, template: texto }\n"

/* ---- tags of a text written in the ladder: line 9, the text begins in column 11 ---- */

static void tags(void **state)
{
    (void)state;
    static const struct {
        const char *text, *heads;
        unsigned needs;
    } rows[] = {
        {"{{> credor}}", "", 0},
        {"{{credor.nome}} {{credor.documento}} {{credor.endereco}}", "", 0},
        {"{{#credor}}{{nome}} {{documento}} {{endereco}}{{/credor}}", "", 0},
        {"{{nome}} {{> credor}}", "", RG_TN_NAME},
        {"{{ nome }} {{{pix}}} {{& link}} {{> credor}}", "", RG_TN_NAME | RG_TN_PIX | RG_TN_LINK},
        {"{{boleto}}{{servico}}{{contrato}}{{desconto}}{{documento_mascarado}}{{valido_ate}} {{> credor}}", "",
         RG_TN_BOLETO | RG_TN_SERVICE | RG_TN_CONTRACT | RG_TN_DISCOUNT | RG_TN_DOCUMENT | RG_TN_VALID_UNTIL},
        {"{{valor}}{{valor_original}}{{multa}}{{juros}}{{total}}{{vencimento}}{{dias_atraso}} {{> credor}}", "", 0},
        {"{{#pix}}Pix: {{pix}}{{/pix}} {{> credor}}", "", 0}, /* asked for, not demanded */
        {"{{^pix}}{{link}}{{/pix}} {{> credor}}", "", RG_TN_LINK},
        {"{{#pix}}{{link}}{{/pix}} {{> credor}}", "", RG_TN_LINK},
        {"{{#faturas}}{{numero}} {{valor}} {{vencimento}}{{/faturas}} {{> credor}}", "", 0},
        {"{{#faturas}}{{nome}}{{/faturas}} {{> credor}}", "", RG_TN_NAME}, /* the debtor's: invoices have none */
        {"{{! o que quer que seja }} {{> credor}}", "", 0},
        {"{{> como_pagar}} {{> credor}}", "", 0},
        {"{{nom}} {{> credor}}", "9:13: error: no value \"nom\", did you mean \"nome\"? [unknown-variable]\n", 0},
        {"{{cliente}} {{> credor}}",
         "9:13: error: no value \"cliente\"; reguactl check --variables lists all [unknown-variable]\n", 0},
        {"Olá {{numero}} {{> credor}}",
         "9:17: error: no value \"numero\"; reguactl check --variables lists all [unknown-variable]\n", 0},
        {"{{#nom}}a{{/nom}} {{> credor}}", "9:14: error: no value \"nom\", did you mean \"nome\"? [unknown-variable]\n", 0},
        {"{{credor.nom}} {{> credor}}",
         "9:13: error: no value \"credor.nom\"; reguactl check --variables lists all [unknown-variable]\n", 0},
        {"{{faturas}} {{> credor}}",
         "9:13: error: \"faturas\" is a group, not a value; write {{#faturas}}…{{/faturas}} [unknown-variable]\n", 0},
        {"{{oferta.valor}} {{> credor}}",
         "9:13: error: the value \"oferta.valor\" is not supported in this version; remove it [not-yet]\n", 0},
        {"{{credor.email}} {{> credor}}",
         "9:13: error: \"credor.email\" is not in every message; write {{#credor.email}}…{{/credor.email}} around it "
         "[unknown-variable]\n",
         0},
        {"{{#credor.email}}{{credor.email}}{{/credor.email}} {{> credor}}", "", 0},
        {"{{> credora}}", "9:15: error: no partial \"credora\", did you mean \"credor\"? [unknown-template]\n", 0},
        {"{{nome {{> credor}}",
         "9:13: error: no value \"nome {{> credor\"; reguactl check --variables lists all [unknown-variable]\n", 0},
        {"{{> credor}} {{nome", "9:24: error: this tag does not close [template-syntax]\n", 0},
        {"{{> credor}} {{ }}", "9:24: error: this tag names nothing [template-syntax]\n", 0},
        {"{{=<% %>=}} {{> credor}}", "9:11: error: other delimiters than {{ and }} are not used here [template-syntax]\n", 0},
        {"{{> credor}} {{#pix}}a", "9:27: error: the section \"pix\" does not close [template-syntax]\n", 0},
        {"{{> credor}} {{/pix}}", "9:24: error: this section was not opened, or another one is still open [template-syntax]\n",
         0},
        {"{{> credor}} {{#pix}}{{#link}}{{/pix}}{{/link}}",
         "9:41: error: this section was not opened, or another one is still open [template-syntax]\n", 0},
        {"Pague.",
         "9:10: error: template \"texto\" does not say who asks for payment (name, document, address of the creditor, CDC art. "
         "42-A); add "
         "{{> credor}} [template-missing-legal-field]\n",
         0},
        {"{{credor.nome}}",
         "9:10: error: template \"texto\" does not say who asks for payment (document, address of the creditor, CDC art. 42-A); "
         "add "
         "{{> credor}} [template-missing-legal-field]\n",
         0},
        {"{{#pix}}{{> credor}}{{/pix}}",
         "9:10: error: template \"texto\" does not say who asks for payment (name, document, address of the creditor, "
         "CDC art. 42-A); add {{> credor}} [template-missing-legal-field]\n",
         0},
        {"{{prazo}} {{> credor}}",
         "7:49: error: template \"texto\" names the end of a term, and step \"atraso\" grants none; add term: "
         "[unknown-variable]\n",
         0},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct found f;
        char yaml[4096];
        (void)snprintf(yaml, sizeof yaml, HEAD STEP "templates:\n  texto: \"%s\"\n", rows[i].text);
        found_load(&f, yaml);
        assert_string_equal(found_heads(&f), rows[i].heads);
        if (f.rc == 0)
            assert_int_equal(f.rules->ladders[0].steps[0].template_needs, rows[i].needs);
        found_done(&f);
    }
}

/* ---- files ---- */

struct tree {
    char path[64];
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static void tree_done(struct tree *tree)
{
    (void)nftw(tree->path, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* a temporary directory */
}

static void tree_begin(struct tree *tree)
{
    (void)snprintf(tree->path, sizeof tree->path, "/tmp/regua-texts-XXXXXX");
    assert_non_null(mkdtemp(tree->path));
    static const char *const directories[] = {"",
                                              "/own",
                                              "/own/templates",
                                              "/own/templates/partials",
                                              "/shipped",
                                              "/shipped/templates",
                                              "/shipped/templates/partials",
                                              "/shipped/calendars"};
    for (size_t i = 1; i < RG_COUNT(directories); i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s%s", tree->path, directories[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

static void tree_put(const struct tree *tree, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", tree->path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void tree_load(const struct tree *tree, struct found *f, const char *yaml)
{
    char own[128], shipped[128];
    (void)snprintf(own, sizeof own, "%s/own", tree->path);
    (void)snprintf(shipped, sizeof shipped, "%s/shipped", tree->path);
    struct rg_rules_text text = {.file = "internet.yaml", .bytes = rg_str(yaml)};
    struct rg_rules_input input = rg_test_rules_input();
    input.directory = own;
    input.shipped = shipped;
    input.texts = &text;
    input.text_count = 1;
    found_begin(f);
    found_input(f, input);
}

#define FILES_HEAD "language: 1\nladder: internet\npriority: 10\ncalendar: c\ndefaults: { via: [sms, email] }\nsteps:\n"
#define LEGAL " {{> credor}}"

static void put_common(const struct tree *tree)
{
    tree_put(tree, "shipped/calendars/c.yaml", "language: 1\ncalendar: c\n");
    tree_put(tree, "shipped/templates/partials/credor.pt-BR.txt", "{{credor.nome}} {{credor.documento}} {{credor.endereco}}");
    tree_put(tree, "shipped/templates/partials/assunto.pt-BR.txt", "Mensagem");
}

static void source_is(const struct found *f, const char *name, const char *channel, const char *part, const char *expected)
{
    struct rg_str source = rg_template_source(f->templates, rg_str(name), rg_str(channel), part);
    assert_true(expected == NULL ? source.p == NULL : rg_str_is(source, expected));
}

/* A name is taken whole from one place, a channel's own file before the general one. */
static void whose_text_wins(void **state)
{
    (void)state;
    struct tree tree;
    struct found f;
    tree_begin(&tree);
    put_common(&tree);
    tree_put(&tree, "shipped/templates/atraso.pt-BR.txt", "shipped" LEGAL);
    tree_put(&tree, "shipped/templates/atraso.sms.pt-BR.txt", "shipped sms" LEGAL);
    tree_put(&tree, "shipped/templates/atraso.pt-BR.html", "shipped html" LEGAL);
    tree_put(&tree, "shipped/templates/atraso.pt-BR.subject", "Assunto\n");
    static const char atraso[] = FILES_HEAD "  a: { day: D+1, tone: reminder, template: atraso }\n";
    tree_load(&tree, &f, atraso);
    assert_string_equal(found_heads(&f), "");
    source_is(&f, "atraso", "email", "txt", "shipped" LEGAL);
    source_is(&f, "atraso", "sms", "txt", "shipped sms" LEGAL);
    source_is(&f, "atraso", "email", "html", "shipped html" LEGAL);
    source_is(&f, "atraso", "email", "subject", "Assunto");
    source_is(&f, "atrasado", "email", "txt", NULL);
    found_done(&f);
    tree_put(&tree, "own/templates/atraso.pt-BR.txt", "own" LEGAL); /* hides all four */
    tree_load(&tree, &f, atraso);
    assert_string_equal(found_heads(&f), "");
    source_is(&f, "atraso", "sms", "txt", "own" LEGAL);
    source_is(&f, "atraso", "email", "html", NULL);
    source_is(&f, "atraso", "email", "subject", "Mensagem"); /* the partial `assunto` */
    found_done(&f);
    tree_put(&tree, "own/templates/atraso.email.pt-BR.html", "own html" LEGAL);
    tree_load(&tree, &f,
              FILES_HEAD "  a: { day: D+1, tone: reminder, template: atraso }\ntemplates:\n  atraso: \"inline" LEGAL "\"\n");
    assert_string_equal(found_heads(&f), "");
    source_is(&f, "atraso", "sms", "txt", "inline" LEGAL);
    source_is(&f, "atraso", "email", "html", "own html" LEGAL);
    source_is(&f, "atraso", "sms", "html", NULL);
    found_done(&f);
    tree_done(&tree);
}

static void partials(void **state)
{
    (void)state;
    struct tree tree;
    struct found f;
    struct rg_str name, part, source;
    tree_begin(&tree);
    put_common(&tree);
    tree_put(&tree, "shipped/templates/partials/credor.pt-BR.html",
             "<b>{{credor.nome}}</b> {{credor.documento}} {{credor.endereco}}");
    tree_put(&tree, "own/templates/partials/assunto.pt-BR.txt", "Outro assunto");
    tree_load(&tree, &f, FILES_HEAD "  a: { day: D+1, tone: reminder, template: b }\ntemplates:\n  b: \"c" LEGAL "\"\n");
    assert_string_equal(found_heads(&f), "");
    assert_string_equal(rg_template_partial(f.templates, RG_STR("assunto"), "txt").p, "Outro assunto");
    assert_string_equal(rg_template_partial(f.templates, RG_STR("assunto"), "html").p, "Outro assunto"); /* for want of its own */
    assert_int_equal(rg_template_partial(f.templates, RG_STR("credor"), "html").p[0], '<');
    assert_null(rg_template_partial(f.templates, RG_STR("nada"), "txt").p);
    size_t count = 0;
    while (rg_template_partial_at(f.templates, count, &name, &part, &source))
        count++;
    assert_int_equal(count, 3);
    found_done(&f);
    tree_put(&tree, "own/templates/partials/credor.pt-BR.txt", "{{> credor}}");
    tree_load(&tree, &f, FILES_HEAD "  a: { day: D+1, tone: reminder, template: b }\ntemplates:\n  b: \"c" LEGAL "\"\n");
    assert_int_equal(f.rc, RG_EINVAL);
    assert_non_null(
        strstr(found_heads(&f), "1:1: error: too many partials inside each other, or in a circle [template-syntax]\n"));
    found_done(&f);
    tree_done(&tree);
}

static void missing(void **state)
{
    (void)state;
    struct tree tree;
    struct found f;
    char expected[1024];
    tree_begin(&tree);
    put_common(&tree);
    tree_put(&tree, "shipped/templates/atraso.sms.pt-BR.txt", "shipped sms" LEGAL);
    tree_put(&tree, "shipped/templates/ruim.pt-BR.txt", "a\nb {{nomi}}\n" LEGAL);
    tree_put(&tree, "shipped/templates/bytes.pt-BR.txt", "\xff" LEGAL);
    tree_load(&tree, &f, FILES_HEAD "  a: { day: D+1, tone: reminder, template: atrazo }\n");
    (void)snprintf(
        expected, sizeof expected,
        "internet.yaml:7:44: error: no template \"atrazo\" for step \"a\", did you mean \"atraso\"? [unknown-template]\n"
        "    a: { day: D+1, tone: reminder, template: atrazo }\n"
        "                                             ^~~~~~\n"
        "  = looked for templates: in internet.yaml, %s/own/templates/atrazo.pt-BR.txt, %s/shipped/templates/atrazo.pt-BR.txt\n",
        tree.path, tree.path);
    assert_string_equal(found_printed(&f), expected);
    found_done(&f);
    tree_load(&tree, &f, FILES_HEAD "  a: { day: D+1, tone: reminder, template: atraso }\n");
    assert_string_equal(found_heads(&f),
                        "7:44: error: template \"atraso\" has no text for channel \"email\" of step \"a\"; expected a file "
                        "atraso.pt-BR.txt [unknown-template]\n");
    found_done(&f);
    tree_load(&tree, &f, FILES_HEAD "  a: { day: D+1, tone: reminder, template: ruim }\n");
    (void)snprintf(
        expected, sizeof expected,
        "%s/shipped/templates/ruim.pt-BR.txt:2:5: error: no value \"nomi\", did you mean \"nome\"? [unknown-variable]\n"
        "  b {{nomi}}\n"
        "      ^~~~\n",
        tree.path);
    assert_string_equal(found_printed(&f), expected);
    found_done(&f);
    tree_load(&tree, &f, FILES_HEAD "  a: { day: D+1, tone: reminder, template: bytes }\n");
    assert_non_null(strstr(found_heads(&f), "not a UTF-8 text; save the file as UTF-8 [bad-encoding]\n"));
    found_done(&f);
    tree_done(&tree);
}

/* ---- one name, one text ---- */

static void two_ladders(const char *second_steps, const char *expected)
{
    struct found f;
    char second[2048];
    (void)snprintf(second, sizeof second, "language: 1\nladder: outra\npriority: 11\ndefaults: { via: [email] }\nsteps:\n%s",
                   second_steps);
    struct rg_rules_text texts[] = {{"internet.yaml", rg_str(HEAD STEP TAIL)}, {"outra.yaml", rg_str(second)}};
    struct rg_rules_input input = rg_test_rules_input();
    input.texts = texts;
    input.text_count = RG_COUNT(texts);
    found_begin(&f);
    found_input(&f, input);
    assert_string_equal(found_heads(&f), expected);
    found_done(&f);
}

static void one_name_one_text(void **state)
{
    (void)state;
    two_ladders("  a: { day: D+1, tone: reminder, template: texto }\n" TAIL, "");
    two_ladders(
        "  a: { day: D+1, tone: reminder, template: texto }\ntemplates:\n  texto: \"outro {{> credor}}\"\n",
        "8:3: error: template \"texto\" is already written in internet.yaml, with another text; give one of them another name "
        "[duplicate-name]\n");
    two_ladders(
        "  a: { day: D+1, tone: reminder, template: texto }\n",
        "6:44: error: template \"texto\" is written in internet.yaml for that ladder alone; move it to a file of templates/ "
        "[unknown-template]\n");
}

/* Lengths are those of the message, roughly: 3 segments are fine, more is said. */
static void sms_length(void **state)
{
    (void)state;
    static const struct {
        int chars;
        bool said;
    } rows[] = {{3 * 153 - 85, false}, {3 * 153 - 84, true}}; /* the creditor takes 24 + 18 + 40 and two blanks, and one before */
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct found f;
        char yaml[4096], letters[1024];
        memset(letters, 'a', sizeof letters);
        (void)snprintf(yaml, sizeof yaml,
                       HEAD STEP "templates:\n  texto: \"%.*s {{credor.nome}} {{credor.documento}} {{credor.endereco}}\"\n",
                       rows[i].chars, letters);
        found_load(&f, yaml);
        assert_string_equal(found_heads(&f),
                            rows[i].said ? "7:49: warning: template \"texto\" takes about 4 segments as SMS, each paid for; a "
                                           "shorter text of its own stands in templates/texto.sms.pt-BR.txt [sms-too-long]\n"
                                         : "");
        assert_int_equal(f.rc, 0);
        found_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags),    cmocka_unit_test(whose_text_wins),   cmocka_unit_test(partials),
        cmocka_unit_test(missing), cmocka_unit_test(one_name_one_text), cmocka_unit_test(sms_length)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

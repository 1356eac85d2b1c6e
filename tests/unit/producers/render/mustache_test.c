/* Templates: every section of the public specification by cases of our own, then what messages need beyond it: strictness,
 * escaping by target, limits, and errors that say where. */
#include "producers/render/mustache.h"

#include "tests/unit/producers/render/mu_json.h"
#include "tests/unit/support/cmocka.h"

#include <string.h>

struct fixture {
    struct rg_arena *arena;
    struct rg_buf out;
    struct rg_error err;
    size_t offset;
    struct rg_str missing;
};

static int set_up(void **state)
{
    struct fixture *f = rg_alloc(sizeof *f);
    f->arena = rg_arena_new((size_t)16 * 1024 * 1024);
    rg_buf_init(&f->out, (size_t)1024 * 1024);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    rg_arena_free(&f->arena);
    rg_buf_done(&f->out);
    rg_free(&f);
    return 0;
}

static const struct rg_mu_template *compile(struct fixture *f, const char *source)
{
    const struct rg_mu_template *template = NULL;
    int r = rg_mu_compile(f->arena, rg_str(source), &template, &f->offset, &f->err);
    if (r < 0)
        fail_msg("%s: %s at %zu", source, f->err.text, f->offset);
    return template;
}

static int render(struct fixture *f, const char *source, const char *json, struct rg_mu_options options)
{
    rg_arena_reset(f->arena);
    rg_buf_reset(&f->out);
    const struct rg_mu_template *template = compile(f, source);
    struct rg_mu_value data = mu_from_text(f->arena, json);
    return rg_mu_render(template, &data, &options, &f->out, &f->missing, &f->err);
}

/* `partial`: the one called p; NULL where there is none. */
static void check_case(struct fixture *f, const char *source, const char *json, const char *output, const char *partial)
{
    rg_arena_reset(f->arena);
    rg_buf_reset(&f->out);
    struct rg_mu_partial p = {RG_STR("p"), NULL};
    if (partial)
        p.body = compile(f, partial);
    const struct rg_mu_template *template = compile(f, source);
    struct rg_mu_value data = mu_from_text(f->arena, json);
    struct rg_mu_options options = {.escape = RG_MU_HTML, .partials = &p, .partial_count = partial != NULL};
    if (rg_mu_render(template, &data, &options, &f->out, NULL, &f->err) < 0)
        fail_msg("%s: %s", source, f->err.text);
    if (strcmp(rg_buf_cstr(&f->out), output) != 0)
        fail_msg("%s with %s: expected [%s], got [%s]", source, json, output, rg_buf_cstr(&f->out));
}

struct row {
    const char *template, *data, *output;
};

static void check_rows(struct fixture *f, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_case(f, rows[i].template, rows[i].data, rows[i].output, NULL);
}

struct partial_row {
    const char *template, *data, *output, *partial;
};

static void check_partial_rows(struct fixture *f, const struct partial_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_case(f, rows[i].template, rows[i].data, rows[i].output, rows[i].partial);
}

static void values(void **state)
{
    const struct row rows[] = {
        {"sem etiqueta } }} {", "{}", "sem etiqueta } }} {"},
        {"", "{}", ""},
        {"Olá, {{nome}}!", "{\"nome\":\"Zé\"}", "Olá, Zé!"},
        {"{{n}}/{{x}}", "{\"n\":85,\"x\":1.21}", "85/1.21"},
        {"[{{n}}]", "{\"n\":null}", "[]"},
        {"[{{n}}]", "{}", "[]"},
        {"[{{a.b}}]", "{}", "[]"},
        {"{{t}}", "{\"t\":\"& \\\" < > '\"}", "&amp; &quot; &lt; &gt; &#39;"},
        {"{{{t}}}|{{&t}}|{{& t }}", "{\"t\":\"<&>\"}", "<&>|<&>|<&>"},
        {"{{{t}}}|{{&t}}", "{}", "|"},
        {"{{ t }}|{{{ t }}}|{{\tt\n}}", "{\"t\":\"x\"}", "x|x|x"},
        {"{{a.b.c}}", "{\"a\":{\"b\":{\"c\":\"fundo\"}}}", "fundo"},
        {"[{{a.b.c}}]", "{\"a\":{\"b\":{}},\"c\":\"fora\"}", "[]"},
        {"[{{a.b}}]", "{\"a.b\":\"junto\"}", "[]"},
        {"{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"ERRO\"}}", ""},
        {"{{a.b}}", "{\"a\":{\"b\":\"c\"},\"a.b\":\"d\"}", "c"},
        {"{{.}}", "\"eu\"", "eu"},
        {"{{{.}}} {{&.}} {{.}}", "\"<\"", "< < &lt;"},
        {"  {{t}}\n", "{\"t\":\"---\"}", "  ---\n"},
        {"| {{&t}} |", "{\"t\":\"---\"}", "| --- |"},
        {"{{t}}", "{\"t\":\"{{nome}}\",\"nome\":\"ERRO\"}", "{{nome}}"},
        {"{{t}}{{u}}", "{\"t\":true,\"u\":false}", "truefalse"},
        {"{{l}}", "{\"l\":[1,2]}", ""},
    };
    check_rows(*state, rows, RG_COUNT(rows));
}

static void sections(void **state)
{
    const struct row rows[] = {
        {"\"{{#b}}sim{{/b}}\"", "{\"b\":true}", "\"sim\""},
        {"\"{{#b}}sim{{/b}}\"", "{\"b\":false}", "\"\""},
        {"\"{{#b}}sim{{/b}}\"", "{\"b\":null}", "\"\""},
        {"\"{{#b}}sim{{/b}}\"", "{}", "\"\""},
        {"\"{{#b}}sim{{/b}}\"", "{\"b\":\"\"}", "\"\""},
        {"{{#c}}Oi {{nome}}.{{/c}}", "{\"c\":{\"nome\":\"Joe\"}}", "Oi Joe."},
        {"{{#s}}{{a}}, {{b}}, {{c.d}}{{/s}}", "{\"a\":\"x\",\"b\":\"errado\",\"s\":{\"b\":\"y\"},\"c\":{\"d\":\"z\"}}",
         "x, y, z"},
        {"{{#t}}{{.}} é {{t}}{{/t}}", "{\"t\":\"bar\"}", "bar é bar"},
        {"{{#a}}{{b.c.d}}{{/a}}", "{\"a\":{\"b\":{\"c\":{\"d\":1}}},\"b\":{\"c\":{}}}", "1"},
        {"{{#l}}{{n}}{{/l}}", "{\"l\":[{\"n\":1},{\"n\":2},{\"n\":3}]}", "123"},
        {"[{{#l}}x{{/l}}]", "{\"l\":[]}", "[]"},
        {"{{#b}}\n* um\n{{/b}}\n* dois\n{{#b}}\n* três\n{{/b}}\n", "{\"b\":true}", "* um\n* dois\n* três\n"},
        {"A {{#b}}B {{#b}}C{{/b}} D{{/b}} E", "{\"b\":true}", "A B C D E"},
        {"A {{#b}}B {{#b}}C{{/b}} D{{/b}} E", "{\"b\":false}", "A  E"},
        {"{{#l}}({{.}}){{/l}}", "{\"l\":[\"a\",\"b\"]}", "(a)(b)"},
        {"{{#l}}({{.}}){{/l}}", "{\"l\":[1,2.50]}", "(1)(2.5)"},
        {"{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "{\"l\":[[1,2],[\"a\"]]}", "(12)(a)"},
        {"{{#l}}({{.}}{{{.}}}){{/l}}", "{\"l\":[\"<\"]}", "(&lt;<)"},
        {"{{#.}}({{v}}){{/.}}", "[{\"v\":1},{\"v\":2}]", "(1)(2)"},
        {"{{#a.b.c}}aqui{{/a.b.c}}|{{#a.x.c}}ali{{/a.x.c}}", "{\"a\":{\"b\":{\"c\":true}}}", "aqui|"},
        {" | {{#b}}\t|\t{{/b}} | \n", "{\"b\":true}", " | \t|\t | \n"},
        {" | {{#b}} {{! nada\n }}\n {{/b}} | \n", "{\"b\":true}", " |  \n  | \n"},
        {" {{#b}}SIM{{/b}}\n {{#b}}BOM{{/b}}\n", "{\"b\":true}", " SIM\n BOM\n"},
        {"| A\n{{#b}}\n|\n{{/b}}\n| B\n", "{\"b\":true}", "| A\n|\n| B\n"},
        {"| A\n  {{#b}}\n|\n\t{{/b}} \n| B\n", "{\"b\":true}", "| A\n|\n| B\n"},
        {"|\r\n{{#b}}\r\n{{/b}}\r\n|", "{\"b\":true}", "|\r\n|"},
        {"  {{#b}}\n#{{/b}}\n/", "{\"b\":true}", "#\n/"},
        {"#{{#b}}\n/\n  {{/b}}", "{\"b\":true}", "#\n/\n"},
        {"|{{# b }}={{/ b }}|", "{\"b\":true}", "|=|"},
        {"{{#l}}{{n}}{{#m}}{{n}}{{x}}{{/m}};{{/l}}", "{\"x\":\"!\",\"l\":[{\"n\":1,\"m\":{\"n\":9}},{\"n\":2}]}", "19!;2;"},
        {"{{#l}}\n{{#m}}\n- {{.}}\n{{/m}}\n{{/l}}\n", "{\"l\":[{\"m\":[1,2]},{\"m\":[3]}]}", "- 1\n- 2\n- 3\n"},
    };
    check_rows(*state, rows, RG_COUNT(rows));
}

static void inverted_sections(void **state)
{
    const struct row rows[] = {
        {"\"{{^b}}não{{/b}}\"", "{\"b\":false}", "\"não\""},
        {"\"{{^b}}não{{/b}}\"", "{\"b\":true}", "\"\""},
        {"\"{{^b}}não{{/b}}\"", "{\"b\":null}", "\"não\""},
        {"\"{{^b}}não{{/b}}\"", "{}", "\"não\""},
        {"[{{^c}}Oi {{nome}}.{{/c}}]", "{\"c\":{\"nome\":\"Joe\"}}", "[]"},
        {"[{{^l}}vazio{{/l}}]", "{\"l\":[{\"n\":1}]}", "[]"},
        {"[{{^l}}vazio{{/l}}]", "{\"l\":[]}", "[vazio]"},
        {"{{^b}}\n* um\n{{/b}}\n* dois\n{{^b}}\n* três\n{{/b}}\n", "{\"b\":false}", "* um\n* dois\n* três\n"},
        {"A {{^b}}B {{^b}}C{{/b}} D{{/b}} E", "{\"b\":false}", "A B C D E"},
        {"A {{^b}}B {{^b}}C{{/b}} D{{/b}} E", "{\"b\":true}", "A  E"},
        {"{{^a.b.c}}falta{{/a.b.c}}", "{\"a\":{}}", "falta"},
        {"{{^a.b.c}}falta{{/a.b.c}}", "{\"a\":{\"b\":{\"c\":true}}}", ""},
        {" | {{^b}}\t|\t{{/b}} | \n", "{}", " | \t|\t | \n"},
        {"| A\n{{^b}}\n|\n{{/b}}\n| B\n", "{}", "| A\n|\n| B\n"},
        {"|\r\n  {{^b}}\r\n{{/b}}\r\n|", "{}", "|\r\n|"},
        {"  {{^b}}\n^{{/b}}\n/", "{}", "^\n/"},
        {"^{{^b}}\n/\n  {{/b}}", "{}", "^\n/\n"},
        {"|{{^ b }}={{/ b }}|", "{}", "|=|"},
        {"{{^b}}{{x}}{{/b}}", "{\"x\":\"fora\"}", "fora"},
    };
    check_rows(*state, rows, RG_COUNT(rows));
}

static void comments(void **state)
{
    const struct row rows[] = {
        {"12{{! nota }}34", "{}", "1234"},
        {"12{{!\n várias\n linhas\n}}34\n", "{}", "1234\n"},
        {"A\n{{! sozinha }}\nB\n", "{}", "A\nB\n"},
        {"A\n  {{! recuada }}\nB\n", "{}", "A\nB\n"},
        {"|\r\n{{! crlf }}\r\n|", "{}", "|\r\n|"},
        {"  {{! sem linha antes }}\n!", "{}", "!"},
        {"!\n  {{! sem fim de linha }}", "{}", "!\n"},
        {"A\n{{!\nduas\n}}\nB\n", "{}", "A\nB\n"},
        {"A\n  {{!\n  duas\n  }}\nB\n", "{}", "A\nB\n"},
        {"  12 {{! 34 }}\n", "{}", "  12 \n"},
        {"1 {{! x }} 2", "{}", "1  2"},
        {"[{{! nome }}]", "{\"! nome\":1,\"nome\":2}", "[]"},
        {"{{! a }} {{! b }}\nx", "{}", " \nx"},
    };
    check_rows(*state, rows, RG_COUNT(rows));
}

static void delimiters(void **state)
{
    const struct row rows[] = {
        {"{{=<% %>=}}(<%t%>)", "{\"t\":\"oi\"}", "(oi)"},
        {"({{=[ ]=}}[t])", "{\"t\":\"oi\"}", "(oi)"},
        {"[\n{{#s}}\n {{t}}\n |t|\n{{/s}}\n{{= | | =}}\n|#s|\n {{t}}\n |t|\n|/s|\n]\n", "{\"s\":true,\"t\":\"x\"}",
         "[\n x\n |t|\n {{t}}\n x\n]\n"},
        {"[\n{{^s}}\n {{t}}\n{{/s}}\n{{= | | =}}\n|^s|\n |t|\n|/s|\n]\n", "{\"t\":\"x\"}", "[\n x\n x\n]\n"},
        {"| {{=@ @=}} |", "{}", "|  |"},
        {" | {{=@ @=}}\n", "{}", " | \n"},
        {"A\n{{=@ @=}}\nB", "{}", "A\nB"},
        {"A\n  {{=@ @=}}\nB", "{}", "A\nB"},
        {"|\r\n{{= @ @ =}}\r\n|", "{}", "|\r\n|"},
        {"  {{=@ @=}}\n=", "{}", "="},
        {"=\n  {{=@ @=}}", "{}", "=\n"},
        {"|{{= @   @ =}}|", "{}", "||"},
        {"{{=<% %>=}}<%{t}%><%&t%>{{t}}<%={{ }}=%>{{t}}", "{\"t\":\"<\"}", "<<{{t}}&lt;"},
    };
    check_rows(*state, rows, RG_COUNT(rows));
}

static void partials_have_delimiters_of_their_own(void **state)
{
    const struct partial_row rows[] = {
        {"[ {{>p}} ]\n{{= | | =}}\n[ |>p| ]\n", "{\"v\":\"sim\"}", "[ .sim. ]\n[ .sim. ]\n", ".{{v}}."},
        {"[ {{>p}} ]\n[ .{{v}}. |v| ]", "{\"v\":\"sim\"}", "[ .sim. .sim. ]\n[ .sim. |v| ]", ".{{v}}. {{= | | =}}.|v|."},
    };
    check_partial_rows(*state, rows, RG_COUNT(rows));
}

static void partials(void **state)
{
    const struct partial_row rows[] = {
        {"\"{{>p}}\"", "{}", "\"da parte\"", "da parte"},
        {"\"{{>outra}}\"", "{}", "\"\"", "x"},
        {"\"{{>p}}\"", "{\"t\":\"ctx\"}", "\"*ctx*\"", "*{{t}}*"},
        {"{{>p}}", "{\"c\":\"X\",\"f\":[{\"c\":\"Y\",\"f\":[]}]}", "X<Y<>>", "{{c}}<{{#f}}{{>p}}{{/f}}>"},
        {"| {{>p}} |", "{}", "| \t|\t |", "\t|\t"},
        {"  {{t}}  {{> p}}\n", "{\"t\":\"|\"}", "  |  >\n>\n", ">\n>"},
        {"|\r\n{{>p}}\r\n|", "{}", "|\r\n>|", ">"},
        {"  {{>p}}\n>", "{}", "  >\n  >>", ">\n>"},
        {">\n  {{>p}}", "{}", ">\n  >\n  >", ">\n>"},
        {"\\\n {{>p}}\n/\n", "{\"t\":\"<\\n->\"}", "\\\n |\n <\n->\n |\n/\n", "|\n{{{t}}}\n|\n"},
        {"|{{> p }}|", "{\"b\":true}", "|[]|", "[]"},
        {"  {{>p}}\n", "{\"l\":[1,2]}", "  1\n  2\n", "{{#l}}\n{{.}}\n{{/l}}\n"},
        {"  {{>p}}\n", "{\"l\":[{\"l\":[]}]}", "  -\n    -\n", "-\n{{#l}}\n  {{>p}}\n{{/l}}\n"},
        {"  {{>p}}\n", "{}", "  a\n\n  b\r\n\r\n  c", "a\n\nb\r\n\r\nc"},
        {"  {{>p}}\n", "{\"b\":true}", "  x\n  y\n", "{{! nota }}x\n{{#b}}y{{/b}}\n"},
    };
    check_partial_rows(*state, rows, RG_COUNT(rows));
}

static void mistakes_say_where(void **state)
{
    struct fixture *f = *state;
    struct {
        const char *source;
        size_t offset;
        const char *text;
    } rows[] = {
        {"ab{{nome", 2, "never closed by \"}}\""},
        {"ab{{{nome}}", 2, "never closed by \"}}}\""},
        {"{{=<% %>}}", 0, "never closed by \"=}}\""},
        {"x{{}}", 1, "without a name"},
        {"x{{ \n }}", 1, "without a name"},
        {"x{{#}}{{/}}", 1, "without a name"},
        {"{{> }}", 0, "without a name"},
        {"{{nome do meio}}", 0, "spaces"},
        {"{{a..b}}", 0, "dot"},
        {"{{.a}}", 0, "dot"},
        {"{{a.}}", 0, "dot"},
        {"{{a{b}}", 0, "braces"},
        {"{{{{a}}}}", 0, "braces"},
        {"{{#a}}x", 0, "\"a\" opened here is never closed"},
        {"..{{#a}}{{#b}}{{/b}}", 2, "\"a\" opened here is never closed"},
        {"{{#a}}{{#b}}{{/a}}{{/b}}", 12, "\"/b\""},
        {"x{{/a}}", 1, "never opened"},
        {"{{#a}}{{/b}}", 6, "\"/a\""},
        {"{{=a=}}", 0, "delimiters"},
        {"{{=a b c=}}", 0, "delimiters"},
        {"{{=a =b=}}", 0, "delimiters"},
        {"{{=123456789 b=}}", 0, "delimiters"},
        {"{{= =}}", 0, "delimiters"},
        {"{{a.b.c.d.e.f.g.h.i}}", 0, "8 words"},
        {"\xff{{x}}", 0, "UTF-8"},
        {"{{#\x01}}{{/\x01}}", 0, "control"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        const struct rg_mu_template *template = NULL;
        f->offset = 12345;
        f->err.text[0] = '\0';
        assert_int_not_equal(rg_mu_compile(f->arena, rg_str(rows[i].source), &template, &f->offset, &f->err), 0);
        if (!strstr(f->err.text, rows[i].text) || f->offset != rows[i].offset)
            fail_msg("%s: got [%s] at %zu", rows[i].source, f->err.text, f->offset);
        assert_null(template);
        assert_int_not_equal(rg_mu_compile(f->arena, rg_str(rows[i].source), &template, NULL, NULL), 0);
    }
}

/* Repeats a piece of source `times` times. */
static struct rg_str repeat(struct fixture *f, const char *piece, size_t times)
{
    size_t n = strlen(piece);
    char *text = rg_arena_alloc(f->arena, n * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * n, piece, n);
    return (struct rg_str){text, n * times};
}

static int try_compile(struct fixture *f, struct rg_str source)
{
    const struct rg_mu_template *template = NULL;
    return rg_mu_compile(f->arena, source, &template, NULL, &f->err);
}

static void compiling_has_limits(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(try_compile(f, repeat(f, "x", RG_MU_SOURCE_BYTES_MAX)), 0);
    assert_int_equal(try_compile(f, repeat(f, "x", RG_MU_SOURCE_BYTES_MAX + 1)), RG_ELIMIT);
    assert_int_equal(try_compile(f, repeat(f, "{{x}}", RG_MU_NODES_MAX)), 0);
    assert_int_equal(try_compile(f, repeat(f, "{{x}}", RG_MU_NODES_MAX + 1)), RG_ELIMIT);
    char name[RG_MU_NAME_BYTES_MAX + 6];
    memset(name, 'n', sizeof name);
    memcpy(name, "{{", 2);
    memcpy(name + RG_MU_NAME_BYTES_MAX + 2, "}}", 3);
    assert_int_equal(try_compile(f, rg_str(name)), 0);
    memcpy(name + RG_MU_NAME_BYTES_MAX + 2, "n}}", 4);
    assert_int_equal(try_compile(f, rg_str(name)), RG_ELIMIT);
    assert_int_equal(try_compile(f, rg_str("{{a.b.c.d.e.f.g.h}}")), 0);
    for (size_t depth = RG_MU_DEPTH_MAX; depth <= RG_MU_DEPTH_MAX + 1; depth++) {
        struct rg_str open = repeat(f, "{{#a}}", depth), close = repeat(f, "{{/a}}", depth);
        struct rg_str both = rg_arena_printf(f->arena, "%.*s%.*s", RG_STR_ARG(open), RG_STR_ARG(close));
        assert_int_equal(try_compile(f, both), depth <= RG_MU_DEPTH_MAX ? 0 : RG_ELIMIT);
    }
}

static void one_template_fits_its_arena(void **state)
{
    struct fixture *f = *state;
    struct rg_arena *arena = rg_arena_new(RG_MU_ARENA_BYTES);
    const struct rg_mu_template *template;
    struct rg_str worst = repeat(f, "{{a.b.c.d.e.f.g.h}}", RG_MU_NODES_MAX);
    assert_int_equal(rg_mu_compile(arena, worst, &template, NULL, &f->err), 0);
    rg_arena_free(&arena);
}

static void rendering_has_limits(void **state)
{
    struct fixture *f = *state;
    struct rg_mu_value data = {.kind = RG_MU_MAP};
    struct rg_mu_partial self = {RG_STR("p"), compile(f, "x{{>p}}{{>p}}")};
    struct rg_mu_options options = {.partials = &self, .partial_count = 1};
    assert_int_equal(rg_mu_render(self.body, &data, &options, &f->out, NULL, &f->err), RG_ELIMIT);
    assert_non_null(strstr(f->err.text, "include itself"));

    self.body = compile(f, "\n          {{>p}}\n");
    assert_int_equal(rg_mu_render(self.body, &data, &options, &f->out, NULL, &f->err), RG_ELIMIT);

    /* 64^4 rounds of nothing. */
    struct rg_mu_value items[64], list = {.kind = RG_MU_LIST, .items = items, .count = RG_COUNT(items)};
    for (size_t i = 0; i < RG_COUNT(items); i++)
        items[i] = rg_mu_text(RG_STR("i"));
    struct rg_str key = RG_STR("l");
    struct rg_mu_value map = {.kind = RG_MU_MAP, .keys = &key, .items = &list, .count = 1};
    const struct rg_mu_template *rounds = compile(f, "{{#l}}{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}{{/l}}");
    assert_int_equal(rg_mu_render(rounds, &map, &(struct rg_mu_options){0}, &f->out, NULL, &f->err), RG_ELIMIT);
    assert_non_null(strstr(f->err.text, "one rendering"));

    struct rg_buf small;
    rg_buf_init(&small, 10);
    assert_int_equal(rg_mu_render(compile(f, "0123456789"), &data, &(struct rg_mu_options){0}, &small, NULL, &f->err), 0);
    rg_buf_reset(&small);
    assert_int_equal(rg_mu_render(compile(f, "0123456789a"), &data, &(struct rg_mu_options){0}, &small, NULL, &f->err),
                     RG_ELIMIT);
    rg_buf_done(&small);
}

static void strict_rendering_names_the_hole(void **state)
{
    struct fixture *f = *state;
    struct {
        const char *template, *data, *missing; /* NULL: fine */
    } rows[] = {
        {"Olá {{nome}}", "{\"nome\":\"Ana\"}", NULL},
        {"Olá {{nome}}", "{}", "nome"},
        {"Olá {{nome}}", "{\"nome\":\"\"}", "nome"},
        {"Olá {{nome}}", "{\"nome\":null}", "nome"},
        {"Olá {{nome}}", "{\"nome\":[\"Ana\"]}", "nome"},
        {"Olá {{{nome}}}", "{}", "nome"},
        {"{{oferta.valor}}", "{\"oferta\":{\"parcelas\":\"3\"}}", "oferta.valor"},
        {"{{#pix}}PIX {{pix}}{{/pix}}", "{}", NULL},
        {"{{#pix}}PIX {{pix}}{{/pix}}", "{\"pix\":\"000201\"}", NULL},
        {"{{^link}}peça {{telefone}}{{/link}}", "{}", "telefone"},
        {"{{#faturas}}{{numero}} {{valor}};{{/faturas}}", "{\"faturas\":[{\"numero\":1,\"valor\":\"x\"},{\"numero\":2}]}",
         "valor"},
        {"{{> credor}}", "{}", "credor"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        f->missing = (struct rg_str){NULL, 0};
        int r = render(f, rows[i].template, rows[i].data, (struct rg_mu_options){.strict = true});
        if (rows[i].missing == NULL) {
            assert_int_equal(r, 0);
            continue;
        }
        assert_int_equal(r, RG_ENOTFOUND);
        assert_true(rg_str_is(f->missing, rows[i].missing));
        assert_non_null(strstr(f->err.text, rows[i].missing));
    }
}

static void values_are_escaped_for_their_target(void **state)
{
    struct fixture *f = *state;
    struct {
        enum rg_mu_escape escape;
        const char *template, *value, *output;
    } rows[] = {
        {RG_MU_PLAIN, "{{v}}{{{v}}}", "\"<é\\n\\\"\"", "<é\n\"<é\n\""},
        {RG_MU_HTML, "<b>{{v}}</b>", "\"<script>'\"", "<b>&lt;script&gt;&#39;</b>"},
        {RG_MU_JSON, "{{v}}", "\"a\\\"b\\\\c\\nd\\te\\u0001é\\u007f\"", "a\\\"b\\\\c\\nd\\te\\u0001é\x7f"},
        {RG_MU_JSON, "{{{v}}}{{&v}}", "\"\\\"\"", "\\\"\\\""},
        {RG_MU_HEADER, "{{v}}", "\"a\\r\\nBcc: x\\ty\"", "a Bcc: x y"},
        {RG_MU_HEADER, "{{{v}}}", "\"a\\u0085\\u007f\\nb\\u0001\"", "a b "},
        {RG_MU_URL, "/{{v}}/", "\"a/b c?é&%\"", "/a%2Fb%20c%3F%C3%A9%26%25/"},
        {RG_MU_URL, "{{{v}}}", "\"..~_-Z9\"", "..~_-Z9"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_str data = rg_arena_printf(f->arena, "{\"v\":%s}", rows[i].value);
        char json[200];
        memcpy(json, data.p, data.n + 1);
        assert_int_equal(render(f, rows[i].template, json, (struct rg_mu_options){.escape = rows[i].escape}), 0);
        assert_string_equal(rg_buf_cstr(&f->out), rows[i].output);
    }
    rg_buf_reset(&f->out);
    rg_mu_escape_text(RG_MU_HEADER, (struct rg_str){"a\0b\0\0c", 6}, &f->out);
    rg_mu_escape_text(RG_MU_JSON, (struct rg_str){"\0", 1}, &f->out);
    assert_string_equal(rg_buf_cstr(&f->out), "a b c\\u0000");
}

static void a_template_tells_what_it_uses(void **state)
{
    struct fixture *f = *state;
    const struct rg_mu_template *template =
        compile(f, "{{nome}}{{#faturas}}{{numero}}{{^pix}}{{{link}}}{{/pix}}{{/faturas}}{{> credor}}{{! x }}{{&a.b}}");
    struct {
        enum rg_mu_use_kind kind;
        const char *name;
        size_t offset, section;
    } rows[] = {
        {RG_MU_USE_VALUE, "nome", 0, RG_MU_NO_SECTION}, {RG_MU_USE_SECTION, "faturas", 8, RG_MU_NO_SECTION},
        {RG_MU_USE_VALUE, "numero", 20, 1},             {RG_MU_USE_INVERTED, "pix", 30, 1},
        {RG_MU_USE_VALUE, "link", 38, 3},               {RG_MU_USE_PARTIAL, "credor", 68, RG_MU_NO_SECTION},
        {RG_MU_USE_VALUE, "a.b", 88, RG_MU_NO_SECTION},
    };
    size_t count;
    const struct rg_mu_use *uses = rg_mu_uses(template, &count);
    assert_int_equal(count, RG_COUNT(rows));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(uses[i].kind, rows[i].kind);
        assert_true(rg_str_is(uses[i].name, rows[i].name));
        assert_int_equal(uses[i].offset, rows[i].offset);
        assert_int_equal(uses[i].section, rows[i].section);
    }
}

static void outer_data_is_asked_last(void **state)
{
    struct fixture *f = *state;
    struct rg_mu_value outer = mu_from_text(f->arena, "{\"a\":\"fora\",\"b\":\"fora\"}");
    struct rg_mu_value inner = mu_from_text(f->arena, "{\"a\":\"dentro\"}");
    const struct rg_mu_value *chain[] = {&outer};
    struct rg_mu_options options = {.outer = chain, .outer_count = 1};
    assert_int_equal(rg_mu_render(compile(f, "{{a}} {{b}}"), &inner, &options, &f->out, NULL, &f->err), 0);
    assert_string_equal(rg_buf_cstr(&f->out), "dentro fora");
    assert_true(rg_mu_lookup(&outer, RG_STR("b")) == &outer.items[1]);
    assert_null(rg_mu_lookup(&outer, RG_STR("b.c")));
    assert_null(rg_mu_lookup(&outer, RG_STR("c")));
    assert_false(rg_mu_truthy(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inverted_sections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(comments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(delimiters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(partials_have_delimiters_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(partials, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_say_where, set_up, tear_down),
        cmocka_unit_test_setup_teardown(compiling_has_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_template_fits_its_arena, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rendering_has_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strict_rendering_names_the_hole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_are_escaped_for_their_target, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_template_tells_what_it_uses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outer_data_is_asked_last, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

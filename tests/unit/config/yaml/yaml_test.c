/* The YAML that is accepted, where its nodes stand, and above all what is said about the rest: a sentence of ours, at the place,
 * never libyaml's. */
#include "config/yaml/yaml.h"

#include "tests/unit/config/yaml/heads.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)4 << 20)

struct read {
    struct rg_arena *arena;
    struct rg_diags *diags;
    const struct rg_doc *doc;
    int rc;
    struct rg_buf heads;
};

static struct read read_bytes(struct rg_str bytes)
{
    struct read r = {.arena = rg_arena_new(RG_YAML_ARENA_BYTES), .diags = rg_diags_new()};
    r.rc = rg_yaml_parse("t.yaml", bytes, r.arena, r.diags, &r.doc);
    rg_buf_init(&r.heads, TEXT_MAX);
    add_heads(r.diags, &r.heads);
    return r;
}

static void done(struct read *r)
{
    rg_buf_done(&r->heads);
    rg_diags_free(&r->diags);
    rg_arena_free(&r->arena);
}

static void assert_heads(const char *yaml, const char *expected)
{
    struct read r RG_CLEANUP(done) = read_bytes(rg_str(yaml));
    assert_string_equal(rg_buf_cstr(&r.heads), expected);
    assert_int_equal(r.rc == 0, r.doc != NULL);
    if (expected[0] == '\0')
        assert_int_equal(r.rc, 0);
}

static void print_tree(const struct rg_node *n, struct rg_buf *into)
{
    if (n->kind == RG_NODE_SCALAR) {
        rg_buf_addf(into, "%s" RG_STR_FMT "%s", rg_node_quoted(n) ? "\"" : "", RG_STR_ARG(n->text), rg_node_quoted(n) ? "\""
                    : "");
        return;
    }
    rg_buf_addc(into, n->kind == RG_NODE_MAP ? '{' : '[');
    for (size_t i = 0; i < n->count; i++) {
        const struct rg_entry *e = &n->entries[i];
        rg_buf_adds(into, i ? ", " : "");
        assert_ptr_equal(e->value->parent, n);
        assert_ptr_equal(e->value->key, e->key);
        assert_int_equal(e->key != NULL, n->kind == RG_NODE_MAP);
        if (e->key != NULL) {
            print_tree(e->key, into);
            rg_buf_adds(into, ": ");
        }
        print_tree(e->value, into);
    }
    rg_buf_addc(into, n->kind == RG_NODE_MAP ? '}' : ']');
}

static void trees_are_what_was_written(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *tree;
    } rows[] = {
        {"a: b\n", "{a: b}"},
        {"a: b", "{a: b}"},
        {"--- \na: b\n...\n", "{a: b}"},
        {"\xef\xbb\xbf" "a: b\r\nc:\r\n  - d\r\n", "{a: b, c: [d]}"},
        {"a: {b: c, d: [e, 'f', \"g\"]}\n", "{a: {b: c, d: [e, \"f\", \"g\"]}}"},
        {"no: no\nh: 08:00-20:00\ne: 1e3\nn: ~\nz: 012\nd: 2026-11-30\nt: true\n",
         "{no: no, h: 08:00-20:00, e: 1e3, n: ~, z: 012, d: 2026-11-30, t: true}"},
        {"a:\nb: ''\n", "{a: , b: \"\"}"},
        {"a: |\n  x: {{y}}\n  \tz\nb: >-\n  c\n  d\n", "{a: \"x: {{y}}\n\tz\n\", b: \"c d\"}"},
        {"a: \"\\t\\u00e9\\\"\"\n", "{a: \"\té\"\"}"},
        {"a: http://x/#y # comment\n", "{a: http://x/#y}"},
        {"money: brl(\"20.00\")\nlist: { sms: brl(\"0.08\"), mail: brl(\"0.01\") }\n",
         "{money: brl(\"20.00\"), list: {sms: brl(\"0.08\"), mail: brl(\"0.01\")}}"},
        {"w: invoice.balance >= brl(\"20.00\") && x in [\"a\", \"b\"]\n",
         "{w: invoice.balance >= brl(\"20.00\") && x in [\"a\", \"b\"]}"},
        {"- a\n- [b]\n-\n  c: d\n", "[a, [b], {c: d}]"},
        {"# yaml-language-server: $schema=x\n\nação: é\n", "{ação: é}"},
        {"? a\n: b\n", "{a: b}"},
        {"a: 'it''s'\n", "{a: \"it's\"}"},
        {"a: |2\n    x\n  \n", "{a: \"  x\n\"}"},
        {"t: 🙂 ok\n", "{t: 🙂 ok}"},
        {"?   ", "{: }"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct read r RG_CLEANUP(done) = read_bytes(rg_str(rows[i].yaml));
        assert_string_equal(rg_buf_cstr(&r.heads), "");
        struct rg_buf tree RG_CLEANUP(rg_buf_done);
        rg_buf_init(&tree, TEXT_MAX);
        print_tree(r.doc->root, &tree);
        assert_string_equal(rg_buf_cstr(&tree), rows[i].tree);
    }
}

/* The mistakes of the language's own list that this layer owns, word for word. */
static void typical_mistakes_read_like_a_colleague(void **state)
{
    (void)state;
    assert_heads("steps:\n  lembrete: { day: D-5 }\n  vespera: { day: D-1 }\n  lembrete: { day: D-3 }\n",
                 "4:3: error: step \"lembrete\" is already defined at line 2; the first would be lost silently "
                 "[duplicate-key]\n");
    assert_heads("steps:\n  a: {}\n\tb: {}\n",
                 "3:1: error: tab in the indentation; YAML allows spaces only. Replace it by 4 spaces [tab]\n");
    assert_heads("language: 1\nladder: x\nowner: y\ntitle: Régua: internet\n",
                 "4:13: error: a value with \": \" inside needs quotes: title: \"Régua: internet\" [quote-it]\n");
    assert_heads("templates:\n  atraso: {{nome}}, a fatura de {{valor}} venceu\n",
                 "2:11: error: a text that starts with \"{{\" needs quotes, else YAML reads a map [quote-it]\n");
    assert_heads("templates:\n  atraso: {{nome}}\n",
                 "2:11: error: a text that starts with \"{{\" needs quotes, else YAML reads a map [quote-it]\n");
}

static void what_hides_differences_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *expected;
    } rows[] = {
        {"a: &x b\n", "1:4: error: anchors (&…) are refused: write the value out, so that a change shows where it acts "
         "[alias-refused]\n"},
        {"a: &x {b: c}\nd: &y [e]\n",
         "1:4: error: anchors (&…) are refused: write the value out, so that a change shows where it acts [alias-refused]\n"
         "2:4: error: anchors (&…) are refused: write the value out, so that a change shows where it acts [alias-refused]\n"},
        {"a: *x\nb: c\n", "1:4: error: aliases (*…) are refused: write the value out, so that a change shows where it acts "
         "[alias-refused]\n"},
        {"*x : c\n", "1:1: error: aliases (*…) are refused: write the value out, so that a change shows where it acts "
         "[alias-refused]\n"},
        {"<<: {a: b}\n", "1:1: error: merge keys (<<) are refused: write the value out, so that a change shows where it acts "
         "[alias-refused]\n"},
        {"\"<<\": a\n", ""},
        {"a: !invoice.received\n",
         "1:4: error: tags (!…) are refused; a text that starts with \"!\" needs quotes [tag-refused]\n"},
        {"a: !!str b\n", "1:4: error: tags (!…) are refused; a text that starts with \"!\" needs quotes [tag-refused]\n"},
        {"a: !x {b: c}\n", "1:4: error: tags (!…) are refused; a text that starts with \"!\" needs quotes [tag-refused]\n"},
        {"%YAML 1.2\n---\na: b\n", "1:1: error: directives (%…) are refused; delete the line [tag-refused]\n"},
        {"%TAG ! tag:x,2000:\n---\na: b\n", "1:1: error: directives (%…) are refused; delete the line [tag-refused]\n"},
        {"a: b\n---\nc: d\n", "2:1: error: one document a file; write the second into a file of its own [multi-document]\n"},
        {"a: b\n...\nc: d\n", "3:1: error: one document a file; nothing may follow \"...\" [multi-document]\n"},
        {"{a: b}: c\n", "1:1: error: a key must be a plain word, not a map or a list [syntax]\n"},
        {"[a]: c\n", "1:1: error: a key must be a plain word, not a map or a list [syntax]\n"},
        {"a: 1\nb: 2\na: 3\n",
         "3:1: error: key \"a\" is already defined at line 1; the first would be lost silently [duplicate-key]\n"},
        {"a: 1\n\"a\": 2\na: 3\n",
         "2:1: error: key \"a\" is already defined at line 1; the first would be lost silently [duplicate-key]\n"
         "3:1: error: key \"a\" is already defined at line 1; the first would be lost silently [duplicate-key]\n"},
        {"channels:\n  sms: {}\n  sms: {}\n",
         "3:3: error: channel \"sms\" is already defined at line 2; the first would be lost silently [duplicate-key]\n"},
        {"a: {b: 1, b: 2}\n",
         "1:11: error: key \"b\" is already defined at line 1; the first would be lost silently [duplicate-key]\n"},
        {"", "1:1: error: the file holds nothing; expected keys and values [empty]\n"},
        {"# only this\n", "1:1: error: the file holds nothing; expected keys and values [empty]\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        assert_heads(rows[i].yaml, rows[i].expected);
}

static void broken_syntax_is_explained(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *expected;
    } rows[] = {
        {"a: b: c\nd: \"x\" y\ne: @f\ng: h\n",
         "1:5: error: a value with \": \" inside needs quotes: a: \"b: c\" [quote-it]\n"
         "2:8: error: the quotes end before this; the whole text must stand between them [quote-it]\n"
         "3:4: error: a text that starts with \"@\" needs quotes [quote-it]\n"},
        {"a: say \"x\": y # why\n", "1:11: error: a value with \": \" inside needs quotes: a: 'say \"x\": y' [quote-it]\n"},
        {"- x: y: z\n", "1:7: error: a value with \": \" inside needs quotes: x: \"y: z\" [quote-it]\n"},
        {"a: 'it's'\n", "1:8: error: the quotes end before this; the whole text must stand between them [quote-it]\n"},
        {"a: 'x' : y\n", "1:8: error: the quotes end before this; the whole text must stand between them [quote-it]\n"},
        {"a: *Olá*, tudo bem?\n", "1:4: error: a text that starts with \"*\" needs quotes [quote-it]\n"},
        {"a: !invoice.received && b\n", "1:4: error: a text that starts with \"!\" needs quotes [quote-it]\n"},
        {"a: %x\nb: `y`\nc: ]\n",
         "1:4: error: a text that starts with \"%\" needs quotes [quote-it]\n"
         "2:4: error: a text that starts with \"`\" needs quotes [quote-it]\n"
         "3:4: error: a text that starts with \"]\" needs quotes [quote-it]\n"},
        {"a: { title: Régua: internet }\n", "1:18: error: a value with \": \" inside needs quotes between brackets [quote-it]\n"},
        {"a: { when: x in [\"a\", \"b\"], c: d }\n",
         "1:17: error: a value with \"[\" inside needs quotes between brackets [quote-it]\n"},
        {"a: { b: @c }\n", "1:9: error: a text that starts with \"@\" needs quotes [quote-it]\n"},
        {"a: { b: &é }\n", "1:9: error: a text that starts with \"&\" needs quotes [quote-it]\n"},
        {"a: [\"x\" \"y\"]\n", "1:9: error: expected a comma or \"]\" here [syntax]\n"},
        {"a: [b, c\nd: e\n", "1:4: error: this \"[\" is never closed; expected \"]\" or a comma before line 2 [syntax]\n"},
        {"- a: {b: c\n- d\n", "1:6: error: this \"{\" is never closed; expected \"}\" or a comma before line 3 [syntax]\n"},
        {"a: \"x\nb: c\n", "1:4: error: this quote is never closed [syntax]\n"},
        {"a: 'x\nb: c\n", "1:4: error: this quote is never closed [syntax]\n"},
        {"a: \"\\q\"\n", "1:5: error: between \"…\" a \\ starts an escape, and this is none; write '…' or \\\\ [syntax]\n"},
        {"a: \"\\ud800\"\n", "1:7: error: between \"…\" a \\ starts an escape, and this is none; write '…' or \\\\ [syntax]\n"},
        {"a: \"\\xg0\"\n", "1:7: error: between \"…\" a \\ starts an escape, and this is none; write '…' or \\\\ [syntax]\n"},
        {"a: |x\n b\n", "1:5: error: after | or > the text starts on the next line [syntax]\n"},
        {"a: > x\n", "1:6: error: after | or > the text starts on the next line [syntax]\n"},
        {"a: - b\n", "1:4: error: a list or map starts on a line of its own, not behind the key [syntax]\n"},
        {"a: b\nsteps\nfoo: bar\n", "2:1: error: expected \": \" after this key [syntax]\n"},
        {"steps\n  foo: bar\n",
         "2:6: error: this line is indented as a part of the text above it; move it to the left, or end the line above in \":\" "
         "[indentation]\n"},
        {"a:\n    b: c\n  d: e\n",
         "3:3: error: this line stands in no block: lines of one block start in one column (1) [indentation]\n"},
        {"a: x\n- b\n", "2:1: error: this line stands in no block: lines of one block start in one column (1) [indentation]\n"},
        {"a:\n\tb: c\n\td: e\n", "2:1: error: tab in the indentation; YAML allows spaces only. Replace it by 4 spaces [tab]\n"},
        {"a: b\n  \t\nc: d\n", "2:3: error: tab in the indentation; YAML allows spaces only. Replace it by 4 spaces [tab]\n"},
        {"a: |\n  x\n\ty\n", "3:1: error: tab in the indentation; YAML allows spaces only. Replace it by 4 spaces [tab]\n"},
        {"a: |\n    x\n  \ty\n", "3:3: error: tab in the indentation; YAML allows spaces only. Replace it by 4 spaces [tab]\n"},
        {"a: [b,\n\tc]\n", "2:1: error: tab in the indentation; YAML allows spaces only. Replace it by 4 spaces [tab]\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        assert_heads(rows[i].yaml, rows[i].expected);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct rg_str bytes;
        const char *expected;
    } rows[] = {
        {{"a: b\0c\n", 7}, "1:5: error: a NUL byte; expected a text file [bad-character]\n"},
        {{"\0", 1}, "1:1: error: a NUL byte; expected a text file [bad-character]\n"},
        {{"é: \xe9\n", 6}, "1:4: error: the byte 0xE9 is not UTF-8; save the file as UTF-8 [bad-encoding]\n"},
        {{"a: \xc0\x80\n", 6}, "1:4: error: the byte 0xC0 is not UTF-8; save the file as UTF-8 [bad-encoding]\n"},
        {{"a: \xed\xa0\x80\n", 7}, "1:4: error: the byte 0xED is not UTF-8; save the file as UTF-8 [bad-encoding]\n"},
        {{"\xff\xfe" "a\0:\0", 6}, "0:0: error: the file is UTF-16; save it as UTF-8 [bad-encoding]\n"},
        {{"\xfe\xff", 2}, "0:0: error: the file is UTF-16; save it as UTF-8 [bad-encoding]\n"},
        {{"a: b\rc\n", 7}, "1:5: error: a carriage return in the middle of a line; end lines with a line feed [bad-character]\n"},
        {{"a: b\n\x1b[2J", 9}, "2:1: error: the invisible character U+001B stands here; delete it [bad-character]\n"},
        {{"a: x\xe2\x80\xa8y\n", 9}, "1:5: error: the invisible character U+2028 stands here; delete it [bad-character]\n"},
        {{"a: x\xc2\x85y\n", 8}, "1:5: error: the invisible character U+0085 stands here; delete it [bad-character]\n"},
        {{"a: x\xe2\x80\xaey\n", 9}, "1:5: error: the invisible character U+202E stands here; delete it [bad-character]\n"},
        {{"a: x\xef\xbb\xbfy\n", 9}, "1:5: error: the invisible character U+FEFF stands here; delete it [bad-character]\n"},
        {{"a: x\x7fy\n", 7}, "1:5: error: the invisible character U+007F stands here; delete it [bad-character]\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct read r RG_CLEANUP(done) = read_bytes(rows[i].bytes);
        assert_string_equal(rg_buf_cstr(&r.heads), rows[i].expected);
        assert_int_equal(r.rc, RG_EINVAL);
        assert_null(r.doc);
    }
}

static void repeat(struct rg_buf *into, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        rg_buf_adds(into, text);
}

static void limits_hold_at_and_beyond(void **state)
{
    (void)state;
    static const struct {
        const char *before, *each, *between, *after_each;
        size_t times;
        int rc;
        const char *expected;
    } rows[] = {
        {"", "[", "", "]", RG_YAML_DEPTH_MAX, 0, ""},
        {"", "[", "", "]", RG_YAML_DEPTH_MAX + 1, RG_EINVAL, "1:33: error: nested deeper than 32 levels [too-deep]\n"},
        {"", "{a: ", "b", "}", RG_YAML_DEPTH_MAX, 0, ""},
        {"", "{a: ", "b", "}", RG_YAML_DEPTH_MAX + 1, RG_EINVAL, "1:129: error: nested deeper than 32 levels [too-deep]\n"},
        {"", "- ", "a\n", "", RG_YAML_DEPTH_MAX, 0, ""},
        {"", "- ", "a\n", "", RG_YAML_DEPTH_MAX + 1, RG_EINVAL, "1:65: error: nested deeper than 32 levels [too-deep]\n"},
        {"", "- a\n", "", "", RG_YAML_NODES_MAX - 1, 0, ""},
        {"", "- a\n", "", "", RG_YAML_NODES_MAX, RG_EINVAL, "100000:3: error: more than 100000 values in one file [too-large]\n"},
        {"a: ", "b", "", "", RG_YAML_BYTES_MAX - 3, 0, ""},
        {"a: ", "b", "", "", RG_YAML_BYTES_MAX - 2, RG_ELIMIT, "0:0: error: the file is larger than 1048576 bytes [too-large]\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_buf yaml RG_CLEANUP(rg_buf_done);
        rg_buf_init(&yaml, TEXT_MAX);
        rg_buf_adds(&yaml, rows[i].before);
        repeat(&yaml, rows[i].each, rows[i].times);
        rg_buf_adds(&yaml, rows[i].between);
        repeat(&yaml, rows[i].after_each, rows[i].times);
        struct read r RG_CLEANUP(done) = read_bytes(rg_buf_str(&yaml));
        assert_string_equal(rg_buf_cstr(&r.heads), rows[i].expected);
        assert_int_equal(r.rc, rows[i].rc);
    }
}

static int64_t cpu_ms(void)
{
    struct timespec t;
    int rc = clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    rg_assert(rc == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Files made to hurt: each must be refused or read in a moment, however the parser below behaves. */
static void bombs_fizzle(void **state)
{
    (void)state;
    static const struct {
        const char *each;
        size_t times;
    } rows[] = {
        {"[", 200000}, {"{", 200000}, {"{{", 100000}, {"- ", 100000}, {"? ", 100000}, {"[a: ", 50000}, {"a: b: c\n", 100000},
        {"x: {{y}}\n", 100000}, {"'", 1000000}, {"a: \"x\" y\n", 80000}, {"&a ", 300000}, {"!a ", 300000}, {"*a ", 300000},
        {"a", 1000000}, {"a: 1\n", 49000}, {"[[],", 200000}, {"{a: ", 200000}, {"\n", 1000000}, {"\r\n", 500000},
            {"\t\n", 500000},
        {"é: é: é\n", 70000}, {": ", 500000}, {"{? ", 300000}, {"- - - -\n", 100000}, {"a: |\n", 200000}, {"---\n", 250000},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_buf yaml RG_CLEANUP(rg_buf_done);
        rg_buf_init(&yaml, TEXT_MAX);
        repeat(&yaml, rows[i].each, rows[i].times);
        int64_t before = cpu_ms();
        struct read r RG_CLEANUP(done) = read_bytes(rg_buf_str(&yaml));
        int64_t spent = cpu_ms() - before;
        if (spent > 4000) /* tens of ms without a sanitizer */
            fail_msg("%s × %zu took %lld ms", rows[i].each, rows[i].times, (long long)spent);
        assert_true(rg_diags_errors(r.diags) > 0 || r.rc == 0);
        assert_true(rg_arena_used_bytes(r.arena) <= RG_YAML_ARENA_BYTES);
    }
}

static void repairs_end(void **state)
{
    (void)state;
    for (size_t lines = RG_YAML_REPAIRS_MAX; lines <= RG_YAML_REPAIRS_MAX + 1; lines++) {
        struct rg_buf yaml RG_CLEANUP(rg_buf_done);
        rg_buf_init(&yaml, TEXT_MAX);
        for (size_t i = 0; i < lines; i++)
            rg_buf_addf(&yaml, "k%zu: a: b\n", i);
        struct read r RG_CLEANUP(done) = read_bytes(rg_buf_str(&yaml));
        assert_int_equal(rg_diags_errors(r.diags), lines);
        assert_int_equal(r.rc, lines > RG_YAML_REPAIRS_MAX ? RG_EINVAL : 0);
        if (r.rc == 0)
            for (size_t i = 0; i < r.doc->root->count; i++)
                assert_true(r.doc->root->entries[i].value->bad);
    }
}

static void columns_count_characters(void **state)
{
    (void)state;
    struct read r RG_CLEANUP(done) = read_bytes(RG_STR("ação: { día: xé, \"z\": \"ú w\" }\n"));
    const struct rg_node *map = rg_node_get(r.doc->root, "ação");
    const struct rg_node *second = rg_node_get(map, "z");
    assert_int_equal(map->column, 7);
    assert_int_equal(second->column, 23);
    assert_int_equal(rg_node_place(second).width, 5);
    struct rg_place w = rg_node_place_at(second, 3, 1);
    assert_int_equal(w.column, 26);
    assert_int_equal(w.width, 1);
    assert_null(rg_node_get(map, "nothing"));
    assert_null(rg_node_get(NULL, "a"));
    assert_null(rg_node_get(second, "a"));
}

static void parts_of_a_scalar_have_places(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        size_t offset, bytes;
        int line, column, width;
    } rows[] = {
        {"a: debtor.clustr == 1\n", 7, 6, 1, 11, 6},
        {"a: 'débtor.x'\n", 8, 1, 1, 12, 1},
        {"a: \"x\\ty z\"\n", 2, 1, 1, 4, 8},       /* escapes: the whole scalar */
        {"a: x\n  y\n", 2, 1, 1, 4, 1},            /* folded: its start */
        {"a: |\n    one\n    twö three\n", 9, 5, 3, 9, 5},
        {"a: |\n  one\n\n  x\n", 5, 1, 4, 3, 1},
        {"a: >\n  one\n  two\n", 4, 3, 1, 4, 1},
        {"a: b\n", 0, 1, 1, 4, 1},
        {"a: b\n", 1, 0, 1, 5, 0},
        {"a: b\n", 2, 1, 1, 4, 1},                 /* outside of the text */
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct read r RG_CLEANUP(done) = read_bytes(rg_str(rows[i].yaml));
        struct rg_place place = rg_node_place_at(rg_node_get(r.doc->root, "a"), rows[i].offset, rows[i].bytes);
        assert_int_equal(place.line, rows[i].line);
        assert_int_equal(place.column, rows[i].column);
        assert_int_equal(place.width, rows[i].width);
    }
}

static void nodes_have_names(void **state)
{
    (void)state;
    struct read r RG_CLEANUP(done) =
        read_bytes(RG_STR("steps:\n  atraso: { day: D+1, via: [sms, email] }\nkafka: { x: 1 }\ntests:\n  - a: [[b]]\n"));
    const struct rg_node *atraso = rg_node_get(rg_node_get(r.doc->root, "steps"), "atraso");
    const struct rg_node *test = rg_node_get(r.doc->root, "tests")->entries[0].value;
    const struct rg_node *inner = rg_node_get(test, "a")->entries[0].value;
    const struct {
        const struct rg_node *node;
        const char *label;
    } rows[] = {
        {r.doc->root, "the top level"},
        {atraso, "step \"atraso\""},
        {rg_node_get(atraso, "day"), "\"day\""},
        {rg_node_get(atraso, "via")->entries[1].value, "item 2 of \"via\""},
        {rg_node_get(r.doc->root, "kafka"), "\"kafka\""},
        {test, "item 1 of \"tests\""},
        {inner->entries[0].value, "item 1"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char text[64];
        rg_node_label(rows[i].node, text, sizeof text);
        assert_string_equal(text, rows[i].label);
    }
    char tiny[8];
    rg_node_label(atraso, tiny, sizeof tiny);
    assert_string_equal(tiny, "step \"a");
    assert_null(rg_noun_of(RG_STR("kafka")));
}

static void write_file(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void files_are_read_or_complained_about(void **state)
{
    (void)state;
    char dir[] = "/tmp/regua-yaml-XXXXXX";
    assert_non_null(mkdtemp(dir));
    char good[64], large[64], fifo[64];
    (void)snprintf(good, sizeof good, "%s/good.yaml", dir);
    (void)snprintf(large, sizeof large, "%s/large.yaml", dir);
    (void)snprintf(fifo, sizeof fifo, "%s/fifo", dir);
    write_file(good, "a: b\n", 5);
    char *much = rg_alloc(RG_YAML_BYTES_MAX + 1);
    memset(much, '#', RG_YAML_BYTES_MAX + 1);
    write_file(large, much, RG_YAML_BYTES_MAX + 1);
    rg_free(&much);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const struct {
        const char *path, *text;
        int rc;
    } rows[] = {
        {good, NULL, 0},
        {large, "cannot be read: it is larger than 1048576 bytes", RG_ELIMIT},
        {fifo, "cannot be read: it is no regular file", RG_EINVAL},
        {dir, "cannot be read: it is a directory; expected a file", RG_EINVAL},
        {"/tmp/regua-yaml-nothing/x", "cannot be read: No such file or directory", RG_ENOTFOUND},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_arena *arena = rg_arena_new(RG_YAML_ARENA_BYTES);
        struct rg_diags *diags = rg_diags_new();
        const struct rg_doc *doc = NULL;
        assert_int_equal(rg_yaml_load(rows[i].path, arena, diags, &doc), rows[i].rc);
        assert_int_equal(doc != NULL, rows[i].text == NULL);
        if (rows[i].text != NULL) {
            assert_string_equal(rg_diags_at(diags, 0)->text, rows[i].text);
            assert_string_equal(rg_diags_at(diags, 0)->file, rows[i].path);
            assert_int_equal(rg_diags_at(diags, 0)->line, 0);
        }
        rg_diags_free(&diags);
        rg_arena_free(&arena);
    }
    assert_int_equal(unlink(good) + unlink(large) + unlink(fifo) + rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_are_what_was_written),
        cmocka_unit_test(typical_mistakes_read_like_a_colleague),
        cmocka_unit_test(what_hides_differences_is_refused),
        cmocka_unit_test(broken_syntax_is_explained),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(limits_hold_at_and_beyond),
        cmocka_unit_test(bombs_fizzle),
        cmocka_unit_test(repairs_end),
        cmocka_unit_test(columns_count_characters),
        cmocka_unit_test(parts_of_a_scalar_have_places),
        cmocka_unit_test(nodes_have_names),
        cmocka_unit_test(files_are_read_or_complained_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

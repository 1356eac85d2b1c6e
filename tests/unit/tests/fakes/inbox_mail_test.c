/* Mails as people send them, and as nobody should. */
#include "tests/fakes/inbox/mail.h"

#include "base/core/buf.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_str(struct rg_str actual, const char *expected)
{
    if (expected == NULL) {
        assert_null(actual.p);
        return;
    }
    assert_non_null(actual.p);
    if (!rg_str_is(actual, expected))
        fail_msg("got \"%.*s\", expected \"%s\"", RG_STR_ARG(actual), expected);
}

static struct inbox_mail read_mail(struct rg_str raw, struct rg_arena **ret_arena)
{
    struct inbox_mail mail;
    *ret_arena = rg_arena_new(INBOX_MAIL_ARENA_BYTES(raw.n));
    inbox_mail_read(raw, *ret_arena, &mail);
    return mail;
}

#define MULTI(boundary, inside) "Content-Type: multipart/alternative; boundary=" boundary "\r\n\r\n" inside
#define PART(boundary, head, body) "--" boundary "\r\n" head "\r\n" body "\r\n"

static const struct {
    const char *raw, *subject, *text, *html;
} mails[] = {
    {"Subject: plain\r\n\r\nbody\r\n", "plain", "body\r\n", NULL},
    {"subject:lower\n\nunix lines\n", "lower", "unix lines\n", NULL},
    {"Subject: folded\r\n over\r\n\tthree lines\r\n\r\nx", "folded over\tthree lines", "x", NULL},
    {"\r\nno headers", NULL, "no headers", NULL},
    {"", NULL, "", NULL},
    {"Subject: headers only", "headers only", "", NULL},
    {"Subject: =?UTF-8?B?TsOjbyBow6E=?=\r\n\r\n", "Não há", "", NULL},
    {"Subject: =?utf-8?q?D=C3=ADvida_paga?=\r\n\r\n", "Dívida paga", "", NULL},
    {"Subject: =?iso-8859-1?Q?d=EDvida?= e juros\r\n\r\n", "dívida e juros", "", NULL},
    {"Subject: =?utf-8?Q?um?= =?utf-8?Q?_dois?=\r\n =?utf-8?Q?tr=C3=AAs?=\r\n\r\n", "um doistrês", "", NULL},
    {"Subject: a =?utf-8?Q?b?= c\r\n\r\n", "a b c", "", NULL},
    {"Subject: =?utf-8?Q?line=0D=0ABcc:_x?=\r\n\r\n", "line  Bcc: x", "", NULL},
    {"Subject: =?utf-8?X?abc?= =?utf-8?Q?broken\r\n\r\n", "=?utf-8?X?abc?= =?utf-8?Q?broken", "", NULL},
    {"Subject: =?=?=?utf-8?Q?\?=\r\n\r\n", "=?=?", "", NULL},
    {"Content-Transfer-Encoding: base64\r\n\r\nb2zD\r\noQ==\r\n", NULL, "olá", NULL},
    {"Content-Transfer-Encoding: quoted-printable\r\n\r\nol=C3=A1 =\r\nmundo=\r\n=3D=3d=zz=", NULL, "olá mundo==\x3dzz", NULL},
    {"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nol\xe1", NULL, "olá", NULL},
    {"Content-Type: text/html; charset=\"utf-8\"\r\n\r\n<b>x</b>", NULL, NULL, "<b>x</b>"},
    {"Content-Type: application/pdf\r\n\r\n%PDF", NULL, NULL, NULL},
    {MULTI("b1",
           PART("b1", "Content-Type: text/plain\r\n", "text") PART("b1", "Content-Type: text/html\r\n", "<p>html") "--b1--\r\n"),
     NULL, "text", "<p>html"},
    {MULTI("\"b 1\"", "preamble\r\n" PART("b 1", "", "first") PART("b 1", "", "second") "--b 1--\r\nepilogue"), NULL, "first",
     NULL},
    {MULTI("b1", PART("b1", "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n", "no")
                     PART("b1", "Content-Type: text/plain\r\n", "yes") "--b1--"),
     NULL, "yes", NULL},
    {MULTI("out", PART("out", "Content-Type: multipart/related; boundary=in\r\n",
                       PART("in", "Content-Type: text/html\r\n", "inner") "--in--") PART("out", "", "outer") "--out--"),
     NULL, "outer", "inner"},
    {MULTI("b1", PART("b1", "", "cut off")), NULL, "cut off\r\n", NULL},
    {MULTI("b1", "--b1"), NULL, NULL, NULL},
    {MULTI("b1", "--b1\r\n"), NULL, "", NULL},
    {MULTI("b1", "--b1--\r\n"), NULL, NULL, NULL},
    {MULTI("b1", "no boundary at all"), NULL, NULL, NULL},
    {"Content-Type: multipart/mixed\r\n\r\n--\r\n\r\nno boundary named", NULL, NULL, NULL},
};

static void each_mail_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < RG_COUNT(mails); i++) {
        struct rg_arena *arena;
        struct inbox_mail mail = read_mail(rg_str(mails[i].raw), &arena);
        assert_str(mail.subject, mails[i].subject);
        assert_str(mail.text, mails[i].text);
        assert_str(mail.html, mails[i].html);
        rg_arena_free(&arena);
    }
}

static void headers_are_found_by_any_case(void **state)
{
    (void)state;
    struct rg_arena *arena;
    struct inbox_mail mail = read_mail(
        RG_STR("MESSAGE-id:  <0a1b@regua.example> \r\nX-Regua-Step: aviso\r\nTo: a@b\r\nTo: c@d\r\nbroken line\r\n\r\n"), &arena);
    assert_str(mail.message_id, "0a1b@regua.example");
    assert_str(mail.step, "aviso");
    assert_str(inbox_header(mail.headers, "to"), "a@b");
    assert_str(inbox_header(mail.headers, "T"), NULL);
    assert_str(inbox_header(mail.headers, "Cc"), NULL);
    assert_str(inbox_header((struct rg_str){NULL, 0}, "Cc"), NULL);
    rg_arena_free(&arena);
}

static void nesting_and_parts_have_an_end(void **state)
{
    (void)state;
    char *raw = rg_alloc(200000);
    for (int depth = 0; depth < 40; depth++) /* deeper than anything that is followed */
        (void)sprintf(raw + strlen(raw), "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", depth, depth);
    struct rg_arena *arena;
    struct inbox_mail mail = read_mail(rg_str(raw), &arena);
    assert_null(mail.text.p);
    rg_arena_free(&arena);
    (void)strcpy(raw, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (int part = 0; part < 1000; part++)
        (void)strcat(raw, "--b\r\nContent-Type: image/png\r\n\r\nx\r\n");
    (void)strcat(raw, "--b\r\n\r\nfar behind\r\n--b--");
    mail = read_mail(rg_str(raw), &arena);
    assert_null(mail.text.p);
    rg_arena_free(&arena);
    rg_free(&raw);
}

/* Every prefix of every mail, and every mail with one byte changed: an answer, and no byte read past the end. */
static void no_bytes_break_it(void **state)
{
    (void)state;
    static const char bytes[] = {'\0', '\n', '\r', '-', '=', '?', '"', ':', ';', '\xff'};
    for (size_t i = 0; i < RG_COUNT(mails); i++) {
        size_t n = strlen(mails[i].raw);
        for (size_t cut = 0; cut <= n; cut++)
            for (size_t b = 0; b < sizeof bytes; b++) {
                char *exact = malloc(cut > 0 ? cut : 1); /* its end is the end of what may be read */
                assert_non_null(exact);
                memcpy(exact, mails[i].raw, cut);
                if (cut > 0)
                    exact[cut * b / sizeof bytes] = bytes[b];
                struct rg_arena *arena;
                (void)read_mail((struct rg_str){exact, cut}, &arena);
                rg_arena_free(&arena);
                free(exact);
            }
    }
}

/* The shapes that need most of the arena for their length. */
static void the_arena_suffices(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a\n", ":\n", "=?a?q?\?=\n", "=?iso-8859-1?q?\xe1?=", "\xe1", "\xe1\n", " \n", "=\n", "\n",
    };
    static const char *const heads[] = {
        "", "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n", "Content-Type: text/html;charset=iso-8859-1\n",
    };
    for (size_t h = 0; h < RG_COUNT(heads); h++)
        for (size_t i = 0; i < RG_COUNT(pieces); i++) {
            RG_CLEANUP(rg_buf_done) struct rg_buf raw;
            rg_buf_init(&raw, 1000000);
            rg_buf_adds(&raw, heads[h]);
            while (raw.len < 500000)
                rg_buf_adds(&raw, pieces[i]);
            struct rg_arena *arena;
            (void)read_mail(rg_buf_str(&raw), &arena);
            rg_arena_free(&arena);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mail_is_read),
        cmocka_unit_test(headers_are_found_by_any_case),
        cmocka_unit_test(nesting_and_parts_have_an_end),
        cmocka_unit_test(no_bytes_break_it),
        cmocka_unit_test(the_arena_suffices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

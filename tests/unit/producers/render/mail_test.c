/* Whole mails: their bytes, and that no part can break out of its place. */
#include "producers/render/mime.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static struct rg_mail sample(void)
{
    return (struct rg_mail){
        .from_name = RG_STR("Provedor Exemplo"),
        .from_address = RG_STR("cobranca@provedor.example"),
        .to_name = RG_STR("José"),
        .to_address = RG_STR("jose@x.example"),
        .subject = RG_STR("Sua fatura vence hoje"),
        .message_id = RG_STR("0123abcd@provedor.example"),
        .date_ms = INT64_C(1795428000000),
        .text = RG_STR("Olá\n.\nfim"),
    };
}

static void text_alone(void **state)
{
    (void)state;
    RG_CLEANUP(rg_buf_done) struct rg_buf out;
    rg_buf_init(&out, RG_MIME_MAIL_BYTES_MAX);
    struct rg_mail mail = sample();
    assert_int_equal(rg_mail_build(&mail, &out, NULL), 0);
    assert_string_equal(rg_buf_cstr(&out),
                        "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
                        "From: Provedor Exemplo <cobranca@provedor.example>\r\n"
                        "To: =?UTF-8?B?Sm9zw6k=?= <jose@x.example>\r\n"
                        "Subject: Sua fatura vence hoje\r\n"
                        "Message-ID: <0123abcd@provedor.example>\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "Ol=C3=A1\r\n=2E\r\nfim\r\n");
}

static void text_and_html(void **state)
{
    (void)state;
    RG_CLEANUP(rg_buf_done) struct rg_buf out, again;
    rg_buf_init(&out, RG_MIME_MAIL_BYTES_MAX);
    rg_buf_init(&again, RG_MIME_MAIL_BYTES_MAX);
    struct rg_mail mail = sample();
    mail.html = RG_STR("<p>--=_x</p>");
    mail.reply_to = RG_STR("sac@provedor.example");
    mail.unsubscribe = RG_STR("https://provedor.example/sair?d=1");
    assert_int_equal(rg_mail_build(&mail, &out, NULL), 0);
    assert_int_equal(rg_mail_build(&mail, &again, NULL), 0);
    assert_true(rg_str_eq(rg_buf_str(&out), rg_buf_str(&again)));
    assert_non_null(strstr(out.data, "Reply-To: sac@provedor.example\r\n"));
    assert_non_null(
        strstr(out.data,
               "List-Unsubscribe: <https://provedor.example/sair?d=1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    const char *boundary = strstr(out.data, "boundary=\"");
    assert_non_null(boundary);
    char line[64] = "\r\n--", *end = stpncpy(line + 4, boundary + 10, 34);
    *end = '\0';
    size_t delimiters = 0;
    for (const char *p = out.data; (p = strstr(p, line)) != NULL; p++)
        delimiters++;
    assert_int_equal(delimiters, 3);
    assert_string_equal(out.data + out.len - 4, "--\r\n");
    assert_non_null(strstr(out.data, "<p>--=3D_x</p>"));

    struct rg_mail other = mail;
    other.message_id = RG_STR("0123abce@provedor.example");
    rg_buf_reset(&again);
    assert_int_equal(rg_mail_build(&other, &again, NULL), 0);
    assert_null(strstr(again.data, line));
}

static void parts_that_are_refused(void **state)
{
    (void)state;
    static char big[RG_MIME_BODY_BYTES_MAX + 1];
    memset(big, 'x', sizeof big);
    struct {
        size_t offset;
        struct rg_str value;
        const char *names;
    } rows[] = {
        {offsetof(struct rg_mail, from_address), RG_STR("x"), "From"},
        {offsetof(struct rg_mail, to_address), RG_STR("a@b\r\nBcc: c@d"), "To"},
        {offsetof(struct rg_mail, to_address), {NULL, 0}, "To"},
        {offsetof(struct rg_mail, to_name), RG_STR("a\nb"), "To"},
        {offsetof(struct rg_mail, from_name), RG_STR("a\nb"), "From"},
        {offsetof(struct rg_mail, reply_to), RG_STR(""), "Reply-To"},
        {offsetof(struct rg_mail, subject), RG_STR(""), "Subject"},
        {offsetof(struct rg_mail, subject), RG_STR("a\r\nb"), "Subject"},
        {offsetof(struct rg_mail, message_id), RG_STR("<a@b>"), "Message-ID"},
        {offsetof(struct rg_mail, message_id), RG_STR("sem-arroba"), "Message-ID"},
        {offsetof(struct rg_mail, message_id), {NULL, 0}, "Message-ID"},
        {offsetof(struct rg_mail, unsubscribe), RG_STR("http://x.example/"), "List-Unsubscribe"},
        {offsetof(struct rg_mail, unsubscribe), RG_STR("https://x.example/>\r\nX: y"), "List-Unsubscribe"},
        {offsetof(struct rg_mail, unsubscribe), RG_STR("https://x.example/a b"), "List-Unsubscribe"},
        {offsetof(struct rg_mail, unsubscribe), RG_STR("https://"), "List-Unsubscribe"},
        {offsetof(struct rg_mail, text), RG_STR(""), "text"},
        {offsetof(struct rg_mail, text), RG_STR("\xff"), "text"},
        {offsetof(struct rg_mail, text), {big, sizeof big}, "text"},
        {offsetof(struct rg_mail, html), RG_STR("\xff"), "HTML"},
        {offsetof(struct rg_mail, html), {big, sizeof big}, "HTML"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        RG_CLEANUP(rg_buf_done) struct rg_buf out;
        rg_buf_init(&out, RG_MIME_MAIL_BYTES_MAX);
        struct rg_mail mail = sample();
        struct rg_error err = {0};
        memcpy((char *)&mail + rows[i].offset, &rows[i].value, sizeof rows[i].value);
        if (rg_mail_build(&mail, &out, &err) != RG_EINVAL || !strstr(err.text, rows[i].names))
            fail_msg("row %zu (%s): %s", i, rows[i].names, err.text);
        assert_null(strstr(err.text, "Bcc"));
    }
}

static void size_is_bounded(void **state)
{
    (void)state;
    static char big[RG_MIME_BODY_BYTES_MAX];
    memset(big, 0x01, sizeof big); /* three bytes each on the wire */
    RG_CLEANUP(rg_buf_done) struct rg_buf out, small;
    rg_buf_init(&out, RG_MIME_MAIL_BYTES_MAX);
    rg_buf_init(&small, 100);
    struct rg_mail mail = sample();
    mail.text = mail.html = (struct rg_str){big, sizeof big};
    assert_int_equal(rg_mail_build(&mail, &out, NULL), 0); /* the worst that is taken fits */
    assert_int_equal(rg_mail_build(&mail, &small, NULL), RG_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_alone),
        cmocka_unit_test(text_and_html),
        cmocka_unit_test(parts_that_are_refused),
        cmocka_unit_test(size_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

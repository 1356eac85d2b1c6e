/* Header fields on the wire: what is written, what is refused, and that no line grows too long or holds what it must not. */
#include "producers/render/mime.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static char big[4096];

/* Every line is printable ASCII of at most 76 columns, and only a blank may follow a line break. */
static void check_wire(const char *text)
{
    size_t column = 0;
    for (const char *p = text; *p; p++) {
        if (p[0] == '\r') {
            assert_int_equal(p[1], '\n');
            assert_int_equal(p[2], ' ');
            column = 0;
            p++;
            continue;
        }
        assert_true(*p >= ' ' && *p < 0x7f);
        assert_true(++column <= 76);
    }
}

static void subjects(void **state)
{
    (void)state;
    struct {
        const char *text, *header;
    } rows[] = {
        {"Sua fatura vence hoje", "Subject: Sua fatura vence hoje"},
        {"", "Subject: "},
        {"Olá", "Subject: =?UTF-8?B?T2zDoQ==?="},
        {" antes", "Subject: =?UTF-8?B?IGFudGVz?="},
        {"depois ", "Subject: =?UTF-8?B?ZGVwb2lzIA==?="},
        {"a  b", "Subject: =?UTF-8?B?YSAgYg==?="},
        {"=?UTF-8?B?T2w=?=", "Subject: =?UTF-8?B?PT9VVEYtOD9CP1Qydz0/PQ==?="},
        {"O prazo do aviso termina na sexta-feira e o pagamento ainda nao foi confirmado por nos",
         "Subject: O prazo do aviso termina na sexta-feira e o pagamento ainda nao foi\r\n confirmado por nos"},
        {"Aviso: sua conexão será suspensa em 15 dias se não houver pagamento da fatura",
         "Subject: =?UTF-8?B?QXZpc286IHN1YSBjb25leMOjbyBzZXLDoSBzdXNwZW5zYSBlbSAx?=\r\n"
         " =?UTF-8?B?NSBkaWFzIHNlIG7Do28gaG91dmVyIHBhZ2FtZW50byBkYSBmYXR1cmE=?="},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        RG_CLEANUP(rg_buf_done) struct rg_buf out;
        rg_buf_init(&out, 65536);
        assert_int_equal(rg_mime_text_header("Subject", rg_str(rows[i].text), &out, NULL), 0);
        assert_string_equal(rg_buf_cstr(&out), rows[i].header);
        check_wire(out.data);
    }
}

static void texts_that_are_refused(void **state)
{
    (void)state;
    const struct rg_str rows[] = {
        RG_STR("a\r\nBcc: x@y.z"),
        RG_STR("a\nb"),
        RG_STR("a\rb"),
        RG_STR("a\0b"),
        RG_STR("\t"),
        RG_STR("a\x1b[0m"),
        RG_STR("\x7f"),
        RG_STR("\xff"),
        RG_STR("a\xc3"),
        RG_STR("\xc0\x80"),
        RG_STR("\xed\xa0\x80"),
        RG_STR("\xc2\x85"),
        RG_STR("\xc2\x9b"),
        {big, RG_MIME_TEXT_BYTES_MAX + 1},
    };
    memset(big, 'x', sizeof big);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        RG_CLEANUP(rg_buf_done) struct rg_buf out;
        struct rg_error err = {0};
        rg_buf_init(&out, 65536);
        assert_int_equal(rg_mime_text_header("Subject", rows[i], &out, &err), RG_EINVAL);
        assert_non_null(strstr(err.text, "Subject"));
        assert_null(strstr(err.text, "Bcc"));
        assert_int_equal(rg_mime_mailbox_header("To", rows[i], RG_STR("a@b.example"), &out, &err), RG_EINVAL);
        assert_int_equal(rg_mime_filename_header(rows[i], &out, &err), RG_EINVAL);
        assert_int_equal(out.len, 0);
    }
    RG_CLEANUP(rg_buf_done) struct rg_buf out;
    rg_buf_init(&out, 65536);
    assert_int_equal(rg_mime_text_header("Subject", (struct rg_str){big, RG_MIME_TEXT_BYTES_MAX}, &out, NULL), 0);
    check_wire(out.data);
}

static void display_names(void **state)
{
    (void)state;
    struct {
        const char *name, *header;
    } rows[] = {
        {"", "To: ana@x.example"},
        {"Ana Souza", "To: Ana Souza <ana@x.example>"},
        {"Souza, Ana", "To: \"Souza, Ana\" <ana@x.example>"},
        {"A. \"B\" \\", "To: \"A. \\\"B\\\" \\\\\" <ana@x.example>"},
        {"x@y.z <q@r.s>", "To: \"x@y.z <q@r.s>\" <ana@x.example>"},
        {"(nota)", "To: \"(nota)\" <ana@x.example>"},
        {"José", "To: =?UTF-8?B?Sm9zw6k=?= <ana@x.example>"},
        {"=?utf-8?q?x?=", "To: =?UTF-8?B?PT91dGYtOD9xP3g/PQ==?= <ana@x.example>"},
        {"Maria Aparecida dos Santos Oliveira Filha",
         "To: =?UTF-8?B?TWFyaWEgQXBhcmVjaWRhIGRvcyBTYW50b3MgT2xpdmVpcmEgRmlsaGE=?=\r\n <ana@x.example>"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        RG_CLEANUP(rg_buf_done) struct rg_buf out;
        rg_buf_init(&out, 65536);
        assert_int_equal(rg_mime_mailbox_header("To", rg_str(rows[i].name), RG_STR("ana@x.example"), &out, NULL), 0);
        assert_string_equal(rg_buf_cstr(&out), rows[i].header);
        check_wire(out.data);
    }
}

static void file_names(void **state)
{
    (void)state;
    struct {
        const char *name, *header;
    } rows[] = {
        {"boleto-1001.pdf", "Content-Disposition: attachment;\r\n filename=\"boleto-1001.pdf\""},
        {"a b.pdf", "Content-Disposition: attachment;\r\n filename*=UTF-8''a%20b.pdf"},
        {"não.pdf", "Content-Disposition: attachment;\r\n filename*=UTF-8''n%C3%A3o.pdf"},
        {"a\"b\\c;d'%.pdf", "Content-Disposition: attachment;\r\n filename*=UTF-8''a%22b%5Cc%3Bd%27%25.pdf"},
        {"notificação de débito março.pdf",
         "Content-Disposition: attachment;\r\n filename*0*=UTF-8''notifica%C3%A7%C3%A3o%20de%20;\r\n"
         " filename*1*=d%C3%A9bito%20mar%C3%A7o.pd;\r\n filename*2*=f"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        RG_CLEANUP(rg_buf_done) struct rg_buf out;
        rg_buf_init(&out, 65536);
        assert_int_equal(rg_mime_filename_header(rg_str(rows[i].name), &out, NULL), 0);
        assert_string_equal(rg_buf_cstr(&out), rows[i].header);
        check_wire(out.data);
    }
    struct rg_buf out;
    rg_buf_init(&out, 1000);
    assert_int_equal(rg_mime_filename_header(RG_STR(""), &out, NULL), RG_EINVAL);
    rg_buf_done(&out);
}

/* Characters of one to four bytes at every length: words never split a character, lines never grow too long. */
static void long_texts_fold_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "é", "€", "😀"};
    for (size_t c = 0; c < RG_COUNT(characters); c++) {
        size_t width = strlen(characters[c]);
        for (size_t n = 1; n * width <= 400; n++) {
            char text[408] = "";
            for (size_t i = 0; i < n; i++)
                memcpy(text + i * width, characters[c], width + 1);
            RG_CLEANUP(rg_buf_done) struct rg_buf out, name, file;
            rg_buf_init(&out, 65536);
            rg_buf_init(&name, 65536);
            rg_buf_init(&file, 65536);
            assert_int_equal(rg_mime_text_header("Subject", rg_str(text), &out, NULL), 0);
            assert_int_equal(rg_mime_mailbox_header("From", rg_str(text), RG_STR("a@b.example"), &name, NULL), 0);
            assert_int_equal(rg_mime_filename_header(rg_str(text), &file, NULL), 0);
            check_wire(out.data);
            check_wire(name.data);
            check_wire(file.data);
            for (const char *word = out.data; (word = strstr(word, "?B?")) != NULL; word += 3) {
                size_t digits = strcspn(word + 3, "?");
                size_t bytes = digits / 4 * 3 - (word[2 + digits] == '=') - (word[1 + digits] == '=');
                assert_int_equal(bytes % width, 0);
                assert_true(digits + 12 <= 75);
            }
        }
    }
}

static void addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"a@b", "ana.souza+tag@mail.provedor.example", "o'neil@x-y.example", "a@1.2", "_@x.example",
                                       "0123456789012345678901234567890123456789012345678901234567890123@x.example"};
    static const char *const bad[] = {
        "",
        "@",
        "a@",
        "@b",
        "a",
        "a b@c",
        "a@b c",
        "a@b..c",
        "a@.b",
        "a@b.",
        "a..b@c",
        ".a@b",
        "a.@b",
        "a@-b",
        "a@b-",
        "a@b-.c",
        "a@b_c",
        "a@b@c",
        "\"a\"@b",
        "a@[127.0.0.1]",
        "a(x)@b",
        "<a@b>",
        "a@b>",
        "a,b@c",
        "é@b",
        "a@é.example",
        "a@b\r\nRCPT TO:<x@y>",
        "a@b\n",
        "a\t@b",
        "a@b;c",
        "a:b@c",
        "a\\@b",
        "a@b\x7f",
        "01234567890123456789012345678901234567890123456789012345678901234@x.example",
        "a@0123456789012345678901234567890123456789012345678901234567890123.example",
    };
    for (size_t i = 0; i < RG_COUNT(good); i++)
        assert_int_equal(rg_mime_address_check(rg_str(good[i]), NULL), 0);
    for (size_t i = 0; i < RG_COUNT(bad); i++)
        if (rg_mime_address_check(rg_str(bad[i]), NULL) == 0)
            fail_msg("taken: %s", bad[i]);
    assert_int_equal(rg_mime_address_check((struct rg_str){"a\0@b", 4}, NULL), RG_EINVAL);
    assert_int_equal(rg_mime_address_check((struct rg_str){"a@b\0", 4}, NULL), RG_EINVAL);
    char text[300] = "a@";
    for (size_t i = 2; i < 254; i++)
        text[i] = i % 32 == 0 ? '.' : 'x';
    assert_int_equal(rg_mime_address_check((struct rg_str){text, 254}, NULL), 0);
    text[254] = 'x';
    assert_int_equal(rg_mime_address_check((struct rg_str){text, 255}, NULL), RG_EINVAL);
}

static void mailboxes_as_people_write_them(void **state)
{
    (void)state;
    struct {
        const char *text, *name, *address; /* name NULL: none; address NULL: refused */
    } rows[] = {
        {"a@b.example", NULL, "a@b.example"},
        {" a@b.example ", NULL, "a@b.example"},
        {"<a@b.example>", "", "a@b.example"},
        {"Provedor Exemplo <a@b.example>", "Provedor Exemplo", "a@b.example"},
        {"\"Provedor, SA\" <a@b.example>", "Provedor, SA", "a@b.example"},
        {"Provedor a@b.example", NULL, NULL},
        {"Provedor <a@b.example", NULL, NULL},
        {"Provedor <a@b.example> x", NULL, NULL},
        {"Provedor <>", NULL, NULL},
        {"a\nb <a@b.example>", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_str name, address;
        int r = rg_mime_mailbox_split(rg_str(rows[i].text), &name, &address, NULL);
        assert_int_equal(r, rows[i].address ? 0 : RG_EINVAL);
        if (r < 0)
            continue;
        assert_true(rg_str_is(address, rows[i].address));
        assert_true(rows[i].name ? rg_str_is(name, rows[i].name) : name.p == NULL);
    }
}

static void quoted_printable(void **state)
{
    (void)state;
    struct {
        const char *body, *wire;
    } rows[] = {
        {"", ""},
        {"oi", "oi\r\n"},
        {"oi\n", "oi\r\n"},
        {"a\nb\r\nc\rd", "a\r\nb\r\nc\r\nd\r\n"},
        {"\n\n", "\r\n\r\n"},
        {"\r\r\n\n", "\r\n\r\n\r\n"},
        {".", "=2E\r\n"},
        {".\r\n.\n.\r.", "=2E\r\n=2E\r\n=2E\r\n=2E\r\n"},
        {"a.", "a.\r\n"},
        {"From mim", "=46rom mim\r\n"},
        {"Fromage", "Fromage\r\n"},
        {"--x", "=2D-x\r\n"},
        {"1=2", "1=3D2\r\n"},
        {"fim \nfim\t\n", "fim=20\r\nfim=09\r\n"},
        {"é", "=C3=A9\r\n"},
        {"\x01\x7f", "=01=7F\r\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        RG_CLEANUP(rg_buf_done) struct rg_buf out;
        rg_buf_init(&out, 65536);
        rg_mime_quoted_printable(rg_str(rows[i].body), &out);
        assert_string_equal(rg_buf_cstr(&out), rows[i].wire);
    }
}

/* Decodes what was written and compares, at every length around the fold and with what makes folding hard. */
static void quoted_printable_comes_back(void **state)
{
    (void)state;
    static const char *const pieces[] = {"x", "é", ".", " ", "From ", "=", "-"};
    for (size_t p = 0; p < RG_COUNT(pieces); p++) {
        for (size_t n = 1; n < 240; n++) {
            char text[1300] = "", back[1300];
            for (size_t i = 0; i < n; i++)
                strcat(text, pieces[p]);
            RG_CLEANUP(rg_buf_done) struct rg_buf out;
            rg_buf_init(&out, 65536);
            rg_mime_quoted_printable(rg_str(text), &out);
            size_t len = 0, column = 0;
            for (const char *q = out.data; *q;) {
                if (column == 0)
                    assert_true(*q != '.' && strncmp(q, "From ", 5) != 0);
                if (strncmp(q, "\r\n", 2) == 0) {
                    assert_true(column <= 76);
                    assert_true(column == 0 || q[-1] != ' ');
                    column = 0;
                    q += 2;
                } else if (strncmp(q, "=\r\n", 3) == 0) {
                    assert_true(column + 1 <= 76);
                    column = 0;
                    q += 3;
                } else if (*q == '=') {
                    unsigned char c;
                    assert_true(q[1] && q[2]);
                    const char *hex = "0123456789ABCDEF";
                    c = (unsigned char)((strchr(hex, q[1]) - hex) * 16 + (strchr(hex, q[2]) - hex));
                    back[len++] = (char)c;
                    column += 3;
                    q += 3;
                } else {
                    back[len++] = *q++;
                    column++;
                }
            }
            assert_int_equal(len, strlen(text));
            assert_memory_equal(back, text, len);
        }
    }
}

static void dates(void **state)
{
    (void)state;
    struct {
        int64_t wall_ms;
        const char *text;
    } rows[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 +0000"},
        {INT64_C(951782400000), "Tue, 29 Feb 2000 00:00:00 +0000"},
        {INT64_C(1795428000999), "Mon, 23 Nov 2026 10:00:00 +0000"},
        {INT64_C(1798761599000), "Thu, 31 Dec 2026 23:59:59 +0000"},
        {INT64_C(4107542400000), "Mon, 01 Mar 2100 00:00:00 +0000"},
        {INT64_C(253402300799999), "Fri, 31 Dec 9999 23:59:59 +0000"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char text[40];
        rg_mime_date(rows[i].wall_ms, text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects),
        cmocka_unit_test(texts_that_are_refused),
        cmocka_unit_test(display_names),
        cmocka_unit_test(file_names),
        cmocka_unit_test(long_texts_fold_between_characters),
        cmocka_unit_test(addresses),
        cmocka_unit_test(mailboxes_as_people_write_them),
        cmocka_unit_test(quoted_printable),
        cmocka_unit_test(quoted_printable_comes_back),
        cmocka_unit_test(dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

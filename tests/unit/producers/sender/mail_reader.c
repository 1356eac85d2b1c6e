/* Written from RFC 5322, 2045 to 2047 alone, without a look at what writes our mails. */
#include "tests/unit/producers/sender/mail_reader.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    fail_msg("no hex digit: %02x", (unsigned char)c);
    return 0;
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

static void decode_base64(struct rg_str in, struct rg_buf *out)
{
    unsigned bits = 0;
    int have = 0;
    for (size_t i = 0; i < in.n && in.p[i] != '='; i++) {
        int digit = base64_digit(in.p[i]);
        assert_true(digit >= 0);
        bits = bits << 6 | (unsigned)digit;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        rg_buf_addc(out, (char)(bits >> have & 0xff));
    }
}

static void decode_q(struct rg_str in, struct rg_buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == '=') {
            assert_true(i + 2 < in.n);
            rg_buf_addc(out, (char)(hex_digit(in.p[i + 1]) << 4 | hex_digit(in.p[i + 2])));
            i += 2;
        } else {
            rg_buf_addc(out, in.p[i] == '_' ? ' ' : in.p[i]);
        }
    }
}

/* =?utf-8?B?…?= and =?utf-8?Q?…?=; the space between two of them is none. */
static void decode_words(struct rg_str in, struct rg_buf *out)
{
    while (in.n > 0) {
        bool word = in.n > 10 && strncasecmp(in.p, "=?utf-8?", 8) == 0;
        if (!word) {
            rg_buf_addc(out, *in.p);
            in = (struct rg_str){in.p + 1, in.n - 1};
            continue;
        }
        const char *end = memmem(in.p + 10, in.n - 10, "?=", 2);
        assert_non_null(end);
        assert_true((size_t)(end - in.p) + 2 <= 75);
        struct rg_str inside = {in.p + 10, (size_t)(end - in.p) - 10};
        if (in.p[8] == 'B' || in.p[8] == 'b')
            decode_base64(inside, out);
        else
            decode_q(inside, out);
        in = (struct rg_str){end + 2, in.n - (size_t)(end - in.p) - 2};
        size_t space = 0;
        while (space < in.n && in.p[space] == ' ')
            space++;
        if (space > 0 && in.n > space + 1 && strncmp(in.p + space, "=?", 2) == 0)
            in = (struct rg_str){in.p + space, in.n - space};
    }
}

/* Takes one line off, without its CRLF; every line must have one. */
static struct rg_str take_line(struct rg_str *rest)
{
    const char *end = memmem(rest->p, rest->n, "\r\n", 2);
    assert_non_null(end);
    struct rg_str line = {rest->p, (size_t)(end - rest->p)};
    assert_true(line.n <= 998);
    assert_null(line.n > 0 ? memchr(line.p, '\r', line.n) : NULL);
    assert_null(line.n > 0 ? memchr(line.p, '\n', line.n) : NULL);
    *rest = (struct rg_str){end + 2, rest->n - line.n - 2};
    return line;
}

static void read_headers(struct rg_str *rest, struct read_mail *mail)
{
    struct rg_buf raw RG_CLEANUP(rg_buf_done), value RG_CLEANUP(rg_buf_done);
    rg_buf_init(&raw, 8192);
    rg_buf_init(&value, 8192);
    for (struct rg_str line = take_line(rest); line.n > 0; line = take_line(rest)) {
        rg_buf_reset(&raw);
        rg_buf_reset(&value);
        rg_buf_add_str(&raw, line);
        while (rest->n > 0 && (*rest->p == ' ' || *rest->p == '\t'))
            rg_buf_add_str(&raw, take_line(rest));
        const char *colon = memchr(raw.data, ':', raw.len);
        assert_non_null(colon);
        assert_true(mail->header_count < MAIL_HEADERS_MAX);
        size_t name = (size_t)(colon - raw.data), from = name + 1;
        while (from < raw.len && raw.data[from] == ' ')
            from++;
        decode_words((struct rg_str){raw.data + from, raw.len - from}, &value);
        (void)snprintf(mail->headers[mail->header_count].name, 64, "%.*s", (int)name, raw.data);
        (void)snprintf(mail->headers[mail->header_count].value, 2048, "%s", rg_buf_cstr(&value));
        mail->header_count++;
    }
}

static void decode_body(struct rg_str body, struct rg_buf *out)
{
    for (size_t i = 0; i < body.n; i++) {
        char c = body.p[i];
        if (c == '=' && i + 2 < body.n && body.p[i + 1] == '\r') {
            i += 2;
        } else if (c == '=') {
            assert_true(i + 2 < body.n);
            rg_buf_addc(out, (char)(hex_digit(body.p[i + 1]) << 4 | hex_digit(body.p[i + 2])));
            i += 2;
        } else if (c != '\r') {
            rg_buf_addc(out, c);
        }
    }
}

static void read_part(struct rg_str bytes, const char *type, struct rg_buf *out)
{
    struct read_mail part = {0};
    read_headers(&bytes, &part);
    assert_string_equal(mail_header(&part, "Content-Transfer-Encoding"), "quoted-printable");
    assert_string_equal(mail_header(&part, "Content-Type"), type);
    decode_body(bytes, out);
}

static struct rg_str next_part(struct rg_str *rest, const char *boundary)
{
    char mark[128];
    (void)snprintf(mark, sizeof mark, "\r\n--%s", boundary);
    const char *end = memmem(rest->p, rest->n, mark, strlen(mark));
    assert_non_null(end);
    struct rg_str part = {rest->p, (size_t)(end - rest->p)};
    *rest = (struct rg_str){end + strlen(mark), rest->n - part.n - strlen(mark)};
    return part;
}

void mail_read(struct rg_str bytes, struct read_mail *ret_mail)
{
    struct rg_str rest = bytes;
    char boundary[80];
    memset(ret_mail, 0, sizeof *ret_mail);
    rg_buf_init(&ret_mail->text, 1 << 20);
    rg_buf_init(&ret_mail->html, 1 << 20);
    read_headers(&rest, ret_mail);
    const char *type = mail_header(ret_mail, "Content-Type");
    if (sscanf(type, "multipart/alternative; boundary=\"%79[^\"]\"", boundary) != 1) {
        assert_string_equal(type, "text/plain; charset=utf-8");
        assert_true(rest.n >= 2 && memcmp(rest.p + rest.n - 2, "\r\n", 2) == 0);
        decode_body((struct rg_str){rest.p, rest.n - 2}, &ret_mail->text); /* the last line end is the mail's */
        return;
    }
    rest = (struct rg_str){rest.p - 2, rest.n + 2}; /* the line end before the first boundary */
    assert_int_equal(next_part(&rest, boundary).n, 0);
    (void)take_line(&rest);
    read_part(next_part(&rest, boundary), "text/plain; charset=utf-8", &ret_mail->text);
    (void)take_line(&rest);
    read_part(next_part(&rest, boundary), "text/html; charset=utf-8", &ret_mail->html);
    assert_true(rest.n >= 2 && memcmp(rest.p, "--", 2) == 0);
}

void mail_done(struct read_mail *mail)
{
    rg_buf_done(&mail->text);
    rg_buf_done(&mail->html);
}

const char *mail_header(const struct read_mail *mail, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < mail->header_count; i++) {
        if (strcasecmp(mail->headers[i].name, name) != 0)
            continue;
        assert_null(found);
        found = mail->headers[i].value;
    }
    if (found == NULL)
        fail_msg("no header %s", name);
    return found;
}

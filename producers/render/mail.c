/* A whole mail from its parts. The boundary is "=_" and a hash of the message id: quoted-printable never writes "=_", so no
 * body can hold it, and the same mail is the same bytes when it is sent again. */
#include <string.h>

#include "base/core/hash.h"
#include "producers/render/mime.h"

static int add_mailbox(const char *field, struct rg_str name, struct rg_str address, struct rg_buf *out, struct rg_error *err)
{
    struct rg_error why = {0};
    int r = rg_mime_mailbox_header(field, name, address, out, &why);
    if (r < 0)
        return rg_fail(err, r, "%s: %s", field, why.text);
    rg_buf_adds(out, "\r\n");
    return 0;
}

/* id@domain: what an address may be, since both are dot-atoms. */
static int check_message_id(struct rg_str id, struct rg_error *err)
{
    if (id.n > RG_MIME_MESSAGE_ID_BYTES_MAX || rg_mime_address_check(id, NULL) < 0)
        return rg_fail(err, RG_EINVAL, "Message-ID: expected id@domain without brackets, at most %d bytes",
                       RG_MIME_MESSAGE_ID_BYTES_MAX);
    return 0;
}

static int check_unsubscribe(struct rg_str url, struct rg_error *err)
{
    bool fine = url.n <= RG_MIME_URL_BYTES_MAX && url.n > 8 && memcmp(url.p, "https://", 8) == 0;
    for (size_t i = 0; fine && i < url.n; i++)
        fine = url.p[i] > ' ' && url.p[i] < 0x7f && url.p[i] != '<' && url.p[i] != '>';
    return fine ? 0
                : rg_fail(err, RG_EINVAL, "List-Unsubscribe: expected an https:// URL of at most %d printable characters",
                          RG_MIME_URL_BYTES_MAX);
}

static int check_body(const char *what, struct rg_str body, struct rg_error *err)
{
    if (body.n > RG_MIME_BODY_BYTES_MAX)
        return rg_fail(err, RG_EINVAL, "%s: longer than %zu bytes", what, RG_MIME_BODY_BYTES_MAX);
    if (!rg_utf8_valid(body))
        return rg_fail(err, RG_EINVAL, "%s: not UTF-8", what);
    return 0;
}

static int check_parts(const struct rg_mail *mail, struct rg_error *err)
{
    if (!rg_str_has(mail->subject))
        return rg_fail(err, RG_EINVAL, "Subject: empty");
    if (!rg_str_has(mail->text))
        return rg_fail(err, RG_EINVAL, "the text is empty");
    int r = check_message_id(mail->message_id, err);
    if (r == 0 && mail->unsubscribe.p)
        r = check_unsubscribe(mail->unsubscribe, err);
    if (r == 0)
        r = check_body("the text", mail->text, err);
    if (r == 0 && mail->html.p)
        r = check_body("the HTML", mail->html, err);
    return r;
}

static int add_headers(const struct rg_mail *mail, struct rg_buf *out, struct rg_error *err)
{
    char date[40];
    rg_mime_date(mail->date_ms, date);
    rg_buf_addf(out, "Date: %s\r\n", date);
    int r = add_mailbox("From", mail->from_name, mail->from_address, out, err);
    if (r == 0)
        r = add_mailbox("To", mail->to_name, mail->to_address, out, err);
    if (r == 0 && mail->reply_to.p)
        r = add_mailbox("Reply-To", (struct rg_str){NULL, 0}, mail->reply_to, out, err);
    if (r == 0)
        r = rg_mime_text_header("Subject", mail->subject, out, err);
    if (r < 0)
        return r;
    rg_buf_addf(out, "\r\nMessage-ID: <%.*s>\r\nAuto-Submitted: auto-generated\r\n", RG_STR_ARG(mail->message_id));
    if (mail->unsubscribe.p)
        rg_buf_addf(out, "List-Unsubscribe: <%.*s>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                    RG_STR_ARG(mail->unsubscribe));
    rg_buf_adds(out, "MIME-Version: 1.0\r\n");
    return 0;
}

static void add_part(const char *type, struct rg_str body, struct rg_buf *out)
{
    rg_buf_addf(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", type);
    rg_mime_quoted_printable(body, out);
}

int rg_mail_build(const struct rg_mail *mail, struct rg_buf *out, struct rg_error *err)
{
    int r = check_parts(mail, err);
    if (r == 0)
        r = add_headers(mail, out, err);
    if (r < 0)
        return r;
    if (mail->html.p) {
        uint8_t digest[RG_SHA256_BYTES];
        char boundary[33];
        rg_sha256(mail->message_id.p, mail->message_id.n, digest);
        rg_hex(digest, 16, boundary);
        rg_buf_addf(out, "Content-Type: multipart/alternative;\r\n boundary=\"=_%s\"\r\n\r\n--=_%s\r\n", boundary, boundary);
        add_part("text/plain", mail->text, out);
        rg_buf_addf(out, "\r\n--=_%s\r\n", boundary);
        add_part("text/html", mail->html, out);
        rg_buf_addf(out, "\r\n--=_%s--\r\n", boundary);
    } else {
        add_part("text/plain", mail->text, out);
    }
    if (out->overflow)
        return rg_fail(err, RG_ELIMIT, "the mail is longer than %zu bytes", out->max_bytes);
    return 0;
}

/* Any bytes as subject, display name, file name, address and body: refused, or on the wire in lines that cannot be
 * mistaken: printable ASCII, CRLF only before a blank in headers, at most 76 columns, no bare dot. */
#include "producers/render/mime.h"

#include <string.h>

#define WIRE_BYTES_MAX ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_header(const struct rg_buf *out)
{
    size_t column = 0;
    for (size_t i = 0; i < out->len; i++) {
        char c = out->data[i];
        if (c == '\r') {
            rg_assert(i + 2 < out->len && out->data[i + 1] == '\n' && out->data[i + 2] == ' ');
            i++;
            column = 0;
            continue;
        }
        rg_assert(c >= ' ' && c < 0x7f);
        column++;
        rg_assert(column <= 76 || memchr(out->data, '@', out->len)); /* an address is never folded */
    }
}

static void check_body(const struct rg_buf *out)
{
    size_t column = 0;
    for (size_t i = 0; i < out->len; i++) {
        char c = out->data[i];
        if (c == '\r') {
            rg_assert(i + 1 < out->len && out->data[i + 1] == '\n');
            i++;
            column = 0;
            continue;
        }
        rg_assert((c >= ' ' && c < 0x7f) || c == '\t');
        rg_assert(column > 0 || c != '.');
        rg_assert(++column <= 76);
    }
    rg_assert(out->len == 0 || column == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8192)
        return 0;
    struct rg_str text = {(const char *)data, size};
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, WIRE_BYTES_MAX);
    if (rg_mime_text_header("Subject", text, &out, NULL) == 0)
        check_header(&out);
    rg_buf_reset(&out);
    if (rg_mime_mailbox_header("To", text, RG_STR("a@x.example"), &out, NULL) == 0)
        check_header(&out);
    rg_buf_reset(&out);
    if (rg_mime_filename_header(text, &out, NULL) == 0)
        check_header(&out);
    rg_buf_reset(&out);
    if (rg_mime_mailbox_header("To", RG_STR("Ana"), text, &out, NULL) == 0)
        check_header(&out);
    rg_buf_reset(&out);
    rg_mime_quoted_printable(text, &out);
    check_body(&out);
    struct rg_str name, address;
    if (rg_mime_mailbox_split(text, &name, &address, NULL) == 0)
        rg_assert(rg_mime_address_check(address, NULL) == 0);
    return 0;
}

/* {kind: subject|display_name|filename, text, address?} → {header}: the whole field as on the wire, folded, without its last line
 * end; null for what is refused. A display name stands before the address given, in From. */
#include "tests/adapter/suite.h"

#include "producers/render/mime.h"

#define HEADER_BYTES_MAX ((size_t)64 * 1024)

enum kind { KIND_SUBJECT, KIND_DISPLAY_NAME, KIND_FILENAME };

void rg_suite_mime(const struct rg_json_value *question, struct rg_jw *answer)
{
    static const char *const KINDS[] = {
        [KIND_SUBJECT] = "subject", [KIND_DISPLAY_NAME] = "display_name", [KIND_FILENAME] = "filename"};
    struct rg_buf header RG_CLEANUP(rg_buf_done);
    struct rg_str text, address;
    size_t kind;
    int rc;
    rg_buf_init(&header, HEADER_BYTES_MAX);
    if (!rg_ask_word(question, "kind", KINDS, RG_COUNT(KINDS), answer, &kind) || !rg_ask_str(question, "text", answer, &text))
        return;
    if (kind == KIND_DISPLAY_NAME && !rg_ask_str(question, "address", answer, &address))
        return;
    if (kind == KIND_SUBJECT)
        rc = rg_mime_text_header("Subject", text, &header, NULL);
    else if (kind == KIND_DISPLAY_NAME)
        rc = rg_mime_mailbox_header("From", text, address, &header, NULL);
    else
        rc = rg_mime_filename_header(text, &header, NULL);
    rg_jw_member_str(answer, "header", rc == 0 ? rg_buf_str(&header) : (struct rg_str){NULL, 0});
}

/* The files lie in the object as the assembler read them: no generator, no copy at build time. */
#include "tests/fakes/inbox/page.h"

#include <string.h>

#define FILE_BYTES(name, file) \
    __asm__(".section .rodata\n" \
            ".global " #name "\n" #name ":\n" \
            ".incbin \"" INBOX_PAGE_DIR "/" file "\"\n" \
            ".global " #name "_end\n" #name "_end:\n" \
            ".byte 0\n" \
            ".previous\n"); \
    extern const char name[], name##_end[]

FILE_BYTES(inbox_page_html, "inbox.html");
FILE_BYTES(inbox_page_css, "inbox.css");
FILE_BYTES(inbox_page_js, "inbox.js");

bool inbox_page_find(const char *path, struct inbox_page_file *ret_file)
{
    const struct {
        const char *path, *type, *begin, *end;
    } files[] = {
        {"/", "text/html; charset=utf-8", inbox_page_html, inbox_page_html_end},
        {"/inbox.css", "text/css; charset=utf-8", inbox_page_css, inbox_page_css_end},
        {"/inbox.js", "text/javascript; charset=utf-8", inbox_page_js, inbox_page_js_end},
    };
    for (size_t i = 0; i < RG_COUNT(files); i++)
        if (strcmp(path, files[i].path) == 0) {
            *ret_file = (struct inbox_page_file){files[i].type, {files[i].begin, (size_t)(files[i].end - files[i].begin)}};
            return true;
        }
    return false;
}

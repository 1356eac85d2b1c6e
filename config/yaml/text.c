/* Before libyaml sees a byte: size, encoding, characters, lines, tabs. libyaml would refuse most of it too, but with texts about
 * tokens; and it counts U+2028 and lone carriage returns as line breaks, which no editor does: its line numbers would lie.
 * Tabs are judged line by line. The one place where a line may start with a tab is a block text, told by its header line; the
 * rule is good enough because what it misjudges is refused, not accepted. */
#include "base/core/arena.h"
#include "config/yaml/chars.h"
#include "config/yaml/parse.h"

#include <string.h>

static void index_lines(struct rg_doc *doc, struct rg_arena *arena)
{
    size_t count = 1;
    for (size_t i = 0; i < doc->bytes.n; i++)
        count += doc->bytes.p[i] == '\n';
    uint32_t *lines = RG_NEW(arena, uint32_t, count);
    size_t at = 1;
    for (size_t i = 0; i < doc->bytes.n; i++)
        if (doc->bytes.p[i] == '\n')
            lines[at++] = (uint32_t)i + 1;
    doc->lines = lines;
    doc->line_count = count;
}

struct rg_str rg_doc_line(const struct rg_doc *doc, int line)
{
    if (line < 1 || (size_t)line > doc->line_count)
        return (struct rg_str){0};
    size_t from = doc->lines[line - 1];
    size_t to = (size_t)line < doc->line_count ? doc->lines[line] - 1u : doc->bytes.n;
    if (to > from && doc->bytes.p[to - 1] == '\r')
        to--;
    return (struct rg_str){doc->bytes.p + from, to - from};
}

struct rg_place rg_doc_place(const struct rg_doc *doc, int line, int column, int width)
{
    return (struct rg_place){doc->file, line, column, width, rg_doc_line(doc, line)};
}

static struct rg_place place_of_byte(const struct rg_doc *doc, size_t at)
{
    size_t line = doc->line_count;
    while (line > 1 && doc->lines[line - 1] > at)
        line--;
    struct rg_str before = {doc->bytes.p + doc->lines[line - 1], at - doc->lines[line - 1]};
    return rg_doc_place(doc, (int)line, (int)rg_chars_count(before) + 1, 1);
}

static int complain_about_char(const struct rg_doc *doc, size_t at, uint32_t point, struct rg_diags *diags)
{
    struct rg_place place = place_of_byte(doc, at);
    unsigned byte = (unsigned char)doc->bytes.p[at];
    if (point >= RG_UTF8_BAD)
        rg_diags_error(diags, place, "bad-encoding", "the byte 0x%02X is not UTF-8; save the file as UTF-8", byte);
    else if (point == 0)
        rg_diags_error(diags, place, "bad-character", "a NUL byte; expected a text file");
    else if (point == '\r')
        rg_diags_error(diags, place, "bad-character", "a carriage return in the middle of a line; end lines with a line feed");
    else
        rg_diags_error(diags, place, "bad-character", "the invisible character U+%04X stands here; delete it", (unsigned)point);
    return RG_EINVAL;
}

static int check_chars(const struct rg_doc *doc, struct rg_diags *diags)
{
    struct rg_str bytes = doc->bytes;
    for (size_t at = 0; at < bytes.n;) {
        size_t start = at;
        uint32_t point = rg_utf8_point(bytes, &at);
        bool lone_return = point == '\r' && (at == bytes.n || bytes.p[at] != '\n');
        if (!rg_char_allowed(point) || lone_return)
            return complain_about_char(doc, start, point, diags);
    }
    return 0;
}

static size_t count_leading(struct rg_str text, char c)
{
    size_t n = 0;
    while (n < text.n && text.p[n] == c)
        n++;
    return n;
}

static struct rg_str trim_end(struct rg_str text)
{
    while (text.n > 0 && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t'))
        text.n--;
    return text;
}

/* `key: |`, `- >-`, `key: |2 # comment`: the lines below, if deeper, are text. */
static bool opens_block_text(struct rg_str line)
{
    const char *comment = memmem(line.p, line.n, " #", 2);
    if (comment != NULL)
        line.n = (size_t)(comment - line.p);
    line = trim_end(line);
    while (line.n > 0 && strchr("+-123456789", line.p[line.n - 1]) != NULL)
        line.n--;
    bool header = line.n >= 2 && (line.p[line.n - 1] == '|' || line.p[line.n - 1] == '>');
    if (!header || line.p[line.n - 2] != ' ')
        return false;
    line.n--;
    line = trim_end(line);
    return line.n > 0 && (line.p[line.n - 1] == ':' || line.p[line.n - 1] == '-');
}

static int check_tabs(const struct rg_doc *doc, struct rg_diags *diags)
{
    int first = 0, column = 0, width = 0, more = 0;
    bool in_text = false;
    size_t text_indent = 0;
    for (int i = 1; (size_t)i <= doc->line_count; i++) {
        struct rg_str line = rg_doc_line(doc, i);
        size_t indent = count_leading(line, ' ');
        if (indent == line.n || (in_text && indent > text_indent))
            continue;
        in_text = opens_block_text(line);
        text_indent = indent;
        if (line.p[indent] != '\t')
            continue;
        if (first != 0) {
            more++;
            continue;
        }
        first = i;
        column = (int)indent + 1;
        width = (int)count_leading((struct rg_str){line.p + indent, line.n - indent}, '\t');
    }
    if (first == 0)
        return 0;
    rg_diags_error(diags, rg_doc_place(doc, first, column, width), "tab",
                   "tab in the indentation; YAML allows spaces only. Replace it by 4 spaces");
    if (more > 0)
        rg_diags_advise(diags, "%d more line%s like this", more, more == 1 ? "" : "s");
    return RG_EINVAL;
}

static int check_size_and_kind(struct rg_doc *doc, struct rg_str bytes, struct rg_diags *diags)
{
    struct rg_place whole = {.file = doc->file};
    if (bytes.n > RG_YAML_BYTES_MAX) {
        rg_diags_error(diags, whole, "too-large", "the file is larger than %zu bytes", RG_YAML_BYTES_MAX);
        return RG_ELIMIT;
    }
    bool utf16 = bytes.n >= 2 && (memcmp(bytes.p, "\xff\xfe", 2) == 0 || memcmp(bytes.p, "\xfe\xff", 2) == 0);
    if (utf16) {
        rg_diags_error(diags, whole, "bad-encoding", "the file is UTF-16; save it as UTF-8");
        return RG_EINVAL;
    }
    return 0;
}

int rg_text_prepare(struct rg_doc *doc, struct rg_str bytes, struct rg_arena *arena, struct rg_diags *diags)
{
    int rc = check_size_and_kind(doc, bytes, diags);
    if (rc < 0)
        return rc;
    if (bytes.n >= 3 && memcmp(bytes.p, "\xef\xbb\xbf", 3) == 0)
        bytes = (struct rg_str){bytes.p + 3, bytes.n - 3};
    doc->bytes = rg_arena_str(arena, bytes.p ? bytes : RG_STR(""));
    index_lines(doc, arena);
    rc = check_chars(doc, diags);
    return rc == 0 ? check_tabs(doc, diags) : rc;
}

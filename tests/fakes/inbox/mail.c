/* One pass down the multipart tree without recursion on input: a stack of boundaries, the innermost first. Decoding only ever
 * shrinks the bytes, but for Latin-1, which at most doubles them. */
#include "tests/fakes/inbox/mail.h"

#include <string.h>
#include <strings.h>

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

size_t inbox_base64(struct rg_str text, char *out)
{
    size_t n = 0;
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
        int digit = base64_digit(text.p[i]);
        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (char)(bits >> have & 0xff);
        }
    }
    return n;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Length of a soft line break at text[i] == '=', 0 when it is none. */
static size_t soft_break(struct rg_str text, size_t i)
{
    size_t j = i + 1;
    while (j < text.n && (text.p[j] == ' ' || text.p[j] == '\t'))
        j++;
    if (j < text.n && text.p[j] == '\n')
        return j + 1 - i;
    if (j + 1 < text.n && text.p[j] == '\r' && text.p[j + 1] == '\n')
        return j + 2 - i;
    return j == text.n ? j - i : 0;
}

size_t inbox_quoted_printable(struct rg_str text, bool in_header, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        char c = text.p[i];
        size_t skipped = c == '=' ? soft_break(text, i) : 0;
        if (skipped > 0) {
            i += skipped;
        } else if (c == '=' && i + 2 < text.n && hex_digit(text.p[i + 1]) >= 0 && hex_digit(text.p[i + 2]) >= 0) {
            out[n++] = (char)(hex_digit(text.p[i + 1]) << 4 | hex_digit(text.p[i + 2]));
            i += 3;
        } else {
            out[n++] = in_header && c == '_' ? ' ' : c;
            i++;
        }
    }
    return n;
}

static bool is_word(struct rg_str text, const char *word)
{
    return text.n == strlen(word) && strncasecmp(text.p, word, text.n) == 0;
}

static bool is_latin1(struct rg_str charset)
{
    return is_word(charset, "iso-8859-1") || is_word(charset, "iso-8859-15") || is_word(charset, "windows-1252");
}

/* In place, from the end on; `text` has room for twice its n bytes. Returns the new length. */
static size_t latin1_to_utf8(char *text, size_t n)
{
    size_t wide = n;
    for (size_t i = 0; i < n; i++)
        wide += (unsigned char)text[i] >= 0x80;
    size_t end = wide;
    while (n > 0) {
        unsigned char c = (unsigned char)text[--n];
        text[--end] = (char)(c < 0x80 ? c : 0x80 | (c & 0x3f));
        if (c >= 0x80)
            text[--end] = (char)(0xc0 | c >> 6);
    }
    return wide;
}

static struct rg_str before(struct rg_str text, char c)
{
    const char *end = text.n > 0 ? memchr(text.p, c, text.n) : NULL;
    return end != NULL ? (struct rg_str){text.p, (size_t)(end - text.p)} : text;
}

static struct rg_str from_byte(struct rg_str text, size_t skip)
{
    return skip < text.n ? (struct rg_str){text.p + skip, text.n - skip} : (struct rg_str){text.p + text.n, 0};
}

static struct rg_str trim(struct rg_str text)
{
    while (text.n > 0 && strchr(" \t\r\n", text.p[0]) != NULL)
        text = from_byte(text, 1);
    while (text.n > 0 && strchr(" \t\r\n", text.p[text.n - 1]) != NULL)
        text.n--;
    return text;
}

/* =?charset?B|Q?text?= at the start of `text`, decoded to `out`; returns its length, 0 when it is none. */
static size_t encoded_word(struct rg_str text, char *out, size_t *ret_written)
{
    if (text.n < 8 || text.p[0] != '=' || text.p[1] != '?')
        return 0;
    struct rg_str charset = before(from_byte(text, 2), '?');
    struct rg_str rest = from_byte(text, charset.n + 3);
    if (rest.n < 2 || rest.p[1] != '?')
        return 0;
    bool base64 = rest.p[0] == 'B' || rest.p[0] == 'b';
    if (!base64 && rest.p[0] != 'Q' && rest.p[0] != 'q')
        return 0;
    struct rg_str body = before(from_byte(rest, 2), '?');
    size_t length = (size_t)(body.p - text.p) + body.n;
    if (length + 2 > text.n || text.p[length + 1] != '=' || memchr(body.p, ' ', body.n) != NULL)
        return 0;
    size_t n = base64 ? inbox_base64(body, out) : inbox_quoted_printable(body, true, out);
    *ret_written = is_latin1(charset) ? latin1_to_utf8(out, n) : n;
    return length + 2;
}

/* Decodes the words of a header to `out`, which has room for twice its bytes; returns what was written. White space between
 * two encoded words is no part of the text. */
static size_t decode_words(struct rg_str value, char *out)
{
    size_t n = 0, spaces_at = 0;
    bool after_word = false;
    for (size_t i = 0; i < value.n;) {
        /* The blanks dropped before a second word leave `out` with at least the room that the word's own bytes need. */
        size_t written = 0, at = after_word ? spaces_at : n, length = encoded_word(from_byte(value, i), out + at, &written);
        if (length > 0) {
            n = spaces_at = at + written;
            i += length;
            after_word = true;
            continue;
        }
        after_word = after_word && (value.p[i] == ' ' || value.p[i] == '\t');
        out[n++] = value.p[i++];
    }
    for (size_t i = 0; i < n; i++) /* a decoded line end must not begin a line of ours */
        if (out[i] == '\n' || out[i] == '\r')
            out[i] = ' ';
    return n;
}

/* Up to the first empty line. */
static size_t header_bytes(struct rg_str raw)
{
    for (size_t i = 0; i < raw.n;) {
        struct rg_str line = before(from_byte(raw, i), '\n');
        if (line.n == 0 || (line.n == 1 && line.p[0] == '\r'))
            return i;
        i += line.n + 1;
    }
    return raw.n;
}

/* Splits off the header block; lines are unfolded and decoded, one a line. Returns the bytes read, the empty line included. */
static size_t read_headers(struct rg_str raw, struct rg_arena *arena, struct rg_str *ret_headers)
{
    char *unfolded = rg_arena_alloc(arena, header_bytes(raw) + 1);
    size_t n = 0, i = 0;
    while (i < raw.n) {
        struct rg_str line = before(from_byte(raw, i), '\n');
        i += line.n + (i + line.n < raw.n);
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        if (line.n == 0)
            break;
        bool folded = (line.p[0] == ' ' || line.p[0] == '\t') && n > 0;
        if (!folded && n > 0)
            unfolded[n++] = '\n';
        memcpy(unfolded + n, line.p, line.n);
        n += line.n;
    }
    *ret_headers = (struct rg_str){unfolded, n};
    return i;
}

static struct rg_str decode_headers(struct rg_str headers, struct rg_arena *arena)
{
    char *out = rg_arena_alloc(arena, 2 * headers.n + 2);
    size_t n = 0;
    for (size_t i = 0; i < headers.n;) {
        struct rg_str line = before(from_byte(headers, i), '\n');
        i += line.n + 1;
        n += decode_words(line, out + n);
        out[n++] = '\n';
    }
    return (struct rg_str){out, n};
}

struct rg_str inbox_header(struct rg_str headers, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < headers.n;) {
        struct rg_str line = before(from_byte(headers, i), '\n');
        i += line.n + 1;
        if (line.n > n && line.p[n] == ':' && strncasecmp(line.p, name, n) == 0)
            return trim(from_byte(line, n + 1));
    }
    return (struct rg_str){NULL, 0};
}

/* A parameter of a header's value, such as charset or boundary; quotes removed. */
static struct rg_str parameter(struct rg_str value, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i + n < value.n; i++) {
        bool begins = i > 0 && strchr("; \t", value.p[i - 1]) != NULL;
        if (!begins || strncasecmp(value.p + i, name, n) != 0 || value.p[i + n] != '=')
            continue;
        struct rg_str found = from_byte(value, i + n + 1);
        return found.n > 0 && found.p[0] == '"' ? before(from_byte(found, 1), '"') : trim(before(found, ';'));
    }
    return (struct rg_str){NULL, 0};
}

static struct rg_str decode_body(struct rg_str body, struct rg_str headers, struct rg_arena *arena)
{
    struct rg_str encoding = inbox_header(headers, "Content-Transfer-Encoding");
    bool latin1 = is_latin1(parameter(inbox_header(headers, "Content-Type"), "charset"));
    char *out = rg_arena_alloc(arena, (latin1 ? 2 : 1) * body.n + 1);
    size_t n = body.n;
    if (is_word(encoding, "base64"))
        n = inbox_base64(body, out);
    else if (is_word(encoding, "quoted-printable"))
        n = inbox_quoted_printable(body, false, out);
    else
        memcpy(out, body.p, n);
    return (struct rg_str){out, latin1 ? latin1_to_utf8(out, n) : n};
}

/* Where the next line "--boundary" begins at or after `at`; text.n when there is none. */
static size_t find_boundary(struct rg_str text, size_t at, struct rg_str boundary)
{
    for (size_t i = at; i + 2 + boundary.n <= text.n; i++) {
        bool line_start = i == 0 || text.p[i - 1] == '\n';
        if (line_start && text.p[i] == '-' && text.p[i + 1] == '-' && memcmp(text.p + i + 2, boundary.p, boundary.n) == 0)
            return i;
        const char *end = memchr(text.p + i, '\n', text.n - i);
        if (end == NULL)
            break;
        i = (size_t)(end - text.p);
    }
    return text.n;
}

struct part {
    struct rg_str body, boundary; /* what is left of a multipart, from a boundary line on */
};

struct reader {
    struct rg_arena *arena;
    struct inbox_mail *mail;
    struct part stack[INBOX_MAIL_DEPTH_MAX];
    size_t depth, parts;
};

/* One entity: a leaf is kept if it is the first of its kind, a multipart goes onto the stack. */
static void read_entity(struct reader *reader, struct rg_str headers, struct rg_str body)
{
    struct rg_str type = inbox_header(headers, "Content-Type"), kind = trim(before(type, ';'));
    if (kind.n > 10 && strncasecmp(kind.p, "multipart/", 10) == 0) {
        struct rg_str boundary = parameter(type, "boundary");
        if (boundary.n > 0 && reader->depth < INBOX_MAIL_DEPTH_MAX)
            reader->stack[reader->depth++] = (struct part){from_byte(body, find_boundary(body, 0, boundary)), boundary};
        return;
    }
    struct rg_str disposition = inbox_header(headers, "Content-Disposition");
    if (disposition.n >= 10 && strncasecmp(disposition.p, "attachment", 10) == 0)
        return;
    if (is_word(kind, "text/html") && reader->mail->html.p == NULL)
        reader->mail->html = decode_body(body, headers, reader->arena);
    else if ((kind.n == 0 || is_word(kind, "text/plain")) && reader->mail->text.p == NULL)
        reader->mail->text = decode_body(body, headers, reader->arena);
}

/* Takes the next part off the innermost multipart, or that multipart off the stack when it has ended. */
static void read_next_part(struct reader *reader)
{
    struct part *top = &reader->stack[reader->depth - 1];
    struct rg_str rest = from_byte(top->body, 2 + top->boundary.n); /* past the boundary line's beginning */
    bool last = rest.n < 2 || (rest.p[0] == '-' && rest.p[1] == '-') || ++reader->parts > INBOX_MAIL_PARTS_MAX;
    if (top->body.n == 0 || last) {
        reader->depth--;
        return;
    }
    rest = from_byte(rest, before(rest, '\n').n + 1);
    size_t end = find_boundary(rest, 0, top->boundary);
    top->body = from_byte(rest, end);
    struct rg_str entity = {rest.p, end}, headers;
    if (end < rest.n && entity.n > 0) /* the line end before a boundary belongs to the boundary */
        entity.n -= entity.n > 1 && entity.p[entity.n - 2] == '\r' ? 2 : 1;
    size_t skipped = read_headers(entity, reader->arena, &headers);
    read_entity(reader, headers, from_byte(entity, skipped));
}

void inbox_mail_read(struct rg_str raw, struct rg_arena *arena, struct inbox_mail *ret_mail)
{
    *ret_mail = (struct inbox_mail){0};
    struct reader reader = {.arena = arena, .mail = ret_mail};
    struct rg_str headers;
    size_t skipped = read_headers(raw, arena, &headers);
    ret_mail->headers = decode_headers(headers, arena);
    ret_mail->subject = inbox_header(ret_mail->headers, "Subject");
    ret_mail->step = inbox_header(ret_mail->headers, "X-Regua-Step");
    struct rg_str id = inbox_header(ret_mail->headers, "Message-ID");
    if (id.n > 2 && id.p[0] == '<' && id.p[id.n - 1] == '>')
        id = (struct rg_str){id.p + 1, id.n - 2};
    ret_mail->message_id = id;
    read_entity(&reader, headers, from_byte(raw, skipped));
    while (reader.depth > 0)
        read_next_part(&reader);
}

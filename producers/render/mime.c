/* Header fields and the quoted-printable body. A text is taken as it is only when it is printable ASCII that cannot be
 * read as anything else; otherwise all of it is encoded, in words of whole characters. Refusing control characters before
 * encoding is redundant for the encoded form and is kept: a subject with a line break is a sign of an injection, and
 * nobody meant to send it. */
#include "producers/render/mime.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX 76         /* columns of a folded line */
#define PLAIN_WORD_MAX 60   /* a longer word cannot be folded well, so it is encoded */
#define ENCODED_WORD_MAX 75 /* RFC 2047 */
#define WORD_OVERHEAD 12    /* "=?UTF-8?B?" and "?=" */

static int check_text(const char *what, struct rg_str text, struct rg_error *err)
{
    if (text.n > RG_MIME_TEXT_BYTES_MAX)
        return rg_fail(err, RG_EINVAL, "%s is longer than %d bytes", what, RG_MIME_TEXT_BYTES_MAX);
    if (text.n > 0 && !rg_utf8_valid(text))
        return rg_fail(err, RG_EINVAL, "%s is not UTF-8", what);
    if (rg_str_has_controls(text))
        return rg_fail(err, RG_EINVAL, "%s holds a control character", what);
    return 0;
}

static bool is_alnum(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_atext(unsigned char c)
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Dots separate non-empty runs of atext. */
static bool is_dot_atom(struct rg_str text)
{
    bool after_dot = true;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '.' ? after_dot : !is_atext(c))
            return false;
        after_dot = c == '.';
    }
    return text.n > 0 && !after_dot;
}

static bool is_domain(struct rg_str text)
{
    size_t label = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool edge = label == 0 || i + 1 == text.n || text.p[i + 1] == '.';
        if (c == '.' ? label == 0 : !(is_alnum(c) || (c == '-' && !edge)))
            return false;
        label = c == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return label > 0 && text.n <= 253;
}

int rg_mime_address_check(struct rg_str address, struct rg_error *err)
{
    if (address.n == 0)
        return rg_fail(err, RG_EINVAL, "the address is empty");
    if (address.n > RG_MIME_ADDRESS_BYTES_MAX)
        return rg_fail(err, RG_EINVAL, "the address is longer than %d bytes", RG_MIME_ADDRESS_BYTES_MAX);
    const char *at = memrchr(address.p, '@', address.n);
    size_t local = at ? (size_t)(at - address.p) : 0;
    bool fine = at && local <= 64 && is_dot_atom((struct rg_str){address.p, local}) &&
                is_domain((struct rg_str){at + 1, address.n - local - 1});
    if (!fine)
        return rg_fail(err, RG_EINVAL, "the address is not of the form local@domain in plain ASCII");
    return 0;
}

static struct rg_str trim_blanks(struct rg_str text)
{
    while (text.n > 0 && text.p[0] == ' ') {
        text.p++;
        text.n--;
    }
    while (text.n > 0 && text.p[text.n - 1] == ' ')
        text.n--;
    return text;
}

int rg_mime_mailbox_split(struct rg_str text, struct rg_str *ret_name, struct rg_str *ret_address, struct rg_error *err)
{
    text = trim_blanks(text);
    const char *open = text.n > 0 ? memrchr(text.p, '<', text.n) : NULL;
    struct rg_str name = {NULL, 0}, address = text;
    if (open) {
        size_t before = (size_t)(open - text.p);
        if (text.p[text.n - 1] != '>')
            return rg_fail(err, RG_EINVAL, "expected Name <address> or an address alone");
        address = (struct rg_str){open + 1, text.n - before - 2};
        name = trim_blanks((struct rg_str){text.p, before});
        if (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')
            name = (struct rg_str){name.p + 1, name.n - 2};
    }
    int r = rg_mime_address_check(address, err);
    if (r == 0)
        r = check_text("the name", name, err);
    if (r < 0)
        return r;
    *ret_name = name;
    *ret_address = address;
    return 0;
}

static void base64(struct rg_str bytes, struct rg_buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.n; i += 3) {
        uint32_t group = 0;
        size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < n ? (unsigned char)bytes.p[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            rg_buf_addc(out, k <= n ? digits[group >> (18 - 6 * k) & 63] : '=');
    }
}

/* Encoded words of whole characters, one a line. `column` is where the first one begins; returns where the last ended. */
static size_t add_encoded_words(struct rg_str text, size_t column, struct rg_buf *out)
{
    while (text.n > 0) {
        size_t width = LINE_MAX - column < ENCODED_WORD_MAX ? LINE_MAX - column : ENCODED_WORD_MAX;
        struct rg_str word = rg_utf8_cut(text, (width - WORD_OVERHEAD) / 4 * 3);
        rg_assert(word.n > 0); /* fields' names are ours and short */
        rg_buf_adds(out, "=?UTF-8?B?");
        base64(word, out);
        rg_buf_adds(out, "?=");
        column += WORD_OVERHEAD + (word.n + 2) / 3 * 4;
        text = (struct rg_str){text.p + word.n, text.n - word.n};
        if (text.n > 0) {
            rg_buf_adds(out, "\r\n ");
            column = 1;
        }
    }
    return column;
}

/* May stand in a header as it is: printable ASCII, no edges that unfolding would lose, nothing like an encoded word. */
static bool is_plain(struct rg_str text)
{
    size_t word = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        word = c == ' ' ? 0 : word + 1;
        if (c >= 0x7f || word > PLAIN_WORD_MAX)
            return false;
    }
    bool edges = text.n > 0 && (text.p[0] == ' ' || text.p[text.n - 1] == ' ');
    return !edges && memmem(text.p, text.n, "=?", 2) == NULL && memmem(text.p, text.n, "  ", 2) == NULL;
}

/* Words of plain text, a line broken before the blank that would go too far. */
static void add_plain(struct rg_str text, size_t column, struct rg_buf *out)
{
    while (text.n > 0) {
        const char *blank = memchr(text.p + 1, ' ', text.n - 1);
        size_t n = blank ? (size_t)(blank - text.p) : text.n;
        if (text.p[0] == ' ' && column + n > LINE_MAX) {
            rg_buf_adds(out, "\r\n");
            column = 0;
        }
        rg_buf_add(out, text.p, n);
        column += n;
        text.p += n;
        text.n -= n;
    }
}

int rg_mime_text_header(const char *field, struct rg_str text, struct rg_buf *out, struct rg_error *err)
{
    int r = check_text(field, text, err);
    if (r < 0)
        return r;
    size_t column = strlen(field) + 2;
    rg_buf_addf(out, "%s: ", field);
    if (text.n > 0 && is_plain(text))
        add_plain(text, column, out);
    else
        (void)add_encoded_words(text, column, out); /* nothing follows on its line */
    return 0;
}

/* A display name of plain ASCII: words as they are, anything else in quotes. */
static size_t add_plain_name(struct rg_str name, struct rg_buf *out)
{
    size_t before = out->len;
    bool words = true;
    for (size_t i = 0; i < name.n; i++)
        words = words && (name.p[i] == ' ' || is_atext((unsigned char)name.p[i]));
    if (words) {
        rg_buf_add_str(out, name);
        return out->len - before;
    }
    rg_buf_addc(out, '"');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"' || name.p[i] == '\\')
            rg_buf_addc(out, '\\');
        rg_buf_addc(out, name.p[i]);
    }
    rg_buf_addc(out, '"');
    return out->len - before;
}

int rg_mime_mailbox_header(const char *field, struct rg_str name, struct rg_str address, struct rg_buf *out, struct rg_error *err)
{
    int r = rg_mime_address_check(address, err);
    if (r == 0)
        r = check_text("the name", name, err);
    if (r < 0)
        return r;
    size_t column = strlen(field) + 2;
    rg_buf_addf(out, "%s: ", field);
    if (name.n == 0) {
        rg_buf_add_str(out, address);
        return 0;
    }
    bool plain = is_plain(name) && name.n <= PLAIN_WORD_MAX / 2; /* so short that quotes and escapes still fit its line */
    column = plain ? column + add_plain_name(name, out) : add_encoded_words(name, column, out);
    rg_buf_adds(out, column + 3 + address.n > LINE_MAX ? "\r\n <" : " <");
    rg_buf_add_str(out, address);
    rg_buf_addc(out, '>');
    return 0;
}

/* RFC 2231: percent-encoded pieces of whole characters, numbered when there are several. */
static void add_extended_filename(struct rg_str name, struct rg_buf *out)
{
    size_t longest = LINE_MAX - sizeof(" filename*999*=UTF-8'';") + 1;
    bool several = 3 * name.n > longest;
    for (int piece = 0; name.n > 0; piece++) {
        if (piece > 0)
            rg_buf_addc(out, ';');
        rg_buf_adds(out, "\r\n filename*");
        if (several)
            rg_buf_addf(out, "%d*", piece);
        rg_buf_adds(out, piece == 0 ? "=UTF-8''" : "=");
        for (size_t used = 0; name.n > 0;) {
            size_t n = rg_utf8_next(name);
            if (used + 3 * n > longest)
                break;
            rg_buf_add_percent(out, (struct rg_str){name.p, n});
            used += 3 * n; /* as if all were encoded: pieces break at the same places whatever they hold */
            name.p += n;
            name.n -= n;
        }
    }
}

int rg_mime_filename_header(struct rg_str filename, struct rg_buf *out, struct rg_error *err)
{
    if (filename.n == 0)
        return rg_fail(err, RG_EINVAL, "the file name is empty");
    int r = check_text("the file name", filename, err);
    if (r < 0)
        return r;
    bool safe = filename.n <= PLAIN_WORD_MAX;
    for (size_t i = 0; i < filename.n; i++)
        safe = safe && (is_alnum((unsigned char)filename.p[i]) || strchr("._-", filename.p[i]) != NULL);
    rg_buf_adds(out, "Content-Disposition: attachment;");
    if (safe)
        rg_buf_addf(out, "\r\n filename=\"%.*s\"", RG_STR_ARG(filename));
    else
        add_extended_filename(filename, out);
    return 0;
}

/* One line of a body, broken softly before it grows too long. The first byte of every line on the wire is encoded when it
 * could be taken for the end of the mail or for a mailbox's separator. */
static void add_qp_line(struct rg_str line, struct rg_buf *out)
{
    size_t column = 0;
    for (size_t i = 0; i < line.n; i++) {
        unsigned char c = (unsigned char)line.p[i];
        bool last = i + 1 == line.n;
        bool from = column == 0 && line.n - i >= 5 && memcmp(line.p + i, "From ", 5) == 0;
        bool plain = c > ' ' && c < 0x7f && c != '=' && !(column == 0 && (c == '.' || c == '-')) && !from;
        if ((c == ' ' || c == '\t') && !last)
            plain = true;
        size_t width = plain ? 1 : 3;
        if (column + width > LINE_MAX - (last ? 0 : 1)) {
            rg_buf_adds(out, "=\r\n");
            column = 0;
            i--; /* the same byte again, now first on its line */
            continue;
        }
        if (plain)
            rg_buf_addc(out, (char)c);
        else
            rg_buf_addf(out, "=%02X", c);
        column += width;
    }
}

void rg_mime_quoted_printable(struct rg_str body, struct rg_buf *out)
{
    for (size_t from = 0; from < body.n;) {
        size_t to = from;
        while (to < body.n && body.p[to] != '\r' && body.p[to] != '\n')
            to++;
        add_qp_line((struct rg_str){body.p + from, to - from}, out);
        rg_buf_adds(out, "\r\n");
        from = to + 1;
        if (to + 1 < body.n && body.p[to] == '\r' && body.p[to + 1] == '\n')
            from++;
    }
}

void rg_mime_date(int64_t wall_ms, char ret_text[40])
{
    static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    rg_assert(wall_ms >= 0 && wall_ms < INT64_C(253402300800000)); /* to the end of 9999 */
    int64_t seconds = wall_ms / 1000, day = seconds / 86400, rest = seconds % 86400;
    /* Days to a civil date, counted in eras of 400 years that begin on 1 March. */
    int64_t z = day + 719468, era = z / 146097, doe = z % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 2 : mp - 10; /* from 0 */
    int64_t year = yoe + era * 400 + (month < 2);
    snprintf(ret_text, 40, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[day % 7], (int)(doy - (153 * mp + 2) / 5 + 1),
             months[month], (int)year, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

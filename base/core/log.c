/* The sink is the one piece of file-scope mutable state in the product, apart from signal flags: it is set at the start and by a
 * reload, and read by every thread. A line is formatted into a local buffer and written with one call. */
#include "base/core/log.h"

#include "base/core/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#define TEXT_BYTES_MAX 4096
#define FIELD_BYTES_MAX 512

static struct {
    _Atomic int format;    /* enum rg_log_format */
    _Atomic int max_level; /* enum rg_log_level */
    rg_log_sink_fn *capture;
    void *capture_ctx;
} sink = {.format = RG_LOG_HUMAN, .max_level = RG_LOG_INFO};

static const char *level_name(enum rg_log_level level)
{
    switch (level) {
    case RG_LOG_ERROR: return "error";
    case RG_LOG_WARNING: return "warning";
    case RG_LOG_NOTICE: return "notice";
    case RG_LOG_INFO: return "info";
    case RG_LOG_DEBUG: return "debug";
    default: return "?";
    }
}

/* JOURNAL_STREAM is inherited by everything below a unit, a terminal of a desktop session for one; it names the device and inode
 * of what was connected to the journal. */
static bool is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    char name[64];
    if (stream == NULL || fstat(fd, &status) < 0)
        return false;
    (void)snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(stream, name) == 0;
}

void rg_log_setup(enum rg_log_format format, enum rg_log_level max_level)
{
    if (format == RG_LOG_AUTO)
        format = is_journal(STDERR_FILENO) ? RG_LOG_JOURNAL : isatty(STDERR_FILENO) ? RG_LOG_HUMAN : RG_LOG_JSON;
    sink.format = (int)format;
    sink.max_level = (int)max_level;
}

bool rg_log_is_journal(void)
{
    return sink.format == RG_LOG_JOURNAL;
}

void rg_log_capture(rg_log_sink_fn *capture, void *capture_ctx)
{
    sink.capture = capture;
    sink.capture_ctx = capture_ctx;
}

struct field {
    const char *key, *value;
};
#define FIELDS_MAX 10
#define LINE_BYTES_MAX \
    (((size_t)TEXT_BYTES_MAX + FIELDS_MAX * FIELD_BYTES_MAX) * 6 + 1024) /* every byte as \u00xx, and the names */

/* The given fields of a context, in a fixed order; numbers are printed into `numbers`. */
static size_t list_fields(const struct rg_log_ctx *ctx, struct field ret_fields[FIELDS_MAX], char numbers[2][16])
{
    if (ctx == NULL)
        return 0;
    (void)snprintf(numbers[0], 16, "%d", ctx->shard);
    (void)snprintf(numbers[1], 16, "%d", ctx->line);
    const struct field all[FIELDS_MAX] = {
        {"DEBTOR", ctx->debtor}, {"STEP", ctx->step}, {"GATE", ctx->gate}, {"ACTION", ctx->action},
        {"CHANNEL", ctx->channel}, {"SOURCE", ctx->source}, {"TOPIC", ctx->topic}, {"FILE", ctx->file},
        {"SHARD", ctx->shard >= 0 ? numbers[0] : NULL}, {"LINE", ctx->line > 0 ? numbers[1] : NULL},
    };
    size_t n = 0;
    for (size_t i = 0; i < FIELDS_MAX; i++)
        if (all[i].value != NULL)
            ret_fields[n++] = all[i];
    return n;
}

/* Texts and fields quote what others sent. Whatever that was, a line stays one line of valid UTF-8: what is not UTF-8 becomes
 * U+FFFD, a control character is escaped (JSON) or replaced, so that nothing can forge a line or steer a terminal. */
static void add_text(struct rg_buf *line, const char *text, size_t bytes_max, bool json)
{
    struct rg_str left = {text, strnlen(text, bytes_max + 1)};
    bool cut = left.n > bytes_max;
    if (cut)
        left.n = bytes_max;
    while (left.n > 0) {
        size_t n = rg_utf8_next(left);
        unsigned char c = (unsigned char)left.p[0];
        bool control = rg_control_next(left) > 0;
        if (n == 0)
            rg_buf_adds(line, "\xef\xbf\xbd");
        else if (json && (c == '"' || c == '\\'))
            rg_buf_addf(line, "\\%c", c);
        else if (json && control)
            rg_buf_addf(line, "\\u%04x", n == 2 ? (unsigned char)left.p[1] : c); /* of two bytes the second is the code */
        else if (control)
            rg_buf_addc(line, '?');
        else
            rg_buf_add(line, left.p, n);
        n = n > 0 ? n : 1;
        left.p += n;
        left.n -= n;
    }
    if (cut)
        rg_buf_adds(line, "…");
}

static void add_json_text(struct rg_buf *line, const char *text, size_t bytes_max)
{
    rg_buf_addc(line, '"');
    add_text(line, text, bytes_max, true);
    rg_buf_addc(line, '"');
}

static void format_json(struct rg_buf *line, enum rg_log_level level, const char *id, const struct field *fields, size_t n,
                        const char *text)
{
    struct timespec now;
    struct tm utc;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* a log line says when it was written, also under a test clock */
    (void)gmtime_r(&now.tv_sec, &utc);
    char stamp[32];
    (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    rg_buf_addf(line, "{\"at\":\"%s.%03ldZ\",\"level\":\"%s\",\"event\":\"%s\"", stamp, now.tv_nsec / 1000000, level_name(level),
                id);
    for (size_t i = 0; i < n; i++) {
        rg_buf_addc(line, ',');
        rg_buf_addc(line, '"');
        for (const char *p = fields[i].key; *p != '\0'; p++)
            rg_buf_addc(line, (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p));
        rg_buf_adds(line, "\":");
        add_json_text(line, fields[i].value, FIELD_BYTES_MAX);
    }
    rg_buf_adds(line, ",\"text\":");
    add_json_text(line, text, TEXT_BYTES_MAX);
    rg_buf_adds(line, "}\n");
}

/* What a person reads, here and in journalctl, is one line and shows no field: those that the text needs follow it. A place in a
 * file is in the text already. */
static void add_sentence(struct rg_buf *line, const struct field *fields, size_t n, const char *text)
{
    bool any = false;
    add_text(line, text, TEXT_BYTES_MAX, false);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(fields[i].key, "FILE") == 0 || strcmp(fields[i].key, "LINE") == 0)
            continue;
        rg_buf_addf(line, "%s%s=", any ? " " : "  [", fields[i].key);
        add_text(line, fields[i].value, FIELD_BYTES_MAX, false);
        any = true;
    }
    rg_buf_adds(line, any ? "]" : "");
}

static void format_human(struct rg_buf *line, enum rg_log_level level, const char *id, const struct field *fields, size_t n,
                         const char *text)
{
    rg_buf_addf(line, "%-7s %-18s ", level_name(level), id);
    add_sentence(line, fields, n, text);
    rg_buf_addc(line, '\n');
}

static void send_journal(enum rg_log_level level, const char *id, const struct field *fields, size_t n, const char *text)
{
    struct rg_buf entries[FIELDS_MAX + 3];
    struct iovec iov[FIELDS_MAX + 3];
    for (size_t i = 0; i < n + 3; i++)
        rg_buf_init(&entries[i], LINE_BYTES_MAX);
    rg_buf_adds(&entries[0], "MESSAGE=");
    add_sentence(&entries[0], fields, n, text);
    rg_buf_addf(&entries[1], "PRIORITY=%d", (int)level);
    rg_buf_addf(&entries[2], "REGUA_EVENT=%s", id);
    for (size_t i = 0; i < n; i++) {
        rg_buf_addf(&entries[3 + i], "REGUA_%s=", fields[i].key);
        add_text(&entries[3 + i], fields[i].value, FIELD_BYTES_MAX, false);
    }
    for (size_t i = 0; i < n + 3; i++)
        iov[i] = (struct iovec){entries[i].data, entries[i].len};
    (void)sd_journal_sendv(iov, (int)(n + 3)); /* nowhere left to report a journal that is gone */
    for (size_t i = 0; i < n + 3; i++)
        rg_buf_done(&entries[i]);
}

static void emit(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text)
{
    struct field fields[FIELDS_MAX];
    char numbers[2][16];
    size_t n = list_fields(ctx, fields, numbers);
    if (sink.format == RG_LOG_JOURNAL) {
        send_journal(level, id, fields, n, text);
        return;
    }
    RG_CLEANUP(rg_buf_done) struct rg_buf line;
    rg_buf_init(&line, LINE_BYTES_MAX);
    (sink.format == RG_LOG_JSON ? format_json : format_human)(&line, level, id, fields, n, text);
    ssize_t written = write(STDERR_FILENO, line.data, line.len);
    (void)written; /* a full or closed stderr must not stop the daemon */
}

void rg_log(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *fmt, ...)
{
    if ((int)level > sink.max_level && sink.capture == NULL)
        return;
    int saved_errno = errno;
    char text[TEXT_BYTES_MAX + 2]; /* room to notice that it was cut */
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (sink.capture != NULL)
        sink.capture(level, id, ctx, text, sink.capture_ctx);
    else
        emit(level, id, ctx, text);
    errno = saved_errno;
}

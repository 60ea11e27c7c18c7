#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX_BYTES 8192
#define LINE_MAX_BYTES ((size_t)64 * 1024) /* every byte of a message escaped, and the fields */
#define STATUS_MAX_BYTES 1024
#define ERASE_LINE "\r\x1b[K"

static atomic_int current_level = LOG_INFO;
static atomic_int current_format = LOG_FORMAT_AUTO;

/* The status line as it stands on the terminal, "" for none; guarded by the lock. */
static pthread_mutex_t status_lock = PTHREAD_MUTEX_INITIALIZER;
static char status_text[STATUS_MAX_BYTES];

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char *const level_colours[] = {"\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[2m"};

void log_init(enum log_level level, enum log_format format)
{
    atomic_store(&current_level, level);
    atomic_store(&current_format, format);
}

enum log_level log_level(void)
{
    return (enum log_level)atomic_load(&current_level);
}

static enum log_format resolved_format(void)
{
    enum log_format format = (enum log_format)atomic_load(&current_format);
    if (format != LOG_FORMAT_AUTO)
        return format;
    return isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_LOGFMT;
}

bool log_on_terminal(void)
{
    const char *term = getenv("TERM");
    return term && strcmp(term, "dumb") != 0 && isatty(STDERR_FILENO) &&
           resolved_format() == LOG_FORMAT_TEXT;
}

bool log_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    return !(no_colour && *no_colour) && log_on_terminal();
}

static void write_all(const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, data, len);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            /* Someone made the terminal we share non-blocking. */
            struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
            poll(&ready, 1, 1000);
        } else if (errno != EINTR) {
            return; /* nobody left to tell */
        }
    }
}

/*
 * Text for a person's terminal: what came from outside must not steer it, so control characters,
 * C1 ones too, are spelt out. Lines after the first are indented, to be seen as belonging to it.
 */
static void add_clean(struct buf *line, struct slice s)
{
    while (s.len > 0) {
        size_t valid = utf8_valid_prefix(s);
        for (size_t i = 0; i < valid; i++) {
            unsigned char c = (unsigned char)s.ptr[i];
            bool c1 = c == 0xC2 && (unsigned char)s.ptr[i + 1] < 0xA0;
            if (c == '\n')
                buf_add_str(line, "\n    ");
            else if (c1)
                buf_printf(line, "\\x%02x", (unsigned char)s.ptr[++i]);
            else if ((c < 0x20 && c != '\t') || c == 0x7F)
                buf_printf(line, "\\x%02x", c);
            else
                buf_add_byte(line, s.ptr[i]);
        }
        bool bad = valid < s.len;
        if (bad)
            buf_add_str(line, "\xEF\xBF\xBD");
        s.ptr += valid + bad;
        s.len -= valid + bad;
    }
}

static void compose_text(struct buf *line, enum log_level level, const char *scope,
                         struct slice message)
{
    time_t now = (time_t)(clock_wall_us() / 1000000);
    struct tm local;
    localtime_r(&now, &local);
    bool colour = log_colour();
    buf_printf(line, "%02d:%02d:%02d %s%-5s%s ", local.tm_hour, local.tm_min, local.tm_sec,
               colour ? level_colours[level] : "", level_names[level], colour ? "\x1b[0m" : "");
    if (*scope) {
        add_clean(line, slice_of(scope));
        buf_add_str(line, ": ");
    }
    add_clean(line, message);
}

static void add_timestamp(struct buf *line)
{
    int64_t now_us = clock_wall_us();
    time_t now = (time_t)(now_us / 1000000);
    struct tm utc;
    gmtime_r(&now, &utc);
    char text[40];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    buf_printf(line, "%s.%03dZ", text, (int)(now_us / 1000 % 1000));
}

static void add_logfmt_value(struct buf *line, const char *value)
{
    bool bare = *value != '\0';
    for (const char *c = value; *c; c++)
        bare = bare && (unsigned char)*c > ' ' && (unsigned char)*c < 0x7F && *c != '=' &&
               *c != '"' && *c != '\\';
    if (bare)
        buf_add_str(line, value);
    else
        buf_add_json(line, slice_of(value));
}

static void compose_logfmt(struct buf *line, enum log_level level, const char *scope,
                           struct slice message)
{
    buf_add_str(line, "ts=");
    add_timestamp(line);
    buf_printf(line, " level=%s", level_names[level]);
    if (*scope) {
        buf_add_str(line, " pipeline=");
        add_logfmt_value(line, scope);
    }
    buf_add_str(line, " msg=");
    buf_add_json(line, message);
}

static void compose_json(struct buf *line, enum log_level level, const char *scope,
                         struct slice message)
{
    buf_add_str(line, "{\"ts\":\"");
    add_timestamp(line);
    buf_printf(line, "\",\"level\":\"%s\"", level_names[level]);
    if (*scope) {
        buf_add_str(line, ",\"pipeline\":");
        buf_add_json(line, slice_of(scope));
    }
    buf_add_str(line, ",\"msg\":");
    buf_add_json(line, message);
    buf_add_byte(line, '}');
}

/* One write for the line, and for the status line that has to move below it. */
static void put_line(struct buf *line)
{
    /*
     * Off a terminal there is no status line and no lock: a reader that stalls must not stall
     * other threads. On one, the lock keeps another thread from drawing between line and status.
     */
    if (!log_on_terminal()) {
        buf_add_byte(line, '\n');
        write_all(line->data, line->len);
        return;
    }
    pthread_mutex_lock(&status_lock);
    buf_add_byte(line, '\n');
    buf_add_str(line, status_text);
    write_all(line->data, line->len);
    pthread_mutex_unlock(&status_lock);
}

void log_write(enum log_level level, const char *scope, const char *format, ...)
{
    if (level > log_level())
        return;
    int saved_errno = errno;
    char message[MESSAGE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n;
    struct slice text = {message, len < sizeof message ? len : sizeof message - 1};

    struct buf line;
    buf_init(&line, LINE_MAX_BYTES);
    if (!scope)
        scope = "";
    switch (resolved_format()) {
    case LOG_FORMAT_JSON:
        compose_json(&line, level, scope, text);
        break;
    case LOG_FORMAT_LOGFMT:
        compose_logfmt(&line, level, scope, text);
        break;
    case LOG_FORMAT_AUTO:
    case LOG_FORMAT_TEXT:
        if (log_on_terminal())
            buf_add_str(&line, ERASE_LINE);
        compose_text(&line, level, scope, text);
        break;
    }
    put_line(&line);
    buf_release(&line);
    errno = saved_errno;
}

static size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

/* Copy what fits on one line of the terminal; its last column stays free, or it would wrap. */
static void set_status(const char *text)
{
    size_t columns = terminal_columns() - 1;
    size_t valid = utf8_valid_prefix(slice_of(text));
    size_t n = 0;
    for (size_t i = 0; i < valid && n < STATUS_MAX_BYTES - 1; i++) {
        bool starts_character = ((unsigned char)text[i] & 0xC0) != 0x80;
        if (starts_character && columns-- == 0)
            break;
        /* Room for a whole character, and nothing that steers the terminal. */
        if (starts_character && n > STATUS_MAX_BYTES - 5)
            break;
        status_text[n++] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i];
    }
    status_text[n] = '\0';
}

void log_status(const char *text)
{
    if (!log_on_terminal())
        return;
    int saved_errno = errno;
    pthread_mutex_lock(&status_lock);
    bool was_drawn = status_text[0] != '\0';
    set_status(text ? text : "");
    if (was_drawn || status_text[0]) {
        char line[sizeof ERASE_LINE + STATUS_MAX_BYTES];
        int n = snprintf(line, sizeof line, ERASE_LINE "%s", status_text);
        write_all(line, (size_t)n);
    }
    pthread_mutex_unlock(&status_lock);
    errno = saved_errno;
}

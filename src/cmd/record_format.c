#include "cmd/record_format.h"

#include "cmd/shown.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ISO_TIME 'i' /* %T{iso}, beside the letters */
#define LITERAL '\0'

struct part {
    char letter;
    struct slice text; /* of a LITERAL */
};

struct record_format {
    struct buf literals;
    struct part *parts;
    size_t n;
};

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* What follows a backslash; NULL: nothing that is known. */
static const char *take_escape(const char *pos, char *out)
{
    static const char letters[] = "nrt\\0";
    static const char bytes[] = "\n\r\t\\\0";
    const char *at = *pos ? strchr(letters, *pos) : NULL;
    if (at) {
        *out = bytes[at - letters];
        return pos + 1;
    }
    int high = *pos == 'x' ? hex_digit(pos[1]) : -1;
    int low = high >= 0 ? hex_digit(pos[2]) : -1;
    if (low < 0)
        return NULL;
    *out = (char)(16 * high + low);
    return pos + 3;
}

/* What follows a percent sign, other than a second one; NULL: nothing that is known. */
static const char *take_letter(const char *pos, char *out)
{
    if (!*pos || !strchr("tpokshTKSR", *pos))
        return NULL;
    *out = *pos;
    if (*pos == 'T' && !strncmp(pos + 1, "{iso}", 5)) {
        *out = ISO_TIME;
        return pos + 6;
    }
    return pos + 1;
}

static void add_literal(struct record_format *format, char byte)
{
    const char *at = format->literals.data + format->literals.len;
    if (format->n == 0 || format->parts[format->n - 1].letter != LITERAL)
        format->parts[format->n++] = (struct part){LITERAL, {at, 0}};
    buf_add_byte(&format->literals, byte);
    format->parts[format->n - 1].text.len++;
}

static int parse(struct record_format *format, const char *text, struct err *err)
{
    for (const char *pos = text; *pos;) {
        char byte = *pos;
        const char *next = pos + 1;
        if (*pos == '\\') {
            next = take_escape(pos + 1, &byte);
        } else if (*pos == '%' && pos[1] != '%') {
            next = take_letter(pos + 1, &byte);
            if (next)
                format->parts[format->n++].letter = byte;
        } else if (*pos == '%') {
            next = pos + 2;
        }
        if (!next)
            return err_set(err, ERR_USAGE,
                           "-f: \"%.2s\" at character %td is not known; there are %%t %%p %%o %%k "
                           "%%s %%T %%T{iso} %%h %%S %%K %%R %%%% and \\n \\r \\t \\\\ \\xNN",
                           pos, pos - text + 1);
        if (*pos != '%' || pos[1] == '%')
            add_literal(format, byte);
        pos = next;
    }
    return 0;
}

int record_format_new(struct record_format **out, const char *text, struct err *err)
{
    size_t len = strlen(text);
    struct record_format *format = calloc(1, sizeof *format);
    if (!format || !(format->parts = calloc(len + 1, sizeof *format->parts)))
        abort();
    /* All of it at once: the parts point into it. */
    buf_init(&format->literals, len + 1);
    if (!buf_reserve(&format->literals, len + 1))
        abort();
    if (parse(format, text, err) == 0) {
        *out = format;
        return 0;
    }
    record_format_free(format);
    return -1;
}

void record_format_free(struct record_format *format)
{
    if (!format)
        return;
    buf_release(&format->literals);
    free(format->parts);
    free(format);
}

static void add_iso_time(struct buf *out, int64_t ms)
{
    struct tm tm;
    char text[32];
    time_t seconds = (time_t)(ms / 1000);
    if (ms < 0 || !gmtime_r(&seconds, &tm)) {
        buf_add_byte(out, '-');
        return;
    }
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    buf_printf(out, "%s.%03dZ", text, (int)(ms % 1000));
}

static void add_bytes(struct buf *out, bool shown, struct slice bytes)
{
    if (shown)
        shown_add(out, bytes);
    else
        buf_add_slice(out, bytes);
}

static void add_headers(struct buf *out, bool shown, const struct message *message)
{
    struct slice name;
    struct slice value;
    for (size_t i = 0; message_header(message, i, &name, &value); i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        add_bytes(out, shown, name);
        buf_add_byte(out, '=');
        add_bytes(out, shown, value.ptr ? value : SLICE_LIT("NULL"));
    }
}

static int64_t length_of(struct slice bytes)
{
    return bytes.ptr ? (int64_t)bytes.len : -1;
}

static void add_part(const struct part *part, struct buf *out, bool shown, const char *topic,
                     int32_t partition, const struct message *message)
{
    switch (part->letter) {
    case LITERAL:
        buf_add_slice(out, part->text);
        return;
    case 't':
        buf_add_str(out, topic);
        return;
    case 'p':
        buf_printf(out, "%" PRId32, partition);
        return;
    case 'o':
        buf_printf(out, "%" PRId64, message->offset);
        return;
    case 'k':
        add_bytes(out, shown, message->key);
        return;
    case 's':
        add_bytes(out, shown, message->value);
        return;
    case 'T':
        buf_printf(out, "%" PRId64, message->timestamp_ms);
        return;
    case ISO_TIME:
        add_iso_time(out, message->timestamp_ms);
        return;
    case 'h':
        add_headers(out, shown, message);
        return;
    case 'K':
        buf_printf(out, "%" PRId64, length_of(message->key));
        return;
    case 'S':
        buf_printf(out, "%" PRId64, length_of(message->value));
        return;
    case 'R':
        buf_add_be32(out, (uint32_t)length_of(message->value));
        return;
    default:
        abort();
    }
}

void record_format_add(const struct record_format *format, struct buf *out, bool shown,
                       const char *topic, int32_t partition, const struct message *message)
{
    for (size_t i = 0; i < format->n; i++)
        add_part(&format->parts[i], out, shown, topic, partition, message);
}

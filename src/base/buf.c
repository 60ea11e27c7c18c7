#include "base/buf.h"

#include "base/json.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAP_BYTES 256

void buf_init(struct buf *buf, size_t max_bytes)
{
    /* One byte beyond cap is always allocated for buf_str()'s NUL. */
    assert(max_bytes < SIZE_MAX);
    *buf = (struct buf){.max = max_bytes};
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

static bool grow(struct buf *buf, size_t need)
{
    size_t cap = buf->cap > buf->max / 2 ? buf->max : buf->cap * 2;
    if (cap < FIRST_CAP_BYTES)
        cap = FIRST_CAP_BYTES < buf->max ? FIRST_CAP_BYTES : buf->max;
    if (cap < need)
        cap = need;
    char *data = realloc(buf->data, cap + 1);
    if (!data)
        return false;
    buf->data = data;
    buf->cap = cap;
    return true;
}

char *buf_reserve(struct buf *buf, size_t n)
{
    if (buf->failed)
        return NULL;
    bool fits = n <= buf->cap - buf->len && buf->data;
    if (!fits && (n > buf->max - buf->len || !grow(buf, buf->len + n))) {
        buf->failed = true;
        return NULL;
    }
    return buf->data + buf->len;
}

void buf_add(struct buf *buf, const void *data, size_t n)
{
    char *to = buf_reserve(buf, n);
    if (!to || n == 0)
        return;
    memcpy(to, data, n);
    buf->len += n;
}

void buf_add_str(struct buf *buf, const char *s)
{
    buf_add(buf, s, strlen(s));
}

void buf_add_slice(struct buf *buf, struct slice s)
{
    buf_add(buf, s.ptr, s.len);
}

void buf_add_byte(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    if (buf->failed)
        return;
    va_list args;
    va_start(args, format);
    /* Into what is free at once; only a longer text is formatted a second time. */
    int n = vsnprintf(buf->data ? buf->data + buf->len : NULL,
                      buf->data ? buf->cap - buf->len + 1 : 0, format, args);
    va_end(args);
    if (n < 0) {
        buf->failed = true;
        return;
    }
    bool fits = buf->data && (size_t)n <= buf->cap - buf->len;
    if (!fits) {
        char *to = buf_reserve(buf, (size_t)n);
        if (!to)
            return;
        va_start(args, format);
        vsnprintf(to, (size_t)n + 1, format, args);
        va_end(args);
    }
    buf->len += (size_t)n;
}

static void add_json_escape(struct buf *buf, unsigned char c)
{
    switch (c) {
    case '"':
        buf_add_str(buf, "\\\"");
        break;
    case '\\':
        buf_add_str(buf, "\\\\");
        break;
    case '\n':
        buf_add_str(buf, "\\n");
        break;
    case '\r':
        buf_add_str(buf, "\\r");
        break;
    case '\t':
        buf_add_str(buf, "\\t");
        break;
    default:
        buf_printf(buf, "\\u%04x", c);
    }
}

/* `s` is valid UTF-8. */
static void add_json_text(struct buf *buf, struct slice s)
{
    size_t plain = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(buf, s.ptr + plain, i - plain);
        add_json_escape(buf, c);
        plain = i + 1;
    }
    buf_add(buf, s.ptr + plain, s.len - plain);
}

void buf_add_json(struct buf *buf, struct slice s)
{
    size_t before = buf->len;
    buf_add_byte(buf, '"');
    while (s.len > 0) {
        size_t valid = utf8_valid_prefix(s);
        add_json_text(buf, (struct slice){s.ptr, valid});
        s.ptr += valid;
        s.len -= valid;
        if (s.len > 0) {
            buf_add_str(buf, "\xEF\xBF\xBD");
            s.ptr++;
            s.len--;
        }
    }
    buf_add_byte(buf, '"');
    if (buf->failed)
        buf->len = before; /* all of the string or nothing of it */
}

const char *buf_str(struct buf *buf)
{
    if (buf->failed || !buf->data)
        return "";
    buf->data[buf->len] = '\0';
    return buf->data;
}

void buf_add_be16(struct buf *buf, uint16_t v)
{
    unsigned char b[2] = {(unsigned char)(v >> 8), (unsigned char)v};
    buf_add(buf, b, sizeof b);
}

void buf_add_be32(struct buf *buf, uint32_t v)
{
    unsigned char b[4];
    for (int i = 0; i < 4; i++)
        b[i] = (unsigned char)(v >> (24 - 8 * i));
    buf_add(buf, b, sizeof b);
}

void buf_add_be64(struct buf *buf, uint64_t v)
{
    unsigned char b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (unsigned char)(v >> (56 - 8 * i));
    buf_add(buf, b, sizeof b);
}

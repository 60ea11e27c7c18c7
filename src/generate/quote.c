#include "generate/quote.h"

#include "base/utf8.h"
#include "generate/put.h"

#include <stdint.h>

#define DEL 0x7f /* ASCII, and the one of its control characters that stands behind the letters */

static inline bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < DEL && c != '"' && c != '\\';
}

/* What has a short escape, and which. */
static const char escaped[] = "\"\\\b\f\n\r\t";
static const char escapes[] = "\"\\bfnrt";

static char *put_unit(char *to, unsigned unit)
{
    to = put_bytes(to, "\\u", 2);
    to = put_hex(to, unit >> 8);
    return put_hex(to, unit & 0xFF);
}

static char *put_ascii(char *to, unsigned char c, bool utf8)
{
    const char *at = c ? strchr(escaped, c) : NULL;
    if (!at)
        return c < 0x20 || (c == DEL && !utf8) ? put_unit(to, c) : (*to = (char)c, to + 1);
    *to++ = '\\';
    *to++ = escapes[at - escaped];
    return to;
}

static char *put_code(char *to, uint32_t code)
{
    if (code < 0x10000)
        return put_unit(to, code);
    code -= 0x10000;
    to = put_unit(to, 0xD800 + (code >> 10));
    return put_unit(to, 0xDC00 + (code & 0x3FF));
}

/* Whether all of eight bytes are plain: a byte's highest bit is set where it is not. */
static inline bool eight_plain(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t tops = 0x8080808080808080u;
    uint64_t quote = v ^ (ones * '"');
    uint64_t slash = v ^ (ones * '\\');
    uint64_t low = v - ones * 0x20;
    return ((v | (v + ones) | low | (quote - ones) | (slash - ones)) & tops) == 0;
}

bool quote_is_plain(struct slice text)
{
    uint64_t eight;
    if (text.len < sizeof eight) {
        for (size_t i = 0; i < text.len; i++)
            if (!is_plain((unsigned char)text.ptr[i]))
                return false;
        return true;
    }
    size_t last = text.len - sizeof eight;
    for (size_t i = 0; i < last; i += sizeof eight) {
        memcpy(&eight, text.ptr + i, sizeof eight);
        if (!eight_plain(eight))
            return false;
    }
    memcpy(&eight, text.ptr + last, sizeof eight); /* some of them once more */
    return eight_plain(eight);
}

char *quote_put(char *to, struct slice text, bool utf8)
{
    if (quote_is_plain(text))
        return put_bytes(to, text.ptr, text.len);
    const unsigned char *at = (const unsigned char *)text.ptr;
    const unsigned char *end = at + text.len;
    while (at < end) {
        uint64_t eight;
        while (end - at >= 8 && (memcpy(&eight, at, 8), eight_plain(eight))) {
            memcpy(to, &eight, 8);
            to += 8;
            at += 8;
        }
        while (at < end && is_plain(*at))
            *to++ = (char)*at++;
        if (at == end)
            break;
        if (*at < 0x80) {
            to = put_ascii(to, *at++, utf8);
            continue;
        }
        size_t n = utf8_char_bytes((const char *)at, (size_t)(end - at));
        if (n > 0 && utf8)
            to = put_bytes(to, (const char *)at, n);
        else
            to = put_code(to, n > 0 ? utf8_decode((const char *)at, n) : 0xFFFD);
        at += n > 0 ? n : 1;
    }
    return to;
}

/* Four digits as put_unit() writes them. */
static uint32_t unit_of(const char *digits)
{
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)digits[i];
        unit = unit << 4 | (c <= '9' ? c - 48u : c - 87u);
    }
    return unit;
}

char *quote_undo(char *to, struct slice quoted)
{
    const char *at = quoted.ptr;
    const char *end = at + quoted.len;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        if (at[1] != 'u') {
            *to++ = escaped[strchr(escapes, at[1]) - escapes];
            at += 2;
            continue;
        }
        uint32_t code = unit_of(at + 2);
        at += 6;
        if (code >= 0xD800 && code < 0xDC00) {
            code = 0x10000 + ((code - 0xD800) << 10) + unit_of(at + 2) - 0xDC00;
            at += 6;
        }
        to += utf8_encode(code, to);
    }
    return to;
}

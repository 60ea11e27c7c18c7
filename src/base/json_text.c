/* The text of a JSON string: escapes resolved, or compared as if they were. */
#include "base/json.h"
#include "base/json_escape.h"
#include "base/utf8.h"

/* One escape at `p`, which the scanner has checked: write its 1 to 4 bytes, return what follows. */
static const char *unescape_one(const char *p, char *out, size_t *written)
{
    static const char simple[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                     ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    if (p[1] != 'u') {
        out[0] = simple[(unsigned char)p[1]];
        *written = 1;
        return p + 2;
    }
    int code = hex4(p + 2);
    p += 6;
    if (is_high_surrogate(code)) {
        code = 0x10000 + ((code - 0xD800) << 10) + (hex4(p + 2) - 0xDC00);
        p += 6;
    }
    *written = utf8_encode((uint32_t)code, out);
    return p;
}

size_t json_unescape(const struct json_value *value, char *out)
{
    const char *p = value->raw.ptr;
    const char *end = p + value->raw.len;
    char *to = out;
    while (p < end) {
        const char *backslash = value->escaped ? memchr(p, '\\', (size_t)(end - p)) : NULL;
        size_t plain = (size_t)((backslash ? backslash : end) - p);
        memcpy(to, p, plain);
        to += plain;
        p += plain;
        if (backslash) {
            size_t n;
            p = unescape_one(p, to, &n);
            to += n;
        }
    }
    return (size_t)(to - out);
}

bool json_string_eq(const struct json_value *value, struct slice text)
{
    if (!value->escaped)
        return slice_eq(value->raw, text);
    const char *p = value->raw.ptr;
    const char *end = p + value->raw.len;
    size_t at = 0;
    while (p < end) {
        char bytes[4] = {*p};
        size_t n = 1;
        p = *p == '\\' ? unescape_one(p, bytes, &n) : p + 1;
        if (n > text.len - at || memcmp(text.ptr + at, bytes, n) != 0)
            return false;
        at += n;
    }
    return at == text.len;
}

#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *out, struct slice bytes)
{
    size_t groups = bytes.len / 3 + (bytes.len % 3 != 0);
    if (groups > out->max / 4) {
        out->failed = true; /* and 4 * groups could wrap */
        return;
    }
    char *to = buf_reserve(out, 4 * groups);
    if (!to)
        return;
    const unsigned char *from = (const unsigned char *)bytes.ptr;
    for (size_t left = bytes.len; left > 0;) {
        size_t n = left < 3 ? left : 3;
        uint32_t bits = (uint32_t)from[0] << 16;
        bits |= n > 1 ? (uint32_t)from[1] << 8 : 0;
        bits |= n > 2 ? from[2] : 0;
        to[0] = alphabet[bits >> 18];
        to[1] = alphabet[bits >> 12 & 63];
        to[2] = '=';
        to[3] = '=';
        if (n > 1)
            to[2] = alphabet[bits >> 6 & 63];
        if (n > 2)
            to[3] = alphabet[bits & 63];
        from += n;
        left -= n;
        to += 4;
    }
    buf_commit(out, 4 * groups);
}

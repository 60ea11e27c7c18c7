#include "base/base64.h"

#include <string.h>

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

static int value_of(char letter)
{
    const char *at = letter ? strchr(alphabet, letter) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* Four letters, of which the last `pads` are '='; -1 if they are none. */
static int decode_group(const char *text, size_t pads, char *to)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - pads ? value_of(text[i]) : 0;
        if (value < 0)
            return -1;
        bits = bits << 6 | (uint32_t)value;
    }
    if (bits & ((1U << 8 * pads) - 1))
        return -1;
    to[0] = (char)(bits >> 16);
    to[1] = (char)(bits >> 8);
    to[2] = (char)bits;
    return 0;
}

int base64_decode(struct buf *out, struct slice text)
{
    size_t pads = 0;
    if (text.len % 4 != 0)
        return -1;
    while (pads < 2 && pads < text.len && text.ptr[text.len - 1 - pads] == '=')
        pads++;
    char *to = buf_reserve(out, text.len / 4 * 3);
    for (size_t at = 0; to && at < text.len; at += 4, to += 3)
        if (decode_group(text.ptr + at, at + 4 == text.len ? pads : 0, to) < 0)
            return -1;
    if (to)
        buf_commit(out, text.len / 4 * 3 - pads);
    return 0;
}

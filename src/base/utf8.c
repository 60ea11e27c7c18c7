#include "base/utf8.h"

#include "base/json.h"

size_t utf8_length(struct slice text)
{
    size_t characters = 0;
    for (size_t i = 0; i < text.len; i++)
        characters += !utf8_continues((unsigned char)text.ptr[i]);
    return characters;
}

/* Where the first byte above 0x7F is, eight bytes at a time. */
static size_t skip_ascii(struct slice text, size_t at)
{
    uint64_t eight;
    for (; text.len - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, text.ptr + at, sizeof eight);
        if (eight & 0x8080808080808080U)
            break;
    }
    while (at < text.len && (unsigned char)text.ptr[at] < 0x80)
        at++;
    return at;
}

size_t utf8_valid_prefix(struct slice text)
{
    size_t at = skip_ascii(text, 0);
    while (at < text.len) {
        size_t n = utf8_char_bytes(text.ptr + at, text.len - at);
        if (n == 0)
            break;
        at += n;
        if (n == 1)
            at = skip_ascii(text, at);
    }
    return at;
}

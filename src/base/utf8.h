/*
 * One character of UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
 * Whole texts: utf8_length() and utf8_valid_prefix() in base/json.h.
 */
#ifndef WEIR_BASE_UTF8_H
#define WEIR_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool utf8_continues(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* Bytes of the character at `text`, of which `left` (1 or more) are there; 0 if it is not one. */
static inline size_t utf8_char_bytes(const char *text, size_t left)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] < 0x80)
        return 1;
    if (c[0] < 0xC2 || c[0] > 0xF4 || left < 2)
        return 0;
    if (c[0] < 0xE0)
        return utf8_continues(c[1]) ? 2 : 0;

    /* The second byte's range is where overlong forms, surrogates and > U+10FFFF are shut out. */
    unsigned char low = c[0] == 0xE0 ? 0xA0 : c[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = c[0] == 0xED ? 0x9F : c[0] == 0xF4 ? 0x8F : 0xBF;
    if (c[1] < low || c[1] > high || left < 3 || !utf8_continues(c[2]))
        return 0;
    if (c[0] < 0xF0)
        return 3;
    return left >= 4 && utf8_continues(c[3]) ? 4 : 0;
}

/* The code of the character at `text`, whose length utf8_char_bytes() has told (not 0). */
static inline uint32_t utf8_decode(const char *text, size_t n)
{
    const unsigned char *c = (const unsigned char *)text;
    uint32_t code = n == 1 ? c[0] : c[0] & (0xFFU >> (n + 1));
    for (size_t i = 1; i < n; i++)
        code = code << 6 | (c[i] & 0x3FU);
    return code;
}

/* Write `code`, which is a Unicode scalar value; returns how many bytes (1 to 4). */
static inline size_t utf8_encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)((0xF00U >> n) | code); /* n ones, a zero, then the highest bits */
    return n;
}

#endif

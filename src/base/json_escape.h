/* \uXXXX in JSON strings: what the scanner checks and json_unescape() resolves. */
#ifndef WEIR_BASE_JSON_ESCAPE_H
#define WEIR_BASE_JSON_ESCAPE_H

#include <stdbool.h>

static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number that four hexadecimal digits say, or -1. */
static inline int hex4(const char *p)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static inline bool is_high_surrogate(int code)
{
    return code >= 0xD800 && code <= 0xDBFF;
}

static inline bool is_low_surrogate(int code)
{
    return code >= 0xDC00 && code <= 0xDFFF;
}

#endif

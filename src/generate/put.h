/*
 * Writing text at a pointer, without a look at the end: the caller has made room for the longest
 * record and PUT_SLACK more, because short texts are copied in fixed strides.
 */
#ifndef WEIR_GENERATE_PUT_H
#define WEIR_GENERATE_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PUT_SLACK 64
#define PUT_STRIDE 32 /* few texts are longer */

/* "00" "01" ... "99", and the same of "00" to "ff". */
extern const char put_decimals[201];
extern const char put_hexes[513];
/* "0." ... "255.", and how long each is. */
extern const char put_octets[256][5];
extern const uint8_t put_octet_bytes[256];

static inline char *put_bytes(char *to, const char *from, size_t n)
{
    memcpy(to, from, n);
    return to + n;
}

/* The same in strides, where PUT_SLACK bytes can be read behind `from`, too. */
static inline char *put_text(char *to, const char *from, size_t n)
{
    char *at = to;
    char *end = to + n;
    do { /* both halves are read first: what is behind the source may be where it goes */
        __extension__ typedef unsigned __int128 half;
        half first;
        half second;
        memcpy(&first, from, sizeof first);
        memcpy(&second, from + sizeof first, sizeof second);
        memcpy(at, &first, sizeof first);
        memcpy(at + sizeof first, &second, sizeof second);
        at += PUT_STRIDE;
        from += PUT_STRIDE;
    } while (at < end);
    return end;
}

/* 0..99 as two digits. */
static inline char *put_two(char *to, unsigned v)
{
    memcpy(to, put_decimals + (size_t)v * 2, 2);
    return to + 2;
}

/* 0..9999 as four. */
static inline char *put_four(char *to, unsigned v)
{
    return put_two(put_two(to, v / 100), v % 100);
}

/*
 * The digits of 0..99999999 as bytes 0 to 9, the first one lowest: halves, quarters and eighths of
 * the number at once, each division by a multiplication that is exact in its range.
 */
static inline uint64_t put_eight_digits(uint32_t v)
{
    uint64_t halves = v / 10000 | (uint64_t)(v % 10000) << 32;
    uint64_t hundreds = (halves * 10486 >> 20) & 0x0000007f0000007fu;
    uint64_t quarters = hundreds | (halves - hundreds * 100) << 16;
    uint64_t tens = (quarters * 103 >> 10) & 0x000f000f000f000fu;
    return tens | (quarters - tens * 10) << 8;
}

static inline char *put_lowest_first(char *to, uint64_t bytes)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    memcpy(to, &bytes, 8);
    return to + 8;
}

#define PUT_ZEROS 0x3030303030303030u

/* 0..99999999 as eight. */
static inline char *put_eight(char *to, uint32_t v)
{
    return put_lowest_first(to, put_eight_digits(v) | PUT_ZEROS);
}

/* 0..99999999 without leading zeros; eight bytes are written all the same. */
static inline char *put_short_number(char *to, uint32_t v)
{
    uint64_t digits = put_eight_digits(v);
    unsigned skipped = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
    put_lowest_first(to, (digits | PUT_ZEROS) >> skipped * 8);
    return to + 8 - skipped;
}

/* 0..9999 the same way; four bytes are written all the same. */
static inline char *put_small_number(char *to, uint32_t v)
{
    uint32_t hundreds = v * 5243 >> 19;
    uint32_t halves = hundreds | (v - hundreds * 100) << 16;
    uint32_t tens = (halves * 103 >> 10) & 0x000f000fu;
    uint32_t digits = tens | (halves - tens * 10) << 8;
    unsigned skipped = (unsigned)__builtin_ctz(digits | UINT32_C(1) << 24) / 8;
    uint32_t text = (digits | (uint32_t)PUT_ZEROS) >> skipped * 8;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    text = __builtin_bswap32(text);
#endif
    memcpy(to, &text, 4);
    return to + 4 - skipped;
}

static inline char *put_hex(char *to, unsigned byte)
{
    memcpy(to, put_hexes + (size_t)byte * 2, 2);
    return to + 2;
}

/* Any number without leading zeros. */
char *put_long_number(char *to, uint64_t v);

/* Without leading zeros. */
static inline char *put_u64(char *to, uint64_t v)
{
    return v < 100000000 ? put_short_number(to, (uint32_t)v) : put_long_number(to, v);
}

static inline char *put_i64(char *to, int64_t v)
{
    if (v >= 0)
        return put_u64(to, (uint64_t)v);
    *to = '-';
    return put_u64(to + 1, 0 - (uint64_t)v);
}

/* `digits` of them, 1..18, the first ones 0 where v is small; v < 10^digits. */
static inline char *put_digits(char *to, uint64_t v, int digits)
{
    char *at = to + digits;
    while (at - to >= 2) {
        at -= 2;
        memcpy(at, put_decimals + v % 100 * 2, 2);
        v /= 100;
    }
    if (at > to)
        *to = (char)('0' + v);
    return to + digits;
}

/* A short text with PUT_SLACK bytes that can be read behind it: mostly copied in one stride. */
struct slot {
    const char *text;
    uint8_t len;
    bool plain; /* in JSON it stands as it is */
};

static inline char *put_slot(char *to, const struct slot *slot)
{
    memcpy(to, slot->text, PUT_STRIDE);
    if (slot->len > PUT_STRIDE)
        memcpy(to, slot->text, slot->len);
    return to + slot->len;
}

#endif

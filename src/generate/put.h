/*
 * Writing text at a pointer, without a look at the end: the caller has made room for the longest
 * record and PUT_SLACK more, because short texts are copied in fixed strides.
 */
#ifndef WEIR_GENERATE_PUT_H
#define WEIR_GENERATE_PUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PUT_SLACK 64

/* "00" "01" ... "99", and the same of "00" to "ff". */
extern const char put_decimals[200];
extern const char put_hexes[512];

static inline char *put_bytes(char *to, const char *from, size_t n)
{
    memcpy(to, from, n);
    return to + n;
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

/* A year as four digits, those before 0 and behind 9999 as these. */
static inline char *put_year(char *to, int64_t year)
{
    return put_four(to, year < 0 ? 0 : year > 9999 ? 9999 : (unsigned)year);
}

/* 0..99999999 as eight. */
static inline char *put_eight(char *to, uint32_t v)
{
    return put_four(put_four(to, v / 10000), v % 10000);
}

static inline char *put_hex(char *to, unsigned byte)
{
    memcpy(to, put_hexes + (size_t)byte * 2, 2);
    return to + 2;
}

/* Without leading zeros. */
char *put_u64(char *to, uint64_t v);
char *put_i64(char *to, int64_t v);

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

/* A short text in room of its own, so that it can be copied in one stride. */
#define SLOT_BYTES 31
struct slot {
    uint8_t len;
    char text[SLOT_BYTES];
};

static inline char *put_slot(char *to, const struct slot *slot)
{
    memcpy(to, slot->text, SLOT_BYTES);
    return to + slot->len;
}

#endif

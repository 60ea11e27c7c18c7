/*
 * Private to json: where a string's plain ASCII ends, found for 64 bytes at once.
 *
 * Strings are found by a map of the 64 bytes around, made once, rather than by a look at the bytes
 * of each: the next string then begins at a place known from a register, without waiting for a load
 * (a third faster over records with many short strings).
 */
#ifndef WEIR_BASE_JSON_BLOCK_H
#define WEIR_BASE_JSON_BLOCK_H

#include "base/json.h"

/* JSON_PORTABLE lets the tests run the other branch on a machine that has SSE2. */
#if defined(__SSE2__) && !defined(JSON_PORTABLE)
#define JSON_SSE2 1
#include <emmintrin.h>
#endif

#define BLOCK_BYTES 64 /* one bit each in json_iter.special */

#ifdef JSON_SSE2

/* A bit for each of 16 bytes that special() is true of. */
static inline uint64_t special16(const char *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    /* The comparison is signed: bytes from 0x80 on are negative, so it finds them too. */
    __m128i control = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
    __m128i special = _mm_or_si128(_mm_or_si128(quote, backslash), control);
    return (unsigned)_mm_movemask_epi8(special);
}

#else

/* What ends a run of plain ASCII in a string. */
static inline bool special(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < 0x20 || (unsigned char)c >= 0x80;
}

static inline uint64_t special16(const char *p)
{
    uint64_t mask = 0;
    for (int i = 0; i < 16; i++)
        mask |= (uint64_t)special(p[i]) << i;
    return mask;
}

#endif

static inline uint64_t special64(const char *p)
{
    return special16(p) | special16(p + 16) << 16 | special16(p + 32) << 32 |
           special16(p + 48) << 48;
}

/* The block of a text shorter than one: of a copy, so that nothing behind it is read. */
static inline uint64_t special_short(const char *p, size_t len)
{
    char block[BLOCK_BYTES] = {0}; /* a zero is special: the end is found like a quote */
    memcpy(block, p, len);
    return special64(block);
}

static inline void load_block(struct json_iter *it, const char *p)
{
    /* The last block ends with the text and takes some bytes again. */
    it->block = it->end - p >= BLOCK_BYTES ? p : it->end - BLOCK_BYTES;
    it->special = special64(it->block);
}

static inline void begin_blocks(struct json_iter *it)
{
    size_t len = (size_t)(it->end - it->start);
    it->block = it->start;
    it->special = len < BLOCK_BYTES ? special_short(it->start, len) : special64(it->start);
}

/*
 * The first byte from `p` on that plain ASCII text in a string does not have: a quote, a
 * backslash, a control character or a byte above 0x7F; or the end.
 */
static inline const char *find_special(struct json_iter *it, const char *p)
{
    for (;;) {
        size_t at = (size_t)(p - it->block);
        if (at < BLOCK_BYTES) {
            uint64_t from_p = it->special >> at;
            if (from_p)
                return p + (unsigned)__builtin_ctzll(from_p);
            p = it->block + BLOCK_BYTES;
        }
        if (p == it->end)
            return p;
        load_block(it, p);
    }
}

#endif

#include "base/siphash.h"

#include "base/random.h"

static inline uint64_t rotated(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void rounds(uint64_t v[4], int n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotated(v[1], 13) ^ v[0];
        v[3] = rotated(v[3], 16) ^ v[2];
        v[0] = rotated(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotated(v[1], 17) ^ v[2];
        v[3] = rotated(v[3], 21) ^ v[0];
        v[2] = rotated(v[2], 32);
    }
}

/* Up to eight bytes, the first one lowest. */
static inline uint64_t load(const char *p, size_t n)
{
    uint64_t word = 0;
    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return word;
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

struct siphash_key siphash_new_key(void)
{
    struct siphash_key key;
    random_bytes(&key, sizeof key);
    return key;
}

struct digest siphash(const struct siphash_key *key, struct slice text)
{
    uint64_t v[4] = {
        key->k[0] ^ 0x736f6d6570736575,
        key->k[1] ^ 0x646f72616e646f6d ^ 0xee,
        key->k[0] ^ 0x6c7967656e657261,
        key->k[1] ^ 0x7465646279746573,
    };
    const char *p = text.ptr;
    size_t left = text.len;
    for (; left >= 8; left -= 8, p += 8)
        absorb(v, load(p, 8));
    absorb(v, load(p, left) | (uint64_t)text.len << 56);
    struct digest digest;
    v[2] ^= 0xee;
    rounds(v, 4);
    digest.h[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= 0xdd;
    rounds(v, 4);
    digest.h[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
    return digest;
}

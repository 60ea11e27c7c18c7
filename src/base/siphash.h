/*
 * SipHash-2-4 with 128 bits out (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012,
 * and the 128-bit form of its reference code). Under a secret key nobody can make two texts that
 * meet, and by chance two of ten million do so once in 10^24 runs: equal digests are equal texts.
 */
#ifndef WEIR_BASE_SIPHASH_H
#define WEIR_BASE_SIPHASH_H

#include "base/slice.h"

#include <stdint.h>

struct siphash_key {
    uint64_t k[2];
};
struct digest {
    uint64_t h[2];
};

/* A key from the kernel's randomness. */
struct siphash_key siphash_new_key(void);
struct digest siphash(const struct siphash_key *key, struct slice text);

#endif

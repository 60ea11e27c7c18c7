/*
 * Random numbers for made-up data: fast, the same on every machine, and nothing for secrets.
 *
 * xoshiro256++ 1.0 (Blackman and Vigna, prng.di.unimi.it), its state filled by SplitMix64 as they
 * advise. All that is drawn is made with integers, so that no rounding of a library or a processor
 * comes between a seed and its bytes.
 */
#ifndef WEIR_GENERATE_RNG_H
#define WEIR_GENERATE_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t s[4];
};

static inline uint64_t rng_mix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* One of 2^64 streams; `stream` tells apart what is drawn from one seed for different ends. */
static inline void rng_seed(struct rng *rng, uint64_t seed, uint64_t stream)
{
    uint64_t state = seed;
    state = rng_mix(&state) ^ (stream * 0xd1342543de82ef95u);
    for (int i = 0; i < 4; i++)
        rng->s[i] = rng_mix(&state);
}

static inline uint64_t rng_turn(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rng_turn(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rng_turn(s[3], 45);
    return result;
}

/* The upper part of a * b, which spreads a 64-bit draw evenly over 0..b-1 (to one in 2^64 / b). */
static inline uint64_t rng_scale(uint64_t draw, uint64_t n)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)(((wide)draw * n) >> 64);
}

/* 0..n-1; n > 0. */
static inline uint64_t rng_below(struct rng *rng, uint64_t n)
{
    return rng_scale(rng_next(rng), n);
}

/* min..max, both of them. */
static inline int64_t rng_between(struct rng *rng, int64_t min, int64_t max)
{
    uint64_t span = (uint64_t)max - (uint64_t)min + 1;
    uint64_t draw = rng_next(rng);
    return (int64_t)((uint64_t)min + (span == 0 ? draw : rng_scale(draw, span)));
}

/* A share of draws in 2^32nds, so that 2^32 is always and 0 never. */
#define RNG_SHARE_ONE ((uint64_t)1 << 32)
static inline bool rng_hits(struct rng *rng, uint64_t share)
{
    return share > 0 && (rng_next(rng) >> 32) < share;
}

#endif

/*
 * Random numbers for made-up data: fast, the same on every machine, and nothing for secrets.
 *
 * SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): a
 * counter that is stirred, so that draws do not wait for each other. All that is drawn is made with
 * integers, so that no rounding of a library or a processor comes between a seed and its bytes.
 */
#ifndef WEIR_GENERATE_RNG_H
#define WEIR_GENERATE_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/*
 * `stream` tells apart what is drawn from one seed for different ends. Streams are stretches of one
 * circle of 2^64 draws that begin anywhere on it, so that they do not meet in practice.
 */
static inline void rng_seed(struct rng *rng, uint64_t seed, uint64_t stream)
{
    rng->state = seed;
    rng->state = rng_next(rng) + stream * 0xd1342543de82ef95u;
    rng->state = rng_next(rng);
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

/*
 * Several small draws from one: each takes its part and leaves the rest. The product of their n
 * must stay below 2^40, for then none is off by more than one in 2^24.
 */
struct rng_lot {
    uint64_t rest;
};

static inline struct rng_lot rng_lot(struct rng *rng)
{
    return (struct rng_lot){rng_next(rng)};
}

static inline unsigned rng_lot_below(struct rng_lot *lot, uint32_t n)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)lot->rest * n;
    lot->rest = (uint64_t)product;
    return (unsigned)(product >> 64);
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

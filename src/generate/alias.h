/*
 * Drawing by weight in constant time (Walker's alias method, tables as Vose fills them), with
 * integers throughout so that the same seed draws the same everywhere.
 */
#ifndef WEIR_GENERATE_ALIAS_H
#define WEIR_GENERATE_ALIAS_H

#include "base/arena.h"
#include "generate/rng.h"

#include <stddef.h>
#include <stdint.h>

struct alias_cell {
    uint32_t keep; /* draws below it (of 2^32) stay here */
    uint32_t other;
};

struct alias {
    struct alias_cell *cells;
    uint32_t n;
};

#define ALIAS_MAX_WEIGHT ((uint64_t)1 << 32)

/* For 0..n-1 by weights, each at most ALIAS_MAX_WEIGHT, not all 0; n > 0. Lives in the arena. */
void alias_build(struct alias *alias, struct arena *arena, const uint64_t *weights, uint32_t n);

/* Weights 1, 1/2, 1/3 ... : activity after Zipf's law with exponent 1. */
void alias_build_zipf(struct alias *alias, struct arena *arena, uint32_t n);

static inline uint32_t alias_draw(const struct alias *alias, struct rng *rng)
{
    uint64_t draw = rng_next(rng);
    uint32_t at = (uint32_t)(((draw >> 32) * alias->n) >> 32);
    const struct alias_cell *cell = &alias->cells[at];
    return (uint32_t)draw < cell->keep ? at : cell->other;
}

#endif

#include "generate/alias.h"

/*
 * Each cell holds `total` units; weight i fills weight * n of them. Cells that are not full are
 * filled up by those that have too much. Sums fit: 2^32 weights' worth times 2^32 cells is what a
 * 128-bit number holds.
 */
__extension__ typedef unsigned __int128 wide;

struct filling {
    wide *units;
    uint32_t *small; /* a stack from the left, the large ones from the right */
    uint32_t n_small;
    uint32_t n_large;
};

static void put(struct filling *filling, uint32_t i, wide total, uint32_t n)
{
    if (filling->units[i] < total)
        filling->small[filling->n_small++] = i;
    else
        filling->small[n - ++filling->n_large] = i;
}

void alias_build(struct alias *alias, struct arena *arena, const uint64_t *weights, uint32_t n)
{
    struct arena own;
    struct filling filling = {.n_small = 0};
    wide total = 0;
    arena_init(&own);
    filling.units = arena_alloc(&own, n * sizeof *filling.units);
    filling.small = arena_alloc(&own, n * sizeof *filling.small);
    alias->cells = arena_alloc(arena, n * sizeof *alias->cells);
    alias->n = n;
    for (uint32_t i = 0; i < n; i++)
        total += weights[i];
    for (uint32_t i = 0; i < n; i++) {
        filling.units[i] = (wide)weights[i] * n;
        put(&filling, i, total, n);
    }
    while (filling.n_small > 0 && filling.n_large > 0) {
        uint32_t little = filling.small[--filling.n_small];
        uint32_t much = filling.small[n - filling.n_large--];
        wide units = filling.units[little];
        alias->cells[little] =
            (struct alias_cell){.keep = (uint32_t)((units << 32) / total), .other = much};
        filling.units[much] -= total - units;
        put(&filling, much, total, n);
    }
    for (; filling.n_large > 0; filling.n_large--) {
        uint32_t full = filling.small[n - filling.n_large];
        alias->cells[full] = (struct alias_cell){.other = full};
    }
    arena_release(&own);
}

void alias_build_zipf(struct alias *alias, struct arena *arena, uint32_t n)
{
    struct arena own;
    arena_init(&own);
    uint64_t *weights = arena_alloc(&own, n * sizeof *weights);
    for (uint32_t i = 0; i < n; i++)
        weights[i] = ALIAS_MAX_WEIGHT / (i + 1);
    alias_build(alias, arena, weights, n);
    arena_release(&own);
}

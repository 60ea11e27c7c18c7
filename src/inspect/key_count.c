#include "inspect/key_count.h"

#include <math.h>
#include <stdlib.h>

#define BITS 12
#define REGISTERS ((size_t)1 << BITS)
#define MAX_RANK (64 - BITS + 1)
#define FIRST_ROOM 16

static void *zeros(size_t n, size_t bytes)
{
    void *made = calloc(n, bytes);
    if (!made)
        abort();
    return made;
}

/* ---- exact ---- */

/* Where it is, or would be. */
static uint64_t *place_of(uint64_t *hashes, size_t room, uint64_t hash)
{
    size_t i = hash & (room - 1);
    while (hashes[i] != 0 && hashes[i] != hash)
        i = (i + 1) & (room - 1);
    return &hashes[i];
}

static void grow(struct key_count *count)
{
    size_t room = count->room ? 2 * count->room : FIRST_ROOM;
    uint64_t *hashes = zeros(room, sizeof *hashes);
    for (size_t i = 0; i < count->room; i++)
        if (count->hashes[i] != 0)
            *place_of(hashes, room, count->hashes[i]) = count->hashes[i];
    free(count->hashes);
    count->hashes = hashes;
    count->room = room;
}

/* ---- estimated ---- */

/* The upper bits choose a register, which keeps the longest run of zeros that others begin with. */
static void mark(uint8_t *registers, uint64_t hash)
{
    uint64_t rest = hash << BITS;
    int rank = rest == 0 ? MAX_RANK : __builtin_clzll(rest) + 1;
    uint8_t *reg = &registers[hash >> (64 - BITS)];
    if (rank > *reg)
        *reg = (uint8_t)rank;
}

static void give_up_exactness(struct key_count *count)
{
    count->registers = zeros(REGISTERS, 1);
    for (size_t i = 0; i < count->room; i++)
        if (count->hashes[i] != 0)
            mark(count->registers, count->hashes[i]);
    free(count->hashes);
    count->hashes = NULL;
    count->room = 0;
}

/* Ertl's sigma and tau (algorithm 6): what registers that are empty, or full, stand for. */
static double sigma(double x)
{
    double y = 1;
    double z = x;
    double before;
    do {
        before = z;
        x *= x;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

static double tau(double x)
{
    if (x <= 0 || x >= 1)
        return 0;
    double y = 1;
    double z = 1 - x;
    double before;
    do {
        before = z;
        x = sqrt(x);
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

static double estimate(const uint8_t *registers)
{
    const double m = REGISTERS;
    size_t ranks[MAX_RANK + 1] = {0};
    for (size_t i = 0; i < REGISTERS; i++)
        ranks[registers[i]]++;
    double z = m * tau(1 - (double)ranks[MAX_RANK] / m);
    for (int k = MAX_RANK - 1; k >= 1; k--)
        z = 0.5 * (z + (double)ranks[k]);
    z += m * sigma((double)ranks[0] / m);
    return m * m / (2 * M_LN2 * z);
}

/* ---- both ---- */

void key_count_add(struct key_count *count, uint64_t hash, size_t exact_max)
{
    if (count->registers) {
        mark(count->registers, hash);
        return;
    }
    hash += hash == 0;
    if (count->n >= count->room / 2)
        grow(count);
    uint64_t *place = place_of(count->hashes, count->room, hash);
    count->n += *place == 0;
    *place = hash;
    if (count->n > exact_max)
        give_up_exactness(count);
}

int64_t key_count_value(const struct key_count *count)
{
    if (!count->registers)
        return (int64_t)count->n;
    return (int64_t)(estimate(count->registers) + 0.5);
}

void key_count_release(struct key_count *count)
{
    free(count->hashes);
    free(count->registers);
    *count = (struct key_count){0};
}

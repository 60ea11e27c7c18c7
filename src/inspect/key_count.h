/*
 * How many different keys there are, from a 64-bit hash of each: exact up to a bound, then
 * estimated by HyperLogLog (Flajolet, Fusy, Gandouet and Meunier, 2007) with the estimator of Ertl
 * (arXiv:1702.01284), which needs no tables for small numbers. With its 4096 registers the
 * standard error is 1.6%: 19 of 20 estimates are within 3.3%.
 *
 * What is exact takes up to 32 bytes a key; an estimate always 4 KiB. One owner. All zero is empty.
 */
#ifndef WEIR_INSPECT_KEY_COUNT_H
#define WEIR_INSPECT_KEY_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_count {
    uint64_t *hashes; /* an open table, 0 is a free place; NULL once there is `registers` */
    size_t n;
    size_t room; /* 0 or a power of two */
    uint8_t *registers;
};

/* More than `exact_max` different ones are estimated. */
void key_count_add(struct key_count *count, uint64_t hash, size_t exact_max);
int64_t key_count_value(const struct key_count *count);
static inline bool key_count_is_estimate(const struct key_count *count)
{
    return count->registers != NULL;
}
void key_count_release(struct key_count *count);

#endif

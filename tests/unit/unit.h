/* What every unit test includes: cmocka wants its four headers before it, in this order. */
#ifndef WEIR_TESTS_UNIT_H
#define WEIR_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slice.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/*
 * A copy that ends right before a page no one may read (or begins right behind one), so that a
 * single byte read outside of it ends the test, with or without a sanitizer.
 */
struct guarded {
    struct slice text;
    void *map;
    size_t map_bytes;
};

struct guarded guard_end(struct slice text);
struct guarded guard_start(struct slice text);
void guard_release(struct guarded *guarded);

/* A small generator of the same numbers on every run with the same seed. */
struct random {
    uint64_t state;
};

uint32_t random_next(struct random *random);
/* 0 .. limit - 1 */
uint32_t random_below(struct random *random, uint32_t limit);

#endif

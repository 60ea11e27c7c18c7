/*
 * The two clocks, replaceable in tests.
 * Monotonic time measures; wall time is shown and stored. Nothing else in weir asks the kernel.
 */
#ifndef WEIR_BASE_CLOCK_H
#define WEIR_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds since an arbitrary point that never moves back. */
int64_t clock_mono_us(void);
/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_us(void);
void clock_sleep_ms(int64_t ms);

/* Tests: replace both clocks; NULL restores the kernel's. Not for use with running threads. */
struct clock_source {
    int64_t (*mono_us)(void);
    int64_t (*wall_us)(void);
};
void clock_replace(const struct clock_source *source);

#endif

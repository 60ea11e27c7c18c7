/*
 * When the next record is due: at once, every so often, or so many a time. It knows no clock: times
 * are microseconds from the first record on, which is due at 0.
 */
#ifndef WEIR_GENERATE_PACE_H
#define WEIR_GENERATE_PACE_H

#include "base/err.h"
#include "generate/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum pace_kind {
    PACE_MAX,   /* one after the other */
    PACE_EVERY, /* a time between min_us and max_us after the one before, drawn evenly */
    PACE_RATE,  /* per_s, evenly spaced */
};

struct pace {
    enum pace_kind kind;
    int64_t min_us;
    int64_t max_us;
    double per_s;
    /* Own: */
    struct rng rng;
    int64_t due_us;
    uint64_t n;
};

/* "1s..15s" or "8s"; "100/s", "600/m", "max". The rest of the pace is set by pace_start(). */
int pace_parse_every(const char *text, struct pace *pace, struct err *err);
int pace_parse_rate(const char *text, struct pace *pace, struct err *err);
/* As the chapter's producer: 1 to 15 seconds, so 10,800 a day. */
void pace_chapter(struct pace *pace);

void pace_start(struct pace *pace, uint64_t seed);
/* When the next record is due; each call is for the next. Always 0 for PACE_MAX. */
int64_t pace_next(struct pace *pace);
/* What comes in a day, on average; 0 for PACE_MAX. */
double pace_per_day(const struct pace *pace);

#endif

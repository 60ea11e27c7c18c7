/*
 * How long a fault that passes by itself is waited for: a minute while the server does not answer,
 * and thirty tries while it does (deadlocks and the like), with pauses of 100 ms at first and 2 s
 * at most. The clock is the caller's.
 */
#ifndef WEIR_SINK_OUTAGE_H
#define WEIR_SINK_OUTAGE_H

#include <stdint.h>

/* All 0 at first. */
struct outage {
    int64_t since_us; /* that the server does not answer; 0: it did */
    int64_t pause_ms; /* the next; 0: there was none yet */
    int tries;        /* that the server answered */
};

/* One more fault at `now_us`: how long to wait before the next try, in ms; -1: no more. */
int64_t outage_pause_ms(struct outage *outage, int64_t now_us);
/* The server answered: the minute begins anew with the next fault, the tries are counted on. */
void outage_answered(struct outage *outage);

#endif

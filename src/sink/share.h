/*
 * The share of dead letters among the last 10,000 records of a pipeline (--max-dead-share): above
 * it the pipeline halts rather than drain a topic into dead letters. Judged before a batch commits
 * and only once 10,000 records were seen since the start. Shared by the lanes of a pipeline.
 */
#ifndef WEIR_SINK_SHARE_H
#define WEIR_SINK_SHARE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define DEAD_SHARE_WINDOW 10000
#define DEAD_SHARE_SLOTS 100

/* The last records in groups of DEAD_SHARE_WINDOW / DEAD_SHARE_SLOTS, oldest overwritten. */
struct dead_window {
    int64_t dead[DEAD_SHARE_SLOTS];
    int64_t seen;
    int64_t all_dead;
};

struct dead_share {
    pthread_mutex_t lock;
    double max; /* 0..1; 1: never */
    struct dead_window window;
};

void dead_share_init(struct dead_share *share, double max);
void dead_share_release(struct dead_share *share);
/* Whether the share would be above the limit with this batch, whose dead are spread evenly. */
bool dead_share_exceeds(struct dead_share *share, int64_t records, int64_t dead);
/* The batch has committed. One that is tried again and again must not fill the window. */
void dead_share_add(struct dead_share *share, int64_t records, int64_t dead);

#endif

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

struct dead_share {
    pthread_mutex_t lock;
    double max; /* 0..1; 1: never */
    /* The last records in groups of DEAD_SHARE_WINDOW / DEAD_SHARE_SLOTS, oldest overwritten. */
    int64_t dead[DEAD_SHARE_SLOTS];
    int64_t seen;
    int64_t window_dead;
};

void dead_share_init(struct dead_share *share, double max);
void dead_share_release(struct dead_share *share);
/*
 * Account for a batch whose records are spread evenly over it; true if the share of the window is
 * now above the limit. The batch counts whether it commits or not.
 */
bool dead_share_exceeds(struct dead_share *share, int64_t records, int64_t dead);

#endif

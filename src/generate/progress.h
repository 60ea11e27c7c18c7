/*
 * How far a run has come: figures that its thread counts and that others may look at, behind a
 * mutex. The thread publishes its own figures now and then, so that counting costs nothing.
 */
#ifndef WEIR_GENERATE_PROGRESS_H
#define WEIR_GENERATE_PROGRESS_H

#include "base/buf.h"
#include "base/err.h"
#include "generate/faults.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct figures {
    uint64_t made;         /* records handed to the target, duplicates too */
    uint64_t acknowledged; /* by the broker; lines written, without a topic */
    uint64_t failed;       /* refused for good */
    uint64_t bytes;        /* of the values made */
    uint64_t faults[N_FAULTS];
    bool away;          /* the broker does not answer */
    int64_t started_us; /* monotonic; 0: not yet */
    int64_t ended_us;   /* 0: not yet */
};

struct progress {
    struct figures own; /* of the run's thread */
    pthread_mutex_t lock;
    struct figures shown;
};

void progress_init(struct progress *progress);
void progress_release(struct progress *progress);
/* Published at once: before the run, while no broker has answered yet. */
void progress_set_away(struct progress *progress, bool away);
void progress_publish(struct progress *progress);
struct figures progress_read(struct progress *progress);

/* For /metrics, in Prometheus' text format. */
void progress_metrics(struct progress *progress, struct buf *out);

#endif

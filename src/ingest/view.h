/*
 * What the outside sees of a running pipeline: a small copy of its figures, behind a mutex.
 * The pump writes it; the status line, /metrics, /healthz and the report read it.
 */
#ifndef WEIR_INGEST_VIEW_H
#define WEIR_INGEST_VIEW_H

#include "base/err.h"
#include "sink/batch.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum phase { PHASE_STARTING, PHASE_RUNNING, PHASE_ENDED };

struct partition_view {
    const char *topic; /* lives as long as the pipeline */
    int32_t partition;
    const char *state;
    bool ours;
    int64_t stored;
    int64_t high; /* -1: not known yet */
    int64_t last_time_ms;
    bool stopped;
};

/* Seconds from hand-over to COMMIT: upper bounds of the histogram's buckets. */
#define VIEW_BUCKETS 12
extern const double view_bucket_s[VIEW_BUCKETS];

struct view_data {
    enum phase phase;
    struct tally tally;
    int64_t bytes;
    int64_t batches;
    int64_t unknown_keys;
    int64_t retries;
    int64_t started_us; /* monotonic: when reading began, 0 before */
    int64_t ended_us;
    size_t lanes;
    int64_t commit_buckets[VIEW_BUCKETS + 1];
    double commit_seconds;
    bool failed;
    struct err err;       /* why it halted or, failing that, why a partition stopped */
    int64_t goal_records; /* --exit: records between start and goal, 0 without */
    int64_t goal_records_left;
    struct partition_view *partitions;
    size_t n_partitions;
};

struct view {
    pthread_mutex_t lock;
    struct view_data data;
    size_t cap_partitions;
};

void view_init(struct view *view);
void view_release(struct view *view);
/* A copy for reading; view_copy_release() afterwards. */
void view_copy(struct view *view, struct view_data *out);
void view_copy_release(struct view_data *copy);

/* Write under the lock: view_lock(), change view->data, view_unlock(). */
struct view_data *view_lock(struct view *view);
void view_unlock(struct view *view);
/* The row of a partition (under the lock), made if new; topic must outlive the view. */
struct partition_view *view_partition(struct view *view, const char *topic, int32_t partition);
void view_note_commit(struct view_data *data, double seconds);

/* Records between what is stored and the high watermarks, and the age of the newest stored record
 * of a partition that lags, in seconds (0: no lag, -1: not known). */
int64_t view_lag_records(const struct view_data *data);
double view_lag_seconds(const struct view_data *data, int64_t wall_us);

#endif

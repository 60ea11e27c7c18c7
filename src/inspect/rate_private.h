/* The inside of rate_topic(), shared by the sources rate_*.c. */
#ifndef WEIR_INSPECT_RATE_PRIVATE_H
#define WEIR_INSPECT_RATE_PRIVATE_H

#include "client/scan.h"
#include "inspect/rate_topic.h"

/* For the brokers that lead the partitions. */
#define RATE_ASK_MS 10000
/* Records that are read around a border: half of them before it. */
#define RATE_WINDOW 200

struct rate_run {
    const struct rate_topic_request *request;
    struct arena *arena;
    struct rate *rate;
    struct topic_list topics; /* the one, with the partitions that are counted */
    struct topic *topic;
    int64_t *offsets; /* of each border in each partition: [border * n_partitions + partition] */
    size_t n_borders;
};

static inline bool rate_has_records(const struct topic_partition *p)
{
    return p->leader != TOPIC_UNKNOWN && p->low >= 0 && p->high > p->low;
}
static inline int64_t *rate_offset(const struct rate_run *run, size_t border, size_t partition)
{
    return &run->offsets[border * run->topic->n_partitions + partition];
}

/* ---- rate_look.c: some records, read ---- */

/* The records at both ends of the partitions: how old, how new. */
int rate_look_held(struct rate_run *run, struct rate_held *held, struct err *err);
/* Those around the borders: disorder, and what transactions leave. */
int rate_look_borders(struct rate_run *run, struct err *err);

/* ---- rate_exact.c: all of them ---- */

int rate_read_all(struct rate_run *run, struct err *err);

#endif

/* The inside of rate_topic(), shared by the sources rate_*.c. */
#ifndef WEIR_INSPECT_RATE_PRIVATE_H
#define WEIR_INSPECT_RATE_PRIVATE_H

#include "client/scan.h"
#include "inspect/rate_topic.h"

/* For the brokers that lead the partitions. */
#define RATE_ASK_MS 10000
/* Each second: who looks on should hear soon that none answers. */
#define RATE_ASK_AGAIN_MS 2000
/* For what is nice to know. */
#define RATE_CONFIGS_MS 3000
/* Records that are read around a border: half of them before it. */
#define RATE_WINDOW 200
/* In so many places, at most: with more partitions only at each other border, or third. */
#define RATE_MAX_PLACES 600

struct rate_run {
    const struct rate_topic_request *request;
    struct arena *arena;
    struct rate *rate;
    struct topic_list topics; /* the one, with the partitions that are counted */
    struct topic *topic;
    int64_t *begins;  /* of each partition: where its first record is; nothing lies before it */
    int64_t *offsets; /* of each border in each partition: [border * n_partitions + partition] */
    size_t n_borders;
    int ask_ms;
};

static inline bool rate_has_records(const struct topic_partition *p)
{
    return p->leader != TOPIC_UNKNOWN && p->low >= 0 && p->high > p->low;
}
static inline int64_t *rate_offset(const struct rate_run *run, size_t border, size_t partition)
{
    return &run->offsets[border * run->topic->n_partitions + partition];
}

static inline int64_t rate_border_ms(const struct rate *rate, size_t border)
{
    return border == 0 ? rate->slots[0].from_ms : rate->slots[border - 1].to_ms;
}

/* Offsets before a place at which there may be records. */
static inline int64_t rate_before(const struct rate_run *run, size_t partition, int64_t place)
{
    int64_t low = run->topic->partitions[partition].low; /* retention may have passed it */
    int64_t begin = run->begins[partition] > low ? run->begins[partition] : low;
    return place > begin ? place - begin : 0;
}

/* ---- rate_topic.c ---- */

/* Where the first record not older than a time is in each partition: `at` of each. */
int rate_ask_places(struct rate_run *run, int64_t at_ms, struct err *err);

/* ---- rate_look.c: some records, read ---- */

/* The records at both ends of the partitions: how old, how new, and where they begin. */
int rate_look_held(struct rate_run *run, struct rate_held *held, struct err *err);
/* Those around the borders: disorder, and what transactions leave. */
int rate_look_borders(struct rate_run *run, struct err *err);

/* ---- rate_exact.c: all of them ---- */

int rate_read_all(struct rate_run *run, struct err *err);

#endif

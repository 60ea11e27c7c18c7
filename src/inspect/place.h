/*
 * Where a pipeline is in its topics, for the steps of doctor that judge it. Private to src/inspect.
 */
#ifndef WEIR_INSPECT_PLACE_H
#define WEIR_INSPECT_PLACE_H

#include "inspect/examination.h"
#include "sink/state_view.h"

#define PLACE_SECTION "Place"

/* One partition: the pipeline's place beside the log's ends, which are known. */
struct place {
    const struct topic *topic;
    const struct topic_partition *log;
    const struct view_offsets *stored; /* NULL: a partition that the pipeline has not met */
    int64_t oldest_ms;                 /* of the first record not read yet; -1: not known */
    bool wrong;                        /* not in the log, or in another's */
};

struct places {
    struct examination *x;
    struct place *items;
    size_t n;
};

/* "topic[3]". */
const char *place_name(struct arena *arena, const struct place *place);

/*
 * doctor_retention.c: whether what was not read yet may be deleted before it is, by age
 * (retention.ms) or by size (retention.bytes).
 */
void doctor_retention(struct places *places);

/* Of `bytes` that the offsets [low, high) take, those that [next, high) do if all take the same. */
int64_t retention_unread_bytes(int64_t low, int64_t next, int64_t high, int64_t bytes);
/*
 * In how many ms unread records of so many bytes, the first of them `age_ms` old, fill `limit`
 * bytes if none is read and more come as they came. 0: they do already; -1: there is none.
 */
int64_t retention_ms_left(int64_t unread_bytes, int64_t age_ms, int64_t limit);

#endif

/*
 * How much arrives in a topic per time unit, from the log itself.
 *
 * Brokers are asked for the first offset that is not older than each border, all partitions with
 * one question; what lies between two borders was counted without being read. That is exact where
 * timestamps rise. Elsewhere a few records at each border are read, and tell how far from it. With
 * `exact` all records from the stretch's begin on are read instead.
 *
 * Counted is what the topic holds when the answer is given: records that retention deletes while
 * we look are left out, those that arrive meanwhile come with the next look.
 */
#ifndef WEIR_INSPECT_RATE_TOPIC_H
#define WEIR_INSPECT_RATE_TOPIC_H

#include "client/admin_topics.h"
#include "inspect/rate_plan.h"

struct rate_topic_request {
    struct admin *admin;
    const struct pipeline_config *config; /* brokers and properties */
    const char *topic;
    int32_t partition; /* TOPIC_UNKNOWN: all */
    const struct tz *tz;
    const char *timezone;
    int64_t now_ms;
    struct rate_wish wish;
    bool exact;
    bool was_there; /* counted before: that it is not there any more is ERR_INPUT */
    /* Of `exact`, from time to time: so many offsets of so many are passed. May be NULL. */
    void (*progress)(void *context, int64_t passed, int64_t of);
    void *context;
};

/* What a person should be told beside the numbers. */
struct rate_topic_notes {
    size_t n_partitions;
    size_t leaderless;  /* not counted */
    bool cut;           /* there is more before the first slot than was shown */
    struct err configs; /* class ERR_NONE, or why nothing is known of the topic's configs */
};

/*
 * Everything in `out` lies in the arena. ERR_USAGE: no such topic or partition (the nearest is
 * named), or too many borders. ERR_OUTAGE: no answer, or signals_stop_requested(). While `exact`
 * reads, a signal no longer ends the process at once.
 */
int rate_topic(struct rate *out, struct rate_topic_notes *notes, struct arena *arena,
               const struct rate_topic_request *request, struct err *err);
/*
 * The last slot of a rate again, and what is behind it, at another time: offsets are asked for at
 * its borders, and at the first slot's, which tell how many each partition has by now. Everything
 * else stays as rate_topic() told it. 1: it has other partitions by now, or rate_ends_moved();
 * everything must be asked.
 */
int rate_topic_last(struct rate *rate, const struct rate_topic_request *request, int64_t now_ms,
                    struct err *err);

#endif

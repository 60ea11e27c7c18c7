/*
 * What the librdkafka found at run time can do.
 *
 * weir is compiled against the headers of 2.0.2 (Debian 12) and runs with it or with any newer
 * 2.x, which is ABI-compatible. What only a newer one has is asked for by version or symbol here,
 * never by an #ifdef.
 */
#ifndef WEIR_CLIENT_LIBRARY_H
#define WEIR_CLIENT_LIBRARY_H

#include "base/err.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How much a partition's queue may hold. A queue over its limit makes the library stop to fetch
 * for fetch.queue.backoff.ms, or, before 2.2.0 introduced that, for a fixed second: there only
 * queues too big to run full in a second keep the flow.
 */
struct queue_limits {
    int64_t max_kbytes;   /* queued.max.messages.kbytes, of each partition */
    int64_t min_messages; /* queued.min.messages: above it nothing more is fetched */
    int backoff_ms;       /* fetch.queue.backoff.ms; 0: the library does not know it */
};

/* `version` as of rd_kafka_version(); `partitions` read at once, 0 if unknown. */
struct queue_limits library_queue_limits(int version, int32_t partitions);
bool library_knows_queue_backoff(int version);
bool library_knows_topic_ids(int version);

/*
 * The id of a topic as base64 by DescribeTopics; "" if library or cluster have none.
 * Returns -1 and fills `err` if the cluster did not answer.
 */
int library_topic_id(rd_kafka_t *rk, const char *topic, int timeout_ms, char *out, size_t size,
                     struct err *err);

#endif

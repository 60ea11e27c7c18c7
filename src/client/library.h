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
 * How much a fetch may bring of a partition and its queue may hold, and how the library is told
 * that there is room again.
 *
 * The answer to a fetch of all partitions is about 1 MiB: it is parsed while it is still in the
 * processor's caches. One that is a few MiB long costs a third more CPU time for nothing but that.
 * A single batch of records that is larger comes whole all the same (KIP-74).
 *
 * When the queues of all partitions of a broker are full its thread sleeps: from 2.2.0 on for
 * fetch.queue.backoff.ms, before that for a second or until something wakes it. Something is
 * library_nudge(). Where that cannot be used, only queues too big to run empty in a second keep the
 * flow.
 */
struct queue_limits {
    int64_t fetch_bytes;  /* fetch.message.max.bytes, of each partition */
    int64_t max_kbytes;   /* queued.max.messages.kbytes, of each partition */
    int64_t min_messages; /* queued.min.messages: above it nothing more is fetched */
    int backoff_ms;       /* fetch.queue.backoff.ms; 0: the library does not know it */
    bool nudge;           /* call library_nudge() after reading */
};

/*
 * `version` as of rd_kafka_version(); `partitions` read at once, 0 if unknown; `sasl`: the
 * connection authenticates itself by SASL.
 */
struct queue_limits library_queue_limits(int version, int32_t partitions, bool sasl);
bool library_knows_queue_backoff(int version);

/*
 * Wake the library's broker threads, so that they look at once which queues have room. Only for a
 * handle without SASL: it is done by setting credentials, which has no other effect there.
 */
void library_nudge(rd_kafka_t *rk);
bool library_knows_topic_ids(int version);

/*
 * The id of a topic as base64 by DescribeTopics; "" if library or cluster have none.
 * Returns -1 and fills `err` if the cluster did not answer.
 */
int library_topic_id(rd_kafka_t *rk, const char *topic, int timeout_ms, char *out, size_t size,
                     struct err *err);

/*
 * IncrementalAlterConfigs (KIP-339), from 2.2.0: one config changed, the others left alone. False
 * if this library has it not.
 */
struct library_incremental {
    rd_kafka_error_t *(*add)(rd_kafka_ConfigResource_t *resource, const char *name, int operation,
                             const char *value);
    void (*alter)(rd_kafka_t *rk, rd_kafka_ConfigResource_t **resources, size_t n,
                  const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue);
    const void *(*result)(rd_kafka_event_t *event);
    const rd_kafka_ConfigResource_t **(*resources)(const void *result, size_t *n);
};
#define LIBRARY_CONFIG_SET 0
#define LIBRARY_CONFIG_DELETE 1
bool library_find_incremental(struct library_incremental *out);

/* The protocol of a listed group, from 2.8.0 on; the library's own numbers. */
enum library_group_type {
    LIBRARY_GROUP_UNKNOWN = 0,
    LIBRARY_GROUP_CONSUMER = 1,
    LIBRARY_GROUP_CLASSIC = 2,
};
enum library_group_type library_group_type(const rd_kafka_ConsumerGroupListing_t *listing);

#endif

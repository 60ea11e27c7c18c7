/*
 * The program as a Kafka consumer: librdkafka behind a narrow face.
 *
 * One thread owns a consumer and makes every call on it (consumer_commit_async() and the
 * consumer_wake() of another thread excepted). Each assigned partition has a queue of its own,
 * read only when its reader has room; the main queue brings rebalances and errors and must be
 * polled at least every 100 ms. pause, resume and seek do not exist here: librdkafka 2.0.2's batch
 * calls skip offsets around them.
 *
 * Without a group it is the library's simple consumer: nothing asks for a coordinator, which on a
 * cluster that is new would make Kafka create __consumer_offsets.
 *
 * Settings weir owns: group.id, group.instance.id, enable.auto.commit=false,
 * enable.auto.offset.store=false, auto.offset.reset=error, enable.partition.eof=true,
 * isolation.level=read_committed, allow.auto.create.topics=false,
 * partition.assignment.strategy=range,roundrobin, session.timeout.ms=10000.
 * Everything else comes from the user's properties. Queue limits follow the library's version:
 * see consumer_tune() in consumer.c and docs/architecture.md.
 */
#ifndef WEIR_CLIENT_CONSUMER_H
#define WEIR_CLIENT_CONSUMER_H

#include "base/config.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct consumer;

struct consumer_options {
    const char *scope; /* for log lines: the pipeline's name */
    const char *brokers;
    const struct property *properties;
    size_t n_properties;
    const char *client_id;
    const char *group;    /* NULL: none, and none is asked about; use consumer_assign() alone */
    const char *instance; /* group.instance.id, or NULL */
    int32_t partitions;   /* that may be read at once, to size their queues; 0: unknown */
};

int consumer_new(struct consumer **out, const struct consumer_options *options, struct err *err);
/* Leave the group (at most `timeout_ms`) and free all. */
void consumer_free(struct consumer *consumer, int timeout_ms);

/*
 * Wait for a broker, `timeout_ms` at most; whether there is one shows later. A topic that is named
 * while the library is just asking its first broker for metadata is asked about only at its next
 * look, a second later.
 */
void consumer_connect(struct consumer *consumer, int timeout_ms);

int consumer_subscribe(struct consumer *consumer, const char *const *topics, size_t n,
                       struct err *err);

/* A partition, and an offset where the context says so. `topic` is borrowed. */
struct partition_ref {
    const char *topic;
    int32_t partition;
    int64_t offset;
};

enum consumer_event_kind {
    CONSUMER_NOTHING,
    CONSUMER_ASSIGNED,    /* the group gave us `partitions`: claim them, then consumer_assign() */
    CONSUMER_REVOKED,     /* they are taken (lost: without a chance to finish). Answer at once with
                             consumer_unassign(); nothing read from them before may be handed on */
    CONSUMER_FAULT,       /* err tells; class ERR_OUTAGE passes by itself, ERR_HALT does not */
    CONSUMER_RECONNECTED, /* a broker was away and is back (was_away), or metadata was asked for
                             again: each 30 s, and before each fetch that follows an "unknown
                             topic". What we know of our partitions must be checked again before
                             what was read after this is stored */
};
struct consumer_event {
    enum consumer_event_kind kind;
    bool lost;
    bool was_away;
    const struct partition_ref *partitions; /* valid until the next consumer_poll() */
    size_t n_partitions;
    struct err err;
};
/* Take one event from the main queue without waiting. */
void consumer_poll(struct consumer *consumer, struct consumer_event *event);

/*
 * In between, when the next consumer_poll() is to be long in coming: stay a member of the group.
 * What comes is noted for that poll. Whether a rebalance is among it.
 */
bool consumer_keep_alive(struct consumer *consumer);

/* Start to read exactly these partitions at exactly these offsets (replaces what was assigned). */
int consumer_assign(struct consumer *consumer, const struct partition_ref *partitions, size_t n,
                    struct err *err);
int consumer_unassign(struct consumer *consumer, struct err *err);

/* One message, or one mark in the stream of a partition. */
enum message_kind {
    MESSAGE_RECORD,
    MESSAGE_EOF,          /* offset: the position at the end, past control and aborted records */
    MESSAGE_OUT_OF_RANGE, /* the offset we asked for is not in the log; reading has stopped */
    MESSAGE_FAULT,        /* err tells; reading of this partition goes on if class is ERR_OUTAGE */
};
struct message {
    enum message_kind kind;
    int64_t offset;
    int64_t timestamp_ms; /* -1: none */
    struct slice key;
    struct slice value;
    const void *handle;    /* for message_header() */
    const struct err *err; /* of MESSAGE_FAULT and MESSAGE_OUT_OF_RANGE: valid inside the call */
};
/* The i-th header of a record: 1 and its name and value, 0 when there is no such. */
int message_header(const struct message *message, size_t i, struct slice *name,
                   struct slice *value);

/*
 * A stream is the queue of one assigned partition, from consumer_assign() to the next assign,
 * unassign or free; find it by topic and partition.
 */
struct stream;
struct stream *consumer_stream(struct consumer *consumer, const char *topic, int32_t partition);

/*
 * Hand up to `max` messages that have already arrived to `each`, in order; never waits. The
 * message and all it points to are valid only inside `each`, and are freed after it. Returns how
 * many were handed over; less than `max` means that the queue is empty now.
 */
size_t stream_read(struct stream *stream, size_t max,
                   void (*each)(void *context, const struct message *message), void *context);

/*
 * Wait until a queue that was found empty has something, consumer_wake() is called, or timeout_ms
 * is over. Edge-triggered: read streams until they are empty, or do not rely on it for them.
 */
void consumer_wait(struct consumer *consumer, int timeout_ms);
/* From any thread. */
void consumer_wake(struct consumer *consumer);

/* The high watermark as the last fetch saw it, -1 when none has; asks nobody. Any thread. */
int64_t consumer_high(struct consumer *consumer, const char *topic, int32_t partition);

/*
 * Tell the group's coordinator how far we are, for other tools to see; never waits. False: not now,
 * a broker is away or has just come back. Any thread.
 */
bool consumer_commit_async(struct consumer *consumer, const struct partition_ref *positions,
                           size_t n);

/* ---- for a reader whose place is with the group, and not in a database ---- */

/*
 * Commit and wait for the coordinator's word, `timeout_ms` at most; in CONSUMER_REVOKED (not lost)
 * before consumer_unassign() too, for the partitions are still ours then. ERR_OUTAGE: not, or not
 * known to be, committed; the group may have moved on without us.
 */
int consumer_commit(struct consumer *consumer, const struct partition_ref *positions, size_t n,
                    int timeout_ms, struct err *err);

/*
 * Fill in what the group has committed, -1 where nothing; offsets of open transactions are waited
 * for. May be asked between CONSUMER_ASSIGNED and consumer_assign().
 */
int consumer_committed(struct consumer *consumer, struct partition_ref *partitions, size_t n,
                       int timeout_ms, struct err *err);

#endif

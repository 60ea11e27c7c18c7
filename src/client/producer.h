/*
 * The program as a Kafka producer: librdkafka behind a narrow face.
 *
 * Records go out in batches behind the caller's back, idempotent and acks=all by default, so that
 * none is doubled or overtakes another of its partition. One thread owns a producer and makes every
 * call on it. What became of each record is known only after producer_flush(): the first that was
 * not delivered is kept with its number.
 *
 * The topic must be there: producer_open() looks, for a producer asks the broker in a way that
 * creates it.
 */
#ifndef WEIR_CLIENT_PRODUCER_H
#define WEIR_CLIENT_PRODUCER_H

#include "base/config.h"
#include "base/err.h"
#include "base/slice.h"
#include "client/admin.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct producer;

/* What became of a record. */
struct producer_report {
    void *mark; /* the record's */
    const char *topic;
    int32_t partition;
    int64_t offset;        /* -1: not told, or not delivered */
    const struct err *err; /* NULL: the broker has acknowledged it */
};

struct producer_options {
    const char *scope;
    const char *brokers;
    const struct property *properties;
    size_t n_properties;
    /*
     * What the topic takes (its max.message.bytes), so that a record which is larger is refused
     * alone and not with all of its batch; 0: unknown.
     */
    int64_t max_bytes;
    /*
     * Records come as fast as they are taken: batches are sent when they are full, or have waited
     * for ten seconds (linger.ms), or with the flush.
     */
    bool bulk;
    /*
     * Records wait for a broker as long as it takes (else a minute). The log says once that none
     * answers, and once that one does again.
     */
    bool patient;
    /* Called for each record, by the owner's thread within its calls. NULL: not wanted. */
    void (*report)(void *context, const struct producer_report *report);
    void *context;
};

int producer_new(struct producer **out, const struct producer_options *options, struct err *err);

/*
 * producer_new() for a topic that must be there, as fast as both can be had: the cluster is asked
 * about the topic while the producer connects. max_bytes is found out. An unknown topic is
 * ERR_USAGE, as with admin_topic(). Also ends when signals_stop_requested().
 */
int producer_open(struct producer **out, const struct producer_options *options, const char *topic,
                  int timeout_ms, struct topic_info *info, struct err *err);

/* Drops what was not delivered; call producer_flush() first. */
void producer_free(struct producer *producer);

struct producer_header {
    struct slice name;
    struct slice value; /* none: null */
};

struct producer_record {
    const char *topic;
    int32_t partition;    /* -1: by the key's hash, or any (librdkafka's `partitioner`) */
    struct slice key;     /* none: null */
    struct slice value;   /* none: null */
    int64_t timestamp_ms; /* -1: now; 0 is refused, because librdkafka takes it for now */
    const struct producer_header *headers;
    size_t n_headers;
    void *mark; /* for `report` */
};

/*
 * Hand a record over; its bytes are copied. Waits while the library's queue is full, unless
 * signals_stop_requested(). -1: this record cannot be sent (too large, no such partition), err says
 * why; or the producer is broken for good (ERR_HALT).
 */
int producer_send(struct producer *producer, const struct producer_record *record, struct err *err);
/* The same without waiting. 1: the queue is full, and the record is not taken. */
int producer_offer(struct producer *producer, const struct producer_record *record,
                   struct err *err);

/* Let the library tell what became of records; never waits. */
void producer_poll(struct producer *producer);
/* The same, waiting up to so long for news. `full`: because the queue is. */
void producer_wait(struct producer *producer, int wait_ms, bool full);
/*
 * Whether no broker answers, as far as is known: until the next record is acknowledged, or, when
 * none is on its way, one of them answers a question.
 */
bool producer_is_away(const struct producer *producer);

/*
 * Wait until the fate of all is known: the library gives a record up after message.timeout.ms (by
 * default a minute). Also ends when there was no news for ten seconds more than that, or for less
 * than a second once signals_stop_requested(). -1: not all were delivered, and err says how many,
 * and why the first was not.
 */
int producer_flush(struct producer *producer, struct err *err);
/*
 * A step of it, some 20 ms: for a caller who has to do something meanwhile. False: none is on its
 * way any more, or never will be; producer_flush() then says at once what became of all.
 */
bool producer_drain(struct producer *producer);
/* How long producer_flush() bears to hear nothing; -1: for ever, as message.timeout.ms=0 asks. */
int64_t producer_patience_ms(const struct producer *producer);

uint64_t producer_failed(const struct producer *producer);
uint64_t producer_delivered(const struct producer *producer);

#endif

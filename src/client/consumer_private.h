/*
 * The inside of a consumer, shared by consumer.c (life and assignment), events.c (what comes from
 * the main queue and the library's threads) and stream.c (what comes from a partition);
 * consumer_group.c keeps offsets with the group.
 */
#ifndef WEIR_CLIENT_CONSUMER_PRIVATE_H
#define WEIR_CLIENT_CONSUMER_PRIVATE_H

#include "client/client.h"
#include "client/consumer.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#define BATCH_MAX 256
#define FAULTS_MAX 8

struct stream {
    struct consumer *consumer;
    char *topic;
    int32_t partition;
    rd_kafka_queue_t *queue;
    rd_kafka_topic_t *handle; /* without a group, once started: the library's simple consumer */
    /*
     * Reading has ended for good: the offset was out of range, or a batch could not be read and
     * the library would go on behind it.
     */
    bool stopped;
    /* Messages that came by the main queue; older than all in `queue`. */
    rd_kafka_message_t **strays;
    size_t n_strays;
};

/* The answer the group waits for. */
enum rebalance { REBALANCE_NONE, REBALANCE_ASSIGN, REBALANCE_REVOKE };

struct consumer {
    struct client client; /* first: it is the handle's opaque pointer */
    bool has_group;
    bool nudges; /* library_nudge() is needed for the flow */
    int64_t nudged_us;
    int64_t leave_by_us; /* when closing */
    bool closing;        /* rebalances are answered by the callback itself */
    int wake_fd;
    rd_kafka_queue_t *main_queue;

    struct stream **streams;
    size_t n_streams;
    rd_kafka_message_t *batch[BATCH_MAX];

    enum rebalance awaited;
    bool rebalance_is_new; /* consumer_poll() has not yet handed it out */
    bool rebalance_is_loss;
    rd_kafka_topic_partition_list_t *rebalanced;
    struct partition_ref *refs; /* into `rebalanced`, for the caller */

    struct err faults[FAULTS_MAX]; /* a ring; a full one drops the newest */
    size_t first_fault;
    size_t n_faults;
    struct err last_fault; /* what was said last, so as not to say it twice */
    int64_t away_told_us;  /* when an outage was reported last */

    int64_t reconnect_told_us;
    /* Shared with the library's threads. */
    atomic_bool is_away; /* an outage was reported and no broker has come back since */
    atomic_bool broker_was_lost;
    atomic_bool broker_is_back;
    atomic_bool metadata_was_asked;
    atomic_llong broker_changed_us; /* when a broker went away or came back; 0: never */
};

/* consumer_group.c */
rd_kafka_topic_partition_list_t *consumer_list_of(const struct partition_ref *partitions, size_t n);

/* events.c */
void events_configure(struct consumer *consumer, rd_kafka_conf_t *conf);
void events_fault(struct consumer *consumer, rd_kafka_resp_err_t code, const char *detail);
bool events_pending(const struct consumer *consumer);
void events_forget_rebalance(struct consumer *consumer);

/* stream.c */
struct stream *stream_open(struct consumer *consumer, const char *topic, int32_t partition);
/* Without a group: let the library fill it from `offset` on, until it is closed. */
int stream_start(struct stream *stream, int64_t offset, struct err *err);
void stream_close(struct stream *stream);
/* Takes `message` over. */
void stream_add_stray(struct stream *stream, rd_kafka_message_t *message);

#endif

#include "client/consumer_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "client/fault.h"
#include "client/library.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Longer than a session, and than the pause between two attempts to connect. */
#define COMMIT_PAUSE_US 15000000LL
/* How long the library may take to end its threads. */
#define DESTROY_MS 500
#define HANG_MS 2000

static const struct setting owned_settings[] = {
    {"isolation.level", "read_committed"},
    {"partition.assignment.strategy", "range,roundrobin"},
};

/* Queue limits by the library's version; the user's own properties come later and win. */
struct tuning {
    char fetch_bytes[24];
    char max_kbytes[24];
    char min_messages[24];
    char backoff_ms[24];
    struct setting settings[6];
    size_t n;
};

static bool uses_sasl(const struct consumer_options *options)
{
    bool sasl = false;
    for (size_t i = 0; i < options->n_properties; i++)
        if (!strcmp(options->properties[i].name, "security.protocol"))
            sasl = strcasestr(options->properties[i].value, "sasl") != NULL;
    return sasl;
}

static void consumer_tune(struct consumer *consumer, struct tuning *tuning,
                          const struct consumer_options *options)
{
    struct queue_limits limits =
        library_queue_limits(rd_kafka_version(), options->partitions, uses_sasl(options));
    consumer->nudges = limits.nudge;
    snprintf(tuning->fetch_bytes, sizeof tuning->fetch_bytes, "%lld",
             (long long)limits.fetch_bytes);
    snprintf(tuning->max_kbytes, sizeof tuning->max_kbytes, "%lld", (long long)limits.max_kbytes);
    snprintf(tuning->min_messages, sizeof tuning->min_messages, "%lld",
             (long long)limits.min_messages);
    snprintf(tuning->backoff_ms, sizeof tuning->backoff_ms, "%d", limits.backoff_ms);
    tuning->settings[tuning->n++] =
        (struct setting){"fetch.message.max.bytes", tuning->fetch_bytes};
    tuning->settings[tuning->n++] =
        (struct setting){"queued.max.messages.kbytes", tuning->max_kbytes};
    tuning->settings[tuning->n++] = (struct setting){"queued.min.messages", tuning->min_messages};
    if (limits.backoff_ms > 0)
        tuning->settings[tuning->n++] =
            (struct setting){"fetch.queue.backoff.ms", tuning->backoff_ms};
    tuning->settings[tuning->n++] = (struct setting){"session.timeout.ms", "10000"};
    if (options->client_id)
        tuning->settings[tuning->n++] = (struct setting){"client.id", options->client_id};
}

static rd_kafka_conf_t *configure(struct consumer *consumer, const struct consumer_options *options,
                                  struct err *err)
{
    struct tuning tuning = {0};
    consumer_tune(consumer, &tuning, options);
    struct setting owned[4]; /* those and two more */
    size_t n_owned = sizeof owned_settings / sizeof *owned_settings;
    memcpy(owned, owned_settings, sizeof owned_settings);
    if (options->group)
        owned[n_owned++] = (struct setting){"group.id", options->group};
    if (options->instance)
        owned[n_owned++] = (struct setting){"group.instance.id", options->instance};

    struct client_settings settings = {
        .type = RD_KAFKA_CONSUMER,
        .brokers = options->brokers,
        .defaults = tuning.settings,
        .n_defaults = tuning.n,
        .properties = options->properties,
        .n_properties = options->n_properties,
        .owned = owned,
        .n_owned = n_owned,
    };
    rd_kafka_conf_t *conf = client_conf(&consumer->client, &settings, err);
    if (conf)
        events_configure(consumer, conf);
    return conf;
}

/* The library writes this to the eventfd when a queue that was empty is so no more. */
static void wake_on(struct consumer *consumer, rd_kafka_queue_t *queue)
{
    const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(queue, consumer->wake_fd, &one, sizeof one);
}

static int open_queues(struct consumer *consumer, struct err *err)
{
    rd_kafka_t *rk = consumer->client.rk;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (consumer->has_group)
        code = rd_kafka_poll_set_consumer(rk);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(err, code, NULL);
    consumer->main_queue =
        consumer->has_group ? rd_kafka_queue_get_consumer(rk) : rd_kafka_queue_get_main(rk);
    if (!consumer->main_queue)
        return err_set(err, ERR_BUG, "librdkafka has no consumer queue");
    wake_on(consumer, consumer->main_queue);
    return 0;
}

static void release(struct consumer *consumer)
{
    if (consumer->wake_fd >= 0)
        close(consumer->wake_fd);
    client_release(&consumer->client);
    free(consumer);
}

int consumer_new(struct consumer **out, const struct consumer_options *options, struct err *err)
{
    *out = NULL;
    struct consumer *consumer = calloc(1, sizeof *consumer);
    if (!consumer)
        return err_set(err, ERR_BUG, "out of memory");
    consumer->has_group = options->group != NULL;
    consumer->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (consumer->wake_fd < 0) {
        err_set(err, ERR_OUTAGE, "eventfd: %s", strerror(errno));
        goto fail;
    }
    if (client_init(&consumer->client, options->scope, err) != 0)
        goto fail;
    rd_kafka_conf_t *conf = configure(consumer, options, err);
    if (!conf || client_open(&consumer->client, RD_KAFKA_CONSUMER, conf, err) != 0)
        goto fail;
    if (open_queues(consumer, err) != 0) {
        consumer_free(consumer, 0);
        return -1;
    }
    *out = consumer;
    return 0;

fail:
    release(consumer);
    return -1;
}

/*
 * To be called when the partitions are unassigned: what is left in the queues is outdated then and
 * is dropped here, not returned.
 */
static void close_streams(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->n_streams; i++)
        stream_close(consumer->streams[i]);
    free(consumer->streams);
    consumer->streams = NULL;
    consumer->n_streams = 0;
}

static int unassign(struct consumer *consumer, struct err *err)
{
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (consumer->has_group)
        code = rd_kafka_assign(consumer->client.rk, NULL);
    close_streams(consumer);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(err, code, NULL);
    return 0;
}

/*
 * A rebalance that the group still waits for must be answered or the group never closes. With an
 * empty list rather than none: only the former is an answer to an assignment.
 */
static void answer_with_nothing(struct consumer *consumer)
{
    rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);
    rd_kafka_assign(consumer->client.rk, consumer->awaited == REBALANCE_ASSIGN ? none : NULL);
    rd_kafka_topic_partition_list_destroy(none);
    events_forget_rebalance(consumer);
}

/* Leave the group and wait for it, but no longer than until consumer->leave_by_us. */
static void *leave_group(void *context)
{
    struct consumer *consumer = context;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer->client.rk);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(consumer->client.rk, queue);
    if (error) {
        log_debug(consumer->client.scope, "leaving the group: %s", rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        rd_kafka_queue_destroy(queue);
        return NULL;
    }
    while (!rd_kafka_consumer_closed(consumer->client.rk)) {
        int64_t left_ms = (consumer->leave_by_us - clock_mono_us()) / 1000;
        if (left_ms <= 0) {
            log_debug(consumer->client.scope, "the group did not let us go in time");
            break;
        }
        /* Rebalances are served by their callback, which answers them while closing. */
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, left_ms < 50 ? (int)left_ms : 50);
        if (!event)
            continue;
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
            answer_with_nothing(consumer);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    return NULL;
}

/*
 * False: it hangs. An answer to a rebalance waits for the group's thread without end, and that may
 * just have ended with the answer unread (2.0.2).
 */
static bool leave_in_time(struct consumer *consumer, int timeout_ms)
{
    consumer->leave_by_us = clock_mono_us() + (int64_t)timeout_ms * 1000;
    return client_within(leave_group, consumer, timeout_ms + HANG_MS);
}

void consumer_free(struct consumer *consumer, int timeout_ms)
{
    if (!consumer)
        return;
    struct err ignored;
    consumer->closing = true;
    if (consumer->n_streams > 0)
        unassign(consumer, &ignored);
    if (consumer->awaited != REBALANCE_NONE)
        answer_with_nothing(consumer);
    if (timeout_ms > 0 && !leave_in_time(consumer, timeout_ms)) {
        log_debug(consumer->client.scope, "librdkafka hangs while it leaves the group");
        return; /* its threads go on, and may look at all of it */
    }
    if (consumer->main_queue) {
        rd_kafka_queue_io_event_enable(consumer->main_queue, -1, NULL, 0);
        rd_kafka_queue_destroy(consumer->main_queue);
    }
    events_forget_rebalance(consumer);
    if (client_close(&consumer->client, DESTROY_MS))
        release(consumer);
}

void consumer_connect(struct consumer *consumer, int timeout_ms)
{
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(consumer->client.rk, 0, NULL, &metadata, timeout_ms) ==
        RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
}

int consumer_subscribe(struct consumer *consumer, const char *const *topics, size_t n,
                       struct err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    for (size_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->client.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(err, code, NULL);
    return 0;
}

/* Each partition's queue must stand on its own before the library starts to fill it. */
static int open_streams(struct consumer *consumer, const struct partition_ref *partitions, size_t n,
                        struct err *err)
{
    if (n == 0)
        return 0;
    consumer->streams = calloc(n, sizeof *consumer->streams);
    if (!consumer->streams)
        return err_set(err, ERR_BUG, "out of memory");
    for (size_t i = 0; i < n; i++) {
        struct stream *stream = stream_open(consumer, partitions[i].topic, partitions[i].partition);
        if (!stream)
            return err_set(err, ERR_BUG, "no queue for %s [%d]", partitions[i].topic,
                           partitions[i].partition);
        wake_on(consumer, stream->queue);
        consumer->streams[consumer->n_streams++] = stream;
    }
    return 0;
}

/*
 * Without a group it is the library's simple consumer that reads: rd_kafka_assign() wants a group
 * even where nothing joins it, looks for its coordinator, and with that makes a fresh cluster
 * create its topic of offsets.
 */
static int start_streams(struct consumer *consumer, const struct partition_ref *partitions,
                         size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (stream_start(consumer->streams[i], partitions[i].offset, err) != 0)
            return -1;
    return 0;
}

static int assign(struct consumer *consumer, const struct partition_ref *partitions, size_t n,
                  struct err *err)
{
    if (!consumer->has_group)
        return start_streams(consumer, partitions, n, err);
    rd_kafka_topic_partition_list_t *list = consumer_list_of(partitions, n);
    rd_kafka_resp_err_t code = rd_kafka_assign(consumer->client.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(err, code, NULL);
    return 0;
}

int consumer_assign(struct consumer *consumer, const struct partition_ref *partitions, size_t n,
                    struct err *err)
{
    if (consumer->awaited == REBALANCE_REVOKE)
        return err_set(err, ERR_OUTAGE, "the group has taken the partitions back meanwhile");
    if (consumer->n_streams > 0 && unassign(consumer, err) != 0)
        return -1;
    if (open_streams(consumer, partitions, n, err) != 0 ||
        assign(consumer, partitions, n, err) != 0) {
        close_streams(consumer);
        return -1;
    }
    events_forget_rebalance(consumer);
    return 0;
}

int consumer_unassign(struct consumer *consumer, struct err *err)
{
    if (consumer->awaited == REBALANCE_ASSIGN) {
        answer_with_nothing(consumer);
        return 0;
    }
    events_forget_rebalance(consumer);
    return unassign(consumer, err);
}

struct stream *consumer_stream(struct consumer *consumer, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < consumer->n_streams; i++) {
        struct stream *stream = consumer->streams[i];
        if (stream->partition == partition && !strcmp(stream->topic, topic))
            return stream;
    }
    return NULL;
}

void consumer_wait(struct consumer *consumer, int timeout_ms)
{
    if (events_pending(consumer))
        return;
    struct pollfd wake = {.fd = consumer->wake_fd, .events = POLLIN};
    if (poll(&wake, 1, timeout_ms) <= 0)
        return;
    uint64_t times;
    while (read(consumer->wake_fd, &times, sizeof times) < 0 && errno == EINTR)
        ;
}

void consumer_wake(struct consumer *consumer)
{
    const uint64_t one = 1;
    while (write(consumer->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

/*
 * A commit that waits for its coordinator goes out under the name that the member has by then. If
 * it has lost its session meanwhile, that name is empty, and a static member of a wrong name is
 * thrown out for good (FENCED_INSTANCE_ID).
 */
static bool may_commit(struct consumer *consumer)
{
    int64_t changed_us = atomic_load(&consumer->broker_changed_us);
    return !atomic_load(&consumer->is_away) &&
           (changed_us == 0 || clock_mono_us() - changed_us > COMMIT_PAUSE_US);
}

bool consumer_commit_async(struct consumer *consumer, const struct partition_ref *positions,
                           size_t n)
{
    if (!consumer->has_group || n == 0)
        return true;
    if (!may_commit(consumer))
        return false;
    rd_kafka_topic_partition_list_t *list = consumer_list_of(positions, n);
    /* Nothing depends on it: the offsets that count are in the database. */
    rd_kafka_commit(consumer->client.rk, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
    return true;
}

int64_t consumer_high(struct consumer *consumer, const char *topic, int32_t partition)
{
    int64_t low;
    int64_t high;
    if (rd_kafka_get_watermark_offsets(consumer->client.rk, topic, partition, &low, &high) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        return -1;
    return high < 0 ? -1 : high;
}

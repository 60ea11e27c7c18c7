/*
 * What comes from the main queue (rebalances, errors) and from the library's threads (brokers that
 * go and come, metadata that is asked for).
 */
#include "client/consumer_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "client/fault.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API_KEY_METADATA 3
/* Shorter than what is left of fetch.error.backoff.ms when the library asks for metadata. */
#define RECONNECT_PAUSE_US 100000
#define REMINDER_US 60000000

/* Served by one consumer_poll(); a flood of them must not keep the streams from being read. */
#define MESSAGES_A_POLL 64

bool events_pending(const struct consumer *consumer)
{
    return consumer->rebalance_is_new || consumer->n_faults > 0;
}

void events_forget_rebalance(struct consumer *consumer)
{
    consumer->awaited = REBALANCE_NONE;
    consumer->rebalance_is_new = false;
    free(consumer->refs);
    consumer->refs = NULL;
    if (consumer->rebalanced)
        rd_kafka_topic_partition_list_destroy(consumer->rebalanced);
    consumer->rebalanced = NULL;
}

static void note_rebalance(struct consumer *consumer, enum rebalance awaited,
                           const rd_kafka_topic_partition_list_t *partitions)
{
    events_forget_rebalance(consumer);
    consumer->rebalanced = rd_kafka_topic_partition_list_copy(partitions);
    consumer->refs = calloc((size_t)partitions->cnt + 1, sizeof *consumer->refs);
    assert(consumer->rebalanced && consumer->refs);
    for (int i = 0; i < partitions->cnt; i++)
        consumer->refs[i] = (struct partition_ref){
            .topic = consumer->rebalanced->elems[i].topic,
            .partition = consumer->rebalanced->elems[i].partition,
            .offset = RD_KAFKA_OFFSET_INVALID,
        };
    consumer->awaited = awaited;
    consumer->rebalance_is_new = true;
    consumer->rebalance_is_loss =
        awaited == REBALANCE_REVOKE && rd_kafka_assignment_lost(consumer->client.rk);
}

/*
 * Runs inside consumer_poll(). The library waits for rd_kafka_assign(), which need not come from
 * here: until then the group's state is "wait assign call", heartbeats go on, and each poll counts
 * for max.poll.interval.ms.
 */
static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct consumer *consumer = opaque;
    if (consumer->closing) {
        rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);
        rd_kafka_assign(rk, code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? none : NULL);
        rd_kafka_topic_partition_list_destroy(none);
        return;
    }
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        note_rebalance(consumer, REBALANCE_ASSIGN, partitions);
        return;
    }
    if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
        events_fault(consumer, code, NULL);
    note_rebalance(consumer, REBALANCE_REVOKE, partitions);
}

static void push_fault(struct consumer *consumer, const struct err *fault)
{
    if (consumer->n_faults == FAULTS_MAX) {
        log_debug(consumer->client.scope, "%s", fault->text);
        return;
    }
    size_t last = (consumer->first_fault + consumer->n_faults++) % FAULTS_MAX;
    consumer->faults[last] = *fault;
}

/* One sentence for one outage, and one a minute: all that follows from it is told by the first. */
static bool is_told_already(struct consumer *consumer, rd_kafka_resp_err_t code,
                            const struct err *fault)
{
    if (fault_is_connection(code)) {
        int64_t now_us = clock_mono_us();
        if (atomic_exchange(&consumer->is_away, true) &&
            now_us - consumer->away_told_us < REMINDER_US)
            return true;
        consumer->away_told_us = now_us;
        return false;
    }
    if (!strcmp(consumer->last_fault.text, fault->text))
        return true;
    consumer->last_fault = *fault;
    return false;
}

void events_fault(struct consumer *consumer, rd_kafka_resp_err_t code, const char *detail)
{
    char errstr[512];
    if (fault_is_topic_gone(code))
        atomic_store(&consumer->metadata_was_asked, true);
    if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
        /* "Unknown topic" follows, or the check of our partitions finds fewer of them. */
        log_debug(consumer->client.scope, "%s", detail ? detail : "unknown partition");
        return;
    }

    struct err fault;
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_resp_err_t cause =
            rd_kafka_fatal_error(consumer->client.rk, errstr, sizeof errstr);
        fault_set(&fault, cause ? cause : code, cause ? errstr : detail);
        fault.class = ERR_HALT;
    } else {
        client_fault(&consumer->client, &fault, code, detail);
    }
    if (is_told_already(consumer, code, &fault))
        log_debug(consumer->client.scope, "%s", fault.text);
    else
        push_fault(consumer, &fault);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    (void)rk;
    struct consumer *consumer = opaque;
    if (!consumer->closing)
        events_fault(consumer, (rd_kafka_resp_err_t)code, reason);
}

/*
 * From the library's threads: nothing but flags and the eventfd may be touched. Newer
 * libraries close the connection that fetched the first metadata (a broker without id) when that is
 * done, and the group's coordinator (without a port) is a connection more to a broker we know.
 */
static rd_kafka_resp_err_t on_broker_state(rd_kafka_t *rk, int32_t broker_id, const char *protocol,
                                           const char *name, int port, const char *state,
                                           void *opaque)
{
    (void)rk, (void)protocol, (void)name;
    struct consumer *consumer = opaque;
    if (!strcmp(state, "DOWN") && broker_id >= 0 && port > 0) {
        atomic_store(&consumer->broker_was_lost, true);
        atomic_store(&consumer->broker_changed_us, clock_mono_us());
    }
    if (strcmp(state, "UP") != 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    bool was_lost = atomic_exchange(&consumer->broker_was_lost, false);
    if (atomic_exchange(&consumer->is_away, false) || was_lost) {
        atomic_store(&consumer->broker_changed_us, clock_mono_us());
        atomic_store(&consumer->broker_is_back, true);
        consumer_wake(consumer);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/*
 * A fetch that is told "unknown topic" or "not the leader" shows nowhere but here: the library
 * asks for metadata, waits fetch.error.backoff.ms and fetches on, be it from another topic that
 * has taken the name.
 */
static rd_kafka_resp_err_t on_request(rd_kafka_t *rk, int socket, const char *name, int32_t id,
                                      int16_t api_key, int16_t version, int32_t correlation_id,
                                      size_t size, void *opaque)
{
    (void)rk, (void)socket, (void)name, (void)id, (void)version, (void)correlation_id, (void)size;
    struct consumer *consumer = opaque;
    if (api_key == API_KEY_METADATA && !atomic_exchange(&consumer->metadata_was_asked, true))
        consumer_wake(consumer);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *errstr, size_t errstr_size)
{
    (void)conf;
    rd_kafka_resp_err_t code =
        rd_kafka_interceptor_add_on_broker_state_change(rk, "weir", on_broker_state, opaque);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = rd_kafka_interceptor_add_on_request_sent(rk, "weir", on_request, opaque);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        snprintf(errstr, errstr_size, "no interceptors: %s", rd_kafka_err2str(code));
    return code;
}

void events_configure(struct consumer *consumer, rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_interceptor_add_on_new(conf, "weir", on_new, consumer);
    consumer->client.intercepts = true;
}

/* An error, or a message that missed its queue. */
static void serve_message(struct consumer *consumer, rd_kafka_message_t *message)
{
    const char *topic = message->rkt ? rd_kafka_topic_name(message->rkt) : NULL;
    switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: {
        struct stream *stream = topic ? consumer_stream(consumer, topic, message->partition) : NULL;
        if (stream) {
            stream_add_stray(stream, message);
            return;
        }
        break;
    }
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        break; /* of a stream that was closed: an open one has it in its own queue */
    default:
        events_fault(consumer, message->err, rd_kafka_message_errstr(message));
    }
    rd_kafka_message_destroy(message);
}

/* Callbacks run in here. */
static void serve_main_queue(struct consumer *consumer)
{
    if (!consumer->has_group) {
        rd_kafka_poll(consumer->client.rk, 0);
        return;
    }
    for (int i = 0; i < MESSAGES_A_POLL; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->client.rk, 0);
        if (!message)
            return;
        serve_message(consumer, message);
    }
}

bool consumer_keep_alive(struct consumer *consumer)
{
    serve_main_queue(consumer);
    return consumer->rebalance_is_new;
}

/* At once for a broker that is back; for mere metadata at most ten times a second. */
static bool take_reconnect(struct consumer *consumer, struct consumer_event *event)
{
    bool is_back = atomic_load(&consumer->broker_is_back);
    if (!is_back && !atomic_load(&consumer->metadata_was_asked))
        return false;
    int64_t now_us = clock_mono_us();
    if (!is_back && now_us - consumer->reconnect_told_us < RECONNECT_PAUSE_US)
        return false;
    atomic_store(&consumer->broker_is_back, false);
    atomic_store(&consumer->metadata_was_asked, false);
    consumer->reconnect_told_us = now_us;
    event->kind = CONSUMER_RECONNECTED;
    event->was_away = is_back;
    if (is_back)
        consumer->last_fault.text[0] = '\0';
    return true;
}

static void take_rebalance(struct consumer *consumer, struct consumer_event *event)
{
    consumer->rebalance_is_new = false;
    event->kind = consumer->awaited == REBALANCE_ASSIGN ? CONSUMER_ASSIGNED : CONSUMER_REVOKED;
    event->lost = consumer->rebalance_is_loss;
    event->partitions = consumer->refs;
    event->n_partitions = (size_t)consumer->rebalanced->cnt;
}

void consumer_poll(struct consumer *consumer, struct consumer_event *event)
{
    event->kind = CONSUMER_NOTHING;
    event->lost = false;
    event->was_away = false;
    event->partitions = NULL;
    event->n_partitions = 0;
    if (!events_pending(consumer))
        serve_main_queue(consumer);
    if (consumer->rebalance_is_new) {
        take_rebalance(consumer, event);
        return;
    }
    if (consumer->n_faults > 0) {
        event->kind = CONSUMER_FAULT;
        event->err = consumer->faults[consumer->first_fault];
        consumer->first_fault = (consumer->first_fault + 1) % FAULTS_MAX;
        consumer->n_faults--;
        return;
    }
    take_reconnect(consumer, event);
}

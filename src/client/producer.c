#include "client/producer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "client/client.h"
#include "client/fault.h"
#include "client/producer_fault.h"
#include "client/producer_hand_over.h"
#include "client/producer_settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DESTROY_MS 500
#define WAIT_MS 20
#define FLUSH_RECORDS 10000 /* a batch is not more */
#define HASTEN_TIMES 3
#define HASTEN_PAUSE_MS 4
#define HASTEN_TIMEOUT_MS 500
#define HASTEN_BESIDE_MS 1
#define HASTEN_FIRST_US 3000
#define HASTEN_LONGEST_US 200000
#define STALL_US 50000
#define DOWN_US 200000     /* so long nothing is said of a lost connection, */
#define SILENT_US 15000000 /* or of answers that do not come */
#define ASK_BACK_US 500000 /* so often a broker that was away is asked whether it is back */
#define LEAVE_MS 900       /* when asked to stop: a drain takes less than a second */

/* The last record that was acknowledged without a place: see place_of(). */
struct unplaced {
    const rd_kafka_topic_t *topic; /* NULL: the last one had a place */
    int32_t partition;
    int64_t next; /* the number that the library gives the next record of its batch */
};

struct producer {
    struct client client;    /* first: it is the handle's opaque pointer */
    rd_kafka_topic_t *topic; /* of the last record */
    uint64_t sent;
    uint64_t delivered;
    uint64_t failed;
    uint64_t first_failed; /* its number, from 1 */
    struct err first_fault;
    struct unplaced unplaced;
    struct err last_fault; /* of a broker: why there is no news */
    int64_t news_us;       /* when something was delivered, or failed */
    int64_t patience_ms;   /* without news; -1: for ever */
    bool bulk;
    bool patient;
    void (*report)(void *context, const struct producer_report *report);
    void *context;
    int64_t open_us;         /* since when records are on their way, if any are */
    int64_t down_us;         /* since when all connections are down; 0: one is not */
    bool refused;            /* and a new one did not come to be */
    bool away;               /* an outage: it was told */
    int64_t ask_back_us;     /* see is_back(): not before this */
    int64_t hasten_us;       /* see hasten(): the next question is not before this, */
    int64_t hasten_pause_us; /* the one behind it so much later */
};

/*
 * A record's offset; -1: not told. With acks=0 there is no answer, and a broker that finds a batch
 * to be there already may not know where: the answer has -1. The library numbers such a batch's
 * records all the same, from something negative on, past 0. (What is stored is never taken for the
 * rest of them: behind a batch the log goes on at its length at least, and their numbers end
 * before.)
 */
static int64_t place_of(struct producer *producer, const rd_kafka_message_t *message)
{
    const struct unplaced *last = &producer->unplaced;
    bool goes_on = message->rkt == last->topic && message->partition == last->partition &&
                   message->offset == last->next;
    producer->unplaced.topic = NULL;
    if (message->offset >= 0 && !goes_on)
        return message->offset;
    producer->unplaced = (struct unplaced){message->rkt, message->partition, message->offset + 1};
    return -1;
}

static void report(struct producer *producer, const rd_kafka_message_t *message)
{
    struct err err = {.class = ERR_NONE};
    const char *topic = rd_kafka_topic_name(message->rkt);
    const struct producer_report report = {
        .mark = message->_private,
        .topic = topic,
        .partition = message->partition,
        .offset = message->err ? -1 : place_of(producer, message),
        .err = message->err ? &err : NULL,
    };
    if (message->err)
        producer_fault(&err, message->err, topic);
    producer->report(producer->context, &report);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    struct producer *producer = opaque;
    if (producer->report)
        report(producer, message);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        producer->delivered++;
        return;
    }
    if (producer->failed++ > 0)
        return;
    producer->first_failed = producer->report ? 0 : (uint64_t)(uintptr_t)message->_private;
    producer_fault(&producer->first_fault, message->err, rd_kafka_topic_name(message->rkt));
}

static uint64_t open_records(const struct producer *producer)
{
    return producer->sent - producer->delivered - producer->failed;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/*
 * The library says once that all brokers are gone, and that is also how a connection ends which was
 * idle for long. It is an outage when records wait, or a new connection fails; or when a broker is
 * there and does not answer. NULL: it is none, as far as is known.
 */
static const char *find_outage(struct producer *producer)
{
    int64_t now_us = clock_mono_us();
    int64_t since_us = later(producer->news_us, producer->open_us);
    bool open = open_records(producer) > 0;
    if (open && now_us - since_us > SILENT_US && producer->down_us == 0) {
        producer->down_us = since_us;
        return "the broker acknowledges nothing";
    }
    if (producer->down_us == 0)
        return NULL;
    if (producer->refused)
        return producer->last_fault.text;
    since_us = later(producer->down_us, producer->open_us);
    return open && now_us - since_us > DOWN_US ? "the connection to the broker ended" : NULL;
}

static void see_outage(struct producer *producer)
{
    const char *why = producer->away || producer->sent == 0 ? NULL : find_outage(producer);
    if (!why)
        return;
    producer->away = true;
    if (producer->patient)
        log_warn(producer->client.scope, "%s; records wait for a broker%s", why,
                 producer->patience_ms < 0 ? ", none is lost" : "");
}

static void end_outage(struct producer *producer)
{
    if (producer->away && producer->patient)
        log_info(producer->client.scope, "the broker answers again, after %.1f s",
                 (double)(clock_mono_us() - producer->down_us) / 1e6);
    producer->away = false;
    producer->refused = false;
    producer->down_us = 0;
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    char text[512];
    struct producer *producer = opaque;
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(rk, text, sizeof text);
        fault_set(&producer->last_fault, fatal, text);
        producer->last_fault.class = ERR_HALT;
        return;
    }
    /* It says less than what was said before it. */
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        producer->down_us = producer->down_us ? producer->down_us : clock_mono_us();
        if (producer->last_fault.class != ERR_NONE)
            return;
    } else if (producer->down_us != 0)
        producer->refused = true;
    client_fault(&producer->client, &producer->last_fault, (rd_kafka_resp_err_t)code, reason);
    log_debug(producer->client.scope, "%s", producer->last_fault.text);
}

static void release(struct producer *producer)
{
    client_release(&producer->client);
    free(producer);
}

/* Its records would have to be in transactions. */
static int refuse_transactions(const struct producer_options *options, struct err *err)
{
    for (size_t i = 0; i < options->n_properties; i++)
        if (!strcmp(options->properties[i].name, "transactional.id"))
            return err_set(err, ERR_USAGE,
                           "%s: transactional.id: weir sends no transactions: leave it out",
                           options->properties[i].where ? options->properties[i].where : "kafka");
    return 0;
}

int producer_new(struct producer **out, const struct producer_options *options, struct err *err)
{
    struct producer_settings own;
    *out = NULL;
    if (refuse_transactions(options, err) < 0)
        return -1;
    struct producer *producer = calloc(1, sizeof *producer);
    if (!producer)
        return err_set(err, ERR_BUG, "out of memory");
    producer_settings_init(&own, options);
    producer->bulk = options->bulk;
    producer->patient = options->patient;
    producer->report = options->report;
    producer->context = options->context;
    producer->patience_ms = own.patience_ms;
    producer->hasten_pause_us = HASTEN_FIRST_US;
    const struct client_settings settings = {
        .type = RD_KAFKA_PRODUCER,
        .brokers = options->brokers,
        .defaults = own.defaults, /* the user may change them */
        .n_defaults = own.n_defaults,
        .properties = options->properties,
        .n_properties = options->n_properties,
    };
    rd_kafka_conf_t *conf = NULL;
    if (client_init(&producer->client, options->scope, err) == 0)
        conf = client_conf(&producer->client, &settings, err);
    if (conf) {
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
        rd_kafka_conf_set_error_cb(conf, on_error);
    }
    if (!conf || client_open(&producer->client, RD_KAFKA_PRODUCER, conf, err) != 0) {
        release(producer);
        return -1;
    }
    *out = producer;
    return 0;
}

void producer_free(struct producer *producer)
{
    if (!producer)
        return;
    rd_kafka_purge(producer->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(producer->client.rk, 0);
    if (producer->topic)
        rd_kafka_topic_destroy(producer->topic);
    if (client_close(&producer->client, DESTROY_MS))
        release(producer);
}

/* Kept from record to record: a look-up by name takes the library's lock each time. */
static rd_kafka_topic_t *topic_of(struct producer *producer, const char *name)
{
    if (producer->topic && !strcmp(rd_kafka_topic_name(producer->topic), name))
        return producer->topic;
    if (producer->topic)
        rd_kafka_topic_destroy(producer->topic);
    producer->topic = rd_kafka_topic_new(producer->client.rk, name, NULL);
    return producer->topic;
}

/* What comes back with the report: its mark, or its number. */
static void *opaque_of(const struct producer *producer, const struct producer_record *record)
{
    return producer->report ? record->mark : (void *)(uintptr_t)(producer->sent + 1);
}

static rd_kafka_resp_err_t hand_over(struct producer *producer,
                                     const struct producer_record *record)
{
    rd_kafka_topic_t *topic = topic_of(producer, record->topic);
    if (!topic)
        return rd_kafka_last_error();
    return producer_hand_over(producer->client.rk, topic, record, opaque_of(producer, record));
}

/* A question about topics; -1: not answered in that time, though what comes later counts too. */
static int ask(struct producer *producer, int timeout_ms)
{
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(producer->client.rk, 0, producer->topic, &metadata, timeout_ms) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        return -1;
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

/*
 * An idempotent producer needs an id from a broker. The library asks for it when an answer about
 * topics comes and the broker is connected, which with the first answer it is not yet; else after
 * half a second. So a few more answers are asked for behind the first record: at once, because the
 * next call may be long in coming; or, when records come in bulk, beside them.
 */
static void hasten(struct producer *producer)
{
    for (int i = 0; i < HASTEN_TIMES; i++) {
        if (ask(producer, HASTEN_TIMEOUT_MS) < 0)
            return;
        clock_sleep_ms(HASTEN_PAUSE_MS);
    }
}

/* True: call again soon. */
static bool hasten_beside(struct producer *producer)
{
    if (!producer->bulk || producer->delivered > 0 || producer->sent == 0 ||
        producer->hasten_pause_us > HASTEN_LONGEST_US)
        return false;
    if (clock_mono_us() < producer->hasten_us)
        return true;
    ask(producer, HASTEN_BESIDE_MS);
    producer->hasten_us = clock_mono_us() + producer->hasten_pause_us;
    producer->hasten_pause_us += producer->hasten_pause_us / 2;
    return true;
}

/*
 * The next record that is acknowledged ends an outage. When none is on its way that may be hours
 * off, so a broker is asked for anything at all.
 */
static bool is_back(struct producer *producer, int wait_ms)
{
    int64_t now_us = clock_mono_us();
    if (!producer->away || open_records(producer) > 0 || wait_ms < WAIT_MS ||
        now_us < producer->ask_back_us)
        return false;
    producer->ask_back_us = now_us + ASK_BACK_US;
    return ask(producer, wait_ms) == 0;
}

/* Take what became of records, waiting for some news of it for as long as that. */
static void take_news(struct producer *producer, int wait_ms, bool flush)
{
    uint64_t known = producer->delivered + producer->failed;
    uint64_t delivered = producer->delivered;
    if (hasten_beside(producer) && wait_ms > HASTEN_PAUSE_MS)
        wait_ms = HASTEN_PAUSE_MS;
    if (flush)
        rd_kafka_flush(producer->client.rk, wait_ms);
    else
        rd_kafka_poll(producer->client.rk, wait_ms);
    if (producer->delivered + producer->failed > known)
        producer->news_us = clock_mono_us();
    if (producer->delivered > delivered || is_back(producer, wait_ms))
        end_outage(producer);
    else
        see_outage(producer);
}

/*
 * A wait until something was delivered, most likely. While full batches go, the others linger; when
 * nothing goes any more, as with so many partitions that none has a full one, all of them go. (Not
 * always so, because a flush makes the library ask as LINGER_BULK_MS tells.)
 */
static void await_news(struct producer *producer)
{
    take_news(producer, WAIT_MS, clock_mono_us() - producer->news_us >= STALL_US);
}

/* What is larger than all of the queue never has room in it. */
static int refuse_full(const struct producer *producer, struct err *err)
{
    if (open_records(producer) > 0)
        return 1;
    return err_set(err, ERR_INPUT,
                   "the record is larger than the queue: raise queue.buffering.max.kbytes");
}

int producer_offer(struct producer *producer, const struct producer_record *record, struct err *err)
{
    if (record->timestamp_ms == 0)
        return err_set(err, ERR_INPUT,
                       "a timestamp of 0 (1970-01-01) cannot be sent: librdkafka takes it for the "
                       "time of now; write 1, or null if that is meant");
    rd_kafka_resp_err_t code = hand_over(producer, record);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return refuse_full(producer, err);
    if (code == RD_KAFKA_RESP_ERR__FATAL)
        take_news(producer, 0, false); /* of what it was */
    if (code == RD_KAFKA_RESP_ERR__FATAL && producer->last_fault.class == ERR_HALT) {
        *err = producer->last_fault;
        return -1;
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return producer_fault(err, code, record->topic);
    if (open_records(producer) == 0)
        producer->open_us = clock_mono_us();
    if (producer->sent++ == 0 && !producer->bulk)
        hasten(producer);
    return 0;
}

int producer_send(struct producer *producer, const struct producer_record *record, struct err *err)
{
    int rc;
    while ((rc = producer_offer(producer, record, err)) == 1) {
        await_news(producer);
        if (signals_stop_requested())
            return err_set(err, ERR_OUTAGE,
                           "stopped while the records before it were on their way");
    }
    return rc;
}

void producer_wait(struct producer *producer, int wait_ms, bool full)
{
    take_news(producer, wait_ms, full && clock_mono_us() - producer->news_us >= STALL_US);
}

bool producer_is_away(const struct producer *producer)
{
    return producer->away;
}

void producer_poll(struct producer *producer)
{
    take_news(producer, 0, false);
}

int64_t producer_patience_ms(const struct producer *producer)
{
    return producer->patience_ms;
}

/* Whether it is time to give up on news. */
static bool out_of_patience(const struct producer *producer)
{
    int64_t silent_us = clock_mono_us() - producer->news_us;
    if (signals_stop_requested() && silent_us > LEAVE_MS * 1000LL)
        return true;
    return producer->patience_ms >= 0 && silent_us > producer->patience_ms * 1000;
}

static int no_news(struct producer *producer, struct err *err)
{
    uint64_t left = open_records(producer);
    if (producer->last_fault.class != ERR_NONE)
        return err_set_code(err, ERR_OUTAGE, producer->last_fault.code,
                            "%" PRIu64 " of %" PRIu64 " records are not acknowledged: %s", left,
                            producer->sent, producer->last_fault.text);
    return err_set(err, ERR_OUTAGE, "%" PRIu64 " of %" PRIu64 " records are not acknowledged yet",
                   left, producer->sent);
}

static bool has_open(const struct producer *producer)
{
    return open_records(producer) > 0 && producer->last_fault.class != ERR_HALT;
}

bool producer_drain(struct producer *producer)
{
    if (!has_open(producer))
        return false;
    if (open_records(producer) > FLUSH_RECORDS)
        await_news(producer);
    else
        take_news(producer, WAIT_MS, true);
    return has_open(producer);
}

int producer_flush(struct producer *producer, struct err *err)
{
    producer->news_us = clock_mono_us();
    while (producer_drain(producer))
        if (out_of_patience(producer))
            break;
    if (open_records(producer) > 0)
        return no_news(producer, err);
    if (producer->failed == 0)
        return 0;
    *err = producer->first_fault;
    if (producer->first_failed == 0)
        return err_prefix(err, "%" PRIu64 " of %" PRIu64 " records were not delivered",
                          producer->failed, producer->sent);
    return err_prefix(err, "%" PRIu64 " of %" PRIu64 " records were not delivered; number %" PRIu64,
                      producer->failed, producer->sent, producer->first_failed);
}

uint64_t producer_delivered(const struct producer *producer)
{
    return producer->delivered;
}

uint64_t producer_failed(const struct producer *producer)
{
    return producer->failed;
}

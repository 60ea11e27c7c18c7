/* The queue of one partition. */
#include "client/consumer_private.h"

#include "base/clock.h"
#include "client/fault.h"
#include "client/library.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NUDGE_PAUSE_US 1000

/*
 * What an earlier assignment left in the queue. Records of it carry an old version and are dropped
 * by the library; "offset out of range" carries none and would stop the new stream. Only what is
 * there now: a fetcher that was not stopped yet may add to it as fast as we take.
 */
static void drop_leftovers(struct stream *stream)
{
    rd_kafka_message_t **batch = stream->consumer->batch;
    size_t left = rd_kafka_queue_length(stream->queue);
    while (left > 0) {
        ssize_t n = rd_kafka_consume_batch_queue(stream->queue, 0, batch,
                                                 left < BATCH_MAX ? left : BATCH_MAX);
        if (n <= 0)
            return;
        for (ssize_t i = 0; i < n; i++)
            rd_kafka_message_destroy(batch[i]);
        left -= (size_t)n;
    }
}

struct stream *stream_open(struct consumer *consumer, const char *topic, int32_t partition)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    stream->consumer = consumer;
    stream->partition = partition;
    stream->topic = strdup(topic);
    stream->queue = rd_kafka_queue_get_partition(consumer->client.rk, topic, partition);
    if (!stream->topic || !stream->queue) {
        stream_close(stream);
        return NULL;
    }
    rd_kafka_queue_forward(stream->queue, NULL);
    drop_leftovers(stream);
    return stream;
}

int stream_start(struct stream *stream, int64_t offset, struct err *err)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(stream->consumer->client.rk, stream->topic, NULL);
    if (!handle)
        return err_set(err, ERR_USAGE, "\"%s\" cannot be a topic's name", stream->topic);
    if (rd_kafka_consume_start(handle, stream->partition, offset) != 0) {
        fault_of_topic(err, rd_kafka_last_error(), stream->topic, NULL);
        rd_kafka_topic_destroy(handle);
        return -1;
    }
    stream->handle = handle;
    return 0;
}

/* Nothing is added to the queue after this. */
static void stop(struct stream *stream)
{
    if (!stream->handle)
        return;
    rd_kafka_consume_stop(stream->handle, stream->partition);
    rd_kafka_topic_destroy(stream->handle);
    stream->handle = NULL;
}

void stream_close(struct stream *stream)
{
    stop(stream);
    for (size_t i = 0; i < stream->n_strays; i++)
        rd_kafka_message_destroy(stream->strays[i]);
    free(stream->strays);
    if (stream->queue) {
        rd_kafka_queue_io_event_enable(stream->queue, -1, NULL, 0);
        drop_leftovers(stream);
        /*
         * What comes late goes where it is looked at. In this queue it would stay, and hold the
         * partition that holds the queue: the library would never end.
         */
        if (stream->consumer->has_group)
            rd_kafka_queue_forward(stream->queue, stream->consumer->main_queue);
        rd_kafka_queue_destroy(stream->queue);
    }
    free(stream->topic);
    free(stream);
}

void stream_add_stray(struct stream *stream, rd_kafka_message_t *message)
{
    rd_kafka_message_t **strays = realloc(stream->strays, (stream->n_strays + 1) * sizeof *strays);
    assert(strays); /* to drop it would lose a record */
    stream->strays = strays;
    stream->strays[stream->n_strays++] = message;
}

static struct slice bytes(const void *ptr, size_t len)
{
    return (struct slice){ptr, len};
}

static void set_record(struct message *out, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);
    *out = (struct message){
        .kind = MESSAGE_RECORD,
        .offset = message->offset,
        .timestamp_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp_ms,
        .key = bytes(message->key, message->key_len),
        .value = bytes(message->payload, message->len),
        .handle = message,
    };
}

static void set_fault(struct stream *stream, struct message *out, struct err *err,
                      const rd_kafka_message_t *message)
{
    bool out_of_range = message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                        message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    if (out_of_range)
        err_set_code(err, ERR_HALT, "OUT_OF_RANGE",
                     "offset %" PRId64 " is not in the log of %s [%" PRId32 "]", message->offset,
                     stream->topic, stream->partition);
    else
        fault_of_topic(err, message->err, stream->topic, rd_kafka_message_errstr(message));
    stream->stopped = err->class != ERR_OUTAGE;
    if (fault_is_topic_gone(message->err))
        atomic_store(&stream->consumer->metadata_was_asked, true);
    *out = (struct message){
        .kind = out_of_range ? MESSAGE_OUT_OF_RANGE : MESSAGE_FAULT,
        .offset = message->offset,
        .timestamp_ms = -1,
        .err = err,
    };
}

static void hand_over(struct stream *stream, rd_kafka_message_t *message,
                      void (*each)(void *context, const struct message *message), void *context)
{
    struct message out;
    struct err err;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        set_record(&out, message);
    else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        out = (struct message){.kind = MESSAGE_EOF, .offset = message->offset, .timestamp_ms = -1};
    else
        set_fault(stream, &out, &err, message);
    each(context, &out);
}

static size_t read_strays(struct stream *stream, size_t max,
                          void (*each)(void *context, const struct message *message), void *context)
{
    size_t n = stream->n_strays < max ? stream->n_strays : max;
    for (size_t i = 0; i < n; i++) {
        if (!stream->stopped)
            hand_over(stream, stream->strays[i], each, context);
        rd_kafka_message_destroy(stream->strays[i]);
    }
    stream->n_strays -= n;
    memmove(stream->strays, stream->strays + n, stream->n_strays * sizeof *stream->strays);
    return n;
}

/*
 * There is room again. Not more often than a thousand times a second, unless nothing is left to
 * read: then no later call would do it.
 */
static void nudge(struct consumer *consumer, bool is_empty)
{
    int64_t now_us = clock_mono_us();
    if (!is_empty && now_us - consumer->nudged_us < NUDGE_PAUSE_US)
        return;
    consumer->nudged_us = now_us;
    library_nudge(consumer->client.rk);
}

/*
 * The library's thread has written messages and values on another processor, so each first look at
 * one waits for memory. Ask for the next ones while this one is dealt with.
 */
static inline void bring_near(const rd_kafka_message_t *next, const rd_kafka_message_t *later)
{
    const char *value = next->payload;
    __builtin_prefetch(later);
    __builtin_prefetch((const char *)later + 64);
    __builtin_prefetch(value);
    __builtin_prefetch(value + next->len);
}

size_t stream_read(struct stream *stream, size_t max,
                   void (*each)(void *context, const struct message *message), void *context)
{
    size_t done = stream->n_strays > 0 ? read_strays(stream, max, each, context) : 0;
    rd_kafka_message_t **batch = stream->consumer->batch;
    while (done < max) {
        size_t want = max - done < BATCH_MAX ? max - done : BATCH_MAX;
        ssize_t n = rd_kafka_consume_batch_queue(stream->queue, 0, batch, want);
        for (ssize_t i = 0; i < n; i++) {
            if (i + 4 < n)
                bring_near(batch[i + 2], batch[i + 4]);
            if (!stream->stopped)
                hand_over(stream, batch[i], each, context);
            rd_kafka_message_destroy(batch[i]);
        }
        if (n > 0)
            done += (size_t)n;
        if (n < (ssize_t)want)
            break;
    }
    if (done > 0 && stream->consumer->nudges)
        nudge(stream->consumer, done < max);
    return done;
}

/*
 * Whether the record may have headers. To ask the library costs a sixth of all of weir's CPU time:
 * it allocates a buffer only to find a count of zero. On the wire (record format v2, KIP-98) a
 * value stands between its length, a zigzag varint, and the count of headers, and the library hands
 * values out where they lie among the fetched bytes. So if the length stands before the value, the
 * count stands behind it. Older formats have the length as four big-endian bytes, which are never
 * those of the varint unless it is 0.
 */
static bool may_have_headers(const rd_kafka_message_t *message)
{
    const unsigned char *value = message->payload;
    unsigned char length[10];
    size_t n = 0;
    if (!value || message->len == 0)
        return true;
    for (uint64_t zigzag = (uint64_t)message->len << 1; zigzag > 0; zigzag >>= 7)
        length[n++] = (unsigned char)(zigzag & 0x7f) | (zigzag > 0x7f ? 0x80 : 0);
    return memcmp(value - n, length, n) != 0 || value[message->len] != 0;
}

int message_header(const struct message *message, size_t i, struct slice *name, struct slice *value)
{
    rd_kafka_headers_t *headers;
    const rd_kafka_message_t *handle = message->handle;
    if (!handle || !may_have_headers(handle) ||
        rd_kafka_message_headers(handle, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    const char *header_name;
    const void *ptr;
    size_t len;
    if (rd_kafka_header_get_all(headers, i, &header_name, &ptr, &len) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    *name = slice_of(header_name);
    *value = bytes(ptr, len);
    return 1;
}

/* Where a partition's log begins and ends, and what stands at an offset. */
#include "client/admin_private.h"

#include "base/clock.h"
#include "client/fault.h"

#include <inttypes.h>

#define SLICE_MS 250

/*
 * A partition that was just made, or has just moved: its broker will know in a moment. Sleeps that
 * moment; false when the time is over, or the error is another.
 */
static bool leader_is_coming(rd_kafka_resp_err_t code, int64_t deadline_us)
{
    bool comes = code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
                 code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    if (!comes || clock_mono_us() >= deadline_us)
        return false;
    clock_sleep_ms(50);
    return true;
}

int admin_watermarks(struct admin *admin, const char *topic, int32_t partition, int timeout_ms,
                     int64_t *low, int64_t *high, struct err *err)
{
    int64_t deadline_us = clock_mono_us() + (int64_t)timeout_ms * 1000;
    rd_kafka_resp_err_t code;
    do
        code = rd_kafka_query_watermark_offsets(admin->client.rk, topic, partition, low, high,
                                                timeout_ms);
    while (leader_is_coming(code, deadline_us));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    admin_no_answer(admin, code, timeout_ms, err);
    return err_prefix(err, "offsets of %s [%" PRId32 "]", topic, partition);
}

/* The first record not older than `time_ms`; the end if all are older. */
static int offset_of_time(struct admin *admin, const char *topic, int32_t partition,
                          int64_t time_ms, int64_t high, int timeout_ms, int64_t *out,
                          struct err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = time_ms;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(admin->client.rk, list, timeout_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = list->elems[0].err;
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        admin_no_answer(admin, code, timeout_ms, err);
        return err_prefix(err, "offset by time in %s [%" PRId32 "]", topic, partition);
    }
    *out = offset >= 0 && offset <= high ? offset : high;
    return 0;
}

int offset_place(struct offset_spec spec, const char *topic, int32_t partition, int64_t low,
                 int64_t high, int64_t at, int64_t *out, struct err *err)
{
    switch (spec.kind) {
    case OFFSET_BEGINNING:
        *out = low;
        return 0;
    case OFFSET_END:
        *out = high;
        return 0;
    case OFFSET_TAIL:
        *out = spec.value < high - low ? high - spec.value : low;
        return 0;
    case OFFSET_TIME:
        *out = at;
        return 0;
    case OFFSET_ABSOLUTE:
        *out = spec.value;
        if (spec.value >= low && spec.value <= high)
            return 0;
        return err_set(err, ERR_USAGE,
                       "offset %" PRId64 " is not in %s [%" PRId32 "], which has %" PRId64
                       " to %" PRId64,
                       spec.value, topic, partition, low, high);
    case OFFSET_STORED:
        break;
    }
    return err_set(err, ERR_BUG, "a stored offset is not for the cluster to resolve");
}

int admin_resolve(struct admin *admin, const char *topic, int32_t partition,
                  struct offset_spec spec, int timeout_ms, int64_t *out, struct err *err)
{
    int64_t low;
    int64_t high;
    int64_t at = -1;
    if (admin_watermarks(admin, topic, partition, timeout_ms, &low, &high, err) != 0)
        return -1;
    if (spec.kind == OFFSET_TIME &&
        offset_of_time(admin, topic, partition, spec.value, high, timeout_ms, &at, err) != 0)
        return -1;
    return offset_place(spec, topic, partition, low, high, at, out, err);
}

/* 1, 0 or -1 as admin_reread(); 2: this was not yet an answer. */
static int judge(const rd_kafka_message_t *message, const char *topic, int64_t offset,
                 struct fingerprint *out, struct err *err)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        if (message->offset < offset)
            return 2;
        if (message->offset > offset)
            return 0;
        *out = fingerprint_of((struct slice){message->key, message->key_len},
                              (struct slice){message->payload, message->len},
                              rd_kafka_message_timestamp(message, NULL));
        return 1;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return 0;
    default:
        if (fault_class(message->err) == ERR_OUTAGE && !fault_is_topic_gone(message->err))
            return 2;
        return fault_of_topic(err, message->err, topic, rd_kafka_message_errstr(message));
    }
}

static int await_record(struct admin *admin, rd_kafka_queue_t *queue, const char *topic,
                        int64_t offset, int timeout_ms, struct fingerprint *out, struct err *err)
{
    int64_t deadline_us = clock_mono_us() + (int64_t)timeout_ms * 1000;
    while (clock_mono_us() < deadline_us) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(queue, SLICE_MS);
        if (message) {
            int rc = judge(message, topic, offset, out, err);
            rd_kafka_message_destroy(message);
            if (rc != 2)
                return rc;
        }
        if (admin_serve_errors(admin, err) != 0)
            return -1;
    }
    return admin_no_answer(admin, RD_KAFKA_RESP_ERR__TIMED_OUT, timeout_ms, err);
}

/*
 * By the library's simple consumer, which needs no group. What an earlier call left in the
 * partition's own queue cannot come through: the queue given here is new.
 */
int admin_reread(struct admin *admin, const char *topic, int32_t partition, int64_t offset,
                 int timeout_ms, struct fingerprint *out, struct err *err)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(admin->client.rk, topic, NULL);
    if (!handle)
        return err_set(err, ERR_USAGE, "\"%s\" cannot be a topic's name", topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->client.rk);
    int rc;
    if (rd_kafka_consume_start_queue(handle, partition, offset, queue) != 0) {
        rc = fault_of_topic(err, rd_kafka_last_error(), topic, NULL);
    } else {
        rc = await_record(admin, queue, topic, offset, timeout_ms, out, err);
        rd_kafka_consume_stop(handle, partition);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(handle);
    if (rc < 0)
        err_prefix(err, "reading %s [%" PRId32 "] again at offset %" PRId64, topic, partition,
                   offset);
    return rc;
}

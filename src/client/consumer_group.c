/* Offsets that are kept with the group. */
#include "client/consumer_private.h"
#include "client/fault.h"

rd_kafka_topic_partition_list_t *consumer_list_of(const struct partition_ref *partitions, size_t n)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    for (size_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, partitions[i].topic, partitions[i].partition)
            ->offset = partitions[i].offset;
    return list;
}

/* The first fault among the partitions. */
static rd_kafka_resp_err_t fault_in(const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; list && i < list->cnt; i++)
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return list->elems[i].err;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static int judge(rd_kafka_event_t *event, struct err *err)
{
    rd_kafka_resp_err_t code = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (event && code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = fault_in(rd_kafka_event_topic_partition_list(event));
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : fault_set(err, code, NULL);
}

int consumer_commit(struct consumer *consumer, const struct partition_ref *positions, size_t n,
                    int timeout_ms, struct err *err)
{
    if (n == 0)
        return 0;
    /* A queue of its own: the main queue's events keep their order and their time. */
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer->client.rk);
    rd_kafka_topic_partition_list_t *list = consumer_list_of(positions, n);
    rd_kafka_resp_err_t code = rd_kafka_commit_queue(consumer->client.rk, list, queue, NULL, NULL);
    rd_kafka_topic_partition_list_destroy(list);
    int rc;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rc = fault_set(err, code, NULL);
    } else {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);
        rc = judge(event, err);
        if (event)
            rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    return rc;
}

int consumer_committed(struct consumer *consumer, struct partition_ref *partitions, size_t n,
                       int timeout_ms, struct err *err)
{
    if (n == 0)
        return 0;
    rd_kafka_topic_partition_list_t *list = consumer_list_of(partitions, n);
    rd_kafka_resp_err_t code = rd_kafka_committed(consumer->client.rk, list, timeout_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = fault_in(list);
    for (size_t i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < n; i++)
        partitions[i].offset = list->elems[i].offset >= 0 ? list->elems[i].offset : -1;
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : fault_set(err, code, NULL);
}

#include "client/admin_brokers.h"

#include "base/clock.h"
#include "base/log.h"
#include "client/admin_private.h"
#include "client/link.h"
#include "wire/error.h"

#include <stdlib.h>
#include <string.h>

static int by_id(const void *a, const void *b)
{
    const struct probe_broker *x = a;
    const struct probe_broker *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

int admin_brokers(struct admin *admin, struct arena *arena, int timeout_ms,
                  const struct probe_broker **out, size_t *n, struct err *err)
{
    const struct rd_kafka_metadata *metadata;
    if (admin_metadata(admin, false, NULL, timeout_ms, &metadata, err) != 0)
        return -1;
    *n = (size_t)metadata->broker_cnt;
    struct probe_broker *brokers = arena_alloc(arena, (*n + 1) * sizeof *brokers);
    for (size_t i = 0; i < *n; i++) {
        const struct rd_kafka_metadata_broker *broker = &metadata->brokers[i];
        brokers[i] =
            (struct probe_broker){.id = broker->id,
                                  .address = {arena_strdup(arena, broker->host), broker->port}};
    }
    rd_kafka_metadata_destroy(metadata);
    qsort(brokers, *n, sizeof *brokers, by_id);
    *out = brokers;
    return 0;
}

/* ---- what they keep on their disks ---- */

static void keep_topic(const struct log_dir_topic *from, int32_t broker, const struct topic *topic)
{
    for (size_t i = 0; i < from->n_partitions; i++) {
        const struct log_dir_partition *size = &from->partitions[i];
        struct topic_partition *p = topic_find_partition(topic, size->partition_index);
        if (p && p->leader == broker && !size->is_future_key && size->partition_size >= 0)
            p->bytes = size->partition_size;
    }
}

void topic_list_keep_bytes(const struct topic_list *topics, int32_t broker,
                           const struct log_dirs_response *told)
{
    for (size_t i = 0; i < told->n_results; i++)
        for (size_t j = 0;
             told->results[i].error_code == WIRE_NONE && j < told->results[i].n_topics; j++) {
            const struct log_dir_topic *from = &told->results[i].topics[j];
            const struct topic *topic = topic_list_find(topics, from->name);
            if (topic)
                keep_topic(from, broker, topic);
        }
}

/* Of one topic its partitions; of more, all that the broker has. */
static void fill_request(struct arena *arena, const struct topic_list *topics,
                         struct log_dirs_request *out)
{
    *out = (struct log_dirs_request){NULL, 0};
    if (topics->n != 1)
        return;
    const struct topic *topic = &topics->items[0];
    out->n_topics = 1;
    out->topics = arena_alloc(arena, sizeof *out->topics);
    out->topics->topic = slice_of(topic->name);
    out->topics->partitions.n = topic->n_partitions;
    out->topics->partitions.items =
        arena_alloc(arena, (topic->n_partitions + 1) * sizeof *out->topics->partitions.items);
    for (size_t i = 0; i < topic->n_partitions; i++)
        out->topics->partitions.items[i] = topic->partitions[i].partition;
}

static int ask_link(struct link *link, struct arena *arena, int32_t broker,
                    const struct topic_list *topics, struct err *err)
{
    struct log_dirs_request request;
    struct log_dirs_response response;
    int16_t version = link_version(link, &log_dirs_api);
    if (version < 0)
        return err_set(err, ERR_HALT, "no version of DescribeLogDirs that weir knows");
    fill_request(arena, topics, &request);
    if (link_call(link, &log_dirs_api, version, &request, arena, &response, err) != PROBE_OK)
        return -1;
    if (response.error_code != WIRE_NONE)
        return err_set(err, ERR_HALT, "%s", wire_error_of(response.error_code)->meaning);
    topic_list_keep_bytes(topics, broker, &response);
    return 0;
}

static int ask_broker(const struct probe_broker *broker, const struct property *properties,
                      size_t n_properties, const struct topic_list *topics, int64_t deadline_us,
                      struct err *err)
{
    struct arena arena;
    struct link link;
    arena_init(&arena);
    enum probe_outcome outcome =
        link_open(&link, &broker->address, properties, n_properties, deadline_us, &arena, err);
    if (outcome == PROBE_OK && link.security.sasl)
        outcome = link_login(&link, &arena, err);
    int rc = outcome == PROBE_OK ? ask_link(&link, &arena, broker->id, topics, err) : -1;
    link_close(&link);
    arena_release(&arena);
    return rc;
}

void admin_topics_bytes(struct admin *admin, const struct property *properties, size_t n_properties,
                        struct topic_list *topics, int timeout_ms)
{
    struct arena arena;
    struct err err;
    const struct probe_broker *brokers;
    size_t n = 0;
    int64_t deadline_us = clock_mono_us() + (int64_t)timeout_ms * 1000;
    arena_init(&arena);
    if (topics->n == 0 || admin_brokers(admin, &arena, timeout_ms, &brokers, &n, &err) < 0)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        /* One that is away leaves the others their share. */
        int64_t now_us = clock_mono_us();
        int64_t share_us = (deadline_us - now_us) / (int64_t)(n - i);
        if (ask_broker(&brokers[i], properties, n_properties, topics,
                       now_us + (share_us > 0 ? share_us : 0), &err) < 0)
            log_debug(admin->client.scope, "broker %d does not tell the bytes of its topics: %s",
                      brokers[i].id, err.text);
    }
    arena_release(&arena);
}

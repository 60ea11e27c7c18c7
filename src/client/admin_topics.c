/* What topics there are, and where their partitions begin and end. */
#include "client/admin_topics.h"

#include "base/clock.h"
#include "client/admin_private.h"
#include "client/fault.h"

#include <stdlib.h>
#include <string.h>

/* How long a fault of a kind that passes is waited out, and how often it is looked at. */
#define PASSING_MS 3000
#define LOOK_MS 50

bool topic_is_internal(const char *name)
{
    return name[0] == '_' && name[1] == '_';
}

int64_t topic_records(const struct topic *topic)
{
    int64_t records = 0;
    for (size_t i = 0; i < topic->n_partitions; i++) {
        const struct topic_partition *p = &topic->partitions[i];
        if (p->low < 0 || p->high < 0)
            return TOPIC_UNKNOWN;
        records += p->high - p->low;
    }
    return records;
}

int64_t topic_bytes(const struct topic *topic)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < topic->n_partitions; i++) {
        int64_t more = topic->partitions[i].bytes;
        if (more < 0 || __builtin_add_overflow(bytes, more, &bytes))
            return TOPIC_UNKNOWN;
    }
    return bytes;
}

static const int32_t *copy_ids(struct arena *arena, const int32_t *ids, int n)
{
    int32_t *copy = arena_alloc(arena, ((size_t)n + 1) * sizeof *copy);
    for (int i = 0; i < n; i++)
        copy[i] = ids[i];
    return copy;
}

static int by_number(const void *a, const void *b)
{
    const struct topic_partition *x = a;
    const struct topic_partition *y = b;
    return (x->partition > y->partition) - (x->partition < y->partition);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct topic *)a)->name, ((const struct topic *)b)->name);
}

static void copy_topic(struct arena *arena, const rd_kafka_metadata_topic_t *from, struct topic *to)
{
    size_t n = (size_t)from->partition_cnt;
    struct topic_partition *partitions = arena_alloc(arena, (n + 1) * sizeof *partitions);
    for (size_t i = 0; i < n; i++) {
        const rd_kafka_metadata_partition_t *p = &from->partitions[i];
        partitions[i] = (struct topic_partition){
            .partition = p->id,
            .leader = p->leader >= 0 ? p->leader : TOPIC_UNKNOWN,
            .replicas = copy_ids(arena, p->replicas, p->replica_cnt),
            .n_replicas = (size_t)p->replica_cnt,
            .in_sync = copy_ids(arena, p->isrs, p->isr_cnt),
            .n_in_sync = (size_t)p->isr_cnt,
            .low = TOPIC_UNKNOWN,
            .high = TOPIC_UNKNOWN,
            .at = TOPIC_UNKNOWN,
            .bytes = TOPIC_UNKNOWN,
        };
    }
    qsort(partitions, n, sizeof *partitions, by_number);
    *to = (struct topic){.name = arena_strdup(arena, from->topic),
                         .partitions = partitions,
                         .n_partitions = n};
}

int admin_topics(struct admin *admin, struct arena *arena, const char *name, int timeout_ms,
                 struct topic_list *out, struct err *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = name ? rd_kafka_topic_new(admin->client.rk, name, NULL) : NULL;
    *out = (struct topic_list){NULL, 0};
    if (name && !handle)
        return err_set(err, ERR_USAGE, "\"%s\" cannot be a topic's name", name);
    int rc = admin_metadata(admin, !name, handle, timeout_ms, &metadata, err);
    if (handle)
        rd_kafka_topic_destroy(handle);
    if (rc != 0)
        return -1;
    out->items = arena_alloc(arena, ((size_t)metadata->topic_cnt + 1) * sizeof *out->items);
    for (int i = 0; i < metadata->topic_cnt; i++)
        /* One that is just being deleted is not there. */
        if (!fault_is_topic_gone(metadata->topics[i].err))
            copy_topic(arena, &metadata->topics[i], &out->items[out->n++]);
    rd_kafka_metadata_destroy(metadata);
    qsort(out->items, out->n, sizeof *out->items, by_name);
    return 0;
}

static int order_of(const char *name, struct slice other)
{
    size_t length = strlen(name);
    int order = memcmp(name, other.ptr, length < other.len ? length : other.len);
    return order != 0 ? order : (length > other.len) - (length < other.len);
}

const struct topic *topic_list_find(const struct topic_list *topics, struct slice name)
{
    for (size_t low = 0, high = topics->n; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = order_of(topics->items[middle].name, name);
        if (order == 0)
            return &topics->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* They are in order, and all but always none is missing. */
struct topic_partition *topic_find_partition(const struct topic *topic, int32_t number)
{
    if (number < 0)
        return NULL;
    size_t i = (size_t)number < topic->n_partitions ? (size_t)number + 1 : topic->n_partitions;
    while (i > 0 && topic->partitions[i - 1].partition > number)
        i--;
    return i > 0 && topic->partitions[i - 1].partition == number ? &topic->partitions[i - 1] : NULL;
}

/* ---- offsets: one question to each broker for all of its partitions ---- */

enum which { WHICH_LOW, WHICH_HIGH, WHICH_AT };

static void set_offset(struct topic_partition *p, enum which which, int64_t offset)
{
    if (which == WHICH_LOW)
        p->low = offset;
    else if (which == WHICH_HIGH)
        p->high = offset;
    else
        p->at = offset >= 0 && offset <= p->high ? offset : p->high;
}

/* The partitions that can be asked, in the order in which keep() takes the answers. */
static rd_kafka_topic_partition_list_t *questions(const struct topic_list *topics, int64_t time)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (size_t i = 0; i < topics->n; i++)
        for (size_t j = 0; j < topics->items[i].n_partitions; j++) {
            const struct topic_partition *p = &topics->items[i].partitions[j];
            if (p->leader != TOPIC_UNKNOWN)
                rd_kafka_topic_partition_list_add(list, topics->items[i].name, p->partition)
                    ->offset = time;
        }
    return list;
}

/*
 * A new leader takes a moment until it answers, and until then one such partition can make the
 * whole question fail.
 */
static bool is_passing(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
        return true;
    default:
        return fault_is_topic_gone(code);
    }
}

/* The first thing wrong with the answers. */
static rd_kafka_resp_err_t fault_in(const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return list->elems[i].err;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void keep(const struct topic_list *topics, const rd_kafka_topic_partition_list_t *list,
                 enum which which)
{
    int at = 0;
    for (size_t i = 0; i < topics->n; i++)
        for (size_t j = 0; j < topics->items[i].n_partitions; j++) {
            struct topic_partition *p = &topics->items[i].partitions[j];
            if (p->leader == TOPIC_UNKNOWN || at == list->cnt)
                continue;
            const rd_kafka_topic_partition_t *answer = &list->elems[at++];
            if (answer->err == RD_KAFKA_RESP_ERR_NO_ERROR)
                set_offset(p, which, answer->offset);
        }
}

/* Once. What is wrong with the answer as a whole, or with a partition in it. */
static rd_kafka_resp_err_t ask_once(struct admin *admin, const struct topic_list *topics,
                                    int64_t time, enum which which, int timeout_ms)
{
    rd_kafka_topic_partition_list_t *list = questions(topics, time);
    rd_kafka_resp_err_t code = list->cnt > 0
                                   ? rd_kafka_offsets_for_times(admin->client.rk, list, timeout_ms)
                                   : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        keep(topics, list, which);
        code = fault_in(list);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

static int ask_offsets(struct admin *admin, const struct topic_list *topics, int64_t time,
                       enum which which, int timeout_ms, struct err *err)
{
    int64_t patience_ms = timeout_ms < PASSING_MS ? timeout_ms : PASSING_MS;
    int64_t deadline_us = clock_mono_us() + patience_ms * 1000;
    rd_kafka_resp_err_t code = ask_once(admin, topics, time, which, timeout_ms);
    while (is_passing(code) && clock_mono_us() < deadline_us) {
        clock_sleep_ms(LOOK_MS);
        code = ask_once(admin, topics, time, which, timeout_ms);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    if (topics->n <= 1 || fault_is_connection(code)) {
        admin_no_answer(admin, code, timeout_ms, err);
        return err_prefix(err, "offsets");
    }
    /* One of several cannot be asked: its offsets stay unknown, the others are asked alone. */
    for (size_t i = 0; i < topics->n; i++) {
        const struct topic_list one = {&topics->items[i], 1};
        code = ask_once(admin, &one, time, which, timeout_ms);
        if (fault_is_connection(code))
            return admin_no_answer(admin, code, timeout_ms, err);
    }
    return 0;
}

/* ListOffsets knows both ends by a time of its own: -2 and -1. */
int admin_topics_offsets(struct admin *admin, struct topic_list *topics, int timeout_ms,
                         struct err *err)
{
    if (ask_offsets(admin, topics, RD_KAFKA_OFFSET_BEGINNING, WHICH_LOW, timeout_ms, err) != 0)
        return -1;
    return ask_offsets(admin, topics, RD_KAFKA_OFFSET_END, WHICH_HIGH, timeout_ms, err);
}

int admin_topics_at(struct admin *admin, struct topic_list *topics, int64_t time_ms, int timeout_ms,
                    struct err *err)
{
    /* Before 1970 there are no records, and a negative time would mean something else. */
    return ask_offsets(admin, topics, time_ms > 0 ? time_ms : 0, WHICH_AT, timeout_ms, err);
}

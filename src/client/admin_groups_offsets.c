/* Where groups are: their committed offsets, and the ends of what they read. */
#include "base/clock.h"
#include "client/admin_groups_private.h"
#include "client/admin_topics.h"
#include "client/fault.h"

#include <stdlib.h>
#include <string.h>

/* Questions about groups that are under way at a time: each goes to a coordinator of its own. */
#define MAX_ASKED 64

/* ---- committed offsets ---- */

static void copy_offsets(struct arena *arena, const rd_kafka_topic_partition_list_t *list,
                         struct group *group)
{
    size_t n = list ? (size_t)list->cnt : 0;
    group->offsets_err.class = ERR_NONE;
    group->partitions = arena_alloc(arena, (n + 1) * sizeof *group->partitions);
    group->n_partitions = 0;
    for (size_t i = 0; i < n; i++) {
        if (list->elems[i].offset < 0)
            continue;
        group->partitions[group->n_partitions++] = (struct group_partition){
            .topic = arena_strdup(arena, list->elems[i].topic),
            .partition = list->elems[i].partition,
            .committed = list->elems[i].offset,
            .low = GROUP_UNKNOWN,
            .high = GROUP_UNKNOWN,
        };
    }
    group->offsets_known = true;
}

/* One whole group failed, or one partition of it. */
static rd_kafka_resp_err_t result_fault(const rd_kafka_group_result_t *result)
{
    const rd_kafka_error_t *error = rd_kafka_group_result_error(result);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_group_result_partitions(result);
    if (error)
        return rd_kafka_error_code(error);
    for (int i = 0; list && i < list->cnt; i++)
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return list->elems[i].err;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t keep_offsets(struct arena *arena, struct admin_request *request,
                                        rd_kafka_event_t *event)
{
    size_t n = 0;
    struct group *group = rd_kafka_event_opaque(event);
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        admin_request_fault(request, event, &group->offsets_err);
        err_prefix(&group->offsets_err, "group \"%s\"", group->name);
        return code;
    }
    const rd_kafka_group_result_t **results = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &n);
    code = n == 1 ? result_fault(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        group_fault(&group->offsets_err, code, group->name, NULL);
    else
        copy_offsets(arena, rd_kafka_group_result_partitions(results[0]), group);
    return code;
}

static void ask_offsets(struct admin_request *request, struct group *group)
{
    /* No partitions: all that it has offsets of. */
    rd_kafka_ListConsumerGroupOffsets_t *question =
        rd_kafka_ListConsumerGroupOffsets_new(group->name, NULL);
    rd_kafka_AdminOptions_set_opaque(request->options, group);
    rd_kafka_ListConsumerGroupOffsets(request->admin->client.rk, &question, 1, request->options,
                                      request->queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
}

/* All groups whose offsets are not known yet; `passing`: the first fault that passes by itself. */
static int offsets_once(struct admin *admin, struct arena *arena, struct group_list *groups,
                        int timeout_ms, rd_kafka_resp_err_t *passing, struct err *err)
{
    struct admin_request request;
    size_t next = 0;
    size_t asked = 0;
    int rc = 0;
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout_ms, &request);
    *passing = RD_KAFKA_RESP_ERR_NO_ERROR;
    while (rc == 0) {
        for (; next < groups->n && asked < MAX_ASKED; next++)
            if (!groups->items[next].offsets_known) {
                ask_offsets(&request, &groups->items[next]);
                asked++;
            }
        if (asked == 0)
            break;
        rd_kafka_event_t *event = admin_request_next(&request, err);
        if (!event) {
            rc = -1;
            break;
        }
        rd_kafka_resp_err_t code = keep_offsets(arena, &request, event);
        if (group_fault_passes(code))
            *passing = code;
        rd_kafka_event_destroy(event);
        asked--;
    }
    admin_request_close(&request);
    return rc;
}

int admin_groups_offsets(struct admin *admin, struct arena *arena, struct group_list *groups,
                         int timeout_ms, struct err *err)
{
    rd_kafka_resp_err_t passing;
    int64_t deadline_us = group_deadline_us(timeout_ms);
    do
        if (offsets_once(admin, arena, groups, timeout_ms, &passing, err) != 0)
            return -1;
    while (group_worth_waiting(passing, deadline_us));
    return 0;
}

/* ---- ends ---- */

static int by_place(const void *a, const void *b)
{
    const struct group_partition *x = a;
    const struct group_partition *y = b;
    int order = strcmp(x->topic, y->topic);
    return order ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

static int by_topic_name(const void *a, const void *b)
{
    return strcmp(((const struct topic *)a)->name, ((const struct topic *)b)->name);
}

static const struct topic *find_topic(const struct topic_list *topics, const char *name)
{
    if (topics->n == 0)
        return NULL;
    const struct topic key = {.name = name};
    return bsearch(&key, topics->items, topics->n, sizeof *topics->items, by_topic_name);
}

static const struct topic_partition *find_partition(const struct topic *topic, int32_t number)
{
    for (size_t i = 0; topic && i < topic->n_partitions; i++)
        if (topic->partitions[i].partition == number)
            return &topic->partitions[i];
    return NULL;
}

/* A group's partitions while some are added; several rows may stand for one partition. */
struct rows {
    struct arena *arena;
    struct group *group;
    size_t room;
};

static void add_row(struct rows *rows, const char *topic, int32_t partition)
{
    struct group *group = rows->group;
    if (group->n_partitions >= rows->room) {
        rows->room = 2 * group->n_partitions + 16;
        struct group_partition *grown = arena_alloc(rows->arena, rows->room * sizeof *grown);
        if (group->n_partitions > 0)
            memcpy(grown, group->partitions, group->n_partitions * sizeof *grown);
        group->partitions = grown;
    }
    group->partitions[group->n_partitions++] =
        (struct group_partition){topic,         partition,     false,
                                 GROUP_UNKNOWN, GROUP_UNKNOWN, GROUP_UNKNOWN};
}

/* The rows of one partition become one: at most one of them has an offset. */
static void merge_rows(struct group *group)
{
    size_t n = 0;
    if (group->n_partitions > 0)
        qsort(group->partitions, group->n_partitions, sizeof *group->partitions, by_place);
    for (size_t i = 0; i < group->n_partitions; i++) {
        const struct group_partition *p = &group->partitions[i];
        if (n == 0 || by_place(&group->partitions[n - 1], p) != 0)
            group->partitions[n++] = *p;
        else if (p->committed >= 0)
            group->partitions[n - 1].committed = p->committed;
    }
    group->n_partitions = n;
}

/* What members are assigned to, then the other partitions of all these topics. */
static void add_rows(struct arena *arena, struct group *group, const struct topic_list *topics,
                     bool *is_read)
{
    struct rows rows = {arena, group, 0};
    for (size_t i = 0; i < group->n_members; i++)
        for (size_t j = 0; j < group->members[i].n_partitions; j++)
            add_row(&rows, group->members[i].partitions[j].topic,
                    group->members[i].partitions[j].partition);
    merge_rows(group);
    size_t n = group->n_partitions;
    for (size_t i = 0; i < n; i++) {
        const char *name = group->partitions[i].topic;
        const struct topic *topic = find_topic(topics, name);
        if (!topic || (i > 0 && !strcmp(group->partitions[i - 1].topic, name)))
            continue;
        is_read[topic - topics->items] = true;
        for (size_t j = 0; j < topic->n_partitions; j++)
            add_row(&rows, name, topic->partitions[j].partition);
    }
    merge_rows(group);
}

static void fill_ends(struct group *group, const struct topic_list *topics)
{
    for (size_t i = 0; i < group->n_partitions; i++) {
        struct group_partition *p = &group->partitions[i];
        const struct topic_partition *found =
            find_partition(find_topic(topics, p->topic), p->partition);
        p->is_gone = !found;
        p->low = found ? found->low : GROUP_UNKNOWN;
        p->high = found ? found->high : GROUP_UNKNOWN;
    }
}

int admin_groups_ends(struct admin *admin, struct arena *arena, struct group_list *groups,
                      int timeout_ms, struct err *err)
{
    struct topic_list topics;
    size_t n = 0;
    int rc = admin_topics(admin, arena, NULL, timeout_ms, &topics, err);
    bool *is_read = arena_alloc(arena, topics.n + 1);
    for (size_t i = 0; i < groups->n; i++)
        add_rows(arena, &groups->items[i], &topics, is_read);
    if (rc != 0)
        return -1;
    for (size_t i = 0; i < topics.n; i++)
        if (is_read[i])
            topics.items[n++] = topics.items[i];
    topics.n = n;
    rc = admin_topics_offsets(admin, &topics, timeout_ms, err);
    for (size_t i = 0; i < groups->n; i++)
        fill_ends(&groups->items[i], &topics);
    return rc;
}

/* Where groups are: their committed offsets, and the ends of what they read. */
#include "base/clock.h"
#include "client/admin_groups_private.h"
#include "client/admin_topics.h"
#include "client/fault.h"

#include <assert.h>
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

static void ask_offsets(struct admin_request *request, struct group *group, int64_t left_ms)
{
    char errstr[256];
    rd_kafka_AdminOptions_set_request_timeout(request->options, (int)left_ms, errstr,
                                              sizeof errstr);
    /* No partitions: all that it has offsets of. */
    rd_kafka_ListConsumerGroupOffsets_t *question =
        rd_kafka_ListConsumerGroupOffsets_new(group->name, NULL);
    rd_kafka_AdminOptions_set_opaque(request->options, group);
    rd_kafka_ListConsumerGroupOffsets(request->admin->client.rk, &question, 1, request->options,
                                      request->queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
}

/* A few more questions, as long as there is time: what is left of it is all that each gets. */
static void ask_more(struct admin_request *request, struct group_list *groups, size_t *next,
                     size_t *asked, int64_t deadline_us)
{
    for (; *next < groups->n && *asked < MAX_ASKED; ++*next) {
        struct group *group = &groups->items[*next];
        int64_t left_ms = (deadline_us - clock_mono_us()) / 1000;
        if (group->offsets_known)
            continue;
        if (left_ms > 0) {
            ask_offsets(request, group, left_ms);
            ++*asked;
        } else if (group->offsets_err.class == ERR_NONE) {
            err_set(&group->offsets_err, ERR_OUTAGE,
                    "group \"%s\": not asked for its offsets: others took all of %d s", group->name,
                    request->timeout_ms / 1000);
        }
    }
}

/*
 * All groups whose offsets are not known yet, in `timeout_ms` together; `passing`: the first fault
 * that passes by itself.
 */
static int offsets_once(struct admin *admin, struct arena *arena, struct group_list *groups,
                        int timeout_ms, rd_kafka_resp_err_t *passing, struct err *err)
{
    struct admin_request request;
    int64_t deadline_us = clock_mono_us() + timeout_ms * INT64_C(1000);
    size_t next = 0;
    size_t asked = 0;
    int rc = 0;
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout_ms, &request);
    *passing = RD_KAFKA_RESP_ERR_NO_ERROR;
    while (rc == 0) {
        ask_more(&request, groups, &next, &asked, deadline_us);
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
    group->partitions[group->n_partitions++] = (struct group_partition){
        .topic = topic,
        .partition = partition,
        .committed = GROUP_UNKNOWN,
        .low = GROUP_UNKNOWN,
        .high = GROUP_UNKNOWN,
    };
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
        const struct topic *topic = topic_list_find(topics, slice_of(name));
        if (!topic || (i > 0 && !strcmp(group->partitions[i - 1].topic, name)))
            continue;
        is_read[topic - topics->items] = true;
        for (size_t j = 0; j < topic->n_partitions; j++)
            add_row(&rows, name, topic->partitions[j].partition);
    }
    merge_rows(group);
}

/* A topic that is not listed: it is not there, or who asks may not see it. */
struct missing {
    const char *name;
    rd_kafka_resp_err_t code; /* what a broker says of it; __FAIL: none did */
};

/* What is known of those so far; each is asked about once, and nobody after a question failed. */
struct search {
    struct admin *admin;
    const struct topic_list *topics;
    struct missing *missing; /* room for one to each row of all groups */
    size_t n;
    int timeout_ms;
    bool failed;
};

/* Brokers say by name alone whether a topic may not be seen. */
static rd_kafka_resp_err_t ask_missing(struct search *search, const char *name)
{
    struct err ignored;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__FAIL;
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle =
        search->failed ? NULL : rd_kafka_topic_new(search->admin->client.rk, name, NULL);
    if (!handle)
        return code;
    search->failed =
        admin_metadata(search->admin, false, handle, search->timeout_ms, &metadata, &ignored) != 0;
    rd_kafka_topic_destroy(handle);
    if (search->failed)
        return code;
    if (metadata->topic_cnt == 1)
        code = metadata->topics[0].err;
    rd_kafka_metadata_destroy(metadata);
    return code;
}

static rd_kafka_resp_err_t why_missing(struct search *search, const char *name)
{
    for (size_t i = 0; i < search->n; i++)
        if (!strcmp(search->missing[i].name, name))
            return search->missing[i].code;
    struct missing *added = &search->missing[search->n++];
    *added = (struct missing){name, ask_missing(search, name)};
    return added->code;
}

static void fill_ends(struct search *search, struct group *group)
{
    for (size_t i = 0; i < group->n_partitions; i++) {
        struct group_partition *p = &group->partitions[i];
        assert(p->topic);
        const struct topic *topic = topic_list_find(search->topics, slice_of(p->topic));
        const struct topic_partition *found =
            topic ? topic_find_partition(topic, p->partition) : NULL;
        rd_kafka_resp_err_t code =
            topic ? RD_KAFKA_RESP_ERR_NO_ERROR : why_missing(search, p->topic);
        p->is_gone = topic ? !found : fault_is_topic_gone(code);
        p->is_hidden = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
        p->low = found ? found->low : GROUP_UNKNOWN;
        p->high = found ? found->high : GROUP_UNKNOWN;
    }
}

static void fill_all_ends(struct admin *admin, struct arena *arena, struct group_list *groups,
                          const struct topic_list *topics, int timeout_ms)
{
    struct search search = {.admin = admin, .topics = topics, .timeout_ms = timeout_ms};
    size_t rows = 0;
    for (size_t i = 0; i < groups->n; i++)
        rows += groups->items[i].n_partitions;
    search.missing = arena_alloc(arena, (rows + 1) * sizeof *search.missing);
    for (size_t i = 0; i < groups->n; i++)
        fill_ends(&search, &groups->items[i]);
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
    fill_all_ends(admin, arena, groups, &topics, timeout_ms);
    return rc;
}

/* Offsets of groups changed, and groups deleted. */
#include "base/clock.h"
#include "client/admin_groups_private.h"
#include "client/fault.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How many were taken; of the others the first fault, or NO_ERROR. */
static rd_kafka_resp_err_t judge_commit(rd_kafka_event_t *event, const char *group, size_t *done,
                                        struct err *err)
{
    size_t n = 0;
    rd_kafka_resp_err_t fault = RD_KAFKA_RESP_ERR_NO_ERROR;
    const rd_kafka_group_result_t **results = rd_kafka_AlterConsumerGroupOffsets_result_groups(
        rd_kafka_event_AlterConsumerGroupOffsets_result(event), &n);
    const rd_kafka_error_t *error = n == 1 ? rd_kafka_group_result_error(results[0]) : NULL;
    const rd_kafka_topic_partition_list_t *list =
        n == 1 ? rd_kafka_group_result_partitions(results[0]) : NULL;
    *done = 0;
    if (error) {
        fault = rd_kafka_error_code(error);
        group_fault(err, fault, group, rd_kafka_error_string(error));
        return fault;
    }
    for (int i = 0; list && i < list->cnt; i++) {
        rd_kafka_resp_err_t code = list->elems[i].err;
        *done += code == RD_KAFKA_RESP_ERR_NO_ERROR;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR || fault != RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        fault = code;
        group_fault(err, code, group, NULL);
        if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || fault_is_topic_gone(code))
            err_prefix(err, "%s [%" PRId32 "]", list->elems[i].topic, list->elems[i].partition);
    }
    return fault;
}

static int commit_once(struct admin *admin, const char *group,
                       const rd_kafka_topic_partition_list_t *list, int timeout_ms, size_t *done,
                       rd_kafka_resp_err_t *fault, struct err *err)
{
    struct admin_request request;
    rd_kafka_AlterConsumerGroupOffsets_t *question =
        rd_kafka_AlterConsumerGroupOffsets_new(group, list);
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, timeout_ms, &request);
    rd_kafka_AlterConsumerGroupOffsets(admin->client.rk, &question, 1, request.options,
                                       request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    if (event) {
        *fault = judge_commit(event, group, done, err);
        rd_kafka_event_destroy(event);
    }
    admin_request_close(&request);
    rd_kafka_AlterConsumerGroupOffsets_destroy(question);
    return event && *fault == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : -1;
}

int admin_group_commit(struct admin *admin, const char *group,
                       const struct partition_ref *positions, size_t n, int timeout_ms,
                       size_t *done, struct err *err)
{
    rd_kafka_resp_err_t fault = RD_KAFKA_RESP_ERR_NO_ERROR;
    int64_t deadline_us = group_deadline_us(timeout_ms);
    int rc;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    for (size_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, positions[i].topic, positions[i].partition)
            ->offset = positions[i].offset;
    *done = 0;
    do
        rc = commit_once(admin, group, list, timeout_ms, done, &fault, err);
    while (rc != 0 && group_worth_waiting(fault, deadline_us));
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

/* ---- delete ---- */

static struct group_result *find_result(struct group_result *results, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(results[i].name, name))
            return &results[i];
    return NULL;
}

/* The first fault that passes by itself, or NO_ERROR. */
static rd_kafka_resp_err_t keep_results(rd_kafka_event_t *event, struct group_result *results,
                                        size_t n)
{
    size_t n_answers = 0;
    rd_kafka_resp_err_t passing = RD_KAFKA_RESP_ERR_NO_ERROR;
    const rd_kafka_group_result_t **answers =
        rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &n_answers);
    for (size_t i = 0; i < n_answers; i++) {
        const rd_kafka_error_t *error = rd_kafka_group_result_error(answers[i]);
        struct group_result *result =
            find_result(results, n, rd_kafka_group_result_name(answers[i]));
        if (!result)
            continue;
        result->err.class = ERR_NONE;
        if (!error)
            continue;
        group_fault(&result->err, rd_kafka_error_code(error), result->name,
                    rd_kafka_error_string(error));
        if (group_fault_passes(rd_kafka_error_code(error)))
            passing = rd_kafka_error_code(error);
    }
    return passing;
}

/* Those that are not deleted yet. */
static int delete_once(struct admin *admin, struct group_result *results, size_t n, int timeout_ms,
                       rd_kafka_resp_err_t *passing, struct err *err)
{
    struct admin_request request;
    size_t n_left = 0;
    rd_kafka_DeleteGroup_t **left = calloc(n + 1, sizeof *left);
    if (!left)
        return err_set(err, ERR_BUG, "out of memory");
    for (size_t i = 0; i < n; i++)
        if (results[i].err.class != ERR_NONE)
            left[n_left++] = rd_kafka_DeleteGroup_new(results[i].name);
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_DELETEGROUPS, timeout_ms, &request);
    rd_kafka_DeleteGroups(admin->client.rk, left, n_left, request.options, request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    if (event) {
        *passing = keep_results(event, results, n);
        rd_kafka_event_destroy(event);
    }
    admin_request_close(&request);
    rd_kafka_DeleteGroup_destroy_array(left, n_left);
    free(left);
    return event ? 0 : -1;
}

int admin_delete_groups(struct admin *admin, const char *const *names, size_t n, int timeout_ms,
                        struct group_result *results, struct err *err)
{
    rd_kafka_resp_err_t passing = RD_KAFKA_RESP_ERR_NO_ERROR;
    int64_t deadline_us = group_deadline_us(timeout_ms);
    for (size_t i = 0; i < n; i++) {
        results[i].name = names[i];
        err_set(&results[i].err, ERR_OUTAGE, "the broker said nothing about group \"%s\"",
                names[i]);
    }
    do
        if (delete_once(admin, results, n, timeout_ms, &passing, err) != 0)
            return -1;
    while (group_worth_waiting(passing, deadline_us));
    return 0;
}

/* Topics made and deleted, and partitions added. */
#include "client/admin_topics.h"

#include "base/clock.h"
#include "client/admin_private.h"
#include "client/fault.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 50

/* The broker answers in an order of its own. */
static struct topic_result *find_result(struct topic_result *results, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(results[i].name, name))
            return &results[i];
    return NULL;
}

static void keep_results(const rd_kafka_topic_result_t **answers, size_t n_answers,
                         struct topic_result *results, size_t n)
{
    for (size_t i = 0; i < n_answers; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(answers[i]);
        struct topic_result *result =
            find_result(results, n, rd_kafka_topic_result_name(answers[i]));
        if (!result)
            continue;
        result->exists = code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
        result->err.class = ERR_NONE;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            admin_refusal(&result->err, code, result->name,
                          rd_kafka_topic_result_error_string(answers[i]));
    }
}

static void start_results(struct topic_result *results, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        results[i].name = names[i];
        results[i].exists = false;
        err_set(&results[i].err, ERR_OUTAGE, "the broker said nothing about topic \"%s\"",
                names[i]);
    }
}

static int build_new_topics(const struct new_topics *topics, rd_kafka_NewTopic_t **out,
                            struct err *err)
{
    char errstr[256];
    for (size_t i = 0; i < topics->n; i++) {
        out[i] = rd_kafka_NewTopic_new(topics->names[i], topics->partitions,
                                       topics->replication_factor, errstr, sizeof errstr);
        if (!out[i])
            return err_set(err, ERR_USAGE, "topic \"%s\": %s", topics->names[i], errstr);
        for (size_t j = 0; j < topics->n_configs; j++) {
            const struct config_change *config = &topics->configs[j];
            if (rd_kafka_NewTopic_set_config(out[i], config->name, config->value) !=
                RD_KAFKA_RESP_ERR_NO_ERROR)
                return err_set(err, ERR_USAGE, "\"%s\" cannot be a config", config->name);
        }
    }
    return 0;
}

static int send_new_topics(struct admin *admin, rd_kafka_NewTopic_t **list, size_t n,
                           bool only_validate, int timeout_ms, struct topic_result *results,
                           struct err *err)
{
    struct admin_request request;
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms, &request);
    if (only_validate)
        admin_request_only_validate(&request);
    rd_kafka_CreateTopics(admin->client.rk, list, n, request.options, request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    if (event) {
        size_t n_answers = 0;
        const rd_kafka_topic_result_t **answers =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event),
                                                &n_answers);
        keep_results(answers, n_answers, results, n);
        rd_kafka_event_destroy(event);
    }
    admin_request_close(&request);
    return event ? 0 : -1;
}

int admin_create_topics(struct admin *admin, const struct new_topics *topics, bool only_validate,
                        int timeout_ms, struct topic_result *results, struct err *err)
{
    rd_kafka_NewTopic_t **list = calloc(topics->n, sizeof *list);
    if (!list)
        return err_set(err, ERR_BUG, "out of memory");
    start_results(results, topics->names, topics->n);
    int rc = build_new_topics(topics, list, err);
    if (rc == 0)
        rc = send_new_topics(admin, list, topics->n, only_validate, timeout_ms, results, err);
    for (size_t i = 0; i < topics->n && list[i]; i++)
        rd_kafka_NewTopic_destroy(list[i]);
    free(list);
    return rc;
}

int admin_delete_topics(struct admin *admin, const char *const *names, size_t n, int timeout_ms,
                        struct topic_result *results, struct err *err)
{
    rd_kafka_DeleteTopic_t **list = calloc(n, sizeof *list);
    if (!list)
        return err_set(err, ERR_BUG, "out of memory");
    start_results(results, names, n);
    for (size_t i = 0; i < n; i++)
        list[i] = rd_kafka_DeleteTopic_new(names[i]);
    struct admin_request request;
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout_ms, &request);
    rd_kafka_DeleteTopics(admin->client.rk, list, n, request.options, request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    if (event) {
        size_t n_answers = 0;
        const rd_kafka_topic_result_t **answers =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event),
                                                &n_answers);
        keep_results(answers, n_answers, results, n);
        rd_kafka_event_destroy(event);
    }
    admin_request_close(&request);
    rd_kafka_DeleteTopic_destroy_array(list, n);
    free(list);
    return event ? 0 : -1;
}

static int send_partitions(struct admin *admin, rd_kafka_NewPartitions_t *partitions,
                           bool only_validate, int timeout_ms, struct topic_result *result,
                           struct err *err)
{
    struct admin_request request;
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, timeout_ms, &request);
    if (only_validate)
        admin_request_only_validate(&request);
    rd_kafka_CreatePartitions(admin->client.rk, &partitions, 1, request.options, request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    if (event) {
        size_t n = 0;
        const rd_kafka_topic_result_t **answers =
            rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event),
                                                    &n);
        keep_results(answers, n, result, 1);
        rd_kafka_event_destroy(event);
    }
    admin_request_close(&request);
    return event ? 0 : -1;
}

int admin_add_partitions(struct admin *admin, const char *topic, int32_t total, bool only_validate,
                         int timeout_ms, struct err *err)
{
    char errstr[256];
    struct topic_result result;
    rd_kafka_NewPartitions_t *partitions =
        rd_kafka_NewPartitions_new(topic, (size_t)total, errstr, sizeof errstr);
    if (!partitions)
        return err_set(err, ERR_USAGE, "topic \"%s\": %s", topic, errstr);
    start_results(&result, &topic, 1);
    int rc = send_partitions(admin, partitions, only_validate, timeout_ms, &result, err);
    rd_kafka_NewPartitions_destroy(partitions);
    if (rc == 0 && result.err.class != ERR_NONE) {
        *err = result.err;
        rc = -1;
    }
    return rc;
}

/* Whether metadata shows what admin_await_topic() waits for. */
static bool is_as_awaited(const rd_kafka_metadata_topic_t *topic, size_t partitions)
{
    if (partitions == 0)
        return fault_is_topic_gone(topic->err);
    if (topic->err != RD_KAFKA_RESP_ERR_NO_ERROR || (size_t)topic->partition_cnt < partitions)
        return false;
    for (int i = 0; i < topic->partition_cnt; i++)
        if (topic->partitions[i].leader < 0)
            return false;
    return true;
}

int admin_await_topic(struct admin *admin, const char *topic, size_t partitions, int timeout_ms,
                      struct err *err)
{
    int64_t deadline_us = clock_mono_us() + (int64_t)timeout_ms * 1000;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(admin->client.rk, topic, NULL);
    int rc = 0;
    while (handle && rc == 0 && clock_mono_us() < deadline_us) {
        const struct rd_kafka_metadata *metadata;
        if (admin_metadata(admin, false, handle, timeout_ms, &metadata, err) != 0) {
            rc = -1;
            break;
        }
        rc = metadata->topic_cnt == 1 && is_as_awaited(&metadata->topics[0], partitions);
        rd_kafka_metadata_destroy(metadata);
        if (rc == 0)
            clock_sleep_ms(LOOK_MS);
    }
    if (handle)
        rd_kafka_topic_destroy(handle);
    return rc;
}

/* Configs of topics, read and changed. */
#include "client/admin_topics.h"

#include "client/admin_private.h"
#include "client/fault.h"
#include "client/library.h"

#include <stdlib.h>
#include <string.h>

/* An answer has a few kilobytes a topic. */
#define TOPICS_PER_REQUEST 1000

static enum config_source source_of(const rd_kafka_ConfigEntry_t *entry)
{
    switch (rd_kafka_ConfigEntry_source(entry)) {
    case RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG:
        return CONFIG_TOPIC;
    case RD_KAFKA_CONFIG_SOURCE_DYNAMIC_BROKER_CONFIG:
        return CONFIG_BROKER;
    case RD_KAFKA_CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER_CONFIG:
        return CONFIG_CLUSTER;
    case RD_KAFKA_CONFIG_SOURCE_STATIC_BROKER_CONFIG:
        return CONFIG_STATIC;
    default:
        return CONFIG_DEFAULT;
    }
}

static void copy_configs(struct arena *arena, const rd_kafka_ConfigResource_t *resource,
                         struct topic *topic)
{
    size_t n = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &n);
    struct topic_config *configs = arena_alloc(arena, (n + 1) * sizeof *configs);
    for (size_t i = 0; i < n; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        configs[i].name = arena_strdup(arena, rd_kafka_ConfigEntry_name(entries[i]));
        configs[i].source = source_of(entries[i]);
        if (value && !rd_kafka_ConfigEntry_is_sensitive(entries[i]))
            configs[i].value = arena_strdup(arena, value);
    }
    topic->configs = configs;
    topic->n_configs = n;
}

static struct topic *find_topic(struct topic *topics, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(topics[i].name, name))
            return &topics[i];
    return NULL;
}

static int keep_configs(struct arena *arena, rd_kafka_event_t *event, struct topic *topics,
                        size_t n, bool strict, struct err *err)
{
    size_t n_resources = 0;
    const rd_kafka_ConfigResource_t **resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event),
                                                  &n_resources);
    for (size_t i = 0; i < n_resources; i++) {
        struct topic *topic = find_topic(topics, n, rd_kafka_ConfigResource_name(resources[i]));
        rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(resources[i]);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && strict)
            return admin_refusal(err, code, rd_kafka_ConfigResource_name(resources[i]),
                                 rd_kafka_ConfigResource_error_string(resources[i]));
        if (topic && code == RD_KAFKA_RESP_ERR_NO_ERROR)
            copy_configs(arena, resources[i], topic);
    }
    return 0;
}

static int ask_configs(struct admin *admin, struct arena *arena, struct topic *topics, size_t n,
                       bool strict, int timeout_ms, struct err *err)
{
    rd_kafka_ConfigResource_t **resources = calloc(n, sizeof(rd_kafka_ConfigResource_t *));
    if (!resources)
        return err_set(err, ERR_BUG, "out of memory");
    for (size_t i = 0; i < n; i++)
        resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics[i].name);
    struct admin_request request;
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms, &request);
    rd_kafka_DescribeConfigs(admin->client.rk, resources, n, request.options, request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    int rc = -1;
    if (event) {
        rc = keep_configs(arena, event, topics, n, strict, err);
        rd_kafka_event_destroy(event);
    }
    admin_request_close(&request);
    rd_kafka_ConfigResource_destroy_array(resources, n);
    free(resources);
    return rc;
}

int admin_topics_configs(struct admin *admin, struct arena *arena, struct topic_list *topics,
                         int timeout_ms, struct err *err)
{
    for (size_t at = 0; at < topics->n; at += TOPICS_PER_REQUEST) {
        size_t n = topics->n - at < TOPICS_PER_REQUEST ? topics->n - at : TOPICS_PER_REQUEST;
        if (ask_configs(admin, arena, topics->items + at, n, topics->n == 1, timeout_ms, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- changes ---- */

/* What a broker said about the one resource that was sent. */
static int judge_change(const rd_kafka_ConfigResource_t **resources, size_t n, const char *topic,
                        struct err *err)
{
    if (n != 1)
        return err_set(err, ERR_BUG, "a change of \"%s\" was answered for %zu topics", topic, n);
    rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(resources[0]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return admin_refusal(err, code, topic, rd_kafka_ConfigResource_error_string(resources[0]));
}

/* All configs of the topic at once; what is not among them falls back to the broker's. */
static int replace_configs(struct admin *admin, const char *topic,
                           const struct config_change *configs, size_t n_configs, int timeout_ms,
                           struct err *err)
{
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    for (size_t i = 0; i < n_configs; i++)
        rd_kafka_ConfigResource_set_config(resource, configs[i].name, configs[i].value);
    struct admin_request request;
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_ALTERCONFIGS, timeout_ms, &request);
    rd_kafka_AlterConfigs(admin->client.rk, &resource, 1, request.options, request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    int rc = -1;
    if (event) {
        size_t n = 0;
        const rd_kafka_ConfigResource_t **resources =
            rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &n);
        rc = judge_change(resources, n, topic, err);
        rd_kafka_event_destroy(event);
    }
    admin_request_close(&request);
    rd_kafka_ConfigResource_destroy(resource);
    return rc;
}

static int add_changes(const struct library_incremental *api, rd_kafka_ConfigResource_t *resource,
                       const struct config_change *changes, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        rd_kafka_error_t *error =
            api->add(resource, changes[i].name,
                     changes[i].value ? LIBRARY_CONFIG_SET : LIBRARY_CONFIG_DELETE,
                     changes[i].value);
        if (!error)
            continue;
        err_set(err, ERR_USAGE, "config \"%s\": %s", changes[i].name, rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        return -1;
    }
    return 0;
}

static int change_configs(struct admin *admin, const struct library_incremental *api,
                          const char *topic, rd_kafka_ConfigResource_t *resource, int timeout_ms,
                          struct err *err)
{
    struct admin_request request;
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_ANY, timeout_ms, &request);
    api->alter(admin->client.rk, &resource, 1, request.options, request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    int rc = -1;
    if (event) {
        size_t n = 0;
        const rd_kafka_ConfigResource_t **resources = api->resources(api->result(event), &n);
        rc = judge_change(resources, n, topic, err);
        rd_kafka_event_destroy(event);
    }
    admin_request_close(&request);
    return rc;
}

/* Each config for itself, by the call of newer libraries. 1: this library or broker has none. */
static int alter_one_by_one(struct admin *admin, const char *topic,
                            const struct config_change *changes, size_t n, int timeout_ms,
                            struct err *err)
{
    struct library_incremental api;
    if (!library_find_incremental(&api))
        return 1;
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    int rc = add_changes(&api, resource, changes, n, err);
    if (rc == 0)
        rc = change_configs(admin, &api, topic, resource, timeout_ms, err);
    rd_kafka_ConfigResource_destroy(resource);
    return rc < 0 && !strncmp(err->code, "_UNSUPPORTED", 12) ? 1 : rc;
}

int admin_alter_configs(struct admin *admin, struct arena *arena, const struct topic *topic,
                        const struct config_change *changes, size_t n, int timeout_ms, bool *whole,
                        struct err *err)
{
    *whole = false;
    int rc = alter_one_by_one(admin, topic->name, changes, n, timeout_ms, err);
    if (rc <= 0)
        return rc;
    struct config_change *all;
    size_t n_all;
    if (topic_configs_merge(arena, topic, changes, n, &all, &n_all, err) != 0)
        return -1;
    *whole = true;
    return replace_configs(admin, topic->name, all, n_all, timeout_ms, err);
}

#include "client/library.h"

#include "client/admin.h"
#include "client/fault.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* As rd_kafka_version() has it: 0xMMmmrrpp. */
#define VERSION_QUEUE_BACKOFF 0x02020000
#define VERSION_TOPIC_IDS 0x02030000

bool library_knows_queue_backoff(int version)
{
    return version >= VERSION_QUEUE_BACKOFF;
}

bool library_knows_topic_ids(int version)
{
    return version >= VERSION_TOPIC_IDS;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    if (value < low)
        return low;
    return value > high ? high : value;
}

/* The numbers are measured (docs/benchmarks.md); a queued message costs about as much again. */
struct queue_limits library_queue_limits(int version, int32_t partitions, bool sasl)
{
    int64_t n = partitions > 0 ? partitions : 3;
    struct queue_limits limits = {
        .fetch_bytes = clamp(INT64_C(1024) * 1024 / n, INT64_C(64) * 1024, INT64_C(1024) * 1024),
        .max_kbytes = clamp(INT64_C(6) * 1024 / n, 1024, 4096),
        .min_messages = 1000000,
    };
    if (library_knows_queue_backoff(version))
        limits.backoff_ms = 2;
    else if (!sasl)
        limits.nudge = true;
    else
        limits.max_kbytes = clamp(INT64_C(168) * 1024 / n, 4096, INT64_C(56) * 1024);
    return limits;
}

void library_nudge(rd_kafka_t *rk)
{
    rd_kafka_error_t *error = rd_kafka_sasl_set_credentials(rk, "", "");
    if (error)
        rd_kafka_error_destroy(error);
}

static char version_text[96];
static pthread_once_t version_once = PTHREAD_ONCE_INIT;

static void compose_version(void)
{
    int version = rd_kafka_version();
    if (!library_knows_queue_backoff(version))
        snprintf(version_text, sizeof version_text,
                 "librdkafka %s (no queue backoff, no topic ids; 2.3 or newer does better)",
                 rd_kafka_version_str());
    else if (!library_knows_topic_ids(version))
        snprintf(version_text, sizeof version_text, "librdkafka %s (queue backoff, no topic ids)",
                 rd_kafka_version_str());
    else
        snprintf(version_text, sizeof version_text, "librdkafka %s (queue backoff, topic ids)",
                 rd_kafka_version_str());
}

const char *client_library_version(void)
{
    pthread_once(&version_once, compose_version);
    return version_text;
}

/*
 * DescribeTopics (KIP-516's topic ids) exists from 2.3.0, so it is not in the headers we compile
 * with. Names and number are those of rdkafka.h there.
 */
#define EVENT_DESCRIBETOPICS_RESULT 0x100000

struct describe_topics {
    void *(*of_names)(const char **topics, size_t n);
    void (*destroy)(void *collection);
    void (*describe)(rd_kafka_t *rk, const void *collection, const void *options,
                     rd_kafka_queue_t *queue);
    const void *(*result)(rd_kafka_event_t *event);
    const void **(*topics)(const void *result, size_t *n);
    const void *(*id)(const void *description);
    const rd_kafka_error_t *(*error)(const void *description);
    const char *(*base64)(const void *uuid);
};

/* The way POSIX shows to turn dlsym()'s object pointer into a function's. */
static bool find_symbol(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static bool find_describe_topics(struct describe_topics *api)
{
    return library_knows_topic_ids(rd_kafka_version()) &&
           find_symbol("rd_kafka_TopicCollection_of_topic_names", &api->of_names) &&
           find_symbol("rd_kafka_TopicCollection_destroy", &api->destroy) &&
           find_symbol("rd_kafka_DescribeTopics", &api->describe) &&
           find_symbol("rd_kafka_event_DescribeTopics_result", &api->result) &&
           find_symbol("rd_kafka_DescribeTopics_result_topics", &api->topics) &&
           find_symbol("rd_kafka_TopicDescription_topic_id", &api->id) &&
           find_symbol("rd_kafka_TopicDescription_error", &api->error) &&
           find_symbol("rd_kafka_Uuid_base64str", &api->base64);
}

bool library_find_incremental(struct library_incremental *out)
{
    return find_symbol("rd_kafka_ConfigResource_add_incremental_config", &out->add) &&
           find_symbol("rd_kafka_IncrementalAlterConfigs", &out->alter) &&
           find_symbol("rd_kafka_event_IncrementalAlterConfigs_result", &out->result) &&
           find_symbol("rd_kafka_IncrementalAlterConfigs_result_resources", &out->resources);
}

enum library_group_type library_group_type(const rd_kafka_ConsumerGroupListing_t *listing)
{
    int (*type)(const rd_kafka_ConsumerGroupListing_t *listing);
    if (!find_symbol("rd_kafka_ConsumerGroupListing_type", &type))
        return LIBRARY_GROUP_UNKNOWN;
    int found = type(listing);
    return found == LIBRARY_GROUP_CONSUMER || found == LIBRARY_GROUP_CLASSIC
               ? (enum library_group_type)found
               : LIBRARY_GROUP_UNKNOWN;
}

static int read_topic_id(const struct describe_topics *api, rd_kafka_event_t *event,
                         const char *topic, char *out, size_t size, struct err *err)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_of_topic(err, code, topic, rd_kafka_event_error_string(event));

    size_t n = 0;
    const void **topics = api->topics(api->result(event), &n);
    if (n != 1)
        return err_set(err, ERR_BUG, "DescribeTopics of \"%s\" answered %zu topics", topic, n);
    const rd_kafka_error_t *error = api->error(topics[0]);
    if (error)
        return fault_of_topic(err, rd_kafka_error_code(error), topic, rd_kafka_error_string(error));

    const void *id = api->id(topics[0]);
    const char *text = id ? api->base64(id) : NULL;
    /* Before Kafka 2.8 a topic's id is zero, which says nothing. */
    if (!text || !strcmp(text, "AAAAAAAAAAAAAAAAAAAAAA"))
        text = "";
    snprintf(out, size, "%s", text);
    return 0;
}

int library_topic_id(rd_kafka_t *rk, const char *topic, int timeout_ms, char *out, size_t size,
                     struct err *err)
{
    *out = '\0';
    struct describe_topics api;
    if (!find_describe_topics(&api))
        return 0;

    char errstr[256];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_ANY);
    if (!options)
        return 0;
    rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, errstr, sizeof errstr);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    void *collection = api.of_names(&topic, 1);
    api.describe(rk, collection, options, queue);

    /* The request's own timeout ends it; the second is only for a library that forgot. */
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms + 1000);
    int rc;
    if (event && rd_kafka_event_type(event) == EVENT_DESCRIBETOPICS_RESULT)
        rc = read_topic_id(&api, event, topic, out, size, err);
    else
        rc = err_set(err, ERR_OUTAGE, "no answer about topic \"%s\" in %d ms", topic, timeout_ms);
    if (event)
        rd_kafka_event_destroy(event);
    api.destroy(collection);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    return rc;
}

#include "client/admin_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/suggest.h"
#include "client/fault.h"
#include "client/library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long to wait before looking whether the library has met an error that waiting cannot cure. */
#define SLICE_MS 250
#define DESTROY_MS 500
/* A proxy whose broker just starts is given this time; a port of another kind takes no longer. */
#define MISMATCH_US 2500000
/* How long to ask whether another broker answers. */
#define ANOTHER_MS 500

static const struct setting admin_owned[] = {
    /* A record is found again whatever became of its transaction, and "end" is the end. */
    {"isolation.level", "read_uncommitted"},
};

/* It reads a record at a time. */
static const struct setting admin_defaults[] = {
    /* Partitions of one broker are fetched in turn: none may wait at its end while another asks. */
    {"fetch.wait.max.ms", "5"},
    /*
     * A broker sends one batch of records at least, however little is asked for (KIP-74). A limit
     * that this batch passes would hold up the next partition's fetch for a second; we stop long
     * before this one is reached.
     */
    {"fetch.message.max.bytes", "1"},
    {"queued.max.messages.kbytes", "65536"},
    /* Why one was closed is the answer when none comes. */
    {"log.connection.close", "true"},
};

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    (void)rk;
    struct admin *admin = opaque;
    /* "All brokers are down" says less than what was said before it. */
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && admin->last_fault.class != ERR_NONE)
        return;
    client_fault(&admin->client, &admin->last_fault, (rd_kafka_resp_err_t)code, reason);
    log_debug(admin->client.scope, "%s", admin->last_fault.text);
}

void admin_ask(struct admin *admin)
{
    admin->last_fault.class = ERR_NONE;
    client_ask(&admin->client);
}

/*
 * Whether some broker lets us in and speaks our protocol all the same: then a mismatch or a refused
 * login is the trouble of another alone, as with a proxy whose broker is away, or a list with a
 * broker of another cluster in it. A mismatch is forgotten, to be met again or not; a fault that
 * the library may not tell again stays, as the reason should there be no answer.
 */
static bool another_answers(struct admin *admin)
{
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(admin->client.rk, 0, NULL, &metadata, ANOTHER_MS) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    rd_kafka_metadata_destroy(metadata);
    client_ask(&admin->client);
    if (admin->last_fault.class == ERR_HALT)
        admin->last_fault.class = ERR_OUTAGE;
    return true;
}

void admin_heed_stop(struct admin *admin, bool heeds)
{
    admin->heeds_stop = heeds;
}

static int stopped(const struct admin *admin, struct err *err)
{
    const struct err *fault = &admin->last_fault;
    return err_set(err, ERR_OUTAGE, "stopped before a broker of %s answered%s%s", admin->brokers,
                   fault->class != ERR_NONE ? ": " : "",
                   fault->class != ERR_NONE ? fault->text : "");
}

int admin_serve_errors(struct admin *admin, struct err *err)
{
    rd_kafka_poll(admin->client.rk, 0);
    if (admin->heeds_stop && signals_stop_requested())
        return stopped(admin, err);
    if (admin->last_fault.class != ERR_HALT)
        return client_mismatch(&admin->client, MISMATCH_US, err) && !another_answers(admin) ? -1
                                                                                            : 0;
    if (another_answers(admin))
        return 0;
    *err = admin->last_fault;
    admin->last_fault.class = ERR_NONE;
    return -1;
}

int admin_no_answer(struct admin *admin, rd_kafka_resp_err_t code, int timeout_ms, struct err *err)
{
    if (admin_serve_errors(admin, err) != 0)
        return -1;
    if (!fault_is_connection(code))
        return fault_set(err, code, NULL);
    if (client_mismatch(&admin->client, 0, err))
        return -1;
    if (admin->last_fault.class != ERR_NONE)
        err_set_code(err, ERR_OUTAGE, admin->last_fault.code, "no broker of %s answers: %s",
                     admin->brokers, admin->last_fault.text);
    else
        err_set_code(err, ERR_OUTAGE, rd_kafka_err2name(code), "no broker of %s answered in %d ms",
                     admin->brokers, timeout_ms);
    admin->last_fault.class = ERR_NONE;
    return -1;
}

static void release(struct admin *admin)
{
    client_release(&admin->client);
    free(admin->brokers);
    free(admin);
}

int admin_new(struct admin **out, const char *scope, const char *brokers,
              const struct property *properties, size_t n_properties, struct err *err)
{
    *out = NULL;
    struct admin *admin = calloc(1, sizeof *admin);
    if (!admin || !(admin->brokers = strdup(brokers)) ||
        client_init(&admin->client, scope, err) != 0) {
        free(admin ? admin->brokers : NULL);
        free(admin);
        return err_set(err, ERR_BUG, "out of memory");
    }
    struct client_settings settings = {
        .type = RD_KAFKA_CONSUMER,
        .brokers = brokers,
        .defaults = admin_defaults,
        .n_defaults = sizeof admin_defaults / sizeof *admin_defaults,
        .properties = properties,
        .n_properties = n_properties,
        .owned = admin_owned,
        .n_owned = sizeof admin_owned / sizeof *admin_owned,
    };
    rd_kafka_conf_t *conf = client_conf(&admin->client, &settings, err);
    if (conf)
        rd_kafka_conf_set_error_cb(conf, on_error);
    if (!conf || client_open(&admin->client, RD_KAFKA_CONSUMER, conf, err) != 0) {
        release(admin);
        return -1;
    }
    *out = admin;
    return 0;
}

void admin_free(struct admin *admin)
{
    if (admin && client_close(&admin->client, DESTROY_MS))
        release(admin);
}

int admin_metadata(struct admin *admin, bool all, rd_kafka_topic_t *topic, int timeout_ms,
                   const struct rd_kafka_metadata **out, struct err *err)
{
    int64_t deadline_us = clock_mono_us() + (int64_t)timeout_ms * 1000;
    rd_kafka_resp_err_t code;
    admin_ask(admin);
    do {
        int64_t left_ms = (deadline_us - clock_mono_us()) / 1000;
        int slice_ms = left_ms < 1 ? 1 : left_ms < SLICE_MS ? (int)left_ms : SLICE_MS;
        code = rd_kafka_metadata(admin->client.rk, all, topic, out, slice_ms);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        if (admin_serve_errors(admin, err) != 0)
            return -1;
        /* With no broker at hand the call may return at once. */
        clock_sleep_ms(10);
    } while (fault_is_connection(code) && clock_mono_us() < deadline_us);
    return admin_no_answer(admin, code, timeout_ms, err);
}

int admin_cluster_id(struct admin *admin, int timeout_ms, char out[64], struct err *err)
{
    const struct rd_kafka_metadata *metadata;
    if (admin_metadata(admin, false, NULL, timeout_ms, &metadata, err) != 0)
        return -1;
    rd_kafka_metadata_destroy(metadata);
    /* It came with the metadata, so this does not wait. */
    char *id = rd_kafka_clusterid(admin->client.rk, 0);
    snprintf(out, 64, "%s", id ? id : "");
    if (id)
        rd_kafka_mem_free(admin->client.rk, id);
    return 0;
}

/* "there is no topic X; did you mean Y?" */
static int no_such_topic(struct admin *admin, const char *topic, int timeout_ms, struct err *err)
{
    const struct rd_kafka_metadata *metadata;
    if (admin_metadata(admin, true, NULL, timeout_ms, &metadata, err) != 0)
        return -1;
    size_t n = (size_t)metadata->topic_cnt;
    const char **names = calloc(n + 1, sizeof *names);
    const char *nearest = NULL;
    for (size_t i = 0; names && i < n; i++)
        names[i] = metadata->topics[i].topic;
    if (names)
        nearest = suggest_nearest(topic, names, n);
    if (nearest)
        err_set(err, ERR_USAGE, "there is no topic \"%s\" at %s; did you mean \"%s\"?", topic,
                admin->brokers, nearest);
    else
        err_set(err, ERR_USAGE, "there is no topic \"%s\" at %s; weir topic create makes one",
                topic, admin->brokers);
    free(names);
    rd_kafka_metadata_destroy(metadata);
    return -1;
}

/* What the metadata of this one topic says: its partitions, or why there is none. */
static int read_topic(struct admin *admin, const struct rd_kafka_metadata *metadata,
                      const char *topic, int timeout_ms, struct topic_info *out, struct err *err)
{
    if (metadata->topic_cnt != 1)
        return err_set(err, ERR_BUG, "metadata of \"%s\" holds %d topics", topic,
                       metadata->topic_cnt);
    rd_kafka_resp_err_t code = metadata->topics[0].err;
    if (fault_is_topic_gone(code))
        return no_such_topic(admin, topic, timeout_ms, err);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_of_topic(err, code, topic, NULL);
    out->partitions = metadata->topics[0].partition_cnt;
    return 0;
}

/* Kafka's rule for names (org.apache.kafka.common.internals.Topic). */
static bool can_be_topic(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strlen(name);
    return len > 0 && len <= 249 && strspn(name, letters) == len && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

int admin_topic(struct admin *admin, const char *topic, int timeout_ms, struct topic_info *out,
                struct err *err)
{
    out->id[0] = '\0';
    rd_kafka_topic_t *handle =
        can_be_topic(topic) ? rd_kafka_topic_new(admin->client.rk, topic, NULL) : NULL;
    if (!handle)
        return err_set(err, ERR_USAGE, "\"%s\" cannot be a topic's name", topic);
    const struct rd_kafka_metadata *metadata;
    int rc = admin_metadata(admin, false, handle, timeout_ms, &metadata, err);
    if (rc == 0) {
        rc = read_topic(admin, metadata, topic, timeout_ms, out, err);
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(handle);
    if (rc == 0)
        rc = library_topic_id(admin->client.rk, topic, timeout_ms, out->id, sizeof out->id, err);
    return rc;
}

/* One config among the entries of a DescribeConfigs answer. */
static int read_config(rd_kafka_event_t *event, const char *topic, const char *name, char *out,
                       size_t size, struct err *err)
{
    size_t n = 0;
    const rd_kafka_ConfigResource_t **resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
    if (n != 1)
        return err_set(err, ERR_BUG, "DescribeConfigs of \"%s\" answered %zu topics", topic, n);
    rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(resources[0]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_of_topic(err, code, topic, rd_kafka_ConfigResource_error_string(resources[0]));
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resources[0], &n);
    for (size_t i = 0; i < n; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (!strcmp(rd_kafka_ConfigEntry_name(entries[i]), name))
            snprintf(out, size, "%s", value ? value : "");
    }
    return 0;
}

int admin_topic_config(struct admin *admin, const char *topic, const char *name, int timeout_ms,
                       char *out, size_t size, struct err *err)
{
    struct admin_request request;
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    *out = '\0';
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms, &request);
    rd_kafka_DescribeConfigs(admin->client.rk, &resource, 1, request.options, request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    int rc = event ? read_config(event, topic, name, out, size, err) : -1;
    if (event)
        rd_kafka_event_destroy(event);
    admin_request_close(&request);
    rd_kafka_ConfigResource_destroy(resource);
    return rc;
}

int admin_is_compacted(struct admin *admin, const char *topic, int timeout_ms, bool *out,
                       struct err *err)
{
    char policy[128];
    int rc =
        admin_topic_config(admin, topic, "cleanup.policy", timeout_ms, policy, sizeof policy, err);
    *out = rc == 0 && strstr(policy, "compact");
    return rc;
}

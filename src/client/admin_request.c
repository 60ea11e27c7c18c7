/* Requests of the library's Admin API, and what a broker says against them. */
#include "client/admin_private.h"

#include "base/clock.h"
#include "client/fault.h"

#include <string.h>

/* How long to wait before looking whether the library has met an error that waiting cannot cure. */
#define SLICE_MS 250
/* The request's own timeout ends it; this is only for a library that forgot. */
#define GRACE_MS 1000

void admin_request_open(struct admin *admin, rd_kafka_admin_op_t op, int timeout_ms,
                        struct admin_request *out)
{
    char errstr[256];
    out->admin = admin;
    out->timeout_ms = timeout_ms;
    out->options = rd_kafka_AdminOptions_new(admin->client.rk, op);
    out->queue = rd_kafka_queue_new(admin->client.rk);
    rd_kafka_AdminOptions_set_request_timeout(out->options, timeout_ms, errstr, sizeof errstr);
    /* How long a broker may work at it; requests that know no such time refuse it, and that is so.
     */
    rd_kafka_AdminOptions_set_operation_timeout(out->options, timeout_ms, errstr, sizeof errstr);
}

void admin_request_only_validate(struct admin_request *request)
{
    char errstr[256];
    rd_kafka_AdminOptions_set_validate_only(request->options, 1, errstr, sizeof errstr);
}

void admin_request_close(struct admin_request *request)
{
    rd_kafka_queue_destroy(request->queue);
    rd_kafka_AdminOptions_destroy(request->options);
}

rd_kafka_event_t *admin_request_next(struct admin_request *request, struct err *err)
{
    int64_t deadline_us =
        clock_mono_us() + ((int64_t)request->timeout_ms + GRACE_MS) * INT64_C(1000);
    while (clock_mono_us() < deadline_us) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(request->queue, SLICE_MS);
        if (event)
            return event;
        if (admin_serve_errors(request->admin, err) != 0)
            return NULL;
    }
    admin_no_answer(request->admin, RD_KAFKA_RESP_ERR__TIMED_OUT, request->timeout_ms, err);
    return NULL;
}

int admin_request_fault(struct admin_request *request, rd_kafka_event_t *event, struct err *err)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (fault_is_connection(code))
        return admin_no_answer(request->admin, code, request->timeout_ms, err);
    return fault_set(err, code, rd_kafka_event_error_string(event));
}

rd_kafka_event_t *admin_request_wait(struct admin_request *request, struct err *err)
{
    rd_kafka_event_t *event = admin_request_next(request, err);
    if (!event || rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    admin_request_fault(request, event, err);
    rd_kafka_event_destroy(event);
    return NULL;
}

static bool is_askers_fault(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICA_ASSIGNMENT:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_REQUEST:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
        return true;
    default:
        return false;
    }
}

/* One line, without the stop at its end: more may follow. */
static void tidy(char *text)
{
    for (char *p = text; *p; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '.')
        text[len - 1] = '\0';
}

int admin_refusal(struct err *err, rd_kafka_resp_err_t code, const char *topic, const char *words)
{
    if (!words || !*words)
        words = rd_kafka_err2str(code);
    if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
        err_set_code(err, ERR_HALT, rd_kafka_err2name(code),
                     "%s: kafka-acls grants it (Create, Describe, Alter, DescribeConfigs, "
                     "AlterConfigs or Delete on the topic)",
                     words);
    else if (is_askers_fault(code))
        err_set_code(err, ERR_USAGE, rd_kafka_err2name(code), "%s", words);
    else
        fault_set(err, code, words);
    tidy(err->text);
    if (!strstr(err->text, topic))
        err_prefix(err, "topic \"%s\"", topic);
    return -1;
}

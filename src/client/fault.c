#include "client/fault.h"

#include "base/slice.h"
#include "client/fault_connect.h"

#include <stdio.h>
#include <string.h>

/* Error codes that 2.0.2's header does not name yet. */
#define ERR_UNKNOWN_TOPIC_ID ((rd_kafka_resp_err_t)100)
#define ERR_INCONSISTENT_TOPIC_ID ((rd_kafka_resp_err_t)103)

struct fault_rule {
    rd_kafka_resp_err_t code;
    enum err_class class;
    const char *cure; /* NULL: the error says it all */
};

static const char cure_acl[] = "grant it with kafka-acls (on the topic Describe, DescribeConfigs, "
                               "and Read or, to send, Write; "
                               "Read on the group)";
static const char cure_corrupt[] =
    "nothing of this batch was stored; repair or delete it on the broker, or start behind it with "
    "--reset -o OFFSET";

/* What is not listed here is an outage: the library retries it, and so do we. */
static const struct fault_rule rules[] = {
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, ERR_HALT,
     "check security.protocol, sasl.mechanisms, sasl.username and sasl.password"},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, ERR_HALT,
     "check sasl.username and sasl.password"},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, ERR_HALT, "check sasl.mechanisms"},
    {RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE, ERR_HALT, "check security.protocol"},
    {RD_KAFKA_RESP_ERR__SSL, ERR_HALT,
     "check security.protocol, ssl.ca.location and the broker's certificate"},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ERR_HALT, cure_acl},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ERR_HALT, cure_acl},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, ERR_HALT, cure_acl},
    {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, ERR_HALT,
     "another process has joined the group as this very member (same group.instance.id); stop one "
     "of the two"},
    {RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, ERR_HALT,
     "the group's members offer none of weir's assignors (range, roundrobin); choose another group "
     "with --group"},
    {RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, ERR_HALT,
     "the broker's group.min.session.timeout.ms and group.max.session.timeout.ms must allow 10 s"},
    {RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, ERR_HALT, "choose another name with --group"},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, ERR_HALT, "the broker is too old"},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, ERR_HALT, NULL},
    {RD_KAFKA_RESP_ERR__INVALID_ARG, ERR_BUG, NULL},
    {RD_KAFKA_RESP_ERR__STATE, ERR_BUG, NULL},
    /* After these the library goes on behind the batch, which would lose it without a word. */
    {RD_KAFKA_RESP_ERR__BAD_MSG, ERR_HALT, cure_corrupt},
    {RD_KAFKA_RESP_ERR__BAD_COMPRESSION, ERR_HALT, cure_corrupt},
    {RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, ERR_HALT,
     "this librdkafka cannot read the batch; nothing of it was stored; try a newer library"},
    {RD_KAFKA_RESP_ERR_INVALID_MSG, ERR_HALT, cure_corrupt},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ERR_HALT,
     "raise fetch.message.max.bytes and receive.message.max.bytes under kafka:"},
    {RD_KAFKA_RESP_ERR__FATAL, ERR_HALT, NULL},
};

static const struct fault_rule *find_rule(rd_kafka_resp_err_t code)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].code == code)
            return &rules[i];
    return NULL;
}

enum err_class fault_class(rd_kafka_resp_err_t code)
{
    const struct fault_rule *rule = find_rule(code);
    return rule ? rule->class : ERR_OUTAGE;
}

bool fault_is_connection(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__RESOLVE ||
           code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}

bool fault_is_topic_gone(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == ERR_UNKNOWN_TOPIC_ID ||
           code == ERR_INCONSISTENT_TOPIC_ID;
}

/* The library's words without their changing end and without the names of its own parts. */
static struct slice essence(const char *detail)
{
    static const char coordinator[] = "GroupCoordinator: ";
    if (!strncmp(detail, coordinator, sizeof coordinator - 1))
        detail += sizeof coordinator - 1;
    const char *changing = strstr(detail, " (after ");
    return (struct slice){detail, changing ? (size_t)(changing - detail) : strlen(detail)};
}

int fault_set(struct err *err, rd_kafka_resp_err_t code, const char *detail)
{
    if (!detail || !*detail)
        detail = rd_kafka_err2str(code);
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        detail = "no broker can be reached";
    struct slice words = essence(detail);
    if (fault_connect_set(err, code, words.ptr))
        return -1;
    const struct fault_rule *rule = find_rule(code);
    const char *cure = rule ? rule->cure : NULL;
    return err_set_code(err, fault_class(code), rd_kafka_err2name(code), "%.*s%s%s",
                        SLICE_ARG(words), cure ? ": " : "", cure ? cure : "");
}

int fault_of_topic(struct err *err, rd_kafka_resp_err_t code, const char *topic, const char *detail)
{
    fault_set(err, code, detail);
    if (!strstr(err->text, topic))
        err_prefix(err, "topic \"%s\"", topic);
    return -1;
}

#include "wire/error.h"

#include <stddef.h>

static const struct wire_error errors[] = {
    {-1, "UNKNOWN_SERVER_ERROR", "the broker failed and its log says why", false},
    {WIRE_NONE, "NONE", "no error", false},
    {3, "UNKNOWN_TOPIC_OR_PARTITION", "there is no such topic or partition", true},
    {5, "LEADER_NOT_AVAILABLE", "the partition has no leader now", true},
    {8, "BROKER_NOT_AVAILABLE", "the broker is not available", false},
    {9, "REPLICA_NOT_AVAILABLE", "the replica is not available", true},
    {17, "INVALID_TOPIC_EXCEPTION", "this cannot be a topic's name", false},
    {29, "TOPIC_AUTHORIZATION_FAILED", "no right to the topic", false},
    {WIRE_CLUSTER_AUTHORIZATION_FAILED, "CLUSTER_AUTHORIZATION_FAILED",
     "no right to ask this of the cluster", false},
    {33, "UNSUPPORTED_SASL_MECHANISM", "the broker does not have the SASL mechanism", false},
    {34, "ILLEGAL_SASL_STATE", "the request does not fit the state of authentication", false},
    {WIRE_UNSUPPORTED_VERSION, "UNSUPPORTED_VERSION", "the broker does not have this version",
     false},
    {42, "INVALID_REQUEST", "the broker does not understand the request", false},
    {56, "KAFKA_STORAGE_ERROR", "the broker cannot read its disk", true},
    {57, "LOG_DIR_NOT_FOUND", "there is no such log directory", false},
    {58, "SASL_AUTHENTICATION_FAILED", "wrong name or password", false},
    {72, "LISTENER_NOT_FOUND", "the partition's leader has no such listener", true},
    {100, "UNKNOWN_TOPIC_ID", "there is no topic of this id", true},
    {129, "REBOOTSTRAP_REQUIRED", "the client must start again from its list of brokers", false},
};

static const struct wire_error unknown = {0, "UNKNOWN", "an error that weir does not know", false};

const struct wire_error *wire_error_of(int16_t code)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].code == code)
            return &errors[i];
    return &unknown;
}

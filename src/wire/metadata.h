/*
 * Metadata (key 3, versions 0 to 13): the brokers of a cluster with the addresses that they
 * advertise, and its topics.
 */
#ifndef WEIR_WIRE_METADATA_H
#define WEIR_WIRE_METADATA_H

#include "wire/message.h"

/* Operations of the authorized_operations fields that were not asked for. */
#define METADATA_OPERATIONS_UNKNOWN INT32_MIN

struct metadata_request_topic {
    struct wire_uuid topic_id; /* from version 10 on; zeroes where the name is given */
    struct slice name;         /* may be null from version 10 on */
};

struct metadata_request {
    /* NULL: all. Version 0 cannot ask for none: its empty array means all. */
    struct metadata_request_topic *topics;
    size_t n_topics;
    bool allow_auto_topic_creation;             /* before version 4 it cannot be false */
    bool include_cluster_authorized_operations; /* versions 8 to 10 */
    bool include_topic_authorized_operations;   /* from version 8 on */
};

struct metadata_broker {
    int32_t node_id;
    struct slice host;
    int32_t port;
    struct slice rack; /* may be null */
};

struct metadata_partition {
    int16_t error_code;
    int32_t partition_index;
    int32_t leader_id;    /* -1: none */
    int32_t leader_epoch; /* -1: not known */
    struct wire_int32s replica_nodes;
    struct wire_int32s isr_nodes;
    struct wire_int32s offline_replicas;
};

struct metadata_topic {
    int16_t error_code;
    struct slice name; /* may be null from version 12 on */
    struct wire_uuid topic_id;
    bool is_internal;
    struct metadata_partition *partitions;
    size_t n_partitions;
    int32_t topic_authorized_operations;
};

struct metadata_response {
    int32_t throttle_time_ms;
    struct metadata_broker *brokers;
    size_t n_brokers;
    struct slice cluster_id; /* may be null */
    int32_t controller_id;   /* -1: not known */
    struct metadata_topic *topics;
    size_t n_topics;
    int32_t cluster_authorized_operations;
    int16_t error_code;
};

extern const struct wire_api metadata_api;

#endif

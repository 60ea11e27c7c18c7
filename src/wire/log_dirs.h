/*
 * DescribeLogDirs (key 35, versions 0 to 4): what a broker keeps on its disks, of those partitions
 * of which it has a replica (KIP-113, KIP-827).
 */
#ifndef WEIR_WIRE_LOG_DIRS_H
#define WEIR_WIRE_LOG_DIRS_H

#include "wire/message.h"

struct log_dirs_request_topic {
    struct slice topic;
    struct wire_int32s partitions;
};

struct log_dirs_request {
    struct log_dirs_request_topic *topics; /* NULL: all */
    size_t n_topics;
};

struct log_dir_partition {
    int32_t partition_index;
    int64_t partition_size; /* bytes of its segments */
    int64_t offset_lag;
    bool is_future_key; /* a copy that is being moved to another directory */
};

struct log_dir_topic {
    struct slice name;
    struct log_dir_partition *partitions;
    size_t n_partitions;
};

struct log_dir {
    int16_t error_code;
    struct slice log_dir; /* its path */
    struct log_dir_topic *topics;
    size_t n_topics;
    int64_t total_bytes;  /* of its volume, from version 4 on; -1: not known */
    int64_t usable_bytes; /* the same */
};

/* Before version 3 a broker that refuses to tell answers no directory at all. */
struct log_dirs_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    struct log_dir *results;
    size_t n_results;
};

extern const struct wire_api log_dirs_api;

#endif

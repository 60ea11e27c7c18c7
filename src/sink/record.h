/*
 * One Kafka record as the sink sees it: borrowed bytes and where they came from.
 * `value.ptr == NULL` is a tombstone (Kafka's null); an empty value has a pointer and len 0.
 */
#ifndef WEIR_SINK_RECORD_H
#define WEIR_SINK_RECORD_H

#include "base/slice.h"

#include <stdint.h>

struct record_header {
    struct slice name;
    struct slice value; /* ptr NULL: a null header value */
};

struct record {
    const char *topic; /* NUL-terminated */
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* -1: the record has none */
    struct slice key;     /* ptr NULL: no key */
    struct slice value;
    const struct record_header *headers;
    size_t n_headers;
};

#endif

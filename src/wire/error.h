/*
 * Kafka's error codes (kafka.apache.org/protocol, "Error Codes"): those that the messages of
 * src/wire can carry.
 */
#ifndef WEIR_WIRE_ERROR_H
#define WEIR_WIRE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

enum wire_error_code {
    WIRE_NONE = 0,
    WIRE_CLUSTER_AUTHORIZATION_FAILED = 31,
    WIRE_UNSUPPORTED_VERSION = 35,
};

struct wire_error {
    int16_t code;
    const char *name;    /* Kafka's */
    const char *meaning; /* part of a sentence */
    bool retriable;      /* the same request may succeed later */
};

/* Never NULL: a code that is not in the table is "UNKNOWN" and not retriable. */
const struct wire_error *wire_error_of(int16_t code);

#endif

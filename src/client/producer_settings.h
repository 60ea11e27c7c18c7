/*
 * Private to producer: the library's settings that a producer has unless its user says otherwise,
 * and what follows from those he says. Pure.
 */
#ifndef WEIR_CLIENT_PRODUCER_SETTINGS_H
#define WEIR_CLIENT_PRODUCER_SETTINGS_H

#include "client/client.h"
#include "client/producer.h"

#include <stddef.h>
#include <stdint.h>

#define NUMBER_BYTES 24

struct producer_settings {
    struct setting defaults[7];
    size_t n_defaults;
    int64_t patience_ms; /* without news of any record; -1: for ever */
    /* Own: texts that `defaults` points to. */
    char linger_ms[NUMBER_BYTES];
    char queue_kib[NUMBER_BYTES];
    char largest_bytes[NUMBER_BYTES];
};

/* Points into itself: not to be copied. */
void producer_settings_init(struct producer_settings *settings,
                            const struct producer_options *options);

#endif

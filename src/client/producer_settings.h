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

struct producer_settings {
    struct setting defaults[6];
    size_t n_defaults;
    int64_t patience_ms; /* without news of any record; -1: for ever */
    /* Own: texts that `defaults` points to. */
    char linger_ms[24];
    char largest_bytes[24];
};

/* Points into itself: not to be copied. */
void producer_settings_init(struct producer_settings *settings,
                            const struct producer_options *options);

#endif

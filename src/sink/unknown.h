/*
 * Keys that no column takes, across the lanes of a pipeline: each is named in the log once.
 */
#ifndef WEIR_SINK_UNKNOWN_H
#define WEIR_SINK_UNKNOWN_H

#include <pthread.h>
#include <stddef.h>

#define UNKNOWN_KEYS_MAX 256

struct unknown_keys {
    pthread_mutex_t lock;
    char *names[UNKNOWN_KEYS_MAX];
    size_t n;
};

void unknown_keys_init(struct unknown_keys *keys);
void unknown_keys_release(struct unknown_keys *keys);
/* Warn about `name` unless it was named before. Past UNKNOWN_KEYS_MAX names, silence. */
void unknown_keys_tell(struct unknown_keys *keys, const char *scope, const char *table,
                       const char *name);

#endif

/*
 * Keys that no column takes, across the lanes of a pipeline: each is named in the log when it is
 * first met, and at the end with the number of records that had it.
 */
#ifndef WEIR_SINK_UNKNOWN_H
#define WEIR_SINK_UNKNOWN_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define UNKNOWN_KEYS_MAX 256

struct unknown_keys {
    pthread_mutex_t lock;
    char *names[UNKNOWN_KEYS_MAX];
    uint64_t records[UNKNOWN_KEYS_MAX];
    size_t n;
};

void unknown_keys_init(struct unknown_keys *keys);
void unknown_keys_release(struct unknown_keys *keys);
/* So many more records had the key; warn unless it was named before. Past UNKNOWN_KEYS_MAX names,
 * silence. */
void unknown_keys_tell(struct unknown_keys *keys, const char *scope, const char *table,
                       const char *name, uint64_t records);
/* The counts, at the end. */
void unknown_keys_sum_up(struct unknown_keys *keys, const char *scope);

#endif

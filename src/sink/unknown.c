#include "sink/unknown.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_AT_THE_END 20

void unknown_keys_init(struct unknown_keys *keys)
{
    memset(keys, 0, sizeof(*keys));
    pthread_mutex_init(&keys->lock, NULL);
}

void unknown_keys_release(struct unknown_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++)
        free(keys->names[i]);
    pthread_mutex_destroy(&keys->lock);
}

/* Whether the name is new. */
static bool count(struct unknown_keys *keys, const char *name, uint64_t records)
{
    size_t i = 0;
    while (i < keys->n && strcmp(keys->names[i], name) != 0)
        i++;
    if (i == UNKNOWN_KEYS_MAX)
        return false;
    bool is_new = i == keys->n;
    if (is_new) {
        char *copy = strdup(name);
        if (!copy)
            return false;
        keys->names[keys->n++] = copy;
    }
    keys->records[i] += records;
    return is_new;
}

void unknown_keys_tell(struct unknown_keys *keys, const char *scope, const char *table,
                       const char *name, uint64_t records)
{
    pthread_mutex_lock(&keys->lock);
    bool is_new = count(keys, name, records);
    pthread_mutex_unlock(&keys->lock);
    if (is_new)
        log_warn(scope,
                 "the key \"%s\" has no column in %s and is ignored; add the column, or make such "
                 "records dead letters with --on-unknown-key dead",
                 name, table);
}

void unknown_keys_sum_up(struct unknown_keys *keys, const char *scope)
{
    pthread_mutex_lock(&keys->lock);
    size_t named = keys->n < NAMED_AT_THE_END ? keys->n : NAMED_AT_THE_END;
    for (size_t i = 0; i < named; i++)
        log_info(scope, "the key \"%s\" was ignored in %" PRIu64 " record%s", keys->names[i],
                 keys->records[i], keys->records[i] == 1 ? "" : "s");
    if (named < keys->n)
        log_info(scope, "and %zu more keys were ignored", keys->n - named);
    pthread_mutex_unlock(&keys->lock);
}

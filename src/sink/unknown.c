#include "sink/unknown.h"

#include "base/log.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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

static bool remember(struct unknown_keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->n; i++)
        if (strcmp(keys->names[i], name) == 0)
            return false;
    if (keys->n == UNKNOWN_KEYS_MAX)
        return false;
    char *copy = strdup(name);
    if (!copy)
        return false;
    keys->names[keys->n++] = copy;
    return true;
}

void unknown_keys_tell(struct unknown_keys *keys, const char *scope, const char *table,
                       const char *name)
{
    pthread_mutex_lock(&keys->lock);
    bool is_new = remember(keys, name);
    pthread_mutex_unlock(&keys->lock);
    if (is_new)
        log_warn(scope,
                 "the key \"%s\" has no column in %s and is ignored; add the column, or make such "
                 "records dead letters with --on-unknown-key dead",
                 name, table);
}

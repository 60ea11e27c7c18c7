/* Configs of a topic, once read: no network here. */
#include "client/admin_topics.h"

#include <string.h>

const struct topic_config *topic_config_find(const struct topic *topic, const char *name)
{
    for (size_t i = 0; i < topic->n_configs; i++)
        if (!strcmp(topic->configs[i].name, name))
            return &topic->configs[i];
    return NULL;
}

static bool is_changed(const struct config_change *changes, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(changes[i].name, name))
            return true;
    return false;
}

int topic_configs_merge(struct arena *arena, const struct topic *topic,
                        const struct config_change *changes, size_t n, struct config_change **out,
                        size_t *n_out, struct err *err)
{
    *out = arena_alloc(arena, (topic->n_configs + n + 1) * sizeof **out);
    *n_out = 0;
    for (size_t i = 0; i < topic->n_configs; i++) {
        const struct topic_config *config = &topic->configs[i];
        if (config->source != CONFIG_TOPIC || is_changed(changes, n, config->name))
            continue;
        if (!config->value)
            return err_set(
                err, ERR_HALT,
                "topic \"%s\" sets %s to a value that the broker does not show, and this "
                "librdkafka can only send all configs at once, which would lose it: "
                "nothing was changed; librdkafka 2.2 or newer can do it",
                topic->name, config->name);
        (*out)[(*n_out)++] = (struct config_change){config->name, config->value};
    }
    for (size_t i = 0; i < n; i++)
        if (changes[i].value)
            (*out)[(*n_out)++] = changes[i];
    return 0;
}

#include "cmd/pipeline_group.h"

#include <string.h>

#define PREFIX "weir."
#define STORE_DIGITS 12

const char *pipeline_of_group(struct arena *arena, const struct config *config, const char *group)
{
    const size_t prefix = sizeof PREFIX - 1;
    const char *dot = strrchr(group, '.');
    for (size_t i = 0; i < config->n_pipelines; i++)
        if (config->pipelines[i].group && !strcmp(config->pipelines[i].group, group))
            return config->pipelines[i].name;
    if (strncmp(group, PREFIX, prefix) != 0 || dot <= group + prefix ||
        strlen(dot + 1) != STORE_DIGITS || strspn(dot + 1, "0123456789abcdef") != STORE_DIGITS)
        return NULL;
    return arena_strndup(arena, group + prefix, (size_t)(dot - group) - prefix);
}

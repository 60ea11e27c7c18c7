#include "sink/group.h"

#include <stdio.h>

void group_of_pipeline(const struct pipeline_config *config, const char *uuid, char *out,
                       size_t size)
{
    char store[13] = "";
    size_t n = 0;
    for (; *uuid && n < 12; uuid++)
        if (*uuid != '-')
            store[n++] = *uuid;
    if (config->group)
        snprintf(out, size, "%s", config->group);
    else
        snprintf(out, size, "weir.%s.%s", config->name, store);
}

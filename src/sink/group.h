/* The consumer group of a pipeline: its own name and its store's, so that no two share one. */
#ifndef WEIR_SINK_GROUP_H
#define WEIR_SINK_GROUP_H

#include "base/config.h"

#include <stddef.h>

/* `uuid`: of the store. "weir.<pipeline>.<12 hex>", unless the pipeline names another. */
void group_of_pipeline(const struct pipeline_config *config, const char *uuid, char *out,
                       size_t size);

#endif

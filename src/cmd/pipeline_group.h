/*
 * Whether a consumer group is a weir pipeline's own. What such a group has committed is only for
 * other tools to see: where the pipeline is stands in its database (docs/architecture.md), so to
 * move the group would do nothing, and to read under its name would take partitions from it.
 */
#ifndef WEIR_CMD_PIPELINE_GROUP_H
#define WEIR_CMD_PIPELINE_GROUP_H

#include "base/config.h"

/*
 * By its name ("weir.<pipeline>.<12 hex of the store>"), or because a pipeline of the configuration
 * names it (`group:`). The pipeline's name in `arena`, or NULL: it is not.
 */
const char *pipeline_of_group(struct arena *arena, const struct config *config, const char *group);

#endif

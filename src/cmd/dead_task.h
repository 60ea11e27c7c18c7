/* What the tasks of `weir dead` have in common; cmd_dead.c has the short ones. */
#ifndef WEIR_CMD_DEAD_TASK_H
#define WEIR_CMD_DEAD_TASK_H

#include "cmd/cli.h"
#include "sink/dead.h"

/*
 * A task, after the configuration was loaded: the filter as the options and words say. Returns the
 * exit code, or -1 and err.
 */
typedef int dead_task(struct cli *cli, struct dead_filter *filter, struct err *err);

dead_task dead_export; /* dead_export.c */
dead_task dead_replay; /* dead_replay.c */

/* Before the configuration: with --table, -t is what it is for ingest, the pipeline's topic. */
int dead_replay_options(struct cli *cli, const char *pipeline, struct err *err);

/* The pipeline's own database if the file has the pipeline, else the one for all. */
const struct pipeline_config *dead_config_of(const struct cli *cli, const char *pipeline);

#endif

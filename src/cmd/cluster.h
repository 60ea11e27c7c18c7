/* A verb's way to the cluster. */
#ifndef WEIR_CMD_CLUSTER_H
#define WEIR_CMD_CLUSTER_H

#include "client/admin.h"
#include "cmd/cli.h"
#include "cmd/task.h"

/*
 * Connect to the brokers of the loaded configuration and ask the first question: whether they are
 * there. Who names a broker that is not waits five seconds, and is told where the name came from.
 * admin_free() takes `out` also after a failure.
 */
int cluster_connect(const struct cli *cli, struct admin **out, struct err *err);
/* What no broker answered (ERR_OUTAGE) is also told where their name came from. Returns -1. */
int cluster_fail(const struct cli *cli, struct err *err);
/*
 * For a verb of tasks, when its options are read: its names, the configuration, and that. `names`
 * says of what they are; they lie in the cli's arena.
 */
int cluster_begin(struct cli *cli, const struct task *task, struct task_names *names,
                  struct admin **out, struct err *err);

#endif

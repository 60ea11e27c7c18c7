/*
 * One run of weir topic: what its words and options ask for, and the parts that do it.
 *
 * cmd_topic.c reads the command line and connects; list and describe are there, what changes a
 * cluster is in topic_change.c. A part returns 0, or -1 and `err`, which the caller reports.
 */
#ifndef WEIR_CMD_TOPIC_WORK_H
#define WEIR_CMD_TOPIC_WORK_H

#include "cmd/cli.h"

#include "client/admin_topics.h"

#include <stdbool.h>

/* For what a broker works at: new topics of many partitions take their time. */
#define TOPIC_WORK_MS 30000
/* Until the cluster shows a change that it has made. */
#define TOPIC_SHOW_MS 5000

struct topic_work {
    struct cli *cli;
    struct admin *admin;
    const char **names;
    size_t n_names;
    int partitions; /* TOPIC_UNKNOWN: not given */
    int replication_factor;
    struct config_change *changes; /* --config and --delete-config, in the order given */
    size_t n_changes;
    bool if_not_exists;
    bool internal;
    bool yes;
    bool at; /* --at was given */
    int64_t at_ms;
};

int topic_create(struct topic_work *work, struct err *err);
int topic_alter(struct topic_work *work, struct err *err);
int topic_delete(struct topic_work *work, struct err *err);

#endif

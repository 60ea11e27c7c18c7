/*
 * One run of weir group: what its words and options ask for, and the parts that do it.
 *
 * cmd_group.c reads the command line and connects; list and describe are there, seek and delete in
 * group_change.c. A part returns 0, or -1 and `err`, which the caller reports.
 */
#ifndef WEIR_CMD_GROUP_WORK_H
#define WEIR_CMD_GROUP_WORK_H

#include "client/admin_groups.h"
#include "cmd/cli.h"

#include <stdbool.h>

/* For what a broker answers at once, and a coordinator that is just being found. */
#define GROUP_WORK_MS 15000
/* For all that is asked before something is shown; a broker that is mute may keep each question. */
#define GROUP_READ_MS 10000

struct group_work {
    struct cli *cli;
    struct admin *admin;
    int64_t read_until_us; /* monotonic */
    const char **names;
    size_t n_names;
    struct offset_spec to; /* seek: -o */
    bool to_given;
    const char **topics; /* seek: -t, "TOPIC" or "TOPIC:0,2" */
    size_t n_topics;
    int32_t partition; /* seek: -p; -1: not given */
    bool dry_run;
    bool yes;
};

/*
 * The group of that name among those of the cluster, with its name and state alone; `out` is a list
 * of one. One that is not there is ERR_USAGE and names the nearest; so is a group of another kind.
 */
int group_find(struct group_work *work, const char *name, struct group_list *out, struct err *err);
/* Members, offsets and ends of all of them. -1: something could not be read; what could is there.
 */
int group_fill(struct group_work *work, struct group_list *groups, struct err *err);

int group_seek(struct group_work *work, struct err *err);
int group_delete(struct group_work *work, struct err *err);

#endif

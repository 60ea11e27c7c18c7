/* What `weir group seek` moves, and where to: the parts that ask no cluster. */
#ifndef WEIR_CMD_GROUP_PLAN_H
#define WEIR_CMD_GROUP_PLAN_H

#include "base/arena.h"
#include "base/config.h"
#include "client/admin_topics.h"

/* A topic as -t names it: "orders" (all of its partitions) or "orders:0,2". */
struct group_topic {
    const char *name;
    const int32_t *partitions; /* rising; none: all */
    size_t n_partitions;
};
int group_plan_topic(struct arena *arena, const char *text, struct group_topic *out,
                     struct err *err);
bool group_plan_wants(const struct group_topic *topic, int32_t partition);

/*
 * The offset that `to` means in a partition whose ends (and, for a time, whose `at`) were read. One
 * outside of the log is ERR_USAGE, and ends that are not known are ERR_OUTAGE.
 */
int group_plan_offset(struct offset_spec to, const char *topic, const struct topic_partition *p,
                      int64_t *out, struct err *err);

#endif

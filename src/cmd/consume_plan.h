/* Which partitions `weir consume` reads, from where to where. */
#ifndef WEIR_CMD_CONSUME_PLAN_H
#define WEIR_CMD_CONSUME_PLAN_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "client/admin.h"

#include <stdbool.h>

struct consume_request {
    const char *const *topics;
    size_t n_topics;
    int32_t partition; /* -1: all */
    bool in_group;     /* where each begins is for the group to say: `from` stays 0 */
    struct offset_spec from;
    int64_t to_ms; /* records older than this, in milliseconds since 1970; -1: no end */
    bool to_end;   /* -e: what is there now */
};

struct consume_part {
    const char *topic;
    int32_t partition;
    int64_t from;
    int64_t stop; /* the first offset that is not wanted; INT64_MAX: open */
};

struct consume_plan {
    struct consume_part *parts; /* in the arena */
    size_t n;
};

/* Asks the cluster. An unknown topic or partition, or an offset outside, is ERR_USAGE. */
int consume_plan_make(struct arena *arena, struct admin *admin,
                      const struct consume_request *request, struct consume_plan *out,
                      struct err *err);

#endif

/*
 * Consumer groups of a cluster: what there is, and changes to it. Blocking calls of an admin's
 * owner, as in client/admin.h; a call that waits for a broker takes `timeout_ms` at most. A
 * coordinator that is just being found or loads its groups is waited for.
 *
 * A group is read in steps, each of which fills in more: admin_groups(), then members, offsets and
 * ends. What cannot be read stays unknown, and the group says why. All lies in the caller's arena.
 *
 * librdkafka before 2.10 asks for members in a way that does not know groups of the new protocol
 * (KIP-848): their members are unknown then, never "none". Groups of other kinds (share groups,
 * Kafka Connect, streams) are not listed by any; admin_group_exists() tells that there is one.
 */
#ifndef WEIR_CLIENT_ADMIN_GROUPS_H
#define WEIR_CLIENT_ADMIN_GROUPS_H

#include "client/admin.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An offset or a number that is not known, or is not there. */
#define GROUP_UNKNOWN (-1)

enum group_type {
    GROUP_TYPE_UNKNOWN,
    GROUP_CLASSIC,
    GROUP_CONSUMER, /* the new protocol, KIP-848 */
};

struct group_member {
    const char *client_id;
    const char *member_id;
    const char *host;
    const char *instance_id;                /* NULL: not a static member */
    const struct partition_ref *partitions; /* by topic and number; no offsets */
    size_t n_partitions;
};

/* A partition of a topic that the group reads or has read. */
struct group_partition {
    const char *topic;
    int32_t partition;
    bool is_gone;      /* the topic has no such partition (any more) */
    bool is_hidden;    /* of a topic that we may not see: brokers say nothing of its offsets */
    int64_t committed; /* GROUP_UNKNOWN: no committed offset, or hidden */
    int64_t low;       /* these are GROUP_UNKNOWN until asked for */
    int64_t high;      /* high watermark, uncommitted records included */
};

struct group {
    const char *name;
    const char *state; /* in Kafka's words; NULL: one that the library has no name for */
    enum group_type type;
    bool is_simple; /* offsets alone: no protocol, never any member */
    bool members_known;
    bool members_hidden;  /* not known, because this library cannot ask for them */
    const char *assignor; /* "" while it has none */
    struct group_member *members;
    size_t n_members;
    bool offsets_known;
    struct group_partition *partitions; /* by topic and number */
    size_t n_partitions;
    /* Why something of this group could not be read; ERR_NONE: nothing failed. */
    struct err members_err;
    struct err offsets_err;
};

struct group_list {
    struct group *items; /* by name */
    size_t n;
    struct err err; /* a broker did not answer, so its groups are missing; or ERR_NONE */
};

/* Whether it has members, as far as is known: a group whose state has no name is held to have. */
bool group_has_members(const struct group *group);
/* Records behind the end; GROUP_UNKNOWN without both offsets, or when the committed one is above
 * the end. */
int64_t group_partition_lag(const struct group_partition *partition);
/* Of all partitions that have a committed offset and are not gone; GROUP_UNKNOWN if none has, or
 * the end of one could not be read, or one is hidden. */
int64_t group_lag(const struct group *group);
/* How many partitions have a committed offset. */
size_t group_committed(const struct group *group);

/* All consumer groups, with their names and states alone. */
int admin_groups(struct admin *admin, struct arena *arena, int timeout_ms, struct group_list *out,
                 struct err *err);
/* Fill in members, assignor and type. */
int admin_groups_members(struct admin *admin, struct arena *arena, struct group_list *groups,
                         int timeout_ms, struct err *err);
/* Fill in the partitions that have a committed offset. */
int admin_groups_offsets(struct admin *admin, struct arena *arena, struct group_list *groups,
                         int timeout_ms, struct err *err);
/*
 * Add the other partitions of these topics and of those that members are assigned to, and fill in
 * where all of them begin and end, and which are gone or hidden; after members and offsets. On
 * failure what is there is shown without ends. Of a topic that we may not see and that no member
 * reads, a broker lets nothing be known.
 */
int admin_groups_ends(struct admin *admin, struct arena *arena, struct group_list *groups,
                      int timeout_ms, struct err *err);

/* Whether the cluster has a group of that name, of whatever kind. */
int admin_group_exists(struct admin *admin, const char *name, int timeout_ms, bool *out,
                       struct err *err);

/* ---- changes ---- */

/*
 * Commit these offsets in the group's name. A group with members is refused by the broker
 * (ERR_INPUT): it would not heed them. On failure `done` is how many were taken all the same.
 */
int admin_group_commit(struct admin *admin, const char *group,
                       const struct partition_ref *positions, size_t n, int timeout_ms,
                       size_t *done, struct err *err);

/* What became of one group; class ERR_NONE: it was done. */
struct group_result {
    const char *name;
    struct err err;
};
/* `results` has room for one each, in their order. -1 and `err`: no answer at all. */
int admin_delete_groups(struct admin *admin, const char *const *names, size_t n, int timeout_ms,
                        struct group_result *results, struct err *err);

#endif

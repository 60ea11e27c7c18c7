/* Between consume_group.c (a member of a group) and consume_group_place.c (where it begins). */
#ifndef WEIR_CMD_CONSUME_GROUP_PRIVATE_H
#define WEIR_CMD_CONSUME_GROUP_PRIVATE_H

#include "cmd/consume.h"

struct membership {
    struct consume *consume;
    bool pending;         /* the group gave us parts; where some begin is still to be asked */
    bool knows_committed; /* of all of them */
    bool is_reading;      /* some of them */
    bool was_assigned;    /* at least once */
    bool told_waiting;
    bool told_where;
    bool told_unresolved;
    bool told_uncommitted;
    int64_t joined_us;
    int64_t assigned_us;
    int64_t committed_us;
    int64_t asked_us; /* where parts begin */
    size_t ask_first; /* which of them next */
};

/* Start to read what the group gave; what an outage keeps back is left for a later round. */
void consume_group_begin(struct membership *m);
/*
 * An offset that some partition without a committed one does not have: told before we join, which
 * makes the group. What cannot be asked now is asked again when the group has given us partitions.
 */
int consume_group_check_place(struct consume *consume, struct err *err);

#endif

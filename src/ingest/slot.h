/*
 * Static membership (KIP-345): a name for this process that it finds again after a crash, so that
 * the group gives it its partitions back at once instead of waiting for a session to time out.
 *
 * Each process of a group on this machine takes the lowest free slot by a lock on a file in
 * ${XDG_RUNTIME_DIR:-/tmp}/weir-<uid>; the kernel frees the lock when the process dies, however it
 * dies. The member's name is made of the machine's id, host, group, folder and slot.
 */
#ifndef WEIR_INGEST_SLOT_H
#define WEIR_INGEST_SLOT_H

#include "base/err.h"

struct slot {
    int fd; /* -1: none taken */
    int number;
    char instance[250];
};

int slot_take(struct slot *slot, const char *group, struct err *err);
void slot_release(struct slot *slot);

#endif

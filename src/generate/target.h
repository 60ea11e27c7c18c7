/*
 * Where made records go: lines on a descriptor (target_lines.c) or a topic (target_topic.c). One
 * thread makes all calls.
 */
#ifndef WEIR_GENERATE_TARGET_H
#define WEIR_GENERATE_TARGET_H

#include "base/err.h"
#include "base/outlet.h"
#include "client/producer.h"
#include "generate/ledger_file.h"
#include "generate/progress.h"
#include "generate/source.h"

#include <stdbool.h>
#include <stdint.h>

struct target;

/* What each kind has; `target` is the first member of its own struct. */
struct target_calls {
    /*
     * Where a value of so many bytes can be made, so that put() need not copy it. NULL and *rc 0:
     * nowhere; NULL and *rc -1: err. May be missing.
     */
    char *(*room)(struct target *target, size_t bytes, int *rc, struct err *err);
    /* Take a record; its bytes are copied. 1: not now, it is full; rest, and try again. */
    int (*put)(struct target *target, const struct made *made, struct err *err);
    /*
     * Nothing is due for `wait_ms`, or it is full: do what is to be done and wait no longer than
     * that.
     */
    int (*rest)(struct target *target, int wait_ms, bool full, struct err *err);
    /* No more records come: a step of waiting for what is on its way; false: nothing is. May be
     * missing. */
    bool (*drain)(struct target *target);
    /* All that were put are out, or err says how many are not. */
    int (*finish)(struct target *target, struct err *err);
    void (*free)(struct target *target);
};

struct target {
    const struct target_calls *calls;
    struct progress *progress;
    bool gone; /* nobody wants more: end quietly */
};

/* A record a line, as it is; a null value is the word null. The outlet stays the caller's. */
int target_lines_new(struct target **out, struct outlet *outlet, struct progress *progress,
                     struct err *err);

/* ---- A topic ---- */

struct topic_options {
    const char *brokers;
    const struct property *properties;
    size_t n_properties;
    const char *topic;
    int32_t partition;          /* -1: by the key's hash, or any */
    bool bulk;                  /* records come as fast as they are taken */
    bool own_times;             /* a record's time is the made one's; else the time of sending */
    struct ledger_file *ledger; /* NULL: none. The caller's */
};

/*
 * ERR_USAGE: there is no such topic, or no such partition. `options` must live as long as the
 * target. Its finish waits for a broker until someone asks to stop.
 */
int target_topic_new(struct target **out, const struct topic_options *options,
                     struct progress *progress, struct err *err);

#endif

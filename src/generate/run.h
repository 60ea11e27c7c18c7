/*
 * The run: records from a source into a target, each when it is due, until enough were made, nobody
 * wants more or someone asks to stop; then the target's finish.
 */
#ifndef WEIR_GENERATE_RUN_H
#define WEIR_GENERATE_RUN_H

#include "base/err.h"
#include "generate/source.h"
#include "generate/target.h"

#include <stdbool.h>
#include <stdint.h>

struct run {
    struct source *source;
    struct target *target;
    struct progress *progress;
    int64_t count; /* 0: without end. A duplicate is one more record, and counts */
    bool waits;    /* for a record to be due; else one follows the other */
    /* Called now and then, ten times a second at most: to show how it goes. May be NULL. */
    void (*tick)(void *context);
    void *context;
};

/*
 * 0: all that was made is where it should be, also after a signal. -1 and err: it is not; the
 * progress has what is.
 */
int run_records(const struct run *run, struct err *err);

#endif

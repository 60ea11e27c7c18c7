/*
 * Faults on purpose, by share: what a table's keeper wants to have seen before it happens.
 *
 *     garbage    bytes that are no JSON, partly no UTF-8
 *     truncate   the record, cut short
 *     null       no value at all (a tombstone)
 *     too-long   a text of MAKER_LONG_BYTES more than it should have
 *     duplicate  the same record once more, behind it
 *     late       made up to FAULT_LATE_MS before its time
 *
 * A record has one fault at most.
 */
#ifndef WEIR_GENERATE_FAULTS_H
#define WEIR_GENERATE_FAULTS_H

#include "base/err.h"
#include "generate/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum fault {
    FAULT_GARBAGE,
    FAULT_TRUNCATE,
    FAULT_NULL,
    FAULT_TOO_LONG,
    FAULT_DUPLICATE,
    FAULT_LATE,
    FAULT_NONE
};
#define N_FAULTS FAULT_NONE

#define FAULT_LATE_MS 600000

struct faults {
    uint64_t
        below[N_FAULTS]; /* draws of 2^32 below it, and not of the one before, are this one's */
};

/* "garbage=0.1%,duplicate=0.5%"; shares may be 100% in all. */
int faults_parse(const char *text, struct faults *faults, struct err *err);
enum fault faults_draw(const struct faults *faults, struct rng *rng);
/* Whether any record can have it. */
bool faults_has(const struct faults *faults, enum fault fault);
/* "garbage"; NULL for FAULT_NONE. */
const char *fault_name(enum fault fault);

#endif

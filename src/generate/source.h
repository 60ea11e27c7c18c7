/*
 * Where records come from, one after the other: what is in them (record.h), when they are due
 * (pace.h), what is wrong with them on purpose (faults.h), and whose clock their time is from.
 */
#ifndef WEIR_GENERATE_SOURCE_H
#define WEIR_GENERATE_SOURCE_H

#include "base/err.h"
#include "base/slice.h"
#include "generate/faults.h"
#include "generate/pace.h"
#include "generate/record.h"

#include <stdbool.h>
#include <stdint.h>

struct source;

#define SOURCE_NO_END INT64_MAX

struct source_options {
    const struct record_spec *spec;
    struct maker_options maker;
    struct pace pace;
    struct faults faults;
    bool simulated;   /* the clock begins at as_of_us and steps by the pace */
    int64_t as_of_us; /* since 1970-01-01T00:00:00Z */
    int64_t until_us; /* the same, or SOURCE_NO_END: none is made at that time, or behind it */
    const char *key;  /* the field that is the record's key, or NULL */
    const char *id;   /* the field that a ledger names, or NULL */
};

/* Slices are valid until the next call. */
struct made {
    struct slice value; /* ptr NULL: null */
    struct slice key;   /* ptr NULL: null */
    struct slice id;    /* as text; ptr NULL: there is none, or none can be read */
    bool id_bare;       /* a number */
    int64_t time_us;    /* since 1970-01-01T00:00:00Z */
    enum fault fault;
    bool again; /* the second of a duplicate */
};

int source_new(struct source **out, const struct source_options *options, struct err *err);
void source_free(struct source *source);
/* How many there can be at least, duplicates not counted. */
uint64_t source_most(const struct source *source);
/* Whether there can be no more: a sequence is at its end. True: err (ERR_HALT) says which. */
bool source_is_at_end(const struct source *source, struct err *err);
/* When the next record is due, in microseconds from the first on; each call is for the next. */
int64_t source_due(struct source *source);
/*
 * Whether the clock has reached the end: to be asked for each record, behind source_due(). The time
 * that it has seen is the record's, so that none has a later one. A duplicate's second has the
 * time of the first, and comes in any case.
 */
bool source_has_ended(struct source *source);
/*
 * Make it. After a duplicate's first, the same once more. `room`: where source_value_bytes() are
 * free, for the value to be made there; NULL: in memory of the source's own.
 *
 * `is_last`: none follows it, so it is no duplicate's first. As fast as it goes the clock is read
 * for every eighth record: they are made within some two microseconds.
 */
void source_make(struct source *source, char *room, bool is_last, struct made *made);
/* Time has passed since the last one: the clock is read for the next. */
void source_rested(struct source *source);
/* Most bytes that a value can have, and be written in strides. */
size_t source_value_bytes(const struct source *source);

#endif

/*
 * A table held against records: what each column would get, and which records would become dead
 * letters because of it, by the encoder's own word (inspect/trial.h).
 *
 * A record may be at fault in several columns; it is counted at each of them, where a run would
 * name the first alone.
 */
#ifndef WEIR_INSPECT_COLUMN_CHECK_H
#define WEIR_INSPECT_COLUMN_CHECK_H

#include "base/arena.h"
#include "base/err.h"
#include "sink/row.h"
#include "sink/table.h"

#include <stdbool.h>
#include <stddef.h>

/* Why records would be dead letters: one SQLSTATE, told by the first of them. */
struct fault_kind {
    const char *sqlstate;
    const char *text;
    const char *place; /* TOPIC/PARTITION@OFFSET */
    size_t records;
};
#define MAX_FAULT_KINDS 6
struct faults {
    struct fault_kind kinds[MAX_FAULT_KINDS];
    size_t n;
    size_t records; /* of all kinds */
};
/* The kind of that SQLSTATE, or NULL. */
const struct fault_kind *faults_find(const struct faults *faults, const char *sqlstate);

struct column_report {
    const struct column *column;
    size_t number;                  /* its place in the table */
    const struct column_rule *rule; /* NULL: the key of its name fills it */
    size_t present;                 /* records with a value, */
    size_t nulls;                   /* with null, */
    size_t absent;                  /* with nothing */
    struct faults faults;
};

struct unfit_key {
    const char *name;
    size_t records;
};

struct column_check {
    struct column_report *columns; /* the writable ones, in the table's order */
    size_t n_columns;
    size_t records; /* looked at: JSON objects and others, no tombstones */
    size_t tombstones;
    size_t dead;                    /* as a run would count them */
    struct faults records_at_fault; /* whatever the table is; of `records` */
    struct unfit_key *unknown;      /* keys that no column takes, by how many records have them */
    size_t n_unknown;
};

/*
 * ERR_USAGE: the pipeline's rules do not fit the table, as ingest says it. All memory is the
 * arena's; table, policy and records are borrowed.
 */
int column_check_run(struct column_check *out, struct arena *arena, const struct table *table,
                     const struct row_policy *policy, const struct record *records, size_t n,
                     struct err *err);

#endif

/*
 * Records tried on a table, or on one column of it, by the very encoder that ingest uses
 * (sink/row.h): nothing here has an opinion of its own on what fits.
 *
 * A row's encoder stops at the first column at fault. A trial of one column tells of that column
 * whatever the others are: the table is taken as it is, with the other columns neither filled nor
 * judged, so that keys find their columns as they do in a run.
 *
 * `table` and `policy` must outlive the trial. What the server alone would refuse (constraints,
 * triggers, types without an encoder) is not tried.
 */
#ifndef WEIR_INSPECT_TRIAL_H
#define WEIR_INSPECT_TRIAL_H

#include "base/err.h"
#include "base/json.h"
#include "sink/row.h"
#include "sink/table.h"

struct trial;

/* In place of a column's number: the whole row. */
#define TRIAL_WHOLE SIZE_MAX

/*
 * `as`: try this column in the place of the table's own (another type, say); NULL: as it is. A
 * generated column cannot be tried. ERR_USAGE: the pipeline's rules do not fit, as ingest says it.
 */
int trial_open(struct trial **out, const struct table *table, const struct row_policy *policy,
               size_t column, const struct column *as, struct err *err);
void trial_free(struct trial *trial);

/*
 * ROW_STORED, ROW_TOMBSTONE, or ROW_DEAD with the reason; its column is NULL when the record itself
 * is at fault. Of one column an unknown key is never the reason.
 */
enum row_outcome trial_run(struct trial *trial, const struct record *record,
                           struct row_reason *reason);
/* Of one column: what the record of the last trial_run() has for it. False: nothing. */
bool trial_value(struct trial *trial, const struct record *record, struct json_value *out);
/* Of the whole row: keys that no column took, as row_coder_unknown_keys(). */
/* The last record's keys do not count. */
void trial_uncount(struct trial *trial);
size_t trial_unknown_keys(const struct trial *trial, const struct unknown_key **keys);

#endif

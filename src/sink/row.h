/*
 * From one JSON record to one row of a table, in COPY's binary or text form.
 *
 * A `row_plan` is compiled once from the table, the column rules and the policies: which key goes
 * into which column, and how. It never changes and is shared by all lanes. A `row_coder` is one
 * lane's working memory over a plan; only its owner calls it.
 *
 * row_encode() checks everything the server would reject as far as one record tells (JSON, UTF-8,
 * NUL, ranges, lengths in characters, types), so that a rejected COPY is rare. It either appends
 * one whole tuple to the buffer of the row's shape, or leaves every buffer as it was and says why.
 * The rules, value by type, are the table in docs/ingest.md.
 *
 * Shapes. An absent key whose column has a volatile default (a sequence, random()) must be left out
 * of the COPY's column list so that the server fills it. Rows with the same set of left-out columns
 * have one shape; shape 0 leaves out nothing. Most tables only ever see shape 0.
 *
 * The hot path allocates nothing per record.
 */
#ifndef WEIR_SINK_ROW_H
#define WEIR_SINK_ROW_H

#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"
#include "base/json.h"
#include "sink/record.h"
#include "sink/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct row_plan;
struct row_coder;

/* The policies of a pipeline that a row depends on. */
struct row_policy {
    enum on_unknown_key on_unknown_key;
    enum on_nul on_nul;
    enum on_too_long on_too_long;
    bool force_text;      /* text COPY even where every column has a binary encoder */
    const char *timezone; /* an IANA name or an offset; for timestamptz strings without one */
    const struct column_rule *rules;
    size_t n_rules;
};

/*
 * `table` and `policy` must outlive the plan. Fails with ERR_USAGE on a rule that names no column
 * of the table, a generated column, a bad pointer, a unit on a column that is no timestamp, a
 * $metadata source that does not fit its column's type, or an unknown time zone.
 */
int row_plan_new(struct row_plan **plan, const struct table *table, const struct row_policy *policy,
                 struct err *err);
void row_plan_free(struct row_plan *plan);
bool row_plan_is_binary(const struct row_plan *plan);

struct row_coder *row_coder_new(const struct row_plan *plan);
void row_coder_free(struct row_coder *coder);

/*
 * Columns with DEFAULT_STABLE, in table order: how many, which, and the setter for a transaction's
 * value in the format of the plan (binary send form or text), NULL slice for SQL NULL. The bytes
 * are copied. Until set, a column's default counts as NULL.
 */
size_t row_coder_stable_count(const struct row_coder *coder);
const struct column *row_coder_stable_column(const struct row_coder *coder, size_t i);
void row_coder_set_stable(struct row_coder *coder, size_t i, struct slice value);

enum row_outcome {
    ROW_STORED,    /* a tuple was appended */
    ROW_DEAD,      /* the record can never become a row: see struct row_reason */
    ROW_TOMBSTONE, /* a null value: nothing appended, nothing wrong */
    ROW_FULL,      /* a buffer reached its limit: send what is there, clear it, call again */
};

/* Why a record is dead. */
struct row_reason {
    const char *column;   /* the column at fault, or NULL */
    const char *sqlstate; /* what the server would have answered: "22001", "22003", "22P02" ... */
    char text[256];       /* one sentence: `"abc" is not a whole number` ; values cut short */
};

#define ROW_MAX_SHAPES 8
struct row_sink {
    struct buf tuples[ROW_MAX_SHAPES]; /* header-less COPY data; the caller frames it */
    struct buf single;                 /* a row whose shape found no place: `single_shape` */
};

/*
 * Append the record's tuple. *shape gets the shape's number; a number >= ROW_MAX_SHAPES means the
 * tuple is in `single` and must be sent before the next call.
 */
enum row_outcome row_encode(struct row_coder *coder, const struct record *record,
                            struct row_sink *sink, unsigned *shape, struct row_reason *reason);

/*
 * For who studies records rather than store them: what stands for the column of a field in the
 * record of the last row_encode(), whatever came of it there, unless the record itself is at fault
 * (ROW_DEAD without a column). Fields are the table's writable columns, in its order. The value
 * points into the record. False: the record has none.
 */
bool row_coder_value(struct row_coder *coder, const struct record *record, size_t field,
                     struct json_value *out);

/*
 * The columns of a shape as a quoted SQL list `"a","b"`; valid until the coder is freed, or, of a
 * number >= ROW_MAX_SHAPES, until the next row_encode(). Empty when every column is left out.
 */
const char *row_shape_columns(struct row_coder *coder, unsigned shape);

/* COPY's frame around tuples: header and trailer of the binary form, nothing for text. */
struct slice row_copy_header(const struct row_plan *plan);
struct slice row_copy_trailer(const struct row_plan *plan);

/*
 * Keys that no column took: each distinct one once (at most 256 are remembered), in the order met,
 * with the number of records it was seen in since the counts were cleared. Names are unescaped
 * text. Returns how many; the array is valid until the next row_encode().
 */
struct unknown_key {
    const char *name;
    uint64_t records;
};
size_t row_coder_unknown_keys(const struct row_coder *coder, const struct unknown_key **keys);
/* All counts to zero: they were taken over, or the records will come again. */
void row_coder_clear_unknown_keys(struct row_coder *coder);
/* The last record was encoded before: its keys were counted then. */
void row_coder_uncount(struct row_coder *coder);

#endif

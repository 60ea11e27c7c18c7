/* One column, one value: what row_encode() makes of it, for the tables of the conversion tests. */
#ifndef WEIR_TESTS_ROW_CASE_H
#define WEIR_TESTS_ROW_CASE_H

#include "unit.h"

#include "sink/row.h"

/*
 * `json` goes into a column like `column` (its name and type_name are filled in). What comes out:
 * in binary COPY the field as hexadecimal, in text COPY the field as it is, NULL for SQL NULL; or
 * `!` and the SQLSTATE of the dead letter. Both forms must agree on which it is.
 */
struct row_case {
    const char *json;
    const char *binary;
    const char *text;
};

/* `policy` may be NULL. Fails the running test, naming the JSON text, where it finds something
 * else. */
void check_cases(const struct column *column, const struct row_policy *policy,
                 const struct row_case *cases, size_t n);
#define CHECK_CASES(column, policy, cases) check_cases(column, policy, cases, COUNT_OF(cases))

/* A plan and its coder over one table, with room for rows. */
struct row_bench {
    struct table table;
    struct row_plan *plan;
    struct row_coder *coder;
    struct row_sink sink;
    struct row_reason reason;
    unsigned shape;
};

void bench_open(struct row_bench *bench, struct column *columns, size_t n_columns,
                const struct row_policy *policy, size_t max_bytes);
void bench_close(struct row_bench *bench);
/* Encode a value that stands right before memory no one may read. */
enum row_outcome bench_encode(struct row_bench *bench, const char *json);
enum row_outcome bench_encode_record(struct row_bench *bench, const struct record *record);
/* The text of tuple buffer 0, which is cleared. */
const char *bench_take_text(struct row_bench *bench, char *out, size_t out_bytes);

#endif

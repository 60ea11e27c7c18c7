/*
 * A parameter of a statement that is a whole array, in PostgreSQL's binary form: one statement
 * takes thousands of rows as a few arrays, and values go over byte for byte and unescaped.
 */
#ifndef WEIR_SINK_POSTGRES_ARRAY_H
#define WEIR_SINK_POSTGRES_ARRAY_H

#include "base/buf.h"
#include "sink/postgres/pg.h"

enum array_type { ARRAY_BOOL, ARRAY_BYTEA, ARRAY_INT4, ARRAY_INT8, ARRAY_TEXT };

struct pg_array {
    struct buf buf;
    enum array_type type;
    uint32_t n;
};

void array_begin(struct pg_array *array, enum array_type type);
/* Of bytea or text; SLICE_NONE is NULL. */
void array_add(struct pg_array *array, struct slice value);
void array_add_str(struct pg_array *array, const char *text);
/* Text that the server takes, whatever it is: valid UTF-8 of bounded length. */
void array_add_reason(struct pg_array *array, const char *text);
void array_add_bool(struct pg_array *array, bool v);
void array_add_int4(struct pg_array *array, int32_t v);
void array_add_int8(struct pg_array *array, bool null, int64_t v);
void array_release(struct pg_array *array);

#define MAX_ARRAYS 12
/* Run `sql` with the arrays as $1, $2 ... and text as answer: NULL and the fault on failure. */
PGresult *array_exec(PGconn *conn, const char *sql, struct pg_array arrays[], int n,
                     struct pg_fault *fault);

#endif

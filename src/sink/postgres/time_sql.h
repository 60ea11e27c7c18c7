/* The SQL of sink/time_count.h (PostgreSQL 12 and later). */
#ifndef WEIR_SINK_POSTGRES_TIME_SQL_H
#define WEIR_SINK_POSTGRES_TIME_SQL_H

#include "base/arena.h"
#include "sink/time_count.h"

struct time_sql {
    const struct time_column *column;
    const char *zone;
    bool not_null; /* set before: the column is never NULL */
};

/* `column` is complete. */
void time_sql_init(struct time_sql *sql, struct arena *arena, const struct time_column *column,
                   const char *timezone);

/*
 * The first and the last instant, as two numbers of milliseconds, or NULLs. Of a text by its first
 * and last in the alphabet: one is NULL where that only looks like a time.
 */
const char *time_sql_range(const struct time_sql *sql, struct arena *arena);
/* The same by reading each value, which takes far longer. */
const char *time_sql_read_range(const struct time_sql *sql, struct arena *arena);
/*
 * Whether each of `n` columns of texts, quoted where they must be, holds a time in some of the
 * table's rows: a row of as many booleans, or NULLs. Long values are not looked at.
 */
const char *time_sql_are_times(struct arena *arena, const char *table, const char *const *columns,
                               size_t n);
/*
 * A row for each group: the bucket (0: before the first border, n: at or after the last; NULL: no
 * time), whether the column is NULL, and how many rows.
 */
const char *time_sql_between(const struct time_sql *sql, struct arena *arena,
                             const struct time_stretch *stretch);

#endif

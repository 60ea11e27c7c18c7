/* What all who read weir.dead_letters have in common. */
#ifndef WEIR_SINK_POSTGRES_DEAD_SQL_H
#define WEIR_SINK_POSTGRES_DEAD_SQL_H

#include "sink/dead.h"
#include "sink/postgres/pg.h"

#define DEAD_UTC(column)                                                                           \
    "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

/* The select list that dead_letter_read() reads; the result must be asked for in binary form, in
 * which all of it but key and value is text, and these are as they are. (Its columns have the names
 * of the table's: ORDER BY must say which it means.) */
#define DEAD_LETTER_COLUMNS                                                                        \
    "pipeline, topic, partition::text, record_offset::text, item::text, " DEAD_UTC(                \
        "record_time") ", round((extract(epoch FROM record_time) * "                               \
                       "1000)::numeric)::bigint::text, key, value,"                                \
                       " headers::text, column_name, reason, sqlstate, " DEAD_UTC(                 \
                           "seen_at") ", " DEAD_UTC("replayed_at")
#define N_DEAD_LETTER_COLUMNS 15

/* Borrows from the result. */
void dead_letter_read(const PGresult *rows, int row, struct dead_letter *out);

/* What the filter asks for but its limit, as a condition. */
const char *dead_where(struct arena *arena, const struct dead_filter *filter);
/* "LIMIT N", or nothing. */
const char *dead_limit(struct arena *arena, const struct dead_filter *filter);

/* The server's refusal to read the letters in words that name the next step. -1 */
int dead_explain(const PGconn *conn, const char *schema, struct err *err);

/* A name that no registered pipeline has: -1, with the nearest that is one, or all of them. */
int dead_fail_unknown(PGconn *conn, struct arena *arena, const char *schema, const char *name,
                      struct err *err);

#endif

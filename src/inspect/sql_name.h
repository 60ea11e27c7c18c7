/* Names in the SQL that is printed for people to run. */
#ifndef WEIR_INSPECT_SQL_NAME_H
#define WEIR_INSPECT_SQL_NAME_H

#include "base/arena.h"
#include "sink/table.h"

/* As it is where that means the same to PostgreSQL, else in double quotes. */
const char *sql_name(struct arena *arena, const char *name);
/* A text in single quotes. */
const char *sql_literal(struct arena *arena, const char *text);
/* A table's name as a person wrote it, read as SQL reads it: the parts quoted where they must be.
 */
const char *sql_written(struct arena *arena, const char *name);
/* "schema.table" of a table that was read. */
const char *sql_table(struct arena *arena, const struct table *table);

#endif

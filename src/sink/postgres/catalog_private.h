/* Between catalog.c (the relation, judged) and columns.c (its columns and hash). */
#ifndef WEIR_SINK_POSTGRES_CATALOG_PRIVATE_H
#define WEIR_SINK_POSTGRES_CATALOG_PRIVATE_H

#include "base/err.h"
#include "sink/table.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* Fill columns, hash_sql and hash of a table whose names and oid are known. */
int columns_read(PGconn *conn, struct table *table, bool partitioned, struct err *err);

#endif

/*
 * The target table, read from the catalog and judged: what weir cannot fill exactly once is
 * refused by name, with the cure.
 */
#ifndef WEIR_SINK_POSTGRES_CATALOG_H
#define WEIR_SINK_POSTGRES_CATALOG_H

#include "base/err.h"
#include "sink/table.h"

#include <libpq-fe.h>

/*
 * Read `name` ("table" or "schema.table", unquoted names folded and "quoted" ones kept, as in SQL;
 * looked up by the search_path when without schema). Refuses (ERR_HALT): no such table (names the
 * nearest), no INSERT right (prints the GRANT), UNLOGGED or TEMPORARY or foreign table or such a
 * partition below it, view, materialized view, rules on INSERT, row security that applies to us, a
 * column set weir cannot write. (A SQL_ASCII database is refused by pg_connect().)
 *
 * Columns and hash come from one snapshot, in a transaction of its own; none may be open.
 *
 * table->hash covers: oid of the relation, each column's name, number, type, typmod, not-null,
 * generated, default expression, and of enums and domains what the encoder depends on; BEFORE ROW
 * triggers; partitions; the files, which TRUNCATE and SET UNLOGGED replace.
 */
int catalog_read_table(PGconn *conn, const char *name, struct table **out, struct err *err);

#endif

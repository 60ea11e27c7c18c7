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
 * partition below it, view, materialized view, rules, row security that applies to us, a SQL_ASCII
 * database, a column set weir cannot write.
 */
int catalog_read_table(PGconn *conn, const char *name, struct table **out, struct err *err);

/*
 * The expression that computes table.hash on the server, for the check inside each transaction:
 * an SQL scalar expression over the relation's oid, e.g. `(SELECT md5(...) FROM pg_attribute ...)`.
 * It covers: oid of the relation, each column's name, number, type, typmod, not-null, generated,
 * default expression, and of enums and domains what the encoder depends on; BEFORE ROW triggers.
 * Shared by catalog_read_table() so that both always agree. `regclass` is an SQL expression.
 */
const char *catalog_hash_sql(struct arena *arena, const char *regclass);

#endif

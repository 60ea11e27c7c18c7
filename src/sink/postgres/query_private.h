/*
 * Between query.c (running a statement), query_catalog.c (the listings), query_cancel.c (ending a
 * statement early) and query_fault.c (what is told about one that failed).
 */
#ifndef WEIR_SINK_POSTGRES_QUERY_PRIVATE_H
#define WEIR_SINK_POSTGRES_QUERY_PRIVATE_H

#include "base/arena.h"
#include "sink/postgres/pg.h"
#include "sink/query.h"

struct query {
    struct arena arena; /* of the connection */
    struct pg_target target;
    PGconn *conn;
    bool write;
    bool copying; /* amid the stream of a COPY: only closing the connection ends it */
};

/*
 * The SQL of a listing ("\dt weir.*"), in `arena`. A name that does not exist is ERR_INPUT with the
 * nearest that does. NULL and err on failure.
 */
const char *query_catalog_sql(struct query *query, struct arena *arena, const char *command,
                              struct err *err);
/*
 * The OID of what has a name, as digits. If nothing has: NULL and an error of the class `missing`
 * with the nearest name, or else the advice.
 */
const char *query_relation(struct query *query, struct arena *arena, const char *name,
                           enum err_class missing, const char *advice, struct err *err);
/* Whether it is a listing that exists; ERR_USAGE with those that do. */
int query_catalog_check(const char *command, struct err *err);

/* Wait until an answer is there, or a signal asks to stop. */
void query_await(PGconn *conn);
/*
 * End the statement under way and throw away what still comes. False when that does not succeed in
 * a second: the connection can only be closed then.
 */
bool query_cancel(PGconn *conn);

/* The failed statement in one sentence, and in `end` the place. Asks the server for near names. */
int query_fault(struct query *query, const char *text, const PGresult *result,
                struct query_end *end, struct err *err);

enum near_kind { NEAR_RELATION, NEAR_COLUMN };
/* The existing name nearest to one that does not exist, quoted as SQL wants it; NULL for none. */
const char *query_nearest(PGconn *conn, struct arena *arena, enum near_kind kind, const char *name);

#endif

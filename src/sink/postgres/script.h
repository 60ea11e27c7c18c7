/*
 * Several statements in one round trip, each with its own result.
 */
#ifndef WEIR_SINK_POSTGRES_SCRIPT_H
#define WEIR_SINK_POSTGRES_SCRIPT_H

#include "sink/postgres/pg.h"

#define SCRIPT_MAX_RESULTS 24

struct script {
    PGresult *results[SCRIPT_MAX_RESULTS];
    size_t n;
};

/*
 * Send `sql` by the simple protocol and collect every statement's result. 0 when all succeeded,
 * -1 and the fault of the first that did not (the server skips the rest). script_clear() in both
 * cases. A result of PGRES_COPY_IN ends the collection: the copy is open.
 */
int script_run(PGconn *conn, struct script *script, const char *sql, struct pg_fault *fault);
/*
 * The same for a caller that does something while it waits: `await` is called before each result is
 * taken, because any of the statements may be the one that waits, and returns when one has come or
 * the connection is lost; -1 and the fault give up.
 */
struct script_watch {
    int (*await)(void *context, PGconn *conn, struct pg_fault *fault);
    void *context;
};
int script_run_watched(PGconn *conn, struct script *script, const char *sql,
                       const struct script_watch *watch, struct pg_fault *fault);
/* The i-th result from the end (0: the last). */
PGresult *script_from_end(const struct script *script, size_t i);
void script_clear(struct script *script);

#endif

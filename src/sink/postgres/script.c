#include "sink/postgres/script.h"

#include <assert.h>

/* Read what is left after a failure, so that the connection can be used again. */
static void drain(PGconn *conn)
{
    PGresult *result;
    while ((result = PQgetResult(conn)) != NULL) {
        if (PQresultStatus(result) == PGRES_COPY_IN)
            PQputCopyEnd(conn, "not wanted");
        PQclear(result);
    }
}

static int await(PGconn *conn, const struct script_watch *watch, struct pg_fault *fault)
{
    return watch ? watch->await(watch->context, conn, fault) : 0;
}

int script_run_watched(PGconn *conn, struct script *script, const char *sql,
                       const struct script_watch *watch, struct pg_fault *fault)
{
    PGresult *result;
    script->n = 0;
    if (!PQsendQuery(conn, sql)) {
        pg_fault_read(fault, conn, NULL);
        return -1;
    }
    if (await(conn, watch, fault) < 0)
        return -1;
    while ((result = pg_result(conn)) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN) {
            assert(script->n < SCRIPT_MAX_RESULTS);
            script->results[script->n++] = result;
            if (status == PGRES_COPY_IN)
                return 0;
            if (await(conn, watch, fault) < 0)
                return -1;
            continue;
        }
        pg_fault_read(fault, conn, result);
        PQclear(result);
        drain(conn);
        return -1;
    }
    if (PQstatus(conn) == CONNECTION_OK && script->n > 0)
        return 0;
    pg_fault_read(fault, conn, NULL);
    return -1;
}

int script_run(PGconn *conn, struct script *script, const char *sql, struct pg_fault *fault)
{
    return script_run_watched(conn, script, sql, NULL, fault);
}

PGresult *script_from_end(const struct script *script, size_t i)
{
    assert(i < script->n);
    return script->results[script->n - 1 - i];
}

void script_clear(struct script *script)
{
    for (size_t i = 0; i < script->n; i++)
        PQclear(script->results[i]);
    script->n = 0;
}

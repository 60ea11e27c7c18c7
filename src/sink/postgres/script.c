#include "sink/postgres/script.h"

#include <assert.h>

int script_send(PGconn *conn, const char *sql, struct pg_fault *fault)
{
    if (PQsendQuery(conn, sql))
        return 0;
    pg_fault_read(fault, conn, NULL);
    return -1;
}

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

int script_collect(PGconn *conn, struct script *script, struct pg_fault *fault)
{
    PGresult *result;
    script->n = 0;
    while ((result = pg_result(conn)) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN) {
            assert(script->n < SCRIPT_MAX_RESULTS);
            script->results[script->n++] = result;
            if (status == PGRES_COPY_IN)
                return 0;
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
    script->n = 0;
    if (script_send(conn, sql, fault) < 0)
        return -1;
    return script_collect(conn, script, fault);
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

#include "sink/postgres/rowlock.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define GIVE_UP_US (60 * 1000000LL)

static bool is_our_lane(struct store *store, int pid)
{
    for (int i = 0; i < PG_MAX_LANES; i++)
        if (atomic_load(&store->lane_pids[i]) == pid)
            return true;
    return false;
}

/* One backend that stands in the way: ours to end, or somebody's to name. */
static void free_from(struct store *store, PGconn *helper, const PGresult *blockers, int row)
{
    const char *scope = store->config->name;
    int pid = atoi(PQgetvalue(blockers, row, 0));
    bool ours = PQgetvalue(blockers, row, 1)[0] == 't';
    const char *who = PQgetvalue(blockers, row, 2);
    if (is_our_lane(store, pid))
        return;
    if (!ours) {
        log_warn(scope,
                 "waiting for a row of %s.offsets that backend %d (%s) holds; if it should not, "
                 "run: SELECT pg_terminate_backend(%d)",
                 store->config->state_schema, pid, who, pid);
        return;
    }
    struct err err = {0};
    PGresult *done = pg_execf(helper, &err, "SELECT pg_terminate_backend(%d)", pid);
    if (!done) {
        log_warn(scope,
                 "backend %d of a frozen or dead process of this pipeline holds our row and may "
                 "not be ended (%s); run as a superuser: SELECT pg_terminate_backend(%d)",
                 pid, err.text, pid);
        return;
    }
    log_warn(scope, "ended backend %d, left by a frozen or dead process of this pipeline", pid);
    PQclear(done);
}

static void free_the_way(struct store *store, int pid)
{
    struct err err = {0};
    PGconn *helper = pg_connect(&store->target, &err);
    if (!helper)
        return; /* the waiting connection will meet the same trouble and report it */
    PGresult *blockers = pg_execf(
        helper, &err,
        "SELECT a.pid, a.usename = me.usename AND a.application_name = me.application_name, "
        "a.usename || ', ' || a.application_name || ', ' || a.state "
        "FROM pg_stat_activity me, pg_stat_activity a "
        "WHERE me.pid = %d AND a.pid = ANY (pg_blocking_pids(%d)) AND a.pid <> me.pid",
        pid, pid);
    for (int row = 0; blockers && row < PQntuples(blockers); row++)
        free_from(store, helper, blockers, row);
    PQclear(blockers);
    PQfinish(helper);
}

int rowlock_run(struct store *store, PGconn *conn, int pid, struct script *script, const char *sql,
                struct pg_fault *fault)
{
    script->n = 0;
    if (script_send(conn, sql, fault) < 0)
        return -1;
    int64_t give_up_us = clock_mono_us() + GIVE_UP_US;
    /* A lost connection ends the wait too: collecting tells of it. */
    while (pg_await(conn, ROWLOCK_WAIT_MS) == 0) {
        if (clock_mono_us() > give_up_us) {
            memset(fault, 0, sizeof(*fault));
            fault->class = PG_RETRY;
            snprintf(fault->message, sizeof(fault->message),
                     "another transaction held a row of %s.offsets for a minute",
                     store->config->state_schema);
            return -1;
        }
        free_the_way(store, pid);
    }
    return script_collect(conn, script, fault);
}

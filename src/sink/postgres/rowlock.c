#include "sink/postgres/rowlock.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define GIVE_UP_US (60 * 1000000LL)

enum whom { ALL_OF_OURS, FROZEN_REPLAYS };

static bool is_our_lane(struct store *store, int pid)
{
    for (int i = 0; i < PG_MAX_LANES; i++)
        if (atomic_load(&store->lane_pids[i]) == pid)
            return true;
    return false;
}

/* One backend that stands in the way: ours to end, or somebody's to name. */
static void free_from(struct store *store, PGconn *helper, const PGresult *blockers, int row,
                      enum whom whom)
{
    const char *scope = store->config->name;
    int pid = atoi(PQgetvalue(blockers, row, 0));
    bool frozen = PQgetvalue(blockers, row, 3)[0] == 't';
    bool ours = frozen || PQgetvalue(blockers, row, 1)[0] == 't';
    const char *who = PQgetvalue(blockers, row, 2);
    if (is_our_lane(store, pid) || (whom == FROZEN_REPLAYS && !frozen))
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

/*
 * A replay of this pipeline whose client has said nothing for a while: within its transaction a
 * replay that lives waits for no one. The server cuts an application_name at 63 bytes.
 */
#define FULL_NAME "substring(a.application_name FROM '^weir-replay-[0-9]+:') || %s"
#define FROZEN_REPLAY                                                                              \
    "a.usename = me.usename AND a.wait_event_type = 'Client'"                                      \
    " AND a.state_change < clock_timestamp() - interval '%d milliseconds'"                         \
    " AND (a.application_name = " FULL_NAME " OR octet_length(a.application_name) >= 60"           \
    " AND a.application_name = left(" FULL_NAME ", length(a.application_name)))"

/* Who waits: the backend of one transaction, or any of this pipeline's that waits for a lock. */
static const char *waiting(struct arena *arena, const struct store *store, int pid)
{
    if (pid > 0)
        return arena_printf(arena, "w.pid = %d", pid);
    return arena_printf(arena,
                        "w.usename = me.usename AND w.application_name = %s"
                        " AND w.wait_event_type = 'Lock'",
                        store->application);
}

static void free_the_way(struct store *store, int pid, enum whom whom)
{
    struct err err = {0};
    struct arena arena;
    PGconn *helper = pg_connect(&store->target, &err);
    if (!helper)
        return; /* the waiting connection will meet the same trouble and report it */
    arena_init(&arena);
    PGresult *blockers =
        pg_execf(helper, &err,
                 "SELECT DISTINCT a.pid, a.usename = me.usename AND a.application_name = %s, "
                 "a.usename || ', ' || a.application_name || ', ' || a.state, "
                 "coalesce(" FROZEN_REPLAY ", false) "
                 "FROM pg_stat_activity me, pg_stat_activity w, pg_stat_activity a "
                 "WHERE me.pid = pg_backend_pid() AND %s AND a.pid = ANY (pg_blocking_pids(w.pid))"
                 " AND a.pid <> w.pid",
                 store->application, ROWLOCK_FROZEN_MS, store->pipeline, store->pipeline,
                 waiting(&arena, store, pid));
    for (int row = 0; blockers && row < PQntuples(blockers); row++)
        free_from(store, helper, blockers, row, whom);
    PQclear(blockers);
    PQfinish(helper);
    arena_release(&arena);
}

int rowlock_begin(const struct store *store, PGconn *conn, int *pid, struct pg_fault *fault)
{
    struct script script;
    struct arena arena;

    arena_init(&arena);
    const char *sql = arena_printf(&arena,
                                   "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
                                   "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
                                   "SET LOCAL application_name = %s;"
                                   "SELECT pg_backend_pid()",
                                   store->application);
    int rc = script_run(conn, &script, sql, fault);
    if (rc == 0)
        *pid = atoi(PQgetvalue(script_from_end(&script, 0), 0, 0));
    script_clear(&script);
    arena_release(&arena);
    return rc;
}

struct wait {
    struct store *store;
    int pid;
    int64_t give_up_us;
    bool told;
};

static int await_row(void *context, PGconn *conn, struct pg_fault *fault)
{
    const struct wait *wait = context;
    while (pg_await(conn, ROWLOCK_WAIT_MS) == 0) {
        if (clock_mono_us() > wait->give_up_us) {
            memset(fault, 0, sizeof(*fault));
            fault->class = PG_RETRY;
            snprintf(fault->message, sizeof(fault->message),
                     "another transaction held a row of %s.offsets for a minute",
                     wait->store->config->state_schema);
            return -1;
        }
        free_the_way(wait->store, wait->pid, ALL_OF_OURS);
    }
    return 0;
}

int rowlock_run(struct store *store, PGconn *conn, int pid, struct script *script, const char *sql,
                struct pg_fault *fault)
{
    struct wait wait = {.store = store, .pid = pid, .give_up_us = clock_mono_us() + GIVE_UP_US};
    const struct script_watch watch = {await_row, &wait};
    return script_run_watched(conn, script, sql, &watch, fault);
}

static int await_open(void *context, PGconn *conn, struct pg_fault *fault)
{
    struct wait *wait = context;
    (void)fault;
    while (pg_await(conn, ROWLOCK_FROZEN_MS) == 0) {
        if (!wait->told)
            pg_tell_waiting();
        wait->told = true;
        free_the_way(wait->store, 0, FROZEN_REPLAYS);
    }
    return 0;
}

int rowlock_open(struct store *store, PGconn *conn, struct script *script, const char *sql,
                 struct pg_fault *fault)
{
    struct wait wait = {.store = store};
    const struct script_watch watch = {await_open, &wait};
    return script_run_watched(conn, script, sql, &watch, fault);
}

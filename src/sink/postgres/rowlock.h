/*
 * Waiting for rows that a dead or frozen process of this pipeline may hold.
 *
 * A process stopped in mid-COPY keeps its row locks for ever: neither statement_timeout nor
 * idle_in_transaction_session_timeout ends a COPY that waits for its client. So a claim that has
 * waited ROWLOCK_WAIT_MS looks who blocks it (pg_blocking_pids). A backend of our own role and
 * application_name that is not one of this process's lanes is terminated; its transaction rolls
 * back, and its process, should it wake, finds another epoch. So is a replay (each has a name of
 * its own, so that two that live do not end each other) whose client is silent for
 * ROWLOCK_FROZEN_MS amid its transaction; it settles what became of it when it wakes. Anyone else
 * is named, with what to run, and waited for.
 */
#ifndef WEIR_SINK_POSTGRES_ROWLOCK_H
#define WEIR_SINK_POSTGRES_ROWLOCK_H

#include "sink/postgres/script.h"
#include "sink/postgres/store.h"

#define ROWLOCK_WAIT_MS 2000
#define ROWLOCK_FROZEN_MS 5000

/*
 * BEGIN a transaction whose statements rowlock_run() runs; *pid is its backend. It has our name
 * whatever stands between us and the server.
 */
int rowlock_begin(const struct store *store, PGconn *conn, int *pid, struct pg_fault *fault);

/*
 * Run `sql` on `conn`, freeing its way as above. `pid` is the backend of `conn`'s transaction.
 * Like script_run(). Gives up with class PG_RETRY after about a minute.
 */
int rowlock_run(struct store *store, PGconn *conn, int pid, struct script *script, const char *sql,
                struct pg_fault *fault);

/*
 * The opening of a lane's transaction: only replays that are frozen are ended, all others are
 * waited for without end. Who waits is known by the name that each transaction gives itself, as
 * behind a pooler a connection does not tell its backend's number.
 */
int rowlock_open(struct store *store, PGconn *conn, struct script *script, const char *sql,
                 struct pg_fault *fault);

#endif

/* Ending a statement that is under way, within a second whatever the network does. */
#include "base/clock.h"
#include "sink/postgres/query_private.h"

#include <pthread.h>
#include <time.h>

#define CANCEL_MS 700
#define DRAIN_MS 100

/*
 * PQcancel() makes a connection of its own and waits for it without a limit: it gets a thread, to
 * which `cancel` belongs.
 */
static void *send_cancel(void *cancel)
{
    char ignored[256];
    PQcancel(cancel, ignored, sizeof ignored);
    PQfreeCancel(cancel);
    return NULL;
}

/* True when the server has heard it in time. */
static bool request_cancel(PGconn *conn, int64_t deadline_us)
{
    pthread_t thread;
    PGcancel *cancel = PQgetCancel(conn);
    if (!cancel)
        return false;
    if (pthread_create(&thread, NULL, send_cancel, cancel) != 0) {
        PQfreeCancel(cancel);
        return false;
    }
    int64_t until_us = clock_wall_us() + (deadline_us - clock_mono_us());
    const struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
    if (pthread_timedjoin_np(thread, NULL, &until) != 0) {
        pthread_detach(thread);
        return false;
    }
    return true;
}

/* Throw away what comes until the statement has ended (true), or the time is over. */
static bool drain(PGconn *conn, int64_t until_us)
{
    while (PQtransactionStatus(conn) == PQTRANS_ACTIVE) {
        int64_t left_ms = (until_us - clock_mono_us()) / 1000;
        if (left_ms <= 0 || pg_await(conn, (int)left_ms) != 1)
            return false;
        PGresult *result = PQgetResult(conn);
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (!result || status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
            break;
    }
    return PQtransactionStatus(conn) != PQTRANS_ACTIVE;
}

/*
 * A server that is blocked in sending sees the request only when it is read from again; and one
 * that is just between two messages of a statement forgets it, so it is told more than once.
 */
bool query_cancel(PGconn *conn)
{
    int64_t deadline_us = clock_mono_us() + CANCEL_MS * 1000LL;
    do {
        if (!request_cancel(conn, deadline_us))
            return false;
        if (drain(conn, clock_mono_us() + DRAIN_MS * 1000LL))
            return true;
    } while (clock_mono_us() < deadline_us && PQstatus(conn) == CONNECTION_OK);
    return false;
}

/* Ending a statement that is under way, within a second whatever the network does. */
#include "base/clock.h"
#include "sink/postgres/query_private.h"

#include <pthread.h>
#include <time.h>

#define CANCEL_MS 500
#define DRAIN_MS 400

/* PQcancel() makes a connection of its own and waits for it without a limit: it gets a thread. */
static void *send_cancel(void *cancel)
{
    char ignored[256];
    PQcancel(cancel, ignored, sizeof ignored);
    return NULL;
}

/* True when the server has heard it. */
static bool request_cancel(PGconn *conn)
{
    pthread_t thread;
    PGcancel *cancel = PQgetCancel(conn);
    if (!cancel)
        return false;
    if (pthread_create(&thread, NULL, send_cancel, cancel) != 0) {
        PQfreeCancel(cancel);
        return false;
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += CANCEL_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    if (pthread_timedjoin_np(thread, NULL, &until) != 0) {
        pthread_detach(thread); /* `cancel` is its own from here on; the process is about to end */
        return false;
    }
    PQfreeCancel(cancel);
    return true;
}

bool query_cancel(PGconn *conn)
{
    int64_t deadline_us = clock_mono_us() + (CANCEL_MS + DRAIN_MS) * 1000LL;
    if (!request_cancel(conn))
        return false;
    /* A server that is blocked in sending sees the request only when it is read from again. */
    while (PQtransactionStatus(conn) == PQTRANS_ACTIVE) {
        int64_t left_ms = (deadline_us - clock_mono_us()) / 1000;
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

#include "sink/postgres/pg.h"

#include "base/clock.h"
#include "base/command.h"
#include "base/log.h"

#include <ctype.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDEST_VERSION 120000
/* So long a statement may be silent before a person is told that it is waited for. */

static void notice_to_log(void *context, const PGresult *result)
{
    (void)context;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    log_debug("", "the server says: %s: %s", severity ? severity : "NOTICE",
              message ? message : "");
}

/*
 * libpq keeps no SQLSTATE of a failed start, but with verbose errors it writes one into the text:
 * `FATAL:  3D000: database "x" does not exist`. Two blanks follow a severity in every language.
 */
static bool sqlstate_in(const char *text, char sqlstate[6])
{
    for (const char *pos = strstr(text, ":  "); pos; pos = strstr(pos + 1, ":  ")) {
        size_t n = 0;
        while (n < 5 && (isupper((unsigned char)pos[3 + n]) || isdigit((unsigned char)pos[3 + n])))
            n++;
        if (n == 5 && pos[8] == ':') {
            memcpy(sqlstate, pos + 3, 5);
            sqlstate[5] = '\0';
            return true;
        }
    }
    return false;
}

/* The whole message in one line. */
static void one_line(char *to, size_t size, const char *from)
{
    size_t len = 0;
    for (; *from && len + 1 < size; from++) {
        bool blank = isspace((unsigned char)*from) != 0;
        if (blank && (len == 0 || to[len - 1] == ' '))
            continue;
        to[len++] = blank ? ' ' : *from;
    }
    while (len > 0 && to[len - 1] == ' ')
        len--;
    to[len] = '\0';
}

/* `createdb -h HOST -p PORT -U USER NAME`; the last host tried is the one that said no. */
static const char *createdb_line(struct arena *arena, const PGconn *conn)
{
    const char *const values[] = {PQhost(conn), PQport(conn), PQuser(conn), PQdb(conn)};
    static const char *const options[] = {" -h ", " -p ", " -U ", " "};
    const char *line = "createdb";
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        line = arena_printf(arena, "%s%s%s", line, options[i],
                            command_word(arena, values[i] ? values[i] : ""));
    return line;
}

/* Faults between libpq and the server that no waiting mends; none of them has a SQLSTATE. */
static bool is_lasting(const char *text)
{
    static const char *const PARTS[] = {
        "server does not support SSL",
        "certificate",
        "SSL error",
        "GSSAPI",
        "sslmode",
        "authentication method",
        "invalid port",
        "invalid integer value",
    };
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        if (strstr(text, PARTS[i]))
            return true;
    return false;
}

static int refused(const struct pg_target *target, const PGconn *conn, const char *sqlstate,
                   const char *text, struct err *err)
{
    if (!strcmp(sqlstate, "3D000")) {
        struct arena arena;
        arena_init(&arena);
        err_set_code(err, ERR_HALT, sqlstate,
                     "the database \"%s\" does not exist; create it with: %s", PQdb(conn),
                     createdb_line(&arena, conn));
        arena_release(&arena);
        return -1;
    }
    if (!strcmp(sqlstate, "28P01"))
        return err_set_code(err, ERR_HALT, sqlstate,
                            "%s: the server refuses the password of \"%s\", or there is no such "
                            "role; correct it in --database, PGPASSWORD or the password file (%s)",
                            target->label, PQuser(conn), text);
    if (!strncmp(sqlstate, "28", 2))
        return err_set_code(err, ERR_HALT, sqlstate,
                            "%s: the server lets \"%s\" not in; check that the role exists and may "
                            "log in (createuser), and what pg_hba.conf allows it (%s)",
                            target->label, PQuser(conn), text);
    return err_set_code(err, ERR_HALT, sqlstate, "%s: %s", target->label, text);
}

/*
 * PgBouncer gives all its troubles the state 08P01, and asked a second time it may not answer
 * within connect_timeout; its words are the server's, or its own, in English.
 */
static const char *sqlstate_by_words(const char *text)
{
    if (strstr(text, "password authentication failed"))
        return "28P01";
    if (strstr(text, "FATAL: database \"") && strstr(text, "\" does not exist"))
        return "3D000";
    return "";
}

/* Why the connection could not be made; `sqlstate` is "" when no server gave one. */
static int connect_failed(const struct pg_target *target, const PGconn *conn, const char *sqlstate,
                          const char *text, struct err *err)
{
    bool pooler = !strcmp(sqlstate, "08P01");
    if (!*sqlstate || pooler)
        sqlstate = sqlstate_by_words(text);
    if (!*sqlstate && PQconnectionNeedsPassword(conn))
        return err_set_code(err, ERR_HALT, "28P01",
                            "%s: the server asks for a password and none was given; put it into a "
                            "credentials file, PGPASSWORD or the password file",
                            target->label);
    if (!*sqlstate)
        return err_set(err, is_lasting(text) ? ERR_HALT : ERR_OUTAGE, "cannot %s %s: %s%s",
                       pooler ? "use" : "reach", target->label, text,
                       target->unnamed ? " (the database is from: PGHOST and its like, or libpq's "
                                         "defaults; --database names one)"
                                       : "");
    if (pg_class_of(sqlstate, false) == PG_RETRY)
        return err_set_code(err, ERR_OUTAGE, sqlstate, "cannot use %s: %s", target->label, text);
    return refused(target, conn, sqlstate, text, err);
}

/*
 * The first try failed and a server gave the reason in words. Asked again with verbose errors it
 * gives the SQLSTATE too. True: this time the connection was made.
 */
static bool ask_again(PGconn *conn, char sqlstate[6])
{
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    PQreset(conn);
    PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
    if (PQstatus(conn) == CONNECTION_OK)
        return true;
    sqlstate_in(PQerrorMessage(conn), sqlstate);
    return false;
}

static int check_server(const struct pg_target *target, const PGconn *conn, struct err *err)
{
    int version = PQserverVersion(conn);
    if (version < OLDEST_VERSION)
        return err_set(err, ERR_HALT,
                       "%s is PostgreSQL %d.%d; weir needs 12 or later: upgrade the server",
                       target->label, version / 10000,
                       version >= 100000 ? version % 10000 : version / 100 % 100);
    const char *encoding = PQparameterStatus(conn, "server_encoding");
    if (encoding && !strcmp(encoding, "SQL_ASCII"))
        return err_set(err, ERR_HALT,
                       "the database \"%s\" has the encoding SQL_ASCII, which keeps bytes without "
                       "knowing their characters; create it anew with: createdb -T template0 -E "
                       "UTF8 NAME",
                       PQdb(conn));
    return 0;
}

PGconn *pg_connect(const struct pg_target *target, struct err *err)
{
    PGconn *conn = PQconnectdbParams(target->keywords, target->values, 0);
    if (!conn) {
        err_set(err, ERR_BUG, "no memory for a connection");
        return NULL;
    }
    if (PQstatus(conn) != CONNECTION_OK) {
        char sqlstate[6] = "";
        char message[1024];
        one_line(message, sizeof message, PQerrorMessage(conn));
        bool answered = strstr(PQerrorMessage(conn), ":  ") != NULL;
        if (!answered || !ask_again(conn, sqlstate)) {
            connect_failed(target, conn, sqlstate, message, err);
            PQfinish(conn);
            return NULL;
        }
    }
    PQsetNoticeReceiver(conn, notice_to_log, NULL);
    if (check_server(target, conn, err) < 0) {
        PQfinish(conn);
        return NULL;
    }
    return conn;
}

/* The result if the statement did what it should; else NULL, with the fault in err. */
static PGresult *checked(PGconn *conn, PGresult *result, struct err *err)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return result;
    struct pg_fault fault;
    pg_fault_read(&fault, conn, result);
    pg_fault_err(&fault, err, "");
    PQclear(result);
    return NULL;
}

int pg_await(PGconn *conn, int timeout_ms)
{
    int64_t deadline_us = clock_mono_us() + timeout_ms * 1000LL;
    while (PQisBusy(conn)) {
        if (PQstatus(conn) != CONNECTION_OK)
            return -1; /* libpq before 15 calls it busy still, and has no socket to wait on */
        int64_t left_ms = (deadline_us - clock_mono_us()) / 1000;
        if (left_ms <= 0)
            return 0;
        struct pollfd pfd = {.fd = PQsocket(conn), .events = POLLIN};
        if (poll(&pfd, 1, (int)left_ms) > 0 && !PQconsumeInput(conn))
            return -1;
    }
    return 1;
}

void pg_tell_waiting(void)
{
    log_warn("",
             "PostgreSQL has not answered for %d s and is waited for; if another session's lock is "
             "in the way, this names it: SELECT * FROM pg_stat_activity WHERE pid IN (SELECT "
             "unnest(pg_blocking_pids(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock')",
             PG_LONG_WAIT_MS / 1000);
}

PGresult *pg_result(PGconn *conn)
{
    if (pg_await(conn, PG_LONG_WAIT_MS) == 0)
        pg_tell_waiting();
    return PQgetResult(conn);
}

PGresult *pg_exec(PGconn *conn, struct err *err, const char *sql)
{
    PGresult *last = NULL;
    PGresult *next;
    if (!PQsendQuery(conn, sql))
        return checked(conn, NULL, err);
    while ((next = pg_result(conn)) != NULL) {
        PQclear(last);
        last = next;
    }
    return checked(conn, last, err);
}

PGresult *pg_execf(PGconn *conn, struct err *err, const char *format, ...)
{
    char *sql;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&sql, format, args);
    va_end(args);
    if (n < 0) {
        err_set(err, ERR_BUG, "no memory for a statement");
        return NULL;
    }
    PGresult *result = pg_exec(conn, err, sql);
    free(sql);
    return result;
}

PGresult *pg_exec_params(PGconn *conn, struct err *err, const char *sql, int n,
                         const char *const *values)
{
    return checked(conn, PQexecParams(conn, sql, n, NULL, values, NULL, NULL, 0), err);
}

int pg_begin_locked(PGconn *conn, struct err *err)
{
    PGresult *begun = pg_execf(conn, err,
                               "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
                               "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
                               "SET LOCAL idle_in_transaction_session_timeout = 0;"
                               "SELECT pg_advisory_xact_lock(%lld)",
                               PG_SETUP_LOCK);
    PQclear(begun);
    return begun ? 0 : -1;
}

int pg_commit(PGconn *conn, struct err *err)
{
    PGresult *done = pg_exec(conn, err, "COMMIT");
    if (!done)
        return -1;
    bool committed = !strcmp(PQcmdStatus(done), "COMMIT");
    PQclear(done);
    return committed ? 0 : err_set(err, ERR_HALT, "the server rolled the transaction back");
}

void pg_rollback(PGconn *conn)
{
    PGTransactionStatusType status = PQtransactionStatus(conn);
    if (status == PQTRANS_INTRANS || status == PQTRANS_INERROR)
        PQclear(PQexec(conn, "ROLLBACK"));
}

const char *pg_quote_ident(struct arena *arena, const char *name)
{
    char *quoted = arena_alloc(arena, 2 * strlen(name) + 3);
    char *to = quoted;
    *to++ = '"';
    for (; *name; name++) {
        if (*name == '"')
            *to++ = '"';
        *to++ = *name;
    }
    *to++ = '"';
    return quoted;
}

const char *pg_quote_literal(struct arena *arena, const char *text)
{
    char *quoted = arena_alloc(arena, 2 * strlen(text) + 5);
    char *to = quoted;
    /* The E form reads backslashes one way whatever standard_conforming_strings says. */
    if (strchr(text, '\\')) {
        *to++ = ' ';
        *to++ = 'E';
    }
    *to++ = '\'';
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            *to++ = *text;
        *to++ = *text;
    }
    *to++ = '\'';
    return quoted;
}

/*
 * A PostgreSQL connection: libpq with weir's errors.
 *
 * Errors fall into four classes by SQLSTATE, in one table (pg_class.c), which is the whole of
 * design point 7:
 *   PG_RETRY   the server or the way to it is away: the same call may pass later
 *   PG_HALT    a person must act first (also any SQLSTATE the table does not know)
 *   PG_ENCODE  our own encoding was refused: never a dead letter
 *   PG_RECORD  the record's fault: isolate it
 *
 * A pooler in transaction mode may sit between: nothing is kept in the session, settings are SET
 * LOCAL in each transaction, no prepared statements.
 */
#ifndef WEIR_SINK_POSTGRES_PG_H
#define WEIR_SINK_POSTGRES_PG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* The advisory lock (for one transaction) of setup files, migrations and registration: "weir". */
#define PG_SETUP_LOCK 0x77656972LL

enum pg_class { PG_RETRY, PG_HALT, PG_ENCODE, PG_RECORD };

/* `constraint`: whether the error names one (23514 without a constraint is a missing partition). */
enum pg_class pg_class_of(const char *sqlstate, bool constraint);

/* A failed statement, as the server tells it. All borrowed from `result` until it is cleared. */
struct pg_fault {
    enum pg_class class;
    char sqlstate[6]; /* "" when the connection broke */
    char message[1024];
    char detail[512];
    char hint[512];
    char context[1024];
    char schema[64];
    char table[64];
    char column[64];
    char constraint[64];
    int64_t copy_line; /* from CONTEXT "COPY table, line N": 1.., or 0 when it names none */
};
/* Read the fault out of a result (NULL: the connection's own error). */
void pg_fault_read(struct pg_fault *fault, const PGconn *conn, const PGresult *result);
/* One field of it (NULL: empty), cut at a whole character, in one line: messages go into logs. */
void pg_fault_copy_field(char *to, size_t size, const char *from);
/*
 * The part of it that reads CONTEXT, which has a line for each level; COPY's is
 * `COPY table, line 3, column x: "value"`, in the server's language. Only a hint: the value may
 * hold anything, even a line that looks like this one.
 */
void pg_fault_read_context(struct pg_fault *fault, const char *context);
/* Put it into an err: class by pg_class, code = SQLSTATE, text "what: message (detail; hint)". */
int pg_fault_err(const struct pg_fault *fault, struct err *err, const char *what);

/*
 * How to connect: --database resolved to libpq keywords. A path to a JSON file {dbname, user,
 * password, host, port}, a postgresql:// URI, libpq keywords, or "" for the PG* variables alone.
 * Adds application_name=weir:<pipeline>, client_encoding=UTF8 (PgBouncer keeps both apart for each
 * client), and when not given target_session_attrs=read-write, connect_timeout, keepalives. Warns
 * about a credentials file others can read.
 */
struct pg_target {
    const char *keywords[64]; /* NULL-terminated, in `arena` */
    const char *values[64];
    const char *application_name; /* as the server keeps it */
    const char *user;             /* who connects; NULL when only libpq can tell */
    bool unnamed;                 /* no --database: libpq's environment and defaults say which */
    const char *label; /* "drivendata_db on 127.0.0.1:5432 as postgres", for messages; no secret */
};
int pg_target_resolve(struct pg_target *target, struct arena *arena, const char *database,
                      const char *application_name, struct err *err);
/* For those who only read: a standby will do too, unless --database says otherwise. */
void pg_target_any_server(struct pg_target *target);

/*
 * Connect within connect_timeout (default 10 s). Fails with ERR_OUTAGE (away), ERR_HALT (refused:
 * password, role, a server older than PostgreSQL 12, a SQL_ASCII database) or, for a database that
 * does not exist, ERR_HALT with the createdb line that cures it. Notices go to the log at debug
 * level.
 */
PGconn *pg_connect(const struct pg_target *target, struct err *err);

/* Wait for an answer to begin to arrive. 1: it does, 0: not in `timeout_ms`, -1: connection lost.
 */
int pg_await(PGconn *conn, int timeout_ms);
/* PQgetResult(), which says so once when it must wait for long: a lock, most likely. */
PGresult *pg_result(PGconn *conn);

/* Run one or more statements by the simple protocol; the last result must be a command or rows.
 * NULL and err on failure. Free with PQclear(). */
PGresult *pg_exec(PGconn *conn, struct err *err, const char *sql);
PGresult *pg_execf(PGconn *conn, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One statement with text parameters (NULL is SQL NULL), no prepared statement. */
PGresult *pg_exec_params(PGconn *conn, struct err *err, const char *sql, int n,
                         const char *const *values);
/* BEGIN (READ COMMITTED, no timeouts) and wait for PG_SETUP_LOCK. 0 or -1. */
int pg_begin_locked(PGconn *conn, struct err *err);
/* COMMIT; -1 also when the server answered ROLLBACK. */
int pg_commit(PGconn *conn, struct err *err);
/* Roll back whatever is open; an error here only means that the connection is gone. */
void pg_rollback(PGconn *conn);

/* Quoted for SQL, in the arena: "identifier", 'literal' (standard_conforming_strings either way).*/
const char *pg_quote_ident(struct arena *arena, const char *name);
const char *pg_quote_literal(struct arena *arena, const char *text);

/* Who waits this long for an answer says so, with what names the sessions in the way: of all who
 * wait for a lock, as behind a pooler our own number is not known. */
#define PG_LONG_WAIT_MS 5000
void pg_tell_waiting(void);

#endif

/* One statement, row by row. */
#include "sink/query.h"

#include "base/buf.h"
#include "base/signals.h"
#include "sink/postgres/query_private.h"
#include "sink/postgres/sql_split.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* pg_type's OIDs of what is not shown as text; domains are reported as what they stand for. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_OID = 26,
    OID_JSON = 114,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_NUMERIC = 1700,
    OID_JSONB = 3802,
};

int query_check(const char *text, struct err *err)
{
    struct sql_splitter splitter;
    struct sql_statement statement;
    struct sql_statement second;
    if (*text == '\\')
        return query_catalog_check(text, err);
    sql_split(&splitter, slice_of(text));
    if (!sql_next(&splitter, &statement))
        return err_set(err, ERR_USAGE, "the statement is empty");
    if (statement.psql_line > 0)
        return err_set(err, ERR_USAGE,
                       "line %d: a backslash outside of quotes is no SQL; of psql's commands there "
                       "are \\l, \\dn, \\dt and \\d, each alone",
                       statement.psql_line);
    if (sql_next(&splitter, &second))
        return err_set(err, ERR_USAGE, "line %d: a second statement begins here; run one at a time",
                       second.line);
    if (sql_controls_transaction(&statement))
        return err_set(err, ERR_USAGE,
                       "%s has nothing to begin or end: each statement is a transaction of its own",
                       statement.words[0]);
    return 0;
}

int query_open(struct query **query, const struct pipeline_config *config, const char *verb,
               bool write, struct err *err)
{
    struct query *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, ERR_BUG, "no memory for a connection");
    arena_init(&made->arena);
    made->write = write;
    if (pg_target_resolve(&made->target, &made->arena, config->database, verb, err) == 0) {
        if (!write)
            pg_target_any_server(&made->target);
        signals_end_at_once(true); /* libpq waits until it is connected, or connect_timeout */
        made->conn = pg_connect(&made->target, err);
        signals_end_at_once(false);
    }
    if (made->conn) {
        *query = made;
        return 0;
    }
    query_close(made);
    return -1;
}

void query_close(struct query *query)
{
    if (!query)
        return;
    PQfinish(query->conn);
    arena_release(&query->arena);
    free(query);
}

/* What the reading of one answer carries along. */
struct answer {
    struct query *query;
    const char *text;
    const struct query_reader *reader;
    struct query_end *end;
    struct arena arena; /* holds `values` and `bytea` */
    size_t n;
    struct slice *values;
    bool *bytea;
    struct buf *hex; /* a buffer for each bytea */
    struct err *err;
};

static enum query_kind kind_of(Oid type)
{
    switch (type) {
    case OID_INT8:
    case OID_INT2:
    case OID_INT4:
    case OID_OID:
    case OID_FLOAT4:
    case OID_FLOAT8:
    case OID_NUMERIC:
        return QUERY_NUMBER;
    case OID_BOOL:
        return QUERY_BOOLEAN;
    case OID_JSON:
    case OID_JSONB:
        return QUERY_JSON;
    default:
        return QUERY_TEXT;
    }
}

static int give_columns(struct answer *a, const PGresult *result)
{
    if (a->end->has_rows)
        return 0;
    a->end->has_rows = true;
    a->n = (size_t)PQnfields(result);
    struct query_column *columns = arena_alloc(&a->arena, a->n * sizeof *columns);
    a->values = arena_alloc(&a->arena, a->n * sizeof *a->values);
    a->bytea = arena_alloc(&a->arena, a->n * sizeof *a->bytea);
    a->hex = arena_alloc(&a->arena, a->n * sizeof *a->hex);
    for (size_t i = 0; i < a->n; i++) {
        columns[i] =
            (struct query_column){PQfname(result, (int)i), kind_of(PQftype(result, (int)i))};
        a->bytea[i] = PQftype(result, (int)i) == OID_BYTEA;
        buf_init(&a->hex[i], (size_t)1 << 31);
    }
    return a->reader->columns(a->reader->context, columns, a->n, a->err);
}

/* A bytea in the form of bytea_output = escape, as a server may be set to, becomes hexadecimal. */
static struct slice as_hex(struct buf *hex, struct slice value)
{
    size_t len = 0;
    if (value.len >= 2 && value.ptr[0] == '\\' && value.ptr[1] == 'x')
        return value;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)value.ptr, &len);
    buf_clear(hex);
    buf_add_str(hex, "\\x");
    for (size_t i = 0; bytes && i < len; i++) {
        buf_add_byte(hex, "0123456789abcdef"[bytes[i] >> 4]);
        buf_add_byte(hex, "0123456789abcdef"[bytes[i] & 15]);
    }
    PQfreemem(bytes);
    return buf_slice(hex);
}

static int give_row(struct answer *a, const PGresult *result)
{
    for (size_t i = 0; i < a->n; i++) {
        int field = (int)i;
        a->values[i] =
            (struct slice){PQgetvalue(result, 0, field), (size_t)PQgetlength(result, 0, field)};
        if (PQgetisnull(result, 0, field))
            a->values[i] = SLICE_NONE;
        else if (a->bytea[i])
            a->values[i] = as_hex(&a->hex[i], a->values[i]);
    }
    return a->reader->row(a->reader->context, a->values, a->n, a->err);
}

/* COPY .. TO STDOUT or FROM STDIN: its stream has no place here. */
static int fail_copy(struct answer *a)
{
    a->query->copying = true;
    return err_set(a->err, ERR_USAGE,
                   "COPY from and to the client is not supported: write the SELECT itself, --csv "
                   "and tab-separated text are what COPY writes");
}

/* QUERY_MORE, QUERY_ENOUGH or -1. */
static int take(struct answer *a, PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        return give_columns(a, result) < 0 ? -1 : give_row(a, result);
    case PGRES_TUPLES_OK:
        if (give_columns(a, result) < 0)
            return -1;
        snprintf(a->end->tag, sizeof a->end->tag, "%s", PQcmdStatus(result));
        return QUERY_MORE;
    case PGRES_COMMAND_OK:
        snprintf(a->end->tag, sizeof a->end->tag, "%s", PQcmdStatus(result));
        return QUERY_MORE;
    case PGRES_EMPTY_QUERY:
        return QUERY_MORE;
    case PGRES_COPY_OUT:
    case PGRES_COPY_IN:
    case PGRES_COPY_BOTH:
        return fail_copy(a);
    default:
        return query_fault(a->query, a->text, result, a->end, a->err);
    }
}

void query_await(PGconn *conn)
{
    while (PQisBusy(conn) && !signals_stop_requested()) {
        struct pollfd fds[] = {{.fd = PQsocket(conn), .events = POLLIN},
                               {.fd = signals_fd(), .events = POLLIN}};
        if (poll(fds, 2, -1) > 0 && fds[0].revents && !PQconsumeInput(conn))
            return; /* PQgetResult() has the reason */
    }
}

/* Read until the answer ends, the reader has enough, or a signal says stop. */
static int read_answer(struct answer *a)
{
    PGconn *conn = a->query->conn;
    for (;;) {
        query_await(conn);
        if (signals_stop_requested()) {
            a->end->cancelled = true;
            return QUERY_ENOUGH;
        }
        PGresult *result = PQgetResult(conn);
        if (!result)
            return QUERY_MORE;
        int rc = take(a, result);
        PQclear(result);
        if (rc != QUERY_MORE)
            return rc;
    }
}

static void answer_release(struct answer *a)
{
    for (size_t i = 0; a->hex && i < a->n; i++)
        buf_release(&a->hex[i]);
    arena_release(&a->arena);
}

/*
 * Leave the connection ready for the next statement. There is none after a signal: closing it ends
 * the transaction too, and does not wait for a server that does not answer.
 */
static void settle(struct query *query)
{
    bool active = PQtransactionStatus(query->conn) == PQTRANS_ACTIVE;
    if (query->copying)
        return;
    if ((!active || query_cancel(query->conn)) && !signals_stop_requested())
        pg_rollback(query->conn);
}

/* What keeps the statement from writing. */
static int begin(struct answer *a)
{
    if (a->query->write)
        return 0;
    if (!PQsendQuery(a->query->conn, "BEGIN READ ONLY"))
        return query_fault(a->query, a->text, NULL, a->end, a->err);
    int rc = read_answer(a);
    *a->end->tag = '\0';
    return rc;
}

/* The extended protocol, because there the server too refuses more than one statement. */
static int send_statement(struct answer *a)
{
    const char *sql = a->text;
    if (*sql == '\\')
        sql = query_catalog_sql(a->query, &a->arena, sql, a->err);
    if (!sql)
        return -1;
    if (PQsendQueryParams(a->query->conn, sql, 0, NULL, NULL, NULL, NULL, 0) &&
        PQsetSingleRowMode(a->query->conn))
        return 0;
    return query_fault(a->query, a->text, NULL, a->end, a->err);
}

int query_run(struct query *query, const char *text, const struct query_reader *reader,
              struct query_end *end, struct err *err)
{
    struct answer answer = {query, text, reader, end, .err = err};
    *end = (struct query_end){.line = 0};
    arena_init(&answer.arena);
    int rc = begin(&answer);
    if (rc == 0 && !end->cancelled)
        rc = send_statement(&answer);
    if (rc == 0 && !end->cancelled)
        rc = read_answer(&answer);
    settle(query);
    answer_release(&answer);
    return rc < 0 ? -1 : 0;
}

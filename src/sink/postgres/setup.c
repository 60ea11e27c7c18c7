#include "sink/postgres/setup.h"

#include "base/file.h"
#include "base/log.h"
#include "sink/postgres/pg.h"
#include "sink/postgres/sql_split.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)64 * 1024 * 1024)

/* The script without a byte order mark; a NUL would end it before its end. */
static int script_text(const char *path, const struct buf *content, struct slice *text,
                       struct err *err)
{
    *text = buf_slice(content);
    if (text->len >= 3 && !memcmp(text->ptr, "\xEF\xBB\xBF", 3))
        *text = (struct slice){text->ptr + 3, text->len - 3};
    if (memchr(text->ptr, '\0', text->len))
        return err_set(err, ERR_USAGE, "--setup %s: holds a zero byte; is it an SQL script?", path);
    return 0;
}

/* What can be told before the first statement runs. */
static int check_script(const char *path, struct slice text, struct err *err)
{
    struct sql_splitter splitter;
    struct sql_statement statement;
    sql_split(&splitter, text);
    while (sql_next(&splitter, &statement)) {
        if (statement.psql_line > 0)
            return err_set(
                err, ERR_HALT,
                "%s:%d: a psql command (backslash); weir runs SQL only: leave it out, or "
                "run the file with psql -f and without --setup",
                path, statement.psql_line);
        if (sql_controls_transaction(&statement))
            return err_set(err, ERR_HALT,
                           "%s:%d: %s: weir runs each setup file as one transaction of its own; "
                           "leave this statement out",
                           path, statement.line, statement.words[0]);
    }
    return 0;
}

/* Where people would not know the next step from the server's words alone. */
static const char *advice(const char *sqlstate)
{
    if (!strcmp(sqlstate, "25001"))
        return "; weir runs each setup file as one transaction: run this statement by hand, once, "
               "and leave it out";
    if (!strcmp(sqlstate, "42501"))
        return "; let a role that may run the file with psql -f, once, and leave --setup out";
    if (!strcmp(sqlstate, "42P06") || !strcmp(sqlstate, "42P07"))
        return "; the setup runs at each start: write CREATE ... IF NOT EXISTS";
    if (!strcmp(sqlstate, "42710") || !strcmp(sqlstate, "42701"))
        return "; the setup runs at each start: let this statement do nothing where all is there";
    return "";
}

static int statement_failed(const char *path, const struct sql_statement *statement,
                            const PGconn *conn, const PGresult *result, struct err *err)
{
    struct pg_fault fault;
    pg_fault_read(&fault, conn, result);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    int line = position ? sql_line_at(statement, atoi(position)) : statement->line;

    struct err server;
    pg_fault_err(&fault, &server, "");
    /* A person's own SQL: whatever is wrong with it, a person must mend it. */
    return err_set_code(err, fault.class == PG_RETRY ? ERR_OUTAGE : ERR_HALT, fault.sqlstate,
                        "%s:%d: %s%s", path, line, server.text, advice(fault.sqlstate));
}

/* COPY without a file wants data from us, or brings us some. Leaves the connection usable. */
static void drain(PGconn *conn)
{
    for (PGresult *rest = PQgetResult(conn); rest; rest = PQgetResult(conn))
        PQclear(rest);
}

static int copy_refused(const char *path, const struct sql_statement *statement, PGconn *conn,
                        struct err *err)
{
    PQputCopyEnd(conn, "a setup file holds no data");
    char *row;
    while (PQgetCopyData(conn, &row, 0) > 0)
        PQfreemem(row);
    return err_set(err, ERR_HALT,
                   "%s:%d: COPY FROM STDIN and COPY TO STDOUT have no place in a setup file; use "
                   "INSERT, or run the file with psql -f",
                   path, statement->line);
}

static int run_statement(const char *path, const struct sql_statement *statement, PGconn *conn,
                         struct err *err)
{
    char *sql = strndup(statement->text.ptr, statement->text.len);
    if (!sql)
        return err_set(err, ERR_BUG, "no memory for a statement of %s", path);
    PGresult *result = PQsendQuery(conn, sql) ? pg_result(conn) : NULL;
    free(sql);
    int rc = 0;
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
        break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
        rc = copy_refused(path, statement, conn, err);
        break;
    default:
        rc = statement_failed(path, statement, conn, result, err);
    }
    drain(conn);
    PQclear(result);
    return rc;
}

static int run_statements(const char *path, struct slice text, PGconn *conn, struct err *err)
{
    struct sql_splitter splitter;
    struct sql_statement statement;
    sql_split(&splitter, text);
    while (sql_next(&splitter, &statement))
        if (run_statement(path, &statement, conn, err) < 0)
            return -1;
    return 0;
}

/* What the script SET must not outlive it: the session goes on, maybe as another client's. */
static int commit(PGconn *conn, struct err *err)
{
    PGresult *reset = pg_exec(conn, err, "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL");
    PQclear(reset);
    return reset ? pg_commit(conn, err) : -1;
}

static int run_text(const char *path, struct slice text, PGconn *conn, struct err *err)
{
    if (pg_begin_locked(conn, err) < 0)
        return err_prefix(err, "%s", path);
    if (run_statements(path, text, conn, err) < 0)
        return -1;
    if (commit(conn, err) == 0)
        return 0;
    if (err->class == ERR_INPUT || err->class == ERR_BUG)
        err->class = ERR_HALT; /* a deferred constraint, say: the script's own fault */
    return err_prefix(err, "%s: at its end", path);
}

/* A file's statements, all of which can be told to be what they should; `content` holds them. */
static int load_file(const char *path, struct buf *content, struct slice *text, struct err *err)
{
    buf_init(content, MAX_FILE_BYTES);
    if (file_read(content, path, err) < 0)
        return err_prefix(err, "--setup");
    if (script_text(path, content, text, err) < 0)
        return -1;
    return check_script(path, *text, err);
}

static int run_file(PGconn *conn, const char *path, struct err *err)
{
    struct buf content;
    struct slice text = SLICE_NONE;
    int rc = load_file(path, &content, &text, err);
    if (rc == 0) {
        rc = run_text(path, text, conn, err);
        pg_rollback(conn);
    }
    buf_release(&content);
    if (rc == 0)
        log_debug("", "setup file %s done", path);
    return rc;
}

int setup_run_files(PGconn *conn, const char *const *paths, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (run_file(conn, paths[i], err) < 0)
            return -1;
    return 0;
}

/* ---- what the files would make ---- */

/* A name, folded and without its quotes, from the head of `text`; where it ends. */
static size_t fold_name(struct slice text, char *out, size_t size)
{
    size_t len = 0;
    size_t at = 0;
    bool quoted = false;
    for (; at < text.len; at++) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (c == '"') {
            quoted = !quoted;
            continue;
        }
        if (!quoted && (isspace(c) || c == '(' || c == ';'))
            break;
        if (len + 1 < size)
            out[len++] = (char)(quoted ? c : tolower(c));
    }
    out[len] = '\0';
    return at;
}

/* Both with their schemas, or the last parts alone: the search path is the server's affair. */
static bool same_table(const char *a, const char *b)
{
    const char *a_dot = strchr(a, '.');
    const char *b_dot = strchr(b, '.');
    if (a_dot && b_dot)
        return !strcmp(a, b);
    return !strcmp(a_dot ? a_dot + 1 : a, b_dot ? b_dot + 1 : b);
}

/*
 * The name behind CREATE [UNLOGGED] TABLE [IF NOT EXISTS], and whether that is there; false: it is
 * another statement.
 */
static bool created_table(const struct sql_statement *statement, char *out, size_t size,
                          bool *if_not_exists)
{
    static const char *const WORDS[] = {"create", "unlogged", "table", "if", "not", "exists"};
    struct slice left = statement->text;
    bool table = false;
    *if_not_exists = false;
    if (strcmp(statement->words[0], "CREATE") != 0)
        return false;
    for (;;) {
        while (left.len > 0 && isspace((unsigned char)*left.ptr))
            left = (struct slice){left.ptr + 1, left.len - 1};
        size_t end = fold_name(left, out, size);
        size_t word = 0;
        while (word < sizeof WORDS / sizeof *WORDS && strcmp(out, WORDS[word]) != 0)
            word++;
        if (end == 0 || word == sizeof WORDS / sizeof *WORDS)
            return table && end > 0;
        table |= word == 2;
        *if_not_exists |= word == 5;
        left = (struct slice){left.ptr + end, left.len - end};
    }
}

static void look_at_statements(const char *path, struct slice text, const char *table,
                               struct setup_effect *out)
{
    struct sql_splitter splitter;
    struct sql_statement statement;
    char wanted[512];
    char name[512];
    bool dropped = false;
    bool if_not_exists;
    fold_name(slice_of(table), wanted, sizeof wanted);
    sql_split(&splitter, text);
    while (sql_next(&splitter, &statement)) {
        dropped |= !strcmp(statement.words[0], "DROP");
        if (!created_table(&statement, name, sizeof name, &if_not_exists) ||
            !same_table(name, wanted))
            continue;
        out->makes_table = true;
        if (!if_not_exists && !dropped)
            snprintf(out->fails_again, sizeof out->fails_again, "%s:%d", path, statement.line);
    }
}

static int look_into(const char *path, const char *table, struct setup_effect *out, struct err *err)
{
    struct buf content;
    struct slice text = SLICE_NONE;
    int rc = load_file(path, &content, &text, err);
    if (rc == 0)
        look_at_statements(path, text, table, out);
    buf_release(&content);
    return rc;
}

int setup_look(const char *const *paths, size_t n, const char *table, struct setup_effect *out,
               struct err *err)
{
    *out = (struct setup_effect){.makes_table = false};
    for (size_t i = 0; i < n; i++)
        if (look_into(paths[i], table, out, err) < 0)
            return -1;
    return 0;
}

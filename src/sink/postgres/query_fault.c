/* A statement that failed: what the server says, where, and what to do about it. */
#include "base/buf.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "sink/postgres/query_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names looked through for a near one; a catalog may hold millions. */
#define MAX_NAMES "20000"

#define OWN_SCHEMAS "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

/* Name, name with its schema, and how it is written in SQL. */
static const char RELATIONS[] = "SELECT c.relname, n.nspname || '.' || c.relname,"
                                " CASE WHEN pg_table_is_visible(c.oid) THEN quote_ident(c.relname)"
                                " ELSE quote_ident(n.nspname) || '.' || quote_ident(c.relname) END"
                                " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                                " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND " OWN_SCHEMAS
                                " ORDER BY pg_table_is_visible(c.oid) DESC, 2 LIMIT " MAX_NAMES;

static const char COLUMNS[] = "SELECT a.attname, a.attname, quote_ident(a.attname)"
                              " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                              " JOIN pg_namespace n ON n.oid = c.relnamespace"
                              " WHERE a.attnum > 0 AND NOT a.attisdropped"
                              " AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND " OWN_SCHEMAS
                              " GROUP BY 1 ORDER BY 1 LIMIT " MAX_NAMES;

const char *query_nearest(PGconn *conn, struct arena *arena, enum near_kind kind, const char *name)
{
    struct err ignored;
    PGresult *rows = pg_exec(conn, &ignored, kind == NEAR_COLUMN ? COLUMNS : RELATIONS);
    if (!rows)
        return NULL;
    int n = PQntuples(rows);
    int field = strchr(name, '.') != NULL;
    const char **names = arena_alloc(arena, (size_t)n * sizeof *names);
    for (int i = 0; i < n; i++)
        names[i] = PQgetvalue(rows, i, field);
    const char *nearest = suggest_nearest(name, names, (size_t)n);
    const char *written = NULL;
    for (int i = 0; i < n && nearest && !written; i++)
        if (names[i] == nearest)
            written = arena_strdup(arena, PQgetvalue(rows, i, 2));
    PQclear(rows);
    return written;
}

/* Append one part of a name, folded as the server folds it; where it ends. */
static const char *add_identifier(struct buf *out, const char *at)
{
    if (*at == '"') {
        for (at++; *at && (*at != '"' || at[1] == '"'); at++) {
            at += *at == '"';
            buf_add_byte(out, *at);
        }
        return *at ? at + 1 : at;
    }
    for (; isalnum((unsigned char)*at) || *at == '_' || *at == '$' || (unsigned char)*at >= 0x80;
         at++)
        buf_add_byte(out, (char)tolower((unsigned char)*at));
    return at;
}

/* The name that stands in the statement where the server saw the mistake: a, or a.b. */
static const char *name_at(struct arena *arena, const char *at, enum near_kind kind)
{
    struct buf name;
    buf_init(&name, 512);
    at = add_identifier(&name, at);
    while (*at == '.') {
        if (kind == NEAR_COLUMN)
            buf_clear(&name); /* a column's table is not part of its name */
        else
            buf_add_byte(&name, '.');
        at = add_identifier(&name, at + 1);
    }
    const char *text = arena_strdup(arena, buf_str(&name));
    buf_release(&name);
    return text;
}

/* The byte of the server's position, which counts characters from 1. */
static const char *byte_at(const char *text, const char *position)
{
    long left = position ? strtol(position, NULL, 10) : 0;
    if (left <= 0)
        return NULL;
    while (--left > 0 && *text)
        for (text++; utf8_continues((unsigned char)*text); text++) {
        }
    return text;
}

static void set_place(struct query_end *end, const char *text, const char *at)
{
    const char *start = at;
    while (start > text && start[-1] != '\n')
        start--;
    end->line = 1;
    for (const char *c = text; c < start; c++)
        end->line += *c == '\n';
    end->line_text = (struct slice){start, strcspn(start, "\r\n")};
    end->line_at = (size_t)(at - start);
}

/* What to do next, as far as weir knows it; begins with "; ", or is "". */
static const char *advice(struct query *query, struct arena *arena, const struct pg_fault *fault,
                          const char *at)
{
    bool relation = !strcmp(fault->sqlstate, "42P01");
    bool column = !strcmp(fault->sqlstate, "42703");
    if (!strcmp(fault->sqlstate, "25006") && !query->write)
        return "; --write lets a statement write";
    if (!strcmp(fault->sqlstate, "42501"))
        return arena_printf(arena, "; connected as \"%s\", to whom its owner can GRANT the right",
                            PQuser(query->conn));
    if ((!relation && !column) || !at || *fault->hint)
        return "";
    enum near_kind kind = column ? NEAR_COLUMN : NEAR_RELATION;
    pg_rollback(query->conn);
    const char *name = name_at(arena, at, kind);
    const char *nearest = query_nearest(query->conn, arena, kind, name);
    return nearest ? arena_printf(arena, "; did you mean %s?", nearest) : "";
}

/* Behind an error comes nothing but the end of the answer. */
static void drain(PGconn *conn)
{
    PGresult *rest;
    while ((rest = PQgetResult(conn)) != NULL)
        PQclear(rest);
}

static const char *severity_of(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity ? severity : "ERROR";
}

/* Gone, or about to be: the server says why in a FATAL error and hangs up. */
static bool is_lost(const PGconn *conn, const PGresult *result)
{
    return PQstatus(conn) == CONNECTION_BAD || !PQresultErrorField(result, PG_DIAG_SQLSTATE) ||
           strcmp(severity_of(result), "ERROR") != 0;
}

int query_fault(struct query *query, const char *text, const PGresult *result,
                struct query_end *end, struct err *err)
{
    struct pg_fault fault;
    struct arena arena;
    pg_fault_read(&fault, query->conn, result);
    if (is_lost(query->conn, result))
        return err_set_code(err, ERR_OUTAGE, fault.sqlstate, "%s: the connection was lost: %s",
                            query->target.label, fault.message);
    const char *severity = severity_of(result);
    const char *at = NULL;
    if (*text != '\\')
        at = byte_at(text, PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION));
    if (at)
        set_place(end, text, at);
    drain(query->conn);
    arena_init(&arena);
    bool more = *fault.detail || *fault.hint;
    err_set_code(err, ERR_INPUT, fault.sqlstate, "%s %s: %s%s%s%s%s%s%s", severity, fault.sqlstate,
                 fault.message, advice(query, &arena, &fault, at), more ? " (" : "", fault.detail,
                 *fault.detail && *fault.hint ? "; " : "", fault.hint, more ? ")" : "");
    arena_release(&arena);
    return -1;
}

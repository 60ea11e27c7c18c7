/* Which column holds the times, and what is asked of it; the SQL is in time_sql.c. */
#include "sink/time_count.h"

#include "base/signals.h"
#include "base/suggest.h"
#include "sink/postgres/query_private.h"
#include "sink/postgres/time_sql.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAMED 5   /* columns that a message names */
#define MAX_LOOKED 50 /* columns of texts that are looked at for it */
#define LOOK_MS "2000"

/* ---- one answer ---- */

/* Rows of text, as a whole: these answers are short. */
struct rows {
    struct arena *arena;
    size_t n_fields;
    const char **cells; /* NULL is SQL's */
    size_t n_cells;
    size_t room;
};

struct time_count {
    struct arena arena;
    struct query *query;
    struct time_column column;
    struct time_sql sql;
    struct rows columns; /* the table's */
    size_t chosen;       /* one of them, or as many */
};

static int on_columns(void *context, const struct query_column *columns, size_t n, struct err *err)
{
    struct rows *rows = context;
    (void)columns;
    (void)err;
    rows->n_fields = n;
    return 0;
}

static int on_row(void *context, const struct slice *values, size_t n, struct err *err)
{
    struct rows *rows = context;
    (void)err;
    if (rows->n_cells + n > rows->room) {
        size_t room = 2 * rows->room + 16 * n;
        const char **cells = arena_alloc(rows->arena, room * sizeof *cells);
        if (rows->n_cells > 0)
            memcpy(cells, rows->cells, rows->n_cells * sizeof *cells);
        rows->cells = cells;
        rows->room = room;
    }
    for (size_t i = 0; i < n; i++)
        rows->cells[rows->n_cells++] =
            values[i].ptr ? arena_strndup(rows->arena, values[i].ptr, values[i].len) : NULL;
    return QUERY_MORE;
}

static size_t row_count(const struct rows *rows)
{
    return rows->n_fields ? rows->n_cells / rows->n_fields : 0;
}

static const char *cell(const struct rows *rows, size_t row, size_t field)
{
    return rows->cells[row * rows->n_fields + field];
}

static bool is_true(const struct rows *rows, size_t row, size_t field)
{
    const char *text = cell(rows, row, field);
    return text && *text == 't';
}

static int64_t number(const struct rows *rows, size_t row, size_t field)
{
    const char *text = cell(rows, row, field);
    return text ? strtoll(text, NULL, 10) : -1;
}

static int ask(struct time_count *count, struct arena *arena, const char *sql, struct rows *rows,
               struct err *err)
{
    struct query_end end;
    const struct query_reader reader = {on_columns, on_row, rows};
    *rows = (struct rows){.arena = arena};
    if (query_run(count->query, sql, &reader, &end, err) < 0)
        return -1;
    return end.cancelled ? err_set(err, ERR_OUTAGE, "cancelled") : 0;
}

/* ---- the column ---- */

#define RELATION_SQL                                                                               \
    "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), row_security_active(c.oid),"  \
    " CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END,"                                    \
    " c.relkind IN ('r', 'p', 'v', 'm', 'f'), current_user"                                        \
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = %s"

/*
 * Name, quoted name, type (a domain's as what it stands for), NOT NULL, an index begins with it,
 * and whether it may be read.
 */
#define COLUMNS_SQL                                                                                \
    "WITH RECURSIVE t AS (SELECT attname, attnum, attnotnull, atttypid AS oid FROM pg_attribute"   \
    " WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped"                                     \
    " UNION ALL SELECT t.attname, t.attnum, t.attnotnull, y.typbasetype FROM t"                    \
    " JOIN pg_type y ON y.oid = t.oid WHERE y.typtype = 'd')"                                      \
    " SELECT t.attname, quote_ident(t.attname), format_type(t.oid, NULL), t.attnotnull,"           \
    " EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"                      \
    "  JOIN pg_am m ON m.oid = c.relam WHERE i.indrelid = %s AND i.indkey[0] = t.attnum"           \
    "  AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree'),"                            \
    " has_column_privilege(%s::oid, t.attnum, 'SELECT')"                                           \
    " FROM t JOIN pg_type y ON y.oid = t.oid WHERE y.typtype <> 'd' ORDER BY t.attnum"
enum { NAME, QUOTED, TYPE, NOT_NULL, INDEXED, READABLE };

static const struct {
    const char *type;
    enum time_kind kind;
} types[] = {
    {"timestamp with time zone", TIME_INSTANT},
    {"timestamp without time zone", TIME_LOCAL},
    {"date", TIME_DAY},
    {"text", TIME_WRITTEN},
    {"character varying", TIME_WRITTEN},
    {"character", TIME_WRITTEN},
};
#define N_TYPES (sizeof types / sizeof *types)

static bool kind_of(const char *type, enum time_kind *kind)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (!strcmp(type, types[i].type)) {
            *kind = types[i].kind;
            return true;
        }
    return false;
}

/* As it is written there, in SQL's quotes, or with other upper and lower case. */
static bool find_column(const struct rows *rows, const char *name, size_t *at)
{
    for (int pass = 0; pass < 3; pass++)
        for (size_t i = 0; i < row_count(rows); i++) {
            const char *known = cell(rows, i, pass == 1 ? QUOTED : NAME);
            if (pass < 2 ? !strcmp(known, name) : !strcasecmp(known, name)) {
                *at = i;
                return true;
            }
        }
    return false;
}

/* "a, b"; false when there is no room for one more. */
static bool add_name(struct arena *arena, const char **names, size_t *n, const char *name)
{
    if (*n == MAX_NAMED)
        *names = arena_printf(arena, "%s, ...", *names);
    else if (*n < MAX_NAMED)
        *names = arena_printf(arena, "%s%s%s", *names, *n ? ", " : "", name);
    return ++*n <= MAX_NAMED;
}

/* The texts among the columns that may be looked at; returns how many. */
static size_t find_texts(const struct time_count *count, const char **names)
{
    const struct rows *columns = &count->columns;
    enum time_kind kind;
    size_t n = 0;
    for (size_t i = 0; i < row_count(columns) && n < MAX_LOOKED; i++)
        if (i != count->chosen && kind_of(cell(columns, i, TYPE), &kind) && kind == TIME_WRITTEN &&
            is_true(columns, i, READABLE))
            names[n++] = cell(columns, i, QUOTED);
    return n;
}

/* One statement that returns rows. NULL: it failed, or a signal asks to stop, and has ended it. */
static PGresult *exec_until_signal(PGconn *conn, const char *sql)
{
    if (!PQsendQuery(conn, sql))
        return NULL;
    query_await(conn);
    if (signals_stop_requested()) {
        query_cancel(conn);
        return NULL;
    }
    PGresult *rows = PQgetResult(conn);
    PGresult *end = rows ? PQgetResult(conn) : NULL;
    if (end || PQresultStatus(rows) != PGRES_TUPLES_OK) {
        PQclear(rows);
        rows = NULL;
    }
    PQclear(end);
    return rows;
}

/*
 * What cannot be looked at in a moment is not known to hold times. After a signal what was wrong
 * is told without that look.
 */
static PGresult *look_at(struct time_count *count, const char *const *names, size_t n)
{
    struct err ignored;
    PGconn *conn = count->query->conn;
    PGresult *begun =
        pg_exec(conn, &ignored, "BEGIN READ ONLY; SET LOCAL statement_timeout = " LOOK_MS);
    if (!begun)
        return NULL;
    PQclear(begun);
    PGresult *found =
        exec_until_signal(conn, time_sql_are_times(&count->arena, count->column.table, names, n));
    if (!signals_stop_requested())
        pg_rollback(conn);
    return found;
}

const char *time_count_others(struct time_count *count)
{
    const struct rows *columns = &count->columns;
    const char *texts[MAX_LOOKED];
    const char *names = "";
    enum time_kind kind;
    size_t n = 0;
    for (size_t i = 0; i < row_count(columns); i++)
        if (i != count->chosen && kind_of(cell(columns, i, TYPE), &kind) && kind != TIME_WRITTEN &&
            !add_name(&count->arena, &names, &n, cell(columns, i, QUOTED)))
            return names;
    size_t n_texts = find_texts(count, texts);
    PGresult *found = n_texts > 0 ? look_at(count, texts, n_texts) : NULL;
    for (size_t i = 0; found && i < n_texts; i++)
        if (*PQgetvalue(found, 0, (int)i) == 't' && !add_name(&count->arena, &names, &n, texts[i]))
            break;
    PQclear(found);
    return names;
}

static int fail_unknown(struct time_count *count, const char *name, struct err *err)
{
    size_t n = row_count(&count->columns);
    const char **names = arena_alloc(&count->arena, (n + 1) * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = cell(&count->columns, i, NAME);
    const char *nearest = suggest_nearest(name, names, n);
    if (nearest)
        return err_set(err, ERR_USAGE, "%s has no column \"%s\"; did you mean %s?",
                       count->column.table, name, nearest);
    const char *others = time_count_others(count);
    return err_set(err, ERR_USAGE, "%s has no column \"%s\"; %s%s", count->column.table, name,
                   *others ? "its times are in " : "none of its columns is known to hold times",
                   others);
}

static int fail_unnamed(struct time_count *count, struct err *err)
{
    const char *others = time_count_others(count);
    if (*others)
        return err_set(err, ERR_USAGE, "by which column of %s? --column NAME; its times are in %s",
                       count->column.table, others);
    return err_set(err, ERR_USAGE, "%s has no column that is known to hold times",
                   count->column.table);
}

static int read_column(struct time_count *count, const char *oid, const char *name, struct err *err)
{
    const struct rows *columns = &count->columns;
    struct time_column *column = &count->column;
    size_t at;
    if (ask(count, &count->arena, arena_printf(&count->arena, COLUMNS_SQL, oid, oid, oid),
            &count->columns, err) < 0)
        return -1;
    count->chosen = row_count(columns);
    if (!name)
        return fail_unnamed(count, err);
    if (!find_column(columns, name, &at))
        return fail_unknown(count, name, err);
    count->chosen = at;
    column->name = cell(columns, at, QUOTED);
    column->type = cell(columns, at, TYPE);
    column->indexed = is_true(columns, at, INDEXED);
    count->sql.not_null = is_true(columns, at, NOT_NULL);
    if (kind_of(column->type, &column->kind))
        return 0;
    const char *others = time_count_others(count);
    return err_set(err, ERR_USAGE, "%s of %s is %s, which is no time; %s%s", column->name,
                   column->table, column->type,
                   *others ? "its times are in " : "none of its columns is known to hold times",
                   others);
}

static int read_relation(struct time_count *count, const char *oid, struct err *err)
{
    struct rows rows;
    if (ask(count, &count->arena, arena_printf(&count->arena, RELATION_SQL, oid), &rows, err) < 0)
        return -1;
    if (row_count(&rows) == 0)
        return err_set(err, ERR_OUTAGE, "the table was dropped this moment");
    count->column.table = cell(&rows, 0, 0);
    count->column.about_rows = number(&rows, 0, 2);
    if (!is_true(&rows, 0, 3))
        return err_set(err, ERR_USAGE, "%s is no table or view", count->column.table);
    if (is_true(&rows, 0, 1))
        return err_set_code(err, ERR_INPUT, "42501",
                            "row security hides rows of %s from the role \"%s\", so they cannot be "
                            "counted; cure: a role that sees all of them (BYPASSRLS), or the "
                            "table's owner",
                            count->column.table, cell(&rows, 0, 4));
    return 0;
}

static int find(struct time_count *count, const struct time_count_request *request, struct err *err)
{
    const char *oid = query_relation(count->query, &count->arena, request->table, ERR_USAGE,
                                     "weir query '\\dt' lists the tables", err);
    if (!oid || read_relation(count, oid, err) < 0 ||
        read_column(count, oid, request->column, err) < 0)
        return -1;
    time_sql_init(&count->sql, &count->arena, &count->column, request->timezone);
    return 0;
}

int time_count_open(struct time_count **out, const struct time_count_request *request,
                    struct err *err)
{
    struct time_count *count = calloc(1, sizeof *count);
    if (!count)
        return err_set(err, ERR_BUG, "no memory for a connection");
    arena_init(&count->arena);
    if (query_open(&count->query, request->config, "weir rate", false, err) < 0 ||
        find(count, request, err) < 0) {
        time_count_close(count);
        return -1;
    }
    *out = count;
    return 0;
}

void time_count_close(struct time_count *count)
{
    if (!count)
        return;
    query_close(count->query);
    arena_release(&count->arena);
    free(count);
}

const struct time_column *time_count_column(const struct time_count *count)
{
    return &count->column;
}

/* ---- the questions ---- */

int time_count_range(struct time_count *count, int64_t *first_ms, int64_t *last_ms, bool *any,
                     struct err *err)
{
    struct arena arena;
    struct rows rows;
    arena_init(&arena);
    int rc = ask(count, &arena, time_sql_range(&count->sql, &arena), &rows, err);
    bool both = rc == 0 && cell(&rows, 0, 0) && cell(&rows, 0, 1);
    if (rc == 0 && !both && count->column.kind == TIME_WRITTEN)
        rc = ask(count, &arena, time_sql_read_range(&count->sql, &arena), &rows, err);
    *any = rc == 0 && cell(&rows, 0, 0) && cell(&rows, 0, 1);
    if (*any) {
        *first_ms = number(&rows, 0, 0);
        *last_ms = number(&rows, 0, 1);
    }
    arena_release(&arena);
    return rc;
}

/* One group of the answer: bucket, whether the column is NULL, rows. */
static void take_group(struct time_tally *tally, const struct time_stretch *stretch,
                       const struct rows *rows, size_t row)
{
    int64_t n = number(rows, row, 2);
    if (is_true(rows, row, 1)) {
        tally->nulls += n;
    } else if (!cell(rows, row, 0)) {
        tally->unreadable += n;
    } else {
        size_t bucket = (size_t)number(rows, row, 0);
        if (bucket == 0)
            tally->before += n;
        else if (bucket < stretch->n_borders)
            tally->slots[bucket - 1] += n;
        else
            tally->after += n;
    }
}

int time_count_between(struct time_count *count, const struct time_stretch *stretch,
                       struct time_tally *tally, struct err *err)
{
    struct arena arena;
    struct rows rows;
    int64_t *slots = tally->slots;
    memset(slots, 0, (stretch->n_borders - 1) * sizeof *slots);
    *tally = (struct time_tally){.slots = slots};
    arena_init(&arena);
    int rc = ask(count, &arena, time_sql_between(&count->sql, &arena, stretch), &rows, err);
    for (size_t i = 0; rc == 0 && i < row_count(&rows); i++)
        take_group(tally, stretch, &rows, i);
    arena_release(&arena);
    return rc;
}

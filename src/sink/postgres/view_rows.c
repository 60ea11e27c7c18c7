/* What a state_view reads row by row: dead letters, and what stands in a table. */
#include "base/signals.h"
#include "base/suggest.h"
#include "sink/postgres/query_private.h"
#include "sink/postgres/view_private.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

int state_view_letters(struct state_view *view, const char *pipeline,
                       void (*each)(void *context, struct slice topic, int32_t partition,
                                    int64_t offset, bool replayed),
                       void *context, struct err *err)
{
    PGresult *row;
    if (!view->store.present)
        return 0;
    const char *sql = arena_printf(&view->arena,
                                   "SELECT topic, partition, record_offset, replayed_at IS NOT NULL"
                                   " FROM %s.dead_letters WHERE pipeline = $1 AND item >= 0"
                                   " ORDER BY topic, partition, record_offset, item",
                                   view->schema);
    if (view_send(view, sql, 1, &pipeline, err) < 0)
        return view_explain_state(view, "dead_letters", err);
    while ((row = view_next(view, err)) != NULL) {
        each(context, (struct slice){PQgetvalue(row, 0, 0), (size_t)PQgetlength(row, 0, 0)},
             (int32_t)strtol(PQgetvalue(row, 0, 1), NULL, 10),
             strtoll(PQgetvalue(row, 0, 2), NULL, 10), *PQgetvalue(row, 0, 3) == 't');
        PQclear(row);
    }
    return err->class == ERR_NONE ? 0 : view_explain_state(view, "dead_letters", err);
}

static int check_shown(const struct state_view *view, const struct view_table *table,
                       struct err *err)
{
    if (!table->hides_rows)
        return 0;
    return err_set_code(err, ERR_HALT, "42501",
                        "row security hides rows of %s from the role \"%s\", so they cannot be "
                        "counted; cure: a role that sees all of them (BYPASSRLS), or the table's "
                        "owner",
                        table->sql, view->store.role);
}

int state_view_count(struct state_view *view, const struct view_table *table, int64_t *rows,
                     struct err *err)
{
    if (check_shown(view, table, err) < 0)
        return -1;
    PGresult *row =
        view_ask(view, arena_printf(&view->arena, "SELECT count(*) FROM %s", table->sql), 0, NULL,
                 err);
    if (!row)
        return view_explain_table(view, table, err);
    *rows = strtoll(PQgetvalue(row, 0, 0), NULL, 10);
    PQclear(row);
    return 0;
}

/* ---- one column ---- */

/* Columns with their types; a domain, and one over a domain, as what it stands for. */
#define COLUMNS_SQL                                                                                \
    "WITH RECURSIVE t AS (SELECT attname, attnum, atttypid AS oid FROM pg_attribute"               \
    " WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped"                                \
    " UNION ALL SELECT t.attname, t.attnum, y.typbasetype FROM t JOIN pg_type y ON y.oid = t.oid"  \
    " WHERE y.typtype = 'd') SELECT t.attname, format_type(t.oid, NULL) FROM t JOIN pg_type y"     \
    " ON y.oid = t.oid WHERE y.typtype <> 'd' ORDER BY t.attnum"

int state_view_column(struct state_view *view, struct arena *arena, const struct view_table *table,
                      const char *column, const char **type, const char **nearest, struct err *err)
{
    const char *oid = arena_printf(arena, "%u", table->oid);
    PGresult *rows = view_ask(view, COLUMNS_SQL, 1, &oid, err);
    if (!rows)
        return view_explain_table(view, table, err);
    size_t n = (size_t)PQntuples(rows);
    const char **names = arena_alloc(arena, (n + 1) * sizeof *names);
    *type = "";
    *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        names[i] = arena_strdup(arena, PQgetvalue(rows, (int)i, 0));
        if (!strcmp(names[i], column))
            *type = arena_strdup(arena, PQgetvalue(rows, (int)i, 1));
    }
    if (!**type)
        *nearest = suggest_nearest(column, names, n);
    PQclear(rows);
    return 0;
}

static uint32_t be32(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* COPY's binary form: a header once, then rows of a field each, then a mark of the end. */
#define COPY_SIGNATURE "PGCOPY\n\377\r\n"
#define COPY_HEADER_BYTES 19 /* signature, flags, length of the extension (0) */
#define ROW_HEADER_BYTES 6   /* number of fields, length of the first */

struct copy_reader {
    struct state_view *view;
    void (*each)(void *context, struct slice value);
    void *context;
    int64_t rows;
    bool begun;
};

static int take_row(struct copy_reader *reader, const char *data, size_t len, struct err *err)
{
    if (!reader->begun) {
        if (len < COPY_HEADER_BYTES || memcmp(data, COPY_SIGNATURE, sizeof COPY_SIGNATURE) != 0)
            return err_set(err, ERR_BUG, "COPY began in a form that is not known");
        reader->begun = true;
        data += COPY_HEADER_BYTES;
        len -= COPY_HEADER_BYTES;
    }
    if (len == 0 || (len == 2 && !memcmp(data, "\377\377", 2)))
        return 0;
    if (len < ROW_HEADER_BYTES)
        return err_set(err, ERR_BUG, "COPY sent a row of %zu bytes", len);
    uint32_t value = be32(data + 2);
    if (value != UINT32_MAX && value != len - ROW_HEADER_BYTES)
        return err_set(err, ERR_BUG, "COPY sent a row whose length is not its field's");
    reader->rows++;
    reader->each(reader->context,
                 value == UINT32_MAX ? SLICE_NONE : (struct slice){data + ROW_HEADER_BYTES, value});
    return 0;
}

/* Wait for data or a signal. */
static void await_data(PGconn *conn)
{
    struct pollfd fds[] = {{.fd = PQsocket(conn), .events = POLLIN},
                           {.fd = signals_fd(), .events = POLLIN}};
    if (poll(fds, 2, -1) > 0 && fds[0].revents)
        PQconsumeInput(conn);
}

/* 0: the stream has ended, well or not, as the result behind it says. */
static int read_copy(struct copy_reader *reader, struct err *err)
{
    PGconn *conn = reader->view->conn;
    for (;;) {
        char *data;
        int len = PQgetCopyData(conn, &data, 1);
        if (signals_stop_requested()) {
            if (len > 0)
                PQfreemem(data);
            query_cancel(conn);
            return view_cancelled(err);
        }
        if (len < 0)
            return 0;
        if (len == 0) {
            await_data(conn);
            continue;
        }
        int rc = take_row(reader, data, (size_t)len, err);
        PQfreemem(data);
        if (rc < 0)
            return -1;
    }
}

static int end_copy(struct state_view *view, PGresult *result, struct err *err)
{
    struct pg_fault fault;
    int rc = 0;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        pg_fault_read(&fault, view->conn, result);
        rc = pg_fault_err(&fault, err, "");
    }
    for (; result; result = PQgetResult(view->conn))
        PQclear(result);
    return rc;
}

int state_view_values(struct state_view *view, const struct view_table *table, const char *column,
                      void (*each)(void *context, struct slice value), void *context, int64_t *rows,
                      struct err *err)
{
    struct copy_reader reader = {view, each, context, .rows = 0};
    if (check_shown(view, table, err) < 0)
        return -1;
    const char *sql =
        arena_printf(&view->arena, "COPY (SELECT %s::text FROM %s) TO STDOUT (FORMAT binary)",
                     pg_quote_ident(&view->arena, column), table->sql);
    int rc = 0;
    bool sent = PQsendQuery(view->conn, sql);
    if (sent)
        query_await(view->conn);
    if (signals_stop_requested()) {
        query_cancel(view->conn);
        return view_cancelled(err);
    }
    PGresult *result = sent ? PQgetResult(view->conn) : NULL;
    if (PQresultStatus(result) == PGRES_COPY_OUT) {
        PQclear(result);
        rc = read_copy(&reader, err);
        if (rc < 0)
            return -1;
        result = PQgetResult(view->conn);
    }
    rc = end_copy(view, result, err);
    *rows = reader.rows;
    return rc < 0 ? view_explain_table(view, table, err) : 0;
}

/*
 * One COPY after the other, each of the rows of one shape: begun, fed, ended, and what the table
 * took. A shape without a column has no COPY and is an INSERT; with on_conflict: ignore rows go
 * through a temporary table.
 */
#include "sink/postgres/copy_private.h"
#include "sink/postgres/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct buf *copy_tuples_of(struct lane *lane, int list)
{
    return list == COPY_SINGLE ? &lane->rows.single : &lane->rows.tuples[list];
}

/* The server refused: find the entry that the error's COPY line points at. */
static int copy_failed(struct copy_job *job, int list)
{
    const struct row_list *rows = &job->lane->lists[list];
    int64_t line = job->fault->copy_line;
    *job->hint = line >= 1 && (size_t)line <= rows->n ? (int64_t)rows->entries[line - 1] : -1;
    job->lane->open_shape = -1;
    return -1;
}

static int connection_failed(struct copy_job *job, int list)
{
    pg_fault_read(job->fault, job->lane->conn, NULL);
    return copy_failed(job, list);
}

static bool is_ignoring(const struct lane *lane)
{
    return lane->store->config->on_conflict == CONFLICT_IGNORE;
}

int copy_cannot_stage(struct copy_job *job)
{
    *job->fault = (struct pg_fault){.class = PG_HALT, .message = "rows that cannot be staged"};
    *job->hint = -1;
    return -1;
}

static void build_staging(struct copy_job *job, struct buf *sql, const char *columns, int list)
{
    const struct lane *lane = job->lane;
    if (job->staged->shapes == 0)
        buf_printf(sql,
                   "CREATE TEMP TABLE weir_rows ON COMMIT DROP AS"
                   " SELECT %s, 0::bigint AS weir_row FROM %s WITH NO DATA;",
                   row_shape_columns(lane->coder, 0), lane->table->quoted);
    job->staged->shapes |= 1U << list;
    buf_printf(sql, "COPY pg_temp.weir_rows (%s,weir_row) FROM STDIN%s", columns,
               row_plan_is_binary(lane->plan) ? " (FORMAT binary)" : "");
}

static void build_start(struct copy_job *job, struct buf *sql, const char *columns, int list)
{
    const struct lane *lane = job->lane;
    const char *options = row_plan_is_binary(lane->plan) ? " (FORMAT binary)" : "";
    const char *target = lane->table->quoted;
    buf_add_str(sql, job->before);
    if (job->staged) {
        build_staging(job, sql, columns, list);
        return;
    }
    if (is_ignoring(lane)) {
        buf_printf(sql,
                   "CREATE TEMP TABLE weir_stage ON COMMIT DROP AS SELECT %s FROM %s"
                   " WITH NO DATA;",
                   columns, target);
        target = "pg_temp.weir_stage";
    }
    buf_printf(sql, "COPY %s (%s) FROM STDIN%s", target, columns, options);
}

static const char *columns_of(const struct copy_job *job, int list)
{
    unsigned shape = list == COPY_SINGLE ? job->single_shape : (unsigned)list;
    return row_shape_columns(job->lane->coder, shape);
}

static int copy_start(struct copy_job *job, int list)
{
    struct lane *lane = job->lane;
    const char *columns = columns_of(job, list);
    struct buf sql;
    struct script script;

    job->bare = *columns == '\0';
    if (job->bare && job->staged)
        return copy_cannot_stage(job);
    if (job->bare) {
        lane->open_shape = list;
        return 0;
    }
    buf_init(&sql, 1 << 20);
    build_start(job, &sql, columns, list);
    job->before = "";
    lane->copy_begun = true;
    int rc = script_run(lane->conn, &script, buf_str(&sql), job->fault);
    script_clear(&script);
    buf_release(&sql);
    if (rc < 0)
        return copy_failed(job, list);
    lane->open_shape = list;
    struct slice header = row_copy_header(lane->plan);
    if (header.len && PQputCopyData(lane->conn, header.ptr, (int)header.len) != 1)
        return connection_failed(job, list);
    return 0;
}

static int put_tuples(struct copy_job *job, int list)
{
    struct buf *tuples = copy_tuples_of(job->lane, list);
    if (tuples->len && !job->bare &&
        PQputCopyData(job->lane->conn, tuples->data, (int)tuples->len) != 1)
        return connection_failed(job, list);
    buf_clear(tuples);
    return 0;
}

/* Move the staged rows over; returns how many the table took, or -1. */
static int64_t unstage(struct copy_job *job, int list)
{
    struct lane *lane = job->lane;
    const char *columns = columns_of(job, list);
    struct buf sql;
    struct script script;
    int64_t stored = -1;

    buf_init(&sql, 1 << 20);
    buf_printf(&sql,
               "INSERT INTO %s (%s) SELECT %s FROM pg_temp.weir_stage ON CONFLICT DO NOTHING;"
               "DROP TABLE pg_temp.weir_stage",
               lane->table->quoted, columns, columns);
    if (script_run(lane->conn, &script, buf_str(&sql), job->fault) == 0)
        stored = strtoll(PQcmdTuples(script_from_end(&script, 1)), NULL, 10);
    script_clear(&script);
    buf_release(&sql);
    return stored;
}

/* Rows of nothing but defaults; returns how many the table took, or -1. */
static int64_t insert_bare(struct copy_job *job, size_t rows)
{
    struct lane *lane = job->lane;
    struct buf sql;
    struct script script;
    int64_t stored = -1;

    buf_init(&sql, 1 << 20);
    buf_printf(&sql, "%sINSERT INTO %s SELECT FROM generate_series(1, %zu)%s", job->before,
               lane->table->quoted, rows, is_ignoring(lane) ? " ON CONFLICT DO NOTHING" : "");
    job->before = "";
    lane->copy_begun = true;
    if (script_run(lane->conn, &script, buf_str(&sql), job->fault) == 0)
        stored = strtoll(PQcmdTuples(script_from_end(&script, 0)), NULL, 10);
    script_clear(&script);
    buf_release(&sql);
    return stored;
}

int copy_account(struct lane *lane, struct tally *tally, int64_t sent, int64_t stored,
                 struct pg_fault *fault)
{
    if (stored == sent)
        return 0;
    if (stored < sent && tally && (lane->table->before_row_triggers || is_ignoring(lane))) {
        tally->suppressed += sent - stored;
        tally->rows -= sent - stored;
        return 0;
    }
    memset(fault, 0, sizeof(*fault));
    fault->class = PG_HALT;
    snprintf(fault->message, sizeof(fault->message),
             "COPY into %s stored %lld rows of %lld sent, and the table has no trigger that may "
             "drop rows; nothing was committed",
             lane->table->quoted, (long long)stored, (long long)sent);
    return -1;
}

/* Take the server's answer to a finished COPY: rows stored, or -1 and the fault. */
static int64_t copy_answer(struct copy_job *job)
{
    PGconn *conn = job->lane->conn;
    PGresult *result = PQgetResult(conn);
    int64_t stored = -1;
    if (result && PQresultStatus(result) == PGRES_COMMAND_OK)
        stored = strtoll(PQcmdTuples(result), NULL, 10);
    else
        pg_fault_read(job->fault, conn, result);
    PQclear(result);
    while ((result = PQgetResult(conn)) != NULL)
        PQclear(result);
    return stored;
}

/* The rest of the open COPY, and what came of it: rows stored, or -1 and the fault. */
static int64_t copy_finish(struct copy_job *job, int list)
{
    struct lane *lane = job->lane;
    struct slice trailer = row_copy_trailer(lane->plan);

    if ((trailer.len && PQputCopyData(lane->conn, trailer.ptr, (int)trailer.len) != 1) ||
        PQputCopyEnd(lane->conn, NULL) != 1) {
        pg_fault_read(job->fault, lane->conn, NULL);
        return -1;
    }
    int64_t stored = copy_answer(job);
    return stored >= 0 && is_ignoring(lane) && !job->staged ? unstage(job, list) : stored;
}

int copy_end(struct copy_job *job)
{
    struct lane *lane = job->lane;
    int list = lane->open_shape;
    size_t rows = lane->lists[list].n;

    if (put_tuples(job, list) < 0)
        return -1;
    int64_t stored = job->bare ? insert_bare(job, rows) : copy_finish(job, list);
    if (stored < 0)
        return copy_failed(job, list);
    int64_t sent = (int64_t)rows;
    lane->lists[list].n = 0;
    lane->open_shape = -1;
    *job->hint = -1;
    if (!job->staged)
        return copy_account(lane, job->tally, sent, stored, job->fault);
    job->staged->rows += stored;
    return stored == sent ? 0 : copy_cannot_stage(job);
}

int copy_flush(struct copy_job *job, int list)
{
    struct lane *lane = job->lane;
    if (lane->open_shape != list) {
        if (lane->open_shape >= 0 && copy_end(job) < 0)
            return -1;
        if (copy_start(job, list) < 0)
            return -1;
    }
    return put_tuples(job, list);
}

int copy_flush_all(struct copy_job *job)
{
    struct lane *lane = job->lane;
    if (lane->open_shape >= 0 && copy_end(job) < 0)
        return -1;
    for (int list = 0; list < ROW_MAX_SHAPES; list++)
        if (lane->lists[list].n > 0 && (copy_flush(job, list) < 0 || copy_end(job) < 0))
            return -1;
    return 0;
}

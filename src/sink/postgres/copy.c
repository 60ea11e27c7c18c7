/*
 * Records to COPY: encode a range of the batch and stream it, shape by shape.
 *
 * The rows of the usual shape leave while they are encoded, so that the server works on the first
 * while we encode the next; rows of other shapes wait in their buffers until those are worth a
 * COPY of their own. Which entry each row came from is remembered until its COPY is settled.
 *
 * With `staged` the rows of all shapes go into one temporary table instead, for rowwise.c; each
 * tuple gets a last field that tells its entry and its shape.
 */
#include "sink/postgres/script.h"
#include "sink/postgres/store.h"

#include "base/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FLUSH_OPEN_BYTES ((size_t)64 << 10)   /* of the shape whose COPY is open */
#define FLUSH_WAITING_BYTES ((size_t)1 << 20) /* of the others */
#define SINGLE ROW_MAX_SHAPES                 /* the list of rows.single */

struct copy_job {
    struct lane *lane;
    const char *before; /* SQL to run in front of the first COPY, or "" */
    struct pg_fault *fault;
    int64_t *hint;
    unsigned single_shape;
    bool bare;           /* the open shape leaves out every column, for which COPY has no syntax */
    struct tally *tally; /* of the claim that is copied alone, or NULL */
    struct staged *staged; /* where rows are staged, or NULL: into the table */
};

static void list_push(struct row_list *list, uint32_t entry)
{
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 1024;
        uint32_t *bigger = realloc(list->entries, cap * sizeof(*bigger));
        if (!bigger)
            abort();
        list->entries = bigger;
        list->cap = cap;
    }
    list->entries[list->n++] = entry;
}

void copy_reset(struct lane *lane)
{
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_clear(&lane->rows.tuples[i]);
    buf_clear(&lane->rows.single);
    for (int i = 0; i <= ROW_MAX_SHAPES; i++)
        lane->lists[i].n = 0;
    lane->open_shape = -1;
}

void copy_release(struct lane *lane)
{
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_release(&lane->rows.tuples[i]);
    buf_release(&lane->rows.single);
    for (int i = 0; i <= ROW_MAX_SHAPES; i++)
        free(lane->lists[i].entries);
    free(lane->fates);
    free(lane->letters);
    arena_release(&lane->letters_arena);
}

static struct buf *tuples_of(struct lane *lane, int list)
{
    return list == SINGLE ? &lane->rows.single : &lane->rows.tuples[list];
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

/* What temporary tables cannot hold; whoever asked for them goes another way. */
static int cannot_stage(struct copy_job *job)
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
    unsigned shape = list == SINGLE ? job->single_shape : (unsigned)list;
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
        return cannot_stage(job);
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
    struct buf *tuples = tuples_of(job->lane, list);
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

static int copy_end(struct copy_job *job)
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
    return stored == sent ? 0 : cannot_stage(job);
}

/* Send what a list's buffer holds, opening its COPY if another one's is open. */
static int flush(struct copy_job *job, int list)
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

static int flush_all(struct copy_job *job)
{
    struct lane *lane = job->lane;
    if (lane->open_shape >= 0 && copy_end(job) < 0)
        return -1;
    for (int list = 0; list < ROW_MAX_SHAPES; list++)
        if (lane->lists[list].n > 0 && (flush(job, list) < 0 || copy_end(job) < 0))
            return -1;
    return 0;
}

static size_t flush_limit(const struct lane *lane, int list)
{
    return list == 0 || lane->open_shape == list ? FLUSH_OPEN_BYTES : FLUSH_WAITING_BYTES;
}

/* A row of its own COPY: its shape found no place among the eight. */
static int copy_single(struct copy_job *job, unsigned shape, uint32_t entry)
{
    job->single_shape = shape;
    list_push(&job->lane->lists[SINGLE], entry);
    if (flush(job, SINGLE) < 0)
        return -1;
    return copy_end(job);
}

static int copy_row(struct copy_job *job, unsigned shape, uint32_t entry)
{
    struct lane *lane = job->lane;
    if (shape >= ROW_MAX_SHAPES)
        return copy_single(job, shape, entry);
    list_push(&lane->lists[shape], entry);
    if (lane->rows.tuples[shape].len < flush_limit(lane, (int)shape))
        return 0;
    return flush(job, (int)shape);
}

void copy_mark_dead(struct lane *lane, uint32_t entry, const char *column, const char *sqlstate,
                    const char *reason)
{
    assert(lane->fates[entry] != FATE_DEAD);
    lane->fates[entry] = FATE_DEAD;
    if (lane->n_letters == lane->cap_letters) {
        size_t cap = lane->cap_letters ? lane->cap_letters * 2 : 64;
        struct letter *bigger = realloc(lane->letters, cap * sizeof(*bigger));
        if (!bigger)
            abort();
        lane->letters = bigger;
        lane->cap_letters = cap;
    }
    lane->letters[lane->n_letters++] = (struct letter){
        .entry = entry,
        .column = column && *column ? arena_strdup(&lane->letters_arena, column) : NULL,
        .sqlstate = sqlstate ? arena_strdup(&lane->letters_arena, sqlstate) : "",
        .reason = arena_strdup(&lane->letters_arena, reason),
    };
}

/* The tuple from `at` on gets a last field, weir_row. */
static void number_tuple(const struct copy_job *job, struct buf *tuples, size_t at, uint64_t number)
{
    if (!row_plan_is_binary(job->lane->plan)) {
        tuples->len--; /* its newline */
        buf_printf(tuples, "\t%" PRIu64 "\n", number);
        return;
    }
    unsigned char *count = (unsigned char *)tuples->data + at;
    unsigned fields = ((unsigned)count[0] << 8 | count[1]) + 1;
    count[0] = (unsigned char)(fields >> 8);
    count[1] = (unsigned char)fields;
    buf_add_be32(tuples, 8);
    buf_add_be64(tuples, number);
}

static int stage_row(struct copy_job *job, unsigned shape, const size_t at[], uint32_t entry)
{
    if (shape >= ROW_MAX_SHAPES)
        return cannot_stage(job);
    struct buf *tuples = tuples_of(job->lane, (int)shape);
    number_tuple(job, tuples, at[shape], (uint64_t)entry * ROW_MAX_SHAPES + shape);
    return tuples->failed ? cannot_stage(job) : copy_row(job, shape, entry);
}

/* Encode one entry; what it became goes into its fate. */
static int copy_entry(struct copy_job *job, uint32_t entry)
{
    struct lane *lane = job->lane;
    struct record record;
    struct row_reason reason;
    unsigned shape = 0;
    bool again = lane->fates[entry] != FATE_PENDING;
    size_t at[ROW_MAX_SHAPES] = {0};
    for (int i = 0; job->staged && i < ROW_MAX_SHAPES; i++)
        at[i] = lane->rows.tuples[i].len;

    batch_record(lane->batch, entry, &record);
    enum row_outcome outcome = row_encode(lane->coder, &record, &lane->rows, &shape, &reason);
    if (again)
        row_coder_uncount(lane->coder);
    switch (outcome) {
    case ROW_STORED:
        lane->fates[entry] = FATE_ROW;
        return job->staged ? stage_row(job, shape, at, entry) : copy_row(job, shape, entry);
    case ROW_TOMBSTONE:
        lane->fates[entry] = FATE_TOMBSTONE;
        return 0;
    case ROW_DEAD:
        copy_mark_dead(lane, entry, reason.column, reason.sqlstate, reason.text);
        return 0;
    case ROW_FULL:
        break;
    }
    /* The buffers hold far more than the flush limits: a record this large has no row. */
    copy_mark_dead(lane, entry, NULL, "54000", "the row is larger than COPY can carry");
    return 0;
}

/* Leave no COPY half open: the transaction (or savepoint) is about to be rolled back. */
static void abandon(struct lane *lane)
{
    PGresult *result;
    if (lane->open_shape >= 0)
        PQputCopyEnd(lane->conn, "abandoned");
    while ((result = PQgetResult(lane->conn)) != NULL)
        PQclear(result);
    copy_reset(lane);
}

static int copy_entries(struct copy_job *job, size_t from, size_t to,
                        const struct batch_claim *claim)
{
    struct lane *lane = job->lane;
    struct batch *batch = lane->batch;
    lane->copy_begun = false;
    for (size_t i = from; i < to; i++) {
        const struct batch_claim *of = &batch->claims[batch->entries[i].claim];
        bool in_question = lane->fates[i] == FATE_PENDING || lane->fates[i] == FATE_ROW;
        if (of->dropped || (claim && of != claim) || !in_question)
            continue;
        if (copy_entry(job, (uint32_t)i) < 0) {
            abandon(lane);
            return -1;
        }
    }
    if (flush_all(job) < 0) {
        abandon(lane);
        return -1;
    }
    return 0;
}

int copy_range(struct lane *lane, size_t from, size_t to, const struct batch_claim *claim,
               const char *before, struct pg_fault *fault, int64_t *hint)
{
    struct copy_job job = {
        .lane = lane,
        .before = before,
        .fault = fault,
        .hint = hint,
        .tally = claim ? &lane->batch->claims[claim - lane->batch->claims].tally : NULL,
    };
    *hint = -1;
    return copy_entries(&job, from, to, claim);
}

int copy_stage(struct lane *lane, size_t from, size_t to, const struct batch_claim *claim,
               const char *before, struct staged *staged, struct pg_fault *fault, int64_t *hint)
{
    struct copy_job job = {
        .lane = lane, .before = before, .fault = fault, .hint = hint, .staged = staged};
    *staged = (struct staged){0};
    *hint = -1;
    return copy_entries(&job, from, to, claim);
}

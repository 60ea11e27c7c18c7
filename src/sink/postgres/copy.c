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
#include "sink/postgres/copy_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#define FLUSH_OPEN_BYTES ((size_t)64 << 10)   /* of the shape whose COPY is open */
#define FLUSH_WAITING_BYTES ((size_t)1 << 20) /* of the others */

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

static size_t flush_limit(const struct lane *lane, int list)
{
    return list == 0 || lane->open_shape == list ? FLUSH_OPEN_BYTES : FLUSH_WAITING_BYTES;
}

/* A row of its own COPY: its shape found no place among the eight. */
static int copy_single(struct copy_job *job, unsigned shape, uint32_t entry)
{
    job->single_shape = shape;
    list_push(&job->lane->lists[COPY_SINGLE], entry);
    if (copy_flush(job, COPY_SINGLE) < 0)
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
    return copy_flush(job, (int)shape);
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
        return copy_cannot_stage(job);
    struct buf *tuples = copy_tuples_of(job->lane, (int)shape);
    number_tuple(job, tuples, at[shape], (uint64_t)entry * ROW_MAX_SHAPES + shape);
    return tuples->failed ? copy_cannot_stage(job) : copy_row(job, shape, entry);
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
    if (copy_flush_all(job) < 0) {
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

/*
 * What is inside a replay's transaction, where ingest has its claims:
 *
 *   BEGIN .. offset rows FOR UPDATE    as ingest's, in the same order, so neither can lock out the
 *                                      other for good
 *   letters FOR UPDATE                 each must be there, open, of the version that was fetched,
 *                                      and at an offset that the pipeline has counted
 *   rows                               the lane's own way
 *   UPDATE letters                     replayed_at of those that are rows; the new reason of others
 *   UPDATE offsets                     rows + n, dead - n
 *   COMMIT
 */
#include "sink/postgres/array.h"
#include "sink/postgres/replay_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SETTLE_MISSED "weir: replay touched"

/* The letters' keys, as the first four arrays of a statement. */
enum { K_TOPIC, K_PARTITION, K_OFFSET, K_ITEM, KEYS };

static void keys_begin(struct pg_array arrays[])
{
    array_begin(&arrays[K_TOPIC], ARRAY_TEXT);
    array_begin(&arrays[K_PARTITION], ARRAY_INT4);
    array_begin(&arrays[K_OFFSET], ARRAY_INT8);
    array_begin(&arrays[K_ITEM], ARRAY_INT4);
}

static void keys_add(struct pg_array arrays[], const struct dead_letter *letter)
{
    array_add_str(&arrays[K_TOPIC], letter->topic);
    array_add_int4(&arrays[K_PARTITION], letter->partition);
    array_add_int8(&arrays[K_OFFSET], false, letter->record_offset);
    array_add_int4(&arrays[K_ITEM], letter->item);
}

/* ---- Judge: which letters are ours to try ---- */

/* Lock the letters; the answer: number, whether it is open, and as it was fetched; our xid. */
static PGresult *lock_letters(struct lane *lane, struct pg_fault *fault)
{
    const struct replay *replay = lane->replay;
    struct pg_array arrays[KEYS + 1];
    struct arena arena;

    keys_begin(arrays);
    array_begin(&arrays[KEYS], ARRAY_TEXT);
    for (size_t i = 0; i < replay->n; i++) {
        keys_add(arrays, &replay->letters[i].kept);
        array_add_str(&arrays[KEYS], replay->chunk[i].version);
    }
    arena_init(&arena);
    const char *sql = arena_printf(
        &arena,
        "SELECT l.n, d.replayed_at IS NULL, d.xmin::text = l.version, txid_current()"
        " FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY"
        " AS l (topic, partition, record_offset, item, version, n)"
        " JOIN %s.dead_letters d ON d.pipeline = %s AND d.topic = l.topic"
        " AND d.partition = l.partition AND d.record_offset = l.record_offset AND d.item = l.item"
        " ORDER BY l.n FOR UPDATE OF d",
        lane->store->schema, lane->store->pipeline);
    PGresult *rows = array_exec(lane->conn, sql, arrays, KEYS + 1, fault);
    for (int i = 0; i <= KEYS; i++)
        array_release(&arrays[i]);
    arena_release(&arena);
    return rows;
}

static void take_locks(struct replay *replay, const PGresult *rows)
{
    for (size_t i = 0; i < replay->n; i++)
        if (!replay->letters[i].left)
            replay->chunk[i].lock_says = REPLAY_GONE;
    for (int row = 0; row < PQntuples(rows); row++) {
        size_t i = (size_t)strtoull(PQgetvalue(rows, row, 0), NULL, 10) - 1;
        assert(i < replay->n);
        bool same = *PQgetvalue(rows, row, 2) == 't';
        bool open = *PQgetvalue(rows, row, 1) == 't';
        replay->chunk[i].lock_says = !open ? REPLAY_DONE : same ? REPLAY_NOT_TRIED : REPLAY_BUSY;
        snprintf(replay->xid, sizeof(replay->xid), "%s", PQgetvalue(rows, row, 3));
    }
}

static int64_t number(const PGresult *rows, int row, int field)
{
    return strtoll(PQgetvalue(rows, row, field), NULL, 10);
}

/*
 * Only what a partition has counted as dead may be counted as a row: a letter that no --reset has
 * set aside (letters.c), of an offset from its start on and before what is read next, of which
 * ingest will judge itself.
 */
static int judge_partition(struct replay *replay, size_t c, const PGresult *offsets,
                           struct err *err)
{
    struct batch_claim *claim = &replay->batch.claims[c];
    int row = transaction_find_row(offsets, claim);
    int64_t to_try = 0;
    claim->dropped = row < 0;
    for (size_t i = 0; i < replay->n; i++) {
        struct chunk_letter *chunk = &replay->chunk[i];
        if (replay->letters[i].left || chunk->claim != c || chunk->lock_says != REPLAY_NOT_TRIED)
            continue;
        int64_t offset = replay->letters[i].kept.record_offset;
        if (row < 0 || replay->letters[i].kept.item < 0 || offset < number(offsets, row, O_START) ||
            offset >= number(offsets, row, O_NEXT))
            chunk->lock_says = REPLAY_OUTSIDE;
        else
            to_try++;
    }
    if (row < 0 || to_try <= number(offsets, row, O_DEAD))
        return 0;
    return err_set(err, ERR_HALT,
                   "%s.offsets counts %" PRId64 " dead letters of %s[%d], fewer than the %" PRId64
                   " that are to be replayed: one of the two was changed by hand; nothing was "
                   "done; `weir verify` tells more",
                   replay->store->schema, number(offsets, row, O_DEAD), claim->topic,
                   claim->partition, to_try);
}

/* What was left out in one try of the transaction stays so in the next: its fate is known. */
static void leave_out(struct lane *lane, struct chunk_letter *chunk)
{
    if (chunk->entry == NO_ENTRY)
        return;
    if (chunk->lock_says != REPLAY_NOT_TRIED)
        lane->fates[chunk->entry] = FATE_LEFT;
    else if (lane->fates[chunk->entry] == FATE_LEFT)
        chunk->lock_says = REPLAY_OUTSIDE;
}

static enum opened judge(struct lane *lane, const PGresult *offsets, struct pg_fault *fault,
                         struct err *err)
{
    struct replay *replay = lane->replay;
    PGresult *rows = lock_letters(lane, fault);
    if (!rows)
        return OPENED_FAULT;
    take_locks(replay, rows);
    PQclear(rows);
    for (size_t c = 0; c < replay->batch.n_claims; c++)
        if (judge_partition(replay, c, offsets, err) < 0)
            return OPENED_ERR;
    for (size_t i = 0; i < replay->n; i++)
        leave_out(lane, &replay->chunk[i]);
    return OPENED;
}

/* ---- Bury: mark the letters ---- */

enum { M_REPLAYED = KEYS, M_COLUMN, M_REASON, M_SQLSTATE, MARKS };

/* The reasons that the lane has found, by the chunk's letters; NULL where there is none. */
static const struct letter **found_reasons(const struct lane *lane)
{
    const struct replay *replay = lane->replay;
    const struct letter **found = calloc(replay->n + 1, sizeof(*found));
    if (!found)
        abort();
    for (size_t i = 0; i < lane->n_letters; i++)
        if (lane->fates[lane->letters[i].entry] == FATE_DEAD)
            found[replay->letter_of[lane->letters[i].entry]] = &lane->letters[i];
    return found;
}

static uint32_t add_marks(const struct lane *lane, struct pg_array arrays[])
{
    const struct replay *replay = lane->replay;
    const struct letter **found = found_reasons(lane);
    for (size_t i = 0; i < replay->n; i++) {
        const struct replay_letter *letter = &replay->letters[i];
        if (letter->left || replay->chunk[i].lock_says != REPLAY_NOT_TRIED)
            continue;
        bool replayed = !letter->refusal && !found[i];
        assert(!replayed || lane->fates[replay->chunk[i].entry] == FATE_ROW ||
               lane->fates[replay->chunk[i].entry] == FATE_TOMBSTONE);
        keys_add(arrays, &letter->kept);
        array_add_bool(&arrays[M_REPLAYED], replayed);
        array_add_str(&arrays[M_COLUMN], found[i] ? found[i]->column : NULL);
        array_add_reason(&arrays[M_REASON], found[i]          ? found[i]->reason
                                            : letter->refusal ? letter->refusal
                                                              : "");
        array_add_str(&arrays[M_SQLSTATE], found[i] ? found[i]->sqlstate : NULL);
    }
    free(found);
    return arrays[M_REPLAYED].n;
}

static int check_touched(PGresult *done, uint32_t marks, struct pg_fault *fault)
{
    if (strtoull(PQcmdTuples(done), NULL, 10) == marks)
        return 0;
    *fault = (struct pg_fault){.class = PG_HALT};
    snprintf(fault->message, sizeof(fault->message),
             "%s dead letters were marked of %" PRIu32 " that were locked; nothing was committed",
             PQcmdTuples(done), marks);
    return -1;
}

static int bury(struct lane *lane, struct pg_fault *fault)
{
    struct pg_array arrays[MARKS];
    struct arena arena;

    keys_begin(arrays);
    array_begin(&arrays[M_REPLAYED], ARRAY_BOOL);
    for (int i = M_COLUMN; i < MARKS; i++)
        array_begin(&arrays[i], ARRAY_TEXT);
    uint32_t marks = add_marks(lane, arrays);
    arena_init(&arena);
    const char *sql = arena_printf(
        &arena,
        "UPDATE %s.dead_letters d SET replayed_at = CASE WHEN m.replayed THEN now() END,"
        " column_name = CASE WHEN m.replayed THEN d.column_name ELSE m.column_name END,"
        " reason = CASE WHEN m.replayed THEN d.reason ELSE m.reason END,"
        " sqlstate = CASE WHEN m.replayed THEN d.sqlstate ELSE m.sqlstate END"
        " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)"
        " AS m (topic, partition, record_offset, item, replayed, column_name, reason, sqlstate)"
        " WHERE d.pipeline = %s AND d.topic = m.topic AND d.partition = m.partition"
        " AND d.record_offset = m.record_offset AND d.item = m.item",
        lane->store->schema, lane->store->pipeline);
    PGresult *done = array_exec(lane->conn, sql, arrays, MARKS, fault);
    int rc = done ? check_touched(done, marks, fault) : -1;
    PQclear(done);
    for (int i = 0; i < MARKS; i++)
        array_release(&arrays[i]);
    arena_release(&arena);
    return rc;
}

/* ---- Settle: the counters, and COMMIT ---- */

static void add_moves(struct buf *sql, struct arena *arena, const struct batch *batch)
{
    const char *comma = "";
    for (size_t i = 0; i < batch->n_claims; i++) {
        const struct batch_claim *claim = &batch->claims[i];
        if (claim->dropped)
            continue;
        buf_printf(sql, "%s(%s,%d,%" PRId64 "::bigint,%" PRId64 "::bigint,%" PRId64 "::bigint)",
                   comma, pg_quote_literal(arena, claim->topic), claim->partition,
                   claim->tally.rows, claim->tally.tombstones, claim->tally.suppressed);
        comma = ",";
    }
}

static void build_settle(struct lane *lane, struct buf *sql, struct arena *arena)
{
    size_t n = transaction_live_claims(lane->batch);
    if (n > 0) {
        buf_printf(sql,
                   "WITH moved AS (UPDATE %s.offsets o SET rows = o.rows + v.rows,"
                   " tombstones = o.tombstones + v.tombstones,"
                   " suppressed = o.suppressed + v.suppressed,"
                   " dead = o.dead - v.rows - v.tombstones - v.suppressed FROM (VALUES ",
                   lane->store->schema);
        add_moves(sql, arena, lane->batch);
        buf_printf(sql,
                   ") v (topic, partition, rows, tombstones, suppressed) WHERE o.pipeline = %s"
                   " AND o.topic = v.topic AND o.partition = v.partition RETURNING 1)"
                   " SELECT CASE WHEN count(*) = %zu THEN 0"
                   " ELSE ('" SETTLE_MISSED " ' || count(*) || ' of %zu')::int END FROM moved; ",
                   lane->store->pipeline, n, n);
    }
    /* What a deferred constraint would say at COMMIT it must say now. */
    buf_add_str(sql, lane->store->config->dry_run ? "SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK"
                                                  : "COMMIT");
}

static int settle(struct lane *lane, struct pg_fault *fault)
{
    const char *tag = lane->store->config->dry_run ? "ROLLBACK" : "COMMIT";
    struct arena arena;
    struct buf sql;

    arena_init(&arena);
    buf_init(&sql, 16 << 20);
    build_settle(lane, &sql, &arena);
    int rc = transaction_finish(lane, buf_str(&sql), tag, fault);
    if (rc < 0 && strstr(fault->message, SETTLE_MISSED))
        fault->class = PG_HALT; /* rows that we hold a lock on: nobody can have moved them */
    buf_release(&sql);
    arena_release(&arena);
    return rc;
}

const struct protocol replay_protocol = {judge, bury, settle};

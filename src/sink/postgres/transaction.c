/*
 * One batch, one transaction (design point 3).
 *
 *   open    BEGIN, settings, LOCK TABLE, the table's hash, the offset rows FOR UPDATE: one round
 *           trip. Each row must say what the batch's claim says: this owner epoch, this offset.
 *   ...     COPY, dead letters (copy.c, isolate.c, letters.c)
 *   settle  the compare-and-set of every offset row, with the counters, and COMMIT: one round trip.
 *           Unless it touched each row it fails, and so COMMIT can only roll back.
 *
 * The counters are known only after the COPY, because records are decoded while they are sent; so
 * the compare-and-set stands at the end and the FOR UPDATE at the start holds its rows still.
 */
#include "sink/postgres/catalog.h"
#include "sink/postgres/rowlock.h"
#include "sink/postgres/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What the server quotes back when the compare-and-set missed a row. */
#define SETTLE_MISSED "weir: compare-and-set touched"
/* Whom ingest may not end, being another role, the server ends: but never amid a COPY. */
#define REPLAY_IDLE "30s"

size_t transaction_live_claims(const struct batch *batch)
{
    size_t n = 0;
    for (size_t i = 0; i < batch->n_claims; i++)
        n += !batch->claims[i].dropped;
    return n;
}

void transaction_claim_list(struct buf *sql, struct arena *arena, const struct batch *batch)
{
    const char *comma = "";
    for (size_t i = 0; i < batch->n_claims; i++) {
        const struct batch_claim *claim = &batch->claims[i];
        if (claim->dropped)
            continue;
        buf_printf(sql, "%s(%s,%d)", comma, pg_quote_literal(arena, claim->topic),
                   claim->partition);
        comma = ",";
    }
}

static void build_open(struct lane *lane, struct buf *sql, struct arena *arena)
{
    const struct store *store = lane->store;
    const char *zone = pg_quote_literal(arena, store->config->timezone);
    buf_printf(sql,
               "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
               "SET LOCAL client_encoding = 'UTF8'; SET LOCAL datestyle = 'ISO, YMD';"
               "SET LOCAL intervalstyle = 'postgres'; SET LOCAL timezone = %s;"
               "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
               "SET LOCAL application_name = %s;"
               "SELECT set_config('synchronous_commit', 'on', true)"
               " WHERE current_setting('synchronous_commit') = 'off';",
               zone, store->application);
    if (lane->replay)
        buf_add_str(sql, "SET LOCAL idle_in_transaction_session_timeout = '" REPLAY_IDLE "';");
    buf_printf(sql, "LOCK TABLE %s IN ROW EXCLUSIVE MODE; SELECT pg_backend_pid(), %s;",
               lane->table->quoted, lane->table->hash_sql);
    buf_printf(
        sql,
        "SELECT topic, partition, next_offset, owner_epoch, start_offset, dead FROM %s.offsets"
        " WHERE pipeline = %s AND (topic, partition) IN (",
        store->schema, store->pipeline);
    transaction_claim_list(sql, arena, lane->batch);
    buf_add_str(sql, ") ORDER BY topic, partition FOR UPDATE");
}

int transaction_find_row(const PGresult *offsets, const struct batch_claim *claim)
{
    for (int i = 0; i < PQntuples(offsets); i++)
        if (atoi(PQgetvalue(offsets, i, O_PARTITION)) == claim->partition &&
            strcmp(PQgetvalue(offsets, i, O_TOPIC), claim->topic) == 0)
            return i;
    return -1;
}

/* Hold each claim against its row. Another epoch: the partition is another's now. */
static enum opened judge_claims(struct lane *lane, const PGresult *rows, struct pg_fault *fault,
                                struct err *err)
{
    enum opened verdict = OPENED;
    (void)fault;
    for (size_t i = 0; i < lane->batch->n_claims; i++) {
        struct batch_claim *claim = &lane->batch->claims[i];
        if (claim->dropped)
            continue;
        int row = transaction_find_row(rows, claim);
        if (row < 0 || strtoll(PQgetvalue(rows, row, O_EPOCH), NULL, 10) != claim->epoch) {
            lane_drop_claim(lane, claim);
            verdict = OPENED_NOT_OURS;
            continue;
        }
        int64_t next = strtoll(PQgetvalue(rows, row, O_NEXT), NULL, 10);
        if (next != claim->expected) {
            err_set(err, ERR_BUG,
                    "%s[%d]: the database stands at offset %" PRId64 " and we at %" PRId64
                    " under the same claim (epoch %" PRId64
                    "); nothing was written; start again, and report this as a bug",
                    claim->topic, claim->partition, next, claim->expected, claim->epoch);
            return OPENED_ERR;
        }
    }
    return verdict;
}

enum opened transaction_open(struct lane *lane, struct pg_fault *fault, struct err *err)
{
    struct arena arena;
    struct buf sql;
    struct script script;
    enum opened verdict = OPENED_FAULT;

    arena_init(&arena);
    buf_init(&sql, 16 << 20);
    build_open(lane, &sql, &arena);
    if (rowlock_open(lane->store, lane->conn, &script, buf_str(&sql), fault) < 0)
        goto out;
    const PGresult *facts = script_from_end(&script, 1);
    lane_note_pid(lane, atoi(PQgetvalue(facts, 0, 0)));
    if (strcmp(PQgetvalue(facts, 0, 1), lane->table->hash) != 0)
        verdict = OPENED_TABLE_CHANGED;
    else
        verdict = lane->protocol->judge(lane, script_from_end(&script, 0), fault, err);
out:
    script_clear(&script);
    buf_release(&sql);
    arena_release(&arena);
    if (verdict != OPENED)
        pg_rollback(lane->conn);
    return verdict;
}

static void add_settled_row(struct buf *sql, struct arena *arena, const struct batch_claim *claim)
{
    const struct tally *t = &claim->tally;
    buf_printf(sql, "(%s,%d,%" PRId64 "::bigint,%" PRId64 "::bigint,%" PRId64 "::bigint,",
               pg_quote_literal(arena, claim->topic), claim->partition, claim->expected,
               claim->epoch, claim->next);
    if (claim->last.offset >= 0)
        buf_printf(sql, "%" PRId64 "::bigint,%" PRId64 "::bigint,%" PRIu32 "::bigint,",
                   claim->last.offset, claim->last.timestamp_ms, claim->last.crc);
    else
        buf_add_str(sql, "NULL::bigint,NULL::bigint,NULL::bigint,");
    buf_printf(sql,
               "%" PRId64 "::bigint,%" PRId64 "::bigint,%" PRId64 "::bigint,%" PRId64
               "::bigint,%" PRId64 "::bigint,%" PRId64 "::bigint)",
               t->rows, t->dead, t->filtered, t->tombstones, t->suppressed, t->absent);
}

static void build_settle(struct lane *lane, struct buf *sql, struct arena *arena)
{
    const struct store *store = lane->store;
    const char *comma = "";
    size_t n = transaction_live_claims(lane->batch);
    buf_printf(sql,
               "WITH settled AS (UPDATE %s.offsets o SET next_offset = v.next,"
               " last_offset = COALESCE(v.last_offset, o.last_offset),"
               " last_time = COALESCE(v.last_time, o.last_time),"
               " last_crc = COALESCE(v.last_crc, o.last_crc),"
               " rows = o.rows + v.rows, dead = o.dead + v.dead,"
               " filtered = o.filtered + v.filtered, tombstones = o.tombstones + v.tombstones,"
               " suppressed = o.suppressed + v.suppressed, absent = o.absent + v.absent,"
               " updated_at = now() FROM (VALUES ",
               store->schema);
    for (size_t i = 0; i < lane->batch->n_claims; i++) {
        if (lane->batch->claims[i].dropped)
            continue;
        buf_add_str(sql, comma);
        add_settled_row(sql, arena, &lane->batch->claims[i]);
        comma = ",";
    }
    buf_printf(sql,
               ") v (topic, partition, expected, epoch, next, last_offset, last_time, last_crc,"
               " rows, dead, filtered, tombstones, suppressed, absent)"
               " WHERE o.pipeline = %s AND o.topic = v.topic AND o.partition = v.partition"
               " AND o.next_offset = v.expected AND o.owner_epoch = v.epoch RETURNING 1)"
               " SELECT CASE WHEN count(*) = %zu THEN 0"
               " ELSE ('" SETTLE_MISSED " ' || count(*) || ' of %zu')::int END"
               " FROM settled; COMMIT",
               store->pipeline, n, n);
}

int transaction_finish(struct lane *lane, const char *sql, const char *tag, struct pg_fault *fault)
{
    struct script script;
    int rc = script_run(lane->conn, &script, sql, fault);
    /* COMMIT of a failed transaction succeeds with the tag ROLLBACK. */
    if (rc == 0 && strcmp(PQcmdStatus(script_from_end(&script, 0)), tag) != 0) {
        memset(fault, 0, sizeof(*fault));
        fault->class = PG_HALT;
        snprintf(fault->message, sizeof(fault->message), "the server answered %s with %s", tag,
                 PQcmdStatus(script_from_end(&script, 0)));
        rc = -1;
    }
    script_clear(&script);
    return rc;
}

static int settle(struct lane *lane, struct pg_fault *fault)
{
    struct arena arena;
    struct buf sql;

    arena_init(&arena);
    buf_init(&sql, 16 << 20);
    build_settle(lane, &sql, &arena);
    int rc = transaction_finish(lane, buf_str(&sql), "COMMIT", fault);
    if (rc < 0 && strstr(fault->message, SETTLE_MISSED))
        fault->class = PG_RETRY; /* recovery will find who moved the row */
    buf_release(&sql);
    arena_release(&arena);
    return rc;
}

const struct protocol ingest_protocol = {judge_claims, letters_bury, settle};

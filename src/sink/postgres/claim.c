/* Ownership of partitions: the claims of design point 2, in transactions of their own. */
#include "sink/postgres/rowlock.h"
#include "sink/postgres/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Fault to err; a transaction left open or a broken connection is cleaned up. */
static int claim_failed(struct store *store, const struct pg_fault *fault, struct err *err,
                        const char *what)
{
    if (PQtransactionStatus(store->conn) == PQTRANS_ACTIVE) {
        /* Gave up waiting: the statement is still running over there. */
        PQfinish(store->conn);
        store->conn = NULL;
    } else {
        pg_rollback(store->conn);
    }
    return pg_fault_err(fault, err, what);
}

/* Who we are, for a person who reads weir.offsets. */
static const char *owner_name(struct arena *arena)
{
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    return pg_quote_literal(arena, arena_printf(arena, "%s pid %d", host, (int)getpid()));
}

static void claim_read(struct store *store, struct claim *out, const PGresult *row)
{
    out->next_offset = strtoll(PQgetvalue(row, 0, 0), NULL, 10);
    out->epoch = strtoll(PQgetvalue(row, 0, 1), NULL, 10) + 1;
    out->last.offset = PQgetisnull(row, 0, 2) ? -1 : strtoll(PQgetvalue(row, 0, 2), NULL, 10);
    out->last.timestamp_ms = PQgetisnull(row, 0, 3) ? -1 : strtoll(PQgetvalue(row, 0, 3), NULL, 10);
    out->last.crc = PQgetisnull(row, 0, 4) ? 0 : (uint32_t)strtoul(PQgetvalue(row, 0, 4), NULL, 10);
    snprintf(out->topic_id, sizeof(out->topic_id), "%s", PQgetvalue(row, 0, 5));
    if (*PQgetvalue(row, 0, 6) == 't')
        atomic_store(&store->has_aside, true);
}

/* A partition on its way to us. */
struct claiming {
    struct store *store;
    struct arena *arena;
    const char *topic; /* as a literal */
    const char *where; /* its row of weir.offsets */
    struct claim *out;
};

/* Its row, which is made if there is none, and kept from all others until COMMIT. */
static int lock_row(const struct claiming *c, int64_t if_new, struct pg_fault *fault)
{
    struct store *store = c->store;
    struct script script;
    int pid = 0;
    const char *lock = arena_printf(
        c->arena,
        "WITH begun AS (INSERT INTO %s.offsets (pipeline, topic, partition, start_offset,"
        " next_offset, owner_epoch) VALUES (%s, %s, %d, %" PRId64 ", %" PRId64 ","
        " coalesce((SELECT epoch_floor FROM %s.pipelines WHERE name = %s), 0))"
        " ON CONFLICT DO NOTHING RETURNING topic, partition)"
        " %s AND (d.topic, d.partition) IN (SELECT topic, partition FROM begun);"
        "SELECT next_offset, owner_epoch, last_offset, last_time, last_crc, topic_id,"
        " EXISTS (SELECT FROM %s.dead_letters d WHERE d.pipeline = o.pipeline"
        " AND d.topic = o.topic AND d.partition = o.partition"
        " AND d.record_offset >= o.next_offset AND d.item < 0 AND d.replayed_at IS NULL)"
        " FROM %s.offsets o WHERE %s FOR UPDATE OF o",
        store->schema, store->pipeline, c->topic, c->out->partition, if_new, if_new, store->schema,
        store->pipeline, letters_set_aside_sql(c->arena, store->schema, store->pipeline),
        store->schema, store->schema, c->where);
    if (rowlock_begin(store, store->conn, &pid, fault) < 0)
        return -1;
    int rc = rowlock_run(store, store->conn, pid, &script, lock, fault);
    if (rc == 0)
        claim_read(store, c->out, script_from_end(&script, 0));
    script_clear(&script);
    return rc;
}

/* The topic's id is only ever learnt before the first record; later it is only compared. */
static int take_row(const struct claiming *c, const char *topic_id, struct pg_fault *fault)
{
    struct script script;
    const char *take = arena_printf(
        c->arena,
        "UPDATE %s.offsets SET owner_epoch = %" PRId64 ", owner = %s,"
        " topic_id = CASE WHEN topic_id = '' AND last_offset IS NULL THEN %s ELSE topic_id END"
        " WHERE %s; COMMIT",
        c->store->schema, c->out->epoch, owner_name(c->arena), pg_quote_literal(c->arena, topic_id),
        c->where);
    int rc = script_run(c->store->conn, &script, take, fault);
    script_clear(&script);
    return rc;
}

int pg_claim(struct store *store, const char *topic, int32_t partition, int64_t if_new,
             const char *topic_id, struct claim *out, struct err *err)
{
    struct arena arena;
    struct pg_fault fault;
    int rc = 0;

    arena_init(&arena);
    *out = (struct claim){.topic = topic, .partition = partition};
    struct claiming c = {store, &arena, pg_quote_literal(&arena, topic), NULL, out};
    c.where = arena_printf(&arena, "pipeline = %s AND topic = %s AND partition = %d",
                           store->pipeline, c.topic, partition);
    if (lock_row(&c, if_new, &fault) < 0 || take_row(&c, topic_id, &fault) < 0) {
        const char *what = arena_printf(&arena, "cannot claim %s[%d]", topic, partition);
        rc = claim_failed(store, &fault, err, what);
    }
    arena_release(&arena);
    return rc;
}

int pg_record_gap(struct store *store, struct claim *claim, int64_t next, struct err *err)
{
    struct arena arena;
    arena_init(&arena);
    PGresult *done =
        pg_execf(store->conn, err,
                 "UPDATE %s.offsets SET absent = absent + (%" PRId64
                 " - next_offset), next_offset = %" PRId64
                 " WHERE pipeline = %s AND topic = %s AND partition = %d AND next_offset = %" PRId64
                 " AND owner_epoch = %" PRId64 " AND next_offset <= %" PRId64,
                 store->schema, next, next, store->pipeline, pg_quote_literal(&arena, claim->topic),
                 claim->partition, claim->next_offset, claim->epoch, next);
    arena_release(&arena);
    if (!done)
        return -1;
    bool moved = strcmp(PQcmdTuples(done), "1") == 0;
    PQclear(done);
    if (!moved)
        return err_set(err, ERR_OUTAGE, "%s[%d] was claimed by another process just now",
                       claim->topic, claim->partition);
    claim->next_offset = next;
    return 0;
}

int pg_peek(struct store *store, const char *topic, int32_t partition, int64_t *next,
            struct err *err)
{
    struct arena arena;
    arena_init(&arena);
    PGresult *row =
        pg_execf(store->conn, err,
                 "SELECT next_offset FROM %s.offsets"
                 " WHERE pipeline = %s AND topic = %s AND partition = %d",
                 store->schema, store->pipeline, pg_quote_literal(&arena, topic), partition);
    arena_release(&arena);
    if (!row)
        return -1;
    *next = PQntuples(row) ? strtoll(PQgetvalue(row, 0, 0), NULL, 10) : -1;
    PQclear(row);
    return 0;
}

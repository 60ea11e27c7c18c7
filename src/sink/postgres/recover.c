/*
 * A lost answer to COMMIT (design point 4): the offset rows tell what became of it.
 *
 * FOR UPDATE, because a plain SELECT can read the past while the old backend still commits; with
 * FOR UPDATE we wait for it, or end it if it hangs (rowlock.h).
 */
#include "sink/postgres/rowlock.h"
#include "sink/postgres/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum found { FOUND_EXPECTED, FOUND_NEXT, FOUND_OTHER, FOUND_LOST };

static enum found look_at(const PGresult *row, const struct batch_claim *claim)
{
    if (PQntuples(row) == 0 || strtoll(PQgetvalue(row, 0, 1), NULL, 10) != claim->epoch)
        return FOUND_LOST;
    int64_t next = strtoll(PQgetvalue(row, 0, 0), NULL, 10);
    if (next == claim->next && claim->next != claim->expected)
        return FOUND_NEXT;
    return next == claim->expected ? FOUND_EXPECTED : FOUND_OTHER;
}

static int read_claim(struct lane *lane, int pid, const struct batch_claim *claim,
                      enum found *found, struct pg_fault *fault)
{
    const struct store *store = lane->store;
    struct script script;
    struct arena arena;

    arena_init(&arena);
    const char *sql = arena_printf(&arena,
                                   "SELECT next_offset, owner_epoch FROM %s.offsets"
                                   " WHERE pipeline = %s AND topic = %s AND partition = %d"
                                   " FOR UPDATE",
                                   store->schema, store->pipeline,
                                   pg_quote_literal(&arena, claim->topic), claim->partition);
    int rc = rowlock_run(lane->store, lane->conn, pid, &script, sql, fault);
    if (rc == 0)
        *found = look_at(script_from_end(&script, 0), claim);
    script_clear(&script);
    arena_release(&arena);
    return rc;
}

/* All of a batch's claims moved in one transaction, so what is still ours must agree. */
static int judge(const struct batch *batch, size_t expected, size_t next, size_t other,
                 struct err *err)
{
    if (other == 0 && next == 0)
        return 0;
    if (other == 0 && expected == 0)
        return 1;
    for (size_t i = 0; i < batch->n_claims; i++)
        if (!batch->claims[i].dropped)
            return err_set(err, ERR_BUG,
                           "after a lost connection %s[%d] stands neither where the transaction "
                           "began (%" PRId64 ") nor where it ended (%" PRId64
                           "); stopped without writing; report this as a bug",
                           batch->claims[i].topic, batch->claims[i].partition,
                           batch->claims[i].expected, batch->claims[i].next);
    return 0;
}

int pg_lane_recover(struct lane *lane, struct batch *batch, struct err *err)
{
    struct pg_fault fault;
    size_t counts[3] = {0};
    int pid = 0;

    if (lane_connect(lane, err) < 0)
        return -1;
    if (rowlock_begin(lane->store, lane->conn, &pid, &fault) < 0)
        goto broken;
    for (size_t i = 0; i < batch->n_claims; i++) {
        enum found found = FOUND_OTHER;
        if (batch->claims[i].dropped)
            continue;
        if (read_claim(lane, pid, &batch->claims[i], &found, &fault) < 0)
            goto broken;
        if (found == FOUND_LOST)
            lane_drop_claim(lane, &batch->claims[i]);
        else
            counts[found]++;
    }
    pg_rollback(lane->conn);
    return judge(batch, counts[FOUND_EXPECTED], counts[FOUND_NEXT], counts[FOUND_OTHER], err);
broken:
    lane_disconnect(lane);
    return pg_fault_err(&fault, err, "cannot find out what became of a transaction");
}

static int lock_claims(struct lane *lane, const struct batch *batch, int pid,
                       struct pg_fault *fault)
{
    const struct store *store = lane->store;
    struct script script;
    struct arena arena;
    struct buf sql;

    if (transaction_live_claims(batch) == 0)
        return 0;
    arena_init(&arena);
    buf_init(&sql, 16 << 20);
    buf_printf(&sql, "SELECT FROM %s.offsets WHERE pipeline = %s AND (topic, partition) IN (",
               store->schema, store->pipeline);
    transaction_claim_list(&sql, &arena, batch);
    buf_add_str(&sql, ") ORDER BY topic, partition FOR UPDATE");
    int rc = rowlock_run(lane->store, lane->conn, pid, &script, buf_str(&sql), fault);
    script_clear(&script);
    buf_release(&sql);
    arena_release(&arena);
    return rc;
}

/*
 * What the server says is of use only while it is the same one: another may have been promoted in
 * its place, and given the number to somebody, or never have come so far (22023). Unless it says
 * that it was committed, the letters' own state tells in the next try.
 */
static int read_status(struct lane *lane, const char *xid, struct err *err)
{
    PGresult *row = pg_execf(lane->conn, err, "SELECT txid_status(%s)", xid);
    if (!row)
        return strcmp(err->code, "22023") == 0 ? 0 : -1;
    const char *status = PQgetvalue(row, 0, 0);
    int rc = strcmp(status, "committed") == 0;
    if (!strcmp(status, "in progress"))
        rc = err_set(err, ERR_OUTAGE, "the transaction %s is still under way", xid);
    PQclear(row);
    return rc;
}

/* Who gets the rows' locks comes after the transaction that held them, whatever its end was. */
int pg_lane_outcome(struct lane *lane, const struct batch *batch, const char *xid, struct err *err)
{
    struct pg_fault fault;
    int pid = 0;

    if (lane_connect(lane, err) < 0)
        return -1;
    if (rowlock_begin(lane->store, lane->conn, &pid, &fault) < 0 ||
        lock_claims(lane, batch, pid, &fault) < 0) {
        lane_disconnect(lane);
        return pg_fault_err(&fault, err, "cannot find out what became of a transaction");
    }
    int rc = *xid ? read_status(lane, xid, err) : 0;
    pg_rollback(lane->conn);
    return rc;
}

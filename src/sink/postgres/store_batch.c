/* From a batch to a committed transaction, or to the word why not. */
#include "sink/postgres/store.h"

#include "base/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TABLE_CHANGES_MAX 5

static void reset_outcome(struct lane *lane)
{
    struct batch *batch = lane->batch;
    if (batch->n_entries > 0)
        memset(lane->fates, FATE_PENDING, batch->n_entries);
    lane->n_letters = 0;
    row_coder_clear_unknown_keys(lane->coder);
    arena_release(&lane->letters_arena);
    arena_init(&lane->letters_arena);
    copy_reset(lane);
}

static void take_batch(struct lane *lane, struct batch *batch)
{
    lane->batch = batch;
    if (batch->n_entries > lane->cap_fates) {
        free(lane->fates);
        lane->cap_fates = batch->n_entries + batch->n_entries / 2;
        lane->fates = malloc(lane->cap_fates);
        if (!lane->fates)
            abort();
    }
    reset_outcome(lane);
}

/* What the sink itself counts begins at zero in each try; absent and filtered came with the batch.
 */
static void reset_tallies(struct batch *batch)
{
    for (size_t i = 0; i < batch->n_claims; i++) {
        struct tally *tally = &batch->claims[i].tally;
        tally->rows = tally->dead = tally->tombstones = tally->suppressed = 0;
    }
}

static void count_fates(struct lane *lane)
{
    struct batch *batch = lane->batch;
    for (size_t i = 0; i < batch->n_entries; i++) {
        struct batch_claim *claim = &batch->claims[batch->entries[i].claim];
        if (claim->dropped)
            continue;
        switch ((enum fate)lane->fates[i]) {
        case FATE_ROW:
            claim->tally.rows++;
            break;
        case FATE_DEAD:
        case FATE_LEFT:
            claim->tally.dead++;
            break;
        case FATE_TOMBSTONE:
            claim->tally.tombstones++;
            break;
        case FATE_PENDING:
            assert(!"a record without a fate");
        }
    }
    for (size_t i = 0; i < batch->n_claims; i++) {
        const struct batch_claim *claim = &batch->claims[i];
        /* The invariant of design point 5, before it is committed. */
        assert(claim->dropped || tally_sum(&claim->tally) == claim->next - claim->expected);
    }
}

/*
 * Stable defaults are the transaction's: evaluated in it, sent as values. A cast to a type with a
 * length would cut what INSERT refuses, so the length is left for COPY to apply.
 */
static int load_defaults(struct lane *lane, struct pg_fault *fault)
{
    size_t n = row_coder_stable_count(lane->coder);
    if (n == 0)
        return 0;
    struct buf sql;
    buf_init(&sql, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        const struct column *column = row_coder_stable_column(lane->coder, i);
        buf_printf(&sql, "%s(%s)::%s", i ? ", " : "SELECT ", column->default_sql,
                   column->bare_type);
    }
    PGresult *row = PQexecParams(lane->conn, buf_str(&sql), 0, NULL, NULL, NULL, NULL,
                                 row_plan_is_binary(lane->plan));
    buf_release(&sql);
    int rc = 0;
    if (PQresultStatus(row) != PGRES_TUPLES_OK) {
        pg_fault_read(fault, lane->conn, row);
        rc = -1;
    }
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct slice value = {PQgetvalue(row, 0, (int)i), (size_t)PQgetlength(row, 0, (int)i)};
        row_coder_set_stable(lane->coder, i, PQgetisnull(row, 0, (int)i) ? SLICE_NONE : value);
    }
    PQclear(row);
    return rc;
}

/* Rows that something may suppress are copied partition by partition, to know whose they were. */
static int copy_all(struct lane *lane, struct pg_fault *fault)
{
    struct batch *batch = lane->batch;
    bool by_claim =
        lane->table->before_row_triggers || lane->store->config->on_conflict == CONFLICT_IGNORE;
    int64_t hint;
    if (!by_claim)
        return copy_range(lane, 0, batch->n_entries, NULL, "", fault, &hint);
    for (size_t i = 0; i < batch->n_claims; i++)
        if (!batch->claims[i].dropped &&
            copy_range(lane, 0, batch->n_entries, &batch->claims[i], "", fault, &hint) < 0)
            return -1;
    return 0;
}

static void tell_unknown_keys(struct lane *lane, struct batch *batch)
{
    const struct unknown_key *keys;
    size_t n = row_coder_unknown_keys(lane->coder, &keys);
    if (lane->policy.on_unknown_key == UNKNOWN_KEY_DEAD)
        return; /* the dead letters say it */
    for (size_t i = 0; i < n; i++) {
        if (keys[i].records == 0)
            continue;
        unknown_keys_tell(&lane->store->unknown, lane->store->config->name, lane->table->quoted,
                          keys[i].name, keys[i].records);
        batch->unknown_keys += (int64_t)keys[i].records;
    }
    row_coder_clear_unknown_keys(lane->coder);
}

enum step { STEP_DONE, STEP_FAULT, STEP_COMMIT_FAULT, STEP_ERR, STEP_NOT_OURS };

/* Open the transaction, meeting tables that changed under us. */
static enum step open_transaction(struct lane *lane, struct pg_fault *fault, struct err *err)
{
    for (int i = 0; i < TABLE_CHANGES_MAX; i++) {
        switch (transaction_open(lane, fault, err)) {
        case OPENED:
            return STEP_DONE;
        case OPENED_NOT_OURS:
            return STEP_NOT_OURS;
        case OPENED_ERR:
            return STEP_ERR;
        case OPENED_FAULT:
            /* Nothing of the records was sent yet, so none of them can be at fault. */
            if (fault->class != PG_RETRY)
                fault->class = PG_HALT;
            return STEP_FAULT;
        case OPENED_TABLE_CHANGED:
            log_info(lane->store->config->name, "the table %s has changed; reading it anew",
                     lane->table->quoted);
            if (lane_load_table(lane, err) < 0)
                return STEP_ERR;
            reset_outcome(lane);
        }
    }
    err_set(err, ERR_OUTAGE, "the table %s keeps changing", lane->table->quoted);
    return STEP_ERR;
}

/*
 * How carefully a batch goes in. A deferred constraint is asked at COMMIT as the user wants it,
 * because a record may lean on a later one; only when it is COMMIT that fails must it speak up
 * earlier, so that its error belongs to a record.
 */
enum care { TOGETHER, ISOLATED, ISOLATED_IMMEDIATE };

static enum step try_store(struct lane *lane, enum care care, struct pg_fault *fault,
                           struct err *err)
{
    enum step step = open_transaction(lane, fault, err);
    if (step != STEP_DONE)
        return step;
    reset_tallies(lane->batch);
    if (load_defaults(lane, fault) < 0)
        return STEP_FAULT;
    int rc = care == TOGETHER ? copy_all(lane, fault)
                              : isolate_batch(lane, care == ISOLATED_IMMEDIATE, fault);
    if (rc < 0)
        return STEP_FAULT;
    count_fates(lane);
    if (lane->protocol->bury(lane, fault) < 0) {
        if (fault->class == PG_RECORD || fault->class == PG_ENCODE)
            fault->class = PG_HALT;
        return STEP_FAULT;
    }
    return lane->protocol->settle(lane, fault) < 0 ? STEP_COMMIT_FAULT : STEP_DONE;
}

/*
 * A missing partition is told with the cure, which the bare server message lacks. The table that
 * lacks one may be itself a partition of ours.
 */
static void explain_missing_partition(const struct pg_fault *fault, const struct table *table,
                                      struct err *err)
{
    struct arena arena;
    arena_init(&arena);
    const char *schema = *fault->table ? fault->schema : table->schema;
    const char *name = *fault->table ? fault->table : table->name;
    const char *quoted_schema = pg_quote_ident(&arena, schema);
    err_set_code(err, ERR_HALT, fault->sqlstate,
                 "%s (%s); nothing is lost: create a partition FOR VALUES that take this row, or "
                 "one for all others: CREATE TABLE %s.%s PARTITION OF %s.%s DEFAULT; and start "
                 "again",
                 fault->message, fault->detail, quoted_schema,
                 pg_quote_ident(&arena, arena_printf(&arena, "%s_default", name)), quoted_schema,
                 pg_quote_ident(&arena, name));
    arena_release(&arena);
}

static void explain_halt(const struct pg_fault *fault, const struct lane *lane, struct err *err)
{
    if (strcmp(fault->sqlstate, "23514") == 0)
        explain_missing_partition(fault, lane->table, err);
    else
        pg_fault_err(fault, err, lane->table ? lane->table->quoted : "cannot store");
}

static enum stored_how failed(struct lane *lane, const struct pg_fault *fault, struct err *err)
{
    if (lane->conn && PQstatus(lane->conn) == CONNECTION_OK)
        pg_rollback(lane->conn);
    if (fault->class == PG_RETRY) {
        pg_fault_err(fault, err, "cannot store");
        return STORED_RETRY;
    }
    explain_halt(fault, lane, err);
    err->class = ERR_HALT;
    return STORED_HALT;
}

/* The server did not understand our binary form: our fault, so once again in text. */
static int fall_back_to_text(struct lane *lane, const struct pg_fault *fault, struct err *err)
{
    log_warn(lane->store->config->name,
             "the server refused a row in COPY's binary form (%s: %s); going on in text form",
             fault->sqlstate, fault->message);
    lane->keep_text = true;
    if (lane_load_table(lane, err) < 0)
        return -1;
    reset_outcome(lane);
    return 0;
}

static enum stored_how store_batch(struct lane *lane, struct batch *batch, struct err *err)
{
    struct pg_fault fault;
    /* A batch like the one before is not worth the try that fails at its first culprit. */
    enum care care = lane->dense_gap > 0 ? ISOLATED : TOGETHER;

    if (lane_connect(lane, err) < 0)
        return err->class == ERR_OUTAGE ? STORED_RETRY : STORED_HALT;
    take_batch(lane, batch);
    for (;;) {
        enum step step = try_store(lane, care, &fault, err);
        if (step == STEP_DONE) {
            dead_share_add(&lane->store->share, (int64_t)batch->n_entries,
                           (int64_t)lane->n_letters);
            tell_unknown_keys(lane, batch);
            return STORED;
        }
        if (step == STEP_NOT_OURS)
            return STORED_NOT_OURS;
        if (step == STEP_ERR)
            return err->class == ERR_OUTAGE ? STORED_RETRY : STORED_HALT;
        if (PQstatus(lane->conn) == CONNECTION_OK)
            pg_rollback(lane->conn);
        if (fault.class == PG_RECORD && care != ISOLATED_IMMEDIATE) {
            if (care == ISOLATED)
                reset_outcome(lane); /* who was dead because of another record may live now */
            care = step == STEP_COMMIT_FAULT ? ISOLATED_IMMEDIATE : care + 1;
        } else if (fault.class == PG_ENCODE && !lane->keep_text) {
            if (fall_back_to_text(lane, &fault, err) < 0)
                return err->class == ERR_OUTAGE ? STORED_RETRY : STORED_HALT;
        } else {
            return failed(lane, &fault, err);
        }
    }
}

enum stored_how pg_lane_store(struct lane *lane, struct batch *batch, struct err *err)
{
    enum stored_how how = store_batch(lane, batch, err);
    /* A pooler may give the transaction's backend to another process now. */
    lane_note_pid(lane, PQbackendPID(lane->conn));
    return how;
}

void pg_lane_dry(struct lane *lane, struct batch *batch,
                 void (*report)(void *context, const struct record *record,
                                const struct row_reason *reason),
                 void *context)
{
    struct record record;
    struct row_reason reason;
    unsigned shape;

    reset_tallies(batch);
    for (size_t i = 0; i < batch->n_entries; i++) {
        struct tally *tally = &batch->claims[batch->entries[i].claim].tally;
        batch_record(batch, i, &record);
        copy_reset(lane);
        switch (row_encode(lane->coder, &record, &lane->rows, &shape, &reason)) {
        case ROW_STORED:
            tally->rows++;
            break;
        case ROW_TOMBSTONE:
            tally->tombstones++;
            break;
        case ROW_FULL:
        case ROW_DEAD:
            tally->dead++;
            report(context, &record, &reason);
            break;
        }
    }
    tell_unknown_keys(lane, batch);
}

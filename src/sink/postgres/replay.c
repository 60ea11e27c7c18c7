/* A replay's life, from the pipeline's registration to the last chunk. */
#include "sink/postgres/replay_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "sink/outage.h"
#include "sink/postgres/dead_sql.h"
#include "sink/postgres/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A chunk's transaction holds the offset rows of its partitions, for which ingest waits: it must be
 * short. A single letter may be larger.
 */
#define CHUNK_BYTES ((int64_t)4 << 20)
#define BATCH_BYTES ((size_t)64 << 20)

/* ---- Open ---- */

static int find_pipeline(PGconn *conn, struct arena *arena, const struct pipeline_config *config,
                         const char **table, struct err *err)
{
    const char *schema = pg_quote_ident(arena, config->state_schema);
    PGresult *row = pg_execf(conn, err,
                             "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name)"
                             " FROM %s.pipelines WHERE name = %s",
                             schema, pg_quote_literal(arena, config->name));
    if (!row)
        return dead_explain(conn, schema, err);
    int rc = 0;
    if (PQntuples(row) == 1)
        *table = arena_strdup(arena, PQgetvalue(row, 0, 0));
    else
        rc = dead_fail_unknown(conn, arena, schema, config->name, err);
    PQclear(row);
    return rc;
}

/* rowlock.h ends backends of one's own name: each replay has one of its own. */
static int open_store(struct replay *replay, struct err *err)
{
    const char *application =
        arena_printf(&replay->arena, "weir-replay-%d:%s", (int)getpid(), replay->config.name);
    const char *registered = NULL;
    if (pg_store_open(&replay->store, &replay->config, application, err) < 0 ||
        find_pipeline(replay->store->conn, &replay->arena, &replay->config, &registered, err) < 0)
        return -1;
    if (!replay->config.table)
        replay->config.table = registered;
    if (postgres_sink.read_table(replay->store, err) < 0 ||
        postgres_sink.prepare(replay->store, err) < 0)
        return -1;
    return state_judge_replay(replay->store->conn, &replay->config, replay->store->table, err);
}

int replay_open(struct replay **out, const struct pipeline_config *config,
                const struct dead_filter *filter, struct err *err)
{
    struct replay *replay = calloc(1, sizeof(*replay));
    if (!replay)
        abort();
    arena_init(&replay->arena);
    batch_init(&replay->batch, BATCH_BYTES, UINT32_MAX);
    letter_headers_init(&replay->headers);
    replay->config = *config;
    replay->filter = *filter;
    replay->after = "TRUE";
    if (open_store(replay, err) < 0 ||
        postgres_sink.lane_open(&replay->lane, replay->store, 0, err) < 0) {
        replay_close(replay);
        return -1;
    }
    replay->lane->protocol = &replay_protocol;
    replay->lane->replay = replay;
    *out = replay;
    return 0;
}

void replay_close(struct replay *replay)
{
    if (!replay)
        return;
    postgres_sink.lane_close(replay->lane);
    postgres_sink.close(replay->store);
    PQclear(replay->rows);
    batch_release(&replay->batch);
    letter_headers_release(&replay->headers);
    free(replay->letters);
    free(replay->chunk);
    free(replay->letter_of);
    arena_release(&replay->arena);
    free(replay);
}

const char *replay_table(const struct replay *replay)
{
    return replay->store->table->quoted;
}

int64_t replay_suppressed(const struct replay *replay)
{
    return replay->suppressed;
}

int replay_count(struct replay *replay, int64_t *open, int64_t *replayed, struct err *err)
{
    struct arena arena;
    struct dead_filter all = replay->filter;
    all.which = DEAD_ALL;
    arena_init(&arena);
    PGresult *row = pg_execf(replay->store->conn, err,
                             "SELECT count(*) FILTER (WHERE replayed_at IS NULL),"
                             " count(replayed_at) FROM %s.dead_letters WHERE %s",
                             replay->store->schema, dead_where(&arena, &all));
    arena_release(&arena);
    if (!row)
        return dead_explain(replay->store->conn, replay->store->schema, err);
    *open = strtoll(PQgetvalue(row, 0, 0), NULL, 10);
    *replayed = strtoll(PQgetvalue(row, 0, 1), NULL, 10);
    PQclear(row);
    return 0;
}

/* ---- Outages ---- */

/* An outage, and why we wait, as it was said last. */
struct wait {
    struct outage outage;
    struct err told;
};

/* A wait of which nothing is heard looks like a hang: each new reason for it is told. */
static void tell_outage(const struct replay *replay, struct err *told, const struct err *err)
{
    if (strcmp(told->text, err->text) == 0)
        return;
    log_warn(replay->config.name, "%s; %s", err->text,
             told->class == ERR_NONE ? "trying again" : "still trying");
    *told = *err;
}

/* Wait a little, longer each time; -1, and the err as it is, when it has been long enough. */
static int bear_outage(const struct replay *replay, struct wait *wait, const struct err *err)
{
    if (wait->outage.pause_ms > 0 && signals_stop_requested())
        return -1;
    tell_outage(replay, &wait->told, err);
    int64_t pause_ms = outage_pause_ms(&wait->outage, clock_mono_us());
    if (pause_ms < 0)
        return -1;
    clock_sleep_ms(pause_ms);
    return 0;
}

/* ---- Fetch ---- */

/* By primary key from the last place on; the sum of bytes stops it, but never before the first. */
static const char *fetch_sql(struct arena *arena, const struct replay *replay, int64_t max)
{
    return arena_printf(
        arena,
        "SELECT " DEAD_LETTER_COLUMNS ", version FROM (SELECT *, sum(bytes) OVER (ORDER BY topic,"
        " partition, record_offset, item) - bytes AS before FROM (SELECT *, xmin::text AS version,"
        " coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0)"
        " + coalesce(pg_column_size(headers), 0) AS bytes FROM %s.dead_letters WHERE %s AND %s"
        " ORDER BY topic, partition, record_offset, item LIMIT %" PRId64 ") c) d"
        " WHERE before < %" PRId64 " ORDER BY d.topic, d.partition, d.record_offset, d.item",
        replay->store->schema, dead_where(arena, &replay->filter), replay->after, max, CHUNK_BYTES);
}

static void remember_place(struct replay *replay, const struct dead_letter *last)
{
    replay->after =
        arena_printf(&replay->arena,
                     "(topic, partition, record_offset, item) > (%s, %" PRId32 ", %" PRId64 ", %d)",
                     pg_quote_literal(&replay->arena, last->topic), last->partition,
                     last->record_offset, last->item);
}

static void *grown(void *array, size_t n, size_t element_bytes)
{
    void *bigger = realloc(array, n * element_bytes);
    if (!bigger)
        abort();
    return bigger;
}

static void take_rows(struct replay *replay, PGresult *rows)
{
    PQclear(replay->rows);
    replay->rows = rows;
    replay->n = (size_t)PQntuples(rows);
    if (replay->n > replay->cap) {
        replay->cap = replay->n;
        replay->letters = grown(replay->letters, replay->cap, sizeof(*replay->letters));
        replay->chunk = grown(replay->chunk, replay->cap, sizeof(*replay->chunk));
        replay->letter_of = grown(replay->letter_of, replay->cap, sizeof(*replay->letter_of));
    }
    for (size_t i = 0; i < replay->n; i++) {
        struct replay_letter *letter = &replay->letters[i];
        *letter = (struct replay_letter){.fate = REPLAY_NOT_TRIED};
        dead_letter_read(rows, (int)i, &letter->kept);
        letter->value = letter->kept.value;
        replay->chunk[i] =
            (struct chunk_letter){.version = PQgetvalue(rows, (int)i, N_DEAD_LETTER_COLUMNS),
                                  .entry = NO_ENTRY};
    }
}

/* NULL and err on failure. */
static PGresult *try_fetch(struct replay *replay, int64_t max, struct err *err)
{
    struct arena arena;
    struct pg_fault fault;
    if (postgres_sink.reconnect(replay->store, err) < 0)
        return NULL;
    PGconn *conn = replay->store->conn;
    arena_init(&arena);
    PGresult *rows =
        PQexecParams(conn, fetch_sql(&arena, replay, max), 0, NULL, NULL, NULL, NULL, 1);
    arena_release(&arena);
    if (PQresultStatus(rows) == PGRES_TUPLES_OK)
        return rows;
    pg_fault_read(&fault, conn, rows);
    PQclear(rows);
    pg_fault_err(&fault, err, "cannot read dead letters");
    return NULL;
}

int replay_fetch(struct replay *replay, size_t max, struct replay_letter **letters, size_t *n,
                 struct err *err)
{
    struct wait wait = {.told = {.class = ERR_NONE}};
    int64_t limit = replay->filter.limit > 0 ? replay->filter.limit - replay->fetched : INT64_MAX;
    PGresult *rows;
    if (limit <= 0)
        return 0;
    if (limit > (int64_t)max)
        limit = (int64_t)max;
    while ((rows = try_fetch(replay, limit, err)) == NULL)
        if (err->class != ERR_OUTAGE || bear_outage(replay, &wait, err) < 0)
            return -1;
    take_rows(replay, rows);
    *letters = replay->letters;
    *n = replay->n;
    if (replay->n == 0)
        return 0;
    replay->fetched += (int64_t)replay->n;
    remember_place(replay, &replay->letters[replay->n - 1].kept);
    return 1;
}

void replay_keep_first(struct replay *replay, size_t n)
{
    if (n == 0 || n >= replay->n)
        return;
    replay->fetched -= (int64_t)(replay->n - n);
    replay->n = n;
    remember_place(replay, &replay->letters[n - 1].kept);
}

/* ---- Store ---- */

static bool same_partition(const struct dead_letter *a, const struct dead_letter *b)
{
    return a->partition == b->partition && strcmp(a->topic, b->topic) == 0;
}

static void add_entry(struct replay *replay, size_t i, struct batch_claim *claim)
{
    const struct replay_letter *letter = &replay->letters[i];
    struct record record = {
        .topic = letter->kept.topic,
        .partition = letter->kept.partition,
        .offset = letter->kept.record_offset,
        .timestamp_ms = letter->kept.timestamp_ms,
        .key = letter->kept.key,
        .value = letter->value,
        .headers = replay->headers.items,
        .n_headers = replay->headers.n,
    };
    replay->chunk[i].entry = (uint32_t)replay->batch.n_entries;
    replay->letter_of[replay->batch.n_entries] = (uint32_t)i;
    claim->next = record.offset; /* nothing between two letters is absent */
    batch_add(&replay->batch, claim, &record);
}

/*
 * The letters as a batch like ingest's, a claim for each partition. Its claims move over so many
 * letters, not over offsets: that is what the lane's books are held against.
 */
static int fill_batch(struct replay *replay, struct err *err)
{
    struct batch *batch = &replay->batch;
    struct dead_letter *first = NULL; /* of its partition: the claim is known by it */
    batch_clear(batch);
    for (size_t i = 0; i < replay->n; i++) {
        struct replay_letter *letter = &replay->letters[i];
        if (!first || !same_partition(first, &letter->kept))
            first = &letter->kept;
        if (letter->left)
            continue;
        struct batch_claim *claim = batch_claim(batch, first, first->topic, first->partition, 0, 0);
        replay->chunk[i].claim = (size_t)(claim - batch->claims);
        if (letter->refusal)
            continue;
        const char *headers = letter->kept.headers;
        if (letter_headers_read(&replay->headers, headers ? slice_of(headers) : SLICE_NONE, err) <
            0)
            return err_prefix(err, "%s/%" PRId32 "@%" PRId64, letter->kept.topic,
                              letter->kept.partition, letter->kept.record_offset);
        add_entry(replay, i, claim);
    }
    for (size_t i = 0; i < batch->n_claims; i++) {
        batch->claims[i].next = batch->claims[i].records;
        batch->claims[i].tally.absent = 0;
    }
    return 0;
}

/* Whether a letter that was to be marked has been touched since it was fetched. 1, 0, or -1: err.
 */
static int any_touched(struct replay *replay, struct err *err)
{
    const struct dead_letter *letter = NULL;
    const char *version = NULL;
    struct arena arena;
    for (size_t i = 0; i < replay->n && !letter; i++)
        if (!replay->letters[i].left && replay->chunk[i].lock_says == REPLAY_NOT_TRIED) {
            letter = &replay->letters[i].kept;
            version = replay->chunk[i].version;
        }
    if (!letter)
        return 1;
    arena_init(&arena);
    PGresult *row =
        pg_execf(replay->lane->conn, err,
                 "SELECT count(*) FROM %s.dead_letters WHERE pipeline = %s AND topic = %s"
                 " AND partition = %" PRId32 " AND record_offset = %" PRId64
                 " AND item = %d AND xmin::text = '%s'",
                 replay->store->schema, replay->store->pipeline,
                 pg_quote_literal(&arena, letter->topic), letter->partition, letter->record_offset,
                 letter->item, version);
    arena_release(&arena);
    if (!row)
        return -1;
    int rc = *PQgetvalue(row, 0, 0) == '0';
    PQclear(row);
    return rc;
}

/* After an outage: 1: the transaction had been committed, 0: it had not, -1: err. */
static int settle_outage(struct replay *replay, struct wait *wait, struct err *err)
{
    for (;;) {
        if (bear_outage(replay, wait, err) < 0)
            return err_prefix(err,
                              "gave up trying again; what became of the last %zu letters is known "
                              "in the database, and the same once again goes on from there",
                              replay->n);
        int rc = pg_lane_outcome(replay->lane, &replay->batch, replay->xid, err);
        if (rc > 0)
            rc = any_touched(replay, err);
        if (rc >= 0) {
            outage_answered(&wait->outage);
            log_info(replay->config.name, "the database answers: the last %zu letters %s",
                     replay->n, rc ? "had been committed" : "are sent once more");
        }
        if (rc >= 0 || err->class != ERR_OUTAGE)
            return rc;
    }
}

static int store_batch(struct replay *replay, struct err *err)
{
    struct wait wait = {.told = {.class = ERR_NONE}};
    for (;;) {
        for (size_t i = 0; i < replay->batch.n_claims; i++)
            replay->batch.claims[i].dropped = false; /* the next look at the offsets tells */
        switch (pg_lane_store(replay->lane, &replay->batch, err)) {
        case STORED:
            return 0;
        case STORED_HALT:
            return -1;
        case STORED_NOT_OURS:
            return err_set(err, ERR_BUG, "a replay was told that its claims are another's");
        case STORED_RETRY:
            break;
        }
        int rc = settle_outage(replay, &wait, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
}

static enum replay_fate fate_of(const struct replay *replay, size_t i)
{
    const struct chunk_letter *chunk = &replay->chunk[i];
    if (replay->letters[i].left || chunk->lock_says != REPLAY_NOT_TRIED)
        return chunk->lock_says;
    if (chunk->entry == NO_ENTRY)
        return REPLAY_DEAD;
    return replay->lane->fates[chunk->entry] == FATE_DEAD ? REPLAY_DEAD : REPLAY_ROW;
}

static void take_fates(struct replay *replay)
{
    const struct lane *lane = replay->lane;
    for (size_t i = 0; i < replay->n; i++) {
        replay->letters[i].fate = fate_of(replay, i);
        replay->letters[i].reason = replay->letters[i].refusal;
    }
    for (size_t i = 0; i < lane->n_letters; i++) {
        struct replay_letter *letter = &replay->letters[replay->letter_of[lane->letters[i].entry]];
        letter->column = lane->letters[i].column;
        letter->reason = lane->letters[i].reason;
        letter->sqlstate = lane->letters[i].sqlstate;
    }
    for (size_t i = 0; i < replay->batch.n_claims; i++)
        if (!replay->batch.claims[i].dropped)
            replay->suppressed += replay->batch.claims[i].tally.suppressed;
}

int replay_store(struct replay *replay, struct err *err)
{
    *replay->xid = '\0';
    if (fill_batch(replay, err) < 0)
        return -1;
    if (batch_is_empty(&replay->batch))
        return 0;
    if (store_batch(replay, err) < 0)
        return -1;
    take_fates(replay);
    return 0;
}

/* The PostgreSQL sink's vtable: a store's life, and a lane's. */
#include "sink/postgres/store.h"

#include "base/log.h"
#include "sink/postgres/catalog.h"
#include "sink/postgres/setup.h"
#include "sink/postgres/state.h"

#include <assert.h>
#include <stdlib.h>

#define COPY_BUFFER_MAX_BYTES ((size_t)1 << 30)

static void pg_close(struct store *store)
{
    if (!store)
        return;
    PQfinish(store->conn);
    table_free(store->table);
    unknown_keys_sum_up(&store->unknown, store->config->name);
    dead_share_release(&store->share);
    unknown_keys_release(&store->unknown);
    arena_release(&store->arena);
    free(store);
}

static int pg_reconnect(struct store *store, struct err *err)
{
    if (store->conn && PQstatus(store->conn) == CONNECTION_OK &&
        PQtransactionStatus(store->conn) == PQTRANS_IDLE)
        return 0;
    PQfinish(store->conn);
    store->conn = pg_connect(&store->target, err);
    return store->conn ? 0 : -1;
}

int pg_store_open(struct store **out, const struct pipeline_config *config, const char *application,
                  struct err *err)
{
    struct store *store = calloc(1, sizeof(*store));
    if (!store)
        abort();
    store->config = config;
    arena_init(&store->arena);
    dead_share_init(&store->share, config->max_dead_share);
    unknown_keys_init(&store->unknown);
    store->schema = pg_quote_ident(&store->arena, config->state_schema);
    store->pipeline = pg_quote_literal(&store->arena, config->name);
    if (pg_target_resolve(&store->target, &store->arena, config->database, application, err) < 0 ||
        pg_reconnect(store, err) < 0) {
        pg_close(store);
        return -1;
    }
    store->application = pg_quote_literal(&store->arena, store->target.application_name);
    *out = store;
    return 0;
}

static int pg_open(struct store **out, const struct pipeline_config *config, struct err *err)
{
    struct arena arena;
    arena_init(&arena);
    int rc = pg_store_open(out, config, arena_printf(&arena, "weir:%s", config->name), err);
    arena_release(&arena);
    return rc;
}

static int pg_setup(struct store *store, struct err *err)
{
    return setup_run_files(store->conn, store->config->setup, store->config->n_setup, err);
}

static int pg_read_table(struct store *store, struct err *err)
{
    struct table *table;
    if (catalog_read_table(store->conn, store->config->table, &table, err) < 0)
        return -1;
    table_free(store->table);
    store->table = table;
    store->table_oid = table->oid;
    return 0;
}

static int pg_prepare(struct store *store, struct err *err)
{
    return state_prepare(store->conn, store->config->state_schema, store->uuid, err);
}

static const char *pg_uuid(const struct store *store)
{
    return store->uuid;
}

static const struct table *pg_table(const struct store *store)
{
    return store->table;
}

static int pg_enlist(struct store *store, const struct source_identity *identity, bool *first,
                     struct err *err)
{
    return state_enlist(store->conn, store->config, store->table, identity, first, err);
}

static int pg_start_at(struct store *store, const struct start_offset *starts, size_t n,
                       struct err *err)
{
    return state_start_at(store->conn, store->config, starts, n, err);
}

static void pg_lane_close(struct lane *lane)
{
    if (!lane)
        return;
    lane_disconnect(lane);
    row_coder_free(lane->coder);
    row_plan_free(lane->plan);
    table_free(lane->table);
    copy_release(lane);
    free(lane);
}

static int pg_lane_open(struct lane **out, struct store *store, int number, struct err *err)
{
    const struct pipeline_config *config = store->config;
    struct lane *lane = calloc(1, sizeof(*lane));
    if (!lane)
        abort();
    assert(number < PG_MAX_LANES);
    lane->store = store;
    lane->number = number;
    lane->protocol = &ingest_protocol;
    lane->policy = (struct row_policy){
        .on_unknown_key = config->on_unknown_key,
        .on_nul = config->on_nul,
        .on_too_long = config->on_too_long,
        .timezone = config->timezone,
        .rules = config->columns,
        .n_rules = config->n_columns,
    };
    arena_init(&lane->letters_arena);
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_init(&lane->rows.tuples[i], COPY_BUFFER_MAX_BYTES);
    buf_init(&lane->rows.single, COPY_BUFFER_MAX_BYTES);
    copy_reset(lane);
    if (lane_connect(lane, err) < 0) {
        pg_lane_close(lane);
        return -1;
    }
    *out = lane;
    return 0;
}

/* state_setup_sql() wants an arena; the text is printed once and the process ends. */
static char *pg_setup_sql(const struct pipeline_config *config)
{
    struct arena arena;
    arena_init(&arena);
    char *text = strdup(state_setup_sql(&arena, config));
    arena_release(&arena);
    if (!text)
        abort();
    return text;
}

const struct sink_ops postgres_sink = {
    .name = "PostgreSQL",
    .open = pg_open,
    .close = pg_close,
    .reconnect = pg_reconnect,
    .setup = pg_setup,
    .read_table = pg_read_table,
    .prepare = pg_prepare,
    .uuid = pg_uuid,
    .table = pg_table,
    .setup_sql = pg_setup_sql,
    .enlist = pg_enlist,
    .start_at = pg_start_at,
    .claim = pg_claim,
    .record_gap = pg_record_gap,
    .peek = pg_peek,
    .lane_open = pg_lane_open,
    .lane_close = pg_lane_close,
    .lane_store = pg_lane_store,
    .lane_recover = pg_lane_recover,
    .lane_dry = pg_lane_dry,
};

/* SQLite joins here; until then the configuration refuses it by name. */
const struct sink_ops *sink_for(const char *database)
{
    (void)database;
    return &postgres_sink;
}

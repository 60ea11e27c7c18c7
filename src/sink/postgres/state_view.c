/* The snapshot, and what weir keeps about its pipelines; see state_view.h. */
#include "base/signals.h"
#include "sink/postgres/dead_sql.h"
#include "sink/postgres/query_private.h"
#include "sink/postgres/state.h"
#include "sink/postgres/view_private.h"

#include <stdlib.h>
#include <string.h>

#define UTC(column) DEAD_UTC(column)
#define MICROSECONDS(column) "(extract(epoch FROM " column ") * 1000000)::bigint"

/* What a pooler's session, the role or the database may have set otherwise. */
#define BEGIN                                                                                      \
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;"                                            \
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"                                 \
    "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL row_security = off;"             \
    "SET LOCAL client_encoding = 'UTF8'; SET LOCAL DateStyle = 'ISO'; SET LOCAL TimeZone = 'UTC';" \
    "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1"

int view_cancelled(struct err *err)
{
    return err_set(err, ERR_OUTAGE, "cancelled");
}

/* ---- statements ---- */

/* The server's refusal, in one sentence; the rest of its answer is thrown away. */
static int failed(struct state_view *view, const PGresult *result, struct err *err)
{
    struct pg_fault fault;
    PGresult *rest;
    pg_fault_read(&fault, view->conn, result);
    while ((rest = PQgetResult(view->conn)) != NULL)
        PQclear(rest);
    return pg_fault_err(&fault, err, "");
}

int view_send(struct state_view *view, const char *sql, int n, const char *const *values,
              struct err *err)
{
    if (PQsendQueryParams(view->conn, sql, n, NULL, values, NULL, NULL, 0) &&
        PQsetSingleRowMode(view->conn))
        return 0;
    return failed(view, NULL, err);
}

PGresult *view_next(struct state_view *view, struct err *err)
{
    for (;;) {
        query_await(view->conn);
        if (signals_stop_requested()) {
            query_cancel(view->conn);
            view_cancelled(err);
            return NULL;
        }
        PGresult *result = PQgetResult(view->conn);
        if (!result) {
            err->class = ERR_NONE;
            return NULL;
        }
        switch (PQresultStatus(result)) {
        case PGRES_SINGLE_TUPLE:
            return result;
        case PGRES_TUPLES_OK: /* the end of the rows */
            PQclear(result);
            break;
        default:
            failed(view, result, err);
            PQclear(result);
            return NULL;
        }
    }
}

PGresult *view_ask(struct state_view *view, const char *sql, int n, const char *const *values,
                   struct err *err)
{
    if (!PQsendQueryParams(view->conn, sql, n, NULL, values, NULL, NULL, 0)) {
        failed(view, NULL, err);
        return NULL;
    }
    query_await(view->conn);
    if (signals_stop_requested()) {
        query_cancel(view->conn);
        view_cancelled(err);
        return NULL;
    }
    PGresult *result = PQgetResult(view->conn);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        failed(view, result, err);
        PQclear(result);
        return NULL;
    }
    PQclear(PQgetResult(view->conn));
    return result;
}

static bool is_denied(const struct err *err)
{
    return !strcmp(err->code, "42501");
}

int view_explain_state(const struct state_view *view, const char *table, struct err *err)
{
    if (!is_denied(err))
        return err_prefix(err, "%s.%s", view->schema, table);
    return err_set_code(err, ERR_HALT, "42501",
                        "the role \"%s\" may not read %s.%s; cure: GRANT USAGE ON SCHEMA %s TO "
                        "\"%s\"; GRANT SELECT ON ALL TABLES IN SCHEMA %s TO \"%s\";",
                        view->store.role, view->schema, table, view->schema, view->store.role,
                        view->schema, view->store.role);
}

int view_explain_table(const struct state_view *view, const struct view_table *table,
                       struct err *err)
{
    if (!is_denied(err))
        return err_prefix(err, "%s", table->sql);
    return err_set_code(err, ERR_HALT, "42501",
                        "the role \"%s\" may not read %s; cure: GRANT SELECT ON %s TO \"%s\"; and "
                        "USAGE on its schema",
                        view->store.role, table->sql, table->sql, view->store.role);
}

/* ---- opening ---- */

static const char *text_at(struct arena *arena, const PGresult *row, int i, int field)
{
    return PQgetisnull(row, i, field) ? NULL : arena_strdup(arena, PQgetvalue(row, i, field));
}

static int64_t number_at(const PGresult *row, int i, int field, int64_t none)
{
    return PQgetisnull(row, i, field) ? none : strtoll(PQgetvalue(row, i, field), NULL, 10);
}

/* Version and id; that the table is another's is told as what it is. */
static int read_meta(struct state_view *view, struct err *err)
{
    const char *sql =
        arena_printf(&view->arena, "SELECT schema_version, store_id::text FROM %s.meta",
                     view->schema);
    PGresult *row = view_ask(view, sql, 0, NULL, err);
    if (!row)
        return view_explain_state(view, "meta", err);
    if (PQntuples(row) == 1) {
        view->store.version = (int)number_at(row, 0, 0, 0);
        view->store.store_id = text_at(&view->arena, row, 0, 1);
    }
    PQclear(row);
    if (view->store.version > STATE_VERSION)
        return err_set(err, ERR_HALT,
                       "the schema %s has version %d, made by a newer weir; this one knows %d: use "
                       "the newer program",
                       view->schema, view->store.version, STATE_VERSION);
    return 0;
}

/* Is there a state schema? pg_class shows that to any role. */
static int read_store(struct state_view *view, struct err *err)
{
    const char *schema = view->store.schema;
    PGresult *row = view_ask(view,
                             "SELECT current_database(), current_user, EXISTS (SELECT FROM pg_class"
                             " c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"
                             " AND c.relname = 'meta')",
                             1, &schema, err);
    if (!row)
        return -1;
    view->store.database = text_at(&view->arena, row, 0, 0);
    view->store.role = text_at(&view->arena, row, 0, 1);
    view->store.present = *PQgetvalue(row, 0, 2) == 't';
    PQclear(row);
    return view->store.present ? read_meta(view, err) : 0;
}

static int begin(struct state_view *view, struct err *err)
{
    PGresult *begun = pg_exec(view->conn, err, BEGIN);
    PQclear(begun);
    return begun ? 0 : -1;
}

int state_view_open(struct state_view **view, const struct pipeline_config *config, struct err *err)
{
    struct state_view *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, ERR_BUG, "no memory for a connection");
    arena_init(&made->arena);
    made->store.schema = arena_strdup(&made->arena, config->state_schema);
    made->schema = pg_quote_ident(&made->arena, config->state_schema);
    if (pg_target_resolve(&made->target, &made->arena, config->database, "weir", err) == 0) {
        pg_target_any_server(&made->target);
        made->store.label = made->target.label;
        made->conn = pg_connect(&made->target, err);
    }
    if (made->conn && begin(made, err) == 0 && read_store(made, err) == 0) {
        *view = made;
        return 0;
    }
    state_view_close(made);
    return -1;
}

void state_view_close(struct state_view *view)
{
    if (!view)
        return;
    PQfinish(view->conn);
    arena_release(&view->arena);
    free(view);
}

const struct view_store *state_view_store(const struct state_view *view)
{
    return &view->store;
}

void state_view_end(struct state_view *view)
{
    pg_rollback(view->conn);
}

/* ---- pipelines and offsets ---- */

#define PIPELINES_SQL                                                                              \
    "SELECT p.name, p.cluster_id, t.topic, p.table_schema, p.table_name,"                          \
    " quote_ident(p.table_schema) || '.' || quote_ident(p.table_name), p.table_oid, p.base_rows,"  \
    " p.base_stored, " MICROSECONDS("p.accepted_at") ", " MICROSECONDS("p.created_at") ", " UTC(   \
        "p.started_at") " FROM %s.pipelines p LEFT JOIN LATERAL"                                   \
                        " unnest(p.topics)"                                                        \
                        " WITH ORDINALITY AS t (topic, place) ON true"                             \
                        " ORDER BY p.name, t.place"

static void read_pipeline(struct arena *arena, const PGresult *rows, int i,
                          struct view_pipeline *out)
{
    *out = (struct view_pipeline){
        .name = text_at(arena, rows, i, 0),
        .cluster_id = text_at(arena, rows, i, 1),
        .table_schema = text_at(arena, rows, i, 3),
        .table_name = text_at(arena, rows, i, 4),
        .table_sql = text_at(arena, rows, i, 5),
        .table_oid = (uint32_t)strtoul(PQgetvalue(rows, i, 6), NULL, 10),
        .base_rows = number_at(rows, i, 7, 0),
        .base_stored = number_at(rows, i, 8, 0),
        .accepted_us = number_at(rows, i, 9, -1),
        .created_us = number_at(rows, i, 10, -1),
        .started_at = text_at(arena, rows, i, 11),
    };
}

/* A row a topic becomes an element a pipeline. */
static size_t read_pipelines(struct arena *arena, const PGresult *rows, struct view_pipeline *out)
{
    size_t n = 0;
    int end = PQntuples(rows);
    for (int i = 0; i < end;) {
        struct view_pipeline *pipeline = &out[n++];
        read_pipeline(arena, rows, i, pipeline);
        const char **topics = arena_alloc(arena, (size_t)(end - i) * sizeof *topics);
        for (; i < end && !strcmp(PQgetvalue(rows, i, 0), pipeline->name); i++)
            if (!PQgetisnull(rows, i, 2))
                topics[pipeline->n_topics++] = text_at(arena, rows, i, 2);
        pipeline->topics = topics;
    }
    return n;
}

int state_view_pipelines(struct state_view *view, struct arena *arena, struct view_pipeline **out,
                         size_t *n, struct err *err)
{
    *out = NULL;
    *n = 0;
    if (!view->store.present)
        return 0;
    PGresult *rows = view_ask(view, arena_printf(arena, PIPELINES_SQL, view->schema), 0, NULL, err);
    if (!rows)
        return view_explain_state(view, "pipelines", err);
    *out = arena_alloc(arena, ((size_t)PQntuples(rows) + 1) * sizeof **out);
    *n = read_pipelines(arena, rows, *out);
    PQclear(rows);
    return 0;
}

#define OFFSETS_SQL                                                                                \
    "SELECT topic, partition, start_offset, next_offset, owner_epoch, owner, topic_id,"            \
    " last_offset, last_time, last_crc, rows, dead, filtered, tombstones, suppressed, "            \
    "absent, " UTC("updated_at") " FROM %s.offsets WHERE pipeline = $1 ORDER BY topic, partition"

static void read_offsets(struct arena *arena, const PGresult *rows, int i, struct view_offsets *out)
{
    *out = (struct view_offsets){
        .topic = text_at(arena, rows, i, 0),
        .partition = (int32_t)number_at(rows, i, 1, 0),
        .start_offset = number_at(rows, i, 2, 0),
        .next_offset = number_at(rows, i, 3, 0),
        .owner_epoch = number_at(rows, i, 4, 0),
        .owner = text_at(arena, rows, i, 5),
        .topic_id = text_at(arena, rows, i, 6),
        .last = {number_at(rows, i, 7, -1), number_at(rows, i, 8, -1),
                 (uint32_t)number_at(rows, i, 9, 0)},
        .tally =
            {
                .rows = number_at(rows, i, 10, 0),
                .dead = number_at(rows, i, 11, 0),
                .filtered = number_at(rows, i, 12, 0),
                .tombstones = number_at(rows, i, 13, 0),
                .suppressed = number_at(rows, i, 14, 0),
                .absent = number_at(rows, i, 15, 0),
            },
        .updated_at = text_at(arena, rows, i, 16),
    };
}

int state_view_offsets(struct state_view *view, struct arena *arena, const char *pipeline,
                       struct view_offsets **out, size_t *n, struct err *err)
{
    *out = NULL;
    *n = 0;
    if (!view->store.present)
        return 0;
    PGresult *rows =
        view_ask(view, arena_printf(arena, OFFSETS_SQL, view->schema), 1, &pipeline, err);
    if (!rows)
        return view_explain_state(view, "offsets", err);
    *n = (size_t)PQntuples(rows);
    *out = arena_alloc(arena, (*n + 1) * sizeof **out);
    for (size_t i = 0; i < *n; i++)
        read_offsets(arena, rows, (int)i, &(*out)[i]);
    PQclear(rows);
    return 0;
}

int state_view_next_now(struct state_view *view, const char *pipeline, const char *topic,
                        int32_t partition, int64_t *next, struct err *err)
{
    char number[16];
    const char *values[] = {pipeline, topic, number};
    snprintf(number, sizeof number, "%d", (int)partition);
    *next = -1;
    if (begin(view, err) < 0)
        return -1;
    PGresult *row = view_ask(view,
                             arena_printf(&view->arena,
                                          "SELECT next_offset FROM %s.offsets WHERE pipeline = $1"
                                          " AND topic = $2 AND partition = $3",
                                          view->schema),
                             3, values, err);
    if (row && PQntuples(row) == 1)
        *next = number_at(row, 0, 0, -1);
    PQclear(row);
    pg_rollback(view->conn);
    return row ? 0 : view_explain_state(view, "offsets", err);
}

/* ---- the table ---- */

int state_view_table(struct state_view *view, struct arena *arena,
                     const struct view_pipeline *pipeline, struct view_table *out, struct err *err)
{
    const char *values[] = {arena_printf(arena, "%u", pipeline->table_oid), pipeline->table_schema,
                            pipeline->table_name};
    PGresult *row = view_ask(
        view,
        "SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname),"
        " row_security_active(c.oid), (SELECT s.oid FROM pg_class s JOIN pg_namespace m ON m.oid ="
        " s.relnamespace WHERE m.nspname = $2 AND s.relname = $3)"
        " FROM (SELECT $1::oid AS oid) i LEFT JOIN pg_class c ON c.oid = i.oid"
        " LEFT JOIN pg_namespace n ON n.oid = c.relnamespace",
        3, values, err);
    if (!row)
        return -1;
    *out = (struct view_table){
        .present = !PQgetisnull(row, 0, 0),
        .oid = pipeline->table_oid,
        .sql = PQgetisnull(row, 0, 1) ? pipeline->table_sql : text_at(arena, row, 0, 1),
        .hides_rows = *PQgetvalue(row, 0, 2) == 't',
        .namesake_oid = (uint32_t)number_at(row, 0, 3, 0),
    };
    PQclear(row);
    return 0;
}

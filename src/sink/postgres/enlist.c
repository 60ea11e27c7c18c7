/*
 * Who a pipeline is: its registration, held against what it was before (design point 1), and where
 * its partitions start. One transaction under the advisory lock, so that two that start at once
 * see each other.
 */
#include "sink/postgres/enlist_private.h"

#include "base/buf.h"
#include "base/log.h"
#include "sink/postgres/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_true(const PGresult *row, int field)
{
    return *PQgetvalue(row, 0, field) == 't';
}

static int64_t number(const PGresult *row, int field)
{
    return strtoll(PQgetvalue(row, 0, field), NULL, 10);
}

static const char *topic_array(struct arena *arena, const struct source_identity *identity)
{
    const char *list = "";
    for (size_t i = 0; i < identity->n_topics; i++)
        list = arena_printf(arena, "%s%s%s", list, i ? ", " : "",
                            pg_quote_literal(arena, identity->topics[i]));
    return arena_printf(arena, "ARRAY[%s]::text[]", list);
}

static int read_registration(struct enlistment *e, struct err *err)
{
    PGresult *row = pg_execf(
        e->conn, err,
        "SELECT p.name IS NOT NULL, p.cluster_id IN ('', %s) OR %s = '',"
        " p.topics @> %s AND p.topics <@ %s, p.table_schema = %s AND p.table_name = %s,"
        " p.table_oid, p.cluster_id, array_to_string(p.topics, ', '),"
        " quote_ident(p.table_schema) || '.' || quote_ident(p.table_name), p.base_rows, "
        "p.base_stored, o.n,"
        " o.stored FROM (SELECT count(*) AS n, coalesce(sum(rows), 0) AS stored FROM %s.offsets"
        " WHERE pipeline = %s) o LEFT JOIN %s.pipelines p ON p.name = %s",
        e->cluster, e->cluster, e->topics, e->topics, pg_quote_literal(e->arena, e->table->schema),
        pg_quote_literal(e->arena, e->table->name), e->schema, e->name, e->schema, e->name);
    if (!row)
        return -1;
    e->known = is_true(row, 0);
    e->same_cluster = is_true(row, 1);
    e->same_topics = is_true(row, 2);
    e->same_name = is_true(row, 3);
    e->oid = (uint32_t)strtoul(PQgetvalue(row, 0, 4), NULL, 10);
    e->old_cluster = arena_strdup(e->arena, PQgetvalue(row, 0, 5));
    e->old_topics = arena_strdup(e->arena, PQgetvalue(row, 0, 6));
    e->old_table = arena_strdup(e->arena, PQgetvalue(row, 0, 7));
    e->base_rows = number(row, 8);
    e->base_stored = number(row, 9);
    e->offsets = number(row, 10);
    e->stored = number(row, 11);
    PQclear(row);
    return 0;
}

/*
 * Whether the table holds rows. A role that may only INSERT is told by the files' size: then a
 * table emptied by DELETE passes for full, one emptied by TRUNCATE does not.
 */
static int read_occupied(struct enlistment *e, struct err *err)
{
    PGresult *row =
        pg_execf(e->conn, err, "SELECT has_table_privilege(%u, 'SELECT')", e->table->oid);
    if (!row)
        return -1;
    e->may_count = is_true(row, 0);
    PQclear(row);

    if (e->may_count)
        row = pg_execf(e->conn, err, "SELECT EXISTS (SELECT FROM %s)", e->table->quoted);
    else
        row = pg_execf(e->conn, err,
                       "SELECT sum(pg_relation_size(oid)) > 0 FROM (SELECT %u::oid AS oid"
                       " UNION SELECT relid FROM pg_partition_tree(%u)) t",
                       e->table->oid, e->table->oid);
    if (!row)
        return -1;
    e->occupied = is_true(row, 0);
    PQclear(row);
    return 0;
}

static int run(const struct enlistment *e, struct err *err, const char *sql)
{
    PGresult *done = pg_exec(e->conn, err, sql);
    PQclear(done);
    return done ? 0 : -1;
}

/*
 * Forget how far the pipeline is. Its highest epoch is kept, so that a process that slept through
 * all this still finds another epoch than its own.
 */
static int reset_offsets(struct enlistment *e, struct err *err)
{
    if (e->occupied && !e->config->accept_table)
        return err_set(err, ERR_HALT,
                       "--reset would read the topic again into the table %s, which holds rows: "
                       "each record would be there twice; cures: add --accept-table to keep the "
                       "rows; or empty the table (TRUNCATE %s;): rows whose records the topic no "
                       "longer has are lost",
                       e->config->table, e->table->quoted);
    if (run(e, err,
            arena_printf(e->arena,
                         "SET LOCAL lock_timeout = '5s';"
                         "UPDATE %s.pipelines SET epoch_floor = greatest(epoch_floor,"
                         " (SELECT max(owner_epoch) FROM %s.offsets WHERE pipeline = %s))"
                         " WHERE name = %s;"
                         "DELETE FROM %s.offsets WHERE pipeline = %s;"
                         "SET LOCAL lock_timeout = 0",
                         e->schema, e->schema, e->name, e->name, e->schema, e->name)) < 0) {
        if (strcmp(err->code, "55P03") != 0)
            return err_prefix(err, "--reset");
        return err_set_code(err, ERR_HALT, "55P03",
                            "--reset: another process works in the pipeline \"%s\" and holds its "
                            "offsets; stop it first",
                            e->config->name);
    }
    log_info(e->config->name, "forgot how far the pipeline was (%" PRId64 " partitions)",
             e->offsets);
    e->offsets = 0;
    e->stored = 0;
    return 0;
}

/* Rows in the table now, as the base that later starts count from. */
static int count_base(struct enlistment *e, struct err *err)
{
    PGresult *row = NULL;
    e->base_rows = 0;
    if (!e->occupied)
        return 0;
    if (e->may_count) {
        log_info(e->config->name, "counting the rows that %s holds", e->config->table);
        row = pg_execf(e->conn, err,
                       "SELECT (SELECT count(*) FROM %s), (SELECT coalesce(sum(rows), 0)"
                       " FROM %s.offsets WHERE pipeline = %s)",
                       e->table->quoted, e->schema, e->name);
    } else {
        row = pg_execf(e->conn, err,
                       "SELECT greatest(1, reltuples::bigint), %" PRId64
                       " FROM pg_class WHERE oid = %u",
                       e->stored, e->table->oid);
    }
    if (!row)
        return -1;
    if (PQntuples(row) == 1) {
        e->base_rows = number(row, 0);
        e->stored = number(row, 1); /* of the same moment: other processes may be storing rows */
    }
    PQclear(row);
    return 0;
}

static int write_registration(const struct enlistment *e, bool accept, struct err *err)
{
    return run(
        e, err,
        arena_printf(
            e->arena,
            "INSERT INTO %s.pipelines AS p (name, cluster_id, topics, table_schema, table_name,"
            " table_oid, base_rows, base_stored, epoch_floor, accepted_at, started_at)"
            " VALUES (%s, %s, %s, %s, %s, %u, %" PRId64 ", %" PRId64 ", 0, %s, now())"
            " ON CONFLICT (name) DO UPDATE SET cluster_id = coalesce(nullif(excluded.cluster_id,"
            " ''), p.cluster_id), topics = excluded.topics, table_schema = excluded.table_schema,"
            " table_name = excluded.table_name, table_oid = excluded.table_oid,"
            " base_rows = excluded.base_rows, base_stored = excluded.base_stored,"
            " accepted_at = coalesce(excluded.accepted_at, p.accepted_at),"
            " started_at = excluded.started_at",
            e->schema, e->name, e->cluster, e->topics, pg_quote_literal(e->arena, e->table->schema),
            pg_quote_literal(e->arena, e->table->name), e->table->oid, e->base_rows,
            accept ? e->stored : e->base_stored, accept ? "now()" : "NULL"));
}

/*
 * A pipeline that begins, or begins anew, counts no letters: those of before are no part of its
 * books (letters.c). In one statement, so that none of a process that began meanwhile is taken.
 */
static int set_letters_aside(const struct enlistment *e, struct err *err)
{
    return run(e, err,
               arena_printf(e->arena,
                            "%s AND NOT EXISTS (SELECT FROM %s.offsets WHERE pipeline = %s)",
                            letters_set_aside_sql(e->arena, e->schema, e->name), e->schema,
                            e->name));
}

static int enlist(struct enlistment *e, struct err *err)
{
    if (read_registration(e, err) < 0 || read_occupied(e, err) < 0)
        return -1;
    bool running = e->known && e->offsets > 0;
    if (running && e->config->reset) {
        if (reset_offsets(e, err) < 0)
            return -1;
        running = false;
    }
    if (enlist_judge(e, running, err) < 0 || (!running && set_letters_aside(e, err) < 0))
        return -1;
    bool accept = !running || e->config->accept_table;
    if (accept && count_base(e, err) < 0)
        return -1;
    return write_registration(e, accept, err);
}

/* Without a source: nobody asks for a cluster or topics. */
static struct enlistment enlistment_of(PGconn *conn, struct arena *arena,
                                       const struct pipeline_config *config,
                                       const struct table *table)
{
    return (struct enlistment){
        .conn = conn,
        .arena = arena,
        .config = config,
        .table = table,
        .schema = pg_quote_ident(arena, config->state_schema),
        .name = pg_quote_literal(arena, config->name),
        .cluster = "''",
        .topics = "ARRAY[]::text[]",
    };
}

/* The counters are read before the table: what they count was there unless somebody took it away.
 */
int state_judge_emptied(PGconn *conn, const struct pipeline_config *config,
                        const struct table *table, struct err *err)
{
    struct arena arena;
    arena_init(&arena);
    struct enlistment e = enlistment_of(conn, &arena, config, table);
    int rc = read_registration(&e, err);
    if (rc == 0)
        rc = read_occupied(&e, err);
    if (rc == 0 && e.known)
        rc = enlist_judge_emptied(&e, err);
    arena_release(&arena);
    return rc;
}

int state_judge_replay(PGconn *conn, const struct pipeline_config *config,
                       const struct table *table, struct err *err)
{
    struct arena arena;
    arena_init(&arena);
    struct enlistment e = enlistment_of(conn, &arena, config, table);
    e.replays = true;
    int rc = read_registration(&e, err);
    if (rc == 0)
        rc = read_occupied(&e, err);
    if (rc == 0)
        rc = enlist_judge_table(&e, err);
    arena_release(&arena);
    return rc;
}

static struct enlistment enlistment_from(PGconn *conn, struct arena *arena,
                                         const struct pipeline_config *config,
                                         const struct table *table,
                                         const struct source_identity *identity)
{
    const char *cluster_id = identity->cluster_id ? identity->cluster_id : "";
    struct enlistment e = enlistment_of(conn, arena, config, table);
    e.cluster = pg_quote_literal(arena, cluster_id);
    e.cluster_id = cluster_id;
    e.topics = topic_array(arena, identity);
    return e;
}

int state_foresee_enlist(PGconn *conn, const struct pipeline_config *config,
                         const struct table *table, const struct source_identity *identity,
                         bool *first, struct err *err)
{
    struct arena arena;
    arena_init(&arena);
    struct enlistment e = enlistment_from(conn, &arena, config, table, identity);
    int rc = read_registration(&e, err);
    if (rc == 0)
        rc = read_occupied(&e, err);
    *first = !e.known || e.offsets == 0;
    if (rc == 0)
        rc = enlist_judge(&e, !*first, err);
    arena_release(&arena);
    return rc;
}

int state_enlist(PGconn *conn, const struct pipeline_config *config, const struct table *table,
                 const struct source_identity *identity, bool *first, struct err *err)
{
    struct arena arena;
    arena_init(&arena);
    struct enlistment e = enlistment_from(conn, &arena, config, table, identity);
    int rc = pg_begin_locked(conn, err);
    if (rc == 0)
        rc = enlist(&e, err);
    if (rc == 0)
        rc = pg_commit(conn, err);
    if (rc == 0)
        *first = e.offsets == 0;
    pg_rollback(conn);
    arena_release(&arena);
    return rc;
}

static const char *start_rows(struct arena *arena, const struct start_offset *starts, size_t n)
{
    struct buf rows;
    buf_init(&rows, (size_t)64 << 20);
    for (size_t i = 0; i < n; i++)
        buf_printf(&rows, "%s(%s, %" PRId32 ", %" PRId64 "::bigint)", i ? ", " : "",
                   pg_quote_literal(arena, starts[i].topic), starts[i].partition, starts[i].offset);
    const char *text = arena_strdup(arena, buf_str(&rows));
    buf_release(&rows);
    return text;
}

int state_start_at(PGconn *conn, const struct pipeline_config *config,
                   const struct start_offset *starts, size_t n, struct err *err)
{
    if (n == 0)
        return 0;
    struct arena arena;
    arena_init(&arena);
    const char *schema = pg_quote_ident(&arena, config->state_schema);
    const char *name = pg_quote_literal(&arena, config->name);
    int rc = pg_begin_locked(conn, err);
    if (rc == 0) {
        PGresult *done = pg_execf(
            conn, err,
            "INSERT INTO %s.offsets (pipeline, topic, partition, start_offset,"
            " next_offset, owner_epoch)"
            " SELECT p.name, s.topic, s.partition, s.at, s.at, p.epoch_floor"
            " FROM %s.pipelines p, (VALUES %s) AS s (topic, partition, at) WHERE p.name = %s"
            " AND NOT EXISTS (SELECT FROM %s.offsets o WHERE o.pipeline = p.name)",
            schema, schema, start_rows(&arena, starts, n), name, schema);
        rc = done ? pg_commit(conn, err) : -1;
        PQclear(done);
    }
    pg_rollback(conn);
    arena_release(&arena);
    return rc;
}

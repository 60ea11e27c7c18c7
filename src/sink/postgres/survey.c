#include "sink/survey.h"

#include "base/clock.h"
#include "sink/postgres/catalog.h"
#include "sink/postgres/pg.h"
#include "sink/postgres/setup.h"
#include "sink/postgres/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct survey {
    const struct pipeline_config *config;
    struct arena arena;
    struct pg_target target;
    PGconn *conn;
};

int survey_open(struct survey **out, const struct pipeline_config *config, struct err *err)
{
    struct survey *survey = calloc(1, sizeof *survey);
    if (!survey)
        abort();
    survey->config = config;
    arena_init(&survey->arena);
    if (pg_target_resolve(&survey->target, &survey->arena, config->database, "weir doctor", err) ==
        0)
        survey->conn = pg_connect(&survey->target, err);
    if (!survey->conn) {
        survey_close(survey);
        return -1;
    }
    *out = survey;
    return 0;
}

void survey_close(struct survey *survey)
{
    if (!survey)
        return;
    PQfinish(survey->conn);
    arena_release(&survey->arena);
    free(survey);
}

const char *survey_label(const struct survey *survey)
{
    return survey->target.label;
}

/*
 * Everything happens inside such a transaction, so the server itself keeps us from writing. It is
 * not a setting of the session: behind a pooler that would become another client's.
 */
static int begin(struct survey *survey, struct err *err)
{
    pg_rollback(survey->conn);
    PGresult *begun = pg_exec(survey->conn, err,
                              "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                              "SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '3s'");
    PQclear(begun);
    return begun ? 0 : -1;
}

/* One query, in its transaction; NULL and err on failure. */
static PGresult *ask(struct survey *survey, struct err *err, const char *sql)
{
    if (begin(survey, err) < 0)
        return NULL;
    PGresult *rows = pg_exec(survey->conn, err, sql);
    pg_rollback(survey->conn);
    return rows;
}

int survey_server(struct survey *survey, struct arena *arena, struct survey_server *out,
                  struct err *err)
{
    if (begin(survey, err) < 0)
        return -1;
    int64_t asked_us = clock_wall_us();
    PGresult *row =
        pg_exec(survey->conn, err,
                "SELECT current_setting('server_version'), current_setting('server_encoding'),"
                " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
    int64_t answered_us = clock_wall_us();
    pg_rollback(survey->conn);
    if (!row)
        return -1;
    out->version = arena_strdup(arena, PQgetvalue(row, 0, 0));
    out->encoding = arena_strdup(arena, PQgetvalue(row, 0, 1));
    out->doubt_us = (answered_us - asked_us) / 2;
    out->ahead_us = strtoll(PQgetvalue(row, 0, 2), NULL, 10) - (asked_us + out->doubt_us);
    PQclear(row);
    return 0;
}

int survey_table(struct survey *survey, struct table **out, struct err *err)
{
    return catalog_read_table(survey->conn, survey->config->table, out, err);
}

/* `held_by`: what PostgreSQL names when it refuses ALTER COLUMN .. TYPE (ATExecAlterColumnType). */
#define COLUMNS_SQL                                                                                \
    "SELECT a.attnum, a.attnotnull, (SELECT quote_ident(k.conname) FROM pg_constraint k"           \
    "  WHERE k.conrelid = a.attrelid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)),"          \
    " a.attidentity <> '', a.atthasdef AND a.attgenerated = '',"                                   \
    " coalesce((SELECT 'the view or rule on ' || r.ev_class::regclass::text FROM pg_depend d"      \
    "  JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid"                \
    "  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid"                      \
    "  AND d.refobjsubid = a.attnum LIMIT 1),"                                                     \
    " (SELECT 'the policy ' || quote_ident(p.polname) FROM pg_depend d"                            \
    "  JOIN pg_policy p ON d.classid = 'pg_policy'::regclass AND p.oid = d.objid"                  \
    "  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid"                      \
    "  AND d.refobjsubid = a.attnum LIMIT 1),"                                                     \
    " (SELECT 'the trigger ' || quote_ident(g.tgname) FROM pg_depend d"                            \
    "  JOIN pg_trigger g ON d.classid = 'pg_trigger'::regclass AND g.oid = d.objid"                \
    "  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid"                      \
    "  AND d.refobjsubid = a.attnum AND NOT g.tgisinternal LIMIT 1),"                              \
    " (SELECT 'the partition key' FROM pg_partitioned_table t WHERE t.partrelid = a.attrelid"      \
    "  AND a.attnum = ANY (t.partattrs::int2[]) LIMIT 1),"                                         \
    " (SELECT 'the generated column ' || quote_ident(g.attname) FROM pg_depend d"                  \
    "  JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid"                \
    "  JOIN pg_attribute g ON g.attrelid = f.adrelid AND g.attnum = f.adnum"                       \
    "  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid"                      \
    "  AND d.refobjsubid = a.attnum AND g.attnum <> a.attnum LIMIT 1)),"                           \
    " coalesce((SELECT 'the constraint ' || quote_ident(k.conname) FROM pg_constraint k"           \
    "  WHERE k.contype IN ('c', 'f', 'x') AND (k.conrelid = a.attrelid AND a.attnum = ANY"         \
    "  (k.conkey) OR k.confrelid = a.attrelid AND a.attnum = ANY (k.confkey)) LIMIT 1),"           \
    " (SELECT 'the index ' || i.indexrelid::regclass::text FROM pg_index i"                        \
    "  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid"            \
    "  WHERE i.indrelid = a.attrelid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)"        \
    "  AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum LIMIT 1),"                         \
    " (SELECT 'the index ' || i.indexrelid::regclass::text FROM pg_index i"                        \
    "  JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam"                    \
    "  WHERE i.indrelid = a.attrelid AND a.attnum = ANY (i.indkey::int2[])"                        \
    "  AND m.amname NOT IN ('btree', 'hash') LIMIT 1)),"                                           \
    " (SELECT 'the index ' || i.indexrelid::regclass::text FROM pg_index i"                        \
    "  WHERE i.indrelid = a.attrelid AND a.attnum = ANY (i.indkey::int2[]) LIMIT 1),"              \
    " CASE y.typtype WHEN 'd' THEN y.oid::regtype::text END,"                                      \
    " CASE WHEN r.reloftype <> 0 THEN 'the type ' || r.reloftype::regtype::text"                   \
    "  WHEN a.attinhcount > 0 THEN 'the parent table ' || coalesce((SELECT h.inhparent::regclass"  \
    "   ::text FROM pg_inherits h JOIN pg_attribute b ON b.attrelid = h.inhparent"                 \
    "   AND b.attname = a.attname WHERE h.inhrelid = r.oid ORDER BY h.inhseqno LIMIT 1), '') END," \
    " CASE WHEN r.reloftype <> 0 THEN 'the type ' || r.reloftype::regtype::text"                   \
    "  WHEN r.relispartition THEN 'the parent table ' || (SELECT h.inhparent::regclass::text"      \
    "   FROM pg_inherits h WHERE h.inhrelid = r.oid LIMIT 1) END,"                                 \
    " (SELECT quote_ident(n.nspname) || '.' || quote_ident(l.collname) FROM pg_collation l"        \
    "  JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation"                \
    "  AND l.oid <> y.typcollation)"                                                               \
    " FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid"                                   \
    " JOIN pg_type y ON y.oid = a.atttypid"                                                        \
    " WHERE a.attrelid = %u AND a.attnum > 0 AND NOT a.attisdropped"                               \
    " ORDER BY a.attnum"

static const char *text_at(struct arena *arena, const PGresult *rows, int row, int field)
{
    return PQgetisnull(rows, row, field) ? NULL : arena_strdup(arena, PQgetvalue(rows, row, field));
}

int survey_columns(struct survey *survey, struct arena *arena, const struct table *table,
                   struct survey_column **out, struct err *err)
{
    PGresult *rows = ask(survey, err, arena_printf(arena, COLUMNS_SQL, table->oid));
    if (!rows)
        return -1;
    *out = arena_alloc(arena, (table->n_columns + 1) * sizeof **out);
    for (size_t i = 0; i < table->n_columns; i++) {
        struct survey_column *column = &(*out)[i];
        int row = 0;
        while (row < PQntuples(rows) && atoi(PQgetvalue(rows, row, 0)) != table->columns[i].attnum)
            row++;
        if (row == PQntuples(rows))
            continue;
        column->own_not_null = *PQgetvalue(rows, row, 1) == 't';
        column->primary_key = text_at(arena, rows, row, 2);
        column->identity = *PQgetvalue(rows, row, 3) == 't';
        column->has_default = *PQgetvalue(rows, row, 4) == 't';
        column->held_by = text_at(arena, rows, row, 5);
        column->read_by = text_at(arena, rows, row, 6);
        column->index = text_at(arena, rows, row, 7);
        column->domain = text_at(arena, rows, row, 8);
        column->fixed = text_at(arena, rows, row, 9);
        column->closed = text_at(arena, rows, row, 10);
        column->collation = text_at(arena, rows, row, 11);
    }
    PQclear(rows);
    return 0;
}

int survey_occupied(struct survey *survey, const struct table *table, bool *out, struct err *err)
{
    struct arena arena;
    arena_init(&arena);
    *out = true;
    PGresult *row =
        ask(survey, err,
            arena_printf(&arena, "SELECT has_table_privilege(%u, 'SELECT')", table->oid));
    bool may = row && *PQgetvalue(row, 0, 0) == 't';
    if (may) {
        PQclear(row);
        row =
            ask(survey, err, arena_printf(&arena, "SELECT EXISTS (SELECT FROM %s)", table->quoted));
        if (row)
            *out = *PQgetvalue(row, 0, 0) == 't';
    }
    PQclear(row);
    arena_release(&arena);
    return row ? 0 : -1;
}

#define SERVER_RULES_SQL                                                                           \
    "WITH o (t) AS (SELECT %u::oid)"                                                               \
    " SELECT string_agg(what, ', ' ORDER BY place, what) FROM ("                                   \
    "SELECT 1 AS place, 'unique index ' || quote_ident(c.relname) AS what FROM o"                  \
    "  JOIN pg_index i ON i.indrelid = o.t JOIN pg_class c ON c.oid = i.indexrelid"                \
    "  WHERE i.indisunique"                                                                        \
    " UNION ALL SELECT 2, CASE k.contype WHEN 'c' THEN 'check ' WHEN 'f' THEN 'foreign key '"      \
    "  ELSE 'exclusion ' END || quote_ident(k.conname) FROM o"                                     \
    "  JOIN pg_constraint k ON k.conrelid = o.t WHERE k.contype IN ('c', 'f', 'x')"                \
    " UNION ALL SELECT 3, 'trigger ' || quote_ident(g.tgname) FROM o"                              \
    "  JOIN pg_trigger g ON g.tgrelid = o.t WHERE NOT g.tgisinternal AND g.tgtype & 4 = 4"         \
    "  AND g.tgenabled IN ('O', 'A')"                                                              \
    " UNION ALL SELECT 4, 'domain ' || quote_ident(t.typname) FROM o"                              \
    "  JOIN pg_attribute a ON a.attrelid = o.t JOIN pg_type t ON t.oid = a.atttypid"               \
    "  WHERE a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'd'"                              \
    " UNION ALL SELECT 5, 'partitions' FROM o JOIN pg_class c ON c.oid = o.t"                      \
    "  WHERE c.relkind = 'p') s"

int survey_server_rules(struct survey *survey, struct arena *arena, const struct table *table,
                        const char **out, struct err *err)
{
    PGresult *row = ask(survey, err, arena_printf(arena, SERVER_RULES_SQL, table->oid));
    if (!row)
        return -1;
    *out = arena_strdup(arena, PQgetvalue(row, 0, 0));
    PQclear(row);
    return 0;
}

int survey_state(struct survey *survey, bool *there, char uuid[37], struct err *err)
{
    *there = false;
    if (begin(survey, err) < 0)
        return -1;
    int rc = state_foresee_prepare(survey->conn, survey->config->state_schema, there, uuid, err);
    pg_rollback(survey->conn);
    return rc;
}

int survey_registration(struct survey *survey, const struct table *table,
                        const struct source_identity *identity, bool *first, struct err *err)
{
    *first = true;
    if (begin(survey, err) < 0)
        return -1;
    int rc = state_foresee_enlist(survey->conn, survey->config, table, identity, first, err);
    pg_rollback(survey->conn);
    return rc;
}

int survey_setup(const struct pipeline_config *config, struct setup_effect *out, struct err *err)
{
    return setup_look(config->setup, config->n_setup, config->table, out, err);
}

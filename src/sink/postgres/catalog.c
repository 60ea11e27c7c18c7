#include "sink/postgres/catalog.h"

#include "base/suggest.h"
#include "sink/postgres/catalog_private.h"
#include "sink/postgres/pg.h"

#include <stdlib.h>
#include <string.h>

/*
 * What is known of a relation before it is judged. Identifiers come quoted where they need it, as
 * they go into the lines that a person may run.
 */
#define RELATION_SQL                                                                               \
    "SELECT c.oid, n.nspname, c.relname, quote_ident(n.nspname), quote_ident(c.relname),"          \
    " c.relkind, c.relpersistence, quote_ident(current_user),"                                     \
    " has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'INSERT'),"                 \
    " row_security_active(c.oid),"                                                                 \
    " (SELECT string_agg(format('DROP RULE %I ON %I.%I;', r.rulename, n.nspname, c.relname), ' ')" \
    "  FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type = '3' AND r.ev_enabled <> 'D'),"   \
    " EXISTS (SELECT FROM pg_trigger g WHERE g.tgtype & 7 = 7 AND g.tgenabled IN ('O', 'A')"       \
    "  AND (g.tgrelid = c.oid"                                                                     \
    "   OR c.relkind = 'p' AND g.tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid)))),"       \
    " b.name, b.relkind,"                                                                          \
    " (SELECT string_agg(s.oid::regclass::text, ', ') FROM pg_attrdef d"                           \
    "  JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid"                 \
    "   AND p.refclassid = 'pg_class'::regclass"                                                   \
    "  JOIN pg_class s ON s.oid = p.refobjid WHERE d.adrelid = c.oid"                              \
    "  AND CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE') END),"          \
    " quote_ident(current_database())"                                                             \
    " FROM (SELECT parse_ident($1)::name[] AS id) i"                                               \
    " JOIN pg_class c ON c.relkind NOT IN ('i', 'I', 't')"                                         \
    " JOIN pg_namespace n ON n.oid = c.relnamespace"                                               \
    " LEFT JOIN LATERAL (SELECT q.oid::regclass::text AS name, q.relkind"                          \
    "  FROM pg_partition_tree(c.oid) p JOIN pg_class q ON q.oid = p.relid"                         \
    "  WHERE c.relkind = 'p' AND q.oid <> c.oid"                                                   \
    "  AND (q.relkind = 'f' OR q.relpersistence <> 'p') LIMIT 1) b ON true"                        \
    " WHERE CASE cardinality(i.id)"                                                                \
    "  WHEN 1 THEN c.oid = to_regclass(quote_ident(i.id[1]))"                                      \
    "  WHEN 2 THEN n.nspname = i.id[1] AND c.relname = i.id[2] ELSE false END"

enum {
    R_OID,
    R_SCHEMA,
    R_NAME,
    R_SCHEMA_SQL,
    R_NAME_SQL,
    R_KIND,
    R_PERSISTENCE,
    R_ROLE,
    R_USAGE,
    R_INSERT,
    R_ROW_SECURITY,
    R_RULES,
    R_TRIGGERS,
    R_BAD_PARTITION,
    R_BAD_PARTITION_KIND,
    R_SEQUENCES,
    R_DATABASE,
};

/* The row's fields by name; `sql` is "schema.table" as it may stand in a statement. */
struct relation {
    const PGresult *row;
    const char *sql;
};

static const char *field(const struct relation *r, int i)
{
    return PQgetvalue(r->row, 0, i);
}

static bool holds(const struct relation *r, int i)
{
    return *field(r, i) == 't';
}

/*
 * The tables there are: the name to compare with (with its schema if `name` has one), the full
 * name, whether only the schema differs; those first.
 */
static PGresult *table_names(PGconn *conn, const char *name)
{
    struct err ignored;
    return pg_exec_params(conn, &ignored,
                          "SELECT CASE cardinality(i.id) WHEN 1 THEN c.relname"
                          "  ELSE n.nspname || '.' || c.relname END,"
                          " quote_ident(n.nspname) || '.' || quote_ident(c.relname),"
                          " c.relname = i.id[cardinality(i.id)]"
                          " FROM (SELECT parse_ident($1)::name[] AS id) i, pg_class c"
                          " JOIN pg_namespace n ON n.oid = c.relnamespace"
                          " WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'"
                          " AND n.nspname <> 'information_schema' ORDER BY 3 DESC, 2 LIMIT 5000",
                          1, &name);
}

static const char *nearest_table(PGconn *conn, struct arena *arena, const char *name)
{
    PGresult *rows = table_names(conn, name);
    size_t n = rows ? (size_t)PQntuples(rows) : 0;
    const char **names = arena_alloc(arena, (n + 1) * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = PQgetvalue(rows, (int)i, 0);
    const char *found = n > 0 && *PQgetvalue(rows, 0, 2) == 't' ? names[0] : NULL;
    if (!found)
        found = suggest_nearest(name, names, n);
    const char *full = NULL;
    for (size_t i = 0; i < n && found && !full; i++)
        if (names[i] == found)
            full = arena_strdup(arena, PQgetvalue(rows, (int)i, 1));
    PQclear(rows);
    return full;
}

static int no_such_table(PGconn *conn, struct arena *arena, const char *name, struct err *err)
{
    const char *near = nearest_table(conn, arena, name);
    return err_set_code(err, ERR_HALT, "42P01",
                        "there is no table %s in the database \"%s\"%s%s%s; create it first, or "
                        "with --setup FILE",
                        name, PQdb(conn), near ? " (did you mean " : "", near ? near : "",
                        near ? "?)" : "");
}

static int judge_kind(const struct relation *r, struct err *err)
{
    const char *what = "is not a table";
    switch (*field(r, R_KIND)) {
    case 'r':
    case 'p':
        break;
    case 'v':
        what = "is a view: weir COPYs into tables; name the table behind it";
        goto refuse;
    case 'm':
        what = "is a materialized view, which only REFRESH fills; name a table";
        goto refuse;
    case 'f':
        what = "is a foreign table: its rows are committed elsewhere, apart from the offsets; run "
               "weir against the database that holds it";
        goto refuse;
    default:
        goto refuse;
    }
    switch (*field(r, R_PERSISTENCE)) {
    case 'u':
        return err_set(err, ERR_HALT,
                       "the table %s is UNLOGGED: a crash of the server empties it while the "
                       "offsets stay; cure: ALTER TABLE %s SET LOGGED;",
                       r->sql, r->sql);
    case 't':
        what = "is a TEMPORARY table, which ends with its session; name a permanent one";
        goto refuse;
    default:
        return 0;
    }
refuse:
    return err_set(err, ERR_HALT, "%s %s", r->sql, what);
}

static int judge_partitions(const struct relation *r, struct err *err)
{
    if (PQgetisnull(r->row, 0, R_BAD_PARTITION))
        return 0;
    const char *partition = field(r, R_BAD_PARTITION);
    if (*field(r, R_BAD_PARTITION_KIND) == 'f')
        return err_set(err, ERR_HALT,
                       "the partition %s of %s is a foreign table: its rows are committed "
                       "elsewhere, apart from the offsets; cure: ALTER TABLE %s DETACH PARTITION "
                       "%s; or fill another table",
                       partition, r->sql, r->sql, partition);
    return err_set(err, ERR_HALT,
                   "the partition %s of %s is UNLOGGED: a crash of the server empties it while "
                   "the offsets stay; cure: ALTER TABLE %s SET LOGGED;",
                   partition, r->sql, partition);
}

static int judge_rights(const struct relation *r, struct arena *arena, struct err *err)
{
    const char *role = field(r, R_ROLE);
    const char *grants = "";
    if (!holds(r, R_USAGE))
        grants =
            arena_printf(arena, " GRANT USAGE ON SCHEMA %s TO %s;", field(r, R_SCHEMA_SQL), role);
    if (!holds(r, R_INSERT))
        grants = arena_printf(arena, "%s GRANT INSERT, SELECT ON %s TO %s;", grants, r->sql, role);
    if (!PQgetisnull(r->row, 0, R_SEQUENCES))
        grants = arena_printf(arena, "%s GRANT USAGE ON SEQUENCE %s TO %s;", grants,
                              field(r, R_SEQUENCES), role);
    if (!*grants)
        return 0;
    return err_set_code(err, ERR_HALT, "42501",
                        "the role %s may not insert into %s; cure, as the owner:%s", role, r->sql,
                        grants);
}

static int judge(const struct relation *r, struct arena *arena, struct err *err)
{
    if (judge_kind(r, err) < 0 || judge_partitions(r, err) < 0 || judge_rights(r, arena, err) < 0)
        return -1;
    if (!PQgetisnull(r->row, 0, R_RULES))
        return err_set(
            err, ERR_HALT,
            "the table %s has rules on INSERT, which COPY passes by (a trigger can do "
            "the same); cure: make a trigger of each, its definition saved first (SELECT "
            "pg_get_ruledef(oid) FROM pg_rewrite), then: %s",
            r->sql, field(r, R_RULES));
    if (holds(r, R_ROW_SECURITY))
        return err_set(err, ERR_HALT,
                       "row security on %s applies to the role %s, and COPY cannot obey it; cure: "
                       "ALTER ROLE %s BYPASSRLS; or run weir as the table's owner (without FORCE "
                       "ROW LEVEL SECURITY)",
                       r->sql, field(r, R_ROLE), field(r, R_ROLE));
    return 0;
}

static int judge_columns(const struct table *table, const char *sql, struct err *err)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (!table->columns[i].generated)
            return 0;
    return err_set(err, ERR_HALT,
                   "the table %s has no column that weir could fill; cure: add one, ALTER TABLE %s "
                   "ADD COLUMN ...;",
                   sql, sql);
}

/* An empty table in an arena of its own. */
static struct table *table_new(const struct relation *r)
{
    struct arena arena;
    arena_init(&arena);
    struct table *table = arena_alloc(&arena, sizeof *table);
    table->schema = arena_strdup(&arena, field(r, R_SCHEMA));
    table->name = arena_strdup(&arena, field(r, R_NAME));
    table->quoted = arena_printf(&arena, "%s.%s", pg_quote_ident(&arena, table->schema),
                                 pg_quote_ident(&arena, table->name));
    table->oid = (uint32_t)strtoul(field(r, R_OID), NULL, 10);
    table->before_row_triggers = holds(r, R_TRIGGERS);
    table->arena = arena;
    return table;
}

static int read_judged(PGconn *conn, const struct relation *r, struct arena *arena,
                       struct table **out, struct err *err)
{
    if (judge(r, arena, err) < 0)
        return -1;
    struct table *table = table_new(r);
    if (columns_read(conn, table, *field(r, R_KIND) == 'p', err) < 0 ||
        judge_columns(table, r->sql, err) < 0) {
        table_free(table);
        return -1;
    }
    *out = table;
    return 0;
}

static int read_in_transaction(PGconn *conn, const char *name, struct arena *arena,
                               struct table **out, struct err *err)
{
    PGresult *row = pg_exec_params(conn, err, RELATION_SQL, 1, &name);
    if (!row) {
        if (!strcmp(err->code, "22023"))
            return err_set(err, ERR_USAGE,
                           "\"%s\" is not a table's name: write table or "
                           "schema.table, as in SQL",
                           name);
        return -1;
    }
    int rc = -1;
    if (PQntuples(row) == 0) {
        rc = no_such_table(conn, arena, name, err);
    } else {
        struct relation r = {.row = row};
        r.sql = arena_printf(arena, "%s.%s", field(&r, R_SCHEMA_SQL), field(&r, R_NAME_SQL));
        rc = read_judged(conn, &r, arena, out, err);
    }
    PQclear(row);
    return rc;
}

int catalog_read_table(PGconn *conn, const char *name, struct table **out, struct err *err)
{
    PGresult *begun = pg_exec(conn, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    if (!begun)
        return err_prefix(err, "cannot read the table %s", name);
    PQclear(begun);

    struct arena arena;
    arena_init(&arena);
    int rc = read_in_transaction(conn, name, &arena, out, err);
    arena_release(&arena);
    pg_rollback(conn);
    return rc;
}

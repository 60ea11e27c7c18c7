#include "sink/postgres/state.h"

#include "base/log.h"
#include "sink/postgres/pg.h"
#include "sink/postgres/state_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands in the database before anything is made. */
struct found {
    bool schema;
    bool meta;
    bool usable; /* USAGE on the schema */
    int version; /* 0: nothing there yet */
    char uuid[37];
};

#define PRINT_SETUP "let a DBA run, once, what `weir ingest --print-setup` prints"

static int look(PGconn *conn, struct arena *arena, const char *schema, struct found *found,
                struct err *err)
{
    *found = (struct found){.version = 0};
    PGresult *row = pg_execf(conn, err,
                             "SELECT has_schema_privilege(n.oid, 'USAGE'), EXISTS (SELECT FROM"
                             " pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'meta')"
                             " FROM pg_namespace n WHERE n.nspname = %s",
                             pg_quote_literal(arena, schema));
    if (!row)
        return -1;
    if (PQntuples(row) == 1) {
        found->schema = true;
        found->usable = *PQgetvalue(row, 0, 0) == 't';
        found->meta = *PQgetvalue(row, 0, 1) == 't';
    }
    PQclear(row);
    return 0;
}

static int not_ours(const char *schema, const char *why, struct err *err)
{
    return err_set(err, ERR_HALT,
                   "the schema %s is not one of weir's (%s); cure: --state-schema NAME, a schema "
                   "that weir may have for itself",
                   schema, why);
}

/* Version and id of a schema that has a table `meta`. */
static int read_meta(PGconn *conn, struct arena *arena, const char *schema, struct found *found,
                     struct err *err)
{
    PGresult *row = pg_execf(conn, err, "SELECT schema_version, store_id FROM %s.meta",
                             pg_quote_ident(arena, schema));
    if (!row) {
        if (!strcmp(err->code, "42501"))
            return err_set_code(err, ERR_HALT, "42501",
                                "the role \"%s\" may not read %s.meta; cure: " PRINT_SETUP,
                                PQuser(conn), schema);
        return !strncmp(err->code, "42", 2) ? not_ours(schema, "its table meta is another", err)
                                            : -1;
    }
    int rows = PQntuples(row);
    if (rows == 1) {
        found->version = atoi(PQgetvalue(row, 0, 0));
        snprintf(found->uuid, sizeof found->uuid, "%s", PQgetvalue(row, 0, 1));
    }
    PQclear(row);
    return rows == 1 ? 0 : not_ours(schema, "its table meta has not one row", err);
}

static int look_closely(PGconn *conn, struct arena *arena, const char *schema, struct found *found,
                        struct err *err)
{
    if (look(conn, arena, schema, found, err) < 0)
        return -1;
    if (found->schema && !found->usable)
        return err_set_code(err, ERR_HALT, "42501",
                            "the role \"%s\" may not use the schema %s; cure: " PRINT_SETUP,
                            PQuser(conn), schema);
    if (found->meta && read_meta(conn, arena, schema, found, err) < 0)
        return -1;
    if (found->version > STATE_VERSION)
        return err_set(err, ERR_HALT,
                       "the schema %s has version %d, made by a newer weir; this one knows %d: use "
                       "the newer program",
                       schema, found->version, STATE_VERSION);
    return 0;
}

/* Ingest's own needs; a right that only --reset or `weir dead prune` wants is asked for there. */
static int check_rights(PGconn *conn, struct arena *arena, const char *schema, struct err *err)
{
    PGresult *row =
        pg_execf(conn, err,
                 "SELECT string_agg(w || ' on ' || t, ', ') FROM (VALUES ('pipelines', 'SELECT'),"
                 " ('pipelines', 'INSERT'), ('pipelines', 'UPDATE'), ('offsets', 'SELECT'),"
                 " ('offsets', 'INSERT'), ('offsets', 'UPDATE'), ('dead_letters', 'SELECT'),"
                 " ('dead_letters', 'INSERT'), ('dead_letters', 'UPDATE')) AS v (t, w)"
                 " WHERE NOT has_table_privilege(format('%%I.%%I', %s, t), w)",
                 pg_quote_literal(arena, schema));
    if (!row)
        return !strcmp(err->code, "42P01") ? not_ours(schema, err->text, err) : -1;
    int rc = 0;
    if (!PQgetisnull(row, 0, 0))
        rc = err_set_code(err, ERR_HALT, "42501",
                          "the role \"%s\" lacks rights in the schema %s (%s); cure: " PRINT_SETUP,
                          PQuser(conn), schema, PQgetvalue(row, 0, 0));
    PQclear(row);
    return rc;
}

static int run(PGconn *conn, struct err *err, const char *sql)
{
    PGresult *done = pg_exec(conn, err, sql);
    PQclear(done);
    return done ? 0 : -1;
}

static int migrate_from(PGconn *conn, struct arena *arena, const char *schema,
                        const struct found *found, struct err *err)
{
    const char *quoted = pg_quote_ident(arena, schema);
    if (!found->schema && run(conn, err, arena_printf(arena, "CREATE SCHEMA %s", quoted)) < 0)
        return -1;
    if (run(conn, err, arena_printf(arena, "SET LOCAL search_path = %s", quoted)) < 0)
        return -1;
    for (int version = found->version; version < STATE_VERSION; version++)
        if (run(conn, err, state_migrations[version]) < 0)
            return -1;
    return pg_commit(conn, err);
}

static int may_not_make(PGconn *conn, const char *schema, struct err *err)
{
    return err_set_code(err, ERR_HALT, "42501",
                        "the role \"%s\" may not make weir's state schema %s in the database "
                        "\"%s\"; cure: " PRINT_SETUP,
                        PQuser(conn), schema, PQdb(conn));
}

/* Under the lock another process may have done it while we waited. */
static int migrate(PGconn *conn, struct arena *arena, const char *schema, struct found *found,
                   struct err *err)
{
    if (pg_begin_locked(conn, err) < 0 || look_closely(conn, arena, schema, found, err) < 0)
        return -1;
    if (found->version == STATE_VERSION)
        return 0;
    if (migrate_from(conn, arena, schema, found, err) < 0) {
        if (strcmp(err->code, "42501") != 0)
            return err_prefix(err, "cannot make the state schema %s", schema);
        return may_not_make(conn, schema, err);
    }
    log_info("", "made the state schema %s (version %d)", schema, STATE_VERSION);
    return look_closely(conn, arena, schema, found, err);
}

int state_prepare(PGconn *conn, const char *schema, char uuid[37], struct err *err)
{
    struct arena arena;
    struct found found;
    arena_init(&arena);
    int rc = look_closely(conn, &arena, schema, &found, err);
    if (rc == 0 && found.version < STATE_VERSION) {
        rc = migrate(conn, &arena, schema, &found, err);
        pg_rollback(conn);
    }
    if (rc == 0)
        rc = check_rights(conn, &arena, schema, err);
    if (rc == 0)
        memcpy(uuid, found.uuid, sizeof found.uuid);
    arena_release(&arena);
    return rc;
}

/* Whether migrate() would be let: CREATE on the schema, or on the database to make one. */
static int check_may_make(PGconn *conn, struct arena *arena, const char *schema,
                          const struct found *found, struct err *err)
{
    PGresult *row = NULL;
    if (found->schema)
        row = pg_execf(conn, err, "SELECT has_schema_privilege(%s, 'CREATE')",
                       pg_quote_literal(arena, schema));
    else
        row = pg_exec(conn, err, "SELECT has_database_privilege(current_database(), 'CREATE')");
    if (!row)
        return -1;
    bool may = *PQgetvalue(row, 0, 0) == 't';
    PQclear(row);
    return may ? 0 : may_not_make(conn, schema, err);
}

int state_foresee_prepare(PGconn *conn, const char *schema, bool *there, char uuid[37],
                          struct err *err)
{
    struct arena arena;
    struct found found;
    arena_init(&arena);
    int rc = look_closely(conn, &arena, schema, &found, err);
    *there = rc == 0 && found.version == STATE_VERSION;
    if (rc == 0 && *there)
        rc = check_rights(conn, &arena, schema, err);
    else if (rc == 0)
        rc = check_may_make(conn, &arena, schema, &found, err);
    if (*there)
        memcpy(uuid, found.uuid, sizeof found.uuid);
    arena_release(&arena);
    return rc;
}

/* The role that will connect, quoted; a psql variable when nothing names it. */
static const char *role_of(struct arena *arena, const struct pipeline_config *config)
{
    struct pg_target target;
    struct err ignored;
    if (pg_target_resolve(&target, arena, config->database, "weir", &ignored) == 0 && target.user)
        return pg_quote_ident(arena, target.user);
    return ":\"role\"";
}

/* GRANTs on the target itself; whatever is not there yet makes only its own line fail. */
static const char *table_grants(struct arena *arena, const struct pipeline_config *config,
                                const char *role)
{
    if (!config->table)
        return "";
    const char *dot = strchr(config->table, '.');
    const char *schema = "";
    if (dot && !strchr(config->table, '"'))
        schema = arena_printf(arena, "GRANT USAGE ON SCHEMA %.*s TO %s;\n",
                              (int)(dot - config->table), config->table, role);
    return arena_printf(arena,
                        "\n-- The table, once it is there (and USAGE ON SEQUENCE for defaults that "
                        "call nextval()):\n%sGRANT INSERT, SELECT ON %s TO %s;\n",
                        schema, config->table, role);
}

const char *state_setup_sql(struct arena *arena, const struct pipeline_config *config)
{
    const char *role = role_of(arena, config);
    const char *schema = pg_quote_ident(arena, config->state_schema);
    const char *ddl = "";
    for (int version = 0; version < STATE_VERSION; version++)
        ddl = arena_printf(arena, "%s%s", ddl, state_migrations[version]);
    const char *hint = *role == ':' ? "-- Run it with: psql -v role=NAME\n" : "";
    return arena_printf(arena,
                        "-- What weir keeps in its database, and the rights that the role %s needs."
                        "\n-- May be run again.\n%s"
                        "BEGIN;\n"
                        "SELECT pg_advisory_xact_lock(%lld);\n"
                        "CREATE SCHEMA IF NOT EXISTS %s;\n"
                        "SET LOCAL search_path = %s;\n"
                        "%s"
                        "GRANT USAGE ON SCHEMA %s TO %s;\n"
                        "GRANT SELECT ON meta TO %s;\n"
                        "GRANT SELECT, INSERT, UPDATE, DELETE ON pipelines, offsets, dead_letters "
                        "TO %s;\n"
                        "COMMIT;\n%s",
                        role, hint, PG_SETUP_LOCK, schema, schema, ddl, schema, role, role, role,
                        table_grants(arena, config, role));
}

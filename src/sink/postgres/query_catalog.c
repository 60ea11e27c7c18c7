/* The listings \l, \dn, \dt and \d, as SQL over pg_catalog (PostgreSQL 12 and later). */
#include "sink/postgres/query_private.h"

#include <ctype.h>
#include <string.h>

#define OWN_SCHEMAS "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

static const char DATABASES[] =
    "SELECT d.datname AS database, pg_get_userbyid(d.datdba) AS owner,"
    " pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collation,"
    " CASE WHEN has_database_privilege(d.oid, 'CONNECT')"
    " THEN pg_size_pretty(pg_database_size(d.oid)) END AS size"
    " FROM pg_database d WHERE d.datallowconn ORDER BY 1";

static const char SCHEMAS[] =
    "SELECT n.nspname AS schema, pg_get_userbyid(n.nspowner) AS owner,"
    " (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p'))"
    " AS tables FROM pg_namespace n WHERE " OWN_SCHEMAS " ORDER BY 1";

/* %s: the kinds of relations, and the condition that a pattern makes. */
static const char RELATIONS[] =
    "SELECT n.nspname AS schema, c.relname AS name,"
    " CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'"
    " WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END AS kind,"
    " pg_get_userbyid(c.relowner) AS owner,"
    " CASE WHEN c.relkind IN ('r', 'm') AND c.reltuples >= 0 THEN c.reltuples::bigint END"
    " AS estimated_rows, pg_size_pretty(pg_total_relation_size(c.oid)) AS size"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN (%s) AND %s ORDER BY 1, 2";

/* %s: the relation's OID. */
static const char COLUMNS[] =
    "SELECT a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,"
    " NOT a.attnotnull AS nullable,"
    " CASE WHEN a.attidentity <> '' THEN 'identity'"
    " WHEN a.attgenerated <> '' THEN 'generated: ' || pg_get_expr(d.adbin, d.adrelid)"
    " ELSE pg_get_expr(d.adbin, d.adrelid) END AS default,"
    " (SELECT string_agg(CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'"
    " ELSE 'references ' || k.confrelid::regclass END, ', ' ORDER BY k.contype, k.conname)"
    " FROM pg_constraint k WHERE k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey)"
    " AND k.contype IN ('p', 'u', 'f')) AS key"
    " FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    " WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

#define TABLE_KINDS "'r', 'p'"
#define ALL_KINDS "'r', 'p', 'v', 'm', 'f'"

enum listing { LIST_DATABASES, LIST_SCHEMAS, LIST_TABLES, LIST_COLUMNS, N_LISTINGS };
static const char *const LISTINGS[N_LISTINGS] = {"\\l", "\\dn", "\\dt", "\\d"};

/* What the command is; its argument without blanks around is in *argument. */
static enum listing listing_of(const char *command, struct slice *argument)
{
    size_t len = strcspn(command, " \t\r\n;");
    struct slice rest = slice_of(command + len + strspn(command + len, " \t\r\n;"));
    while (rest.len > 0 && strchr(" \t\r\n;", rest.ptr[rest.len - 1]))
        rest.len--;
    *argument = rest;
    for (enum listing i = 0; i < N_LISTINGS; i++)
        if (slice_eq_str((struct slice){command, len}, LISTINGS[i]))
            return i;
    return N_LISTINGS;
}

int query_catalog_check(const char *command, struct err *err)
{
    struct slice argument;
    enum listing listing = listing_of(command, &argument);
    if (listing == N_LISTINGS)
        return err_set(err, ERR_USAGE,
                       "\"%.*s\" is none of \\l, \\dn, \\dt [PATTERN] and \\d [NAME]",
                       (int)strcspn(command, " \t\r\n"), command);
    if (argument.len > 0 && listing < LIST_TABLES)
        return err_set(err, ERR_USAGE, "%s lists all and takes no name", LISTINGS[listing]);
    return 0;
}

/*
 * Part of a pattern as one for LIKE: * is any text, ? any character; what stands in double quotes
 * is meant as it is written. It ends at the first dot outside of quotes.
 */
static const char *like_part(struct arena *arena, struct slice *pattern, bool *dot)
{
    char *like = arena_alloc(arena, 2 * pattern->len + 1);
    size_t len = 0;
    size_t i = 0;
    bool quoted = false;
    *dot = false;
    for (; i < pattern->len && !*dot; i++) {
        char c = pattern->ptr[i];
        if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && c == '.') {
            *dot = true;
        } else if (!quoted && (c == '*' || c == '?')) {
            like[len++] = c == '*' ? '%' : '_';
        } else {
            if (c == '%' || c == '_' || c == '\\')
                like[len++] = '\\';
            like[len++] = quoted ? c : (char)tolower((unsigned char)c);
        }
    }
    *pattern = (struct slice){pattern->ptr + i, pattern->len - i};
    return like;
}

/* Of all schemas but the server's own, unless the pattern names them: NAME or SCHEMA.NAME. */
static const char *condition_of(struct arena *arena, struct slice pattern)
{
    bool dot;
    if (pattern.len == 0)
        return OWN_SCHEMAS;
    const char *first = pg_quote_literal(arena, like_part(arena, &pattern, &dot));
    if (!dot)
        return arena_printf(arena, "c.relname LIKE %s AND " OWN_SCHEMAS, first);
    const char *second = pattern.len > 0 ? like_part(arena, &pattern, &dot) : "%";
    return arena_printf(arena, "n.nspname LIKE %s AND c.relname LIKE %s", first,
                        pg_quote_literal(arena, second));
}

const char *query_relation(struct query *query, struct arena *arena, const char *name,
                           enum err_class missing, const char *advice, struct err *err)
{
    PGresult *found =
        pg_execf(query->conn, err, "SELECT to_regclass(%s)::oid", pg_quote_literal(arena, name));
    if (!found) {
        err_prefix(err, "%s", name);
        return NULL;
    }
    const char *oid = NULL;
    if (!PQgetisnull(found, 0, 0)) {
        oid = arena_strdup(arena, PQgetvalue(found, 0, 0));
    } else {
        char *folded = arena_strdup(arena, name);
        for (char *c = folded; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        const char *nearest = query_nearest(query->conn, arena, NEAR_RELATION, folded);
        err_set(err, missing, "there is no table or view \"%s\"%s%s%s", name,
                nearest ? "; did you mean " : "; ", nearest ? nearest : advice, nearest ? "?" : "");
    }
    PQclear(found);
    return oid;
}

static const char *columns_sql(struct query *query, struct arena *arena, struct slice argument,
                               struct err *err)
{
    const char *name = arena_strndup(arena, argument.ptr, argument.len);
    const char *oid = query_relation(query, arena, name, ERR_INPUT, "\\dt lists the tables", err);
    return oid ? arena_printf(arena, COLUMNS, oid) : NULL;
}

const char *query_catalog_sql(struct query *query, struct arena *arena, const char *command,
                              struct err *err)
{
    struct slice argument;
    switch (listing_of(command, &argument)) {
    case LIST_DATABASES:
        return DATABASES;
    case LIST_SCHEMAS:
        return SCHEMAS;
    case LIST_TABLES:
        return arena_printf(arena, RELATIONS, TABLE_KINDS, condition_of(arena, argument));
    case LIST_COLUMNS:
        if (argument.len == 0)
            return arena_printf(arena, RELATIONS, ALL_KINDS, condition_of(arena, argument));
        return columns_sql(query, arena, argument, err);
    case N_LISTINGS:
        break;
    }
    err_set(err, ERR_BUG, "%s: no such listing", command);
    return NULL;
}

/*
 * The columns of the target table: types without their domains, defaults by volatility, and the
 * hash by which each transaction knows that they are still the same.
 */
#include "sink/postgres/catalog_private.h"

#include "sink/postgres/pg.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Built-in types by oid; these numbers are fixed (PostgreSQL, src/include/catalog/pg_type.dat).
 */
static const struct {
    uint32_t oid;
    enum column_type type;
} TYPES[] = {
    {16, TYPE_BOOL},        {17, TYPE_BYTEA},         {20, TYPE_INT8},      {21, TYPE_INT2},
    {23, TYPE_INT4},        {25, TYPE_TEXT},          {114, TYPE_JSON},     {650, TYPE_CIDR},
    {700, TYPE_FLOAT4},     {701, TYPE_FLOAT8},       {829, TYPE_MACADDR},  {869, TYPE_INET},
    {1042, TYPE_BPCHAR},    {1043, TYPE_VARCHAR},     {1082, TYPE_DATE},    {1083, TYPE_TIME},
    {1114, TYPE_TIMESTAMP}, {1184, TYPE_TIMESTAMPTZ}, {1700, TYPE_NUMERIC}, {2950, TYPE_UUID},
    {3802, TYPE_JSONB},
};

static enum column_type type_of(uint32_t oid, bool is_enum)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (TYPES[i].oid == oid)
            return TYPES[i].type;
    return is_enum ? TYPE_ENUM : TYPE_OTHER;
}

/*
 * One row a column. A default is volatile unless proven otherwise: it depends on a function,
 * operator or sequence of its own database (the catalog records those; built-in ones are not
 * recorded), or a word in it is the name of a built-in function that is volatile. A word inside a
 * text constant may be taken for one: that costs speed, never correctness.
 */
#define COLUMNS_SQL                                                                                \
    "SELECT a.attname, a.attnum, format_type(b.typ, b.typmod), format_type(b.typ, -1), b.typ, "    \
    "b.typmod,"                                                                                    \
    " a.attnotnull OR b.required, a.attidentity = 'd',"                                            \
    " a.attgenerated <> '' OR a.attidentity = 'a', t.typtype = 'e',"                               \
    " CASE WHEN e.typarray = t.oid THEN e.oid END, e.typtype = 'e', f.expression,"                 \
    " f.expression IS NOT NULL AND (EXISTS (SELECT FROM pg_depend p"                               \
    "   WHERE (p.classid, p.objid) IN (('pg_attrdef'::regclass, d.oid),"                           \
    "     ('pg_type'::regclass, CASE WHEN d.oid IS NULL THEN o.oid END))"                          \
    "   AND (p.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)"                       \
    "     OR p.refclassid = 'pg_class'::regclass AND p.refobjid <> a.attrelid))"                   \
    "  OR EXISTS (SELECT FROM regexp_matches(f.expression, '[a-z_][a-z0-9_]*', 'g') w"             \
    "   JOIN pg_proc v ON v.proname = w[1]::name AND v.provolatile = 'v'"                          \
    "   WHERE v.pronamespace = 'pg_catalog'::regnamespace)),"                                      \
    " o.typtype IN ('d', 'e')"                                                                     \
    " FROM pg_attribute a JOIN pg_type o ON o.oid = a.atttypid"                                    \
    " CROSS JOIN LATERAL (WITH RECURSIVE u(typ, typmod, required, depth) AS ("                     \
    "   SELECT a.atttypid, a.atttypmod, false, 0"                                                  \
    "   UNION ALL SELECT y.typbasetype, y.typtypmod, u.required OR y.typnotnull, u.depth + 1"      \
    "   FROM u JOIN pg_type y ON y.oid = u.typ WHERE y.typtype = 'd')"                             \
    "  SELECT * FROM u ORDER BY depth DESC LIMIT 1) b"                                             \
    " JOIN pg_type t ON t.oid = b.typ"                                                             \
    " LEFT JOIN pg_type e ON e.oid = t.typelem"                                                    \
    " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"                     \
    " CROSS JOIN LATERAL (SELECT CASE"                                                             \
    "   WHEN d.oid IS NOT NULL THEN pg_get_expr(d.adbin, d.adrelid)"                               \
    "   WHEN a.attidentity <> '' OR o.typdefault IS NULL THEN NULL"                                \
    "   WHEN o.typdefaultbin IS NOT NULL THEN pg_get_expr(o.typdefaultbin, 0)"                     \
    "   ELSE quote_literal(o.typdefault) || '::' || format_type(o.oid, NULL) END) f(expression)"   \
    " WHERE a.attrelid = %u AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"

enum {
    F_NAME,
    F_ATTNUM,
    F_TYPE_NAME,
    F_BARE_TYPE,
    F_TYPE,
    F_TYPMOD,
    F_NOT_NULL,
    F_BY_DEFAULT,
    F_GENERATED,
    F_IS_ENUM,
    F_ELEMENT,
    F_ELEMENT_IS_ENUM,
    F_DEFAULT,
    F_VOLATILE,
    F_NAMED_TYPE,
};

static bool is_true(const PGresult *rows, int row, int field)
{
    return *PQgetvalue(rows, row, field) == 't';
}

/* What the typmod says, by type (format_type()'s own reading of it). */
static void read_typmod(struct column *column, enum column_type type, int32_t typmod)
{
    switch (type) {
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
        column->max_chars = typmod >= 4 ? typmod - 4 : 0;
        break;
    case TYPE_NUMERIC:
        if (typmod >= 4) {
            column->precision = (typmod - 4) >> 16 & 0xffff;
            /* From version 15 on a signed number of eleven bits; before, never above 1000. */
            column->scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
        }
        break;
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        column->precision = typmod >= 0 ? typmod : -1;
        break;
    default:
        break;
    }
}

static enum default_kind default_kind_of(const PGresult *rows, int row)
{
    if (is_true(rows, row, F_BY_DEFAULT))
        return DEFAULT_IDENTITY;
    if (PQgetisnull(rows, row, F_DEFAULT))
        return DEFAULT_NONE;
    return is_true(rows, row, F_VOLATILE) ? DEFAULT_VOLATILE : DEFAULT_STABLE;
}

static void read_column(struct table *table, struct column *column, const PGresult *rows, int row)
{
    struct arena *arena = &table->arena;
    column->name = arena_strdup(arena, PQgetvalue(rows, row, F_NAME));
    column->type_name = arena_strdup(arena, PQgetvalue(rows, row, F_TYPE_NAME));
    column->bare_type = arena_strdup(arena, PQgetvalue(rows, row, F_BARE_TYPE));
    column->attnum = (int16_t)atoi(PQgetvalue(rows, row, F_ATTNUM));
    column->type_oid = (uint32_t)strtoul(PQgetvalue(rows, row, F_TYPE), NULL, 10);
    column->type = type_of(column->type_oid, is_true(rows, row, F_IS_ENUM));
    column->not_null = is_true(rows, row, F_NOT_NULL);
    column->generated = is_true(rows, row, F_GENERATED);
    if (!PQgetisnull(rows, row, F_ELEMENT)) {
        uint32_t element = (uint32_t)strtoul(PQgetvalue(rows, row, F_ELEMENT), NULL, 10);
        column->type = TYPE_ARRAY;
        column->element = type_of(element, is_true(rows, row, F_ELEMENT_IS_ENUM));
    }
    read_typmod(column, column->type == TYPE_ARRAY ? column->element : column->type,
                (int32_t)strtol(PQgetvalue(rows, row, F_TYPMOD), NULL, 10));
    if (column->generated)
        return;
    column->default_kind = default_kind_of(rows, row);
    if (!PQgetisnull(rows, row, F_DEFAULT))
        column->default_sql = arena_strdup(arena, PQgetvalue(rows, row, F_DEFAULT));
}

static int read_labels(PGconn *conn, struct table *table, struct column *column, struct err *err)
{
    if (column->type != TYPE_ENUM)
        return 0;
    PGresult *rows = pg_execf(conn, err,
                              "SELECT enumlabel FROM pg_enum WHERE enumtypid = %u"
                              " ORDER BY enumsortorder",
                              column->type_oid);
    if (!rows)
        return -1;
    size_t n = (size_t)PQntuples(rows);
    const char **labels = arena_alloc(&table->arena, n * sizeof *labels);
    for (size_t i = 0; i < n; i++)
        labels[i] = arena_strdup(&table->arena, PQgetvalue(rows, (int)i, 0));
    column->labels = labels;
    column->n_labels = n;
    PQclear(rows);
    return 0;
}

/*
 * The hash is taken inside every transaction, so it reads no more than can have changed: a column
 * that gets its first default, domain or enum shows in pg_attribute already. Text of the node tree
 * is as good as pg_get_expr() to see a change by, and cheaper. SHA-256, because a server in FIPS
 * mode refuses md5(). Files belong to it because TRUNCATE gives a new one: with the reading anew
 * comes the question whether the table was emptied.
 */
static const char *hash_sql(struct table *table, bool partitioned, bool defaults, bool named_types)
{
    struct arena *arena = &table->arena;
    const char *oid = arena_printf(arena, "%s::regclass", pg_quote_literal(arena, table->quoted));
    const char *below = "";
    const char *files = arena_printf(arena, ", pg_relation_filenode(%s)", oid);
    if (partitioned) {
        below =
            arena_printf(arena, " OR g.tgrelid IN (SELECT relid FROM pg_partition_tree(%s))", oid);
        files = arena_printf(arena,
                             ", ARRAY(SELECT ROW(relid::oid, pg_relation_filenode(relid))"
                             " FROM pg_partition_tree(%s) ORDER BY relid)",
                             oid);
    }
    const char *adbin = "";
    if (defaults)
        adbin = arena_printf(arena,
                             ", ARRAY(SELECT ROW(adnum, adbin::text) FROM pg_attrdef"
                             " WHERE adrelid = %s ORDER BY adnum)",
                             oid);
    const char *types = "";
    if (named_types)
        types = arena_printf(
            arena,
            ", ARRAY(WITH RECURSIVE u(oid) AS (SELECT atttypid FROM pg_attribute"
            " WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped"
            " UNION SELECT y.typbasetype FROM u JOIN pg_type y USING (oid) WHERE y.typtype = 'd')"
            " SELECT ROW(y.oid, y.typbasetype, y.typtypmod, y.typnotnull, y.typdefault,"
            " ARRAY(SELECT enumlabel FROM pg_enum WHERE enumtypid = y.oid ORDER BY enumsortorder))"
            " FROM u JOIN pg_type y USING (oid) WHERE y.typtype IN ('d', 'e') ORDER BY y.oid)",
            oid);
    return arena_printf(
        arena,
        "(SELECT substr(encode(sha256(convert_to(ROW(%s::oid,"
        " ARRAY(SELECT ROW(a.attname, a.attnum, a.atttypid, a.atttypmod, a.attnotnull,"
        " a.atthasdef, a.attidentity, a.attgenerated) FROM pg_attribute a WHERE a.attrelid = %s"
        " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum),"
        " ARRAY(SELECT ROW(g.oid, g.tgtype) FROM pg_trigger g WHERE g.tgtype & 7 = 7"
        " AND g.tgenabled IN ('O', 'A') AND (g.tgrelid = %s%s) ORDER BY g.oid)%s%s%s"
        ")::text, 'UTF8')), 'hex'), 1, 32))",
        oid, oid, oid, below, files, adbin, types);
}

static int read_hash(PGconn *conn, struct table *table, struct err *err)
{
    PGresult *row = pg_execf(conn, err, "SELECT %s", table->hash_sql);
    if (!row)
        return -1;
    snprintf(table->hash, sizeof table->hash, "%s", PQgetvalue(row, 0, 0));
    PQclear(row);
    return 0;
}

int columns_read(PGconn *conn, struct table *table, bool partitioned, struct err *err)
{
    PGresult *rows = pg_execf(conn, err, COLUMNS_SQL, table->oid);
    if (!rows)
        return -1;
    table->n_columns = (size_t)PQntuples(rows);
    table->columns = arena_alloc(&table->arena, table->n_columns * sizeof *table->columns);
    bool defaults = false;
    bool named_types = false;
    for (size_t i = 0; i < table->n_columns; i++) {
        read_column(table, &table->columns[i], rows, (int)i);
        defaults |= !PQgetisnull(rows, (int)i, F_DEFAULT);
        named_types |= is_true(rows, (int)i, F_NAMED_TYPE);
    }
    PQclear(rows);
    for (size_t i = 0; i < table->n_columns; i++)
        if (read_labels(conn, table, &table->columns[i], err) < 0)
            return -1;
    table->hash_sql = hash_sql(table, partitioned, defaults, named_types);
    return read_hash(conn, table, err);
}

#include "sink/postgres/time_sql.h"

#include "base/buf.h"
#include "base/civil.h"
#include "sink/postgres/pg.h"

#include <inttypes.h>
#include <string.h>

#define DAY_MS 86400000
#define MAX_SQL_BYTES ((size_t)16 << 20)

/*
 * A date that exists, a time of day, perhaps an offset. What does not match is no time; what does
 * must be one for the server too, because a value it cannot read would end the statement. (That no
 * year is 0 is not said here: looking ahead would double what it costs.)
 */
#define MONTHS_31 "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
#define MONTHS_30 "(0[469]|11)-(0[1-9]|[12][0-9]|30)"
#define FEBRUARY "02-(0[1-9]|1[0-9]|2[0-8])"
#define LEAP_YEAR                                                                                  \
    "([0-9][0-9](0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29"
#define DATE_FORM "([0-9]{4}-(" MONTHS_31 "|" MONTHS_30 "|" FEBRUARY ")|" LEAP_YEAR ")"
#define CLOCK_FORM "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?"
#define OFFSET_FORM "(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
#define IS_TIME "%s ~ '^" DATE_FORM "[T ]" CLOCK_FORM OFFSET_FORM "?$' AND %s NOT LIKE '0000%%'"

/* Where times are looked for: so many rows, and no values that lie outside of their row. */
#define SOME_ROWS "1000"
#define LONG_BYTES "2000"

/*
 * PostgreSQL reads "+02" as POSIX does, to the west; an interval means what people mean. Its
 * hours and minutes are the first and the last two digits, as tz_open() has them.
 */
static const char *zone_of(struct arena *arena, const char *timezone)
{
    size_t len = strlen(timezone);
    if ((*timezone != '+' && *timezone != '-') || len < 3)
        return pg_quote_literal(arena, timezone);
    return arena_printf(arena, "INTERVAL '%.3s:%s'", timezone, len > 3 ? timezone + len - 2 : "00");
}

/* A value of the column as a timestamptz; NULL where it is no time. */
static const char *instant_of(struct arena *arena, enum time_kind kind, const char *value,
                              const char *zone)
{
    switch (kind) {
    case TIME_INSTANT:
        break;
    case TIME_LOCAL:
    case TIME_DAY:
        return arena_printf(arena, "(%s::timestamp AT TIME ZONE %s)", value, zone);
    case TIME_WRITTEN:
        value = arena_printf(arena, "%s::text", value);
        return arena_printf(arena,
                            "(CASE WHEN " IS_TIME " THEN CASE "
                            "WHEN %s LIKE '%%Z' OR %s LIKE '%%+%%' OR substr(%s, 17) LIKE '%%-%%' "
                            "THEN %s::timestamptz ELSE %s::timestamp AT TIME ZONE %s END END)",
                            value, value, value, value, value, value, value, zone);
    }
    return value;
}

void time_sql_init(struct time_sql *sql, struct arena *arena, const struct time_column *column,
                   const char *timezone)
{
    sql->column = column;
    sql->zone = zone_of(arena, timezone);
}

/* ---- times in SQL ---- */

/* 2026-11-26 14:53:07.123, in UTC; years 1 to 9999. */
static void add_utc(struct buf *out, int64_t ms)
{
    struct civil date = civil_from_days(floor_div(ms, DAY_MS));
    int64_t of_day = floor_mod(ms, DAY_MS);
    buf_printf(out, "%04" PRId64 "-%02d-%02d %02d:%02d:%02d.%03d", date.year, date.month, date.day,
               (int)(of_day / 3600000), (int)(of_day / 60000 % 60), (int)(of_day / 1000 % 60),
               (int)(of_day % 1000));
}

static void add_date(struct buf *out, int64_t ms)
{
    struct civil date = civil_from_days(floor_div(ms, DAY_MS));
    buf_printf(out, "%04" PRId64 "-%02d-%02d", date.year, date.month, date.day);
}

/*
 * That the column lies on one side of a border, by the column itself, so that an index can be used.
 * No offset is as long as a day; what is a day too much falls into no slot.
 */
static void add_side(struct buf *out, const struct time_column *column, bool lower, int64_t ms)
{
    int64_t wide_ms = lower ? ms - DAY_MS : ms + DAY_MS;
    const char *sign = lower ? ">=" : "<";
    switch (column->kind) {
    case TIME_INSTANT:
        buf_printf(out, "%s %s '", column->name, sign);
        add_utc(out, ms);
        buf_add_str(out, "+00'");
        return;
    case TIME_LOCAL:
        buf_printf(out, "%s %s '", column->name, sign);
        add_utc(out, wide_ms);
        break;
    case TIME_DAY:
        buf_printf(out, "%s %s '", column->name, sign);
        add_date(out, lower ? wide_ms : wide_ms + DAY_MS);
        break;
    case TIME_WRITTEN: /* dates in that form sort as text */
        buf_printf(out, "%s::text COLLATE \"C\" %s '", column->name, sign);
        add_date(out, lower ? wide_ms : wide_ms + DAY_MS);
    }
    buf_add_byte(out, '\'');
}

/* A text's kind shows only when it is looked at. */
static void add_where(struct buf *out, const struct time_sql *sql,
                      const struct time_stretch *stretch)
{
    const struct time_column *column = sql->column;
    bool lower = !stretch->before;
    bool upper = !stretch->after;
    bool nulls = stretch->rest && !sql->not_null;
    if ((!lower && !upper) || (stretch->rest && column->kind == TIME_WRITTEN))
        return;
    buf_add_str(out, " WHERE (");
    if (lower)
        add_side(out, column, true, stretch->borders_ms[0]);
    buf_add_str(out, lower && upper ? " AND " : "");
    if (upper)
        add_side(out, column, false, stretch->borders_ms[stretch->n_borders - 1]);
    buf_add_byte(out, ')');
    if (nulls)
        buf_printf(out, " OR %s IS NULL", column->name);
}

static const char *keep(struct arena *arena, struct buf *sql)
{
    const char *text = arena_strndup(arena, buf_str(sql), sql->len);
    buf_release(sql);
    return text;
}

#define MILLISECONDS(what) "floor(extract(epoch FROM " what ") * 1000)::bigint"

/* Beyond these a time has no four digits of a year in every zone; infinity is beyond them too. */
#define WITHIN "%s >= '0001-01-02' AND %s < '9999-12-31'"
#define RANGE_SQL "SELECT " MILLISECONDS("%s") ", " MILLISECONDS("%s") " FROM (%s) s"

const char *time_sql_range(const struct time_sql *sql, struct arena *arena)
{
    const char *name = sql->column->name;
    const char *table = sql->column->table;
    enum time_kind kind = sql->column->kind;
    /* Of the column itself, because an index knows its ends, and texts in one form sort as times.*/
    const char *ends =
        kind == TIME_WRITTEN
            ? arena_printf(
                  arena,
                  "SELECT min(%s::text COLLATE \"C\") AS a, max(%s::text COLLATE \"C\") AS b"
                  " FROM %s WHERE %s::text LIKE '____-__-__ __:__%%' OR"
                  " %s::text LIKE '____-__-__T__:__%%'",
                  name, name, table, name, name)
            : arena_printf(arena, "SELECT min(%s) AS a, max(%s) AS b FROM %s WHERE " WITHIN, name,
                           name, table, name, name);
    return arena_printf(arena, RANGE_SQL, instant_of(arena, kind, "a", sql->zone),
                        instant_of(arena, kind, "b", sql->zone), ends);
}

const char *time_sql_read_range(const struct time_sql *sql, struct arena *arena)
{
    return arena_printf(arena, RANGE_SQL, "min(t)", "max(t)",
                        arena_printf(arena, "SELECT %s AS t FROM %s",
                                     instant_of(arena, sql->column->kind, sql->column->name,
                                                sql->zone),
                                     sql->column->table));
}

const char *time_sql_are_times(struct arena *arena, const char *table, const char *const *columns,
                               size_t n)
{
    struct buf out;
    buf_init(&out, MAX_SQL_BYTES);
    for (size_t i = 0; i < n; i++) {
        const char *text = arena_printf(arena, "%s::text", columns[i]);
        buf_printf(&out,
                   "%s bool_or(CASE WHEN pg_column_size(%s) < " LONG_BYTES " THEN " IS_TIME " END)",
                   i ? "," : "SELECT", columns[i], text, text);
    }
    for (size_t i = 0; i < n; i++)
        buf_printf(&out, "%s%s", i ? ", " : " FROM (SELECT ", columns[i]);
    buf_printf(&out, " FROM %s LIMIT " SOME_ROWS ") s", table);
    return keep(arena, &out);
}

const char *time_sql_between(const struct time_sql *sql, struct arena *arena,
                             const struct time_stretch *stretch)
{
    struct buf out;
    buf_init(&out, MAX_SQL_BYTES);
    buf_printf(&out, "SELECT width_bucket(%s, '{",
               instant_of(arena, sql->column->kind, sql->column->name, sql->zone));
    for (size_t i = 0; i < stretch->n_borders; i++) {
        buf_add_str(&out, i ? ",\"" : "\"");
        add_utc(&out, stretch->borders_ms[i]);
        buf_add_str(&out, "+00\"");
    }
    buf_printf(&out, "}'::timestamptz[]), %s IS NULL, count(*) FROM %s", sql->column->name,
               sql->column->table);
    add_where(&out, sql, stretch);
    buf_add_str(&out, " GROUP BY 1, 2");
    return keep(arena, &out);
}

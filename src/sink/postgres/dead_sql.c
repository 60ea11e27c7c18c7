#include "sink/postgres/dead_sql.h"

#include "base/buf.h"
#include "base/suggest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *text_at(const PGresult *rows, int row, int field)
{
    return PQgetisnull(rows, row, field) ? NULL : PQgetvalue(rows, row, field);
}

static struct slice bytes_at(const PGresult *rows, int row, int field)
{
    if (PQgetisnull(rows, row, field))
        return SLICE_NONE;
    return (struct slice){PQgetvalue(rows, row, field), (size_t)PQgetlength(rows, row, field)};
}

void dead_letter_read(const PGresult *rows, int row, struct dead_letter *out)
{
    const char *time_ms = text_at(rows, row, 6);
    *out = (struct dead_letter){
        .pipeline = PQgetvalue(rows, row, 0),
        .topic = PQgetvalue(rows, row, 1),
        .partition = (int32_t)strtol(PQgetvalue(rows, row, 2), NULL, 10),
        .record_offset = strtoll(PQgetvalue(rows, row, 3), NULL, 10),
        .item = (int)strtol(PQgetvalue(rows, row, 4), NULL, 10),
        .record_time = text_at(rows, row, 5),
        .timestamp_ms = time_ms ? strtoll(time_ms, NULL, 10) : -1,
        .key = bytes_at(rows, row, 7),
        .value = bytes_at(rows, row, 8),
        .headers = text_at(rows, row, 9),
        .column_name = text_at(rows, row, 10),
        .reason = text_at(rows, row, 11),
        .sqlstate = text_at(rows, row, 12),
        .seen_at = text_at(rows, row, 13),
        .replayed_at = text_at(rows, row, 14),
    };
}

static void add_places(struct buf *sql, struct arena *arena, const struct dead_filter *filter)
{
    buf_add_str(sql, " AND (topic, partition, record_offset) IN (");
    for (size_t i = 0; i < filter->n_places; i++)
        buf_printf(sql, "%s(%s,%" PRId32 ",%" PRId64 ")", i ? "," : "",
                   pg_quote_literal(arena, filter->places[i].topic), filter->places[i].partition,
                   filter->places[i].offset);
    buf_add_byte(sql, ')');
}

const char *dead_where(struct arena *arena, const struct dead_filter *filter)
{
    static const char *const which[] = {[DEAD_OPEN] = "replayed_at IS NULL",
                                        [DEAD_REPLAYED] = "replayed_at IS NOT NULL",
                                        [DEAD_ALL] = "TRUE"};
    struct buf sql;
    buf_init(&sql, 16 << 20);
    buf_add_str(&sql, which[filter->which]);
    if (filter->pipeline)
        buf_printf(&sql, " AND pipeline = %s", pg_quote_literal(arena, filter->pipeline));
    if (filter->topic)
        buf_printf(&sql, " AND topic = %s", pg_quote_literal(arena, filter->topic));
    if (filter->partition >= 0)
        buf_printf(&sql, " AND partition = %" PRId32, filter->partition);
    if (filter->column)
        buf_printf(&sql, " AND column_name = %s", pg_quote_literal(arena, filter->column));
    if (filter->reason)
        buf_printf(&sql, " AND strpos(reason, %s) > 0", pg_quote_literal(arena, filter->reason));
    if (filter->n_places > 0)
        add_places(&sql, arena, filter);
    const char *text = arena_strdup(arena, buf_str(&sql));
    buf_release(&sql);
    return text;
}

const char *dead_limit(struct arena *arena, const struct dead_filter *filter)
{
    return filter->limit > 0 ? arena_printf(arena, " LIMIT %" PRId64, filter->limit) : "";
}

int dead_explain(const PGconn *conn, const char *schema, struct err *err)
{
    if (!strcmp(err->code, "42P01") || !strcmp(err->code, "3F000"))
        return err_set_code(err, ERR_HALT, err->code,
                            "the database \"%s\" has no dead letters in a schema %s: no pipeline "
                            "has run into it, or with another --state-schema",
                            PQdb(conn), schema);
    return err_prefix(err, "%s.dead_letters", schema);
}

int dead_fail_unknown(PGconn *conn, struct arena *arena, const char *schema, const char *name,
                      struct err *err)
{
    PGresult *rows = pg_execf(conn, err, "SELECT name FROM %s.pipelines ORDER BY name", schema);
    if (!rows)
        return -1;
    size_t n = (size_t)PQntuples(rows);
    const char **known = arena_alloc(arena, (n + 1) * sizeof *known);
    const char *all = "";
    for (size_t i = 0; i < n; i++) {
        known[i] = PQgetvalue(rows, (int)i, 0);
        if (i < 20)
            all = arena_printf(arena, "%s%s%s", all, i ? ", " : "", known[i]);
    }
    const char *nearest = suggest_nearest(name, known, n);
    if (nearest)
        err_set(err, ERR_HALT,
                "no pipeline \"%s\" has run into this database; did you mean \"%s\"?", name,
                nearest);
    else
        err_set(err, ERR_HALT, "no pipeline \"%s\" has run into this database; those that have: %s",
                name, n ? all : "none");
    PQclear(rows);
    return -1;
}

#include "sink/dead.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "sink/postgres/dead_sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A connection for one of the calls below, and the filter in SQL. */
struct reader {
    struct arena arena;
    PGconn *conn;
    const char *schema; /* quoted */
    const char *from;   /* FROM .. WHERE what the filter asks for */
    const char *limit;
};

#define LAST_SEEN DEAD_UTC("max(seen_at)")

static void reader_close(struct reader *reader)
{
    PQfinish(reader->conn);
    arena_release(&reader->arena);
}

/* A mistyped name must not pass for a pipeline without letters; that of weir.yaml has a name. */
static int check_pipeline(struct reader *reader, const struct pipeline_config *config,
                          const char *name, struct err *err)
{
    if (!name || (config->name && strcmp(config->name, name) == 0))
        return 0;
    const char *literal = pg_quote_literal(&reader->arena, name);
    PGresult *row = pg_execf(reader->conn, err,
                             "SELECT EXISTS (SELECT FROM %s.pipelines WHERE name = %s)"
                             " OR EXISTS (SELECT FROM %s.dead_letters WHERE pipeline = %s)",
                             reader->schema, literal, reader->schema, literal);
    if (!row)
        return dead_explain(reader->conn, reader->schema, err);
    bool known = *PQgetvalue(row, 0, 0) == 't';
    PQclear(row);
    return known ? 0 : dead_fail_unknown(reader->conn, &reader->arena, reader->schema, name, err);
}

static int reader_open(struct reader *reader, const struct pipeline_config *config,
                       const struct dead_filter *filter, struct err *err)
{
    struct arena *arena = &reader->arena;
    struct pg_target target;
    *reader = (struct reader){.conn = NULL};
    arena_init(arena);
    reader->schema = pg_quote_ident(arena, config->state_schema);
    reader->from = arena_printf(arena, " FROM %s.dead_letters l WHERE %s", reader->schema,
                                dead_where(arena, filter));
    reader->limit = dead_limit(arena, filter);
    if (pg_target_resolve(&target, arena, config->database, "weir", err) == 0)
        reader->conn = pg_connect(&target, err);
    if (reader->conn && check_pipeline(reader, config, filter->pipeline, err) == 0)
        return 0;
    reader_close(reader);
    return -1;
}

enum form { FORM_TEXT, FORM_BINARY };

/* Each row of the answer as it comes. 0, or -1 with the reason why it ended early. */
static int each_row(struct reader *reader, const char *sql, enum form form,
                    void (*each)(void *context, const PGresult *row), void *context,
                    struct err *err)
{
    struct pg_fault fault;
    if (!PQsendQueryParams(reader->conn, sql, 0, NULL, NULL, NULL, NULL, form == FORM_BINARY)) {
        pg_fault_read(&fault, reader->conn, NULL);
        return pg_fault_err(&fault, err, "");
    }
    PQsetSingleRowMode(reader->conn);
    int rc = 0;
    for (PGresult *row = PQgetResult(reader->conn); row; row = PQgetResult(reader->conn)) {
        ExecStatusType status = PQresultStatus(row);
        if (status == PGRES_SINGLE_TUPLE) {
            each(context, row);
        } else if (status != PGRES_TUPLES_OK && rc == 0) {
            pg_fault_read(&fault, reader->conn, row);
            rc = pg_fault_err(&fault, err, "");
        }
        PQclear(row);
    }
    return rc < 0 ? dead_explain(reader->conn, reader->schema, err) : 0;
}

static const char *text_at(const PGresult *row, int field)
{
    return PQgetisnull(row, 0, field) ? NULL : PQgetvalue(row, 0, field);
}

struct letter_call {
    void (*each)(void *context, const struct dead_letter *letter);
    void *context;
};

static void give_letter(void *context, const PGresult *row)
{
    const struct letter_call *call = context;
    struct dead_letter letter;
    dead_letter_read(row, 0, &letter);
    call->each(call->context, &letter);
}

int dead_list(const struct pipeline_config *config, const struct dead_filter *filter,
              enum dead_order order, void (*each)(void *context, const struct dead_letter *letter),
              void *context, struct err *err)
{
    static const char *const orders[] = {
        [DEAD_NEWEST_FIRST] =
            "l.seen_at DESC, l.pipeline, l.topic, l.partition, l.record_offset DESC, l.item",
        [DEAD_OLDEST_FIRST] = "l.pipeline, l.topic, l.partition, l.record_offset, l.item"};
    struct reader reader;
    struct letter_call call = {each, context};
    if (reader_open(&reader, config, filter, err) < 0)
        return -1;
    const char *sql = arena_printf(&reader.arena, "SELECT " DEAD_LETTER_COLUMNS "%s ORDER BY %s%s",
                                   reader.from, orders[order], reader.limit);
    int rc = each_row(&reader, sql, FORM_BINARY, give_letter, &call, err);
    reader_close(&reader);
    return rc;
}

struct group_call {
    void (*each)(void *context, const struct dead_group *group);
    void *context;
};

static void give_group(void *context, const PGresult *row)
{
    const struct group_call *call = context;
    struct dead_group group = {
        .pipeline = PQgetvalue(row, 0, 0),
        .topic = PQgetvalue(row, 0, 1),
        .column_name = text_at(row, 2),
        .reason = text_at(row, 3),
        .sqlstate = text_at(row, 4),
        .letters = strtoll(PQgetvalue(row, 0, 5), NULL, 10),
        .example_partition = (int32_t)strtol(PQgetvalue(row, 0, 6), NULL, 10),
        .example_offset = strtoll(PQgetvalue(row, 0, 7), NULL, 10),
        .last_seen_at = text_at(row, 8),
    };
    call->each(call->context, &group);
}

/*
 * A reason without what is the record's own, so that a thousand bad numbers are one group: the
 * value it begins with (`"12abc" is not ...`), the place in the text (`(at byte 7)`), and the key
 * that the server names (`Key (id)=(7) already exists`).
 */
#define GENERAL_REASON                                                                             \
    "regexp_replace(regexp_replace(regexp_replace(reason,"                                         \
    " '^(\"[^\"]*\"|-?[0-9][^ ]*) ', '\u2026 '), '\\)=\\([^)]*\\)', ')=(\u2026)'),"                \
    " ' \\(at byte [0-9]+\\)', '')"

int dead_groups(const struct pipeline_config *config, const struct dead_filter *filter,
                void (*each)(void *context, const struct dead_group *group), void *context,
                struct err *err)
{
    struct reader reader;
    struct group_call call = {each, context};
    if (reader_open(&reader, config, filter, err) < 0)
        return -1;
    const char *sql = arena_printf(
        &reader.arena,
        "SELECT pipeline, topic, column_name, " GENERAL_REASON ", sqlstate, count(*),"
        " (array_agg(partition ORDER BY seen_at DESC, record_offset DESC))[1],"
        " (array_agg(record_offset ORDER BY seen_at DESC, record_offset DESC))[1], " LAST_SEEN
        "%s GROUP BY 1, 2, 3, 4, 5 ORDER BY count(*) DESC, 1, 2, 3, 4, 5%s",
        reader.from, reader.limit);
    int rc = each_row(&reader, sql, FORM_TEXT, give_group, &call, err);
    reader_close(&reader);
    return rc;
}

/* The file that the table is in: a new one after VACUUM FULL. 0 when it cannot be told. */
static long filenode(struct reader *reader)
{
    struct err ignored;
    const char *table = arena_printf(&reader->arena, "%s.dead_letters", reader->schema);
    PGresult *row = pg_execf(reader->conn, &ignored, "SELECT pg_relation_filenode(%s)",
                             pg_quote_literal(&reader->arena, table));
    long node = row ? strtol(PQgetvalue(row, 0, 0), NULL, 10) : 0;
    PQclear(row);
    return node;
}

/*
 * DELETE leaves the files as large as they were, and --dead-cap looks at the files: give the space
 * back. Ingest goes on meanwhile: a lock that is not free at once is tried for again.
 */
static void give_space_back(struct reader *reader)
{
    long before = filenode(reader);
    for (int tries = 0; tries < 20; tries++) {
        struct err ignored;
        PQclear(pg_execf(reader->conn, &ignored, "VACUUM (FULL, SKIP_LOCKED) %s.dead_letters",
                         reader->schema));
        if (filenode(reader) != before)
            return;
        clock_sleep_ms(100);
    }
    log_warn("",
             "the letters are gone but their space is not free yet; for --dead-cap let the owner "
             "of the table run: VACUUM FULL %s.dead_letters;",
             reader->schema);
}

int dead_prune(const struct pipeline_config *config, const struct dead_filter *filter,
               int64_t older_than_ms, int64_t *deleted, struct err *err)
{
    struct reader reader;
    if (reader_open(&reader, config, filter, err) < 0)
        return -1;
    PGresult *done = pg_execf(reader.conn, err,
                              "DELETE%s AND (%" PRId64 " = 0 OR seen_at < now() - %" PRId64
                              " * interval '1 millisecond')",
                              reader.from, older_than_ms, older_than_ms);
    int rc = done ? 0 : dead_explain(reader.conn, reader.schema, err);
    if (done) {
        *deleted = strtoll(PQcmdTuples(done), NULL, 10);
        PQclear(done);
        if (*deleted > 0)
            give_space_back(&reader);
    }
    reader_close(&reader);
    return rc;
}

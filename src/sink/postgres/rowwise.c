/*
 * The slow way where culprits are dense: the server itself tries row after row (design point 8).
 *
 * isolate.c needs three COPYs a culprit, and a COPY is paid for by the round trip, not by the row.
 * Here thousands of entries go into a temporary table without constraints, and one DO block moves
 * them over, each row in a subtransaction of its own. A row that is refused so, alone, is proven to
 * be a culprit; a second table tells which ones and with what error.
 *
 * It is a short cut and never a judge. Whatever else happens than refusals of the record's class
 * (pg_class.c) is rolled back and left to isolate.c: that the role may not make temporary tables,
 * that a domain refuses a value before it is staged, that a partition is missing, that a column has
 * the name of ours. The tables are dropped before the transaction ends, because a pooler hands the
 * session on; and it is no function, whose compiled form the session would keep.
 */
#include "sink/postgres/script.h"
#include "sink/postgres/store.h"

#include "base/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row for each refused one, and one with the number of rows stored, whose weir_at is NULL. */
enum { F_ROW, F_STATE, F_MESSAGE, F_DETAIL, F_COLUMN, F_CONSTRAINT };
#define REFUSED                                                                                    \
    "CREATE TEMP TABLE weir_refused (weir_at bigint, weir_state text, weir_message text,"          \
    " weir_detail text, weir_column text, weir_constraint text) ON COMMIT DROP;"

/*
 * An error of no class that a record may have ends it all; pg_class.c looks at the others once
 * more. OTHERS leaves out a cancelled statement, as it should, and ASSERT, which is like RAISE.
 */
#define DECLARE                                                                                    \
    "#variable_conflict error\n"                                                                   \
    "DECLARE weir_r record; weir_n bigint; weir_stored bigint := 0; weir_state text;"              \
    " weir_message text; weir_detail text; weir_column text; weir_constraint text;"                \
    " weir_from bigint := %zu; weir_to bigint := %zu; BEGIN"
#define ROWS_BEGIN                                                                                 \
    " FOR weir_r IN SELECT * FROM pg_temp.weir_rows WHERE weir_row >= weir_from"                   \
    " AND weir_row < weir_to ORDER BY weir_row LOOP BEGIN"
#define ROWS_END                                                                                   \
    " weir_stored := weir_stored + weir_n;"                                                        \
    " EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN"                                                \
    " GET STACKED DIAGNOSTICS weir_state = RETURNED_SQLSTATE, weir_message = MESSAGE_TEXT,"        \
    " weir_detail = PG_EXCEPTION_DETAIL, weir_column = COLUMN_NAME,"                               \
    " weir_constraint = CONSTRAINT_NAME;"                                                          \
    " IF left(weir_state, 2) NOT IN ('21', '22', '23', '27', '38', '39', '44', '54', 'P0')"        \
    " THEN RAISE; END IF;"                                                                         \
    " INSERT INTO pg_temp.weir_refused VALUES (weir_r.weir_row, weir_state,"                       \
    " left(weir_message, 1024), left(weir_detail, 512), weir_column, weir_constraint);"            \
    " END; END LOOP;"
#define TOTAL " INSERT INTO pg_temp.weir_refused VALUES (NULL, weir_stored); END"

/*
 * Where culprits stand further apart than this, a few rows are tried as one first: most of such
 * blocks hold none, and save all but one of their subtransactions.
 */
#define BLOCK_GAP 12
#define BLOCK_ENTRIES 16

/* `"a","b"` as fields of the loop's record. */
static void add_fields(struct buf *body, const char *columns)
{
    bool quoted = false;
    buf_add_str(body, "weir_r.");
    for (; *columns; columns++) {
        buf_add_byte(body, *columns);
        quoted ^= *columns == '"';
        if (*columns == ',' && !quoted)
            buf_add_str(body, "weir_r.");
    }
}

static const char *on_conflict(const struct lane *lane)
{
    return lane->store->config->on_conflict == CONFLICT_IGNORE ? " ON CONFLICT DO NOTHING" : "";
}

static void add_insert(struct lane *lane, struct buf *body, unsigned shape)
{
    const char *columns = row_shape_columns(lane->coder, shape);
    buf_printf(body, " IF weir_r.weir_row %% %d = %u THEN INSERT INTO %s (%s) VALUES (",
               ROW_MAX_SHAPES, shape, lane->table->quoted, columns);
    add_fields(body, columns);
    buf_printf(body, ")%s; GET DIAGNOSTICS weir_n = ROW_COUNT; END IF;", on_conflict(lane));
}

static void add_rows(struct lane *lane, struct buf *body, unsigned shapes)
{
    buf_add_str(body, ROWS_BEGIN);
    for (unsigned shape = 0; shape < ROW_MAX_SHAPES; shape++)
        if (shapes & 1U << shape)
            add_insert(lane, body, shape);
    buf_add_str(body, ROWS_END);
}

/* Block after block, and row by row through those that are refused. */
static void add_blocks(struct lane *lane, struct buf *body, unsigned shape, size_t end)
{
    const char *columns = row_shape_columns(lane->coder, shape);
    buf_printf(body,
               " WHILE weir_from < %zu LOOP weir_to := weir_from + %d; BEGIN"
               " INSERT INTO %s (%s) SELECT %s FROM pg_temp.weir_rows WHERE weir_row >= weir_from"
               " AND weir_row < weir_to ORDER BY weir_row%s; GET DIAGNOSTICS weir_n = ROW_COUNT;"
               " weir_stored := weir_stored + weir_n; EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN",
               end, BLOCK_ENTRIES * ROW_MAX_SHAPES, lane->table->quoted, columns, columns,
               on_conflict(lane));
    add_rows(lane, body, 1U << shape);
    buf_add_str(body, " END; weir_from := weir_to; END LOOP;");
}

/* Of the entries [from, to). */
static void build_loop(struct lane *lane, const struct staged *staged, size_t from, size_t to,
                       bool blocks, struct buf *sql)
{
    struct arena arena;
    struct buf body;
    unsigned shape = 0;

    while (!(staged->shapes & 1U << shape))
        shape++;
    arena_init(&arena);
    buf_init(&body, sql->max);
    buf_printf(&body, DECLARE, from * ROW_MAX_SHAPES, to * ROW_MAX_SHAPES);
    if (blocks)
        add_blocks(lane, &body, shape, to * ROW_MAX_SHAPES);
    else
        add_rows(lane, &body, staged->shapes);
    buf_add_str(&body, TOTAL);
    buf_printf(sql,
               "%s" REFUSED "DO %s; SELECT * FROM pg_temp.weir_refused ORDER BY weir_at NULLS LAST;"
               "DROP TABLE pg_temp.weir_rows, pg_temp.weir_refused",
               blocks ? "CREATE INDEX ON pg_temp.weir_rows (weir_row);" : "",
               pg_quote_literal(&arena, buf_str(&body)));
    buf_release(&body);
    arena_release(&arena);
}

static void read_refusal(struct pg_fault *fault, const PGresult *rows, int row)
{
    *fault = (struct pg_fault){0};
    pg_fault_copy_field(fault->sqlstate, sizeof(fault->sqlstate), PQgetvalue(rows, row, F_STATE));
    pg_fault_copy_field(fault->message, sizeof(fault->message), PQgetvalue(rows, row, F_MESSAGE));
    pg_fault_copy_field(fault->detail, sizeof(fault->detail), PQgetvalue(rows, row, F_DETAIL));
    pg_fault_copy_field(fault->column, sizeof(fault->column), PQgetvalue(rows, row, F_COLUMN));
    pg_fault_copy_field(fault->constraint, sizeof(fault->constraint),
                        PQgetvalue(rows, row, F_CONSTRAINT));
    fault->class = pg_class_of(fault->sqlstate, *fault->constraint != '\0');
}

/* All refused rows into dead letters, or none: -1 and *fault, which is no record's. */
static int take_refusals(struct lane *lane, struct batch_claim *claim, const PGresult *rows,
                         int64_t sent, struct pg_fault *fault)
{
    int refused = PQntuples(rows) - 1;
    assert(refused >= 0 && PQgetisnull(rows, refused, F_ROW));
    int64_t stored = strtoll(PQgetvalue(rows, refused, F_STATE), NULL, 10);
    for (int i = 0; i < refused; i++) {
        read_refusal(fault, rows, i);
        if (fault->class != PG_RECORD)
            return -1;
    }
    if (copy_account(lane, claim ? &claim->tally : NULL, sent - refused, stored, fault) < 0)
        return -1;
    for (int i = 0; i < refused; i++) {
        uint64_t row = strtoull(PQgetvalue(rows, i, F_ROW), NULL, 10);
        assert(row / ROW_MAX_SHAPES < lane->batch->n_entries);
        read_refusal(fault, rows, i);
        isolate_bury(lane, (uint32_t)(row / ROW_MAX_SHAPES), fault);
    }
    return refused;
}

static enum rowwise gave_up(const struct lane *lane, const struct pg_fault *fault)
{
    if (fault->class == PG_RETRY)
        return ROWWISE_FAULT;
    log_debug(lane->store->config->name, "the server cannot try row after row itself (%s: %s)",
              fault->sqlstate, fault->message);
    return ROWWISE_NOT;
}

enum rowwise rowwise_range(struct lane *lane, size_t from, size_t to, struct batch_claim *claim,
                           size_t gap, const char *before, struct pg_fault *fault, int64_t *hint,
                           size_t *refused)
{
    struct staged staged;
    struct script script;
    struct buf sql;

    *refused = 0;
    if (copy_stage(lane, from, to, claim, before, &staged, fault, hint) < 0) {
        if (fault->class != PG_RECORD)
            *hint = -1;
        return gave_up(lane, fault);
    }
    *hint = -1;
    if (staged.shapes == 0)
        return ROWWISE_DONE;
    /* Rows of several shapes would not keep their order in blocks. */
    bool blocks = gap > BLOCK_GAP && (staged.shapes & (staged.shapes - 1)) == 0;
    buf_init(&sql, (size_t)16 << 20);
    build_loop(lane, &staged, from, to, blocks, &sql);
    int rc = script_run(lane->conn, &script, buf_str(&sql), fault);
    if (rc == 0)
        rc = take_refusals(lane, claim, script_from_end(&script, 1), staged.rows, fault);
    script_clear(&script);
    buf_release(&sql);
    if (rc < 0)
        return gave_up(lane, fault);
    *refused = (size_t)rc;
    log_debug(lane->store->config->name, "the server tried %lld rows %s and refused %d",
              (long long)staged.rows, blocks ? "in blocks" : "one by one", rc);
    return ROWWISE_DONE;
}

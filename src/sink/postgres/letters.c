/*
 * Dead letters into weir.dead_letters, in the batch's own transaction.
 *
 * One statement takes arrays (array.h), one element a letter.
 *
 * Letters of before a --reset are set aside: `item` is below zero, no counter of weir.offsets has
 * them, and no new letter of their place can overwrite them. The topic may be another one by now,
 * or have lost their records, so they stay dead. Only when the very same record comes again (place,
 * time, key, value, headers) the letter has been seen to: replayed if it became no letter again,
 * and else the letter that is written anew.
 */
#include "sink/letter_headers.h"
#include "sink/postgres/array.h"
#include "sink/postgres/script.h"
#include "sink/postgres/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than this of keys and values goes into one statement only if it is one letter. */
#define CHUNK_BYTES ((size_t)64 << 20)
/* The end of the year 294276, the last that a timestamptz knows. */
#define TIME_MAX_MS INT64_C(9224318015999999)

enum {
    A_TOPIC,
    A_PARTITION,
    A_OFFSET,
    A_TIME,
    A_KEY,
    A_VALUE,
    A_HEADERS,
    A_COLUMN,
    A_REASON,
    A_SQLSTATE,
    ARRAYS
};

static const enum array_type array_types[ARRAYS] = {ARRAY_TEXT, ARRAY_INT4,  ARRAY_INT8,
                                                    ARRAY_INT8, ARRAY_BYTEA, ARRAY_BYTEA,
                                                    ARRAY_TEXT, ARRAY_TEXT,  ARRAY_TEXT,
                                                    ARRAY_TEXT};

static size_t add_letter(struct lane *lane, const struct letter *letter,
                         struct pg_array arrays[ARRAYS], struct buf *json)
{
    struct record record;
    batch_record(lane->batch, letter->entry, &record);
    array_add_str(&arrays[A_TOPIC], record.topic);
    array_add_int4(&arrays[A_PARTITION], record.partition);
    array_add_int8(&arrays[A_OFFSET], false, record.offset);
    bool no_time = record.timestamp_ms < 0 || record.timestamp_ms > TIME_MAX_MS;
    array_add_int8(&arrays[A_TIME], no_time, record.timestamp_ms);
    array_add(&arrays[A_KEY], record.key);
    array_add(&arrays[A_VALUE], record.value);
    letter_headers_write(json, &record);
    array_add(&arrays[A_HEADERS], buf_slice(json));
    array_add_str(&arrays[A_COLUMN], letter->column);
    array_add_reason(&arrays[A_REASON], letter->reason);
    array_add_str(&arrays[A_SQLSTATE], letter->sqlstate);
    return record.key.len + record.value.len + json->len;
}

static int send_arrays(struct lane *lane, struct pg_array arrays[ARRAYS], struct pg_fault *fault)
{
    struct arena arena;

    arena_init(&arena);
    const char *sql = arena_printf(
        &arena,
        "INSERT INTO %s.dead_letters (pipeline, topic, partition, record_offset, item,"
        " record_time, key, value, headers, column_name, reason, sqlstate)"
        " SELECT %s, topic, partition, record_offset, 0, to_timestamp(ms / 1000.0), key, value,"
        " headers::jsonb, column_name, reason, sqlstate"
        " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS"
        " l (topic, partition, record_offset, ms, key, value, headers, column_name, reason,"
        " sqlstate)"
        " ON CONFLICT (pipeline, topic, partition, record_offset, item) DO UPDATE SET"
        " record_time = excluded.record_time, key = excluded.key, value = excluded.value,"
        " headers = excluded.headers, column_name = excluded.column_name,"
        " reason = excluded.reason, sqlstate = excluded.sqlstate, seen_at = excluded.seen_at,"
        " replayed_at = NULL",
        lane->store->schema, lane->store->pipeline);
    PGresult *result = array_exec(lane->conn, sql, arrays, ARRAYS, fault);
    int rc = result ? 0 : -1;
    PQclear(result);
    arena_release(&arena);
    return rc;
}

/* As many letters as fit into one statement, from `from` on; returns where it stopped, 0: fault. */
static size_t insert_chunk(struct lane *lane, size_t from, struct pg_fault *fault)
{
    struct pg_array arrays[ARRAYS];
    struct buf json;
    size_t bytes = 0;
    size_t i = from;

    for (int k = 0; k < ARRAYS; k++)
        array_begin(&arrays[k], array_types[k]);
    buf_init(&json, (size_t)256 << 20);
    while (i < lane->n_letters && bytes < CHUNK_BYTES)
        bytes += add_letter(lane, &lane->letters[i++], arrays, &json);
    int rc = send_arrays(lane, arrays, fault);
    buf_release(&json);
    for (int k = 0; k < ARRAYS; k++)
        array_release(&arrays[k]);
    return rc < 0 ? 0 : i;
}

/* --dead-cap: nothing deletes letters but `weir dead prune`, so at the cap the pipeline halts. */
static int check_cap(struct lane *lane, struct pg_fault *fault)
{
    struct arena arena;
    struct script script;
    int64_t cap = lane->store->config->dead_cap_bytes;

    arena_init(&arena);
    const char *table = arena_printf(&arena, "%s.dead_letters", lane->store->schema);
    int rc = script_run(lane->conn, &script,
                        arena_printf(&arena, "SELECT pg_total_relation_size(%s)",
                                     pg_quote_literal(&arena, table)),
                        fault);
    if (rc == 0) {
        int64_t bytes = strtoll(PQgetvalue(script_from_end(&script, 0), 0, 0), NULL, 10);
        if (bytes > cap) {
            memset(fault, 0, sizeof(*fault));
            fault->class = PG_HALT;
            snprintf(fault->message, sizeof(fault->message),
                     "%s holds %" PRId64 " bytes and --dead-cap is %" PRId64
                     "; nothing was lost: make room with `weir dead prune`, or raise --dead-cap,"
                     " and start again",
                     table, bytes, cap);
            rc = -1;
        }
    }
    script_clear(&script);
    arena_release(&arena);
    return rc;
}

/* ---- Letters that were set aside ---- */

const char *letters_set_aside_sql(struct arena *arena, const char *schema, const char *pipeline)
{
    return arena_printf(
        arena,
        "UPDATE %s.dead_letters d SET item = (SELECT least(min(o.item), 0) FROM %s.dead_letters o"
        " WHERE o.pipeline = d.pipeline AND o.topic = d.topic AND o.partition = d.partition"
        " AND o.record_offset = d.record_offset) - 1 - d.item"
        " WHERE d.pipeline = %s AND d.item >= 0",
        schema, schema, pipeline);
}

struct aside_place {
    size_t claim;
    int64_t offset;
};

static int by_place(const void *a, const void *b)
{
    const struct aside_place *x = a;
    const struct aside_place *y = b;
    if (x->claim != y->claim)
        return x->claim < y->claim ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Where the batch passes letters that were set aside, in order. -1: fault. */
static int find_aside(struct lane *lane, struct aside_place **places, size_t *n,
                      struct pg_fault *fault)
{
    const struct batch *batch = lane->batch;
    struct script script;
    struct arena arena;
    struct buf sql;

    arena_init(&arena);
    buf_init(&sql, 16 << 20);
    buf_add_str(&sql, "SELECT v.claim, d.record_offset FROM (VALUES ");
    for (size_t i = 0; i < batch->n_claims; i++)
        buf_printf(&sql, "%s(%zu,%s,%" PRId32 ",%" PRId64 "::bigint,%" PRId64 "::bigint)",
                   i ? "," : "", i, pg_quote_literal(&arena, batch->claims[i].topic),
                   batch->claims[i].partition, batch->claims[i].expected, batch->claims[i].next);
    buf_printf(&sql,
               ") v (claim, topic, partition, low, high) JOIN %s.dead_letters d"
               " ON d.pipeline = %s AND d.topic = v.topic AND d.partition = v.partition"
               " AND d.record_offset >= v.low AND d.record_offset < v.high"
               " AND d.item < 0 AND d.replayed_at IS NULL ORDER BY 1, 2",
               lane->store->schema, lane->store->pipeline);
    int rc = script_run(lane->conn, &script, buf_str(&sql), fault);
    if (rc == 0) {
        const PGresult *rows = script_from_end(&script, 0);
        *n = (size_t)PQntuples(rows);
        *places = calloc(*n + 1, sizeof(**places));
        if (!*places)
            abort();
        for (size_t i = 0; i < *n; i++)
            (*places)[i] = (struct aside_place){strtoull(PQgetvalue(rows, (int)i, 0), NULL, 10),
                                                strtoll(PQgetvalue(rows, (int)i, 1), NULL, 10)};
    }
    script_clear(&script);
    buf_release(&sql);
    arena_release(&arena);
    return rc;
}

static bool passes_aside(const struct lane *lane, size_t entry, const struct aside_place *places,
                         size_t n)
{
    const struct batch_entry *e = &lane->batch->entries[entry];
    const struct aside_place key = {e->claim, e->offset};
    return !lane->batch->claims[e->claim].dropped &&
           bsearch(&key, places, n, sizeof(*places), by_place) != NULL;
}

/* The letters of these very records: dead anew in their old place, or done with. */
static int send_aside(struct lane *lane, struct pg_array arrays[ARRAYS + 1], struct pg_fault *fault)
{
    struct arena arena;
    arena_init(&arena);
    const char *sql = arena_printf(
        &arena,
        "UPDATE %s.dead_letters d SET item = CASE WHEN l.dead THEN 0 ELSE d.item END,"
        " replayed_at = CASE WHEN NOT l.dead THEN now() END"
        " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS"
        " l (topic, partition, record_offset, ms, key, value, headers, column_name, reason,"
        " sqlstate, dead)"
        " WHERE d.pipeline = %s AND d.topic = l.topic AND d.partition = l.partition"
        " AND d.record_offset = l.record_offset AND d.item < 0 AND d.replayed_at IS NULL"
        " AND d.record_time IS NOT DISTINCT FROM to_timestamp(l.ms / 1000.0)"
        " AND d.key IS NOT DISTINCT FROM l.key AND d.value IS NOT DISTINCT FROM l.value"
        " AND d.headers IS NOT DISTINCT FROM l.headers::jsonb",
        lane->store->schema, lane->store->pipeline);
    PGresult *result = array_exec(lane->conn, sql, arrays, ARRAYS + 1, fault);
    int rc = result ? 0 : -1;
    PQclear(result);
    arena_release(&arena);
    return rc;
}

/* From the entry `from` on, as many as fit; returns where it stopped, 0: fault. */
static size_t settle_aside_chunk(struct lane *lane, size_t from, const struct aside_place *places,
                                 size_t n, struct pg_fault *fault)
{
    struct pg_array arrays[ARRAYS + 1];
    struct buf json;
    size_t bytes = 0;
    size_t i = from;

    for (int k = 0; k < ARRAYS; k++)
        array_begin(&arrays[k], array_types[k]);
    array_begin(&arrays[ARRAYS], ARRAY_BOOL);
    buf_init(&json, (size_t)256 << 20);
    for (; i < lane->batch->n_entries && bytes < CHUNK_BYTES; i++) {
        if (!passes_aside(lane, i, places, n))
            continue;
        const struct letter letter = {.entry = (uint32_t)i, .reason = ""};
        bytes += add_letter(lane, &letter, arrays, &json);
        array_add_bool(&arrays[ARRAYS], lane->fates[i] == FATE_DEAD);
    }
    int rc = arrays[ARRAYS].n > 0 ? send_aside(lane, arrays, fault) : 0;
    buf_release(&json);
    for (int k = 0; k <= ARRAYS; k++)
        array_release(&arrays[k]);
    return rc < 0 ? 0 : i;
}

/* Before the new letters: one of them may be an old one that is dead again. */
static int settle_aside(struct lane *lane, struct pg_fault *fault)
{
    struct aside_place *places = NULL;
    size_t n = 0;
    if (!atomic_load(&lane->store->has_aside))
        return 0;
    int rc = find_aside(lane, &places, &n, fault);
    for (size_t done = 0; rc == 0 && n > 0 && done < lane->batch->n_entries;) {
        done = settle_aside_chunk(lane, done, places, n, fault);
        rc = done == 0 ? -1 : 0;
    }
    free(places);
    return rc;
}

/* ---- All ---- */

static int insert_all(struct lane *lane, struct pg_fault *fault)
{
    if (lane->n_letters == 0)
        return 0;
    if (check_cap(lane, fault) < 0)
        return -1;
    for (size_t done = 0; done < lane->n_letters;) {
        done = insert_chunk(lane, done, fault);
        if (done == 0)
            return -1;
    }
    return 0;
}

static int judge_share(struct lane *lane, struct pg_fault *fault)
{
    struct batch *batch = lane->batch;
    if (!dead_share_exceeds(&lane->store->share, (int64_t)batch->n_entries,
                            (int64_t)lane->n_letters))
        return 0;
    const struct letter *last = &lane->letters[lane->n_letters ? lane->n_letters - 1 : 0];
    memset(fault, 0, sizeof(*fault));
    fault->class = PG_HALT;
    snprintf(
        fault->message, sizeof(fault->message),
        "more than %.0f%% of the last %d records could not become rows%s%.300s; this batch was "
        "not committed and nothing is lost: mend the table, the column rules or the topic, "
        "look with --dry-run, or raise --max-dead-share",
        lane->store->config->max_dead_share * 100, DEAD_SHARE_WINDOW,
        lane->n_letters ? ", the last one because " : "", lane->n_letters ? last->reason : "");
    return -1;
}

int letters_bury(struct lane *lane, struct pg_fault *fault)
{
    if (judge_share(lane, fault) < 0 || settle_aside(lane, fault) < 0)
        return -1;
    return insert_all(lane, fault);
}

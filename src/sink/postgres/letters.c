/*
 * Dead letters into weir.dead_letters, in the batch's own transaction.
 *
 * One statement takes arrays, one element a letter, in PostgreSQL's binary array form, so that
 * values go over byte for byte and unescaped. A letter that stands there already (its offset was
 * read again after --reset) is written anew.
 */
#include "sink/postgres/script.h"
#include "sink/postgres/store.h"

#include "base/base64.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23, OID_TEXT = 25 };

/* More than this of keys and values goes into one statement only if it is one letter. */
#define CHUNK_BYTES ((size_t)64 << 20)

/* One column of the statement: a binary array that grows letter by letter. */
struct column_array {
    struct buf buf;
    uint32_t oid;
    uint32_t n;
};

/* ndim, flags (may hold nulls), element type, length (filled in at the end), lower bound */
static void array_begin(struct column_array *array, uint32_t oid)
{
    buf_init(&array->buf, (size_t)1 << 30);
    array->oid = oid;
    array->n = 0;
    buf_add_be32(&array->buf, 1);
    buf_add_be32(&array->buf, 1);
    buf_add_be32(&array->buf, oid);
    buf_add_be32(&array->buf, 0);
    buf_add_be32(&array->buf, 1);
}

static void array_add(struct column_array *array, struct slice value)
{
    array->n++;
    if (!value.ptr) {
        buf_add_be32(&array->buf, UINT32_MAX);
        return;
    }
    buf_add_be32(&array->buf, (uint32_t)value.len);
    buf_add_slice(&array->buf, value);
}

static void array_add_str(struct column_array *array, const char *text)
{
    array_add(array, text ? slice_of(text) : SLICE_NONE);
}

static void array_add_int4(struct column_array *array, int32_t v)
{
    array->n++;
    buf_add_be32(&array->buf, 4);
    buf_add_be32(&array->buf, (uint32_t)v);
}

static void array_add_int8(struct column_array *array, bool null, int64_t v)
{
    if (null) {
        array_add(array, SLICE_NONE);
        return;
    }
    array->n++;
    buf_add_be32(&array->buf, 8);
    buf_add_be64(&array->buf, (uint64_t)v);
}

static void array_end(struct column_array *array)
{
    if (array->buf.failed)
        return;
    unsigned char *at = (unsigned char *)array->buf.data + 12;
    at[0] = (unsigned char)(array->n >> 24);
    at[1] = (unsigned char)(array->n >> 16);
    at[2] = (unsigned char)(array->n >> 8);
    at[3] = (unsigned char)array->n;
}

/* jsonb refuses \u0000 and weir must not: such a byte in a header's name is shown as U+FFFD. */
static void add_header_name(struct buf *json, struct slice name)
{
    struct buf clean;
    buf_init(&clean, 1 << 20);
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i])
            buf_add_byte(&clean, name.ptr[i]);
        else
            buf_add_str(&clean, "\xEF\xBF\xBD");
    }
    buf_add_json(json, buf_slice(&clean));
    buf_release(&clean);
}

/* [{"key": name, "value": base64 or null}, ...] */
static void headers_json(struct buf *json, const struct record *record)
{
    buf_clear(json);
    buf_add_byte(json, '[');
    for (size_t i = 0; i < record->n_headers; i++) {
        buf_add_str(json, i ? ",{\"key\":" : "{\"key\":");
        add_header_name(json, record->headers[i].name);
        buf_add_str(json, ",\"value\":");
        if (record->headers[i].value.ptr) {
            buf_add_byte(json, '"');
            base64_encode(json, record->headers[i].value);
            buf_add_byte(json, '"');
        } else {
            buf_add_str(json, "null");
        }
        buf_add_byte(json, '}');
    }
    buf_add_byte(json, ']');
}

/* Text that the server takes: valid UTF-8, no NUL, of bounded length. */
static void array_add_reason(struct column_array *array, const char *text)
{
    struct slice reason = slice_of(text);
    if (reason.len > 2000)
        reason.len = 2000;
    reason.len = utf8_valid_prefix(reason);
    array_add(array, reason);
}

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

static const uint32_t array_oids[ARRAYS] = {OID_TEXT,  OID_INT4, OID_INT8, OID_INT8, OID_BYTEA,
                                            OID_BYTEA, OID_TEXT, OID_TEXT, OID_TEXT, OID_TEXT};
/* pg_type's OIDs of the arrays over them. */
static const Oid param_oids[ARRAYS] = {1009, 1007, 1016, 1016, 1001, 1001, 1009, 1009, 1009, 1009};

static size_t add_letter(struct lane *lane, const struct letter *letter,
                         struct column_array arrays[ARRAYS], struct buf *json)
{
    struct record record;
    batch_record(lane->batch, letter->entry, &record);
    array_add_str(&arrays[A_TOPIC], record.topic);
    array_add_int4(&arrays[A_PARTITION], record.partition);
    array_add_int8(&arrays[A_OFFSET], false, record.offset);
    array_add_int8(&arrays[A_TIME], record.timestamp_ms < 0, record.timestamp_ms);
    array_add(&arrays[A_KEY], record.key);
    array_add(&arrays[A_VALUE], record.value);
    headers_json(json, &record);
    array_add(&arrays[A_HEADERS], buf_slice(json));
    array_add_str(&arrays[A_COLUMN], letter->column);
    array_add_reason(&arrays[A_REASON], letter->reason);
    array_add_str(&arrays[A_SQLSTATE], letter->sqlstate);
    return record.key.len + record.value.len + json->len;
}

static int send_arrays(struct lane *lane, struct column_array arrays[ARRAYS],
                       struct pg_fault *fault)
{
    const char *values[ARRAYS];
    int lengths[ARRAYS];
    int formats[ARRAYS];
    struct arena arena;

    for (int i = 0; i < ARRAYS; i++) {
        array_end(&arrays[i]);
        values[i] = arrays[i].buf.data;
        lengths[i] = (int)arrays[i].buf.len;
        formats[i] = 1;
    }
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
    PGresult *result =
        PQexecParams(lane->conn, sql, ARRAYS, param_oids, values, lengths, formats, 0);
    int rc = 0;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        pg_fault_read(fault, lane->conn, result);
        rc = -1;
    }
    PQclear(result);
    arena_release(&arena);
    return rc;
}

/* As many letters as fit into one statement, from `from` on; returns where it stopped, 0: fault. */
static size_t insert_chunk(struct lane *lane, size_t from, struct pg_fault *fault)
{
    struct column_array arrays[ARRAYS];
    struct buf json;
    size_t bytes = 0;
    size_t i = from;

    for (int k = 0; k < ARRAYS; k++)
        array_begin(&arrays[k], array_oids[k]);
    buf_init(&json, (size_t)256 << 20);
    while (i < lane->n_letters && bytes < CHUNK_BYTES)
        bytes += add_letter(lane, &lane->letters[i++], arrays, &json);
    int rc = send_arrays(lane, arrays, fault);
    buf_release(&json);
    for (int k = 0; k < ARRAYS; k++)
        buf_release(&arrays[k].buf);
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

int letters_insert(struct lane *lane, struct pg_fault *fault)
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

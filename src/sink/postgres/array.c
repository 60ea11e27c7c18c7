#include "sink/postgres/array.h"

#include "base/json.h"

#include <assert.h>

/* pg_type's OIDs of the elements, and of the arrays over them. */
static const struct {
    Oid element;
    Oid array;
} oids[] = {
    [ARRAY_BOOL] = {16, 1000}, [ARRAY_BYTEA] = {17, 1001}, [ARRAY_INT4] = {23, 1007},
    [ARRAY_INT8] = {20, 1016}, [ARRAY_TEXT] = {25, 1009},
};

#define REASON_MAX_BYTES 2000

/* ndim, flags (may hold nulls), element type, length (filled in at the end), lower bound */
void array_begin(struct pg_array *array, enum array_type type)
{
    buf_init(&array->buf, (size_t)1 << 30);
    array->type = type;
    array->n = 0;
    buf_add_be32(&array->buf, 1);
    buf_add_be32(&array->buf, 1);
    buf_add_be32(&array->buf, oids[type].element);
    buf_add_be32(&array->buf, 0);
    buf_add_be32(&array->buf, 1);
}

void array_add(struct pg_array *array, struct slice value)
{
    array->n++;
    if (!value.ptr) {
        buf_add_be32(&array->buf, UINT32_MAX);
        return;
    }
    buf_add_be32(&array->buf, (uint32_t)value.len);
    buf_add_slice(&array->buf, value);
}

void array_add_str(struct pg_array *array, const char *text)
{
    array_add(array, text ? slice_of(text) : SLICE_NONE);
}

void array_add_reason(struct pg_array *array, const char *text)
{
    struct slice reason = slice_of(text);
    if (reason.len > REASON_MAX_BYTES)
        reason.len = REASON_MAX_BYTES;
    reason.len = utf8_valid_prefix(reason);
    array_add(array, reason);
}

void array_add_bool(struct pg_array *array, bool v)
{
    array->n++;
    buf_add_be32(&array->buf, 1);
    buf_add_byte(&array->buf, v);
}

void array_add_int4(struct pg_array *array, int32_t v)
{
    array->n++;
    buf_add_be32(&array->buf, 4);
    buf_add_be32(&array->buf, (uint32_t)v);
}

void array_add_int8(struct pg_array *array, bool null, int64_t v)
{
    if (null) {
        array_add(array, SLICE_NONE);
        return;
    }
    array->n++;
    buf_add_be32(&array->buf, 8);
    buf_add_be64(&array->buf, (uint64_t)v);
}

static void set_length(struct pg_array *array)
{
    if (array->buf.failed)
        return;
    unsigned char *at = (unsigned char *)array->buf.data + 12;
    at[0] = (unsigned char)(array->n >> 24);
    at[1] = (unsigned char)(array->n >> 16);
    at[2] = (unsigned char)(array->n >> 8);
    at[3] = (unsigned char)array->n;
}

void array_release(struct pg_array *array)
{
    buf_release(&array->buf);
}

PGresult *array_exec(PGconn *conn, const char *sql, struct pg_array arrays[], int n,
                     struct pg_fault *fault)
{
    const char *values[MAX_ARRAYS];
    int lengths[MAX_ARRAYS];
    int formats[MAX_ARRAYS];
    Oid types[MAX_ARRAYS];

    assert(n <= MAX_ARRAYS);
    for (int i = 0; i < n; i++) {
        set_length(&arrays[i]);
        values[i] = arrays[i].buf.data;
        lengths[i] = (int)arrays[i].buf.len;
        formats[i] = 1;
        types[i] = oids[arrays[i].type].array;
    }
    PGresult *result = PQexecParams(conn, sql, n, types, values, lengths, formats, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return result;
    pg_fault_read(fault, conn, result);
    PQclear(result);
    return NULL;
}

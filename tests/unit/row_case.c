#include "row_case.h"

#include <stdio.h>
#include <string.h>

void bench_open(struct row_bench *bench, struct column *columns, size_t n_columns,
                const struct row_policy *policy, size_t max_bytes)
{
    struct err err = {0};
    memset(bench, 0, sizeof *bench);
    bench->table = (struct table){.columns = columns, .n_columns = n_columns, .quoted = "\"t\""};
    for (size_t i = 0; i < n_columns; i++)
        if (!columns[i].type_name)
            columns[i].type_name = "its type";
    if (row_plan_new(&bench->plan, &bench->table, policy, &err) < 0)
        fail_msg("%s", err.text);
    bench->coder = row_coder_new(bench->plan);
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_init(&bench->sink.tuples[i], max_bytes);
    buf_init(&bench->sink.single, max_bytes);
}

void bench_close(struct row_bench *bench)
{
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_release(&bench->sink.tuples[i]);
    buf_release(&bench->sink.single);
    row_coder_free(bench->coder);
    row_plan_free(bench->plan);
}

enum row_outcome bench_encode_record(struct row_bench *bench, const struct record *record)
{
    return row_encode(bench->coder, record, &bench->sink, &bench->shape, &bench->reason);
}

enum row_outcome bench_encode(struct row_bench *bench, const char *json)
{
    struct guarded guarded = guard_end(slice_of(json));
    struct record record = {.topic = "topic", .value = guarded.text, .timestamp_ms = -1};
    enum row_outcome outcome = bench_encode_record(bench, &record);
    guard_release(&guarded);
    return outcome;
}

const char *bench_take_text(struct row_bench *bench, char *out, size_t out_bytes)
{
    snprintf(out, out_bytes, "%s", buf_str(&bench->sink.tuples[0]));
    buf_clear(&bench->sink.tuples[0]);
    return out;
}

/* The one field of a binary tuple as hexadecimal; "NULL". */
static void binary_field(struct slice tuple, char *out, size_t out_bytes)
{
    const unsigned char *p = (const unsigned char *)tuple.ptr;
    assert_true(tuple.len >= 6);
    assert_int_equal(p[0] << 8 | p[1], 1);
    uint32_t len = (uint32_t)p[2] << 24 | (uint32_t)p[3] << 16 | (uint32_t)p[4] << 8 | p[5];
    snprintf(out, out_bytes, "NULL");
    if (len == UINT32_MAX) {
        assert_int_equal(tuple.len, 6);
        return;
    }
    assert_int_equal(tuple.len, 6 + (size_t)len);
    assert_true(out_bytes > 2 * (size_t)len);
    out[0] = '\0';
    for (uint32_t i = 0; i < len; i++)
        snprintf(out + (size_t)2 * i, 3, "%02x", p[6 + i]);
}

static void text_field(struct slice tuple, char *out, size_t out_bytes)
{
    assert_true(tuple.len >= 1 && tuple.ptr[tuple.len - 1] == '\n');
    snprintf(out, out_bytes, "%.*s", (int)tuple.len - 1, tuple.ptr);
    if (strcmp(out, "\\N") == 0)
        snprintf(out, out_bytes, "NULL");
}

static void check_case(struct row_bench *bench, const char *json, const char *expected)
{
    char record[4096];
    char found[4096];
    snprintf(record, sizeof record, "{\"v\":%s}", json);
    struct buf *tuple = &bench->sink.tuples[0];
    buf_clear(tuple);
    enum row_outcome outcome = bench_encode(bench, record);
    if (outcome == ROW_DEAD) {
        assert_int_equal(tuple->len, 0);
        snprintf(found, sizeof found, "!%s", bench->reason.sqlstate);
    } else {
        assert_int_equal(outcome, ROW_STORED);
        if (row_plan_is_binary(bench->plan))
            binary_field(buf_slice(tuple), found, sizeof found);
        else
            text_field(buf_slice(tuple), found, sizeof found);
    }
    if (strcmp(found, expected) != 0)
        fail_msg("%s into %s COPY: expected %s, found %s (%s)", json,
                 row_plan_is_binary(bench->plan) ? "binary" : "text", expected, found,
                 outcome == ROW_DEAD ? bench->reason.text : "stored");
}

void check_cases(const struct column *column, const struct row_policy *policy,
                 const struct row_case *cases, size_t n)
{
    struct row_bench bench;
    struct column copy = *column;
    struct row_policy with = policy ? *policy : (struct row_policy){0};
    copy.name = "v";
    for (int text = 0; text <= 1; text++) {
        with.force_text = text;
        bench_open(&bench, &copy, 1, &with, (size_t)1 << 20);
        bool binary = row_plan_is_binary(bench.plan);
        for (size_t i = 0; i < n; i++) {
            const char *expected = binary ? cases[i].binary : cases[i].text;
            if (expected) /* an array has no binary form */
                check_case(&bench, cases[i].json, expected);
        }
        bench_close(&bench);
    }
}

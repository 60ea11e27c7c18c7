/*
 * Records of any bytes into tables of any shape. Asserted:
 *   - what is appended is a whole tuple, readable by COPY's rules in both forms; what is not leaves
 *     every buffer as it was, and says why in storable text;
 *   - a coder that has seen other records gives the same as one that has seen none;
 *   - binary and text COPY store and refuse the same records, for the same reason.
 *
 * Input: count of columns, three bytes each (type, limits, rule), policies, room, length of the
 * first record in two bytes, then the first and the second record.
 */
#include "base/json.h"
#include "sink/row.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_COLUMNS 6

struct input {
    const uint8_t *p;
    const uint8_t *end;
};

static uint8_t byte(struct input *in)
{
    return in->p < in->end ? *in->p++ : 0;
}

struct shape_of_table {
    struct table table;
    struct column columns[MAX_COLUMNS];
    struct column_rule rules[MAX_COLUMNS];
    struct row_policy policy;
    size_t room;
};

static const char *const names[MAX_COLUMNS] = {"a", "b", "A", "key", "x y", "\xC8\x99"};
static const char *const labels[] = {"a", "ok"};

static void read_column(struct input *in, struct column *column, const char *name)
{
    uint8_t type = byte(in);
    uint8_t limits = byte(in);
    *column =
        (struct column){.name = name, .type_name = "its type", .labels = labels, .n_labels = 2};
    column->type = (enum column_type)(type % (TYPE_OTHER + 1));
    column->element = (enum column_type)(limits % TYPE_ARRAY);
    column->max_chars = limits % 7;
    column->precision = limits % 3 ? limits % 20 : 0;
    column->scale = (limits >> 4) - 4;
    column->not_null = limits & 128;
    column->generated = type > 240;
    column->default_kind = (enum default_kind)(limits >> 2 & 3);
}

static void read_rule(struct input *in, struct shape_of_table *shape, const char *name)
{
    static const char *const pointers[] = {"/a", "/a/0", "/key/a", "", "/b/1/a", "/x y", "/a~1b"};
    uint8_t how = byte(in);
    if (how < 128)
        return;
    struct column_rule *rule = &shape->rules[shape->policy.n_rules++];
    *rule = (struct column_rule){.column = name, .from = pointers[how % 7]};
    rule->source = how < 200 ? COLUMN_POINTER : (enum column_source)(how % (COLUMN_HEADER + 1));
    rule->unit = (enum time_unit)(how >> 3 & 3);
}

static void read_shape(struct input *in, struct shape_of_table *shape)
{
    static const char *const zones[] = {"UTC", "Europe/Bucharest", "-03:30"};
    memset(shape, 0, sizeof *shape);
    size_t n = 1 + byte(in) % MAX_COLUMNS;
    for (size_t i = 0; i < n; i++) {
        read_column(in, &shape->columns[i], names[i]);
        read_rule(in, shape, names[i]);
    }
    uint8_t policies = byte(in);
    shape->table = (struct table){.columns = shape->columns, .n_columns = n, .quoted = "\"t\""};
    shape->table.before_row_triggers = policies & 1;
    shape->policy.on_unknown_key = (enum on_unknown_key)(policies >> 1 & 1);
    shape->policy.on_nul = (enum on_nul)(policies >> 2 & 1);
    shape->policy.on_too_long = (enum on_too_long)(policies >> 3 & 1);
    shape->policy.timezone = zones[policies % 3];
    shape->policy.rules = shape->rules;
    uint8_t room = byte(in);
    shape->room = room < 32 ? (size_t)room * 16 : (size_t)1 << 20;
}

static uint32_t be32(const char *at)
{
    const unsigned char *p = (const unsigned char *)at;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void check_binary(struct slice tuple, size_t fields)
{
    assert(tuple.len >= 2);
    assert(((unsigned char)tuple.ptr[0] << 8 | (unsigned char)tuple.ptr[1]) == (int)fields);
    size_t at = 2;
    for (size_t i = 0; i < fields; i++) {
        assert(tuple.len - at >= 4);
        uint32_t len = be32(tuple.ptr + at);
        at += 4;
        if (len == UINT32_MAX)
            continue;
        assert(len <= tuple.len - at);
        at += len;
    }
    assert(at == tuple.len);
}

static void check_text(struct slice tuple, size_t fields)
{
    size_t tabs = 0;
    assert(tuple.len >= 1 && tuple.ptr[tuple.len - 1] == '\n');
    tuple.len--;
    assert(utf8_valid_prefix(tuple) == tuple.len);
    for (size_t i = 0; i < tuple.len; i++) {
        assert(tuple.ptr[i] != '\n' && tuple.ptr[i] != '\r' && tuple.ptr[i] != '\0');
        tabs += tuple.ptr[i] == '\t';
        if (tuple.ptr[i] != '\\')
            continue;
        i++;
        assert(i < tuple.len && strchr("\\nrtN", tuple.ptr[i]));
    }
    assert(fields == 0 ? tabs == 0 : tabs == fields - 1);
}

/* Columns in a shape's list: names here hold neither quotes nor commas. */
static size_t count_columns(const char *list)
{
    size_t n = *list != '\0';
    for (; *list; list++)
        n += *list == ',';
    return n;
}

struct lane {
    const struct row_plan *plan;
    struct row_coder *coder;
    struct row_sink sink;
    enum row_outcome outcome;
    struct row_reason reason;
    struct slice tuple;
    unsigned shape;
};

static void lane_open(struct lane *lane, const struct row_plan *plan, size_t room)
{
    memset(lane, 0, sizeof *lane);
    lane->plan = plan;
    lane->coder = row_coder_new(plan);
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_init(&lane->sink.tuples[i], room);
    buf_init(&lane->sink.single, room);
    if (row_coder_stable_count(lane->coder) > 0)
        row_coder_set_stable(lane->coder, 0, SLICE_LIT("d"));
}

static void lane_close(struct lane *lane)
{
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_release(&lane->sink.tuples[i]);
    buf_release(&lane->sink.single);
    row_coder_free(lane->coder);
}

static size_t total_len(const struct lane *lane)
{
    size_t len = lane->sink.single.len;
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        len += lane->sink.tuples[i].len;
    return len;
}

static void check_stored(struct lane *lane, size_t before)
{
    struct buf *buf =
        lane->shape < ROW_MAX_SHAPES ? &lane->sink.tuples[lane->shape] : &lane->sink.single;
    size_t fields = count_columns(row_shape_columns(lane->coder, lane->shape));
    size_t added = total_len(lane) - before;
    assert(added > 0 && added <= buf->len && buf->len <= buf->max);
    lane->tuple = (struct slice){buf->data + buf->len - added, added};
    if (row_plan_is_binary(lane->plan))
        check_binary(lane->tuple, fields);
    else
        check_text(lane->tuple, fields);
}

static void lane_encode(struct lane *lane, const struct record *record)
{
    size_t before = total_len(lane);
    memset(&lane->reason, 0, sizeof lane->reason);
    lane->outcome = row_encode(lane->coder, record, &lane->sink, &lane->shape, &lane->reason);
    if (lane->outcome == ROW_STORED) {
        check_stored(lane, before);
        return;
    }
    assert(total_len(lane) == before);
    assert(lane->outcome != ROW_TOMBSTONE);
    assert(lane->outcome != ROW_FULL || before > 0);
    if (lane->outcome != ROW_DEAD)
        return;
    struct slice text = slice_of(lane->reason.text);
    assert(strlen(lane->reason.sqlstate) == 5 && text.len > 0);
    assert(utf8_valid_prefix(text) == text.len);
}

static void check_same(const struct lane *a, const struct lane *b)
{
    assert(a->outcome == b->outcome);
    if (a->outcome == ROW_DEAD) {
        assert(strcmp(a->reason.sqlstate, b->reason.sqlstate) == 0);
        assert(strcmp(a->reason.text, b->reason.text) == 0);
    }
}

/* Copies, so that a read beyond either end is found. */
static struct record copy_record(const uint8_t *p, size_t len)
{
    char *exact = malloc(len > 0 ? len : 1);
    memcpy(exact, p, len);
    return (struct record){.topic = "t",
                           .partition = 1,
                           .offset = 5,
                           .timestamp_ms = 1714557600123,
                           .key = {exact, len < 3 ? len : 3},
                           .value = {exact, len}};
}

static void run(const struct row_plan *plan, const struct row_plan *text_plan, size_t room,
                const struct record records[static 2])
{
    struct lane trained;
    struct lane fresh;
    struct lane text;
    lane_open(&trained, plan, room);
    lane_open(&fresh, plan, room);
    lane_open(&text, text_plan, (size_t)1 << 20);
    lane_encode(&trained, &records[0]);
    lane_encode(&trained, &records[0]);
    lane_encode(&trained, &records[1]);
    lane_encode(&fresh, &records[1]);
    lane_encode(&text, &records[1]);
    if (room >= (size_t)1 << 20) {
        check_same(&trained, &fresh);
        check_same(&fresh, &text);
        if (fresh.outcome == ROW_STORED)
            assert(slice_eq(trained.tuple, fresh.tuple));
    }
    lane_close(&trained);
    lane_close(&fresh);
    lane_close(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    struct shape_of_table shape;
    struct row_plan *plan;
    struct row_plan *text_plan;
    struct err err;
    read_shape(&in, &shape);
    size_t first = (size_t)byte(&in) << 8;
    first |= byte(&in);
    size_t left = (size_t)(in.end - in.p);
    first = first < left ? first : left;
    if (row_plan_new(&plan, &shape.table, &shape.policy, &err) < 0)
        return 0;
    struct row_policy text_policy = shape.policy;
    text_policy.force_text = true;
    assert(row_plan_new(&text_plan, &shape.table, &text_policy, &err) == 0);
    struct record records[2] = {copy_record(in.p, first), copy_record(in.p + first, left - first)};
    run(plan, text_plan, shape.room, records);
    for (int i = 0; i < 2; i++)
        free((char *)(uintptr_t)records[i].value.ptr);
    row_plan_free(plan);
    row_plan_free(text_plan);
    return 0;
}

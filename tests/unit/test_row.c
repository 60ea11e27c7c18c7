/* Records to tuples: keys, pointers, metadata, absent values, shapes, limits, and what is no JSON.
 */
#include "row_case.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOMY ((size_t)1 << 20)

static const struct row_policy text_policy = {.force_text = true};

/* What one record becomes in a table, as text COPY without the line's end; "!" and the SQLSTATE. */
static void expect(struct row_bench *bench, const char *json, const char *expected)
{
    char found[512];
    enum row_outcome outcome = bench_encode(bench, json);
    if (outcome == ROW_STORED) {
        bench_take_text(bench, found, sizeof found);
        found[strcspn(found, "\n")] = '\0';
    } else {
        assert_int_equal(outcome, ROW_DEAD);
        snprintf(found, sizeof found, "!%s", bench->reason.sqlstate);
    }
    if (strcmp(found, expected) != 0)
        fail_msg("%s: expected %s, found %s (%s)", json, expected, found,
                 outcome == ROW_DEAD ? bench->reason.text : "stored");
}

static void keys(void **state)
{
    struct column columns[] = {
        {.name = "a", .type = TYPE_TEXT},           {.name = "B", .type = TYPE_TEXT},
        {.name = "x", .type = TYPE_TEXT},           {.name = "X", .type = TYPE_TEXT},
        {.name = "\xC8\x99\"q", .type = TYPE_TEXT},
    };
    static const struct row_case cases[] = {
        {"{}", NULL, "\\N\t\\N\t\\N\t\\N\t\\N"},
        {"{\"a\":1,\"B\":2}", NULL, "1\t2\t\\N\t\\N\t\\N"},
        {"{\"A\":1,\"b\":2}", NULL, "1\t2\t\\N\t\\N\t\\N"},
        {"{\"x\":1,\"X\":2}", NULL, "\\N\t\\N\t1\t2\t\\N"},
        {"{\"a\":1,\"a\":2}", NULL, "2\t\\N\t\\N\t\\N\t\\N"}, /* the last one wins */
        {"{\"a\":1,\"A\":2}", NULL,
         "1\t\\N\t\\N\t\\N\t\\N"}, /* but the very name beats a likeness */
        {"{\"A\":2,\"a\":1}", NULL, "1\t\\N\t\\N\t\\N\t\\N"},
        {"{\"A\":2,\"A\":3}", NULL, "3\t\\N\t\\N\t\\N\t\\N"},
        {"{\"\\u0061\":1,\"\\u0219\\\"Q\":5}", NULL, "1\t\\N\t\\N\t\\N\t5"},
        {"{\"a\":null}", NULL, "\\N\t\\N\t\\N\t\\N\t\\N"},
        {"{\"a\":1,\"a\":null}", NULL, "\\N\t\\N\t\\N\t\\N\t\\N"},
        {" { \"a\" : 1 , \"B\" :2 } \n", NULL, "1\t2\t\\N\t\\N\t\\N"},
    };
    struct row_bench bench;
    (void)state;
    bench_open(&bench, columns, COUNT_OF(columns), &text_policy, ROOMY);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < COUNT_OF(cases); i++)
            expect(&bench, cases[i].json, cases[i].text);
    bench_close(&bench);
}

/* Two columns fit in any case, so neither is meant. */
static void ambiguous_case(void **state)
{
    struct column columns[] = {
        {.name = "ab", .type = TYPE_TEXT},
        {.name = "AB", .type = TYPE_TEXT},
    };
    const struct unknown_key *unknown;
    struct row_bench bench;
    (void)state;
    bench_open(&bench, columns, COUNT_OF(columns), &text_policy, ROOMY);
    expect(&bench, "{\"Ab\":1}", "\\N\t\\N");
    expect(&bench, "{\"AB\":1}", "\\N\t1");
    assert_int_equal(row_coder_unknown_keys(bench.coder, &unknown), 1);
    assert_string_equal(unknown[0].name, "Ab");
    bench_close(&bench);
}

/* Whatever order keys came in before, a record means what it means to a coder that never saw one.
 */
static void order_does_not_matter(void **state)
{
    static const char *const names[] = {"a", "b", "c",  "d",
                                        "e", "A", "zz", "a_key_that_is_longer_than_a_guess"};
    struct column columns[] = {
        {.name = "a", .type = TYPE_TEXT},
        {.name = "b", .type = TYPE_INT4},
        {.name = "c", .type = TYPE_TEXT},
        {.name = "d", .type = TYPE_TEXT},
        {.name = "e", .type = TYPE_TEXT},
        {.name = "a_key_that_is_longer_than_a_guess", .type = TYPE_TEXT},
    };
    struct column_rule rules[] = {{.column = "d", .source = COLUMN_POINTER, .from = "/a"},
                                  {.column = "e", .source = COLUMN_POINTER, .from = "/c/0"}};
    struct row_policy policy = {.force_text = true, .rules = rules, .n_rules = 2};
    struct row_bench trained;
    struct random random = {5};
    (void)state;
    bench_open(&trained, columns, COUNT_OF(columns), &policy, ROOMY);
    for (int i = 0; i < 3000; i++) {
        char json[512] = "{";
        char a[512];
        char b[512];
        uint32_t n = random_below(&random, 10);
        for (uint32_t k = 0; k < n; k++) {
            const char *comma = k == 0                     ? ""
                                : random_below(&random, 9) ? ", "
                                : random_below(&random, 9) ? ","
                                                           : " ,";
            if (random_below(&random, 300) == 0)
                comma = ""; /* malformed */
            snprintf(json + strlen(json), 64, "%s\"%s\"%s%s", comma,
                     names[random_below(&random, 4) ? k % COUNT_OF(names)
                                                    : random_below(&random, COUNT_OF(names))],
                     random_below(&random, 5) ? ": " : ":",
                     random_below(&random, 3)   ? "12"
                     : random_below(&random, 2) ? "\"34\""
                                                : "[5]");
        }
        snprintf(json + strlen(json), 2, "}");
        struct row_bench fresh;
        bench_open(&fresh, columns, COUNT_OF(columns), &policy, ROOMY);
        enum row_outcome outcome = bench_encode(&trained, json);
        assert_int_equal(bench_encode(&fresh, json), outcome);
        if (outcome == ROW_DEAD)
            assert_string_equal(trained.reason.text, fresh.reason.text);
        assert_string_equal(bench_take_text(&trained, a, sizeof a),
                            bench_take_text(&fresh, b, sizeof b));
        bench_close(&fresh);
    }
    bench_close(&trained);
}

/* More keys than a coder remembers, none of them twice. */
static void endless_keys(void **state)
{
    struct column columns[] = {{.name = "a", .type = TYPE_TEXT}};
    const struct unknown_key *unknown;
    struct row_bench bench;
    char json[128];
    (void)state;
    bench_open(&bench, columns, 1, &text_policy, ROOMY);
    for (int i = 0; i < 3000; i++) {
        snprintf(json, sizeof json, "{\"k%d\":1,\"k%d\":1,\"a\":%d,\"%*d\":2}", i, i, i, 40, i);
        char expected[16];
        snprintf(expected, sizeof expected, "%d", i);
        expect(&bench, json, expected);
    }
    assert_int_equal(row_coder_unknown_keys(bench.coder, &unknown), 256);
    assert_string_equal(unknown[0].name, "k0");
    assert_int_equal(unknown[0].records, 1);
    bench_close(&bench);
}

static void unknown_keys(void **state)
{
    struct column columns[] = {{.name = "a", .type = TYPE_TEXT},
                               {.name = "g", .type = TYPE_TEXT, .generated = true}};
    const struct unknown_key *unknown;
    struct row_bench bench;
    struct row_policy dead = {.force_text = true, .on_unknown_key = UNKNOWN_KEY_DEAD};
    (void)state;
    bench_open(&bench, columns, 2, &text_policy, ROOMY);
    expect(&bench, "{\"a\":1,\"z\":2,\"z\":3}", "1");
    expect(&bench, "{\"z\":2,\"g\":3,\"x\\\"); DROP TABLE t\":1,\"%s%n\":1}", "\\N");
    expect(&bench, "{\"n\\u0000\":1}", "\\N");
    assert_int_equal(row_coder_unknown_keys(bench.coder, &unknown), 5);
    assert_string_equal(unknown[0].name, "z");
    assert_int_equal(unknown[0].records, 2);
    assert_string_equal(unknown[1].name, "g");
    assert_string_equal(unknown[2].name, "x\"); DROP TABLE t");
    assert_string_equal(unknown[3].name, "%s%n");
    assert_string_equal(unknown[4].name, "n\\u0000");
    bench_close(&bench);

    bench_open(&bench, columns, 2, &dead, ROOMY);
    for (int i = 0; i < 2; i++) {
        expect(&bench, "{\"a\":1,\"z\":2}", "!42703");
        assert_string_equal(bench.reason.text, "\"z\" is a key that no column takes");
        expect(&bench, "{\"g\":1}", "!42703");
    }
    bench_close(&bench);
}

static void pointers(void **state)
{
    struct column columns[] = {
        {.name = "city", .type = TYPE_TEXT},  {.name = "second", .type = TYPE_INT4},
        {.name = "odd", .type = TYPE_TEXT},   {.name = "address", .type = TYPE_JSON},
        {.name = "whole", .type = TYPE_JSON}, {.name = "copy", .type = TYPE_TEXT},
        {.name = "empty", .type = TYPE_TEXT}, {.name = "padded", .type = TYPE_TEXT},
    };
    struct column_rule rules[] = {
        {.column = "city", .source = COLUMN_POINTER, .from = "/address/city"},
        {.column = "second", .source = COLUMN_POINTER, .from = "/list/1"},
        {.column = "odd", .source = COLUMN_POINTER, .from = "/a~1b/c~0d"},
        {.column = "whole", .source = COLUMN_POINTER, .from = ""},
        {.column = "copy", .source = COLUMN_POINTER, .from = "/name"},
        {.column = "empty", .source = COLUMN_POINTER, .from = "/"},
        {.column = "padded", .source = COLUMN_POINTER, .from = "/list/01"}, /* no index */
    };
    struct row_policy policy = {.force_text = true, .rules = rules, .n_rules = COUNT_OF(rules)};
    struct row_bench bench;
    (void)state;
    bench_open(&bench, columns, COUNT_OF(columns), &policy, ROOMY);
    expect(&bench, "{\"address\":{\"city\":\"Iasi\"}}",
           "Iasi\t\\N\t\\N\t{\"city\":\"Iasi\"}\t{\"address\":{\"city\":\"Iasi\"}}\t\\N\t\\N\t\\N");
    expect(&bench, "{\"list\":[1,2,3],\"a/b\":{\"c~d\":\"x\"},\"\":7}",
           "\\N\t2\tx\t\\N\t{\"list\":[1,2,3],\"a/b\":{\"c~d\":\"x\"},\"\":7}\t\\N\t7\t\\N");
    expect(&bench, "{\"list\":[1]}", "\\N\t\\N\t\\N\t\\N\t{\"list\":[1]}\t\\N\t\\N\t\\N");
    expect(&bench, "{\"list\":{\"1\":5}}", "\\N\t5\t\\N\t\\N\t{\"list\":{\"1\":5}}\t\\N\t\\N\t\\N");
    expect(&bench, "{\"address\":\"x\"}",
           "\\N\t\\N\t\\N\t\"x\"\t{\"address\":\"x\"}\t\\N\t\\N\t\\N");
    /* A pointer is exact, and a column with a rule takes no key of its own name. */
    expect(&bench, "{\"Name\":1,\"city\":2,\"copy\":3}",
           "\\N\t\\N\t\\N\t\\N\t{\"Name\":1,\"city\":2,\"copy\":3}\t\\N\t\\N\t\\N");
    expect(&bench, "{\"address\":{\"city\":1,\"city\":2}}",
           "2\t\\N\t\\N\t{\"city\":1,\"city\":2}\t{\"address\":{\"city\":1,\"city\":2}}"
           "\t\\N\t\\N\t\\N");
    bench_close(&bench);
}

static void metadata(void **state)
{
    struct column columns[] = {
        {.name = "topic", .type = TYPE_VARCHAR, .max_chars = 20},
        {.name = "part", .type = TYPE_INT4},
        {.name = "off", .type = TYPE_INT8},
        {.name = "at", .type = TYPE_TIMESTAMPTZ},
        {.name = "key", .type = TYPE_TEXT},
        {.name = "head", .type = TYPE_INT4},
        {.name = "bytes", .type = TYPE_BYTEA},
        {.name = "js", .type = TYPE_JSONB},
        {.name = "at_text", .type = TYPE_TEXT},
    };
    struct column_rule rules[] = {
        {.column = "topic", .source = COLUMN_TOPIC},
        {.column = "part", .source = COLUMN_PARTITION},
        {.column = "off", .source = COLUMN_OFFSET},
        {.column = "at", .source = COLUMN_TIMESTAMP},
        {.column = "key", .source = COLUMN_KEY},
        {.column = "head", .source = COLUMN_HEADER, .from = "n"},
        {.column = "bytes", .source = COLUMN_KEY},
        {.column = "js", .source = COLUMN_KEY},
        {.column = "at_text", .source = COLUMN_TIMESTAMP},
    };
    struct row_policy policy = {.force_text = true, .rules = rules, .n_rules = COUNT_OF(rules)};
    struct record_header headers[] = {{SLICE_LIT("n"), SLICE_LIT("1")},
                                      {SLICE_LIT("n"), SLICE_LIT("42")},
                                      {SLICE_LIT("m"), SLICE_LIT("x")}};
    struct record record = {.topic = "t",
                            .partition = 3,
                            .offset = 9000000000,
                            .timestamp_ms = 1714557600123,
                            .key = SLICE_LIT("k\t\"\\u"),
                            .value = SLICE_LIT("{}"),
                            .headers = headers,
                            .n_headers = 3};
    struct row_bench bench;
    char found[512];
    (void)state;
    bench_open(&bench, columns, COUNT_OF(columns), &policy, ROOMY);
    assert_int_equal(bench_encode_record(&bench, &record), ROW_STORED);
    assert_string_equal(
        bench_take_text(&bench, found, sizeof found),
        "t\t3\t9000000000\t2024-05-01 10:00:00.123000+00\tk\\t\"\\\\u\t42\t\\\\x6b09225c75\t"
        "\"k\\\\t\\\\\"\\\\\\\\u\"\t2024-05-01T10:00:00.123Z\n");
    record = (struct record){.topic = "t", .timestamp_ms = -1, .value = SLICE_LIT("{}")};
    assert_int_equal(bench_encode_record(&bench, &record), ROW_STORED);
    assert_string_equal(bench_take_text(&bench, found, sizeof found),
                        "t\t0\t0\t\\N\t\\N\t\\N\t\\N\t\\N\t\\N\n");
    record.key = SLICE_LIT("\xFF");
    assert_int_equal(bench_encode_record(&bench, &record), ROW_DEAD);
    assert_string_equal(bench.reason.sqlstate, "22021");
    assert_string_equal(bench.reason.column, "key");
    record.key = SLICE_LIT("a\0b");
    assert_int_equal(bench_encode_record(&bench, &record), ROW_DEAD);
    assert_string_equal(bench.reason.sqlstate, "22021");
    bench_close(&bench);
}

static void bad_rules(void **state)
{
    struct column columns[] = {
        {.name = "a", .type = TYPE_TEXT},
        {.name = "n", .type = TYPE_INT4},
        {.name = "g", .type = TYPE_TEXT, .generated = true},
        {.name = "b", .type = TYPE_BOOL},
        {.name = "city", .type = TYPE_TEXT},
    };
    static const struct column_rule bad[] = {
        {.column = "nope", .source = COLUMN_TOPIC},
        {.column = "g", .source = COLUMN_TOPIC},
        {.column = "a", .source = COLUMN_POINTER, .from = "a"},
        {.column = "a", .source = COLUMN_POINTER, .from = "/a~2"},
        {.column = "a", .source = COLUMN_POINTER, .from = "/a~"},
        {.column = "a", .source = COLUMN_POINTER, .from = "/a", .unit = TIME_UNIT_S},
        {.column = "n", .source = COLUMN_TOPIC},
        {.column = "n", .source = COLUMN_OFFSET},
        {.column = "b", .source = COLUMN_TIMESTAMP},
        {.column = "b", .source = COLUMN_PARTITION},
    };
    struct table table = {.columns = columns, .n_columns = COUNT_OF(columns), .quoted = "\"t\""};
    struct row_plan *plan;
    struct err err;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct column_rule rule = bad[i];
        struct row_policy policy = {.rules = &rule, .n_rules = 1};
        rule.line = 12;
        if (row_plan_new(&plan, &table, &policy, &err) == 0)
            fail_msg("rule %zu was accepted", i);
        assert_int_equal(err.class, ERR_USAGE);
        assert_non_null(strstr(err.text, "line 12: columns: "));
        assert_non_null(strstr(err.text, rule.column));
    }
    struct column_rule mistyped = {.column = "citty", .source = COLUMN_TOPIC};
    struct row_policy near = {.rules = &mistyped, .n_rules = 1};
    assert_int_equal(row_plan_new(&plan, &table, &near, &err), -1);
    assert_string_equal(err.text,
                        "columns: citty: there is no such column in \"t\"; did you mean city?");
    struct row_policy zone = {.timezone = "Mars/Olympus"};
    assert_int_equal(row_plan_new(&plan, &table, &zone, &err), -1);
    struct column_rule twice[] = {{.column = "a", .source = COLUMN_TOPIC},
                                  {.column = "a", .source = COLUMN_KEY}};
    struct row_policy doubled = {.rules = twice, .n_rules = 2};
    assert_int_equal(row_plan_new(&plan, &table, &doubled, &err), -1);
}

static void absent_values(void **state)
{
    struct column columns[] = {
        {.name = "must", .type = TYPE_INT4, .not_null = true},
        {.name = "stable", .type = TYPE_TEXT, .default_kind = DEFAULT_STABLE},
        {.name = "both", .type = TYPE_TEXT, .default_kind = DEFAULT_STABLE, .not_null = true},
    };
    struct row_bench bench;
    (void)state;
    bench_open(&bench, columns, COUNT_OF(columns), &text_policy, ROOMY);
    assert_int_equal(row_coder_stable_count(bench.coder), 2);
    assert_string_equal(row_coder_stable_column(bench.coder, 1)->name, "both");
    expect(&bench, "{\"must\":1}", "!23502");
    assert_string_equal(bench.reason.column, "both");
    row_coder_set_stable(bench.coder, 0, SLICE_LIT("a\tb"));
    row_coder_set_stable(bench.coder, 1, SLICE_LIT(""));
    expect(&bench, "{\"must\":1}", "1\ta\\tb\t");
    expect(&bench, "{\"must\":1,\"stable\":null}", "1\t\\N\t");
    expect(&bench, "{\"must\":1,\"both\":null}", "!23502");
    expect(&bench, "{}", "!23502");
    assert_string_equal(bench.reason.column, "must");
    expect(&bench, "{\"must\":null}", "!23502");
    row_coder_set_stable(bench.coder, 0, SLICE_NONE);
    expect(&bench, "{\"must\":1}", "1\t\\N\t");
    bench_close(&bench);
}

/* A trigger may fill in what the record leaves out: only the server can tell. */
static void triggers_may_fill(void **state)
{
    struct column columns[] = {
        {.name = "must", .type = TYPE_INT4, .not_null = true, .type_name = "integer"}};
    struct table table = {.columns = columns,
                          .n_columns = 1,
                          .quoted = "\"t\"",
                          .before_row_triggers = true};
    struct row_bench bench;
    struct err err;
    (void)state;
    bench_open(&bench, columns, 1, &text_policy, ROOMY);
    row_coder_free(bench.coder);
    row_plan_free(bench.plan);
    assert_int_equal(row_plan_new(&bench.plan, &table, &text_policy, &err), 0);
    bench.coder = row_coder_new(bench.plan);
    expect(&bench, "{}", "\\N");
    bench_close(&bench);
}

static void shapes(void **state)
{
    struct column columns[] = {
        {.name = "a", .type = TYPE_TEXT},
        {.name = "id", .type = TYPE_INT4, .default_kind = DEFAULT_VOLATILE, .not_null = true},
        {.name = "q\"", .type = TYPE_TEXT, .default_kind = DEFAULT_VOLATILE},
        {.name = "r", .type = TYPE_TEXT, .default_kind = DEFAULT_VOLATILE},
        {.name = "s", .type = TYPE_TEXT, .default_kind = DEFAULT_IDENTITY},
    };
    struct row_bench bench;
    char json[128];
    (void)state;
    bench_open(&bench, columns, COUNT_OF(columns), &text_policy, ROOMY);
    expect(&bench, "{\"id\":1,\"q\\\"\":2,\"r\":3,\"s\":4}", "\\N\t1\t2\t3\t4");
    assert_int_equal(bench.shape, 0);
    assert_string_equal(row_shape_columns(bench.coder, 0), "\"a\",\"id\",\"q\"\"\",\"r\",\"s\"");
    assert_int_equal(bench_encode(&bench, "{\"a\":1}"), ROW_STORED);
    assert_int_equal(bench.shape, 1);
    assert_string_equal(row_shape_columns(bench.coder, 1), "\"a\"");
    assert_string_equal(buf_str(&bench.sink.tuples[1]), "1\n");
    expect(&bench, "{\"id\":null,\"q\\\"\":2,\"r\":3,\"s\":4}", "!23502"); /* null is not absent */
    for (int absent = 0; absent < 16; absent++) {
        snprintf(json, sizeof json, "{\"a\":1%s%s%s%s}", absent & 1 ? "" : ",\"id\":1",
                 absent & 2 ? "" : ",\"q\\\"\":2", absent & 4 ? "" : ",\"r\":3",
                 absent & 8 ? "" : ",\"s\":4");
        buf_clear(&bench.sink.single);
        assert_int_equal(bench_encode(&bench, json), ROW_STORED);
        if (bench.shape < ROW_MAX_SHAPES)
            continue;
        assert_int_equal(bench.shape, ROW_MAX_SHAPES);
        const char *columns_of_it = row_shape_columns(bench.coder, bench.shape);
        assert_int_equal(strstr(columns_of_it, "\"r\"") == NULL, (absent & 4) != 0);
        assert_true(bench.sink.single.len > 0);
    }
    assert_int_equal(bench.shape, 1); /* all four are absent: a shape known before */
    bench_close(&bench);
}

static void limits(void **state)
{
    struct column columns[] = {{.name = "a", .type = TYPE_TEXT}, {.name = "b", .type = TYPE_INT4}};
    struct row_policy policy = {0};
    const struct unknown_key *unknown;
    struct row_bench bench;
    char big[512];
    (void)state;
    bench_open(&bench, columns, 2, &policy, 300);
    assert_int_equal(bench_encode(&bench, "{\"a\":\"x\",\"b\":1,\"z\":1}"), ROW_STORED);
    size_t len = bench.sink.tuples[0].len;
    assert_int_equal(len, 2 + 4 + 1 + 4 + 4);
    snprintf(big, sizeof big, "{\"a\":\"%0200d\",\"b\":1,\"z\":1}", 0);
    enum row_outcome outcome = ROW_STORED;
    while ((outcome = bench_encode(&bench, big)) == ROW_STORED)
        len = bench.sink.tuples[0].len;
    assert_int_equal(outcome, ROW_FULL);
    assert_int_equal(bench.sink.tuples[0].len, len);
    assert_false(bench.sink.tuples[0].failed);
    buf_clear(&bench.sink.tuples[0]);
    assert_int_equal(bench_encode(&bench, big), ROW_STORED);
    row_coder_unknown_keys(bench.coder, &unknown);
    assert_int_equal(unknown[0].records, 3); /* the refused call is not counted */
    buf_clear(&bench.sink.tuples[0]);
    snprintf(big, sizeof big, "{\"a\":\"%0300d\"}", 0);
    assert_int_equal(bench_encode(&bench, big), ROW_DEAD);
    assert_string_equal(bench.reason.sqlstate, "54000");
    assert_int_equal(bench.sink.tuples[0].len, 0);
    /* A row that fills the buffer to its last byte is not too large. */
    snprintf(big, sizeof big, "{\"a\":\"%0*d\"}", 300 - 2 - 4 - 4, 0);
    assert_int_equal(bench_encode(&bench, big), ROW_STORED);
    assert_int_equal(bench.sink.tuples[0].len, 300);
    bench_close(&bench);
}

struct not_json {
    struct slice value;
    const char *sqlstate;
    const char *text; /* in the reason */
};

static void what_is_no_json(void **state)
{
    static const struct {
        const char *value;
        size_t len; /* 0: strlen */
        const char *sqlstate;
        const char *text;
    } cases[] = {
        {"Hellow", 0, "22P02", "not JSON"},
        {"", 0, "22P02", "an empty value"},
        {"  ", 0, "22P02", "an empty value"},
        {"[1]", 0, "22P02", "an array"},
        {"1", 0, "22P02", "a number"},
        {"\"x\"", 0, "22P02", "a string"},
        {"null", 0, "22P02", "null"},
        {"true", 0, "22P02", "true"},
        {"{\"a\":", 0, "22P02", "ends in the middle"},
        {"{\"a\":1}{\"a\":1}", 0, "22P02", "trailing bytes"},
        {"\xEF\xBB\xBF{\"a\":1}", 0, "22P02", "byte order mark"},
        {"{\"a\":\"\xFF\"}", 0, "22021", "invalid UTF-8"},
        {"{\"a\":\"\\ud800\"}", 0, "22P02", "lone surrogate"},
        {"{\"a\":NaN}", 0, "22P02", "NaN"},
        {"{\"a\":01}", 0, "22P02", "malformed number"},
        {"\0\0\0\0\x07\x01\x02", 7, "0A000", "Confluent's wire format (magic byte 0, schema id 7)"},
        {"Obj\x01 avro", 0, "0A000", "Avro is not supported"},
        {"\x08\x96\x01\x12\x03"
         "abc",
         0, "0A000", "Protobuf is not supported"},
        {"\x1F\x8B\x08...", 0, "0A000", "gzip"},
        {"\0", 1, "22P02", "not JSON"},
    };
    struct column columns[] = {{.name = "a", .type = TYPE_TEXT}};
    struct row_bench bench;
    (void)state;
    bench_open(&bench, columns, 1, &text_policy, ROOMY);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t len = cases[i].len ? cases[i].len : strlen(cases[i].value);
        struct record record = {.topic = "t", .value = {cases[i].value, len}};
        assert_int_equal(bench_encode_record(&bench, &record), ROW_DEAD);
        assert_null(bench.reason.column);
        if (strcmp(bench.reason.sqlstate, cases[i].sqlstate) != 0 ||
            !strstr(bench.reason.text, cases[i].text))
            fail_msg("case %zu: %s %s", i, bench.reason.sqlstate, bench.reason.text);
    }
    struct record tombstone = {.topic = "t"};
    assert_int_equal(bench_encode_record(&bench, &tombstone), ROW_TOMBSTONE);
    expect(&bench, "{\"a\":1}", "1"); /* none of it stays behind */
    bench_close(&bench);
}

static void deep_nesting(void **state)
{
    struct column columns[] = {{.name = "a", .type = TYPE_JSON}};
    struct row_bench bench;
    char json[20100];
    (void)state;
    bench_open(&bench, columns, 1, &text_policy, ROOMY);
    int n = snprintf(json, sizeof json, "{\"a\":%020000d}", 0);
    assert_int_equal(n, 20006);
    memset(json + 5, '[', 10000);
    memset(json + 10005, ']', 10000);
    expect(&bench, json, "!54001");
    bench_close(&bench);
}

/* What a dead letter says must itself be storable text, whatever was in the record. */
static void reasons_are_text(void **state)
{
    struct column columns[] = {{.name = "a", .type = TYPE_INT4}};
    struct row_bench bench;
    (void)state;
    bench_open(&bench, columns, 1, &text_policy, ROOMY);
    expect(
        &bench,
        "{\"a\":"
        "\"\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99"
        "\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xC8\x99\xF0\x9F\x98\x80 and "
        "more\"}",
        "!22P02");
    assert_int_equal(utf8_valid_prefix(slice_of(bench.reason.text)), strlen(bench.reason.text));
    assert_non_null(strstr(bench.reason.text, "...\" is not a whole number"));
    /* 39 bytes, then a character of two: none of it is shown rather than half. */
    expect(&bench, "{\"a\":\"012345678901234567890123456789012345678\xC8\x99\"}", "!22P02");
    assert_non_null(strstr(bench.reason.text, "678...\""));
    expect(&bench, "{\"a\":\"\x7F\\u0000\\n\"}", "!22P02");
    assert_string_equal(bench.reason.text, "\"?\\u0000\\n\" is not a whole number");
    assert_string_equal(bench.reason.column, "a");
    bench_close(&bench);
}

static void frame(void **state)
{
    struct column columns[] = {{.name = "a", .type = TYPE_TEXT}};
    struct row_policy policy = {0};
    struct row_bench bench;
    (void)state;
    bench_open(&bench, columns, 1, &policy, ROOMY);
    assert_true(row_plan_is_binary(bench.plan));
    assert_int_equal(row_copy_header(bench.plan).len, 19);
    assert_memory_equal(row_copy_header(bench.plan).ptr, "PGCOPY\n\xFF\r\n\0", 11);
    assert_memory_equal(row_copy_trailer(bench.plan).ptr, "\xFF\xFF", 2);
    bench_close(&bench);
    columns[0].type = TYPE_OTHER;
    bench_open(&bench, columns, 1, &policy, ROOMY);
    assert_false(row_plan_is_binary(bench.plan));
    assert_int_equal(row_copy_header(bench.plan).len, 0);
    assert_int_equal(row_copy_trailer(bench.plan).len, 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(ambiguous_case),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(endless_keys),
        cmocka_unit_test(unknown_keys),
        cmocka_unit_test(pointers),
        cmocka_unit_test(metadata),
        cmocka_unit_test(bad_rules),
        cmocka_unit_test(absent_values),
        cmocka_unit_test(triggers_may_fill),
        cmocka_unit_test(shapes),
        cmocka_unit_test(limits),
        cmocka_unit_test(what_is_no_json),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(reasons_are_text),
        cmocka_unit_test(frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The forms of `weir query`: text on a terminal, rows for programs, the table, what changed. */
#include "unit.h"

#include "base/buf.h"
#include "cmd/query_rows.h"
#include "cmd/query_table.h"
#include "cmd/query_watch.h"
#include "cmd/shown.h"

#include <string.h>

#define MAX_BYTES ((size_t)1 << 20)

static void assert_content(struct buf *out, const char *expected)
{
    assert_false(out->failed);
    assert_string_equal(buf_str(out), expected);
    buf_release(out);
}

static const struct {
    struct slice text;
    const char *shown;
    size_t width;
} TEXTS[] = {
    {SLICE_INIT(""), "", 0},
    {SLICE_INIT("plain ~"), "plain ~", 7},
    {SLICE_INIT("a\tb\nc\rd"), "a\\tb\\nc\\rd", 10},
    {SLICE_INIT("\x1b[31mred\a"), "\\x1B[31mred\\x07", 15},
    {SLICE_INIT("a\0b"), "a\\x00b", 6},
    {SLICE_INIT("\x7f"), "\\x7F", 4},
    {SLICE_INIT("\xc2\x9b"
                "31m"),
     "\\u009B31m", 9},                                       /* CSI in one character */
    {SLICE_INIT("\u202Eevil"), "\\u202Eevil", 10},           /* writes from right to left */
    {SLICE_INIT("caf\u00e9"), "caf\u00e9", 4},               /* one column */
    {SLICE_INIT("cafe\u0301"), "cafe\u0301", 4},             /* a combining accent: none */
    {SLICE_INIT("\u65e5\u672c"), "\u65e5\u672c", 4},         /* two each */
    {SLICE_INIT("\xff\xe6\x97"), "\\xFF\\xE6\\x97", 12},     /* no UTF-8 */
    {SLICE_INIT("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80", 2}, /* beyond the first plane */
    {SLICE_INIT("a\\nb"), "a\\nb", 4},                       /* a backslash stays */
};

static void test_text(void **state)
{
    (void)state;
    shown_init();
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        struct buf out;
        struct guarded guarded = guard_end(TEXTS[i].text);
        buf_init(&out, MAX_BYTES);
        size_t width = shown_add_cell(&out, guarded.text);
        guard_release(&guarded);
        assert_content(&out, TEXTS[i].shown);
        assert_int_equal(width, TEXTS[i].width);
    }
}

static void test_lines_stay_lines(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, MAX_BYTES);
    shown_add(&out, SLICE_LIT("a\x1b\n\nb"));
    assert_content(&out, "a\\x1B\n\nb");
}

static const struct query_column COLUMNS[] = {{"n", QUERY_NUMBER},
                                              {"ok", QUERY_BOOLEAN},
                                              {"doc", QUERY_JSON},
                                              {"te\"xt", QUERY_TEXT}};
#define N COUNT_OF(COLUMNS)

static const struct {
    struct slice values[N];
    const char *tsv;
    const char *csv;
    const char *json;
} ROWS[] = {
    {{SLICE_INIT("1"), SLICE_INIT("t"), SLICE_INIT("{\"a\": 1}"), SLICE_INIT("x")},
     "1\tt\t{\"a\": 1}\tx\n",
     "1,t,\"{\"\"a\"\": 1}\",x\n",
     "{\"n\":1,\"ok\":true,\"doc\":{\"a\": 1},\"te\\\"xt\":\"x\"}\n"},
    {{SLICE_INIT("-0.5"), SLICE_INIT("f"), SLICE_INIT("[\n1,\r\n2]"), SLICE_INIT("")},
     "-0.5\tf\t[\\n1,\\r\\n2]\t\n",
     "-0.5,f,\"[\n1,\r\n2]\",\"\"\n",
     "{\"n\":-0.5,\"ok\":false,\"doc\":[ 1,  2],\"te\\\"xt\":\"\"}\n"},
    {{{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
     "\\N\t\\N\t\\N\t\\N\n",
     ",,,\n",
     "{\"n\":null,\"ok\":null,\"doc\":null,\"te\\\"xt\":null}\n"},
    {{SLICE_INIT("NaN"), SLICE_INIT("t"), SLICE_INIT("null"), SLICE_INIT("\\.")},
     "NaN\tt\tnull\t\\\\.\n",
     "NaN,t,null,\"\\.\"\n",
     "{\"n\":\"NaN\",\"ok\":true,\"doc\":null,\"te\\\"xt\":\"\\\\.\"}\n"},
    {{SLICE_INIT("-Infinity"), SLICE_INIT("t"), SLICE_INIT("1"), SLICE_INIT("a,\"b\"\t\n")},
     "-Infinity\tt\t1\ta,\"b\"\\t\\n\n",
     "-Infinity,t,1,\"a,\"\"b\"\"\t\n\"\n",
     "{\"n\":\"-Infinity\",\"ok\":true,\"doc\":1,\"te\\\"xt\":\"a,\\\"b\\\"\\t\\n\"}\n"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct buf out;
        buf_init(&out, MAX_BYTES);
        tsv_row(&out, ROWS[i].values, N);
        assert_content(&out, ROWS[i].tsv);
        csv_row(&out, ROWS[i].values, N);
        assert_content(&out, ROWS[i].csv);
        json_row(&out, COLUMNS, ROWS[i].values, N);
        assert_content(&out, ROWS[i].json);
    }
}

static void test_headers(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, MAX_BYTES);
    tsv_header(&out, COLUMNS, N);
    assert_content(&out, "n\tok\tdoc\tte\"xt\n");
    csv_header(&out, COLUMNS, N);
    assert_content(&out, "n,ok,doc,\"te\"\"xt\"\n");
}

static void test_a_name_twice(void **state)
{
    static const struct query_column twice[] = {{"a", QUERY_TEXT},
                                                {"b", QUERY_TEXT},
                                                {"a", QUERY_TEXT}};
    (void)state;
    assert_null(json_name_twice(COLUMNS, N));
    assert_null(json_name_twice(twice, 2));
    assert_string_equal(json_name_twice(twice, 3), "a");
}

/* ---- the table ---- */

static const struct query_column TWO[] = {{"name", QUERY_TEXT}, {"n", QUERY_NUMBER}};

static void add(struct table_view *table, const char *name, const char *n)
{
    const struct slice values[] = {slice_of(name), slice_of(n)};
    table_add(table, values);
}

static void test_table(void **state)
{
    const struct table_look first = {.header = true, .screen_columns = 80};
    const struct table_look next = {.screen_columns = 80};
    struct table_view table;
    struct buf out;
    (void)state;
    buf_init(&out, MAX_BYTES);
    table_init(&table);
    table_columns(&table, TWO, 2);
    add(&table, "\u65e5\u672c\u8a9e", "7");
    add(&table, NULL, "1234");
    assert_int_equal(table_print(&table, &first, &out), 4);
    assert_content(&out, " name   |    n\n"
                         "--------+------\n"
                         " \u65e5\u672c\u8a9e |    7\n"
                         " [null] | 1234\n");
    table_clear(&table); /* the next page keeps the widths and goes beyond them if it must */
    add(&table, "b", "5");
    add(&table, "b", "123456");
    assert_int_equal(table_print(&table, &next, &out), 2);
    assert_content(&out, " b      |      5\n"
                         " b      | 123456\n");
    assert_int_equal(table.n_before, 2);
    table_release(&table);
}

static void test_a_wide_table_is_a_field_a_line(void **state)
{
    const struct table_look look = {.header = true, .expanded = true, .screen_columns = 10};
    struct table_view table;
    struct buf out;
    (void)state;
    buf_init(&out, MAX_BYTES);
    table_init(&table);
    table_columns(&table, TWO, 2);
    add(&table, "abcdef", "12");
    assert_false(table_is_wide(&table, 13)); /* " abcdef | 12 " */
    assert_true(table_is_wide(&table, 12));
    assert_false(table_is_wide(&table, 0));
    assert_int_equal(table_print(&table, &look, &out), 4); /* "name | abcdef" takes two lines */
    assert_content(&out, "-- row 1 --\nname | abcdef\nn    | 12\n");
    table_release(&table);
}

static void test_marks(void **state)
{
    struct table_look look = {.header = true, .mark = MARK_REVERSE};
    struct table_view tables[2];
    struct buf out;
    (void)state;
    buf_init(&out, MAX_BYTES);
    for (int i = 0; i < 2; i++) {
        table_init(&tables[i]);
        table_columns(&tables[i], TWO, 2);
        add(&tables[i], "a", i ? "10" : "9");
    }
    add(&tables[1], "new", "1");
    look.before = &tables[0];
    table_print(&tables[1], &look, &out);
    assert_content(&out, " name |  n\n------+----\n a    | \x1b[7m10\x1b[0m\n"
                         " \x1b[7mnew\x1b[0m  |  \x1b[7m1\x1b[0m\n");
    look.mark = MARK_STAR;
    table_print(&tables[1], &look, &out);
    assert_content(&out, " name  |   n\n-------+-----\n a     | 10*\n new*  |  1*\n");
    table_release(&tables[0]);
    table_release(&tables[1]);
}

/* ---- what changed, for a program ---- */

static const struct {
    const char *before[4]; /* name, n, name, n; an empty row has no name */
    const char *now[4];
    const char *line;
} CHANGES[] = {
    {{"a", "1"}, {"a", "1"}, " no change\n"},
    {{"a", "1"}, {"a", "25"}, " n: 1 -> 25\n"},
    {{"a", "1"}, {"b", "25"}, " n: 1 -> 25 other values changed: 1\n"},
    {{"a", "1"}, {"b", "1"}, " other values changed: 1\n"},
    {{"a", "1"}, {"a", NULL}, " n: 1 -> [null]\n"},
    {{"a", "1"}, {NULL}, " rows: 1 -> 0\n"},
    {{"a", "1", "b", "2"}, {"a", "1", "b", "3"}, " n[2]: 2 -> 3\n"},
    {{"a", "1"}, {"a", "4", "b", "3"}, " n[1]: 1 -> 4 rows: 1 -> 2\n"},
};

static void fill(struct table_view *table, const char *const *cells)
{
    table_init(table);
    table_columns(table, TWO, 2);
    for (int i = 0; i < 4 && cells[i]; i += 2)
        add(table, cells[i], cells[i + 1]);
}

static void test_changes(void **state)
{
    struct table_view tables[2];
    struct buf out;
    (void)state;
    buf_init(&out, MAX_BYTES);
    for (size_t i = 0; i < COUNT_OF(CHANGES); i++) {
        fill(&tables[0], CHANGES[i].before);
        fill(&tables[1], CHANGES[i].now);
        watch_line(&out, &tables[0], &tables[1]);
        assert_content(&out, CHANGES[i].line);
        table_release(&tables[0]);
        table_release(&tables[1]);
    }
    fill(&tables[0], CHANGES[6].now);
    watch_line(&out, NULL, &tables[0]);
    assert_content(&out, " n[1]: 1 n[2]: 3 rows: 2\n");
    table_release(&tables[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_lines_stay_lines),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_a_name_twice),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_a_wide_table_is_a_field_a_line),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Text, json, bytea, uuid, enum and array columns. */
#include "row_case.h"

#include <stdio.h>
#include <string.h>

#define BOTH_DEAD(sqlstate) "!" sqlstate, "!" sqlstate

static void text(void **state)
{
    static const struct row_case cases[] = {
        {"\"\"", "", ""},
        {"\"a\\tb\\n\\\\\"", "6109620a5c", "a\\tb\\n\\\\"},
        {"\"\\\\N\"", "5c4e", "\\\\N"},
        {"\"01234567890\\t23456789\"",
         "303132333435363738393009"
         "3233343536373839",
         "01234567890\\t23456789"},
        {"\"0123456\\\\\\r89abcdef\"", "303132333435365c0d3839616263646566",
         "0123456\\\\\\r89abcdef"},
        {"\"\\u0219 \\ud83d\\ude00\"", "c89920f09f9880", "\xC8\x99 \xF0\x9F\x98\x80"},
        {"1.50", "312e3530", "1.50"},
        {"true", "74727565", "true"},
        {"{\"a\": 1}", "7b2261223a20317d", "{\"a\": 1}"},
        {"\"a\\u0000\"", BOTH_DEAD("22021")},
    };
    static const struct row_case stripped[] = {
        {"\"\\u0000a\\u0000\"", "61", "a"},
        {"\"\\u0000\"", "", ""},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_TEXT}, NULL, cases);
    CHECK_CASES(&(struct column){.type = TYPE_TEXT}, (&(struct row_policy){.on_nul = NUL_STRIP}),
                stripped);
}

static void limited_text(void **state)
{
    static const struct row_case dead[] = {
        {"\"abc\"", "616263", "abc"},
        {"\"abcd\"", BOTH_DEAD("22001")},
        {"\"abc   \"", "616263", "abc"},
        {"\"\\u0219\\u021b\\u0103\"", "c899c89bc483", "\xC8\x99\xC8\x9B\xC4\x83"},
        {"\"\\u0219\\u021b\\u0103x\"", BOTH_DEAD("22001")},
        {"\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80  \"", "f09f9880f09f988020",
         "\xF0\x9F\x98\x80\xF0\x9F\x98\x80 "},
        {"1234", BOTH_DEAD("22001")},
        {"[]", BOTH_DEAD("42804")},
    };
    static const struct row_case cut[] = {
        {"\"abcd\"", "616263", "abc"},
        {"\"\xC8\x99\xC8\x9B\xC4\x83x\"", "c899c89bc483", "\xC8\x99\xC8\x9B\xC4\x83"},
        {"\"\\n\\n\\n\\n\"", "0a0a0a", "\\n\\n\\n"},
    };
    struct column column = {.type = TYPE_VARCHAR, .max_chars = 3};
    (void)state;
    CHECK_CASES(&column, NULL, dead);
    CHECK_CASES(&column, (&(struct row_policy){.on_too_long = TOO_LONG_TRUNCATE}), cut);
    column.type = TYPE_BPCHAR;
    CHECK_CASES(&column, NULL, dead);
}

/* Strings longer and shorter than what is copied at once, up to the record's very end. */
static void lengths(void **state)
{
    struct row_bench bench;
    struct row_policy policy = {.force_text = false};
    struct column column = {.name = "v", .type = TYPE_TEXT};
    char json[512];
    char x[300];
    (void)state;
    memset(x, 'x', sizeof x);
    bench_open(&bench, &column, 1, &policy, (size_t)1 << 20);
    for (int n = 0; n < 200; n++) {
        for (int behind = 0; behind < 80; behind += 3) {
            snprintf(json, sizeof json, "{\"v\":\"%.*s\"%*s}", n, x, behind, "");
            assert_int_equal(bench_encode(&bench, json), ROW_STORED);
            assert_int_equal(bench.sink.tuples[0].len, 6 + n);
            assert_memory_equal(bench.sink.tuples[0].data + 6, x, n);
            buf_clear(&bench.sink.tuples[0]);
        }
    }
    bench_close(&bench);
}

static void json(void **state)
{
    static const struct row_case plain[] = {
        {"\"a\"", "226122", "\"a\""},
        {"1e1000000", "316531303030303030", "1e1000000"},
        {"\"\\u0000\"", "225c753030303022", "\"\\\\u0000\""},
        {"null", "NULL", "NULL"},
    };
    static const struct row_case binary[] = {
        {"\"a\"", "01226122", "\"a\""},
        {"[1, 2]", "015b312c20325d", "[1, 2]"},
        {"\"\\u0000\"", BOTH_DEAD("22P05")},
        {"{\"\\u0000\":1}", BOTH_DEAD("22P05")},
        {"\"\\\\u0000\"", "01225c5c753030303022", "\"\\\\\\\\u0000\""},
        {"[\"1e1000000\", 1]", "015b22316531303030303030222c20315d", "[\"1e1000000\", 1]"},
        {"[\"\\\\\", 1e1000000]", BOTH_DEAD("22003")},
        {"-1e-16384", BOTH_DEAD("22003")},
        {"[\"\\\" 1e1000000\"]", "015b225c2220316531303030303030225d", "[\"\\\\\" 1e1000000\"]"},
    };
    static const struct row_case stripped[] = {
        {"[\"\\u0000a\\\\\\u0000\"]", "015b22615c5c225d", "[\"a\\\\\\\\\"]"},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_JSON}, NULL, plain);
    CHECK_CASES(&(struct column){.type = TYPE_JSONB}, NULL, binary);
    CHECK_CASES(&(struct column){.type = TYPE_JSONB}, (&(struct row_policy){.on_nul = NUL_STRIP}),
                stripped);
}

static void bytes(void **state)
{
    static const struct row_case bytea[] = {
        {"\"\\\\xDE ad\"", "dead", "\\\\xdead"},
        {"\"\\\\x\"", "", "\\\\x"},
        {"\"\\\\xd\"", BOTH_DEAD("22023")},
        {"\"\\\\xd ad\"", BOTH_DEAD("22023")},
        {"\"a\\\\\\\\b\\\\377\"", "615c62ff", "\\\\x615c62ff"},
        {"\"\\\\400\"", BOTH_DEAD("22P02")},
        {"\"\\\\\"", BOTH_DEAD("22P02")},
        {"\"\xC8\x99\"", "c899", "\\\\xc899"},
        {"\"\\u0000\"", BOTH_DEAD("22021")},
        {"1", BOTH_DEAD("42804")},
    };
    static const struct row_case uuid[] = {
        {"\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"", "a0eebc999c0b4ef8bb6d6bb9bd380a11",
         "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
        {"\"{A0EEBC999c0b4ef8bb6d6bb9bd380a11}\"", "a0eebc999c0b4ef8bb6d6bb9bd380a11",
         "{A0EEBC999c0b4ef8bb6d6bb9bd380a11}"},
        {"\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1\"", BOTH_DEAD("22P02")},
        {"\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-\"", BOTH_DEAD("22P02")},
        {"\"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"", BOTH_DEAD("22P02")},
        {"\"\"", BOTH_DEAD("22P02")},
    };
    static const char *const labels[] = {"sad", "ok"};
    static const struct row_case enums[] = {
        {"\"ok\"", "6f6b", "ok"},
        {"\"Ok\"", BOTH_DEAD("22P02")},
        {"1", BOTH_DEAD("42804")},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_BYTEA}, NULL, bytea);
    CHECK_CASES(&(struct column){.type = TYPE_UUID}, NULL, uuid);
    CHECK_CASES((&(struct column){.type = TYPE_ENUM, .labels = labels, .n_labels = 2}), NULL,
                enums);
}

static void arrays(void **state)
{
    static const struct row_case ints[] = {
        {"[1, \"2\", 3.0, null]", NULL, "{\"1\",\"2\",\"3\",NULL}"},
        {"[[1],[2]]", NULL, "{{\"1\"},{\"2\"}}"},
        {"[[],[]]", NULL, "{}"},
        {"[[1],[2,3]]", NULL, "!22P02"},
        {"[[1],2]", NULL, "!22P02"},
        {"[1,[2]]", NULL, "!22P02"},
        {"[1.5]", NULL, "!22P02"},
        {"[[[[[[[1]]]]]]]", NULL, "!54000"},
        {"\"{1,2}\"", NULL, "{1,2}"},
        {"{}", NULL, "!42804"},
    };
    static const struct row_case texts[] = {
        {"[\"a\\\"b\\\\c\\td\"]", NULL, "{\"a\\\\\"b\\\\\\\\c\\td\"}"},
        {"[\"NULL\",null]", NULL, "{\"NULL\",NULL}"},
        {"[{\"a\": 1}]", NULL, "{\"{\\\\\"a\\\\\": 1}\"}"},
    };
    static const struct row_case jsons[] = {
        {"[[1, 2], {\"a\": \"\\\\\"}]", NULL,
         "{\"[1, 2]\",\"{\\\\\"a\\\\\": \\\\\"\\\\\\\\\\\\\\\\\\\\\"}\"}"},
    };
    (void)state;
    CHECK_CASES((&(struct column){.type = TYPE_ARRAY, .element = TYPE_INT4}), NULL, ints);
    CHECK_CASES((&(struct column){.type = TYPE_ARRAY, .element = TYPE_TEXT}), NULL, texts);
    CHECK_CASES((&(struct column){.type = TYPE_ARRAY, .element = TYPE_JSONB}), NULL, jsons);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text), cmocka_unit_test(limited_text), cmocka_unit_test(lengths),
        cmocka_unit_test(json), cmocka_unit_test(bytes),        cmocka_unit_test(arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* How a sample is shared out, how names and types come into SQL, how a column finds its keys. */
#include "unit.h"

#include "inspect/column_cure.h"
#include "inspect/draft.h"
#include "inspect/draft_type.h"
#include "inspect/place.h"
#include "inspect/sample.h"
#include "inspect/sql_name.h"

#include <string.h>

#define MAX_VALUES 4

static void shares_are_alike_as_far_as_they_go(void **state)
{
    (void)state;
    static const struct {
        int64_t sizes[4];
        int64_t wanted;
        int64_t taken[4];
    } cases[] = {
        {{100, 100, 100, 100}, 40, {10, 10, 10, 10}},
        {{100, 100, 100, 100}, 42, {10, 10, 11, 11}},
        {{1, 0, 100, 100}, 41, {1, 0, 20, 20}},
        {{3, 2, 1, 0}, 40, {3, 2, 1, 0}},
        {{5, 5, 5, 5}, 2, {1, 1, 0, 0}},
        {{5, 5, 5, 5}, 0, {0, 0, 0, 0}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t taken[4];
        sample_share(cases[i].sizes, 4, cases[i].wanted, taken);
        assert_memory_equal(taken, cases[i].taken, sizeof taken);
    }
}

static void unread_records_have_their_share_of_the_bytes(void **state)
{
    (void)state;
    static const struct {
        int64_t low, next, high, bytes;
        int64_t unread;
    } cases[] = {
        {0, 0, 100, 5000, 5000},
        {0, 90, 100, 5000, 500},
        {1000, 1090, 1100, 5000, 500},
        {0, 100, 100, 5000, 0},
        {0, 120, 100, 5000, 0},
        {50, 20, 100, 5000, 5000}, /* a gap */
        {0, 0, 0, 0, 0},
        {0, 1, INT64_MAX, INT64_MAX, INT64_MAX},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(cases[i].unread == retention_unread_bytes(cases[i].low, cases[i].next,
                                                              cases[i].high, cases[i].bytes));
    }
}

static void the_time_until_unread_records_fill_what_is_kept(void **state)
{
    (void)state;
    static const struct {
        int64_t unread, age_ms, limit;
        int64_t left_ms;
    } cases[] = {
        {500, 1000, 1000, 1000}, /* as much again in as much time */
        {800, 1000, 1000, 250},
        {1000, 1000, 1000, 0},
        {2000, 1000, 1000, 0},
        {0, 1000, 1000, -1},
        {500, 0, 1000, -1},  /* all have just come */
        {500, -5, 1000, -1}, /* their clock is ahead */
        {1, INT64_MAX / 4, INT64_MAX, INT64_MAX / 2},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(retention_ms_left(cases[i].unread, cases[i].age_ms, cases[i].limit),
                         cases[i].left_ms);
}

static void names_are_quoted_where_sql_would_read_them_otherwise(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *sql;
    } cases[] = {
        {"person_name", "person_name"},
        {"Name", "\"Name\""},
        {"select", "\"select\""},
        {"left", "\"left\""},
        {"name", "name"},
        {"1st", "\"1st\""},
        {"a b", "\"a b\""},
        {"q\"q", "\"q\"\"q\""},
        {"\xC8\x99", "\"\xC8\x99\""},
        {"window", "\"window\""},
        {"value", "value"},
        {"_x1", "_x1"},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(sql_name(&arena, cases[i].name), cases[i].sql);
    assert_string_equal(sql_literal(&arena, "it's"), "'it''s'");
    assert_string_equal(sql_written(&arena, "Shop.select"), "shop.\"select\"");
    assert_string_equal(sql_written(&arena, "\"a.\"\"b\".\"c\""), "\"a.\"\"b\".c");
    arena_release(&arena);
}

/* The lists of values and types of tests/e2e/test_draft.py, and what lies between them. */
static void types_are_the_narrowest_with_room(void **state)
{
    (void)state;
    static const struct {
        const char *values[MAX_VALUES];
        const char *type;
    } cases[] = {
        {{NULL}, "text"},
        {{"1", "0"}, "bigint"},
        {{"1", "1.0"}, "numeric"},
        {{"-0.0001"}, "numeric"},
        {{"0.00001"}, "double precision"},
        {{"1e3"}, "double precision"},
        {{"12345678901234567.5"}, "numeric"},
        {{"true", "1"}, "text"},
        {{"\"12\"", "12"}, "text"},
        {{"\"2024-05-01T10:00:00\"", "\"2024-05-01T10:00:00-03:30\""}, "timestamptz"},
        {{"\"2024-05-01T10:00:00 \""}, "timestamp"},
        {{"\"2024-05-01T10:61:00\""}, "text"},
        {{"\"infinity\""}, "text"},
        {{"\"10:00\""}, "text"},
        {{"\"10.0.0.1\"", "\"10.0.0.300\""}, "text"},
        {{"\"::\""}, "text"},
        {{"\"\""}, "text"},
        {{"\"08:00:2b:01:02:0g\""}, "text"},
        {{"[]"}, "jsonb"},
        {{"\"\\u0000\"", "{}"}, "json"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct slice values[MAX_VALUES];
        size_t n = 0;
        for (; n < MAX_VALUES && cases[i].values[n]; n++)
            values[n] = slice_of(cases[i].values[n]);
        const char *type = draft_type(values, n)->type_name;
        if (strcmp(type, cases[i].type) != 0)
            fail_msg("%s: expected %s, found %s", n ? cases[i].values[0] : "nothing", cases[i].type,
                     type);
    }
}

static struct record record_of(const char *json)
{
    return (struct record){.topic = "t", .timestamp_ms = -1, .value = slice_of(json)};
}

/* A column alone takes the keys that it takes among its neighbours, and no other. */
static void a_column_alone_finds_its_own_keys(void **state)
{
    (void)state;
    struct column columns[] = {
        {.name = "name", .type = TYPE_INT4, .type_name = "integer"},
        {.name = "Name", .type = TYPE_TEXT, .type_name = "text"},
        {.name = "city", .type = TYPE_TEXT, .type_name = "text", .not_null = true},
    };
    const struct column_rule rule = {.column = "city",
                                     .source = COLUMN_POINTER,
                                     .from = "/address/city"};
    const struct table table = {.quoted = "t", .columns = columns, .n_columns = COUNT_OF(columns)};
    const struct row_policy policy = {.rules = &rule, .n_rules = 1};
    const struct record records[] = {
        record_of("{\"Name\": \"x\", \"address\": {\"city\": \"y\"}, \"city\": 1}"),
        record_of("{\"name\": 1, \"NAME\": \"z\", \"address\": {\"city\": null}}"),
        record_of("{\"name\": null, \"other\": 1, \"other\": 2}"),
        record_of("{\"cut\": 1"),
        {.topic = "t"},
    };
    struct column_check check;
    struct arena arena;
    struct err err;
    arena_init(&arena);
    assert_int_equal(column_check_run(&check, &arena, &table, &policy, records, COUNT_OF(records),
                                      &err),
                     0);
    const struct column_report *name = &check.columns[0];
    const struct column_report *city = &check.columns[2];
    assert_int_equal(check.records, 4);
    assert_int_equal(check.tombstones, 1);
    assert_int_equal(check.dead, 3);
    assert_int_equal(check.records_at_fault.records, 1);
    assert_int_equal(name->present, 1);
    assert_int_equal(name->nulls, 1);
    assert_int_equal(name->absent, 1);
    assert_int_equal(name->faults.records, 0);
    assert_int_equal(check.columns[1].present, 1);
    assert_int_equal(city->present, 1);
    assert_int_equal(city->nulls, 1);
    assert_int_equal(city->faults.records, 2);
    assert_string_equal(city->faults.kinds[0].place, "t/0@0");
    assert_int_equal(check.n_unknown, 3); /* of "other" twice in a record once */
    assert_string_equal(check.unknown[0].name, "NAME");
    assert_int_equal(check.unknown[1].records, 1);
    arena_release(&arena);
}

/* What is proposed depends on whether the table's own rows would be turned. */
static void rows_that_are_there_are_kept(void **state)
{
    (void)state;
    static const struct {
        bool occupied;
        const char *json;
        const char *type;
    } cases[] = {
        {false, "{\"v\": \"6f1c2c7e-2f43-4d4c-9a57-3d1a6a0f8a11\"}",
         "TYPE uuid USING ('the table is not empty: ' || v::text)::uuid;"},
        {true, "{\"v\": \"6f1c2c7e-2f43-4d4c-9a57-3d1a6a0f8a11\"}", "TYPE text;"},
        {true, "{\"v\": [1]}", "TYPE jsonb USING to_jsonb(v);"},
        {true, "{\"v\": 3000000000}", "TYPE bigint;"},
        {true, "{\"v\": 1.5}", "TYPE numeric;"},
    };
    struct column column = {.name = "v", .type = TYPE_INT4, .type_name = "integer"};
    const struct table table = {
        .schema = "s", .name = "T", .quoted = "t", .columns = &column, .n_columns = 1};
    const struct row_policy policy = {.n_rules = 0};
    const struct survey_column facts = {.own_not_null = true};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct record record = record_of(cases[i].json);
        const struct cure_request request = {&table,  &policy, &facts, cases[i].occupied,
                                             &record, 1};
        struct column_check check;
        struct column_cure cure;
        struct arena arena;
        struct err err;
        arena_init(&arena);
        assert_int_equal(column_check_run(&check, &arena, &table, &policy, &record, 1, &err), 0);
        column_cure_find(&cure, &arena, &request, &check.columns[0]);
        const char *expected =
            arena_printf(&arena, "ALTER TABLE s.\"T\" ALTER COLUMN v %s", cases[i].type);
        assert_string_equal(cure.sql, expected);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_alike_as_far_as_they_go),
        cmocka_unit_test(unread_records_have_their_share_of_the_bytes),
        cmocka_unit_test(the_time_until_unread_records_fill_what_is_kept),
        cmocka_unit_test(names_are_quoted_where_sql_would_read_them_otherwise),
        cmocka_unit_test(types_are_the_narrowest_with_room),
        cmocka_unit_test(a_column_alone_finds_its_own_keys),
        cmocka_unit_test(rows_that_are_there_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

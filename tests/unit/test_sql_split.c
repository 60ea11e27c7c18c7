/* Setup files into statements: where one ends, on which line, and what weir cannot run. */
#include "unit.h"

#include "sink/postgres/sql_split.h"

#include <stdio.h>
#include <string.h>

#define MAX_STATEMENTS 6

struct expected {
    int line;
    const char *text;
};

static const struct {
    const char *script;
    struct expected statements[MAX_STATEMENTS];
} SCRIPTS[] = {
    {"", {{0}}},
    {" \n\t;;\n;", {{0}}},
    {"-- nothing\n/* at ; all */", {{0}}},
    {"SELECT 1", {{1, "SELECT 1"}}},
    {"SELECT 1;SELECT 2;", {{1, "SELECT 1"}, {1, "SELECT 2"}}},
    {"\n\nSELECT 1\n;\n  SELECT\n 2 ;", {{3, "SELECT 1"}, {5, "SELECT\n 2"}}},
    {"-- ; it's\nSELECT 1; -- ;\nSELECT 2", {{2, "SELECT 1"}, {3, "SELECT 2"}}},
    {"/* /* ; */ ' */SELECT 1;\n/**/SELECT 2", {{1, "SELECT 1"}, {2, "SELECT 2"}}},
    {"SELECT ';', 'it''s;';SELECT 2", {{1, "SELECT ';', 'it''s;'"}, {1, "SELECT 2"}}},
    {"SELECT \";\"\"\" FROM t;SELECT 2", {{1, "SELECT \";\"\"\" FROM t"}, {1, "SELECT 2"}}},
    {"SELECT '\\';SELECT 2;'", {{1, "SELECT '\\'"}, {1, "SELECT 2"}, {1, "'"}}},
    {"SELECT E'\\';';SELECT 2", {{1, "SELECT E'\\';'"}, {1, "SELECT 2"}}},
    {"SELECT e'\\\\';SELECT 2", {{1, "SELECT e'\\\\'"}, {1, "SELECT 2"}}},
    {"SELECT type'\\';SELECT 2", {{1, "SELECT type'\\'"}, {1, "SELECT 2"}}},
    {"DO $$ BEGIN; END $$;SELECT 2", {{1, "DO $$ BEGIN; END $$"}, {1, "SELECT 2"}}},
    {"DO $a$ $$;$b$ $a$;\nSELECT 2", {{1, "DO $a$ $$;$b$ $a$"}, {2, "SELECT 2"}}},
    {"SELECT a$b$;SELECT $1;SELECT 2", {{1, "SELECT a$b$"}, {1, "SELECT $1"}, {1, "SELECT 2"}}},
    {"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);SELECT 3",
     {{1, "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)"}, {1, "SELECT 3"}}},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\nSELECT 1; SELECT CASE WHEN true THEN 2 END;\n"
     "END;\nSELECT 3",
     {{1, "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\nSELECT 1; SELECT CASE WHEN true THEN 2 "
          "END;\nEND"},
      {4, "SELECT 3"}}},
    {"create or replace procedure p() begin atomic select 1; end;select 2",
     {{1, "create or replace procedure p() begin atomic select 1; end"}, {1, "select 2"}}},
    {"CREATE TABLE begin_end (\"begin\" int);SELECT 2",
     {{1, "CREATE TABLE begin_end (\"begin\" int)"}, {1, "SELECT 2"}}},
    {"SELECT 1e5;SELECT 0x1F;", {{1, "SELECT 1e5"}, {1, "SELECT 0x1F"}}},
    /* Never closed: the rest is one statement, which the server refuses. */
    {"SELECT 1;SELECT 'a;\nSELECT 2;", {{1, "SELECT 1"}, {1, "SELECT 'a;\nSELECT 2;"}}},
    {"SELECT 1;/* SELECT 2;", {{1, "SELECT 1"}}},
    {"DO $x$ ;", {{1, "DO $x$ ;"}}},
    {"CREATE TABLE t (a int;\nSELECT 2;", {{1, "CREATE TABLE t (a int;\nSELECT 2;"}}},
    {"SELECT 'ș; 😀';SELECT ț;", {{1, "SELECT 'ș; 😀'"}, {1, "SELECT ț"}}},
};

static void test_statements(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SCRIPTS); i++) {
        struct sql_splitter splitter;
        struct sql_statement statement;
        struct guarded text = guard_end(slice_of(SCRIPTS[i].script));
        size_t n = 0;
        sql_split(&splitter, text.text);
        while (sql_next(&splitter, &statement)) {
            const struct expected *expected = &SCRIPTS[i].statements[n++];
            if (!expected->text || statement.line != expected->line ||
                !slice_eq_str(statement.text, expected->text))
                fail_msg("script %zu, statement %zu: line %d [%.*s]", i, n, statement.line,
                         SLICE_ARG(statement.text));
        }
        if (SCRIPTS[i].statements[n].text)
            fail_msg("script %zu: only %zu statements", i, n);
        guard_release(&text);
    }
}

static struct sql_statement first(const char *script)
{
    struct sql_splitter splitter;
    struct sql_statement statement;
    sql_split(&splitter, slice_of(script));
    assert_true(sql_next(&splitter, &statement));
    return statement;
}

static void test_transaction_control(void **state)
{
    (void)state;
    static const char *const control[] = {"BEGIN",
                                          "begin work",
                                          "COMMIT",
                                          "End",
                                          "ABORT",
                                          "ROLLBACK",
                                          "ROLLBACK AND CHAIN",
                                          "START TRANSACTION",
                                          "PREPARE TRANSACTION 'x'",
                                          "/* x */ BEGIN",
                                          "COMMIT PREPARED 'x'"};
    static const char *const other[] = {
        "SAVEPOINT a",           "RELEASE a",      "ROLLBACK TO a", "rollback work to savepoint a",
        "PREPARE p AS SELECT 1", "SELECT 'BEGIN'", "beginning",     "DO $$BEGIN COMMIT; END$$"};
    for (size_t i = 0; i < COUNT_OF(control); i++) {
        struct sql_statement statement = first(control[i]);
        if (!sql_controls_transaction(&statement))
            fail_msg("passed: %s", control[i]);
    }
    for (size_t i = 0; i < COUNT_OF(other); i++) {
        struct sql_statement statement = first(other[i]);
        if (sql_controls_transaction(&statement))
            fail_msg("refused: %s", other[i]);
    }
}

static void test_psql_commands(void **state)
{
    (void)state;
    assert_int_equal(first("\\connect other\nSELECT 1").psql_line, 1);
    assert_int_equal(first("SELECT 1\n\\gexec").psql_line, 2);
    assert_int_equal(first("SELECT '\\a', $$\\b$$, E'\\\\'; -- \\c").psql_line, 0);
}

static void test_line_of_a_position(void **state)
{
    (void)state;
    struct sql_statement statement = first("\n\nSELECT 'ș',\n 'ț',\n x");
    assert_int_equal(sql_line_at(&statement, 1), 3);
    assert_int_equal(sql_line_at(&statement, 12), 3); /* the line's end itself */
    assert_int_equal(sql_line_at(&statement, 13), 4); /* characters, not bytes */
    assert_int_equal(sql_line_at(&statement, 20), 5);
    assert_int_equal(sql_line_at(&statement, 1000), 5);
    assert_int_equal(sql_line_at(&statement, 0), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_transaction_control),
        cmocka_unit_test(test_psql_commands),
        cmocka_unit_test(test_line_of_a_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

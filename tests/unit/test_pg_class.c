/* What a SQLSTATE means to weir: design point 7, state by state. */
#include "unit.h"

#include "sink/postgres/pg.h"

#include <string.h>

static const struct {
    const char *sqlstate;
    enum pg_class class;
} STATES[] = {
    /* The server or the way to it is away. */
    {"", PG_RETRY},
    {"08000", PG_RETRY},
    {"08003", PG_RETRY},
    {"08006", PG_RETRY},
    {"40001", PG_RETRY}, /* serialization failure */
    {"40P01", PG_RETRY}, /* deadlock */
    {"53100", PG_RETRY}, /* disk full */
    {"53200", PG_RETRY},
    {"53300", PG_RETRY}, /* too many connections */
    {"55P03", PG_RETRY}, /* lock not available */
    {"57014", PG_RETRY}, /* query cancelled */
    {"57P01", PG_RETRY}, /* shutdown */
    {"57P02", PG_RETRY}, /* crash */
    {"57P03", PG_RETRY}, /* starting up */
    {"57P05", PG_RETRY}, /* idle session timeout */
    {"58000", PG_RETRY},
    {"58030", PG_RETRY}, /* I/O error */

    /* A person must act. */
    {"0A000", PG_HALT},
    {"25001", PG_HALT},
    {"25006", PG_HALT}, /* read-only */
    {"25P02", PG_HALT},
    {"25P03", PG_RETRY},
    {"28000", PG_HALT},
    {"28P01", PG_HALT}, /* password */
    {"3D000", PG_HALT}, /* no such database */
    {"3F000", PG_HALT}, /* no such schema */
    {"42501", PG_HALT}, /* privilege */
    {"42703", PG_HALT}, /* no such column */
    {"42P01", PG_HALT}, /* no such table */
    {"42804", PG_HALT},
    {"XX000", PG_HALT},
    {"XX001", PG_HALT}, /* data corrupted */
    /* ... also for what no line of the table names. */
    {"00000", PG_HALT},
    {"0B000", PG_HALT},
    {"2D000", PG_HALT},
    {"34000", PG_HALT},
    {"55000", PG_HALT}, /* only one state of class 55 is listed */
    {"55006", PG_HALT},
    {"F0000", PG_HALT},
    {"HV000", PG_HALT}, /* foreign data */
    {"ZZ999", PG_HALT},

    /* Our own encoding, never a dead letter. */
    {"08P01", PG_ENCODE},
    {"22P03", PG_ENCODE},
    {"22P04", PG_ENCODE},

    /* The record's fault. */
    {"21000", PG_RECORD},
    {"22001", PG_RECORD}, /* too long */
    {"22003", PG_RECORD}, /* out of range */
    {"22007", PG_RECORD},
    {"22008", PG_RECORD},
    {"22021", PG_RECORD}, /* not in the encoding */
    {"22P02", PG_RECORD}, /* invalid text representation */
    {"22P05", PG_RECORD}, /* untranslatable character */
    {"23502", PG_RECORD}, /* not null */
    {"23503", PG_RECORD}, /* foreign key */
    {"23505", PG_RECORD}, /* unique */
    {"23514", PG_RECORD}, /* check */
    {"23P01", PG_RECORD}, /* exclusion */
    {"27000", PG_RECORD},
    {"38000", PG_RECORD},
    {"39000", PG_RECORD},
    {"44000", PG_RECORD},
    {"54000", PG_RECORD}, /* index row too large, say */
    {"P0001", PG_RECORD}, /* a trigger's RAISE */
};

static void test_states(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(STATES); i++)
        if (pg_class_of(STATES[i].sqlstate, true) != STATES[i].class)
            fail_msg("%s is class %d", STATES[i].sqlstate,
                     (int)pg_class_of(STATES[i].sqlstate, true));
}

/* A row for which there is no partition: nothing is lost, and a person can make one. */
static void test_missing_partition_halts(void **state)
{
    (void)state;
    assert_int_equal(pg_class_of("23514", false), PG_HALT);
    assert_int_equal(pg_class_of("23505", false), PG_RECORD);
    assert_int_equal(pg_class_of("23502", false), PG_RECORD);
}

static void test_no_sqlstate_is_a_lost_connection(void **state)
{
    (void)state;
    assert_int_equal(pg_class_of(NULL, false), PG_RETRY);
}

static void test_err_of_a_fault(void **state)
{
    (void)state;
    static const struct {
        enum pg_class class;
        enum err_class err;
    } classes[] = {{PG_RETRY, ERR_OUTAGE},
                   {PG_HALT, ERR_HALT},
                   {PG_ENCODE, ERR_BUG},
                   {PG_RECORD, ERR_INPUT}};
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        struct pg_fault fault = {.class = classes[i].class, .sqlstate = "12345", .message = "no"};
        struct err err;
        assert_int_equal(pg_fault_err(&fault, &err, "COPY"), -1);
        assert_int_equal(err.class, classes[i].err);
        assert_string_equal(err.code, "12345");
        assert_string_equal(err.text, "COPY: no");
    }
    struct pg_fault fault = {.message = "no", .detail = "why", .hint = "do"};
    struct err err;
    pg_fault_err(&fault, &err, "");
    assert_string_equal(err.text, "no (why; do)");
    *fault.detail = '\0';
    pg_fault_err(&fault, &err, NULL);
    assert_string_equal(err.text, "no (do)");
}

static void test_fault_of_a_lost_connection(void **state)
{
    (void)state;
    struct pg_fault fault;
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_FATAL_ERROR);
    pg_fault_read(&fault, NULL, result);
    assert_int_equal(fault.class, PG_RETRY);
    assert_string_equal(fault.sqlstate, "");
    assert_true(strlen(fault.message) > 0);
    PQclear(result);
}

static void test_copy_line_in_context(void **state)
{
    (void)state;
    static const struct {
        const char *context;
        int64_t line;
        const char *column;
    } cases[] = {
        {"COPY streaming_data, line 3", 3, ""},
        {"COPY streaming_data, line 12345678901, column unique_id: \"x\"", 12345678901,
         "unique_id"},
        {"COPY t, line 7, column birth_date", 7, "birth_date"},
        {"COPY t, line 7: \"a,b\"", 7, ""},
        {"COPY t, Zeile 4, Spalte b: »x«", 4, "b"}, /* a server that speaks German */
        {"PL/pgSQL function f() line 9 at RAISE\nCOPY t, line 2", 2, ""},
        {"SQL statement \"SELECT 1\"\nPL/pgSQL function f(), line 5\nCOPY t, line 6", 6, ""},
        {"COPY t, line 3, column v: \"\nCOPY t, line 99\"", 3, "v"}, /* the record's own words */
        {"COPY line 5", 0, ""},
        {"while inserting index tuple (0,1) in relation \"t\"", 0, ""},
        {"", 0, ""},
        {NULL, 0, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pg_fault fault = {.copy_line = 0};
        pg_fault_read_context(&fault, cases[i].context);
        assert_int_equal(fault.copy_line, cases[i].line);
        assert_string_equal(fault.column, cases[i].column);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_missing_partition_halts),
        cmocka_unit_test(test_no_sqlstate_is_a_lost_connection),
        cmocka_unit_test(test_err_of_a_fault),
        cmocka_unit_test(test_fault_of_a_lost_connection),
        cmocka_unit_test(test_copy_line_in_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Aligned columns: widths in characters, no blanks at the end, nothing that commands a terminal. */
#include "unit.h"

#include "cmd/columns.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_CELLS 8

struct table_case {
    const char *titles[3]; /* all NULL: none */
    enum column_align align[3];
    size_t n_columns;
    const char *cells[MAX_CELLS];
    const char *printed;
};

static void test_printed(void **state)
{
    (void)state;
    static const struct table_case cases[] = {
        {{"NAME", "N"},
         {COLUMN_LEFT, COLUMN_RIGHT},
         2,
         {"a", "1", "bcdef", "12"},
         "NAME    N\na       1\nbcdef  12\n"},
        {{"N", "NAME"},
         {COLUMN_RIGHT, COLUMN_LEFT},
         2,
         {"100", "a", "5", "longer"},
         "  N  NAME\n100  a\n  5  longer\n"},
        {{"A", "B", "C"},
         {COLUMN_LEFT, COLUMN_LEFT, COLUMN_LEFT},
         3,
         {"x", "long", "z"},
         "A  B     C\nx  long  z\n"},
        /* No titles. */
        {{NULL, NULL},
         {COLUMN_LEFT, COLUMN_LEFT},
         2,
         {"topic", "t", "partitions", "3"},
         "topic       t\npartitions  3\n"},
        /* Titles alone. */
        {{"A", "B"}, {COLUMN_LEFT, COLUMN_RIGHT}, 2, {NULL}, "A  B\n"},
        /* Nothing is a dash. */
        {{"A", "B"}, {COLUMN_LEFT, COLUMN_RIGHT}, 2, {"", "22"}, "A   B\n-  22\n"},
        /* Two bytes, one character. */
        {{"A", "B"},
         {COLUMN_LEFT, COLUMN_LEFT},
         2,
         {"\xC3\xA9", "x", "ee", "y"},
         "A   B\n\xC3\xA9   x\nee  y\n"},
        /* Escape, line end, delete, a C1 control, a byte that is no UTF-8. */
        {{"A"},
         {COLUMN_LEFT},
         1,
         {"a\x1b[31m", "b\nc", "d\x7f",
          "e\xC2\x9B"
          "2J",
          "f\xFF"
          "g"},
         "A\na\\x1B[31m\nb\\nc\nd\\x7F\ne\\u009B2J\nf\\xFFg\n"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct table_case *c = &cases[i];
        struct column heads[3];
        struct arena arena;
        struct columns columns;
        char *printed = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&printed, &size);
        for (size_t j = 0; j < 3; j++)
            heads[j] = (struct column){c->titles[j], c->align[j]};
        arena_init(&arena);
        columns_init(&columns, &arena, heads, c->n_columns);
        for (size_t j = 0; j < MAX_CELLS && c->cells[j]; j++)
            columns_add(&columns, c->cells[j]);
        columns_print(&columns, to);
        fclose(to);
        assert_string_equal(printed, c->printed);
        free(printed);
        arena_release(&arena);
    }
}

static void test_many_rows_and_numbers(void **state)
{
    (void)state;
    static const struct column heads[] = {{"N", COLUMN_RIGHT}};
    struct arena arena;
    struct columns columns;
    char *printed = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&printed, &size);
    arena_init(&arena);
    columns_init(&columns, &arena, heads, 1);
    for (int64_t i = -1; i < 999; i++)
        columns_add_number(&columns, i);
    columns_print(&columns, to);
    fclose(to);
    assert_int_equal(size, 4 * 1001);
    assert_memory_equal(printed, "  N\n  -\n  0\n  1\n", 16);
    assert_string_equal(printed + 4 * 1000, "998\n");
    free(printed);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printed),
        cmocka_unit_test(test_many_rows_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

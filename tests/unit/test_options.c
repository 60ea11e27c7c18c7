/* The option parser: every way to write an option, and every way to get it wrong. */
#include "unit.h"

#include "base/buf.h"
#include "cmd/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ARGS 8

static struct option_table table;

static int fill_table(void **state)
{
    (void)state;
    option_table_add_pipeline(&table);
    option_table_add_run(&table);
    option_table_add_json(&table);
    option_table_add_common(&table);
    return 0;
}

/* argv of a case as memory of its own, as main() has it. */
static int split(const char *const *args, char *argv[MAX_ARGS])
{
    int n = 0;
    for (; args[n]; n++)
        argv[n] = strdup(args[n]);
    return n;
}

static void free_all(char **argv, int n)
{
    for (int i = 0; i < n; i++)
        free(argv[i]);
}

/* "-t=a --exit | word word" */
static void describe(const struct command_line *line, struct buf *out)
{
    for (size_t i = 0; i < line->n_options; i++) {
        buf_add_str(out, line->options[i].where);
        if (line->options[i].value)
            buf_printf(out, "=%s", line->options[i].value);
        buf_add_byte(out, ' ');
    }
    buf_add_byte(out, '|');
    for (size_t i = 0; i < line->n_words; i++)
        buf_printf(out, " %s", line->words[i]);
}

static void test_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *args[MAX_ARGS];
        const char *parsed;
    } cases[] = {
        {{NULL}, "|"},
        {{"--table", "x"}, "--table=x |"},
        {{"--table=x"}, "--table=x |"},
        {{"--table="}, "--table= |"},
        {{"--table", ""}, "--table= |"},
        {{"--table=a=b"}, "--table=a=b |"},
        {{"-t", "x"}, "-t=x |"},
        {{"-tx"}, "-t=x |"},
        {{"-t", "x", "-t", "y"}, "-t=x -t=y |"},
        {{"-eJ"}, "-e -J |"},
        {{"-eJn5"}, "-e -J -n=5 |"},
        {{"-eJn", "5"}, "-e -J -n=5 |"},
        {{"-o", "-5"}, "-o=-5 |"},
        {{"-o-5"}, "-o=-5 |"},
        {{"--offset", "-5"}, "--offset=-5 |"},
        {{"--offset=-5"}, "--offset=-5 |"},
        {{"-o", "@-10m"}, "-o=@-10m |"},
        {{"-X", "a=b"}, "-X=a=b |"},
        {{"one", "--exit", "two"}, "--exit | one two"},
        {{"--exit", "--", "--table", "-x"}, "--exit | --table -x"},
        {{"-"}, "| -"},
        {{"-- a comment\nSELECT 1", "--exit"}, "--exit | -- a comment\nSELECT 1"},
        {{"--table=--exit"}, "--table=--exit |"},
        {{"-t", "-"}, "-t=- |"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *argv[MAX_ARGS];
        int argc = split(cases[i].args, argv);
        struct arena arena;
        struct command_line line;
        struct err err;
        struct buf text;
        arena_init(&arena);
        buf_init(&text, 1000);
        if (command_line_parse(&arena, &table, argc, argv, &line, &err) < 0)
            fail_msg("case %zu: %s", i, err.text);
        describe(&line, &text);
        assert_string_equal(buf_str(&text), cases[i].parsed);
        buf_release(&text);
        arena_release(&arena);
        free_all(argv, argc);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *args[MAX_ARGS];
        const char *error;
    } cases[] = {
        {{"--tabel", "x"}, "unknown option --tabel; did you mean --table?"},
        {{"--max-batch-row=1"}, "unknown option --max-batch-row; did you mean --max-batch-rows?"},
        {{"--zzzzzzzzz"}, "unknown option --zzzzzzzzz"},
        {{"--max"}, "unknown option --max"}, /* no abbreviations */
        {{"-Z"}, "unknown option -Z"},
        {{"-eZ"}, "unknown option -Z"},
        {{"--table"}, "--table: the value is missing ([SCHEMA.]TABLE)"},
        {{"-t"}, "-t: the value is missing (TOPIC)"},
        {{"-et"}, "-t: the value is missing (TOPIC)"},
        {{"--table", "--exit"}, "--table: the value is missing ([SCHEMA.]TABLE)"},
        {{"--table", "--lanes=3"}, "--table: the value is missing ([SCHEMA.]TABLE)"},
        {{"--table", "-e"}, "--table: the value is missing ([SCHEMA.]TABLE)"},
        {{"--table", "--", "x"}, "--table: the value is missing ([SCHEMA.]TABLE)"},
        {{"--exit=yes"}, "--exit takes no value"},
        {{"--exit="}, "--exit takes no value"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *argv[MAX_ARGS];
        int argc = split(cases[i].args, argv);
        struct arena arena;
        struct command_line line;
        struct err err;
        arena_init(&arena);
        if (command_line_parse(&arena, &table, argc, argv, &line, &err) == 0)
            fail_msg("case %zu was accepted", i);
        assert_string_equal(err.text, cases[i].error);
        assert_int_equal(err.class, ERR_USAGE);
        arena_release(&arena);
        free_all(argv, argc);
    }
}

/* "" where it may be so. */
static void test_given_twice(void **state)
{
    (void)state;
    static const struct {
        const char *args[MAX_ARGS];
        const char *error;
    } cases[] = {
        {{"--lanes", "3", "--lanes=4"},
         "--lanes 3 and --lanes 4 are one option given twice: leave one out"},
        {{"-n", "3", "--exit", "--count", "3"},
         "-n 3 and --count 3 are one option given twice: leave one out"},
        {{"-o5", "-o-5"}, "-o 5 and -o -5 are one option given twice: leave one out"},
        {{"-c", "a", "-c", "b"}, "-c a and -c b are one option given twice: leave one out"},
        {{"--database", "password=x", "--database", "password=y"},
         "--database is given twice: leave one out"},
        {{"-e", "-e", "-vv", "--exit"}, ""},
        {{"-t", "a", "-t", "b", "--topic", "c"}, ""},
        {{"-X", "a=b", "-X", "c=d"}, ""},
        {{"-b", "a:1", "-b", "b:2"}, ""},
        {{"-F", "a", "-F", "b"}, ""},
        {{"--setup", "a.sql", "--setup", "b.sql"}, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *argv[MAX_ARGS];
        int argc = split(cases[i].args, argv);
        struct arena arena;
        struct command_line line;
        struct err err = {.class = ERR_NONE};
        arena_init(&arena);
        assert_int_equal(command_line_parse(&arena, &table, argc, argv, &line, &err), 0);
        int rc = command_line_check_once(&line, &err);
        assert_string_equal(rc < 0 ? err.text : "", cases[i].error);
        assert_true(rc == 0 || err.class == ERR_USAGE);
        arena_release(&arena);
        free_all(argv, argc);
    }
}

/* One name and one letter mean one thing. */
static void test_no_twins(void **state)
{
    (void)state;
    for (size_t i = 0; i < table.n; i++)
        for (size_t j = 0; j < i; j++) {
            if (*table.items[i].name)
                assert_string_not_equal(table.items[i].name, table.items[j].name);
            if (table.items[i].letter)
                assert_int_not_equal(table.items[i].letter, table.items[j].letter);
        }
}

/* The help names every option, and no line of it is wider than a terminal. */
static void test_help(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);
    option_table_print(&table, to);
    fclose(to);
    for (size_t i = 0; i < table.n; i++) {
        char name[40];
        snprintf(name, sizeof name, "--%s", table.items[i].name);
        if (*table.items[i].name && !strstr(text, name))
            fail_msg("the help lacks %s", name);
    }
    for (const char *line = text; *line;) {
        size_t width = strcspn(line, "\n");
        if (width > 100)
            fail_msg("too wide: %.*s", (int)width, line);
        line += width + 1;
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_given_twice), cmocka_unit_test(test_no_twins),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, fill_table, NULL);
}

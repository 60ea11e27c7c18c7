/* A shell command as a filter: what goes in, what comes out, how it ends; and many as --through. */
#include "unit.h"

#include "base/clock.h"
#include "base/command.h"
#include "base/signals.h"
#include "cmd/mend.h"

#include <stdlib.h>
#include <string.h>

#define LONG_MS 30000

static int setup(void **state)
{
    struct err err;
    (void)state;
    return signals_init(&err);
}

static void ends_as_it_ends(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        struct slice input;
        int64_t timeout_ms;
        enum command_end end;
        int status;
        struct slice out;
        const char *said;
    } cases[] = {
        {"cat", SLICE_INIT("a\0b\n"), LONG_MS, COMMAND_EXITED, 0, SLICE_INIT("a\0b\n"), ""},
        {"cat", {NULL, 0}, LONG_MS, COMMAND_EXITED, 0, SLICE_INIT(""), ""},
        {"echo not read", SLICE_INIT("x"), LONG_MS, COMMAND_EXITED, 0, SLICE_INIT("not read\n"),
         ""},
        {"echo out; echo; echo 'one\001\377two' >&2; echo three >&2; exit 3", SLICE_INIT(""),
         LONG_MS, COMMAND_EXITED, 3, SLICE_INIT("out\n\n"), "one "},
        {"printf '\\n\\nlate\\n' >&2", SLICE_INIT(""), LONG_MS, COMMAND_EXITED, 0, SLICE_INIT(""),
         "late"},
        {"kill -TERM $$", SLICE_INIT(""), LONG_MS, COMMAND_KILLED, 15, SLICE_INIT(""), ""},
        {"no_such_command_1", SLICE_INIT(""), LONG_MS, COMMAND_EXITED, 127, SLICE_INIT(""), NULL},
        {"echo begun; sleep 60 | cat", SLICE_INIT(""), 1500, COMMAND_TIMED_OUT, 9,
         SLICE_INIT("begun\n"), ""},
        {"exec >&- 2>&-; sleep 60", SLICE_INIT(""), 300, COMMAND_TIMED_OUT, 9, SLICE_INIT(""), ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct command_result result;
        struct err err;
        int64_t begun_us = clock_mono_us();
        assert_int_equal(command_run(cases[i].command, cases[i].input, cases[i].timeout_ms, &result,
                                     &err),
                         0);
        assert_true(clock_mono_us() - begun_us < LONG_MS * 1000LL);
        assert_int_equal(result.end, cases[i].end);
        assert_int_equal(result.status, cases[i].status);
        assert_true(slice_eq(buf_slice(&result.out), cases[i].out));
        if (cases[i].said)
            assert_string_equal(result.said, cases[i].said);
        command_release(&result);
    }
}

/* More than pipes hold, both ways at once. */
static void passes_a_lot(void **state)
{
    (void)state;
    size_t len = (size_t)3 << 20;
    char *bytes = malloc(len);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    struct command_result result;
    struct err err;
    assert_int_equal(command_run("cat; yes | head -c 1000000 >&2", (struct slice){bytes, len},
                                 LONG_MS, &result, &err),
                     0);
    assert_int_equal(result.end, COMMAND_EXITED);
    assert_int_equal(result.out.len, len);
    assert_memory_equal(result.out.data, bytes, len);
    assert_string_equal(result.said, "y");
    command_release(&result);
    free(bytes);
}

static void takes_16_mib_and_no_more(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        enum command_end end;
    } cases[] = {
        {"head -c 16777216 /dev/zero", COMMAND_EXITED},
        {"head -c 16777217 /dev/zero", COMMAND_TOO_MUCH},
        {"yes", COMMAND_TOO_MUCH},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct command_result result;
        struct err err;
        assert_int_equal(command_run(cases[i].command, SLICE_LIT(""), LONG_MS, &result, &err), 0);
        assert_int_equal(result.end, cases[i].end);
        assert_in_range(result.out.len, 16 << 20, (16 << 20) + (1 << 17));
        command_release(&result);
    }
}

/* All results of a chunk are kept until it is stored: with 64 MiB of them no more are begun. */
static void a_chunk_has_64_mib_and_what_was_begun(void **state)
{
    (void)state;
    struct replay_letter letters[100] = {0};
    struct mend mend;
    struct err err;
    size_t n = COUNT_OF(letters);
    mend_init(&mend, "head -c 12582912 /dev/zero", LONG_MS);
    assert_int_equal(mend_letters(&mend, letters, &n, &err), 0);
    /* Five do not fill it, six do; each of eight workers may have begun one more before. */
    assert_in_range(n, 6, 6 + 7);
    for (size_t i = 0; i < n; i++) {
        assert_null(letters[i].refusal);
        assert_int_equal(letters[i].value.len, 12 << 20);
    }
    mend_release(&mend);

    n = COUNT_OF(letters);
    mend_init(&mend, "cat; echo x", LONG_MS);
    assert_int_equal(mend_letters(&mend, letters, &n, &err), 0);
    assert_int_equal(n, COUNT_OF(letters));
    mend_release(&mend);
}

static void a_word_stays_one(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/etc/a-1.json", "/etc/a-1.json"},
        {"my creds", "'my creds'"},
        {"it's", "'it'\\''s'"},
        {"", "''"},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(command_word(&arena, cases[i][0]), cases[i][1]);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_as_it_ends),
        cmocka_unit_test(passes_a_lot),
        cmocka_unit_test(takes_16_mib_and_no_more),
        cmocka_unit_test(a_chunk_has_64_mib_and_what_was_begun),
        cmocka_unit_test(a_word_stays_one),
    };
    return cmocka_run_group_tests_name("command", tests, setup, NULL);
}

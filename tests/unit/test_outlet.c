/* Bytes to a descriptor: gathered, waited for, and never twice. */
#include "unit.h"

#include "base/outlet.h"
#include "base/signals.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void add(struct outlet *outlet, const char *text)
{
    struct err err = {0};
    char *to = outlet_reserve(outlet, strlen(text), &err);
    assert_non_null(to);
    memcpy(to, text, strlen(text));
    outlet_commit(outlet, strlen(text));
}

static void read_all(int fd, char *out, size_t room)
{
    ssize_t n = read(fd, out, room - 1);
    assert_true(n >= 0);
    out[n] = '\0';
}

static void test_what_is_gathered_goes_out_in_order(void **state)
{
    (void)state;
    int ends[2];
    char text[64];
    struct outlet outlet;
    struct err err = {0};
    assert_int_equal(pipe(ends), 0);
    outlet_init(&outlet, ends[1], "pipe", 4);
    add(&outlet, "ab");
    add(&outlet, "cd");
    add(&outlet, "longer than its buffer");
    add(&outlet, "!");
    assert_int_equal(outlet_flush(&outlet, &err), 0);
    assert_int_equal(outlet_write(&outlet, SLICE_LIT("past it"), &err), 0);
    read_all(ends[0], text, sizeof text);
    assert_string_equal(text, "abcdlonger than its buffer!past it");
    outlet_release(&outlet);
    close(ends[0]);
    close(ends[1]);
}

static void test_a_reader_that_has_gone_is_no_error(void **state)
{
    (void)state;
    int ends[2];
    struct outlet outlet;
    struct err err = {0};
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    outlet_init(&outlet, ends[1], "pipe", 16);
    add(&outlet, "ab");
    assert_int_equal(outlet_flush(&outlet, &err), 0);
    assert_true(outlet.closed);
    outlet_release(&outlet);
    close(ends[1]);
}

/* There may be room again: what was out already would come twice, or what was between is missing.
 */
static void test_after_an_error_nothing_is_written(void **state)
{
    (void)state;
    int ends[2];
    char text[64];
    struct outlet outlet;
    struct err err = {0};
    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    outlet_init(&outlet, full, "the file", 16);
    add(&outlet, "ab");
    assert_int_equal(outlet_flush(&outlet, &err), -1);
    assert_string_equal(err.text, "the file: No space left on device");
    assert_int_equal(outlet_partly(&outlet).len, 0);
    assert_int_equal(dup2(ends[1], full), full);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(i ? outlet_flush(&outlet, &err)
                           : outlet_write(&outlet, SLICE_LIT("cd"), &err),
                         -1);
        assert_int_equal(err.class, ERR_OUTAGE);
    }
    assert_int_equal(read(ends[0], text, sizeof text), -1);
    outlet_release(&outlet);
    close(full);
    close(ends[0]);
    close(ends[1]);
}

/* ---- A reader that does not read ---- */

struct waiting {
    int asked;
    int reader;
};

static bool on_wait(void *context)
{
    static char thrown_away[1 << 16];
    struct waiting *waiting = context;
    if (++waiting->asked == 2 && waiting->reader >= 0)
        return read(waiting->reader, thrown_away, sizeof thrown_away) > 0;
    return waiting->asked < 3 || waiting->reader >= 0;
}

static void test_who_waits_is_asked(void **state)
{
    (void)state;
    static const char piece[1 << 16];
    for (int reads = 0; reads < 2; reads++) {
        int ends[2];
        struct outlet outlet;
        struct err err = {0};
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
        struct waiting waiting = {.reader = reads ? ends[0] : -1};
        outlet_init(&outlet, ends[1], "pipe", 0);
        outlet.on_wait = on_wait;
        outlet.context = &waiting;
        for (int i = 0; i < 2; i++) /* the second finds the pipe full */
            assert_int_equal(outlet_write(&outlet, (struct slice){piece, sizeof piece}, &err), 0);
        assert_true(outlet.waited && waiting.asked >= 2);
        assert_int_equal(outlet.closed, !reads);
        outlet_release(&outlet);
        close(ends[0]);
        close(ends[1]);
    }
}

static int setup(void **state)
{
    (void)state;
    struct err err;
    return signals_init(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_gathered_goes_out_in_order),
        cmocka_unit_test(test_a_reader_that_has_gone_is_no_error),
        cmocka_unit_test(test_after_an_error_nothing_is_written),
        cmocka_unit_test(test_who_waits_is_asked),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}

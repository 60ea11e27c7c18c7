/* The first signal asks, the second ends; each case is a child process that is sent signals. */
#include "unit.h"

#include "base/clock.h"
#include "base/signals.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_DRAINED 42
#define EXIT_STUCK 43
#define EXIT_EARLY 44

static bool wait_readable(int timeout_ms)
{
    struct pollfd stop = {.fd = signals_fd(), .events = POLLIN};
    int rc;
    do
        rc = poll(&stop, 1, timeout_ms);
    while (rc < 0);
    return rc > 0 && (stop.revents & POLLIN);
}

/* A program that drains when asked to, or does not get round to it. */
static void child(int ready, bool drains)
{
    struct err err;
    if (signals_init(&err) < 0 || signals_stop_requested() || wait_readable(0))
        _exit(EXIT_EARLY);
    raise(SIGPIPE);
    if (write(ready, "r", 1) != 1 || !wait_readable(10000) || !signals_stop_requested())
        _exit(EXIT_STUCK);
    /* Whoever looks later sees it too. */
    if (!wait_readable(0) || write(ready, "s", 1) != 1)
        _exit(EXIT_STUCK);
    if (drains)
        _exit(EXIT_DRAINED);
    for (int i = 0; i < 100; i++)
        poll(NULL, 0, 100); /* the thread sanitizer runs handlers where it sees a thread wait */
    _exit(EXIT_STUCK);
}

static pid_t start(int *ready, bool drains)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(ends[1], drains);
    close(ends[1]);
    *ready = ends[0];
    char r;
    assert_int_equal(read(*ready, &r, 1), 1);
    return pid;
}

static int exit_code(pid_t pid, int ready)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(ready);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_first_signal_asks_to_stop(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        int ready;
        pid_t pid = start(&ready, true);
        kill(pid, signals[i]);
        assert_int_equal(exit_code(pid, ready), EXIT_DRAINED);
    }
}

static void the_second_ends_with_130(void **state)
{
    (void)state;
    static const struct {
        int first, second, pause_ms;
    } cases[] = {
        {SIGINT, SIGINT, 100}, {SIGTERM, SIGTERM, 100},
        {SIGINT, SIGTERM, 0}, /* another one is no echo, however soon it comes */
        {SIGTERM, SIGINT, 0},  {SIGHUP, SIGTERM, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int ready;
        char seen;
        pid_t pid = start(&ready, false);
        kill(pid, cases[i].first);
        assert_int_equal(read(ready, &seen, 1), 1);
        clock_sleep_ms(cases[i].pause_ms);
        int64_t start_us = clock_mono_us();
        kill(pid, cases[i].second);
        assert_int_equal(exit_code(pid, ready), 130);
        assert_true(clock_mono_us() - start_us < 5000000);
    }
}

/* The kernel and the shell tell of a terminal that is gone, each in its own time. */
static void a_second_hangup_is_none(void **state)
{
    (void)state;
    static const int first[] = {SIGHUP, SIGTERM};
    for (size_t i = 0; i < COUNT_OF(first); i++) {
        int ready, status;
        char seen;
        pid_t pid = start(&ready, false);
        kill(pid, first[i]);
        assert_int_equal(read(ready, &seen, 1), 1);
        clock_sleep_ms(100);
        kill(pid, SIGHUP);
        clock_sleep_ms(100);
        assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
        kill(pid, SIGINT);
        assert_int_equal(exit_code(pid, ready), 130);
    }
}

/* nohup */
static void an_ignored_hangup_stays_so(void **state)
{
    (void)state;
    int ready;
    signal(SIGHUP, SIG_IGN);
    pid_t pid = start(&ready, true);
    signal(SIGHUP, SIG_DFL);
    kill(pid, SIGHUP);
    clock_sleep_ms(100);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
    kill(pid, SIGTERM);
    assert_int_equal(exit_code(pid, ready), EXIT_DRAINED);
}

/* As timeout(1) sends it: to the process, and at once again to its group. */
static void an_echo_is_not_the_second(void **state)
{
    (void)state;
    for (int attempt = 0; attempt < 20; attempt++) {
        int ready, status;
        char seen;
        pid_t pid = start(&ready, false);
        int64_t start_us = clock_mono_us();
        kill(pid, SIGTERM);
        kill(pid, SIGTERM);
        assert_int_equal(read(ready, &seen, 1), 1);
        kill(pid, SIGTERM);
        bool at_once = clock_mono_us() - start_us < 30000;
        clock_sleep_ms(150);
        bool alive = waitpid(pid, &status, WNOHANG) == 0;
        if (at_once) { /* or this machine was too busy to send an echo */
            assert_true(alive);
            kill(pid, SIGTERM);
            assert_int_equal(exit_code(pid, ready), 130);
            return;
        }
        if (alive) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
        }
        close(ready);
    }
    skip();
}

int main(void)
{
    signal(SIGHUP, SIG_DFL); /* whoever runs this by nohup */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_signal_asks_to_stop),
        cmocka_unit_test(the_second_ends_with_130),
        cmocka_unit_test(a_second_hangup_is_none),
        cmocka_unit_test(an_ignored_hangup_stays_so),
        cmocka_unit_test(an_echo_is_not_the_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

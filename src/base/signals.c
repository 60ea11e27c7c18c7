#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define EXIT_ENDED 130
#define ECHO_MS 50

/* Lock-free atomics may be touched by a handler, whichever thread it interrupts. */
static atomic_int first_signal;
static _Atomic int64_t first_at_ms;
static atomic_bool at_once;
static atomic_int end_code = EXIT_ENDED;
static _Atomic(const char *) end_line;
static int stop_fd = -1;

static int64_t now_ms(void)
{
    /* Not clock.h: a test's clock has no place in a signal handler. */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void end(void)
{
    const char *line = atomic_load(&end_line);
    if (line) {
        ssize_t n = write(STDERR_FILENO, line, strlen(line));
        (void)n; /* nobody may read it */
    }
    _exit(atomic_load(&end_code));
}

/* Async-signal-safe: clock_gettime, write, strlen and _exit are all it calls. */
static void on_signal(int signal)
{
    int saved_errno = errno;
    int none = 0;
    if (atomic_load(&at_once))
        end();
    if (atomic_compare_exchange_strong(&first_signal, &none, signal)) {
        atomic_store(&first_at_ms, now_ms());
        uint64_t one = 1;
        ssize_t n = write(stop_fd, &one, sizeof one);
        (void)n; /* an eventfd that is written once cannot be full */
    } else {
        /* 0: the first is just being handled, by another thread. */
        int64_t at_ms = atomic_load(&first_at_ms);
        bool echo = none == signal && (at_ms == 0 || now_ms() - at_ms < ECHO_MS);
        if (!echo && signal != SIGHUP)
            _exit(EXIT_ENDED);
    }
    errno = saved_errno;
}

static int handle(int signal, void (*handler)(int), struct err *err)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(signal, &action, NULL) < 0)
        return err_set(err, ERR_BUG, "sigaction(%d): %s", signal, strerror(errno));
    return 0;
}

static bool is_ignored(int signal)
{
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int signals_init(struct err *err)
{
    if (stop_fd < 0)
        stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_fd < 0)
        return err_set(err, ERR_OUTAGE, "eventfd: %s", strerror(errno));
    if (handle(SIGINT, on_signal, err) < 0 || handle(SIGTERM, on_signal, err) < 0)
        return -1;
    if (!is_ignored(SIGHUP) && handle(SIGHUP, on_signal, err) < 0)
        return -1;
    return handle(SIGPIPE, SIG_IGN, err);
}

void signals_end_at_once(bool on)
{
    atomic_store(&at_once, on);
}

void signals_end_with(int code, const char *line)
{
    atomic_store(&end_line, line);
    atomic_store(&end_code, code);
}

bool signals_stop_requested(void)
{
    return atomic_load(&first_signal) != 0;
}

int signals_fd(void)
{
    return stop_fd;
}

#include "base/outlet.h"

#include "base/signals.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS 100
#define LEAVE_MS 500 /* for a reader to take a piece, once asked to stop */

/* Files and /dev/null take all at once; a pipe or a terminal may take nothing for hours. */
static bool may_block(int fd)
{
    struct stat stat;
    return fstat(fd, &stat) == 0 && !S_ISREG(stat.st_mode) &&
           (!S_ISCHR(stat.st_mode) || isatty(fd));
}

static void make_room(struct outlet *outlet, size_t size_bytes)
{
    char *data = realloc(outlet->data, size_bytes);
    if (!data) {
        fputs("weir: out of memory\n", stderr);
        abort();
    }
    outlet->data = data;
    outlet->size = size_bytes;
}

void outlet_init(struct outlet *outlet, int fd, const char *name, size_t size_bytes)
{
    *outlet = (struct outlet){.name = name, .fd = fd, .may_block = may_block(fd)};
    if (size_bytes > 0)
        make_room(outlet, size_bytes);
}

void outlet_release(struct outlet *outlet)
{
    free(outlet->data);
    outlet->data = NULL;
}

/* Where nobody has to be heard in between: only a signal ends it. */
static bool await_alone(const struct outlet *outlet)
{
    struct pollfd fds[] = {{.fd = outlet->fd, .events = POLLOUT},
                           {.fd = signals_fd(), .events = POLLIN}};
    for (;;) {
        bool stop = signals_stop_requested();
        int ready = poll(fds, stop ? 1 : 2, stop ? LEAVE_MS : -1);
        if (ready > 0 && fds[0].revents)
            return true;
        if (stop && ready == 0)
            return false;
    }
}

/* Until there is room; false: it is not waited for any longer. */
static bool await_room(struct outlet *outlet)
{
    struct pollfd out = {.fd = outlet->fd, .events = POLLOUT};
    if (!outlet->on_wait)
        return await_alone(outlet);
    while (poll(&out, 1, WAIT_MS) <= 0) {
        outlet->waited = true;
        if (!outlet->on_wait(outlet->context))
            return false;
    }
    if (outlet->waited)
        outlet->on_wait(outlet->context); /* it takes what comes, so all may leave */
    return true;
}

/*
 * A write that would block cannot be left by a signal. A pipe that poll(2) finds ready takes
 * PIPE_BUF without a wait, and maybe no more. 0: the reader is not waited for any longer.
 */
static ssize_t write_piece(struct outlet *outlet, const char *at, size_t left)
{
    if (outlet->may_block) {
        if (!await_room(outlet))
            return 0;
        left = left < PIPE_BUF ? left : PIPE_BUF;
    }
    return write(outlet->fd, at, left);
}

bool outlet_reader_gone(int fd)
{
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

const char *outlet_reason(int error)
{
    return error == EBADF ? "it is closed" : strerror(error);
}

int outlet_write(struct outlet *outlet, struct slice bytes, struct err *err)
{
    size_t at = 0;
    while (at < bytes.len && !outlet->closed && outlet->write_errno == 0) {
        ssize_t n = write_piece(outlet, bytes.ptr + at, bytes.len - at);
        if (n > 0)
            at += (size_t)n;
        else if (n == 0 || errno == EPIPE)
            outlet->closed = true;
        else if (errno == EAGAIN)
            outlet->may_block = true; /* another process has set O_NONBLOCK */
        else if (errno != EINTR) {
            outlet->write_errno = errno;
            outlet->partly = at;
        }
    }
    if (outlet->write_errno == 0)
        return 0;
    return err_set(err, ERR_OUTAGE, "%s: %s", outlet->name, outlet_reason(outlet->write_errno));
}

int outlet_flush(struct outlet *outlet, struct err *err)
{
    if (outlet_write(outlet, (struct slice){outlet->data, outlet->len}, err) < 0)
        return -1;
    outlet->len = 0;
    return 0;
}

struct slice outlet_partly(const struct outlet *outlet)
{
    return (struct slice){outlet->data, outlet->partly};
}

char *outlet_make_room(struct outlet *outlet, size_t bytes, struct err *err)
{
    if (outlet_flush(outlet, err) < 0)
        return NULL;
    if (outlet->size < bytes)
        make_room(outlet, bytes);
    return outlet->data;
}

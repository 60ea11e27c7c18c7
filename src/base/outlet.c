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

#define LEAVE_MS 300 /* for a reader to take the rest, once asked to stop */

void outlet_init(struct outlet *outlet, int fd, const char *name, size_t size_bytes)
{
    *outlet = (struct outlet){.name = name, .fd = fd, .size = size_bytes};
    struct stat stat;
    outlet->may_block =
        fstat(fd, &stat) == 0 && !S_ISREG(stat.st_mode) && (!S_ISCHR(stat.st_mode) || isatty(fd));
    outlet->data = malloc(size_bytes);
    if (!outlet->data) {
        fputs("weir: out of memory\n", stderr);
        abort();
    }
}

void outlet_release(struct outlet *outlet)
{
    free(outlet->data);
    outlet->data = NULL;
}

/* False: someone asks the process to stop, and there is no room. */
static bool await_room(const struct outlet *outlet)
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

/* A write that would block cannot be left by a signal, so no more is written than has room. */
static ssize_t write_piece(struct outlet *outlet, const char *at, size_t left)
{
    if (outlet->may_block) {
        if (!await_room(outlet))
            return 0;
        left = left < PIPE_BUF ? left : PIPE_BUF;
    }
    return write(outlet->fd, at, left);
}

int outlet_flush(struct outlet *outlet, struct err *err)
{
    size_t at = 0;
    while (at < outlet->len && !outlet->closed) {
        ssize_t n = write_piece(outlet, outlet->data + at, outlet->len - at);
        if (n > 0)
            at += (size_t)n;
        else if (n == 0 || errno == EPIPE)
            outlet->closed = true;
        else if (errno == EAGAIN)
            outlet->may_block = true; /* another process has set O_NONBLOCK */
        else if (errno != EINTR)
            return err_set(err, ERR_OUTAGE, "%s: %s", outlet->name, strerror(errno));
    }
    outlet->written_bytes += at;
    outlet->len = 0;
    return 0;
}

char *outlet_reserve(struct outlet *outlet, size_t bytes, struct err *err)
{
    if (outlet->size - outlet->len < bytes && outlet_flush(outlet, err) < 0)
        return NULL;
    return outlet->data + outlet->len;
}

void outlet_commit(struct outlet *outlet, size_t bytes)
{
    outlet->len += bytes;
}

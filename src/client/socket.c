#include "client/socket.h"

#include "base/clock.h"
#include "client/resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- waiting ---- */

static int64_t left_ms(int64_t deadline_us)
{
    int64_t left_us = deadline_us - clock_mono_us();
    return left_us > 0 ? (left_us + 999) / 1000 : 0;
}

static bool wait_until(int fd, short events, int64_t deadline_us)
{
    for (;;) {
        int64_t ms = left_ms(deadline_us);
        struct pollfd poller = {.fd = fd, .events = events};
        int n = poll(&poller, 1, ms > INT32_MAX ? INT32_MAX : (int)ms);
        if (n > 0)
            return true;
        if (n == 0 && ms == 0)
            return false;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return true; /* the next call says what is wrong */
    }
}

bool socket_wait(const struct socket *socket, short events)
{
    return wait_until(socket->fd, events, socket->deadline_us);
}

/* ---- connecting ---- */

static void address_text(const struct addrinfo *to, char out[SOCKET_ADDRESS_BYTES])
{
    char host[INET6_ADDRSTRLEN + 16] = "?";
    char port[8] = "?";
    getnameinfo(to->ai_addr, to->ai_addrlen, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(out, SOCKET_ADDRESS_BYTES, to->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
             port);
}

/* 0, or the errno of what went wrong. */
static int connect_fd(int fd, const struct addrinfo *to, int64_t deadline_us)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    if (!wait_until(fd, POLLOUT, deadline_us))
        return ETIMEDOUT;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return errno;
    return error;
}

/* The descriptor, or -1 and errno. */
static int try_address(const struct addrinfo *to, int64_t deadline_us)
{
    int one = 1;
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int error = connect_fd(fd, to, deadline_us);
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

static enum probe_outcome outcome_of(int error)
{
    if (error == ECONNREFUSED)
        return PROBE_REFUSED;
    return error == ETIMEDOUT ? PROBE_TIMED_OUT : PROBE_UNREACHABLE;
}

static const char *reason_of(int error)
{
    if (error == ECONNREFUSED)
        return "connection refused";
    return error == ETIMEDOUT ? "no connection in time" : strerror(error);
}

/* Of what several addresses had to say, the one that a person can do most about. */
static enum probe_outcome more_telling(enum probe_outcome a, enum probe_outcome b)
{
    static const enum probe_outcome order[] = {PROBE_TIMED_OUT, PROBE_REFUSED};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return b;
}

static size_t count(const struct addrinfo *list)
{
    size_t n = 0;
    for (; list; list = list->ai_next)
        n++;
    return n;
}

/* One after the other, each with its share of the time that is left. */
static enum probe_outcome try_all(struct socket *out, const struct addrinfo *list, struct err *err)
{
    enum probe_outcome outcome = PROBE_UNREACHABLE;
    char said[512] = "";
    size_t used = 0;
    for (const struct addrinfo *to = list; to; to = to->ai_next) {
        int64_t now_us = clock_mono_us();
        int64_t share_us = (out->deadline_us - now_us) / (int64_t)count(to);
        address_text(to, out->address);
        out->fd = try_address(to, now_us + (share_us > 0 ? share_us : 0));
        if (out->fd >= 0)
            return PROBE_OK;
        outcome = more_telling(outcome, outcome_of(errno));
        if (used < sizeof said)
            used += (size_t)snprintf(said + used, sizeof said - used, "%s%s (%s)", used ? ", " : "",
                                     reason_of(errno), out->address);
        out->address[0] = '\0';
    }
    err_set(err, ERR_OUTAGE, "%s", said);
    return outcome;
}

static enum probe_outcome no_address(int code, struct err *err)
{
    if (code == RESOLVE_TIMED_OUT) {
        err_set(err, ERR_OUTAGE, "the name servers gave no address in time");
        return PROBE_TIMED_OUT;
    }
    err_set(err, ERR_OUTAGE, "the name has no address: %s", gai_strerror(code));
    return PROBE_NO_HOST;
}

enum probe_outcome socket_open(struct socket *out, const struct broker_address *broker,
                               const struct security *security, int64_t deadline_us,
                               struct err *err)
{
    struct addrinfo *list = NULL;
    *out = (struct socket){.fd = -1, .deadline_us = deadline_us};
    int code = resolve(broker, security->family, deadline_us, &list);
    if (code != 0)
        return no_address(code, err);
    enum probe_outcome outcome = try_all(out, list, err);
    freeaddrinfo(list);
    if (outcome == PROBE_OK && security->tls)
        outcome = socket_tls_open(out, broker->host, security, err);
    return outcome;
}

void socket_close(struct socket *socket)
{
    socket_tls_close(socket);
    if (socket->fd >= 0)
        close(socket->fd);
    socket->fd = -1;
}

/* ---- bytes ---- */

/* Who closes with our question unread sends a reset. */
static bool is_end(int error)
{
    return error == ECONNRESET || error == EPIPE;
}

static enum probe_outcome broken(int error, struct err *err)
{
    if (is_end(error))
        err_set(err, ERR_OUTAGE, "connected, then closed without an answer");
    else
        err_set(err, ERR_OUTAGE, "the connection broke: %s", strerror(error));
    return PROBE_CLOSED;
}

static enum probe_outcome silent(struct err *err)
{
    err_set(err, ERR_OUTAGE, "connected, but no answer in time");
    return PROBE_SILENT;
}

static bool is_passing(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

enum probe_outcome socket_send(struct socket *socket, struct slice bytes, struct err *err)
{
    if (socket->tls)
        return socket_tls_send(socket, bytes, err);
    while (bytes.len > 0) {
        ssize_t n = send(socket->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (n >= 0) {
            bytes.ptr += n;
            bytes.len -= (size_t)n;
        } else if (!is_passing(errno)) {
            return broken(errno, err);
        } else if (!socket_wait(socket, POLLOUT)) {
            return silent(err);
        }
    }
    return PROBE_OK;
}

enum probe_outcome socket_receive(struct socket *socket, char *bytes, size_t size, size_t *got,
                                  struct err *err)
{
    *got = 0;
    if (socket->tls)
        return socket_tls_receive(socket, bytes, size, got, err);
    for (;;) {
        ssize_t n = recv(socket->fd, bytes, size, 0);
        if (n >= 0 || is_end(errno)) {
            *got = n > 0 ? (size_t)n : 0;
            return PROBE_OK;
        }
        if (!is_passing(errno))
            return broken(errno, err);
        if (!socket_wait(socket, POLLIN))
            return silent(err);
    }
}

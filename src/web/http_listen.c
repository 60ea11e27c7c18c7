#include "web/http_listen.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 16

static int bad_address(const char *address, const char *why, struct err *err)
{
    return err_set(err, ERR_USAGE,
                   "\"%s\" is no address to listen on (%s); write PORT, ADDR:PORT or [ADDR]:PORT",
                   address, why);
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 5 && text[digits] == '\0' && atoi(text) <= 65535;
}

int http_parse_address(const char *address, struct http_endpoint *out, struct err *err)
{
    const char *colon = strrchr(address, ':');
    const char *port = colon ? colon + 1 : address;
    const char *host = address;
    size_t len = colon ? (size_t)(colon - address) : 0;
    bool bracketed = len >= 2 && host[0] == '[' && host[len - 1] == ']';
    if (bracketed) {
        host++;
        len -= 2;
    }
    if (!is_port(port))
        return bad_address(address, "the port is a number up to 65535", err);
    if (!bracketed && memchr(host, ':', len))
        return bad_address(address, "an IPv6 address stands in brackets", err);
    if (len >= sizeof out->host)
        return bad_address(address, "it is too long", err);
    snprintf(out->port, sizeof out->port, "%s", port);
    if (len == 0)
        snprintf(out->host, sizeof out->host, "127.0.0.1");
    else
        snprintf(out->host, sizeof out->host, "%.*s", (int)len, host);
    if (!strcmp(out->host, "localhost"))
        snprintf(out->host, sizeof out->host, "127.0.0.1");
    return 0;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

static int open_socket(const struct addrinfo *info)
{
    const int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return -1;
}

static int cannot_listen(const char *address, struct err *err)
{
    /* Not ours to have, today or on this machine: a person must choose another. */
    if (errno == EADDRINUSE)
        return err_set(err, ERR_HALT,
                       "something else listens on %s already; choose another port, or 0 for a free "
                       "one",
                       address);
    return err_set(err, ERR_HALT, "cannot listen on %s: %s", address, strerror(errno));
}

/* As the socket has it: with the port that was chosen for port 0. */
static int show_address(int fd, const char *address, char shown[HTTP_ADDRESS_BYTES],
                        struct err *err)
{
    struct sockaddr_storage storage = {0};
    socklen_t len = sizeof storage;
    char host[INET6_ADDRSTRLEN];
    char port[8];
    if (getsockname(fd, (struct sockaddr *)&storage, &len) != 0 ||
        getnameinfo((struct sockaddr *)&storage, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return cannot_listen(address, err);
    bool brackets = storage.ss_family == AF_INET6;
    snprintf(shown, HTTP_ADDRESS_BYTES, "%s%s%s:%s", brackets ? "[" : "", host, brackets ? "]" : "",
             port);
    if (!is_loopback((struct sockaddr *)&storage))
        log_warn("",
                 "HTTP on %s can be read by everyone who reaches this machine: there is no "
                 "password and no TLS",
                 shown);
    return 0;
}

int http_listen(const char *address, char shown[HTTP_ADDRESS_BYTES], struct err *err)
{
    struct http_endpoint endpoint;
    if (http_parse_address(address, &endpoint, err) != 0)
        return -1;
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
    };
    struct addrinfo *info;
    if (getaddrinfo(endpoint.host, endpoint.port, &hints, &info) != 0)
        return bad_address(address, "ADDR is an IP address or localhost", err);
    int fd = open_socket(info);
    if (fd < 0)
        cannot_listen(address, err);
    freeaddrinfo(info);
    if (fd >= 0 && show_address(fd, address, shown, err) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/*
 * A TCP connection with or without TLS in which no step waits longer than until the deadline. What
 * went wrong is told as probe.h's outcome and, in `err`, as part of a sentence. Of src/client
 * alone.
 */
#ifndef WEIR_CLIENT_SOCKET_H
#define WEIR_CLIENT_SOCKET_H

#include "base/slice.h"
#include "client/probe.h"
#include "client/security.h"

#define SOCKET_ADDRESS_BYTES 64

struct socket_tls;

struct socket {
    int fd; /* -1: none */
    struct socket_tls *tls;
    int64_t deadline_us;                /* of the monotonic clock */
    char address[SOCKET_ADDRESS_BYTES]; /* connected to: "127.0.0.1:9092", "[::1]:9092" */
};

/* Connect to the first of the host's addresses that answers, and shake hands. Close it anyway. */
enum probe_outcome socket_open(struct socket *out, const struct broker_address *broker,
                               const struct security *security, int64_t deadline_us,
                               struct err *err);
void socket_close(struct socket *socket);

/* All of it. */
enum probe_outcome socket_send(struct socket *socket, struct slice bytes, struct err *err);
/* What is there, at least one byte, up to `size`; *got == 0: the other side has closed. */
enum probe_outcome socket_receive(struct socket *socket, char *bytes, size_t size, size_t *got,
                                  struct err *err);
/* "TLSv1.3", or NULL without TLS. Static. */
const char *socket_tls_version(const struct socket *socket);

/* ---- between socket.c and socket_tls.c ---- */

/* Until the descriptor is ready for poll(2)'s `events`. False: not in time. */
bool socket_wait(const struct socket *socket, short events);

enum probe_outcome socket_tls_open(struct socket *socket, const char *host,
                                   const struct security *security, struct err *err);
void socket_tls_close(struct socket *socket);
enum probe_outcome socket_tls_send(struct socket *socket, struct slice bytes, struct err *err);
enum probe_outcome socket_tls_receive(struct socket *socket, char *bytes, size_t size, size_t *got,
                                      struct err *err);

#endif

/*
 * Addresses of a host by name, within a time: getaddrinfo(3) waits as long as the name servers
 * take. Of src/client alone.
 */
#ifndef WEIR_CLIENT_RESOLVE_H
#define WEIR_CLIENT_RESOLVE_H

#include "client/probe.h"

#include <netdb.h>

/* Not in time; beside the EAI_* codes, which are negative. */
#define RESOLVE_TIMED_OUT 1

/* 0: freeaddrinfo(*out) is the caller's; else an EAI_* code or RESOLVE_TIMED_OUT. */
int resolve(const struct broker_address *broker, int family, int64_t deadline_us,
            struct addrinfo **out);

#endif

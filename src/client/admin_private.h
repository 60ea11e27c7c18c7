/* The inside of an admin, shared by admin.c (life, cluster, topics) and admin_offsets.c. */
#ifndef WEIR_CLIENT_ADMIN_PRIVATE_H
#define WEIR_CLIENT_ADMIN_PRIVATE_H

#include "client/admin.h"
#include "client/client.h"

struct admin {
    struct client client; /* first: it is the handle's opaque pointer */
    char *brokers;
    /* What went wrong last behind a call that only says "timed out". */
    struct err last_fault;
};

/*
 * Serve the library's errors; -1 if one is of a kind that waiting does not cure (authentication,
 * TLS).
 */
int admin_serve_errors(struct admin *admin, struct err *err);

/* No answer in time: the reason that the library gave while we waited, else `code`. Returns -1. */
int admin_no_answer(struct admin *admin, rd_kafka_resp_err_t code, int timeout_ms, struct err *err);

#endif

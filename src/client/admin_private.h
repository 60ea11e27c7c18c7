/* The inside of an admin, shared by the sources admin*.c. */
#ifndef WEIR_CLIENT_ADMIN_PRIVATE_H
#define WEIR_CLIENT_ADMIN_PRIVATE_H

#include "client/admin.h"
#include "client/client.h"

struct admin {
    struct client client; /* first: it is the handle's opaque pointer */
    char *brokers;
    /* What went wrong last behind a call that only says "timed out". */
    struct err last_fault;
    bool heeds_stop;
};

/* A question begins: what kept the last one from its answer is over. */
void admin_ask(struct admin *admin);

/*
 * Serve the library's errors; -1 if one is of a kind that waiting does not cure (authentication,
 * TLS), or hardly cures (a port of another kind); or if it is asked to stop, and heeds that.
 */
int admin_serve_errors(struct admin *admin, struct err *err);

/* No answer in time: the reason that the library gave while we waited, else `code`. Returns -1. */
int admin_no_answer(struct admin *admin, rd_kafka_resp_err_t code, int timeout_ms, struct err *err);

/*
 * Metadata of `topic`, of all topics, or (both absent) of the brokers alone. In slices, because a
 * wrong password shows only as a callback while the call waits on.
 */
int admin_metadata(struct admin *admin, bool all, rd_kafka_topic_t *topic, int timeout_ms,
                   const struct rd_kafka_metadata **out, struct err *err);

/*
 * One request of the library's Admin API: open it, hand options and queue to the call, wait for
 * its answer, close it.
 */
struct admin_request {
    struct admin *admin;
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    int timeout_ms;
};
void admin_request_open(struct admin *admin, rd_kafka_admin_op_t op, int timeout_ms,
                        struct admin_request *out);
/* The request is to be checked by the broker and change nothing. */
void admin_request_only_validate(struct admin_request *request);
/* The answer; NULL and `err` if none came, or one that is an error as a whole. */
rd_kafka_event_t *admin_request_wait(struct admin_request *request, struct err *err);
/* The next of several answers, whatever it says; NULL and `err` if none came. */
rd_kafka_event_t *admin_request_next(struct admin_request *request, struct err *err);
/* What an answer that is an error as a whole means. Returns -1. */
int admin_request_fault(struct admin_request *request, rd_kafka_event_t *event, struct err *err);
void admin_request_close(struct admin_request *request);

/*
 * What a broker said against a change, in its own words: ERR_USAGE where the asker can do better
 * (a name, a config, a number), else as fault_of_topic() has it. Returns -1.
 */
int admin_refusal(struct err *err, rd_kafka_resp_err_t code, const char *topic, const char *words);

#endif

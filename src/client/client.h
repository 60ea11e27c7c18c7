/*
 * What every librdkafka handle of weir shares: how its configuration is built, and where its log
 * lines go. Private to src/client.
 *
 * A struct client is the first member of what owns the handle and is the handle's opaque pointer.
 */
#ifndef WEIR_CLIENT_CLIENT_H
#define WEIR_CLIENT_CLIENT_H

#include "base/config.h"
#include "base/err.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct client {
    rd_kafka_t *rk;
    char *scope;
    pthread_mutex_t log_lock; /* lines come from the library's threads; it guards the next three */
    char last_line[512];
    char mismatch[256];           /* the library's words on the last (fault_connect.h); "": none */
    int64_t mismatch_us;          /* since when there was nothing else */
    atomic_int certificate_fault; /* the last X509_V_ERR_... of a broker's; 0: none */
    bool intercepts;              /* its configuration has interceptors: see client_open() */
};

struct setting {
    const char *name;
    const char *value;
};

struct client_settings {
    rd_kafka_type_t type;
    const char *brokers;
    const struct setting *defaults; /* the user may change these */
    size_t n_defaults;
    const struct property *properties; /* the user's */
    size_t n_properties;
    const struct setting *owned; /* nobody may change these */
    size_t n_owned;
};

int client_init(struct client *client, const char *scope, struct err *err);
void client_release(struct client *client);

/*
 * A configuration from the three kinds of settings, in that order, so the later wins. A default
 * that the library does not know is left out; a property of the user's that it does not know, or a
 * value it refuses, is ERR_USAGE and says where it came from.
 */
rd_kafka_conf_t *client_conf(struct client *client, const struct client_settings *settings,
                             struct err *err);

/*
 * fault_set() for what the library's error callback says: why a broker's certificate was refused is
 * known only here.
 */
int client_fault(struct client *client, struct err *err, rd_kafka_resp_err_t code,
                 const char *words);

/*
 * What connections end with, beside all errors. client_ask(): a question begins, what was before is
 * forgotten. client_mismatch(): since `age_us` at least each ended in a mismatch of protocols
 * (fault_connect.h), so `err` has it, with ERR_OUTAGE.
 */
void client_ask(struct client *client);
bool client_mismatch(struct client *client, int64_t age_us, struct err *err);

/* Make the handle of `client`; takes `conf` over whatever happens. */
int client_open(struct client *client, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                struct err *err);

/*
 * Calls of the library that may never return: done by a thread of their own. False if it was not
 * over in time: then it goes on, and what it looks at must not be freed.
 */
bool client_within(void *(*work)(void *), void *context, int timeout_ms);

/*
 * Destroy the handle, which can take as long as a name server does. False if it was not done in
 * time: the library's threads go on and may call back, so what owns `client` must not be freed.
 */
bool client_close(struct client *client, int timeout_ms);

#endif

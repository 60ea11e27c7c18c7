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
#include <stdbool.h>

struct client {
    rd_kafka_t *rk;
    char *scope;
    pthread_mutex_t log_lock; /* lines come from the library's threads */
    char last_line[512];
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

/* Make the handle of `client`; takes `conf` over whatever happens. */
int client_open(struct client *client, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                struct err *err);

/*
 * Destroy the handle, which can take as long as a name server does. False if it was not done in
 * time: the library's threads go on and may call back, so what owns `client` must not be freed.
 */
bool client_close(struct client *client, int timeout_ms);

#endif

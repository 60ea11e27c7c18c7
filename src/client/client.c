#include "client/client.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/suggest.h"
#include "client/fault.h"
#include "client/fault_connect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int client_init(struct client *client, const char *scope, struct err *err)
{
    client->rk = NULL;
    client->last_line[0] = '\0';
    client->mismatch[0] = '\0';
    client->intercepts = false;
    atomic_init(&client->certificate_fault, 0);
    client->scope = strdup(scope ? scope : "");
    if (!client->scope)
        return err_set(err, ERR_BUG, "out of memory");
    pthread_mutex_init(&client->log_lock, NULL);
    return 0;
}

void client_release(struct client *client)
{
    if (!client->scope)
        return;
    pthread_mutex_destroy(&client->log_lock);
    free(client->scope);
    client->scope = NULL;
}

/* The library counts as syslog(3) does, whose header's names would hide those of base/log.h. */
#define SYSLOG_WARNING 4

/*
 * Connection failures and errors come again as events, with a class and a cure: here they are for
 * those who debug. What comes only as a line (a deprecated property, a clock of the group) is a
 * warning, said once as long as it does not change.
 */
static bool is_said_elsewhere(const char *facility)
{
    static const char *const facilities[] = {"FAIL",        "ERROR",   "FATAL",     "SSL",
                                             "SASL",        "MAXPOLL", "SESSTMOUT", "GETPID",
                                             "SSLCERTVRFY", "REQTMOUT"};
    for (size_t i = 0; i < sizeof facilities / sizeof *facilities; i++)
        if (!strcmp(facility, facilities[i]))
            return true;
    return false;
}

/* One `kafka:` serves producers and consumers; each leaves the other's properties alone. */
static bool is_of_another_kind(const char *line)
{
    return strstr(line, "will be ignored by this consumer instance") ||
           strstr(line, "will be ignored by this producer instance");
}

/* Newer libraries tell why a connection ended in a line alone, if it can be had again at once. */
static void note_end(struct client *client, const char *line)
{
    const char *words = strstr(line, "]: "); /* behind the thread's name */
    words = words ? words + 3 : line;
    pthread_mutex_lock(&client->log_lock);
    if (strstr(words, "in state CONNECT")) {
        client->mismatch[0] = '\0';
    } else if (fault_connect_is_mismatch(RD_KAFKA_RESP_ERR__TRANSPORT, words)) {
        if (!client->mismatch[0])
            client->mismatch_us = clock_mono_us();
        snprintf(client->mismatch, sizeof client->mismatch, "%s", words);
    }
    pthread_mutex_unlock(&client->log_lock);
}

void client_ask(struct client *client)
{
    pthread_mutex_lock(&client->log_lock);
    client->mismatch[0] = '\0';
    pthread_mutex_unlock(&client->log_lock);
}

bool client_mismatch(struct client *client, int64_t age_us, struct err *err)
{
    pthread_mutex_lock(&client->log_lock);
    bool found = client->mismatch[0] != '\0' && clock_mono_us() - client->mismatch_us >= age_us;
    if (found)
        fault_set(err, RD_KAFKA_RESP_ERR__TRANSPORT, client->mismatch);
    pthread_mutex_unlock(&client->log_lock);
    return found;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *line)
{
    struct client *client = rk ? rd_kafka_opaque(rk) : NULL;
    const char *scope = client ? client->scope : "";
    if (client && !strcmp(facility, "FAIL"))
        note_end(client, line);
    if (level > SYSLOG_WARNING || is_said_elsewhere(facility) || is_of_another_kind(line) ||
        !client) {
        log_debug(scope, "librdkafka %s: %s", facility, line);
        return;
    }
    pthread_mutex_lock(&client->log_lock);
    bool is_new = strncmp(client->last_line, line, sizeof client->last_line - 1) != 0;
    if (is_new)
        snprintf(client->last_line, sizeof client->last_line, "%s", line);
    pthread_mutex_unlock(&client->log_lock);
    if (is_new)
        log_warn(scope, "librdkafka %s: %s", facility, line);
}

/*
 * From the library's threads, for each certificate of a broker's chain. It decides nothing: what
 * OpenSSL found is the answer, and its number is kept for client_fault().
 */
/* NOLINTBEGIN(readability-non-const-parameter): the library's type of a callback */
static int on_certificate(rd_kafka_t *rk, const char *broker, int32_t broker_id, int *x509_error,
                          int depth, const char *bytes, size_t size, char *errstr,
                          size_t errstr_size, void *opaque)
{
    (void)rk, (void)broker, (void)broker_id, (void)depth, (void)bytes, (void)size;
    (void)errstr, (void)errstr_size;
    struct client *client = opaque;
    if (*x509_error == 0)
        return 1;
    atomic_store(&client->certificate_fault, *x509_error);
    return 0;
}
/* NOLINTEND(readability-non-const-parameter) */

int client_fault(struct client *client, struct err *err, rd_kafka_resp_err_t code,
                 const char *words)
{
    int certificate = atomic_load(&client->certificate_fault);
    if (!certificate || !fault_connect_is_certificate(code, words))
        return fault_set(err, code, words);
    fault_connect_set_certificate(err, words, certificate);
    return -1;
}

/* Settings of weir's for every handle; the user may change them. */
static const struct setting common_defaults[] = {
    {"client.id", "weir"},
    /*
     * The first wait of several, each twice the last. Half of it is also how long the library lets
     * pass between two brokers that it tries at its start, when it goes from the address it was
     * given to the broker of that name (2.16.0 does always).
     */
    {"reconnect.backoff.ms", "20"},
    {"reconnect.backoff.max.ms", "1000"},
    /* Half a minute until a new partition is seen. */
    {"topic.metadata.refresh.interval.ms", "30000"},
    /*
     * A fetch that is told "unknown topic" is followed by a question for metadata after the one,
     * and by the next fetch, be it from another topic of that name, after the other. events.c
     * raises CONSUMER_RECONNECTED in between.
     */
    {"topic.metadata.refresh.fast.interval.ms", "100"},
    {"socket.keepalive.enable", "true"},
    {"socket.nagle.disable", "true"},
    /* Idle connections that a broker closes are not news. */
    {"log.connection.close", "false"},
};

static const struct setting consumer_defaults[] = {
    {"fetch.error.backoff.ms", "500"}, /* see above */
    {"check.crcs", "true"},
    /*
     * One fetch is under way per broker at a time. While the partitions that have data are over
     * their limit it goes out for the idle ones alone, and the others wait for it to end.
     */
    {"fetch.wait.max.ms", "20"},
};

static const struct setting consumer_owned[] = {
    {"allow.auto.create.topics", "false"}, {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"}, {"auto.offset.reset", "error"},
    {"enable.partition.eof", "true"},
};

static int set_defaults(rd_kafka_conf_t *conf, const struct setting *settings, size_t n,
                        struct err *err)
{
    char errstr[512];
    for (size_t i = 0; i < n; i++)
        if (rd_kafka_conf_set(conf, settings[i].name, settings[i].value, errstr, sizeof errstr) ==
            RD_KAFKA_CONF_INVALID)
            return err_set(err, ERR_BUG, "librdkafka %s: %s", rd_kafka_version_str(), errstr);
    return 0;
}

static int set_owned(rd_kafka_conf_t *conf, const struct setting *settings, size_t n,
                     struct err *err)
{
    char errstr[512];
    for (size_t i = 0; i < n; i++)
        if (rd_kafka_conf_set(conf, settings[i].name, settings[i].value, errstr, sizeof errstr) !=
            RD_KAFKA_CONF_OK)
            return err_set(err, ERR_BUG, "librdkafka %s: %s", rd_kafka_version_str(), errstr);
    return 0;
}

static int unknown_property(rd_kafka_conf_t *conf, const char *where, const char *name,
                            struct err *err)
{
    size_t n = 0;
    const char **pairs = rd_kafka_conf_dump(conf, &n);
    const char **names = calloc(n / 2 + 1, sizeof *names);
    for (size_t i = 0; names && i < n / 2; i++)
        names[i] = pairs[2 * i];
    const char *nearest = names ? suggest_nearest(name, names, n / 2) : NULL;
    if (nearest)
        err_set(err, ERR_USAGE, "%s: librdkafka %s has no property \"%s\"; did you mean \"%s\"?",
                where, rd_kafka_version_str(), name, nearest);
    else
        err_set(err, ERR_USAGE, "%s: librdkafka %s has no property \"%s\"", where,
                rd_kafka_version_str(), name);
    free(names);
    rd_kafka_conf_dump_free(pairs, n);
    return -1;
}

/* A file that the library would open later, and tell of in OpenSSL's words. */
static int check_file(const struct property *property, const char *where, struct err *err)
{
    static const char *const names[] = {"ssl.ca.location", "ssl.certificate.location",
                                        "ssl.key.location", "ssl.keystore.location",
                                        "ssl.crl.location"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(property->name, names[i]) && strcmp(property->value, "probe") != 0 &&
            access(property->value, R_OK) < 0)
            return err_set(err, ERR_USAGE, "%s: %s: %s: %s", where, property->name, property->value,
                           strerror(errno));
    return 0;
}

static int set_property(rd_kafka_conf_t *conf, const struct property *property, struct err *err)
{
    char errstr[512];
    const char *where = property->where ? property->where : "kafka";
    const char *instead = property_owned_by_weir(property->name);
    if (instead)
        return err_set(err, ERR_USAGE, "%s: the property %s is weir's own: %s", where,
                       property->name, instead);
    switch (rd_kafka_conf_set(conf, property->name, property->value, errstr, sizeof errstr)) {
    case RD_KAFKA_CONF_OK:
        return check_file(property, where, err);
    case RD_KAFKA_CONF_UNKNOWN:
        return unknown_property(conf, where, property->name, err);
    case RD_KAFKA_CONF_INVALID:
        break;
    }
    return err_set(err, ERR_USAGE, "%s: %s", where, errstr);
}

static bool conf_is(const rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char found[64];
    size_t size = sizeof found;
    return rd_kafka_conf_get(conf, name, found, &size) == RD_KAFKA_CONF_OK &&
           !strcasecmp(found, value);
}

static bool names(const struct client_settings *settings, const char *prefix)
{
    for (size_t i = 0; i < settings->n_properties; i++)
        if (!strncmp(settings->properties[i].name, prefix, strlen(prefix)))
            return true;
    return false;
}

/* What the library tells of in the words of its default (Kerberos), or not at all (tokens). */
static int check_login(const rd_kafka_conf_t *conf, const struct client_settings *settings,
                       struct err *err)
{
    bool logs_in = conf_is(conf, "security.protocol", "sasl_ssl") ||
                   conf_is(conf, "security.protocol", "sasl_plaintext");
    if (logs_in && !names(settings, "sasl.mechanism") && !names(settings, "sasl.kerberos"))
        return err_set(err, ERR_USAGE,
                       "kafka: security.protocol wants a login: set sasl.mechanisms too "
                       "(SCRAM-SHA-512, SCRAM-SHA-256, PLAIN, OAUTHBEARER or GSSAPI)");
    if (logs_in && conf_is(conf, "sasl.mechanisms", "OAUTHBEARER") &&
        !conf_is(conf, "sasl.oauthbearer.method", "oidc") &&
        !conf_is(conf, "enable.sasl.oauthbearer.unsecure.jwt", "true"))
        return err_set(err, ERR_USAGE,
                       "kafka: sasl.mechanisms OAUTHBEARER takes its token by "
                       "sasl.oauthbearer.method: oidc; set that, and "
                       "sasl.oauthbearer.token.endpoint.url, .client.id and .client.secret");
    return 0;
}

static int fill_conf(rd_kafka_conf_t *conf, const struct client_settings *settings, struct err *err)
{
    const struct setting servers = {"bootstrap.servers", settings->brokers};
    bool consumes = settings->type == RD_KAFKA_CONSUMER;
    if (set_defaults(conf, common_defaults, sizeof common_defaults / sizeof *common_defaults,
                     err) ||
        (consumes && set_defaults(conf, consumer_defaults,
                                  sizeof consumer_defaults / sizeof *consumer_defaults, err)) ||
        set_defaults(conf, settings->defaults, settings->n_defaults, err))
        return -1;
    for (size_t i = 0; i < settings->n_properties; i++)
        if (set_property(conf, &settings->properties[i], err))
            return -1;
    if (check_login(conf, settings, err) < 0)
        return -1;
    if (set_owned(conf, &servers, 1, err) ||
        (consumes &&
         set_owned(conf, consumer_owned, sizeof consumer_owned / sizeof *consumer_owned, err)))
        return -1;
    return set_owned(conf, settings->owned, settings->n_owned, err);
}

rd_kafka_conf_t *client_conf(struct client *client, const struct client_settings *settings,
                             struct err *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, on_log);
    /* A library without TLS refuses this, and all of TLS. */
    rd_kafka_conf_set_ssl_cert_verify_cb(conf, on_certificate);
    if (fill_conf(conf, settings, err) == 0)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

/*
 * The library gives a refused configuration back, but (2.0.2 at least) without the
 * interceptors, which it has freed and which rd_kafka_conf_destroy() would free again: a crash. It
 * works on a copy that shares their lists, so no order of destruction helps, and none of its calls
 * takes an interceptor out again. So such a one stays, in a chain, where it is no leak to those who
 * look for leaks.
 */
static void drop_refused(const struct client *client, rd_kafka_conf_t *conf)
{
    static _Atomic(rd_kafka_conf_t *) kept;
    if (client->intercepts)
        rd_kafka_conf_set_opaque(conf, atomic_exchange(&kept, conf));
    else
        rd_kafka_conf_destroy(conf);
}

int client_open(struct client *client, rd_kafka_type_t type, rd_kafka_conf_t *conf, struct err *err)
{
    char errstr[512];
    client->rk = rd_kafka_new(type, conf, errstr, sizeof errstr);
    if (client->rk)
        return 0;
    drop_refused(client, conf);
    /* What a single property could not show: a missing certificate, two that contradict. */
    const char *cure = "";
    if (strstr(errstr, "ssl.key"))
        cure = "; is ssl.key.password (ssl.keystore.password) the password of this file?";
    return err_set(err, ERR_USAGE, "librdkafka refuses the configuration: %s%s", errstr, cure);
}

static void *destroy(void *rk)
{
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return NULL;
}

bool client_within(void *(*work)(void *), void *context, int timeout_ms)
{
    pthread_t thread;
    struct timespec deadline;
    if (pthread_create(&thread, NULL, work, context) != 0) {
        work(context);
        return true;
    }
    /* The one clock that pthread_timedjoin_np() knows. */
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (deadline.tv_nsec >= 1000000000L) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000L;
    }
    if (pthread_timedjoin_np(thread, NULL, &deadline) == 0)
        return true;
    pthread_detach(thread);
    return false;
}

bool client_close(struct client *client, int timeout_ms)
{
    bool closed = client_within(destroy, client->rk, timeout_ms);
    if (!closed)
        log_debug(client->scope, "librdkafka did not end in %d ms", timeout_ms);
    return closed;
}

/*
 * One broker, asked directly: whether it can be reached and is a Kafka, which versions of which
 * APIs it has, which level of the protocol its software and its cluster are at, and which brokers
 * it names. librdkafka tells none of that; here a connection of our own speaks src/wire.
 *
 * The first question is ApiVersions, which every listener answers before authentication (KIP-43,
 * KIP-152), so brokers that want SASL can be asked too. The brokers are asked for (Metadata) only
 * where no SASL is wanted; elsewhere they are known from librdkafka's metadata.
 *
 * Blocking, within the time given; any thread; nothing is logged, no prompt, no state is kept.
 * SIGPIPE must be ignored, as signals_init() does: OpenSSL writes to closed connections too.
 * What was read lies in the caller's arena.
 */
#ifndef WEIR_CLIENT_PROBE_H
#define WEIR_CLIENT_PROBE_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A level or an id that is not known. */
#define PROBE_UNKNOWN (-1)

/* Where a broker listens. The host is a name or an address, IPv6 without brackets. */
struct broker_address {
    const char *host;
    int port;
};

/*
 * A list as `brokers` and -b have it: "HOST[:PORT],..." with 9092 for a port that is not given,
 * "[::1]:9092", and a protocol before it ("SSL://HOST:PORT"), which is passed over. ERR_USAGE names
 * the entry that is none. At least one.
 */
int broker_addresses(struct arena *arena, const char *list, const struct broker_address **out,
                     size_t *n, struct err *err);

/*
 * Of `properties`, librdkafka's, these count: security.protocol; broker.address.family;
 * ssl.ca.location, ssl.ca.pem, ssl.certificate.location, ssl.key.location, ssl.key.password,
 * enable.ssl.certificate.verification, ssl.endpoint.identification.algorithm. With another one that
 * begins with ssl. and TLS wanted, nothing is asked (PROBE_NOT_ASKED).
 */
struct probe_request {
    struct broker_address broker;
    const struct property *properties;
    size_t n_properties;
    bool metadata;  /* ask for the brokers too */
    int timeout_ms; /* for all of it */
};

enum probe_outcome {
    PROBE_OK,          /* a Kafka broker answered */
    PROBE_NOT_ASKED,   /* the properties want what this connection cannot do: nothing is known */
    PROBE_NO_HOST,     /* the name has no address */
    PROBE_REFUSED,     /* nothing listens there */
    PROBE_UNREACHABLE, /* no way there: no route, network down */
    PROBE_TIMED_OUT,   /* no connection in time: the host is away, or a firewall drops packets */
    PROBE_SILENT,      /* connected, but no answer in time */
    PROBE_CLOSED,      /* connected, then closed without an answer: perhaps it wants TLS */
    PROBE_WANTS_TLS,   /* connected without TLS, answered with an alert of TLS */
    PROBE_TLS_FAILED,  /* connected, but TLS did not come to be; the text says why */
    PROBE_NOT_KAFKA,   /* answered something that is no Kafka protocol */
    PROBE_REFUSES,     /* a Kafka, that answered with an error */
};

/* An API in the versions that the broker has. */
struct probe_api {
    int16_t key; /* kafka.apache.org/protocol, "Api Keys" */
    int16_t min_version;
    int16_t max_version;
};

/* A feature (KIP-584) that the broker knows, the cluster has settled on, or both. */
struct probe_feature {
    const char *name;      /* "metadata.version", "group.version", .. */
    int16_t finalized;     /* the cluster's level; PROBE_UNKNOWN: none */
    int16_t supported_min; /* what the broker's software could do; PROBE_UNKNOWN: not told */
    int16_t supported_max; /* the same */
    const char *release;   /* what level `finalized` is called: of metadata.version "4.1-IV1",
                            * a number where weir does not know it (a newer Kafka), of other
                            * features always the number; NULL without a level */
    const char *supported_release; /* the same of supported_max */
};

/* A broker as the cluster advertises it to its clients. */
struct probe_broker {
    int32_t id;
    struct broker_address address;
    const char *rack; /* NULL: none */
};

struct probe {
    enum probe_outcome outcome;
    /*
     * What happened, as part of a sentence behind the broker's name: "connection refused
     * (127.0.0.1:9092)", "answered in 3 ms". Never NULL.
     */
    const char *text;
    const char *cure;    /* the next step, "is it running? ..."; NULL: none is known */
    const char *address; /* connected to, "127.0.0.1:9092" or "[::1]:9092"; NULL: to none */
    const char *tls;     /* "TLSv1.3", from a handshake on that succeeded; NULL: none */

    /* With PROBE_OK: */
    int answer_ms;                /* from the question to the answer of ApiVersions */
    const struct probe_api *apis; /* by key */
    size_t n_apis;
    const struct probe_feature *features; /* by name; none before Kafka 2.7 or without KRaft */
    size_t n_features;
    const struct probe_feature *metadata_version; /* among `features`; NULL: none */
    /*
     * The level of the protocol that the software speaks, as the release of Kafka that first had
     * it: "4.1". From what it supports of metadata.version, else from the versions of its APIs.
     * Other makers' brokers have one too; it is no version of their software.
     */
    const char *protocol;

    /* With PROBE_OK and `metadata` asked for: */
    bool has_metadata;         /* what follows was told */
    const char *metadata_text; /* if it was not: why, as part of a sentence */
    const char *cluster_id;    /* NULL: none */
    int32_t controller;        /* the broker's id; PROBE_UNKNOWN: none */
    const struct probe_broker *brokers;
    size_t n_brokers;
};

/* Ask one broker. Whatever happens is in `out`. */
void probe_broker(const struct probe_request *request, struct arena *arena, struct probe *out);

/* The API of that key; NULL: the broker does not have it. */
const struct probe_api *probe_api_find(const struct probe *probe, int16_t key);

#endif

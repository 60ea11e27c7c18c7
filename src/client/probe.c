#include "client/probe.h"

#include "base/clock.h"
#include "client/kafka_release.h"
#include "client/link.h"
#include "wire/error.h"
#include "wire/metadata.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(struct arena *arena, struct slice text)
{
    return text.ptr ? arena_strndup(arena, text.ptr, text.len) : NULL;
}

/* ---- what the versions say ---- */

static int by_key(const void *a, const void *b)
{
    const struct probe_api *x = a;
    const struct probe_api *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static void keep_apis(struct arena *arena, const struct api_versions_response *from,
                      struct probe *out)
{
    struct probe_api *apis = arena_alloc(arena, (from->n_api_keys + 1) * sizeof *apis);
    for (size_t i = 0; i < from->n_api_keys; i++)
        apis[i] = (struct probe_api){.key = from->api_keys[i].api_key,
                                     .min_version = from->api_keys[i].min_version,
                                     .max_version = from->api_keys[i].max_version};
    qsort(apis, from->n_api_keys, sizeof *apis, by_key);
    out->apis = apis;
    out->n_apis = from->n_api_keys;
}

const struct probe_api *probe_api_find(const struct probe *probe, int16_t key)
{
    for (size_t i = 0; i < probe->n_apis; i++)
        if (probe->apis[i].key == key)
            return &probe->apis[i];
    return NULL;
}

/* Kafka 4 has ten. Each is looked for among the others, so there must be an end. */
#define MAX_FEATURES 256

/* The feature of that name among `n`, a new one at their end if there is none. */
static struct probe_feature *feature_of(struct arena *arena, struct probe_feature *features,
                                        size_t *n, struct slice name)
{
    for (size_t i = 0; i < *n; i++)
        if (slice_eq_str(name, features[i].name))
            return &features[i];
    features[*n] = (struct probe_feature){.name = text_of(arena, name),
                                          .finalized = PROBE_UNKNOWN,
                                          .supported_min = PROBE_UNKNOWN,
                                          .supported_max = PROBE_UNKNOWN};
    return &features[(*n)++];
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct probe_feature *)a)->name, ((const struct probe_feature *)b)->name);
}

static bool is_metadata_version(const struct probe_feature *feature)
{
    return !strcmp(feature->name, "metadata.version");
}

static const char *release_of(struct arena *arena, const struct probe_feature *feature, int level)
{
    if (level == PROBE_UNKNOWN)
        return NULL;
    const char *release = is_metadata_version(feature) ? kafka_metadata_release(level) : NULL;
    return release ? release : arena_printf(arena, "%d", level);
}

static void keep_features(struct arena *arena, const struct api_versions_response *from,
                          struct probe *out)
{
    size_t n = 0;
    struct probe_feature *features = arena_alloc(arena, MAX_FEATURES * sizeof *features);
    for (size_t i = 0; i < from->n_supported_features && n < MAX_FEATURES; i++) {
        const struct supported_feature *supported = &from->supported_features[i];
        struct probe_feature *feature = feature_of(arena, features, &n, supported->name);
        feature->supported_min = supported->min_version;
        feature->supported_max = supported->max_version;
    }
    bool settled = from->finalized_features_epoch >= 0;
    for (size_t i = 0; settled && i < from->n_finalized_features && n < MAX_FEATURES; i++)
        feature_of(arena, features, &n, from->finalized_features[i].name)->finalized =
            from->finalized_features[i].max_version_level;
    qsort(features, n, sizeof *features, by_name);
    for (size_t i = 0; i < n; i++) {
        features[i].release = release_of(arena, &features[i], features[i].finalized);
        features[i].supported_release = release_of(arena, &features[i], features[i].supported_max);
        if (is_metadata_version(&features[i]) && features[i].finalized != PROBE_UNKNOWN)
            out->metadata_version = &features[i];
    }
    out->features = features;
    out->n_features = n;
}

/* The release without its step: "4.1" of "4.1-IV1". */
static const char *protocol_of(struct arena *arena, const struct probe *probe)
{
    for (size_t i = 0; i < probe->n_features; i++) {
        const struct probe_feature *feature = &probe->features[i];
        const char *release =
            is_metadata_version(feature) ? kafka_metadata_release(feature->supported_max) : NULL;
        if (release)
            return arena_strndup(arena, release, strcspn(release, "-"));
    }
    return kafka_api_release(probe);
}

/* ---- the brokers ---- */

static void keep_metadata(struct arena *arena, const struct metadata_response *from,
                          struct probe *out)
{
    struct probe_broker *brokers = arena_alloc(arena, (from->n_brokers + 1) * sizeof *brokers);
    for (size_t i = 0; i < from->n_brokers; i++) {
        const struct metadata_broker *broker = &from->brokers[i];
        brokers[i] = (struct probe_broker){.id = broker->node_id,
                                           .address = {.host = text_of(arena, broker->host),
                                                       .port = broker->port},
                                           .rack = text_of(arena, broker->rack)};
    }
    out->brokers = brokers;
    out->n_brokers = from->n_brokers;
    out->cluster_id = text_of(arena, from->cluster_id);
    out->controller = from->controller_id;
    out->has_metadata = true;
}

static void ask_metadata(struct link *link, struct arena *arena, struct probe *out)
{
    struct err err;
    struct metadata_response response;
    struct metadata_request_topic none = {.name = SLICE_NONE};
    int16_t version = link_version(link, &metadata_api);
    /* No topics; before version 1 there is no such question. */
    struct metadata_request request = {.topics = version > 0 ? &none : NULL,
                                       .allow_auto_topic_creation = version < 4};
    if (link->security.sasl) {
        out->metadata_text = "not asked: only after authentication";
        return;
    }
    if (version < 0) {
        out->metadata_text = "no version of Metadata that weir knows";
        return;
    }
    if (link_call(link, &metadata_api, version, &request, arena, &response, &err) != PROBE_OK)
        out->metadata_text = arena_strdup(arena, err.text);
    else if (response.error_code != WIRE_NONE)
        out->metadata_text = wire_error_of(response.error_code)->meaning;
    else
        keep_metadata(arena, &response, out);
}

/* ---- all of it ---- */

/* Listeners that are known by their answer. */
static const char *other_cure(const char *text)
{
    if (strstr(text, "\"HTTP/"))
        return "this is an HTTP port: name the one of a Kafka listener";
    if (strstr(text, "SFATAL"))
        return "this is PostgreSQL's port: name the one of a Kafka listener";
    return NULL;
}

static const char *cure_of(enum probe_outcome outcome, bool tls)
{
    switch (outcome) {
    case PROBE_NO_HOST:
        return "is the name right? A broker's advertised.listeners must be names that this "
               "machine knows";
    case PROBE_REFUSED:
        return "is it running, and is this the port of one of its listeners?";
    case PROBE_UNREACHABLE:
    case PROBE_TIMED_OUT:
        return "is the host up, and does no firewall stand between?";
    case PROBE_SILENT:
    case PROBE_CLOSED:
    case PROBE_NOT_KAFKA:
        return tls ? "is this the port of a listener with TLS?"
                   : "does the listener want TLS? Then set security.protocol to ssl or sasl_ssl";
    case PROBE_WANTS_TLS:
        return "set security.protocol to ssl or sasl_ssl";
    case PROBE_TLS_FAILED:
        return "check security.protocol, ssl.ca.location, the broker's certificate and, if it "
               "wants one of ours, ssl.certificate.location";
    case PROBE_OK:
    case PROBE_NOT_ASKED:
    case PROBE_REFUSES:
        return NULL;
    }
    return NULL;
}

void probe_broker(const struct probe_request *request, struct arena *arena, struct probe *out)
{
    struct link link;
    struct err err;
    int64_t deadline_us = clock_mono_us() + (int64_t)request->timeout_ms * 1000;
    *out = (struct probe){.controller = PROBE_UNKNOWN};
    out->outcome = link_open(&link, &request->broker, request->properties, request->n_properties,
                             deadline_us, arena, &err);
    if (out->outcome == PROBE_NOT_KAFKA)
        out->cure = other_cure(err.text);
    if (!out->cure)
        out->cure = cure_of(out->outcome, link.security.tls);
    if (*link.socket.address)
        out->address = arena_strdup(arena, link.socket.address);
    if (out->outcome == PROBE_OK) {
        out->text = arena_printf(arena, "answered in %d ms", link.answer_ms);
        out->tls = socket_tls_version(&link.socket);
        out->answer_ms = link.answer_ms;
        keep_apis(arena, &link.versions, out);
        keep_features(arena, &link.versions, out);
        out->protocol = protocol_of(arena, out);
        if (request->metadata)
            ask_metadata(&link, arena, out);
    } else {
        out->text = arena_strdup(arena, err.text);
    }
    link_close(&link);
}

/*
 * client/probe.h for tests: asks the brokers of a list and prints what came of each as a line of
 * JSON.
 *
 *     probe_tool BROKERS TIMEOUT_MS [PROPERTY=VALUE]...
 */
#include "base/arena.h"
#include "base/signals.h"
#include "client/probe.h"
#include "cmd/json_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PROPERTIES 16

static const char *const outcomes[] = {
    [PROBE_OK] = "ok",
    [PROBE_NOT_ASKED] = "not asked",
    [PROBE_NO_HOST] = "no host",
    [PROBE_REFUSED] = "refused",
    [PROBE_UNREACHABLE] = "unreachable",
    [PROBE_TIMED_OUT] = "timed out",
    [PROBE_SILENT] = "silent",
    [PROBE_CLOSED] = "closed",
    [PROBE_WANTS_TLS] = "wants tls",
    [PROBE_TLS_FAILED] = "tls failed",
    [PROBE_NOT_KAFKA] = "not kafka",
    [PROBE_REFUSES] = "refuses",
};

static void put_features(struct json_out *out, const struct probe *probe)
{
    json_out_open(out, "features", '{');
    for (size_t i = 0; i < probe->n_features; i++) {
        const struct probe_feature *feature = &probe->features[i];
        json_out_open(out, feature->name, '{');
        json_out_number(out, "finalized", true, feature->finalized);
        json_out_number(out, "supported_min", true, feature->supported_min);
        json_out_number(out, "supported_max", true, feature->supported_max);
        json_out_text(out, "release", feature->release);
        json_out_text(out, "supported_release", feature->supported_release);
        json_out_close(out, '}');
    }
    json_out_close(out, '}');
    json_out_text(out, "metadata_version",
                  probe->metadata_version ? probe->metadata_version->release : NULL);
}

static void put_apis(struct json_out *out, const struct probe *probe)
{
    char key[16];
    json_out_open(out, "apis", '{');
    for (size_t i = 0; i < probe->n_apis; i++) {
        snprintf(key, sizeof key, "%d", probe->apis[i].key);
        json_out_open(out, key, '[');
        json_out_number(out, NULL, true, probe->apis[i].min_version);
        json_out_number(out, NULL, true, probe->apis[i].max_version);
        json_out_close(out, ']');
    }
    json_out_close(out, '}');
}

static void put_metadata(struct json_out *out, const struct probe *probe)
{
    json_out_text(out, "metadata_text", probe->metadata_text);
    if (!probe->has_metadata)
        return;
    json_out_text(out, "cluster_id", probe->cluster_id);
    json_out_number(out, "controller", true, probe->controller);
    json_out_open(out, "brokers", '[');
    for (size_t i = 0; i < probe->n_brokers; i++) {
        json_out_open(out, NULL, '{');
        json_out_number(out, "id", true, probe->brokers[i].id);
        json_out_text(out, "host", probe->brokers[i].address.host);
        json_out_number(out, "port", true, probe->brokers[i].address.port);
        json_out_text(out, "rack", probe->brokers[i].rack);
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
}

static void put(const struct broker_address *broker, const struct probe *probe)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_text(&out, "host", broker->host);
    json_out_number(&out, "port", true, broker->port);
    json_out_text(&out, "outcome", outcomes[probe->outcome]);
    json_out_text(&out, "text", probe->text);
    json_out_text(&out, "cure", probe->cure);
    json_out_text(&out, "address", probe->address);
    json_out_text(&out, "tls", probe->tls);
    json_out_number(&out, "answer_ms", true, probe->answer_ms);
    json_out_text(&out, "protocol", probe->protocol);
    put_apis(&out, probe);
    put_features(&out, probe);
    put_metadata(&out, probe);
    json_out_close(&out, '}');
    json_out_end(&out);
}

static size_t read_properties(struct arena *arena, int argc, char **argv, struct property *out)
{
    size_t n = 0;
    for (int i = 0; i < argc && n < MAX_PROPERTIES; i++) {
        size_t length = strcspn(argv[i], "=");
        out[n++] = (struct property){.name = arena_strndup(arena, argv[i], length),
                                     .value = argv[i][length] ? argv[i] + length + 1 : ""};
    }
    return n;
}

int main(int argc, char **argv)
{
    struct arena arena;
    struct err err;
    struct property properties[MAX_PROPERTIES];
    const struct broker_address *brokers;
    size_t n;
    arena_init(&arena);
    if (signals_init(&err) < 0)
        return 1;
    if (argc < 3 || broker_addresses(&arena, argv[1], &brokers, &n, &err) < 0) {
        fprintf(stderr, "%s\n", argc < 3 ? "probe_tool BROKERS TIMEOUT_MS" : err.text);
        arena_release(&arena);
        return 2;
    }
    size_t n_properties = read_properties(&arena, argc - 3, argv + 3, properties);
    for (size_t i = 0; i < n; i++) {
        struct probe probe;
        const struct probe_request request = {.broker = brokers[i],
                                              .properties = properties,
                                              .n_properties = n_properties,
                                              .metadata = true,
                                              .timeout_ms = (int)strtol(argv[2], NULL, 10)};
        probe_broker(&request, &arena, &probe);
        put(&brokers[i], &probe);
    }
    arena_release(&arena);
    return 0;
}

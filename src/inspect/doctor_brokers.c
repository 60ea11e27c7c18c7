/* Whether the brokers are there, what they speak, and whether the addresses they give lead back. */
#include "inspect/examination.h"

#include "base/clock.h"
#include "client/probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECTION "Kafka"
#define PROBE_MS 3000
/* For all probes together: brokers that are away must not add up. */
#define ALL_PROBES_MS 12000

struct round {
    struct examination *x;
    int64_t deadline_us;
    const struct broker_address *given; /* by the pipeline */
    size_t n_given;
    struct probe *probes;     /* of these */
    const struct probe *told; /* the first that named the brokers; NULL */
    bool any;                 /* one is reachable, or may be */
};

static const char *address_text(struct arena *arena, const struct broker_address *address)
{
    bool is_ipv6 = strchr(address->host, ':') != NULL;
    return arena_printf(arena, is_ipv6 ? "[%s]:%d" : "%s:%d", address->host, address->port);
}

/* False: no time is left for it. */
static bool ask(struct round *round, const struct broker_address *address, bool metadata,
                struct probe *out)
{
    const struct pipeline_config *config = round->x->config;
    if (clock_mono_us() > round->deadline_us)
        return false;
    const struct probe_request request = {
        .broker = *address,
        .properties = config->kafka,
        .n_properties = config->n_kafka,
        .metadata = metadata,
        .timeout_ms = PROBE_MS,
    };
    probe_broker(&request, round->x->arena, out);
    return true;
}

/* "answered in 3 ms; protocol 4.1, metadata.version 4.1-IV1, TLSv1.3" */
static const char *answer_text(struct arena *arena, const struct probe *probe)
{
    const struct probe_feature *level = probe->metadata_version;
    const char *text = arena_printf(arena, "%s; protocol of Kafka %s", probe->text,
                                    probe->protocol ? probe->protocol : "?");
    if (level && level->release)
        text = arena_printf(arena, "%s, metadata.version %s", text, level->release);
    return probe->tls ? arena_printf(arena, "%s, %s", text, probe->tls) : text;
}

static void tell_given(struct round *round, size_t i, enum finding_level unreachable)
{
    struct examination *x = round->x;
    const struct probe *probe = &round->probes[i];
    const char *subject =
        arena_printf(x->arena, "broker %s", address_text(x->arena, &round->given[i]));
    if (!probe->text) {
        finding_add(x->findings, FINDING_SKIP, SECTION, subject,
                    "not asked: those before it took too long");
    } else if (probe->outcome == PROBE_OK) {
        finding_add(x->findings, FINDING_OK, SECTION, subject, "%s", answer_text(x->arena, probe));
    } else if (probe->outcome == PROBE_NOT_ASKED) {
        finding_add(x->findings, FINDING_SKIP, SECTION, subject, "%s", probe->text);
    } else {
        finding_add(x->findings, unreachable, SECTION, subject, "%s", probe->text)->cure =
            probe->cure;
    }
}

/* All of those given; where one answers, the others being away is no failure. */
static void look_at_given(struct round *round)
{
    bool answered = false;
    for (size_t i = 0; i < round->n_given; i++) {
        struct probe *probe = &round->probes[i];
        bool asked = ask(round, &round->given[i], true, probe);
        answered |= asked && probe->outcome == PROBE_OK;
        round->any |= !asked || probe->outcome == PROBE_OK || probe->outcome == PROBE_NOT_ASKED;
        if (asked && probe->has_metadata && !round->told)
            round->told = probe;
    }
    for (size_t i = 0; i < round->n_given; i++)
        tell_given(round, i, answered ? FINDING_WARN : FINDING_FAIL);
}

static bool same_address(const struct broker_address *a, const struct broker_address *b)
{
    return a->port == b->port && !strcmp(a->host, b->host);
}

/* Advertised addresses of the classic kind: a container's own name, or the machine's loopback. */
static const char *advertised_cure(const struct round *round, const struct probe_broker *broker)
{
    return arena_printf(
        round->x->arena,
        "clients are sent to this address and must reach it: set advertised.listeners of broker "
        "%" PRId32 " to one that this machine can (in a container: a second listener, advertised "
        "as %s)",
        broker->id, address_text(round->x->arena, &round->given[0]));
}

/* Whether it leads to a broker, as far as that can be told. */
static bool look_at_advertised(struct round *round, const struct probe_broker *broker)
{
    struct examination *x = round->x;
    struct probe probe;
    const char *subject = arena_printf(x->arena, "broker %" PRId32, broker->id);
    const char *address = address_text(x->arena, &broker->address);
    for (size_t i = 0; i < round->n_given; i++) {
        if (round->probes[i].outcome != PROBE_OK || !round->probes[i].text ||
            !same_address(&round->given[i], &broker->address))
            continue;
        finding_add(x->findings, FINDING_OK, SECTION, subject,
                    "advertises %s, which is reachable from here", address);
        return true;
    }
    if (!ask(round, &broker->address, false, &probe)) {
        finding_add(x->findings, FINDING_SKIP, SECTION, subject,
                    "advertises %s; not asked: those before it took too long", address);
    } else if (probe.outcome == PROBE_OK) {
        finding_add(x->findings, FINDING_OK, SECTION, subject,
                    "advertises %s, which is reachable from here", address);
    } else if (probe.outcome == PROBE_NOT_ASKED) {
        finding_add(x->findings, FINDING_SKIP, SECTION, subject, "advertises %s; %s", address,
                    probe.text);
    } else {
        finding_add(x->findings, FINDING_FAIL, SECTION, subject, "advertises %s: %s", address,
                    probe.text)
            ->cure = advertised_cure(round, broker);
        return false;
    }
    return true;
}

/* The library's own way in: with login and all. */
static void look_at_login(struct examination *x)
{
    struct err err;
    const struct pipeline_config *config = x->config;
    if (admin_new(&x->admin, "", config->brokers, config->kafka, config->n_kafka, &err) == 0 &&
        admin_cluster_id(x->admin, ASK_MS, x->cluster_id, &err) == 0) {
        finding_add(x->findings, FINDING_OK, SECTION, "cluster", "%s",
                    *x->cluster_id ? x->cluster_id : "it gives no id");
        return;
    }
    doctor_add_error(x, FINDING_FAIL, SECTION, "cluster", &err);
    x->no_kafka = "the cluster could not be asked";
}

void doctor_brokers(struct examination *x)
{
    struct err err;
    struct round round = {.x = x, .deadline_us = clock_mono_us() + ALL_PROBES_MS * INT64_C(1000)};
    if (broker_addresses(x->arena, x->config->brokers, &round.given, &round.n_given, &err) < 0) {
        doctor_add_error(x, FINDING_FAIL, SECTION, "brokers", &err);
        x->no_kafka = "the brokers are not named rightly";
        return;
    }
    round.probes = arena_alloc(x->arena, round.n_given * sizeof *round.probes);
    look_at_given(&round);
    x->n_brokers = round.told ? round.told->n_brokers : 0;
    size_t leading = 0;
    for (size_t i = 0; i < x->n_brokers; i++)
        leading += look_at_advertised(&round, &round.told->brokers[i]);
    if (!round.any)
        x->no_kafka = "no broker can be reached";
    else if (x->n_brokers > 0 && leading == 0)
        x->no_kafka = "no broker can be reached at the address that it advertises";
    else
        look_at_login(x);
}

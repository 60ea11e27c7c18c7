#include "client/link.h"

#include "base/clock.h"
#include "wire/error.h"

#include <ctype.h>

#define REQUEST_MAX_BYTES ((size_t)1 << 20)
/* What librdkafka takes for too much as well, and what no text's first four bytes are below. */
#define ANSWER_MAX_BYTES ((size_t)100000000)
#define READ_BYTES ((size_t)1 << 16)
/* Of what is no Kafka, so much is shown. */
#define SHOWN_BYTES 40

/* The first bytes of a TLS record that is an alert. */
#define TLS_ALERT 0x15
#define TLS_MAJOR 0x03

/* ---- what is no answer ---- */

static enum probe_outcome closed(const struct link *link, struct err *err)
{
    err_set(err, ERR_OUTAGE,
            link->in.len ? "connected, then closed in the middle of an answer"
                         : "connected, then closed without an answer");
    return PROBE_CLOSED;
}

static enum probe_outcome not_kafka(const struct link *link, struct err *err)
{
    const unsigned char *bytes = (const unsigned char *)link->in.data;
    char shown[SHOWN_BYTES + 1];
    size_t n = 0;
    if (link->in.len >= 2 && bytes[0] == TLS_ALERT && bytes[1] == TLS_MAJOR) {
        err_set(err, ERR_HALT, "answers in TLS");
        return PROBE_WANTS_TLS;
    }
    for (; n < link->in.len && n < SHOWN_BYTES && bytes[n] != '\r' && bytes[n] != '\n'; n++)
        shown[n] = isprint(bytes[n]) && bytes[n] < 0x80 ? (char)bytes[n] : '.';
    shown[n] = '\0';
    err_set(err, ERR_HALT, "answers, but not as a Kafka does: \"%s\"", shown);
    return PROBE_NOT_KAFKA;
}

/* ---- one frame out, one frame in ---- */

/* More of the answer into the buffer. PROBE_CLOSED at its end. */
static enum probe_outcome receive_more(struct link *link, struct err *err)
{
    size_t got = 0;
    char *to = buf_reserve(&link->in, READ_BYTES);
    if (!to) {
        err_set(err, ERR_BUG, "out of memory");
        return PROBE_NOT_KAFKA;
    }
    enum probe_outcome outcome = socket_receive(&link->socket, to, READ_BYTES, &got, err);
    if (outcome != PROBE_OK)
        return outcome;
    buf_commit(&link->in, got);
    return got > 0 ? PROBE_OK : closed(link, err);
}

static size_t frame_bytes(const struct link *link)
{
    struct wire_reader reader = wire_reader_of((struct slice){link->in.data, WIRE_SIZE_BYTES});
    return (uint32_t)wire_get_int32(&reader);
}

static enum probe_outcome receive_frame(struct link *link, struct slice *out, struct err *err)
{
    enum probe_outcome outcome = PROBE_OK;
    buf_clear(&link->in);
    while (link->in.len < WIRE_SIZE_BYTES && outcome == PROBE_OK)
        outcome = receive_more(link, err);
    if (outcome != PROBE_OK)
        return outcome == PROBE_CLOSED && link->in.len > 0 ? not_kafka(link, err) : outcome;
    size_t size = frame_bytes(link);
    if (size > ANSWER_MAX_BYTES)
        return not_kafka(link, err);
    while (link->in.len - WIRE_SIZE_BYTES < size && outcome == PROBE_OK)
        outcome = receive_more(link, err);
    if (outcome != PROBE_OK)
        return outcome;
    /* One question is out at a time: nothing may follow its answer. */
    if (link->in.len - WIRE_SIZE_BYTES > size)
        return not_kafka(link, err);
    *out = (struct slice){link->in.data + WIRE_SIZE_BYTES, size};
    return PROBE_OK;
}

enum probe_outcome link_call(struct link *link, const struct wire_api *api, int16_t version,
                             void *request, struct arena *arena, void *response, struct err *err)
{
    struct slice frame = SLICE_NONE;
    int32_t answered = 0;
    const struct wire_request_header header = {.api_key = api->key,
                                               .api_version = version,
                                               .correlation_id = ++link->correlation_id,
                                               .client_id = SLICE_LIT("weir")};
    int64_t start_us = clock_mono_us();
    buf_clear(&link->out);
    if (wire_write_request(&link->out, api, &header, request, err) != 0)
        return PROBE_NOT_ASKED;
    enum probe_outcome outcome = socket_send(&link->socket, buf_slice(&link->out), err);
    if (outcome == PROBE_OK)
        outcome = receive_frame(link, &frame, err);
    if (outcome != PROBE_OK)
        return outcome;
    link->answer_ms = (int)((clock_mono_us() - start_us + 999) / 1000);
    int rc = wire_read_response(frame, api, version, arena, &answered, response, err);
    if (answered != link->correlation_id)
        return not_kafka(link, err);
    if (rc == 0)
        return PROBE_OK;
    err_prefix(err, "answers, but not as a Kafka does");
    return PROBE_NOT_KAFKA;
}

/* ---- the versions ---- */

static const struct api_version *find_api(const struct link *link, int16_t key)
{
    for (size_t i = 0; i < link->versions.n_api_keys; i++)
        if (link->versions.api_keys[i].api_key == key)
            return &link->versions.api_keys[i];
    return NULL;
}

int16_t link_version(const struct link *link, const struct wire_api *api)
{
    const struct api_version *theirs = find_api(link, api->key);
    if (!theirs || theirs->min_version > api->max_version || theirs->max_version < api->min_version)
        return -1;
    return theirs->max_version < api->max_version ? theirs->max_version : api->max_version;
}

static enum probe_outcome ask_versions(struct link *link, int16_t version, struct arena *arena,
                                       struct err *err)
{
    struct api_versions_request request = {.client_software_name = SLICE_LIT("weir"),
                                           .client_software_version = SLICE_LIT(WEIR_VERSION)};
    return link_call(link, &api_versions_api, version, &request, arena, &link->versions, err);
}

/*
 * In the newest version first. A broker that does not have it says so in version 0's form and, from
 * Kafka 2.4 on, names those that it has (KIP-511).
 */
static enum probe_outcome agree(struct link *link, struct arena *arena, struct err *err)
{
    enum probe_outcome outcome = ask_versions(link, api_versions_api.max_version, arena, err);
    if (outcome == PROBE_OK && link->versions.error_code == WIRE_UNSUPPORTED_VERSION) {
        int16_t version = link_version(link, &api_versions_api);
        outcome = ask_versions(link, version > 0 ? version : 0, arena, err);
    }
    if (outcome != PROBE_OK || link->versions.error_code == WIRE_NONE)
        return outcome;
    const struct wire_error *error = wire_error_of(link->versions.error_code);
    err_set_code(err, ERR_HALT, error->name, "answers with error %d: %s", link->versions.error_code,
                 error->meaning);
    return PROBE_REFUSES;
}

enum probe_outcome link_open(struct link *link, const struct broker_address *broker,
                             const struct property *properties, size_t n, int64_t deadline_us,
                             struct arena *arena, struct err *err)
{
    *link = (struct link){.socket = {.fd = -1}};
    buf_init(&link->out, REQUEST_MAX_BYTES);
    buf_init(&link->in, ANSWER_MAX_BYTES + READ_BYTES + WIRE_SIZE_BYTES);
    security_read(properties, n, &link->security);
    if (link->security.tls && link->security.beyond) {
        err_set(err, ERR_USAGE, "not asked: weir's own connection does not know the property %s",
                link->security.beyond);
        return PROBE_NOT_ASKED;
    }
    enum probe_outcome outcome =
        socket_open(&link->socket, broker, &link->security, deadline_us, err);
    return outcome == PROBE_OK ? agree(link, arena, err) : outcome;
}

void link_close(struct link *link)
{
    socket_close(&link->socket);
    buf_release(&link->out);
    buf_release(&link->in);
}

/*
 * Any bytes as a message: the first three choose which, the rest is the frame. What is read can be
 * written, and what was written is read as the same bytes again.
 */
#include "wire/api_versions.h"
#include "wire/log_dirs.h"
#include "wire/metadata.h"
#include "wire/sasl.h"

#include <stdlib.h>
#include <string.h>

#define CHOICE_BYTES 3
#define MAX_BYTES ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wire_api *const apis[] = {&api_versions_api, &metadata_api, &log_dirs_api,
                                              &sasl_handshake_api, &sasl_authenticate_api};
#define N_APIS (sizeof apis / sizeof *apis)

union message {
    struct api_versions_request api_versions_request;
    struct api_versions_response api_versions_response;
    struct metadata_request metadata_request;
    struct metadata_response metadata_response;
    struct log_dirs_request log_dirs_request;
    struct log_dirs_response log_dirs_response;
    struct sasl_handshake_request sasl_handshake_request;
    struct sasl_handshake_response sasl_handshake_response;
    struct sasl_authenticate_request sasl_authenticate_request;
    struct sasl_authenticate_response sasl_authenticate_response;
};

struct choice {
    const struct wire_api *api;
    bool is_request;
    int16_t version;
};

static struct choice choose(const uint8_t *data)
{
    const struct wire_api *api = apis[data[0] % N_APIS];
    return (struct choice){api, data[1] & 1, (int16_t)(data[2] % (api->max_version + 1))};
}

/* Read a frame and write it into `out`: 1; 0: it is no such message. */
static int round_trip(const struct choice *choice, struct arena *arena, struct slice frame,
                      struct buf *out)
{
    static union message message;
    struct wire_request_header header;
    int32_t correlation_id = 0;
    struct err err;
    if (!choice->is_request) {
        if (wire_read_response(frame, choice->api, choice->version, arena, &correlation_id,
                               &message, &err) < 0)
            return 0;
        if (wire_write_response(out, choice->api, choice->version, correlation_id, &message, &err) <
            0)
            abort();
        return 1;
    }
    if (wire_peek_request(frame, &header, &err) < 0 || header.api_key != choice->api->key ||
        header.api_version < choice->api->min_version ||
        header.api_version > choice->api->max_version ||
        wire_read_request(frame, choice->api, arena, &header, &message, &err) < 0)
        return 0;
    if (wire_write_request(out, choice->api, &header, &message, &err) < 0)
        abort();
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct buf first;
    struct buf second;
    if (size < CHOICE_BYTES)
        return 0;
    struct choice choice = choose(data);
    struct slice frame = {(const char *)data + CHOICE_BYTES, size - CHOICE_BYTES};
    arena_init(&arena);
    buf_init(&first, MAX_BYTES);
    buf_init(&second, MAX_BYTES);
    if (round_trip(&choice, &arena, frame, &first)) {
        struct slice written = buf_slice(&first);
        written.ptr += WIRE_SIZE_BYTES;
        written.len -= WIRE_SIZE_BYTES;
        if (!round_trip(&choice, &arena, written, &second) ||
            !slice_eq(buf_slice(&first), buf_slice(&second)))
            abort();
    }
    buf_release(&first);
    buf_release(&second);
    arena_release(&arena);
    return 0;
}

/*
 * Whole messages: a request or a response behind its header, which is behind its size.
 *
 * Sources: kafka.apache.org/protocol for the frame, the headers and each message's versions,
 * KIP-482 for flexible versions, KIP-511 for ApiVersions, whose response header never has tagged
 * fields: who asks does not know yet which versions the broker has.
 *
 * A client writes requests and reads responses, a broker the reverse. Whoever reads gives the frame
 * without its four bytes of size.
 */
#ifndef WEIR_WIRE_MESSAGE_H
#define WEIR_WIRE_MESSAGE_H

#include "base/err.h"
#include "wire/codec.h"

#define WIRE_SIZE_BYTES 4

/* One API in the versions that weir knows. The message's fields, for codec.h's two directions. */
struct wire_api {
    int16_t key;
    const char *name;
    int16_t min_version;
    int16_t max_version;
    int16_t first_flexible;
    size_t request_bytes; /* of the structs */
    size_t response_bytes;
    void (*request)(struct wire_codec *codec, void *message);
    void (*response)(struct wire_codec *codec, void *message);
};

struct wire_request_header {
    int16_t api_key;
    int16_t api_version;
    int32_t correlation_id;
    struct slice client_id; /* SLICE_NONE: null */
};

/* Append a frame to `out`. -1: a field does not fit its version or form; `out` is as it was. */
int wire_write_request(struct buf *out, const struct wire_api *api,
                       const struct wire_request_header *header, void *request, struct err *err);
int wire_write_response(struct buf *out, const struct wire_api *api, int16_t version,
                        int32_t correlation_id, void *response, struct err *err);

/*
 * Read a frame into a struct of the API's, which is zeroed first. ERR_INPUT names the place; bytes
 * behind the message are a fault too. What was read borrows from `frame` and `arena`.
 */
int wire_read_response(struct slice frame, const struct wire_api *api, int16_t version,
                       struct arena *arena, int32_t *correlation_id, void *response,
                       struct err *err);
/*
 * A request's header comes first, as it says which API and version the rest is of: the fields that
 * every version has. Then the whole, with header.api_key's API and a version that it has.
 */
int wire_peek_request(struct slice frame, struct wire_request_header *out, struct err *err);
int wire_read_request(struct slice frame, const struct wire_api *api, struct arena *arena,
                      struct wire_request_header *header, void *request, struct err *err);

#endif

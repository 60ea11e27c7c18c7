#include "wire/sasl.h"

#define MECHANISM_MIN_BYTES 2
/* Neither version of the handshake is flexible. */
#define NEVER INT16_MAX

static void handshake_request(struct wire_codec *codec, void *message)
{
    struct sasl_handshake_request *m = message;
    wire_string(codec, &m->mechanism);
}

static void handshake_response(struct wire_codec *codec, void *message)
{
    struct sasl_handshake_response *m = message;
    wire_int16(codec, &m->error_code);
    m->mechanisms = wire_array(codec, m->mechanisms, &m->n_mechanisms, sizeof *m->mechanisms,
                               MECHANISM_MIN_BYTES);
    for (size_t i = 0; i < m->n_mechanisms; i++)
        wire_string(codec, &m->mechanisms[i]);
}

static void authenticate_request(struct wire_codec *codec, void *message)
{
    struct sasl_authenticate_request *m = message;
    wire_bytes(codec, &m->auth_bytes);
    wire_tags(codec, m, NULL, 0);
}

static void authenticate_response(struct wire_codec *codec, void *message)
{
    struct sasl_authenticate_response *m = message;
    wire_int16(codec, &m->error_code);
    wire_nullable_string(codec, &m->error_message);
    wire_bytes(codec, &m->auth_bytes);
    if (codec->version >= 1)
        wire_int64(codec, &m->session_lifetime_ms);
    wire_tags(codec, m, NULL, 0);
}

const struct wire_api sasl_handshake_api = {
    .key = 17,
    .name = "SaslHandshake",
    .min_version = 0,
    .max_version = 1,
    .first_flexible = NEVER,
    .request_bytes = sizeof(struct sasl_handshake_request),
    .response_bytes = sizeof(struct sasl_handshake_response),
    .request = handshake_request,
    .response = handshake_response,
};

const struct wire_api sasl_authenticate_api = {
    .key = 36,
    .name = "SaslAuthenticate",
    .min_version = 0,
    .max_version = 2,
    .first_flexible = 2,
    .request_bytes = sizeof(struct sasl_authenticate_request),
    .response_bytes = sizeof(struct sasl_authenticate_response),
    .request = authenticate_request,
    .response = authenticate_response,
};

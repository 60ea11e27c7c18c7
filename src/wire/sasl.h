/*
 * SaslHandshake (key 17, versions 0 and 1) and SaslAuthenticate (key 36, versions 0 to 2): the
 * login of a connection (KIP-43, KIP-152). The handshake's version 1 says that what follows comes
 * as SaslAuthenticate; after version 0 it would come bare.
 */
#ifndef WEIR_WIRE_SASL_H
#define WEIR_WIRE_SASL_H

#include "wire/message.h"

struct sasl_handshake_request {
    struct slice mechanism;
};

struct sasl_handshake_response {
    int16_t error_code;
    struct slice *mechanisms; /* that the listener has */
    size_t n_mechanisms;
};

struct sasl_authenticate_request {
    struct slice auth_bytes; /* as the mechanism defines them */
};

struct sasl_authenticate_response {
    int16_t error_code;
    struct slice error_message; /* may be null */
    struct slice auth_bytes;
    int64_t session_lifetime_ms; /* from version 1 on; 0: no limit */
};

extern const struct wire_api sasl_handshake_api;
extern const struct wire_api sasl_authenticate_api;

#endif

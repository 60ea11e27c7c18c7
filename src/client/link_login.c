/* The login of a link, by SASL PLAIN (RFC 4616): the one mechanism that is a single message. */
#include "client/link.h"

#include "wire/error.h"
#include "wire/sasl.h"

#include <string.h>
#include <strings.h>

#define PLAIN_MAX_BYTES ((size_t)1 << 16)

static enum probe_outcome refused(int16_t code, struct slice message, struct err *err)
{
    const struct wire_error *error = wire_error_of(code);
    if (message.len > 0)
        err_set_code(err, ERR_HALT, error->name, "the login is refused: %.*s", SLICE_ARG(message));
    else
        err_set_code(err, ERR_HALT, error->name, "the login is refused: %s", error->meaning);
    return PROBE_REFUSES;
}

static enum probe_outcome shake_hands(struct link *link, struct arena *arena, struct err *err)
{
    struct sasl_handshake_request request = {SLICE_LIT("PLAIN")};
    struct sasl_handshake_response response;
    enum probe_outcome outcome =
        link_call(link, &sasl_handshake_api, sasl_handshake_api.max_version, &request, arena,
                  &response, err);
    if (outcome != PROBE_OK || response.error_code == WIRE_NONE)
        return outcome;
    return refused(response.error_code, SLICE_NONE, err);
}

static enum probe_outcome authenticate(struct link *link, int16_t version, struct slice secret,
                                       struct arena *arena, struct err *err)
{
    struct sasl_authenticate_request request = {secret};
    struct sasl_authenticate_response response;
    enum probe_outcome outcome =
        link_call(link, &sasl_authenticate_api, version, &request, arena, &response, err);
    /* No memory keeps the password longer than it must. */
    if (link->out.data)
        explicit_bzero(link->out.data, link->out.len);
    if (outcome != PROBE_OK || response.error_code == WIRE_NONE)
        return outcome;
    return refused(response.error_code, response.error_message, err);
}

enum probe_outcome link_login(struct link *link, struct arena *arena, struct err *err)
{
    const struct security *security = &link->security;
    struct buf secret;
    int16_t version = link_version(link, &sasl_authenticate_api);
    if (!security->mechanism || strcasecmp(security->mechanism, "PLAIN") != 0 || version < 0) {
        err_set(err, ERR_HALT, "not asked: weir's own connection can log in by SASL PLAIN alone");
        return PROBE_NOT_ASKED;
    }
    enum probe_outcome outcome = shake_hands(link, arena, err);
    if (outcome != PROBE_OK)
        return outcome;
    buf_init(&secret, PLAIN_MAX_BYTES);
    buf_add_byte(&secret, '\0');
    buf_add_str(&secret, security->username ? security->username : "");
    buf_add_byte(&secret, '\0');
    buf_add_str(&secret, security->password ? security->password : "");
    outcome = authenticate(link, version, buf_slice(&secret), arena, err);
    if (secret.data)
        explicit_bzero(secret.data, secret.len);
    buf_release(&secret);
    return outcome;
}

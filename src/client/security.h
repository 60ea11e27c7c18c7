/*
 * What librdkafka's properties say about how a connection is made, for connections of our own. Of
 * src/client alone.
 */
#ifndef WEIR_CLIENT_SECURITY_H
#define WEIR_CLIENT_SECURITY_H

#include "base/config.h"

#include <stdbool.h>

/* Texts are borrowed from the properties; NULL: not set. */
struct security {
    bool tls;
    bool sasl;
    int family;              /* AF_UNSPEC, AF_INET or AF_INET6 */
    const char *ca_location; /* a file or a folder */
    const char *ca_pem;
    const char *certificate_location;
    const char *key_location;
    const char *key_password;
    const char *mechanism;
    const char *username;
    const char *password;
    bool verify;      /* the certificate against the CAs */
    bool verify_host; /* its name against the host's */
    /* A property of TLS that is set but not for connections of our own; NULL: none. */
    const char *beyond;
};

void security_read(const struct property *properties, size_t n, struct security *out);

#endif

#include "client/security.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static bool is_true(const char *value)
{
    return !strcasecmp(value, "true") || !strcasecmp(value, "t") || !strcmp(value, "1");
}

static void read_protocol(const char *value, struct security *out)
{
    out->tls = !strcasecmp(value, "ssl") || !strcasecmp(value, "sasl_ssl");
    out->sasl = !strcasecmp(value, "sasl_plaintext") || !strcasecmp(value, "sasl_ssl");
}

static int family_of(const char *value)
{
    if (!strcasecmp(value, "v4"))
        return AF_INET;
    return !strcasecmp(value, "v6") ? AF_INET6 : AF_UNSPEC;
}

/* Where the text of a property goes that is one. */
static const char **text_of(const char *name, struct security *out)
{
    const struct {
        const char *name;
        const char **text;
    } texts[] = {
        {"ssl.ca.location", &out->ca_location},
        {"ssl.ca.pem", &out->ca_pem},
        {"ssl.certificate.location", &out->certificate_location},
        {"ssl.key.location", &out->key_location},
        {"ssl.key.password", &out->key_password},
        {"sasl.mechanism", &out->mechanism},
        {"sasl.mechanisms", &out->mechanism},
        {"sasl.username", &out->username},
        {"sasl.password", &out->password},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!strcmp(name, texts[i].name))
            return texts[i].text;
    return NULL;
}

static void read_property(const struct property *property, struct security *out)
{
    const char *name = property->name;
    const char *value = property->value;
    const char **text = text_of(name, out);
    if (text)
        *text = *value ? value : NULL;
    else if (!strcmp(name, "security.protocol"))
        read_protocol(value, out);
    else if (!strcmp(name, "broker.address.family"))
        out->family = family_of(value);
    else if (!strcmp(name, "enable.ssl.certificate.verification"))
        out->verify = is_true(value);
    else if (!strcmp(name, "ssl.endpoint.identification.algorithm"))
        out->verify_host = strcasecmp(value, "none") != 0;
    else if (!strncmp(name, "ssl.", 4) && *value)
        out->beyond = name;
}

void security_read(const struct property *properties, size_t n, struct security *out)
{
    *out = (struct security){.family = AF_UNSPEC, .verify = true, .verify_host = true};
    for (size_t i = 0; i < n; i++)
        read_property(&properties[i], out);
    /* Where librdkafka looks for the system's certificates by itself. */
    if (out->ca_location && !strcmp(out->ca_location, "probe"))
        out->ca_location = NULL;
}

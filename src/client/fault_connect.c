#include "client/fault_connect.h"

#include "base/slice.h"
#include "client/library.h"

#include <stdlib.h>
#include <string.h>

struct shape {
    rd_kafka_resp_err_t code; /* ANY: of whatever ends connections */
    const char *mark;         /* is in the library's words */
    enum err_class class;
    enum {
        PLAIN,
        MISMATCH,       /* see fault_connect_is_mismatch() */
        YOUNG_MISMATCH, /* the same, if the connection was not old: idle ones are closed too, and
                           a mute broker's by the library after 10 s */
    } kind;
    const char *what; /* behind the broker's name */
    const char *cure;
};

#define ANY RD_KAFKA_RESP_ERR_UNKNOWN
#define LOGIN RD_KAFKA_RESP_ERR__AUTHENTICATION
#define TLS RD_KAFKA_RESP_ERR__SSL
#define YOUNG_MS 1000

static const char cure_login[] = "check sasl.username and sasl.password";
static const char cure_ours[] =
    "check ssl.certificate.location and ssl.key.location, or ssl.keystore.location";
static const char refuses[] = "refuses the user or the password";
static const char no_tls[] = "ends the connection in the TLS handshake";
static const char cure_no_tls[] = "a port without TLS? Check the port and security.protocol";
static const char cure_tls[] =
    "a port with TLS, or no Kafka broker? Check the port and security.protocol (SSL, SASL_SSL)";
static const char no_login[] = "closes the connection at the first question";
static const char cure_no_login[] = "a port that wants a login? Check the port, security.protocol "
                                    "(SASL_PLAINTEXT, SASL_SSL) and sasl.mechanisms";
static const char away[] = "went away while we logged in";

/*
 * The first that fits. A broker that is being stopped can leave at any moment, so what looks like
 * a mix-up of ports is an outage all the same; what it says about us is not.
 */
static const struct shape shapes[] = {
    {LOGIN, "Broker transport failure", ERR_OUTAGE, PLAIN, away, NULL},
    {LOGIN, "Local: Timed out", ERR_OUTAGE, PLAIN, away, NULL},
    {LOGIN, "Disconnected", ERR_OUTAGE, PLAIN, away, NULL},
    {LOGIN, "current SASL state", ERR_HALT, PLAIN, "wants no login",
     "security.protocol is PLAINTEXT or SSL for this port, or it is the wrong port"},
    {LOGIN, "invalid credentials", ERR_HALT, PLAIN, refuses, cure_login},
    {LOGIN, "Invalid username or password", ERR_HALT, PLAIN, refuses, cure_login},
    {TLS, "certificate verify failed", ERR_HALT, PLAIN,
     "shows a certificate that cannot be verified", "check ssl.ca.location"},
    {ANY, "alert bad certificate", ERR_HALT, PLAIN,
     "wants a certificate of ours, or refuses the one it got", cure_ours},
    {ANY, "alert certificate required", ERR_HALT, PLAIN, "wants a certificate of ours", cure_ours},
    {ANY, "alert unknown ca", ERR_HALT, PLAIN, "does not know the authority of our certificate",
     cure_ours},
    {ANY, "alert certificate", ERR_HALT, PLAIN, "refuses our certificate", cure_ours},
    {ANY, "wrong version number", ERR_OUTAGE, MISMATCH, "answers with something else than TLS",
     cure_no_tls},
    {ANY, "connecting to a PLAINTEXT", ERR_OUTAGE, MISMATCH, no_tls, cure_no_tls},
    {ANY, "unexpected eof", ERR_OUTAGE, MISMATCH, no_tls, cure_no_tls},
    {ANY, "in state SSL_HANDSHAKE", ERR_OUTAGE, MISMATCH, no_tls, cure_no_tls},
    {ANY, "connecting to a SSL", ERR_OUTAGE, MISMATCH, "closes the connection at once", cure_tls},
    {ANY, "in state APIVERSION_QUERY", ERR_OUTAGE, YOUNG_MISMATCH, "closes the connection at once",
     cure_tls},
    {ANY, "might require SASL", ERR_OUTAGE, MISMATCH, no_login, cure_no_login},
    {ANY, "in state UP", ERR_OUTAGE, YOUNG_MISMATCH, no_login, cure_no_login},
};

/* "(after 3ms in state UP)": how long the connection was in that state. */
static bool is_young(const char *words)
{
    static const char mark[] = "(after ";
    const char *found = strstr(words, mark);
    return found && strtol(found + sizeof mark - 1, NULL, 10) < YOUNG_MS;
}

static const struct shape *find_shape(rd_kafka_resp_err_t code, const char *words)
{
    bool is_connection = code == RD_KAFKA_RESP_ERR__TRANSPORT || code == TLS;
    for (size_t i = 0; words && i < sizeof shapes / sizeof *shapes; i++) {
        bool fits = shapes[i].code == code || (shapes[i].code == ANY && is_connection);
        if (fits && strstr(words, shapes[i].mark) &&
            (shapes[i].kind != YOUNG_MISMATCH || is_young(words)))
            return &shapes[i];
    }
    return NULL;
}

/* "kafka:9093" of "ssl://kafka:9093/bootstrap: SSL handshake failed: ..." */
static struct slice broker_of(const char *words)
{
    const char *end = strstr(words, ": ");
    size_t len = end ? (size_t)(end - words) : 0;
    const char *scheme = memmem(words, len, "://", 3);
    const char *name = scheme ? scheme + 3 : words;
    len -= (size_t)(name - words);
    const char *slash = memchr(name, '/', len);
    if (slash)
        len = (size_t)(slash - name);
    bool is_name = memchr(name, ':', len) && !memchr(name, ' ', len);
    return is_name ? (struct slice){name, len} : SLICE_LIT("the broker");
}

/* The mechanisms a broker has, behind "supported mechanisms: "; they end with the words. */
static bool set_mechanisms(struct err *err, rd_kafka_resp_err_t code, const char *words)
{
    static const char mark[] = "supported mechanisms: ";
    const char *found = strstr(words, mark);
    if (code != LOGIN || !found || !found[sizeof mark - 1])
        return false;
    const char *list = found + sizeof mark - 1;
    const char *changing = strstr(list, " (after ");
    struct slice offered = {list, changing ? (size_t)(changing - list) : strlen(list)};
    err_set_code(err, ERR_HALT, rd_kafka_err2name(code),
                 "%.*s has no such login; it has %.*s: check sasl.mechanisms",
                 SLICE_ARG(broker_of(words)), SLICE_ARG(offered));
    return true;
}

/* Debian 12's library: the right password is refused too. */
static const char *scram_caveat(const struct shape *shape, const char *words)
{
    if (shape->cure != cure_login || !strstr(words, "SCRAM-") ||
        library_can_scram(rd_kafka_version()))
        return "";
    return "; where they are right: librdkafka before 2.6.1 cannot do SCRAM with Kafka 4, take a "
           "newer one (weir --version shows yours) or sasl.mechanisms: PLAIN over TLS";
}

bool fault_connect_set(struct err *err, rd_kafka_resp_err_t code, const char *words)
{
    const struct shape *shape = find_shape(code, words);
    if (!shape)
        return words && set_mechanisms(err, code, words);
    err_set_code(err, shape->class, rd_kafka_err2name(code), "%.*s %s%s%s%s",
                 SLICE_ARG(broker_of(words)), shape->what, shape->cure ? ": " : "",
                 shape->cure ? shape->cure : "", scram_caveat(shape, words));
    return true;
}

bool fault_connect_is_certificate(rd_kafka_resp_err_t code, const char *words)
{
    return code == TLS && words && strstr(words, "certificate verify failed");
}

bool fault_connect_is_mismatch(rd_kafka_resp_err_t code, const char *words)
{
    const struct shape *shape = find_shape(code, words);
    return shape && shape->kind != PLAIN;
}

static const char cure_authority[] =
    "set ssl.ca.location to the certificate (PEM) of the authority that signed it";

static const struct {
    int reason;
    const char *what;
    const char *cure;
} certificate_faults[] = {
    {9, "is not valid yet", "check this machine's clock"},
    {10, "has expired, or that of its authority",
     "the cluster needs a new one; check this machine's clock too"},
    {18, "is signed by itself and unknown here", cure_authority},
    {19, "is signed by an authority unknown here", cure_authority},
    {20, "is signed by an authority unknown here", cure_authority},
    {21, "is signed by an authority unknown here", cure_authority},
    {23, "is revoked", "the cluster needs a new one"},
    {62, "is for another host name", "name the broker as its certificate does"},
    {64, "is for another address", "name the broker as its certificate does"},
};

void fault_connect_set_certificate(struct err *err, const char *words, int reason)
{
    const char *what = "cannot be verified";
    const char *cure = "check ssl.ca.location";
    for (size_t i = 0; i < sizeof certificate_faults / sizeof *certificate_faults; i++)
        if (certificate_faults[i].reason == reason) {
            what = certificate_faults[i].what;
            cure = certificate_faults[i].cure;
        }
    err_set_code(err, ERR_HALT, rd_kafka_err2name(TLS), "the certificate of %.*s %s: %s",
                 SLICE_ARG(broker_of(words)), what, cure);
}

/* TLS by OpenSSL over a descriptor that does not block; see socket.h. */
#include "client/socket.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct socket_tls {
    SSL_CTX *context;
    SSL *ssl;
};

/* The first reason in OpenSSL's queue of this thread, which is emptied. */
static const char *library_reason(void)
{
    unsigned long code = ERR_get_error();
    const char *reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
                         : code                 ? ERR_reason_error_string(code)
                                                : NULL;
    ERR_clear_error();
    return reason ? reason : "no reason given";
}

/* What OpenSSL says went wrong between the two sides, or what the other side said. */
static void protocol_fault(struct err *err)
{
    bool told = ERR_GET_REASON(ERR_peek_error()) >= SSL_AD_REASON_OFFSET;
    err_set(err, ERR_HALT, "%s: %s", told ? "the broker refuses TLS" : "TLS failed",
            library_reason());
}

/* ---- the properties ---- */

static enum probe_outcome unusable(const char *property, const char *value, struct err *err)
{
    err_set(err, ERR_USAGE, "%s: %s%s%s", property, value, *value ? ": " : "", library_reason());
    return PROBE_TLS_FAILED;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* All certificates of a text in PEM. False if there is none. */
static bool trust_pem(SSL_CTX *context, const char *pem)
{
    size_t n = 0;
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;
    while (bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        n += X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1;
        X509_free(certificate);
    }
    BIO_free(bio);
    if (n > 0)
        ERR_clear_error(); /* the end of the text is an error too */
    return n > 0;
}

static enum probe_outcome set_trust(SSL_CTX *context, const struct security *security,
                                    struct err *err)
{
    const char *path = security->ca_location;
    if (path && (is_folder(path) ? SSL_CTX_load_verify_dir(context, path)
                                 : SSL_CTX_load_verify_file(context, path)) != 1)
        return unusable("ssl.ca.location", path, err);
    if (security->ca_pem && !trust_pem(context, security->ca_pem))
        return unusable("ssl.ca.pem", "", err);
    if (!path && !security->ca_pem)
        SSL_CTX_set_default_verify_paths(context);
    SSL_CTX_set_verify(context, security->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    return PROBE_OK;
}

/* Never a prompt: without a password there is none. */
static int give_password(char *out, int size, int for_writing, void *opaque)
{
    const char *password = opaque;
    size_t length = password ? strlen(password) : 0;
    (void)for_writing;
    if (length > (size_t)size)
        return -1;
    memcpy(out, password ? password : "", length);
    return (int)length;
}

static enum probe_outcome set_own(SSL_CTX *context, const struct security *security, char *password,
                                  struct err *err)
{
    const char *certificate = security->certificate_location;
    const char *key = security->key_location;
    SSL_CTX_set_default_passwd_cb(context, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(context, password);
    if (certificate && SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        return unusable("ssl.certificate.location", certificate, err);
    if (key && SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return unusable("ssl.key.location", key, err);
    if (key && certificate && SSL_CTX_check_private_key(context) != 1)
        return unusable("ssl.key.location", key, err);
    return PROBE_OK;
}

/* A DNS name has 253 characters at most (RFC 1035). OpenSSL copies what it is given. */
static bool send_name(SSL *ssl, const char *host)
{
    char name[256];
    int length = snprintf(name, sizeof name, "%s", host);
    return length >= 0 && (size_t)length < sizeof name && SSL_set_tlsext_host_name(ssl, name) == 1;
}

/* Names go out as SNI and are compared; addresses are only compared. */
static bool set_host(SSL *ssl, const char *host, bool verify)
{
    X509_VERIFY_PARAM *rules = SSL_get0_param(ssl);
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(host);
    bool is_ip = ip != NULL;
    ASN1_OCTET_STRING_free(ip);
    ERR_clear_error();
    if (!is_ip && !send_name(ssl, host))
        return false;
    if (!verify)
        return true;
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return (is_ip ? X509_VERIFY_PARAM_set1_ip_asc(rules, host)
                  : X509_VERIFY_PARAM_set1_host(rules, host, 0)) == 1;
}

static enum probe_outcome configure(struct socket_tls *tls, const struct socket *socket,
                                    const char *host, const struct security *security,
                                    struct err *err)
{
    char *password = security->key_password ? strdup(security->key_password) : NULL;
    enum probe_outcome outcome = set_trust(tls->context, security, err);
    if (outcome == PROBE_OK)
        outcome = set_own(tls->context, security, password, err);
    SSL_CTX_set_default_passwd_cb_userdata(tls->context, NULL);
    if (password)
        OPENSSL_cleanse(password, strlen(password));
    free(password);
    if (outcome != PROBE_OK)
        return outcome;
    tls->ssl = SSL_new(tls->context);
    if (tls->ssl && SSL_set_fd(tls->ssl, socket->fd) == 1 &&
        set_host(tls->ssl, host, security->verify && security->verify_host))
        return PROBE_OK;
    err_set(err, ERR_BUG, "OpenSSL: %s", library_reason());
    return PROBE_TLS_FAILED;
}

/* ---- the connection ---- */

enum step { STEP_DONE, STEP_AGAIN, STEP_LATE, STEP_CLOSED, STEP_FAILED };

/* What the result `rc` of a call means; waits where it wants to be called again. */
static enum step after(const struct socket *socket, int rc)
{
    if (rc > 0)
        return STEP_DONE;
    switch (SSL_get_error(socket->tls->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return socket_wait(socket, POLLIN) ? STEP_AGAIN : STEP_LATE;
    case SSL_ERROR_WANT_WRITE:
        return socket_wait(socket, POLLOUT) ? STEP_AGAIN : STEP_LATE;
    case SSL_ERROR_ZERO_RETURN:
        return STEP_CLOSED;
    case SSL_ERROR_SYSCALL:
        return ERR_peek_error() == 0 ? STEP_CLOSED : STEP_FAILED;
    default:
        return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? STEP_CLOSED
                                                                                      : STEP_FAILED;
    }
}

static enum probe_outcome handshake_failed(const struct socket *socket, enum step step,
                                           struct err *err)
{
    long verdict = SSL_get_verify_result(socket->tls->ssl);
    unsigned long code = ERR_peek_error();
    if (step == STEP_LATE) {
        err_set(err, ERR_OUTAGE, "connected, but TLS was not set up in time");
        return PROBE_SILENT;
    }
    if (step == STEP_CLOSED)
        err_set(err, ERR_OUTAGE, "the broker closed the connection while TLS was set up");
    else if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        err_set(err, ERR_HALT, "the broker's certificate is refused: %s",
                X509_verify_cert_error_string(verdict));
    else if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
        err_set(err, ERR_HALT, "what answers does not speak TLS");
    else
        protocol_fault(err);
    ERR_clear_error();
    return PROBE_TLS_FAILED;
}

enum probe_outcome socket_tls_open(struct socket *socket, const char *host,
                                   const struct security *security, struct err *err)
{
    enum step step;
    struct socket_tls *tls = calloc(1, sizeof *tls);
    socket->tls = tls;
    ERR_clear_error();
    if (tls)
        tls->context = SSL_CTX_new(TLS_client_method());
    if (!tls || !tls->context) {
        err_set(err, ERR_BUG, "out of memory");
        return PROBE_TLS_FAILED;
    }
    enum probe_outcome outcome = configure(tls, socket, host, security, err);
    if (outcome != PROBE_OK)
        return outcome;
    do
        step = after(socket, SSL_connect(tls->ssl));
    while (step == STEP_AGAIN);
    return step == STEP_DONE ? PROBE_OK : handshake_failed(socket, step, err);
}

void socket_tls_close(struct socket *socket)
{
    struct socket_tls *tls = socket->tls;
    if (!tls)
        return;
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    free(tls);
    socket->tls = NULL;
}

const char *socket_tls_version(const struct socket *socket)
{
    return socket->tls ? SSL_get_version(socket->tls->ssl) : NULL;
}

static enum probe_outcome broken(enum step step, struct err *err)
{
    if (step == STEP_LATE) {
        err_set(err, ERR_OUTAGE, "connected, but no answer in time");
        return PROBE_SILENT;
    }
    if (step == STEP_CLOSED) {
        err_set(err, ERR_OUTAGE, "connected, then closed without an answer");
        return PROBE_CLOSED;
    }
    /* With TLS 1.3 a broker that wants a certificate says so only now. */
    protocol_fault(err);
    return PROBE_TLS_FAILED;
}

enum probe_outcome socket_tls_send(struct socket *socket, struct slice bytes, struct err *err)
{
    enum step step = STEP_DONE;
    ERR_clear_error();
    /* A write is done whole or asked for again with the same bytes. */
    while (bytes.len > 0) {
        size_t n = bytes.len < INT16_MAX ? bytes.len : INT16_MAX;
        step = after(socket, SSL_write(socket->tls->ssl, bytes.ptr, (int)n));
        if (step == STEP_DONE) {
            bytes.ptr += n;
            bytes.len -= n;
        } else if (step != STEP_AGAIN) {
            return broken(step, err);
        }
    }
    return PROBE_OK;
}

enum probe_outcome socket_tls_receive(struct socket *socket, char *bytes, size_t size, size_t *got,
                                      struct err *err)
{
    ERR_clear_error();
    for (;;) {
        int n = SSL_read(socket->tls->ssl, bytes, size < INT32_MAX ? (int)size : INT32_MAX);
        switch (after(socket, n)) {
        case STEP_DONE:
            *got = (size_t)n;
            return PROBE_OK;
        case STEP_AGAIN:
            break;
        case STEP_CLOSED:
            ERR_clear_error();
            return PROBE_OK;
        case STEP_LATE:
            return broken(STEP_LATE, err);
        case STEP_FAILED:
            return broken(STEP_FAILED, err);
        }
    }
}

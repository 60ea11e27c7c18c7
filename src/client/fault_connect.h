/*
 * Why a connection to a broker did not come to be: TLS, logins, and ports taken for others. The
 * library has one code for each kind and tells the rest in words; here those words are read, and
 * told again as one sentence with its cure.
 */
#ifndef WEIR_CLIENT_FAULT_CONNECT_H
#define WEIR_CLIENT_FAULT_CONNECT_H

#include "base/err.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/*
 * `words` are the library's: "ssl://kafka:9093/bootstrap: SSL handshake failed: ...". False: they
 * say nothing of a connection that is known here, and `err` was left alone.
 */
bool fault_connect_set(struct err *err, rd_kafka_resp_err_t code, const char *words);

/*
 * The same where the broker's certificate was refused, and why: the number of X509_V_ERR_... of
 * OpenSSL's x509_vfy.h (the numbers are part of its interface).
 */
void fault_connect_set_certificate(struct err *err, const char *words, int reason);

/* Whether these words are about a certificate of the broker's that did not hold. */
bool fault_connect_is_certificate(rd_kafka_resp_err_t code, const char *words);

/*
 * A connection that came to be and was closed at once, which another try will hardly cure: the
 * port speaks another protocol, or a proxy stands there that has no broker behind it yet.
 */
bool fault_connect_is_mismatch(rd_kafka_resp_err_t code, const char *words);

#endif

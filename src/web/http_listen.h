/* The listening socket of an HTTP server. Private to src/web. */
#ifndef WEIR_WEB_HTTP_LISTEN_H
#define WEIR_WEB_HTTP_LISTEN_H

#include "base/err.h"

#include <stdbool.h>

#define HTTP_ADDRESS_BYTES 64

struct http_endpoint {
    char host[48];
    char port[8];
};

/* Take ADDR:PORT, [ADDR]:PORT, :PORT or PORT apart. */
int http_parse_address(const char *address, struct http_endpoint *out, struct err *err);
/* A listening socket, or -1; where it listens goes to `shown`. Warns if that is not loopback. */
int http_listen(const char *address, char shown[HTTP_ADDRESS_BYTES], struct err *err);

#endif

/*
 * A small HTTP server for what a process tells of itself: metrics, health, a page.
 *
 * It answers GET and HEAD from a table of routes; whatever else is 404 or 405. One thread of its
 * own serves everything, so a render callback must be quick and must lock what it looks at. Without
 * TLS or passwords it belongs on loopback: another address must be named, and earns a warning.
 */
#ifndef WEIR_WEB_HTTP_H
#define WEIR_WEB_HTTP_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

struct http;

struct http_route {
    const char *path; /* "/metrics"; matched whole, without the query */
    const char *content_type;
    /* Write the body, return the status. Called by the server's thread. */
    int (*render)(void *context, struct buf *out);
    void *context;
};

/*
 * `address` is ADDR:PORT, [ADDR]:PORT, :PORT or PORT; without ADDR it is 127.0.0.1, and port 0
 * takes a free one. `routes` must stay as long as the server. An address that cannot be is
 * ERR_USAGE, one that is taken ERR_HALT.
 */
int http_start(struct http **out, const char *address, const struct http_route *routes, size_t n,
               struct err *err);
/* Where it listens, "127.0.0.1:8080". */
const char *http_address(const struct http *http);
/* Ends the thread; a request under way is finished first. */
void http_stop(struct http *http);

#endif

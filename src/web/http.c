#include "web/http.h"

#include "base/log.h"
#include "web/http_listen.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS_MAX 32
#define IDLE_SECONDS 10
#define CONNECTION_BYTES ((size_t)16 * 1024)
#define BODY_MAX_BYTES ((size_t)16 * 1024 * 1024)

static const char text_plain[] = "text/plain; charset=utf-8";

struct http {
    struct MHD_Daemon *daemon;
    const struct http_route *routes;
    size_t n_routes;
    char address[HTTP_ADDRESS_BYTES];
};

static const struct http_route *find_route(const struct http *http, const char *path)
{
    for (size_t i = 0; i < http->n_routes; i++)
        if (!strcmp(http->routes[i].path, path))
            return &http->routes[i];
    return NULL;
}

/* Sends a copy of `body`. */
static enum MHD_Result answer(struct MHD_Connection *connection, int status,
                              const char *content_type, struct slice body)
{
    /* It only reads, but its prototype lacks the const. */
    void *bytes = (void *)(uintptr_t)body.ptr;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.len, bytes, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, (unsigned int)status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_route(struct MHD_Connection *connection,
                                    const struct http_route *route)
{
    struct buf body;
    buf_init(&body, BODY_MAX_BYTES);
    int status = route->render(route->context, &body);
    enum MHD_Result result =
        body.failed ? answer(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, text_plain,
                             SLICE_LIT("the answer is too long\n"))
                    : answer(connection, status, route->content_type, buf_slice(&body));
    buf_release(&body);
    return result;
}

/*
 * Called first when the headers are there, then again when all of the request is; only the second
 * call may answer, or the connection could not be used again.
 */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_bytes, void **state)
{
    (void)version, (void)upload;
    static const char headers_seen;
    const struct http *http = context;
    bool is_read = !strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD);
    if (is_read && !*state) {
        *state = (void *)(uintptr_t)&headers_seen;
        return MHD_YES;
    }
    *upload_bytes = 0;
    const struct http_route *route = find_route(http, path);
    if (!route)
        return answer(connection, MHD_HTTP_NOT_FOUND, text_plain, SLICE_LIT("not found\n"));
    if (!is_read)
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, text_plain,
                      SLICE_LIT("only GET and HEAD\n"));
    return answer_route(connection, route);
}

static void on_log(void *context, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void on_log(void *context, const char *format, va_list args)
{
    (void)context;
    char line[512];
    int n = vsnprintf(line, sizeof line, format, args);
    if (n <= 0)
        return;
    line[strcspn(line, "\n")] = '\0';
    log_debug("", "http: %s", line);
}

int http_start(struct http **out, const char *address, const struct http_route *routes, size_t n,
               struct err *err)
{
    *out = NULL;
    struct http *http = calloc(1, sizeof *http);
    if (!http)
        return err_set(err, ERR_BUG, "out of memory");
    http->routes = routes;
    http->n_routes = n;
    int fd = http_listen(address, http->address, err);
    if (fd < 0) {
        free(http);
        return -1;
    }
    http->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC |
                             MHD_USE_ERROR_LOG,
                         0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                         (unsigned int)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                         (unsigned int)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!http->daemon) {
        err_set(err, ERR_HALT, "cannot serve HTTP on %s", http->address);
        close(fd);
        free(http);
        return -1;
    }
    log_info("", "HTTP on %s", http->address);
    *out = http;
    return 0;
}

const char *http_address(const struct http *http)
{
    return http->address;
}

void http_stop(struct http *http)
{
    if (!http)
        return;
    MHD_stop_daemon(http->daemon);
    free(http);
}

/* The HTTP server, spoken to over a raw socket. */
#include "unit.h"

#include "base/log.h"
#include "web/http.h"
#include "web/http_listen.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int render_hello(void *context, struct buf *out)
{
    atomic_int *calls = context;
    atomic_fetch_add(calls, 1);
    buf_add_str(out, "hello\n");
    return 200;
}

static int render_sick(void *context, struct buf *out)
{
    (void)context;
    buf_add_str(out, "not ready\n");
    return 503;
}

static int render_large(void *context, struct buf *out)
{
    (void)context;
    for (int i = 0; i < 300000; i++)
        buf_add_str(out, "0123456789");
    return 200;
}

static int render_endless(void *context, struct buf *out)
{
    (void)context;
    while (!out->failed)
        buf_add_str(out, "0123456789abcdef0123456789abcdef");
    return 200;
}

static atomic_int hello_calls; /* by the server's thread */
static const struct http_route routes[] = {
    {"/hello", "text/plain; version=0.0.4", render_hello, &hello_calls},
    {"/sick", "text/plain", render_sick, NULL},
    {"/large", "text/plain", render_large, NULL},
    {"/endless", "text/plain", render_endless, NULL},
};

static struct http *start(void)
{
    struct http *http;
    struct err err;
    if (http_start(&http, "127.0.0.1:0", routes, COUNT_OF(routes), &err) != 0)
        fail_msg("%s", err.text);
    return http;
}

static int dial(const struct http *http)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)atoi(strchr(http_address(http), ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* All that comes until the server closes; to be freed. */
static char *hear(int fd, size_t *len)
{
    size_t cap = 1 << 16;
    char *text = malloc(cap + 1);
    ssize_t n;
    *len = 0;
    while ((n = recv(fd, text + *len, cap - *len, 0)) > 0) {
        *len += (size_t)n;
        if (*len == cap)
            text = realloc(text, (cap *= 2) + 1);
    }
    text[*len] = '\0';
    close(fd);
    return text;
}

struct exchange {
    const char *request;
    const char *status;
    const char *body;     /* all of it, or NULL */
    const char *contains; /* in the headers, or NULL */
};

static void requests_and_answers(void **state)
{
    (void)state;
    static const struct exchange exchanges[] = {
        {"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ", "hello\n",
         "Content-Type: text/plain; version=0.0.4\r\n"},
        {"GET /hello?x=1&y=%2F HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ",
         "hello\n", NULL},
        {"GET /hello HTTP/1.0\r\n\r\n", "HTTP/1.", "hello\n", "Content-Length: 6\r\n"},
        {"HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ", "",
         "Content-Length: 6\r\n"},
        {"GET /sick HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 503 ",
         "not ready\n", NULL},
        {"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 ",
         "not found\n", NULL},
        {"GET /hello/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 ",
         "not found\n", NULL},
        {"GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 ",
         "not found\n", NULL},
        {"DELETE /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 405 ",
         "only GET and HEAD\n", "Allow: GET, HEAD\r\n"},
        {"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
         "HTTP/1.1 405 ", "only GET and HEAD\n", "Allow: GET, HEAD\r\n"},
        {"GET /endless HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 500 ",
         "the answer is too long\n", NULL},
        {"GET /hello HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL}, /* no Host */
    };
    struct http *http = start();
    for (size_t i = 0; i < COUNT_OF(exchanges); i++) {
        const struct exchange *exchange = &exchanges[i];
        int fd = dial(http);
        size_t len;
        say(fd, exchange->request);
        char *answer = hear(fd, &len);
        const char *end = strstr(answer, "\r\n\r\n");
        if (strncmp(answer, exchange->status, strlen(exchange->status)) != 0 || !end)
            fail_msg("%s -> %s", exchange->request, answer);
        if (exchange->body)
            assert_string_equal(end + 4, exchange->body);
        if (exchange->contains && !strstr(answer, exchange->contains))
            fail_msg("%s -> %s", exchange->request, answer);
        free(answer);
    }
    http_stop(http);
}

static void a_connection_is_used_again(void **state)
{
    (void)state;
    struct http *http = start();
    int fd = dial(http);
    size_t len;
    int before = atomic_load(&hello_calls);
    say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    free(hear(fd, &len));
    assert_int_equal(atomic_load(&hello_calls) - before, 3);
    http_stop(http);
}

static void a_large_answer_comes_whole(void **state)
{
    (void)state;
    struct http *http = start();
    int fd = dial(http);
    size_t len;
    say(fd, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    char *answer = hear(fd, &len);
    const char *body = strstr(answer, "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(len - (size_t)(body + 4 - answer), 3000000);
    free(answer);
    http_stop(http);
}

/* Those who connect and say nothing must not keep others out for longer than they are let wait. */
static void silent_and_long_winded_clients_do_no_harm(void **state)
{
    (void)state;
    struct http *http = start();
    int silent[8];
    for (size_t i = 0; i < COUNT_OF(silent); i++) {
        silent[i] = dial(http);
        say(silent[i], "GET /hel");
    }
    int fd = dial(http);
    size_t len;
    static char header[40000];
    memset(header, 'x', sizeof header - 1);
    say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nX-Long: ");
    send(fd, header, sizeof header - 1, MSG_NOSIGNAL);
    char *answer = hear(fd, &len);
    assert_null(strstr(answer, " 200 "));
    free(answer);

    fd = dial(http);
    say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    answer = hear(fd, &len);
    assert_non_null(strstr(answer, "hello\n"));
    free(answer);
    http_stop(http);
    for (size_t i = 0; i < COUNT_OF(silent); i++)
        close(silent[i]);
}

static void addresses_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *address, *host, *port;
    } cases[] = {
        {"8080", "127.0.0.1", "8080"},
        {":8080", "127.0.0.1", "8080"},
        {"0", "127.0.0.1", "0"},
        {"localhost:80", "127.0.0.1", "80"},
        {"0.0.0.0:80", "0.0.0.0", "80"},
        {"[::1]:80", "::1", "80"},
        {"[::]:65535", "::", "65535"},
        {"127.0.0.1", NULL, NULL},
        {"", NULL, NULL},
        {":", NULL, NULL},
        {"127.0.0.1:", NULL, NULL},
        {"::1:80", NULL, NULL},
        {"127.0.0.1:65536", NULL, NULL},
        {"127.0.0.1:-1", NULL, NULL},
        {"127.0.0.1:http", NULL, NULL},
        {"127.0.0.1:80x", NULL, NULL},
        {"127.0.0.1:00000080", NULL, NULL},
        {"[::1]", NULL, NULL},
        {"123456789012345678901234567890123456789012345678:1", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_endpoint endpoint;
        struct err err = {0};
        int rc = http_parse_address(cases[i].address, &endpoint, &err);
        if (rc != (cases[i].host ? 0 : -1))
            fail_msg("\"%s\": %s", cases[i].address, err.text);
        if (rc != 0) {
            assert_int_equal(err.class, ERR_USAGE);
            continue;
        }
        assert_string_equal(endpoint.host, cases[i].host);
        assert_string_equal(endpoint.port, cases[i].port);
    }
}

static void where_it_listens(void **state)
{
    (void)state;
    struct http *http;
    struct http *other;
    struct err err;
    assert_int_equal(http_start(&http, "0", routes, COUNT_OF(routes), &err), 0);
    assert_memory_equal(http_address(http), "127.0.0.1:", 10);
    assert_true(atoi(http_address(http) + 10) > 0);

    assert_int_equal(http_start(&other, http_address(http), routes, COUNT_OF(routes), &err), -1);
    assert_int_equal(err.class, ERR_HALT);
    assert_non_null(strstr(err.text, http_address(http)));
    assert_null(other);
    http_stop(http);
    http_stop(NULL);

    assert_int_equal(http_start(&other, "example.org:80", routes, COUNT_OF(routes), &err), -1);
    assert_int_equal(err.class, ERR_USAGE);
}

static void ipv6_loopback(void **state)
{
    (void)state;
    struct http *http;
    struct err err;
    if (http_start(&http, "[::1]:0", routes, COUNT_OF(routes), &err) != 0)
        skip(); /* a machine without IPv6 */
    assert_memory_equal(http_address(http), "[::1]:", 6);
    http_stop(http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_and_answers),
        cmocka_unit_test(a_connection_is_used_again),
        cmocka_unit_test(a_large_answer_comes_whole),
        cmocka_unit_test(silent_and_long_winded_clients_do_no_harm),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(where_it_listens),
        cmocka_unit_test(ipv6_loopback),
    };
    log_init(LOG_ERROR, LOG_FORMAT_AUTO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

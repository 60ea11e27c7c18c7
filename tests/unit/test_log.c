/* The log's three forms, its one write a line, and the status line of a terminal. */
#include "unit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static int64_t fixed_us(void)
{
    return INT64_C(1767323045678901); /* 2026-01-02T03:04:05.678901Z */
}

/* stderr goes into a pipe or a terminal; what arrives at its other end is looked at. */
struct capture {
    int saved;
    int reader;
};

static void redirect(struct capture *capture, int reader, int writer)
{
    fflush(stderr);
    capture->saved = dup(STDERR_FILENO);
    capture->reader = reader;
    dup2(writer, STDERR_FILENO);
    close(writer);
    fcntl(reader, F_SETFL, O_NONBLOCK);
}

static void capture_pipe(struct capture *capture)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    redirect(capture, ends[0], ends[1]);
}

static void capture_terminal(struct capture *capture, unsigned short columns)
{
    struct termios raw;
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    int master, slave;
    memset(&raw, 0, sizeof raw);
    cfmakeraw(&raw);
    assert_int_equal(openpty(&master, &slave, NULL, &raw, &size), 0);
    redirect(capture, master, slave);
}

/* What was written since the last look. */
static const char *captured(const struct capture *capture)
{
    static char text[65536];
    size_t len = 0;
    ssize_t n;
    while ((n = read(capture->reader, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    return text;
}

static void release(struct capture *capture)
{
    dup2(capture->saved, STDERR_FILENO);
    close(capture->saved);
    close(capture->reader);
}

static int setup(void **state)
{
    (void)state;
    static const struct clock_source source = {.wall_us = fixed_us};
    clock_replace(&source);
    setenv("TZ", "UTC-2", 1);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    log_init(LOG_DEBUG, LOG_FORMAT_AUTO);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    clock_replace(NULL);
    log_init(LOG_INFO, LOG_FORMAT_AUTO);
    return 0;
}

static void off_a_terminal_it_is_logfmt(void **state)
{
    (void)state;
    struct capture capture;
    capture_pipe(&capture);
    log_info("", "started");
    const char *text = captured(&capture);
    release(&capture);
    assert_string_equal(text, "ts=2026-01-02T03:04:05.678Z level=info msg=\"started\"\n");

    capture_pipe(&capture);
    log_error("orders-to-public.orders", "line 1\nline \"2\" of %d", 2);
    log_warn("a name", "x");
    log_debug("a=b", "bad \xFF");
    log_status("12 rows");
    text = captured(&capture);
    release(&capture);
    assert_string_equal(
        text,
        "ts=2026-01-02T03:04:05.678Z level=error pipeline=orders-to-public.orders "
        "msg=\"line 1\\nline \\\"2\\\" of 2\"\n"
        "ts=2026-01-02T03:04:05.678Z level=warn pipeline=\"a name\" msg=\"x\"\n"
        "ts=2026-01-02T03:04:05.678Z level=debug pipeline=\"a=b\" msg=\"bad \xEF\xBF\xBD\"\n");
}

static void json_is_one_object_a_line(void **state)
{
    (void)state;
    struct capture capture;
    capture_pipe(&capture);
    log_init(LOG_INFO, LOG_FORMAT_JSON);
    log_warn("p", "a \"b\"\n\x1b[31m");
    log_info("", "x");
    const char *text = captured(&capture);
    release(&capture);
    assert_string_equal(text, "{\"ts\":\"2026-01-02T03:04:05.678Z\",\"level\":\"warn\","
                              "\"pipeline\":\"p\",\"msg\":\"a \\\"b\\\"\\n\\u001b[31m\"}\n"
                              "{\"ts\":\"2026-01-02T03:04:05.678Z\",\"level\":\"info\","
                              "\"msg\":\"x\"}\n");
}

static void a_terminal_gets_text_and_colour(void **state)
{
    (void)state;
    struct capture capture;
    capture_terminal(&capture, 80);
    bool on_terminal = log_on_terminal();
    bool colour = log_colour();
    log_warn("orders", "low");
    setenv("NO_COLOR", "1", 1);
    log_info("", "plain");
    setenv("TERM", "dumb", 1);
    bool on_dumb = log_on_terminal();
    log_info("", "dumb");
    const char *text = captured(&capture);
    release(&capture);
    assert_true(on_terminal);
    assert_true(colour);
    assert_false(on_dumb);
    assert_string_equal(text, "\r\x1b[K05:04:05 \x1b[33mwarn \x1b[0m orders: low\n"
                              "\r\x1b[K05:04:05 info  plain\n"
                              "05:04:05 info  dumb\n");
}

static void nothing_from_outside_steers_the_terminal(void **state)
{
    (void)state;
    struct capture capture;
    capture_terminal(&capture, 80);
    setenv("NO_COLOR", "1", 1);
    log_info("", "a\x1b[2Jb\x07\r\xC2\x9B\x7F\xFFș\ttab\nsecond");
    const char *text = captured(&capture);
    release(&capture);
    assert_string_equal(text, "\r\x1b[K05:04:05 info  a\\x1b[2Jb\\x07\\x0d\\x9b\\x7f\xEF\xBF\xBDș"
                              "\ttab\n    second\n");
}

static void the_status_line_stays_below_the_log(void **state)
{
    (void)state;
    struct capture capture;
    capture_terminal(&capture, 20);
    setenv("NO_COLOR", "1", 1);
    log_status(NULL); /* nothing is there to be taken away */
    log_status("12 rows/s");
    log_info("", "one");
    log_status("a line that is longer than țhe terminal");
    log_status("țțțțțțțțțțțțțțțțțțțțțțțț");
    log_status("bell\x07");
    log_status("");
    log_info("", "two");
    const char *text = captured(&capture);
    release(&capture);
    assert_string_equal(text, "\r\x1b[K12 rows/s"
                              "\r\x1b[K05:04:05 info  one\n12 rows/s"
                              "\r\x1b[Ka line that is long"
                              "\r\x1b[Kțțțțțțțțțțțțțțțțțțț"
                              "\r\x1b[Kbell "
                              "\r\x1b[K"
                              "\r\x1b[K05:04:05 info  two\n");
}

static void levels_silence(void **state)
{
    (void)state;
    struct capture capture;
    capture_pipe(&capture);
    log_init(LOG_WARN, LOG_FORMAT_TEXT);
    errno = ENOENT;
    log_info("", "no");
    log_debug("", "no");
    log_warn("", "yes");
    int errno_after = errno;
    const char *text = captured(&capture);
    release(&capture);
    assert_string_equal(text, "05:04:05 warn  yes\n");
    assert_int_equal(errno_after, ENOENT); /* the caller may still want to tell it */
    assert_int_equal(log_level(), LOG_WARN);
}

static void a_long_message_is_cut_but_stays_a_line(void **state)
{
    (void)state;
    static char longer[20000];
    memset(longer, '\x01', sizeof longer - 1); /* each of them six bytes in JSON */
    struct capture capture;
    capture_pipe(&capture);
    fcntl(capture.reader, F_SETPIPE_SZ, 1 << 20);
    log_info("", "%s", longer);
    const char *text = captured(&capture);
    release(&capture);
    size_t len = strlen(text);
    assert_true(len > 8000);
    assert_memory_equal(text + len - 2, "\"\n", 2);
}

#define THREADS 4
#define LINES 200

static void *write_lines(void *name)
{
    for (int i = 0; i < LINES; i++)
        log_info(name, "line %d of a thread that shares one stderr with others", i);
    return NULL;
}

static void check_lines_of_threads(FILE *file)
{
    char line[1000];
    int n = 0;
    while (fgets(line, sizeof line, file)) {
        const char *from = strstr(line, "line ");
        assert_non_null(from);
        assert_string_equal(strstr(from, " of a thread"),
                            " of a thread that shares one stderr with others\"\n");
        n++;
    }
    assert_int_equal(n, THREADS * LINES);
}

static void lines_of_threads_never_mix(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    struct capture capture;
    redirect(&capture, dup(fileno(file)), dup(fileno(file)));
    pthread_t threads[THREADS];
    static char names[THREADS][2] = {"a", "b", "c", "d"};
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, write_lines, names[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    release(&capture);
    rewind(file);
    check_lines_of_threads(file);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(off_a_terminal_it_is_logfmt, setup, teardown),
        cmocka_unit_test_setup_teardown(json_is_one_object_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_terminal_gets_text_and_colour, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_from_outside_steers_the_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(the_status_line_stays_below_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(levels_silence, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_message_is_cut_but_stays_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_of_threads_never_mix, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

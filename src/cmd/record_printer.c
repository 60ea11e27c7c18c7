#include "cmd/record_printer.h"

#include "base/signals.h"
#include "cmd/envelope.h"
#include "cmd/json_pretty.h"
#include "cmd/shown.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUT_MAX ((size_t)1 << 31)
#define OUT_MUCH ((size_t)64 << 10)
#define WAIT_MS 100
/* After a signal, for a reader that is only slow. */
#define LAST_MS 1000

/* Files and /dev/null take all at once; a pipe or a terminal may take nothing for hours. */
static bool may_block(void)
{
    struct stat stat;
    if (fstat(STDOUT_FILENO, &stat) < 0)
        return false;
    return !S_ISREG(stat.st_mode) && (!S_ISCHR(stat.st_mode) || isatty(STDOUT_FILENO));
}

void record_printer_init(struct record_printer *printer)
{
    *printer = (struct record_printer){.terminal = isatty(STDOUT_FILENO), .may_block = may_block()};
    buf_init(&printer->out, OUT_MAX);
    buf_init(&printer->scratch, OUT_MAX);
}

void record_printer_release(struct record_printer *printer)
{
    buf_release(&printer->out);
    buf_release(&printer->scratch);
    if (printer->has_grep)
        regfree(&printer->grep);
}

static bool is_found(const struct record_printer *printer, struct slice bytes)
{
    regmatch_t range = {0, (regoff_t)bytes.len};
    return bytes.ptr && regexec(&printer->grep, bytes.ptr, 1, &range, REG_STARTEND) == 0;
}

static void add_bytes(struct record_printer *printer, struct slice bytes)
{
    if (!bytes.ptr)
        buf_add_str(&printer->out, "null");
    else if (printer->terminal)
        shown_add(&printer->out, bytes);
    else
        buf_add_slice(&printer->out, bytes);
}

static void add_value(struct record_printer *printer, struct slice value)
{
    buf_clear(&printer->scratch);
    if (printer->pretty && value.ptr && json_pretty(&printer->scratch, value))
        value = buf_slice(&printer->scratch);
    add_bytes(printer, value);
}

static void add_line(struct record_printer *printer, const struct message *message)
{
    if (printer->key_delimiter) {
        add_bytes(printer, message->key);
        buf_add_str(&printer->out, printer->key_delimiter);
    }
    add_value(printer, message->value);
    buf_add_byte(&printer->out, '\n');
}

static void add_envelope(struct record_printer *printer, const char *topic, int32_t partition,
                         const struct message *message)
{
    if (!printer->pretty) {
        envelope_write(&printer->out, topic, partition, message);
        return;
    }
    buf_clear(&printer->scratch);
    envelope_write(&printer->scratch, topic, partition, message);
    json_pretty(&printer->out, buf_slice(&printer->scratch));
    buf_add_byte(&printer->out, '\n');
}

int record_printer_add(struct record_printer *printer, const char *topic, int32_t partition,
                       const struct message *message, struct err *err)
{
    if (printer->has_grep && !is_found(printer, message->value) && !is_found(printer, message->key))
        return 0;
    if (printer->json)
        add_envelope(printer, topic, partition, message);
    else if (printer->format)
        record_format_add(printer->format, &printer->out, printer->terminal, topic, partition,
                          message);
    else
        add_line(printer, message);
    if (printer->out.failed || printer->scratch.failed)
        return err_set(err, ERR_BUG, "out of memory");
    if (printer->out.len >= OUT_MUCH && record_printer_flush(printer, err) < 0)
        return -1;
    return 1;
}

/* Where nobody has to be heard in between: only a signal ends it. */
static bool await_alone(void)
{
    struct pollfd ready[] = {{.fd = STDOUT_FILENO, .events = POLLOUT},
                             {.fd = signals_fd(), .events = POLLIN}};
    while (poll(ready, 2, -1) < 0)
        if (errno != EINTR)
            return true; /* the write will tell */
    return ready[0].revents != 0 || poll(ready, 1, LAST_MS) > 0;
}

/* Until stdout takes a piece; false: it is not waited for any longer. */
static bool await_reader(struct record_printer *printer)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (!printer->on_wait)
        return await_alone();
    while (poll(&out, 1, WAIT_MS) <= 0) {
        printer->waited = true;
        if (!printer->on_wait(printer->context))
            return false;
    }
    if (printer->waited)
        printer->on_wait(printer->context); /* it takes what comes, so all may leave */
    return true;
}

static ssize_t write_piece(struct record_printer *printer, const char *pos, size_t left)
{
    /* A pipe that poll(2) finds ready takes so much without a wait, and maybe no more. */
    if (printer->may_block) {
        if (!await_reader(printer))
            return 0;
        left = left < PIPE_BUF ? left : PIPE_BUF;
    }
    ssize_t n = write(STDOUT_FILENO, pos, left);
    while (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        if (errno == EAGAIN && !await_reader(printer))
            return 0;
        n = write(STDOUT_FILENO, pos, left);
    }
    return n;
}

int record_printer_flush(struct record_printer *printer, struct err *err)
{
    const char *pos = printer->out.data;
    size_t left = printer->closed ? 0 : printer->out.len;
    while (left > 0 && !printer->closed && printer->write_errno == 0) {
        ssize_t n = write_piece(printer, pos, left);
        if (n == 0 || (n < 0 && errno == EPIPE)) {
            printer->closed = true;
        } else if (n < 0) {
            printer->write_errno = errno;
        } else {
            pos += n;
            left -= (size_t)n;
        }
    }
    if (printer->write_errno != 0)
        return err_set(err, ERR_OUTAGE, "stdout: %s", strerror(printer->write_errno));
    buf_clear(&printer->out);
    return 0;
}

#include "cmd/produce_input.h"

#include "base/file.h"
#include "base/signals.h"
#include "cmd/envelope.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES ((size_t)1 << 30)
#define READ_BYTES ((size_t)256 << 10)

struct input {
    const struct produce_form *form;
    int fd;
    produce_sink *sink;
    void *context;
    struct buf bytes; /* what was read and not yet sent */
    size_t at;        /* where the next line begins */
    uint64_t line;
    struct envelope_reader envelopes;
    struct producer_header *headers; /* of an envelope */
    size_t cap_headers;
};

static struct slice or_null(const struct produce_form *form, struct slice text)
{
    bool is_null = form->null_marker && slice_eq_str(text, form->null_marker);
    return is_null ? SLICE_NONE : text;
}

static int send_text(struct input *input, struct slice line, struct err *err)
{
    const struct produce_form *form = input->form;
    struct producer_record record = {.partition = form->partition,
                                     .value = line,
                                     .timestamp_ms = -1,
                                     .headers = form->headers,
                                     .n_headers = form->n_headers};
    if (form->key_delimiter) {
        size_t len = strlen(form->key_delimiter);
        const char *at = line.len > 0 ? memmem(line.ptr, line.len, form->key_delimiter, len) : NULL;
        if (!at)
            return err_set(err, ERR_INPUT, "there is no \"%s\" in it, which -K says ends the key",
                           form->key_delimiter);
        size_t key_len = (size_t)(at - line.ptr);
        record.key = or_null(form, (struct slice){line.ptr, key_len});
        record.value = (struct slice){at + len, line.len - key_len - len};
    }
    record.value = or_null(form, record.value);
    return input->sink(input->context, &record, err);
}

static void copy_headers(struct input *input, const struct envelope *envelope)
{
    if (envelope->n_headers > input->cap_headers) {
        struct producer_header *grown =
            realloc(input->headers, envelope->n_headers * sizeof *grown);
        if (!grown)
            abort();
        input->headers = grown;
        input->cap_headers = envelope->n_headers;
    }
    for (size_t i = 0; i < envelope->n_headers; i++)
        input->headers[i] =
            (struct producer_header){envelope->headers[i].name, envelope->headers[i].value};
}

static int send_envelope(struct input *input, struct slice line, struct err *err)
{
    struct envelope envelope;
    const struct produce_form *form = input->form;
    if (envelope_read(&input->envelopes, line, &envelope, err) < 0)
        return -1;
    if (form->keep_partition && envelope.partition > INT32_MAX)
        return err_set(err, ERR_INPUT, "\"partition\" is too large");
    copy_headers(input, &envelope);
    const struct producer_record record = {
        .partition = form->keep_partition ? (int32_t)envelope.partition : form->partition,
        .key = envelope.key,
        .value = envelope.value,
        .timestamp_ms = envelope.timestamp_ms,
        .headers = input->headers,
        .n_headers = envelope.n_headers,
    };
    return input->sink(input->context, &record, err);
}

static int send_line(struct input *input, struct slice line, struct err *err)
{
    input->line++;
    int rc = input->form->json ? send_envelope(input, line, err) : send_text(input, line, err);
    return rc < 0 ? err_prefix(err, "line %" PRIu64, input->line) : 0;
}

/* All whole lines that are there; what follows the last is moved to the front. */
static int send_lines(struct input *input, struct err *err)
{
    const char *data = input->bytes.data;
    size_t start = 0;
    while (input->at < input->bytes.len && !signals_stop_requested()) {
        const char *end = memchr(data + input->at, '\n', input->bytes.len - input->at);
        if (!end)
            break;
        size_t stop = (size_t)(end - data);
        if (send_line(input, (struct slice){data + start, stop - start}, err) < 0)
            return -1;
        start = input->at = stop + 1;
    }
    memmove(input->bytes.data, data + start, input->bytes.len - start);
    input->bytes.len -= start;
    input->at = input->bytes.len;
    return 0;
}

static void prompt(const struct input *input)
{
    if (input->form->interactive)
        fputs("> ", stderr);
}

/* What has arrived, or a wait for it: 1, 0 at the end or when asked to stop, -1. */
static int read_more(struct input *input, struct err *err)
{
    struct pollfd fds[] = {{.fd = input->fd, .events = POLLIN},
                           {.fd = signals_fd(), .events = POLLIN}};
    char *to = buf_reserve(&input->bytes, READ_BYTES);
    if (!to)
        return err_set(err, ERR_INPUT, "line %" PRIu64 " is longer than %zu bytes", input->line + 1,
                       LINE_MAX_BYTES);
    while (poll(fds, 2, -1) < 0)
        if (errno != EINTR)
            return err_set(err, ERR_OUTAGE, "poll: %s", strerror(errno));
    if (signals_stop_requested())
        return 0;
    ssize_t n = read(input->fd, to, READ_BYTES);
    if (n < 0)
        return err_set(err, ERR_OUTAGE, "the standard input: %s", strerror(errno));
    buf_commit(&input->bytes, (size_t)n);
    return n > 0;
}

static int read_all(struct input *input, struct err *err)
{
    int rc;
    for (prompt(input); (rc = read_more(input, err)) > 0; prompt(input))
        if (send_lines(input, err) < 0)
            return -1;
    if (rc == 0 && input->bytes.len > 0 && !signals_stop_requested())
        rc = send_line(input, buf_slice(&input->bytes), err);
    if (input->form->interactive)
        fputc('\n', stderr);
    return rc;
}

int produce_lines(const struct produce_form *form, int fd, produce_sink *sink, void *context,
                  struct err *err)
{
    struct input input = {.form = form, .fd = fd, .sink = sink, .context = context};
    buf_init(&input.bytes, LINE_MAX_BYTES);
    envelope_reader_init(&input.envelopes, LINE_MAX_BYTES);
    int rc = read_all(&input, err);
    buf_release(&input.bytes);
    envelope_reader_release(&input.envelopes);
    free(input.headers);
    return rc;
}

int produce_file(const struct produce_form *form, const char *path, produce_sink *sink,
                 void *context, struct err *err)
{
    struct buf bytes;
    buf_init(&bytes, LINE_MAX_BYTES);
    int rc = file_read(&bytes, path, err);
    if (rc == 0) {
        const struct producer_record record = {.partition = form->partition,
                                               .value = or_null(form, buf_slice(&bytes)),
                                               .timestamp_ms = -1,
                                               .headers = form->headers,
                                               .n_headers = form->n_headers};
        rc = sink(context, &record, err);
    }
    buf_release(&bytes);
    return rc;
}

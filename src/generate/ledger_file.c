#include "generate/ledger_file.h"

#include "base/json.h"
#include "base/outlet.h"
#include "generate/put.h"
#include "generate/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)64 << 10)
#define LINE_BEGIN "{\"topic\":\""
#define LINE_BYTES 512 /* without its id; a topic's name is at most 249 */

struct ledger_file {
    const char *path;
    const char *where;
    int fd;
    struct outlet outlet;
    uint64_t lines; /* added */
    uint64_t whole; /* on the file, as far as is known */
    bool broken;
    struct err err;
};

/* How long a line is that has no end yet; 0: none. -1: the file cannot be read. */
static int64_t last_line_bytes(const struct ledger_file *ledger, char *bytes, off_t size)
{
    size_t n = size < (off_t)BUFFER_BYTES ? (size_t)size : BUFFER_BYTES;
    if (pread(ledger->fd, bytes, n, size - (off_t)n) != (ssize_t)n)
        return -1;
    const char *end = memrchr(bytes, '\n', n);
    size_t last = end ? n - (size_t)(end + 1 - bytes) : n;
    memmove(bytes, bytes + n - last, last);
    return (int64_t)last;
}

/*
 * A pipe is not opened for reading, or it would have a reader for ever; and not waited for, because
 * that would not end by a signal.
 */
static int open_file(const char *path)
{
    struct stat stat_of;
    bool pipe = stat(path, &stat_of) == 0 && S_ISFIFO(stat_of.st_mode);
    int flags = pipe ? O_WRONLY | O_NONBLOCK : O_RDWR | O_CREAT;
    return open(path, flags | O_APPEND | O_CLOEXEC, 0644);
}

static bool has_offset(struct slice line)
{
    struct json_iter it;
    struct json_value name;
    struct json_value value;
    struct json_error error;
    if (json_object_open(&it, line, &error) < 0)
        return false;
    while (json_object_next(&it, &name, &value, &error) > 0)
        if (slice_eq_str(name.raw, "offset"))
            return true;
    return false;
}

/*
 * What begins otherwise was named by mistake, and lines behind it would spoil it. A first line that
 * is only begun begins as ours do.
 */
static bool is_ledger(const struct ledger_file *ledger)
{
    char bytes[BUFFER_BYTES];
    struct stat stat_of;
    if (fstat(ledger->fd, &stat_of) < 0 || !S_ISREG(stat_of.st_mode))
        return true;
    ssize_t n = pread(ledger->fd, bytes, sizeof bytes, 0);
    if (n <= 0)
        return true;
    const char *end = memchr(bytes, '\n', (size_t)n);
    struct slice line = {bytes, end ? (size_t)(end - bytes) : (size_t)n};
    size_t begun = line.len < sizeof LINE_BEGIN - 1 ? line.len : sizeof LINE_BEGIN - 1;
    return has_offset(line) || (!end && memcmp(bytes, LINE_BEGIN, begun) == 0);
}

/*
 * A run that was cut off may have left a line that is only begun: it is cut off too, because no
 * reader could tell it from a wrong one once it has an end. One that is whole, or is not ours,
 * gets its end.
 */
static int end_last_line(const struct ledger_file *ledger)
{
    char bytes[BUFFER_BYTES];
    off_t size = lseek(ledger->fd, 0, SEEK_END);
    if (size <= 0) /* empty, or a pipe */
        return 0;
    int64_t n = last_line_bytes(ledger, bytes, size);
    if (n <= 0)
        return (int)n;
    if (bytes[0] == '{' && bytes[n - 1] != '}')
        return ftruncate(ledger->fd, size - n);
    return write(ledger->fd, "\n", 1) == 1 ? 0 : -1;
}

/* O_CREAT makes no folder; nor does a link to a file whose folder is not there. */
static int fail_open(const struct ledger_file *ledger, int error, struct err *err)
{
    const char *slash = strrchr(ledger->path, '/');
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - ledger->path) : 0, ledger->path);
    if (error == ENOENT && *folder && access(folder, F_OK) != 0)
        return err_set(err, ERR_USAGE, "%s: %s: there is no folder %s: make it (mkdir -p)",
                       ledger->where, ledger->path, folder);
    return err_set(err, ERR_USAGE, "%s: %s: %s", ledger->where, ledger->path, strerror(error));
}

static int open_whole(struct ledger_file *ledger, struct err *err)
{
    ledger->fd = open_file(ledger->path);
    if (ledger->fd < 0 && errno == ENXIO)
        return err_set(err, ERR_USAGE, "%s: %s: a pipe that nobody reads: start its reader first",
                       ledger->where, ledger->path);
    if (ledger->fd >= 0 && !is_ledger(ledger))
        return err_set(err, ERR_USAGE,
                       "%s: %s: there is a file of that name which is no ledger (its first line "
                       "has no \"offset\"): name another",
                       ledger->where, ledger->path);
    if (ledger->fd >= 0 && end_last_line(ledger) == 0)
        return 0;
    return fail_open(ledger, errno, err);
}

int ledger_file_open(struct ledger_file **out, const char *path, const char *where, struct err *err)
{
    struct ledger_file *ledger = calloc(1, sizeof *ledger);
    *out = NULL;
    if (!ledger)
        return err_set(err, ERR_BUG, "out of memory");
    ledger->path = path;
    ledger->where = where;
    if (open_whole(ledger, err) < 0) {
        if (ledger->fd >= 0)
            close(ledger->fd);
        free(ledger);
        return -1;
    }
    outlet_init(&ledger->outlet, ledger->fd, path, BUFFER_BYTES);
    *out = ledger;
    return 0;
}

/* What of the lines is out is counted, and a piece of a line behind them cut off again. */
static void keep_whole_lines(struct ledger_file *ledger)
{
    struct slice out = outlet_partly(&ledger->outlet);
    size_t whole = out.len;
    while (whole > 0 && out.ptr[whole - 1] != '\n')
        whole--;
    for (size_t i = 0; i < whole; i++)
        ledger->whole += out.ptr[i] == '\n';
    off_t size = lseek(ledger->fd, 0, SEEK_END);
    if (size > 0 && out.len > whole && ftruncate(ledger->fd, size - (off_t)(out.len - whole)) < 0)
        return; /* the next run will do it */
}

static int break_off(struct ledger_file *ledger, struct err *err)
{
    if (!ledger->broken) {
        struct err reason = ledger->err;
        keep_whole_lines(ledger);
        err_set(&ledger->err, ERR_OUTAGE,
                "%s: %s: of this run, %" PRIu64
                " lines are whole and the rest is missing: the topic holds more than it names; "
                "make room, and begin anew with another topic and file",
                ledger->where, reason.text, ledger->whole);
    }
    ledger->broken = true;
    *err = ledger->err;
    return -1;
}

int ledger_file_flush(struct ledger_file *ledger, struct err *err)
{
    if (ledger->broken)
        return break_off(ledger, err);
    int rc = outlet_flush(&ledger->outlet, &ledger->err);
    if (rc == 0 && ledger->outlet.closed)
        rc = err_set(&ledger->err, ERR_OUTAGE, "%s: nobody reads it any more", ledger->path);
    if (rc < 0)
        return break_off(ledger, err);
    ledger->whole = ledger->lines;
    return 0;
}

static char *put_id(char *to, const struct ledger_line *line)
{
    if (!line->id.ptr)
        return put_bytes(to, "null", 4);
    if (line->id_bare)
        return put_bytes(to, line->id.ptr, line->id.len);
    *to++ = '"';
    to = quote_put(to, line->id, true);
    *to++ = '"';
    return to;
}

int ledger_file_add(struct ledger_file *ledger, const struct ledger_line *line, struct err *err)
{
    size_t most = LINE_BYTES + 6 * line->id.len;
    if (ledger->broken)
        return break_off(ledger, err);
    if (ledger->outlet.size - ledger->outlet.len < most && ledger_file_flush(ledger, err) < 0)
        return -1;
    char *to = outlet_reserve(&ledger->outlet, most, err);
    char *from = to;
    to = put_bytes(to, LINE_BEGIN, sizeof LINE_BEGIN - 1);
    to = put_bytes(to, line->topic, strlen(line->topic));
    to = put_bytes(to, "\",\"partition\":", 14);
    to = put_i64(to, line->partition);
    to = put_bytes(to, ",\"offset\":", 10);
    to = put_i64(to, line->offset);
    to = put_bytes(to, ",\"unique_id\":", 13);
    to = put_id(to, line);
    to = put_bytes(to, ",\"fault\":", 9);
    const char *fault = fault_name(line->fault);
    if (!fault)
        to = put_bytes(to, "null", 4);
    else {
        *to++ = '"';
        to = put_bytes(to, fault, strlen(fault));
        *to++ = '"';
    }
    to = put_bytes(to, "}\n", 2);
    outlet_commit(&ledger->outlet, (size_t)(to - from));
    ledger->lines++;
    return 0;
}

int ledger_file_sync(struct ledger_file *ledger, struct err *err)
{
    if (ledger_file_flush(ledger, err) < 0)
        return -1;
    if (fsync(ledger->fd) == 0 || errno == EINVAL) /* a pipe has nothing to sync */
        return 0;
    return err_set(err, ERR_OUTAGE,
                   "%s: %s: sync: %s: what of its lines the disk has is not certain; begin "
                   "anew with another topic, and a file on another disk",
                   ledger->where, ledger->path, strerror(errno));
}

void ledger_file_close(struct ledger_file *ledger)
{
    struct err ignored;
    if (!ledger)
        return;
    if (!ledger->broken)
        outlet_flush(&ledger->outlet, &ignored);
    outlet_release(&ledger->outlet);
    close(ledger->fd);
    free(ledger);
}

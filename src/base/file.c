#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define STEP_BYTES ((size_t)64 * 1024)

/* Read into what is free in `out`, at most a step. Bytes read, 0 at the end, -1 with errno. */
static ssize_t read_step(int fd, struct buf *out)
{
    size_t room = out->max - out->len;
    if (room == 0) {
        /* Full is only too small if there is more. */
        char one;
        ssize_t n = read(fd, &one, 1);
        errno = n > 0 ? EFBIG : errno;
        return n > 0 ? -1 : n;
    }
    room = room < STEP_BYTES ? room : STEP_BYTES;
    char *to = buf_reserve(out, room);
    if (!to) {
        errno = ENOMEM;
        return -1;
    }
    ssize_t n = read(fd, to, room);
    if (n > 0)
        buf_commit(out, (size_t)n);
    return n;
}

int file_read(struct buf *out, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_USAGE, "cannot open %s: %s", path, strerror(errno));
    size_t before = out->len;
    ssize_t n;
    do
        n = read_step(fd, out);
    while (n > 0 || (n < 0 && errno == EINTR));
    int failure = n < 0 ? errno : 0;
    close(fd);
    if (failure == 0)
        return 0;

    out->len = before;
    if (failure == EFBIG)
        return err_set(err, ERR_USAGE, "%s is larger than %zu bytes, the most that is read here",
                       path, out->max - before);
    return err_set(err, ERR_USAGE, "cannot read %s: %s", path, strerror(failure));
}

/*
 * A disk that can be filled: put in front of a server with LD_PRELOAD. While the file named by
 * ENOSPC_FLAG exists, writes to files whose path begins with one of its lines fail with ENOSPC.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Whether the path of fd begins with one of the lines of the flag file. */
static bool listed(int fd, int flag_fd)
{
    char link[64], path[PATH_MAX], folders[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t path_len = readlink(link, path, sizeof path - 1);
    ssize_t len = read(flag_fd, folders, sizeof folders - 1);
    if (path_len <= 0 || len <= 0)
        return false;
    path[path_len] = '\0';
    folders[len] = '\0';
    char *rest = NULL;
    for (char *folder = strtok_r(folders, "\n", &rest); folder;
         folder = strtok_r(NULL, "\n", &rest))
        if (strncmp(path, folder, strlen(folder)) == 0)
            return true;
    return false;
}

static bool disk_is_full(int fd)
{
    const char *flag = getenv("ENOSPC_FLAG");
    if (!flag)
        return false;
    int saved = errno;
    int flag_fd = open(flag, O_RDONLY | O_CLOEXEC);
    bool full = flag_fd >= 0 && listed(fd, flag_fd);
    if (flag_fd >= 0)
        close(flag_fd);
    errno = full ? ENOSPC : saved;
    return full;
}

/* The real function of this name. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t len)
{
    return disk_is_full(fd) ? -1 : REAL(write)(fd, bytes, len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return disk_is_full(fd) ? -1 : REAL(pwrite)(fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    return disk_is_full(fd) ? -1 : REAL(pwrite64)(fd, bytes, len, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return disk_is_full(fd) ? -1 : REAL(writev)(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    return disk_is_full(fd) ? -1 : REAL(pwritev)(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at)
{
    return disk_is_full(fd) ? -1 : REAL(pwritev64)(fd, parts, count, at);
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
    return disk_is_full(fd) ? -1 : REAL(fallocate)(fd, mode, at, len);
}

int fallocate64(int fd, int mode, off64_t at, off64_t len)
{
    return disk_is_full(fd) ? -1 : REAL(fallocate64)(fd, mode, at, len);
}

/* These two answer with the error itself. */
int posix_fallocate(int fd, off_t at, off_t len)
{
    return disk_is_full(fd) ? ENOSPC : REAL(posix_fallocate)(fd, at, len);
}

int posix_fallocate64(int fd, off64_t at, off64_t len)
{
    return disk_is_full(fd) ? ENOSPC : REAL(posix_fallocate64)(fd, at, len);
}

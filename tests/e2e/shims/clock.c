/*
 * A clock that can be set, put in front of programs with LD_PRELOAD: the time of day is as many
 * nanoseconds ahead of the kernel's as the file CLOCK_FILE says (eight bytes in this machine's
 * order), all at once for all that have it in front of them. What waits until a time of day waits
 * as long as it would without. The monotonic clock stays.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000LL
static const volatile int64_t nothing;
static const volatile int64_t *ahead = &nothing;

__attribute__((constructor)) static void find(void)
{
    const char *path = getenv("CLOCK_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED)
        ahead = page;
    close(fd);
}

static void move(struct timespec *at, int64_t by)
{
    int64_t ns = at->tv_sec * NS + at->tv_nsec + by;
    at->tv_sec = ns / NS;
    at->tv_nsec = ns % NS;
}

/* dlsym() of such a name may give the oldest of its versions. */
#define NEXT(name, type, version)                                                                  \
    static type real;                                                                              \
    if (!real)                                                                                     \
    real = (type)(*(version) ? dlvsym(RTLD_NEXT, name, version) : dlsym(RTLD_NEXT, name))

typedef int clock_fn(clockid_t, struct timespec *);
int clock_gettime(clockid_t clock, struct timespec *now)
{
    NEXT("clock_gettime", clock_fn *, "");
    int got = real(clock, now);
    if (got == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        move(now, *ahead);
    return got;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec at;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &at);
    now->tv_sec = at.tv_sec;
    now->tv_usec = at.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (now)
        *now = at.tv_sec;
    return at.tv_sec;
}

int timespec_get(struct timespec *at, int base)
{
    clock_gettime(CLOCK_REALTIME, at);
    return base;
}

/* A time of the monotonic clock, which is that since the start of the machine, stays. */
static const struct timespec *real_time(const struct timespec *until, struct timespec *moved)
{
    if (!until || until->tv_sec < 1000000000)
        return until;
    *moved = *until;
    move(moved, -*ahead);
    return moved;
}

typedef int cond_wait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
int pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m,
                           const struct timespec *restrict until)
{
    struct timespec moved;
    NEXT("pthread_cond_timedwait", cond_wait *, "GLIBC_2.3.2");
    return real(c, m, real_time(until, &moved));
}

typedef int c11_wait(cnd_t *, mtx_t *, const struct timespec *);
int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict until)
{
    struct timespec moved;
    NEXT("cnd_timedwait", c11_wait *, "");
    return real(c, m, real_time(until, &moved));
}

typedef int sem_wait_until(sem_t *, const struct timespec *);
int sem_timedwait(sem_t *restrict s, const struct timespec *restrict until)
{
    struct timespec moved;
    NEXT("sem_timedwait", sem_wait_until *, "");
    return real(s, real_time(until, &moved));
}

typedef int mutex_wait(pthread_mutex_t *, const struct timespec *);
int pthread_mutex_timedlock(pthread_mutex_t *restrict m, const struct timespec *restrict until)
{
    struct timespec moved;
    NEXT("pthread_mutex_timedlock", mutex_wait *, "");
    return real(m, real_time(until, &moved));
}

typedef int join_until(pthread_t, void **, const struct timespec *);
int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *until)
{
    struct timespec moved;
    NEXT("pthread_timedjoin_np", join_until *, "");
    return real(thread, result, real_time(until, &moved));
}

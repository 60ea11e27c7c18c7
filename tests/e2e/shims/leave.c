/*
 * A librdkafka that hangs while a consumer leaves its group, put in front of a program with
 * LD_PRELOAD: the call that HANGS_IN names (close, assign, destroy) says so on stderr and never
 * comes back, from when the consumer has begun to close.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool closing;

static void hang_in(const char *call)
{
    const char *hangs_in = getenv("HANGS_IN");
    if (!closing || !hangs_in || strcmp(hangs_in, call) != 0)
        return;
    dprintf(STDERR_FILENO, "hangs in %s\n", call);
    while (true)
        pause();
}

void *rd_kafka_consumer_close_queue(void *rk, void *queue)
{
    void *(*real)(void *, void *) =
        (void *(*)(void *, void *))dlsym(RTLD_NEXT, "rd_kafka_consumer_close_queue");
    closing = true;
    hang_in("close");
    return real(rk, queue);
}

int rd_kafka_assign(void *rk, const void *partitions)
{
    int (*real)(void *, const void *) =
        (int (*)(void *, const void *))dlsym(RTLD_NEXT, "rd_kafka_assign");
    hang_in("assign");
    return real(rk, partitions);
}

void rd_kafka_destroy_flags(void *rk, int flags)
{
    void (*real)(void *, int) = (void (*)(void *, int))dlsym(RTLD_NEXT, "rd_kafka_destroy_flags");
    hang_in("destroy");
    real(rk, flags);
}

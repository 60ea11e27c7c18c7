#include "client/resolve.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * A question that a thread of its own puts. Who comes last frees it: the thread, if nobody waited
 * so long, else the asker.
 */
struct lookup {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char host[256];
    char port[8];
    struct addrinfo hints;
    int code;
    struct addrinfo *list;
    bool done;
    bool abandoned;
};

static void lookup_free(struct lookup *lookup)
{
    pthread_cond_destroy(&lookup->changed);
    pthread_mutex_destroy(&lookup->lock);
    free(lookup);
}

static void *look(void *argument)
{
    struct lookup *lookup = argument;
    struct addrinfo *list = NULL;
    int code = getaddrinfo(lookup->host, lookup->port, &lookup->hints, &list);
    pthread_mutex_lock(&lookup->lock);
    bool abandoned = lookup->abandoned;
    lookup->code = code;
    lookup->list = list;
    lookup->done = true;
    pthread_cond_signal(&lookup->changed);
    pthread_mutex_unlock(&lookup->lock);
    if (abandoned) {
        if (code == 0)
            freeaddrinfo(list);
        lookup_free(lookup);
    }
    return NULL;
}

static struct lookup *lookup_new(const struct broker_address *broker, int family)
{
    pthread_condattr_t attributes;
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return NULL;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&lookup->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&lookup->lock, NULL);
    snprintf(lookup->host, sizeof lookup->host, "%s", broker->host);
    snprintf(lookup->port, sizeof lookup->port, "%d", broker->port);
    lookup->hints = (struct addrinfo){.ai_family = family, .ai_socktype = SOCK_STREAM};
    return lookup;
}

/* False: the thread goes on alone, and frees it. */
static bool lookup_wait(struct lookup *lookup, int64_t deadline_us)
{
    struct timespec deadline = {.tv_sec = deadline_us / 1000000,
                                .tv_nsec = deadline_us % 1000000 * 1000};
    int rc = 0;
    pthread_mutex_lock(&lookup->lock);
    while (!lookup->done && rc == 0)
        rc = pthread_cond_timedwait(&lookup->changed, &lookup->lock, &deadline);
    bool done = lookup->done;
    lookup->abandoned = !done;
    pthread_mutex_unlock(&lookup->lock);
    return done;
}

int resolve(const struct broker_address *broker, int family, int64_t deadline_us,
            struct addrinfo **out)
{
    pthread_t thread;
    if (strlen(broker->host) >= sizeof((struct lookup *)NULL)->host)
        return EAI_NONAME;
    struct lookup *lookup = lookup_new(broker, family);
    if (!lookup)
        return EAI_MEMORY;
    if (pthread_create(&thread, NULL, look, lookup) != 0) {
        lookup_free(lookup);
        return EAI_AGAIN;
    }
    pthread_detach(thread);
    if (!lookup_wait(lookup, deadline_us))
        return RESOLVE_TIMED_OUT;
    int code = lookup->code;
    *out = lookup->list;
    lookup_free(lookup);
    return code;
}

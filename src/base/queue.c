#include "base/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void queue_init(struct queue *queue, void (*wake)(void *context), void *context)
{
    pthread_condattr_t attr;
    memset(queue, 0, sizeof(*queue));
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->filled, &attr);
    pthread_condattr_destroy(&attr);
    queue->wake = wake;
    queue->context = context;
}

void queue_release(struct queue *queue)
{
    pthread_cond_destroy(&queue->filled);
    pthread_mutex_destroy(&queue->lock);
    free(queue->items);
}

static void grow(struct queue *queue)
{
    size_t cap = queue->cap ? queue->cap * 2 : 16;
    void **items = malloc(cap * sizeof(*items));
    if (!items)
        abort();
    for (size_t i = 0; i < queue->n; i++)
        items[i] = queue->items[(queue->head + i) % queue->cap];
    free(queue->items);
    queue->items = items;
    queue->cap = cap;
    queue->head = 0;
}

void queue_push(struct queue *queue, void *item)
{
    pthread_mutex_lock(&queue->lock);
    if (queue->n == queue->cap)
        grow(queue);
    queue->items[(queue->head + queue->n) % queue->cap] = item;
    queue->n++;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
    if (queue->wake)
        queue->wake(queue->context);
}

static void *take(struct queue *queue)
{
    if (queue->n == 0)
        return NULL;
    void *item = queue->items[queue->head];
    queue->head = (queue->head + 1) % queue->cap;
    queue->n--;
    return item;
}

void *queue_try_pop(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    void *item = take(queue);
    pthread_mutex_unlock(&queue->lock);
    return item;
}

void *queue_pop(struct queue *queue, int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&queue->lock);
    int rc = 0;
    while (queue->n == 0 && rc != ETIMEDOUT)
        rc = timeout_ms < 0 ? pthread_cond_wait(&queue->filled, &queue->lock)
                            : pthread_cond_timedwait(&queue->filled, &queue->lock, &until);
    void *item = take(queue);
    pthread_mutex_unlock(&queue->lock);
    return item;
}

/*
 * How weir's threads talk: a first-in first-out queue of pointers.
 *
 * Any thread may push; one thread takes. Ownership of what a pointer points at travels with it.
 * A taker that sleeps elsewhere (in poll(2), say) is told by `wake`, called after each push.
 */
#ifndef WEIR_BASE_QUEUE_H
#define WEIR_BASE_QUEUE_H

#include <pthread.h>
#include <stddef.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    void **items; /* a ring */
    size_t head;
    size_t n;
    size_t cap;
    void (*wake)(void *context);
    void *context;
};

void queue_init(struct queue *queue, void (*wake)(void *context), void *context);
void queue_release(struct queue *queue);
void queue_push(struct queue *queue, void *item);
/* The oldest item, or NULL if there is none now. */
void *queue_try_pop(struct queue *queue);
/* The same, waiting up to timeout_ms (-1: for ever). */
void *queue_pop(struct queue *queue, int timeout_ms);

#endif

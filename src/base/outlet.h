/*
 * Bytes to a descriptor, many at a time: what is written is gathered in a buffer and goes out when
 * that is full or outlet_flush() is called. A reader that is slow is waited for, until someone asks
 * the process to stop or `on_wait` says so; one that has gone (EPIPE) is no error: `closed` tells.
 * After an error nothing more is written, for part of it may be out: each call fails as the first.
 */
#ifndef WEIR_BASE_OUTLET_H
#define WEIR_BASE_OUTLET_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct outlet {
    const char *name; /* for messages: "stdout", a file's path */
    int fd;
    bool closed; /* nobody reads any more, or is waited for: nothing is written */
    /*
     * While a slow reader keeps us from writing: called ten times a second, and after each piece
     * that was written then. False: do not wait any longer; as if the reader had gone. NULL: wait
     * until the process is asked to stop, and a little longer for a reader that is only slow.
     */
    bool (*on_wait)(void *context);
    void *context;
    bool waited; /* since the caller has set it to false */
    /* Own: */
    bool may_block; /* a pipe, a socket, a terminal */
    int write_errno;
    size_t partly; /* of what was to be written when that came, bytes that are out */
    char *data;
    size_t len;
    size_t size;
};

/*
 * `size`: of the buffer; 0 where outlet_write() alone is used. Aborts when memory runs out. The
 * descriptor stays the caller's.
 */
void outlet_init(struct outlet *outlet, int fd, const char *name, size_t size_bytes);
void outlet_release(struct outlet *outlet);
/* What outlet_reserve() does where they do not fit. */
char *outlet_make_room(struct outlet *outlet, size_t bytes, struct err *err);
/*
 * Where `bytes` can be written (the buffer grows if it must); outlet_commit() tells how many were.
 * NULL and err (ERR_OUTAGE): what was there before could not be written.
 */
static inline char *outlet_reserve(struct outlet *outlet, size_t bytes, struct err *err)
{
    if (outlet->size - outlet->len < bytes)
        return outlet_make_room(outlet, bytes, err);
    return outlet->data + outlet->len;
}

static inline void outlet_commit(struct outlet *outlet, size_t bytes)
{
    outlet->len += bytes;
}

int outlet_flush(struct outlet *outlet, struct err *err);
/* After outlet_flush() has failed: what of the buffer is out all the same. */
struct slice outlet_partly(const struct outlet *outlet);
/* Whether nobody can read any more what is written to a pipe or a socket. */
bool outlet_reader_gone(int fd);
/* Why a write failed, in words. */
const char *outlet_reason(int error);
/* Bytes of the caller's, out at once and past the buffer. */
int outlet_write(struct outlet *outlet, struct slice bytes, struct err *err);

#endif

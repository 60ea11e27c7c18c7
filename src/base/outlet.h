/*
 * Bytes to a descriptor, many at a time: what is written is gathered in a buffer and goes out when
 * that is full or outlet_flush() is called. A reader that is slow is waited for, until someone asks
 * the process to stop; one that has gone (EPIPE) is no error: `closed` tells.
 */
#ifndef WEIR_BASE_OUTLET_H
#define WEIR_BASE_OUTLET_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outlet {
    const char *name; /* for messages: "stdout", a file's path */
    int fd;
    bool closed; /* nobody reads any more: nothing is written */
    uint64_t written_bytes;
    /* Own: */
    bool may_block; /* a pipe, a socket, a terminal */
    char *data;
    size_t len;
    size_t size;
};

/* `size`: of the buffer. Aborts when memory runs out. The descriptor stays the caller's. */
void outlet_init(struct outlet *outlet, int fd, const char *name, size_t size_bytes);
void outlet_release(struct outlet *outlet);
/*
 * Where `bytes` (at most the buffer's size) can be written; outlet_commit() tells how many were.
 * NULL and err (ERR_OUTAGE): what was there before could not be written.
 */
char *outlet_reserve(struct outlet *outlet, size_t bytes, struct err *err);
void outlet_commit(struct outlet *outlet, size_t bytes);
int outlet_flush(struct outlet *outlet, struct err *err);

#endif

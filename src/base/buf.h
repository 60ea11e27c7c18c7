/*
 * Owned bytes that grow up to a limit given at birth.
 *
 * Invariants: len <= cap <= max. A write that would pass `max`, or for which memory runs out,
 * changes nothing and sets `failed`, which stays set until buf_clear(): a caller may append many
 * times and look once at the end (the writer whose error sticks).
 */
#ifndef WEIR_BASE_BUF_H
#define WEIR_BASE_BUF_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
};

void buf_init(struct buf *buf, size_t max_bytes);
void buf_release(struct buf *buf);
/* Forget the content, keep the memory. */
void buf_clear(struct buf *buf);
/* Make room for `n` more bytes; returns where to write them, or NULL (and `failed`). */
char *buf_reserve(struct buf *buf, size_t n);
/* Account for `n` bytes written at the place buf_reserve() returned. */
static inline void buf_commit(struct buf *buf, size_t n)
{
    buf->len += n;
}
void buf_add(struct buf *buf, const void *data, size_t n);
void buf_add_str(struct buf *buf, const char *s);
void buf_add_slice(struct buf *buf, struct slice s);
void buf_add_byte(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Append text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void buf_add_json(struct buf *buf, struct slice s);
/* The content as a C string (a NUL is kept behind len); "" if nothing was written or it failed. */
const char *buf_str(struct buf *buf);
static inline struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->data ? buf->data : "", buf->len};
}

/* Unsigned integers in network byte order, as COPY BINARY and Kafka have them. */
void buf_add_be16(struct buf *buf, uint16_t v);
void buf_add_be32(struct buf *buf, uint32_t v);
void buf_add_be64(struct buf *buf, uint64_t v);

#endif

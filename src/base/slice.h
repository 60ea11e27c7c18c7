/*
 * Borrowed bytes. A slice never owns what it points at and need not end in NUL;
 * `ptr` is NULL only for "no value at all" (Kafka's null), never for "empty".
 */
#ifndef WEIR_BASE_SLICE_H
#define WEIR_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE_NONE ((struct slice){NULL, 0})
#define SLICE_LIT(s) ((struct slice){(s), sizeof(s) - 1})
/* The same in the initializer of a static table. */
#define SLICE_INIT(s)                                                                              \
    {                                                                                              \
        (s), sizeof(s) - 1                                                                         \
    }
/* For printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct slice slice_of(const char *s)
{
    return (struct slice){s, s ? strlen(s) : 0};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_eq_str(struct slice a, const char *s)
{
    return slice_eq(a, slice_of(s));
}

/* ASCII letters compared without case; other bytes must be equal. */
bool slice_eq_nocase(struct slice a, struct slice b);

#endif

/*
 * Memory that lives and dies together: many small allocations, one release.
 * An arena has one owner and no locks. Pointers stay valid until arena_release.
 */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include "base/slice.h"

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* newest first */
    size_t used_bytes;
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);
/* Zeroed memory aligned for any type; aborts when memory runs out (weir has no way on then). */
void *arena_alloc(struct arena *arena, size_t bytes);
char *arena_strdup(struct arena *arena, const char *s);
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * The address sanitizer knows no borders within a chunk: for it each request has one of its own, as
 * long as was asked for.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ALONE
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ALONE
#endif
#ifdef ALONE
#define CHUNK_BYTES ((size_t)0)
#define ALIGNMENT ((size_t)1)
#else
#define CHUNK_BYTES ((size_t)16 * 1024)
#define ALIGNMENT alignof(max_align_t)
#endif

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char bytes[];
};

/* Half a configuration is of no use, and no caller could do better than end here. */
static _Noreturn void out_of_memory(void)
{
    fputs("weir: out of memory\n", stderr);
    abort();
}

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

void arena_release(struct arena *arena)
{
    struct arena_chunk *chunk = arena->chunks;
    while (chunk) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    arena_init(arena);
}

/* A chunk for `bytes`, made the one to allocate from unless it serves that request alone. */
static struct arena_chunk *add_chunk(struct arena *arena, size_t bytes)
{
    bool alone = arena->chunks && bytes > CHUNK_BYTES / 4;
    size_t size = alone || bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct arena_chunk *chunk = NULL;
    if (size <= SIZE_MAX - sizeof *chunk)
        chunk = calloc(1, sizeof *chunk + size);
    if (!chunk)
        out_of_memory();
    chunk->size = size;
    struct arena_chunk **at = alone ? &arena->chunks->next : &arena->chunks;
    chunk->next = *at;
    *at = chunk;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    const size_t align = ALIGNMENT;
    if (bytes > SIZE_MAX - align)
        out_of_memory();
    bytes = bytes == 0 ? align : (bytes + align - 1) / align * align;

    struct arena_chunk *chunk = arena->chunks;
    if (!chunk || bytes > chunk->size - chunk->used)
        chunk = add_chunk(arena, bytes);
    void *memory = chunk->bytes + chunk->used;
    chunk->used += bytes;
    arena->used_bytes += bytes;
    return memory;
}

char *arena_strdup(struct arena *arena, const char *s)
{
    return arena_strndup(arena, s, strlen(s));
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = arena_alloc(arena, len + 1);
    memcpy(copy, s, len);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        out_of_memory();
    char *text = arena_alloc(arena, (size_t)n + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

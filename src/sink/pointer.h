/* JSON Pointers (RFC 6901), compiled once and then followed into scanned values. */
#ifndef WEIR_SINK_POINTER_H
#define WEIR_SINK_POINTER_H

#include "base/arena.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

struct pointer {
    struct slice *tokens; /* ~0 and ~1 resolved */
    size_t n_tokens;      /* 0: the whole document */
};

/* `text` as in "/address/city" or ""; false if it is no JSON Pointer. */
bool pointer_compile(struct pointer *pointer, const char *text, struct arena *arena);

/*
 * Follow the tokens from number `first` on, starting at `value`. Of a member that is there twice
 * the last one counts. False: there is nothing at that place.
 */
bool pointer_follow(const struct pointer *pointer, size_t first, const struct json_value *value,
                    struct json_value *out);

#endif

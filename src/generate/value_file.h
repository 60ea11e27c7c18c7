/*
 * A file of values to choose from, for values_from: one a line, or `value<TAB>weight`. UTF-8, with
 * or without a byte order mark; lines may end in CRLF, and what is empty is passed over. Values are
 * texts, or numbers if all of them are; nothing in it means null.
 */
#ifndef WEIR_GENERATE_VALUE_FILE_H
#define WEIR_GENERATE_VALUE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "generate/spec.h"

#include <stdbool.h>
#include <stddef.h>

#define VALUE_FILE_MAX_BYTES ((size_t)16 << 20)
/* A value takes some 100 bytes of memory beside its text. */
#define VALUE_FILE_MAX_VALUES 1000000

struct value_list {
    const struct spec_value *values;
    size_t n; /* at least one */
};

/* Values point into `text`, lists are the arena's. ERR_USAGE with "PATH:LINE: ". */
int value_file_parse(struct value_list *out, struct arena *arena, const char *path,
                     struct slice text, bool as_text, struct err *err);
/* The same of the file; all memory is the arena's. */
int value_file_read(struct value_list *out, struct arena *arena, const char *path, bool as_text,
                    struct err *err);

#endif

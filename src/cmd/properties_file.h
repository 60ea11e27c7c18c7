/* kcat's file of librdkafka properties (-F): NAME=VALUE a line, # begins a comment. */
#ifndef WEIR_CMD_PROPERTIES_FILE_H
#define WEIR_CMD_PROPERTIES_FILE_H

#include "base/arena.h"
#include "base/err.h"

struct file_property {
    const char *name;
    const char *value;
    const char *where; /* "FILE:LINE" */
    struct file_property *next;
};

/* In the file's order; *out is NULL for a file without properties. */
int properties_file_read(struct arena *arena, const char *path, struct file_property **out,
                         struct err *err);

#endif

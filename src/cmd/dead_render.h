/* Dead letters as text for people or as JSON, one object a line, on stdout. */
#ifndef WEIR_CMD_DEAD_RENDER_H
#define WEIR_CMD_DEAD_RENDER_H

#include "sink/dead.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct dead_render {
    bool json;
    bool value_only;
    size_t n; /* how many were rendered */
};

/* Callbacks of dead_list() and dead_groups(); `context` is a struct dead_render. */
void dead_render_line(void *context, const struct dead_letter *letter);
void dead_render_full(void *context, const struct dead_letter *letter);
void dead_render_group(void *context, const struct dead_group *group);

/* " [22P02]" behind a reason, or nothing: the same words can come with different codes. */
void dead_render_code(FILE *file, const char *sqlstate);
/* As a part of a line; on a terminal nothing that came from anyone commands it. */
void dead_render_text(FILE *file, const char *text);

#endif

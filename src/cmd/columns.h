/*
 * A table of text with aligned columns, for people: cells are collected, then printed at once.
 *
 * Width is counted in Unicode characters. What came from a cluster must neither break a line nor
 * command a terminal: it is written out as in cmd/shown.h. No line ends in blanks. All memory is
 * the arena's.
 */
#ifndef WEIR_CMD_COLUMNS_H
#define WEIR_CMD_COLUMNS_H

#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>

enum column_align { COLUMN_LEFT, COLUMN_RIGHT };

struct column {
    const char *title; /* NULL in the first column: no line of titles */
    enum column_align align;
};

#define MAX_COLUMNS 16
struct columns {
    struct arena *arena;
    const struct column *heads; /* the caller's */
    size_t n_columns;
    const char **cells; /* row by row */
    size_t n_cells;
    size_t room;
};

/* `n` is MAX_COLUMNS at most. */
void columns_init(struct columns *columns, struct arena *arena, const struct column *heads,
                  size_t n);
/* For names and what they are, a line each, without titles. */
void columns_init_facts(struct columns *columns, struct arena *arena);
void columns_add_fact(struct columns *columns, const char *name, const char *text);
void columns_add_fact_number(struct columns *columns, const char *name, int64_t number);
/* The next cell, from left to right, row by row; the text is copied. NULL or "" is a dash. */
void columns_add(struct columns *columns, const char *text);
/* A number; a negative one is not known: a dash. */
void columns_add_number(struct columns *columns, int64_t number);
/* A cell with nothing in it, not even a dash. */
void columns_add_empty(struct columns *columns);
/* The widest line's width. */
size_t columns_width(const struct columns *columns);
void columns_print(const struct columns *columns, FILE *to);

#endif

/*
 * Rows as a table for people: columns as wide as their widest value, numbers to the right, NULL as
 * [null]; or, where that is wider than the terminal, a field a line. A table holds one page of
 * rows as they will be shown; widths once found stay for the pages that follow, and grow if they
 * must.
 *
 *     table_init(); table_columns(); { table_row() ...; table_print(); table_clear(); } ...
 *     table_release()
 */
#ifndef WEIR_CMD_QUERY_TABLE_H
#define WEIR_CMD_QUERY_TABLE_H

#include "base/arena.h"
#include "base/buf.h"
#include "sink/query.h"

#include <stdbool.h>
#include <stdint.h>

struct table_cell {
    const char *text; /* in the form for terminals */
    size_t len;
    size_t width; /* columns of the terminal */
};

struct table_row {
    struct table_row *next;
    struct table_cell cells[];
};

struct table_view {
    struct arena names; /* lives as long as the table: columns */
    struct arena rows;  /* of this page */
    size_t n_columns;
    struct table_cell *columns;
    enum query_kind *kinds;
    size_t *widths;
    struct table_row *first;
    struct table_row *last;
    size_t n_rows;    /* of this page */
    int64_t n_before; /* of the pages before */
    struct buf scratch;
};

/* How what changed since another table is marked. */
enum table_mark { MARK_NONE, MARK_REVERSE, MARK_STAR };

struct table_look {
    size_t screen_columns; /* 0: as wide as it may be */
    bool header;
    bool expanded; /* a field a line */
    enum table_mark mark;
    const struct table_view *before; /* what to mark against, or NULL */
};

void table_init(struct table_view *table);
void table_release(struct table_view *table);
void table_columns(struct table_view *table, const struct query_column *columns, size_t n);
void table_add(struct table_view *table, const struct slice *values);
/* Forget the rows, keep columns and widths. */
void table_clear(struct table_view *table);

/* Whether the page, side by side, is wider than the terminal. */
bool table_is_wide(const struct table_view *table, size_t screen_columns);
/* Append the page; how many lines of the screen it takes. */
size_t table_print(const struct table_view *table, const struct table_look *look, struct buf *out);

/* Whether both have the same columns, so that their cells can be compared. */
bool table_is_alike(const struct table_view *a, const struct table_view *b);
/* Row `i` of the page, or NULL. */
const struct table_row *table_row_at(const struct table_view *table, size_t i);
bool table_cell_same(const struct table_cell *a, const struct table_cell *b);

#endif

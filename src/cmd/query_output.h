/*
 * The answer of one statement on stdout, in one of the forms. On a terminal a table holds a page
 * at most and what would command the terminal is written out; all else goes on row by row. When
 * nobody reads any more (`| head -1`) that is the end and no error.
 */
#ifndef WEIR_CMD_QUERY_OUTPUT_H
#define WEIR_CMD_QUERY_OUTPUT_H

#include "cmd/query_table.h"
#include "sink/query.h"

#include <stdbool.h>

enum query_form { FORM_TABLE, FORM_TSV, FORM_CSV, FORM_JSON };

struct query_output {
    enum query_form form;
    bool all;      /* of a table more than the first QUERY_FIRST_ROWS */
    bool terminal; /* stdout is one */
    /* Private: */
    struct arena arena;
    struct query_column *columns; /* FORM_JSON */
    struct table_view table;
    bool expanded;
    bool decided; /* whether the table is expanded */
    bool more;    /* there are rows that are not shown */
    bool closed;  /* nobody reads */
    struct buf out;
};

#define QUERY_FIRST_ROWS 100

void output_init(struct query_output *output, enum query_form form, bool all);
void output_release(struct query_output *output);
/* For query_run(); valid as long as the output. */
struct query_reader output_reader(struct query_output *output);
/* What is left, and the line below a table. 0 or -1. */
int output_finish(struct query_output *output, const struct query_end *end, struct err *err);

/* Write and empty a buffer. QUERY_MORE, QUERY_ENOUGH when nobody reads, or -1. */
int output_write(struct buf *out, struct err *err);
/* Nobody reads stdout any more: what is left in it shall be no error at the end. */
void output_forget(void);

/* Columns and lines of the terminal at stdout, by the kernel, COLUMNS and LINES, or 80 by 24. */
struct screen {
    size_t columns;
    size_t lines;
};
struct screen screen_size(void);

#endif

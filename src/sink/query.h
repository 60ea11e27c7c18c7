/*
 * One statement, asked of the database: what `weir query` works on.
 *
 * A text is one SQL statement, or one of the listings \l (databases), \dn (schemas),
 * \dt [PATTERN] (tables) and \d [NAME] (everything one can select from, or NAME's columns). The
 * answer comes row by row and is never held here. Unless opened for writing, each statement runs in
 * a transaction that the server keeps from writing, and that is rolled back behind it; opened for
 * writing, it is a transaction of its own.
 *
 * One thread. The first SIGINT or SIGTERM (base/signals.h) cancels the statement under way.
 */
#ifndef WEIR_SINK_QUERY_H
#define WEIR_SINK_QUERY_H

#include "base/config.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct query;

/* How a value's text is meant; what is none of the others is text. */
enum query_kind {
    QUERY_TEXT,    /* a bytea too: \x and hexadecimal digits */
    QUERY_NUMBER,  /* digits, but also NaN and Infinity */
    QUERY_BOOLEAN, /* t or f */
    QUERY_JSON,    /* JSON text, perhaps of several lines */
};

struct query_column {
    const char *name;
    enum query_kind kind;
};

/* What a reader's row() answers. */
enum { QUERY_MORE = 0, QUERY_ENOUGH = 1 };

/* Whom the answer is told; what is passed is borrowed for the call. -1 with err ends it. */
struct query_reader {
    /* Once, before the first row; also when there is none. */
    int (*columns)(void *context, const struct query_column *columns, size_t n, struct err *err);
    /* `values` has as many as there are columns; ptr NULL is SQL's NULL. QUERY_ENOUGH: no more. */
    int (*row)(void *context, const struct slice *values, size_t n, struct err *err);
    void *context;
};

/* How it ended. */
struct query_end {
    bool has_rows;  /* columns() was called */
    bool cancelled; /* by a signal; that is no error */
    char tag[64]; /* the server's own word for it: "SELECT 3", "INSERT 0 1"; "" if it did not end */
    /* Where the server saw the mistake: a line of the text, and a byte in it; line 0 is nowhere. */
    int line;
    struct slice line_text;
    size_t line_at;
};

/* Whether it is one statement that can be run here; without a server. 0, or -1 with ERR_USAGE. */
int query_check(const char *text, struct err *err);

/*
 * Connect, under the verb's name ("weir query", as the server lists its sessions). 0, or -1 with
 * the words that every verb has for a database that cannot be had.
 */
int query_open(struct query **query, const struct pipeline_config *config, const char *verb,
               bool write, struct err *err);
void query_close(struct query *query);

/*
 * Run a text that query_check() has passed, and which must outlive `end`. 0, or -1 with one
 * sentence: the server's severity, SQLSTATE and message, and the nearest name for one that does not
 * exist. ERR_OUTAGE: the connection is lost, and this query can only be closed.
 */
int query_run(struct query *query, const char *text, const struct query_reader *reader,
              struct query_end *end, struct err *err);

#endif

/*
 * An SQL script into its statements, as far as one must read SQL for that: quotes, dollar quotes,
 * comments, parentheses and the bodies of SQL functions (BEGIN ATOMIC .. END). What a statement
 * means is the server's to say; a quote that is never closed makes one long last statement, which
 * the server refuses with the place.
 */
#ifndef WEIR_SINK_POSTGRES_SQL_SPLIT_H
#define WEIR_SINK_POSTGRES_SQL_SPLIT_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

#define SQL_WORDS 4

struct sql_statement {
    struct slice text;         /* from its first token to before its semicolon */
    int line;                  /* of its first token, from 1 */
    char words[SQL_WORDS][24]; /* its first words in capitals, cut short; "" when it has fewer */
    int psql_line;             /* of a psql command (a backslash outside quotes); 0: none */
};

struct sql_splitter {
    struct slice text;
    size_t pos;
    int line;
};

void sql_split(struct sql_splitter *splitter, struct slice text);
/* False when there are no more. Statements that are empty or only comments are passed over. */
bool sql_next(struct sql_splitter *splitter, struct sql_statement *statement);

/* BEGIN, COMMIT, ROLLBACK and their like, but no savepoints. */
bool sql_controls_transaction(const struct sql_statement *statement);

/* The line of the server's error position (characters from 1) in a statement. */
int sql_line_at(const struct sql_statement *statement, int position);

#endif

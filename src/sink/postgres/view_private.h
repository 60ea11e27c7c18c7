/*
 * Between state_view.c (the snapshot, and what weir keeps about pipelines) and view_rows.c (what is
 * read row by row: letters, values of a table).
 */
#ifndef WEIR_SINK_POSTGRES_VIEW_PRIVATE_H
#define WEIR_SINK_POSTGRES_VIEW_PRIVATE_H

#include "sink/postgres/pg.h"
#include "sink/state_view.h"

struct state_view {
    struct arena arena;
    struct pg_target target;
    struct view_store store;
    const char *schema; /* quoted */
    PGconn *conn;
};

/* A statement with text parameters; the rows, or NULL and err. */
PGresult *view_ask(struct state_view *view, const char *sql, int n, const char *const *values,
                   struct err *err);
/* The same, whose rows come one by one: first the send, then each row until NULL. */
int view_send(struct state_view *view, const char *sql, int n, const char *const *values,
              struct err *err);
PGresult *view_next(struct state_view *view, struct err *err);

/* Put into words what the server refused to show of weir's own tables. Returns -1. */
int view_explain_state(const struct state_view *view, const char *table, struct err *err);
/* The same of a table of rows. */
int view_explain_table(const struct state_view *view, const struct view_table *table,
                       struct err *err);
int view_cancelled(struct err *err);

#endif

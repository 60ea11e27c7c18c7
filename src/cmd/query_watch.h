/*
 * A statement again and again, and what changed since the last time. On a terminal the table is
 * drawn over the last one with the changed values reversed (with NO_COLOR a star behind them).
 * Elsewhere each time is one line: the time, and each number that changed, old -> new. The first
 * QUERY_FIRST_ROWS rows are looked at, by their place in the answer.
 */
#ifndef WEIR_CMD_QUERY_WATCH_H
#define WEIR_CMD_QUERY_WATCH_H

#include "cmd/query_table.h"
#include "sink/query.h"

#define QUERY_VERB "weir query"

struct watch_request {
    const char *text;
    const struct pipeline_config *config; /* to connect again */
    bool write;
    int64_t every_ms;
    int64_t rounds; /* 0: until a signal */
};

/*
 * `*query` is opened and is replaced when the connection was lost. 0 when the rounds are over, a
 * signal asked to stop, or nobody reads; -1 when a statement failed: `end` has the place.
 */
int query_watch(struct query **query, const struct watch_request *request, struct query_end *end,
                struct err *err);

/* One line for a program: what changed from `before` (NULL: the first time) to `now`. */
void watch_line(struct buf *out, const struct table_view *before, const struct table_view *now);

#endif

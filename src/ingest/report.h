/*
 * What is said of running and ended pipelines: status line, log line, metrics, summary.
 * All work on copies of the view (ingest/view.h).
 */
#ifndef WEIR_INGEST_REPORT_H
#define WEIR_INGEST_REPORT_H

#include "base/buf.h"
#include "ingest/view.h"

struct report_line {
    const char *name;
    struct view_data view;
};

/* The members of -J's object without its braces: "rows":..., ..., "partitions":[...]. */
void report_json(struct buf *out, const struct view_data *view);
void report_text(struct buf *out, const char *name, const struct view_data *view, bool dry_run);
void report_metrics(struct buf *out, const struct report_line *lines, size_t n);

/* Rates between two looks. */
struct status {
    int64_t rows;
    int64_t bytes;
    int64_t at_us;
};
/* One line for a terminal; with a goal a bar with time left. */
void status_line(struct buf *out, struct status *status, const char *name,
                 const struct view_data *view, int64_t now_us, int64_t wall_us);
/* The same figures as a log line. */
void status_log(struct buf *out, struct status *status, const struct view_data *view,
                int64_t now_us, int64_t wall_us);

#endif

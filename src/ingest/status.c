/* The status line on a terminal, and its sober brother for the log. */
#include "ingest/report.h"

#include <inttypes.h>

#define BAR_CELLS 20

struct rates {
    double rows_per_s;
    double bytes_per_s;
};

static struct rates rates_since(struct status *status, const struct view_data *view, int64_t now_us)
{
    struct rates rates = {0, 0};
    double seconds = (double)(now_us - status->at_us) / 1e6;
    if (status->at_us && seconds > 0) {
        rates.rows_per_s = (double)(view->tally.rows - status->rows) / seconds;
        rates.bytes_per_s = (double)(view->bytes - status->bytes) / seconds;
    }
    *status = (struct status){view->tally.rows, view->bytes, now_us};
    return rates;
}

static void add_bar(struct buf *out, const struct view_data *view, double rows_per_s)
{
    double done = 1 - (double)view->goal_records_left / (double)view->goal_records;
    int cells = (int)(done * BAR_CELLS);
    buf_add_byte(out, '[');
    for (int i = 0; i < BAR_CELLS; i++)
        buf_add_byte(out, i < cells ? '#' : '.');
    buf_printf(out, "] %3.0f%%", done * 100);
    if (rows_per_s > 0)
        buf_printf(out, ", %.0f s left", (double)view->goal_records_left / rows_per_s);
    buf_add_str(out, "  ");
}

void status_line(struct buf *out, struct status *status, const char *name,
                 const struct view_data *view, int64_t now_us, int64_t wall_us)
{
    struct rates rates = rates_since(status, view, now_us);
    if (view->phase != PHASE_RUNNING) {
        buf_printf(out, "%s: %s", name, view->phase == PHASE_STARTING ? "starting" : "ended");
        return;
    }
    buf_printf(out, "%s: ", name);
    if (view->goal_records > 0)
        add_bar(out, view, rates.rows_per_s);
    buf_printf(out,
               "%.0f rows/s  %.1f MB/s  %" PRId64 " rows  lag %" PRId64 " (%.0f s)  %" PRId64
               " dead  %zu lanes",
               rates.rows_per_s, rates.bytes_per_s / 1e6, view->tally.rows, view_lag_records(view),
               view_lag_seconds(view, wall_us), view->tally.dead, view->lanes);
}

void status_log(struct buf *out, struct status *status, const struct view_data *view,
                int64_t now_us, int64_t wall_us)
{
    struct rates rates = rates_since(status, view, now_us);
    buf_printf(out,
               "%" PRId64 " rows (%.0f rows/s, %.1f MB/s), lag %" PRId64
               " records (%.0f s), %" PRId64 " dead letters",
               view->tally.rows, rates.rows_per_s, rates.bytes_per_s / 1e6, view_lag_records(view),
               view_lag_seconds(view, wall_us), view->tally.dead);
}

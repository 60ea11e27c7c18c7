/* The summary at the end: one JSON object, or lines for a person. */
#include "ingest/report.h"

#include "base/clock.h"

#include <inttypes.h>

static double seconds_of(const struct view_data *view)
{
    int64_t end_us = view->ended_us ? view->ended_us : clock_mono_us();
    return view->started_us ? (double)(end_us - view->started_us) / 1e6 : 0;
}

static double rate_of(const struct view_data *view)
{
    double seconds = seconds_of(view);
    return seconds > 0 ? (double)view->tally.rows / seconds : 0;
}

void report_json(struct buf *out, const struct view_data *view)
{
    const struct tally *t = &view->tally;
    buf_printf(out,
               "\"rows\":%" PRId64 ",\"dead\":%" PRId64 ",\"filtered\":%" PRId64
               ",\"tombstones\":%" PRId64 ",\"suppressed\":%" PRId64 ",\"absent\":%" PRId64
               ",\"bytes\":%" PRId64 ",\"seconds\":%.3f,\"rows_per_s\":%.1f,\"partitions\":[",
               t->rows, t->dead, t->filtered, t->tombstones, t->suppressed, t->absent, view->bytes,
               seconds_of(view), rate_of(view));
    const char *comma = "";
    for (size_t i = 0; i < view->n_partitions; i++) {
        const struct partition_view *row = &view->partitions[i];
        if (!row->ours)
            continue;
        buf_printf(out, "%s{\"topic\":", comma);
        buf_add_json(out, slice_of(row->topic));
        buf_printf(out, ",\"partition\":%d,\"next_offset\":%" PRId64 "}", row->partition,
                   row->stored);
        comma = ",";
    }
    buf_add_byte(out, ']');
}

static void count(struct buf *out, int64_t n, const char *what)
{
    if (n > 0)
        buf_printf(out, ", %" PRId64 " %s", n, what);
}

void report_text(struct buf *out, const char *name, const struct view_data *view, bool dry_run)
{
    const struct tally *t = &view->tally;
    buf_printf(out, "%s: %" PRId64 " rows %s in %.1f s (%.0f rows/s, %.1f MB/s)", name, t->rows,
               dry_run ? "would be stored" : "stored", seconds_of(view), rate_of(view),
               seconds_of(view) > 0 ? (double)view->bytes / 1e6 / seconds_of(view) : 0.0);
    count(out, t->dead, dry_run ? "would be dead letters" : "dead letters (see weir dead list)");
    count(out, t->tombstones, "tombstones");
    count(out, t->suppressed, "suppressed");
    count(out, t->filtered, "filtered");
    count(out, t->absent, "absent offsets");
    buf_add_byte(out, '\n');
    for (size_t i = 0; i < view->n_partitions; i++)
        if (view->partitions[i].stopped)
            buf_printf(out, "%s: %s[%d] stopped at offset %" PRId64 "\n", name,
                       view->partitions[i].topic, view->partitions[i].partition,
                       view->partitions[i].stored);
}

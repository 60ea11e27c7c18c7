/* /metrics: Prometheus's text format 0.0.4, its conventions for names and units. */
#include "ingest/report.h"

#include "base/clock.h"

#include <inttypes.h>

/* A label value: backslash, quote and line feed are escaped (exposition format). */
static void add_label(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            buf_add_byte(out, '\\');
        if (*value == '\n')
            buf_add_str(out, "\\n");
        else
            buf_add_byte(out, *value);
    }
    buf_add_byte(out, '"');
}

static void add_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* "name{pipeline="..." " */
static void begin(struct buf *out, const char *name, const struct report_line *line)
{
    buf_printf(out, "%s{", name);
    add_label(out, "pipeline", line->name);
}

static void add_outcomes(struct buf *out, const struct report_line *lines, size_t n)
{
    add_head(out, "weir_ingest_records_total", "counter",
             "Records settled since this process started, by what became of them.");
    for (size_t i = 0; i < n; i++) {
        const struct tally *t = &lines[i].view.tally;
        const struct {
            const char *name;
            int64_t value;
        } outcomes[] = {{"row", t->rows},
                        {"dead", t->dead},
                        {"filtered", t->filtered},
                        {"tombstone", t->tombstones},
                        {"suppressed", t->suppressed},
                        {"absent", t->absent}};
        for (size_t k = 0; k < sizeof(outcomes) / sizeof(outcomes[0]); k++) {
            begin(out, "weir_ingest_records_total", &lines[i]);
            buf_printf(out, ",outcome=\"%s\"} %" PRId64 "\n", outcomes[k].name, outcomes[k].value);
        }
    }
}

static void add_number(struct buf *out, const struct report_line *lines, size_t n, const char *name,
                       const char *type, const char *help,
                       double (*value)(const struct view_data *view))
{
    add_head(out, name, type, help);
    for (size_t i = 0; i < n; i++) {
        begin(out, name, &lines[i]);
        buf_printf(out, "} %.17g\n", value(&lines[i].view));
    }
}

static double bytes_value(const struct view_data *view)
{
    return (double)view->bytes;
}

static double retries_value(const struct view_data *view)
{
    return (double)view->retries;
}

static double unknown_keys_value(const struct view_data *view)
{
    return (double)view->unknown_keys;
}

static double lag_seconds_value(const struct view_data *view)
{
    return view_lag_seconds(view, clock_wall_us());
}

static double up_value(const struct view_data *view)
{
    return view->phase == PHASE_RUNNING && !view->failed;
}

static void add_partitions(struct buf *out, const struct report_line *lines, size_t n,
                           const char *name, const char *help, bool lag)
{
    add_head(out, name, "gauge", help);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < lines[i].view.n_partitions; k++) {
            const struct partition_view *row = &lines[i].view.partitions[k];
            if (!row->ours || (lag && row->high < 0))
                continue;
            begin(out, name, &lines[i]);
            buf_add_byte(out, ',');
            add_label(out, "topic", row->topic);
            buf_printf(out, ",partition=\"%d\"} %" PRId64 "\n", row->partition,
                       !lag                      ? row->stored
                       : row->high > row->stored ? row->high - row->stored
                                                 : 0);
        }
}

static void add_commits(struct buf *out, const struct report_line *lines, size_t n)
{
    const char *name = "weir_ingest_batch_duration_seconds";
    add_head(out, name, "histogram", "Time from handing a batch to its lane until it is settled.");
    for (size_t i = 0; i < n; i++) {
        const struct view_data *view = &lines[i].view;
        int64_t sum = 0;
        for (int k = 0; k <= VIEW_BUCKETS; k++) {
            sum += view->commit_buckets[k];
            begin(out, "weir_ingest_batch_duration_seconds_bucket", &lines[i]);
            if (k < VIEW_BUCKETS)
                buf_printf(out, ",le=\"%g\"} %" PRId64 "\n", view_bucket_s[k], sum);
            else
                buf_printf(out, ",le=\"+Inf\"} %" PRId64 "\n", sum);
        }
        begin(out, "weir_ingest_batch_duration_seconds_sum", &lines[i]);
        buf_printf(out, "} %.6f\n", view->commit_seconds);
        begin(out, "weir_ingest_batch_duration_seconds_count", &lines[i]);
        buf_printf(out, "} %" PRId64 "\n", sum);
    }
}

void report_metrics(struct buf *out, const struct report_line *lines, size_t n)
{
    add_head(out, "weir_build_info", "gauge", "The version of weir.");
    buf_printf(out, "weir_build_info{version=\"%s\"} 1\n", WEIR_VERSION);
    add_outcomes(out, lines, n);
    add_number(out, lines, n, "weir_ingest_bytes_total", "counter",
               "Bytes of keys and values settled.", bytes_value);
    add_number(out, lines, n, "weir_ingest_unknown_keys_total", "counter",
               "Keys of records that no column took and that were ignored.", unknown_keys_value);
    add_number(out, lines, n, "weir_ingest_retries_total", "counter",
               "Tries to settle a batch that met an outage of the database.", retries_value);
    add_number(out, lines, n, "weir_ingest_up", "gauge",
               "1 while the pipeline runs and nothing of it has stopped.", up_value);
    add_number(out, lines, n, "weir_ingest_lag_seconds", "gauge",
               "Age of the newest stored record of the partition furthest behind; 0 without lag.",
               lag_seconds_value);
    add_partitions(out, lines, n, "weir_ingest_lag_records",
                   "Offsets between what is stored and the high watermark.", true);
    add_partitions(out, lines, n, "weir_ingest_next_offset",
                   "The next offset to store, as committed in the database.", false);
    add_commits(out, lines, n);
}

/* What is said of a pipeline: -J, metrics, status line; and the view they are made from. */
#include "unit.h"

#include "base/buf.h"
#include "ingest/report.h"

#include <string.h>

static void fill(struct view *view)
{
    struct view_data *data = view_lock(view);
    data->phase = PHASE_RUNNING;
    data->tally =
        (struct tally){.rows = 10, .dead = 2, .tombstones = 3, .suppressed = 4, .absent = 5};
    data->bytes = 1000;
    data->started_us = 1000000;
    data->ended_us = 3000000;
    data->lanes = 2;
    view_note_commit(data, 0.004);
    view_note_commit(data, 100);
    struct partition_view *second = view_partition(view, "t", 1);
    second->ours = false;
    struct partition_view *first = view_partition(view, "t", 0);
    first->ours = true;
    first->stored = 24;
    first->high = 30;
    first->last_time_ms = 5000;
    view_unlock(view);
}

static void check(void (*render)(struct buf *out, const struct view_data *copy),
                  const char *const *wanted, size_t n)
{
    struct view view;
    struct view_data copy;
    struct buf out;
    view_init(&view);
    fill(&view);
    view_copy(&view, &copy);
    buf_init(&out, 1 << 20);
    render(&out, &copy);
    for (size_t i = 0; i < n; i++)
        if (!strstr(buf_str(&out), wanted[i]))
            fail_msg("no \"%s\" in:\n%s", wanted[i], buf_str(&out));
    buf_release(&out);
    view_copy_release(&copy);
    view_release(&view);
}

static void render_json(struct buf *out, const struct view_data *copy)
{
    report_json(out, copy);
}

static void the_summary_has_exactly_these_members(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "\"rows\":10,\"dead\":2,\"filtered\":0,\"tombstones\":3,\"suppressed\":4,\"absent\":5,"
        "\"bytes\":1000,\"seconds\":2.000,\"rows_per_s\":5.0,"
        "\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"next_offset\":24}]"};
    check(render_json, wanted, COUNT_OF(wanted));
}

static void render_metrics(struct buf *out, const struct view_data *copy)
{
    struct report_line line = {.name = "a\"b\\c", .view = *copy};
    report_metrics(out, &line, 1);
}

static void metrics_follow_the_conventions(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "# TYPE weir_ingest_records_total counter\n",
        "weir_ingest_records_total{pipeline=\"a\\\"b\\\\c\",outcome=\"row\"} 10\n",
        "weir_ingest_lag_records{pipeline=\"a\\\"b\\\\c\",topic=\"t\",partition=\"0\"} 6\n",
        "weir_ingest_batch_duration_seconds_bucket{pipeline=\"a\\\"b\\\\c\",le=\"0.005\"} 1\n",
        "weir_ingest_batch_duration_seconds_bucket{pipeline=\"a\\\"b\\\\c\",le=\"30\"} 1\n",
        "weir_ingest_batch_duration_seconds_bucket{pipeline=\"a\\\"b\\\\c\",le=\"+Inf\"} 2\n",
        "weir_ingest_batch_duration_seconds_count{pipeline=\"a\\\"b\\\\c\"} 2\n",
    };
    check(render_metrics, wanted, COUNT_OF(wanted));
}

static void render_line(struct buf *out, const struct view_data *copy)
{
    struct status status = {.rows = 0, .bytes = 0, .at_us = 1000000};
    struct view_data goal = *copy;
    status_line(out, &status, "p", &goal, 2000000, 8000000);
    goal.goal_records = 100;
    goal.goal_records_left = 25;
    status = (struct status){.rows = 0, .bytes = 0, .at_us = 1000000};
    status_line(out, &status, "p", &goal, 2000000, 8000000);
}

static void the_line_shows_rate_lag_and_time_left(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "p: 10 rows/s  0.0 MB/s  10 rows  lag 6 (3 s)  2 dead  2 lanes",
        "[###############.....]  75%, 2 s left",
    };
    check(render_line, wanted, COUNT_OF(wanted));
}

static void partitions_are_kept_in_order(void **state)
{
    (void)state;
    struct view view;
    view_init(&view);
    static const struct {
        const char *topic;
        int32_t partition;
    } made[] = {{"b", 2}, {"a", 9}, {"b", 0}, {"a", 1}, {"b", 2}};
    view_lock(&view);
    for (size_t i = 0; i < COUNT_OF(made); i++)
        view_partition(&view, made[i].topic, made[i].partition);
    assert_int_equal(view.data.n_partitions, 4);
    assert_string_equal(view.data.partitions[0].topic, "a");
    assert_int_equal(view.data.partitions[0].partition, 1);
    assert_int_equal(view.data.partitions[1].partition, 9);
    assert_int_equal(view.data.partitions[2].partition, 0);
    assert_int_equal(view.data.partitions[3].partition, 2);
    view_unlock(&view);
    view_release(&view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_summary_has_exactly_these_members),
        cmocka_unit_test(metrics_follow_the_conventions),
        cmocka_unit_test(the_line_shows_rate_lag_and_time_left),
        cmocka_unit_test(partitions_are_kept_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

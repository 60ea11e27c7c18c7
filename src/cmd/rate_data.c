/* The forms of cmd/rate_render.h for programs. */
#include "cmd/json_out.h"
#include "cmd/query_rows.h"
#include "cmd/rate_render.h"

#include <inttypes.h>
#include <math.h>

#define DAY_S 86400

static bool known(int64_t number)
{
    return number != RATE_UNKNOWN;
}

/* ---- JSON ---- */

static void json_slot(const struct rate_view *view, struct arena *arena,
                      const struct rate_slot *slot, struct json_out *out)
{
    json_out_open(out, NULL, '{');
    json_out_text(out, "from", rate_time_rfc(view, arena, slot->from_ms));
    json_out_text(out, "to", rate_time_rfc(view, arena, slot->to_ms));
    json_out_bool(out, "whole", slot->whole);
    json_out_number(out, "records", true, slot->records);
    if (view->rate->exact && view->topic) {
        json_out_number(out, "bytes", known(slot->bytes), slot->bytes);
        json_out_number(out, "smallest", known(slot->smallest), slot->smallest);
        json_out_number(out, "largest", known(slot->largest), slot->largest);
        json_out_number(out, "distinct_keys", known(slot->distinct_keys), slot->distinct_keys);
    }
    json_out_close(out, '}');
}

static void json_figures(const struct rate_view *view, struct arena *arena, struct json_out *out)
{
    struct rate_figures figures = rate_figures(view->rate);
    bool any = figures.peak > 0;
    bool measured = figures.measured_ms > 0;
    bool expected = view->expect_per_s > 0;
    double expected_per_day = view->expect_per_s * DAY_S;
    json_out_real(out, "now", measured, figures.now_per_unit);
    json_out_real(out, "average", measured, figures.average_per_unit);
    json_out_real(out, "peak", measured, figures.peak);
    json_out_text(out, "peak_at", any ? rate_time_rfc(view, arena, figures.peak_ms) : NULL);
    json_out_bool(out, "peak_whole", figures.peak_whole);
    json_out_real(out, "per_day", measured, figures.per_day);
    json_out_number(out, "measured_ms", true, figures.measured_ms);
    json_out_number(out, "left_out", true, figures.left_out);
    json_out_real(out, "expected_per_day", expected, expected_per_day);
    json_out_real(out, "over_expected", expected && measured, figures.per_day - expected_per_day);
    json_out_number(out, "skew_percent", figures.skew > 0, llround(figures.skew * 100));
}

static void json_topic(const struct rate *rate, struct json_out *out)
{
    json_out_open(out, "partitions", '[');
    for (size_t i = 0; i < rate->n_partitions; i++) {
        const struct rate_partition *p = &rate->partitions[i];
        json_out_open(out, NULL, '{');
        json_out_number(out, "partition", true, p->partition);
        json_out_number(out, "records", known(p->records), p->records);
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
    json_out_bool(out, "compacted", rate->compacted);
    json_out_bool(out, "transactional", rate->transactional);
    json_out_bool(out, "append_time", rate->append_time);
    json_out_open(out, "disorder", '{');
    json_out_bool(out, "looked", rate->disorder.looked);
    json_out_number(out, "borders", true, rate->disorder.borders);
    json_out_number(out, "out_of_place", true, rate->disorder.out_of_place);
    json_out_number(out, "worst_ms", true, rate->disorder.worst_ms);
    json_out_close(out, '}');
}

static void json_remarks(const struct rate_view *view, struct arena *arena, struct json_out *out)
{
    const char *const *remarks;
    size_t n = rate_remarks(view, arena, &remarks);
    json_out_open(out, "remarks", '[');
    for (size_t i = 0; i < n; i++)
        json_out_text(out, NULL, remarks[i]);
    json_out_close(out, ']');
}

static void json_rate(const struct rate_view *view, struct arena *arena, struct json_out *out)
{
    const struct rate *rate = view->rate;
    int64_t records = 0;
    json_out_open(out, NULL, '{');
    if (view->topic)
        json_out_text(out, "topic", view->topic);
    else {
        json_out_text(out, "table", view->table);
        json_out_text(out, "column", view->column);
    }
    json_out_text(out, "per", unit_name(rate->unit));
    json_out_text(out, "timezone", rate->timezone);
    json_out_text(out, "counted_at", rate_time_rfc(view, arena, rate->now_ms));
    json_out_bool(out, "exact", rate->exact);
    json_out_open(out, "slots", '[');
    for (size_t i = 0; i < rate->n_slots; i++) {
        json_slot(view, arena, &rate->slots[i], out);
        records += rate->slots[i].records;
    }
    json_out_close(out, ']');
    json_out_number(out, "records", true, records);
    json_out_number(out, "earlier", known(rate->earlier), rate->earlier);
    json_out_number(out, "later", known(rate->later), rate->later);
    if (rate->exact && view->topic) {
        json_out_number(out, "distinct_keys", known(rate->distinct_keys), rate->distinct_keys);
        json_out_bool(out, "keys_estimated", rate->keys_estimated);
    }
    json_figures(view, arena, out);
    if (view->topic)
        json_topic(rate, out);
    if (view->of_table) {
        json_out_number(out, "nulls", true, view->of_table->nulls);
        json_out_number(out, "unreadable", true, view->of_table->unreadable);
    }
    json_remarks(view, arena, out);
    json_out_close(out, '}');
}

void rate_render_json(const struct rate_view *view, struct arena *arena, struct buf *out)
{
    struct json_out object;
    json_out_start(&object);
    json_rate(view, arena, &object);
    buf_add_slice(out, buf_slice(&object.buf));
    buf_add_byte(out, '\n');
    buf_release(&object.buf);
}

/* ---- CSV ---- */

#define N_COUNTED 4 /* columns that are always there */
#define N_READ 4    /* and those of --exact */

static size_t csv_columns(const struct rate_view *view)
{
    return view->rate->exact && view->topic ? N_COUNTED + N_READ : N_COUNTED;
}

static struct slice number_of(struct arena *arena, int64_t number)
{
    if (!known(number))
        return SLICE_NONE;
    return slice_of(arena_printf(arena, "%" PRId64, number));
}

/* A row of CSV; a time that is NULL is not known. */
static void csv_slot(const struct rate_view *view, struct arena *arena, const char *from,
                     const char *to, const struct rate_slot *slot, struct buf *out)
{
    const struct slice values[N_COUNTED + N_READ] = {
        from ? slice_of(from) : SLICE_NONE,
        to ? slice_of(to) : SLICE_NONE,
        slice_of(slot->whole ? "true" : "false"),
        number_of(arena, slot->records),
        number_of(arena, slot->bytes),
        number_of(arena, slot->smallest),
        number_of(arena, slot->largest),
        number_of(arena, slot->distinct_keys),
    };
    csv_row(out, values, csv_columns(view));
}

/* What lies in no slot, of all there is: without it the rows would not be all. */
static void csv_outside(const struct rate_view *view, struct arena *arena, const char *from,
                        const char *to, int64_t records, struct buf *out)
{
    const struct rate_slot slot = {.records = records,
                                   .bytes = RATE_UNKNOWN,
                                   .smallest = RATE_UNKNOWN,
                                   .largest = RATE_UNKNOWN,
                                   .distinct_keys = RATE_UNKNOWN};
    if (view->rate->everything && records > 0)
        csv_slot(view, arena, from, to, &slot, out);
}

void rate_render_csv(const struct rate_view *view, struct arena *arena, struct buf *out)
{
    const struct query_column columns[] = {
        {"from", QUERY_TEXT},      {"to", QUERY_TEXT},
        {"whole", QUERY_BOOLEAN},  {view->topic ? "records" : "rows", QUERY_NUMBER},
        {"bytes", QUERY_NUMBER},   {"smallest", QUERY_NUMBER},
        {"largest", QUERY_NUMBER}, {"distinct_keys", QUERY_NUMBER},
    };
    const struct rate *rate = view->rate;
    csv_header(out, columns, csv_columns(view));
    csv_outside(view, arena, NULL, rate_time_rfc(view, arena, rate->slots[0].from_ms),
                rate->earlier, out);
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        csv_slot(view, arena, rate_time_rfc(view, arena, slot->from_ms),
                 rate_time_rfc(view, arena, slot->to_ms), slot, out);
    }
    csv_outside(view, arena, rate_time_rfc(view, arena, rate->slots[rate->n_slots - 1].to_ms), NULL,
                rate->later, out);
}

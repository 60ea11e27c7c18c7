/* Times and sentences of cmd/rate_render.h. */
#include "base/civil.h"
#include "cmd/figure_text.h"
#include "cmd/rate_render.h"

#include <inttypes.h>
#include <stdlib.h>

#define MAX_REMARKS 16

/* ---- times ---- */

struct moment {
    struct civil date;
    int hour;
    int minute;
    int second;
    int ms;
    int32_t offset_s; /* east of UTC */
};

static struct moment moment_at(const struct tz *tz, int64_t ms)
{
    int64_t utc_s = floor_div(ms, 1000);
    int32_t offset_s = tz_offset_at(tz, utc_s);
    int64_t local_s = utc_s + offset_s;
    int of_day = (int)floor_mod(local_s, 86400);
    return (struct moment){
        .date = civil_from_days(floor_div(local_s, 86400)),
        .hour = of_day / 3600,
        .minute = of_day / 60 % 60,
        .second = of_day % 60,
        .ms = (int)floor_mod(ms, 1000),
        .offset_s = offset_s,
    };
}

static const char *date_text(struct arena *arena, const struct moment *m)
{
    return arena_printf(arena, "%04" PRId64 "-%02d-%02d", m->date.year, m->date.month, m->date.day);
}

static const char *offset_text(struct arena *arena, int32_t offset_s)
{
    int abs_s = abs(offset_s);
    const char *text =
        arena_printf(arena, "%c%02d:%02d", offset_s < 0 ? '-' : '+', abs_s / 3600, abs_s / 60 % 60);
    return abs_s % 60 ? arena_printf(arena, "%s:%02d", text, abs_s % 60) : text;
}

/* :53, :53.120, or nothing */
static const char *seconds_text(struct arena *arena, const struct moment *m, bool always)
{
    if (m->ms > 0)
        return arena_printf(arena, ":%02d.%03d", m->second, m->ms);
    return always || m->second > 0 ? arena_printf(arena, ":%02d", m->second) : "";
}

static int32_t offset_of_slot(const struct rate_view *view, size_t i)
{
    return tz_offset_at(view->tz, floor_div(view->rate->slots[i].from_ms, 1000));
}

/* Changes are weeks apart: so many looks, spread over all slots, find one. */
#define LOOKS 256
static bool clocks_change(const struct rate_view *view)
{
    size_t n = view->rate->n_slots;
    if (n == 0 || offset_of_slot(view, n - 1) != offset_of_slot(view, 0))
        return n > 0;
    for (size_t i = 0; i < n; i += 1 + n / LOOKS)
        if (offset_of_slot(view, i) != offset_of_slot(view, 0))
            return true;
    return false;
}

const char *rate_time_text(const struct rate_view *view, struct arena *arena, int64_t ms)
{
    enum time_unit_kind unit = view->rate->unit;
    struct moment m = moment_at(view->tz, ms);
    const char *date = date_text(arena, &m);
    bool midnight = m.hour == 0 && m.minute == 0 && m.second == 0 && m.ms == 0;
    if (unit == UNIT_DAY && midnight)
        return date;
    const char *text = arena_printf(arena, "%s %02d:%02d%s", date, m.hour, m.minute,
                                    seconds_text(arena, &m, unit == UNIT_SECOND));
    if (unit == UNIT_DAY || !clocks_change(view))
        return text;
    return arena_printf(arena, "%s %s", text, offset_text(arena, m.offset_s));
}

const char *rate_time_rfc(const struct rate_view *view, struct arena *arena, int64_t ms)
{
    struct moment m = moment_at(view->tz, ms);
    return arena_printf(arena, "%sT%02d:%02d%s%s", date_text(arena, &m), m.hour, m.minute,
                        seconds_text(arena, &m, true),
                        m.offset_s ? offset_text(arena, m.offset_s) : "Z");
}

/* ---- sentences ---- */

struct remarks {
    struct arena *arena;
    bool cautions_only;
    const char *items[MAX_REMARKS];
    size_t n;
};

static void remark(struct remarks *remarks, const char *text)
{
    if (remarks->n < MAX_REMARKS)
        remarks->items[remarks->n++] = text;
}

/* What is no caution. */
static void remark_fact(struct remarks *remarks, const char *text)
{
    if (!remarks->cautions_only)
        remark(remarks, text);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

/* Figures that more than a tenth of the records have no part in. */
static void remark_left_out(struct remarks *remarks, const struct rate_view *view)
{
    int64_t left_out = rate_figures(view->rate).left_out;
    int64_t all = 0;
    for (size_t i = 0; i < view->rate->n_slots; i++)
        all += view->rate->slots[i].records;
    if (left_out <= all / 10)
        return;
    remark_fact(remarks,
                arena_printf(remarks->arena,
                             "not in average and projection: %s of %s %s, in units that are not "
                             "whole",
                             grouped_text(remarks->arena, left_out),
                             grouped_text(remarks->arena, all), view->topic ? "records" : "rows"));
}

/* Rows in which nothing could be, and why. */
static void remark_begin(struct remarks *remarks, const struct rate_view *view)
{
    const struct rate *rate = view->rate;
    if (!rate->has_first || rate->n_slots == 0 || rate->slots[0].to_ms > rate->first_ms)
        return;
    const char *first =
        rate_time_text(view, remarks->arena, floor_div(rate->first_ms, 1000) * 1000);
    const char *what = view->topic ? "record" : "row";
    remark_fact(remarks,
                rate->some_deleted
                    ? arena_printf(remarks->arena,
                                   "the first %s that is there is of %s; older ones are deleted",
                                   what, first)
                    : arena_printf(remarks->arena, "the first %s is of %s", what, first));
}

/* What the row "earlier" reaches back to. */
static void remark_earliest(struct remarks *remarks, const struct rate_view *view)
{
    const struct rate *rate = view->rate;
    if (rate->everything && rate->has_earliest)
        remark_fact(remarks,
                    arena_printf(remarks->arena, "the oldest of the earlier ones is of %s",
                                 rate_time_text(view, remarks->arena,
                                                floor_div(rate->earliest_ms, 1000) * 1000)));
}

/* How far the time index can be trusted; --exact does not need it. */
static void remark_order(struct remarks *remarks, const struct rate *rate)
{
    const struct rate_disorder *d = &rate->disorder;
    struct arena *arena = remarks->arena;
    if (rate->append_time)
        remark_fact(remarks,
                    "Kafka stamps these records as they arrive (LogAppendTime), so none is out "
                    "of order");
    else if (d->looked && d->out_of_place > 0)
        remark(remarks,
               arena_printf(arena,
                            "counted by Kafka's time index; records are out of order at %" PRId64
                            " of %" PRId64 " border%s, by up to %s, so counts there are near: "
                            "--exact reads every record",
                            d->out_of_place, d->borders, plural(d->borders),
                            duration_text(arena, d->worst_ms)));
    else if (d->looked && d->borders > 0)
        remark_fact(
            remarks,
            arena_printf(arena,
                         "counted by Kafka's time index, which is exact where timestamps rise; "
                         "no late record was met beside %" PRId64 " border%s (--exact finds all)",
                         d->borders, plural(d->borders)));
    else
        remark_fact(remarks, "counted by Kafka's time index, which is exact where timestamps rise");
}

static void remark_topic(struct remarks *remarks, const struct rate *rate)
{
    if (!rate->exact)
        remark_order(remarks, rate);
    if (rate->compacted)
        remark(remarks, rate->exact
                            ? "the topic is compacted: records that were replaced are not counted"
                            : "the topic is compacted: offsets are counted, also of records that "
                              "were replaced; --exact counts those that are there");
    if (rate->transactional && !rate->exact)
        remark(remarks, "transactions leave marks in the log that count as records here; --exact "
                        "leaves them out");
    if (rate->untimed)
        remark(remarks, rate->exact ? "records without a timestamp (-1) count as earlier than all"
                                    : "records without a timestamp (-1) were met: they are counted "
                                      "where they lie");
    if (rate->exact && !rate->everything && rate->earlier > 0 &&
        (rate->compacted || rate->transactional))
        remark(remarks, "what came before these was not read: its offsets are counted, which are "
                        "more than records here");
    if (rate->keys_estimated)
        remark(remarks, "the numbers of keys are estimates, within some 3 in 100");
}

static size_t remarks_of(const struct rate_view *view, struct arena *arena, bool cautions_only,
                         const char *const **out)
{
    struct remarks *remarks = arena_alloc(arena, sizeof *remarks);
    remarks->arena = arena;
    remarks->cautions_only = cautions_only;
    for (size_t i = 0; i < view->n_remarks; i++)
        remark(remarks, view->remarks[i]);
    remark_left_out(remarks, view);
    if (view->rate->is_over)
        remark_fact(remarks, arena_printf(arena, "nothing has come since %s",
                                          rate_time_text(view, arena, view->rate->newest_ms)));
    remark_begin(remarks, view);
    remark_earliest(remarks, view);
    if (view->topic)
        remark_topic(remarks, view->rate);
    *out = remarks->items;
    return remarks->n;
}

size_t rate_remarks(const struct rate_view *view, struct arena *arena, const char *const **out)
{
    return remarks_of(view, arena, false, out);
}

size_t rate_cautions(const struct rate_view *view, struct arena *arena, const char *const **out)
{
    return remarks_of(view, arena, true, out);
}

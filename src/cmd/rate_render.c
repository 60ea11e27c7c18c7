#include "cmd/rate_render.h"

#include "cmd/columns.h"
#include "cmd/json_out.h"
#include "sink/civil.h"

#include <inttypes.h>
#include <stdio.h>

#define DAY_S 86400

/* "2026-03-29T04:00:00+03:00"; with milliseconds only where they are not 0. */
static const char *time_text(struct arena *arena, const struct tz *tz, int64_t ms)
{
    int64_t at_s = floor_div(ms, 1000);
    int32_t offset_s = tz_offset_at(tz, at_s);
    int64_t local_s = at_s + offset_s;
    struct civil day = civil_from_days(floor_div(local_s, DAY_S));
    int of_day = (int)floor_mod(local_s, DAY_S);
    int part_ms = (int)floor_mod(ms, 1000);
    int away_s = offset_s < 0 ? -offset_s : offset_s;
    char part[8] = "";
    if (part_ms > 0)
        snprintf(part, sizeof part, ".%03d", part_ms);
    return arena_printf(arena, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d%s%c%02d:%02d", day.year,
                        day.month, day.day, of_day / 3600, of_day / 60 % 60, of_day % 60, part,
                        offset_s < 0 ? '-' : '+', away_s / 3600, away_s / 60 % 60);
}

static void json_number(struct json_out *out, const char *name, int64_t number)
{
    json_out_number(out, name, number >= 0, number);
}

static void json_rounded(struct json_out *out, const char *name, double number)
{
    json_out_number(out, name, true, (int64_t)(number + 0.5));
}

static void json_slots(struct arena *arena, struct json_out *out, const struct rate *rate,
                       const struct rate_view *view)
{
    json_out_open(out, "slots", '[');
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        json_out_open(out, NULL, '{');
        json_out_text(out, "from", time_text(arena, view->tz, slot->from_ms));
        json_out_text(out, "to", time_text(arena, view->tz, slot->to_ms));
        json_out_bool(out, "whole", slot->whole);
        json_out_number(out, "records", true, slot->records);
        if (rate->exact) {
            json_number(out, "bytes", slot->bytes);
            json_number(out, "smallest", slot->smallest);
            json_number(out, "largest", slot->largest);
            json_number(out, "distinct_keys", slot->distinct_keys);
        }
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
}

static void json_figures(struct arena *arena, struct json_out *out, const struct rate *rate,
                         const struct rate_view *view)
{
    struct rate_figures figures = rate_figures(rate);
    json_rounded(out, "now", figures.now_per_unit);
    json_rounded(out, "average", figures.average_per_unit);
    json_out_number(out, "peak", true, figures.peak);
    json_out_text(out, "peak_at", time_text(arena, view->tz, figures.peak_ms));
    json_rounded(out, "per_day", figures.per_day);
    json_out_number(out, "expected_per_day", view->expect_per_s > 0,
                    (int64_t)(view->expect_per_s * DAY_S + 0.5));
    json_out_number(out, "skew_percent", figures.skew > 0, (int64_t)(figures.skew * 100 + 0.5));
}

static void print_json(struct arena *arena, const struct rate *rate, const struct rate_view *view)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_text(&out, "topic", view->topic);
    json_out_text(&out, "per", unit_name(rate->unit));
    json_out_text(&out, "timezone", rate->timezone);
    json_figures(arena, &out, rate, view);
    json_slots(arena, &out, rate, view);
    json_out_open(&out, "partitions", '[');
    for (size_t i = 0; i < rate->n_partitions; i++) {
        json_out_open(&out, NULL, '{');
        json_out_number(&out, "partition", true, rate->partitions[i].partition);
        json_number(&out, "records", rate->partitions[i].records);
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_number(&out, "earlier", rate->earlier);
    json_number(&out, "later", rate->later);
    if (rate->exact) {
        json_number(&out, "distinct_keys", rate->distinct_keys);
        json_out_bool(&out, "keys_estimated", rate->keys_estimated);
    }
    json_out_bool(&out, "exact", rate->exact);
    json_out_bool(&out, "compacted", rate->compacted);
    json_out_bool(&out, "transactional", rate->transactional);
    json_out_bool(&out, "append_time", rate->append_time);
    json_out_open(&out, "disorder", '{');
    json_out_bool(&out, "looked", rate->disorder.looked);
    json_out_number(&out, "borders", true, rate->disorder.borders);
    json_out_number(&out, "out_of_place", true, rate->disorder.out_of_place);
    json_out_number(&out, "worst_ms", true, rate->disorder.worst_ms);
    json_out_close(&out, '}');
    json_out_close(&out, '}');
    json_out_end(&out);
}

static void print_csv(struct arena *arena, const struct rate *rate, const struct rate_view *view)
{
    printf("from,to,whole,records\n");
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        printf("%s,%s,%s,%" PRId64 "\n", time_text(arena, view->tz, slot->from_ms),
               time_text(arena, view->tz, slot->to_ms), slot->whole ? "true" : "false",
               slot->records);
    }
}

static void print_table(struct arena *arena, const struct rate *rate, const struct rate_view *view)
{
    static const struct column heads[] = {{"FROM", COLUMN_LEFT}, {"RECORDS", COLUMN_RIGHT}};
    struct columns table;
    struct rate_figures figures = rate_figures(rate);
    columns_init(&table, arena, heads, 2);
    for (size_t i = 0; i < rate->n_slots; i++) {
        columns_add(&table, time_text(arena, view->tz, rate->slots[i].from_ms));
        columns_add_number(&table, rate->slots[i].records);
    }
    columns_print(&table, stdout);
    printf("now %.0f, average %.0f, peak %" PRId64 " per %s; %.0f/day at this rate",
           figures.now_per_unit, figures.average_per_unit, figures.peak, unit_name(rate->unit),
           figures.per_day);
    if (view->expect_per_s > 0)
        printf(", %.0f expected", view->expect_per_s * DAY_S);
    printf("\n");
}

void rate_render(const struct cli *cli, const struct rate *rate, const struct rate_view *view)
{
    struct arena arena;
    arena_init(&arena);
    if (cli->json)
        print_json(&arena, rate, view);
    else if (view->csv)
        print_csv(&arena, rate, view);
    else
        print_table(&arena, rate, view);
    arena_release(&arena);
}

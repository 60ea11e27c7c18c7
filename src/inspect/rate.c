#include "inspect/rate.h"

#define DAY_MS 86400000.0

#define LEAST_MS 1000 /* what came at one moment tells nothing of shorter times */

static int64_t ends_ms(const struct rate *rate)
{
    return rate->has_end ? rate->ends_ms : rate->now_ms;
}

/* How much of a stretch is over, from when on something could arrive. */
static int64_t elapsed_ms(const struct rate *rate, int64_t from_ms, int64_t to_ms)
{
    if (to_ms > ends_ms(rate))
        to_ms = ends_ms(rate);
    if (rate->has_first && from_ms < rate->first_ms)
        from_ms = rate->first_ms;
    return to_ms > from_ms ? to_ms - from_ms : 0;
}

static int64_t at_least(int64_t ms)
{
    return ms < LEAST_MS ? LEAST_MS : ms;
}

static double skew(const struct rate *rate)
{
    int64_t all = 0;
    int64_t most = 0;
    size_t n = 0;
    for (size_t i = 0; i < rate->n_partitions; i++) {
        int64_t records = rate->partitions[i].records;
        if (records < 0)
            continue;
        n++;
        all += records;
        most = records > most ? records : most;
    }
    return all > 0 ? (double)most * (double)n / (double)all : 0;
}

static double per_unit(const struct rate *rate, int64_t records, int64_t ms)
{
    return (double)records * (double)unit_ms(rate->unit) / (double)at_least(ms);
}

/* What there is to draw figures from. */
struct basis {
    bool any_records;
    bool any_whole;
    bool whole_tell; /* enough: if only others hold records, they would tell of none */
};

static struct basis basis_of(const struct rate *rate)
{
    struct basis basis = {.any_records = false};
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        basis.any_whole |= slot->whole;
        basis.any_records |= slot->records > 0;
        basis.whole_tell |= slot->whole && slot->records > 0;
    }
    basis.whole_tell |= basis.any_whole && !basis.any_records;
    return basis;
}

static void take_peaks(struct rate_figures *figures, const struct rate *rate)
{
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        if ((double)slot->records <= figures->peak)
            continue;
        figures->peak = (double)slot->records;
        figures->peak_ms = slot->from_ms;
        figures->peak_whole = slot->whole;
    }
}

static void take_average(struct rate_figures *figures, const struct rate *rate, int64_t records)
{
    if (figures->measured_ms <= 0)
        return;
    figures->measured_ms = at_least(figures->measured_ms);
    figures->average_per_unit = per_unit(rate, records, figures->measured_ms);
    figures->per_day = (double)records * DAY_MS / (double)figures->measured_ms;
}

static void draw_from_whole(struct rate_figures *figures, const struct rate *rate)
{
    int64_t records = 0;
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        if (!slot->whole) {
            figures->left_out += slot->records;
            continue;
        }
        records += slot->records;
        figures->measured_ms += slot->to_ms - slot->from_ms;
        figures->now_per_unit = (double)slot->records;
    }
    take_average(figures, rate, records);
}

/* Slots and what is behind the last of them, until now: a unit of nothing there is not shown. */
static void draw_from_parts(struct rate_figures *figures, const struct rate *rate)
{
    int64_t records = 0;
    bool silent = false;
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        records += slot->records;
        silent = slot->records == 0 && (silent || slot->whole);
        if (rate->has_first || records > 0) /* before there was anything, nothing could arrive */
            figures->measured_ms += elapsed_ms(rate, slot->from_ms, slot->to_ms);
    }
    int64_t behind_ms = elapsed_ms(rate, rate->slots[rate->n_slots - 1].to_ms, INT64_MAX);
    figures->measured_ms += behind_ms;
    take_average(figures, rate, records);
    if (!silent && behind_ms < unit_ms(rate->unit))
        figures->now_per_unit = figures->average_per_unit;
    figures->peak_drawn = figures->peak < figures->average_per_unit;
}

/*
 * No record in any slot, and none is whole. Of a time from which some may be deleted that says
 * nothing, nor of one that is still to come.
 */
static void draw_from_nothing(struct rate_figures *figures, const struct rate *rate)
{
    int64_t until_ms = ends_ms(rate) < rate->now_ms ? ends_ms(rate) : rate->now_ms;
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        bool gone = rate->some_deleted && rate->has_first && slot->from_ms < rate->first_ms;
        int64_t to_ms = slot->to_ms < until_ms ? slot->to_ms : until_ms;
        if (!gone && to_ms > slot->from_ms)
            figures->measured_ms += to_ms - slot->from_ms;
    }
    if (figures->measured_ms < LEAST_MS)
        figures->measured_ms = 0;
}

struct rate_figures rate_figures(const struct rate *rate)
{
    struct basis basis = basis_of(rate);
    struct rate_figures figures = {.of_whole = basis.whole_tell,
                                   .peak_ms = rate->n_slots > 0 ? rate->slots[0].from_ms : 0};
    take_peaks(&figures, rate);
    if (basis.whole_tell)
        draw_from_whole(&figures, rate);
    else if (basis.any_records)
        draw_from_parts(&figures, rate);
    else
        draw_from_nothing(&figures, rate);
    if (figures.peak < figures.average_per_unit) /* of parts, or a day of 23 hours */
        figures.peak = figures.average_per_unit;
    figures.skew = skew(rate);
    return figures;
}

bool rate_ends_moved(const struct rate *rate)
{
    const struct rate_slot *last = &rate->slots[rate->n_slots - 1];
    if (last->records > 0)
        return !rate->has_first || rate->is_over;
    return rate->has_first && !rate->is_over && rate->newest_ms < last->from_ms &&
           rate->now_ms - rate->newest_ms >= RATE_SILENT_MS;
}

#include "inspect/rate.h"

#define DAY_MS 86400000.0

#define LEAST_MS 1000 /* what came at one moment tells nothing of shorter times */

/* How much of a slot is over, from when on something could arrive. */
static int64_t elapsed_ms(const struct rate *rate, const struct rate_slot *slot)
{
    int64_t ends_ms = rate->has_end ? rate->ends_ms : rate->now_ms;
    int64_t to_ms = slot->to_ms < ends_ms ? slot->to_ms : ends_ms;
    int64_t from_ms = slot->from_ms;
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

/* Whether whole slots tell enough: if only others hold records, they would tell of none. */
static bool whole_tell(const struct rate *rate)
{
    bool any_whole = false;
    bool any_records = false;
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        if (slot->whole && slot->records > 0)
            return true;
        any_whole |= slot->whole;
        any_records |= slot->records > 0;
    }
    return any_whole && !any_records;
}

static void take_peak(struct rate_figures *figures, const struct rate_slot *slot, double value)
{
    if (value <= figures->peak)
        return;
    figures->peak = value;
    figures->peak_ms = slot->from_ms;
    figures->peak_whole = slot->whole;
}

/* One that the average is of. */
static void take_slot(struct rate_figures *figures, const struct rate *rate,
                      const struct rate_slot *slot, int64_t *records)
{
    int64_t slot_ms = elapsed_ms(rate, slot);
    bool is_part = !figures->of_whole && slot_ms > 0;
    double rated = is_part ? per_unit(rate, slot->records, slot_ms) : (double)slot->records;
    take_peak(figures, slot, rated);
    *records += slot->records;
    figures->measured_ms += slot_ms;
    if (slot_ms > 0)
        figures->now_per_unit = rated;
}

struct rate_figures rate_figures(const struct rate *rate)
{
    struct rate_figures figures = {.of_whole = whole_tell(rate),
                                   .peak_ms = rate->n_slots > 0 ? rate->slots[0].from_ms : 0};
    int64_t records = 0;
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        if (figures.of_whole && !slot->whole) {
            figures.left_out += slot->records;
            take_peak(&figures, slot, (double)slot->records);
        } else if (rate->has_first || records > 0 || slot->records > 0) {
            /* Before there was anything, nothing could arrive. */
            take_slot(&figures, rate, slot, &records);
        }
    }
    if (figures.measured_ms > 0) {
        figures.measured_ms = at_least(figures.measured_ms);
        figures.average_per_unit = per_unit(rate, records, figures.measured_ms);
        figures.per_day = (double)records * DAY_MS / (double)figures.measured_ms;
    }
    if (figures.peak < figures.average_per_unit) /* a day of 23 hours */
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

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

struct rate_figures rate_figures(const struct rate *rate)
{
    struct rate_figures figures = {.peak_ms = rate->n_slots > 0 ? rate->slots[0].from_ms : 0};
    int64_t records = 0;
    int64_t ms = 0;
    bool any_whole = false;
    for (size_t i = 0; i < rate->n_slots; i++)
        any_whole |= rate->slots[i].whole;
    for (size_t i = 0; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        int64_t slot_ms = elapsed_ms(rate, slot);
        if (any_whole ? !slot->whole : records == 0 && slot->records == 0)
            continue; /* before there was anything, nothing could arrive */
        records += slot->records;
        ms += slot_ms;
        if (slot->records > figures.peak) {
            figures.peak = slot->records;
            figures.peak_ms = slot->from_ms;
        }
        if (slot_ms > 0)
            figures.now_per_unit = any_whole ? (double)slot->records
                                             : (double)slot->records * (double)unit_ms(rate->unit) /
                                                   (double)at_least(slot_ms);
    }
    if (ms > 0) {
        ms = at_least(ms);
        figures.average_per_unit = (double)records * (double)unit_ms(rate->unit) / (double)ms;
        figures.per_day = (double)records * DAY_MS / (double)ms;
    }
    figures.skew = skew(rate);
    return figures;
}

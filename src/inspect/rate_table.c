#include "inspect/rate_table.h"

#include <stdlib.h>
#include <string.h>

struct rate_table {
    const struct rate_table_request *request;
    struct rate_wish wish;
    struct time_count *count;
};

/* A date knows nothing finer than days. */
static int settle_unit(struct rate_table *table, struct err *err)
{
    const struct time_column *column = time_count_column(table->count);
    struct rate_wish *wish = &table->wish;
    wish->all_is_read = true;
    if (column->kind != TIME_DAY)
        return 0;
    if (wish->has_unit && wish->unit != UNIT_DAY)
        return err_set(err, ERR_USAGE, "%s of %s is a date, which knows days alone: --per day",
                       column->name, column->table);
    wish->has_unit = true;
    wish->unit = UNIT_DAY;
    return 0;
}

int rate_table_open(struct rate_table **out, const struct rate_table_request *request,
                    struct err *err)
{
    struct rate_table *table = calloc(1, sizeof *table);
    if (!table)
        return err_set(err, ERR_BUG, "no memory for a table");
    table->request = request;
    table->wish = request->wish;
    if (time_count_open(&table->count, &request->source, err) < 0 || settle_unit(table, err) < 0) {
        rate_table_close(table);
        return -1;
    }
    *out = table;
    return 0;
}

void rate_table_close(struct rate_table *table)
{
    if (!table)
        return;
    time_count_close(table->count);
    free(table);
}

const struct time_column *rate_table_column(const struct rate_table *table)
{
    return time_count_column(table->count);
}

static bool is_open(const struct rate_wish *wish)
{
    return wish->from_ms == RATE_OPEN && wish->to_ms == RATE_OPEN && wish->last_ms == RATE_OPEN;
}

/* A text that is no time in any row is a mistake of the question. */
static int check_readable(struct rate_table *table, const struct rate *rate,
                          const struct rate_table_notes *notes, struct err *err)
{
    const struct time_column *column = time_count_column(table->count);
    int64_t readable = rate->earlier + rate->later;
    for (size_t i = 0; i < rate->n_slots; i++)
        readable += rate->slots[i].records;
    if (notes->unreadable == 0 || readable > 0)
        return 0;
    const char *others = time_count_others(table->count);
    return err_set(err, ERR_USAGE,
                   "%s of %s is %s, and none of its values has the form of a time (2026-11-26 "
                   "14:53:07); %s%s",
                   column->name, column->table, column->type,
                   *others ? "the table's times are in "
                           : "no other column of the table is known to hold times",
                   others);
}

/* Ask for the rows of all slots from the one at `first` on. */
static int count_from(struct rate_table *table, struct arena *arena, struct rate *rate,
                      size_t first, const struct time_stretch *how, struct time_tally *tally,
                      struct err *err)
{
    size_t n = rate->n_slots - first;
    struct time_stretch stretch = *how;
    int64_t *borders = arena_alloc(arena, (n + 1) * sizeof *borders);
    *tally = (struct time_tally){.slots = arena_alloc(arena, n * sizeof *tally->slots)};
    for (size_t i = 0; i < n; i++)
        borders[i] = rate->slots[first + i].from_ms;
    borders[n] = rate->slots[rate->n_slots - 1].to_ms;
    stretch.borders_ms = borders;
    stretch.n_borders = n + 1;
    if (time_count_between(table->count, &stretch, tally, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        rate->slots[first + i].records = tally->slots[i];
    return 0;
}

/*
 * Of an open stretch all rows are counted; else those outside of it are not looked at, because an
 * index may lead to the others. A text is looked at as a whole in any case.
 */
int rate_table_count(struct rate_table *table, struct arena *arena, int64_t now_ms,
                     struct rate *out, struct rate_table_notes *notes, struct err *err)
{
    const struct rate_table_request *request = table->request;
    const struct rate_wish *wish = &table->wish;
    bool all = is_open(wish) || time_count_column(table->count)->kind == TIME_WRITTEN;
    struct rate_held held = {.of_days = time_count_column(table->count)->kind == TIME_DAY};
    struct time_tally tally;
    const struct time_stretch how = {.before = all, .after = all, .rest = true};
    *notes = (struct rate_table_notes){.cut = false};
    *out = (struct rate){.timezone = request->source.timezone,
                         .now_ms = now_ms,
                         .exact = true,
                         .earlier = RATE_UNKNOWN,
                         .later = RATE_UNKNOWN,
                         .distinct_keys = RATE_UNKNOWN};
    if (time_count_range(table->count, &held.oldest_ms, &held.newest_ms, &held.any, err) < 0 ||
        rate_plan(out, arena, wish, request->tz, &held, &notes->cut, err) < 0 ||
        count_from(table, arena, out, 0, &how, &tally, err) < 0)
        return -1;
    table->wish.slides = wish->again;
    notes->nulls = tally.nulls;
    notes->unreadable = tally.unreadable;
    if (all) {
        out->earlier = tally.before;
        out->later = tally.after;
    }
    return check_readable(table, out, notes, err);
}

int rate_table_count_last(struct rate_table *table, int64_t now_ms, struct rate *rate,
                          struct err *err)
{
    const struct time_stretch how = {.after = rate->later != RATE_UNKNOWN};
    struct arena arena;
    struct time_tally tally;
    arena_init(&arena);
    int rc = count_from(table, &arena, rate, rate->n_slots - 1, &how, &tally, err);
    arena_release(&arena);
    if (rc < 0)
        return -1;
    rate->now_ms = now_ms;
    if (rate->later != RATE_UNKNOWN)
        rate->later = tally.after;
    return rate_ends_moved(rate) ? 1 : 0;
}

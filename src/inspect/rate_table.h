/*
 * How many rows of a table fall into each time unit, by one of its columns: counted by the
 * database, in one pass; see sink/time_count.h for what a time is there.
 *
 * One thread; a signal cancels what is under way (ERR_OUTAGE).
 */
#ifndef WEIR_INSPECT_RATE_TABLE_H
#define WEIR_INSPECT_RATE_TABLE_H

#include "inspect/rate_plan.h"
#include "sink/time_count.h"

struct rate_table;

struct rate_table_request {
    struct time_count_request source;
    const struct tz *tz; /* of source.timezone */
    struct rate_wish wish;
};

/* `request` and what it names must outlive it. Errors are those of time_count_open(). */
int rate_table_open(struct rate_table **out, const struct rate_table_request *request,
                    struct err *err);
void rate_table_close(struct rate_table *table);
const struct time_column *rate_table_column(const struct rate_table *table);

/* What a person should be told beside the numbers. */
struct rate_table_notes {
    bool cut;           /* there is more before the first slot than was shown */
    int64_t nulls;      /* rows without a time */
    int64_t unreadable; /* rows whose text is no time */
};

/*
 * Count, with rate.now_ms as now; everything in `out` lies in the arena. ERR_USAGE: too many
 * slots, or a unit that the column cannot tell.
 */
int rate_table_count(struct rate_table *table, struct arena *arena, int64_t now_ms,
                     struct rate *out, struct rate_table_notes *notes, struct err *err);
/* The last slot and what is behind it again, at another time. 1: rate_ends_moved(), count all. */
int rate_table_count_last(struct rate_table *table, int64_t now_ms, struct rate *rate,
                          struct err *err);

#endif

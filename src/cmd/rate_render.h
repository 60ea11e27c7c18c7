/*
 * What `weir rate` shows: a line with a bar for each slot of time and the figures below them; -J's
 * object; CSV.
 *
 * Times are shown in the zone that was asked for; where its clocks change within the stretch, with
 * their offset. For programs they are RFC 3339 with the offset.
 */
#ifndef WEIR_CMD_RATE_RENDER_H
#define WEIR_CMD_RATE_RENDER_H

#include "base/arena.h"
#include "base/buf.h"
#include "cmd/cli.h"
#include "inspect/rate_table.h"
#include "sink/tz.h"

#include <stdbool.h>
#include <stddef.h>

/* All borrowed. */
struct rate_view {
    const struct rate *rate;
    const struct tz *tz; /* that times are shown in */
    const char *topic;   /* or NULL */
    const char *table;   /* or NULL, and its column */
    const char *column;
    double expect_per_s;                     /* --expect; 0: none */
    const struct rate_table_notes *of_table; /* NULL: of a topic */
    const char *const *remarks; /* what else there is to say, sentences without a full stop */
    size_t n_remarks;
    bool csv;
};

/*
 * Onto stdout, in the form that was asked for; what CSV has no place for onto stderr. That nobody
 * reads it is no error. 0 or -1.
 */
int rate_render(const struct cli *cli, const struct rate_view *view, struct err *err);

/* ---- the forms ---- */

/* How much is told. */
enum rate_detail {
    RATE_WITH_REMARKS, /* the table, the figures and the remarks */
    RATE_WITH_FIGURES,
    RATE_SLOTS_ALONE, /* the table */
};

struct rate_look {
    size_t screen_columns; /* bars end there */
    size_t max_slots;      /* the last ones alone; 0: all */
    bool utf8;             /* bars of block characters, else of # */
    enum rate_detail detail;
};

/* The table, then as much as the look asks for. */
void rate_render_text(const struct rate_view *view, const struct rate_look *look,
                      struct arena *arena, struct buf *out);
/* One line for a log, without its end: the last unit that is over, the one under way, a day. */
void rate_render_line(const struct rate_view *view, struct arena *arena, struct buf *out);
/* One object in a line. */
void rate_render_json(const struct rate_view *view, struct arena *arena, struct buf *out);
void rate_render_csv(const struct rate_view *view, struct arena *arena, struct buf *out);

/* ---- parts of it ---- */

/* A time for people, no longer than it must be: 2026-11-26 for a day's begin, 2026-11-26 14:00 */
const char *rate_time_text(const struct rate_view *view, struct arena *arena, int64_t ms);
/* For programs: 2026-11-26T14:00:00+02:00 */
const char *rate_time_rfc(const struct rate_view *view, struct arena *arena, int64_t ms);
/* "10,800/day at this rate, 10,000 expected: 800 over (8%)" */
const char *rate_day_text(const struct rate_view *view, struct arena *arena);
/* What makes the counts less than exact, or asks for attention: sentences without a full stop. */
size_t rate_remarks(const struct rate_view *view, struct arena *arena, const char *const **out);
/* Those alone that a count should not be taken without. */
size_t rate_cautions(const struct rate_view *view, struct arena *arena, const char *const **out);

#endif

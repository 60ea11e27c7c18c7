/*
 * A rate again each second. On a terminal the table is drawn over the last one: the newest of its
 * slots that there is room for, on a small one without the remarks or the figures; elsewhere each
 * second is a line, or with -J an object in a line.
 *
 * Only the last slot is asked for again, because only there something can arrive; when it is over,
 * or the first record came, or what arrives began or ended, everything is, so the stretch moves on,
 * what came late is found and what was deleted is gone. An outage is told once and waited for,
 * unless nothing was shown before.
 */
#ifndef WEIR_CMD_RATE_LIVE_H
#define WEIR_CMD_RATE_LIVE_H

#include "cmd/rate_render.h"

/* Slots of a stretch that nobody asked for. */
#define RATE_LIVE_SLOTS 20

struct rate_source {
    void *context;
    /* Everything: `rate` is filled in and lies in the arena, and the view's remarks too. */
    int (*count)(void *context, struct arena *arena, int64_t now_ms, struct rate *rate,
                 struct err *err);
    /* The last slot again, within `rate`; 1: that does not do, everything must be counted. */
    int (*count_last)(void *context, int64_t now_ms, struct rate *rate, struct err *err);
};

/*
 * Until a signal asks to stop or nobody reads: 0. -1: an error that is no outage, or the first
 * count failed. `view` has all but the rate; what its source changes there is seen.
 */
int rate_live(const struct cli *cli, const struct rate_view *view, const struct rate_source *source,
              struct err *err);

#endif

/*
 * The slots of a rate: from what a person asked for, and what there is to count.
 *
 * Asked for is a unit and a stretch, each of which may be left open. An open stretch is all that
 * there is, an open unit the finest with which there are RATE_AUTO_SLOTS slots at most. --last and
 * what is open begin and end at borders; --from and --to cut where they say.
 *
 * Where borders are asked of a broker there are RATE_MAX_BORDERS at most. More are ERR_USAGE,
 * unless nothing at all was asked for, or it slides: then the stretch begins later (`cut`).
 */
#ifndef WEIR_INSPECT_RATE_PLAN_H
#define WEIR_INSPECT_RATE_PLAN_H

#include "base/arena.h"
#include "inspect/rate.h"

#define RATE_AUTO_SLOTS 60
#define RATE_MAX_BORDERS 200
#define RATE_MAX_BORDERS_READ 10000 /* where all is read, or a database counts */
#define RATE_OPEN INT64_MIN

struct rate_wish {
    bool has_unit;
    enum time_unit_kind unit;
    int64_t from_ms; /* RATE_OPEN */
    int64_t to_ms;
    int64_t last_ms;  /* so long a time before now; RATE_OPEN. Alone, without the other two */
    bool all_is_read; /* RATE_MAX_BORDERS_READ holds */
    bool again;       /* asked for again and again: reading all is no way */
    bool slides;      /* one that has grown too long since begins later (`cut`) */
};

/* Times of the oldest and the newest record that there is. */
struct rate_held {
    bool any;
    int64_t oldest_ms;
    int64_t newest_ms;
    bool of_days;        /* times are days' begins: what counts for a day is there for all of it */
    bool some_deleted;   /* of a part, which began before */
    int64_t complete_ms; /* then: from when on no part has lost any, as far as is known */
};

/*
 * Make slots, without records, and the unit, into `rate`, whose now_ms is set; times that no
 * calendar shows are brought within the years 1 to 9999.
 */
int rate_plan(struct rate *rate, struct arena *arena, const struct rate_wish *wish,
              const struct tz *tz, const struct rate_held *held, bool *cut, struct err *err);

#endif

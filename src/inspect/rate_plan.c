#include "inspect/rate_plan.h"

#include "base/civil.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FIRST_MS (INT64_C(-62135596800) * 1000) /* 0001-01-01 */
#define DAY_S 86400
#define LAST_MS (INT64_C(253402128000) * 1000) /* 9999-12-30 */

static int64_t in_calendar(int64_t ms)
{
    return ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms;
}

/* A stretch, and which of its ends lie where a person said. */
struct stretch {
    int64_t from_ms;
    int64_t to_ms;
    bool from_exact;
    bool to_exact;
};

static bool is_open(const struct rate_wish *wish)
{
    return wish->from_ms == RATE_OPEN && wish->to_ms == RATE_OPEN && wish->last_ms == RATE_OPEN;
}

/*
 * All that is there. A sender whose clock is ahead, or who counts microseconds for milliseconds,
 * must not push the rest out of sight: what is behind now is left out, unless there is nothing
 * else.
 */
static struct stretch all_of(const struct rate_wish *wish, const struct rate_held *held,
                             int64_t now_ms)
{
    if (!held->any && wish->to_ms != RATE_OPEN && wish->to_ms <= now_ms)
        return (struct stretch){.from_ms = wish->to_ms - 1};
    if (!held->any)
        return (struct stretch){.from_ms = now_ms, .to_ms = now_ms + 1};
    int64_t oldest_ms = in_calendar(held->oldest_ms);
    int64_t newest_ms = in_calendar(held->newest_ms);
    if (newest_ms > now_ms && oldest_ms <= now_ms)
        newest_ms = now_ms;
    /* A border may be the end of a stretch; a record that lies on it belongs behind it. */
    return (struct stretch){.from_ms = oldest_ms, .to_ms = newest_ms + 1};
}

static struct stretch stretch_of(const struct rate_wish *wish, const struct rate_held *held,
                                 int64_t now_ms)
{
    struct stretch s = all_of(wish, held, now_ms);
    if (!is_open(wish))
        s.to_ms = now_ms + 1;
    if (wish->last_ms != RATE_OPEN)
        s.from_ms = in_calendar(now_ms - wish->last_ms);
    if (wish->from_ms != RATE_OPEN) {
        s.from_ms = wish->from_ms;
        s.from_exact = true;
    }
    if (wish->to_ms != RATE_OPEN) {
        s.to_ms = wish->to_ms;
        s.to_exact = true;
    }
    return s;
}

/* As --from and --to take it, in the zone of the rows. */
static const char *time_text(char out[32], const struct tz *tz, int64_t ms)
{
    int64_t utc_s = floor_div(in_calendar(ms), 1000);
    int64_t local_s = utc_s + tz_offset_at(tz, utc_s);
    struct civil date = civil_from_days(floor_div(local_s, DAY_S));
    int of_day = (int)floor_mod(local_s, DAY_S);
    snprintf(out, 32, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d", date.year, date.month, date.day,
             of_day / 3600, of_day / 60 % 60, of_day % 60);
    return out;
}

static int check_order(const struct stretch *s, const struct rate_wish *wish, const struct tz *tz,
                       int64_t now_ms, struct err *err)
{
    char from[32];
    char to[32];
    if (s->from_ms < s->to_ms)
        return 0;
    time_text(from, tz, s->from_ms);
    time_text(to, tz, s->to_ms);
    if (wish->from_ms != RATE_OPEN && wish->to_ms != RATE_OPEN)
        return err_set(err, ERR_USAGE,
                       "--from (%s) is not before --to (%s): name an earlier begin or a later end",
                       from, to);
    if (wish->from_ms != RATE_OPEN)
        return err_set(err, ERR_USAGE,
                       "--from (%s) is in the future, it is %s: name an earlier time, or --to too "
                       "for what is ahead of the clock",
                       from, time_text(to, tz, now_ms));
    return err_set(err, ERR_USAGE,
                   "--to (%s) is not behind the first that is there, of %s: name a later time, or "
                   "--from too",
                   to, from);
}

static size_t count_borders(const struct tz *tz, enum time_unit_kind unit, const struct stretch *s)
{
    int64_t few[RATE_MAX_BORDERS];
    return borders_between(tz, unit, s->from_ms, s->to_ms, few, RATE_MAX_BORDERS);
}

static enum time_unit_kind finest(const struct tz *tz, const struct stretch *s)
{
    enum time_unit_kind unit = UNIT_SECOND;
    while (unit < UNIT_DAY && count_borders(tz, unit, s) > RATE_AUTO_SLOTS + 1)
        unit++;
    return unit;
}

/* What would make it few enough. */
static int too_many(const struct tz *tz, const struct rate_wish *wish, enum time_unit_kind unit,
                    const struct stretch *s, size_t n, struct err *err)
{
    size_t max = wish->all_is_read ? RATE_MAX_BORDERS_READ : RATE_MAX_BORDERS;
    enum time_unit_kind coarser = unit;
    char coarser_way[64] = "";
    const char *read_way = "";
    while (coarser < UNIT_DAY && count_borders(tz, coarser, s) > max)
        coarser++;
    if (coarser > unit && count_borders(tz, coarser, s) <= max)
        snprintf(coarser_way, sizeof coarser_way, "a coarser unit (--per %s), ",
                 unit_name(coarser));
    if (n <= RATE_MAX_BORDERS_READ && !wish->all_is_read && !wish->again)
        read_way = "--exact, which reads all records, ";
    return err_set(err, ERR_USAGE,
                   "%zu borders, one each %s, are more than the %zu that are %s: take %s%s%sa "
                   "shorter stretch (--last %zu%c)",
                   n, unit_name(unit), max, wish->all_is_read ? "counted" : "asked for",
                   coarser_way, read_way, *coarser_way || *read_way ? "or " : "", max - 2,
                   unit_name(unit)[0]);
}

/*
 * Nothing in the unit that runs. All that is there ends with its newest record in any case; a
 * stretch goes on, and a feed that is only slow must not seem to end at each border of time.
 */
static bool is_over(const struct rate *rate, const struct rate_wish *wish, const struct stretch *s,
                    const struct rate_held *held, const struct tz *tz)
{
    return held->any && held->newest_ms < border_before(tz, rate->unit, rate->now_ms) &&
           held->newest_ms < s->to_ms &&
           (is_open(wish) || rate->now_ms - held->newest_ms >= RATE_SILENT_MS);
}

/* What struct rate knows of where arriving began and ended. */
static void set_ends(struct rate *rate, const struct rate_wish *wish, const struct stretch *s,
                     const struct rate_held *held, const struct tz *tz)
{
    bool is_future = s->from_ms > rate->now_ms;
    rate->is_over = is_over(rate, wish, s, held, tz);
    rate->newest_ms = held->any ? in_calendar(held->newest_ms) : 0;
    rate->has_first = held->any;
    rate->first_ms = held->any ? in_calendar(held->oldest_ms) : 0;
    rate->some_deleted = held->some_deleted;
    rate->has_end = is_future || (s->to_exact && s->to_ms < rate->now_ms);
    rate->ends_ms = rate->has_end ? s->to_ms : 0;
}

/* Whether all of a slot that begins then is still there. */
static bool is_held(const struct rate_held *held, int64_t from_ms)
{
    return held->any && from_ms >= held->oldest_ms &&
           (!held->some_deleted || from_ms >= held->complete_ms);
}

/* Whether what arrived ends within a slot, so that it may have been there for a part of it. */
static bool ends_in(const struct rate *rate, int64_t from_ms, int64_t to_ms)
{
    return rate->is_over && rate->newest_ms >= from_ms && rate->newest_ms + 1 < to_ms;
}

static void make_slots(struct rate *rate, struct arena *arena, const struct stretch *s,
                       int64_t *borders, size_t n, const struct rate_held *held,
                       const struct tz *tz)
{
    if (s->from_exact)
        borders[0] = s->from_ms;
    if (s->to_exact)
        borders[n - 1] = s->to_ms;
    rate->n_slots = n - 1;
    rate->slots = arena_alloc(arena, n * sizeof *rate->slots);
    for (size_t i = 0; i + 1 < n; i++) {
        int64_t from_ms = borders[i];
        int64_t to_ms = borders[i + 1];
        bool full = border_before(tz, rate->unit, from_ms) == from_ms &&
                    border_after(tz, rate->unit, from_ms) == to_ms;
        rate->slots[i] = (struct rate_slot){
            .from_ms = from_ms,
            .to_ms = to_ms,
            .whole = full && to_ms <= rate->now_ms && is_held(held, from_ms) &&
                     (held->of_days || !ends_in(rate, from_ms, to_ms)),
            .bytes = RATE_UNKNOWN,
            .smallest = RATE_UNKNOWN,
            .largest = RATE_UNKNOWN,
            .distinct_keys = RATE_UNKNOWN,
        };
    }
}

int rate_plan(struct rate *rate, struct arena *arena, const struct rate_wish *wish,
              const struct tz *tz, const struct rate_held *held, bool *cut, struct err *err)
{
    struct stretch s = stretch_of(wish, held, rate->now_ms);
    size_t max = wish->all_is_read ? RATE_MAX_BORDERS_READ : RATE_MAX_BORDERS;
    if (check_order(&s, wish, tz, rate->now_ms, err) < 0)
        return -1;
    rate->unit = wish->has_unit ? wish->unit : finest(tz, &s);
    int64_t *borders = arena_alloc(arena, max * sizeof *borders);
    size_t n = borders_between(tz, rate->unit, s.from_ms, s.to_ms, borders, max);
    *cut = n > max && (wish->slides || (!wish->has_unit && is_open(wish)));
    if (*cut) {
        /* Days may be short: some borders are left for that. */
        int64_t slots = wish->slides ? (int64_t)max - 4 : RATE_AUTO_SLOTS - 1;
        s.from_ms = s.to_ms - slots * unit_ms(rate->unit);
        s.from_exact = false;
        n = borders_between(tz, rate->unit, s.from_ms, s.to_ms, borders, max);
    }
    if (n > max)
        return too_many(tz, wish, rate->unit, &s, n, err);
    rate->everything = is_open(wish) && !*cut;
    set_ends(rate, wish, &s, held, tz);
    make_slots(rate, arena, &s, borders, n, held, tz);
    return 0;
}

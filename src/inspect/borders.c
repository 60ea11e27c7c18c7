#include "inspect/borders.h"

#include "base/civil.h"
#include "base/suggest.h"

#include <string.h>

#define DAY_S INT64_C(86400)

static const struct {
    const char *name;
    int64_t seconds; /* of a day without a change of clocks */
} units[] = {
    [UNIT_SECOND] = {"second", 1},
    [UNIT_MINUTE] = {"minute", 60},
    [UNIT_HOUR] = {"hour", 3600},
    [UNIT_DAY] = {"day", DAY_S},
};
#define N_UNITS (sizeof units / sizeof *units)

const char *unit_name(enum time_unit_kind unit)
{
    return units[unit].name;
}

int64_t unit_ms(enum time_unit_kind unit)
{
    return units[unit].seconds * 1000;
}

int unit_parse(const char *text, enum time_unit_kind *unit, struct err *err)
{
    const char *names[N_UNITS];
    for (size_t i = 0; i < N_UNITS; i++) {
        names[i] = units[i].name;
        if (!strcmp(text, names[i])) {
            *unit = (enum time_unit_kind)i;
            return 0;
        }
    }
    const char *nearest = suggest_nearest(text, names, N_UNITS);
    if (nearest)
        return err_set(err, ERR_USAGE, "\"%s\" is no unit; did you mean \"%s\"?", text, nearest);
    return err_set(err, ERR_USAGE, "\"%s\" is no unit: write second, minute, hour or day", text);
}

/* ---- days ---- */

/* When the local day begins: at its midnight, or at the change that leaves midnight out. */
static int64_t day_begin_s(const struct tz *tz, int64_t day)
{
    int64_t midnight_s = day * DAY_S;
    return midnight_s - tz_offset_of_local(tz, midnight_s);
}

/* The last day that has begun; not always the date that clocks show, which go back over midnight.
 */
static int64_t day_at(const struct tz *tz, int64_t at_s)
{
    int64_t day = floor_div(at_s + tz_offset_at(tz, at_s), DAY_S);
    while (day_begin_s(tz, day) > at_s)
        day--;
    while (day_begin_s(tz, day + 1) <= at_s)
        day++;
    return day;
}

static int64_t day_after_s(const struct tz *tz, int64_t at_s)
{
    return day_begin_s(tz, day_at(tz, at_s) + 1);
}

/* ---- hours and less ---- */

/* The first second after `from_s`, and not after `to_s`, with another offset; those two have. */
static int64_t change_s(const struct tz *tz, int64_t from_s, int64_t to_s)
{
    int32_t before = tz_offset_at(tz, from_s);
    while (to_s - from_s > 1) {
        int64_t middle = from_s + (to_s - from_s) / 2;
        if (tz_offset_at(tz, middle) == before)
            from_s = middle;
        else
            to_s = middle;
    }
    return to_s;
}

/* Where clocks that are always `offset_s` ahead show a full unit, at or before a time. */
static int64_t full_at_or_before(int64_t at_s, int32_t offset_s, int64_t unit_s)
{
    return floor_div(at_s + offset_s, unit_s) * unit_s - offset_s;
}

static int64_t part_of_day_before_s(const struct tz *tz, int64_t unit_s, int64_t at_s)
{
    int64_t border_s = full_at_or_before(at_s, tz_offset_at(tz, at_s), unit_s);
    if (tz_offset_at(tz, border_s) == tz_offset_at(tz, at_s))
        return border_s;
    int64_t changed_s = change_s(tz, border_s, at_s);
    if (border_s == changed_s)
        return border_s;
    /* Clocks changed by less than a unit: the last full one was shown before. */
    return full_at_or_before(changed_s - 1, tz_offset_at(tz, changed_s - 1), unit_s);
}

static int64_t part_of_day_after_s(const struct tz *tz, int64_t unit_s, int64_t at_s)
{
    int64_t border_s = full_at_or_before(at_s, tz_offset_at(tz, at_s), unit_s) + unit_s;
    if (tz_offset_at(tz, border_s) == tz_offset_at(tz, at_s))
        return border_s;
    int64_t changed_s = change_s(tz, at_s, border_s);
    int32_t offset_s = tz_offset_at(tz, changed_s);
    return full_at_or_before(changed_s + unit_s - 1, offset_s, unit_s);
}

/* ---- both ---- */

int64_t border_before(const struct tz *tz, enum time_unit_kind unit, int64_t ms)
{
    int64_t at_s = floor_div(ms, 1000);
    if (unit == UNIT_DAY)
        return day_begin_s(tz, day_at(tz, at_s)) * 1000;
    return part_of_day_before_s(tz, units[unit].seconds, at_s) * 1000;
}

int64_t border_after(const struct tz *tz, enum time_unit_kind unit, int64_t ms)
{
    int64_t at_s = floor_div(ms, 1000);
    if (unit == UNIT_DAY)
        return day_after_s(tz, at_s) * 1000;
    return part_of_day_after_s(tz, units[unit].seconds, at_s) * 1000;
}

size_t borders_between(const struct tz *tz, enum time_unit_kind unit, int64_t from_ms,
                       int64_t to_ms, int64_t *out, size_t max)
{
    int64_t border_ms = border_before(tz, unit, from_ms);
    size_t n = 0;
    for (;; border_ms = border_after(tz, unit, border_ms)) {
        if (n < max)
            out[n] = border_ms;
        n++;
        if (border_ms >= to_ms)
            return n;
        if (n > max)
            return n + (size_t)((to_ms - border_ms - 1) / unit_ms(unit)) + 1;
    }
}

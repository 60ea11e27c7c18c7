/*
 * Borders of time: where seconds, minutes, hours and days begin in a time zone. Days are as long as
 * they are there (23 or 25 hours when clocks change); an hour is 3600 seconds, and begins where the
 * local clock shows a full one (with an offset of 5:30, at half past in UTC). Where clocks change
 * by half an hour, that hour is half an hour longer.
 *
 * A day begins at midnight; where clocks go back over it, at the second one; where they leave it
 * out, at the change. A day that a country left out (Samoa's 30 December 2011) has no border.
 */
#ifndef WEIR_INSPECT_BORDERS_H
#define WEIR_INSPECT_BORDERS_H

#include "base/err.h"
#include "sink/tz.h"

#include <stddef.h>
#include <stdint.h>

enum time_unit_kind { UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY };

/* "second", "minute", "hour", "day"; ERR_USAGE names the nearest. */
int unit_parse(const char *text, enum time_unit_kind *unit, struct err *err);
const char *unit_name(enum time_unit_kind unit);
/* How long it is; a day on which no clock changes. */
int64_t unit_ms(enum time_unit_kind unit);

/* The border at or before a time, and the next one after it; milliseconds since 1970 UTC. */
int64_t border_before(const struct tz *tz, enum time_unit_kind unit, int64_t ms);
int64_t border_after(const struct tz *tz, enum time_unit_kind unit, int64_t ms);

/*
 * All borders from the one at or before `from_ms` to the one at or after `to_ms`, into `out`, which
 * has room for `max`; returns how many there are, which may be more than max (then not to the
 * last).
 */
size_t borders_between(const struct tz *tz, enum time_unit_kind unit, int64_t from_ms,
                       int64_t to_ms, int64_t *out, size_t max);

#endif

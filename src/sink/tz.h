/*
 * Local time to UTC by the tz database (RFC 8536), without touching the process's own time zone.
 *
 * A skipped local time is read with the offset before the change, an ambiguous one with the offset
 * after it, as PostgreSQL does.
 */
#ifndef WEIR_SINK_TZ_H
#define WEIR_SINK_TZ_H

#include "base/err.h"

#include <stdint.h>

struct tz;

/*
 * `name`: "UTC", an offset ("+02", "-05:30", east is positive) or an IANA name, which is looked up
 * in $TZDIR or /usr/share/zoneinfo. ERR_USAGE if there is no such zone.
 */
int tz_open(struct tz **tz, const char *name, struct err *err);
void tz_free(struct tz *tz);

/* Seconds east of UTC at a local time, given as seconds since 1970-01-01 00:00 local. */
int32_t tz_offset_of_local(const struct tz *tz, int64_t local_s);
/* The same at an instant. */
int32_t tz_offset_at(const struct tz *tz, int64_t utc_s);

#endif

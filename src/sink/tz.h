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
 * in $TZDIR or /usr/share/zoneinfo. ERR_USAGE if there is no such zone; the nearest is named.
 */
int tz_open(struct tz **tz, const char *name, struct err *err);
/*
 * The machine's, and its name for people: $TZ as the C library reads it (a name, ":name", a rule
 * such as EET-2EEST,M3.5.0/3,M10.5.0/4, or empty for UTC), else where the link /etc/localtime
 * leads, else what /etc/timezone names, else UTC. ERR_USAGE if that is no time zone.
 */
#define TZ_NAME_BYTES 128
int tz_open_machine(struct tz **tz, char name[TZ_NAME_BYTES], struct err *err);
/* The same with other places, for tests; `variable` may be NULL. */
int tz_open_machine_of(struct tz **tz, char name[TZ_NAME_BYTES], const char *variable,
                       const char *etc, struct err *err);
void tz_free(struct tz *tz);

/* Seconds east of UTC at a local time, given as seconds since 1970-01-01 00:00 local. */
int32_t tz_offset_of_local(const struct tz *tz, int64_t local_s);
/* The same at an instant. */
int32_t tz_offset_at(const struct tz *tz, int64_t utc_s);

#endif

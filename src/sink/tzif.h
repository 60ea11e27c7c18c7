/* What a TZif file (RFC 8536) says, as tz.c needs it. Private to src/sink. */
#ifndef WEIR_SINK_TZIF_H
#define WEIR_SINK_TZIF_H

#include "base/slice.h"
#include "sink/tz.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tz_rule_kind {
    RULE_JULIAN,     /* Jn: 1..365, 29 February is never counted */
    RULE_ZERO_BASED, /* n: 0..365 */
    RULE_MONTH_WEEK, /* Mm.w.d: weekday d of week w (5: the last) of month m */
};
struct tz_rule_date {
    enum tz_rule_kind kind;
    int month;
    int week;
    int day;
    int32_t time_s; /* local time of the change, may be negative or past the day's end */
};

/* The POSIX TZ string in the file's footer: what holds after the last listed change. */
struct tz_rule {
    int32_t std_offset_s; /* east of UTC */
    int32_t dst_offset_s;
    bool has_dst;
    struct tz_rule_date start;
    struct tz_rule_date end;
};

struct tz {
    int64_t *at;       /* UTC seconds, ascending */
    int32_t *offset_s; /* from at[i] on */
    size_t n_changes;
    int32_t first_offset_s; /* before the first change */
    bool has_rule;
    struct tz_rule rule;
};

/* Parse a whole file; false if it is not well-formed. */
bool tzif_parse(struct tz *tz, struct slice file);
/* Parse "EET-2EEST,M3.5.0/3,M10.5.0/4"; false if it is not well-formed. */
bool tz_rule_parse(struct tz_rule *rule, struct slice text);

/* The name below the database's folder that a mistyped one was most likely meant to be. */
bool tz_nearest(const char *folder, const char *name, char out[TZ_NAME_BYTES]);

#endif

/*
 * Dates and times as ISO 8601 (extended format) writes them, read as PostgreSQL would.
 *
 *     2024-05-01   2024-05-01T10:00:00.123456Z   2024-05-01 10:00+02:00   10:00:00   infinity
 */
#ifndef WEIR_SINK_DATETIME_H
#define WEIR_SINK_DATETIME_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_SECOND)
/* PostgreSQL counts from 2000-01-01. */
#define DAYS_1970_TO_2000 INT64_C(10957)

struct datetime {
    int infinite; /* -1, 1; 0: a time like any other */
    bool has_date;
    bool has_time;
    bool has_offset;
    int64_t day;      /* since 1970-01-01 */
    int64_t time_us;  /* since midnight; 24:00:00 and a leap second pass the day's end */
    int32_t offset_s; /* east of UTC */
};

/* NULL, or what is wrong with the text; *sqlstate is set then. */
const char *datetime_parse(struct slice text, struct datetime *out, const char **sqlstate);

/* Room for the longest of these texts. */
#define DATETIME_TEXT_BYTES 48
/* "2024-05-01", with " BC" behind it where the year wants it; returns the length. */
int datetime_date_text(int64_t day, char out[static DATETIME_TEXT_BYTES]);
/* "2024-05-01 10:00:00.123456" and `suffix`. */
int datetime_timestamp_text(int64_t day, int64_t time_us, const char *suffix,
                            char out[static DATETIME_TEXT_BYTES]);
int datetime_time_text(int64_t time_us, char out[static DATETIME_TEXT_BYTES]);

#endif

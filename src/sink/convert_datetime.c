/* date, time, timestamp, timestamptz. */
#include "base/civil.h"
#include "sink/convert.h"
#include "sink/datetime.h"
#include "sink/decimal.h"

/*
 * The server's own limits, counted from 2000-01-01: 4713-11-24 BC, where Julian days begin, and the
 * first moment past 294276-12-31. A date's upper limit is datetime_parse()'s.
 */
#define MIN_DATE INT64_C(-2451545)
#define MIN_TIMESTAMP (MIN_DATE * US_PER_DAY)
#define END_TIMESTAMP INT64_C(9223371331200000000)

static const char out_of_range[] = "is out of range for the column";

/* A number of seconds, milliseconds or microseconds since 1970, in microseconds (to year 294247).
 */
static bool number_to_us(struct convert *c, const struct target *target,
                         const struct json_value *value, int64_t *us)
{
    static const int digits[] = {[TIME_UNIT_S] = 6, [TIME_UNIT_MS] = 3, [TIME_UNIT_US] = 0};
    struct decimal d;
    if (target->unit == TIME_UNIT_NONE) {
        convert_dead(c, "42804",
                     "a number goes into a column of type %s only with unit: s, ms or us",
                     target->column->type_name);
        return false;
    }
    bool ok = decimal_parse(value->raw, &d);
    enum decimal_fit fit =
        ok ? decimal_round_to_int64(&d, digits[target->unit], us) : DECIMAL_TOO_LARGE;
    if (fit != DECIMAL_FITS)
        convert_bad(c, "22008", value, out_of_range);
    return fit == DECIMAL_FITS;
}

static bool parse(struct convert *c, const struct target *target, const struct json_value *value,
                  struct datetime *out)
{
    const char *sqlstate;
    if (value->type == JSON_NUMBER && target->column->type != TYPE_TIME) {
        int64_t us;
        if (!number_to_us(c, target, value, &us))
            return false;
        *out = (struct datetime){.has_date = true,
                                 .has_time = true,
                                 .has_offset = true,
                                 .day = floor_div(us, US_PER_DAY),
                                 .time_us = floor_mod(us, US_PER_DAY)};
        return true;
    }
    if (value->type != JSON_STRING) {
        convert_mismatch(c, target, value);
        return false;
    }
    const char *wrong = datetime_parse(convert_trimmed(c, target, value), out, &sqlstate);
    if (!wrong && !out->has_date && !out->infinite && target->column->type != TYPE_TIME) {
        sqlstate = "22007";
        wrong = "has no date";
    }
    if (wrong)
        convert_bad(c, sqlstate, value, wrong);
    return !wrong;
}

static char *put_infinity(struct convert *c, char *p, const struct datetime *at)
{
    return convert_put_text(c, p, slice_of(at->infinite < 0 ? "-infinity" : "infinity"));
}

static char *put_int64(struct convert *c, char *p, int64_t value)
{
    p = convert_room(c, p, 12);
    return p ? put_be64(put_be32(p, 8), (uint64_t)value) : NULL;
}

char *convert_date(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    struct datetime at;
    char text[DATETIME_TEXT_BYTES];
    if (!parse(c, target, value, &at))
        return NULL;
    int64_t day = at.day - DAYS_1970_TO_2000;
    if (day < MIN_DATE)
        return convert_bad(c, "22008", value, out_of_range);
    if (c->format != COPY_BINARY) {
        if (at.infinite)
            return put_infinity(c, p, &at);
        int n = datetime_date_text(at.day, text);
        return convert_put_text(c, p, (struct slice){text, (size_t)n});
    }
    if (at.infinite)
        day = at.infinite < 0 ? INT32_MIN : INT32_MAX;
    p = convert_room(c, p, 8);
    return p ? put_be32(put_be32(p, 4), (uint32_t)day) : NULL;
}

char *convert_time(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    struct datetime at;
    char text[DATETIME_TEXT_BYTES];
    if (!parse(c, target, value, &at))
        return NULL;
    if (!at.has_time)
        return convert_bad(c, "22007", value, "has no time of day");
    if (at.time_us > US_PER_DAY)
        return convert_bad(c, "22008", value, out_of_range);
    if (c->format == COPY_BINARY)
        return put_int64(c, p, at.time_us);
    int n = datetime_time_text(at.time_us, text);
    return convert_put_text(c, p, (struct slice){text, (size_t)n});
}

/* `us` since 2000, already in UTC where the type has a time zone. */
static char *put_timestamp(struct convert *c, const struct json_value *value, char *p, int64_t us,
                           const char *suffix)
{
    char text[DATETIME_TEXT_BYTES];
    if (us < MIN_TIMESTAMP || us >= END_TIMESTAMP)
        return convert_bad(c, "22008", value, out_of_range);
    if (c->format == COPY_BINARY)
        return put_int64(c, p, us);
    int n = datetime_timestamp_text(floor_div(us, US_PER_DAY) + DAYS_1970_TO_2000,
                                    floor_mod(us, US_PER_DAY), suffix, text);
    return convert_put_text(c, p, (struct slice){text, (size_t)n});
}

static char *put_infinite_timestamp(struct convert *c, char *p, const struct datetime *at)
{
    if (c->format != COPY_BINARY)
        return put_infinity(c, p, at);
    return put_int64(c, p, at->infinite < 0 ? INT64_MIN : INT64_MAX);
}

/* Microseconds of the local time since 2000; false: too far for any timestamp. */
static bool local_us(const struct datetime *at, int64_t *us)
{
    const int64_t most = INT64_MAX / US_PER_DAY - 2; /* days that leave room for time and offset */
    int64_t day = at->day - DAYS_1970_TO_2000;
    if (day > most || day < -most)
        return false;
    *us = day * US_PER_DAY + at->time_us;
    return true;
}

/* An offset is read and left aside, as the server does for this type. */
char *convert_timestamp(struct convert *c, const struct target *target,
                        const struct json_value *value, char *p)
{
    struct datetime at;
    int64_t us;
    if (!parse(c, target, value, &at))
        return NULL;
    if (at.infinite)
        return put_infinite_timestamp(c, p, &at);
    if (!local_us(&at, &us))
        return convert_bad(c, "22008", value, out_of_range);
    return put_timestamp(c, value, p, us, "");
}

char *convert_timestamptz(struct convert *c, const struct target *target,
                          const struct json_value *value, char *p)
{
    struct datetime at;
    int64_t us;
    if (!parse(c, target, value, &at))
        return NULL;
    if (at.infinite)
        return put_infinite_timestamp(c, p, &at);
    if (!local_us(&at, &us))
        return convert_bad(c, "22008", value, out_of_range);
    int64_t local_s = floor_div(us, US_PER_SECOND) + DAYS_1970_TO_2000 * 86400;
    int32_t offset_s = at.has_offset ? at.offset_s : tz_offset_of_local(c->tz, local_s);
    return put_timestamp(c, value, p, us - offset_s * US_PER_SECOND, "+00");
}

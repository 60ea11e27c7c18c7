#include "sink/datetime.h"

#include "base/civil.h"
#include "sink/cursor.h"

#include <math.h>
#include <stdio.h>

enum { MAX_YEAR = 5874897, MAX_OFFSET_HOURS = 15, MAX_FRACTION_DIGITS = 15 };

/* Between `min` and `max` digits, and no digit behind them. */
static bool digits(struct cursor *c, int min, int max, int *out)
{
    int n = 0;
    *out = 0;
    for (; n < max && at_digit(c); n++)
        *out = *out * 10 + (*c->p++ - '0');
    return n >= min && !at_digit(c);
}

/* Digits behind a point as microseconds, rounded as the server does: to even, in binary. */
static bool fraction(struct cursor *c, int64_t *us)
{
    double value = 0;
    double unit = 1;
    int n = 0;
    for (; at_digit(c); n++, c->p++) {
        if (n >= MAX_FRACTION_DIGITS)
            continue;
        value = value * 10 + (*c->p - '0');
        unit *= 10;
    }
    *us = (int64_t)rint(value / unit * 1e6);
    return n > 0;
}

struct clock {
    int hours;
    int minutes;
    int seconds;
    int64_t us;
};

/* hh:mm[:ss[.ffffff]] */
static bool clock_syntax(struct cursor *c, struct clock *out)
{
    *out = (struct clock){0};
    if (!digits(c, 1, 2, &out->hours) || !accept(c, ':') || !digits(c, 2, 2, &out->minutes))
        return false;
    if (!accept(c, ':'))
        return true;
    return digits(c, 2, 2, &out->seconds) && (!accept(c, '.') || fraction(c, &out->us));
}

/* A leap second and 24:00:00 are let through; they mean the next minute and the next day. */
static bool clock_range(const struct clock *clock, int64_t *time_us)
{
    int64_t seconds = (clock->hours * 60 + clock->minutes) * 60 + clock->seconds;
    *time_us = seconds * US_PER_SECOND + clock->us;
    if (clock->hours > 24 || clock->minutes > 59 || clock->seconds > 60)
        return false;
    return clock->hours < 24 || (clock->minutes == 0 && clock->seconds == 0 && clock->us == 0);
}

/* yyyy-mm-dd, the year with four digits or more. */
static bool date_syntax(struct cursor *c, int *year, int *month, int *day)
{
    return digits(c, 4, 7, year) && accept(c, '-') && digits(c, 1, 2, month) && accept(c, '-') &&
           digits(c, 1, 2, day);
}

static bool date_range(int year, int month, int day, int64_t *out)
{
    if (year < 1 || year > MAX_YEAR || month < 1 || month > 12 || day < 1 ||
        day > civil_days_in_month(year, month))
        return false;
    *out = civil_to_days((struct civil){year, month, day});
    return true;
}

/* Z, ±hh, ±hhmm, ±hh:mm, ±hh:mm:ss */
static bool offset_syntax(struct cursor *c, struct clock *out, bool *negative)
{
    *out = (struct clock){0};
    *negative = at(c, '-');
    if (accept(c, 'Z') || accept(c, 'z'))
        return true;
    if (!accept(c, '+') && !accept(c, '-'))
        return false;
    int number;
    const char *start = c->p;
    if (!digits(c, 2, 4, &number) || c->p - start == 3)
        return false;
    if (c->p - start == 4) {
        out->hours = number / 100;
        out->minutes = number % 100;
        return true;
    }
    out->hours = number;
    if (!accept(c, ':'))
        return true;
    return digits(c, 2, 2, &out->minutes) && (!accept(c, ':') || digits(c, 2, 2, &out->seconds));
}

static const char *parse_offset(struct cursor *c, struct datetime *out, const char **sqlstate)
{
    struct clock clock;
    bool negative;
    (void)accept(c, ' ');
    if (!offset_syntax(c, &clock, &negative) || c->p != c->end) {
        *sqlstate = "22007";
        return "is not an ISO 8601 date or time";
    }
    if (clock.hours > MAX_OFFSET_HOURS || clock.minutes > 59 || clock.seconds > 59) {
        *sqlstate = "22009";
        return "has an offset from UTC that is out of range";
    }
    out->has_offset = true;
    out->offset_s = (clock.hours * 3600 + clock.minutes * 60 + clock.seconds) * (negative ? -1 : 1);
    return NULL;
}

static bool parse_infinity(struct slice text, struct datetime *out)
{
    bool minus = text.len > 0 && text.ptr[0] == '-';
    struct slice word = {text.ptr + minus, text.len - minus};
    out->infinite = minus ? -1 : 1;
    return slice_eq_nocase(word, SLICE_LIT("infinity"));
}

/* Whether a date begins here: its first hyphen comes before any colon. */
static bool begins_with_date(struct slice text)
{
    size_t i = 0;
    while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9')
        i++;
    return i < text.len && text.ptr[i] == '-';
}

/* The date, and whatever parts the date-time separator and a clock time. */
static const char *parse_parts(struct cursor *c, bool with_date, struct datetime *out,
                               const char **sqlstate)
{
    static const char syntax[] = "is not an ISO 8601 date or time";
    static const char range[] = "has a field that is out of range";
    int year = 1;
    int month = 1;
    int day = 1;
    struct clock clock = {0};
    *sqlstate = "22007";
    if (with_date && !date_syntax(c, &year, &month, &day))
        return syntax;
    out->has_date = with_date;
    out->has_time = !with_date || accept(c, 'T') || accept(c, 't') ||
                    (at(c, ' ') && c->end - c->p > 1 && accept(c, ' '));
    if (out->has_time && !clock_syntax(c, &clock))
        return syntax;
    *sqlstate = "22008";
    if (with_date && !date_range(year, month, day, &out->day))
        return range;
    return clock_range(&clock, &out->time_us) ? NULL : range;
}

const char *datetime_parse(struct slice text, struct datetime *out, const char **sqlstate)
{
    struct cursor c = {text.ptr, text.ptr + text.len};
    *out = (struct datetime){0};
    if (parse_infinity(text, out))
        return NULL;
    out->infinite = 0;
    const char *wrong = parse_parts(&c, begins_with_date(text), out, sqlstate);
    if (wrong || c.p == c.end)
        return wrong;
    if (out->has_time)
        return parse_offset(&c, out, sqlstate);
    *sqlstate = "22007";
    return "is not an ISO 8601 date or time";
}

int datetime_date_text(int64_t day, char out[static DATETIME_TEXT_BYTES])
{
    struct civil date = civil_from_days(day);
    bool before_christ = date.year <= 0;
    long long year = before_christ ? 1 - date.year : date.year;
    return snprintf(out, DATETIME_TEXT_BYTES, "%04lld-%02d-%02d%s", year, date.month, date.day,
                    before_christ ? " BC" : "");
}

int datetime_time_text(int64_t time_us, char out[static DATETIME_TEXT_BYTES])
{
    int seconds = (int)(time_us / US_PER_SECOND);
    return snprintf(out, DATETIME_TEXT_BYTES, "%02d:%02d:%02d.%06d", seconds / 3600,
                    seconds / 60 % 60, seconds % 60, (int)(time_us % US_PER_SECOND));
}

int datetime_timestamp_text(int64_t day, int64_t time_us, const char *suffix,
                            char out[static DATETIME_TEXT_BYTES])
{
    char time[DATETIME_TEXT_BYTES];
    struct civil date = civil_from_days(day);
    bool before_christ = date.year <= 0;
    long long year = before_christ ? 1 - date.year : date.year;
    datetime_time_text(time_us, time);
    return snprintf(out, DATETIME_TEXT_BYTES, "%04lld-%02d-%02d %.15s%s%s", year, date.month,
                    date.day, time, suffix, before_christ ? " BC" : "");
}

#include "base/civil.h"

enum {
    DAYS_PER_400_YEARS = 146097,
    EPOCH_1970 = 719162,  /* 0001-01-01 to 1970-01-01 */
    EPOCH_MARCH = 719468, /* 0000-03-01 to 1970-01-01 */
};

/* Days of a common year before each month. */
static const int before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

bool civil_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int civil_days_in_month(int64_t year, int month)
{
    int days = before_month[month] - before_month[month - 1];
    return days + (month == 2 && civil_is_leap(year));
}

/* Days between 0001-01-01 and the first day of `year`. */
static int64_t days_before_year(int64_t year)
{
    int64_t past = year - 1;
    return past * 365 + floor_div(past, 4) - floor_div(past, 100) + floor_div(past, 400);
}

int64_t civil_to_days(struct civil date)
{
    bool leap_day_past = date.month > 2 && civil_is_leap(date.year);
    return days_before_year(date.year) + before_month[date.month - 1] + leap_day_past + date.day -
           1 - EPOCH_1970;
}

/*
 * Years that begin in March have their leap day at the end, and their months' lengths repeat every
 * five (153 days): both divisions are then exact (Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms").
 */
struct civil civil_from_days(int64_t days)
{
    days += EPOCH_MARCH;
    int64_t cycle = floor_div(days, DAYS_PER_400_YEARS);
    unsigned of_cycle = (unsigned)(days - cycle * DAYS_PER_400_YEARS);
    unsigned leap_days = of_cycle / 1460 - of_cycle / 36524 + of_cycle / 146096;
    unsigned year = (of_cycle - leap_days) / 365;
    unsigned of_year = of_cycle - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153; /* 0 is March */
    unsigned day = of_year - (153 * month + 2) / 5 + 1;
    bool next_year = month >= 10;
    return (struct civil){cycle * 400 + year + next_year,
                          next_year ? (int)month - 9 : (int)month + 3, (int)day};
}

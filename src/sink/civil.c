#include "sink/civil.h"

enum { DAYS_PER_400_YEARS = 146097, EPOCH_1970 = 719162 /* 0001-01-01 to 1970-01-01 */ };

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

struct civil civil_from_days(int64_t days)
{
    days += EPOCH_1970;
    /* The quotient is never late, and at most one year early or late: then one step mends it. */
    int64_t year = floor_div(days * 400, DAYS_PER_400_YEARS) + 1;
    while (days < days_before_year(year))
        year--;
    while (days >= days_before_year(year + 1))
        year++;
    int of_year = (int)(days - days_before_year(year));
    int month = of_year / 32 + 1; /* or a later one */
    while (month < 12 && of_year >= before_month[month] + (month >= 2 && civil_is_leap(year)))
        month++;
    bool leap_day_past = month > 2 && civil_is_leap(year);
    return (struct civil){year, month, of_year - before_month[month - 1] - leap_day_past + 1};
}

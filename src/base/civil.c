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
 * five. Quotient and remainder come from one product each: the upper and lower half of a
 * multiplication by 2^32 / 1461, and of one by 2^16 / 30.6 (Neri and Schneider, "Euclidean affine
 * functions and their application to calendar algorithms", 2022), exact for the days of 400 years.
 */
struct civil civil_from_days(int64_t days)
{
    days += EPOCH_MARCH;
    int64_t cycle = floor_div(days, DAYS_PER_400_YEARS);
    uint32_t quarters = 4 * (uint32_t)(days - cycle * DAYS_PER_400_YEARS) + 3;
    uint32_t century = quarters / DAYS_PER_400_YEARS;
    uint64_t years = UINT64_C(2939745) * (quarters % DAYS_PER_400_YEARS | 3);
    uint32_t of_year = (uint32_t)years / 2939745 / 4;
    uint32_t months = 2141 * of_year + 197913;
    bool next_year = of_year >= 306; /* January and February */
    return (struct civil){
        .year = (cycle * 4 + century) * 100 + (int64_t)(years >> 32) + next_year,
        .month = (int)(months >> 16) - (next_year ? 12 : 0),
        .day = (int)((months & 0xFFFF) / 2141) + 1,
    };
}

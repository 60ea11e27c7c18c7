/* The Gregorian calendar, extended to all years (proleptic), as PostgreSQL counts. */
#ifndef WEIR_BASE_CIVIL_H
#define WEIR_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

struct civil {
    int64_t year; /* 0 is 1 BC */
    int month;    /* 1..12 */
    int day;      /* 1..31 */
};

bool civil_is_leap(int64_t year);
int civil_days_in_month(int64_t year, int month);
/* Days since 1970-01-01. */
int64_t civil_to_days(struct civil date);
struct civil civil_from_days(int64_t days);

/* Quotient and remainder of a division that rounds down; `by` > 0. */
static inline int64_t floor_div(int64_t a, int64_t by)
{
    return a / by - (a % by < 0);
}
static inline int64_t floor_mod(int64_t a, int64_t by)
{
    return a % by + (a % by < 0 ? by : 0);
}

#endif

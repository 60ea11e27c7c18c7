#include "generate/person.h"

#include "generate/put.h"

/* A CNP's first digit tells three centuries. */
#define DAYS_FIRST_CNP (-62091) /* 1800-01-01 */
#define DAYS_LAST_CNP 47481     /* 2099-12-31 */

static int64_t years_before(int64_t today, int years)
{
    struct civil date = civil_from_days(today);
    date.year -= years;
    if (date.day > civil_days_in_month(date.year, date.month))
        date.day = civil_days_in_month(date.year, date.month);
    return civil_to_days(date);
}

struct birth_range person_births(int64_t today, int min_age, int max_age)
{
    struct birth_range births = {
        /* The day after the one on which max_age + 1 years are over. */
        .first = years_before(today, max_age + 1) + 1,
        .last = years_before(today, min_age),
    };
    if (births.first < DAYS_FIRST_CNP)
        births.first = DAYS_FIRST_CNP;
    if (births.last > DAYS_LAST_CNP)
        births.last = DAYS_LAST_CNP;
    if (births.first > DAYS_LAST_CNP)
        births.first = DAYS_LAST_CNP;
    if (births.last < births.first)
        births.last = births.first;
    return births;
}

void person_draw(struct person *person, const struct locale *locale, struct rng *rng,
                 struct birth_range births)
{
    struct rng_lot lot = rng_lot(rng);
    person->first_name = rng_lot_below(&lot, (uint32_t)locale->n_first_names);
    person->woman = person->first_name < locale->n_female;
    person->last_name = rng_lot_below(&lot, (uint32_t)locale->n_last_names);
    person->city = rng_lot_below(&lot, (uint32_t)locale->n_cities);
    person->county = locale->cities[person->city].county;
    person->born = civil_from_days(person_draw_birth(rng, births));
}

int person_sex_digit(bool woman, int64_t year)
{
    int pair = year < 1900 ? 3 : year < 2000 ? 1 : 5;
    return pair + (woman ? 1 : 0);
}

/* A number's two digits times their weights, together. */
static inline int weighed(int number, int tens, int ones)
{
    return number * ones - number / 10 * (10 * ones - tens);
}

char *person_put_cnp(char *to, int sex_digit, int64_t year, int month, int day, int county,
                     int serial)
{
    int short_year = (int)(year % 100);
    int sum = 2 * sex_digit + weighed(short_year, 7, 9) + weighed(month, 1, 4) +
              weighed(day, 6, 3) + weighed(county, 5, 8) + weighed(serial % 100, 7, 9) +
              serial / 100 * 2;
    int check = sum % 11;
    *to++ = (char)('0' + sex_digit);
    to = put_two(to, (unsigned)short_year);
    to = put_two(to, (unsigned)month);
    to = put_two(to, (unsigned)day);
    to = put_two(to, (unsigned)county);
    to = put_digits(to, (uint64_t)serial, 3);
    *to++ = (char)(check == 10 ? '1' : '0' + check);
    return to;
}

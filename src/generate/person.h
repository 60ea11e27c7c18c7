/*
 * One possible person: what a record's fields must agree on. The name goes with the sex, the CNP
 * with sex, birth date and county, the county with the city; no one is born on a day that never
 * was.
 */
#ifndef WEIR_GENERATE_PERSON_H
#define WEIR_GENERATE_PERSON_H

#include "base/civil.h"
#include "generate/locale.h"
#include "generate/rng.h"

#include <stdbool.h>
#include <stdint.h>

/* Nobody is older, as in Faker's date_of_birth(). */
#define PERSON_MAX_AGE 115

struct person {
    bool woman;
    uint32_t first_name; /* index into the locale's list */
    uint32_t last_name;
    uint32_t city;
    uint8_t county; /* code in the CNP */
    struct civil born;
};

/* Days since 1970-01-01, both of them possible. */
struct birth_range {
    int64_t first;
    int64_t last;
};

/* When those were born who are min_age..max_age years old on `today`. */
struct birth_range person_births(int64_t today, int min_age, int max_age);

static inline int64_t person_draw_birth(struct rng *rng, struct birth_range births)
{
    return rng_between(rng, births.first, births.last);
}

void person_draw(struct person *person, const struct locale *locale, struct rng *rng,
                 struct birth_range births);

/*
 * A CNP's thirteen digits: S YYMMDD county serial check (Romania's law 105/1996; the check digit by
 * the constant 279146358279). Returns behind the last one.
 */
char *person_put_cnp(char *to, int sex_digit, int64_t year, int month, int day, int county,
                     int serial);
/* The first digit for one who was born in `year`, 1800 to 2099. */
int person_sex_digit(bool woman, int64_t year);

#endif

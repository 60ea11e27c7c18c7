/* Providers of a person: name, identity, address, telephone, mail. */
#include "generate/names.h"
#include "generate/provider_list.h"
#include "sink/civil.h"

static int prepare_text(struct prepared *out, size_t max_bytes, bool plain)
{
    *out = (struct prepared){.max_bytes = max_bytes, .plain = plain};
    return 0;
}

/* ---- Names ---- */

static uint32_t first_name_of(const struct draw *draw)
{
    if (draw->person)
        return draw->person->first_name;
    return (uint32_t)rng_below(draw->rng, draw->names->locale->n_first_names);
}

static uint32_t last_name_of(const struct draw *draw)
{
    if (draw->person)
        return draw->person->last_name;
    return (uint32_t)rng_below(draw->rng, draw->names->locale->n_last_names);
}

int prepare_name(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 2 * SLOT_BYTES + 1, false);
}

char *write_name(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    to = put_slot(to, &draw->names->first_names[first_name_of(draw)]);
    *to++ = ' ';
    return put_slot(to, &draw->names->last_names[last_name_of(draw)]);
}

int prepare_slot(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, SLOT_BYTES, false);
}

char *write_first_name(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    return put_slot(to, &draw->names->first_names[first_name_of(draw)]);
}

char *write_last_name(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    return put_slot(to, &draw->names->last_names[last_name_of(draw)]);
}

/* ---- Mail ---- */

int prepare_mail(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 3 * SLOT_BYTES + 4, true);
}

char *write_free_email_domain(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    uint64_t at = rng_below(draw->rng, draw->names->locale->n_mail_domains);
    return put_slot(to, &draw->names->mail_domains[at]);
}

char *write_email(const void *data, const struct draw *draw, char *to)
{
    to = put_slot(to, &draw->names->first_mail[first_name_of(draw)]);
    *to++ = '.';
    to = put_slot(to, &draw->names->last_mail[last_name_of(draw)]);
    to = put_two(to, (unsigned)rng_below(draw->rng, 100));
    *to++ = '@';
    return write_free_email_domain(data, draw, to);
}

/* ---- Identity ---- */

#define CNP_DIGITS 13
#define CNP_MAX_SERIAL 999
#define DATE_BYTES 10

int prepare_cnp(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, CNP_DIGITS, true);
}

/* As Faker draws it: a first digit from 1 to 8, then a date of its century. */
static char *put_any_cnp(const struct draw *draw, char *to)
{
    static const int centuries[] = {0, 1900, 1900, 1800, 1800, 2000, 2000, 1900, 1900};
    const struct locale *locale = draw->names->locale;
    int sex = (int)rng_between(draw->rng, 1, 8);
    int64_t year = centuries[sex] + (int64_t)rng_below(draw->rng, 100);
    int month = (int)rng_between(draw->rng, 1, 12);
    int day = (int)rng_between(draw->rng, 1, civil_days_in_month(year, month));
    int county = locale->counties[rng_below(draw->rng, locale->n_counties)];
    int serial = (int)rng_between(draw->rng, 1, CNP_MAX_SERIAL);
    return person_put_cnp(to, sex, year, month, day, county, serial);
}

char *write_cnp(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    const struct person *person = draw->person;
    if (!person)
        return put_any_cnp(draw, to);
    const struct civil *born = &person->born;
    return person_put_cnp(to, person_sex_digit(person->woman, born->year), born->year, born->month,
                          born->day, person->county,
                          (int)rng_between(draw->rng, 1, CNP_MAX_SERIAL));
}

int prepare_sex(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 1, true);
}

char *write_sex(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    bool woman = draw->person ? draw->person->woman : rng_below(draw->rng, 2) == 1;
    *to++ = woman ? 'F' : 'M';
    return to;
}

struct ages {
    int min;
    int max;
    bool given;
};

int prepare_date_of_birth(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    const struct field_spec *field = preparing->field;
    struct ages *ages = arena_alloc(preparing->arena, sizeof *ages);
    ages->min = field->has_min ? (int)field->min : 0;
    ages->max = field->has_max ? (int)field->max : PERSON_MAX_AGE;
    ages->given = field->has_min || field->has_max;
    if (ages->min > ages->max)
        return yaml_fail(err, preparing->spec->file, preparing->field->node,
                         "min_age %d is more than max_age %d", ages->min, ages->max);
    *out = (struct prepared){.data = ages, .max_bytes = DATE_BYTES, .plain = true};
    return 0;
}

char *put_date(char *to, struct civil date)
{
    to = put_year(to, date.year);
    *to++ = '-';
    to = put_two(to, (unsigned)date.month);
    *to++ = '-';
    return put_two(to, (unsigned)date.day);
}

char *write_date_of_birth(const void *data, const struct draw *draw, char *to)
{
    const struct ages *ages = data;
    if (draw->person && !ages->given)
        return put_date(to, draw->person->born);
    struct birth_range births =
        ages->given ? person_births(draw->today, ages->min, ages->max) : draw->births;
    return put_date(to, civil_from_days(person_draw_birth(draw->rng, births)));
}

/* ---- Where one lives and how one is called ---- */

static uint32_t city_of(const struct draw *draw)
{
    if (draw->person)
        return draw->person->city;
    return (uint32_t)rng_below(draw->rng, draw->names->locale->n_cities);
}

char *write_city(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    return put_slot(to, &draw->names->cities[city_of(draw)]);
}

/* One street in three is named after a person with a first name. */
static char *put_street(const struct draw *draw, char *to)
{
    const struct names *names = draw->names;
    struct rng *rng = draw->rng;
    to = put_slot(to, &names->streets[rng_below(rng, names->locale->n_streets)]);
    *to++ = ' ';
    if (rng_below(rng, 3) == 1) {
        to = put_slot(to, &names->first_names[rng_below(rng, names->locale->n_first_names)]);
        *to++ = ' ';
    }
    return put_slot(to, &names->last_names[rng_below(rng, names->locale->n_last_names)]);
}

/* Two digits or three, the first not 0. */
static char *put_number(struct rng *rng, char *to, int digits)
{
    return digits == 2 ? put_two(to, (unsigned)rng_between(rng, 10, 99))
                       : put_digits(to, (uint64_t)rng_between(rng, 100, 999), 3);
}

/* A third of all have the street alone, a third its number, a third the flat too. */
static char *put_house(const struct draw *draw, char *to)
{
    struct rng *rng = draw->rng;
    uint64_t form = rng_below(rng, 3);
    if (form == 0)
        return to;
    to = put_bytes(to, " Nr. ", 5);
    to = put_number(rng, to, rng_below(rng, 2) == 0 ? 2 : 3);
    if (form == 1)
        return to;
    to = put_number(rng, put_bytes(to, " Bl. ", 5), 2);
    to = put_number(rng, put_bytes(to, "  Sc. ", 6), 2);
    return put_number(rng, put_bytes(to, " Ap. ", 5), 3);
}

static char *put_postcode(struct rng *rng, char *to)
{
    return put_digits(to, (uint64_t)rng_between(rng, 100000, 999999), 6);
}

int prepare_address(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 4 * SLOT_BYTES + 64, false);
}

char *write_street_address(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    return put_house(draw, put_street(draw, to));
}

char *write_address(const void *data, const struct draw *draw, char *to)
{
    to = write_street_address(data, draw, to);
    to = write_city(data, draw, put_bytes(to, ", ", 2));
    return put_postcode(draw->rng, put_bytes(to, ", ", 2));
}

int prepare_postcode(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 6, true);
}

char *write_postcode(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    return put_postcode(draw->rng, to);
}

int prepare_phone(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 12, true);
}

char *write_phone(const void *data, const struct draw *draw, char *to)
{
    (void)data;
    const struct names *names = draw->names;
    const struct slot *area =
        &names->phone_areas[rng_below(draw->rng, names->locale->n_phone_areas)];
    bool capital = area->len == 3; /* 021 has a digit more behind it */
    uint64_t number = rng_below(draw->rng, capital ? 10000000 : 1000000);
    to = put_slot(to, area);
    *to++ = ' ';
    to = put_digits(to, number / (capital ? 10000 : 1000), 3);
    *to++ = ' ';
    return put_digits(to, number % (capital ? 10000 : 1000), capital ? 4 : 3);
}

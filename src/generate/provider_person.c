/* Providers of a person: name, identity, address, telephone, mail. */
#include "base/civil.h"
#include "generate/names.h"
#include "generate/provider_list.h"

#include <assert.h>

static int prepare_text(struct prepared *out, size_t max_bytes, bool plain)
{
    *out = (struct prepared){.max_bytes = max_bytes, .plain = plain};
    return 0;
}

/* ---- Names ---- */

static uint32_t first_name_of(struct draw *draw)
{
    if (draw->person)
        return draw->person->first_name;
    return (uint32_t)rng_below(draw->rng, draw->names->locale->n_first_names);
}

static uint32_t last_name_of(struct draw *draw)
{
    if (draw->person)
        return draw->person->last_name;
    return (uint32_t)rng_below(draw->rng, draw->names->locale->n_last_names);
}

int prepare_name(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 2 * NAMES_TEXT_BYTES + 1, false);
}

/* A name as part of a text that begins as plain. */
static char *put_part(struct draw *draw, char *to, const struct slot *slot)
{
    draw->plain = draw->plain & slot->plain;
    return put_slot(to, slot);
}

char *write_name(const void *data, struct draw *draw, char *to)
{
    (void)data;
    draw->plain = true;
    to = put_part(draw, to, &draw->names->first_names[first_name_of(draw)]);
    to = put_slot(to, draw->names->space);
    return put_part(draw, to, &draw->names->last_names[last_name_of(draw)]);
}

int prepare_slot(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, NAMES_TEXT_BYTES, false);
}

char *write_first_name(const void *data, struct draw *draw, char *to)
{
    (void)data;
    draw->plain = true;
    return put_part(draw, to, &draw->names->first_names[first_name_of(draw)]);
}

char *write_last_name(const void *data, struct draw *draw, char *to)
{
    (void)data;
    draw->plain = true;
    return put_part(draw, to, &draw->names->last_names[last_name_of(draw)]);
}

/* ---- Mail ---- */

int prepare_mail(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 3 * NAMES_TEXT_BYTES + 4, true);
}

char *write_free_email_domain(const void *data, struct draw *draw, char *to)
{
    (void)data;
    uint64_t at = rng_below(draw->rng, draw->names->locale->n_mail_domains);
    draw->plain = true;
    return put_slot(to, &draw->names->mail_domains[at]);
}

char *write_email(const void *data, struct draw *draw, char *to)
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

int prepare_cnp(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, CNP_DIGITS, true);
}

/* As Faker draws it: a first digit from 1 to 8, then a date of its century. */
static char *put_any_cnp(struct draw *draw, char *to)
{
    static const int centuries[] = {0, 1900, 1900, 1800, 1800, 2000, 2000, 1900, 1900};
    const struct locale *locale = draw->names->locale;
    struct rng_lot lot = rng_lot(draw->rng); /* 8 * 100 * 12 * 31 * 48 * 999 at most */
    int sex = 1 + (int)rng_lot_below(&lot, 8);
    int64_t year = centuries[sex] + (int64_t)rng_lot_below(&lot, 100);
    int month = 1 + (int)rng_lot_below(&lot, 12);
    int day = 1 + (int)rng_lot_below(&lot, (uint32_t)civil_days_in_month(year, month));
    int county = locale->counties[rng_lot_below(&lot, (uint32_t)locale->n_counties)];
    int serial = 1 + (int)rng_lot_below(&lot, CNP_MAX_SERIAL);
    return person_put_cnp(to, sex, year, month, day, county, serial);
}

char *write_cnp(const void *data, struct draw *draw, char *to)
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

char *write_sex(const void *data, struct draw *draw, char *to)
{
    (void)data;
    bool woman = draw->person ? draw->person->woman : rng_below(draw->rng, 2) == 1;
    *to++ = woman ? 'F' : 'M';
    return to;
}

/* min_age and max_age are the person's: maker_new() has read them (record.c). */
int prepare_date_of_birth(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, DATE_BYTES, true);
}

char *put_date(char *to, struct civil date)
{
    assert(date.year >= 0 && date.year <= 9999);
    to = put_four(to, (unsigned)date.year);
    *to++ = '-';
    to = put_two(to, (unsigned)date.month);
    *to++ = '-';
    return put_two(to, (unsigned)date.day);
}

char *write_date_of_birth(const void *data, struct draw *draw, char *to)
{
    (void)data;
    if (draw->person)
        return put_date(to, draw->person->born);
    return put_date(to, civil_from_days(person_draw_birth(draw->rng, draw->births)));
}

/* ---- Where one lives and how one is called ---- */

static uint32_t city_of(struct draw *draw)
{
    if (draw->person)
        return draw->person->city;
    return (uint32_t)rng_below(draw->rng, draw->names->locale->n_cities);
}

char *write_city(const void *data, struct draw *draw, char *to)
{
    (void)data;
    draw->plain = true;
    return put_part(draw, to, &draw->names->cities[city_of(draw)]);
}

/* One street in three is named after a person with a first name. */
static char *put_street(struct draw *draw, char *to)
{
    const struct names *names = draw->names;
    const struct locale *locale = names->locale;
    struct rng_lot lot = rng_lot(draw->rng); /* of some 550,000 streets */
    to = put_part(draw, to, &names->streets[rng_lot_below(&lot, (uint32_t)locale->n_streets)]);
    *to++ = ' ';
    /* Nobody can guess which, so the name is drawn and written, and counted or not. */
    uint64_t has_first = rng_lot_below(&lot, 3) == 1;
    struct rng_lot after = lot;
    const struct slot *first =
        &names->first_names[rng_lot_below(&after, (uint32_t)locale->n_first_names)];
    *put_slot(to, first) = ' ';
    to += has_first * (first->len + 1u);
    draw->plain = draw->plain & ((has_first ^ 1) | first->plain);
    lot.rest ^= (lot.rest ^ after.rest) & (0 - has_first);
    unsigned last = rng_lot_below(&lot, (uint32_t)locale->n_last_names);
    return put_part(draw, to, &names->last_names[last]);
}

/* Two digits, the first not 0. */
static char *put_tens(struct rng_lot *lot, char *to)
{
    return put_two(to, 10 + rng_lot_below(lot, 90));
}

/* Three. */
static char *put_hundreds(struct rng_lot *lot, char *to)
{
    return put_digits(to, 100 + rng_lot_below(lot, 900), 3);
}

/* A third of all have the street alone, a third its number, a third the flat too. */
static char *put_house(struct draw *draw, char *to)
{
    struct rng_lot lot = rng_lot(draw->rng); /* 3 * 2 * 900 * 90 * 90 * 900 at most */
    unsigned form = rng_lot_below(&lot, 3);
    if (form == 0)
        return to;
    to = put_bytes(to, " Nr. ", 5);
    bool tens = rng_lot_below(&lot, 2) == 0;
    to = put_small_number(to, (tens ? 10 : 100) + rng_lot_below(&lot, tens ? 90 : 900));
    if (form == 1)
        return to;
    to = put_tens(&lot, put_bytes(to, " Bl. ", 5));
    to = put_tens(&lot, put_bytes(to, "  Sc. ", 6));
    return put_hundreds(&lot, put_bytes(to, " Ap. ", 5));
}

static char *put_postcode(struct rng *rng, char *to)
{
    return put_digits(to, (uint64_t)rng_between(rng, 100000, 999999), 6);
}

int prepare_address(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 4 * NAMES_TEXT_BYTES + 64, false);
}

char *write_street_address(const void *data, struct draw *draw, char *to)
{
    (void)data;
    draw->plain = true;
    return put_house(draw, put_street(draw, to));
}

char *write_address(const void *data, struct draw *draw, char *to)
{
    to = write_street_address(data, draw, to);
    to = put_part(draw, put_bytes(to, ", ", 2), &draw->names->cities[city_of(draw)]);
    return put_postcode(draw->rng, put_bytes(to, ", ", 2));
}

int prepare_postcode(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 6, true);
}

char *write_postcode(const void *data, struct draw *draw, char *to)
{
    (void)data;
    return put_postcode(draw->rng, to);
}

int prepare_phone(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    return prepare_text(out, 12, true);
}

char *write_phone(const void *data, struct draw *draw, char *to)
{
    (void)data;
    const struct names *names = draw->names;
    struct rng_lot lot = rng_lot(draw->rng); /* some 100 areas, and ten million numbers */
    const struct slot *area =
        &names->phone_areas[rng_lot_below(&lot, (uint32_t)names->locale->n_phone_areas)];
    bool capital = area->len == 3; /* 021 has a digit more behind it */
    uint32_t number = rng_lot_below(&lot, capital ? 10000000 : 1000000);
    to = put_slot(to, area);
    *to++ = ' ';
    to = put_digits(to, capital ? number / 10000 : number / 1000, 3);
    *to++ = ' ';
    return capital ? put_four(to, (unsigned)(number % 10000)) : put_digits(to, number % 1000, 3);
}

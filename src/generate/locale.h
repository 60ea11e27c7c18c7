/*
 * What a country's records are made of: names, cities, streets. Data alone, fixed at build time;
 * all texts are UTF-8.
 */
#ifndef WEIR_GENERATE_LOCALE_H
#define WEIR_GENERATE_LOCALE_H

#include <stddef.h>
#include <stdint.h>

struct locale_city {
    const char *name;
    uint8_t county; /* its code in the CNP */
};

struct locale {
    const char *name;
    const char *const *first_names; /* women's, then men's */
    size_t n_first_names;
    size_t n_female;
    const char *const *last_names;
    size_t n_last_names;
    const struct locale_city *cities;
    size_t n_cities;
    const uint8_t *counties; /* all codes in use */
    size_t n_counties;
    const char *const *streets; /* what comes before a street's name */
    size_t n_streets;
    const char *const *phone_areas;
    size_t n_phone_areas;
    const char *const *mail_domains;
    size_t n_mail_domains;
};

extern const struct locale locale_ro;

#endif

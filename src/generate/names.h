/* A locale's texts prepared for writing: each in a slot, and what mail addresses are made of. */
#ifndef WEIR_GENERATE_NAMES_H
#define WEIR_GENERATE_NAMES_H

#include "base/arena.h"
#include "generate/locale.h"
#include "generate/put.h"

struct names {
    const struct locale *locale;
    const struct slot *first_names;
    const struct slot *last_names;
    const struct slot *cities;
    const struct slot *streets;
    const struct slot *phone_areas;
    const struct slot *mail_domains;
    /* Lower case and without diacritics, as mail addresses have them. */
    const struct slot *first_mail;
    const struct slot *last_mail;
};

/* All memory is the arena's. No text of a locale is longer than a slot (asserted). */
void names_init(struct names *names, struct arena *arena, const struct locale *locale);

#endif

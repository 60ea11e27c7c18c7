/*
 * A locale's texts as they stand in a record: prepared once, so that writing one is a copy. A
 * template that changes letters has them prepared in its own way.
 */
#ifndef WEIR_GENERATE_NAMES_H
#define WEIR_GENERATE_NAMES_H

#include "base/arena.h"
#include "generate/letters.h"
#include "generate/locale.h"
#include "generate/put.h"

/* No text of a locale has more bytes (asserted); inside a JSON string it may have six times these.
 */
#define NAMES_TEXT_BYTES 30

struct names_form {
    bool utf8;                           /* what is not ASCII stands as it is, else as \uXXXX */
    const struct respelling *respelling; /* NULL: as the locale has them */
};

struct names {
    const struct locale *locale;
    const struct slot *first_names;
    const struct slot *last_names;
    const struct slot *cities;
    const struct slot *streets;
    const struct slot *phone_areas;
    const struct slot *mail_domains;
    const struct slot *space; /* one: what stands between two names */
    /* Lower case and without diacritics, as mail addresses have them. */
    const struct slot *first_mail;
    const struct slot *last_mail;
};

/* In letters that some template has asked for. */
struct respelled_names;

/* All memory is the arena's. */
void names_init(struct names *names, struct arena *arena, const struct locale *locale,
                const struct names_form *form);
/*
 * The same in other letters (`form` has them), which all who ask for these letters share: in
 * `*list`, NULL at first, and of one locale and one `utf8`.
 */
const struct names *names_respelled(struct respelled_names **list, struct arena *arena,
                                    const struct locale *locale, const struct names_form *form);

#endif

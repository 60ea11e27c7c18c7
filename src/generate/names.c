#include "generate/names.h"

#include "generate/letters.h"
#include "generate/quote.h"

#include <assert.h>

struct filling {
    struct arena *arena;
    const struct names_form *form;
    bool for_mail; /* "Ștefan" -> "stefan"; what is neither letter nor digit is left out */
};

static char *fill(const struct filling *filling, struct slot *slot, const char *raw, char *to)
{
    char text[NAMES_TEXT_BYTES];
    struct slice whole = slice_of(raw);
    assert(whole.len <= sizeof text);
    memcpy(text, raw, whole.len);
    char *end = text + whole.len;
    if (filling->for_mail)
        end = letters_put_mail(text, whole);
    if (filling->form->respelling)
        end = respell(filling->form->respelling, text, end);
    struct slice said = {text, (size_t)(end - text)};
    char *behind = quote_put(to, said, filling->form->utf8);
    struct slice written = {to, (size_t)(behind - to)};
    *slot = (struct slot){
        .text = to,
        .len = (uint8_t)written.len,
        .plain = slice_eq(written, said),
    };
    return behind;
}

/* Their texts stand behind each other, because few of them are long. */
static const struct slot *slots_of(const struct filling *filling, const char *const *texts,
                                   size_t n)
{
    size_t bytes = PUT_SLACK;
    for (size_t i = 0; i < n; i++)
        bytes += 6 * strlen(texts[i]);
    char *at = arena_alloc(filling->arena, bytes);
    struct slot *slots = arena_alloc(filling->arena, n * sizeof *slots);
    for (size_t i = 0; i < n; i++)
        at = fill(filling, &slots[i], texts[i], at);
    return slots;
}

static const struct slot *cities_of(const struct filling *filling, const struct locale *locale)
{
    const char **texts = arena_alloc(filling->arena, locale->n_cities * sizeof *texts);
    for (size_t i = 0; i < locale->n_cities; i++)
        texts[i] = locale->cities[i].name;
    return slots_of(filling, texts, locale->n_cities);
}

void names_init(struct names *names, struct arena *arena, const struct locale *locale,
                const struct names_form *form)
{
    static const char *const space = " ";
    const struct filling filling = {.arena = arena, .form = form};
    const struct filling mail = {.arena = arena, .form = form, .for_mail = true};
    *names = (struct names){
        .locale = locale,
        .first_names = slots_of(&filling, locale->first_names, locale->n_first_names),
        .last_names = slots_of(&filling, locale->last_names, locale->n_last_names),
        .cities = cities_of(&filling, locale),
        .streets = slots_of(&filling, locale->streets, locale->n_streets),
        .phone_areas = slots_of(&filling, locale->phone_areas, locale->n_phone_areas),
        .mail_domains = slots_of(&filling, locale->mail_domains, locale->n_mail_domains),
        .space = slots_of(&filling, &space, 1),
        .first_mail = slots_of(&mail, locale->first_names, locale->n_first_names),
        .last_mail = slots_of(&mail, locale->last_names, locale->n_last_names),
    };
}

struct respelled_names {
    struct respelled_names *next;
    struct respelling respelling;
    struct names names;
};

static bool same(const struct respelling *a, const struct respelling *b)
{
    return memcmp(a->becomes, b->becomes, sizeof a->becomes) == 0 &&
           memcmp(a->stays, b->stays, sizeof a->stays) == 0 && a->letters == b->letters;
}

const struct names *names_respelled(struct respelled_names **list, struct arena *arena,
                                    const struct locale *locale, const struct names_form *form)
{
    for (struct respelled_names *at = *list; at; at = at->next)
        if (same(&at->respelling, form->respelling))
            return &at->names;
    struct respelled_names *made = arena_alloc(arena, sizeof *made);
    *made = (struct respelled_names){.next = *list, .respelling = *form->respelling};
    names_init(&made->names, arena, locale, form);
    *list = made;
    return &made->names;
}

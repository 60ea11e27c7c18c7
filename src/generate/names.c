#include "generate/names.h"

#include "generate/letters.h"

#include <assert.h>

static void fill(struct slot *slot, const char *text, size_t len)
{
    assert(len <= SLOT_BYTES);
    memcpy(slot->text, text, len);
    slot->len = (uint8_t)len;
}

static const struct slot *slots_of(struct arena *arena, const char *const *texts, size_t n)
{
    struct slot *slots = arena_alloc(arena, n * sizeof *slots);
    for (size_t i = 0; i < n; i++)
        fill(&slots[i], texts[i], strlen(texts[i]));
    return slots;
}

/* "Ștefan" -> "stefan"; what is neither letter nor digit is left out. */
static const struct slot *mail_slots(struct arena *arena, const char *const *texts, size_t n)
{
    struct slot *slots = arena_alloc(arena, n * sizeof *slots);
    for (size_t i = 0; i < n; i++) {
        char text[4 * SLOT_BYTES] = "";
        assert(strlen(texts[i]) <= SLOT_BYTES);
        fill(&slots[i], text, (size_t)(letters_put_mail(text, slice_of(texts[i])) - text));
    }
    return slots;
}

void names_init(struct names *names, struct arena *arena, const struct locale *locale)
{
    struct slot *cities = arena_alloc(arena, locale->n_cities * sizeof *cities);
    for (size_t i = 0; i < locale->n_cities; i++)
        fill(&cities[i], locale->cities[i].name, strlen(locale->cities[i].name));
    *names = (struct names){
        .locale = locale,
        .first_names = slots_of(arena, locale->first_names, locale->n_first_names),
        .last_names = slots_of(arena, locale->last_names, locale->n_last_names),
        .cities = cities,
        .streets = slots_of(arena, locale->streets, locale->n_streets),
        .phone_areas = slots_of(arena, locale->phone_areas, locale->n_phone_areas),
        .mail_domains = slots_of(arena, locale->mail_domains, locale->n_mail_domains),
        .first_mail = mail_slots(arena, locale->first_names, locale->n_first_names),
        .last_mail = mail_slots(arena, locale->last_names, locale->n_last_names),
    };
}

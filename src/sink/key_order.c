/* Which key comes behind which: see struct step. */
#include "sink/coder.h"

void key_order_init(struct key_order *order)
{
    memset(order->buckets, 0, sizeof order->buckets);
    memset(order->steps, 0, STEP_KEYS * sizeof *order->steps);
    order->n = STEP_KEYS;
}

/* The step of a key met before, or where in the buckets it would be. */
static uint16_t find_step(const struct key_order *order, struct slice key, uint32_t *bucket)
{
    enum { MASK = 2 * MAX_STEPS - 1 };
    for (*bucket = plan_hash(key) & MASK; order->buckets[*bucket]; *bucket = (*bucket + 1) & MASK) {
        uint16_t at = order->buckets[*bucket];
        if (slice_eq(step_key(&order->steps[at]), key))
            return at;
    }
    return STEP_UNKNOWN;
}

/* What the key fills. */
static void resolve(struct row_coder *coder, const struct json_value *key, struct step *step)
{
    struct slice name = key->raw;
    if (key->escaped) {
        buf_clear(&coder->key_text);
        char *to = buf_reserve(&coder->key_text, name.len);
        if (to) /* else longer than any column's name: unknown as it is written */
            name = (struct slice){to, json_unescape(key, to)};
    }
    struct key_slots slots = plan_find_key(coder->plan, name);
    step->slots = slots;
    step->slot = NULL;
    step->unknown = KEY_TALLY_NONE;
    if (slots.column == NO_SLOT && slots.pointer == NO_SLOT)
        step->unknown = key_tally_number(&coder->tally, key->nul ? key->raw : name);
    else if (slots.pointer == NO_SLOT && !slots.folded)
        step->slot = &coder->slots[slots.column];
    else if (slots.column == NO_SLOT)
        step->slot = &coder->slots[slots.pointer];
}

/* A step for the key: the one it has, a new one, or STEP_UNKNOWN if its text is too long. */
static uint16_t step_of(struct row_coder *coder, const struct json_hint *hint,
                        const struct json_value *key)
{
    struct key_order *order = &coder->order;
    uint32_t bucket;
    if (hint->len == 0)
        return STEP_UNKNOWN;
    uint16_t number = find_step(order, key->raw, &bucket);
    if (number != STEP_UNKNOWN)
        return number;
    if (order->n == MAX_STEPS) { /* keys that differ in each record: begin again */
        key_order_init(order);
        return STEP_UNKNOWN;
    }
    number = (uint16_t)order->n++;
    order->buckets[bucket] = number;
    order->steps[number].next = STEP_UNKNOWN;
    return number;
}

uint16_t key_order_learn(struct row_coder *coder, uint16_t previous, const char *before,
                         const struct json_value *key, const struct json_value *value)
{
    struct json_hint hint;
    json_hint_set(&hint, before, value);
    bool first = previous == STEP_NONE;
    uint16_t number = first ? STEP_FIRST : step_of(coder, &hint, key);
    struct step *step = &coder->order.steps[number];
    resolve(coder, key, step);
    if (!first)
        coder->order.steps[previous].next = number;
    if (number == STEP_UNKNOWN)
        return number;
    step->hint = hint;
    step->key_at = (size_t)(key->raw.ptr - before);
    step->key_len = key->raw.len;
    return number;
}

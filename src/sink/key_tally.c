#include "sink/key_tally.h"

#include "base/json.h"
#include "sink/plan.h"

void key_tally_init(struct key_tally *tally)
{
    memset(tally, 0, sizeof *tally);
    arena_init(&tally->names);
}

void key_tally_release(struct key_tally *tally)
{
    arena_release(&tally->names);
}

/* A name fit to be a C string in a message: cut between characters, up to the first NUL. */
static struct slice presentable(struct slice name)
{
    name.len = strnlen(name.ptr, name.len);
    if (name.len > KEY_TALLY_NAME_BYTES) {
        name.len = KEY_TALLY_NAME_BYTES;
        name.len = utf8_valid_prefix(name);
    }
    return name;
}

int key_tally_number(struct key_tally *tally, struct slice name)
{
    enum { MASK = 2 * KEY_TALLY_MAX_KEYS - 1 };
    name = presentable(name);
    uint32_t at = plan_hash(name) & MASK;
    for (; tally->buckets[at] != 0; at = (at + 1) & MASK)
        if (slice_eq_str(name, tally->keys[tally->buckets[at] - 1].name))
            return (int)tally->buckets[at] - 1;
    if (tally->n == KEY_TALLY_MAX_KEYS)
        return KEY_TALLY_NONE;
    tally->keys[tally->n].name = arena_strndup(&tally->names, name.ptr, name.len);
    tally->buckets[at] = (uint32_t)++tally->n;
    return (int)tally->n - 1;
}

void key_tally_take_back(struct key_tally *tally, uint64_t record)
{
    for (size_t i = 0; i < tally->n; i++) {
        if (tally->last_record[i] != record)
            continue;
        tally->last_record[i] = 0;
        tally->keys[i].records--;
    }
}

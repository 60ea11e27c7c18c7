/* One lane's count of the keys that no column took: each distinct one, with how many records. */
#ifndef WEIR_SINK_KEY_TALLY_H
#define WEIR_SINK_KEY_TALLY_H

#include "base/arena.h"
#include "base/slice.h"
#include "sink/row.h"

#include <stddef.h>
#include <stdint.h>

#define KEY_TALLY_MAX_KEYS 256
#define KEY_TALLY_NAME_BYTES 128 /* a longer name is cut, and shares its entry with its likes */
#define KEY_TALLY_NONE (-1)

struct key_tally {
    struct arena names;
    struct unknown_key keys[KEY_TALLY_MAX_KEYS];
    uint64_t last_record[KEY_TALLY_MAX_KEYS]; /* so that a key twice in one record counts once */
    uint32_t buckets[2 * KEY_TALLY_MAX_KEYS];
    size_t n;
};

void key_tally_init(struct key_tally *tally);
void key_tally_release(struct key_tally *tally);
/* The number of the key, remembered if there is room; else KEY_TALLY_NONE. */
int key_tally_number(struct key_tally *tally, struct slice name);
/* The key was met in the record with this serial number. */
static inline void key_tally_count(struct key_tally *tally, int key, uint64_t record)
{
    if (key != KEY_TALLY_NONE && tally->last_record[key] != record) {
        tally->last_record[key] = record;
        tally->keys[key].records++;
    }
}
/* The record will come again: do not count it twice. */
void key_tally_take_back(struct key_tally *tally, uint64_t record);

#endif

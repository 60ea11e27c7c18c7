#include "inspect/id_table.h"

#include <stdlib.h>

#define FIRST_ROOM 1024

void id_table_init(struct id_table *table)
{
    *table = (struct id_table){.key = siphash_new_key()};
}

void id_table_release(struct id_table *table)
{
    free(table->counts);
    table->counts = NULL;
    table->n = table->room = 0;
}

struct digest id_table_digest(const struct id_table *table, struct slice id)
{
    struct digest digest = siphash(&table->key, id);
    digest.h[1] |= digest.h[0] == 0; /* all zero is a free place */
    return digest;
}

static bool is_free(const struct id_count *count)
{
    return count->digest.h[0] == 0 && count->digest.h[1] == 0;
}

/* Where the digest is, or the free place where it belongs. */
static struct id_count *place_of(struct id_count *counts, size_t room, struct digest digest)
{
    size_t at = digest.h[0] & (room - 1);
    while (!is_free(&counts[at]) &&
           (counts[at].digest.h[0] != digest.h[0] || counts[at].digest.h[1] != digest.h[1]))
        at = (at + 1) & (room - 1);
    return &counts[at];
}

static int grow(struct id_table *table, struct err *err)
{
    size_t room = table->room ? 2 * table->room : FIRST_ROOM;
    struct id_count *counts = calloc(room, sizeof *counts);
    if (!counts)
        return err_set(err, ERR_HALT, "no memory for the ids of the ledger: %zu are counted so far",
                       table->n);
    for (size_t i = 0; i < table->room; i++)
        if (!is_free(&table->counts[i]))
            *place_of(counts, room, table->counts[i].digest) = table->counts[i];
    free(table->counts);
    table->counts = counts;
    table->room = room;
    return 0;
}

struct id_count *id_table_add(struct id_table *table, struct digest digest, struct err *err)
{
    if (table->n >= table->room / 4 * 3 && grow(table, err) < 0)
        return NULL;
    struct id_count *count = place_of(table->counts, table->room, digest);
    if (is_free(count)) {
        count->digest = digest;
        table->n++;
    }
    return count;
}

struct id_count *id_table_find(const struct id_table *table, struct digest digest)
{
    if (table->room == 0)
        return NULL;
    struct id_count *count = place_of(table->counts, table->room, digest);
    return is_free(count) ? NULL : count;
}

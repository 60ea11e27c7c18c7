/*
 * How often each id is named by a ledger and stored in a table: an open hash table of digests.
 *
 * 32 bytes an id, and at most 3 in 4 places are taken: ten million ids take 512 MiB, 768 MiB for
 * the moment in which the table grows. One owner. Memory that runs out is an error, not an abort:
 * how large a ledger is, is the caller's doing.
 */
#ifndef WEIR_INSPECT_ID_TABLE_H
#define WEIR_INSPECT_ID_TABLE_H

#include "base/err.h"
#include "base/siphash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_count {
    struct digest digest; /* all zero: a free place */
    uint32_t must;        /* named, and each must be a row */
    uint32_t may;         /* named, and may be a row */
    uint32_t pending;     /* named, and not yet to be a row */
    uint32_t rows;        /* in the table */
};

struct id_table {
    struct siphash_key key;
    struct id_count *counts;
    size_t n;
    size_t room; /* 0 or a power of two */
};

void id_table_init(struct id_table *table);
void id_table_release(struct id_table *table);
struct digest id_table_digest(const struct id_table *table, struct slice id);
/* The counts of an id, made with zeros if new; valid until the next call. NULL and err: memory. */
struct id_count *id_table_add(struct id_table *table, struct digest digest, struct err *err);
/* NULL if it was never added. */
struct id_count *id_table_find(const struct id_table *table, struct digest digest);

#endif

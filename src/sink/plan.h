/*
 * A compiled row_plan: where each column's value comes from and who converts it.
 *
 * A record's members land in slots. A top-level key fills up to two of them: one for the column of
 * its name and one for the JSON Pointers that begin with it. Private to src/sink.
 */
#ifndef WEIR_SINK_PLAN_H
#define WEIR_SINK_PLAN_H

#include "base/arena.h"
#include "sink/convert.h"
#include "sink/pointer.h"
#include "sink/row.h"
#include "sink/tz.h"

#define NO_SLOT (-1)

enum field_source {
    FROM_SLOT,    /* the member itself */
    FROM_POINTER, /* something inside the member */
    FROM_DOCUMENT,
    FROM_TOPIC,
    FROM_PARTITION,
    FROM_OFFSET,
    FROM_TIMESTAMP,
    FROM_KEY,
    FROM_HEADER,
};

/* A writable column, in the order of the table. */
struct field {
    struct target target;
    enum field_source source;
    int slot;
    struct pointer pointer;
    struct slice header;
    int stable;   /* number of the column's stable default, or -1 */
    bool volatil; /* left out when absent */
    bool not_null;
};

/* Key → slot, found by a hash of the name in lower case. */
struct name_entry {
    struct slice name;
    int slot;
};
struct name_index {
    struct name_entry *entries;
    size_t n;
    uint32_t *buckets; /* entry number + 1, 0: free; open addressing */
    uint32_t mask;
};

struct row_plan {
    struct arena arena;
    const struct table *table;
    const struct row_policy *policy;
    struct tz *tz;
    bool binary;
    struct field *fields;
    size_t n_fields;
    size_t n_slots;
    size_t n_volatile;
    struct name_index columns;  /* every column of the table; NO_SLOT: its key does not fill it */
    struct name_index pointers; /* first tokens of JSON Pointers */
    const struct column **stable;
    size_t n_stable;
};

/* What a key fills. */
struct key_slots {
    int column;  /* slot of the column with its name, or NO_SLOT */
    int pointer; /* slot of the pointers through it, or NO_SLOT */
    bool folded; /* the column's name differs in case */
};
struct key_slots plan_find_key(const struct row_plan *plan, struct slice key);

uint32_t plan_hash(struct slice name);

#endif

/*
 * A table drafted from a sample of a topic: a column for each key that the records have at their
 * top, in the order met. NOT NULL is never guessed: a sample cannot know what comes.
 *
 * Created as it stands, the table takes every record of the sample that is a JSON object.
 */
#ifndef WEIR_INSPECT_DRAFT_H
#define WEIR_INSPECT_DRAFT_H

#include "base/arena.h"
#include "base/buf.h"
#include "sink/record.h"
#include "sink/table.h"

#include <stdbool.h>
#include <stddef.h>

struct draft_column {
    const char *key;           /* and the column's name */
    const char *type;          /* "bigint" */
    const struct column *kind; /* the same as the catalog would describe it, without a name */
    size_t present;            /* records that have the key, with a value or null */
    size_t nulls;              /* of these with null */
    const char *example;       /* a value as JSON text, cut short, in one line; NULL: none */
};

/* A key that cannot be a column's name. */
struct draft_left_out {
    const char *key; /* as the record writes it, cut short */
    const char *why;
    size_t records;
};

struct draft {
    size_t objects;     /* records of the sample that are JSON objects */
    size_t tombstones;  /* that have no value */
    size_t others;      /* that are something else: dead letters of any table */
    const char *reason; /* what the first of these is; NULL: there is none */
    struct draft_column *columns;
    size_t n_columns;
    struct draft_left_out *left_out;
    size_t n_left_out;
};

/* All memory is the arena's, the records excepted. */
void draft_make(struct draft *draft, struct arena *arena, const struct record *records, size_t n);
const struct draft_column *draft_find(const struct draft *draft, const char *key);

/*
 * CREATE TABLE, and CREATE SCHEMA where the name has one. `table` is a name as SQL writes it
 * ("table" or "schema.table"). A comment says of each column in how many records it was, and with
 * `examples` what a value was. Nothing where the draft has no columns.
 */
void draft_print(const struct draft *draft, const char *table, bool examples, struct buf *out);
/* The first part of "schema.table" in SQL's writing; length 0: it has none. */
struct slice draft_schema_of(const char *table);

#endif

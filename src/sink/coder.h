/* A lane's working memory over a row_plan, shared by row.c and its neighbours. Private. */
#ifndef WEIR_SINK_CODER_H
#define WEIR_SINK_CODER_H

#include "sink/key_tally.h"
#include "sink/plan.h"

/* A member's value in the record at hand. */
struct slot {
    struct json_value value;
    /*
     * Filled in this record if the stamp is `serial` (by a key that differs from the column's name
     * in case) or serial + 1 (by the very name).
     */
    uint64_t stamp;
};

/*
 * What is known of a key that records have: how it stands in the text, what it fills, and which key
 * came behind it the last time. Producers write their keys in the same order each time, so that one
 * comparison replaces the search; a key that is missing now and then costs one search, not more.
 */
struct step {
    struct json_hint hint;
    size_t key_at; /* the key's raw bytes in the hint's text */
    size_t key_len;
    struct slot *slot; /* the one slot that it fills by its very name; NULL: see `slots` */
    struct key_slots slots;
    int unknown;   /* number of the unknown key, or KEY_TALLY_NONE */
    uint16_t next; /* number of the step that came behind */
};

/*
 * Step 0 holds no guess; what it fills is good for one member only. Step 1 is the key that a record
 * begins with: it has no comma before it, so its text must never be expected anywhere else.
 */
enum { STEP_UNKNOWN, STEP_FIRST, STEP_KEYS, MAX_STEPS = 512, STEP_NONE = UINT16_MAX };
struct key_order {
    struct step steps[MAX_STEPS];
    size_t n;
    uint16_t buckets[2 * MAX_STEPS]; /* step number by hash of the raw key; STEP_UNKNOWN: free */
};

/* Rows with the same columns left out. */
struct shape {
    bool *left_out; /* by field number */
    const char *columns;
};

struct row_coder {
    const struct row_plan *plan;
    struct arena arena;
    struct convert convert;
    struct slot *slots;
    uint64_t serial; /* of the record at hand, even */
    struct key_order order;
    struct key_tally tally;
    struct buf key_text;  /* a key with its escapes resolved */
    char meta_text[64];   /* $partition, $offset, $timestamp as text */
    struct slice *stable; /* by number of the default; NULL: SQL NULL */
    struct buf *stable_bytes;
    struct shape shapes[ROW_MAX_SHAPES];
    unsigned n_shapes;
    struct shape single; /* the last one that found no place */
    struct buf single_columns;
    bool *left_out; /* of the record at hand, by field number */
    size_t n_left_out;
};

/* Fill `out` from the record's metadata; false if the record has none of it. (meta.c) */
bool meta_value(struct row_coder *coder, const struct field *field, const struct record *record,
                struct json_value *out);

/* (shape.c) */
void shapes_init(struct row_coder *coder);
/* The number of the shape with coder->left_out, made on first sight; ROW_MAX_SHAPES: `single`. */
unsigned shape_find(struct row_coder *coder);

/*
 * A member was met that the guess was wrong about: find out what its key fills, and expect it
 * behind step number `previous` (STEP_NONE: as a record's first) from now on. `before` is where the
 * value before it ended. Returns the step's number. (key_order.c)
 */
uint16_t key_order_learn(struct row_coder *coder, uint16_t previous, const char *before,
                         const struct json_value *key, const struct json_value *value);
void key_order_init(struct key_order *order);
static inline struct slice step_key(const struct step *step)
{
    return (struct slice){(const char *)step->hint.text + step->key_at, step->key_len};
}

#endif

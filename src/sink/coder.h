/* A lane's working memory over a row_plan, shared by row.c and its neighbours. Private. */
#ifndef WEIR_SINK_CODER_H
#define WEIR_SINK_CODER_H

#include "sink/key_tally.h"
#include "sink/plan.h"

/*
 * What the last record had at one place among its keys. Producers write their keys in the same
 * order each time, so the next record most likely has the same key there: then one comparison
 * replaces the search.
 */
#define STEP_KEY_BYTES 40
struct step {
    char key[STEP_KEY_BYTES]; /* as it stands in the JSON text, escapes and all */
    uint8_t key_len;          /* 0: nothing known */
    struct key_slots slots;
    int unknown; /* number of the unknown key, or KEY_TALLY_NONE */
};
#define MAX_STEPS 512

/* Rows with the same columns left out. */
struct shape {
    bool *left_out; /* by field number */
    const char *columns;
};

struct row_coder {
    const struct row_plan *plan;
    struct arena arena;
    struct convert convert;
    /*
     * A slot is filled in this record if its stamp is `serial` (by a key that differs from the
     * column's name in case) or serial + 1 (by the very name).
     */
    struct json_value *slots;
    uint64_t *stamps;
    uint64_t serial;
    struct step steps[MAX_STEPS];
    struct key_tally tally;
    struct buf key_text;  /* a key with its escapes resolved */
    char meta_text[64];   /* $partition, $offset, $timestamp as text */
    struct slice *stable; /* by number of the default; NULL: SQL NULL */
    struct buf *stable_bytes;
    struct shape shapes[ROW_MAX_SHAPES];
    unsigned n_shapes;
    struct shape single; /* the last one that found no place */
    struct buf single_columns;
    bool *left_out; /* of the record at hand */
};

/* Fill `out` from the record's metadata; false if the record has none of it. (meta.c) */
bool meta_value(struct row_coder *coder, const struct field *field, const struct record *record,
                struct json_value *out);

/* (shape.c) */
void shapes_init(struct row_coder *coder);
/* The number of the shape with coder->left_out, made on first sight; ROW_MAX_SHAPES: `single`. */
unsigned shape_find(struct row_coder *coder);

static inline bool slot_filled(const struct row_coder *coder, int slot)
{
    return coder->stamps[slot] >= coder->serial;
}

#endif

/* Inside record: its fields, ready to run (record_prepare.c), and what runs them (record.c). */
#ifndef WEIR_GENERATE_RECORD_PRIVATE_H
#define WEIR_GENERATE_RECORD_PRIVATE_H

#include "generate/alias.h"
#include "generate/names.h"
#include "generate/provider.h"
#include "generate/record.h"

/* Ages that people are drawn with, and when those were born who have them. */
struct ages {
    int min;
    int max;
    int64_t day; /* that `births` are for; INT64_MIN before the first */
    struct birth_range births;
};

/* What an array is drawn with; each of its elements has a person of its own. */
struct items {
    int64_t min;
    int64_t max;
    struct ages *ages;
};

enum step_kind { STEP_VALUE, STEP_OBJECT, STEP_ARRAY };

/* A field, ready to run; right behind an object or array are the steps of what is in it. */
struct step {
    char *(*write)(const void *data, struct draw *draw, char *to);
    const void *data; /* STEP_ARRAY: struct items */
    const char *lead; /* `, "name": "` or `{"name": "`, in room to be copied in strides */
    uint32_t lead_bytes;
    uint32_t inner;      /* so many steps behind it are in it */
    uint8_t quote_bytes; /* 1: a text; 0: bare */
    bool of_user;
    bool is_read; /* its value is looked at later: by a template, or from outside */
    bool special; /* it is hidden, or a share of it null, or it is no STEP_VALUE */
    bool plain;
    bool hidden;
    bool is_drawn; /* though it is null: a user's stream goes on the same */
    uint8_t kind;  /* enum step_kind */
    uint64_t null_share;
    char *raw; /* room for the raw text, where what stands in the record is not always it */
};

#define LEAD_STRIDE ((size_t)32)
/* A field's quotes, or the null that stands in place of a shorter text; brackets. */
#define AROUND_BYTES 5
#define BETWEEN_BYTES 2 /* two elements: ", " */

struct maker {
    struct arena arena;
    const struct record_spec *spec;
    struct maker_options options;
    struct names names;
    struct respelled_names *respelled;
    struct step *steps;
    struct drawn *values; /* of the fields that are read */
    bool *is_read;
    char *hidden; /* room for the fields that are not in the record */
    size_t record_bytes;
    struct moment moment;
    struct rng records;
    struct rng nulls;
    uint64_t user_seed;
    struct alias activity;
    uint64_t number;
    bool is_long;  /* the next record is to have a text that is too long */
    size_t spared; /* the field that stays as it is then */
    struct ages ages;
};

/*
 * Returning users have the ages that they are drawn to have on 2026-01-01, whenever their records
 * are made, or they would be born on another day each day. The youngest are not children, so that
 * history of ten years has no one in it who was not born yet.
 */
#define POPULATION_MIN_AGE 16
#define POPULATION_DAY 20454

#endif

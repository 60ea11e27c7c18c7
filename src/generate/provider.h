/*
 * Providers: each fills one kind of field. One table has them all (provider_table.c): their names,
 * the arguments that they take, how they are prepared and how they write.
 *
 * Preparing may fail and allocate; writing may not, and runs once a record.
 */
#ifndef WEIR_GENERATE_PROVIDER_H
#define WEIR_GENERATE_PROVIDER_H

#include "base/arena.h"
#include "base/err.h"
#include "generate/locale.h"
#include "generate/moment.h"
#include "generate/person.h"
#include "generate/put.h"
#include "generate/rng.h"
#include "generate/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names; /* a locale's texts */

/* A field of the record that is being written. */
struct drawn {
    struct slice text; /* as it stands in the record, between the quotes; ptr NULL: null */
    struct rng before; /* its stream, as it was before it was drawn */
    bool plain;        /* known to be the raw text too, for nothing in it is escaped */
};

/* What one record's fields are drawn from. */
struct draw {
    struct rng *rng;             /* the stream that belongs to this field */
    const struct person *person; /* NULL: fields are independent of each other */
    const struct names *names;   /* in the form that the text is to have */
    const struct moment *now;
    uint64_t number; /* of the record, from 0 */
    uint64_t user;   /* of the returning users, from 0; else everyone is new: the record's */
    int64_t today;   /* the day that ages are counted from, since 1970-01-01 */
    struct birth_range births; /* of people of all ages on that day */
    /* The fields before this one, hidden ones too, as far as they are read. */
    const struct drawn *fields;
    /*
     * Whether what is being written is the raw text too. As prepared, at first, where the field is
     * read; who cannot promise it for all texts says it of this one.
     */
    bool plain;
};

/* A provider prepared for one field. */
struct prepared {
    const void *data; /* its own */
    /* What writes it instead of the provider's write, where one way of several is chosen. */
    char *(*write)(const void *data, struct draw *draw, char *to);
    size_t max_bytes; /* of its raw text; escaped it may have six times these */
    bool bare;        /* a number or a boolean: no quotes */
    bool plain;       /* ASCII without anything that JSON escapes */
};

/* What preparing may look at. */
struct preparing {
    struct arena *arena;
    const struct locale *locale;
    bool utf8;                          /* what is not ASCII stands as it is */
    struct respelled_names **respelled; /* of all templates */
    const struct record_spec *spec;
    const struct field_spec *field;
    size_t n_before;         /* fields of the spec before it: template may name them */
    const size_t *max_bytes; /* of their raw texts */
    bool *is_read;           /* to be set for those of them that it looks at when it writes */
};

enum argument {
    ARGUMENT_MIN = 1,        /* min, max: whole numbers */
    ARGUMENT_DECIMALS = 2,   /* decimals; min and max are decimal fractions */
    ARGUMENT_DATES = 4,      /* min, max: dates */
    ARGUMENT_AGES = 8,       /* min_age, max_age */
    ARGUMENT_SEQUENCE = 16,  /* start, step */
    ARGUMENT_TIME = 32,      /* form, back */
    ARGUMENT_SHARE = 64,     /* true */
    ARGUMENT_TEMPLATE = 128, /* template, remove, case */
    ARGUMENT_VALUES = 256,   /* values: a list, or a mapping of value: weight; values_from */
    ARGUMENT_VALUE = 512,    /* value */
    ARGUMENT_FIELDS = 1024,  /* fields: it is an object */
    ARGUMENT_ITEMS = 2048,   /* items, min, max: it is an array */
};

struct provider {
    const char *name;
    const char *summary; /* half a sentence for --list-providers */
    const char *form;    /* how a spec writes it, as an example */
    unsigned arguments;  /* enum argument */
    bool per_user;       /* a returning user keeps it */
    /*
     * It has no data and writes nothing but texts of `names`, each whole: from the same state of
     * its stream it can be written again in another form.
     */
    bool of_names;
    /* Both NULL where it has fields of its own: record.h writes these. */
    int (*prepare)(const struct preparing *preparing, struct prepared *out, struct err *err);
    /*
     * Write the text as it stands in a JSON string; returns behind it. NULL: the value is null
     * (choice, constant, template).
     */
    char *(*write)(const void *data, struct draw *draw, char *to);
};

/* Whether it is filled with other fields: an object or an array. */
static inline bool provider_is_container(const struct provider *provider)
{
    return provider->arguments & (ARGUMENT_FIELDS | ARGUMENT_ITEMS);
}

extern const struct provider provider_table[];
extern const size_t provider_count;
/* NULL if there is none. */
const struct provider *provider_find(const char *name);

#endif

/*
 * A record spec: the fields of one kind of record, in their order, each filled by a provider.
 *
 * A spec is data that was read and checked; record.h turns it into something that runs. The
 * built-in one, driven_data, has the form of all others:
 *
 *     fields:
 *       person_name: name
 *       user_name: {template: "{person_name}", remove: " ", case: lower}
 *       session_duration: {provider: int, min: 0, max: 36000}
 *
 * A field is the name of a provider, or a mapping with `provider`, the provider's own arguments and
 * what every field can have: `null` (a share: 2%), `hidden` (only for templates), `per` (record or
 * user). docs/generate.md has all of it. Errors are ERR_USAGE with "FILE:LINE:COLUMN: ".
 *
 * Fields can be in each other: an object has `fields`, an array `items`, the field that its
 * elements are. All of them stand in one list, each object and array right before what is in it:
 *
 *     address: {fields: {city: city}}      address, address.city
 *     lines: {items: {fields: {n: int}}}   lines, lines[], lines[].n
 */
#ifndef WEIR_GENERATE_SPEC_H
#define WEIR_GENERATE_SPEC_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/yaml.h"
#include "generate/letters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct provider;

#define SPEC_MAX_FIELDS 500 /* at all levels */
#define SPEC_MAX_DEPTH 10   /* of objects and arrays in each other */
#define SPEC_MAX_ITEMS 100000
#define SPEC_DEFAULT_MIN_ITEMS 1
#define SPEC_DEFAULT_MAX_ITEMS 5
#define SPEC_NO_FIELD SIZE_MAX
#define SPEC_DEFAULT_ID "unique_id"
#define SPEC_MAX_DECIMALS 9
#define SPEC_SEQUENCE_START 1     /* where nothing is said */
#define SPEC_MAX_TEXT_BYTES 65536 /* of a constant, a choice's value or a template's literal */

enum field_per {
    PER_DEFAULT, /* as its provider has it */
    PER_RECORD,  /* drawn again for each record */
    PER_USER,    /* a returning user's own (with users) */
};

enum time_form {
    TIME_PYTHON,  /* 2026-01-01 00:00:00.123456, local time or UTC as the clock is */
    TIME_ISO,     /* 2026-01-01T00:00:00.123456+02:00 */
    TIME_EPOCH_S, /* numbers */
    TIME_EPOCH_MS,
    TIME_EPOCH_US,
};

/* A value of choice or constant. */
struct spec_value {
    struct slice text; /* ptr NULL: null */
    bool bare;         /* a number, true, false or null: written without quotes */
    uint64_t weight;   /* at most ALIAS_MAX_WEIGHT */
};

struct field_spec {
    const char *name;  /* with those of all that it is in: address.city, lines[].n */
    const char *label; /* its name in the object that it is in; NULL: it is an array's element */
    size_t outer;      /* the object or array that it is in; SPEC_NO_FIELD: the record itself */
    size_t array;      /* the innermost array that it is in; SPEC_NO_FIELD: there is one a record */
    size_t inner;      /* so many fields behind it are in it */
    const struct provider *provider;
    enum field_per per;
    uint64_t null_share; /* of RNG_SHARE_ONE */
    bool hidden;
    /* The provider's arguments; those that it does not take are as zeroed. */
    bool has_min; /* else the provider's default */
    bool has_max;
    int64_t min; /* int, sequence (from); float: scaled by 10^decimals; dates: days since 1970;
                  * date_of_birth: years; array: elements */
    int64_t max;
    int64_t step; /* sequence */
    int decimals;
    enum time_form form;
    int64_t back_ms;     /* timestamp: up to so long ago */
    uint64_t true_share; /* bool */
    bool as_text;        /* values that look like numbers are texts */
    const char *template_text;
    const char *remove; /* template: characters that are left out */
    enum letter_case letters;
    const struct spec_value *values; /* choice, constant */
    size_t n_values;
    const struct yaml_node *node; /* where it stands, for messages */
};

struct record_spec {
    const char *name;
    const char *file;                /* for messages */
    const struct field_spec *fields; /* at all levels */
    size_t n_fields;
    const char *key; /* the field that is the record's key, or NULL */
    const char *id;  /* the field that a ledger names: default SPEC_DEFAULT_ID where there is one */
};

/*
 * The spec in a mapping with `fields` (and key, id); all memory is the arena's. Files that it names
 * are meant from the folder of `file`.
 */
int spec_read(struct record_spec *spec, struct arena *arena, const char *name, const char *file,
              const struct yaml_node *mapping, struct err *err);
int spec_load_file(struct record_spec *spec, struct arena *arena, const char *path,
                   struct err *err);
/* driven_data, as the program brings it. */
int spec_builtin(struct record_spec *spec, struct arena *arena, struct err *err);
/*
 * How many records there can be until a sequence has come to the end of 64 bits, and which (NULL:
 * there is none that ends).
 */
uint64_t spec_max_records(const struct record_spec *spec, const struct field_spec **ends);
/*
 * The field that a template in `scope` (an object or array, or SPEC_NO_FIELD) means by a name,
 * among the first `n`: of its own object first, then of what that is in, and last of the record. An
 * array's elements see what stands before the array; nobody outside sees them.
 */
bool spec_find(const struct field_spec *fields, size_t n, size_t scope, struct slice name,
               size_t *field);
/* What nobody outside can mean, for a message: a field of that name in an array's elements, with or
 * without the brackets. */
bool spec_find_in_array(const struct field_spec *fields, size_t n, size_t scope, struct slice name,
                        size_t *field);
/* Whether it has one value a record, which a key, an id or a template can be made of; if not, why:
 * "is an object: ...". */
bool spec_has_one_value(const struct field_spec *field, const char **why);
/* Its YAML, to read and to begin an own one from. */
extern const char spec_builtin_yaml[];

#endif

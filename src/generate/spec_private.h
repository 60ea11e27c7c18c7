/* Inside spec: fields (spec_field.c), their providers (spec_provider.c) and arguments
 * (spec_value.c, spec_choice.c). */
#ifndef WEIR_GENERATE_SPEC_PRIVATE_H
#define WEIR_GENERATE_SPEC_PRIVATE_H

#include "generate/spec.h"

struct spec_reading {
    struct arena *arena;
    const char *file;
    struct err *err; /* all functions return 0, or -1 with it filled */
};

/* What a key of a field can be; `argument` are the providers' that take it, 0: every field's. */
struct spec_key {
    const char *name;
    unsigned argument; /* enum argument */
    /* NULL: it has fields of its own, which spec_field.c reads. */
    int (*read)(const struct spec_reading *reading, const struct yaml_node *node,
                struct field_spec *field);
};

extern const struct spec_key spec_keys[];
extern const size_t spec_key_count;

typedef int spec_read_argument(const struct spec_reading *reading, const struct yaml_node *node,
                               struct field_spec *field);

/* spec_choice.c */
spec_read_argument spec_read_as;
spec_read_argument spec_read_values;
spec_read_argument spec_read_values_from;
spec_read_argument spec_read_value;

/* spec_provider.c: a provider's name, or a mapping that names one or says it by its arguments. */
int spec_choose_provider(const struct spec_reading *reading, const struct yaml_node *node,
                         const struct provider **out);

/* spec_field.c: the mapping `fields` with all that is in it, into `spec`. */
int spec_read_fields(const struct spec_reading *reading, const struct yaml_node *mapping,
                     struct record_spec *spec);

int spec_read_text(const struct spec_reading *reading, const struct yaml_node *node,
                   const char **text);
int spec_read_integer(const struct spec_reading *reading, const struct yaml_node *node, int64_t min,
                      int64_t max, int64_t *out);
/* One of `words`, by its place among them. */
int spec_read_word(const struct spec_reading *reading, const struct yaml_node *node,
                   const char *const *words, size_t n, int *out);
/* "2%" or a number from 0 to 1, in 2^32nds. */
int spec_read_share(const struct spec_reading *reading, const struct yaml_node *node,
                    uint64_t *share);
/* What `key` or `id` (NULL: not there) names: a field of the spec. */
int spec_read_role(const struct spec_reading *reading, const struct yaml_node *node,
                   const struct record_spec *spec, const char **role);
/* An unknown name: with the nearest of the known ones, or all of them. -1. */
int spec_fail_name(const struct spec_reading *reading, const struct yaml_node *node, bool at_key,
                   const char *what, const char *name, const char *const *known, size_t n);
/* A path that the file says: from its folder, unless it begins with /. */
const char *spec_path(const struct spec_reading *reading, const char *path);

#endif

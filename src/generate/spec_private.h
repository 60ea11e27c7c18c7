/* Inside spec: one argument of a field read from its node (spec_value.c). */
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
    int (*read)(const struct spec_reading *reading, const struct yaml_node *node,
                struct field_spec *field);
};

extern const struct spec_key spec_keys[];
extern const size_t spec_key_count;

/* "2%" or a number from 0 to 1, in 2^32nds. */
int spec_read_share(const struct spec_reading *reading, const struct yaml_node *node,
                    uint64_t *share);
/* What `key` or `id` (NULL: not there) names: a field of the spec. */
int spec_read_role(const struct spec_reading *reading, const struct yaml_node *node,
                   const struct record_spec *spec, const char **role);
/* An unknown name: with the nearest of the known ones, or all of them. -1. */
int spec_fail_name(const struct spec_reading *reading, const struct yaml_node *node, bool at_key,
                   const char *what, const char *name, const char *const *known, size_t n);

#endif

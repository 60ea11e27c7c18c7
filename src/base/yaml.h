/*
 * A YAML file as a tree of our own, every node with its line and column.
 *
 * libfyaml reads the syntax; none of its types leave yaml.c. JSON is YAML too. Accepted is the part
 * of YAML that a configuration needs: one document of mappings, lists and scalars, keys are
 * scalars and appear once. Anchors, aliases, tags and merge keys are refused by name. All text
 * stays text: what "10" or "yes" means is decided by who asks for the value.
 *
 * Nodes live in the arena that was passed in. Lines and columns count from 1.
 */
#ifndef WEIR_BASE_YAML_H
#define WEIR_BASE_YAML_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

#define YAML_MAX_BYTES ((size_t)1 << 20)
#define YAML_MAX_DEPTH 32

enum yaml_kind {
    YAML_NULL, /* nothing, ~ or null, not quoted */
    YAML_SCALAR,
    YAML_LIST,
    YAML_MAPPING,
};

struct yaml_node {
    enum yaml_kind kind;
    int line;
    int column;
    const char *key; /* of a mapping's member; NULL elsewhere */
    int key_line;
    int key_column;
    const char *text;        /* of a scalar, escapes resolved; of a null ""; NULL elsewhere */
    bool literal;            /* was written as a block (| or >) */
    bool quoted;             /* was written in quotes, or as a block */
    struct yaml_node *first; /* child */
    struct yaml_node *last;
    struct yaml_node *next; /* sibling */
    size_t n;               /* children */
};

/* Read a file. An empty one gives an empty mapping. Errors begin with "FILE:LINE:COLUMN: ". */
int yaml_load_file(struct arena *arena, const char *path, struct yaml_node **out, struct err *err);
/* The same for text in memory; `name` stands for the file in messages. */
int yaml_load(struct arena *arena, const char *name, struct slice text, struct yaml_node **out,
              struct err *err);

/* A member of a mapping by its key, or NULL (also for NULL and for what is no mapping). */
struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
/* Of libfyaml, as it runs. */
const char *yaml_library_version(void);

/* "a mapping", "a list", "a text", "nothing". */
const char *yaml_kind_name(enum yaml_kind kind);

/*
 * Replace ${NAME} and ${NAME:-default} in every scalar at and below `node` by the environment's
 * values, and $${ by ${. Keys are left alone. A variable that is not set and has no default is an
 * error; as in a shell, an empty one takes the default.
 */
int yaml_expand(struct arena *arena, const char *file, struct yaml_node *node, struct err *err);

/* ERR_USAGE with "FILE:LINE:COLUMN: " before the text, at the node's value or at its key. -1. */
int yaml_fail(struct err *err, const char *file, const struct yaml_node *node, const char *format,
              ...) __attribute__((format(printf, 4, 5)));
int yaml_fail_key(struct err *err, const char *file, const struct yaml_node *node,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif

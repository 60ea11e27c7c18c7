/* What the sources of the configuration share: config.c, config_file.c, config_merge.c. */
#ifndef WEIR_BASE_CONFIG_PRIVATE_H
#define WEIR_BASE_CONFIG_PRIVATE_H

#include "base/config.h"
#include "base/settings.h"
#include "base/yaml.h"

#define MAX_FILE_PIPELINES 256

struct loader {
    struct arena *arena;
    const struct config_request *request;
    struct err *err;
    const char *file;                           /* as shown in messages; NULL: there is none */
    const char *folder;                         /* of the file, with its slash, or "" */
    struct yaml_node *root;                     /* NULL without a file */
    struct yaml_node *node[MAX_FILE_PIPELINES]; /* the file's pipelines ... */
    struct pipeline_config *seen;               /* ... and each as the file alone has it */
    size_t n_nodes;
};

/* config_file.c: find, read and check the file's keys; fills file, folder, root, node. */
int config_file_read(struct loader *l);
/* The value of a key of the file as items; texts relative to the file already resolved. */
int config_file_value(struct loader *l, const struct setting *setting, const struct yaml_node *node,
                      struct setting_value *out);
/* "FILE:LINE:COLUMN" of a value. */
const char *config_file_where(struct loader *l, const struct yaml_node *node);
/* config_columns.c: the `columns` of a pipeline. */
int config_columns_read(struct loader *l, const struct yaml_node *columns,
                        struct pipeline_config *out);

/*
 * config_merge.c: resolve one pipeline. `node` is its part of the file or NULL; with `file_only`
 * options and variables are left out. Topic and table may be missing in the result.
 */
int config_resolve(struct loader *l, const struct yaml_node *node, bool file_only,
                   struct pipeline_config *out);
/* What options and variables say about a setting; layer NONE if nothing. */
void config_outside_value(struct loader *l, const struct setting *setting,
                          struct setting_value *out);

#endif

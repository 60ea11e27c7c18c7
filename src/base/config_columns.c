/* columns: {city: /address/city, kafka_offset: $offset, seen: {from: /ts, unit: ms}} */
#include "base/config_private.h"
#include "base/suggest.h"

#include <string.h>

#define HEADERS "$headers/"

static const struct {
    const char *name;
    enum column_source source;
} metadata[] = {
    {"$topic", COLUMN_TOPIC},   {"$partition", COLUMN_PARTITION},
    {"$offset", COLUMN_OFFSET}, {"$timestamp", COLUMN_TIMESTAMP},
    {"$key", COLUMN_KEY},
};
#define N_METADATA (sizeof metadata / sizeof *metadata)

static const char *const unit_names[] = {
    [TIME_UNIT_S] = "s", [TIME_UNIT_MS] = "ms", [TIME_UNIT_US] = "us"};

static int read_metadata(struct loader *l, const struct yaml_node *node, struct column_rule *rule)
{
    for (size_t i = 0; i < N_METADATA; i++)
        if (!strcmp(node->text, metadata[i].name)) {
            rule->source = metadata[i].source;
            return 0;
        }
    size_t prefix = strlen(HEADERS);
    if (!strncmp(node->text, HEADERS, prefix) && node->text[prefix]) {
        rule->source = COLUMN_HEADER;
        rule->from = node->text + prefix;
        return 0;
    }
    const char *known[N_METADATA + 1];
    for (size_t i = 0; i < N_METADATA; i++)
        known[i] = metadata[i].name;
    known[N_METADATA] = HEADERS "NAME";
    const char *nearest = suggest_nearest(node->text, known, N_METADATA + 1);
    if (nearest)
        return yaml_fail(l->err, l->file, node, "columns: \"%s\" is unknown; did you mean \"%s\"?",
                         node->text, nearest);
    return yaml_fail(l->err, l->file, node,
                     "columns: \"%s\" is unknown; there are $topic, $partition, $offset, "
                     "$timestamp, $key and $headers/NAME",
                     node->text);
}

static int read_source(struct loader *l, const struct yaml_node *node, struct column_rule *rule)
{
    if (node->kind != YAML_SCALAR)
        return yaml_fail(l->err, l->file, node, "columns: %s: expected a source, found %s",
                         rule->column, yaml_kind_name(node->kind));
    if (*node->text == '$')
        return read_metadata(l, node, rule);
    if (check_pointer(node->text, l->err) < 0)
        return err_prefix(l->err, "%s: columns", config_file_where(l, node));
    rule->source = COLUMN_POINTER;
    rule->from = node->text;
    return 0;
}

static int read_unit(struct loader *l, const struct yaml_node *node, struct column_rule *rule)
{
    for (size_t i = TIME_UNIT_S; node->kind == YAML_SCALAR && i <= TIME_UNIT_US; i++)
        if (!strcmp(node->text, unit_names[i]))
            rule->unit = (enum time_unit)i;
    if (rule->unit == TIME_UNIT_NONE)
        return yaml_fail(l->err, l->file, node, "columns: %s: the unit is s, ms or us",
                         rule->column);
    if (rule->source != COLUMN_POINTER && rule->source != COLUMN_KEY &&
        rule->source != COLUMN_HEADER)
        return yaml_fail(l->err, l->file, node,
                         "columns: %s: a unit goes with a JSON Pointer, $key or $headers/NAME",
                         rule->column);
    return 0;
}

static int read_long_form(struct loader *l, const struct yaml_node *node, struct column_rule *rule)
{
    static const char *const known[] = {"from", "unit"};
    for (const struct yaml_node *key = node->first; key; key = key->next) {
        if (!strcmp(key->key, "from") || !strcmp(key->key, "unit"))
            continue;
        const char *nearest = suggest_nearest(key->key, known, 2);
        return yaml_fail_key(l->err, l->file, key,
                             "unknown key \"%s\" in a column; did you mean \"%s\"?", key->key,
                             nearest ? nearest : "from");
    }
    const struct yaml_node *from = yaml_get(node, "from");
    const struct yaml_node *unit = yaml_get(node, "unit");
    if (!from)
        return yaml_fail(l->err, l->file, node, "columns: %s: \"from\" is missing", rule->column);
    if (read_source(l, from, rule) < 0)
        return -1;
    return unit ? read_unit(l, unit, rule) : 0;
}

int config_columns_read(struct loader *l, const struct yaml_node *columns,
                        struct pipeline_config *out)
{
    struct column_rule *rules = arena_alloc(l->arena, (columns->n + 1) * sizeof *rules);
    size_t n = 0;
    for (const struct yaml_node *node = columns->first; node; node = node->next) {
        struct column_rule *rule = &rules[n++];
        rule->column = node->key;
        rule->line = node->key_line;
        if (!*node->key)
            return yaml_fail_key(l->err, l->file, node, "columns: a column's name is empty");
        int rc =
            node->kind == YAML_MAPPING ? read_long_form(l, node, rule) : read_source(l, node, rule);
        if (rc < 0)
            return -1;
    }
    out->columns = rules;
    out->n_columns = n;
    return 0;
}

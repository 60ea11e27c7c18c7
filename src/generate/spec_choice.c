/* What choice and constant have as values: in the spec itself, or in a file of their own. */
#include "base/json.h"
#include "generate/alias.h"
#include "generate/spec_private.h"
#include "generate/value_file.h"

#include <inttypes.h>

/* A number, true or false as JSON has them, without blanks around. */
static bool is_bare(const struct field_spec *field, const char *text)
{
    struct json_value value;
    struct json_error error;
    if (field->as_text || strpbrk(text, " \t\r\n") ||
        json_parse(slice_of(text), &value, &error) < 0)
        return false;
    return value.type == JSON_NUMBER || value.type == JSON_TRUE || value.type == JSON_FALSE;
}

static int take_value(const struct spec_reading *reading, const struct yaml_node *node,
                      const struct field_spec *field, struct spec_value *value)
{
    if (node->kind == YAML_NULL) {
        *value = (struct spec_value){.weight = 1};
        return 0;
    }
    if (node->kind != YAML_SCALAR)
        return yaml_fail(reading->err, reading->file, node,
                         "a value is a text, a number, true, false or null, not %s",
                         yaml_kind_name(node->kind));
    if (strlen(node->text) > SPEC_MAX_TEXT_BYTES)
        return yaml_fail(reading->err, reading->file, node, "a value of more than %d bytes",
                         SPEC_MAX_TEXT_BYTES);
    *value = (struct spec_value){.text = slice_of(node->text),
                                 .bare = !node->quoted && is_bare(field, node->text),
                                 .weight = 1};
    return 0;
}

/* Of `value: weight`, the weight; whole numbers only. */
static int take_weighted(const struct spec_reading *reading, const struct yaml_node *node,
                         const struct field_spec *field, struct spec_value *value)
{
    int64_t weight = 0;
    if (node->kind == YAML_NULL)
        return yaml_fail_key(reading->err, reading->file, node,
                             "values: \"%s\" has no weight: write %s: 1, or all of them as a list, "
                             "[a, b]",
                             node->key, node->key);
    if (spec_read_integer(reading, node, 0, (int64_t)ALIAS_MAX_WEIGHT, &weight) < 0)
        return yaml_fail(reading->err, reading->file, node,
                         "values: the weight of \"%s\" is not a whole number from 0 to %" PRIu64
                         ": for shares of 60%% and 40%% write 60 and 40",
                         node->key, ALIAS_MAX_WEIGHT);
    bool null = !field->as_text && (!strcmp(node->key, "null") || !strcmp(node->key, "~"));
    *value = (struct spec_value){
        .text = null ? SLICE_NONE : slice_of(node->key),
        .bare = is_bare(field, node->key),
        .weight = (uint64_t)weight,
    };
    return 0;
}

/* Values are in the spec or in a file, and not in both. */
static int take_once(const struct spec_reading *reading, const struct yaml_node *node,
                     const struct field_spec *field)
{
    return field->n_values == 0 ? 0
                                : yaml_fail_key(reading->err, reading->file, node,
                                                "values and values_from are one thing: leave one "
                                                "out");
}

int spec_read_values(const struct spec_reading *reading, const struct yaml_node *node,
                     struct field_spec *field)
{
    bool weighted = node->kind == YAML_MAPPING;
    uint64_t total = 0;
    if (!weighted && node->kind != YAML_LIST)
        return yaml_fail(
            reading->err, reading->file, node,
            "values: a list [a, b] or a mapping {a: 3, b: 1} with weights is expected, "
            "not %s",
            yaml_kind_name(node->kind));
    if (node->n == 0)
        return yaml_fail(reading->err, reading->file, node,
                         "values: there are none: name at least one, [a, b], or {a: 3, b: 1} with "
                         "weights");
    struct spec_value *values = arena_alloc(reading->arena, node->n * sizeof *values);
    for (const struct yaml_node *at = node->first; at; at = at->next) {
        struct spec_value *value = &values[field->n_values++];
        if ((weighted ? take_weighted : take_value)(reading, at, field, value) < 0)
            return -1;
        total += value->weight;
    }
    if (total == 0)
        return yaml_fail(reading->err, reading->file, node, "values: all weights are 0");
    field->values = values;
    return 0;
}

int spec_read_values_from(const struct spec_reading *reading, const struct yaml_node *node,
                          struct field_spec *field)
{
    const char *text = "";
    struct value_list list;
    struct err own;
    if (take_once(reading, node, field) < 0 || spec_read_text(reading, node, &text) < 0)
        return -1;
    if (!*text)
        return yaml_fail(reading->err, reading->file, node,
                         "values_from: a file's path is expected");
    if (value_file_read(&list, reading->arena, spec_path(reading, text), field->as_text, &own) < 0)
        return yaml_fail(reading->err, reading->file, node, "values_from: %s", own.text);
    field->values = list.values;
    field->n_values = list.n;
    return 0;
}

int spec_read_value(const struct spec_reading *reading, const struct yaml_node *node,
                    struct field_spec *field)
{
    struct spec_value *value = arena_alloc(reading->arena, sizeof *value);
    field->values = value;
    field->n_values = 1;
    return take_value(reading, node, field, value);
}

int spec_read_as(const struct spec_reading *reading, const struct yaml_node *node,
                 struct field_spec *field)
{
    static const char *const words[] = {"text"};
    int word = 0;
    field->as_text = true;
    return spec_read_word(reading, node, words, 1, &word);
}

#include "generate/spec.h"

#include "generate/provider.h"
#include "generate/spec_private.h"

#include <string.h>

/* ---- Names ---- */

/* What a field is called in `scope`; NULL: it is not in it. */
static const char *name_in(const struct field_spec *field, const struct field_spec *scope)
{
    const char *whole = field->name;
    size_t above = scope ? strlen(scope->name) : 0;
    if (scope && (strncmp(whole, scope->name, above) != 0 || whole[above++] != '.'))
        return NULL;
    return whole + above;
}

/* Whether `array` is around what is in `scope`; SPEC_NO_FIELD: the record is around all. */
static bool is_within(const struct field_spec *fields, size_t scope, size_t array)
{
    while (scope != array && scope != SPEC_NO_FIELD)
        scope = fields[scope].outer;
    return scope == array;
}

bool spec_find(const struct field_spec *fields, size_t n, size_t scope, struct slice name,
               size_t *field)
{
    for (size_t at = scope;; at = fields[at].outer) {
        for (size_t i = n; i-- > 0;) {
            *field = i;
            const char *called = name_in(&fields[i], at == SPEC_NO_FIELD ? NULL : &fields[at]);
            if (called && slice_eq_str(name, called) && is_within(fields, scope, fields[i].array))
                return true;
        }
        if (at == SPEC_NO_FIELD)
            return false;
    }
}

/* Whether they are the same but for brackets: lines.n, lines[].n. */
static bool is_called_about(const char *called, struct slice name)
{
    for (size_t at = 0;; at++, called++) {
        while (called[0] == '[' && called[1] == ']')
            called += 2;
        while (name.len - at >= 2 && name.ptr[at] == '[' && name.ptr[at + 1] == ']')
            at += 2;
        if (at == name.len || !*called)
            return at == name.len && !*called;
        if (name.ptr[at] != *called)
            return false;
    }
}

bool spec_find_in_array(const struct field_spec *fields, size_t n, size_t scope, struct slice name,
                        size_t *field)
{
    for (size_t at = scope;; at = fields[at].outer) {
        for (*field = 0; *field < n; ++*field) {
            const struct field_spec *one = &fields[*field];
            const char *called = name_in(one, at == SPEC_NO_FIELD ? NULL : &fields[at]);
            if (called && one->array != SPEC_NO_FIELD && is_called_about(called, name))
                return true;
        }
        if (at == SPEC_NO_FIELD)
            return false;
    }
}

bool spec_has_one_value(const struct field_spec *field, const char **why)
{
    if (field->array != SPEC_NO_FIELD)
        *why = "is in an array, and so has no one value";
    else if (field->provider->arguments & ARGUMENT_ITEMS)
        *why = "is an array, and has no one value";
    else if (field->provider->arguments & ARGUMENT_FIELDS)
        *why = "is an object: name a field that is in it, OBJECT.FIELD";
    else
        return true;
    return false;
}

/* ---- The whole ---- */

int spec_read_role(const struct spec_reading *reading, const struct yaml_node *node,
                   const struct record_spec *spec, const char **role)
{
    const char **names = arena_alloc(reading->arena, spec->n_fields * sizeof *names);
    const char *why = "";
    size_t n = 0;
    size_t field;
    if (!node)
        return 0;
    if (node->kind != YAML_SCALAR)
        return yaml_fail(reading->err, reading->file, node, "%s: a field's name is expected",
                         node->key);
    *role = node->text;
    if (spec_find(spec->fields, spec->n_fields, SPEC_NO_FIELD, slice_of(node->text), &field) ||
        spec_find_in_array(spec->fields, spec->n_fields, SPEC_NO_FIELD, slice_of(node->text),
                           &field))
        return spec_has_one_value(&spec->fields[field], &why)
                   ? 0
                   : yaml_fail(reading->err, reading->file, node, "%s: %s %s", node->key,
                               node->text, why);
    for (size_t i = 0; i < spec->n_fields; i++)
        if (spec_has_one_value(&spec->fields[i], &why))
            names[n++] = spec->fields[i].name;
    return spec_fail_name(reading, node, false, "field", node->text, names, n);
}

/* Its first value, then as many steps as there is room for. */
static uint64_t values_of(const struct field_spec *sequence)
{
    int64_t start = sequence->has_min ? sequence->min : SPEC_SEQUENCE_START;
    uint64_t step = (uint64_t)(sequence->step < 0 ? -sequence->step : sequence->step);
    if (step == 0)
        return UINT64_MAX;
    uint64_t steps = (sequence->step > 0 ? (uint64_t)INT64_MAX - (uint64_t)start
                                         : (uint64_t)start - (uint64_t)INT64_MIN) /
                     step;
    return steps < UINT64_MAX ? steps + 1 : steps;
}

/* Those that count an array's elements. */
static int check_sequences(const struct spec_reading *reading, const struct record_spec *spec)
{
    for (size_t i = 0; i < spec->n_fields; i++) {
        const struct field_spec *field = &spec->fields[i];
        if (!(field->provider->arguments & ARGUMENT_SEQUENCE) || field->array == SPEC_NO_FIELD)
            continue;
        if (values_of(field) < (uint64_t)spec->fields[field->array].max)
            return yaml_fail(reading->err, reading->file, field->node,
                             "%s: the sequence comes to the end of 64 bits with element %d of %d: "
                             "let it start or step so that there is room",
                             field->name, (int)values_of(field),
                             (int)spec->fields[field->array].max);
    }
    return 0;
}

int spec_read(struct record_spec *spec, struct arena *arena, const char *name, const char *file,
              const struct yaml_node *mapping, struct err *err)
{
    const struct spec_reading reading = {.arena = arena, .file = file, .err = err};
    const struct yaml_node *fields = yaml_get(mapping, "fields");
    const char *why = "";
    size_t id;
    *spec = (struct record_spec){.name = name, .file = file};
    if (!fields)
        return yaml_fail(err, file, mapping, "a record spec has fields: NAME: PROVIDER");
    if (spec_read_fields(&reading, fields, spec) < 0 || check_sequences(&reading, spec) < 0)
        return -1;
    if (spec_find(spec->fields, spec->n_fields, SPEC_NO_FIELD, slice_of(SPEC_DEFAULT_ID), &id) &&
        spec_has_one_value(&spec->fields[id], &why))
        spec->id = SPEC_DEFAULT_ID;
    if (spec_read_role(&reading, yaml_get(mapping, "id"), spec, &spec->id) < 0 ||
        spec_read_role(&reading, yaml_get(mapping, "key"), spec, &spec->key) < 0)
        return -1;
    return 0;
}

uint64_t spec_max_records(const struct record_spec *spec, const struct field_spec **ends)
{
    uint64_t least = UINT64_MAX;
    *ends = NULL;
    for (size_t i = 0; i < spec->n_fields; i++) {
        const struct field_spec *field = &spec->fields[i];
        if (!(field->provider->arguments & ARGUMENT_SEQUENCE) ||
            field->array != SPEC_NO_FIELD || /* it begins anew in each record */
            values_of(field) >= least)
            continue;
        least = values_of(field);
        *ends = field;
    }
    return least;
}

static int check_file_keys(const struct spec_reading *reading, const struct yaml_node *root)
{
    static const char *const known[] = {"fields", "key", "id"};
    for (const struct yaml_node *at = root->first; at; at = at->next) {
        size_t i = 0;
        while (i < 3 && strcmp(at->key, known[i]) != 0)
            i++;
        if (i == 3)
            return spec_fail_name(reading, at, true, "key", at->key, known, 3);
    }
    return 0;
}

int spec_load_file(struct record_spec *spec, struct arena *arena, const char *path, struct err *err)
{
    struct yaml_node *root = NULL;
    const struct spec_reading reading = {.arena = arena, .file = path, .err = err};
    if (yaml_load_file(arena, path, &root, err) < 0 || check_file_keys(&reading, root) < 0)
        return -1;
    return spec_read(spec, arena, path, path, root, err);
}

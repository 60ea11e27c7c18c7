#include "generate/spec.h"

#include "generate/provider.h"
#include "generate/spec_private.h"

#include <assert.h>
#include <string.h>

#define DEFAULT_DECIMALS 2

/* ---- Which provider ---- */

static int take_provider(const struct spec_reading *reading, const struct yaml_node *node,
                         const char *name, const struct provider **out)
{
    const struct provider *found = provider_find(name);
    if (found) {
        *out = found;
        return 0;
    }
    const char **names = arena_alloc(reading->arena, provider_count * sizeof *names);
    for (size_t i = 0; i < provider_count; i++)
        names[i] = provider_table[i].name;
    return spec_fail_name(reading, node, false, "provider", name, names, provider_count);
}

static int find_provider(const struct spec_reading *reading, const struct yaml_node *node,
                         const struct provider **out)
{
    if (node->kind != YAML_SCALAR)
        return yaml_fail(reading->err, reading->file, node, "a provider's name is expected, not %s",
                         yaml_kind_name(node->kind));
    return take_provider(reading, node, node->text, out);
}

/* What needs no `provider`, because an argument of its own says it. */
static const struct {
    const char *key;
    const char *provider;
} implied[] = {{"template", "template"}, {"values", "choice"}, {"value", "constant"}};

static int choose_provider(const struct spec_reading *reading, const struct yaml_node *node,
                           const struct provider **out)
{
    if (node->kind == YAML_SCALAR)
        return find_provider(reading, node, out);
    if (node->kind != YAML_MAPPING)
        return yaml_fail(reading->err, reading->file, node,
                         "%s: a provider's name or a mapping is expected, not %s", node->key,
                         yaml_kind_name(node->kind));
    const struct yaml_node *provider = yaml_get(node, "provider");
    if (provider)
        return find_provider(reading, provider, out);
    for (size_t i = 0; i < sizeof implied / sizeof *implied; i++)
        if (yaml_get(node, implied[i].key))
            return take_provider(reading, node, implied[i].provider, out);
    return yaml_fail(reading->err, reading->file, node,
                     "%s: which provider? Write provider: NAME (weir generate --list-providers)",
                     node->key);
}

/* ---- One field ---- */

static bool takes(const struct provider *provider, const struct spec_key *key)
{
    return key->argument == 0 || (provider->arguments & key->argument);
}

static int check_keys(const struct spec_reading *reading, const struct yaml_node *node,
                      const struct provider *provider)
{
    const char **known = arena_alloc(reading->arena, (spec_key_count + 1) * sizeof *known);
    size_t n = 0;
    known[n++] = "provider";
    for (size_t i = 0; i < spec_key_count; i++)
        if (takes(provider, &spec_keys[i]))
            known[n++] = spec_keys[i].name;
    for (const struct yaml_node *at = node->first; at; at = at->next) {
        size_t i = 0;
        while (i < n && strcmp(known[i], at->key) != 0)
            i++;
        if (i == n)
            return spec_fail_name(reading, at, true,
                                  arena_printf(reading->arena, "argument of provider %s",
                                               provider->name),
                                  at->key, known, n);
    }
    return 0;
}

/* What a provider cannot do without. */
static int check_needed(const struct spec_reading *reading, const struct yaml_node *node,
                        const struct field_spec *field)
{
    const char *needed = NULL;
    if ((field->provider->arguments & ARGUMENT_TEMPLATE) && !field->template_text)
        needed = "template: TEXT";
    else if ((field->provider->arguments & ARGUMENT_VALUES) && field->n_values == 0)
        needed = "values: [a, b]";
    else if ((field->provider->arguments & ARGUMENT_VALUE) && field->n_values == 0)
        needed = "value: TEXT";
    if (!needed)
        return 0;
    return yaml_fail(reading->err, reading->file, node, "%s: the provider %s needs %s", field->name,
                     field->provider->name, needed);
}

static int read_field(const struct spec_reading *reading, const struct yaml_node *node,
                      struct field_spec *field)
{
    *field = (struct field_spec){
        .name = node->key,
        .node = node,
        .step = 1,
        .decimals = DEFAULT_DECIMALS,
        .true_share = RNG_SHARE_ONE / 2,
    };
    if (choose_provider(reading, node, &field->provider) < 0)
        return -1;
    assert(field->provider);
    if (check_keys(reading, node, field->provider) < 0)
        return -1;
    if (!(field->provider->arguments & ARGUMENT_DECIMALS))
        field->decimals = 0;
    for (size_t i = 0; i < spec_key_count; i++) {
        const struct yaml_node *at = yaml_get(node, spec_keys[i].name);
        if (at && spec_keys[i].read(reading, at, field) < 0)
            return -1;
    }
    return check_needed(reading, node, field);
}

/* ---- Providers named in a template ---- */

static bool is_field(const struct field_spec *fields, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq_str(name, fields[i].name))
            return true;
    return false;
}

/* The next {name} in a template's text; false: there is none. */
static bool next_name(const char **at, struct slice *name)
{
    while (**at) {
        *at += strcspn(*at, "{}");
        if ((*at)[0] && (*at)[0] == (*at)[1])
            *at += 2;
        else if (**at == '{') {
            size_t n = strcspn(*at + 1, "{}");
            *name = (struct slice){*at + 1, n};
            *at += n + 1 + ((*at)[n + 1] == '}');
            return true;
        } else if (**at)
            (*at)++;
    }
    return false;
}

static bool needs_arguments(const struct provider *provider)
{
    return provider->arguments & (ARGUMENT_TEMPLATE | ARGUMENT_VALUES | ARGUMENT_VALUE);
}

/*
 * A template's {name} that is no field but a provider becomes a hidden field before it. One that is
 * neither is the template's to report.
 */
static int add_named(const struct spec_reading *reading, const struct yaml_node *all,
                     const struct field_spec *user, struct field_spec *fields, size_t *n)
{
    struct slice name;
    const char *at = user->template_text;
    while (at && next_name(&at, &name)) {
        const char *text = arena_strndup(reading->arena, name.ptr, name.len);
        const struct provider *provider = provider_find(text);
        if (is_field(fields, *n, name) || *n >= SPEC_MAX_FIELDS)
            continue;
        if (slice_eq_str(name, user->name))
            return yaml_fail(reading->err, reading->file, user->node,
                             "%s: it names itself; a provider of that name needs a hidden field of "
                             "another",
                             user->name);
        if (yaml_get(all, text))
            return yaml_fail(reading->err, reading->file, user->node,
                             "%s: the field %s stands behind it: move it up", user->name, text);
        if (!provider)
            continue;
        if (needs_arguments(provider))
            return yaml_fail(reading->err, reading->file, user->node,
                             "%s: the provider %s has arguments: write a field (hidden: true) of "
                             "it, and name that",
                             user->name, text);
        fields[(*n)++] = (struct field_spec){
            .name = text,
            .provider = provider,
            .node = user->node,
            .hidden = true,
            .per = user->per,
            .step = 1,
            .decimals = provider->arguments & ARGUMENT_DECIMALS ? DEFAULT_DECIMALS : 0,
            .true_share = RNG_SHARE_ONE / 2,
        };
    }
    return 0;
}

/* ---- The whole ---- */

static int read_fields(const struct spec_reading *reading, const struct yaml_node *node,
                       struct record_spec *spec)
{
    struct field_spec *fields = arena_alloc(reading->arena, SPEC_MAX_FIELDS * sizeof *fields);
    size_t n = 0;
    if (!node || node->kind != YAML_MAPPING || node->n == 0)
        return yaml_fail(reading->err, reading->file, node, "fields: NAME: PROVIDER is expected");
    for (const struct yaml_node *at = node->first; at; at = at->next) {
        struct field_spec field;
        if (read_field(reading, at, &field) < 0)
            return -1;
        if (add_named(reading, node, &field, fields, &n) < 0)
            return -1;
        if (n == SPEC_MAX_FIELDS)
            return yaml_fail_key(reading->err, reading->file, at, "more than %d fields",
                                 SPEC_MAX_FIELDS);
        fields[n++] = field;
    }
    spec->fields = fields;
    spec->n_fields = n;
    return 0;
}

int spec_read_role(const struct spec_reading *reading, const struct yaml_node *node,
                   const struct record_spec *spec, const char **role)
{
    const char **names = arena_alloc(reading->arena, spec->n_fields * sizeof *names);
    if (!node)
        return 0;
    if (node->kind != YAML_SCALAR)
        return yaml_fail(reading->err, reading->file, node, "%s: a field's name is expected",
                         node->key);
    for (size_t i = 0; i < spec->n_fields; i++)
        names[i] = spec->fields[i].name;
    *role = node->text;
    if (is_field(spec->fields, spec->n_fields, slice_of(node->text)))
        return 0;
    return spec_fail_name(reading, node, false, "field", node->text, names, spec->n_fields);
}

int spec_read(struct record_spec *spec, struct arena *arena, const char *name, const char *file,
              const struct yaml_node *mapping, struct err *err)
{
    const struct spec_reading reading = {.arena = arena, .file = file, .err = err};
    const struct yaml_node *fields = yaml_get(mapping, "fields");
    *spec = (struct record_spec){.name = name, .file = file};
    if (!fields)
        return yaml_fail(err, file, mapping, "a record spec has fields: NAME: PROVIDER");
    if (read_fields(&reading, fields, spec) < 0)
        return -1;
    if (is_field(spec->fields, spec->n_fields, slice_of(SPEC_DEFAULT_ID)))
        spec->id = SPEC_DEFAULT_ID;
    if (spec_read_role(&reading, yaml_get(mapping, "id"), spec, &spec->id) < 0 ||
        spec_read_role(&reading, yaml_get(mapping, "key"), spec, &spec->key) < 0)
        return -1;
    return 0;
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

uint64_t spec_max_records(const struct record_spec *spec, const struct field_spec **ends)
{
    uint64_t least = UINT64_MAX;
    *ends = NULL;
    for (size_t i = 0; i < spec->n_fields; i++) {
        const struct field_spec *field = &spec->fields[i];
        if (!(field->provider->arguments & ARGUMENT_SEQUENCE) || values_of(field) >= least)
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

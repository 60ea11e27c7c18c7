/* The fields of a spec, and those that are in each other. */
#include "generate/provider.h"
#include "generate/spec_private.h"

#include <assert.h>
#include <string.h>

#define DEFAULT_DECIMALS 2

/* All fields so far. */
struct list {
    const struct yaml_node *root; /* the record's own `fields` */
    struct field_spec *fields;
    size_t n;
};

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
        needed = "values: [a, b], or values_from: FILE";
    else if ((field->provider->arguments & ARGUMENT_VALUE) && field->n_values == 0)
        needed = "value: TEXT";
    else if ((field->provider->arguments & ARGUMENT_FIELDS) && !yaml_get(node, "fields"))
        needed = "fields: {NAME: PROVIDER}";
    else if ((field->provider->arguments & ARGUMENT_ITEMS) && !yaml_get(node, "items"))
        needed = "items: PROVIDER";
    if (!needed)
        return 0;
    return yaml_fail(reading->err, reading->file, node, "%s: the provider %s needs %s", field->name,
                     field->provider->name, needed);
}

/* ---- Fields in each other ---- */

static const struct field_spec *outer_of(const struct list *list, const struct field_spec *field)
{
    return field->outer == SPEC_NO_FIELD ? NULL : &list->fields[field->outer];
}

static bool is_array(const struct field_spec *field)
{
    return field->provider->arguments & ARGUMENT_ITEMS;
}

/* The mapping that the names in `scope` are keys of; NULL: an array's, which has no names. */
static const struct yaml_node *names_in(const struct list *list, size_t scope)
{
    return scope == SPEC_NO_FIELD ? list->root : yaml_get(list->fields[scope].node, "fields");
}

static int check_depth(const struct spec_reading *reading, const struct yaml_node *node,
                       const struct list *list, const struct field_spec *field)
{
    int depth = 0;
    for (const struct field_spec *at = outer_of(list, field); at; at = outer_of(list, at))
        depth++;
    if (depth < SPEC_MAX_DEPTH)
        return 0;
    return yaml_fail(reading->err, reading->file, node,
                     "%s: more than %d objects and arrays in each other", field->name,
                     SPEC_MAX_DEPTH);
}

/* What it has of the object or array that it is in. */
static int inherit(const struct spec_reading *reading, const struct yaml_node *node,
                   const struct list *list, struct field_spec *field)
{
    const struct field_spec *outer = outer_of(list, field);
    if (!outer)
        return 0;
    if (field->array != SPEC_NO_FIELD && yaml_get(node, "per"))
        return yaml_fail_key(reading->err, reading->file, yaml_get(node, "per"),
                             "per: what is in an array is drawn with it: say it of %s",
                             list->fields[field->array].name);
    if (is_array(outer) && field->hidden)
        return yaml_fail_key(reading->err, reading->file, yaml_get(node, "hidden"),
                             "hidden: %s is all that stands in the array: leave it out, or make "
                             "the elements objects with a hidden field in them",
                             field->name);
    field->hidden = field->hidden || outer->hidden;
    if (field->array != SPEC_NO_FIELD)
        field->per = list->fields[field->array].per == PER_USER ? PER_USER : PER_RECORD;
    else if (field->per == PER_DEFAULT)
        field->per = outer->per;
    return 0;
}

static int check_array(const struct spec_reading *reading, const struct yaml_node *node,
                       struct field_spec *field)
{
    if (field->hidden)
        return yaml_fail(reading->err, reading->file, node,
                         "%s: an array that is hidden serves nothing: no template, key or id can "
                         "name what is in it",
                         field->name);
    field->min = field->has_min ? field->min : SPEC_DEFAULT_MIN_ITEMS;
    field->max = field->has_max ? field->max : SPEC_DEFAULT_MAX_ITEMS;
    if (field->min <= field->max)
        return 0;
    return yaml_fail(reading->err, reading->file, node, "%s: min %d%s is more than max %d%s",
                     field->name, (int)field->min, field->has_min ? "" : " (as nothing is said)",
                     (int)field->max, field->has_max ? "" : " (as nothing is said)");
}

/* ---- One field, without what is in it ---- */

static int read_arguments(const struct spec_reading *reading, const struct yaml_node *node,
                          struct field_spec *field)
{
    if (spec_choose_provider(reading, node, &field->provider) < 0)
        return -1;
    assert(field->provider);
    if (check_keys(reading, node, field->provider) < 0)
        return -1;
    if (!(field->provider->arguments & ARGUMENT_DECIMALS))
        field->decimals = 0;
    for (size_t i = 0; i < spec_key_count; i++) {
        const struct yaml_node *at = yaml_get(node, spec_keys[i].name);
        if (at && spec_keys[i].read && spec_keys[i].read(reading, at, field) < 0)
            return -1;
    }
    return check_needed(reading, node, field);
}

/* `label` in `outer`; NULL: the element of that array. */
static struct field_spec new_field(const struct spec_reading *reading, const struct list *list,
                                   const struct yaml_node *node, const char *label, size_t outer)
{
    const struct field_spec *around = outer == SPEC_NO_FIELD ? NULL : &list->fields[outer];
    return (struct field_spec){
        .name = !around ? label
                        : arena_printf(reading->arena, "%s%s%s", around->name, label ? "." : "[]",
                                       label ? label : ""),
        .label = label,
        .outer = outer,
        .array = !around            ? SPEC_NO_FIELD
                 : is_array(around) ? outer
                                    : around->array,
        .node = node,
        .step = 1,
        .decimals = DEFAULT_DECIMALS,
        .true_share = RNG_SHARE_ONE / 2,
    };
}

/* A name with a dot in it can be that of an object's field. */
static bool has_twin(const struct list *list, const struct field_spec *field)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->fields[i].array == field->array && !strcmp(list->fields[i].name, field->name))
            return true;
    return false;
}

static int append(const struct spec_reading *reading, struct list *list,
                  const struct field_spec *field)
{
    if (list->n == SPEC_MAX_FIELDS)
        return yaml_fail_key(reading->err, reading->file, field->node, "more than %d fields",
                             SPEC_MAX_FIELDS);
    if (has_twin(list, field))
        return yaml_fail_key(reading->err, reading->file, field->node,
                             "%s is the name of two fields: call one of them otherwise",
                             field->name);
    list->fields[list->n++] = *field;
    return 0;
}

/* ---- Providers named in a template ---- */

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
    return provider->arguments & (ARGUMENT_TEMPLATE | ARGUMENT_VALUES | ARGUMENT_VALUE |
                                  ARGUMENT_FIELDS | ARGUMENT_ITEMS);
}

/* Whether a field is called that, or one of an object OBJECT.FIELD. */
static bool is_name_of(const struct yaml_node *fields, const char *name)
{
    if (!fields || fields->kind != YAML_MAPPING)
        return false;
    for (const struct yaml_node *at = fields->first; at; at = at->next) {
        size_t n = strlen(at->key);
        if (strncmp(name, at->key, n) != 0)
            continue;
        if (!name[n] || (name[n] == '.' && is_name_of(yaml_get(at, "fields"), name + n + 1)))
            return true;
    }
    return false;
}

/* Whether a field of that name comes behind the template, where it could be meant. */
static bool stands_behind(const struct list *list, const struct field_spec *user, const char *name)
{
    for (size_t scope = user->outer;; scope = list->fields[scope].outer) {
        if (is_name_of(names_in(list, scope), name))
            return true;
        if (scope == SPEC_NO_FIELD)
            return false;
    }
}

static int check_named(const struct spec_reading *reading, const struct list *list,
                       const struct field_spec *user, const char *name,
                       const struct provider *provider)
{
    if (user->label && (!strcmp(name, user->label) || !strcmp(name, user->name)))
        return yaml_fail(reading->err, reading->file, user->node,
                         "%s: it names itself; a provider of that name needs a hidden field of "
                         "another",
                         user->name);
    if (stands_behind(list, user, name))
        return yaml_fail(reading->err, reading->file, user->node,
                         "%s: the field %s stands behind it: move it up", user->name, name);
    if (provider && needs_arguments(provider))
        return yaml_fail(reading->err, reading->file, user->node,
                         "%s: the provider %s has arguments: write a field (hidden: true) of "
                         "it, and name that",
                         user->name, name);
    return 0;
}

/*
 * A template's {name} that is no field but a provider becomes a hidden field before it. One that is
 * neither is the template's to report.
 */
static int add_named(const struct spec_reading *reading, struct list *list,
                     const struct field_spec *user)
{
    struct slice name;
    const char *at = user->template_text;
    while (at && next_name(&at, &name)) {
        size_t before;
        const char *text = arena_strndup(reading->arena, name.ptr, name.len);
        const struct provider *provider = provider_find(text);
        if (spec_find(list->fields, list->n, user->outer, name, &before))
            continue;
        if (check_named(reading, list, user, text, provider) < 0)
            return -1;
        if (!provider)
            continue;
        struct field_spec field = new_field(reading, list, user->node, text, user->outer);
        field.provider = provider;
        field.hidden = true;
        field.per = user->per;
        if (!(provider->arguments & ARGUMENT_DECIMALS))
            field.decimals = 0;
        if (append(reading, list, &field) < 0)
            return -1;
    }
    return 0;
}

/* ---- All of them ---- */

static int read_field(const struct spec_reading *reading, struct list *list,
                      const struct yaml_node *node, const char *label, size_t outer);

static int read_mapping(const struct spec_reading *reading, struct list *list,
                        const struct yaml_node *node, size_t outer)
{
    if (!node || node->kind != YAML_MAPPING || node->n == 0)
        return yaml_fail(reading->err, reading->file, node, "fields: NAME: PROVIDER is expected");
    for (const struct yaml_node *at = node->first; at; at = at->next)
        if (read_field(reading, list, at, at->key, outer) < 0)
            return -1;
    return 0;
}

/* What is in the object or array that was appended last. */
static int read_inner(const struct spec_reading *reading, struct list *list,
                      const struct yaml_node *node)
{
    size_t at = list->n - 1;
    int rc = is_array(&list->fields[at])
                 ? read_field(reading, list, yaml_get(node, "items"), NULL, at)
                 : read_mapping(reading, list, yaml_get(node, "fields"), at);
    list->fields[at].inner = list->n - 1 - at;
    return rc;
}

static int read_field(const struct spec_reading *reading, struct list *list,
                      const struct yaml_node *node, const char *label, size_t outer)
{
    struct field_spec field = new_field(reading, list, node, label, outer);
    if (read_arguments(reading, node, &field) < 0 || inherit(reading, node, list, &field) < 0)
        return -1;
    if (is_array(&field) && check_array(reading, node, &field) < 0)
        return -1;
    if (add_named(reading, list, &field) < 0 || append(reading, list, &field) < 0)
        return -1;
    if (!provider_is_container(field.provider))
        return 0;
    if (check_depth(reading, node, list, &field) < 0)
        return -1;
    return read_inner(reading, list, node);
}

int spec_read_fields(const struct spec_reading *reading, const struct yaml_node *mapping,
                     struct record_spec *spec)
{
    struct list list = {
        .root = mapping,
        .fields = arena_alloc(reading->arena, SPEC_MAX_FIELDS * sizeof *list.fields),
    };
    if (read_mapping(reading, &list, mapping, SPEC_NO_FIELD) < 0)
        return -1;
    spec->fields = list.fields;
    spec->n_fields = list.n;
    return 0;
}

/* Which provider a field has: named, or said by an argument that only it takes. */
#include "base/suggest.h"
#include "generate/provider.h"
#include "generate/spec_private.h"

#include <string.h>

/* What needs no `provider`, because an argument of its own says it. */
static const struct {
    const char *key;
    const char *provider;
} implied[] = {{"template", "template"}, {"values", "choice"}, {"values_from", "choice"},
               {"value", "constant"},    {"fields", "object"}, {"items", "array"}};

static const char *nearest_provider(const struct spec_reading *reading, const char *name)
{
    const char **names = arena_alloc(reading->arena, provider_count * sizeof *names);
    for (size_t i = 0; i < provider_count; i++)
        names[i] = provider_table[i].name;
    return suggest_nearest(name, names, provider_count);
}

/* Who writes a text where a provider's name is expected may mean that text. */
static int find_provider(const struct spec_reading *reading, const struct yaml_node *node,
                         const struct provider **out)
{
    if (node->kind != YAML_SCALAR)
        return yaml_fail(reading->err, reading->file, node, "a provider's name is expected, not %s",
                         yaml_kind_name(node->kind));
    *out = provider_find(node->text);
    if (*out)
        return 0;
    const char *nearest = nearest_provider(reading, node->text);
    return yaml_fail(reading->err, reading->file, node, "unknown provider \"%s\"%s%s%s", node->text,
                     nearest ? "; did you mean \""
                             : "; a value that is always the same is {value: ",
                     nearest ? nearest : node->text,
                     nearest ? "\"?" : "}, and weir generate --list-providers has all there are");
}

/* ---- A mapping that says none ---- */

static bool is_argument(const char *key)
{
    for (size_t i = 0; i < spec_key_count; i++)
        if (!strcmp(spec_keys[i].name, key))
            return true;
    return false;
}

static const struct yaml_node *first_unknown(const struct yaml_node *node)
{
    for (const struct yaml_node *at = node->first; at; at = at->next)
        if (!is_argument(at->key))
            return at;
    return NULL;
}

static const char *nearest_argument(const struct spec_reading *reading, const char *key)
{
    const char **names = arena_alloc(reading->arena, (spec_key_count + 1) * sizeof *names);
    for (size_t i = 0; i < spec_key_count; i++)
        names[i] = spec_keys[i].name;
    names[spec_key_count] = "provider";
    return suggest_nearest(key, names, spec_key_count + 1);
}

/* A key that is mistyped, or the fields of an object without the word. */
static int fail_without(const struct spec_reading *reading, const struct yaml_node *node)
{
    const struct yaml_node *unknown = first_unknown(node);
    const char *nearest = unknown ? nearest_argument(reading, unknown->key) : NULL;
    bool is_field = unknown && (unknown->kind == YAML_MAPPING ||
                                (unknown->kind == YAML_SCALAR && provider_find(unknown->text)));
    if (nearest)
        return yaml_fail_key(reading->err, reading->file, unknown,
                             "unknown key \"%s\"; did you mean \"%s\"?", unknown->key, nearest);
    if (is_field)
        return yaml_fail_key(reading->err, reading->file, unknown,
                             "unknown key \"%s\"; an object's fields stand below fields: {fields: "
                             "{%s: ...}}",
                             unknown->key, unknown->key);
    return yaml_fail(reading->err, reading->file, node,
                     "%s: which provider? Write provider: NAME (weir generate --list-providers)",
                     node->key);
}

int spec_choose_provider(const struct spec_reading *reading, const struct yaml_node *node,
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
    for (size_t i = 0; i < sizeof implied / sizeof *implied; i++) {
        if (!yaml_get(node, implied[i].key))
            continue;
        *out = provider_find(implied[i].provider);
        return 0;
    }
    return fail_without(reading, node);
}

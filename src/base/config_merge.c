/* One pipeline out of options, variables, file and defaults. */
#include "base/config_private.h"
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

static void option_value(struct loader *l, const struct setting *setting, struct setting_value *out)
{
    const struct config_request *request = l->request;
    struct setting_item *items = NULL;
    size_t n = 0;
    *out = (struct setting_value){.layer = LAYER_NONE};
    for (size_t i = 0; i < request->n_overrides; i++) {
        const struct override *override = &request->overrides[i];
        if (strcmp(override->key, setting->key) != 0)
            continue;
        if (!items)
            items = arena_alloc(l->arena, request->n_overrides * sizeof *items);
        items[n++] = (struct setting_item){override->value, override->where};
    }
    if (n > 0)
        *out = (struct setting_value){LAYER_OPTION, items, n, items[0].where};
}

/* A list in a variable: its elements with separators between. */
static void split(struct arena *arena, const char *text, const char *separators, const char *where,
                  struct setting_value *out)
{
    struct setting_item *items = arena_alloc(arena, (strlen(text) + 1) * sizeof *items);
    size_t n = 0;
    for (;;) {
        size_t length = strcspn(text, separators);
        if (length > 0)
            items[n++] = (struct setting_item){arena_strndup(arena, text, length), where};
        if (!text[length])
            break;
        text += length + 1;
    }
    out->items = items;
    out->n = n;
}

static void variable_value(struct loader *l, const struct setting *setting,
                           struct setting_value *out)
{
    char name[40];
    *out = (struct setting_value){.layer = LAYER_NONE};
    if (!setting_is_key(setting) || setting->type == SETTING_TYPE_COLUMNS)
        return;
    setting_variable_name(setting, name);
    const char *text = getenv(name);
    if (!text || !*text)
        return;
    const char *where = arena_strdup(l->arena, name);
    *out = (struct setting_value){.layer = LAYER_VARIABLE, .where = where};
    if (setting->type == SETTING_TYPE_LIST || setting->type == SETTING_TYPE_PROPERTIES) {
        /* A property's value may hold commas. */
        split(l->arena, text, setting->type == SETTING_TYPE_LIST ? "," : ";\n", where, out);
        return;
    }
    struct setting_item *item = arena_alloc(l->arena, sizeof *item);
    *item = (struct setting_item){arena_strdup(l->arena, text), where};
    out->items = item;
    out->n = 1;
}

/* These choose what runs. */
static bool chooses(const struct setting *setting)
{
    return setting == setting_at(SETTING_TOPIC) || setting == setting_at(SETTING_TABLE) ||
           setting == setting_at(SETTING_NAME);
}

void config_outside_value(struct loader *l, const struct setting *setting,
                          struct setting_value *out)
{
    *out = (struct setting_value){.layer = LAYER_NONE};
    if (l->request->runs_none && chooses(setting))
        return;
    option_value(l, setting, out);
    if (out->layer == LAYER_NONE)
        variable_value(l, setting, out);
}

static void default_value(struct loader *l, const struct setting *setting,
                          struct setting_value *out)
{
    const char *text = setting_default(setting);
    *out = (struct setting_value){.layer = LAYER_DEFAULT, .where = "default"};
    if (!text)
        return;
    struct setting_item *item = arena_alloc(l->arena, sizeof *item);
    *item = (struct setting_item){text, "default"};
    out->items = item;
    out->n = 1;
}

static int choose_value(struct loader *l, const struct setting *setting,
                        const struct yaml_node *pipeline, bool file_only, struct setting_value *out)
{
    *out = (struct setting_value){.layer = LAYER_NONE};
    if (!file_only)
        config_outside_value(l, setting, out);
    if (out->layer != LAYER_NONE)
        return 0;
    const struct yaml_node *node = yaml_get(pipeline, setting->key);
    if (!node && (setting->flags & SETTING_TOP_KEY))
        node = yaml_get(l->root, setting->key);
    if (node)
        return config_file_value(l, setting, node, out);
    default_value(l, setting, out);
    return 0;
}

/* Properties add up over the layers; the later one of the same name counts. */
struct properties {
    struct property *items;
    size_t n;
    size_t room;
};

static int add_property(struct loader *l, struct properties *list, const char *name,
                        const char *value, const char *where)
{
    const char *instead = property_owned_by_weir(name);
    if (instead)
        return err_set(l->err, ERR_USAGE, "%s: %s is set by weir: %s", where, name, instead);
    if (!*name)
        return err_set(l->err, ERR_USAGE, "%s: a property without a name", where);
    if (secret_in_url(name, value))
        return err_set(l->err, ERR_USAGE,
                       "%s: %s: no login goes into a URL, where it is seen: set "
                       "sasl.oauthbearer.client.id and sasl.oauthbearer.client.secret",
                       where, name);
    size_t i = 0;
    while (i < list->n && strcmp(list->items[i].name, name) != 0)
        i++;
    if (i == list->room)
        return err_set(l->err, ERR_BUG, "%s: too many properties", where);
    list->items[i] = (struct property){name, value, where};
    list->n += i == list->n;
    return 0;
}

static int add_file_properties(struct loader *l, struct properties *list,
                               const struct yaml_node *kafka)
{
    struct setting_value unused;
    if (!kafka)
        return 0;
    if (config_file_value(l, setting_at(SETTING_KAFKA), kafka, &unused) < 0)
        return -1;
    for (const struct yaml_node *node = kafka->first; node; node = node->next) {
        if (node->kind != YAML_SCALAR)
            return yaml_fail(l->err, l->file, node, "kafka: %s: expected a text, found %s",
                             node->key, yaml_kind_name(node->kind));
        const char *where = config_file_where(l, node);
        /* An owned name is wrong itself: point at it rather than at its value. */
        if (property_owned_by_weir(node->key))
            where = arena_printf(l->arena, "%s:%d:%d", l->file, node->key_line, node->key_column);
        if (add_property(l, list, node->key, node->text, where) < 0)
            return -1;
    }
    return 0;
}

static int add_outside_property(struct loader *l, struct properties *list,
                                const struct setting_item *item)
{
    const char *equals = strchr(item->text, '=');
    if (!equals)
        return err_set(l->err, ERR_USAGE, "%s: \"%s\" is not a property: write NAME=VALUE",
                       item->where, item->text);
    const char *start = item->text + strspn(item->text, " ");
    const char *name = arena_strndup(l->arena, start, (size_t)(equals - start));
    return add_property(l, list, name, equals + 1, item->where);
}

static int resolve_kafka(struct loader *l, const struct yaml_node *pipeline, bool file_only,
                         struct pipeline_config *out)
{
    const struct yaml_node *top = yaml_get(l->root, "kafka");
    const struct yaml_node *own = yaml_get(pipeline, "kafka");
    struct setting_value outside[2] = {{.layer = LAYER_NONE}, {.layer = LAYER_NONE}};
    if (!file_only) {
        variable_value(l, setting_at(SETTING_KAFKA), &outside[0]);
        option_value(l, setting_at(SETTING_KAFKA), &outside[1]);
    }
    struct properties list = {.room = (top ? top->n : 0) + (own ? own->n : 0) + outside[0].n +
                                      outside[1].n};
    list.items = arena_alloc(l->arena, (list.room + 1) * sizeof *list.items);
    if (add_file_properties(l, &list, top) < 0 || add_file_properties(l, &list, own) < 0)
        return -1;
    for (size_t layer = 0; layer < 2; layer++)
        for (size_t i = 0; i < outside[layer].n; i++)
            if (add_outside_property(l, &list, &outside[layer].items[i]) < 0)
                return -1;
    out->kafka = list.items;
    out->n_kafka = list.n;
    return 0;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "<topic>-to-<table>"; several topics in one order, whatever order they were given in. */
static const char *made_name(struct arena *arena, const struct pipeline_config *pipeline)
{
    const char **topics = arena_alloc(arena, (pipeline->n_topics + 1) * sizeof *topics);
    memcpy(topics, pipeline->topics, pipeline->n_topics * sizeof *topics);
    qsort(topics, pipeline->n_topics, sizeof *topics, compare_texts);
    const char *joined = "";
    for (size_t i = 0; i < pipeline->n_topics; i++)
        joined = arena_printf(arena, "%s%s%s", joined, i ? "+" : "", topics[i]);
    return arena_printf(arena, "%s-to-%s", joined, pipeline->table);
}

static void resolve_name(struct loader *l, const struct yaml_node *node,
                         struct pipeline_config *out)
{
    out->name_given = out->name || node;
    if (!out->name && node)
        out->name = node->key;
    else if (!out->name)
        out->name = out->n_topics && out->table ? made_name(l->arena, out) : "";
}

int config_resolve(struct loader *l, const struct yaml_node *node, bool file_only,
                   struct pipeline_config *out)
{
    struct setting_value *values = arena_alloc(l->arena, N_SETTINGS * sizeof *values);
    *out = (struct pipeline_config){.values = values};
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const struct setting *setting = setting_at(i);
        if (choose_value(l, setting, node, file_only, &values[i]) < 0 ||
            setting_store(l->arena, setting, &values[i], out, l->err) < 0)
            return -1;
    }
    const struct yaml_node *columns = yaml_get(node, "columns");
    if (columns && config_columns_read(l, columns, out) < 0)
        return -1;
    if (resolve_kafka(l, node, file_only, out) < 0)
        return -1;
    resolve_name(l, node, out);
    out->database_form = database_form(out->database);
    out->offset_given = values[SETTING_OFFSET].layer == LAYER_OPTION;
    return 0;
}

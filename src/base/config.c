/* Which pipelines run, and the settings that belong to the process; see config.h. */
#include "base/config.h"

#include "base/config_private.h"
#include "base/suggest.h"

#include <string.h>

static int require_topic_and_table(struct loader *l, const struct yaml_node *node,
                                   const struct pipeline_config *pipeline)
{
    const char *missing = pipeline->n_topics == 0 ? "topic" : !pipeline->table ? "table" : NULL;
    if (!missing)
        return 0;
    return yaml_fail_key(l->err, l->file, node, "pipeline \"%s\" has no \"%s\"", node->key,
                         missing);
}

/* Every pipeline of the file is checked, also those that do not run now. */
static int check_file_pipelines(struct loader *l)
{
    l->seen = arena_alloc(l->arena, (l->n_nodes + 1) * sizeof *l->seen);
    for (size_t i = 0; i < l->n_nodes; i++) {
        if (config_resolve(l, l->node[i], true, &l->seen[i]) < 0 ||
            require_topic_and_table(l, l->node[i], &l->seen[i]) < 0)
            return -1;
        for (size_t j = 0; j < i; j++)
            if (!strcmp(l->seen[j].name, l->seen[i].name))
                return yaml_fail_key(l->err, l->file, l->node[i],
                                     "two pipelines are named \"%s\" (the other in line %d)",
                                     l->seen[i].name, l->node[j]->key_line);
    }
    return 0;
}

static bool same_topics(const struct pipeline_config *a, const struct setting_value *b)
{
    if (a->n_topics != b->n)
        return false;
    for (size_t i = 0; i < a->n_topics; i++) {
        size_t j = 0;
        while (j < b->n && strcmp(a->topics[i], b->items[j].text) != 0)
            j++;
        if (j == b->n)
            return false;
    }
    return true;
}

/* The file's pipeline that has this topic and table, if it is the only one. */
static const struct yaml_node *find_twin(struct loader *l, const struct setting_value *topic,
                                         const char *table)
{
    const struct yaml_node *twin = NULL;
    for (size_t i = 0; i < l->n_nodes; i++) {
        if (!same_topics(&l->seen[i], topic) || strcmp(l->seen[i].table, table) != 0)
            continue;
        if (twin)
            return NULL;
        twin = l->node[i];
    }
    return twin;
}

/* -t without --table: if the file's pipeline of that topic was meant, say how to run it. */
static int fail_no_table(struct loader *l, const struct setting_value *topic)
{
    for (size_t i = 0; i < l->n_nodes; i++)
        if (same_topics(&l->seen[i], topic))
            return err_set(l->err, ERR_USAGE,
                           "%s goes with --table: which table is to be filled? The pipeline of %s "
                           "that reads this topic runs by its name: weir ingest %s",
                           topic->where, l->file, l->seen[i].name);
    return err_set(l->err, ERR_USAGE, "%s goes with --table: which table is to be filled?",
                   topic->where);
}

/* Topic and table come from outside the file: issue's rule of -t and --table. */
static int choose_given(struct loader *l, struct config *config, const struct setting_value *topic,
                        const struct setting_value *table)
{
    if (l->request->n_names > 0)
        return err_set(l->err, ERR_USAGE,
                       "%s and a pipeline's name (%s) do not go together: the name stands for its "
                       "topic and table",
                       topic->layer ? topic->where : table->where, l->request->names[0]);
    if (!table->layer)
        return fail_no_table(l, topic);
    if (!topic->layer)
        return err_set(l->err, ERR_USAGE, "%s goes with -t: which topic is to be read?",
                       table->where);
    const struct yaml_node *twin = find_twin(l, topic, table->items[table->n - 1].text);
    config->pipelines = arena_alloc(l->arena, sizeof *config->pipelines);
    config->n_pipelines = 1;
    return config_resolve(l, twin, false, &config->pipelines[0]);
}

static int fail_unknown_name(struct loader *l, const char *name)
{
    if (!l->file)
        return err_set(l->err, ERR_USAGE,
                       "pipeline \"%s\": there is no weir.yaml here or above; name one with -c, or "
                       "give -t TOPIC and --table TABLE",
                       name);
    const char *known[MAX_FILE_PIPELINES] = {0};
    const char *all = "";
    for (size_t i = 0; i < l->n_nodes; i++) {
        known[i] = l->seen[i].name;
        all = arena_printf(l->arena, "%s%s%s", all, i ? ", " : "", known[i]);
    }
    const char *nearest = suggest_nearest(name, known, l->n_nodes);
    if (nearest)
        return err_set(l->err, ERR_USAGE, "%s has no pipeline \"%s\"; did you mean \"%s\"?",
                       l->file, name, nearest);
    return err_set(l->err, ERR_USAGE, "%s has no pipeline \"%s\"; it has: %s", l->file, name,
                   *all ? all : "none");
}

static int find_named(struct loader *l, const char *name, size_t *out)
{
    for (size_t i = 0; i < l->n_nodes; i++)
        if (!strcmp(l->seen[i].name, name)) {
            *out = i;
            return 0;
        }
    return fail_unknown_name(l, name);
}

/* All of the file's pipelines, or those asked for by name. */
static int choose_from_file(struct loader *l, struct config *config)
{
    size_t n_names = l->request->n_names;
    size_t n = n_names ? n_names : l->n_nodes;
    config->pipelines = arena_alloc(l->arena, (n + 1) * sizeof *config->pipelines);
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        if (n_names && find_named(l, l->request->names[i], &at) < 0)
            return -1;
        if (config_resolve(l, l->node[at], false, &config->pipelines[i]) < 0)
            return -1;
        for (size_t j = 0; n_names && j < i; j++)
            if (!strcmp(l->request->names[j], l->request->names[i]))
                return err_set(l->err, ERR_USAGE, "pipeline \"%s\" is named twice",
                               l->request->names[i]);
    }
    config->n_pipelines = n;
    if (n == 0 && !l->request->allow_none)
        return err_set(l->err, ERR_USAGE,
                       "nothing to run: give -t TOPIC and --table TABLE, or write pipelines: into "
                       "%s",
                       l->file ? l->file : "a weir.yaml");
    return 0;
}

static int choose_pipelines(struct loader *l, struct config *config)
{
    struct setting_value topic;
    struct setting_value table;
    struct setting_value name;
    config_outside_value(l, setting_at(SETTING_TOPIC), &topic);
    config_outside_value(l, setting_at(SETTING_TABLE), &table);
    config_outside_value(l, setting_at(SETTING_NAME), &name);
    if (topic.layer || table.layer)
        return choose_given(l, config, &topic, &table);
    if (choose_from_file(l, config) < 0)
        return -1;
    if (name.layer && config->n_pipelines > 1)
        return err_set(l->err, ERR_USAGE,
                       "%s names one pipeline, and %zu are to run: say which (weir ingest NAME)",
                       name.where, config->n_pipelines);
    return 0;
}

/* A setting of the process, which pipelines can have as a key: they must not disagree. */
static int choose_for_process(struct loader *l, const struct config *config, enum setting_id id,
                              const char **out)
{
    const struct setting_value *chosen = &config->common.values[id];
    size_t n_running = l->request->runs_none ? 0 : config->n_pipelines;
    for (size_t i = 0; i < n_running; i++) {
        const struct setting_value *value = &config->pipelines[i].values[id];
        if (value->layer <= LAYER_DEFAULT)
            continue;
        if (chosen->layer > LAYER_DEFAULT &&
            strcmp(chosen->items[chosen->n - 1].text, value->items[value->n - 1].text) != 0)
            return setting_fail(l->err, setting_at(id), value->layer, value->where,
                                "one process has one %s, and %s gives another", setting_at(id)->key,
                                chosen->where);
        chosen = value;
    }
    *out = chosen->n ? chosen->items[chosen->n - 1].text : NULL;
    return 0;
}

int config_load(struct config *config, const struct config_request *request, struct err *err)
{
    *config = (struct config){0};
    arena_init(&config->arena);
    struct loader *l = arena_alloc(&config->arena, sizeof *l);
    *l = (struct loader){.arena = &config->arena, .request = request, .err = err};
    if (config_file_read(l) < 0 || check_file_pipelines(l) < 0 ||
        config_resolve(l, NULL, false, &config->common) < 0 || choose_pipelines(l, config) < 0 ||
        choose_for_process(l, config, SETTING_HTTP, &config->http) < 0 ||
        choose_for_process(l, config, SETTING_LOG_FORMAT, &config->log_format) < 0) {
        config_release(config);
        return -1;
    }
    config->path = l->file;
    config->tree = l->root;
    return 0;
}

void config_release(struct config *config)
{
    arena_release(&config->arena);
    *config = (struct config){0};
}

const char *config_where(const struct pipeline_config *pipeline, const char *key)
{
    const struct setting *setting = setting_find(key);
    return setting ? pipeline->values[setting_index(setting)].where : "default";
}

const struct yaml_node *config_section(const struct config *config, const char *key)
{
    return config->tree ? yaml_get(config->tree, key) : NULL;
}

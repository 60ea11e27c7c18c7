/* Find and read weir.yaml, and refuse what does not belong into it. */
#include "base/config_private.h"
#include "base/suggest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "weir.yaml"
#define MAX_PATH_BYTES 4096

/* The parts that this version reads, then those that later verbs will. */
static const char *const top_keys[] = {
    "brokers",  "database", "kafka",   "pipelines", "generate", "broker",
    "postgres", "topics",   "streams", "alerts",    "notify",   "mask",
};
#define N_TOP_KEYS (sizeof top_keys / sizeof *top_keys)
#define N_TOP_KEYS_READ 5

/* Keys of a pipeline that weir.yaml has and this version has not. */
static const char *const later_keys[] = {"where", "sample", "key"};
#define N_LATER_KEYS (sizeof later_keys / sizeof *later_keys)

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(word, words[i]))
            return true;
    return false;
}

const char *config_file_where(struct loader *l, const struct yaml_node *node)
{
    return arena_printf(l->arena, "%s:%d:%d", l->file, node->line, node->column);
}

static bool is_regular_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The nearest weir.yaml from the current folder upward, as a relative path; NULL if none. */
static const char *search_upward(struct arena *arena)
{
    char here[MAX_PATH_BYTES];
    if (!getcwd(here, sizeof here))
        return NULL;
    const char *path = FILE_NAME;
    for (;;) {
        if (is_regular_file(path))
            return path;
        char *slash = strrchr(here, '/');
        if (!slash || !here[1])
            return NULL;
        slash[slash == here ? 1 : 0] = '\0';
        path = arena_printf(arena, "../%s", path);
    }
}

static bool is_number(const char *text)
{
    const char *pos = text;
    while (isdigit((unsigned char)*pos))
        pos++;
    return pos > text && !*pos;
}

/* kcat counts records with -c: whoever is used to it learns it here. */
static int fail_no_file(struct loader *l, const char *path, const char *where)
{
    if (is_number(path))
        return err_set(l->err, ERR_USAGE,
                       "%s %s: there is no such file; %s names the configuration file, the number "
                       "of records is -n %s",
                       where, path, where, path);
    return err_set(l->err, ERR_USAGE,
                   "%s %s: there is no such file; %s names the configuration file (weir.yaml)",
                   where, path, where);
}

static int choose_path(struct loader *l, const char **out)
{
    const char *path = l->request->file;
    const char *where = "-c";
    if (!path) {
        path = getenv("WEIR_CONFIG");
        where = "WEIR_CONFIG";
    }
    if (!path || (!*path && !l->request->file)) {
        *out = search_upward(l->arena);
        return 0;
    }
    if (access(path, F_OK) != 0)
        return fail_no_file(l, path, where);
    *out = path;
    return 0;
}

static int fail_unknown_key(struct loader *l, const struct yaml_node *node, const char *what,
                            const char *const *known, size_t n)
{
    const char *nearest = suggest_nearest(node->key, known, n);
    if (nearest)
        return yaml_fail_key(l->err, l->file, node, "unknown key \"%s\"%s; did you mean \"%s\"?",
                             node->key, what, nearest);
    const char *names = "";
    for (size_t i = 0; i < n; i++)
        names = arena_printf(l->arena, "%s%s%s", names, i ? ", " : "", known[i]);
    return yaml_fail_key(l->err, l->file, node, "unknown key \"%s\"%s; the keys are: %s", node->key,
                         what, names);
}

static int check_top_key(struct loader *l, const struct yaml_node *node)
{
    if (is_one_of(node->key, top_keys, N_TOP_KEYS))
        return 0;
    const struct setting *setting = setting_find(node->key);
    if (setting && setting_is_key(setting))
        return yaml_fail_key(l->err, l->file, node,
                             "\"%s\" belongs to a pipeline: write it under pipelines: NAME:",
                             node->key);
    return fail_unknown_key(l, node, "", top_keys, N_TOP_KEYS);
}

static int check_pipeline_key(struct loader *l, const struct yaml_node *node)
{
    const struct setting *setting = setting_find(node->key);
    if (setting && setting_is_key(setting))
        return 0;
    char option[32];
    if (setting) {
        setting_option_name(setting, option);
        return yaml_fail_key(l->err, l->file, node,
                             "\"%s\" is an option of a run (--%s), not a key of a pipeline",
                             node->key, option);
    }
    if (is_one_of(node->key, later_keys, N_LATER_KEYS))
        return yaml_fail_key(l->err, l->file, node, "\"%s\" is not supported by this version yet",
                             node->key);
    const char *known[N_SETTINGS];
    size_t n = 0;
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (setting_is_key(setting_at(i)))
            known[n++] = setting_at(i)->key;
    return fail_unknown_key(l, node, " in a pipeline", known, n);
}

static int check_pipelines(struct loader *l, const struct yaml_node *pipelines)
{
    if (!pipelines || pipelines->kind == YAML_NULL)
        return 0;
    if (pipelines->kind != YAML_MAPPING)
        return yaml_fail(l->err, l->file, pipelines,
                         "pipelines: expected a mapping of names, found %s",
                         yaml_kind_name(pipelines->kind));
    for (struct yaml_node *node = pipelines->first; node; node = node->next) {
        if (l->n_nodes == MAX_FILE_PIPELINES)
            return yaml_fail_key(l->err, l->file, node, "more than %d pipelines",
                                 MAX_FILE_PIPELINES);
        if (check_pipeline_name(node->key, l->err) < 0)
            return err_prefix(l->err, "%s:%d:%d", l->file, node->key_line, node->key_column);
        if (node->kind != YAML_MAPPING)
            return yaml_fail(l->err, l->file, node,
                             "pipeline \"%s\": expected a mapping with topic and table, found %s",
                             node->key, yaml_kind_name(node->kind));
        for (struct yaml_node *key = node->first; key; key = key->next)
            if (check_pipeline_key(l, key) < 0)
                return -1;
        l->node[l->n_nodes++] = node;
    }
    return 0;
}

int config_file_read(struct loader *l)
{
    const char *path = NULL;
    if (choose_path(l, &path) < 0)
        return -1;
    l->folder = "";
    if (!path)
        return 0;
    l->file = arena_strdup(l->arena, path);
    const char *slash = strrchr(l->file, '/');
    if (slash)
        l->folder = arena_strndup(l->arena, l->file, (size_t)(slash + 1 - l->file));
    if (yaml_load_file(l->arena, l->file, &l->root, l->err) < 0)
        return -1;
    if (l->root->kind != YAML_MAPPING)
        return yaml_fail(l->err, l->file, l->root,
                         "expected keys such as brokers and pipelines, found %s",
                         yaml_kind_name(l->root->kind));
    for (struct yaml_node *node = l->root->first; node; node = node->next)
        if (check_top_key(l, node) < 0)
            return -1;
    /* What later verbs read is left as it stands, variables included. */
    for (size_t i = 0; i < N_TOP_KEYS_READ; i++) {
        struct yaml_node *node = yaml_get(l->root, top_keys[i]);
        if (node && yaml_expand(l->arena, l->file, node, l->err) < 0)
            return -1;
    }
    return check_pipelines(l, yaml_get(l->root, "pipelines"));
}

static int fail_kind(struct loader *l, const struct setting *setting, const struct yaml_node *node,
                     const char *expected)
{
    if (node->kind == YAML_NULL)
        return yaml_fail(l->err, l->file, node, "%s: the value is missing", setting->key);
    return yaml_fail(l->err, l->file, node, "%s: expected %s, found %s", setting->key, expected,
                     yaml_kind_name(node->kind));
}

/* A path of the file is meant from the file's folder. */
static const char *resolve_path(struct loader *l, const struct setting *setting, const char *text)
{
    if (!(setting->flags & SETTING_PATHS) || *text == '/' || !*text)
        return text;
    if (setting == setting_at(SETTING_DATABASE) &&
        (database_form(text) != DATABASE_FILE || strstr(text, "://") ||
         !strncmp(text, "sqlite:", 7)))
        return text;
    return arena_printf(l->arena, "%s%s", l->folder, text);
}

static struct setting_item item_of(struct loader *l, const struct setting *setting,
                                   const struct yaml_node *node)
{
    return (struct setting_item){resolve_path(l, setting, node->text), config_file_where(l, node)};
}

int config_file_value(struct loader *l, const struct setting *setting, const struct yaml_node *node,
                      struct setting_value *out)
{
    bool many = setting->type == SETTING_TYPE_LIST || setting->type == SETTING_TYPE_JOINED;
    *out = (struct setting_value){.layer = LAYER_FILE, .where = config_file_where(l, node)};
    if (setting->type == SETTING_TYPE_PROPERTIES || setting->type == SETTING_TYPE_COLUMNS) {
        if (node->kind != YAML_MAPPING && node->kind != YAML_NULL)
            return fail_kind(l, setting, node, "a mapping");
        return 0;
    }
    if (node->kind != YAML_SCALAR && !(many && node->kind == YAML_LIST))
        return fail_kind(l, setting, node, many ? "a text or a list" : "a text");
    size_t n = node->kind == YAML_LIST ? node->n : 1;
    struct setting_item *items = arena_alloc(l->arena, (n + 1) * sizeof *items);
    out->items = items;
    out->n = n;
    if (node->kind == YAML_SCALAR) {
        items[0] = item_of(l, setting, node);
        return 0;
    }
    if (n == 0 && setting != setting_at(SETTING_SETUP))
        return yaml_fail(l->err, l->file, node, "%s: the list is empty", setting->key);
    for (const struct yaml_node *child = node->first; child; child = child->next) {
        if (child->kind != YAML_SCALAR)
            return fail_kind(l, setting, child, "a text");
        *items++ = item_of(l, setting, child);
    }
    return 0;
}

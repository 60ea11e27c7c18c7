#include "generate/entry.h"

#include "base/settings.h"
#include "base/suggest.h"
#include "generate/record.h"
#include "generate/spec_private.h"

#include <string.h>
#include <unistd.h>

static int text_of(const struct spec_reading *reading, const struct yaml_node *node,
                   const char **text)
{
    if (node->kind != YAML_SCALAR || !*node->text)
        return yaml_fail(reading->err, reading->file, node, "%s: a text is expected", node->key);
    *text = node->text;
    return 0;
}

/* ---- The keys of an entry ---- */

static int read_topic(const struct spec_reading *reading, const struct yaml_node *node,
                      struct entry *entry)
{
    return text_of(reading, node, &entry->topic);
}

static int read_pace(const struct spec_reading *reading, const struct yaml_node *node,
                     struct entry *entry, int (*parse)(const char *, struct pace *, struct err *))
{
    const char *text = "";
    struct err own;
    if (entry->has_pace)
        return yaml_fail_key(reading->err, reading->file, node,
                             "every and rate are one thing: "
                             "leave one out");
    entry->has_pace = true;
    if (text_of(reading, node, &text) < 0)
        return -1;
    return parse(text, &entry->pace, &own) == 0
               ? 0
               : yaml_fail(reading->err, reading->file, node, "%s: %s", node->key, own.text);
}

static int read_every(const struct spec_reading *reading, const struct yaml_node *node,
                      struct entry *entry)
{
    return read_pace(reading, node, entry, pace_parse_every);
}

static int read_rate(const struct spec_reading *reading, const struct yaml_node *node,
                     struct entry *entry)
{
    return read_pace(reading, node, entry, pace_parse_rate);
}

/* A whole number from 1 to `max`. */
static int read_number(const struct spec_reading *reading, const struct yaml_node *node,
                       int64_t max, int64_t *out)
{
    const char *text = "";
    if (text_of(reading, node, &text) < 0)
        return -1;
    if (parse_integer(text, out) < 0 || *out < 1 || *out > max)
        return yaml_fail(reading->err, reading->file, node,
                         "%s: \"%s\" is not a whole number from 1 to %lld", node->key, text,
                         (long long)max);
    return 0;
}

static int read_users(const struct spec_reading *reading, const struct yaml_node *node,
                      struct entry *entry)
{
    return read_number(reading, node, MAKER_MAX_USERS, &entry->users);
}

static int read_count(const struct spec_reading *reading, const struct yaml_node *node,
                      struct entry *entry)
{
    return read_number(reading, node, INT64_MAX, &entry->count);
}

static int read_ledger(const struct spec_reading *reading, const struct yaml_node *node,
                       struct entry *entry)
{
    const char *text = "";
    if (text_of(reading, node, &text) < 0)
        return -1;
    entry->ledger = spec_path(reading, text);
    entry->ledger_where = arena_printf(reading->arena, "%s:%d:%d: %s", reading->file, node->line,
                                       node->column, node->key);
    return 0;
}

static int read_faults(const struct spec_reading *reading, const struct yaml_node *node,
                       struct entry *entry)
{
    const char *text = "";
    struct err own;
    if (text_of(reading, node, &text) < 0)
        return -1;
    entry->has_faults = true;
    return faults_parse(text, &entry->faults, &own) == 0
               ? 0
               : yaml_fail(reading->err, reading->file, node, "faults: %s", own.text);
}

static const struct {
    const char *name;
    int (*read)(const struct spec_reading *reading, const struct yaml_node *node,
                struct entry *entry);
} keys[] = {
    {"topic", read_topic}, {"every", read_every},   {"rate", read_rate},
    {"count", read_count}, {"users", read_users},   {"faults", read_faults},
    {"spec", NULL},        {"fields", NULL},        {"key", NULL},
    {"id", NULL},          {"ledger", read_ledger},
};
#define N_KEYS (sizeof keys / sizeof *keys)

static int read_keys(const struct spec_reading *reading, const struct yaml_node *node,
                     struct entry *entry)
{
    const char *names[N_KEYS];
    for (size_t i = 0; i < N_KEYS; i++)
        names[i] = keys[i].name;
    for (const struct yaml_node *at = node->first; at; at = at->next) {
        size_t i = 0;
        while (i < N_KEYS && strcmp(keys[i].name, at->key) != 0)
            i++;
        if (i == N_KEYS)
            return spec_fail_name(reading, at, true, "key", at->key, names, N_KEYS);
        if (keys[i].read && keys[i].read(reading, at, entry) < 0)
            return -1;
    }
    return 0;
}

/* ---- Its spec ---- */

static bool is_builtin(const char *name)
{
    return !strcmp(name, ENTRY_DEFAULT_NAME);
}

static int read_spec(const struct spec_reading *spec, const struct yaml_node *node,
                     struct entry *entry)
{
    const struct yaml_node *file = yaml_get(node, "spec");
    const char *path = "";
    if (yaml_get(node, "fields")) {
        if (file)
            return yaml_fail_key(spec->err, spec->file, file,
                                 "spec and fields are one thing: leave one out");
        return spec_read(&entry->spec, spec->arena, node->key, spec->file, node, spec->err);
    }
    if (file && text_of(spec, file, &path) < 0)
        return -1;
    if (!file || is_builtin(path))
        return spec_builtin(&entry->spec, spec->arena, spec->err);
    path = spec_path(spec, path);
    if (access(path, F_OK) != 0)
        return yaml_fail(spec->err, spec->file, file, "spec: no file is called \"%s\"", path);
    return spec_load_file(&entry->spec, spec->arena, path, spec->err);
}

/* What an entry says itself. */
static int entry_read_own(const struct spec_reading *spec, const struct yaml_node *node,
                          struct entry *entry)
{
    *entry = (struct entry){.topic = NULL};
    if (node->kind != YAML_MAPPING)
        return yaml_fail(spec->err, spec->file, node, "%s: a mapping is expected, not %s",
                         node->key, yaml_kind_name(node->kind));
    return read_keys(spec, node, entry);
}

static int entry_read(const struct spec_reading *spec, const struct yaml_node *node,
                      struct entry *entry)
{
    if (entry_read_own(spec, node, entry) < 0 || read_spec(spec, node, entry) < 0)
        return -1;
    if (spec_read_role(spec, yaml_get(node, "key"), &entry->spec, &entry->key) < 0 ||
        spec_read_role(spec, yaml_get(node, "id"), &entry->spec, &entry->spec.id) < 0)
        return -1;
    return 0;
}

/* ---- Which one ---- */

static int fail_unknown(struct arena *arena, const struct yaml_node *section, const char *name,
                        struct err *err)
{
    size_t n = 0;
    const char **names = arena_alloc(arena, ((section ? section->n : 0) + 1) * sizeof *names);
    names[n++] = ENTRY_DEFAULT_NAME;
    for (const struct yaml_node *at = section ? section->first : NULL; at; at = at->next)
        names[n++] = at->key;
    const char *nearest = suggest_nearest(name, names, n);
    if (nearest)
        return err_set(err, ERR_USAGE,
                       "no record spec is called \"%s\", and no file; did you mean \"%s\"?", name,
                       nearest);
    return err_set(err, ERR_USAGE,
                   "no record spec is called \"%s\" (below generate: in weir.yaml), and no file; "
                   "the built-in one is " ENTRY_DEFAULT_NAME "; if it is a topic, write -t %s",
                   name, name);
}

/* The entries; NULL: there are none. */
static int find_section(const struct config *config, const struct yaml_node **section,
                        struct err *err)
{
    *section = config_section(config, "generate");
    if (*section && (*section)->kind == YAML_NULL)
        *section = NULL;
    if (*section && (*section)->kind != YAML_MAPPING)
        return yaml_fail(err, config->path, *section, "generate: NAME: {...} is expected");
    return 0;
}

int entry_find(struct entry *entry, struct arena *arena, const struct config *config,
               const char *name, struct err *err)
{
    const struct spec_reading reading = {.arena = arena, .file = config->path, .err = err};
    const struct yaml_node *section = NULL;
    *entry = (struct entry){.topic = NULL};
    if (name && find_section(config, &section, err) < 0)
        return -1;
    const struct yaml_node *node = section ? yaml_get(section, name) : NULL;
    if (node)
        return entry_read(&reading, node, entry);
    if (!name || is_builtin(name))
        return spec_builtin(&entry->spec, arena, err);
    if (access(name, F_OK) != 0)
        return fail_unknown(arena, section, name, err);
    return spec_load_file(&entry->spec, arena, name, err);
}

int entry_check_all(struct arena *arena, const struct config *config, bool whole, struct err *err)
{
    const struct spec_reading reading = {.arena = arena, .file = config->path, .err = err};
    const struct yaml_node *section;
    struct entry entry;
    if (find_section(config, &section, err) < 0)
        return -1;
    int rc = 0;
    for (const struct yaml_node *at = section ? section->first : NULL; at && rc == 0; at = at->next)
        rc = whole ? entry_read(&reading, at, &entry) : entry_read_own(&reading, at, &entry);
    return rc;
}

const char *entry_of_topic(const struct config *config, const char *topic)
{
    const struct yaml_node *section = config_section(config, "generate");
    if (!section || section->kind != YAML_MAPPING)
        return NULL;
    for (const struct yaml_node *at = section->first; at; at = at->next) {
        const struct yaml_node *named = yaml_get(at, "topic");
        if (named && named->kind == YAML_SCALAR && !strcmp(named->text, topic))
            return at->key;
    }
    return NULL;
}

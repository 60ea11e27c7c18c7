#include "cmd/topic_render.h"

#include "base/settings.h"
#include "cmd/columns.h"
#include "cmd/figure_text.h"
#include "cmd/json_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const source_names[] = {
    [CONFIG_DEFAULT] = "default", [CONFIG_TOPIC] = "topic",   [CONFIG_BROKER] = "broker",
    [CONFIG_CLUSTER] = "cluster", [CONFIG_STATIC] = "static",
};

/* ---- what configs mean ---- */

static const char *config_text(const struct topic *topic, const char *name)
{
    const struct topic_config *config = topic_config_find(topic, name);
    return config ? config->value : NULL;
}

/* A config that is a number; false if it is not known. */
static bool config_number(const struct topic *topic, const char *name, int64_t *out)
{
    const char *text = config_text(topic, name);
    return text && parse_integer(text, out) == 0;
}

/* NULL: not known. */
static const char *bytes_text(struct arena *arena, int64_t bytes)
{
    return bytes == TOPIC_UNKNOWN ? NULL : size_text(arena, bytes);
}

/* By time and size; NULL: it keeps everything. */
static const char *limits_text(struct arena *arena, int64_t ms, int64_t bytes)
{
    if (ms < 0 && bytes < 0)
        return NULL;
    if (bytes < 0)
        return duration_text(arena, ms);
    if (ms < 0)
        return size_text(arena, bytes);
    return arena_printf(arena, "%s or %s", duration_text(arena, ms), size_text(arena, bytes));
}

const char *topic_retention(struct arena *arena, const struct topic *topic)
{
    int64_t ms;
    int64_t bytes;
    const char *policy = config_text(topic, "cleanup.policy");
    if (!policy || !config_number(topic, "retention.ms", &ms) ||
        !config_number(topic, "retention.bytes", &bytes))
        return NULL;
    const char *limits = strstr(policy, "delete") ? limits_text(arena, ms, bytes) : NULL;
    if (!strstr(policy, "compact"))
        return limits ? limits : "forever";
    return limits ? arena_printf(arena, "compacted, %s", limits) : "compacted";
}

/* Base64 for URLs (RFC 4648, section 5). */
const char *topic_id_text(struct arena *arena, const char *id)
{
    char *text = *id ? arena_strdup(arena, id) : NULL;
    for (char *p = text; p && *p; p++)
        if (*p == '+')
            *p = '-';
        else if (*p == '/')
            *p = '_';
    return text;
}

/* ---- list ---- */

static size_t replication_factor(const struct topic *topic)
{
    return topic->n_partitions > 0 ? topic->partitions[0].n_replicas : 0;
}

/* What list and describe have in common. */
static void json_topic(struct json_out *out, const struct topic *topic)
{
    int64_t ms = 0;
    int64_t bytes = 0;
    int64_t records = topic_records(topic);
    bool has_ms = config_number(topic, "retention.ms", &ms);
    bool has_bytes = config_number(topic, "retention.bytes", &bytes);
    json_out_text(out, "topic", topic->name);
    json_out_bool(out, "internal", topic_is_internal(topic->name));
    json_out_number(out, "partitions", true, (int64_t)topic->n_partitions);
    json_out_number(out, "replication_factor", topic->n_partitions > 0,
                    (int64_t)replication_factor(topic));
    json_out_number(out, "records", records >= 0, records);
    json_out_number(out, "bytes", topic_bytes(topic) >= 0, topic_bytes(topic));
    json_out_text(out, "cleanup_policy", config_text(topic, "cleanup.policy"));
    json_out_number(out, "retention_ms", has_ms, ms);
    json_out_number(out, "retention_bytes", has_bytes, bytes);
}

static void list_json(const struct topic_list *topics, bool internal)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_open(&out, "topics", '[');
    for (size_t i = 0; i < topics->n; i++) {
        if (!internal && topic_is_internal(topics->items[i].name))
            continue;
        json_out_open(&out, NULL, '{');
        json_topic(&out, &topics->items[i]);
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}

void topic_render_list(struct arena *arena, const struct topic_list *topics, bool internal,
                       bool json)
{
    static const struct column heads[] = {{"TOPIC", COLUMN_LEFT},
                                          {"PARTITIONS", COLUMN_RIGHT},
                                          {"RECORDS", COLUMN_RIGHT},
                                          {"BYTES", COLUMN_RIGHT},
                                          {"RETENTION", COLUMN_LEFT}};
    struct columns columns;
    if (json) {
        list_json(topics, internal);
        return;
    }
    columns_init(&columns, arena, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < topics->n; i++) {
        const struct topic *topic = &topics->items[i];
        if (!internal && topic_is_internal(topic->name))
            continue;
        columns_add(&columns, topic->name);
        columns_add_number(&columns, (int64_t)topic->n_partitions);
        columns_add_number(&columns, topic_records(topic));
        columns_add(&columns, bytes_text(arena, topic_bytes(topic)));
        columns_add(&columns, topic_retention(arena, topic));
    }
    columns_print(&columns, stdout);
}

/* ---- describe ---- */

static void json_ids(struct json_out *out, const char *name, const int32_t *ids, size_t n)
{
    json_out_open(out, name, '[');
    for (size_t i = 0; i < n; i++)
        json_out_number(out, NULL, true, ids[i]);
    json_out_close(out, ']');
}

static void json_partition(struct json_out *out, const struct topic_partition *p, bool at)
{
    json_out_open(out, NULL, '{');
    json_out_number(out, "partition", true, p->partition);
    json_out_number(out, "leader", p->leader >= 0, p->leader);
    json_ids(out, "replicas", p->replicas, p->n_replicas);
    json_ids(out, "in_sync_replicas", p->in_sync, p->n_in_sync);
    json_out_number(out, "low", p->low >= 0, p->low);
    json_out_number(out, "high", p->high >= 0, p->high);
    json_out_number(out, "bytes", p->bytes >= 0, p->bytes);
    if (at)
        json_out_number(out, "at", p->at >= 0, p->at);
    json_out_close(out, '}');
}

static void description_json(struct arena *arena, const struct topic_description *d)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_topic(&out, d->topic);
    json_out_text(&out, "topic_id", topic_id_text(arena, d->id));
    json_out_open(&out, "by_partition", '[');
    for (size_t i = 0; i < d->topic->n_partitions; i++)
        json_partition(&out, &d->topic->partitions[i], d->at);
    json_out_close(&out, ']');
    json_out_open(&out, "configs", '[');
    for (size_t i = 0; i < d->topic->n_configs; i++) {
        const struct topic_config *config = &d->topic->configs[i];
        if (config->source == CONFIG_DEFAULT)
            continue;
        json_out_open(&out, NULL, '{');
        json_out_text(&out, "name", config->name);
        json_out_text(&out, "value", config->value);
        json_out_text(&out, "source", source_names[config->source]);
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}

static const char *ids_text(struct arena *arena, const int32_t *ids, size_t n)
{
    const char *text = "";
    for (size_t i = 0; i < n; i++)
        text = arena_printf(arena, "%s%s%" PRId32, text, i > 0 ? "," : "", ids[i]);
    return text;
}

static void print_facts(struct arena *arena, const struct topic_description *d)
{
    struct columns facts;
    columns_init_facts(&facts, arena);
    columns_add_fact(&facts, "topic", d->topic->name);
    columns_add_fact(&facts, "id", topic_id_text(arena, d->id));
    columns_add_fact_number(&facts, "partitions", (int64_t)d->topic->n_partitions);
    columns_add_fact_number(&facts, "replication factor", (int64_t)replication_factor(d->topic));
    columns_add_fact_number(&facts, "records", topic_records(d->topic));
    columns_add_fact(&facts, "bytes", bytes_text(arena, topic_bytes(d->topic)));
    columns_add_fact(&facts, "retention", topic_retention(arena, d->topic));
    columns_print(&facts, stdout);
}

static void print_partitions(struct arena *arena, const struct topic_description *d)
{
    static const struct column heads[] = {
        {"PARTITION", COLUMN_RIGHT}, {"LEADER", COLUMN_RIGHT}, {"REPLICAS", COLUMN_LEFT},
        {"IN SYNC", COLUMN_LEFT},    {"LOW", COLUMN_RIGHT},    {"HIGH", COLUMN_RIGHT},
        {"BYTES", COLUMN_RIGHT},     {"AT", COLUMN_RIGHT},
    };
    struct columns table;
    columns_init(&table, arena, heads, d->at ? 8 : 7);
    for (size_t i = 0; i < d->topic->n_partitions; i++) {
        const struct topic_partition *p = &d->topic->partitions[i];
        columns_add_number(&table, p->partition);
        columns_add_number(&table, p->leader);
        columns_add(&table, ids_text(arena, p->replicas, p->n_replicas));
        columns_add(&table, ids_text(arena, p->in_sync, p->n_in_sync));
        columns_add_number(&table, p->low);
        columns_add_number(&table, p->high);
        columns_add(&table, bytes_text(arena, p->bytes));
        if (d->at)
            columns_add_number(&table, p->at);
    }
    putchar('\n');
    columns_print(&table, stdout);
}

/* A config's value; that it is empty, or not shown by the broker, is not the same. */
static const char *value_text(const char *value)
{
    if (!value)
        return "(not shown)";
    return *value ? value : "(empty)";
}

static void print_configs(struct arena *arena, const struct topic *topic)
{
    static const struct column heads[] = {{"CONFIG", COLUMN_LEFT},
                                          {"VALUE", COLUMN_LEFT},
                                          {"SET FOR", COLUMN_LEFT}};
    struct columns table;
    columns_init(&table, arena, heads, 3);
    for (size_t i = 0; i < topic->n_configs; i++) {
        const struct topic_config *config = &topic->configs[i];
        if (config->source == CONFIG_DEFAULT)
            continue;
        columns_add(&table, config->name);
        columns_add(&table, value_text(config->value));
        columns_add(&table, source_names[config->source]);
    }
    if (table.n_cells == 0)
        return;
    putchar('\n');
    columns_print(&table, stdout);
}

void topic_render_description(struct arena *arena, const struct topic_description *description,
                              bool json)
{
    if (json) {
        description_json(arena, description);
        return;
    }
    print_facts(arena, description);
    print_partitions(arena, description);
    print_configs(arena, description->topic);
}

/* ---- create, alter, delete ---- */

static void made_json(const struct topic_made *made, size_t n)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_open(&out, "topics", '[');
    for (size_t i = 0; i < n; i++) {
        const struct topic *topic = made[i].topic;
        bool known = topic->n_partitions > 0;
        json_out_open(&out, NULL, '{');
        json_out_text(&out, "topic", topic->name);
        json_out_bool(&out, "created", !made[i].existed);
        json_out_number(&out, "partitions", known, (int64_t)topic->n_partitions);
        json_out_number(&out, "replication_factor", known, (int64_t)replication_factor(topic));
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}

void topic_render_made(const struct topic_made *made, size_t n, bool json)
{
    if (json) {
        made_json(made, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct topic *topic = made[i].topic;
        const char *what = made[i].existed ? "exists already" : "created";
        if (topic->n_partitions == 0)
            printf("%s: %s\n", topic->name, what);
        else
            printf("%s: %s, %zu partition%s, replication factor %zu\n", topic->name, what,
                   topic->n_partitions, topic->n_partitions == 1 ? "" : "s",
                   replication_factor(topic));
    }
}

static void alteration_json(const struct topic_alteration *a)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_text(&out, "topic", a->topic->name);
    json_out_number(&out, "partitions_before", true, (int64_t)a->topic->n_partitions);
    json_out_number(&out, "partitions", true, a->partitions);
    json_out_open(&out, "configs", '[');
    for (size_t i = 0; i < a->n_changes; i++) {
        json_out_open(&out, NULL, '{');
        json_out_text(&out, "name", a->changes[i].name);
        json_out_text(&out, "before", config_text(a->topic, a->changes[i].name));
        json_out_text(&out, "after", a->changes[i].value);
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}

void topic_render_alteration(struct arena *arena, const struct topic_alteration *alteration,
                             bool json)
{
    static const struct column heads[] = {{"WHAT", COLUMN_LEFT},
                                          {"BEFORE", COLUMN_LEFT},
                                          {"AFTER", COLUMN_LEFT}};
    const struct topic *topic = alteration->topic;
    struct columns table;
    if (json) {
        alteration_json(alteration);
        return;
    }
    columns_init(&table, arena, heads, 3);
    if ((size_t)alteration->partitions != topic->n_partitions) {
        columns_add(&table, "partitions");
        columns_add_number(&table, (int64_t)topic->n_partitions);
        columns_add_number(&table, alteration->partitions);
    }
    for (size_t i = 0; i < alteration->n_changes; i++) {
        const struct config_change *change = &alteration->changes[i];
        columns_add(&table, change->name);
        columns_add(&table, config_text(topic, change->name));
        columns_add(&table, change->value ? change->value : "(the broker's)");
    }
    if (table.n_cells > 0)
        columns_print(&table, stdout);
}

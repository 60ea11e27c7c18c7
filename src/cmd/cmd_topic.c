/* weir topic: what topics there are, and changes to them. */
#include "client/admin_brokers.h"
#include "cmd/cluster.h"
#include "cmd/topic_render.h"
#include "cmd/topic_work.h"
#include "cmd/verb.h"

#include <stdio.h>
#include <string.h>

/* For the brokers that lead the partitions. */
#define OFFSETS_MS 10000
/* For what is nice to know. */
#define BYTES_MS 3000

/* ---- list and describe: what cannot be read is shown as unknown, and reported at the end ---- */

static void ask_bytes(const struct topic_work *work, struct topic_list *topics)
{
    const struct pipeline_config *config = &work->cli->config.common;
    admin_topics_bytes(work->admin, config->kafka, config->n_kafka, topics, BYTES_MS);
}

static int list(struct topic_work *work, struct err *err)
{
    struct err ignored;
    struct topic_list topics;
    struct arena *arena = &work->cli->arena;
    if (admin_topics(work->admin, arena, NULL, TOPIC_WORK_MS, &topics, err) < 0)
        return -1;
    int rc = admin_topics_offsets(work->admin, &topics, OFFSETS_MS, err);
    if (admin_topics_configs(work->admin, arena, &topics, TOPIC_WORK_MS, rc < 0 ? &ignored : err))
        rc = -1;
    ask_bytes(work, &topics);
    topic_render_list(arena, &topics, work->internal, work->cli->json);
    return rc;
}

/* What someone who looks at a topic should not overlook. */
static void note_troubles(const struct topic_work *work, const struct topic *topic)
{
    size_t leaderless = 0;
    size_t behind = 0;
    for (size_t i = 0; i < topic->n_partitions; i++) {
        leaderless += topic->partitions[i].leader == TOPIC_UNKNOWN;
        behind += topic->partitions[i].n_in_sync < topic->partitions[i].n_replicas;
    }
    if (leaderless > 0)
        cli_note(work->cli,
                 "%zu of %zu partitions have no leader: they can be neither read nor "
                 "written now",
                 leaderless, topic->n_partitions);
    if (behind > 0)
        cli_note(work->cli, "%zu of %zu partitions have replicas that are not in sync", behind,
                 topic->n_partitions);
}

static int describe(struct topic_work *work, struct err *err)
{
    struct err ignored;
    struct topic_info info;
    struct topic_list topics;
    struct arena *arena = &work->cli->arena;
    const char *name = work->names[0];
    if (admin_topic(work->admin, name, TOPIC_WORK_MS, &info, err) < 0 ||
        admin_topics(work->admin, arena, name, TOPIC_WORK_MS, &topics, err) < 0)
        return -1;
    if (topics.n != 1)
        return err_set(err, ERR_OUTAGE, "topic \"%s\" is just being deleted", name);
    int rc = admin_topics_offsets(work->admin, &topics, OFFSETS_MS, err);
    if (rc == 0 && work->at)
        rc = admin_topics_at(work->admin, &topics, work->at_ms, OFFSETS_MS, err);
    if (admin_topics_configs(work->admin, arena, &topics, TOPIC_WORK_MS, rc < 0 ? &ignored : err))
        rc = -1;
    ask_bytes(work, &topics);
    const struct topic_description description = {.topic = &topics.items[0],
                                                  .id = info.id,
                                                  .at = work->at};
    topic_render_description(arena, &description, work->cli->json);
    note_troubles(work, &topics.items[0]);
    return rc;
}

/* ---- the command line ---- */

static const struct task tasks[] = {
    {"list", {OPTION_INTERNAL}, TASK_NO_NAME},
    {"create",
     {OPTION_TOPIC, OPTION_PARTITIONS, OPTION_REPLICATION_FACTOR, OPTION_TOPIC_CONFIG,
      OPTION_IF_NOT_EXISTS},
     TASK_SOME_NAMES},
    {"describe", {OPTION_TOPIC, OPTION_AT}, TASK_ONE_NAME},
    {"alter",
     {OPTION_TOPIC, OPTION_PARTITIONS, OPTION_TOPIC_CONFIG, OPTION_DELETE_CONFIG},
     TASK_ONE_NAME},
    {"delete", {OPTION_TOPIC, OPTION_YES}, TASK_SOME_NAMES},
};
#define N_TASKS (sizeof tasks / sizeof *tasks)

/* How each is done, in their order. */
static int (*const ways[N_TASKS])(struct topic_work *work, struct err *err) = {
    list, topic_create, describe, topic_alter, topic_delete,
};

static const struct option own_options[] = {
    {.id = OPTION_TOPIC,
     .name = "topic",
     .letter = 't',
     .argument = "TOPIC",
     .repeats = true,
     .help = "the same as the bare TOPIC"},
    {.id = OPTION_PARTITIONS,
     .name = "partitions",
     .argument = "N",
     .help = "create: how many (default the broker's); alter: how many from now on, never fewer"},
    {.id = OPTION_REPLICATION_FACTOR,
     .name = "replication-factor",
     .argument = "N",
     .help = "create: on how many brokers each partition is kept (default the broker's)"},
    {.id = OPTION_TOPIC_CONFIG,
     .name = "config",
     .argument = "NAME=VALUE",
     .repeats = true,
     .help = "create, alter: a config of the topic, such as retention.ms=604800000; repeat for "
             "several"},
    {.id = OPTION_DELETE_CONFIG,
     .name = "delete-config",
     .argument = "NAME",
     .repeats = true,
     .help = "alter: take a config back to what the brokers have; repeat for several"},
    {.id = OPTION_IF_NOT_EXISTS,
     .name = "if-not-exists",
     .help = "create: a topic that is there already stays as it is, and that is no error"},
    {.id = OPTION_AT,
     .name = "at",
     .argument = "TIME",
     .help = "describe: the offset of the first record at or after a time too: "
             "@2024-05-01T12:00 (UTC), @-10m or s@MILLISECONDS"},
    {.id = OPTION_INTERNAL,
     .name = "internal",
     .help = "list: Kafka's own topics too, whose names begin with __"},
    {.id = OPTION_YES, .name = "yes", .help = "delete: do not ask"},
};

static void options(struct option_table *table)
{
    option_table_add_group(table, "Topics", own_options, sizeof own_options / sizeof *own_options);
    option_table_add_setting(table, SETTING_BROKERS, "Kafka");
    option_table_add_setting(table, SETTING_KAFKA, "Kafka");
    option_table_add_json(table);
    option_table_add_common(table);
    /* --config is a topic's config here, as in Kafka's tools; the file is -c alone. */
    for (size_t i = 0; i < table->n; i++)
        if (table->items[i].id == OPTION_CONFIG)
            table->items[i].name[0] = '\0';
}

static int read_count(const struct parsed_option *option, int max, int *out, struct err *err)
{
    int64_t number;
    if (option_read_number(option->where, option->value, 1, max, &number, err) < 0)
        return -1;
    *out = (int)number;
    return 0;
}

/* NAME=VALUE, or NAME alone to delete it. */
static int read_change(struct topic_work *work, const struct parsed_option *option, struct err *err)
{
    bool set = option->option->id == OPTION_TOPIC_CONFIG;
    size_t length = strcspn(option->value, "=");
    if (set && (length == 0 || !option->value[length]))
        return err_set(err, ERR_USAGE,
                       "%s: \"%s\" is not NAME=VALUE (the configuration file is -c FILE)",
                       option->where, option->value);
    if (!set && (length == 0 || option->value[length]))
        return err_set(err, ERR_USAGE, "%s: \"%s\" is not a config's name", option->where,
                       option->value);
    const char *name = arena_strndup(&work->cli->arena, option->value, length);
    for (size_t i = 0; i < work->n_changes; i++)
        if (!strcmp(work->changes[i].name, name))
            return err_set(err, ERR_USAGE, "%s: %s is named twice", option->where, name);
    work->changes[work->n_changes++] =
        (struct config_change){name, set ? option->value + length + 1 : NULL};
    return 0;
}

static int read_at(struct topic_work *work, const struct parsed_option *option, struct err *err)
{
    struct offset_spec spec;
    if (option->value[0] == '@' && parse_offset_spec(option->value, &spec, err) < 0)
        return err_prefix(err, "%s", option->where);
    if (parse_offset_spec(option->value, &spec, err) < 0 || spec.kind != OFFSET_TIME)
        return err_set(err, ERR_USAGE,
                       "%s: \"%s\" is not a time: write @2024-05-01T12:00, @-10m or "
                       "s@MILLISECONDS",
                       option->where, option->value);
    work->at = true;
    work->at_ms = spec.value;
    return 0;
}

static int read_option(struct topic_work *work, const struct parsed_option *option, struct err *err)
{
    switch (option->option->id) {
    case OPTION_PARTITIONS:
        return read_count(option, 100000, &work->partitions, err);
    case OPTION_REPLICATION_FACTOR:
        return read_count(option, INT16_MAX, &work->replication_factor, err);
    case OPTION_TOPIC_CONFIG:
    case OPTION_DELETE_CONFIG:
        return read_change(work, option, err);
    case OPTION_AT:
        return read_at(work, option, err);
    case OPTION_IF_NOT_EXISTS:
        work->if_not_exists = true;
        return 0;
    case OPTION_INTERNAL:
        work->internal = true;
        return 0;
    case OPTION_YES:
        work->yes = true;
        return 0;
    default:
        return 0;
    }
}

static int read_options(struct topic_work *work, size_t task, struct err *err)
{
    const struct command_line *line = &work->cli->line;
    work->changes = arena_alloc(&work->cli->arena, (line->n_options + 1) * sizeof *work->changes);
    for (size_t i = 0; i < line->n_options; i++)
        if (read_option(work, &line->options[i], err) < 0)
            return -1;
    if (ways[task] == topic_alter && work->partitions == TOPIC_UNKNOWN && work->n_changes == 0)
        return err_set(err, ERR_USAGE,
                       "alter what? Write --config NAME=VALUE, --delete-config NAME or "
                       "--partitions N");
    return 0;
}

static int run_task(struct topic_work *work, struct err *err)
{
    struct task_names names = {.verb = "topic", .option = OPTION_TOPIC};
    int task = task_find(names.verb, tasks, N_TASKS, &work->cli->line, err);
    if (task < 0 || read_options(work, (size_t)task, err) < 0 ||
        cluster_begin(work->cli, &tasks[task], &names, &work->admin, err) < 0)
        return -1;
    work->names = names.items;
    work->n_names = names.n;
    return ways[task](work, err);
}

static int run(struct cli *cli)
{
    struct err err;
    struct topic_work work = {.cli = cli,
                              .partitions = TOPIC_UNKNOWN,
                              .replication_factor = TOPIC_UNKNOWN};
    int rc = run_task(&work, &err);
    admin_free(work.admin);
    return rc < 0 ? cli_fail(cli, &err) : 0;
}

const struct verb verb_topic = {
    .name = "topic",
    .summary = "list, create, describe, alter and delete topics of any Kafka cluster",
    .usage = "list [--internal]\n"
             "create TOPIC... [--partitions N] [--replication-factor N] [--config NAME=VALUE]... "
             "[--if-not-exists]\n"
             "describe TOPIC [--at TIME]\n"
             "alter TOPIC [--config NAME=VALUE]... [--delete-config NAME]... [--partitions N]\n"
             "delete TOPIC... [--yes]",
    .notes = "Examples:\n"
             "  weir topic list -b localhost:9092\n"
             "  weir topic create orders --partitions 6 --config retention.ms=604800000\n"
             "  weir topic describe orders --at @-10m\n"
             "  weir topic alter orders --config cleanup.policy=compact --partitions 12\n"
             "  weir topic delete orders --yes\n"
             "  weir topic list -J | jq -r '.topics[].topic'",
    .tasks = tasks,
    .n_tasks = N_TASKS,
    .options = options,
    .run = run,
};

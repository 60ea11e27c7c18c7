/* weir dead: look at dead letters, and delete them. */
#include "base/log.h"
#include "cmd/dead_render.h"
#include "cmd/verb.h"
#include "sink/dead.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_LIMIT 100

static void options(struct option_table *table)
{
    static const struct option own[] = {
        {.id = OPTION_TOPIC,
         .name = "topic",
         .letter = 't',
         .argument = "TOPIC",
         .help = "only of this topic"},
        {.id = OPTION_PARTITION,
         .name = "partition",
         .letter = 'p',
         .argument = "N",
         .help = "only of this partition"},
        {.id = OPTION_BY,
         .name = "by",
         .argument = "reason",
         .help = "list: count them by topic, column and reason"},
        {.id = OPTION_LIMIT,
         .name = "count",
         .letter = 'n',
         .argument = "N",
         .help = "list: the newest N (default 100), 0 is all"},
        {.id = OPTION_VALUE,
         .name = "value",
         .help = "show: the record's value alone, byte for byte"},
        {.id = OPTION_OLDER_THAN,
         .name = "older-than",
         .argument = "DURATION",
         .help = "prune: those seen longer ago than this"},
        {.id = OPTION_ALL, .name = "all", .help = "prune: whatever their age"},
        {.id = OPTION_YES, .name = "yes", .help = "prune: do not ask"},
    };
    option_table_add_group(table, "Dead letters", own, sizeof own / sizeof *own);
    option_table_add_setting(table, SETTING_DATABASE, "Database");
    option_table_add_setting(table, SETTING_STATE_SCHEMA, "Database");
    option_table_add_json(table);
    option_table_add_common(table);
}

/* A number that must not be negative; -1 with a message. */
static int read_number(const char *where, const char *text, int64_t max, int64_t *out,
                       struct err *err)
{
    if (parse_integer(text, out) == 0 && *out >= 0 && *out <= max)
        return 0;
    return err_set(err, ERR_USAGE, "%s: \"%s\" is not a number from 0", where, text);
}

/* TOPIC/PARTITION@OFFSET, as the list prints it. */
static int read_place(struct cli *cli, const char *text, struct dead_filter *filter,
                      struct err *err)
{
    const char *at = strrchr(text, '@');
    const char *slash = at ? memrchr(text, '/', (size_t)(at - text)) : NULL;
    if (!slash || slash == text)
        return err_set(err, ERR_USAGE, "\"%s\" is not a place: write TOPIC/PARTITION@OFFSET", text);
    int64_t partition;
    const char *digits = arena_strndup(&cli->arena, slash + 1, (size_t)(at - slash - 1));
    if (read_number("partition", digits, INT32_MAX, &partition, err) < 0 ||
        read_number("offset", at + 1, INT64_MAX, &filter->record_offset, err) < 0)
        return -1;
    filter->topic = arena_strndup(&cli->arena, text, (size_t)(slash - text));
    filter->partition = (int32_t)partition;
    return 0;
}

static int read_filter(struct cli *cli, struct dead_filter *out, struct err *err)
{
    const struct parsed_option *topic = command_line_find(&cli->line, OPTION_TOPIC);
    const struct parsed_option *partition = command_line_find(&cli->line, OPTION_PARTITION);
    *out = (struct dead_filter){.partition = -1, .record_offset = -1};
    if (topic)
        out->topic = topic->value;
    if (partition) {
        int64_t number;
        if (read_number(partition->where, partition->value, INT32_MAX, &number, err) < 0)
            return -1;
        out->partition = (int32_t)number;
    }
    return 0;
}

/* The pipeline's own database if the file has the pipeline, else the one for all. */
static const struct pipeline_config *config_of(const struct cli *cli, const char *pipeline)
{
    for (size_t i = 0; pipeline && i < cli->config.n_pipelines; i++)
        if (!strcmp(cli->config.pipelines[i].name, pipeline))
            return &cli->config.pipelines[i];
    return &cli->config.common;
}

static int list(struct cli *cli, struct dead_filter *filter, struct err *err)
{
    const struct parsed_option *by = command_line_find(&cli->line, OPTION_BY);
    const struct parsed_option *limit = command_line_find(&cli->line, OPTION_LIMIT);
    const struct pipeline_config *config = config_of(cli, filter->pipeline);
    struct dead_render render = {.json = cli->json};
    if (by && strcmp(by->value, "reason") != 0)
        return err_set(err, ERR_USAGE, "--by: \"%s\" is not supported: write --by reason",
                       by->value);
    filter->limit = DEFAULT_LIMIT;
    if (limit && read_number(limit->where, limit->value, INT64_MAX, &filter->limit, err) < 0)
        return -1;
    if (by) {
        filter->limit = limit ? filter->limit : 0;
        return dead_groups(config, filter, dead_render_group, &render, err);
    }
    if (dead_list(config, filter, dead_render_line, &render, err) < 0)
        return -1;
    if (!limit && render.n == DEFAULT_LIMIT && !cli->quiet)
        fprintf(stderr, "these are the newest %d; -n 0 lists all, --by reason counts them\n",
                DEFAULT_LIMIT);
    return 0;
}

static int show(struct cli *cli, struct dead_filter *filter, struct err *err)
{
    struct dead_render render = {.json = cli->json,
                                 .value_only = command_line_find(&cli->line, OPTION_VALUE) != NULL};
    if (dead_list(config_of(cli, filter->pipeline), filter, dead_render_full, &render, err) < 0)
        return -1;
    if (render.n == 0)
        return err_set(err, ERR_INPUT, "there is no dead letter of %s/%" PRId32 "@%" PRId64,
                       filter->topic, filter->partition, filter->record_offset);
    return 0;
}

static int prune(struct cli *cli, struct dead_filter *filter, struct err *err)
{
    const struct parsed_option *older = command_line_find(&cli->line, OPTION_OLDER_THAN);
    bool all = command_line_find(&cli->line, OPTION_ALL) != NULL;
    int64_t older_ms = 0;
    int64_t deleted = 0;
    if (all == (older != NULL))
        return err_set(err, ERR_USAGE,
                       "prune deletes for good: say which with --older-than "
                       "DURATION, or --all");
    if (older && parse_duration_ms(older->value, &older_ms, err) < 0)
        return err_prefix(err, "%s", older->where);
    if (older && older_ms == 0)
        return err_set(err, ERR_USAGE, "%s: 0 is no age: write --all", older->where);
    if (!command_line_find(&cli->line, OPTION_YES) &&
        !cli_ask("Delete these dead letters for good?"))
        return err_set(err, ERR_USAGE, "nothing was deleted; --yes deletes without asking");
    if (dead_prune(config_of(cli, filter->pipeline), filter, older_ms, &deleted, err) < 0)
        return -1;
    printf(cli->json ? "{\"deleted\":%" PRId64 "}\n" : "%" PRId64 " deleted\n", deleted);
    return 0;
}

static const struct task tasks[] = {
    {"list", {OPTION_TOPIC, OPTION_PARTITION, OPTION_BY, OPTION_LIMIT}},
    {"show", {OPTION_VALUE}},
    {"prune", {OPTION_TOPIC, OPTION_PARTITION, OPTION_OLDER_THAN, OPTION_ALL, OPTION_YES}},
};
#define N_TASKS (sizeof tasks / sizeof *tasks)

static int (*const ways[N_TASKS])(struct cli *, struct dead_filter *, struct err *) = {
    list,
    show,
    prune,
};

/* The words behind the task: PLACE for show, then a pipeline. */
static int run_words(struct cli *cli, struct err *err)
{
    char **words = cli->line.words;
    size_t n = cli->line.n_words;
    struct dead_filter filter;
    int task = task_find(tasks, N_TASKS, &cli->line, err);
    if (task < 0 || read_filter(cli, &filter, err) < 0)
        return -1;
    size_t at = 1;
    if (ways[task] == show) {
        if (at == n)
            return err_set(err, ERR_USAGE, "show which? Write TOPIC/PARTITION@OFFSET");
        if (read_place(cli, words[at++], &filter, err) < 0)
            return -1;
    }
    if (at < n)
        filter.pipeline = words[at++];
    if (at < n)
        return err_set(err, ERR_USAGE, "\"%s\" is one word too many", words[at]);
    if (cli_load_config(cli, NULL, 0, true, err) < 0)
        return -1;
    return ways[task](cli, &filter, err);
}

static int run(struct cli *cli)
{
    struct err err;
    return run_words(cli, &err) < 0 ? cli_fail(cli, &err) : 0;
}

const struct verb verb_dead = {
    .name = "dead",
    .summary = "list, show and delete dead letters: records that could not become rows",
    .usage = "list [PIPELINE] [--by reason] [-n N]\n"
             "show TOPIC/PARTITION@OFFSET [PIPELINE]\n"
             "prune [PIPELINE] --older-than DURATION",
    .tasks = tasks,
    .n_tasks = N_TASKS,
    .options = options,
    .run = run,
};

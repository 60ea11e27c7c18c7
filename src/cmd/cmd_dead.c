/* weir dead: look at dead letters, put them through again, and delete them. */
#include "cmd/dead_render.h"
#include "cmd/dead_task.h"
#include "cmd/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_LIMIT 100
#define REPLAY_GROUP "Replay (the pipeline as weir.yaml has it, or as these say)"

static const struct option own_options[] = {
    {.id = OPTION_TOPIC,
     .name = "topic",
     .letter = 't',
     .argument = "TOPIC",
     .repeats = true,
     .help = "only of this topic"},
    {.id = OPTION_PARTITION,
     .name = "partition",
     .letter = 'p',
     .argument = "N",
     .help = "only of this partition"},
    {.id = OPTION_AT,
     .name = "at",
     .argument = "PLACE",
     .repeats = true,
     .help = "only TOPIC/PARTITION@OFFSET, as the list shows it; repeat it for more"},
    {.id = OPTION_COLUMN,
     .name = "column",
     .argument = "NAME",
     .help = "only those that this column refused"},
    {.id = OPTION_REASON,
     .name = "reason",
     .argument = "TEXT",
     .help = "only those whose reason holds this text"},
    {.id = OPTION_LIMIT,
     .name = "count",
     .letter = 'n',
     .argument = "N",
     .help = "list: the newest N (default 100); export, replay: the first N by place; 0 is all"},
    {.id = OPTION_BY,
     .name = "by",
     .argument = "reason",
     .help = "list: count them by topic, column and reason"},
    {.id = OPTION_VALUE,
     .name = "value",
     .help = "show: the value alone, byte for byte; export: the values alone, one a line"},
    {.id = OPTION_WITH_REASON,
     .name = "with-reason",
     .help = "export: pipeline, place, column, reason and SQLSTATE as headers weir.*"},
    {.id = OPTION_THROUGH,
     .name = "through",
     .argument = "COMMAND",
     .help = "replay: each value through a shell command first, such as 'jq -c .body'"},
    {.id = OPTION_TIMEOUT,
     .name = "timeout",
     .argument = "DURATION",
     .help = "replay: how long that command may take for a letter (default 10s)"},
    {.id = OPTION_REPLAYED,
     .name = "replayed",
     .help = "list, export, prune: those that were replayed, not those that are still dead"},
    {.id = OPTION_ALL, .name = "all", .help = "list, export: both; prune: whatever their age"},
    {.id = OPTION_OLDER_THAN,
     .name = "older-than",
     .argument = "DURATION",
     .help = "prune: those seen longer ago than this"},
    {.id = OPTION_YES, .name = "yes", .help = "prune: do not ask"},
};

static void options(struct option_table *table)
{
    static const enum setting_id of_replay[] = {SETTING_DRY_RUN,        SETTING_TABLE,
                                                SETTING_ON_UNKNOWN_KEY, SETTING_ON_NUL,
                                                SETTING_ON_TOO_LONG,    SETTING_ON_CONFLICT,
                                                SETTING_TIMEZONE};
    option_table_add_group(table, "Dead letters", own_options,
                           sizeof own_options / sizeof *own_options);
    for (size_t i = 0; i < sizeof of_replay / sizeof *of_replay; i++)
        option_table_add_setting(table, of_replay[i], REPLAY_GROUP);
    option_table_add_setting(table, SETTING_DATABASE, "Database");
    option_table_add_setting(table, SETTING_STATE_SCHEMA, "Database");
    option_table_add_json(table);
    option_table_add_common(table);
}

/* TOPIC/PARTITION@OFFSET, as the list prints it. */
static int read_place(struct arena *arena, const char *text, struct dead_place *out,
                      struct err *err)
{
    const char *at = strrchr(text, '@');
    const char *slash = at ? memrchr(text, '/', (size_t)(at - text)) : NULL;
    if (!slash || slash == text)
        return err_set(err, ERR_USAGE, "\"%s\" is not a place: write TOPIC/PARTITION@OFFSET", text);
    int64_t partition;
    const char *digits = arena_strndup(arena, slash + 1, (size_t)(at - slash - 1));
    if (option_read_number("partition", digits, 0, INT32_MAX, &partition, err) < 0 ||
        option_read_number("offset", at + 1, 0, INT64_MAX, &out->offset, err) < 0)
        return -1;
    out->topic = arena_strndup(arena, text, (size_t)(slash - text));
    out->partition = (int32_t)partition;
    return 0;
}

/* The places of --at, and room for the one of show. */
static int read_places(struct cli *cli, struct dead_filter *out, struct err *err)
{
    struct dead_place *places =
        arena_alloc(&cli->arena, (cli->line.n_options + 1) * sizeof *places);
    out->places = places;
    for (size_t i = 0; i < cli->line.n_options; i++) {
        const struct parsed_option *option = &cli->line.options[i];
        if (option->option->id == OPTION_AT &&
            read_place(&cli->arena, option->value, &places[out->n_places++], err) < 0)
            return err_prefix(err, "%s", option->where);
    }
    return 0;
}

static const char *text_of(const struct cli *cli, enum option_id id)
{
    const struct parsed_option *option = command_line_find(&cli->line, id);
    return option ? option->value : NULL;
}

static int read_filter(struct cli *cli, struct dead_filter *out, struct err *err)
{
    int64_t partition = -1;
    bool replayed = command_line_find(&cli->line, OPTION_REPLAYED) != NULL;
    bool all = command_line_find(&cli->line, OPTION_ALL) != NULL;
    *out = (struct dead_filter){.which = replayed ? DEAD_REPLAYED
                                         : all    ? DEAD_ALL
                                                  : DEAD_OPEN,
                                .topic = text_of(cli, OPTION_TOPIC),
                                .partition = -1,
                                .column = text_of(cli, OPTION_COLUMN),
                                .reason = text_of(cli, OPTION_REASON)};
    if (replayed && all)
        return err_set(err, ERR_USAGE, "--replayed and --all do not go together");
    if (command_line_number(&cli->line, OPTION_PARTITION, 0, INT32_MAX, &partition, err) < 0)
        return -1;
    out->partition = (int32_t)partition;
    return read_places(cli, out, err);
}

const struct pipeline_config *dead_config_of(const struct cli *cli, const char *pipeline)
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
    const struct pipeline_config *config = dead_config_of(cli, filter->pipeline);
    struct dead_render render = {.json = cli->json};
    if (by && strcmp(by->value, "reason") != 0)
        return err_set(err, ERR_USAGE, "--by: \"%s\" is not supported: write --by reason",
                       by->value);
    filter->limit = DEFAULT_LIMIT;
    if (command_line_number(&cli->line, OPTION_LIMIT, 0, INT64_MAX, &filter->limit, err) < 0)
        return -1;
    if (by) {
        filter->limit = limit ? filter->limit : 0;
        return dead_groups(config, filter, dead_render_group, &render, err);
    }
    if (dead_list(config, filter, DEAD_NEWEST_FIRST, dead_render_line, &render, err) < 0)
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
    filter->which = DEAD_ALL;
    if (dead_list(dead_config_of(cli, filter->pipeline), filter, DEAD_NEWEST_FIRST,
                  dead_render_full, &render, err) < 0)
        return -1;
    if (render.n == 0)
        return err_set(err, ERR_INPUT, "there is no dead letter of %s/%" PRId32 "@%" PRId64,
                       filter->places[0].topic, filter->places[0].partition,
                       filter->places[0].offset);
    return 0;
}

static int prune(struct cli *cli, struct dead_filter *filter, struct err *err)
{
    const struct parsed_option *older = command_line_find(&cli->line, OPTION_OLDER_THAN);
    bool all = command_line_find(&cli->line, OPTION_ALL) != NULL;
    int64_t older_ms = 0;
    int64_t deleted = 0;
    if (filter->which == DEAD_OPEN && !older)
        return err_set(err, ERR_USAGE,
                       "prune deletes for good: say which with --older-than DURATION, --replayed "
                       "or --all");
    if (filter->which == DEAD_OPEN)
        filter->which = DEAD_ALL;
    if (all && older)
        return err_set(err, ERR_USAGE, "--all is whatever their age, and %s says which",
                       older->where);
    if (older && parse_duration_ms(older->value, &older_ms, err) < 0)
        return err_prefix(err, "%s", older->where);
    if (older && older_ms == 0)
        return err_set(err, ERR_USAGE, "%s: 0 is no age: write --all", older->where);
    if (!command_line_find(&cli->line, OPTION_YES) &&
        !cli_ask("Delete these dead letters for good?"))
        return err_set(err, ERR_USAGE, "nothing was deleted; --yes deletes without asking");
    if (dead_prune(dead_config_of(cli, filter->pipeline), filter, older_ms, &deleted, err) < 0)
        return -1;
    printf(cli->json ? "{\"deleted\":%" PRId64 "}\n" : "%" PRId64 " deleted\n", deleted);
    return 0;
}

static const struct task tasks[] = {
    {.name = "list",
     .options = {OPTION_TOPIC, OPTION_PARTITION, OPTION_AT, OPTION_COLUMN, OPTION_REASON, OPTION_BY,
                 OPTION_LIMIT, OPTION_REPLAYED, OPTION_ALL}},
    {.name = "show", .options = {OPTION_VALUE}},
    {.name = "replay",
     .options = {OPTION_TOPIC, OPTION_PARTITION, OPTION_AT, OPTION_COLUMN, OPTION_REASON,
                 OPTION_LIMIT, OPTION_THROUGH, OPTION_TIMEOUT}},
    {.name = "export",
     .options = {OPTION_TOPIC, OPTION_PARTITION, OPTION_AT, OPTION_COLUMN, OPTION_REASON,
                 OPTION_LIMIT, OPTION_VALUE, OPTION_WITH_REASON, OPTION_REPLAYED, OPTION_ALL}},
    {.name = "prune",
     .options = {OPTION_TOPIC, OPTION_PARTITION, OPTION_OLDER_THAN, OPTION_REPLAYED, OPTION_ALL,
                 OPTION_YES}},
};
#define N_TASKS (sizeof tasks / sizeof *tasks)

static dead_task *const ways[N_TASKS] = {list, show, dead_replay, dead_export, prune};

/* Options of a pipeline's are for replay alone: elsewhere they would do nothing. */
static int refuse_settings(const struct cli *cli, const char *task, struct err *err)
{
    for (size_t i = 0; i < cli->line.n_options; i++)
        if (cli->line.options[i].option->group &&
            !strcmp(cli->line.options[i].option->group, REPLAY_GROUP))
            return err_set(err, ERR_USAGE, "%s is not for %s", cli->line.options[i].where, task);
    return 0;
}

/* PLACE for show. */
static int take_place(struct cli *cli, size_t *at, struct dead_filter *filter, struct err *err)
{
    struct dead_place *place = arena_alloc(&cli->arena, sizeof *place);
    if (*at == cli->line.n_words)
        return err_set(err, ERR_USAGE, "show which? Write TOPIC/PARTITION@OFFSET");
    filter->places = place;
    filter->n_places = 1;
    return read_place(&cli->arena, cli->line.words[(*at)++], place, err);
}

/* A pipeline that is named by its topics may have several; the others' -t takes one. */
static int check_topics(const struct cli *cli, struct dead_filter *filter, struct err *err)
{
    const struct parsed_option *topic = command_line_find(&cli->line, OPTION_TOPIC);
    if (!topic || command_line_check_one(&cli->line, OPTION_TOPIC, err) == 0)
        return 0;
    if (!topic->option->setting)
        return -1;
    filter->topic = NULL;
    return 0;
}

/* The words behind the task: PLACE for show, then a pipeline. */
static int run_words(struct cli *cli, struct err *err)
{
    char **words = cli->line.words;
    size_t n = cli->line.n_words;
    struct dead_filter filter;
    int task = task_find(cli->verb->name, tasks, N_TASKS, &cli->line, err);
    if (task < 0 || read_filter(cli, &filter, err) < 0)
        return -1;
    size_t at = 1;
    if (ways[task] == show && take_place(cli, &at, &filter, err) < 0)
        return -1;
    if (at < n)
        filter.pipeline = words[at++];
    if (at < n)
        return err_set(err, ERR_USAGE, "\"%s\" is one word too many", words[at]);
    bool replays = ways[task] == dead_replay;
    int rc = replays ? dead_replay_options(cli, filter.pipeline, err)
                     : refuse_settings(cli, tasks[task].name, err);
    if (rc < 0 || check_topics(cli, &filter, err) < 0 ||
        cli_load_config(cli, replays ? cli_all_pipelines : NULL, 0, true, err) < 0)
        return -1;
    return ways[task](cli, &filter, err);
}

static int run(struct cli *cli)
{
    struct err err;
    int code = run_words(cli, &err);
    return code < 0 ? cli_fail(cli, &err) : code;
}

const struct verb verb_dead = {
    .name = "dead",
    .summary = "list, show, replay, export and delete dead letters: records that are no rows",
    .usage = "list [PIPELINE] [--by reason] [-n N]\n"
             "show TOPIC/PARTITION@OFFSET [PIPELINE]\n"
             "replay PIPELINE [--through COMMAND] [--dry-run]\n"
             "export [PIPELINE] [--with-reason]\n"
             "prune [PIPELINE] --replayed | --older-than DURATION | --all",
    .notes =
        "Examples:\n"
        "  weir dead list --by reason                       what is wrong, and how often\n"
        "  weir dead replay driven_data --dry-run           what would become of them now\n"
        "  weir dead replay driven_data                     after the table or weir.yaml was "
        "mended\n"
        "  weir dead replay driven_data --column salary --through 'jq -c \".salary |= "
        "tonumber\"'\n"
        "  weir dead export driven_data | weir produce TOPIC -J\n"
        "Exit: 0 done, and of a replay: all of the letters asked for are rows; 1 some are not, or "
        "it failed;\n2 wrong usage.",
    .tasks = tasks,
    .n_tasks = N_TASKS,
    .options = options,
    .run = run,
};

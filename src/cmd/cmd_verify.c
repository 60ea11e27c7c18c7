/* weir verify: did every record arrive? The work is src/inspect; here it is asked and told. */
#include "base/signals.h"
#include "base/suggest.h"
#include "cmd/shown.h"
#include "cmd/verb.h"
#include "cmd/verify_render.h"

#include <stdio.h>
#include <string.h>

#define LIST_MAX 20
#define UNNAMED_MAX 3 /* examples: a table may hold any number of others' rows */

static void options(struct option_table *table)
{
    static const struct option own[] = {
        {.id = OPTION_LEDGER,
         .name = "ledger",
         .argument = "FILE",
         .help = "what was sent: NDJSON, {\"topic\",\"partition\",\"offset\",\"unique_id\","
                 "\"fault\"} for each acknowledged record"},
        {.id = OPTION_ID,
         .name = "id",
         .argument = "COLUMN",
         .help = "the column that holds the ledger's unique_id (default unique_id)"},
        {.id = OPTION_READ,
         .name = "read",
         .help = "count the records that the topics still hold too; reads all of them"},
        {.id = OPTION_OFFLINE, .name = "offline", .help = "ask no broker: the database alone"},
        {.id = OPTION_ALLOW,
         .name = "allow",
         .argument = "WHAT,...",
         .repeats = true,
         .help =
             "is no fault: pending (of the ledger, not yet stored), pruned (dead letters that are "
             "counted and not kept), writers (rows that weir did not store), mended (replayed "
             "letters whose id no row has)"},
        {.id = OPTION_ALL, .name = "all", .help = "list all that is missing, not the first 20"},
    };
    option_table_add_group(table, "Verify", own, sizeof own / sizeof *own);
    option_table_add_setting(table, SETTING_TOPIC, "Pipeline");
    option_table_add_setting(table, SETTING_TABLE, "Pipeline");
    option_table_add_setting(table, SETTING_NAME, "Pipeline");
    option_table_add_setting(table, SETTING_BROKERS, "Kafka");
    option_table_add_setting(table, SETTING_KAFKA, "Kafka");
    option_table_add_setting(table, SETTING_DATABASE, "Database");
    option_table_add_setting(table, SETTING_STATE_SCHEMA, "Database");
    option_table_add_json(table);
    option_table_add_common(table);
}

/* ---- what is asked ---- */

static const char *value_of(const struct cli *cli, enum option_id id, const char *none)
{
    const struct parsed_option *option = command_line_find(&cli->line, id);
    return option ? option->value : none;
}

static bool is_given(const struct cli *cli, enum setting_id id)
{
    for (size_t i = 0; i < cli->line.n_options; i++)
        if (cli->line.options[i].option->setting == setting_at(id))
            return true;
    return false;
}

static int check_names(const struct cli *cli, struct err *err)
{
    bool topic = is_given(cli, SETTING_TOPIC);
    if (cli->line.n_words > 0 && (topic || is_given(cli, SETTING_TABLE)))
        return err_set(err, ERR_USAGE,
                       "-t and --table do not go with a pipeline's name (%s): the name stands for "
                       "its topic and table",
                       cli->line.words[0]);
    if (is_given(cli, SETTING_NAME) && !topic)
        return err_set(err, ERR_USAGE,
                       "--name goes with -t and --table; a pipeline is chosen by its name alone");
    return 0;
}

static int allow(struct verify_request *request, const char *word, struct err *err)
{
    static const char *const words[] = {"pending", "pruned", "writers", "mended"};
    bool *const flags[] = {&request->allow_pending, &request->allow_pruned, &request->allow_writers,
                           &request->allow_mended};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(words[i], word)) {
            *flags[i] = true;
            return 0;
        }
    const char *nearest = suggest_nearest(word, words, sizeof words / sizeof *words);
    if (nearest)
        return err_set(err, ERR_USAGE, "--allow: \"%s\" is unknown; did you mean \"%s\"?", word,
                       nearest);
    return err_set(err, ERR_USAGE, "--allow: \"%s\" is none of pending, pruned, writers and mended",
                   word);
}

static int read_allowed(struct cli *cli, struct verify_request *request, struct err *err)
{
    for (size_t i = 0; i < cli->line.n_options; i++) {
        if (cli->line.options[i].option->id != OPTION_ALLOW)
            continue;
        const char *at = cli->line.options[i].value;
        for (;;) {
            size_t length = strcspn(at, ",");
            if (allow(request, arena_strndup(&cli->arena, at, length), err) < 0)
                return -1;
            if (!at[length])
                break;
            at += length + 1;
        }
    }
    return 0;
}

static int read_request(struct cli *cli, struct verify_request *request, struct err *err)
{
    *request = (struct verify_request){
        .ledger = value_of(cli, OPTION_LEDGER, NULL),
        .id_column = value_of(cli, OPTION_ID, "unique_id"),
        .read = command_line_has(&cli->line, OPTION_READ),
        .offline = command_line_has(&cli->line, OPTION_OFFLINE),
        .list_max = cli->json || command_line_has(&cli->line, OPTION_ALL) ? 0 : LIST_MAX,
        .unnamed_max = command_line_has(&cli->line, OPTION_ALL) ? 0 : UNNAMED_MAX,
    };
    if (request->read && request->offline)
        return err_set(err, ERR_USAGE, "--read asks brokers, and --offline asks none");
    if (!request->ledger && command_line_has(&cli->line, OPTION_ID))
        return err_set(err, ERR_USAGE, "--id goes with --ledger");
    return check_names(cli, err) < 0 ? -1 : read_allowed(cli, request, err);
}

/* ---- which pipelines ---- */

struct chosen {
    const char *name;
    const struct pipeline_config *config;
};
struct choice {
    struct chosen *items;
    size_t n;
};

/* By name: the file's, or else the database's own. */
static void choose_named(struct cli *cli, struct choice *choice)
{
    const struct config *config = &cli->config;
    for (size_t i = 0; i < cli->line.n_words; i++) {
        struct chosen *item = &choice->items[choice->n++];
        *item = (struct chosen){cli->line.words[i], &config->common};
        for (size_t j = 0; j < config->n_pipelines; j++)
            if (!strcmp(config->pipelines[j].name, item->name))
                item->config = &config->pipelines[j];
    }
}

/* No file and no name: all that the database knows. */
static int choose_all(struct cli *cli, struct choice *choice, struct err *err)
{
    struct state_view *view;
    struct view_pipeline *all;
    size_t n;
    const struct pipeline_config *config = &cli->config.common;
    if (state_view_open(&view, config, err) < 0)
        return -1;
    const struct view_store *store = state_view_store(view);
    int rc = state_view_pipelines(view, &cli->arena, &all, &n, err);
    if (rc == 0 && n == 0)
        rc = err_set(err, ERR_INPUT,
                     "the database \"%s\" has no pipelines in a schema %s: none has run into it, "
                     "or with another --state-schema",
                     store->database, store->schema);
    state_view_close(view);
    if (rc < 0)
        return -1;
    choice->items = arena_alloc(&cli->arena, n * sizeof *choice->items);
    choice->n = n;
    for (size_t i = 0; i < n; i++)
        choice->items[i] = (struct chosen){all[i].name, config};
    return 0;
}

static int choose(struct cli *cli, struct choice *choice, struct err *err)
{
    const struct config *config = &cli->config;
    size_t n = cli->line.n_words;
    if (n == 0 && config->n_pipelines == 0)
        return choose_all(cli, choice, err);
    choice->items = arena_alloc(&cli->arena, (n + config->n_pipelines) * sizeof *choice->items);
    choose_named(cli, choice);
    for (size_t i = 0; n == 0 && i < config->n_pipelines; i++)
        choice->items[choice->n++] =
            (struct chosen){config->pipelines[i].name, &config->pipelines[i]};
    return 0;
}

/* What else a name may have meant. */
static void name_others(struct cli *cli, struct verify_request *request)
{
    const struct config *config = &cli->config;
    const char **names = arena_alloc(&cli->arena, (config->n_pipelines + 1) * sizeof *names);
    for (size_t i = 0; i < config->n_pipelines; i++)
        names[i] = config->pipelines[i].name;
    request->others = names;
    request->n_others = config->n_pipelines;
}

/* ---- the work ---- */

/* The worst of several: no, then open, then yes. */
static enum verify_kind worse(enum verify_kind a, enum verify_kind b)
{
    if (a == VERIFY_NO || b == VERIFY_NO)
        return VERIFY_NO;
    return a == VERIFY_OPEN || b == VERIFY_OPEN ? VERIFY_OPEN : VERIFY_YES;
}

static void add_failed(struct json_out *out, const char *name, const struct err *err)
{
    json_out_open(out, NULL, '{');
    json_out_text(out, "pipeline", name);
    json_out_text(out, "verdict", verify_word(VERIFY_OPEN));
    json_out_text(out, "error", err->text);
    json_out_close(out, '}');
}

/* One after the other; one that cannot be looked at does not keep the others from it. */
static int verify_each(struct cli *cli, const struct choice *choice, struct verify_request *request,
                       struct json_out *out, enum verify_kind *verdict)
{
    for (size_t i = 0; i < choice->n; i++) {
        struct verify_report report;
        struct err err;
        request->name = choice->items[i].name;
        request->config = choice->items[i].config;
        if (verify_run(request, &report, &err) < 0) {
            int code = cli_fail(cli, &err);
            if (code == EXIT_USAGE || choice->n == 1 || signals_stop_requested())
                return code;
            *verdict = worse(*verdict, VERIFY_OPEN);
            if (cli->json)
                add_failed(out, request->name, &err);
            continue;
        }
        *verdict = worse(*verdict, report.verdict);
        if (cli->json)
            verify_render_json(&report, out);
        else
            verify_render_text(&report, request->ledger);
        verify_release(&report);
    }
    return 0;
}

static int verify_all(struct cli *cli, const struct choice *choice, struct verify_request *request)
{
    struct json_out out;
    enum verify_kind verdict = VERIFY_YES;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_open(&out, "pipelines", '[');
    int code = verify_each(cli, choice, request, &out, &verdict);
    json_out_close(&out, ']');
    json_out_text(&out, "verdict", verify_word(verdict));
    json_out_close(&out, '}');
    if (cli->json && code == 0)
        json_out_end(&out);
    else
        buf_release(&out.buf);
    if (code != 0)
        return code;
    return verdict == VERIFY_YES ? 0 : EXIT_FAILED;
}

static int run(struct cli *cli)
{
    struct err err;
    struct verify_request request;
    struct choice choice = {.n = 0};
    shown_init();
    if (read_request(cli, &request, &err) < 0 ||
        cli_load_config(cli, cli_all_pipelines, 0, true, &err) < 0 || signals_init(&err) < 0 ||
        choose(cli, &choice, &err) < 0)
        return cli_fail(cli, &err);
    name_others(cli, &request);
    return verify_all(cli, &choice, &request);
}

const struct verb verb_verify = {
    .name = "verify",
    .summary = "did every record arrive? Holds tables against topics, counters and a ledger",
    .usage = "[PIPELINE...] [--ledger FILE] [--read]\n"
             "-t TOPIC --table TABLE [OPTION...]",
    .options = options,
    .run = run,
    .notes =
        "Without a name: the pipelines of the nearest weir.yaml, or else all of the database.\n"
        "It writes nothing; a role that may only SELECT will do. Examples:\n"
        "  weir verify\n"
        "  weir verify orders --ledger sent.ndjson --id order_id\n"
        "  weir verify -t driven_data_stream --table streaming_layer.streaming_data --read\n"
        "Exit: 0 yes, 1 no or not proven, 2 wrong usage.",
};

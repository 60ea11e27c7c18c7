/* weir doctor: will the pipelines work, before they run. The looking is src/inspect. */
#include "base/log.h"
#include "base/signals.h"
#include "cmd/doctor_render.h"
#include "cmd/verb.h"
#include "inspect/doctor.h"
#include "inspect/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void options(struct option_table *table)
{
    static const struct option own[] = {
        {.id = OPTION_LIMIT,
         .name = "count",
         .letter = 'n',
         .argument = "N",
         .help = "hold the columns against the newest N records (default 1000)"},
    };
    option_table_add_group(table, "Doctor", own, sizeof own / sizeof *own);
    option_table_add_pipeline(table);
    option_table_add_json(table);
    option_table_add_common(table);
    for (size_t i = 0; i < table->n; i++)
        if (table->items[i].id == OPTION_QUIET)
            table->items[i].help = "only what is warn or fail";
}

static int read_count(const struct cli *cli, size_t *out, struct err *err)
{
    int64_t n = SAMPLE_DEFAULT_RECORDS;
    if (command_line_number(&cli->line, OPTION_LIMIT, 1, SAMPLE_MAX_RECORDS, &n, err) < 0)
        return -1;
    *out = (size_t)n;
    return 0;
}

static struct doctor_text text_form(const struct cli *cli)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    bool dumb = !terminal || !strcmp(terminal, "dumb");
    bool shown = isatty(STDOUT_FILENO);
    return (struct doctor_text){
        .shown = shown,
        .colour = shown && !dumb && !(no_colour && *no_colour),
        .only_troubles = cli->quiet,
    };
}

/* Each is shown as soon as it is examined; JSON is one object at the end. */
static size_t examine_all(struct cli *cli, size_t sample_records, struct examined *examined)
{
    const struct doctor_text form = text_form(cli);
    size_t failed = 0;
    for (size_t i = 0; i < cli->config.n_pipelines; i++) {
        examined[i] = (struct examined){.config = &cli->config.pipelines[i],
                                        .findings = {.arena = &cli->arena}};
        doctor_examine(examined[i].config, sample_records, &examined[i].findings);
        failed += examined[i].findings.n[FINDING_FAIL];
        if (cli->json)
            continue;
        fputs(i > 0 ? "\n" : "", stdout);
        doctor_render_text(&examined[i], &form);
        fflush(stdout);
    }
    if (cli->json)
        doctor_render_json(examined, cli->config.n_pipelines);
    return failed;
}

static int run(struct cli *cli)
{
    struct err err;
    size_t sample_records = 0;
    const char *const *names = (const char *const *)cli->line.words;
    if (read_count(cli, &sample_records, &err) < 0 ||
        cli_load_config(cli, names, cli->line.n_words, false, &err) < 0 || signals_init(&err) < 0)
        return cli_fail(cli, &err);
    signals_end_at_once(true); /* there is nothing to drain */
    /* What is found is told on stdout; a library's lines beside it would say it again. */
    log_init(cli->verbose ? LOG_DEBUG : LOG_ERROR, LOG_FORMAT_AUTO);
    struct examined *examined =
        arena_alloc(&cli->arena, cli->config.n_pipelines * sizeof *examined);
    return examine_all(cli, sample_records, examined) > 0 ? EXIT_FAILED : 0;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .summary = "look whether a pipeline will work, before it runs; changes nothing",
    .usage = "[PIPELINE...] [-n N]                    the pipelines of the nearest weir.yaml\n"
             "-t TOPIC --table TABLE [--database DATABASE] [OPTION...]",
    .options = options,
    .run = run,
    .notes =
        "Brokers, topics, the newest records, database, table, each column against these records,\n"
        "state and lag: a line each, ok, warn or fail, with its cure.\n\n"
        "Examples:\n"
        "  weir doctor\n"
        "  weir doctor -t orders --table shop.orders --database credentials.json\n"
        "  weir doctor -J | jq -r '.pipelines[].findings[] | select(.level == \"fail\")"
        " | .sql // empty'\n\n"
        "Exit: 0 nothing fails, 1 something does, 2 wrong usage.",
};

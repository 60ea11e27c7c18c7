/* weir ingest: topics into tables, exactly once. The work is src/ingest; here it is started. */
#include "base/buf.h"
#include "base/signals.h"
#include "cmd/verb.h"
#include "ingest/ingest.h"
#include "sink/sink.h"
#include "web/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_REPORT_BYTES ((size_t)64 << 20)

static void options(struct option_table *table)
{
    option_table_add_pipeline(table);
    option_table_add_run(table);
    option_table_add_json(table);
    option_table_add_common(table);
}

static bool has_option(const struct cli *cli, enum setting_id id)
{
    for (size_t i = 0; i < cli->line.n_options; i++)
        if (cli->line.options[i].option->setting == setting_at(id))
            return true;
    return false;
}

/* For a DBA: what must exist before a role without CREATE can run. Needs no pipeline. */
static int print_setup(const struct cli *cli)
{
    const struct pipeline_config *config =
        cli->config.n_pipelines ? &cli->config.pipelines[0] : &cli->config.common;
    char *sql = sink_for(config->database)->setup_sql(config);
    fputs(sql, stdout);
    free(sql);
    return 0;
}

/* --reset forgets how far the pipeline came: a person says yes, or the option does. */
static int confirm_reset(struct cli *cli, struct err *err)
{
    for (size_t i = 0; i < cli->config.n_pipelines; i++) {
        const struct pipeline_config *pipeline = &cli->config.pipelines[i];
        if (!pipeline->reset || pipeline->yes || pipeline->dry_run)
            continue;
        const char *question =
            arena_printf(&cli->arena,
                         "Forget the offsets of pipeline %s and start again at --offset?",
                         pipeline->name);
        if (!cli_ask(question))
            return err_set(err, ERR_USAGE,
                           "--reset forgets the offsets of pipeline %s: add --yes to do so without "
                           "asking",
                           pipeline->name);
    }
    return 0;
}

/* -J: exactly one object on stdout. Else the summary for people, beside the messages. */
static int report(const struct cli *cli, struct ingest *ingest, struct err *err)
{
    struct buf out;
    buf_init(&out, MAX_REPORT_BYTES);
    if (cli->json)
        ingest_report_json(ingest, &out);
    else if (!cli->quiet)
        ingest_report_text(ingest, &out);
    int rc = out.failed ? err_set(err, ERR_BUG, "the summary is too large") : 0;
    if (rc == 0 && out.len > 0) {
        FILE *to = cli->json ? stdout : stderr;
        bool ended = out.data[out.len - 1] == '\n';
        fwrite(out.data, 1, out.len, to);
        fputs(ended ? "" : "\n", to);
    }
    buf_release(&out);
    return rc;
}

static int show_metrics(void *ingest, struct buf *out)
{
    ingest_metrics(ingest, out);
    return 200;
}

static int show_health(void *ingest, struct buf *out)
{
    if (!ingest_healthy(ingest, out))
        return 503;
    buf_add_str(out, "ok\n");
    return 200;
}

static int show_readiness(void *ingest, struct buf *out)
{
    if (!ingest_ready(ingest, out))
        return 503;
    buf_add_str(out, "ready\n");
    return 200;
}

/* --http: runs while the pipelines run. */
static int run_beside_http(struct cli *cli, struct ingest *ingest, struct err *err)
{
    const struct http_route routes[] = {
        {"/metrics", "text/plain; version=0.0.4; charset=utf-8", show_metrics, ingest},
        {"/healthz", "text/plain; charset=utf-8", show_health, ingest},
        {"/readyz", "text/plain; charset=utf-8", show_readiness, ingest},
    };
    struct http *http = NULL;
    if (!cli->config.http)
        return ingest_run(ingest);
    if (http_start(&http, cli->config.http, routes, sizeof routes / sizeof *routes, err) < 0)
        return cli_fail(cli, err);
    int code = ingest_run(ingest);
    http_stop(http);
    return code;
}

static int work(struct cli *cli, struct err *err)
{
    struct ingest *ingest = NULL;
    if (signals_init(err) < 0 || ingest_new(&ingest, &cli->config, err) < 0)
        return cli_fail(cli, err);
    int code = run_beside_http(cli, ingest, err);
    if (report(cli, ingest, err) < 0)
        code = cli_fail(cli, err);
    if (ingest_hangs(ingest))
        _exit(fflush(NULL) == 0 ? code : 1);
    ingest_free(ingest);
    return code;
}

static int run(struct cli *cli)
{
    struct err err;
    bool only_setup = has_option(cli, SETTING_PRINT_SETUP);
    const char *const *names = (const char *const *)cli->line.words;
    if (cli_load_config(cli, names, cli->line.n_words, only_setup, &err) < 0)
        return cli_fail(cli, &err);
    if (only_setup)
        return print_setup(cli);
    if (cli->verbose && config_print(&cli->config, stderr, true, &err) < 0)
        return cli_fail(cli, &err);
    if (confirm_reset(cli, &err) < 0)
        return cli_fail(cli, &err);
    return work(cli, &err);
}

const struct verb verb_ingest = {
    .name = "ingest",
    .summary = "store the records of topics as rows of tables, exactly once",
    .usage = "-t TOPIC --table TABLE [--database DATABASE] [OPTION...]\n"
             "[PIPELINE...] [OPTION...]      the pipelines of the nearest weir.yaml",
    .options = options,
    .run = run,
    .notes =
        "Examples:\n"
        "  weir ingest -t driven_data_stream --table streaming_layer.streaming_data -e\n"
        "  weir ingest driven_data        the pipeline of weir.yaml, until Ctrl-C\n"
        "  weir ingest driven_data --dry-run -n 100\n"
        "Where a setting comes from, first wins: option, WEIR_* variable, weir.yaml, default.\n"
        "Exit: 0 done (Ctrl-C drains and is 0 too), 1 a partition stopped or a pipeline halted,\n"
        "2 wrong usage, 130 on the second Ctrl-C.",
};

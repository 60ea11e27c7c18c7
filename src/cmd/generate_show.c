#include "cmd/generate_show.h"

#include "base/civil.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "cmd/columns.h"
#include "cmd/figure_text.h"
#include "cmd/json_out.h"
#include "generate/provider.h"
#include "generate/record.h"
#include "sink/datetime.h"

#include <inttypes.h>
#include <stdio.h>

#define STATUS_US 1000000
#define LOG_US 10000000
#define STATUS_BYTES 4096
#define TO_SECOND_BYTES 19 /* of a time's text */

/* ---- How it goes ---- */

static void add_status(struct buf *out, struct generate_status *status,
                       const struct figures *figures, int64_t now_us)
{
    double seconds = (double)(now_us - status->shown_us) / 1e6;
    uint64_t open = figures->made - figures->acknowledged - figures->failed;
    double records = (double)(figures->acknowledged - status->acknowledged);
    double bytes = (double)(figures->bytes - status->bytes);
    buf_printf(out,
               "%s: %.0f records/s  %.1f MB/s  %" PRIu64 " acknowledged, %" PRIu64 " on their way",
               status->topic, records / seconds, bytes / seconds / 1e6, figures->acknowledged,
               open);
    if (figures->away)
        buf_add_str(out, "  (no answer from the broker)");
}

void generate_show_status(struct generate_status *status)
{
    int64_t now_us = clock_mono_us();
    bool terminal = log_on_terminal();
    if (status->shown_us == 0)
        status->shown_us = now_us;
    if (now_us - status->shown_us < (terminal ? STATUS_US : LOG_US))
        return;
    struct buf line;
    struct figures figures = progress_read(status->progress);
    buf_init(&line, STATUS_BYTES);
    add_status(&line, status, &figures, now_us);
    if (terminal)
        log_status(buf_str(&line));
    else
        log_info("", "%s", buf_str(&line));
    buf_release(&line);
    status->shown_us = now_us;
    status->acknowledged = figures.acknowledged;
    status->bytes = figures.bytes;
}

/* ---- What will come ---- */

/* "2026-02-01 00:00:00 UTC or " of what ends it beside Ctrl-C. */
static const char *end_text(const struct generate_job *job)
{
    int64_t until_us = job->source_options.until_us;
    char end[DATETIME_TEXT_BYTES];
    if (until_us == SOURCE_NO_END)
        return "";
    datetime_timestamp_text(floor_div(until_us, US_PER_DAY), floor_mod(until_us, US_PER_DAY), "",
                            end);
    return arena_printf(&job->cli->arena, "%.*s UTC%s or ", TO_SECOND_BYTES, end,
                        job->source_options.simulated ? " by its own clock" : "");
}

/* A simulated clock that is waited for comes to its end no sooner than any other. */
static const char *waiting_text(const struct generate_job *job)
{
    const struct source_options *options = &job->source_options;
    if (!options->simulated || options->until_us == SOURCE_NO_END)
        return "";
    return arena_printf(&job->cli->arena, ", in %s (--no-sleep sends them at once)",
                        duration_text(&job->cli->arena,
                                      (options->until_us - options->as_of_us) / 1000));
}

void generate_show_start(const struct generate_job *job)
{
    if (job->cli->verbose)
        cli_note(job->cli, "--seed %" PRIu64 " makes these records again",
                 job->source_options.maker.seed);
    double per_day = pace_per_day(&job->source_options.pace);
    if (!job->topic || !job->waits || per_day < 0.5)
        return;
    cli_note(job->cli, "into %s, %s records a day at this pace; %sCtrl-C ends it%s", job->topic,
             grouped_text(&job->cli->arena, (int64_t)(per_day + 0.5)), end_text(job),
             waiting_text(job));
}

/* ---- What came of it ---- */

static double seconds_of(const struct figures *figures)
{
    return (double)(figures->ended_us - figures->started_us) / 1e6;
}

static void print_summary(const struct generate_job *job, const struct figures *figures)
{
    double seconds = seconds_of(figures);
    struct buf line;
    buf_init(&line, STATUS_BYTES);
    buf_printf(&line, "weir generate: %" PRIu64 " %s acknowledged by %s", figures->acknowledged,
               figures->acknowledged == 1 ? "record" : "records", job->topic);
    if (figures->made > figures->acknowledged)
        buf_printf(&line, " of %" PRIu64 " made", figures->made);
    if (figures->failed > 0)
        buf_printf(&line, ", %" PRIu64 " refused or given up", figures->failed);
    double per_s = seconds > 0 ? (double)figures->acknowledged / seconds : 0;
    if (per_s > 0)
        buf_printf(&line, ", %.*f/s in %.1f s", per_s < 10 ? 1 : 0, per_s, seconds);
    const char *lead = "; with a fault:";
    for (int i = 0; i < N_FAULTS; i++)
        if (figures->faults[i] > 0) {
            buf_printf(&line, "%s %" PRIu64 " %s", lead, figures->faults[i],
                       fault_name((enum fault)i));
            lead = ",";
        }
    buf_printf(&line, " (--seed %" PRIu64 ")\n", job->source_options.maker.seed);
    fputs(buf_str(&line), stderr);
    buf_release(&line);
}

static void print_json(const struct generate_job *job, const struct figures *figures)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_text(&out, "topic", job->topic);
    json_out_text(&out, "spec", job->entry.spec.name);
    json_out_number(&out, "seed", true, (int64_t)job->source_options.maker.seed);
    json_out_number(&out, "made", true, (int64_t)figures->made);
    json_out_number(&out, "acknowledged", true, (int64_t)figures->acknowledged);
    json_out_number(&out, "failed", true, (int64_t)figures->failed);
    json_out_number(&out, "bytes", true, (int64_t)figures->bytes);
    json_out_number(&out, "milliseconds", true, (figures->ended_us - figures->started_us) / 1000);
    json_out_open(&out, "faults", '{');
    for (int i = 0; i < N_FAULTS; i++)
        json_out_number(&out, fault_name((enum fault)i), true, (int64_t)figures->faults[i]);
    json_out_close(&out, '}');
    json_out_close(&out, '}');
    json_out_end(&out);
}

void generate_show_summary(struct generate_job *job)
{
    struct figures figures = progress_read(&job->progress);
    log_status(NULL);
    if (job->cli->json)
        print_json(job, &figures);
    else if (job->topic && !job->cli->quiet)
        print_summary(job, &figures);
    else if (job->held && !signals_stop_requested())
        cli_note(job->cli,
                 "%" PRIu64
                 " records, as this is a terminal: -n N makes N, -t TOPIC sends them into "
                 "a topic; into a pipe, or with --rate max, they go on without end",
                 figures.made);
}

/* ---- Which providers there are ---- */

#define EXAMPLE_SEED 7
#define EXAMPLE_US (INT64_C(1767225600) * 1000000) /* 2026-01-01 */

/* What stands behind the name in {"example": ...}; of a text, what is between its quotes. */
static struct slice value_in(struct slice record)
{
    const size_t lead = sizeof "{\"example\": " - 1;
    struct slice value = {record.ptr + lead, record.len - lead - 1};
    if (value.ptr[0] == '"')
        value = (struct slice){value.ptr + 1, value.len - 2};
    return value;
}

/* A record of one field, made as all records are. */
static int make_example(struct arena *arena, const struct provider *provider, const char **example,
                        struct err *err)
{
    struct record_spec spec;
    struct yaml_node *root = NULL;
    struct maker *maker = NULL;
    const struct maker_options options = {.seed = EXAMPLE_SEED, .utf8 = true, .utc = true};
    const char *text = arena_printf(arena, "fields: {example: %s}", provider->form);
    if (yaml_load(arena, provider->name, slice_of(text), &root, err) < 0 ||
        spec_read(&spec, arena, provider->name, provider->name, root, err) < 0 ||
        maker_new(&maker, &spec, &options, err) < 0)
        return -1;
    char *bytes = arena_alloc(arena, maker_record_bytes(maker));
    const char *end = maker_write(maker, EXAMPLE_US, bytes);
    struct slice value = value_in((struct slice){bytes, (size_t)(end - bytes)});
    *example = arena_strndup(arena, value.ptr, value.len);
    maker_free(maker);
    return 0;
}

static void list_json(const char *const *examples)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_open(&out, "providers", '[');
    for (size_t i = 0; i < provider_count; i++) {
        json_out_open(&out, NULL, '{');
        json_out_text(&out, "name", provider_table[i].name);
        json_out_text(&out, "summary", provider_table[i].summary);
        json_out_text(&out, "form", provider_table[i].form);
        json_out_text(&out, "example", examples[i]);
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}

static void list_columns(struct cli *cli, const char *const *examples)
{
    static const struct column heads[] = {{"PROVIDER", COLUMN_LEFT},
                                          {"IS", COLUMN_LEFT},
                                          {"WRITTEN", COLUMN_LEFT},
                                          {"EXAMPLE", COLUMN_LEFT}};
    struct columns columns;
    columns_init(&columns, &cli->arena, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < provider_count; i++) {
        columns_add(&columns, provider_table[i].name);
        columns_add(&columns, provider_table[i].summary);
        columns_add(&columns, provider_table[i].form);
        columns_add(&columns, examples[i]);
    }
    columns_print(&columns, stdout);
}

int generate_show_providers(struct cli *cli)
{
    struct err err;
    const char **examples = arena_alloc(&cli->arena, provider_count * sizeof *examples);
    for (size_t i = 0; i < provider_count; i++)
        if (make_example(&cli->arena, &provider_table[i], &examples[i], &err) < 0)
            return cli_fail(cli, &err);
    if (cli->json)
        list_json(examples);
    else
        list_columns(cli, examples);
    return 0;
}

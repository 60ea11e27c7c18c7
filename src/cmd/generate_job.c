#include "cmd/generate_job.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/signals.h"
#include "cmd/cluster.h"
#include "cmd/generate_show.h"
#include "generate/run.h"
#include "web/http.h"

#include <string.h>
#include <unistd.h>

#define STDOUT_BYTES ((size_t)256 << 10)
#define STDOUT_TOPIC "-"
/* The first and the last --as-of. */
#define FIRST_MS (INT64_C(-1704153600) * 1000)
#define END_MS (INT64_C(4102444800) * 1000)

const char *generate_job_option(const struct generate_job *job, enum option_id id)
{
    const struct parsed_option *option = command_line_find(&job->cli->line, id);
    return option ? option->value : NULL;
}

/* ---- What was asked for ---- */

/* Of an entry, --spec takes what its records are; its name takes where, when and how many too. */
static void take_spec_alone(struct entry *entry)
{
    *entry = (struct entry){.spec = entry->spec, .key = entry->key};
}

static int read_name(const struct generate_job *job, const char **name, struct err *err)
{
    const struct command_line *line = &job->cli->line;
    *name = generate_job_option(job, OPTION_SPEC);
    if (line->n_words > 1 || (line->n_words == 1 && *name))
        return err_set(err, ERR_USAGE,
                       "one record spec at a time: \"%s\" is one more (the topic "
                       "is -t TOPIC)",
                       line->words[line->n_words - 1]);
    if (line->n_words == 1)
        *name = line->words[0];
    return 0;
}

static int read_maker(struct generate_job *job, struct err *err)
{
    struct maker_options *maker = &job->source_options.maker;
    const char *fields = generate_job_option(job, OPTION_FIELDS);
    int64_t users = job->entry.users;
    int64_t seed = 0;
    random_bytes(&maker->seed, sizeof maker->seed);
    maker->seed >>= 1; /* so that it can be given again */
    if (command_line_number(&job->cli->line, OPTION_USERS, 0, MAKER_MAX_USERS, &users, err) < 0)
        return -1;
    if (command_line_has(&job->cli->line, OPTION_SEED)) {
        if (command_line_number(&job->cli->line, OPTION_SEED, 0, INT64_MAX, &seed, err) < 0)
            return -1;
        maker->seed = (uint64_t)seed;
    }
    if (fields && strcmp(fields, "coherent") != 0 && strcmp(fields, "independent") != 0)
        return err_set(err, ERR_USAGE, "--fields: \"%s\" is neither coherent nor independent",
                       fields);
    maker->independent = fields && !strcmp(fields, "independent");
    maker->utf8 = command_line_has(&job->cli->line, OPTION_UTF8);
    maker->users = (uint32_t)users;
    return 0;
}

static int read_pace(struct generate_job *job, struct err *err)
{
    struct pace *pace = &job->source_options.pace;
    const char *every = generate_job_option(job, OPTION_EVERY);
    const char *rate = generate_job_option(job, OPTION_RATE);
    if (every && rate)
        return err_set(err, ERR_USAGE, "--every and --rate are one thing: leave one out");
    if (every)
        return pace_parse_every(every, pace, err) < 0 ? err_prefix(err, "--every") : 0;
    if (rate)
        return pace_parse_rate(rate, pace, err) < 0 ? err_prefix(err, "--rate") : 0;
    if (job->entry.has_pace)
        *pace = job->entry.pace;
    else if (job->topic || job->source_options.simulated)
        pace_chapter(pace);
    else
        pace->kind = PACE_MAX;
    return 0;
}

static int read_clock(struct generate_job *job, struct err *err)
{
    struct source_options *options = &job->source_options;
    const char *as_of = generate_job_option(job, OPTION_AS_OF);
    int64_t ms = 0;
    job->now_ms = clock_wall_us() / 1000;
    if (!as_of)
        return command_line_has(&job->cli->line, OPTION_NO_SLEEP)
                   ? err_set(err, ERR_USAGE,
                             "--no-sleep goes with --as-of: the machine's clock "
                             "cannot be hurried (--rate max is as fast as it goes)")
                   : 0;
    if (parse_when_ms(as_of, job->now_ms, &ms, err) < 0)
        return err_prefix(err, "--as-of");
    if (ms < FIRST_MS || ms >= END_MS)
        return err_set(
            err, ERR_USAGE,
            "--as-of: \"%s\" is not from 1916 to 2099: a CNP is of who was born from 1800 "
            "to 2099, and people are up to 115 years old",
            as_of);
    options->simulated = true;
    options->as_of_us = ms * 1000;
    options->maker.utc = true;
    return 0;
}

/* Where the clock, the machine's or that of --as-of, ends the run. */
static int read_until(struct generate_job *job, struct err *err)
{
    struct source_options *options = &job->source_options;
    const char *until = generate_job_option(job, OPTION_UNTIL);
    int64_t ms = 0;
    options->until_us = SOURCE_NO_END;
    if (!until)
        return 0;
    if (parse_when_ms(until, job->now_ms, &ms, err) < 0)
        return err_prefix(err, "--until");
    if (options->simulated && ms <= options->as_of_us / 1000)
        return err_set(err, ERR_USAGE,
                       "--until (%s) is not behind --as-of (%s): name a later end, or an earlier "
                       "begin",
                       until, generate_job_option(job, OPTION_AS_OF));
    if (!options->simulated && ms <= job->now_ms)
        return err_set(err, ERR_USAGE,
                       "--until: \"%s\" is over: name a time to come (UTC without an offset), or "
                       "with --as-of where the clock begins",
                       until);
    options->until_us = ms * 1000;
    return 0;
}

/* Where the ledger's path is from. */
static const char *ledger_where(const struct generate_job *job)
{
    return generate_job_option(job, OPTION_LEDGER) ? "--ledger" : job->entry.ledger_where;
}

static int read_rest(struct generate_job *job, struct err *err)
{
    struct source_options *options = &job->source_options;
    const char *faults = generate_job_option(job, OPTION_FAULTS);
    const char *id = generate_job_option(job, OPTION_ID);
    const char *key = generate_job_option(job, OPTION_KEY);
    const char *ledger = generate_job_option(job, OPTION_LEDGER);
    options->faults = job->entry.faults;
    if (faults && faults_parse(faults, &options->faults, err) < 0)
        return err_prefix(err, "--faults");
    options->key = key ? key : job->entry.key ? job->entry.key : job->entry.spec.key;
    options->id = id ? id : job->entry.spec.id;
    job->ledger = ledger ? ledger : job->topic ? job->entry.ledger : NULL;
    job->count = job->entry.count;
    int64_t partition = -1;
    if (command_line_number(&job->cli->line, OPTION_LIMIT, 1, INT64_MAX, &job->count, err) < 0 ||
        command_line_number(&job->cli->line, OPTION_PARTITION, 0, INT32_MAX, &partition, err) < 0)
        return -1;
    job->partition = (int32_t)partition;
    if (id && !job->ledger)
        return err_set(err, ERR_USAGE, "--id goes with --ledger");
    if (job->ledger && !options->id)
        return err_set(err, ERR_USAGE,
                       "%s: the records of \"%s\" have no field " SPEC_DEFAULT_ID
                       ": name one with --id FIELD",
                       ledger_where(job), job->entry.spec.name);
    return 0;
}

int generate_job_read(struct generate_job *job, struct err *err)
{
    const char *name = NULL;
    progress_init(&job->progress);
    if (read_name(job, &name, err) < 0 || cli_load_config(job->cli, NULL, 0, true, err) < 0 ||
        entry_find(&job->entry, &job->cli->arena, &job->cli->config, name, err) < 0)
        return -1;
    if (command_line_has(&job->cli->line, OPTION_SPEC))
        take_spec_alone(&job->entry);
    const char *topic = generate_job_option(job, OPTION_TOPIC);
    job->topic = topic ? topic : job->entry.topic;
    if (job->topic && !strcmp(job->topic, STDOUT_TOPIC))
        job->topic = NULL;
    const char *entry = !name && job->topic ? entry_of_topic(&job->cli->config, job->topic) : NULL;
    if (entry)
        cli_note(
            job->cli,
            "these are the built-in records; for those of the entry \"%s\", which goes into this "
            "topic too, write weir generate %s",
            entry, entry);
    job->source_options.spec = &job->entry.spec;
    if (read_maker(job, err) < 0 || read_clock(job, err) < 0 || read_until(job, err) < 0 ||
        read_pace(job, err) < 0 || read_rest(job, err) < 0)
        return -1;
    /* A simulated clock needs no waiting where nobody watches it go. */
    job->waits = job->source_options.pace.kind != PACE_MAX &&
                 (!job->source_options.simulated ||
                  (job->topic && !command_line_has(&job->cli->line, OPTION_NO_SLEEP)));
    return generate_job_check(job, err);
}

/* ---- Doing it ---- */

static int open_topic(struct generate_job *job, struct err *err)
{
    const struct pipeline_config *config = &job->cli->config.common;
    job->topic_options = (struct topic_options){
        .brokers = config->brokers,
        .properties = config->kafka,
        .n_properties = config->n_kafka,
        .topic = job->topic,
        .partition = job->partition,
        .bulk = !job->waits,
        .own_times = job->source_options.simulated,
    };
    if (target_topic_new(&job->target, &job->topic_options, &job->progress, err) < 0)
        return cluster_fail(job->cli, err);
    /* Behind it, so that no file is made for a topic that is not there. */
    if (job->ledger && ledger_file_open(&job->ledger_file, job->ledger, ledger_where(job), err) < 0)
        return -1;
    job->topic_options.ledger = job->ledger_file;
    return 0;
}

static int open_target(struct generate_job *job, struct err *err)
{
    if (job->topic)
        return open_topic(job, err);
    outlet_init(&job->outlet, STDOUT_FILENO, "stdout",
                STDOUT_BYTES + source_value_bytes(job->source));
    return target_lines_new(&job->target, &job->outlet, &job->progress, err);
}

/* ---- Watched while it runs ---- */

static int show_metrics(void *progress, struct buf *out)
{
    progress_metrics(progress, out);
    return 200;
}

static int show_health(void *progress, struct buf *out)
{
    if (progress_read(progress).away) {
        buf_add_str(out, "no broker answers\n");
        return 503;
    }
    buf_add_str(out, "ok\n");
    return 200;
}

static void show(void *context)
{
    generate_show_status(context);
}

static int open_and_run(struct generate_job *job, struct err *err)
{
    struct generate_status status = {.topic = job->topic, .progress = &job->progress};
    progress_set_away(&job->progress, job->topic != NULL);
    int rc = open_target(job, err);
    if (rc < 0 && !signals_stop_requested())
        return -1;
    progress_set_away(&job->progress, rc < 0);
    const struct run run = {
        .source = job->source,
        .target = job->target,
        .progress = &job->progress,
        .count = job->count,
        .waits = job->waits,
        .tick = job->topic && !job->cli->quiet ? show : NULL,
        .context = &status,
    };
    if (rc == 0) {
        generate_show_start(job);
        rc = run_records(&run, err);
    }
    generate_show_summary(job);
    return rc;
}

/* It listens before anything else is done, so that a port that is taken is told at once. */
static int run_beside_http(struct generate_job *job, struct err *err)
{
    const struct http_route routes[] = {
        {"/metrics", "text/plain; version=0.0.4; charset=utf-8", show_metrics, &job->progress},
        {"/healthz", "text/plain; charset=utf-8", show_health, &job->progress},
        {"/readyz", "text/plain; charset=utf-8", show_health, &job->progress},
    };
    struct http *http = NULL;
    if (http_start(&http, job->cli->config.http, routes, sizeof routes / sizeof *routes, err) < 0)
        return -1;
    int rc = open_and_run(job, err);
    http_stop(http);
    return rc;
}

int generate_job_run(struct generate_job *job, struct err *err)
{
    if (signals_init(err) < 0 || source_new(&job->source, &job->source_options, err) < 0)
        return -1;
    return job->cli->config.http ? run_beside_http(job, err) : open_and_run(job, err);
}

void generate_job_release(struct generate_job *job)
{
    if (job->target)
        job->target->calls->free(job->target);
    ledger_file_close(job->ledger_file);
    source_free(job->source);
    outlet_release(&job->outlet);
    progress_release(&job->progress);
}

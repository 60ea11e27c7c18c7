/* Whether what was asked of `weir generate` makes sense together, and where it ends. */
#include "cmd/generate_job.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCREEN_RECORDS 5
#define HOUR_MS 3600000
#define FIRST_OF_TOPIC_US (INT64_C(900) * 1000000) /* of --as-of */

/* acks, and its other names. */
static bool nobody_acknowledges(const struct pipeline_config *config)
{
    bool nobody = false;
    for (size_t i = 0; i < config->n_kafka; i++) {
        const char *name = config->kafka[i].name;
        if (!strncmp(name, "topic.", 6))
            name += 6;
        if (!strcmp(name, "acks") || !strcmp(name, "request.required.acks"))
            nobody = !strcmp(config->kafka[i].value, "0");
    }
    return nobody;
}

static int check_delivery(const struct generate_job *job, struct err *err)
{
    const struct source_options *options = &job->source_options;
    if (options->simulated && options->as_of_us < FIRST_OF_TOPIC_US)
        return err_set(err, ERR_USAGE,
                       "--as-of: a record's Kafka timestamp cannot be before 1970: begin at "
                       "1970-01-01T00:15:00Z or later (late ones are up to 10 minutes older)");
    if (job->ledger && nobody_acknowledges(&job->cli->config.common))
        return err_set(err, ERR_USAGE,
                       "--ledger names what was acknowledged, and with acks=0 nothing is");
    return 0;
}

/* Where that can be known: a duplicate counts, and takes no step. */
static int check_sequences(const struct generate_job *job, struct err *err)
{
    const struct record_spec *spec = &job->entry.spec;
    const struct field_spec *field = NULL;
    uint64_t most = spec_max_records(spec, &field);
    if (!field || job->held || (uint64_t)job->count <= most ||
        faults_has(&job->source_options.faults, FAULT_DUPLICATE))
        return 0;
    return yaml_fail(err, spec->file, field->node,
                     "%s: the sequence comes to the end of 64 bits with record %" PRIu64
                     ", and %s asks for %" PRId64 ": let it start or step so that there is room",
                     field->name, most,
                     command_line_has(&job->cli->line, OPTION_LIMIT) ? "-n" : "count", job->count);
}

/* What makes sense with a topic alone, or not at all. */
static int check_together(const struct generate_job *job, struct err *err)
{
    const struct source_options *options = &job->source_options;
    if (options->simulated && options->pace.kind == PACE_MAX)
        return err_set(err, ERR_USAGE, "--as-of steps by --every or --rate N/s, not by max");
    if (check_sequences(job, err) < 0)
        return -1;
    if (job->topic)
        return check_delivery(job, err);
    if (job->entry.ledger && !generate_job_option(job, OPTION_TOPIC))
        return err_set(err, ERR_USAGE,
                       "%s: it goes with a topic: write topic: TOPIC beside it, or give -t TOPIC",
                       job->entry.ledger_where);
    static const struct {
        enum option_id id;
        const char *name;
    } of_topic[] = {{OPTION_LEDGER, "--ledger"},
                    {OPTION_PARTITION, "-p"},
                    {OPTION_KEY, "--key"},
                    {OPTION_JSON, "-J"},
                    {OPTION_NO_SLEEP, "--no-sleep"}};
    for (size_t i = 0; i < sizeof of_topic / sizeof *of_topic; i++)
        if (command_line_has(&job->cli->line, of_topic[i].id))
            return err_set(err, ERR_USAGE, "%s goes with a topic: -t TOPIC", of_topic[i].name);
    return 0;
}

/* Records without end, as fast as they can be made: neither a screen nor a disk is for that, unless
 * the user says so. A pipe's reader can leave. */
static int bound(struct generate_job *job, struct err *err)
{
    struct stat out;
    const struct source_options *options = &job->source_options;
    bool asked = generate_job_option(job, OPTION_RATE) && options->pace.kind == PACE_MAX;
    bool ends = options->simulated && options->until_us != SOURCE_NO_END;
    if (job->topic || job->waits || job->count > 0 || asked || ends)
        return 0;
    if (fstat(STDOUT_FILENO, &out) == 0 && S_ISREG(out.st_mode))
        return err_set(err, ERR_USAGE,
                       "stdout is a file, and records without end would fill its disk: give -n N, "
                       "or --until TIME beside --as-of (or --rate max, if that is meant)");
    if (isatty(STDOUT_FILENO)) {
        job->count = SCREEN_RECORDS;
        job->held = true;
    }
    return 0;
}

/* History that is sent at once comes to the present in a moment. What is further ahead Kafka
 * refuses, and with it what stands in the same batch, so it goes no further unless the user says
 * so. */
static int bound_history(struct generate_job *job, struct err *err)
{
    struct source_options *options = &job->source_options;
    if (!job->topic || !options->simulated || job->waits)
        return 0;
    if (options->until_us != SOURCE_NO_END) {
        if (options->until_us / 1000 > job->now_ms + HOUR_MS)
            cli_note(job->cli, "--until is more than an hour ahead: such records are refused, and "
                               "with them what is in the same batch, unless the topic's "
                               "message.timestamp.after.max.ms allows them");
        return 0;
    }
    if (job->count > 0)
        return 0;
    if (options->as_of_us / 1000 >= job->now_ms)
        return err_set(err, ERR_USAGE,
                       "--no-sleep makes records without end, and from --as-of (%s) on they are "
                       "ahead of the clock: give -n N or --until TIME",
                       generate_job_option(job, OPTION_AS_OF));
    options->until_us = job->now_ms * 1000;
    cli_note(job->cli, "history until now; -n N or --until TIME ends it elsewhere");
    return 0;
}

int generate_job_check(struct generate_job *job, struct err *err)
{
    return bound(job, err) < 0 || check_together(job, err) < 0 ? -1 : bound_history(job, err);
}

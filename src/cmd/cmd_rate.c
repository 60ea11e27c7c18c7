/* weir rate: how much arrives per time unit. The counting is src/inspect; here it is asked. */
#include "base/civil.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/signals.h"
#include "cmd/cluster.h"
#include "cmd/rate_live.h"
#include "cmd/rate_of_table.h"
#include "cmd/rate_render.h"
#include "cmd/shown.h"
#include "cmd/verb.h"
#include "inspect/rate_topic.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STATUS_US 250000
#define LOG_US 10000000

static const struct option rate_options[] = {
    {.id = OPTION_TOPIC,
     .name = "topic",
     .letter = 't',
     .argument = "TOPIC",
     .help = "the same as the bare TOPIC"},
    {.id = OPTION_PARTITION,
     .name = "partition",
     .letter = 'p',
     .argument = "N",
     .help = "of this partition alone"},
    {.id = OPTION_PER,
     .name = "per",
     .argument = "UNIT",
     .help = "second, minute, hour or day (default the finest that makes 60 rows at most)"},
    {.id = OPTION_LAST,
     .name = "last",
     .argument = "TIME",
     .help = "the last 24h, 90m, 7d (default all that the topic still holds)"},
    {.id = OPTION_FROM,
     .name = "from",
     .argument = "TIME",
     .help = "from then on: 2024-05-01, 2024-05-01T12:30, -2h"},
    {.id = OPTION_TO, .name = "to", .argument = "TIME", .help = "until then (default now)"},
    {.id = OPTION_ZONE,
     .name = "timezone",
     .argument = "ZONE",
     .help = "where days and hours begin: Europe/Bucharest, UTC, +02:00 (default the "
             "machine's)"},
    {.id = OPTION_EXPECT,
     .name = "expect",
     .argument = "N/d",
     .help = "what should come, beside what does: 10000/d, 400/h, 5/s"},
    {.id = OPTION_EXACT,
     .name = "exact",
     .help = "read all records rather than ask for offsets; adds bytes, sizes and keys"},
    {.id = OPTION_LIVE,
     .name = "live",
     .help = "again each second until Ctrl-C (default the last 20 minutes)"},
    {.id = OPTION_CSV, .name = "csv", .help = "a line of CSV for each row"},
};

static const struct option table_options[] = {
    {.id = OPTION_DRAFT_TABLE,
     .name = "table",
     .argument = "TABLE",
     .help = "rows of this table instead, TABLE or SCHEMA.TABLE as SQL writes it"},
    {.id = OPTION_COLUMN,
     .name = "column",
     .argument = "NAME",
     .help = "by this column: timestamp, timestamptz, date, or text that holds times"},
};

static void options(struct option_table *table)
{
    option_table_add_group(table, "Rate", rate_options, sizeof rate_options / sizeof *rate_options);
    option_table_add_group(table, "Of a table", table_options,
                           sizeof table_options / sizeof *table_options);
    option_table_add_setting(table, SETTING_DATABASE, "Of a table");
    option_table_add_setting(table, SETTING_BROKERS, "Kafka");
    option_table_add_setting(table, SETTING_KAFKA, "Kafka");
    option_table_add_json(table);
    option_table_add_common(table);
}

/* ---- what is asked ---- */

struct rate_job {
    struct cli *cli;
    struct admin *admin;
    struct tz *tz;
    char zone[TZ_NAME_BYTES];
    struct rate_topic_request request;
    struct rate_table_request table; /* source.table NULL: of a topic */
    struct rate_topic_notes notes;
    bool noted;
    bool live;
    struct rate_view view;
    int64_t shown_us; /* when progress was last shown */
};

static const struct parsed_option *option_of(const struct rate_job *job, enum option_id id)
{
    return command_line_find(&job->cli->line, id);
}

static int read_topic(struct rate_job *job, struct err *err)
{
    const struct command_line *line = &job->cli->line;
    const struct parsed_option *option = option_of(job, OPTION_TOPIC);
    const char *topic = option ? option->value : line->n_words > 0 ? line->words[0] : NULL;
    if (!topic || !*topic)
        return err_set(err, ERR_USAGE, "of which topic? Write its name");
    if (line->n_words + (option != NULL) > 1)
        return err_set(err, ERR_USAGE, "\"%s\" is one word too many: rate takes one topic",
                       line->words[line->n_words - 1]);
    job->request.topic = job->view.topic = topic;
    int64_t partition = TOPIC_UNKNOWN;
    if (command_line_number(line, OPTION_PARTITION, 0, INT32_MAX, &partition, err) < 0)
        return -1;
    job->request.partition = (int32_t)partition;
    return 0;
}

static int read_table(struct rate_job *job, struct err *err)
{
    const struct parsed_option *table = option_of(job, OPTION_DRAFT_TABLE);
    const struct parsed_option *column = option_of(job, OPTION_COLUMN);
    static const enum option_id of_topics[] = {OPTION_TOPIC, OPTION_PARTITION, OPTION_EXACT};
    if (!table)
        return err_set(err, ERR_USAGE, "%s is of a table: write --table too", column->where);
    if (check_table(table->value, err) < 0)
        return err_prefix(err, "%s", table->where);
    if (job->cli->line.n_words > 0)
        return err_set(err, ERR_USAGE, "\"%s\" and --table: choose a topic or a table",
                       job->cli->line.words[0]);
    for (size_t i = 0; i < sizeof of_topics / sizeof *of_topics; i++)
        if (option_of(job, of_topics[i]))
            return err_set(err, ERR_USAGE, "%s is of a topic; a table has no such thing",
                           option_of(job, of_topics[i])->where);
    job->table.source.table = table->value;
    job->table.source.column = column ? column->value : NULL;
    return 0;
}

static int read_what(struct rate_job *job, struct err *err)
{
    bool of_table = option_of(job, OPTION_DRAFT_TABLE) || option_of(job, OPTION_COLUMN);
    return of_table ? read_table(job, err) : read_topic(job, err);
}

static int read_zone(struct rate_job *job, struct err *err)
{
    const struct parsed_option *option = option_of(job, OPTION_ZONE);
    if (!option && tz_open_machine(&job->tz, job->zone, err) < 0)
        return -1;
    if (option && tz_open(&job->tz, option->value, err) < 0)
        return -1;
    job->request.timezone = option ? option->value : job->zone;
    job->request.tz = job->view.tz = job->tz;
    return 0;
}

/* Whether a time says how far it is from UTC, behind its date. */
static bool has_offset(const char *text)
{
    return strlen(text) > 10 && strpbrk(text + 10, "Zz+-") != NULL;
}

/* A time there, or so long before now. */
static int read_time(const struct rate_job *job, enum option_id id, int64_t *out, struct err *err)
{
    const struct parsed_option *option = option_of(job, id);
    if (!option)
        return 0;
    const char *text = option->value + (option->value[0] == '@');
    int rc = parse_ago_ms(text, job->request.now_ms, out, err);
    if (rc <= 0)
        return rc < 0 ? err_prefix(err, "%s", option->where) : 0;
    if (parse_time_ms(text, out, err) < 0)
        return err_set(err, ERR_USAGE,
                       "%s: \"%s\" is not a time: write 2024-05-01, 2024-05-01T12:30 (in the time "
                       "zone shown), 2024-05-01T12:30Z or -2h",
                       option->where, option->value);
    if (!has_offset(text))
        *out -= tz_offset_of_local(job->tz, floor_div(*out, 1000)) * INT64_C(1000);
    return 0;
}

static int read_stretch(struct rate_job *job, struct err *err)
{
    struct rate_wish *wish = &job->request.wish;
    const struct parsed_option *last = option_of(job, OPTION_LAST);
    *wish = (struct rate_wish){.from_ms = RATE_OPEN, .to_ms = RATE_OPEN, .last_ms = RATE_OPEN};
    if (read_time(job, OPTION_FROM, &wish->from_ms, err) < 0 ||
        read_time(job, OPTION_TO, &wish->to_ms, err) < 0)
        return -1;
    if (!last)
        return 0;
    if (wish->from_ms != RATE_OPEN || wish->to_ms != RATE_OPEN)
        return err_set(err, ERR_USAGE, "--last goes with neither --from nor --to");
    if (parse_duration_ms(last->value, &wish->last_ms, err) < 0)
        return err_prefix(err, "%s", last->where);
    if (wish->last_ms <= 0)
        return err_set(err, ERR_USAGE, "%s: nothing comes in no time: write 24h", last->where);
    return 0;
}

static int read_rest(struct rate_job *job, struct err *err)
{
    struct rate_wish *wish = &job->request.wish;
    const struct parsed_option *per = option_of(job, OPTION_PER);
    const struct parsed_option *expect = option_of(job, OPTION_EXPECT);
    if (per && unit_parse(per->value, &wish->unit, err) < 0)
        return err_prefix(err, "%s", per->where);
    wish->has_unit = per != NULL;
    if (expect && parse_rate(expect->value, &job->view.expect_per_s, err) < 0)
        return err_prefix(err, "%s", expect->where);
    if (expect && job->view.expect_per_s <= 0)
        return err_set(err, ERR_USAGE, "%s: write how many should come, such as 10000/d",
                       expect->where);
    job->view.csv = option_of(job, OPTION_CSV) != NULL;
    if (job->view.csv && job->cli->json)
        return err_set(err, ERR_USAGE, "-J and --csv are two forms of the same: leave one out");
    wish->all_is_read = job->request.exact = option_of(job, OPTION_EXACT) != NULL;
    return 0;
}

/* A stretch that ends now, and begins soon enough to be asked for each second. */
static int read_live(struct rate_job *job, struct err *err)
{
    struct rate_wish *wish = &job->request.wish;
    static const struct {
        enum option_id id;
        const char *why;
    } others[] = {{OPTION_TO, "looks at now"},
                  {OPTION_EXACT, "asks each second"},
                  {OPTION_CSV, "is a line each second, or -J an object"}};
    job->live = wish->again = option_of(job, OPTION_LIVE) != NULL;
    for (size_t i = 0; job->live && i < sizeof others / sizeof *others; i++)
        if (option_of(job, others[i].id))
            return err_set(err, ERR_USAGE, "--live %s: leave out %s", others[i].why,
                           option_of(job, others[i].id)->where);
    if (job->live && wish->from_ms == RATE_OPEN && wish->last_ms == RATE_OPEN)
        wish->last_ms = RATE_LIVE_SLOTS * unit_ms(wish->has_unit ? wish->unit : UNIT_MINUTE);
    return 0;
}

static int read_job(struct rate_job *job, struct err *err)
{
    job->request.now_ms = clock_wall_us() / 1000;
    if (read_what(job, err) < 0 || read_zone(job, err) < 0 || read_stretch(job, err) < 0 ||
        read_rest(job, err) < 0 || read_live(job, err) < 0 ||
        cli_load_config(job->cli, NULL, 0, true, err) < 0)
        return -1;
    job->request.config = &job->cli->config.common;
    job->table.source.config = &job->cli->config.common;
    job->table.source.timezone = job->request.timezone;
    job->table.tz = job->tz;
    job->table.wish = job->request.wish;
    return 0;
}

/* ---- doing it ---- */

static void show_progress(void *context, int64_t passed, int64_t of)
{
    struct rate_job *job = context;
    int64_t now_us = clock_mono_us();
    char line[128];
    if (job->shown_us == 0)
        job->shown_us = now_us;
    if (job->cli->quiet || now_us - job->shown_us < (log_on_terminal() ? STATUS_US : LOG_US))
        return;
    job->shown_us = now_us;
    snprintf(line, sizeof line, "read %" PRId64 " of %" PRId64 " records (%.0f%%)", passed, of,
             100.0 * (double)passed / (double)of);
    if (log_on_terminal())
        log_status(line);
    else
        log_info("", "%s", line);
}

static void note(const struct rate_job *job, const struct rate *rate,
                 const struct rate_topic_notes *notes)
{
    if (notes->leaderless > 0)
        cli_note(job->cli,
                 "%zu of %zu partitions %s no leader: their records are not counted; see weir "
                 "topic describe %s",
                 notes->leaderless, notes->n_partitions, notes->leaderless == 1 ? "has" : "have",
                 job->request.topic);
    if (notes->cut)
        cli_note(job->cli, "there is more before that: choose with --last or --from");
    if (notes->configs.class != ERR_NONE)
        cli_note(job->cli, "whether the topic is compacted is not known: %s", notes->configs.text);
    if (rate->later > 0 && job->request.wish.to_ms == RATE_OPEN)
        cli_note(job->cli, "%" PRId64 " more record%s from later times%s", rate->later,
                 rate->later == 1 ? " is" : "s are",
                 rate->transactional && !rate->exact ? ", or transactions' marks" : "");
}

/* Of a topic; for --live too, where a signal ends it with success while a broker is waited for. */
static int count(void *context, struct arena *arena, int64_t now_ms, struct rate *rate,
                 struct err *err)
{
    struct rate_job *job = context;
    job->request.now_ms = now_ms;
    signals_end_at_once(true);
    int rc = rate_topic(rate, &job->notes, arena, &job->request, err);
    signals_end_at_once(false);
    log_status(NULL);
    if (rc == 0 && job->live && !job->noted)
        note(job, rate, &job->notes);
    job->noted |= rc == 0;
    job->request.was_there = job->noted;
    job->request.wish.slides = job->noted && job->live;
    return rc;
}

static int count_last(void *context, int64_t now_ms, struct rate *rate, struct err *err)
{
    const struct rate_job *job = context;
    signals_end_at_once(true);
    int rc = rate_topic_last(rate, &job->request, now_ms, err);
    signals_end_at_once(false);
    return rc;
}

static int once(struct rate_job *job, struct err *err)
{
    struct rate rate;
    if (count(job, &job->cli->arena, job->request.now_ms, &rate, err) < 0)
        return -1;
    struct rate_view view = job->view;
    view.rate = &rate;
    if (rate_render(job->cli, &view, err) < 0)
        return -1;
    note(job, &rate, &job->notes);
    return job->notes.leaderless > 0 ? EXIT_FAILED : 0;
}

/* While something that cannot be interrupted is under way; --live has no other end. */
static void tell_signals(const struct rate_job *job)
{
    if (job->live)
        signals_end_with(0, NULL);
    else if (job->table.source.table)
        signals_end_with(EXIT_FAILED, "weir rate: cancelled before the database had answered\n");
    else
        signals_end_with(EXIT_FAILED, "weir rate: cancelled before the brokers had answered\n");
}

static int work(struct rate_job *job, struct err *err)
{
    const struct rate_source source = {job, count, count_last};
    if (read_job(job, err) < 0 || signals_init(err) < 0)
        return -1;
    tell_signals(job);
    if (job->table.source.table)
        return rate_of_table(job->cli, &job->table, &job->view, job->live, err);
    signals_end_at_once(true);
    if (cluster_connect(job->cli, &job->admin, err) < 0)
        return -1;
    job->request.admin = job->admin;
    job->request.progress = show_progress;
    job->request.context = job;
    return job->live ? rate_live(job->cli, &job->view, &source, err) : once(job, err);
}

static int run(struct cli *cli)
{
    struct err err;
    struct rate_job job = {.cli = cli};
    shown_init();
    int rc = work(&job, &err);
    admin_free(job.admin);
    tz_free(job.tz);
    return rc < 0 ? cli_fail(cli, &err) : rc;
}

const struct verb verb_rate = {
    .name = "rate",
    .summary = "how much arrives in a topic per second, minute, hour or day",
    .usage = "TOPIC [--per UNIT] [--last TIME] [--expect N/d]\n"
             "TOPIC --from TIME [--to TIME] [--timezone ZONE]\n"
             "TOPIC --exact            reads all records\n"
             "--table TABLE --column NAME   rows of a table, by a column",
    .options = options,
    .run = run,
    .notes =
        "Brokers are asked for offsets by time, nothing is read: exact where timestamps rise.\n"
        "Examples:\n"
        "  weir rate driven_data_stream\n"
        "  weir rate driven_data_stream --per hour --last 24h --expect 10000/d\n"
        "  weir rate driven_data_stream --per day --timezone Europe/Bucharest --csv\n"
        "  weir rate driven_data_stream --exact -J | jq .distinct_keys\n"
        "  weir rate driven_data_stream --live\n"
        "  weir rate --table streaming_layer.streaming_data --column accessed_at --per hour",
};

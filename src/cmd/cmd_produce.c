/* weir produce: lines, files or envelopes into a topic. */
#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "client/producer.h"
#include "cmd/cluster.h"
#include "cmd/produce_input.h"
#include "cmd/verb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLL_EACH 1000

static void options(struct option_table *table)
{
    static const struct option own[] = {
        {.id = OPTION_TOPIC,
         .name = "topic",
         .letter = 't',
         .argument = "TOPIC",
         .help = "the topic, or name it without -t"},
        {.id = OPTION_PARTITION,
         .name = "partition",
         .letter = 'p',
         .argument = "N",
         .help = "into this partition (default by the key's hash, or any)"},
        {.id = OPTION_KEY_DELIMITER,
         .letter = 'K',
         .argument = "DELIMITER",
         .help = "what stands before it in a line is the key: -K:"},
        {.id = OPTION_HEADER,
         .letter = 'H',
         .argument = "NAME=VALUE",
         .repeats = true,
         .help = "a header of each record; may be given again"},
        {.id = OPTION_NULL,
         .name = "null",
         .argument = "MARKER",
         .help = "a key or value that is this text is null"},
        {.id = OPTION_RATE,
         .name = "rate",
         .argument = "N/s",
         .help = "not more than so many records a time: 100/s, 600/m"},
        {.id = OPTION_JSON,
         .name = "json",
         .letter = 'J',
         .help = "lines are what weir consume -J writes: key, value, headers and time are taken"},
        {.id = OPTION_KEEP_PARTITION,
         .name = "keep-partition",
         .help = "with -J: into the partition that the line names"},
    };
    option_table_add_group(table, "Records", own, sizeof own / sizeof *own);
    option_table_add_setting(table, SETTING_BROKERS, "Kafka");
    option_table_add_setting(table, SETTING_KAFKA, "Kafka");
    option_table_add_common(table);
}

struct produce {
    struct cli *cli;
    struct produce_form form;
    const char *topic;
    char **files;
    size_t n_files;
    double per_s; /* 0: as fast as it goes */
    int64_t began_us;
    uint64_t sent;
    struct producer *producer;
};

/* ---- What was asked for ---- */

static int read_header(struct cli *cli, struct produce_form *form,
                       const struct parsed_option *option, struct err *err)
{
    char *equals = strchr(option->value, '=');
    if (!equals || equals == option->value)
        return err_set(err, ERR_USAGE, "%s: \"%s\" is not NAME=VALUE", option->where,
                       option->value);
    struct producer_header *grown = arena_alloc(&cli->arena, (form->n_headers + 1) * sizeof *grown);
    if (form->n_headers > 0)
        memcpy(grown, form->headers, form->n_headers * sizeof *grown);
    grown[form->n_headers++] =
        (struct producer_header){.name = {option->value, (size_t)(equals - option->value)},
                                 .value = slice_of(equals + 1)};
    form->headers = grown;
    return 0;
}

static int read_option(struct produce *produce, const struct parsed_option *option, struct err *err)
{
    struct produce_form *form = &produce->form;
    int64_t number = -1;
    switch (option->option->id) {
    case OPTION_TOPIC:
        produce->topic = option->value;
        return 0;
    case OPTION_PARTITION:
        if (option_read_number(option->where, option->value, 0, INT32_MAX, &number, err) < 0)
            return -1;
        form->partition = (int32_t)number;
        return 0;
    case OPTION_KEY_DELIMITER:
        if (!*option->value)
            return err_set(err, ERR_USAGE, "%s: the delimiter is empty", option->where);
        form->key_delimiter = option->value;
        return 0;
    case OPTION_HEADER:
        return read_header(produce->cli, form, option, err);
    case OPTION_NULL:
        form->null_marker = option->value;
        return 0;
    case OPTION_RATE:
        if (parse_rate(option->value, &produce->per_s, err) < 0)
            return err_prefix(err, "%s", option->where);
        if (produce->per_s <= 0)
            return err_set(err, ERR_USAGE, "%s: at no rate nothing is sent", option->where);
        return 0;
    case OPTION_KEEP_PARTITION:
        form->keep_partition = true;
        return 0;
    default:
        return 0;
    }
}

static int read_request(struct produce *produce, struct err *err)
{
    const struct command_line *line = &produce->cli->line;
    size_t word = 0;
    produce->form.partition = -1;
    produce->form.json = produce->cli->json;
    for (size_t i = 0; i < line->n_options; i++)
        if (read_option(produce, &line->options[i], err) < 0)
            return -1;
    if (!produce->topic && line->n_words > 0)
        produce->topic = line->words[word++];
    if (!produce->topic)
        return err_set(err, ERR_USAGE, "which topic? Write weir produce TOPIC");
    produce->files = line->words + word;
    produce->n_files = line->n_words - word;
    const struct produce_form *form = &produce->form;
    if (form->json && (form->key_delimiter || form->null_marker || form->n_headers > 0))
        return err_set(err, ERR_USAGE,
                       "-J has key, null and headers in it: leave out -K, --null, -H");
    if (form->keep_partition && (!form->json || form->partition >= 0))
        return err_set(err, ERR_USAGE, "--keep-partition goes with -J, and without -p");
    if (produce->n_files > 0 && (form->json || form->key_delimiter))
        return err_set(err, ERR_USAGE,
                       "a FILE is the value of one record: leave out -J and -K, or write < FILE");
    return 0;
}

/* ---- Sending ---- */

/* Not before its turn at --rate. */
static void await_turn(const struct produce *produce)
{
    if (produce->per_s <= 0)
        return;
    int64_t turn_us = produce->began_us + (int64_t)((double)produce->sent * 1e6 / produce->per_s);
    for (int64_t left_us = turn_us - clock_mono_us(); left_us > 0 && !signals_stop_requested();
         left_us = turn_us - clock_mono_us()) {
        producer_poll(produce->producer);
        clock_sleep_ms(left_us < 100000 ? (left_us + 999) / 1000 : 100);
    }
}

static int send_record(void *context, const struct producer_record *record, struct err *err)
{
    struct produce *produce = context;
    struct producer_record addressed = *record;
    addressed.topic = produce->topic;
    await_turn(produce);
    if (signals_stop_requested())
        return 0;
    if (producer_send(produce->producer, &addressed, err) < 0)
        return -1;
    if (++produce->sent % POLL_EACH == 0 || produce->form.interactive)
        producer_poll(produce->producer);
    return 0;
}

/* A file is there at once; from a terminal or a pipe the next line may be long in coming. */
static bool is_bulk(const struct produce *produce)
{
    struct stat input;
    return produce->per_s <= 0 &&
           (produce->n_files > 0 || (fstat(STDIN_FILENO, &input) == 0 && S_ISREG(input.st_mode)));
}

static int open_producer(struct produce *produce, struct err *err)
{
    const struct pipeline_config *config = &produce->cli->config.common;
    struct topic_info info;
    const struct producer_options options = {
        .scope = "",
        .brokers = config->brokers,
        .properties = config->kafka,
        .n_properties = config->n_kafka,
        .bulk = is_bulk(produce),
    };
    if (producer_open(&produce->producer, &options, produce->topic, ADMIN_CONNECT_MS, &info, err) <
        0)
        return cluster_fail(produce->cli, err);
    if (produce->form.partition >= info.partitions)
        return err_set(err, ERR_USAGE,
                       "%s has no partition %" PRId32 ": its partitions are 0 to %" PRId32,
                       produce->topic, produce->form.partition, info.partitions - 1);
    return 0;
}

static int send_files(struct produce *produce, struct err *err)
{
    for (size_t i = 0; i < produce->n_files && !signals_stop_requested(); i++)
        if (produce_file(&produce->form, produce->files[i], send_record, produce, err) < 0)
            return -1;
    return 0;
}

/* What was taken before a fault is on its way: it arrives, and the fault is told. */
static int finish(struct produce *produce, int rc, struct err *err)
{
    struct err flush;
    if (producer_flush(produce->producer, &flush) < 0) {
        if (rc == 0)
            *err = flush;
        return -1;
    }
    if (rc < 0)
        err_prefix(err, "%" PRIu64 " records were sent before it",
                   producer_delivered(produce->producer));
    return rc;
}

static int work(struct produce *produce, struct err *err)
{
    if (read_request(produce, err) < 0 || cli_load_config(produce->cli, NULL, 0, true, err) < 0 ||
        signals_init(err) < 0 || open_producer(produce, err) < 0)
        return -1;
    produce->began_us = clock_mono_us();
    produce->form.interactive = produce->n_files == 0 && isatty(STDIN_FILENO);
    int rc = produce->n_files > 0
                 ? send_files(produce, err)
                 : produce_lines(&produce->form, STDIN_FILENO, send_record, produce, err);
    rc = finish(produce, rc, err);
    if (rc == 0 && !produce->cli->quiet)
        fprintf(stderr, "weir produce: %" PRIu64 " %s to %s\n",
                producer_delivered(produce->producer),
                producer_delivered(produce->producer) == 1 ? "record" : "records", produce->topic);
    return rc;
}

static int run(struct cli *cli)
{
    struct err err;
    struct produce produce = {.cli = cli};
    int code = work(&produce, &err) < 0 ? cli_fail(cli, &err) : 0;
    producer_free(produce.producer);
    return code;
}

const struct verb verb_produce = {
    .name = "produce",
    .summary = "send lines or files as records to a topic",
    .usage = "TOPIC [OPTION...]           each line of the standard input is a record\n"
             "TOPIC FILE... [OPTION...]   each file is a record",
    .options = options,
    .run = run,
    .notes = "Examples:\n"
             "  weir produce driven_data_stream                     type records, end with Ctrl-D\n"
             "  weir produce driven_data_stream -K: < pairs.txt     lines are KEY:VALUE\n"
             "  weir consume a -o beginning -e -J | weir produce b -J   a copy of topic a",
};

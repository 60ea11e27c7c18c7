/* weir consume: records of topics, as they are, onto stdout. */
#include "base/signals.h"
#include "cmd/cluster.h"
#include "cmd/consume.h"
#include "cmd/pipeline_group.h"
#include "cmd/verb.h"

#include <inttypes.h>
#include <string.h>

/* Leaving the group, so that others take over at once. */
#define LEAVE_MS 500

static const struct option own_options[] = {
    {.id = OPTION_TOPIC,
     .name = "topic",
     .letter = 't',
     .argument = "TOPIC",
     .repeats = true,
     .help = "the topic, or name it without -t; several are read together, ^REGEX is all that "
             "match"},
    {.id = OPTION_PARTITION,
     .name = "partition",
     .letter = 'p',
     .argument = "N",
     .help = "this partition alone"},
    {.id = OPTION_OFFSET,
     .name = "offset",
     .letter = 'o',
     .argument = "OFFSET",
     .help = "where to begin: beginning, end (the default), N, -N (the last N), @TIME, @-10m"},
    {.id = OPTION_GROUP,
     .name = "group",
     .letter = 'g',
     .argument = "GROUP",
     .help = "read as a member of this consumer group, from where it was, and commit what was "
             "printed; -o is for partitions without a committed offset"},
    {.id = OPTION_TO,
     .name = "to",
     .argument = "TIME",
     .help = "end before the first record of this time: 2024-05-01T12:30, or -10m"},
    {.id = OPTION_EXIT, .name = "exit", .letter = 'e', .help = "end where the topics end now"},
    {.id = OPTION_LIMIT,
     .name = "count",
     .letter = 'n',
     .argument = "N",
     .help = "end after N records"},
    {.id = OPTION_GREP,
     .name = "grep",
     .argument = "REGEX",
     .help = "only records whose key or value matches (POSIX extended)"},
    {.id = OPTION_FORMAT,
     .name = "format",
     .letter = 'f',
     .argument = "FORMAT",
     .help = "kcat's letters: %t %p %o %k %s %T %T{iso} %h %S %K %R, \\n \\t \\xNN; no line's "
             "end is added"},
    {.id = OPTION_KEY_DELIMITER,
     .letter = 'K',
     .argument = "DELIMITER",
     .help = "the key and this before each value"},
    {.id = OPTION_PRETTY,
     .name = "pretty",
     .help = "a value that is JSON with a line for each member"},
    {.id = OPTION_JSON,
     .name = "json",
     .letter = 'J',
     .help = "a JSON object a record, with topic, partition, offset, timestamp, key, value and "
             "headers; weir produce -J reads it"},
};

static void options(struct option_table *table)
{
    option_table_add_group(table, "Records", own_options, sizeof own_options / sizeof *own_options);
    option_table_add_setting(table, SETTING_BROKERS, "Kafka");
    option_table_add_setting(table, SETTING_KAFKA, "Kafka");
    option_table_add_common(table);
}

/* ---- What was asked for ---- */

static int read_topics(struct consume *consume, struct err *err)
{
    const struct command_line *line = &consume->cli->line;
    const char **topics =
        arena_alloc(&consume->cli->arena, (line->n_options + line->n_words) * sizeof *topics + 1);
    size_t n = 0;
    for (size_t i = 0; i < line->n_options; i++)
        if (line->options[i].option->id == OPTION_TOPIC)
            topics[n++] = line->options[i].value;
    for (size_t i = 0; i < line->n_words; i++)
        topics[n++] = line->words[i];
    consume->request.topics = topics;
    consume->request.n_topics = n;
    return n > 0 ? 0 : err_set(err, ERR_USAGE, "which topic? Write weir consume TOPIC");
}

static int read_offset(struct consume *consume, struct err *err)
{
    const struct parsed_option *option = command_line_find(&consume->cli->line, OPTION_OFFSET);
    consume->request.from = (struct offset_spec){.kind = OFFSET_END};
    if (!option)
        return 0;
    if (parse_offset_spec(option->value, &consume->request.from, err) < 0)
        return err_prefix(err, "%s", option->where);
    consume->offset_given = consume->request.from.kind != OFFSET_STORED;
    if (consume->offset_given)
        return 0;
    if (!consume->group)
        return err_set(err, ERR_USAGE, "%s: stored offsets belong to a group: name it by -g",
                       option->where);
    /* What -g means anyhow; where nothing is stored, the end. */
    consume->request.from.kind = OFFSET_END;
    return 0;
}

static int read_group(struct consume *consume, struct err *err)
{
    const struct parsed_option *option = command_line_find(&consume->cli->line, OPTION_GROUP);
    const struct parsed_option *partition =
        command_line_find(&consume->cli->line, OPTION_PARTITION);
    if (!option)
        return 0;
    if (!*option->value)
        return err_set(err, ERR_USAGE, "%s: a group's name is empty", option->where);
    if (partition)
        return err_set(err, ERR_USAGE,
                       "%s: the group %s says who reads which partition: leave one of both out",
                       partition->where, option->value);
    consume->group = option->value;
    consume->request.in_group = true;
    return 0;
}

static int read_to(struct consume *consume, struct err *err)
{
    const struct parsed_option *option = command_line_find(&consume->cli->line, OPTION_TO);
    struct offset_spec spec;
    consume->request.to_ms = -1;
    if (!option)
        return 0;
    const char *text = option->value;
    text = *text == '@' ? text : arena_printf(&consume->cli->arena, "@%s", text);
    if (parse_offset_spec(text, &spec, err) < 0)
        return err_prefix(err, "%s", option->where);
    consume->request.to_ms = spec.value;
    return 0;
}

static int read_grep(struct consume *consume, struct err *err)
{
    char text[256];
    const struct parsed_option *option = command_line_find(&consume->cli->line, OPTION_GREP);
    if (!option)
        return 0;
    int rc = regcomp(&consume->printer.grep, option->value, REG_EXTENDED);
    if (rc != 0) {
        regerror(rc, &consume->printer.grep, text, sizeof text);
        return err_set(err, ERR_USAGE, "%s: \"%s\": %s", option->where, option->value, text);
    }
    consume->printer.has_grep = true;
    return 0;
}

static int read_form(struct consume *consume, struct err *err)
{
    const struct command_line *line = &consume->cli->line;
    const struct parsed_option *format = command_line_find(line, OPTION_FORMAT);
    const struct parsed_option *delimiter = command_line_find(line, OPTION_KEY_DELIMITER);
    struct record_printer *printer = &consume->printer;
    printer->json = consume->cli->json;
    printer->pretty = command_line_find(line, OPTION_PRETTY) != NULL;
    printer->key_delimiter = delimiter ? delimiter->value : NULL;
    if (format && (printer->json || printer->pretty || delimiter))
        return err_set(err, ERR_USAGE, "-f says all of the form: leave out -J, --pretty and -K");
    if (printer->json && delimiter)
        return err_set(err, ERR_USAGE, "-J has the key in it: leave out -K");
    if (format && record_format_new(&consume->format, format->value, err) < 0)
        return -1;
    printer->format = consume->format;
    return 0;
}

static int read_request(struct consume *consume, struct err *err)
{
    const struct command_line *line = &consume->cli->line;
    int64_t partition = -1;
    consume->left = INT64_MAX;
    if (read_topics(consume, err) < 0 ||
        command_line_number(line, OPTION_PARTITION, 0, INT32_MAX, &partition, err) < 0 ||
        command_line_number(line, OPTION_LIMIT, 1, INT64_MAX, &consume->left, err) < 0 ||
        read_group(consume, err) < 0 || read_offset(consume, err) < 0 ||
        read_to(consume, err) < 0 || read_grep(consume, err) < 0 || read_form(consume, err) < 0)
        return -1;
    consume->request.partition = (int32_t)partition;
    consume->request.to_end = command_line_find(line, OPTION_EXIT) != NULL;
    return 0;
}

/* ---- Reading ---- */

static void poll_consumer(struct consume *consume)
{
    struct consumer_event event;
    for (consumer_poll(consume->consumer, &event); event.kind != CONSUMER_NOTHING;
         consumer_poll(consume->consumer, &event))
        if (event.kind == CONSUMER_FAULT)
            consume_take_fault(consume, &event.err);
}

static int assign(struct consume *consume, struct err *err)
{
    size_t n = consume->plan.n;
    struct partition_ref *refs = arena_alloc(&consume->cli->arena, n * sizeof *refs + 1);
    struct part *parts = arena_alloc(&consume->cli->arena, n * sizeof *parts + 1);
    for (size_t i = 0; i < n; i++) {
        const struct consume_part *plan = &consume->plan.parts[i];
        refs[i] = (struct partition_ref){plan->topic, plan->partition, plan->from};
    }
    if (consumer_assign(consume->consumer, refs, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct consume_part *plan = &consume->plan.parts[i];
        parts[i] = (struct part){.consume = consume,
                                 .topic = plan->topic,
                                 .partition = plan->partition,
                                 .stop = plan->stop,
                                 .stream = consumer_stream(consume->consumer, plan->topic,
                                                           plan->partition),
                                 .done = plan->from >= plan->stop};
    }
    consume->parts = parts;
    consume->n_parts = n;
    return 0;
}

static void tell_where(const struct consume *consume)
{
    if (!consume->offset_given)
        cli_note(consume->cli, "what arrives from now on; what is there: -o beginning, the last "
                               "ten: -o -10");
}

static int consume_alone(struct consume *consume, struct err *err)
{
    if (assign(consume, err) < 0)
        return -1;
    tell_where(consume);
    while (!consume_is_over(consume) && !consume_all_done(consume)) {
        poll_consumer(consume);
        if (consume_read_parts(consume))
            continue;
        consume_flush(consume);
        if (!consume_is_over(consume))
            consumer_wait(consume->consumer, CONSUME_WAIT_MS);
    }
    /* What came before a fault is shown all the same. */
    consume_flush(consume);
    return 0;
}

static int refuse_pipeline(struct consume *consume, struct err *err)
{
    const char *pipeline = consume->group ? pipeline_of_group(&consume->cli->arena,
                                                              &consume->cli->config, consume->group)
                                          : NULL;
    if (!pipeline)
        return 0;
    return err_set(err, ERR_USAGE,
                   "-g: group \"%s\" is the weir pipeline %s, and who reads in its name takes "
                   "partitions from it: choose another name, or leave -g out",
                   consume->group, pipeline);
}

static int open_clients(struct consume *consume, struct err *err)
{
    const struct pipeline_config *config = &consume->cli->config.common;
    struct consumer_options consumer = {
        .scope = "",
        .brokers = config->brokers,
        .properties = config->kafka,
        .n_properties = config->n_kafka,
        .group = consume->group,
    };
    if (admin_new(&consume->admin, "", config->brokers, config->kafka, config->n_kafka, err) < 0)
        return -1;
    admin_heed_stop(consume->admin, true);
    if (consume_plan_make(&consume->cli->arena, consume->admin, &consume->request, &consume->plan,
                          err) < 0)
        return cluster_fail(consume->cli, err);
    admin_heed_stop(consume->admin, false);
    consumer.partitions = (int32_t)consume->plan.n;
    return consumer_new(&consume->consumer, &consumer, err);
}

static int work(struct consume *consume, struct err *err)
{
    if (read_request(consume, err) < 0 || cli_load_config(consume->cli, NULL, 0, true, err) < 0 ||
        refuse_pipeline(consume, err) < 0 || signals_init(err) < 0 ||
        open_clients(consume, err) < 0)
        return -1;
    if ((consume->group ? consume_in_group(consume, err) : consume_alone(consume, err)) < 0)
        return -1;
    *err = consume->fault;
    return err->class == ERR_NONE ? 0 : -1;
}

static int run(struct cli *cli)
{
    struct err err;
    struct consume consume = {.cli = cli};
    record_printer_init(&consume.printer);
    int code = work(&consume, &err) < 0 ? cli_fail(cli, &err) : 0;
    consumer_free(consume.consumer, consume.group ? LEAVE_MS : 0);
    admin_free(consume.admin);
    record_format_free(consume.format);
    record_printer_release(&consume.printer);
    return code;
}

const struct verb verb_consume = {
    .name = "consume",
    .summary = "show the records of topics",
    .usage = "TOPIC... [OPTION...]",
    .options = options,
    .run = run,
    .notes =
        "Examples:\n"
        "  weir consume driven_data_stream                     what arrives from now on\n"
        "  weir consume driven_data_stream -o beginning -e     all that is there\n"
        "  weir consume driven_data_stream -o -5 -e --pretty   the last five of each partition\n"
        "  weir consume driven_data_stream -f '%p/%o %T{iso} %s\\n'\n"
        "  weir consume driven_data_stream -g checks -o beginning -n 100   the next hundred for "
        "the "
        "group",
};

/* weir consume: records of topics, as they are, onto stdout. */
#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "cmd/consume_plan.h"
#include "cmd/record_printer.h"
#include "cmd/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define READ_AT_ONCE 1000
#define WAIT_MS 100
#define LEAVE_MS 500

static void options(struct option_table *table)
{
    static const struct option own[] = {
        {.id = OPTION_TOPIC,
         .name = "topic",
         .letter = 't',
         .argument = "TOPIC",
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
    option_table_add_group(table, "Records", own, sizeof own / sizeof *own);
    option_table_add_setting(table, SETTING_BROKERS, "Kafka");
    option_table_add_setting(table, SETTING_KAFKA, "Kafka");
    option_table_add_common(table);
}

struct consume {
    struct cli *cli;
    struct consume_request request;
    struct consume_plan plan;
    struct record_printer printer;
    struct record_format *format;
    int64_t left; /* records until -n is reached */
    struct admin *admin;
    struct consumer *consumer;
    struct err fault;
};

/* A partition while it is read. */
struct part {
    struct consume *consume;
    const struct consume_part *plan;
    struct stream *stream;
    bool at_end; /* of what is committed */
    bool done;
};

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

static int read_number(const struct command_line *line, enum option_id id, int64_t min, int64_t max,
                       int64_t *out, struct err *err)
{
    const struct parsed_option *option = command_line_find(line, id);
    if (!option || (parse_integer(option->value, out) == 0 && *out >= min && *out <= max))
        return 0;
    return err_set(err, ERR_USAGE, "%s: \"%s\" is not a number from %" PRId64 " on", option->where,
                   option->value, min);
}

static int read_offset(struct consume *consume, struct err *err)
{
    const struct parsed_option *option = command_line_find(&consume->cli->line, OPTION_OFFSET);
    consume->request.from = (struct offset_spec){.kind = OFFSET_END};
    if (!option)
        return 0;
    if (parse_offset_spec(option->value, &consume->request.from, err) < 0)
        return err_prefix(err, "%s", option->where);
    if (consume->request.from.kind == OFFSET_STORED)
        return err_set(err, ERR_USAGE, "%s: stored offsets belong to a group", option->where);
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
        read_number(line, OPTION_PARTITION, 0, INT32_MAX, &partition, err) < 0 ||
        read_number(line, OPTION_LIMIT, 1, INT64_MAX, &consume->left, err) < 0 ||
        read_offset(consume, err) < 0 || read_to(consume, err) < 0 || read_grep(consume, err) < 0 ||
        read_form(consume, err) < 0)
        return -1;
    consume->request.partition = (int32_t)partition;
    consume->request.to_end = command_line_find(line, OPTION_EXIT) != NULL;
    return 0;
}

/* ---- Reading ---- */

static bool is_over(const struct consume *consume)
{
    return consume->left <= 0 || consume->printer.closed || consume->fault.class != ERR_NONE ||
           signals_stop_requested();
}

static void take_record(struct part *part, const struct message *message)
{
    struct consume *consume = part->consume;
    int64_t to_ms = consume->request.to_ms;
    part->at_end = false;
    if (message->offset >= part->plan->stop || (to_ms >= 0 && message->timestamp_ms >= to_ms)) {
        part->done = true;
        return;
    }
    int rc = record_printer_add(&consume->printer, part->plan->topic, part->plan->partition,
                                message, &consume->fault);
    if (rc > 0)
        consume->left--;
    if (message->offset + 1 >= part->plan->stop)
        part->done = true;
}

static void on_message(void *context, const struct message *message)
{
    struct part *part = context;
    struct consume *consume = part->consume;
    if (part->done || is_over(consume))
        return;
    switch (message->kind) {
    case MESSAGE_RECORD:
        take_record(part, message);
        break;
    case MESSAGE_EOF:
        part->at_end = true;
        break;
    case MESSAGE_OUT_OF_RANGE:
        consume->fault = *message->err;
        break;
    case MESSAGE_FAULT:
        if (message->err->class == ERR_OUTAGE)
            log_warn("", "%s", message->err->text);
        else
            consume->fault = *message->err;
        break;
    }
}

static void poll_consumer(struct consume *consume)
{
    struct consumer_event event;
    for (consumer_poll(consume->consumer, &event); event.kind != CONSUMER_NOTHING;
         consumer_poll(consume->consumer, &event)) {
        if (event.kind != CONSUMER_FAULT)
            continue;
        if (event.err.class == ERR_OUTAGE)
            log_warn("", "%s", event.err.text);
        else
            consume->fault = event.err;
    }
}

/* One round over all partitions; whether anything came. */
static bool read_parts(struct consume *consume, struct part *parts)
{
    bool any = false;
    for (size_t i = 0; i < consume->plan.n && !is_over(consume); i++)
        if (!parts[i].done)
            any |= stream_read(parts[i].stream, READ_AT_ONCE, on_message, &parts[i]) > 0;
    return any;
}

/* At the end nothing older comes: enough for -e, and for --to when its time has come. */
static bool all_done(const struct consume *consume, const struct part *parts)
{
    const struct consume_request *request = &consume->request;
    bool is_past = request->to_ms >= 0 && clock_wall_us() / 1000 >= request->to_ms;
    for (size_t i = 0; i < consume->plan.n; i++)
        if (!parts[i].done && !(parts[i].at_end && (request->to_end || is_past)))
            return false;
    return true;
}

static void read_all(struct consume *consume, struct part *parts)
{
    int rc = 0;
    while (!is_over(consume) && !all_done(consume, parts)) {
        poll_consumer(consume);
        if (read_parts(consume, parts))
            continue;
        rc = record_printer_flush(&consume->printer, &consume->fault);
        if (!is_over(consume))
            consumer_wait(consume->consumer, WAIT_MS);
    }
    /* What came before a fault is shown all the same; the first fault is the one to tell. */
    if (rc == 0 && consume->fault.class == ERR_NONE)
        record_printer_flush(&consume->printer, &consume->fault);
    else if (rc == 0)
        record_printer_flush(&consume->printer, &(struct err){0});
}

static int assign(struct consume *consume, struct part *parts, struct err *err)
{
    size_t n = consume->plan.n;
    struct partition_ref *refs = arena_alloc(&consume->cli->arena, n * sizeof *refs + 1);
    for (size_t i = 0; i < n; i++) {
        const struct consume_part *plan = &consume->plan.parts[i];
        refs[i] = (struct partition_ref){plan->topic, plan->partition, plan->from};
    }
    if (consumer_assign(consume->consumer, refs, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct consume_part *plan = &consume->plan.parts[i];
        parts[i] = (struct part){.consume = consume,
                                 .plan = plan,
                                 .stream = consumer_stream(consume->consumer, plan->topic,
                                                           plan->partition),
                                 .done = plan->from >= plan->stop};
    }
    return 0;
}

static int open_clients(struct consume *consume, struct err *err)
{
    const struct pipeline_config *config = &consume->cli->config.common;
    const struct consumer_options consumer = {
        .scope = "",
        .brokers = config->brokers,
        .properties = config->kafka,
        .n_properties = config->n_kafka,
    };
    struct consumer_options sized = consumer;
    if (admin_new(&consume->admin, "", config->brokers, config->kafka, config->n_kafka, err) < 0 ||
        consume_plan_make(&consume->cli->arena, consume->admin, &consume->request, &consume->plan,
                          err) < 0)
        return -1;
    sized.partitions = (int32_t)consume->plan.n;
    return consumer_new(&consume->consumer, &sized, err);
}

static void tell_where(const struct consume *consume)
{
    bool said = command_line_find(&consume->cli->line, OPTION_OFFSET) != NULL;
    if (!said && !consume->cli->quiet)
        fprintf(stderr,
                "weir consume: what arrives from now on; what is there: -o beginning, the last "
                "ten: -o -10\n");
}

static int work(struct consume *consume, struct err *err)
{
    if (read_request(consume, err) < 0)
        return -1;
    if (cli_load_config(consume->cli, NULL, 0, true, err) < 0 || signals_init(err) < 0 ||
        open_clients(consume, err) < 0)
        return -1;
    struct part *parts = arena_alloc(&consume->cli->arena, consume->plan.n * sizeof *parts + 1);
    if (assign(consume, parts, err) < 0)
        return -1;
    tell_where(consume);
    read_all(consume, parts);
    *err = consume->fault;
    return err->class == ERR_NONE ? 0 : -1;
}

static int run(struct cli *cli)
{
    struct err err;
    struct consume consume = {.cli = cli};
    record_printer_init(&consume.printer);
    int code = work(&consume, &err) < 0 ? cli_fail(cli, &err) : 0;
    consumer_free(consume.consumer, 0);
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
        "  weir consume driven_data_stream -f '%p/%o %T{iso} %s\\n'",
};

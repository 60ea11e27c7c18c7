/* weir generate: made-up records into a topic, or onto stdout. */
#include "cmd/generate_job.h"
#include "cmd/generate_show.h"
#include "cmd/verb.h"
#include "generate/spec.h"

#include <stdio.h>

static const struct option record_options[] = {
    {.id = OPTION_SPEC,
     .name = "spec",
     .argument = "NAME|FILE",
     .help = "which records: a spec's file, or the records of an entry of weir.yaml"},
    {.id = OPTION_FIELDS,
     .name = "fields",
     .argument = "coherent|independent",
     .help = "each record is one possible person (coherent), or each field for itself"},
    {.id = OPTION_USERS,
     .name = "users",
     .argument = "N",
     .help = "N returning users, some far more active than others; 0: all are new"},
    {.id = OPTION_SEED,
     .name = "seed",
     .argument = "N",
     .help = "the same seed makes the same records (default another each time)"},
    {.id = OPTION_UTF8, .name = "utf8", .help = "letters as they are, not as \\uXXXX"},
    {.id = OPTION_FAULTS,
     .name = "faults",
     .argument = "LIST",
     .help = "on purpose: garbage=0.1%,truncate=1%,null=1%,too-long=1%,duplicate=1%,late=1%"},
    {.id = OPTION_LIST_PROVIDERS,
     .name = "list-providers",
     .help = "what a field can be, with an example each"},
    {.id = OPTION_PRINT_SPEC,
     .name = "print-spec",
     .help = "the built-in record spec, to begin an own one from"},
};

static const struct option time_options[] = {
    {.id = OPTION_EVERY,
     .name = "every",
     .argument = "TIME[..TIME]",
     .help = "between two records: 8s, or 1s..15s (default into a topic: 10,800 a day)"},
    {.id = OPTION_RATE,
     .name = "rate",
     .argument = "N/s",
     .help = "so many a time: 5000/s, 600/m, 10000/d; max (default without a topic)"},
    {.id = OPTION_LIMIT,
     .name = "count",
     .letter = 'n',
     .argument = "N",
     .help = "so many; without it stdout gets five if a terminal, none if a file"},
    {.id = OPTION_AS_OF,
     .name = "as-of",
     .argument = "TIME",
     .help = "the clock begins there, in UTC, and steps by --every or --rate; -7d, now"},
    {.id = OPTION_UNTIL,
     .name = "until",
     .argument = "TIME",
     .help = "it ends when the clock, of --as-of or the machine's, reaches this; or now"},
    {.id = OPTION_NO_SLEEP,
     .name = "no-sleep",
     .help = "with --as-of into a topic: as fast as it goes, as history"},
};

static const struct option delivery_options[] = {
    {.id = OPTION_TOPIC,
     .name = "topic",
     .letter = 't',
     .argument = "TOPIC",
     .help = "into this topic; - is stdout"},
    {.id = OPTION_PARTITION,
     .name = "partition",
     .letter = 'p',
     .argument = "N",
     .help = "into this partition (default by the key's hash, or any)"},
    {.id = OPTION_KEY,
     .name = "key",
     .argument = "FIELD",
     .help = "this field is the record's key; one in an object is OBJECT.FIELD"},
    {.id = OPTION_LEDGER,
     .name = "ledger",
     .argument = "FILE",
     .help = "a line for each acknowledged record, for weir verify"},
    {.id = OPTION_ID,
     .name = "id",
     .argument = "FIELD",
     .help = "the field that the ledger names (default unique_id)"},
};

static void options(struct option_table *table)
{
    option_table_add_group(table, "Records", record_options,
                           sizeof record_options / sizeof *record_options);
    option_table_add_group(table, "Time", time_options, sizeof time_options / sizeof *time_options);
    option_table_add_group(table, "Delivery", delivery_options,
                           sizeof delivery_options / sizeof *delivery_options);
    option_table_add_setting(table, SETTING_BROKERS, "Kafka");
    option_table_add_setting(table, SETTING_KAFKA, "Kafka");
    option_table_add_setting(table, SETTING_HTTP, "Watching");
    option_table_add_setting(table, SETTING_LOG_FORMAT, "Watching");
    option_table_add_json(table);
    option_table_add_common(table);
}

static int run(struct cli *cli)
{
    struct err err;
    struct generate_job job = {.cli = cli};
    if (command_line_has(&cli->line, OPTION_LIST_PROVIDERS))
        return generate_show_providers(cli);
    if (command_line_has(&cli->line, OPTION_PRINT_SPEC) &&
        (cli->line.n_words > 0 || command_line_has(&cli->line, OPTION_SPEC)))
        return cli_fail_usage(cli,
                              "--print-spec prints the built-in record spec: leave out the name");
    if (command_line_has(&cli->line, OPTION_PRINT_SPEC)) {
        fputs(spec_builtin_yaml, stdout);
        return 0;
    }
    int rc = generate_job_read(&job, &err);
    if (rc == 0)
        rc = generate_job_run(&job, &err);
    generate_job_release(&job);
    return rc < 0 ? cli_fail(cli, &err) : 0;
}

const struct verb verb_generate = {
    .name = "generate",
    .summary = "make records up, into a topic or onto stdout",
    .usage = "-t TOPIC [OPTION...]      into a topic, one each 1 to 15 seconds\n"
             "[OPTION...]               onto stdout, as fast as it goes\n"
             "NAME [OPTION...]          an entry below generate: in weir.yaml",
    .options = options,
    .run = run,
    .notes = "Examples:\n"
             "  weir generate -t driven_data_stream\n"
             "  weir generate -t driven_data_stream --rate 5000/s -n 100000 --ledger sent.ndjson\n"
             "  weir generate --seed 7 --as-of 2026-01-01T00:00:00Z -n 1000\n"
             "  weir generate -t driven_data_stream --as-of -7d --until now --no-sleep\n"
             "docs/generate.md has the records' fields, and how to write a spec of one's own.",
};

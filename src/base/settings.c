#include "base/settings.h"

#include <ctype.h>
#include <string.h>

#define FIELD(name) offsetof(struct pipeline_config, name)

/* The order of each list is the order of the enum in config.h; the first is the default. */
static const char *const unknown_key_choices[] = {"ignore", "dead", NULL};
static const char *const nul_choices[] = {"dead", "strip", NULL};
static const char *const too_long_choices[] = {"dead", "truncate", NULL};
static const char *const conflict_choices[] = {"fail", "ignore", NULL};
static const char *const conflict_later[] = {"update", NULL};
static const char *const gap_choices[] = {"stop", "record", NULL};
static const char *const log_format_choices[] = {"auto", "text", "logfmt", "json", NULL};

static const struct setting settings[N_SETTINGS] =
    {
        [SETTING_BROKERS] =
            {
                .key = "brokers",
                .letter = 'b',
                .type = SETTING_TYPE_JOINED,
                .flags = SETTING_TOP_KEY,
                .argument = "HOST:PORT[,...]",
                .fallback = "localhost:9092",
                .help = "Kafka brokers to ask first",
                .check = check_broker,
                .field = FIELD(brokers),
            },
        [SETTING_TOPIC] =
            {
                .key = "topic",
                .letter = 't',
                .type = SETTING_TYPE_LIST,
                .argument = "TOPIC",
                .help = "topic to read; repeat for several",
                .check = check_topic,
                .field = FIELD(topics),
            },
        [SETTING_TABLE] =
            {
                .key = "table",
                .type = SETTING_TYPE_TEXT,
                .argument = "[SCHEMA.]TABLE",
                .help = "table to fill",
                .check = check_table,
                .field = FIELD(table),
            },
        [SETTING_DATABASE] =
            {
                .key = "database",
                .type = SETTING_TYPE_TEXT,
                .flags = SETTING_TOP_KEY | SETTING_PATHS,
                .argument = "DATABASE",
                .fallback = "",
                .help = "credentials file (JSON), postgresql:// URI or libpq keywords; "
                        "nothing means the PG* variables",
                .check = check_database,
                .field = FIELD(database),
            },
        [SETTING_SETUP] =
            {
                .key = "setup",
                .type = SETTING_TYPE_LIST,
                .flags = SETTING_PATHS,
                .argument = "FILE.sql",
                .help = "SQL file to run at every start, before all else; repeat for several",
                .check = check_not_empty,
                .field = FIELD(setup),
            },
        [SETTING_KAFKA] =
            {
                .key = "kafka",
                .letter = 'X',
                .type = SETTING_TYPE_PROPERTIES,
                .flags = SETTING_TOP_KEY,
                .argument = "NAME=VALUE",
                .help = "any librdkafka property; one that holds a password belongs into a "
                        "file",
                .field = FIELD(kafka),
            },
        [SETTING_COLUMNS] =
            {
                .key = "columns",
                .type = SETTING_TYPE_COLUMNS,
                .flags = SETTING_NO_OPTION,
                .help = "where a column's value comes from: a JSON Pointer (/a/b), $topic, "
                        "$partition, $offset, $timestamp, $key or $headers/NAME; in long "
                        "{from: /ts, unit: s|ms|us}. Other columns take the key of their "
                        "name",
                .field = FIELD(columns),
            },
        [SETTING_NAME] =
            {
                .key = "name",
                .type = SETTING_TYPE_TEXT,
                .argument = "NAME",
                .help = "name of the pipeline (default TOPIC-to-TABLE)",
                .check = check_pipeline_name,
                .field = FIELD(name),
            },
        [SETTING_OFFSET] =
            {
                .key = "offset",
                .letter = 'o',
                .type = SETTING_TYPE_OFFSET,
                .argument = "OFFSET",
                .fallback = "beginning",
                .help = "where the first start begins: beginning, end, stored, N, -N, @TIME, "
                        "@-10m, s@MS",
                .field = FIELD(offset),
            },
        [SETTING_GROUP] =
            {
                .key = "group",
                .type = SETTING_TYPE_TEXT,
                .argument = "NAME",
                .help = "consumer group (default weir.NAME.STORE)",
                .check = check_not_empty,
                .field = FIELD(group),
            },
        [SETTING_LANES] =
            {
                .key = "lanes",
                .type = SETTING_TYPE_SMALL,
                .argument = "N",
                .fallback = "2",
                .help = "database connections that write at the same time",
                .min = 1,
                .max = 64,
                .field = FIELD(lanes),
            },
        [SETTING_MAX_BATCH_ROWS] =
            {
                .key = "max_batch_rows",
                .type = SETTING_TYPE_INTEGER,
                .argument = "N",
                .fallback = "1000000",
                .help = "records in one transaction at most",
                .min = 1,
                .max = 100000000,
                .field = FIELD(max_batch_rows),
            },
        [SETTING_MAX_BATCH_BYTES] =
            {
                .key = "max_batch_bytes",
                .type = SETTING_TYPE_SIZE,
                .argument = "SIZE",
                .help = "bytes of records in one transaction at most (default 24MiB for a lane "
                        "alone, 16MiB shared by several, 4MiB each at least)",
                .min = INT64_C(64) << 10,
                .max = INT64_C(1) << 30,
                .field = FIELD(max_batch_bytes),
            },
        [SETTING_MAX_DELAY] =
            {
                .key = "max_delay",
                .type = SETTING_TYPE_DURATION,
                .argument = "DURATION",
                .fallback = "0ms",
                .help = "how long a batch may wait for more; 0ms: it leaves as soon as a "
                        "lane is free",
                .min = 0,
                .max = INT64_C(3600000),
                .field = FIELD(max_delay_ms),
            },
        [SETTING_ON_UNKNOWN_KEY] =
            {
                .key = "on_unknown_key",
                .type = SETTING_TYPE_CHOICE,
                .argument = "ignore|dead",
                .choices = unknown_key_choices,
                .help = "a key that fits no column",
                .field = FIELD(on_unknown_key),
            },
        [SETTING_ON_NUL] =
            {
                .key = "on_nul",
                .type = SETTING_TYPE_CHOICE,
                .argument = "dead|strip",
                .choices = nul_choices,
                .help = "a \\u0000 in a text",
                .field = FIELD(on_nul),
            },
        [SETTING_ON_TOO_LONG] =
            {
                .key = "on_too_long",
                .type = SETTING_TYPE_CHOICE,
                .argument = "dead|truncate",
                .choices = too_long_choices,
                .help = "a text longer than its column",
                .field = FIELD(on_too_long),
            },
        [SETTING_ON_CONFLICT] =
            {
                .key = "on_conflict",
                .type = SETTING_TYPE_CHOICE,
                .argument = "fail|ignore",
                .choices = conflict_choices,
                .later = conflict_later,
                .help = "a row that is there already: fail makes a dead letter",
                .field = FIELD(on_conflict),
            },
        [SETTING_ON_GAP] =
            {
                .key = "on_gap",
                .type = SETTING_TYPE_CHOICE,
                .argument = "stop|record",
                .choices = gap_choices,
                .help = "records that the topic no longer has: stop the partition, or "
                        "record the gap and go on",
                .field = FIELD(on_gap),
            },
        [SETTING_MAX_DEAD_SHARE] =
            {
                .key = "max_dead_share",
                .type = SETTING_TYPE_SHARE,
                .argument = "P%",
                .fallback = "50%",
                .help = "halt above this share of dead letters in the last 10,000 "
                        "records; 100% is never",
                .field = FIELD(max_dead_share),
            },
        [SETTING_DEAD_CAP] =
            {
                .key = "dead_cap",
                .type = SETTING_TYPE_SIZE,
                .argument = "SIZE",
                .fallback = "10GiB",
                .help = "halt when the dead letters take more than this",
                .min = 1,
                .max = INT64_MAX,
                .field = FIELD(dead_cap_bytes),
            },
        [SETTING_TIMEZONE] =
            {
                .key = "timezone",
                .type = SETTING_TYPE_TEXT,
                .argument = "ZONE",
                .fallback = "UTC",
                .help = "zone of a timestamptz that names none",
                .check = check_timezone,
                .field = FIELD(timezone),
            },
        [SETTING_STATE_SCHEMA] =
            {
                .key = "state_schema",
                .type = SETTING_TYPE_TEXT,
                .argument = "NAME",
                .fallback = "weir",
                .help = "schema of weir's own tables",
                .check = check_schema,
                .field = FIELD(state_schema),
            },
        [SETTING_HTTP] =
            {
                .key = "http",
                .type = SETTING_TYPE_TEXT,
                .flags = SETTING_PROCESS,
                .argument = "HOST:PORT",
                .help = "serve /metrics, /healthz and /readyz there",
                .check = check_address,
                .field = SETTING_NO_FIELD,
            },
        [SETTING_LOG_FORMAT] =
            {
                .key = "log_format",
                .type = SETTING_TYPE_CHOICE,
                .flags = SETTING_PROCESS,
                .argument = "auto|text|logfmt|json",
                .choices = log_format_choices,
                .help = "form of the log; auto is text on a terminal, else logfmt",
                .field = SETTING_NO_FIELD,
            },

        [SETTING_EXIT] =
            {
                .key = "exit",
                .letter = 'e',
                .type = SETTING_TYPE_FLAG,
                .flags = SETTING_RUN_ONLY,
                .help = "stop when all that was there at the start is stored",
                .field = FIELD(exit_at_end),
            },
        [SETTING_COUNT] =
            {
                .key = "count",
                .letter = 'n',
                .type = SETTING_TYPE_INTEGER,
                .flags = SETTING_RUN_ONLY,
                .argument = "N",
                .help = "stop after N records",
                .min = 1,
                .max = INT64_MAX,
                .field = FIELD(count),
            },
        [SETTING_DRY_RUN] =
            {
                .key = "dry_run",
                .type = SETTING_TYPE_FLAG,
                .flags = SETTING_RUN_ONLY,
                .help = "read, decode and report; write nothing",
                .field = FIELD(dry_run),
            },
        [SETTING_PRINT_SETUP] =
            {
                .key = "print_setup",
                .type = SETTING_TYPE_FLAG,
                .flags = SETTING_RUN_ONLY,
                .help = "print the DDL and the grants that weir's own tables need",
                .field = FIELD(print_setup),
            },
        [SETTING_RESET] =
            {
                .key = "reset",
                .type = SETTING_TYPE_FLAG,
                .flags = SETTING_RUN_ONLY,
                .help = "forget the pipeline's offsets and start at --offset",
                .field = FIELD(reset),
            },
        [SETTING_ACCEPT_TABLE] =
            {
                .key = "accept_table",
                .type = SETTING_TYPE_FLAG,
                .flags = SETTING_RUN_ONLY,
                .help = "take the table as it is now, though it was re-created or "
                        "emptied",
                .field = FIELD(accept_table),
            },
        [SETTING_ALLOW_SECOND_COPY] =
            {
                .key = "allow_second_copy",
                .type = SETTING_TYPE_FLAG,
                .flags = SETTING_RUN_ONLY,
                .help = "let a second pipeline fill the table from the same topic",
                .field = FIELD(allow_second_copy),
            },
        [SETTING_YES] =
            {
                .key = "yes",
                .type = SETTING_TYPE_FLAG,
                .flags = SETTING_RUN_ONLY,
                .help = "do not ask",
                .field = FIELD(yes),
            },
};

const struct setting *setting_at(enum setting_id id)
{
    return &settings[id];
}

size_t setting_index(const struct setting *setting)
{
    return (size_t)(setting - settings);
}

const struct setting *setting_find(const char *key)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (!strcmp(settings[i].key, key))
            return &settings[i];
    return NULL;
}

const char *setting_default(const struct setting *setting)
{
    return setting->choices ? setting->choices[0] : setting->fallback;
}

void setting_option_name(const struct setting *setting, char out[32])
{
    size_t i = 0;
    for (; i < 31 && setting->key[i]; i++)
        out[i] = setting->key[i] == '_' ? '-' : setting->key[i];
    out[i] = '\0';
}

void setting_variable_name(const struct setting *setting, char out[40])
{
    size_t n = 5;
    memcpy(out, "WEIR_", n);
    for (size_t i = 0; n < 39 && setting->key[i]; i++)
        out[n++] = (char)toupper((unsigned char)setting->key[i]);
    out[n] = '\0';
}

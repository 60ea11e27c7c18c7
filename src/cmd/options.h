/*
 * Command line options, GNU style, from tables.
 *
 * --name VALUE, --name=VALUE, -tVALUE, -t VALUE, bundled flags (-eJ), words between options, and
 * "--" before what is no option. Names are never abbreviated: a script must not break when a
 * new option arrives. A mistyped one is answered with the nearest. The same tables make the help.
 *
 * Values point into argv; who keeps one copies it.
 */
#ifndef WEIR_CMD_OPTIONS_H
#define WEIR_CMD_OPTIONS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Options that are no setting of a pipeline. */
enum option_id {
    OPTION_SETTING, /* `setting` says which */
    OPTION_CONFIG,
    OPTION_PROPERTIES_FILE,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_TOPIC, /* a name or a filter, not the setting of a pipeline */
    OPTION_PARTITION,
    OPTION_BY,
    OPTION_LIMIT,
    OPTION_VALUE,
    OPTION_OLDER_THAN,
    OPTION_ALL,
    OPTION_YES,
    OPTION_OFFSET, /* consume: where to begin, not the setting */
    OPTION_TO,
    OPTION_EXIT,
    OPTION_GREP,
    OPTION_FORMAT,
    OPTION_PRETTY,
    OPTION_KEY_DELIMITER,
    OPTION_HEADER,
    OPTION_NULL,
    OPTION_RATE,
    OPTION_KEEP_PARTITION,
    OPTION_PARTITIONS,
    OPTION_REPLICATION_FACTOR,
    OPTION_TOPIC_CONFIG,
    OPTION_DELETE_CONFIG,
    OPTION_IF_NOT_EXISTS,
    OPTION_INTERNAL,
    OPTION_AT,
    OPTION_CSV, /* query */
    OPTION_WRITE,
    OPTION_WATCH,
    OPTION_COLUMN, /* dead */
    OPTION_REASON,
    OPTION_REPLAYED,
    OPTION_WITH_REASON,
    OPTION_THROUGH,
    OPTION_TIMEOUT,
    OPTION_LEDGER, /* verify */
    OPTION_ID,
    OPTION_READ,
    OPTION_OFFLINE,
    OPTION_ALLOW,
    OPTION_GROUP, /* group and consume: a name, not the setting of a pipeline */
    OPTION_DRY_RUN,
    OPTION_DRAFT_TABLE, /* draft and rate: the name of a table, not the setting */
    OPTION_EXAMPLES,
    OPTION_SPEC, /* generate */
    OPTION_FIELDS,
    OPTION_USERS,
    OPTION_SEED,
    OPTION_UTF8,
    OPTION_FAULTS,
    OPTION_LIST_PROVIDERS,
    OPTION_PRINT_SPEC,
    OPTION_EVERY,
    OPTION_AS_OF,
    OPTION_NO_SLEEP,
    OPTION_KEY,
    OPTION_PER, /* rate */
    OPTION_LAST,
    OPTION_FROM,
    OPTION_EXPECT,
    OPTION_ZONE, /* of what is shown, not the setting of a pipeline */
    OPTION_EXACT,
    OPTION_LIVE,
    OPTION_UNTIL, /* generate */
};

struct option {
    enum option_id id;
    char name[32];        /* without dashes; "" for a letter alone */
    char letter;          /* or 0 */
    const char *argument; /* NULL: a flag */
    const char *help;
    const struct setting *setting;
    const char *group; /* heading in the help */
    bool repeats;      /* can be given several times; a setting's type says so for itself */
};

#define MAX_OPTIONS 64
struct option_table {
    struct option items[MAX_OPTIONS];
    size_t n;
};

void option_table_add(struct option_table *table, const struct option *option);
/* Several, under one heading. */
void option_table_add_group(struct option_table *table, const char *group,
                            const struct option *options, size_t n);
/* A setting as an option; its argument and help come from the settings' table. */
void option_table_add_setting(struct option_table *table, enum setting_id id, const char *group);
/* All pipeline settings, and those of a run. */
void option_table_add_pipeline(struct option_table *table);
void option_table_add_run(struct option_table *table);
/* -J, for verbs that have a result to print. */
void option_table_add_json(struct option_table *table);
/* -c, -F, -q, -v, -h, -V. */
void option_table_add_common(struct option_table *table);

struct parsed_option {
    const struct option *option;
    char *value;       /* NULL for a flag */
    const char *where; /* as it was written: "--lanes", "-o" */
};

struct command_line {
    struct parsed_option *options;
    size_t n_options;
    char **words;
    size_t n_words;
};

/* argv without the program's and the verb's name. ERR_USAGE on failure. */
int command_line_parse(struct arena *arena, const struct option_table *table, int argc, char **argv,
                       struct command_line *out, struct err *err);
/* The last option of that id, or NULL. */
const struct parsed_option *command_line_find(const struct command_line *line, enum option_id id);
/*
 * What takes one value is given once: of two that differ one would be ignored without a word.
 * ERR_USAGE names both. (The environment and the file are no second time.)
 */
int command_line_check_once(const struct command_line *line, struct err *err);
/* The same of one that repeats elsewhere. */
int command_line_check_one(const struct command_line *line, enum option_id id, struct err *err);
bool command_line_has(const struct command_line *line, enum option_id id);

/* A whole number between min and max (INT64_MAX: no limit) into *out; ERR_USAGE names `where`. */
int option_read_number(const char *where, const char *text, int64_t min, int64_t max, int64_t *out,
                       struct err *err);
/* The same of an option, if it was given; else *out stays as it is. */
int command_line_number(const struct command_line *line, enum option_id id, int64_t min,
                        int64_t max, int64_t *out, struct err *err);

/* The table as help text. */
void option_table_print(const struct option_table *table, FILE *to);

#endif

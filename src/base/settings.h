/*
 * The one table of what can be set for a pipeline.
 *
 * The file reader, the options, the WEIR_* variables, `weir config` and the help texts all read
 * it, so a setting is spelled, defaulted, checked and explained in one place. An option's name is
 * the key with "-" for "_" ("max_batch_rows", --max-batch-rows, WEIR_MAX_BATCH_ROWS).
 */
#ifndef WEIR_BASE_SETTINGS_H
#define WEIR_BASE_SETTINGS_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order in which help and `weir config` show them. */
enum setting_id {
    SETTING_BROKERS,
    SETTING_TOPIC,
    SETTING_TABLE,
    SETTING_DATABASE,
    SETTING_SETUP,
    SETTING_KAFKA,
    SETTING_COLUMNS,
    SETTING_NAME,
    SETTING_OFFSET,
    SETTING_GROUP,
    SETTING_LANES,
    SETTING_MAX_BATCH_ROWS,
    SETTING_MAX_BATCH_BYTES,
    SETTING_MAX_DELAY,
    SETTING_ON_UNKNOWN_KEY,
    SETTING_ON_NUL,
    SETTING_ON_TOO_LONG,
    SETTING_ON_CONFLICT,
    SETTING_ON_GAP,
    SETTING_MAX_DEAD_SHARE,
    SETTING_DEAD_CAP,
    SETTING_TIMEZONE,
    SETTING_STATE_SCHEMA,
    SETTING_HTTP,
    SETTING_LOG_FORMAT,
    /* Of a run, never of the file or a variable: */
    SETTING_EXIT,
    SETTING_COUNT,
    SETTING_DRY_RUN,
    SETTING_PRINT_SETUP,
    SETTING_RESET,
    SETTING_ACCEPT_TABLE,
    SETTING_ALLOW_SECOND_COPY,
    SETTING_YES,
    N_SETTINGS
};

enum setting_type {
    SETTING_TYPE_FLAG,
    SETTING_TYPE_TEXT,
    SETTING_TYPE_INTEGER,    /* int64_t, between min and max */
    SETTING_TYPE_SMALL,      /* the same into an int */
    SETTING_TYPE_SIZE,       /* int64_t bytes */
    SETTING_TYPE_DURATION,   /* int64_t milliseconds */
    SETTING_TYPE_SHARE,      /* double 0..1 */
    SETTING_TYPE_CHOICE,     /* an enum whose values are the indices into `choices` */
    SETTING_TYPE_OFFSET,     /* struct offset_spec */
    SETTING_TYPE_JOINED,     /* a text, or a list that is joined with commas */
    SETTING_TYPE_LIST,       /* of texts */
    SETTING_TYPE_PROPERTIES, /* name: value */
    SETTING_TYPE_COLUMNS,    /* column: source */
};

enum setting_flags {
    SETTING_RUN_ONLY = 1,  /* neither a pipeline key nor a variable */
    SETTING_TOP_KEY = 2,   /* may stand at the top of the file, for all pipelines */
    SETTING_PATHS = 4,     /* relative to the file that names them */
    SETTING_NO_OPTION = 8, /* only in the file */
    SETTING_PROCESS = 16,  /* one value for the whole process; pipelines must agree */
};

struct setting {
    const char *key;
    char letter; /* of the short option, or 0 */
    enum setting_type type;
    unsigned flags;
    const char *argument; /* what help calls the value; NULL for a flag */
    const char *fallback; /* the default as text; NULL: none. A choice's default is its first */
    const char *help;
    const char *const *choices; /* NULL-terminated */
    const char *const *later;   /* choices of a later version, NULL-terminated */
    int64_t min;
    int64_t max;
    int (*check)(const char *text, struct err *err); /* of a text or an element, or NULL */
    size_t field; /* offset into struct pipeline_config, or SETTING_NO_FIELD */
};

#define SETTING_NO_FIELD ((size_t)-1)

const struct setting *setting_at(enum setting_id id);
/* By its key in the file's spelling; NULL if there is none. */
const struct setting *setting_find(const char *key);
size_t setting_index(const struct setting *setting);
/* "max-batch-rows": the option without its dashes. `out` has room for 32 bytes. */
void setting_option_name(const struct setting *setting, char out[32]);
/* "WEIR_MAX_BATCH_ROWS". */
void setting_variable_name(const struct setting *setting, char out[40]);
/* The default as text, or NULL. */
const char *setting_default(const struct setting *setting);
static inline bool setting_is_key(const struct setting *setting)
{
    return !(setting->flags & SETTING_RUN_ONLY);
}

/* Where a value stands, from the weakest. */
enum setting_layer {
    LAYER_NONE,
    LAYER_DEFAULT,
    LAYER_FILE,
    LAYER_VARIABLE,
    LAYER_OPTION,
};

/* One text with the place it came from: "weir.yaml:12:3", "--lanes", "WEIR_LANES". */
struct setting_item {
    const char *text;
    const char *where;
};

/* What was chosen for one setting; lists have several items, `columns` none. */
struct setting_value {
    enum setting_layer layer;
    const struct setting_item *items;
    size_t n;
    const char *where; /* of the whole value */
};

/*
 * Check a value and store it into the pipeline's field. The error begins with the place; for a
 * value of the file also with the key. Properties and columns have their own ways in config.c.
 */
int setting_store(struct arena *arena, const struct setting *setting,
                  const struct setting_value *value, struct pipeline_config *pipeline,
                  struct err *err);

/* ERR_USAGE with the item's place (and, from the file, the key) before the text. -1. */
int setting_fail(struct err *err, const struct setting *setting, enum setting_layer layer,
                 const char *where, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Checks of single texts: 0, or -1 with a sentence that does not name the place. */
int check_broker(const char *text, struct err *err);
int check_topic(const char *text, struct err *err);
int check_table(const char *text, struct err *err);
int check_database(const char *text, struct err *err);
int check_pipeline_name(const char *text, struct err *err);
int check_not_empty(const char *text, struct err *err);
int check_schema(const char *text, struct err *err);
int check_timezone(const char *text, struct err *err);
int check_address(const char *text, struct err *err);
/* A JSON Pointer as RFC 6901 has it: empty, or parts that begin with /, ~ only as ~0 and ~1. */
int check_pointer(const char *text, struct err *err);

/* Parsers beside those of config.h. */
int parse_integer(const char *text, int64_t *out);                  /* 0 or -1, no message */
int parse_time_ms(const char *text, int64_t *out, struct err *err); /* ISO 8601, since 1970 */
/* "now", or "-2h" for so long before it. 1, and no message: it is neither. */
int parse_ago_ms(const char *text, int64_t now_ms, int64_t *out, struct err *err);
/* One of the three. */
int parse_when_ms(const char *text, int64_t now_ms, int64_t *out, struct err *err);
int parse_rate(const char *text, double *per_s, struct err *err); /* 100/s 600/m 50/h 10/d */

#endif

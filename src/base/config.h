/*
 * weir's configuration, resolved: what weir.yaml, WEIR_* variables and options say together.
 *
 * The file has one form for every verb (docs/configuration.md). Here is what this version
 * understands of it: brokers, database, kafka, pipelines; the parts of later verbs (broker,
 * postgres, topics, generate, streams, alerts, notify, mask) are accepted as they stand and left
 * alone. An unknown key, a wrong type or value is an ERR_USAGE with "FILE:LINE:COLUMN: ".
 *
 * Precedence, first wins: option, variable, the nearest weir.yaml upward from the current folder
 * (or the file that -c or WEIR_CONFIG names), default. Every setting remembers where it came from.
 *
 * All memory belongs to the config's arena; config_release() frees all of it.
 */
#ifndef WEIR_BASE_CONFIG_H
#define WEIR_BASE_CONFIG_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A place in a topic as a person names it (option -o). */
enum offset_kind {
    OFFSET_BEGINNING, /* beginning, earliest, start */
    OFFSET_END,       /* end, latest */
    OFFSET_STORED,    /* stored */
    OFFSET_ABSOLUTE,  /* N */
    OFFSET_TAIL,      /* -N: N records before the end */
    OFFSET_TIME,      /* @TIME, @-10m, s@ms: value is milliseconds since 1970 */
};
struct offset_spec {
    enum offset_kind kind;
    int64_t value;
};

/* What the text of `database` is. */
enum database_form {
    DATABASE_ENVIRONMENT, /* "": the PG* variables and libpq's defaults alone */
    DATABASE_FILE,        /* a path: credentials.json {dbname,user,password,host,port} */
    DATABASE_URI,         /* postgresql://... */
    DATABASE_KEYWORDS,    /* host=... dbname=... */
};

enum on_unknown_key { UNKNOWN_KEY_IGNORE, UNKNOWN_KEY_DEAD };
enum on_nul { NUL_DEAD, NUL_STRIP };
enum on_too_long { TOO_LONG_DEAD, TOO_LONG_TRUNCATE };
enum on_conflict { CONFLICT_FAIL, CONFLICT_IGNORE };
enum on_gap { GAP_STOP, GAP_RECORD };
/* The unit of a number that goes into a timestamp; without one such a number is a dead letter. */
enum time_unit { TIME_UNIT_NONE, TIME_UNIT_S, TIME_UNIT_MS, TIME_UNIT_US };

/* What a column is filled from, where it is not simply the key of its own name. */
enum column_source {
    COLUMN_POINTER, /* RFC 6901 JSON Pointer into the record's value */
    COLUMN_TOPIC,
    COLUMN_PARTITION,
    COLUMN_OFFSET,
    COLUMN_TIMESTAMP,
    COLUMN_KEY,
    COLUMN_HEADER, /* $headers/NAME: the last header of that name */
};
struct column_rule {
    const char *column;
    enum column_source source;
    const char *from; /* the pointer, or the header's name */
    enum time_unit unit;
    int line; /* in the file, for messages; 0 without one */
};

struct property {
    const char *name;
    const char *value;
    const char *where; /* "weir.yaml:12:3", "-X", "-F FILE" */
};

struct yaml_node;

struct pipeline_config {
    const char *name; /* given by --name or the file; else "<topic>-to-<table as given>" */
    bool name_given;  /* false: the name was made of topic and table */
    enum database_form database_form;
    const char *brokers;
    const struct property *kafka; /* librdkafka properties, those weir owns refused already */
    size_t n_kafka;
    const char *database; /* a file's path, a URI or libpq keywords; "" means PG* alone */
    const char *const *topics;
    size_t n_topics;
    const char *table;        /* as given: "table" or "schema.table" */
    const char *const *setup; /* paths */
    size_t n_setup;
    const struct column_rule *columns;
    size_t n_columns;

    struct offset_spec offset; /* of the first start */
    const char *group;         /* NULL: weir.<name>.<store> */
    const char *state_schema;
    const char *timezone; /* for a timestamptz without an offset */
    int64_t max_batch_rows;
    int64_t max_batch_bytes; /* 0: what pays, by the number of lanes */
    int64_t max_delay_ms;    /* 0: a batch leaves as soon as a lane is free and rested */
    enum on_unknown_key on_unknown_key;
    enum on_nul on_nul;
    enum on_too_long on_too_long;
    enum on_conflict on_conflict;
    enum on_gap on_gap;
    int lanes;
    double max_dead_share; /* 0..1; 1 is never */
    int64_t dead_cap_bytes;

    /* Options of a run, never keys of the file: */
    int64_t count; /* 0: no limit */
    bool exit_at_end;
    bool reset;
    bool accept_table;
    bool allow_second_copy;
    bool dry_run;
    bool print_setup;
    bool yes;
    bool offset_given; /* -o as an option: on a pipeline that has offsets that is refused. In the
                        * file or a variable it stays there, so it is not. */

    const struct setting_value *values; /* private: each setting as text with its source */
};

/* One setting given by an option: key in the file's spelling ("max_batch_rows"), value as text. */
struct override {
    const char *key;
    const char *value;
    const char *where; /* "--max-batch-rows", "WEIR_MAX_BATCH_ROWS" */
};

struct config {
    struct arena arena;
    const char *path; /* of the file that was read, or NULL */
    struct pipeline_config *pipelines;
    size_t n_pipelines;
    struct pipeline_config common; /* without a topic and table: for verbs that need none */
    const char *http;              /* ADDR:PORT or NULL */
    const char *log_format;        /* text, logfmt, json or auto */
    const void *tree;              /* private: the file as read, for `weir config` */
};

/* What is asked of config_load(). */
struct config_request {
    const char *file;                 /* -c FILE, or NULL to look for one */
    const struct override *overrides; /* options, in the order given; lists repeat their key */
    size_t n_overrides;
    const char *const *names; /* pipelines asked for by name; none: all of the file */
    size_t n_names;
    bool allow_none; /* nothing to run is no error */
    /* The verb runs no pipeline: a topic, table or name given for one is not its business, and all
     * of the file's pipelines are resolved. */
    bool runs_none;
};

/*
 * Read, merge and check. With `topic` or `table` among the overrides the file's pipelines are not
 * run: if exactly one has the same topic and table its name and settings are taken, else an ad-hoc
 * pipeline is made. Environment variables are read here. No network is touched.
 */
int config_load(struct config *config, const struct config_request *request, struct err *err);
void config_release(struct config *config);
/*
 * A part of the file that another module reads ("generate"), NULL if there is none. Relative paths
 * in it are meant from the file's folder. The nodes live as long as the configuration.
 */
const struct yaml_node *config_section(const struct config *config, const char *key);
/* The resolved configuration as YAML; with `sources` a comment says where each value came from.
 * Passwords are shown as "********". Whether `to` took it all is the caller's to see. */
int config_print(const struct config *config, FILE *to, bool sources, struct err *err);

/* Where a pipeline's setting came from: "--lanes", "WEIR_LANES", "weir.yaml:12:3" or "default". */
const char *config_where(const struct pipeline_config *pipeline, const char *key);
/* What the text of a `database` is, by its form alone; no file is looked at. */
enum database_form database_form(const char *text);

/* A variable WEIR_... that is nobody's, though nearly a known one. */
struct stray_variable {
    const char *name;
    const char *nearest; /* "WEIR_BROKERS" */
};
/* The next of the environment from *at (0 at first) on, false: no more. Strings are the arena's. */
bool config_stray_variable(struct arena *arena, size_t *at, struct stray_variable *out);

/* Parsers shared by options and file. */
/* 250ms 10s 5m 1h 2d 1w 1h30m */
int parse_duration_ms(const char *text, int64_t *out, struct err *err);
/* 512 64KiB 16MiB 10GiB */
int parse_size_bytes(const char *text, int64_t *out, struct err *err);
int parse_offset_spec(const char *text, struct offset_spec *out, struct err *err);
/* The same where "stored" is no answer: a wrong text is told so without that word. */
int parse_offset_place(const char *text, struct offset_spec *out, struct err *err);
/* 50% */
int parse_share(const char *text, double *out, struct err *err);

/* For a librdkafka property that weir sets itself: what stands in its place ("use brokers
 * (option -b)"); NULL for all others. */
const char *property_owned_by_weir(const char *name);

#endif

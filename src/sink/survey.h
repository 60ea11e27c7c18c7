/*
 * What `weir doctor` asks of a pipeline's database: the questions that ingest asks at its start,
 * answered without doing what ingest then does. Every question runs in a read-only transaction that
 * is rolled back behind it, and none waits for a lock for longer than a few seconds.
 *
 * Refusals are ingest's own, word for word (ERR_HALT with the cure). One thread.
 */
#ifndef WEIR_SINK_SURVEY_H
#define WEIR_SINK_SURVEY_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "sink/sink.h"
#include "sink/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct survey;

/* What setup files do about a table. */
struct setup_effect {
    bool makes_table;
    /* "FILE:LINE" of a CREATE TABLE without IF NOT EXISTS and with no DROP before it; "": none. */
    char fails_again[512];
};

/* Connect as ingest does; `config` must outlive the survey. -1: what ingest would say. */
int survey_open(struct survey **out, const struct pipeline_config *config, struct err *err);
void survey_close(struct survey *survey);
/* "drivendata_db on 127.0.0.1:5432 as postgres" */
const char *survey_label(const struct survey *survey);

struct survey_server {
    const char *version;  /* "15.4" */
    const char *encoding; /* "UTF8" */
    int64_t ahead_us;     /* the server's clock less ours, */
    int64_t doubt_us;     /* give or take this: half the time of the question */
};
int survey_server(struct survey *survey, struct arena *arena, struct survey_server *out,
                  struct err *err);

/* Read and judge the pipeline's table; the caller frees it. Code 42P01: there is none. */
int survey_table(struct survey *survey, struct table **out, struct err *err);

/* What ALTER TABLE must know of a column beside its type. */
struct survey_column {
    bool own_not_null;       /* NOT NULL is the column's own, not its domain's */
    const char *primary_key; /* the constraint's name, quoted, if the column is part of it */
    bool identity;
    bool has_default;
    const char *held_by;   /* a view, rule, policy, trigger, generated column or partition key that
                            * forbids another type; NULL: nothing */
    const char *read_by;   /* a constraint, or an index with an expression or of another method than
                            * btree and hash, that another kind of type may break; NULL: nothing */
    const char *index;     /* one on the column, if only of what can be compared; NULL: none */
    const char *collation; /* other than the type's own; NULL: none */
    const char *domain;    /* the column's type is this domain; NULL: none */
    const char *fixed;     /* where alone the column can be changed: "the parent table p", "the type
                            * y"; NULL: in the table itself */
    const char *closed;    /* the same of adding a column to the table */
};
/* Of each of the table's columns, in its order. */
int survey_columns(struct survey *survey, struct arena *arena, const struct table *table,
                   struct survey_column **out, struct err *err);
/* Whether the table holds rows; a role that may not look is told that it does. */
int survey_occupied(struct survey *survey, const struct table *table, bool *out, struct err *err);
/*
 * What judges a row on the server alone: unique and other constraints, checks of domains, triggers.
 * As one text, "unique index a, trigger b"; "" if there is nothing.
 */
int survey_server_rules(struct survey *survey, struct arena *arena, const struct table *table,
                        const char **out, struct err *err);

/* The state schema: *there, or it can be made; `uuid` is the store's if it is there. */
int survey_state(struct survey *survey, bool *there, char uuid[37], struct err *err);
/* The registration; the state schema must be there. *first: the pipeline has no offsets yet. */
int survey_registration(struct survey *survey, const struct table *table,
                        const struct source_identity *identity, bool *first, struct err *err);

/*
 * What the pipeline's --setup files would make of its table, found by reading them alone.
 * ERR_USAGE: a file that cannot be read.
 */
int survey_setup(const struct pipeline_config *config, struct setup_effect *out, struct err *err);

#endif

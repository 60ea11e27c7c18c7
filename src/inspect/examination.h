/*
 * One pipeline while it is looked at: what the steps of doctor.c have learned so far, for those
 * that come later. Private to src/inspect.
 */
#ifndef WEIR_INSPECT_EXAMINATION_H
#define WEIR_INSPECT_EXAMINATION_H

#include "base/arena.h"
#include "base/config.h"
#include "client/admin_topics.h"
#include "inspect/column_check.h"
#include "inspect/draft.h"
#include "inspect/finding.h"
#include "inspect/sample.h"
#include "sink/survey.h"

#include <stdbool.h>
#include <stdint.h>

#define ASK_MS 5000

/* Differences of clocks that are worth a word. */
#define CLOCK_US (INT64_C(2) * 1000 * 1000)

struct examination {
    const struct pipeline_config *config;
    struct arena *arena;
    struct findings *findings;
    size_t sample_records;

    /* Kafka; `no_...`: why there is none, NULL if there is. */
    struct admin *admin;
    const char *no_kafka;
    size_t n_brokers;
    char cluster_id[64];
    struct topic_list topics; /* those that are there, with offsets */
    bool all_topics;
    struct sample sample;
    const char *no_sample;
    struct draft draft;

    /* The database. */
    struct survey *survey;
    const char *no_database;
    struct table *table;
    const char *no_table;
    bool state_there;
    bool may_make_state; /* it is not there, and ingest will make it */
    const char *no_state;
    char uuid[37];
};

/* The steps, in their order. */
void doctor_brokers(struct examination *x);
void doctor_topics(struct examination *x);
void doctor_records(struct examination *x);
void doctor_database(struct examination *x);
void doctor_columns(struct examination *x);
void doctor_state(struct examination *x);
void doctor_position(struct examination *x);

/* What an error says, its cure apart from it ("...; cure: ALTER TABLE ...;"). */
struct finding *doctor_add_error(struct examination *x, enum finding_level level,
                                 const char *section, const char *subject, const struct err *err);
/* What stands for NAME in "did you mean NAME?" of a message; NULL: it has none. */
const char *doctor_near(struct arena *arena, const char *text);
/* The policies under which the pipeline's rows are made. */
struct row_policy doctor_policy(const struct pipeline_config *config);
/* "3 d", "5 h", "12 s": a time as people say it. */
const char *doctor_time_text(struct arena *arena, int64_t ms);

#endif

/* A verb of the command line. There is one file a verb (cmd_NAME.c); main.c has their table. */
#ifndef WEIR_CMD_VERB_H
#define WEIR_CMD_VERB_H

#include "cmd/cli.h"
#include "cmd/task.h"

struct verb {
    const char *name;
    const char *summary; /* half a sentence */
    /*
     * What follows "weir NAME", one form a line, words before options; TOPIC, PIPELINE and FILE are
     * what completion offers. Two blanks may part a form from what it means.
     */
    const char *usage;
    const char *notes;        /* shown below the options, or NULL */
    const struct task *tasks; /* what the first word can ask for; none: words mean other things */
    size_t n_tasks;
    void (*options)(struct option_table *table);
    int (*run)(struct cli *cli);
};

extern const struct verb verb_ingest;
extern const struct verb verb_dead;
extern const struct verb verb_topic;
extern const struct verb verb_query;
extern const struct verb verb_config;
extern const struct verb verb_consume;
extern const struct verb verb_produce;
extern const struct verb verb_verify;
extern const struct verb verb_completion;
extern const struct verb verb_group;
extern const struct verb verb_doctor;
extern const struct verb verb_draft;
extern const struct verb verb_generate;
extern const struct verb verb_rate;

/* All of them, in the order of the help; main.c has it. */
extern const struct verb *const verb_table[];
extern const size_t verb_count;

#endif

/* A verb of the command line. There is one file a verb (cmd_NAME.c); main.c has their table. */
#ifndef WEIR_CMD_VERB_H
#define WEIR_CMD_VERB_H

#include "cmd/cli.h"
#include "cmd/task.h"

struct verb {
    const char *name;
    const char *summary; /* half a sentence */
    const char *usage;   /* what follows "weir NAME", one form a line */
    const char *notes;   /* shown below the options, or NULL */
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
extern const struct verb verb_doctor;
extern const struct verb verb_draft;
extern const struct verb verb_group;

#endif

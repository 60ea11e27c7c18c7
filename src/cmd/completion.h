/*
 * What could stand at the cursor of a command line of weir.
 *
 * All of it is read from the tables that the command line itself is read by: verbs, their tasks,
 * the options of a task. A value is what an argument's name in the help says: one in small letters
 * is meant as it stands ("fail|ignore"); TOPIC, PIPELINE and FILE stand for things, as they do in
 * the usage lines of a verb. Names of things are the caller's to offer: no file is read here and no
 * broker asked.
 */
#ifndef WEIR_CMD_COMPLETION_H
#define WEIR_CMD_COMPLETION_H

#include "cmd/shell_line.h"
#include "cmd/verb.h"

enum completion_thing { THING_NONE, THING_FILE, THING_TOPIC, THING_PIPELINE };

struct completion {
    struct arena *arena;
    struct shell_line line;
    const struct verb *verb; /* NULL: it is not written yet, or unknown */
    struct option_table table;
    struct command_line given;    /* what of the verb's options and words stands before */
    const char *lead;             /* of the cursor's word, what is not its value: "--topic=" */
    enum completion_thing things; /* names of these could stand there too */
    const char **offers;          /* as they are to be put into the line */
    size_t n_offers;
    size_t room;
};

/* `line` is what stands in front of the cursor, `breaks` are COMP_WORDBREAKS. */
void completion_read(struct completion *completion, struct arena *arena,
                     const struct verb *const *verbs, size_t n_verbs, const char *line,
                     const char *breaks);

/* What has to begin the name of a thing. */
const char *completion_prefix(const struct completion *completion);

/* Offer `text` if it begins with the prefix. */
void completion_offer(struct completion *completion, const char *text);

#endif

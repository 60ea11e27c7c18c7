/*
 * What a verb's first word asks for ("weir topic list"): the task's name, and which of the verb's
 * options belong to it. The verb's table of tasks serves its command line and the completion.
 */
#ifndef WEIR_CMD_TASK_H
#define WEIR_CMD_TASK_H

#include "base/arena.h"
#include "base/err.h"
#include "cmd/options.h"

#include <stdbool.h>
#include <stddef.h>

/* How many names stand behind a task's. */
enum task_names_wanted { TASK_NO_NAME, TASK_NAME_OR_NONE, TASK_ONE_NAME, TASK_SOME_NAMES };

#define MAX_TASK_OPTIONS 15
struct task {
    const char *name;
    enum option_id options[MAX_TASK_OPTIONS + 1]; /* OPTION_SETTING ends the list */
    enum task_names_wanted wants;                 /* for task_read_names() */
};

/*
 * The task of `verb` that the first word names: its place among `tasks`, or -1 and ERR_USAGE, which
 * names the nearest. An option that belongs to other tasks alone is refused: it would do nothing.
 * One that no task lists is for all.
 */
int task_find(const char *verb, const struct task *tasks, size_t n, const struct command_line *line,
              struct err *err);

/* Whether an option goes with one of the `n` tasks. */
bool task_takes(const struct task *tasks, size_t n, const struct task *task, enum option_id id);

/* What is named by the words behind the task's, and by an option. */
struct task_names {
    const char *verb;      /* "topic": what the names are of, too */
    enum option_id option; /* names one too; OPTION_SETTING: there is none */
    const char **items;
    size_t n;
};
/* Read them. ERR_USAGE: too few, too many, an empty one, or one twice. */
int task_read_names(const struct task *task, const struct command_line *line,
                    struct task_names *names, struct arena *arena, struct err *err);

#endif

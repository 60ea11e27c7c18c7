#include "cmd/task.h"

#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

#define MAX_TASKS 16

static bool has_option(const struct task *task, enum option_id id)
{
    for (const enum option_id *own = task->options; *own != OPTION_SETTING; own++)
        if (*own == id)
            return true;
    return false;
}

bool task_takes(const struct task *tasks, size_t n, const struct task *task, enum option_id id)
{
    if (has_option(task, id))
        return true;
    for (size_t other = 0; other < n; other++)
        if (has_option(&tasks[other], id))
            return false;
    return true;
}

static int check_options(const struct task *tasks, size_t n, const struct task *task,
                         const struct command_line *line, struct err *err)
{
    for (size_t i = 0; i < line->n_options; i++)
        if (!task_takes(tasks, n, task, line->options[i].option->id))
            return err_set(err, ERR_USAGE, "%s is not for %s", line->options[i].where, task->name);
    return 0;
}

/* "list, show and prune" */
static void list_names(const struct task *tasks, size_t n, const char *last, char *out, size_t size)
{
    size_t len = 0;
    *out = '\0';
    for (size_t i = 0; i < n && len < size; i++) {
        const char *lead = i == 0 ? "" : i + 1 < n ? ", " : last;
        len += (size_t)snprintf(out + len, size - len, "%s%s", lead, tasks[i].name);
    }
}

/* Where there is one task only, what stands in its place is most likely what it is of. */
static int fail_unknown(const char *verb, const struct task *tasks, size_t n, const char *word,
                        struct err *err)
{
    char all[256];
    const char *names[MAX_TASKS] = {NULL};
    for (size_t i = 0; i < n; i++)
        names[i] = tasks[i].name;
    const char *nearest = suggest_nearest(word, names, n);
    if (nearest)
        return err_set(err, ERR_USAGE, "\"%s\" is unknown; did you mean \"%s\"?", word, nearest);
    if (n == 1)
        return err_set(err, ERR_USAGE, "\"%s\" is unknown; did you mean: weir %s %s %s?", word,
                       verb, tasks[0].name, word);
    list_names(tasks, n, " and ", all, sizeof all);
    return err_set(err, ERR_USAGE, "\"%s\" is none of %s", word, all);
}

int task_find(const char *verb, const struct task *tasks, size_t n, const struct command_line *line,
              struct err *err)
{
    char all[256];
    if (n > MAX_TASKS)
        return err_set(err, ERR_BUG, "a verb of more than %d tasks", MAX_TASKS);
    if (line->n_words == 0) {
        list_names(tasks, n, " or ", all, sizeof all);
        return err_set(err, ERR_USAGE, "say what: %s", all);
    }
    for (size_t i = 0; i < n; i++)
        if (!strcmp(tasks[i].name, line->words[0]))
            return check_options(tasks, n, &tasks[i], line, err) < 0 ? -1 : (int)i;
    return fail_unknown(verb, tasks, n, line->words[0], err);
}

static int add_name(struct task_names *names, const char *name, struct err *err)
{
    if (!*name)
        return err_set(err, ERR_USAGE, "a %s's name is empty", names->verb);
    for (size_t i = 0; i < names->n; i++)
        if (!strcmp(names->items[i], name))
            return err_set(err, ERR_USAGE, "%s \"%s\" is named twice", names->verb, name);
    names->items[names->n++] = name;
    return 0;
}

static int check_names(const struct task *task, const struct task_names *names, struct err *err)
{
    bool wants_one = task->wants == TASK_ONE_NAME || task->wants == TASK_SOME_NAMES;
    bool takes_one = task->wants == TASK_ONE_NAME || task->wants == TASK_NAME_OR_NONE;
    if (task->wants == TASK_NO_NAME && names->n > 0)
        return err_set(err, ERR_USAGE, "%s shows all %ss; one alone: weir %s describe %s",
                       task->name, names->verb, names->verb, names->items[0]);
    if (wants_one && names->n == 0)
        return err_set(err, ERR_USAGE, "%s which %s? Write its name", task->name, names->verb);
    if (takes_one && names->n > 1)
        return err_set(err, ERR_USAGE, "\"%s\" is one name too many: %s takes one %s",
                       names->items[1], task->name, names->verb);
    return 0;
}

int task_read_names(const struct task *task, const struct command_line *line,
                    struct task_names *names, struct arena *arena, struct err *err)
{
    names->n = 0;
    names->items = arena_alloc(arena, (line->n_words + line->n_options) * sizeof *names->items);
    for (size_t i = 1; i < line->n_words; i++)
        if (add_name(names, line->words[i], err) < 0)
            return -1;
    for (size_t i = 0; names->option != OPTION_SETTING && i < line->n_options; i++)
        if (line->options[i].option->id == names->option &&
            add_name(names, line->options[i].value, err) < 0)
            return -1;
    return check_names(task, names, err);
}

#include "cmd/completion.h"

#include <ctype.h>
#include <string.h>

const char *completion_prefix(const struct completion *completion)
{
    return completion->line.word + strlen(completion->lead);
}

/* A whole word, its lead with it; what bash keeps of it is left out. */
static void offer_word(struct completion *c, const char *word)
{
    const struct shell_line *line = &c->line;
    if (strncmp(word, line->word, strlen(line->word)) != 0)
        return;
    const char *written = shell_line_quote(c->arena, line, word + line->kept);
    if (!written)
        return;
    if (c->n_offers == c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        const char **offers = arena_alloc(c->arena, room * sizeof *offers);
        if (c->n_offers > 0)
            memcpy(offers, c->offers, c->n_offers * sizeof *offers);
        c->offers = offers;
        c->room = room;
    }
    c->offers[c->n_offers++] = written;
}

void completion_offer(struct completion *completion, const char *text)
{
    offer_word(completion, arena_printf(completion->arena, "%s%s", completion->lead, text));
}

/* ---- What the texts of the help name ---- */

static enum completion_thing thing_named(const char *name, size_t length)
{
    static const struct {
        const char *name;
        enum completion_thing thing;
    } things[] = {
        {"TOPIC", THING_TOPIC},   {"PIPELINE", THING_PIPELINE}, {"FILE", THING_FILE},
        {"FILE.sql", THING_FILE}, {"DATABASE", THING_FILE},
    };
    for (size_t i = 0; i < sizeof things / sizeof *things; i++)
        if (strlen(things[i].name) == length && !strncmp(things[i].name, name, length))
            return things[i].thing;
    return THING_NONE;
}

/* An option's value: words to write as they are, or a thing. */
static void offer_values(struct completion *c, const char *argument)
{
    c->things = thing_named(argument, strlen(argument));
    if (!islower((unsigned char)*argument))
        return;
    for (size_t length; *argument; argument += length + (argument[length] == '|')) {
        length = strcspn(argument, "|");
        completion_offer(c, arena_strndup(c->arena, argument, length));
    }
}

/*
 * What the `at`th word of a usage line is ("describe TOPIC", "TOPIC [FILE...]"): words end at the
 * first option or at two blanks, "..." repeats, brackets mean that it may be left out.
 */
static enum completion_thing thing_of_usage(const char *line, size_t at)
{
    for (size_t i = 0;; i++) {
        line += strspn(line, "[");
        size_t length = strcspn(line, " \n");
        size_t name = strcspn(line, " \n].");
        bool repeats = length > name && strstr(line + name, "...") == line + name;
        if (length == 0 || *line == '-' || !strncmp(line, "OPTION", 6))
            return THING_NONE;
        if (!strncmp(line, "FILE.", 5) && !repeats)
            name = length;
        if (i == at || repeats)
            return thing_named(line, name);
        line += length;
        line += *line == ' ';
    }
}

/* A word that is no option: `at` is its number behind the verb or its task. */
static void offer_words(struct completion *c, const struct task *task, size_t at)
{
    const char *line = c->verb->usage;
    for (size_t length; *line; line += length + (line[length] == '\n')) {
        const char *words = line;
        length = strcspn(line, "\n");
        if (task) {
            size_t name = strlen(task->name);
            if (strncmp(line, task->name, name) != 0 || (line[name] != ' ' && line[name] != '\n'))
                continue;
            words += name + (line[name] == ' ');
        }
        enum completion_thing thing = thing_of_usage(words, at);
        if (thing != THING_NONE)
            c->things = thing;
    }
}

/* ---- What stands there ---- */

static const struct task *task_given(const struct completion *c)
{
    for (size_t i = 0; c->given.n_words > 0 && i < c->verb->n_tasks; i++)
        if (!strcmp(c->verb->tasks[i].name, c->given.words[0]))
            return &c->verb->tasks[i];
    return NULL;
}

static void offer_options(struct completion *c)
{
    const struct verb *verb = c->verb;
    const struct task *task = task_given(c);
    for (size_t i = 0; i < c->table.n; i++) {
        const struct option *option = &c->table.items[i];
        if (task && !task_takes(verb->tasks, verb->n_tasks, task, option->id))
            continue;
        offer_word(c, *option->name ? arena_printf(c->arena, "--%s", option->name)
                                    : arena_printf(c->arena, "-%c", option->letter));
    }
}

/* All behind the verb; `argv` are the words before the cursor and its own. */
static void complete_verb(struct completion *c, char **argv, int before)
{
    struct err ignored;
    struct command_line with;
    char *word = argv[before];
    c->verb->options(&c->table);
    command_line_parse(c->arena, &c->table, before, argv, &c->given, &ignored);
    bool whole = command_line_parse(c->arena, &c->table, before + 1, argv, &with, &ignored) == 0;
    const struct parsed_option *last = with.n_options ? &with.options[with.n_options - 1] : NULL;
    if (whole && with.n_words > 0 && with.words[with.n_words - 1] == word &&
        strcmp(word, "-") != 0) {
        const struct task *task = task_given(c);
        if (task || c->verb->n_tasks == 0)
            offer_words(c, task, with.n_words - 1 - (task != NULL));
        else if (with.n_words == 1)
            for (size_t i = 0; i < c->verb->n_tasks; i++)
                completion_offer(c, c->verb->tasks[i].name);
    } else if (whole && last && last->value >= word && last->value <= word + strlen(word)) {
        c->lead = arena_strndup(c->arena, word, (size_t)(last->value - word));
        offer_values(c, last->option->argument);
    } else if (*word == '-') {
        offer_options(c);
    }
}

static void offer_verbs(struct completion *c, const struct verb *const *verbs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        completion_offer(c, verbs[i]->name);
}

void completion_read(struct completion *completion, struct arena *arena,
                     const struct verb *const *verbs, size_t n_verbs, const char *line,
                     const char *breaks)
{
    *completion = (struct completion){.arena = arena, .lead = ""};
    shell_line_read(arena, line, breaks, &completion->line);
    char **words = completion->line.words;
    size_t n = completion->line.n_words;
    if (completion->line.redirect)
        completion->things = THING_FILE;
    if (completion->line.redirect || n == 0)
        return;
    if (n == 1) {
        offer_verbs(completion, verbs, n_verbs);
        completion_offer(completion, "help");
        if (*completion->line.word == '-') {
            completion_offer(completion, "--help");
            completion_offer(completion, "--version");
        }
        return;
    }
    if (!strcmp(words[1], "help")) {
        if (n == 2)
            offer_verbs(completion, verbs, n_verbs);
        return;
    }
    for (size_t i = 0; i < n_verbs; i++)
        if (!strcmp(verbs[i]->name, words[1]))
            completion->verb = verbs[i];
    words[n] = completion->line.word;
    if (completion->verb)
        complete_verb(completion, words + 2, (int)n - 2);
}

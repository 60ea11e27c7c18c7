#include "cmd/options.h"

#include "base/suggest.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void option_table_add(struct option_table *table, const struct option *option)
{
    assert(table->n < MAX_OPTIONS);
    table->items[table->n++] = *option;
}

void option_table_add_group(struct option_table *table, const char *group,
                            const struct option *options, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct option option = options[i];
        option.group = group;
        option_table_add(table, &option);
    }
}

void option_table_add_setting(struct option_table *table, enum setting_id id, const char *group)
{
    const struct setting *setting = setting_at(id);
    struct option option = {
        .id = OPTION_SETTING,
        .letter = setting->letter,
        .argument = setting->argument,
        .help = setting->help,
        .setting = setting,
        .group = group,
    };
    setting_option_name(setting, option.name);
    option_table_add(table, &option);
}

void option_table_add_pipeline(struct option_table *table)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (setting_is_key(setting_at(i)) && !(setting_at(i)->flags & SETTING_NO_OPTION))
            option_table_add_setting(
                table, i, "Settings (each also a key of a pipeline in weir.yaml, and WEIR_NAME)");
}

void option_table_add_run(struct option_table *table)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (!setting_is_key(setting_at(i)))
            option_table_add_setting(table, i, "This run");
}

void option_table_add_json(struct option_table *table)
{
    const struct option json = {.id = OPTION_JSON,
                                .name = "json",
                                .letter = 'J',
                                .help = "result as JSON on stdout",
                                .group = "Common"};
    option_table_add(table, &json);
}

void option_table_add_common(struct option_table *table)
{
    static const struct option common[] = {
        {.id = OPTION_CONFIG,
         .name = "config",
         .letter = 'c',
         .argument = "FILE",
         .help = "configuration file (default the nearest weir.yaml from here upward)"},
        {.id = OPTION_PROPERTIES_FILE,
         .letter = 'F',
         .argument = "FILE",
         .repeats = true,
         .help = "file of librdkafka properties, NAME=VALUE a line, as kcat has it"},
        {.id = OPTION_QUIET, .name = "quiet", .letter = 'q', .help = "errors only"},
        {.id = OPTION_VERBOSE,
         .name = "verbose",
         .letter = 'v',
         .help = "more messages, and where each setting came from"},
        {.id = OPTION_HELP, .name = "help", .letter = 'h', .help = "this text"},
        {.id = OPTION_VERSION,
         .name = "version",
         .letter = 'V',
         .help = "versions of weir and its libraries"},
    };
    option_table_add_group(table, "Common", common, sizeof common / sizeof *common);
}

const struct parsed_option *command_line_find(const struct command_line *line, enum option_id id)
{
    for (size_t i = line->n_options; i > 0; i--)
        if (line->options[i - 1].option->id == id)
            return &line->options[i - 1];
    return NULL;
}

bool command_line_has(const struct command_line *line, enum option_id id)
{
    return command_line_find(line, id) != NULL;
}

static bool can_repeat(const struct option *option)
{
    const struct setting *setting = option->setting;
    if (!option->argument || option->repeats)
        return true;
    return setting && (setting->type == SETTING_TYPE_LIST || setting->type == SETTING_TYPE_JOINED ||
                       setting->type == SETTING_TYPE_PROPERTIES);
}

/* A password may stand in --database. */
static int fail_twice(const struct parsed_option *first, const struct parsed_option *second,
                      struct err *err)
{
    if (first->option->setting == setting_at(SETTING_DATABASE))
        return err_set(err, ERR_USAGE, "%s is given twice: leave one out", second->where);
    return err_set(err, ERR_USAGE, "%s %s and %s %s are one option given twice: leave one out",
                   first->where, first->value, second->where, second->value);
}

/* Whether the option at `at` is there before, too. */
static int check_first(const struct command_line *line, size_t at, struct err *err)
{
    for (size_t i = 0; i < at; i++)
        if (line->options[i].option == line->options[at].option)
            return fail_twice(&line->options[i], &line->options[at], err);
    return 0;
}

int command_line_check_once(const struct command_line *line, struct err *err)
{
    for (size_t i = 1; i < line->n_options; i++)
        if (!can_repeat(line->options[i].option) && check_first(line, i, err) < 0)
            return -1;
    return 0;
}

int command_line_check_one(const struct command_line *line, enum option_id id, struct err *err)
{
    for (size_t i = 1; i < line->n_options; i++)
        if (line->options[i].option->id == id && check_first(line, i, err) < 0)
            return -1;
    return 0;
}

static const struct option *find_name(const struct option_table *table, const char *name,
                                      size_t length)
{
    for (size_t i = 0; length > 0 && i < table->n; i++)
        if (strlen(table->items[i].name) == length && !strncmp(table->items[i].name, name, length))
            return &table->items[i];
    return NULL;
}

static const struct option *find_letter(const struct option_table *table, char letter)
{
    for (size_t i = 0; letter && i < table->n; i++)
        if (table->items[i].letter == letter)
            return &table->items[i];
    return NULL;
}

/* What the parsing of one command line carries along. */
struct scan {
    struct arena *arena;
    const struct option_table *table;
    int argc;
    char **argv;
    int at;
    struct command_line *out;
    struct err *err;
};

static void keep(struct scan *s, struct parsed_option option)
{
    s->out->options[s->out->n_options++] = option;
}

static int fail_unknown_name(struct scan *s, const char *name)
{
    const char *known[MAX_OPTIONS];
    size_t n = 0;
    for (size_t i = 0; i < s->table->n; i++)
        if (*s->table->items[i].name)
            known[n++] = s->table->items[i].name;
    const char *nearest = suggest_nearest(name, known, n);
    if (nearest)
        return err_set(s->err, ERR_USAGE, "unknown option --%s; did you mean --%s?", name, nearest);
    return err_set(s->err, ERR_USAGE, "unknown option --%s", name);
}

/* Whether an argument is an option of the table rather than a value ("-5" is a value). */
static bool is_known_option(const struct option_table *table, const char *text)
{
    if (text[0] != '-')
        return false;
    if (text[1] == '-')
        return find_name(table, text + 2, strcspn(text + 2, "=")) != NULL;
    return find_letter(table, text[1]) != NULL && !text[2];
}

/* The value in the next argument. */
static int take_next(struct scan *s, const struct option *option, const char *where)
{
    char *next = s->at + 1 < s->argc ? s->argv[s->at + 1] : NULL;
    if (!next || !strcmp(next, "--") || is_known_option(s->table, next))
        return err_set(s->err, ERR_USAGE, "%s: the value is missing (%s)", where, option->argument);
    s->at++;
    keep(s, (struct parsed_option){option, next, where});
    return 0;
}

static int scan_long(struct scan *s, char *text)
{
    size_t length = strcspn(text, "=");
    const char *name = arena_strndup(s->arena, text, length);
    const char *where = arena_printf(s->arena, "--%s", name);
    const struct option *option = find_name(s->table, text, length);
    if (!option)
        return fail_unknown_name(s, name);
    if (option->argument && text[length])
        keep(s, (struct parsed_option){option, text + length + 1, where});
    else if (option->argument)
        return take_next(s, option, where);
    else if (text[length])
        return err_set(s->err, ERR_USAGE, "%s takes no value", where);
    else
        keep(s, (struct parsed_option){option, NULL, where});
    return 0;
}

/* -eJ, -n5, -n 5: flags up to the first letter that takes a value; the rest is the value. */
static int scan_letters(struct scan *s, char *text)
{
    for (; *text; text++) {
        const char *where = arena_printf(s->arena, "-%c", *text);
        const struct option *option = find_letter(s->table, *text);
        if (!option)
            return err_set(s->err, ERR_USAGE, "unknown option %s", where);
        if (!option->argument) {
            keep(s, (struct parsed_option){option, NULL, where});
            continue;
        }
        if (!text[1])
            return take_next(s, option, where);
        keep(s, (struct parsed_option){option, text + 1, where});
        return 0;
    }
    return 0;
}

/* "-" alone means stdin, and two dashes before a blank begin a comment of SQL. */
static bool is_word(const char *text)
{
    return text[0] != '-' || !text[1] || (text[1] == '-' && isspace((unsigned char)text[2]));
}

int command_line_parse(struct arena *arena, const struct option_table *table, int argc, char **argv,
                       struct command_line *out, struct err *err)
{
    struct scan s = {arena, table, argc, argv, 0, out, err};
    size_t letters = 0;
    for (int i = 0; i < argc; i++)
        letters += strlen(argv[i]) + 1;
    *out = (struct command_line){0};
    out->options = arena_alloc(arena, (letters + 1) * sizeof *out->options);
    out->words = arena_alloc(arena, ((size_t)argc + 1) * sizeof *out->words);
    bool only_words = false;
    for (; s.at < argc; s.at++) {
        char *text = argv[s.at];
        int rc = 0;
        if (only_words || is_word(text))
            out->words[out->n_words++] = text;
        else if (!strcmp(text, "--"))
            only_words = true;
        else if (text[1] == '-')
            rc = scan_long(&s, text + 2);
        else
            rc = scan_letters(&s, text + 1);
        if (rc < 0)
            return -1;
    }
    return 0;
}

int option_read_number(const char *where, const char *text, int64_t min, int64_t max, int64_t *out,
                       struct err *err)
{
    char limit[32] = "";
    int64_t number;
    if (parse_integer(text, &number) == 0 && number >= min && number <= max) {
        *out = number;
        return 0;
    }
    if (max < INT32_MAX)
        snprintf(limit, sizeof limit, " to %" PRId64, max);
    return err_set(err, ERR_USAGE, "%s: \"%s\" is not a number from %" PRId64 "%s", where, text,
                   min, limit);
}

int command_line_number(const struct command_line *line, enum option_id id, int64_t min,
                        int64_t max, int64_t *out, struct err *err)
{
    const struct parsed_option *option = command_line_find(line, id);
    if (!option)
        return 0;
    return option_read_number(option->where, option->value, min, max, out, err);
}

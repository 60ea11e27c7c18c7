#include "cmd/cli.h"

#include "base/log.h"
#include "base/secret.h"
#include "cmd/properties_file.h"
#include "cmd/shown.h"
#include "cmd/verb.h"
#include "generate/entry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_SAID_BYTES 16384

/* Names of clients, groups and the like come from anyone: they must not command the terminal. */
static void say(const struct cli *cli, const char *text)
{
    struct buf shown;
    buf_init(&shown, MAX_SAID_BYTES);
    shown_add(&shown, slice_of(text));
    fprintf(stderr, "weir %s: %.*s\n", cli->verb->name, (int)shown.len, shown.data);
    buf_release(&shown);
}

int cli_fail(const struct cli *cli, const struct err *err)
{
    say(cli, err->text);
    return err->class == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

int cli_fail_usage(const struct cli *cli, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "weir %s: ", cli->verb->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, " (see: weir help %s)\n", cli->verb->name);
    return EXIT_USAGE;
}

void cli_note(const struct cli *cli, const char *format, ...)
{
    va_list args;
    char text[MAX_SAID_BYTES / 4];
    if (cli->quiet)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say(cli, text);
}

bool cli_can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool cli_ask(const char *question)
{
    char answer[16];
    if (!cli_can_ask())
        return false;
    fprintf(stderr, "%s [y/N] ", question);
    return fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y');
}

/* Overrides collect here; there are never more than options and lines of the -F files. */
struct collector {
    struct cli *cli;
    struct override *items;
    size_t n;
    size_t room;
    bool wiped; /* a password stood in --database */
};

static void add_override(struct collector *c, const char *key, const char *value, const char *where)
{
    if (c->n == c->room) {
        size_t room = c->room ? 2 * c->room : 32;
        struct override *items = arena_alloc(&c->cli->arena, room * sizeof *items);
        if (c->n > 0)
            memcpy(items, c->items, c->n * sizeof *items);
        c->items = items;
        c->room = room;
    }
    c->items[c->n++] = (struct override){key, value, where};
}

/* Others see our arguments in the list of processes: no password may stay there. */
static void wipe_passwords(struct collector *c, char *value)
{
    const char *copy = c->items[c->n - 1].value;
    size_t from = 0;
    size_t start;
    size_t length;
    while (secret_in_database(copy, &from, &start, &length)) {
        memset(value + start, '*', length);
        c->wiped = true;
    }
}

static int refuse_secret(const struct parsed_option *option, struct err *err)
{
    size_t length = strcspn(option->value, "=");
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)length, option->value);
    if (!secret_property(name, option->value + length))
        return 0;
    memset(option->value + length, '*', strlen(option->value + length));
    return err_set(err, ERR_USAGE,
                   "%s %s: others can read a password in an argument: write it under kafka: in "
                   "weir.yaml, or into a file for -F",
                   option->where, name);
}

static int add_option(struct collector *c, const struct parsed_option *option, struct err *err)
{
    struct arena *arena = &c->cli->arena;
    const struct setting *setting = option->option->setting;
    if (!setting)
        return 0;
    if (setting == setting_at(SETTING_KAFKA) && refuse_secret(option, err) < 0)
        return -1;
    add_override(c, setting->key, arena_strdup(arena, option->value ? option->value : "true"),
                 option->where);
    if (setting == setting_at(SETTING_DATABASE) && option->value)
        wipe_passwords(c, option->value);
    return 0;
}

static bool has_brokers_option(const struct command_line *line)
{
    for (size_t i = 0; i < line->n_options; i++)
        if (line->options[i].option->setting == setting_at(SETTING_BROKERS))
            return true;
    return false;
}

/* A file of -F: properties as they are, its brokers unless -b names others. */
static int add_properties_file(struct collector *c, const char *path, struct err *err)
{
    struct file_property *list;
    bool skip_brokers = has_brokers_option(&c->cli->line);
    if (properties_file_read(&c->cli->arena, path, &list, err) < 0)
        return -1;
    for (; list; list = list->next) {
        bool brokers =
            !strcmp(list->name, "bootstrap.servers") || !strcmp(list->name, "metadata.broker.list");
        if (brokers && !skip_brokers)
            add_override(c, "brokers", list->value, list->where);
        else if (!brokers)
            add_override(c, "kafka", arena_printf(&c->cli->arena, "%s=%s", list->name, list->value),
                         list->where);
    }
    return 0;
}

static int collect(struct collector *c, struct err *err)
{
    const struct command_line *line = &c->cli->line;
    for (size_t i = 0; i < line->n_options; i++) {
        const struct parsed_option *option = &line->options[i];
        int rc = option->option->id == OPTION_PROPERTIES_FILE
                     ? add_properties_file(c, option->value, err)
                     : add_option(c, option, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static enum log_format log_format_of(const char *text)
{
    static const char *const names[] = {
        [LOG_FORMAT_TEXT] = "text", [LOG_FORMAT_LOGFMT] = "logfmt", [LOG_FORMAT_JSON] = "json"};
    for (enum log_format i = LOG_FORMAT_TEXT; i <= LOG_FORMAT_JSON; i++)
        if (!strcmp(text, names[i]))
            return i;
    return LOG_FORMAT_AUTO;
}

/* A setting that was mistyped in a variable would go unseen. */
static void warn_of_strays(struct cli *cli)
{
    size_t at = 0;
    struct stray_variable stray;
    while (config_stray_variable(&cli->arena, &at, &stray))
        log_warn("", "the variable %s means nothing to weir; did you mean %s?", stray.name,
                 stray.nearest);
}

const char *const cli_all_pipelines[1] = {NULL};

int cli_load_config(struct cli *cli, const char *const *names, size_t n_names, bool allow_none,
                    struct err *err)
{
    struct collector c = {.cli = cli};
    const struct parsed_option *file = command_line_find(&cli->line, OPTION_CONFIG);
    if (collect(&c, err) < 0)
        return -1;
    const struct config_request request = {
        .file = file ? file->value : NULL,
        .overrides = c.items,
        .n_overrides = c.n,
        .names = names,
        .n_names = n_names,
        .allow_none = allow_none,
        .runs_none = names == NULL,
    };
    if (config_load(&cli->config, &request, err) < 0 ||
        entry_check_all(&cli->arena, &cli->config, false, err) < 0)
        return -1;
    log_init(cli->quiet     ? LOG_ERROR
             : cli->verbose ? LOG_DEBUG
                            : LOG_INFO,
             log_format_of(cli->config.log_format));
    warn_of_strays(cli);
    if (c.wiped)
        log_warn("", "the password in --database could be read by others until now: use a "
                     "credentials file, the password file (~/.pgpass) or PGPASSWORD");
    return 0;
}

/* The table of verbs, help and versions. */
#include "base/outlet.h"
#include "base/suggest.h"
#include "base/yaml.h"
#include "cmd/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct verb *const verb_table[] = {
    &verb_ingest, &verb_doctor,   &verb_verify,     &verb_dead,    &verb_topic,
    &verb_group,  &verb_generate, &verb_produce,    &verb_consume, &verb_query,
    &verb_draft,  &verb_config,   &verb_completion, &verb_rate,
};
#define N_VERBS (sizeof verb_table / sizeof *verb_table)
const size_t verb_count = N_VERBS;

static int print_versions(void)
{
    int libpq = PQlibVersion();
    printf("weir %s\n", WEIR_VERSION);
    printf("librdkafka %s\n", rd_kafka_version_str());
    printf("libpq %d.%d\n", libpq / 10000, libpq % 10000);
    printf("libfyaml %s\n", yaml_library_version());
    printf("libmicrohttpd %s\n", MHD_get_version());
    return 0;
}

static int print_overview(FILE *to)
{
    fprintf(to, "weir: JSON records from Kafka topics into PostgreSQL tables, exactly once\n\n"
                "Usage: weir VERB [OPTION...]\n\n");
    for (size_t i = 0; i < N_VERBS; i++)
        fprintf(to, "  %-10s %s\n", verb_table[i]->name, verb_table[i]->summary);
    fprintf(to, "  %-10s %s\n", "help", "this text, or a verb's: weir help VERB");
    fprintf(to, "\n  -V, --version   versions of weir and its libraries\n");
    return 0;
}

static int print_help(const struct verb *verb)
{
    struct option_table table = {.n = 0};
    verb->options(&table);
    printf("weir %s: %s\n\n", verb->name, verb->summary);
    const char *lead = "Usage:";
    for (const char *line = verb->usage; *line; lead = "      ") {
        int length = (int)strcspn(line, "\n");
        printf("%s weir %s %.*s\n", lead, verb->name, length, line);
        line += length + (line[length] == '\n');
    }
    option_table_print(&table, stdout);
    if (verb->notes)
        printf("\n%s\n", verb->notes);
    return 0;
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < N_VERBS; i++)
        if (!strcmp(verb_table[i]->name, name))
            return verb_table[i];
    return NULL;
}

static int fail_unknown_verb(const char *name)
{
    const char *known[N_VERBS + 1] = {[N_VERBS] = "help"};
    for (size_t i = 0; i < N_VERBS; i++)
        known[i] = verb_table[i]->name;
    const char *nearest = suggest_nearest(name, known, N_VERBS + 1);
    if (nearest)
        fprintf(stderr, "weir: unknown verb \"%s\"; did you mean \"%s\"? (see: weir help)\n", name,
                nearest);
    else
        fprintf(stderr, "weir: unknown verb \"%s\" (see: weir help)\n", name);
    return EXIT_USAGE;
}

static int help(int argc, char **argv)
{
    if (argc == 0)
        return print_overview(stdout);
    const struct verb *verb = find_verb(argv[0]);
    if (verb)
        return print_help(verb);
    if (!strcmp(argv[0], "help") || argv[0][0] == '-')
        return print_overview(stdout);
    return fail_unknown_verb(argv[0]);
}

static int run_verb(struct cli *cli, int argc, char **argv)
{
    struct err err = {.class = ERR_NONE};
    cli->verb->options(&cli->table);
    if (command_line_parse(&cli->arena, &cli->table, argc, argv, &cli->line, &err) < 0)
        return cli_fail_usage(cli, "%s", err.text);
    if (command_line_find(&cli->line, OPTION_HELP))
        return print_help(cli->verb);
    if (command_line_find(&cli->line, OPTION_VERSION))
        return print_versions();
    if (command_line_check_once(&cli->line, &err) < 0)
        return cli_fail_usage(cli, "%s", err.text);
    cli->json = command_line_find(&cli->line, OPTION_JSON) != NULL;
    cli->quiet = command_line_find(&cli->line, OPTION_QUIET) != NULL;
    cli->verbose = command_line_find(&cli->line, OPTION_VERBOSE) != NULL;
    return cli->verb->run(cli);
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
    const char *first = argc > 1 ? argv[1] : NULL;
    if (!first) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(first, "-V") || !strcmp(first, "--version"))
        return print_versions();
    if (!strcmp(first, "-h") || !strcmp(first, "--help") || !strcmp(first, "help"))
        return help(argc - 2, argv + 2);
    if (*first == '-') {
        fprintf(stderr, "weir: unknown option %s: a verb comes first (see: weir help)\n", first);
        return EXIT_USAGE;
    }
    cli->verb = find_verb(first);
    if (!cli->verb)
        return fail_unknown_verb(first);
    return run_verb(cli, argc - 2, argv + 2);
}

/*
 * A descriptor of the first three that is closed would be given to whatever is opened first: what
 * is for stdout would go into a socket or a file. In its place comes one that refuses what it is
 * for; of stderr one that takes all, because a message that nobody hears is no failure.
 */
static void occupy_closed(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
            return;
}

/* What of stdout is still in its buffer; a reader that has gone is no failure. */
static int finish_stdout(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    int error = errno;
    if (outlet_reader_gone(STDOUT_FILENO))
        return 0;
    fprintf(stderr, "weir: stdout: %s\n", outlet_reason(error));
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct cli cli = {.verb = NULL};
    occupy_closed();
    signal(SIGPIPE, SIG_IGN); /* for all verbs alike: a closed pipe is an error of the write */
    arena_init(&cli.arena);
    int code = dispatch(&cli, argc, argv);
    if (code == 0)
        code = finish_stdout();
    config_release(&cli.config);
    arena_release(&cli.arena);
    return code;
}

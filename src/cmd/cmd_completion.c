/* weir completion: bash asks weir itself what could stand at the cursor. */
#include "client/admin_topics.h"
#include "cmd/completion.h"
#include "cmd/verb.h"

#include <stdio.h>
#include <string.h>

/* Who presses Tab does not wait longer for a broker. */
#define ASK_MS 1000

/*
 * The first line of the answer says whether files could stand there too, and the rest are words.
 * ${1} is weir as it was typed, for a line that begins with a path.
 */
static const char bash_script[] =
    "# Completion of weir for bash. It asks weir itself, so it is always of the version that "
    "runs.\n"
    "_weir() {\n"
    "    local line kind='' weir=\"${1/#\\~\\//$HOME/}\"\n"
    "    type -P -- \"$weir\" >/dev/null || weir=weir\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r line; do\n"
    "        if [ -z \"$kind\" ]; then kind=$line; else COMPREPLY+=(\"$line\"); fi\n"
    "    done < <(\"$weir\" completion reply -- \"${COMP_LINE:0:COMP_POINT}\" \"$COMP_WORDBREAKS\" "
    "2>/dev/null)\n"
    "    if [ \"$kind\" = files ]; then compopt -o default; fi\n"
    "}\n"
    "complete -F _weir weir\n";

static void options(struct option_table *table)
{
    option_table_add_common(table);
}

static int bash(struct cli *cli, struct err *err)
{
    if (cli->line.n_words > 1)
        return err_set(err, ERR_USAGE, "\"%s\" is one word too many", cli->line.words[1]);
    fputs(bash_script, stdout);
    return 0;
}

/* ---- Names of things: whatever goes wrong, there are none to offer ---- */

static void offer_pipelines(struct completion *completion, const struct config *config)
{
    for (size_t i = 0; i < config->n_pipelines; i++)
        completion_offer(completion, config->pipelines[i].name);
}

static void offer_topics(struct completion *completion, const struct pipeline_config *config)
{
    struct err ignored;
    struct topic_list topics = {.n = 0};
    struct admin *admin = NULL;
    bool internal = !strncmp(completion_prefix(completion), "__", 2);
    if (admin_new(&admin, "", config->brokers, config->kafka, config->n_kafka, &ignored) == 0)
        admin_topics(admin, completion->arena, NULL, ASK_MS, &topics, &ignored);
    for (size_t i = 0; i < topics.n; i++)
        if (internal || !topic_is_internal(topics.items[i].name))
            completion_offer(completion, topics.items[i].name);
    admin_free(admin);
}

static void offer_things(struct completion *completion)
{
    struct err ignored;
    struct cli cli = {.verb = completion->verb, .line = completion->given, .quiet = true};
    if (completion->things != THING_TOPIC && completion->things != THING_PIPELINE)
        return;
    arena_init(&cli.arena);
    if (cli_load_config(&cli, NULL, 0, true, &ignored) == 0) {
        if (completion->things == THING_TOPIC)
            offer_topics(completion, &cli.config.common);
        else
            offer_pipelines(completion, &cli.config);
    }
    config_release(&cli.config);
    arena_release(&cli.arena);
}

static int reply(struct cli *cli, struct err *err)
{
    char **words = cli->line.words;
    size_t n = cli->line.n_words;
    if (n < 2 || n > 3)
        return err_set(err, ERR_USAGE, "reply to what? Write the line, and what parts its words");
    struct completion *completion = arena_alloc(&cli->arena, sizeof *completion);
    completion_read(completion, &cli->arena, verb_table, verb_count, words[1],
                    n > 2 ? words[2] : "");
    offer_things(completion);
    puts(completion->things == THING_FILE ? "files" : "words");
    for (size_t i = 0; i < completion->n_offers; i++)
        puts(completion->offers[i]);
    return 0;
}

static const struct task tasks[] = {{.name = "bash", .options = {0}},
                                    {.name = "reply", .options = {0}}};
#define N_TASKS (sizeof tasks / sizeof *tasks)

static int (*const ways[N_TASKS])(struct cli *, struct err *) = {bash, reply};

static int run(struct cli *cli)
{
    struct err err;
    int task = task_find(cli->verb->name, tasks, N_TASKS, &cli->line, &err);
    return task < 0 || ways[task](cli, &err) < 0 ? cli_fail(cli, &err) : 0;
}

const struct verb verb_completion = {
    .name = "completion",
    .summary = "what makes bash complete weir's verbs, options, topics and pipelines",
    .usage = "bash                       the script, for bash to read\n"
             "reply -- LINE [BREAKS]     what it asks: what could stand at the end of LINE",
    .tasks = tasks,
    .n_tasks = N_TASKS,
    .options = options,
    .run = run,
    .notes = "To have it in this shell, or, from a line of ~/.bashrc, in each:\n"
             "  eval \"$(weir completion bash)\"\n"
             "For all users:\n"
             "  weir completion bash > /usr/share/bash-completion/completions/weir\n"
             "\n"
             "Topics are asked from the brokers that the line, WEIR_BROKERS or weir.yaml names; "
             "after a\n"
             "second without an answer none are offered. Pipelines are those of weir.yaml.",
};

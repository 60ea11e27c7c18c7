/* weir config: the configuration as it is resolved here and now, or what is wrong with it. */
#include "cmd/verb.h"
#include "generate/entry.h"

#include <stdio.h>

static void options(struct option_table *table)
{
    option_table_add_pipeline(table);
    option_table_add_common(table);
}

static int run(struct cli *cli)
{
    struct err err;
    const char *const *names = (const char *const *)cli->line.words;
    if (cli_load_config(cli, names, cli->line.n_words, true, &err) < 0 ||
        entry_check_all(&cli->arena, &cli->config, true, &err) < 0)
        return cli_fail(cli, &err);
    if (config_print(&cli->config, stdout, cli->verbose, &err) < 0)
        return cli_fail(cli, &err);
    return 0;
}

const struct verb verb_config = {
    .name = "config",
    .summary = "print the resolved configuration, or its errors; -v says where each value is from",
    .usage = "[PIPELINE...] [OPTION...]",
    .options = options,
    .run = run,
    .notes =
        "Examples:\n"
        "  weir config                    what all pipelines of the nearest weir.yaml come to\n"
        "  weir config driven_data -v     one of them, and where each value is from",
};

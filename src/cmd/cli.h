/*
 * What every verb begins with: its options read, the configuration loaded, the log set up.
 * One struct cli per process, owned by main(); a verb's run() returns the exit code:
 * 0 done, 1 the work failed, 2 wrong usage.
 */
#ifndef WEIR_CMD_CLI_H
#define WEIR_CMD_CLI_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "cmd/options.h"

#include <stdbool.h>

#define EXIT_FAILED 1
#define EXIT_USAGE 2

struct verb;

struct cli {
    const struct verb *verb;
    struct arena arena;
    struct option_table table;
    struct command_line line;
    bool json;
    bool quiet;
    bool verbose;
    struct config config; /* after cli_load_config() */
};

/*
 * Turn the options into overrides, load the configuration, set up the log. `names` are the
 * pipelines asked for; NULL: the verb runs none, and WEIR_TOPIC, WEIR_TABLE and WEIR_NAME are not
 * its business. A password in an option is refused (-X) or wiped from argv with a warning
 * (--database).
 */
int cli_load_config(struct cli *cli, const char *const *names, size_t n_names, bool allow_none,
                    struct err *err);
/* For `names`, with n_names 0: whatever the file, -t and --table or their variables name. */
extern const char *const cli_all_pipelines[1];

/* One line on stderr: "weir VERB: ...", for wrong usage with where to read on. The exit code. */
int cli_fail(const struct cli *cli, const struct err *err);
/* The same for wrong usage of a verb's own making. */
int cli_fail_usage(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A message that is no result, on stderr: "weir VERB: ..."; nothing with -q. */
void cli_note(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ask yes or no on the terminal; false off a terminal. */
bool cli_ask(const char *question);
bool cli_can_ask(void);

#endif

/* What `weir generate` is asked for, and doing it. */
#ifndef WEIR_CMD_GENERATE_JOB_H
#define WEIR_CMD_GENERATE_JOB_H

#include "base/err.h"
#include "base/outlet.h"
#include "cmd/cli.h"
#include "generate/entry.h"
#include "generate/progress.h"
#include "generate/source.h"
#include "generate/target.h"

struct generate_job {
    struct cli *cli;
    struct entry entry;
    int64_t now_ms; /* since 1970-01-01T00:00:00Z, when it was asked */
    struct source_options source_options;
    const char *topic; /* NULL: stdout */
    int32_t partition; /* -1: any */
    int64_t count;     /* 0: without end */
    bool held;         /* ... which nobody wants on a terminal: a few, and a word */
    bool waits;
    const char *ledger; /* a path, or NULL */
    /* While it runs: */
    struct progress progress;
    struct outlet outlet;
    struct ledger_file *ledger_file;
    struct topic_options topic_options;
    struct source *source;
    struct target *target;
};

/* Options and configuration; ERR_USAGE. Zeroed but for `cli` before. */
int generate_job_read(struct generate_job *job, struct err *err);
/* generate_check.c, and the last part of reading: what does not go together is ERR_USAGE; what
 * would have no end where it needs one is given it, or refused. */
int generate_job_check(struct generate_job *job, struct err *err);
/* An option's value; NULL: it was not given. */
const char *generate_job_option(const struct generate_job *job, enum option_id id);
int generate_job_run(struct generate_job *job, struct err *err);
void generate_job_release(struct generate_job *job);

#endif

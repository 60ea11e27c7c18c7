/* What `weir generate` says: how it goes, what came of it, which providers there are. */
#ifndef WEIR_CMD_GENERATE_SHOW_H
#define WEIR_CMD_GENERATE_SHOW_H

#include "cmd/generate_job.h"

struct generate_status {
    const char *topic;
    struct progress *progress;
    int64_t shown_us; /* monotonic; 0: not yet */
    uint64_t acknowledged;
    uint64_t bytes;
};

/* A status line each second on a terminal, a log line each ten elsewhere. */
void generate_show_status(struct generate_status *status);
/* One line on stderr before the first record: how many will come in a day. */
void generate_show_start(const struct generate_job *job);
/* One line on stderr, or -J's object. */
void generate_show_summary(struct generate_job *job);
/* --list-providers; the exit code. */
int generate_show_providers(struct cli *cli);

#endif

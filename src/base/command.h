/*
 * A shell command as a filter: bytes in on its stdin, bytes out from its stdout, once.
 *
 * It runs by `sh -c` in a process group of its own, so that all of it can be ended and a Ctrl-C in
 * the terminal is ours alone to act on; it ends when weir is asked to stop (signals.h), or when its
 * time is over. What it does not read of its input is no failure. Any thread; signals_init() first,
 * for a pipe that nobody reads must be an error and not the end of us.
 */
#ifndef WEIR_BASE_COMMAND_H
#define WEIR_BASE_COMMAND_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum command_end {
    COMMAND_EXITED,    /* status: its exit status; a shell's 126 and 127 are: cannot be run */
    COMMAND_KILLED,    /* status: the signal */
    COMMAND_TIMED_OUT, /* ended by us */
    COMMAND_TOO_MUCH,  /* it wrote more than COMMAND_MAX_BYTES: ended by us */
    COMMAND_STOPPED,   /* weir was asked to stop: ended by us */
};

#define COMMAND_MAX_BYTES ((size_t)16 << 20)

struct command_result {
    enum command_end end;
    int status;
    struct buf out;
    char said[400]; /* the first line of its stderr */
};

/* 0 and the result, to be released; -1 when it could not even be started. */
int command_run(const char *command, struct slice input, int64_t timeout_ms,
                struct command_result *result, struct err *err);
void command_release(struct command_result *result);

/* `word` as one argument in a line for a shell: quoted where a shell would read it otherwise. */
const char *command_word(struct arena *arena, const char *word);

#endif

/*
 * --through: each letter's value through a shell command before it is replayed, one process a
 * letter, a few at a time. The value's bytes are its stdin as they are; its stdout, less one line
 * end, is what goes through the pipeline. A command that fails or gives nothing leaves the letter
 * dead, with what it said as the reason.
 */
#ifndef WEIR_CMD_MEND_H
#define WEIR_CMD_MEND_H

#include "base/arena.h"
#include "base/command.h"
#include "sink/replay.h"

struct mend {
    const char *command;
    int64_t timeout_ms;
    struct command_result *results; /* of the last letters: their values live here */
    size_t n;
    struct arena arena; /* their refusals */
};

void mend_init(struct mend *mend, const char *command, int64_t timeout_ms);
void mend_release(struct mend *mend);
/*
 * Set value or refusal of each letter, or of the first *n alone when they are large; `left` when
 * weir was asked to stop meanwhile. -1: the command cannot be run at all.
 */
int mend_letters(struct mend *mend, struct replay_letter *letters, size_t *n, struct err *err);

#endif

/*
 * A command line as it stands in front of the cursor, taken apart as bash would: quotes and
 * backslashes, words, redirections. Nothing is expanded: a $NAME stays as it is written.
 *
 * All memory is the arena's; the words may be handed on as an argv.
 */
#ifndef WEIR_CMD_SHELL_LINE_H
#define WEIR_CMD_SHELL_LINE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct shell_line {
    char **words; /* in front of the cursor's, without quotes and redirections; the first is weir */
    size_t n_words;
    char *word;    /* the part of the cursor's word that stands in front of it; "" between words */
    size_t kept;   /* so many bytes of it bash keeps: it replaces what stands behind a break */
    char quote;    /* the quote that is open at the cursor, or 0 */
    bool redirect; /* the word is the target of < or > */
};

/* `breaks` are bash's COMP_WORDBREAKS, for `kept`. */
void shell_line_read(struct arena *arena, const char *line, const char *breaks,
                     struct shell_line *out);

/* `text` as it is to be written into the line for the cursor's word; NULL if that cannot be. */
const char *shell_line_quote(struct arena *arena, const struct shell_line *line, const char *text);

#endif

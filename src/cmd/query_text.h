/*
 * Text that came from anyone, as it may be shown on a terminal: what would command the terminal
 * (control characters, and those that change the direction of writing) is written out, a line break
 * as \n, an escape as \x1B, and the width that the rest takes is known (wcwidth).
 */
#ifndef WEIR_CMD_QUERY_TEXT_H
#define WEIR_CMD_QUERY_TEXT_H

#include "base/buf.h"
#include "base/slice.h"

/* Once, before the others: the widths of the user's locale if it is UTF-8, else of C.UTF-8. */
void text_init(void);

/* Append `text` in that form; how many columns of the terminal it takes. */
size_t text_show(struct buf *out, struct slice text);

/* The same for whole lines: line breaks stay. */
void text_show_lines(struct buf *out, struct slice text);

#endif

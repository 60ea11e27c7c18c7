/*
 * Bytes that came from anyone must not command the terminal they are shown on. What would is
 * written out, in one form everywhere: a line's end as \n (also \r, \t), other control characters
 * and bytes that are not UTF-8 as \x1B, and in Unicode those that control (\u009B) or change the
 * direction of writing (\u202E). Into a file or pipe bytes go as they are.
 */
#ifndef WEIR_CMD_SHOWN_H
#define WEIR_CMD_SHOWN_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

/* Append whole lines: their ends and tabs stay. */
void shown_add(struct buf *out, struct slice bytes);

/* Append as a part of one line. */
void shown_add_line(struct buf *out, struct slice bytes);

/*
 * The same; how many columns of the terminal it takes. Characters of no known width are written out
 * too. shown_init() comes once before: the widths of the user's locale if it is UTF-8, else of
 * C.UTF-8.
 */
void shown_init(void);
size_t shown_add_cell(struct buf *out, struct slice bytes);

/* Whether the user's locale, and the terminal if stdout is one, know more than ASCII. */
bool shown_is_utf8(void);

#endif

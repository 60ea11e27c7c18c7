/*
 * Text inside a JSON string as Python's json.dumps writes it: short escapes where JSON has them,
 * \u00XX for other control characters, and \uXXXX for DEL and all that is not ASCII unless `utf8`.
 */
#ifndef WEIR_GENERATE_QUOTE_H
#define WEIR_GENERATE_QUOTE_H

#include "base/slice.h"

#include <stdbool.h>

/* Without the quotes; at most 6 bytes for one. Bytes that are no UTF-8 become U+FFFD. */
char *quote_put(char *to, struct slice text, bool utf8);
/* The text that quote_put() has made it of; `to` has room for as many bytes. */
char *quote_undo(char *to, struct slice quoted);
/* Whether it stands in a JSON string as it is: ASCII, and nothing to escape. */
bool quote_is_plain(struct slice text);

#endif

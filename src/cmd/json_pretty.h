/* JSON with a line for each member, for people. */
#ifndef WEIR_CMD_JSON_PRETTY_H
#define WEIR_CMD_JSON_PRETTY_H

#include "base/buf.h"

/* Append `text` so, without a line's end behind it. False, and nothing appended: it is no JSON. */
bool json_pretty(struct buf *out, struct slice text);

#endif

/*
 * Bytes that came from anyone must not command the terminal they are shown on: there control
 * characters other than line ends and tabs, and what is not UTF-8, are written as \xNN. Into a file
 * or pipe bytes go as they are.
 */
#ifndef WEIR_CMD_SHOWN_H
#define WEIR_CMD_SHOWN_H

#include "base/buf.h"

void shown_add(struct buf *out, struct slice bytes);

#endif

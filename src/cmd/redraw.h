/*
 * What is shown again and again: over the last time on a terminal, below it elsewhere. `weir query
 * --watch` and `weir rate --live` do so.
 */
#ifndef WEIR_CMD_REDRAW_H
#define WEIR_CMD_REDRAW_H

#include "base/buf.h"
#include "cmd/query_output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redraw {
    bool terminal;      /* stdout is one, */
    bool over;          /* and can be drawn over */
    size_t drawn_lines; /* of the last time; 0: nothing is drawn over */
};

void redraw_init(struct redraw *redraw);
/* Append what clears the last time, if all of it is still on the screen. */
void redraw_begin(const struct redraw *redraw, const struct screen *screen, struct buf *out);
/* The head line of a terminal: the time of day, and what comes; one line of a narrow one, too. */
void redraw_add_head(const struct screen *screen, int64_t every_ms, struct buf *out);
/* A time of clock_wall_us() in UTC, for a program: 2026-11-26T14:53:07Z */
void redraw_add_time(struct buf *out, int64_t wall_us);
/* Wait until then (of clock_mono_us()): true; or for a signal that asks to stop: false. */
bool redraw_pause(int64_t deadline_us);

#endif

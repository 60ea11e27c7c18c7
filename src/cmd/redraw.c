#include "cmd/redraw.h"

#include "base/clock.h"
#include "base/signals.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void redraw_init(struct redraw *redraw)
{
    const char *term = getenv("TERM");
    *redraw = (struct redraw){.terminal = isatty(STDOUT_FILENO)};
    redraw->over = redraw->terminal && term && strcmp(term, "dumb") != 0;
}

void redraw_begin(const struct redraw *redraw, const struct screen *screen, struct buf *out)
{
    if (redraw->drawn_lines > 0 && redraw->drawn_lines < screen->lines && redraw->over)
        buf_printf(out, "\x1b[%zuA\r\x1b[J", redraw->drawn_lines);
}

void redraw_add_head(const struct screen *screen, int64_t every_ms, struct buf *out)
{
    char text[64];
    char head[128];
    struct tm tm;
    time_t now = (time_t)(clock_wall_us() / 1000000);
    strftime(text, sizeof text, "%H:%M:%S", localtime_r(&now, &tm));
    snprintf(head, sizeof head, "%s, every %g s; Ctrl-C ends", text, (double)every_ms / 1000);
    if (screen->columns > 0 && screen->columns < strlen(head))
        head[screen->columns] = '\0';
    buf_printf(out, "%s\n", head);
}

void redraw_add_time(struct buf *out, int64_t wall_us)
{
    char text[64];
    struct tm tm;
    time_t at = (time_t)(wall_us / 1000000);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
    buf_add_str(out, text);
}

bool redraw_pause(int64_t deadline_us)
{
    for (;;) {
        int64_t left_ms = (deadline_us - clock_mono_us() + 999) / 1000;
        if (signals_stop_requested())
            return false;
        if (left_ms <= 0)
            return true;
        struct pollfd pfd = {.fd = signals_fd(), .events = POLLIN};
        poll(&pfd, 1, left_ms > 60000 ? 60000 : (int)left_ms);
    }
}

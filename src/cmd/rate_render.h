/* What weir rate prints: a table for people, one object with -J, lines with --csv. */
#ifndef WEIR_CMD_RATE_RENDER_H
#define WEIR_CMD_RATE_RENDER_H

#include "cmd/cli.h"
#include "inspect/rate.h"

#include <stdbool.h>

struct rate_view {
    const char *topic; /* or NULL */
    const char *table; /* or NULL, and its column */
    const char *column;
    const struct tz *tz; /* that times are shown in */
    double expect_per_s; /* --expect; 0: none */
    bool csv;
};

void rate_render(const struct cli *cli, const struct rate *rate, const struct rate_view *view);

#endif

/* Figures for people: numbers in groups of three, sizes and durations in the largest units. */
#ifndef WEIR_CMD_FIGURE_TEXT_H
#define WEIR_CMD_FIGURE_TEXT_H

#include "base/arena.h"

#include <stdint.h>

/* "10,800", "-1,234" */
const char *grouped_text(struct arena *arena, int64_t number);
/* A measure, with as many decimals as tell something: "10,800", "446.3", "7.25", "0.0042" */
const char *measure_text(struct arena *arena, double value);
/* "1.5GiB" */
const char *size_text(struct arena *arena, int64_t bytes);
/* The two largest units, so that what is shown is what is set, or near it: "1h30m" */
const char *duration_text(struct arena *arena, int64_t ms);

#endif

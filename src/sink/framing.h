/* Recognise what was put into a topic in place of JSON, so that a dead letter can name it. */
#ifndef WEIR_SINK_FRAMING_H
#define WEIR_SINK_FRAMING_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* If `value` looks like a known binary format, a sentence that says so goes into `out`. */
bool framing_describe(struct slice value, char *out, size_t out_bytes);

#endif

/*
 * What was found by looking: a list, in the order in which it was looked at. Every finding that is
 * not ok says what to do about it.
 */
#ifndef WEIR_INSPECT_FINDING_H
#define WEIR_INSPECT_FINDING_H

#include "base/arena.h"

#include <stddef.h>

enum finding_level {
    FINDING_OK,
    FINDING_WARN, /* it works, but not as it perhaps should, or not for ever */
    FINDING_FAIL, /* the pipeline does not start, stops, or makes dead letters */
    FINDING_SKIP, /* not looked at; the text says why */
};
#define FINDING_LEVELS 4

struct finding {
    enum finding_level level;
    const char *section; /* "Kafka" */
    const char *subject; /* "topic orders" */
    const char *text;    /* what was found */
    const char *cure;    /* what to do, in words; NULL: nothing, or see sql */
    const char *sql;     /* statements that cure it, run in the pipeline's database; NULL: none */
    const char *instead; /* another way, in words; NULL: none */
    struct finding *next;
};

struct findings {
    struct arena *arena; /* of all that is in it */
    struct finding *first;
    struct finding *last;
    size_t n[FINDING_LEVELS];
};

/* Append one; its section and subject are copied. The cure is the caller's to add. */
struct finding *finding_add(struct findings *findings, enum finding_level level,
                            const char *section, const char *subject, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* "ok", "warn", "fail", "skip". */
const char *finding_level_name(enum finding_level level);

#endif

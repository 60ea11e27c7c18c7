/*
 * Dead letters read back: what `weir dead list | show | export | prune` work on. Ingest writes them
 * inside its own transactions (sink/postgres/letters.c), a replay (sink/replay.h) marks those that
 * became rows; nothing but prune deletes them.
 */
#ifndef WEIR_SINK_DEAD_H
#define WEIR_SINK_DEAD_H

#include "base/config.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct dead_letter {
    const char *pipeline;
    const char *topic;
    int32_t partition;
    int64_t record_offset;
    int item;
    const char *record_time; /* ISO 8601 text, or NULL */
    int64_t timestamp_ms;    /* the same since 1970, or -1 */
    struct slice key;
    struct slice value;
    const char *headers; /* JSON text (sink/letter_headers.h) or NULL */
    const char *column_name;
    const char *reason;
    const char *sqlstate;
    const char *seen_at;
    const char *replayed_at;
};

enum dead_which {
    DEAD_OPEN,     /* those that are no rows yet */
    DEAD_REPLAYED, /* those that became rows later on */
    DEAD_ALL,
};

struct dead_place {
    const char *topic;
    int32_t partition;
    int64_t offset;
};

struct dead_filter {
    enum dead_which which;
    const char *pipeline; /* NULL: all */
    const char *topic;    /* NULL: all */
    int32_t partition;    /* -1: all */
    const char *column;   /* NULL: all */
    const char *reason;   /* a part of it; NULL: all */
    const struct dead_place *places;
    size_t n_places; /* 0: all */
    int64_t limit;   /* 0: all */
};

enum dead_order {
    DEAD_NEWEST_FIRST, /* as they were met */
    DEAD_OLDEST_FIRST, /* by pipeline, topic, partition and offset */
};

/* `each` gets borrowed data. Row by row, without holding the result in memory. */
int dead_list(const struct pipeline_config *config, const struct dead_filter *filter,
              enum dead_order order, void (*each)(void *context, const struct dead_letter *letter),
              void *context, struct err *err);
/* Grouped: one call per (pipeline, topic, column, reason) with the count and an example place. */
struct dead_group {
    const char *pipeline;
    const char *topic;
    const char *column_name;
    const char *reason;
    const char *sqlstate;
    int64_t letters;
    int32_t example_partition;
    int64_t example_offset;
    const char *last_seen_at;
};
int dead_groups(const struct pipeline_config *config, const struct dead_filter *filter,
                void (*each)(void *context, const struct dead_group *group), void *context,
                struct err *err);
/* Delete those older than `older_than_ms` (0: all) that the filter names; *deleted is set. */
int dead_prune(const struct pipeline_config *config, const struct dead_filter *filter,
               int64_t older_than_ms, int64_t *deleted, struct err *err);

#endif

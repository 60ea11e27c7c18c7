/*
 * The newest records of topics, copied, so that they can be looked at again and again.
 *
 * So many in all, from all partitions alike as far as these have them; where records are very
 * large, fewer (`cut`). Only committed ones. Nothing is read in a group's name, so nothing changes.
 */
#ifndef WEIR_INSPECT_SAMPLE_H
#define WEIR_INSPECT_SAMPLE_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "client/admin_topics.h"
#include "sink/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLE_DEFAULT_RECORDS 1000
#define SAMPLE_MAX_RECORDS 1000000
#define SAMPLE_MAX_BYTES ((size_t)64 << 20)

struct sample_request {
    const struct pipeline_config *config; /* brokers and properties */
    const struct topic_list *topics;      /* with their offsets */
    size_t n_records;
    int timeout_ms; /* without anything new */
};

/* A partition whose last records are of a transaction that is still open. */
struct sample_open {
    const char *topic;
    int32_t partition;
    int64_t from; /* the first offset that is not committed */
    int64_t high;
};

struct sample {
    struct record *records; /* by topic, partition and offset */
    size_t n;
    int64_t newest_ms; /* the latest timestamp; -1: none */
    bool cut;          /* SAMPLE_MAX_BYTES were reached */
    struct sample_open *open;
    size_t n_open;
};

/* All memory is the arena's. -1: as scan_read(). */
int sample_read(struct sample *out, struct arena *arena, const struct sample_request *request,
                struct err *err);

/*
 * How many of each stretch are taken so that all are `wanted` together, alike as far as they go.
 * `sizes` and `taken` have `n` places.
 */
void sample_share(const int64_t *sizes, size_t n, int64_t wanted, int64_t *taken);

#endif

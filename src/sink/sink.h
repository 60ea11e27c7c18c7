/*
 * A table to write to, exactly once: PostgreSQL now, SQLite later, behind one vtable.
 *
 * The state of a pipeline (how far each partition is, who owns it, what could not become a row)
 * lives in the target database and changes in the same transaction as the rows.
 *
 *   struct store  one per pipeline, owned by its control thread: setup files, state schema, the
 *                 pipeline's registration, claims. One connection.
 *   struct lane   one connection with its own transactions; owned by one lane thread.
 *
 * Threads: the calls on one store or one lane never overlap; a store and its lanes share only what
 * is never changed after store_prepare().
 */
#ifndef WEIR_SINK_SINK_H
#define WEIR_SINK_SINK_H

#include "base/config.h"
#include "base/err.h"
#include "sink/batch.h"
#include "sink/row.h"
#include "sink/table.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct store;
struct lane;

/* What the pipeline knows about its source when it registers. */
struct source_identity {
    const char *cluster_id;
    const char *const *topics;
    size_t n_topics;
};

/* First start: where each partition begins. */
struct start_offset {
    const char *topic;
    int32_t partition;
    int64_t offset;
};

/* A partition as the store has it after a claim. */
struct claim {
    const char *topic;
    int32_t partition;
    int64_t epoch;
    int64_t next_offset;
    struct last_record last;
    char topic_id[32]; /* "" if it was never known */
};

enum stored_how {
    STORED,          /* committed; the claims' tallies are filled */
    STORED_NOT_OURS, /* nothing committed: some claims are another owner's now; `dropped` is set on
                        them; store the rest again */
    STORED_RETRY,    /* nothing committed: an outage (err); lane_recover() before the next try */
    STORED_HALT,     /* nothing committed: a person must act (err) */
};

struct sink_ops {
    const char *name; /* "PostgreSQL" */

    /* Connect and check the server (version, encoding). ERR_OUTAGE, ERR_HALT or ERR_USAGE. */
    int (*open)(struct store **store, const struct pipeline_config *config, struct err *err);
    void (*close)(struct store *store);
    int (*reconnect)(struct store *store, struct err *err);

    /* The --setup files, each a transaction under an advisory lock. */
    int (*setup)(struct store *store, struct err *err);
    /* Read and judge the table, compile the plan; refusals are ERR_HALT with reason and cure. */
    int (*read_table)(struct store *store, struct err *err);
    /* Create or migrate the state schema, learn the store's UUID. */
    int (*prepare)(struct store *store, struct err *err);
    const char *(*uuid)(const struct store *store);
    const struct table *(*table)(const struct store *store);
    /* What --print-setup prints; the caller frees it. */
    char *(*setup_sql)(const struct pipeline_config *config);

    /*
     * Check the pipeline's registration (name, table, oid, topics, cluster, another pipeline on the
     * same table; --reset, --accept-table, --allow-second-copy act here), in one transaction under
     * an advisory lock. *first: no offsets exist yet: call start_at() before any claim.
     */
    int (*enlist)(struct store *store, const struct source_identity *identity, bool *first,
                  struct err *err);
    int (*start_at)(struct store *store, const struct start_offset *starts, size_t n,
                    struct err *err);

    /*
     * Take ownership of one partition: epoch + 1, committed. `if_new` is where a partition starts
     * that has no row yet. A row held by a dead or frozen process of this pipeline is freed
     * (postgres/rowlock.h); our own lanes are waited for instead.
     */
    int (*claim)(struct store *store, const char *topic, int32_t partition, int64_t if_new,
                 const char *topic_id, struct claim *out, struct err *err);
    /* Add a gap to absent and move next_offset over it (--on-gap record), under the claim. */
    int (*record_gap)(struct store *store, struct claim *claim, int64_t next, struct err *err);
    /* next_offset of a partition as committed, whoever owns it; -1 if it has no row. */
    int (*peek)(struct store *store, const char *topic, int32_t partition, int64_t *next,
                struct err *err);

    int (*lane_open)(struct lane **lane, struct store *store, int number, struct err *err);
    void (*lane_close)(struct lane *lane);
    /* The whole transaction of design point 3, with isolation of bad records (point 8). */
    enum stored_how (*lane_store)(struct lane *lane, struct batch *batch, struct err *err);
    /*
     * After STORED_RETRY: connect again and settle what the lost connection left open (point 4).
     * 1: the batch had been committed after all; 0: it had not, store it again; -1: err, try later
     * (ERR_OUTAGE) or never (ERR_BUG, ERR_HALT).
     */
    int (*lane_recover)(struct lane *lane, struct batch *batch, struct err *err);
    /* Decode and encode only, as --dry-run wants it; `report` for each dead record. */
    void (*lane_dry)(struct lane *lane, struct batch *batch,
                     void (*report)(void *context, const struct record *record,
                                    const struct row_reason *reason),
                     void *context);
};

extern const struct sink_ops postgres_sink;

/* Which sink a --database value names. */
const struct sink_ops *sink_for(const char *database);

#endif

/*
 * Dead letters through the pipeline again, exactly once.
 *
 * A letter becomes the record that it was (topic, partition, offset, time, key, value, headers) and
 * goes the way of ingest's records: same encoder, policies, COPY and isolation. One transaction a
 * chunk: its rows are in, its letters are marked, and the counters of their partitions are moved
 * (dead - n, rows + n), or nothing of it is. A letter that fails again keeps its place with the new
 * reason.
 *
 *     replay_open() -> { replay_fetch() -> mend, if anybody wants to -> replay_store() }... ->
 * close
 *
 * What a letter is doing twice stands in the database alone: the transaction locks the offset rows
 * of the chunk's partitions, as ingest does and in the same order, and then the letters; one that
 * is replayed already, or is another than was fetched, is left alone. So two replays at once, one
 * that was killed, and an answer to COMMIT that was lost can neither double a row nor lose one.
 *
 * It needs the database only, and may run beside `weir ingest`. One thread; waits for outages of up
 * to a minute.
 */
#ifndef WEIR_SINK_REPLAY_H
#define WEIR_SINK_REPLAY_H

#include "sink/dead.h"

struct replay;

enum replay_fate {
    REPLAY_NOT_TRIED, /* `left`, or replay_store() failed */
    REPLAY_ROW,       /* it is in the table, or a trigger or on_conflict kept it out */
    REPLAY_DEAD,      /* dead again: column, reason, sqlstate */
    REPLAY_DONE,      /* another replay had it meanwhile */
    REPLAY_GONE,      /* it is not there any more: pruned, or set aside by a --reset */
    REPLAY_BUSY,      /* another replay tried it meanwhile; it is dead still */
    REPLAY_OUTSIDE,   /* its offset is none that the pipeline has counted: see docs */
};

struct replay_letter {
    struct dead_letter kept; /* as it stands in the database */

    /* For who mends, between fetch and store; all must live until the store is done. */
    struct slice value;  /* what goes through the pipeline; at first kept.value */
    const char *refusal; /* it is not to be tried but stays dead, for this reason; at first NULL */
    bool left;           /* it is not to be touched */

    /* What became of it; valid until the next fetch. */
    enum replay_fate fate;
    const char *column;
    const char *reason;
    const char *sqlstate;
};

/*
 * `config` needs name, database, state_schema and the policies; without a table the one that the
 * pipeline is registered with is taken. The filter's pipeline must be config->name. Refused as
 * ERR_HALT with the cure: a pipeline that is not registered, a table that is not the registered one
 * or was emptied. With config->dry_run every transaction is rolled back at its end: what the server
 * would say is known, and nothing has happened.
 */
int replay_open(struct replay **out, const struct pipeline_config *config,
                const struct dead_filter *filter, struct err *err);
void replay_close(struct replay *replay);
/* The table, quoted. */
const char *replay_table(const struct replay *replay);
/* How many letters the filter names: that are open, and that were replayed before. */
int replay_count(struct replay *replay, int64_t *open, int64_t *replayed, struct err *err);

/* The next of the filter's open letters, `max` at most and some MiB. 1; 0: no more; -1: err. */
int replay_fetch(struct replay *replay, size_t max, struct replay_letter **letters, size_t *n,
                 struct err *err);
/* Only the first `n` of those fetched, one at least; the rest comes with the next fetch. */
void replay_keep_first(struct replay *replay, size_t n);
/* Put them through. 0: committed, each has its fate; -1: err, and nothing of them has happened, or
 * (only ERR_OUTAGE) it is not known whether: the database knows. */
int replay_store(struct replay *replay, struct err *err);
/* Rows that a trigger or on_conflict kept out, so far. */
int64_t replay_suppressed(const struct replay *replay);

#endif

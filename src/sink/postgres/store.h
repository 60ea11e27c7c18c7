/*
 * Private to the PostgreSQL sink: what a store and a lane are made of.
 *
 * The store belongs to the pipeline's control thread, each lane to its own thread. Shared between
 * them: the configuration and target (never change), `table_oid` (set before the first lane opens),
 * the backends of our lanes (atomics), the dead share and the unknown keys (each behind a mutex).
 */
#ifndef WEIR_SINK_POSTGRES_STORE_H
#define WEIR_SINK_POSTGRES_STORE_H

#include "sink/postgres/pg.h"
#include "sink/share.h"
#include "sink/sink.h"
#include "sink/unknown.h"

#include <stdatomic.h>

#define PG_MAX_LANES 64

struct store {
    const struct pipeline_config *config;
    struct arena arena;
    struct pg_target target;
    PGconn *conn;
    struct table *table;
    char uuid[37];
    const char *schema;      /* the state schema, quoted */
    const char *pipeline;    /* its name as an SQL literal */
    const char *application; /* what our transactions are called, as an SQL literal */
    uint32_t table_oid;
    /* Backend pids of our lanes, behind a pooler those of their transactions; 0 for none: waited
     * for, never terminated. */
    atomic_int lane_pids[PG_MAX_LANES];
    /* Some claim of this process found letters set aside where it goes on; see letters.c. */
    atomic_bool has_aside;
    struct dead_share share;
    struct unknown_keys unknown;
};

/* Rows handed to one COPY that is not settled yet, as entries of the batch. */
struct row_list {
    uint32_t *entries;
    size_t n;
    size_t cap;
};

/* FATE_LEFT: of a replay, a dead letter that is not this transaction's to try. */
enum fate { FATE_PENDING, FATE_ROW, FATE_DEAD, FATE_TOMBSTONE, FATE_LEFT };

/* A dead letter on its way: which entry, and why. Strings live in the letters' arena. */
struct letter {
    uint32_t entry;
    const char *column;
    const char *sqlstate;
    const char *reason;
};

/*
 * What a lane's transactions are about: ingest's move partitions on (transaction.c), a replay's
 * work through dead letters (replay_transaction.c). The way of the rows in between is the same.
 *   judge   the transaction is open: hold the batch against the rows of weir.offsets
 *   bury    the rows are in and the fates counted: see to the dead letters
 *   settle  the counters, and COMMIT
 */
enum opened { OPENED, OPENED_NOT_OURS, OPENED_TABLE_CHANGED, OPENED_FAULT, OPENED_ERR };
struct protocol {
    enum opened (*judge)(struct lane *lane, const PGresult *offsets, struct pg_fault *fault,
                         struct err *err);
    int (*bury)(struct lane *lane, struct pg_fault *fault);
    int (*settle)(struct lane *lane, struct pg_fault *fault);
};
extern const struct protocol ingest_protocol;

struct replay;

/*
 * Entries that a foreign key of the table to itself refused alone, while it is asked at once: the
 * record that each leans on may come behind it. In the letters' arena.
 */
struct leaning {
    bool on;
    uint32_t *entries;
    size_t n;
    size_t room;
};

struct lane {
    struct store *store;
    int number;
    const struct protocol *protocol;
    struct replay *replay; /* whose lane this is, or NULL */
    PGconn *conn;
    struct table *table;
    struct row_plan *plan;
    struct row_policy policy;
    struct row_coder *coder;

    /* The transaction under way. */
    struct batch *batch;
    unsigned char *fates; /* enum fate of each entry */
    size_t cap_fates;
    struct letter *letters;
    size_t n_letters;
    size_t cap_letters;
    struct arena letters_arena;
    struct leaning leaning; /* of isolate.c */
    struct row_sink rows;
    struct row_list lists[ROW_MAX_SHAPES + 1]; /* the last one: of `rows.single` */
    int open_shape;                            /* whose COPY is open, or -1 */
    size_t dense_gap; /* the last batch was full of culprits, one in so many; 0: it was not */
    bool copy_begun;  /* copy_range() sent its `before` */
    bool keep_text;   /* the server refused our binary form: text from now on */
};

/* lane.c */
int lane_connect(struct lane *lane, struct err *err);
int lane_load_table(struct lane *lane, struct err *err);
void lane_disconnect(struct lane *lane);
void lane_note_pid(struct lane *lane, int pid);
/* The claim's partition has another owner now: what was read under the claim is left to it. */
void lane_drop_claim(const struct lane *lane, struct batch_claim *claim);

/* transaction.c: BEGIN .. FOR UPDATE, and the protocol's judgement. */
enum opened transaction_open(struct lane *lane, struct pg_fault *fault, struct err *err);
/* The offset rows as they were locked: the fields, and the row of a claim or -1. */
enum { O_TOPIC, O_PARTITION, O_NEXT, O_EPOCH, O_START, O_DEAD };
int transaction_find_row(const PGresult *offsets, const struct batch_claim *claim);
/* (topic,partition) of all live claims, with commas between. */
void transaction_claim_list(struct buf *sql, struct arena *arena, const struct batch *batch);
size_t transaction_live_claims(const struct batch *batch);
/* Run the end of a transaction, whose last statement must answer `tag` ("COMMIT"). */
int transaction_finish(struct lane *lane, const char *sql, const char *tag, struct pg_fault *fault);

/*
 * copy.c: encode and COPY the entries [from, to) of `claim` (NULL: of all); `before` is SQL to run
 * in the same round trip as the first COPY, if there is one (lane->copy_begun). 0, or -1 and the
 * fault; *hint gets the entry that the server's error points at, or -1.
 */
int copy_range(struct lane *lane, size_t from, size_t to, const struct batch_claim *claim,
               const char *before, struct pg_fault *fault, int64_t *hint);
/*
 * The same, but into a temporary table that it makes: pg_temp.weir_rows, the columns of shape 0 and
 * `weir_row`, which is entry * ROW_MAX_SHAPES + shape. Fails also with rows of the ninth shape or
 * of no column at all.
 */
struct staged {
    unsigned shapes; /* that are in it, a bit each */
    int64_t rows;
};
int copy_stage(struct lane *lane, size_t from, size_t to, const struct batch_claim *claim,
               const char *before, struct staged *staged, struct pg_fault *fault, int64_t *hint);
/*
 * Fewer rows stored than sent: suppressed where something may suppress, which goes into `tally` (of
 * the claim they all belong to, or NULL), else a reason to stop: -1 and the fault.
 */
int copy_account(struct lane *lane, struct tally *tally, int64_t sent, int64_t stored,
                 struct pg_fault *fault);
void copy_mark_dead(struct lane *lane, uint32_t entry, const char *column, const char *sqlstate,
                    const char *reason);
/* Forget the transaction's rows and letters, keep the memory. */
void copy_reset(struct lane *lane);
void copy_release(struct lane *lane);

/*
 * isolate.c: the slow way, after the server rejected a record. `immediate`: deferred constraints
 * speak up inside their record's savepoint.
 */
int isolate_batch(struct lane *lane, bool immediate, struct pg_fault *fault);
/* The server refused this entry alone, with this fault: a dead letter, unless it leans on others.
 */
void isolate_bury(struct lane *lane, uint32_t entry, const struct pg_fault *fault);

/*
 * rowwise.c: the server itself tries the entries [from, to) of `claim` (NULL: of all), each row
 * alone, or in small blocks if culprits stand far apart: one in `gap`. `before` opens a savepoint.
 *   ROWWISE_DONE   they are in, or buried: *refused of them
 *   ROWWISE_NOT    to be gone another way, after a rollback to the savepoint; *hint is the entry
 *                  that could not even be staged, or -1 when it is none
 *   ROWWISE_FAULT  the server is away: *fault
 */
enum rowwise { ROWWISE_DONE, ROWWISE_NOT, ROWWISE_FAULT };
enum rowwise rowwise_range(struct lane *lane, size_t from, size_t to, struct batch_claim *claim,
                           size_t gap, const char *before, struct pg_fault *fault, int64_t *hint,
                           size_t *refused);

/* store.c: a store whose connections call themselves `application`. */
int pg_store_open(struct store **out, const struct pipeline_config *config, const char *application,
                  struct err *err);

/* letters.c */
int letters_bury(struct lane *lane, struct pg_fault *fault);
/* Sets a pipeline's letters aside; both quoted, `pipeline` as a literal. AND may follow. */
const char *letters_set_aside_sql(struct arena *arena, const char *schema, const char *pipeline);

/* store_batch.c */
enum stored_how pg_lane_store(struct lane *lane, struct batch *batch, struct err *err);
void pg_lane_dry(struct lane *lane, struct batch *batch,
                 void (*report)(void *context, const struct record *record,
                                const struct row_reason *reason),
                 void *context);

/* recover.c */
int pg_lane_recover(struct lane *lane, struct batch *batch, struct err *err);
/*
 * What became of a transaction `xid` (txid_current(); "": it did not come so far) whose answer was
 * lost and that held the batch's offset rows. 1: the server says that it was committed, 0: not as
 * far as is known, -1: err, try later or never.
 */
int pg_lane_outcome(struct lane *lane, const struct batch *batch, const char *xid, struct err *err);

/* claim.c */
int pg_claim(struct store *store, const char *topic, int32_t partition, int64_t if_new,
             const char *topic_id, struct claim *out, struct err *err);
int pg_record_gap(struct store *store, struct claim *claim, int64_t next, struct err *err);
int pg_peek(struct store *store, const char *topic, int32_t partition, int64_t *next,
            struct err *err);

#endif

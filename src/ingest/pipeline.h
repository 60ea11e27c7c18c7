/*
 * Private to src/ingest: what a running pipeline is made of, and which thread owns which part.
 *
 *     control thread   start-up, claims, checks of offsets        owns store, admin
 *          |  ^
 *      tasks  notes
 *          v  |
 *     pump thread      polls the consumer, fills batches          owns consumer, partitions, seats
 *          |  ^
 *     batches notes
 *          v  |
 *     lane threads     one transaction after the other            own one lane each
 *
 * They talk through queues alone (base/queue.h); a batch belongs to whoever it was handed to. The
 * exceptions: `generation`, `stopping` are atomics, `view` lies behind its mutex for whoever looks
 * in from outside (status line, metrics, report), and so does `consumer` for whoever wakes the
 * pump.
 *
 * Revoke never waits for the database: the pump drops what it has buffered and answers at once. A
 * batch already under way either commits before the next claim of its partition, which waits for
 * its row, or finds another epoch and rolls back.
 */
#ifndef WEIR_INGEST_PIPELINE_H
#define WEIR_INGEST_PIPELINE_H

#include "base/config.h"
#include "base/queue.h"
#include "client/admin.h"
#include "client/consumer.h"
#include "ingest/slot.h"
#include "ingest/view.h"
#include "sink/sink.h"

#include <pthread.h>
#include <stdatomic.h>

enum partition_state {
    PARTITION_IDLE,     /* not ours */
    PARTITION_CLAIMING, /* ours by the group; the control thread is at the database */
    PARTITION_READING,
    PARTITION_LOST,    /* another process claimed it in the database; the group will tell us */
    PARTITION_STOPPED, /* a person must act: `err` */
};

struct partition {
    const char *topic;
    int32_t partition;
    enum partition_state state;
    int64_t epoch;
    int64_t position;        /* next offset to read */
    int64_t queued;          /* next offset after all that stands in batches; <= position */
    int64_t stored;          /* next offset in the database */
    struct last_record last; /* of what is stored */
    int64_t goal;            /* --exit: done when stored >= goal; -1: none */
    bool at_eof;             /* the last thing read was the end */
    int64_t gap_since_us;    /* since when position > queued; 0: it is not */
    int64_t lost_since_us;
    int64_t first_loss_us; /* of the recent ones, and how many those are */
    int losses;
    struct seat *seat; /* all that is pending, so between stored and queued, is there */
    bool is_moving;    /* not read until nothing is pending: then it gets another seat */
    struct stream *stream;
    struct err err;
    struct partition *next;
};

/* A lane as the pump sees it: a thread, its work, and two batches that change places. */
struct seat {
    struct pipeline *pipeline;
    int number;
    struct lane *lane;
    pthread_t thread;
    bool started;
    struct queue work; /* of struct batch; the pipeline's `no_more` ends the thread */
    struct batch batches[2];
    struct batch *filling;
    bool busy;          /* the other batch is under way */
    bool was_laden;     /* the batch that was handed over last: seating_is_laden() */
    int64_t handed_us;  /* when that was */
    int64_t settled_us; /* when the last one was settled */
    int64_t rested_us;  /* when it may take a few records again */
    size_t n_partitions;
};

/* One partition's part of a task for the control thread and of its answer. */
struct ticket {
    struct partition *partition; /* opaque to the control thread */
    const char *topic;
    int32_t number;
    int64_t position;
    struct last_record last;
    /* answer: */
    struct claim claim;
    bool ok;
    struct err err;
};

enum task_kind { TASK_CLAIM, TASK_CHECK, TASK_PEEK, TASK_END };
struct task {
    enum task_kind kind;
    uint64_t generation;
    struct ticket *tickets;
    size_t n;
};

enum note_kind {
    NOTE_TASK_DONE, /* task: from the control thread */
    NOTE_STORED,    /* seat, batch: settled */
    NOTE_HALTED,    /* seat or none, batch or none, err */
};
struct note {
    enum note_kind kind;
    struct task *task;
    struct seat *seat;
    struct batch *batch;
    double seconds; /* from hand-over to settled */
    int64_t retries;
    struct err err;
};

/* How we stand with the group. */
struct membership {
    int64_t first_fenced_us; /* of the recent times, and how many those are */
    int times_fenced;
    int64_t waiting_since_us; /* for partitions; 0: not */
    bool told;
};

struct pipeline {
    const struct pipeline_config *config;
    const struct sink_ops *sink;
    char group[256];
    struct slot slot;
    atomic_int dry_reports;

    /* control thread */
    pthread_t control_thread;
    bool control_started;
    struct store *store;
    struct admin *admin;
    struct queue tasks;

    /* pump thread */
    pthread_t pump_thread;
    struct consumer *consumer;
    pthread_mutex_t consumer_lock;
    struct partition *partitions;
    struct seat *seats;
    size_t n_seats;
    struct queue notes;
    bool assigned;    /* the group has answered at least once */
    bool checking;    /* nothing is read or handed over until the control thread has answered */
    bool check_again; /* a reason for a check came up during one */
    bool peeking;
    bool halted;
    bool commit_due;
    int64_t records_read;
    int64_t last_commit_us;
    struct membership membership;
    int64_t last_peek_us;
    int64_t open_transaction_since_us;
    bool open_transaction_told;
    char last_fault[sizeof(((struct err *)0)->text)];

    atomic_ullong generation;
    atomic_bool stopping;
    atomic_llong stop_us;
    struct view view;
};

/* pipeline.c */
void pipeline_init(struct pipeline *pipeline, const struct pipeline_config *config);
int pipeline_start(struct pipeline *pipeline, struct err *err);
void pipeline_stop(struct pipeline *pipeline);
void pipeline_join(struct pipeline *pipeline);
void pipeline_release(struct pipeline *pipeline);
/* Whether it ends by itself where the topics ended when it began: --exit, and every dry run. */
static inline bool pipeline_ends(const struct pipeline *pipeline)
{
    return pipeline->config->exit_at_end || pipeline->config->dry_run;
}
/* After stopping began: whether the time to drain is over. */
bool pipeline_out_of_time(struct pipeline *pipeline);

/* boot.c: what the control thread does first. */
int pipeline_boot(struct pipeline *pipeline, struct err *err);
/* A new consumer, in the place of the one that was there. */
int pipeline_join_group(struct pipeline *pipeline, struct err *err);

/* control.c */
void *control_main(void *context);
void control_tell(struct pipeline *pipeline, struct task *task);
struct task *task_new(enum task_kind kind, uint64_t generation, size_t n);
void task_free(struct task *task);

/* check.c: design point 6. 0, or -1 and err (ERR_OUTAGE: ask again; ERR_HALT: stop). */
int check_position(struct pipeline *pipeline, const struct ticket *ticket, const char *topic_id,
                   int64_t *gap_to, struct err *err);

/* pump.c */
void *pump_main(void *context);
/* Read no more, finish what is under way, and end with this error. */
void pump_halt(struct pipeline *pipeline, const struct err *err);

/* partition.c: the pump's book of partitions. */
struct partition *partition_find(struct pipeline *pipeline, const char *topic, int32_t number);
void partition_move(struct partition *partition, enum partition_state state);
/* Stopped, be it that the group has taken it from us since (a deleted topic's is never given back).
 */
bool partition_is_stopped(const struct partition *partition);
const char *partition_state_name(enum partition_state state);
/* All that are read, each at the next offset to read or at the next to store; to be freed. */
enum partition_at { AT_POSITION, AT_STORED };
struct partition_ref *partition_refs(const struct pipeline *pipeline, enum partition_at at,
                                     size_t *n);

/* seating.c: which seat each partition has. */
#define SEATING_LITTLE ((size_t)64 << 10)
void partition_seat(struct pipeline *pipeline, struct partition *partition);
void partition_unseat(struct partition *partition);
/* Before reading: who has nothing pending may change. */
void seating_review(struct pipeline *pipeline);
/* Whether there is more than a little in it: bytes, or half of what it may hold. */
bool seating_is_laden(const struct batch *batch);

/* rebalance.c: what the group and the control thread say. */
void rebalance_event(struct pipeline *pipeline, const struct consumer_event *event);
/* As if all had been revoked. */
void rebalance_leave(struct pipeline *pipeline);
void rebalance_task_done(struct pipeline *pipeline, struct task *task);
void rebalance_reclaim(struct pipeline *pipeline, struct partition *partition);
void rebalance_check(struct pipeline *pipeline);
/* A batch found another owner in the database; and what to do if the group knows of none. */
void rebalance_lose(struct pipeline *pipeline, struct partition *partition);
void rebalance_lost(struct pipeline *pipeline);

/*
 * rejoin.c: a new consumer in the place of one that the group threw out (true if so), or has not
 * answered for a minute since rejoin_await().
 */
bool rejoin_after(struct pipeline *pipeline, const struct err *err);
void rejoin_await(struct pipeline *pipeline);
void rejoin_overdue(struct pipeline *pipeline);

/* goal.c: --exit. */
bool goal_reached(struct pipeline *pipeline);

/* seat.c */
int seats_open(struct pipeline *pipeline, struct err *err);
void seats_close(struct pipeline *pipeline);
void seat_hand_over(struct seat *seat);
extern struct batch no_more;

#endif

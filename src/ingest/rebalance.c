/*
 * What the group says of partitions, and what the control thread found out about them.
 *
 * Every change of the assignment raises `generation`; an answer of an older one is thrown away.
 * consumer_assign() always names all partitions that are read, each at the next offset to read, so
 * that it may be called at any time.
 */
#include "base/clock.h"
#include "base/log.h"
#include "ingest/pipeline.h"

#include <stdlib.h>

/* The group tells within a heartbeat or two (3 s each) that a partition is another's. */
#define LOST_PAUSE_US (5 * 1000000LL)
#define LOSSES_MAX 3
#define LOSSES_WINDOW_US (120 * 1000000LL)

static void stop_partition(struct pipeline *pipeline, struct partition *p, const struct err *err)
{
    p->err = *err;
    partition_move(p, PARTITION_STOPPED);
    log_error(pipeline->config->name, "%s", err->text);
}

/* What was read but not handed over is read again by whoever comes next. */
static void forget_buffered(struct pipeline *pipeline, struct partition *p)
{
    if (p->seat) {
        struct batch *filling = p->seat->filling;
        for (size_t i = 0; i < filling->n_claims; i++)
            if (filling->claims[i].owner == p && !filling->claims[i].dropped)
                pipeline->records_read -= filling->claims[i].records;
        batch_drop(filling, p);
    }
    partition_unseat(p);
    p->stream = NULL;
    p->gap_since_us = 0;
    p->lost_since_us = 0;
}

static uint64_t next_generation(struct pipeline *pipeline)
{
    pipeline->checking = pipeline->check_again = false;
    return atomic_fetch_add(&pipeline->generation, 1) + 1;
}

/* Tell the client to read what we read, from where we are. */
static int assign(struct pipeline *pipeline, struct err *err)
{
    size_t n;
    struct partition_ref *refs = partition_refs(pipeline, AT_POSITION, &n);
    int rc = consumer_assign(pipeline->consumer, refs, n, err);
    free(refs);
    for (struct partition *p = pipeline->partitions; rc == 0 && p; p = p->next)
        if (p->state == PARTITION_READING)
            p->stream = consumer_stream(pipeline->consumer, p->topic, p->partition);
    return rc;
}

static void fill_ticket(struct ticket *ticket, struct partition *p)
{
    *ticket = (struct ticket){
        .partition = p,
        .topic = p->topic,
        .number = p->partition,
        .position = p->position,
        .last = p->last,
    };
}

static void give_up_all(struct pipeline *pipeline)
{
    for (struct partition *p = pipeline->partitions; p; p = p->next) {
        forget_buffered(pipeline, p);
        partition_move(p, PARTITION_IDLE);
    }
}

void rebalance_leave(struct pipeline *pipeline)
{
    next_generation(pipeline);
    give_up_all(pipeline);
}

static void revoked(struct pipeline *pipeline, const struct consumer_event *event)
{
    struct err err = {0};
    rebalance_leave(pipeline);
    rejoin_await(pipeline);
    if (consumer_unassign(pipeline->consumer, &err) < 0)
        log_warn(pipeline->config->name, "%s", err.text);
    log_info(pipeline->config->name, "the group has taken %zu partition%s%s", event->n_partitions,
             event->n_partitions == 1 ? "" : "s", event->lost ? " (we were too late for it)" : "");
}

static void assigned(struct pipeline *pipeline, const struct consumer_event *event)
{
    struct task *task = task_new(TASK_CLAIM, next_generation(pipeline), event->n_partitions);
    pipeline->membership.waiting_since_us = 0;
    /* An assignment that was never read from may have been replaced without being revoked. */
    give_up_all(pipeline);
    for (size_t i = 0; i < event->n_partitions; i++) {
        struct partition *p =
            partition_find(pipeline, event->partitions[i].topic, event->partitions[i].partition);
        partition_move(p, PARTITION_CLAIMING);
        fill_ticket(&task->tickets[i], p);
    }
    control_tell(pipeline, task);
}

void rebalance_event(struct pipeline *pipeline, const struct consumer_event *event)
{
    if (event->kind == CONSUMER_ASSIGNED)
        assigned(pipeline, event);
    else
        revoked(pipeline, event);
}

/* One partition anew: its offset is not in the topic any more, or its claim was taken from us. */
void rebalance_reclaim(struct pipeline *pipeline, struct partition *p)
{
    struct task *task = task_new(TASK_CLAIM, atomic_load(&pipeline->generation), 1);
    forget_buffered(pipeline, p);
    partition_move(p, PARTITION_CLAIMING);
    fill_ticket(&task->tickets[0], p);
    control_tell(pipeline, task);
}

/* A broker was away: is every topic still the one we know? Until answered, nothing moves. */
void rebalance_check(struct pipeline *pipeline)
{
    size_t n = 0;
    pipeline->check_again = pipeline->checking;
    if (pipeline->config->dry_run || pipeline->checking)
        return;
    for (const struct partition *p = pipeline->partitions; p; p = p->next)
        n += p->state == PARTITION_READING;
    if (n == 0)
        return;
    struct task *task = task_new(TASK_CHECK, atomic_load(&pipeline->generation), n);
    n = 0;
    for (struct partition *p = pipeline->partitions; p; p = p->next)
        if (p->state == PARTITION_READING)
            fill_ticket(&task->tickets[n++], p);
    pipeline->checking = true;
    control_tell(pipeline, task);
}

static void begin_reading(struct pipeline *pipeline, struct partition *p, const struct claim *claim)
{
    p->epoch = claim->epoch;
    p->position = p->queued = p->stored = claim->next_offset;
    p->last = claim->last;
    p->err.class = ERR_NONE;
    partition_seat(pipeline, p);
    partition_move(p, PARTITION_READING);
}

/* Without one the question was given up, because we are ending. */
static bool is_verdict(const struct err *err)
{
    return err->class != ERR_NONE && err->class != ERR_OUTAGE;
}

/* What the claim itself has stored: a gap that retention left. */
static void count_gap(struct pipeline *pipeline, const struct ticket *ticket)
{
    struct tally gap = {.absent = ticket->claim.next_offset - ticket->position};
    tally_add(&view_lock(&pipeline->view)->tally, &gap);
    view_unlock(&pipeline->view);
}

static void take_ticket(struct pipeline *pipeline, struct partition *p, const struct ticket *ticket)
{
    if (ticket->claim.epoch > 0)
        p->stored = ticket->claim.next_offset;
    if (ticket->ok) {
        count_gap(pipeline, ticket);
        begin_reading(pipeline, p, &ticket->claim);
    } else if (is_verdict(&ticket->err)) {
        stop_partition(pipeline, p, &ticket->err);
    }
}

static void claimed(struct pipeline *pipeline, const struct task *task)
{
    struct err err = {0};
    size_t n = 0;
    for (size_t i = 0; i < task->n; i++) {
        struct partition *p = task->tickets[i].partition;
        if (p->state == PARTITION_CLAIMING)
            take_ticket(pipeline, p, &task->tickets[i]);
    }
    for (const struct partition *p = pipeline->partitions; p; p = p->next)
        n += p->state == PARTITION_READING;
    pipeline->assigned = true;
    if (assign(pipeline, &err) < 0) {
        err_prefix(&err, "cannot start to read");
        pump_halt(pipeline, &err);
        return;
    }
    log_info(pipeline->config->name, "reading %zu partition%s", n, n == 1 ? "" : "s");
}

static void checked(struct pipeline *pipeline, const struct task *task)
{
    struct err err = {0};
    bool any = false;
    pipeline->checking = false;
    for (size_t i = 0; i < task->n; i++) {
        const struct ticket *ticket = &task->tickets[i];
        struct partition *p = ticket->partition;
        if (ticket->ok || p->state != PARTITION_READING || !is_verdict(&ticket->err))
            continue;
        forget_buffered(pipeline, p);
        stop_partition(pipeline, p, &ticket->err);
        any = true;
    }
    if (any && assign(pipeline, &err) < 0)
        log_warn(pipeline->config->name, "%s", err.text);
    /* The topic may have changed after it was looked at. */
    if (pipeline->check_again)
        rebalance_check(pipeline);
}

/* Partitions of other processes, asked for by --exit. */
static void peeked(struct pipeline *pipeline, const struct task *task)
{
    pipeline->peeking = false;
    for (size_t i = 0; i < task->n; i++) {
        struct partition *p = task->tickets[i].partition;
        if (task->tickets[i].ok && p->state != PARTITION_READING)
            p->stored = task->tickets[i].position;
    }
}

void rebalance_task_done(struct pipeline *pipeline, struct task *task)
{
    if (task->kind == TASK_PEEK)
        peeked(pipeline, task);
    else if (task->generation != atomic_load(&pipeline->generation))
        ; /* the group has moved on */
    else if (task->kind == TASK_CLAIM)
        claimed(pipeline, task);
    else
        checked(pipeline, task);
    task_free(task);
}

void rebalance_lose(struct pipeline *pipeline, struct partition *p)
{
    int64_t now = clock_mono_us();
    log_warn(pipeline->config->name, "%s[%d] was claimed by another process", p->topic,
             p->partition);
    forget_buffered(pipeline, p);
    partition_move(p, PARTITION_LOST);
    p->lost_since_us = now;
    if (now - p->first_loss_us > LOSSES_WINDOW_US) {
        p->first_loss_us = now;
        p->losses = 0;
    }
    p->losses++;
}

/*
 * Lost in the database and still ours by the group: who claimed it may have been late, held up
 * between the group's word and the claim, so we claim it back. Whoever takes it time and again
 * works beside our group.
 */
void rebalance_lost(struct pipeline *pipeline)
{
    int64_t now = clock_mono_us();
    for (struct partition *p = pipeline->partitions; p; p = p->next) {
        struct err err;
        if (p->state != PARTITION_LOST || now - p->lost_since_us < LOST_PAUSE_US)
            continue;
        if (p->losses < LOSSES_MAX) {
            rebalance_reclaim(pipeline, p);
            continue;
        }
        err_set(&err, ERR_HALT,
                "%s[%d] was claimed by another process, and our group %s knows nothing of it: is "
                "this pipeline running elsewhere with another --group? (see owner in %s.offsets)",
                p->topic, p->partition, pipeline->group, pipeline->config->state_schema);
        stop_partition(pipeline, p, &err);
    }
}

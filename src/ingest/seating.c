/*
 * Which seat a partition has, so through which lane its records go.
 *
 * A partition's batches are stored one after the other, so all that is pending of it is with one
 * seat. With nothing pending it may change:
 *
 *   calm     All partitions share the first seat: a transaction costs the same for one partition as
 *            for all, and one lane at rest for a moment serves them sooner than several at work.
 *   laden    A seat whose batch grows while its lane is busy gives partitions to one that is idle.
 *            What has nothing pending goes at once; else one of several is read no further until
 *            what is pending of it is stored.
 */
#include "base/clock.h"
#include "ingest/pipeline.h"

/* A lane that is busy for longer with little is stuck, and one idle for longer has nothing. */
#define STUCK_US 50000
#define IDLE_US 20000
#define FORGET_US 100000

static void move(struct partition *partition, struct seat *seat)
{
    partition_unseat(partition);
    seat->n_partitions++;
    partition->seat = seat;
}

static struct seat *with_fewest_partitions(struct pipeline *pipeline)
{
    struct seat *fewest = &pipeline->seats[0];
    for (size_t i = 1; i < pipeline->n_seats; i++)
        if (pipeline->seats[i].n_partitions < fewest->n_partitions)
            fewest = &pipeline->seats[i];
    return fewest;
}

void partition_seat(struct pipeline *pipeline, struct partition *partition)
{
    partition_unseat(partition);
    move(partition, with_fewest_partitions(pipeline));
}

void partition_unseat(struct partition *partition)
{
    if (partition->seat)
        partition->seat->n_partitions--;
    partition->seat = NULL;
    partition->is_moving = false;
}

static bool is_idle(const struct seat *seat, int64_t for_us, int64_t now)
{
    return !seat->busy && batch_is_empty(seat->filling) && now - seat->settled_us >= for_us;
}

static bool is_calm(const struct seat *seat, int64_t now)
{
    if (is_idle(seat, FORGET_US, now))
        return true;
    return !seat->was_laden && !seating_is_laden(seat->filling) &&
           !(seat->busy && now - seat->handed_us > STUCK_US);
}

bool seating_is_laden(const struct batch *batch)
{
    size_t much = batch->max_bytes / 2 < SEATING_LITTLE ? batch->max_bytes / 2 : SEATING_LITTLE;
    return batch->bytes.len >= much || batch->n_entries >= batch->max_entries / 2;
}

static bool is_overloaded(const struct seat *seat)
{
    const struct batch *batch = seat->filling;
    return seat->busy &&
           (batch->bytes.len >= batch->max_bytes / 2 || batch->n_entries >= batch->max_entries / 2);
}

/* The seat that has been idle for a moment, if there is one. */
static struct seat *idle_seat(struct pipeline *pipeline, int64_t now)
{
    for (size_t i = 0; i < pipeline->n_seats; i++)
        if (is_idle(&pipeline->seats[i], IDLE_US, now))
            return &pipeline->seats[i];
    return NULL;
}

static void place(struct pipeline *pipeline, struct partition *p, bool all_calm, int64_t now)
{
    struct seat *idle;
    if (all_calm)
        move(p, &pipeline->seats[0]);
    else if (p->is_moving)
        move(p, with_fewest_partitions(pipeline));
    else if (p->seat->busy && !is_calm(p->seat, now) && (idle = idle_seat(pipeline, now)) != NULL)
        move(p, idle);
}

/* The last of the partitions with something pending at an overloaded seat, if it has several. */
static void relieve(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->n_seats; i++) {
        const struct seat *seat = &pipeline->seats[i];
        struct partition *last = NULL;
        int pending = 0;
        if (!is_overloaded(seat))
            continue;
        for (struct partition *p = pipeline->partitions; p; p = p->next) {
            if (p->state != PARTITION_READING || p->seat != seat || p->queued == p->stored)
                continue;
            if (p->is_moving)
                return;
            last = p;
            pending++;
        }
        if (pending > 1)
            last->is_moving = true;
    }
}

void seating_review(struct pipeline *pipeline)
{
    int64_t now = clock_mono_us();
    bool all_calm = true;
    if (pipeline->n_seats == 1)
        return;
    for (size_t i = 0; i < pipeline->n_seats; i++)
        all_calm &= is_calm(&pipeline->seats[i], now);
    for (struct partition *p = pipeline->partitions; p; p = p->next)
        if (p->state == PARTITION_READING && p->queued == p->stored)
            place(pipeline, p, all_calm, now);
    if (!all_calm && idle_seat(pipeline, now))
        relieve(pipeline);
}

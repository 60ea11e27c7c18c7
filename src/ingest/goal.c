/* --exit: are we where the topic ended when we started? */
#include "base/clock.h"
#include "base/log.h"
#include "ingest/pipeline.h"

#include <inttypes.h>

#define PEEK_EVERY_US 1000000LL
#define OPEN_TRANSACTION_US (10 * 1000000LL)

static bool is_open(const struct partition *p)
{
    return p->goal >= 0 && p->stored < p->goal && !partition_is_stopped(p);
}

/* What other members of the group have stored is read from the database. */
static void peek_others(struct pipeline *pipeline)
{
    size_t n = 0;
    int64_t now = clock_mono_us();
    if (pipeline->peeking || now - pipeline->last_peek_us < PEEK_EVERY_US || !pipeline->assigned)
        return;
    for (const struct partition *p = pipeline->partitions; p; p = p->next)
        n += is_open(p) && p->state == PARTITION_IDLE;
    if (n == 0)
        return;
    struct task *task = task_new(TASK_PEEK, atomic_load(&pipeline->generation), n);
    n = 0;
    for (struct partition *p = pipeline->partitions; p; p = p->next)
        if (is_open(p) && p->state == PARTITION_IDLE)
            task->tickets[n++] =
                (struct ticket){.partition = p, .topic = p->topic, .number = p->partition};
    pipeline->peeking = true;
    pipeline->last_peek_us = now;
    control_tell(pipeline, task);
}

/* All that can be read is stored, and yet it is not the end: somebody's transaction is open. */
static void name_open_transaction(struct pipeline *pipeline, const struct partition *p)
{
    int64_t now = clock_mono_us();
    bool stuck = p->state == PARTITION_READING && p->at_eof && p->stored == p->position;
    if (!stuck) {
        pipeline->open_transaction_since_us = now;
        return;
    }
    if (pipeline->open_transaction_told ||
        now - pipeline->open_transaction_since_us < OPEN_TRANSACTION_US)
        return;
    pipeline->open_transaction_told = true;
    log_warn(pipeline->config->name,
             "%s[%d]: a producer's transaction has been open at offset %" PRId64
             " for 10 s; --exit waits for it to commit or abort (end: %" PRId64 ")",
             p->topic, p->partition, p->stored, p->goal);
}

bool goal_reached(struct pipeline *pipeline)
{
    const struct partition *open = NULL;
    int64_t left = 0;
    if (!pipeline_ends(pipeline))
        return false;
    for (const struct partition *p = pipeline->partitions; p; p = p->next)
        if (is_open(p)) {
            open = p;
            left += p->goal - p->stored;
        }
    if (!open)
        return true;
    name_open_transaction(pipeline, open);
    peek_others(pipeline);
    view_lock(&pipeline->view)->goal_records_left = left;
    view_unlock(&pipeline->view);
    return false;
}

/*
 * weir consume -g: a member of a consumer group.
 *
 * What is committed was written to stdout, never more: record by record for a full pipe, at the
 * latest a second after it was printed. A partition that the group takes is committed before it is
 * given up. Where the group has committed nothing a partition begins where -o says, and that place
 * is committed too: else what arrives during a rebalance would be passed over by the next "end".
 * A partition of which that cannot be told (it has no leader now) waits for itself alone.
 * A reader of stdout that takes nothing for a while holds up all but the membership.
 */
#include "cmd/consume_group_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COMMIT_EVERY_US INT64_C(1000000)
/* While it runs, and before partitions are given up, where others wait for us. */
#define COMMIT_MS 1000
/* At the end; after a signal a person waits. */
#define LAST_COMMIT_MS 3000
#define SIGNAL_COMMIT_MS 900
/* A member that ended without a word is given up by the group after 10 s or more. */
#define PATIENCE_US INT64_C(4000000)
/* A group of the new protocol gives a newcomer nothing until others have let go. */
#define NOTHING_YET_US INT64_C(4000000)

/* ---- committing ---- */

/* Those parts whose written records are not committed yet. */
static size_t uncommitted(const struct consume *consume, struct partition_ref *refs)
{
    size_t n = 0;
    for (size_t i = 0; i < consume->n_parts; i++) {
        const struct part *part = &consume->parts[i];
        if (part->stream && part->written > part->committed)
            refs[n++] = (struct partition_ref){part->topic, part->partition, part->written};
    }
    return n;
}

static int commit(struct membership *m, int timeout_ms, struct err *err)
{
    struct consume *consume = m->consume;
    struct partition_ref *refs = calloc(consume->n_parts + 1, sizeof *refs);
    if (!refs)
        return err_set(err, ERR_BUG, "out of memory");
    size_t n = uncommitted(consume, refs);
    int rc = consumer_commit(consume->consumer, refs, n, timeout_ms, err);
    for (size_t i = 0; rc == 0 && i < consume->n_parts; i++)
        if (consume->parts[i].stream)
            consume->parts[i].committed = consume->parts[i].written;
    free(refs);
    m->committed_us = clock_mono_us();
    return rc;
}

static bool is_time_to_commit(const struct membership *m)
{
    return clock_mono_us() - m->committed_us >= COMMIT_EVERY_US;
}

static void commit_written(struct membership *m)
{
    struct err err;
    if (commit(m, COMMIT_MS, &err) == 0) {
        m->told_uncommitted = false;
        return;
    }
    if (err.class != ERR_OUTAGE) {
        m->consume->fault = err;
        return;
    }
    if (!m->told_uncommitted)
        log_warn("", "not committed now, to be tried again: %s", err.text);
    m->told_uncommitted = true;
}

static void commit_now_and_then(struct membership *m)
{
    if (!is_time_to_commit(m))
        return;
    consume_flush(m->consume);
    commit_written(m);
}

/* Who reads stdout keeps us waiting: as long as that may take we stay a member. */
static bool on_wait(void *context)
{
    struct membership *m = context;
    bool is_rebalancing = consumer_keep_alive(m->consume->consumer);
    if (!is_rebalancing && is_time_to_commit(m))
        commit_written(m);
    return m->consume->fault.class == ERR_NONE && !signals_stop_requested();
}

/* What follows when the last commit fails. A group without a place begins where -o says. */
static const char *consequence(const struct consume *consume)
{
    for (size_t i = 0; i < consume->n_parts; i++)
        if (consume->parts[i].written > consume->parts[i].committed &&
            consume->parts[i].committed >= 0)
            return "some records will be printed again";
    return "it has no place there yet, so what is printed next depends on -o";
}

/* ---- what the group gives and takes ---- */

static void drop_parts(struct membership *m)
{
    free(m->consume->parts);
    m->consume->parts = NULL;
    m->consume->n_parts = 0;
    m->pending = m->knows_committed = m->is_reading = false;
    m->ask_first = 0;
}

/* Before the group gives them to another: what was printed is out, and committed. */
static void take_revocation(struct membership *m, const struct consumer_event *event)
{
    struct err err;
    if (!event->lost) {
        consume_flush(m->consume);
        if (commit(m, COMMIT_MS, &err) < 0)
            log_warn("", "the group took partitions before all was committed; %s: %s",
                     consequence(m->consume), err.text);
    }
    if (event->lost)
        log_warn("", "the group has given us up meanwhile; what was not committed yet may be "
                     "printed twice");
    drop_parts(m);
    m->joined_us = clock_mono_us();
    if (consumer_unassign(m->consume->consumer, &err) < 0)
        consume_take_fault(m->consume, &err);
}

static const struct consume_part *find_plan(const struct consume *consume, const char *topic,
                                            int32_t partition, const char **name)
{
    const struct consume_part *found = NULL;
    for (size_t i = 0; i < consume->plan.n; i++) {
        const struct consume_part *plan = &consume->plan.parts[i];
        if (strcmp(plan->topic, topic) != 0)
            continue;
        *name = plan->topic;
        if (plan->partition == partition)
            found = plan;
    }
    return found;
}

static void take_assignment(struct membership *m, const struct consumer_event *event)
{
    struct consume *consume = m->consume;
    drop_parts(m);
    consume->parts = calloc(event->n_partitions + 1, sizeof *consume->parts);
    if (!consume->parts) {
        err_set(&consume->fault, ERR_BUG, "out of memory");
        return;
    }
    for (size_t i = 0; i < event->n_partitions; i++) {
        const char *topic = NULL;
        int32_t partition = event->partitions[i].partition;
        const struct consume_part *plan =
            find_plan(consume, event->partitions[i].topic, partition, &topic);
        if (!topic)
            continue; /* not subscribed to: another member's mistake */
        struct part *part = &consume->parts[consume->n_parts++];
        *part = (struct part){.consume = consume, .topic = topic, .partition = partition};
        /* A partition made meanwhile is read from its beginning, and was not there when -e looked.
         */
        part->is_new = !plan;
        part->stop = plan ? plan->stop : INT64_MAX;
        if (part->is_new && consume->request.to_end)
            part->stop = 0;
    }
    m->pending = true;
}

static void poll_group(struct membership *m)
{
    struct consumer_event event;
    for (consumer_poll(m->consume->consumer, &event); event.kind != CONSUMER_NOTHING;
         consumer_poll(m->consume->consumer, &event)) {
        if (event.kind == CONSUMER_ASSIGNED)
            take_assignment(m, &event);
        else if (event.kind == CONSUMER_REVOKED)
            take_revocation(m, &event);
        else if (event.kind == CONSUMER_FAULT)
            consume_take_fault(m->consume, &event.err);
    }
    if (m->pending && !consume_is_over(m->consume))
        consume_group_begin(m);
}

static void tell_waiting(struct membership *m)
{
    if (m->told_waiting || m->was_assigned || m->pending ||
        clock_mono_us() - m->joined_us < PATIENCE_US)
        return;
    m->told_waiting = true;
    cli_note(m->consume->cli,
             "waiting for the group %s: a member that ended without leaving is given up when its "
             "session is over",
             m->consume->group);
}

/* With -e, what others of the group read is not waited for; between two assignments all is open. */
static bool is_finished(const struct membership *m)
{
    const struct consume *consume = m->consume;
    int64_t to_ms = consume->request.to_ms;
    bool has_end = consume->request.to_end || (to_ms >= 0 && clock_wall_us() / 1000 >= to_ms);
    if (!m->was_assigned || m->pending || !consume->parts)
        return false;
    if (consume->n_parts == 0)
        return has_end && clock_mono_us() - m->assigned_us >= NOTHING_YET_US;
    return consume_all_done(consume);
}

static void run(struct membership *m)
{
    struct consume *consume = m->consume;
    while (!consume_is_over(consume) && !is_finished(m)) {
        poll_group(m);
        tell_waiting(m);
        bool any = consume_read_parts(consume);
        commit_now_and_then(m);
        if (any || consume_is_over(consume))
            continue;
        consume_flush(consume);
        consumer_wait(consume->consumer, CONSUME_WAIT_MS);
    }
}

static int subscribe(struct consume *consume, struct err *err)
{
    const struct consume_plan *plan = &consume->plan;
    const char **topics = arena_alloc(&consume->cli->arena, (plan->n + 1) * sizeof *topics);
    size_t n = 0;
    /* The partitions of a topic stand together. */
    for (size_t i = 0; i < plan->n; i++)
        if (i == 0 || strcmp(plan->parts[i].topic, plan->parts[i - 1].topic) != 0)
            topics[n++] = plan->parts[i].topic;
    return consumer_subscribe(consume->consumer, topics, n, err);
}

int consume_in_group(struct consume *consume, struct err *err)
{
    struct membership m = {.consume = consume,
                           .joined_us = clock_mono_us(),
                           .committed_us = clock_mono_us()};
    struct err failed;
    consume->printer.outlet.on_wait = on_wait;
    consume->printer.outlet.context = &m;
    if (consume_group_check_place(consume, err) < 0 || subscribe(consume, err) < 0)
        return -1;
    run(&m);
    /* A pipe that was closed has what was written before, and no more is committed. */
    consume_flush(consume);
    int timeout_ms = signals_stop_requested() ? SIGNAL_COMMIT_MS : LAST_COMMIT_MS;
    if (commit(&m, timeout_ms, &failed) < 0 && consume->fault.class == ERR_NONE)
        err_set_code(&consume->fault, failed.class, failed.code,
                     "what was printed last by the group %s is not committed; %s: %s",
                     consume->group, consequence(consume), failed.text);
    drop_parts(&m);
    consume->printer.outlet.on_wait = NULL;
    return 0;
}

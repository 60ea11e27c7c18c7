/*
 * Where the partitions begin that a group gives, and the start of their reading: where the group
 * was, else where -o says. What an outage keeps back is asked again, while the others are read.
 */
#include "cmd/consume_group_private.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* Where a partition begins: asked again until it is answered, with an eye on signals in between. */
#define ASK_MS 500
/* One that has not answered costs time, which others of its kind and those that are read pay. */
#define ASK_MORE_MS 100
#define ASK_EVERY_US INT64_C(3000000)
#define CHECK_TIMES 6

static void tell_where(struct membership *m, size_t without)
{
    const struct consume *consume = m->consume;
    if (without == 0 || m->told_where || consume->offset_given)
        return;
    m->told_where = true;
    cli_note(consume->cli,
             "the group %s has no committed offset in %zu partition%s: there what arrives from now "
             "on; what is there: -o beginning",
             consume->group, without, without == 1 ? "" : "s");
}

static int ask_committed(struct membership *m, struct err *err)
{
    struct consume *consume = m->consume;
    size_t without = 0;
    struct partition_ref *refs = calloc(consume->n_parts + 1, sizeof *refs);
    if (!refs)
        return err_set(err, ERR_BUG, "out of memory");
    for (size_t i = 0; i < consume->n_parts; i++)
        refs[i] = (struct partition_ref){consume->parts[i].topic, consume->parts[i].partition, -1};
    int rc = consumer_committed(consume->consumer, refs, consume->n_parts, ASK_MS, err);
    for (size_t i = 0; rc == 0 && i < consume->n_parts; i++) {
        consume->parts[i].committed = refs[i].offset;
        without += refs[i].offset < 0 && !consume->parts[i].is_new;
    }
    free(refs);
    if (rc < 0)
        return -1;
    m->knows_committed = true;
    tell_where(m, without);
    return 0;
}

/* Where a part begins: where the group was, else where -o says. */
static int place_part(struct membership *m, struct part *part, int timeout_ms, struct err *err)
{
    const struct offset_spec beginning = {OFFSET_BEGINNING, 0};
    int64_t at = part->committed;
    if (at < 0 && admin_resolve(m->consume->admin, part->topic, part->partition,
                                part->is_new ? beginning : m->consume->request.from, timeout_ms,
                                &at, err) < 0)
        return -1;
    if (part->committed < 0)
        m->committed_us = 0; /* its first place is kept at once, whatever comes then */
    part->placed = true;
    part->next = part->written = at;
    part->done = at >= part->stop;
    return 0;
}

/*
 * One round over those that have no place; the first fault. While others are read it ends with the
 * first that does not answer, and the next round begins behind that one.
 */
static int place_parts(struct membership *m, struct err *err)
{
    struct consume *consume = m->consume;
    struct err one;
    int rc = 0;
    for (size_t k = 0; k < consume->n_parts && !(rc < 0 && m->is_reading); k++) {
        size_t i = (m->ask_first + k) % consume->n_parts;
        if (consume->parts[i].placed)
            continue;
        if (consume_is_over(consume))
            return err_set(err, ERR_OUTAGE, "stopped meanwhile");
        int timeout_ms = rc < 0 ? ASK_MORE_MS : m->is_reading ? ASK_MS : 2 * ASK_MS;
        if (place_part(m, &consume->parts[i], timeout_ms, &one) == 0)
            continue;
        if (rc == 0 || one.class != ERR_OUTAGE)
            *err = one;
        if (one.class != ERR_OUTAGE)
            return -1;
        rc = -1;
        if (m->is_reading)
            m->ask_first = i + 1;
    }
    return rc;
}

/* Read those that have a place: all anew, each from where it is. */
static int read_placed(struct membership *m, struct err *err)
{
    struct consume *consume = m->consume;
    size_t n = 0;
    struct partition_ref *refs = calloc(consume->n_parts + 1, sizeof *refs);
    if (!refs)
        return err_set(err, ERR_BUG, "out of memory");
    for (size_t i = 0; i < consume->n_parts; i++) {
        const struct part *part = &consume->parts[i];
        if (part->placed)
            refs[n++] = (struct partition_ref){part->topic, part->partition, part->next};
    }
    int rc = n > 0 || consume->n_parts == 0 ? consumer_assign(consume->consumer, refs, n, err) : 0;
    free(refs);
    m->is_reading = m->pending = false;
    for (size_t i = 0; i < consume->n_parts; i++) {
        struct part *part = &consume->parts[i];
        part->stream = consumer_stream(consume->consumer, part->topic, part->partition);
        m->is_reading |= part->stream != NULL;
        m->pending |= !part->stream;
    }
    m->pending |= rc < 0;
    return rc;
}

static bool has_placed_to_read(const struct consume *consume)
{
    for (size_t i = 0; i < consume->n_parts; i++)
        if (consume->parts[i].placed && !consume->parts[i].stream)
            return true;
    return false;
}

static void tell_unresolved(struct membership *m, const struct err *err)
{
    if (m->told_unresolved || consume_is_over(m->consume))
        log_debug("", "where to begin: %s", err->text);
    else
        log_warn("", "%s until it is known where to begin%s: %s",
                 m->is_reading ? "a partition is not read" : "nothing is read",
                 m->is_reading ? " in it" : "", err->text);
    m->told_unresolved = true;
}

/* The group's gift is answered: from now on there is something to wait for, or nothing. */
static void note_assigned(struct membership *m)
{
    const struct consume *consume = m->consume;
    m->was_assigned = true;
    m->assigned_us = clock_mono_us();
    if (consume->n_parts == 0)
        cli_note(consume->cli, "the other members of the group %s have all partitions%s",
                 consume->group, consume->request.to_end ? "" : "; waiting for one");
}

/* -1: not all are read, for what `err` says. A fault that no time mends leaves all unread. */
static int place_and_read(struct membership *m, struct err *err)
{
    struct err refused;
    if (!m->knows_committed && ask_committed(m, err) < 0)
        return -1;
    int rc = place_parts(m, err);
    if (rc < 0 && (err->class != ERR_OUTAGE || !has_placed_to_read(m->consume)))
        return -1;
    if (read_placed(m, &refused) == 0)
        return rc;
    *err = refused;
    return -1;
}

void consume_group_begin(struct membership *m)
{
    struct err err;
    struct consume *consume = m->consume;
    bool was_reading = m->is_reading;
    if (m->is_reading && clock_mono_us() - m->asked_us < ASK_EVERY_US)
        return;
    int rc = place_and_read(m, &err);
    m->asked_us = clock_mono_us();
    if (rc < 0 && err.class != ERR_OUTAGE)
        consume->fault = err;
    else if (rc < 0)
        tell_unresolved(m, &err);
    else
        m->told_unresolved = false;
    if (!was_reading && (m->is_reading || (rc == 0 && consume->n_parts == 0)))
        note_assigned(m);
}

int consume_group_check_place(struct consume *consume, struct err *err)
{
    const struct consume_plan *plan = &consume->plan;
    int rc = -1;
    if (consume->request.from.kind != OFFSET_ABSOLUTE)
        return 0;
    struct partition_ref *refs = arena_alloc(&consume->cli->arena, (plan->n + 1) * sizeof *refs);
    for (size_t i = 0; i < plan->n; i++)
        refs[i] = (struct partition_ref){plan->parts[i].topic, plan->parts[i].partition, -1};
    for (int i = 0; rc < 0 && i < CHECK_TIMES && !consume_is_over(consume); i++)
        rc = consumer_committed(consume->consumer, refs, plan->n, ASK_MS, err);
    for (size_t i = 0; rc == 0 && i < plan->n; i++)
        if (refs[i].offset < 0 &&
            admin_resolve(consume->admin, refs[i].topic, refs[i].partition, consume->request.from,
                          2 * ASK_MS, &refs[i].offset, err) < 0 &&
            err->class == ERR_USAGE)
            return -1;
    return 0;
}

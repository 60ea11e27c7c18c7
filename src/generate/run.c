#include "generate/run.h"

#include "base/clock.h"
#include "base/signals.h"

#define TICK_US 100000
#define TICK_RECORDS 1024
#define FULL_MS 20
#define BEHIND_US 1000000 /* what is later than this is not caught up with */

struct course {
    const struct run *run;
    int64_t zero_us; /* monotonic: when a record that is due at 0 is made */
    int64_t next_tick_us;
    unsigned since_tick;
};

static void tick(struct course *course, int64_t now_us)
{
    course->since_tick = 0;
    if (now_us < course->next_tick_us)
        return;
    course->next_tick_us = now_us + TICK_US;
    progress_publish(course->run->progress);
    if (course->run->tick)
        course->run->tick(course->run->context);
}

static bool is_over(const struct run *run)
{
    return signals_stop_requested() || run->target->gone;
}

/* What was made is sent whatever the clock says: this is only of the next record. */
static bool is_enough(const struct run *run)
{
    return is_over(run) || source_has_ended(run->source);
}

/*
 * Until a record is due; false: it is over before. After a stretch in which nothing could be sent
 * the course starts anew, for a burst of all that was missed would be no rate at all.
 */
static bool await_due(struct course *course, int64_t due_us, struct err *err, int *rc)
{
    const struct run *run = course->run;
    if (!run->waits) {
        if (++course->since_tick >= TICK_RECORDS)
            tick(course, clock_mono_us());
        return !is_enough(run);
    }
    int64_t now_us = clock_mono_us();
    if (now_us - course->zero_us - due_us > BEHIND_US)
        course->zero_us = now_us - due_us;
    while (*rc == 0 && !is_enough(run)) {
        now_us = clock_mono_us();
        tick(course, now_us);
        int64_t left_us = course->zero_us + due_us - now_us;
        if (left_us <= 0)
            return true;
        if (left_us > TICK_US)
            left_us = TICK_US;
        *rc = run->target->calls->rest(run->target, (int)((left_us + 999) / 1000), false, err);
    }
    return false;
}

static void count(struct progress *progress, const struct made *made)
{
    progress->own.made++;
    progress->own.bytes += made->value.len;
    if (made->fault != FAULT_NONE && !made->again)
        progress->own.faults[made->fault]++;
}

/* 1: it is over before the target has room. */
static int put(struct course *course, const struct made *made, struct err *err)
{
    const struct target_calls *calls = course->run->target->calls;
    int rc;
    while ((rc = calls->put(course->run->target, made, err)) == 1) {
        if (calls->rest(course->run->target, FULL_MS, true, err) < 0)
            return -1;
        source_rested(course->run->source);
        tick(course, clock_mono_us());
        if (is_over(course->run))
            return 1;
    }
    return rc;
}

static int make_all(struct course *course, struct err *err)
{
    const struct run *run = course->run;
    size_t value_bytes = source_value_bytes(run->source);
    uint64_t most = source_most(run->source);
    int rc = 0;
    for (int64_t n = 0; rc == 0 && (run->count == 0 || n < run->count); n++) {
        struct made made;
        if ((uint64_t)n >= most && source_is_at_end(run->source, err))
            return -1;
        if (!await_due(course, source_due(run->source), err, &rc))
            return rc;
        char *room = NULL;
        if (run->target->calls->room)
            room = run->target->calls->room(run->target, value_bytes, &rc, err);
        if (rc < 0 || run->target->gone)
            return rc;
        source_make(run->source, room, n + 1 == run->count, &made);
        rc = put(course, &made, err);
        if (rc == 0)
            count(run->progress, &made);
    }
    return rc < 0 ? -1 : 0;
}

/* What is on its way, with a look at how it goes now and then: a broker may be away for hours. */
static void drain(struct course *course)
{
    const struct run *run = course->run;
    while (run->target->calls->drain && !is_over(run) && run->target->calls->drain(run->target))
        tick(course, clock_mono_us());
}

int run_records(const struct run *run, struct err *err)
{
    struct err later;
    struct course course = {.run = run, .zero_us = clock_mono_us()};
    run->progress->own.started_us = course.zero_us;
    int rc = make_all(&course, err);
    if (rc == 0)
        drain(&course);
    int finished = run->target->calls->finish(run->target, rc == 0 ? err : &later);
    run->progress->own.ended_us = clock_mono_us();
    progress_publish(run->progress);
    return rc < 0 || finished < 0 ? -1 : 0;
}

/* Lane threads: each stores one batch after the other until it is told that there are no more. */
#include "base/clock.h"
#include "base/log.h"
#include "ingest/pipeline.h"

#include <stdlib.h>

#define BATCH_BYTES_ALONE ((size_t)24 << 20)
#define BATCH_BYTES_SHARED ((size_t)16 << 20)
#define BATCH_BYTES_MIN ((size_t)4 << 20)
#define PAUSE_FIRST_MS 20
#define PAUSE_MAX_MS 5000
#define DRY_REPORTS_MAX 20

struct batch no_more;

static bool anything_left(const struct batch *batch)
{
    for (size_t i = 0; i < batch->n_claims; i++)
        if (!batch->claims[i].dropped)
            return true;
    return false;
}

/* Sleep, but not past the end of the time to drain. False: that time is over. */
static bool pause_ms(struct pipeline *pipeline, int64_t ms)
{
    for (; ms > 0; ms -= 20) {
        if (pipeline_out_of_time(pipeline))
            return false;
        clock_sleep_ms(ms < 20 ? ms : 20);
    }
    return !pipeline_out_of_time(pipeline);
}

static const char *became(bool had_been_committed, enum stored_how how)
{
    if (had_been_committed)
        return "had been committed";
    return how == STORED ? "is committed now" : "is another process's, at least in part";
}

/*
 * The database is away: try again with growing pauses until it is known what became of the batch.
 * Told once at the failure, once a minute, and once at the recovery.
 */
static enum stored_how ride_out(struct seat *seat, struct batch *batch, int64_t *retries,
                                struct err *err)
{
    struct pipeline *pipeline = seat->pipeline;
    const char *scope = pipeline->config->name;
    int64_t pause = PAUSE_FIRST_MS;
    int64_t since_us = clock_mono_us();
    int64_t told_us = 0;

    for (;;) {
        if (told_us == 0 || clock_mono_us() - told_us > 60 * 1000000LL) {
            log_warn(scope, "%s; trying again until it works, nothing is lost", err->text);
            told_us = clock_mono_us();
        }
        if (!pause_ms(pipeline, pause))
            return STORED_HALT;
        pause = pause * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause * 2;
        ++*retries;
        int rc = pipeline->sink->lane_recover(seat->lane, batch, err);
        if (rc < 0 && err->class == ERR_OUTAGE)
            continue;
        if (rc < 0)
            return STORED_HALT;
        enum stored_how how = rc > 0 ? STORED : STORED_NOT_OURS;
        if (how == STORED_NOT_OURS && anything_left(batch))
            how = pipeline->sink->lane_store(seat->lane, batch, err);
        if (how == STORED_RETRY)
            continue;
        if (how != STORED_HALT)
            log_info(scope, "the database is back after %.1f s; the batch under way %s",
                     (double)(clock_mono_us() - since_us) / 1e6, became(rc > 0, how));
        return how;
    }
}

static enum stored_how store(struct seat *seat, struct batch *batch, int64_t *retries,
                             struct err *err)
{
    for (;;) {
        if (!anything_left(batch))
            return STORED_NOT_OURS;
        enum stored_how how = seat->pipeline->sink->lane_store(seat->lane, batch, err);
        if (how == STORED_RETRY)
            how = ride_out(seat, batch, retries, err);
        /* Some partitions are another's now: the rest of the batch is still ours to store. */
        if (how != STORED_NOT_OURS)
            return how;
    }
}

struct dry_report {
    const char *scope;
    atomic_int *told;
};

static void dry_dead(void *context, const struct record *record, const struct row_reason *reason)
{
    const struct dry_report *report = context;
    if (atomic_fetch_add(report->told, 1) >= DRY_REPORTS_MAX)
        return;
    log_warn(report->scope, "%s[%d] offset %lld would be a dead letter: %s%s%s%s", record->topic,
             record->partition, (long long)record->offset, reason->column ? "column \"" : "",
             reason->column ? reason->column : "", reason->column ? "\": " : "", reason->text);
}

static void post(struct seat *seat, enum note_kind kind, struct batch *batch, double seconds,
                 int64_t retries, const struct err *err)
{
    struct note *note = calloc(1, sizeof(*note));
    if (!note)
        abort();
    note->kind = kind;
    note->seat = seat;
    note->batch = batch;
    note->seconds = seconds;
    note->retries = retries;
    if (err)
        note->err = *err;
    queue_push(&seat->pipeline->notes, note);
}

static void work_off(struct seat *seat, struct batch *batch)
{
    struct pipeline *pipeline = seat->pipeline;
    struct err err = {0};
    int64_t retries = 0;
    int64_t begun_us = clock_mono_us();
    enum stored_how how = STORED;

    if (pipeline->config->dry_run) {
        struct dry_report report = {pipeline->config->name, &pipeline->dry_reports};
        pipeline->sink->lane_dry(seat->lane, batch, dry_dead, &report);
    } else {
        how = store(seat, batch, &retries, &err);
    }
    double seconds = (double)(clock_mono_us() - begun_us) / 1e6;
    bool halted = how == STORED_HALT;
    post(seat, halted ? NOTE_HALTED : NOTE_STORED, batch, seconds, retries, &err);
}

static void *seat_main(void *context)
{
    struct seat *seat = context;
    struct batch *batch;
    while ((batch = queue_pop(&seat->work, -1)) != &no_more)
        work_off(seat, batch);
    return NULL;
}

void seat_hand_over(struct seat *seat)
{
    struct batch *batch = seat->filling;
    seat->busy = true;
    seat->was_laden = seating_is_laden(batch);
    seat->handed_us = clock_mono_us();
    seat->filling = &seat->batches[batch == &seat->batches[0]];
    batch_seal(batch);
    queue_push(&seat->work, batch);
}

/*
 * A lane alone leaves the server idle while it commits and opens anew, so its batches are large;
 * several lanes stand in for each other, and share less (docs/benchmarks.md has the curve).
 */
static size_t batch_bytes(const struct pipeline_config *config)
{
    size_t share = BATCH_BYTES_SHARED / (size_t)config->lanes;
    if (config->max_batch_bytes > 0)
        return (size_t)config->max_batch_bytes;
    if (config->lanes == 1)
        return BATCH_BYTES_ALONE;
    return share < BATCH_BYTES_MIN ? BATCH_BYTES_MIN : share;
}

static int seat_open(struct pipeline *pipeline, struct seat *seat, int number, struct err *err)
{
    const struct pipeline_config *config = pipeline->config;
    seat->pipeline = pipeline;
    seat->number = number;
    queue_init(&seat->work, NULL, NULL);
    for (int i = 0; i < 2; i++)
        batch_init(&seat->batches[i], batch_bytes(config), (size_t)config->max_batch_rows);
    seat->filling = &seat->batches[0];
    return pipeline->sink->lane_open(&seat->lane, pipeline->store, number, err);
}

int seats_open(struct pipeline *pipeline, struct err *err)
{
    size_t n = (size_t)pipeline->config->lanes;
    pipeline->seats = calloc(n, sizeof(*pipeline->seats));
    if (!pipeline->seats)
        abort();
    for (size_t i = 0; i < n; i++) {
        pipeline->n_seats = i + 1;
        if (seat_open(pipeline, &pipeline->seats[i], (int)i, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < n; i++) {
        struct seat *seat = &pipeline->seats[i];
        if (pthread_create(&seat->thread, NULL, seat_main, seat) != 0)
            return err_set(err, ERR_BUG, "cannot start a thread");
        seat->started = true;
    }
    return 0;
}

void seats_close(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->n_seats; i++)
        if (pipeline->seats[i].started)
            queue_push(&pipeline->seats[i].work, &no_more);
    for (size_t i = 0; i < pipeline->n_seats; i++) {
        struct seat *seat = &pipeline->seats[i];
        if (seat->started)
            pthread_join(seat->thread, NULL);
        pipeline->sink->lane_close(seat->lane);
        queue_release(&seat->work);
        batch_release(&seat->batches[0]);
        batch_release(&seat->batches[1]);
    }
    free(pipeline->seats);
    pipeline->seats = NULL;
    pipeline->n_seats = 0;
}

/*
 * The pump: polls the consumer, fills batches, hands them to lanes that are free.
 *
 * Batches form by themselves: while one transaction is under way, the next batch fills. A lane that
 * is free takes whatever is there (or what --max-delay lets gather); a batch that is full waits,
 * and its partitions are not read meanwhile, which is all the back-pressure there is.
 */
#include "base/clock.h"
#include "base/log.h"
#include "ingest/pipeline.h"

#include <stdlib.h>

#define READ_AT_ONCE 512
#define WAIT_MS 100
#define REST_MAX_US 10000
#define EOF_STORE_US 1000000LL
#define COMMIT_EVERY_US 1000000LL

struct reading {
    struct pipeline *pipeline;
    struct partition *partition;
};

static struct batch_claim *claim_in(struct partition *p)
{
    return batch_claim(p->seat->filling, p, p->topic, p->partition, p->epoch, p->queued);
}

static void take_record(struct pipeline *pipeline, struct partition *p,
                        const struct message *message)
{
    struct batch *batch = p->seat->filling;
    struct record_header header;
    struct record record = {
        .topic = p->topic,
        .partition = p->partition,
        .offset = message->offset,
        .timestamp_ms = message->timestamp_ms,
        .key = message->key,
        .value = message->value,
    };
    if (message->offset < p->position)
        return; /* read before: nothing may enter twice */
    for (; message_header(message, record.n_headers, &header.name, &header.value);
         record.n_headers++)
        batch_headers(batch, record.n_headers + 1)[record.n_headers] = header;
    record.headers = batch->headers;
    batch_add(batch, claim_in(p), &record);
    p->position = p->queued = message->offset + 1;
    p->gap_since_us = 0;
    p->at_eof = false;
    pipeline->records_read++;
}

/* The position passes over what holds no record: the gap is stored with the next batch, or alone
 * after a while. */
static void take_eof(struct partition *p, int64_t offset)
{
    p->at_eof = true;
    if (offset > p->position)
        p->position = offset;
    if (p->position > p->queued && p->gap_since_us == 0)
        p->gap_since_us = clock_mono_us();
}

static void take_fault(struct pipeline *pipeline, struct partition *p, const struct err *err)
{
    if (err->class == ERR_OUTAGE) {
        log_debug(pipeline->config->name, "%s", err->text);
        return;
    }
    log_error(pipeline->config->name, "%s", err->text);
    p->err = *err;
    partition_move(p, PARTITION_STOPPED);
}

static void take_message(void *context, const struct message *message)
{
    const struct reading *reading = context;
    struct partition *p = reading->partition;
    if (p->state != PARTITION_READING)
        return;
    switch (message->kind) {
    case MESSAGE_RECORD:
        take_record(reading->pipeline, p, message);
        break;
    case MESSAGE_EOF:
        take_eof(p, message->offset);
        break;
    case MESSAGE_OUT_OF_RANGE:
        log_warn(reading->pipeline->config->name, "%s[%d]: %s", p->topic, p->partition,
                 message->err->text);
        rebalance_reclaim(reading->pipeline, p);
        break;
    case MESSAGE_FAULT:
        take_fault(reading->pipeline, p, message->err);
        break;
    }
}

/* How many to ask for: large records one by one, so that a batch is not far overfilled. */
static size_t read_size(const struct pipeline *pipeline, const struct batch *batch)
{
    size_t n = READ_AT_ONCE;
    if (batch->n_entries > 0) {
        size_t average = batch->bytes.len / batch->n_entries + 1;
        size_t room = (batch->max_bytes - batch->bytes.len) / average + 1;
        n = room < n ? room : n;
    } else {
        n = 64;
    }
    if (n > batch->max_entries - batch->n_entries)
        n = batch->max_entries - batch->n_entries;
    if (pipeline->config->count > 0) {
        int64_t left = pipeline->config->count - pipeline->records_read;
        if ((int64_t)n > left)
            n = left > 0 ? (size_t)left : 0;
    }
    return n;
}

/* One round over all partitions; whether anything came. */
static bool read_streams(struct pipeline *pipeline)
{
    bool any = false;
    if (pipeline->checking)
        return false;
    seating_review(pipeline);
    for (struct partition *p = pipeline->partitions; p; p = p->next) {
        if (p->state != PARTITION_READING || p->is_moving || !batch_has_room(p->seat->filling))
            continue;
        struct reading reading = {pipeline, p};
        size_t n = read_size(pipeline, p->seat->filling);
        any |= n > 0 && stream_read(p->stream, n, take_message, &reading) > 0;
    }
    return any;
}

/* Gaps that no record has carried along: alone after a while, at once if we are about to end. */
static void store_gaps(struct pipeline *pipeline)
{
    int64_t now = clock_mono_us();
    bool at_once = pipeline_ends(pipeline) || atomic_load(&pipeline->stopping);
    for (struct partition *p = pipeline->partitions; p; p = p->next) {
        if (p->state != PARTITION_READING || p->gap_since_us == 0)
            continue;
        if (!at_once && now - p->gap_since_us < EOF_STORE_US)
            continue;
        batch_skip_to(claim_in(p), p->position);
        p->queued = p->position;
        p->gap_since_us = 0;
    }
}

/* All that was there at the start has been read: no more will come that is worth waiting for. */
static bool all_read(const struct pipeline *pipeline)
{
    if (!pipeline_ends(pipeline))
        return false;
    for (const struct partition *p = pipeline->partitions; p; p = p->next)
        if (p->position < p->goal &&
            (p->state == PARTITION_READING || p->state == PARTITION_CLAIMING))
            return false;
    return true;
}

/*
 * When the batch may leave by --max-delay or, without one, after the lane's rest. A transaction
 * costs the same for one record as for a hundred: at a thousand records a second, a lane that takes
 * each at once keeps the server's processors busy with nothing else, and records wait for those. So
 * it rests as long as its transaction took, unless there is more than a little to do. After a pause
 * a record leaves at once.
 */
static int64_t leaves_us(const struct pipeline *pipeline, const struct seat *seat)
{
    const struct batch *batch = seat->filling;
    if (pipeline->config->max_delay_ms > 0)
        return batch->first_us + pipeline->config->max_delay_ms * 1000;
    return seating_is_laden(batch) ? 0 : seat->rested_us;
}

static bool is_due(const struct pipeline *pipeline, const struct seat *seat)
{
    if (seat->busy || batch_is_empty(seat->filling))
        return false;
    return clock_mono_us() >= leaves_us(pipeline, seat) || !batch_has_room(seat->filling) ||
           atomic_load(&pipeline->stopping) || all_read(pipeline);
}

static void hand_over(struct pipeline *pipeline)
{
    if (pipeline->checking || pipeline->halted)
        return;
    store_gaps(pipeline);
    for (size_t i = 0; i < pipeline->n_seats; i++)
        if (is_due(pipeline, &pipeline->seats[i]))
            seat_hand_over(&pipeline->seats[i]);
}

void pump_halt(struct pipeline *pipeline, const struct err *err)
{
    struct view_data *data = view_lock(&pipeline->view);
    if (!data->failed)
        data->err = *err;
    data->failed = true;
    view_unlock(&pipeline->view);
    log_error(pipeline->config->name, "%s", err->text);
    pipeline->halted = true;
}

static void consumer_fault(struct pipeline *pipeline, const struct err *err)
{
    if (rejoin_after(pipeline, err))
        return;
    if (err->class != ERR_OUTAGE) {
        pump_halt(pipeline, err);
        return;
    }
    if (strcmp(pipeline->last_fault, err->text) == 0)
        return;
    memcpy(pipeline->last_fault, err->text, sizeof(pipeline->last_fault));
    log_warn(pipeline->config->name, "%s", err->text);
}

static void poll_consumer(struct pipeline *pipeline)
{
    struct consumer_event event;
    for (consumer_poll(pipeline->consumer, &event); event.kind != CONSUMER_NOTHING;
         consumer_poll(pipeline->consumer, &event)) {
        switch (event.kind) {
        case CONSUMER_ASSIGNED:
        case CONSUMER_REVOKED:
            rebalance_event(pipeline, &event);
            break;
        case CONSUMER_RECONNECTED:
            if (event.was_away)
                pipeline->last_fault[0] = '\0';
            rebalance_check(pipeline);
            break;
        case CONSUMER_FAULT:
            consumer_fault(pipeline, &event.err);
            break;
        case CONSUMER_NOTHING:
            break;
        }
    }
}

/* A settled claim: what it says of its partition, if the partition is still under that claim. */
static void settle_claim(struct pipeline *pipeline, struct view_data *data,
                         const struct batch_claim *claim)
{
    struct partition *p = claim->owner;
    if (claim->dropped) {
        pipeline->records_read -= claim->records;
        if (p->state == PARTITION_READING && p->epoch == claim->epoch)
            rebalance_lose(pipeline, p);
        return;
    }
    tally_add(&data->tally, &claim->tally);
    if (p->epoch != claim->epoch)
        return;
    p->stored = claim->next;
    if (claim->last.offset >= 0)
        p->last = claim->last;
    struct partition_view *row = view_partition(&pipeline->view, p->topic, p->partition);
    row->stored = p->stored;
    if (claim->last.offset >= 0)
        row->last_time_ms = claim->last.timestamp_ms;
}

static void settle_seat(struct seat *seat, double seconds)
{
    int64_t rest_us = (int64_t)(seconds * 1e6);
    seat->busy = false;
    seat->settled_us = clock_mono_us();
    seat->rested_us = seat->settled_us + (rest_us < REST_MAX_US ? rest_us : REST_MAX_US);
}

static void stored(struct pipeline *pipeline, const struct note *note)
{
    struct view_data *data = view_lock(&pipeline->view);
    for (size_t i = 0; i < note->batch->n_claims; i++)
        settle_claim(pipeline, data, &note->batch->claims[i]);
    data->bytes += (int64_t)note->batch->value_bytes;
    data->retries += note->retries;
    data->unknown_keys += note->batch->unknown_keys;
    view_note_commit(data, note->seconds);
    view_unlock(&pipeline->view);
    batch_clear(note->batch);
    settle_seat(note->seat, note->seconds);
    pipeline->commit_due = true;
}

static void halted(struct pipeline *pipeline, const struct note *note)
{
    /* At the end of the time to drain, an outage is no failure: nothing is lost, all is read again.
     */
    if (note->err.class != ERR_OUTAGE)
        pump_halt(pipeline, &note->err);
    else
        log_warn(pipeline->config->name,
                 "left %zu records unstored because the database is away; they will be read again",
                 note->batch->n_entries);
    pipeline->halted = true;
    note->seat->busy = false;
    batch_clear(note->batch);
}

static void take_notes(struct pipeline *pipeline)
{
    struct note *note;
    while ((note = queue_try_pop(&pipeline->notes)) != NULL) {
        switch (note->kind) {
        case NOTE_TASK_DONE:
            rebalance_task_done(pipeline, note->task);
            break;
        case NOTE_STORED:
            stored(pipeline, note);
            break;
        case NOTE_HALTED:
            halted(pipeline, note);
            break;
        }
        free(note);
    }
}

/* For other tools to see the lag; after the database, and nothing depends on it. */
static void commit_positions(struct pipeline *pipeline, bool now)
{
    size_t n;
    if (!pipeline->commit_due || pipeline->config->dry_run ||
        (!now && clock_mono_us() - pipeline->last_commit_us < COMMIT_EVERY_US))
        return;
    struct partition_ref *refs = partition_refs(pipeline, AT_STORED, &n);
    pipeline->commit_due = !consumer_commit_async(pipeline->consumer, refs, n);
    free(refs);
    pipeline->last_commit_us = clock_mono_us();
}

static void publish(struct pipeline *pipeline)
{
    struct view_data *data = view_lock(&pipeline->view);
    for (const struct partition *p = pipeline->partitions; p; p = p->next) {
        struct partition_view *row = view_partition(&pipeline->view, p->topic, p->partition);
        row->state = partition_state_name(p->state);
        row->ours = p->state != PARTITION_IDLE;
        row->stopped = p->state == PARTITION_STOPPED;
        row->stored = p->stored;
        row->high = consumer_high(pipeline->consumer, p->topic, p->partition);
        if (row->last_time_ms < 0 && p->last.offset >= 0)
            row->last_time_ms = p->last.timestamp_ms;
        if (row->stopped && !data->failed)
            data->err = p->err;
    }
    view_unlock(&pipeline->view);
}

static bool count_reached(const struct pipeline *pipeline)
{
    return pipeline->config->count > 0 && pipeline->records_read >= pipeline->config->count;
}

static bool all_stopped(const struct pipeline *pipeline)
{
    bool any = false;
    for (const struct partition *p = pipeline->partitions; p; p = p->next) {
        if (p->state != PARTITION_STOPPED && p->state != PARTITION_IDLE)
            return false;
        any |= p->state == PARTITION_STOPPED;
    }
    return any;
}

static bool seats_idle(const struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->n_seats; i++) {
        const struct seat *seat = &pipeline->seats[i];
        if (seat->busy || (!pipeline->halted && !batch_is_empty(seat->filling)))
            return false;
    }
    return true;
}

/* Ctrl-C leaves in under a second: what was read is stored, nothing more is read. */
static void drain(struct pipeline *pipeline)
{
    atomic_store(&pipeline->stopping, true);
    while (!seats_idle(pipeline) && !(pipeline->checking && pipeline_out_of_time(pipeline))) {
        poll_consumer(pipeline);
        take_notes(pipeline);
        hand_over(pipeline);
        if (!seats_idle(pipeline))
            consumer_wait(pipeline->consumer, 20);
    }
}

/* Until the next batch leaves, but not long: there is more to look after. */
static int wait_ms(const struct pipeline *pipeline)
{
    int64_t now = clock_mono_us();
    int64_t wait_us = WAIT_MS * 1000LL;
    if (pipeline->checking)
        return WAIT_MS; /* nothing leaves until the answer is there, and that wakes us */
    for (size_t i = 0; i < pipeline->n_seats; i++) {
        const struct seat *seat = &pipeline->seats[i];
        if (seat->busy || batch_is_empty(seat->filling))
            continue;
        int64_t left_us = leaves_us(pipeline, seat) - now;
        wait_us = left_us < wait_us ? left_us : wait_us;
    }
    return wait_us > 0 ? (int)(wait_us + 999) / 1000 : 0;
}

static void run(struct pipeline *pipeline)
{
    int64_t published_us = 0;
    while (!atomic_load(&pipeline->stopping) && !pipeline->halted) {
        poll_consumer(pipeline);
        take_notes(pipeline);
        bool any = read_streams(pipeline);
        /* A reconnect that came up while reading is heeded before anything is handed over. */
        if (any)
            poll_consumer(pipeline);
        hand_over(pipeline);
        commit_positions(pipeline, false);
        rebalance_lost(pipeline);
        rejoin_overdue(pipeline);
        int64_t now = clock_mono_us();
        if (now - published_us > 200000) {
            publish(pipeline);
            published_us = now;
        }
        if (goal_reached(pipeline) || count_reached(pipeline) || all_stopped(pipeline))
            break;
        if (!any)
            consumer_wait(pipeline->consumer, wait_ms(pipeline));
    }
}

/* A dry run has no group to wait for: all partitions, from where they stand. */
static void assign_dry(struct pipeline *pipeline)
{
    struct task *task = task_new(TASK_CLAIM, atomic_load(&pipeline->generation), 0);
    for (struct partition *p = pipeline->partitions; p; p = p->next) {
        partition_move(p, PARTITION_CLAIMING);
        partition_seat(pipeline, p);
        partition_move(p, PARTITION_READING);
    }
    rebalance_task_done(pipeline, task);
}

void *pump_main(void *context)
{
    struct pipeline *pipeline = context;
    if (pipeline->config->dry_run)
        assign_dry(pipeline);
    rejoin_await(pipeline);
    run(pipeline);
    drain(pipeline);
    commit_positions(pipeline, true);
    publish(pipeline);
    struct view_data *data = view_lock(&pipeline->view);
    data->ended_us = clock_mono_us();
    for (const struct partition *p = pipeline->partitions; p; p = p->next)
        data->failed |= partition_is_stopped(p);
    view_unlock(&pipeline->view);
    control_tell(pipeline, task_new(TASK_END, 0, 0));
    return NULL;
}

/* The control thread: start-up, then claims and checks as the pump asks for them. */
#include "base/clock.h"
#include "base/log.h"
#include "ingest/pipeline.h"

#include <inttypes.h>
#include <stdlib.h>

#define ASK_MS 10000
#define PAUSE_MAX_MS 2000

struct task *task_new(enum task_kind kind, uint64_t generation, size_t n)
{
    struct task *task = calloc(1, sizeof(*task));
    if (!task)
        abort();
    task->kind = kind;
    task->generation = generation;
    task->n = n;
    task->tickets = calloc(n ? n : 1, sizeof(*task->tickets));
    if (!task->tickets)
        abort();
    return task;
}

void task_free(struct task *task)
{
    if (task)
        free(task->tickets);
    free(task);
}

void control_tell(struct pipeline *pipeline, struct task *task)
{
    queue_push(&pipeline->tasks, task);
}

/* The group has moved on, or we are ending: the answer will not be used. */
static bool outdated(struct pipeline *pipeline, const struct task *task)
{
    return task->generation != atomic_load(&pipeline->generation) || pipeline_out_of_time(pipeline);
}

static int topic_id(struct pipeline *pipeline, const struct ticket *ticket, struct topic_info *info,
                    struct err *err)
{
    int rc = admin_topic(pipeline->admin, ticket->topic, ASK_MS, info, err);
    if (rc < 0 && err->class == ERR_USAGE) /* unknown, and it was there at the start */
        return err_set(err, ERR_HALT,
                       "%s[%d]: the topic was deleted while this pipeline read it; what was "
                       "stored stays stored: if it is created again, run with --reset to read it "
                       "from its start",
                       ticket->topic, ticket->number);
    return rc;
}

/* --on-gap record */
static int pass_gap(struct pipeline *pipeline, struct ticket *ticket, int64_t gap_to,
                    struct err *err)
{
    bool dry = pipeline->config->dry_run;
    log_warn(pipeline->config->name,
             "%s[%d]: the offsets %" PRId64 " to %" PRId64
             " were deleted by retention before they were stored; %s as absent",
             ticket->topic, ticket->number, ticket->position, gap_to - 1,
             dry ? "they would be recorded" : "recorded");
    if (!dry)
        return pipeline->sink->record_gap(pipeline->store, &ticket->claim, gap_to, err);
    ticket->claim.next_offset = gap_to;
    return 0;
}

static int claim(struct pipeline *pipeline, const struct task *task, struct ticket *ticket,
                 struct err *err)
{
    const struct sink_ops *sink = pipeline->sink;
    struct topic_info info;
    int64_t low;
    int64_t high;
    int64_t gap_to;

    if (topic_id(pipeline, ticket, &info, err) < 0 ||
        admin_watermarks(pipeline->admin, ticket->topic, ticket->number, ASK_MS, &low, &high, err) <
            0 ||
        sink->reconnect(pipeline->store, err) < 0)
        return -1;
    /* A late claim would take the partition from whoever has it by now. */
    if (outdated(pipeline, task))
        return err_set(err, ERR_OUTAGE, "the group has moved on");
    if (pipeline->config->dry_run) /* owns nothing, and writes nothing */
        ticket->claim = (struct claim){.topic = ticket->topic,
                                       .partition = ticket->number,
                                       .next_offset = ticket->position,
                                       .last = ticket->last};
    else if (sink->claim(pipeline->store, ticket->topic, ticket->number, low, info.id,
                         &ticket->claim, err) < 0)
        return -1;
    ticket->position = ticket->claim.next_offset;
    ticket->last = ticket->claim.last;
    if (check_position(pipeline, ticket, info.id, &gap_to, err) < 0)
        return -1;
    return gap_to < 0 ? 0 : pass_gap(pipeline, ticket, gap_to, err);
}

static int check(struct pipeline *pipeline, struct ticket *ticket, struct err *err)
{
    struct topic_info info;
    int64_t gap_to;
    if (topic_id(pipeline, ticket, &info, err) < 0)
        return -1;
    return check_position(pipeline, ticket, info.id, &gap_to, err);
}

static int peek(struct pipeline *pipeline, struct ticket *ticket, struct err *err)
{
    if (pipeline->sink->reconnect(pipeline->store, err) < 0)
        return -1;
    return pipeline->sink->peek(pipeline->store, ticket->topic, ticket->number, &ticket->position,
                                err);
}

/* One ticket, again and again while it is only an outage that stands in the way. */
static void work_ticket(struct pipeline *pipeline, const struct task *task, struct ticket *ticket)
{
    int64_t pause = 50;
    bool told = false;
    while (!outdated(pipeline, task)) {
        struct err *err = &ticket->err;
        int rc = task->kind == TASK_CLAIM   ? claim(pipeline, task, ticket, err)
                 : task->kind == TASK_CHECK ? check(pipeline, ticket, err)
                                            : peek(pipeline, ticket, err);
        ticket->ok = rc == 0;
        if (rc == 0 || err->class != ERR_OUTAGE || task->kind == TASK_PEEK)
            return;
        if (!told)
            log_warn(pipeline->config->name, "%s; trying again", err->text);
        told = true;
        clock_sleep_ms(pause);
        pause = pause * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause * 2;
    }
}

static void note_task(struct pipeline *pipeline, struct task *task)
{
    struct note *note = calloc(1, sizeof(*note));
    if (!note)
        abort();
    note->kind = NOTE_TASK_DONE;
    note->task = task;
    queue_push(&pipeline->notes, note);
}

static void serve(struct pipeline *pipeline)
{
    struct task *task;
    while ((task = queue_pop(&pipeline->tasks, -1))->kind != TASK_END) {
        for (size_t i = 0; i < task->n; i++)
            work_ticket(pipeline, task, &task->tickets[i]);
        note_task(pipeline, task);
    }
    task_free(task);
}

static void boot_failed(struct pipeline *pipeline, const struct err *err)
{
    struct view_data *data = view_lock(&pipeline->view);
    data->failed = true;
    data->err = *err;
    view_unlock(&pipeline->view);
    log_error(pipeline->config->name, "%s", err->text);
}

void *control_main(void *context)
{
    struct pipeline *pipeline = context;
    struct err err = {0};

    if (pipeline_boot(pipeline, &err) < 0) {
        boot_failed(pipeline, &err);
    } else if (pthread_create(&pipeline->pump_thread, NULL, pump_main, pipeline) != 0) {
        err_set(&err, ERR_BUG, "cannot start a thread");
        boot_failed(pipeline, &err);
    } else {
        serve(pipeline);
        pthread_join(pipeline->pump_thread, NULL);
    }
    struct view_data *data = view_lock(&pipeline->view);
    data->phase = PHASE_ENDED;
    view_unlock(&pipeline->view);
    return NULL;
}

#include "ingest/pipeline.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

/* Time to store what was read, once told to stop; under the second that Ctrl-C may take. */
#define DRAIN_US 800000LL
#define LEAVE_MS 5000

static void wake_pump(void *context)
{
    struct pipeline *pipeline = context;
    pthread_mutex_lock(&pipeline->consumer_lock);
    if (pipeline->consumer)
        consumer_wake(pipeline->consumer);
    pthread_mutex_unlock(&pipeline->consumer_lock);
}

void pipeline_init(struct pipeline *pipeline, const struct pipeline_config *config)
{
    memset(pipeline, 0, sizeof(*pipeline));
    pipeline->config = config;
    pipeline->sink = sink_for(config->database);
    pipeline->slot.fd = -1;
    queue_init(&pipeline->tasks, NULL, NULL);
    queue_init(&pipeline->notes, wake_pump, pipeline);
    view_init(&pipeline->view);
    pthread_mutex_init(&pipeline->consumer_lock, NULL);
}

int pipeline_start(struct pipeline *pipeline, struct err *err)
{
    if (pthread_create(&pipeline->control_thread, NULL, control_main, pipeline) != 0)
        return err_set(err, ERR_BUG, "cannot start a thread");
    pipeline->control_started = true;
    return 0;
}

void pipeline_stop(struct pipeline *pipeline)
{
    /* It may be stopping by itself (--exit) and hang in that: from now on there is little time. */
    long long never = 0;
    atomic_store(&pipeline->stopping, true);
    if (!atomic_compare_exchange_strong(&pipeline->stop_us, &never, clock_mono_us()))
        return;
    wake_pump(pipeline);
}

bool pipeline_out_of_time(struct pipeline *pipeline)
{
    int64_t since = atomic_load(&pipeline->stop_us);
    return since > 0 && clock_mono_us() - since > DRAIN_US;
}

void pipeline_join(struct pipeline *pipeline)
{
    if (pipeline->control_started)
        pthread_join(pipeline->control_thread, NULL);
    pipeline->control_started = false;
}

static void release_queues(struct pipeline *pipeline)
{
    struct note *note;
    struct task *task;
    while ((note = queue_try_pop(&pipeline->notes)) != NULL) {
        if (note->kind == NOTE_TASK_DONE)
            task_free(note->task);
        free(note);
    }
    while ((task = queue_try_pop(&pipeline->tasks)) != NULL)
        task_free(task);
    queue_release(&pipeline->notes);
    queue_release(&pipeline->tasks);
}

void pipeline_release(struct pipeline *pipeline)
{
    seats_close(pipeline);
    if (pipeline->consumer)
        consumer_free(pipeline->consumer, LEAVE_MS);
    pipeline->consumer = NULL;
    admin_free(pipeline->admin);
    if (pipeline->store)
        pipeline->sink->close(pipeline->store);
    slot_release(&pipeline->slot);
    release_queues(pipeline);
    while (pipeline->partitions) {
        struct partition *p = pipeline->partitions;
        pipeline->partitions = p->next;
        free((void *)(uintptr_t)p->topic);
        free(p);
    }
    view_release(&pipeline->view);
    pthread_mutex_destroy(&pipeline->consumer_lock);
}

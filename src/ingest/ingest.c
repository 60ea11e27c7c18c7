#include "ingest/ingest.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "ingest/pipeline.h"
#include "ingest/report.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>

#define LOOK_MS 200
#define STATUS_US 1000000LL
#define LOG_US (10 * 1000000LL)
#define START_GRACE_US 300000LL
#define DRAIN_GRACE_US 900000LL

struct ingest {
    const struct config *config;
    struct pipeline *pipelines;
    struct status *statuses;
    size_t n;
    int64_t shown_us;
    bool abandoned; /* told to stop and hanging: its threads still run */
};

int ingest_new(struct ingest **out, const struct config *config, struct err *err)
{
    if (config->n_pipelines == 0)
        return err_set(err, ERR_USAGE,
                       "no pipeline to run: give -t TOPIC and --table TABLE, or write pipelines "
                       "into weir.yaml");
    struct ingest *ingest = calloc(1, sizeof(*ingest));
    if (!ingest)
        abort();
    ingest->config = config;
    ingest->n = config->n_pipelines;
    ingest->pipelines = calloc(ingest->n, sizeof(*ingest->pipelines));
    ingest->statuses = calloc(ingest->n, sizeof(*ingest->statuses));
    if (!ingest->pipelines || !ingest->statuses)
        abort();
    for (size_t i = 0; i < ingest->n; i++)
        pipeline_init(&ingest->pipelines[i], &config->pipelines[i]);
    *out = ingest;
    return 0;
}

void ingest_free(struct ingest *ingest)
{
    if (!ingest)
        return;
    assert(!ingest->abandoned);
    for (size_t i = 0; i < ingest->n; i++)
        pipeline_release(&ingest->pipelines[i]);
    free(ingest->pipelines);
    free(ingest->statuses);
    free(ingest);
}

/*
 * Told to stop, and too late for that. Before it had started it may hang in a connection attempt,
 * and has read nothing; later in a batch for which the database has no answer (a lock that somebody
 * holds, a server that is frozen): what is under way is committed whole or not at all, and what is
 * not is read again.
 */
static bool hangs(struct ingest *ingest, int64_t stop_us)
{
    int64_t waited_us = clock_mono_us() - stop_us;
    bool reading = false;
    for (size_t i = 0; i < ingest->n; i++) {
        const struct view_data *data = view_lock(&ingest->pipelines[i].view);
        reading |= data->phase == PHASE_RUNNING;
        view_unlock(&ingest->pipelines[i].view);
    }
    if (reading && waited_us > DRAIN_GRACE_US)
        log_warn("",
                 "the database does not answer; what is under way is given up, nothing is lost: "
                 "it will be read again");
    return waited_us > (reading ? DRAIN_GRACE_US : START_GRACE_US);
}

static bool all_ended(struct ingest *ingest)
{
    bool ended = true;
    for (size_t i = 0; i < ingest->n; i++) {
        const struct view_data *data = view_lock(&ingest->pipelines[i].view);
        ended &= data->phase == PHASE_ENDED;
        view_unlock(&ingest->pipelines[i].view);
    }
    return ended;
}

static void show_status(struct ingest *ingest, int64_t now_us)
{
    struct buf line;
    buf_init(&line, 64 << 10);
    for (size_t i = 0; i < ingest->n; i++) {
        struct view_data view;
        view_copy(&ingest->pipelines[i].view, &view);
        if (i > 0)
            buf_add_str(&line, " | ");
        status_line(&line, &ingest->statuses[i], ingest->pipelines[i].config->name, &view, now_us,
                    clock_wall_us());
        view_copy_release(&view);
    }
    log_status(buf_str(&line));
    buf_release(&line);
}

static void log_statuses(struct ingest *ingest, int64_t now_us)
{
    struct buf line;
    buf_init(&line, 64 << 10);
    for (size_t i = 0; i < ingest->n; i++) {
        struct view_data view;
        view_copy(&ingest->pipelines[i].view, &view);
        buf_clear(&line);
        status_log(&line, &ingest->statuses[i], &view, now_us, clock_wall_us());
        if (view.phase == PHASE_RUNNING)
            log_info(ingest->pipelines[i].config->name, "%s", buf_str(&line));
        view_copy_release(&view);
    }
    buf_release(&line);
}

static void show(struct ingest *ingest)
{
    int64_t now = clock_mono_us();
    bool terminal = log_on_terminal();
    if (ingest->shown_us == 0)
        ingest->shown_us = now;
    if (now - ingest->shown_us < (terminal ? STATUS_US : LOG_US))
        return;
    ingest->shown_us = now;
    if (terminal)
        show_status(ingest, now);
    else
        log_statuses(ingest, now);
}

static int exit_code(struct ingest *ingest)
{
    int code = 0;
    for (size_t i = 0; i < ingest->n; i++) {
        const struct view_data *data = view_lock(&ingest->pipelines[i].view);
        if (data->failed && data->err.class == ERR_USAGE)
            code = 2;
        else if (data->failed && code == 0)
            code = 1;
        view_unlock(&ingest->pipelines[i].view);
    }
    return code;
}

int ingest_run(struct ingest *ingest)
{
    struct err err;
    int64_t told_us = 0;
    for (size_t i = 0; i < ingest->n; i++)
        if (pipeline_start(&ingest->pipelines[i], &err) < 0) {
            log_error(ingest->config->pipelines[i].name, "%s", err.text);
            return 1;
        }
    while (!all_ended(ingest)) {
        struct pollfd pfd = {.fd = signals_fd(), .events = POLLIN};
        if (signals_stop_requested() && told_us == 0) {
            told_us = clock_mono_us();
            for (size_t i = 0; i < ingest->n; i++)
                pipeline_stop(&ingest->pipelines[i]);
        }
        if (told_us && hangs(ingest, told_us)) {
            ingest->abandoned = true;
            break;
        }
        if (told_us)
            clock_sleep_ms(10);
        else
            poll(&pfd, 1, LOOK_MS);
        show(ingest);
    }
    log_status(NULL);
    if (ingest->abandoned)
        return exit_code(ingest);
    for (size_t i = 0; i < ingest->n; i++)
        pipeline_join(&ingest->pipelines[i]);
    return exit_code(ingest);
}

bool ingest_hangs(const struct ingest *ingest)
{
    return ingest->abandoned;
}

void ingest_metrics(struct ingest *ingest, struct buf *out)
{
    struct report_line *lines = calloc(ingest->n, sizeof(*lines));
    if (!lines)
        abort();
    for (size_t i = 0; i < ingest->n; i++) {
        lines[i].name = ingest->pipelines[i].config->name;
        view_copy(&ingest->pipelines[i].view, &lines[i].view);
    }
    report_metrics(out, lines, ingest->n);
    for (size_t i = 0; i < ingest->n; i++)
        view_copy_release(&lines[i].view);
    free(lines);
}

bool ingest_healthy(struct ingest *ingest, struct buf *why_not)
{
    bool healthy = true;
    for (size_t i = 0; i < ingest->n; i++) {
        struct view_data view;
        view_copy(&ingest->pipelines[i].view, &view);
        bool stopped = view.failed;
        for (size_t k = 0; k < view.n_partitions; k++)
            stopped |= view.partitions[k].stopped;
        if (stopped)
            buf_printf(why_not, "%s: %s\n", ingest->pipelines[i].config->name, view.err.text);
        healthy &= !stopped;
        view_copy_release(&view);
    }
    return healthy;
}

bool ingest_ready(struct ingest *ingest, struct buf *why_not)
{
    bool ready = true;
    for (size_t i = 0; i < ingest->n; i++) {
        const struct view_data *data = view_lock(&ingest->pipelines[i].view);
        if (data->phase != PHASE_RUNNING) {
            buf_printf(why_not, "%s: %s\n", ingest->pipelines[i].config->name,
                       data->phase == PHASE_STARTING ? "starting" : "ended");
            ready = false;
        }
        view_unlock(&ingest->pipelines[i].view);
    }
    return ready;
}

void ingest_report_json(struct ingest *ingest, struct buf *out)
{
    bool many = ingest->n > 1;
    buf_add_byte(out, '{');
    if (many)
        buf_add_str(out, "\"pipelines\":[");
    for (size_t i = 0; i < ingest->n; i++) {
        struct view_data view;
        view_copy(&ingest->pipelines[i].view, &view);
        if (many) {
            buf_add_str(out, i ? ",{\"name\":" : "{\"name\":");
            buf_add_json(out, slice_of(ingest->pipelines[i].config->name));
            buf_add_byte(out, ',');
        }
        report_json(out, &view);
        if (many)
            buf_add_byte(out, '}');
        view_copy_release(&view);
    }
    buf_add_str(out, many ? "]}\n" : "}\n");
}

void ingest_report_text(struct ingest *ingest, struct buf *out)
{
    for (size_t i = 0; i < ingest->n; i++) {
        struct view_data view;
        const struct pipeline_config *config = ingest->pipelines[i].config;
        view_copy(&ingest->pipelines[i].view, &view);
        if (view.started_us > 0)
            report_text(out, config->name, &view, config->dry_run);
        view_copy_release(&view);
    }
}

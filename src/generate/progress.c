#include "generate/progress.h"

#include "base/clock.h"

#include <inttypes.h>

void progress_init(struct progress *progress)
{
    *progress = (struct progress){.own = {.made = 0}};
    pthread_mutex_init(&progress->lock, NULL);
}

void progress_release(struct progress *progress)
{
    pthread_mutex_destroy(&progress->lock);
}

void progress_set_away(struct progress *progress, bool away)
{
    progress->own.away = away;
    progress_publish(progress);
}

void progress_publish(struct progress *progress)
{
    pthread_mutex_lock(&progress->lock);
    progress->shown = progress->own;
    pthread_mutex_unlock(&progress->lock);
}

struct figures progress_read(struct progress *progress)
{
    pthread_mutex_lock(&progress->lock);
    struct figures figures = progress->shown;
    pthread_mutex_unlock(&progress->lock);
    return figures;
}

static void add_metric(struct buf *out, const char *name, const char *type, const char *help,
                       uint64_t value)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name,
               value);
}

void progress_metrics(struct progress *progress, struct buf *out)
{
    struct figures figures = progress_read(progress);
    uint64_t open = figures.made - figures.acknowledged - figures.failed;
    add_metric(out, "weir_generate_records_total", "counter", "Records made.", figures.made);
    add_metric(out, "weir_generate_acknowledged_total", "counter",
               "Records that the broker has acknowledged.", figures.acknowledged);
    add_metric(out, "weir_generate_failed_total", "counter", "Records refused for good.",
               figures.failed);
    add_metric(out, "weir_generate_bytes_total", "counter", "Bytes of the records' values.",
               figures.bytes);
    add_metric(out, "weir_generate_open", "gauge", "Records made and not acknowledged yet.", open);
    add_metric(out, "weir_generate_broker_away", "gauge", "1 while the broker does not answer.",
               figures.away);
    buf_add_str(out, "# HELP weir_generate_faults_total Records with a fault on purpose.\n"
                     "# TYPE weir_generate_faults_total counter\n");
    for (int i = 0; i < N_FAULTS; i++)
        buf_printf(out, "weir_generate_faults_total{fault=\"%s\"} %" PRIu64 "\n",
                   fault_name((enum fault)i), figures.faults[i]);
}

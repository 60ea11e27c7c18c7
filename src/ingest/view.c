#include "ingest/view.h"

#include <stdlib.h>
#include <string.h>

const double view_bucket_s[VIEW_BUCKETS] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                            0.1,   0.25,   0.5,   1,    5,     30};

void view_init(struct view *view)
{
    memset(view, 0, sizeof(*view));
    pthread_mutex_init(&view->lock, NULL);
}

void view_release(struct view *view)
{
    free(view->data.partitions);
    pthread_mutex_destroy(&view->lock);
}

struct view_data *view_lock(struct view *view)
{
    pthread_mutex_lock(&view->lock);
    return &view->data;
}

void view_unlock(struct view *view)
{
    pthread_mutex_unlock(&view->lock);
}

void view_copy(struct view *view, struct view_data *out)
{
    const struct view_data *data = view_lock(view);
    *out = *data;
    out->partitions = NULL;
    if (data->n_partitions > 0) {
        size_t bytes = data->n_partitions * sizeof(*data->partitions);
        out->partitions = malloc(bytes);
        if (!out->partitions)
            abort();
        memcpy(out->partitions, data->partitions, bytes);
    }
    view_unlock(view);
}

void view_copy_release(struct view_data *copy)
{
    free(copy->partitions);
    copy->partitions = NULL;
}

/* Kept sorted by topic and partition, for whoever prints them. */
struct partition_view *view_partition(struct view *view, const char *topic, int32_t partition)
{
    struct view_data *data = &view->data;
    size_t at = 0;
    for (; at < data->n_partitions; at++) {
        struct partition_view *row = &data->partitions[at];
        int order = strcmp(row->topic, topic);
        if (order == 0 && row->partition == partition)
            return row;
        if (order > 0 || (order == 0 && row->partition > partition))
            break;
    }
    if (data->n_partitions == view->cap_partitions) {
        view->cap_partitions = view->cap_partitions ? view->cap_partitions * 2 : 16;
        data->partitions =
            realloc(data->partitions, view->cap_partitions * sizeof(*data->partitions));
        if (!data->partitions)
            abort();
    }
    memmove(&data->partitions[at + 1], &data->partitions[at],
            (data->n_partitions - at) * sizeof(*data->partitions));
    data->n_partitions++;
    data->partitions[at] = (struct partition_view){
        .topic = topic, .partition = partition, .state = "idle", .high = -1, .last_time_ms = -1};
    return &data->partitions[at];
}

void view_note_commit(struct view_data *data, double seconds)
{
    int bucket = 0;
    while (bucket < VIEW_BUCKETS && seconds > view_bucket_s[bucket])
        bucket++;
    data->commit_buckets[bucket]++;
    data->commit_seconds += seconds;
    data->batches++;
}

int64_t view_lag_records(const struct view_data *data)
{
    int64_t lag = 0;
    for (size_t i = 0; i < data->n_partitions; i++) {
        const struct partition_view *row = &data->partitions[i];
        if (row->ours && row->high > row->stored)
            lag += row->high - row->stored;
    }
    return lag;
}

double view_lag_seconds(const struct view_data *data, int64_t wall_us)
{
    double oldest = 0;
    for (size_t i = 0; i < data->n_partitions; i++) {
        const struct partition_view *row = &data->partitions[i];
        if (!row->ours || row->high <= row->stored || row->last_time_ms < 0)
            continue;
        double age = (double)wall_us / 1e6 - (double)row->last_time_ms / 1e3;
        if (age > oldest)
            oldest = age;
    }
    return oldest;
}

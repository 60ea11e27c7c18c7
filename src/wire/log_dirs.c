#include "wire/log_dirs.h"

/* On the wire, in whichever version takes least: each string and array one byte. */
#define REQUEST_TOPIC_MIN_BYTES 2
#define RESULT_MIN_BYTES 4
#define TOPIC_MIN_BYTES 2
#define PARTITION_MIN_BYTES 21

static void request(struct wire_codec *codec, void *message)
{
    struct log_dirs_request *m = message;
    m->topics = wire_nullable_array(codec, m->topics, &m->n_topics, sizeof *m->topics,
                                    REQUEST_TOPIC_MIN_BYTES);
    for (size_t i = 0; i < m->n_topics; i++) {
        wire_string(codec, &m->topics[i].topic);
        wire_int32s(codec, &m->topics[i].partitions);
        wire_tags(codec, &m->topics[i], NULL, 0);
    }
    wire_tags(codec, m, NULL, 0);
}

static void partition(struct wire_codec *codec, struct log_dir_partition *p)
{
    wire_int32(codec, &p->partition_index);
    wire_int64(codec, &p->partition_size);
    wire_int64(codec, &p->offset_lag);
    wire_bool(codec, &p->is_future_key);
    wire_tags(codec, p, NULL, 0);
}

static void topic(struct wire_codec *codec, struct log_dir_topic *t)
{
    wire_string(codec, &t->name);
    t->partitions = wire_array(codec, t->partitions, &t->n_partitions, sizeof *t->partitions,
                               PARTITION_MIN_BYTES);
    for (size_t i = 0; i < t->n_partitions; i++)
        partition(codec, &t->partitions[i]);
    wire_tags(codec, t, NULL, 0);
}

static void result(struct wire_codec *codec, struct log_dir *dir)
{
    if (wire_reads(codec))
        dir->total_bytes = dir->usable_bytes = -1;
    wire_int16(codec, &dir->error_code);
    wire_string(codec, &dir->log_dir);
    dir->topics =
        wire_array(codec, dir->topics, &dir->n_topics, sizeof *dir->topics, TOPIC_MIN_BYTES);
    for (size_t i = 0; i < dir->n_topics; i++)
        topic(codec, &dir->topics[i]);
    if (codec->version >= 4) {
        wire_int64(codec, &dir->total_bytes);
        wire_int64(codec, &dir->usable_bytes);
    }
    wire_tags(codec, dir, NULL, 0);
}

static void response(struct wire_codec *codec, void *message)
{
    struct log_dirs_response *m = message;
    wire_int32(codec, &m->throttle_time_ms);
    if (codec->version >= 3)
        wire_int16(codec, &m->error_code);
    m->results = wire_array(codec, m->results, &m->n_results, sizeof *m->results, RESULT_MIN_BYTES);
    for (size_t i = 0; i < m->n_results; i++)
        result(codec, &m->results[i]);
    wire_tags(codec, m, NULL, 0);
}

const struct wire_api log_dirs_api = {
    .key = 35,
    .name = "DescribeLogDirs",
    .min_version = 0,
    .max_version = 4,
    .first_flexible = 2,
    .request_bytes = sizeof(struct log_dirs_request),
    .response_bytes = sizeof(struct log_dirs_response),
    .request = request,
    .response = response,
};

/*
 * What happens before the first record: each step either holds or names its reason and cure.
 *
 *   connect -> setup files -> judge the table -> state schema -> cluster and topics -> registration
 *   -> start offsets (first start only) -> goals (--exit) -> lanes -> consumer
 *
 * A dry run leaves out all that writes, and reads all partitions without a group.
 */
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "ingest/pipeline.h"
#include "sink/group.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ASK_MS 10000

static bool dry(const struct pipeline *pipeline)
{
    return pipeline->config->dry_run;
}

static int boot_store(struct pipeline *pipeline, struct err *err)
{
    const struct sink_ops *sink = pipeline->sink;
    if (sink->open(&pipeline->store, pipeline->config, err) < 0)
        return -1;
    if (!dry(pipeline) && sink->setup(pipeline->store, err) < 0)
        return -1;
    if (sink->read_table(pipeline->store, err) < 0)
        return -1;
    return dry(pipeline) ? 0 : sink->prepare(pipeline->store, err);
}

/* The partitions of all topics, entered into the book before the pump runs. */
static int boot_topics(struct pipeline *pipeline, struct err *err)
{
    const struct pipeline_config *config = pipeline->config;
    if (admin_new(&pipeline->admin, config->name, config->brokers, config->kafka, config->n_kafka,
                  err) < 0)
        return -1;
    for (size_t i = 0; i < config->n_topics; i++) {
        struct topic_info info;
        if (admin_topic(pipeline->admin, config->topics[i], ASK_MS, &info, err) < 0)
            return -1;
        for (int32_t number = 0; number < info.partitions; number++)
            partition_find(pipeline, config->topics[i], number);
    }
    return 0;
}

static int boot_registration(struct pipeline *pipeline, bool *first, struct err *err)
{
    const struct pipeline_config *config = pipeline->config;
    char cluster_id[64];
    *first = true;
    if (dry(pipeline))
        return 0;
    if (admin_cluster_id(pipeline->admin, ASK_MS, cluster_id, err) < 0)
        return -1;
    struct source_identity identity = {cluster_id, config->topics, config->n_topics};
    return pipeline->sink->enlist(pipeline->store, &identity, first, err);
}

static size_t count_partitions(const struct pipeline *pipeline)
{
    size_t n = 0;
    for (const struct partition *p = pipeline->partitions; p; p = p->next)
        n++;
    return n;
}

static int resolve_start(struct pipeline *pipeline, struct partition *p, struct err *err)
{
    struct offset_spec spec = pipeline->config->offset;
    if (spec.kind == OFFSET_STORED)
        return err_set(err, ERR_USAGE,
                       "-o stored has no meaning on a first start: what is stored is kept in the "
                       "database, and there is nothing yet; use beginning, end, a number or @TIME");
    return admin_resolve(pipeline->admin, p->topic, p->partition, spec, ASK_MS, &p->position, err);
}

/* First start: every partition's beginning is fixed at once, before any claim. */
static int boot_starts(struct pipeline *pipeline, struct err *err)
{
    size_t n = count_partitions(pipeline);
    struct start_offset *starts = calloc(n + 1, sizeof(*starts));
    size_t i = 0;
    int rc = 0;
    if (!starts)
        abort();
    for (struct partition *p = pipeline->partitions; p && rc == 0; p = p->next) {
        rc = resolve_start(pipeline, p, err);
        starts[i++] = (struct start_offset){p->topic, p->partition, p->position};
    }
    if (rc == 0)
        rc = pipeline->sink->start_at(pipeline->store, starts, n, err);
    free(starts);
    return rc;
}

/* A dry run begins where a real one would, without writing that down. */
static int boot_dry_positions(struct pipeline *pipeline, struct err *err)
{
    for (struct partition *p = pipeline->partitions; p; p = p->next) {
        struct err none = {0};
        int64_t next = -1;
        if (pipeline->sink->peek(pipeline->store, p->topic, p->partition, &next, &none) < 0 &&
            pipeline->sink->reconnect(pipeline->store, err) < 0)
            return -1;
        if (next >= 0 && !pipeline->config->offset_given)
            p->position = next;
        else if (resolve_start(pipeline, p, err) < 0)
            return -1;
        p->queued = p->stored = p->position;
    }
    return 0;
}

/* --exit: the high watermarks of this moment. */
static int boot_goals(struct pipeline *pipeline, struct err *err)
{
    int64_t total = 0;
    if (!pipeline_ends(pipeline))
        return 0;
    for (struct partition *p = pipeline->partitions; p; p = p->next) {
        int64_t low;
        int64_t next = -1;
        if (admin_watermarks(pipeline->admin, p->topic, p->partition, ASK_MS, &low, &p->goal, err) <
            0)
            return -1;
        if (dry(pipeline))
            next = p->position;
        else if (pipeline->sink->peek(pipeline->store, p->topic, p->partition, &next, err) < 0)
            return -1;
        if (next < low)
            next = low;
        total += p->goal > next ? p->goal - next : 0;
    }
    struct view_data *data = view_lock(&pipeline->view);
    data->goal_records = data->goal_records_left = total;
    view_unlock(&pipeline->view);
    return 0;
}

/*
 * A member's name stands for its subscription too: the broker gives a static member that comes back
 * the partitions it had, without looking at what it subscribes to now (KIP-345), so that after
 * --reset with other topics nobody would ever get theirs.
 */
static int take_slot(struct pipeline *pipeline, struct err *err)
{
    const struct pipeline_config *config = pipeline->config;
    uint32_t topics = 0;
    for (size_t i = 0; i < config->n_topics; i++)
        topics = crc32c(topics, config->topics[i], strlen(config->topics[i]) + 1);
    char name[sizeof(pipeline->group) + 16];
    snprintf(name, sizeof(name), "%08x-%s", (unsigned)topics, pipeline->group);
    return slot_take(&pipeline->slot, name, err);
}

static int name_group(struct pipeline *pipeline, struct err *err)
{
    group_of_pipeline(pipeline->config, pipeline->sink->uuid(pipeline->store), pipeline->group,
                      sizeof(pipeline->group));
    return take_slot(pipeline, err);
}

int pipeline_join_group(struct pipeline *pipeline, struct err *err)
{
    const struct pipeline_config *config = pipeline->config;
    struct consumer *made;
    struct consumer_options options = {
        .scope = config->name,
        .brokers = config->brokers,
        .properties = config->kafka,
        .n_properties = config->n_kafka,
        .client_id = "weir",
        .group = dry(pipeline) ? NULL : pipeline->group,
        .instance = dry(pipeline) ? NULL : pipeline->slot.instance,
        .partitions = (int32_t)count_partitions(pipeline),
    };
    if (consumer_new(&made, &options, err) < 0)
        return -1;
    pthread_mutex_lock(&pipeline->consumer_lock);
    struct consumer *old = pipeline->consumer;
    pipeline->consumer = made;
    pthread_mutex_unlock(&pipeline->consumer_lock);
    consumer_free(old, 0);
    if (dry(pipeline))
        return 0;
    return consumer_subscribe(made, config->topics, config->n_topics, err);
}

static int boot_consumer(struct pipeline *pipeline, struct err *err)
{
    if (!dry(pipeline) && name_group(pipeline, err) < 0)
        return -1;
    return pipeline_join_group(pipeline, err);
}

int pipeline_boot(struct pipeline *pipeline, struct err *err)
{
    const struct pipeline_config *config = pipeline->config;
    bool first;
    if (boot_store(pipeline, err) < 0 || boot_topics(pipeline, err) < 0 ||
        boot_registration(pipeline, &first, err) < 0)
        return -1;
    if (dry(pipeline) ? boot_dry_positions(pipeline, err) < 0
                      : first && boot_starts(pipeline, err) < 0)
        return -1;
    if (boot_goals(pipeline, err) < 0 || seats_open(pipeline, err) < 0 ||
        boot_consumer(pipeline, err) < 0)
        return -1;
    log_info(config->name, "%s -> %s in %s%s%s", config->topics[0],
             pipeline->sink->table(pipeline->store)->quoted, pipeline->sink->name,
             dry(pipeline) ? ", a dry run: nothing is written" : "; group ",
             dry(pipeline) ? "" : pipeline->group);
    struct view_data *data = view_lock(&pipeline->view);
    data->phase = PHASE_RUNNING;
    data->lanes = pipeline->n_seats;
    data->started_us = clock_mono_us();
    view_unlock(&pipeline->view);
    return 0;
}

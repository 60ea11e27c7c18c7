#include "wire/metadata.h"

/* On the wire, in whichever version takes least: each string and array one byte. */
#define REQUEST_TOPIC_MIN_BYTES 2
#define BROKER_MIN_BYTES 9
#define TOPIC_MIN_BYTES 4
#define PARTITION_MIN_BYTES 12

static void request_topic(struct wire_codec *codec, struct metadata_request_topic *topic)
{
    if (codec->version >= 10) {
        wire_uuid(codec, &topic->topic_id);
        wire_nullable_string(codec, &topic->name);
    } else {
        wire_string(codec, &topic->name);
    }
    wire_tags(codec, topic, NULL, 0);
}

/* Version 0 has no null array, and says "all" with an empty one. */
static void request_topics(struct wire_codec *codec, struct metadata_request *m)
{
    if (codec->version > 0) {
        m->topics = wire_nullable_array(codec, m->topics, &m->n_topics, sizeof *m->topics,
                                        REQUEST_TOPIC_MIN_BYTES);
        return;
    }
    if (!wire_reads(codec) && m->topics && m->n_topics == 0)
        wire_fail(codec, "version 0 cannot ask for no topic");
    struct metadata_request_topic *topics =
        wire_array(codec, m->topics, &m->n_topics, sizeof *m->topics, REQUEST_TOPIC_MIN_BYTES);
    m->topics = m->n_topics > 0 ? topics : NULL;
}

static void request(struct wire_codec *codec, void *message)
{
    struct metadata_request *m = message;
    if (wire_reads(codec))
        m->allow_auto_topic_creation = true;
    request_topics(codec, m);
    for (size_t i = 0; i < m->n_topics; i++)
        request_topic(codec, &m->topics[i]);
    if (codec->version >= 4)
        wire_bool(codec, &m->allow_auto_topic_creation);
    else if (!m->allow_auto_topic_creation)
        wire_fail(codec, "before version 4 the broker may create the topics that it is asked for");
    if (codec->version >= 8 && codec->version <= 10)
        wire_bool(codec, &m->include_cluster_authorized_operations);
    if (codec->version >= 8)
        wire_bool(codec, &m->include_topic_authorized_operations);
    wire_tags(codec, m, NULL, 0);
}

static void broker(struct wire_codec *codec, struct metadata_broker *b)
{
    wire_int32(codec, &b->node_id);
    wire_string(codec, &b->host);
    wire_int32(codec, &b->port);
    if (codec->version >= 1)
        wire_nullable_string(codec, &b->rack);
    wire_tags(codec, b, NULL, 0);
}

static void partition(struct wire_codec *codec, struct metadata_partition *p)
{
    if (wire_reads(codec))
        p->leader_epoch = -1;
    wire_int16(codec, &p->error_code);
    wire_int32(codec, &p->partition_index);
    wire_int32(codec, &p->leader_id);
    if (codec->version >= 7)
        wire_int32(codec, &p->leader_epoch);
    wire_int32s(codec, &p->replica_nodes);
    wire_int32s(codec, &p->isr_nodes);
    if (codec->version >= 5)
        wire_int32s(codec, &p->offline_replicas);
    wire_tags(codec, p, NULL, 0);
}

static void topic(struct wire_codec *codec, struct metadata_topic *t)
{
    if (wire_reads(codec))
        t->topic_authorized_operations = METADATA_OPERATIONS_UNKNOWN;
    wire_int16(codec, &t->error_code);
    if (codec->version >= 12)
        wire_nullable_string(codec, &t->name);
    else
        wire_string(codec, &t->name);
    if (codec->version >= 10)
        wire_uuid(codec, &t->topic_id);
    if (codec->version >= 1)
        wire_bool(codec, &t->is_internal);
    t->partitions = wire_array(codec, t->partitions, &t->n_partitions, sizeof *t->partitions,
                               PARTITION_MIN_BYTES);
    for (size_t i = 0; i < t->n_partitions; i++)
        partition(codec, &t->partitions[i]);
    if (codec->version >= 8)
        wire_int32(codec, &t->topic_authorized_operations);
    wire_tags(codec, t, NULL, 0);
}

static void response(struct wire_codec *codec, void *message)
{
    struct metadata_response *m = message;
    if (wire_reads(codec)) {
        m->controller_id = -1;
        m->cluster_authorized_operations = METADATA_OPERATIONS_UNKNOWN;
    }
    if (codec->version >= 3)
        wire_int32(codec, &m->throttle_time_ms);
    m->brokers = wire_array(codec, m->brokers, &m->n_brokers, sizeof *m->brokers, BROKER_MIN_BYTES);
    for (size_t i = 0; i < m->n_brokers; i++)
        broker(codec, &m->brokers[i]);
    if (codec->version >= 2)
        wire_nullable_string(codec, &m->cluster_id);
    if (codec->version >= 1)
        wire_int32(codec, &m->controller_id);
    m->topics = wire_array(codec, m->topics, &m->n_topics, sizeof *m->topics, TOPIC_MIN_BYTES);
    for (size_t i = 0; i < m->n_topics; i++)
        topic(codec, &m->topics[i]);
    if (codec->version >= 8 && codec->version <= 10)
        wire_int32(codec, &m->cluster_authorized_operations);
    if (codec->version >= 13)
        wire_int16(codec, &m->error_code);
    wire_tags(codec, m, NULL, 0);
}

const struct wire_api metadata_api = {
    .key = 3,
    .name = "Metadata",
    .min_version = 0,
    .max_version = 13,
    .first_flexible = 9,
    .request_bytes = sizeof(struct metadata_request),
    .response_bytes = sizeof(struct metadata_response),
    .request = request,
    .response = response,
};

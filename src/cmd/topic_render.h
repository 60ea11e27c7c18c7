/* What weir topic has to show: for people in columns, or as one JSON object, on stdout. */
#ifndef WEIR_CMD_TOPIC_RENDER_H
#define WEIR_CMD_TOPIC_RENDER_H

#include "base/arena.h"
#include "client/admin_topics.h"

#include <stdbool.h>

/* How long records stay: "7d", "1h30m or 1GiB", "forever", "compacted", "compacted, 7d"; NULL if
 * the configs are not known. */
const char *topic_retention(struct arena *arena, const struct topic *topic);

/* A topic id of admin_topic() as Kafka's own tools write it; NULL if it is not known. */
const char *topic_id_text(struct arena *arena, const char *id);

/* `internal`: those of Kafka's own too. */
void topic_render_list(struct arena *arena, const struct topic_list *topics, bool internal,
                       bool json);

struct topic_description {
    const struct topic *topic;
    const char *id; /* of admin_topic() */
    bool at;        /* the offsets of a time were asked for */
};
void topic_render_description(struct arena *arena, const struct topic_description *description,
                              bool json);

struct topic_made {
    const struct topic *topic; /* name alone, if the cluster does not show it yet */
    bool existed;
};
void topic_render_made(const struct topic_made *made, size_t n, bool json);

struct topic_alteration {
    const struct topic *topic; /* as it was */
    int32_t partitions;        /* as it is */
    const struct config_change *changes;
    size_t n_changes;
};
void topic_render_alteration(struct arena *arena, const struct topic_alteration *alteration,
                             bool json);

#endif

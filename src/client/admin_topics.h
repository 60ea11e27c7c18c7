/*
 * Topics of a cluster: what there is, and changes to it. Blocking calls of an admin's owner, as in
 * client/admin.h; a call that waits for a broker takes `timeout_ms` at most.
 *
 * What is read lies in the caller's arena. What a broker refuses is told in the broker's words:
 * ERR_USAGE where the request itself is wrong (a name, a config, a number), else the work failed.
 */
#ifndef WEIR_CLIENT_ADMIN_TOPICS_H
#define WEIR_CLIENT_ADMIN_TOPICS_H

#include "base/slice.h"
#include "client/admin.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An offset, a broker or a number that is not known. */
#define TOPIC_UNKNOWN (-1)

struct topic_partition {
    int32_t partition;
    int32_t leader; /* a broker's id; TOPIC_UNKNOWN: it has none now, and no offsets either */
    const int32_t *replicas;
    size_t n_replicas;
    const int32_t *in_sync;
    size_t n_in_sync;
    int64_t low;   /* these are TOPIC_UNKNOWN until asked for */
    int64_t high;  /* high watermark, uncommitted records included */
    int64_t at;    /* the first record not older than a time; the end if there is none */
    int64_t bytes; /* on the leader's disks; admin_topics_bytes() */
};

/* Where the value of a config comes from. */
enum config_source {
    CONFIG_DEFAULT, /* Kafka's own default */
    CONFIG_TOPIC,   /* set for this topic */
    CONFIG_BROKER,  /* set for the broker, while it ran */
    CONFIG_CLUSTER, /* set for all brokers, while they ran */
    CONFIG_STATIC,  /* the broker's properties file */
};

struct topic_config {
    const char *name;
    const char *value; /* NULL: the broker does not show it */
    enum config_source source;
};

struct topic {
    const char *name;
    struct topic_partition *partitions; /* by number */
    size_t n_partitions;
    const struct topic_config *configs; /* none until asked for */
    size_t n_configs;
};

struct topic_list {
    struct topic *items; /* by name */
    size_t n;
};

/* Whether Kafka itself keeps it (__consumer_offsets). */
bool topic_is_internal(const char *name);
/* The topic of that name, the partition of that number; NULL: there is none. */
const struct topic *topic_list_find(const struct topic_list *topics, struct slice name);
struct topic_partition *topic_find_partition(const struct topic *topic, int32_t number);
/* Its config of that name, or NULL. */
const struct topic_config *topic_config_find(const struct topic *topic, const char *name);
/* high - low of all partitions; TOPIC_UNKNOWN if one is not known. */
int64_t topic_records(const struct topic *topic);
/* The bytes of all partitions; TOPIC_UNKNOWN if those of one are not known. */
int64_t topic_bytes(const struct topic *topic);

/* All topics, or the one named (admin_topic() first says whether it exists), without offsets. */
int admin_topics(struct admin *admin, struct arena *arena, const char *name, int timeout_ms,
                 struct topic_list *out, struct err *err);
/*
 * Fill in low and high of every partition that has a leader. Of several topics, those of one that
 * cannot be asked (it is just being deleted) stay unknown; of one alone that is an error.
 */
int admin_topics_offsets(struct admin *admin, struct topic_list *topics, int timeout_ms,
                         struct err *err);
/* Fill in `at` for a time in milliseconds since 1970; after admin_topics_offsets(). */
int admin_topics_at(struct admin *admin, struct topic_list *topics, int64_t time_ms, int timeout_ms,
                    struct err *err);
/*
 * Fill in the configs. One topic whose configs may not be read is an error; of several it has none.
 */
int admin_topics_configs(struct admin *admin, struct arena *arena, struct topic_list *topics,
                         int timeout_ms, struct err *err);

/* ---- changes ---- */

struct config_change {
    const char *name;
    const char *value; /* NULL: back to what the brokers have */
};

struct new_topics {
    const char *const *names;
    size_t n;
    int partitions;         /* TOPIC_UNKNOWN: the broker's default, from Kafka 2.4 on */
    int replication_factor; /* the same */
    const struct config_change *configs;
    size_t n_configs;
};

/* What became of one topic; class ERR_NONE: it was done. */
struct topic_result {
    const char *name;
    bool exists; /* creating failed because it is there already */
    struct err err;
};

/*
 * Create or delete topics; `results` has room for one each, in their order. With `only_validate`
 * the broker looks whether it would, and does nothing. -1 and `err`: no answer at all.
 */
int admin_create_topics(struct admin *admin, const struct new_topics *topics, bool only_validate,
                        int timeout_ms, struct topic_result *results, struct err *err);
int admin_delete_topics(struct admin *admin, const char *const *names, size_t n, int timeout_ms,
                        struct topic_result *results, struct err *err);

/* Raise the number of partitions to `total`. */
int admin_add_partitions(struct admin *admin, const char *topic, int32_t total, bool only_validate,
                         int timeout_ms, struct err *err);

/*
 * Wait until the cluster shows the topic with so many partitions, each with a leader (at least 1),
 * or not at all (0). 1: it does; 0: not in time, which is no fault: it goes on by itself; -1:
 * error.
 */
int admin_await_topic(struct admin *admin, const char *topic, size_t partitions, int timeout_ms,
                      struct err *err);

/*
 * Change configs of a topic whose configs were read. Before 2.2 librdkafka, and before 2.3 Kafka,
 * can only replace all that a topic sets: then everything it sets goes out together with the
 * changes, and `whole` becomes true. If one of them cannot be read nothing is changed.
 */
int admin_alter_configs(struct admin *admin, struct arena *arena, const struct topic *topic,
                        const struct config_change *changes, size_t n, int timeout_ms, bool *whole,
                        struct err *err);

/* The pure part of that: what the topic sets, with the changes applied; `out` in the arena. */
int topic_configs_merge(struct arena *arena, const struct topic *topic,
                        const struct config_change *changes, size_t n, struct config_change **out,
                        size_t *n_out, struct err *err);

#endif

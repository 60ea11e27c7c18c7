/* A producer for a topic, opened while the cluster is asked about it. */
#include "client/producer.h"

#include <stdlib.h>

/*
 * What a topic's max.message.bytes is when nobody changed it. A handle's limit cannot be changed:
 * for a topic with another the producer is opened anew.
 */
#define USUAL_MAX_BYTES 1048588

/* 0: unknown. Who may write need not be allowed to ask for configs. */
static int64_t max_bytes_of(struct admin *admin, const char *topic, int timeout_ms)
{
    char text[24];
    struct err ignored;
    int rc = admin_topic_config(admin, topic, "max.message.bytes", timeout_ms, text, sizeof text,
                                &ignored);
    return rc == 0 ? strtoll(text, NULL, 10) : 0;
}

int producer_open(struct producer **out, const struct producer_options *options, const char *topic,
                  int timeout_ms, struct topic_info *info, struct err *err)
{
    struct producer_options tried = *options;
    struct admin *admin = NULL;
    tried.max_bytes = USUAL_MAX_BYTES;
    if (producer_new(out, &tried, err) < 0)
        return -1;
    int rc = admin_new(&admin, options->scope, options->brokers, options->properties,
                       options->n_properties, err);
    if (rc == 0) {
        admin_heed_stop(admin, true);
        rc = admin_topic(admin, topic, timeout_ms, info, err);
    }
    if (rc == 0)
        tried.max_bytes = max_bytes_of(admin, topic, timeout_ms);
    admin_free(admin);
    if (rc == 0 && tried.max_bytes == USUAL_MAX_BYTES)
        return 0;
    producer_free(*out);
    *out = NULL;
    return rc < 0 ? rc : producer_new(out, &tried, err);
}

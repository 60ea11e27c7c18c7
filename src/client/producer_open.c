/* A producer for a topic, opened while the cluster is asked about it. */
#include "client/producer.h"

#include "base/log.h"
#include "client/producer_settings.h"

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

/* Once, and of a producer that is there: it may have been opened twice, or in vain. */
static void tell_linger(const struct producer_options *options)
{
    struct producer_settings own;
    producer_settings_init(&own, options);
    if (own.n_owned > 0)
        log_info(options->scope, "linger.ms is %s here: batches leave when they are full",
                 own.owned[0].value);
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
    if (rc < 0 || tried.max_bytes != USUAL_MAX_BYTES) {
        producer_free(*out);
        *out = NULL;
        rc = rc < 0 ? rc : producer_new(out, &tried, err);
    }
    if (rc == 0)
        tell_linger(&tried);
    return rc;
}

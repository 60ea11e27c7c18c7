#include "client/producer_settings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * With idempotence a partition has one request under way. While the next batch waits for its
 * answer, the library's thread asks without a pause whether it may go (2.0.2 to 2.16 at least),
 * from linger.ms after its first record came; half a core that the broker beside it lacks. No batch
 * of a full queue is as old as LINGER_BULK_MS.
 */
#define LINGER_MS 5
#define LINGER_BULK_MS 10000

/*
 * Records without a key go to one partition for so long, then to another. In bulk, where only full
 * batches leave, that is short, so that all partitions have much the same share; each record by
 * itself would cost a third more CPU time. By itself the library would stay for twice
 * LINGER_BULK_MS.
 */
#define STICKY_MS "10"
#define STICKY_BULK_MS "2"

#define QUEUE_KIB "65536"
#define TIMEOUT_DEFAULT_MS "60000"
#define TIMEOUT_NEVER "0"
#define PATIENCE_MORE_MS 10000 /* for the answers that are under way then */

/* What librdkafka lets message.max.bytes be. */
#define MESSAGE_MIN_BYTES 1000
#define MESSAGE_MAX_BYTES 1000000000

static const char *default_timeout_ms(const struct producer_options *options)
{
    return options->patient ? TIMEOUT_NEVER : TIMEOUT_DEFAULT_MS;
}

/* When the library gives a record up (message.timeout.ms and its other names); 0: never. */
static int64_t timeout_ms(const struct producer_options *options)
{
    const char *found_ms = default_timeout_ms(options);
    for (size_t i = 0; i < options->n_properties; i++) {
        const char *name = options->properties[i].name;
        if (!strncmp(name, "topic.", 6))
            name += 6;
        if (!strcmp(name, "message.timeout.ms") || !strcmp(name, "delivery.timeout.ms"))
            found_ms = options->properties[i].value;
    }
    return strtoll(found_ms, NULL, 10);
}

/* The library refuses to linger for longer than its user gives a record at all. */
static int64_t linger_ms(const struct producer_options *options)
{
    int64_t most_ms = options->bulk ? LINGER_BULK_MS : LINGER_MS;
    int64_t given_ms = timeout_ms(options);
    return given_ms > 0 && given_ms / 2 < most_ms ? given_ms / 2 : most_ms;
}

static int64_t patience_ms(const struct producer_options *options)
{
    int64_t given_ms = timeout_ms(options);
    return given_ms > 0 ? given_ms + PATIENCE_MORE_MS : -1;
}

static void add(struct producer_settings *settings, const char *name, const char *value)
{
    assert(settings->n_defaults < sizeof settings->defaults / sizeof *settings->defaults);
    settings->defaults[settings->n_defaults++] = (struct setting){name, value};
}

void producer_settings_init(struct producer_settings *settings,
                            const struct producer_options *options)
{
    int64_t largest_bytes = options->max_bytes;
    *settings = (struct producer_settings){.patience_ms = patience_ms(options)};
    snprintf(settings->linger_ms, sizeof settings->linger_ms, "%" PRId64, linger_ms(options));
    snprintf(settings->largest_bytes, sizeof settings->largest_bytes, "%" PRId64, largest_bytes);
    add(settings, "enable.idempotence", "true");
    add(settings, "linger.ms", settings->linger_ms);
    add(settings, "sticky.partitioning.linger.ms", options->bulk ? STICKY_BULK_MS : STICKY_MS);
    add(settings, "queue.buffering.max.kbytes", QUEUE_KIB);
    add(settings, "message.timeout.ms", default_timeout_ms(options));
    if (largest_bytes >= MESSAGE_MIN_BYTES && largest_bytes <= MESSAGE_MAX_BYTES)
        add(settings, "message.max.bytes", settings->largest_bytes);
}

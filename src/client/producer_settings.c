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

#define QUEUE_KIB 65536
#define TIMEOUT_DEFAULT_MS "60000"
#define TIMEOUT_NEVER "0"
#define PATIENCE_MORE_MS 10000 /* for the answers that are under way then */

/*
 * What librdkafka lets message.max.bytes be. Where a topic takes less, its batches are held to that
 * all the same: a broker would refuse all that is in a larger one.
 */
#define MESSAGE_MIN_BYTES 1000
#define MESSAGE_MAX_BYTES 1000000000

static const char *default_timeout_ms(const struct producer_options *options)
{
    return options->patient ? TIMEOUT_NEVER : TIMEOUT_DEFAULT_MS;
}

/* What the user has set by one name or the other, last; NULL: he has not. */
static const char *find(const struct producer_options *options, const char *name, const char *other)
{
    const char *found = NULL;
    for (size_t i = 0; i < options->n_properties; i++) {
        const char *own = options->properties[i].name;
        if (!strncmp(own, "topic.", 6))
            own += 6;
        if (!strcmp(own, name) || !strcmp(own, other))
            found = options->properties[i].value;
    }
    return found;
}

/* When the library gives a record up; 0: never. */
static int64_t timeout_ms(const struct producer_options *options)
{
    const char *given_ms = find(options, "message.timeout.ms", "delivery.timeout.ms");
    return strtoll(given_ms ? given_ms : default_timeout_ms(options), NULL, 10);
}

/* The library refuses to linger for longer than its user gives a record at all. */
static int64_t within_timeout(const struct producer_options *options, int64_t linger_ms)
{
    int64_t given_ms = timeout_ms(options);
    return given_ms > 0 && given_ms / 2 < linger_ms ? given_ms / 2 : linger_ms;
}

/* The largest record fits, or it would be waited for without end. */
static int64_t queue_kib(const struct producer_options *options)
{
    int64_t largest_bytes =
        options->max_bytes < MESSAGE_MAX_BYTES ? options->max_bytes : MESSAGE_MAX_BYTES;
    int64_t needed_kib = largest_bytes / 1024 + 1;
    return needed_kib > QUEUE_KIB ? needed_kib : QUEUE_KIB;
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

static void print_number(char text[NUMBER_BYTES], int64_t number)
{
    snprintf(text, NUMBER_BYTES, "%" PRId64, number);
}

void producer_settings_init(struct producer_settings *settings,
                            const struct producer_options *options)
{
    int64_t largest_bytes = options->max_bytes;
    *settings = (struct producer_settings){.patience_ms = patience_ms(options)};
    print_number(settings->linger_ms,
                 within_timeout(options, options->bulk ? LINGER_BULK_MS : LINGER_MS));
    print_number(settings->queue_kib, queue_kib(options));
    print_number(settings->largest_bytes, largest_bytes);
    add(settings, "enable.idempotence", "true");
    /* Else a small request waits in the socket until the one before it is answered. */
    add(settings, "socket.nagle.disable", "true");
    add(settings, "linger.ms", settings->linger_ms);
    add(settings, "sticky.partitioning.linger.ms", options->bulk ? STICKY_BULK_MS : STICKY_MS);
    add(settings, "queue.buffering.max.kbytes", settings->queue_kib);
    add(settings, "message.timeout.ms", default_timeout_ms(options));
    if (largest_bytes >= MESSAGE_MIN_BYTES && largest_bytes <= MESSAGE_MAX_BYTES)
        add(settings, "message.max.bytes", settings->largest_bytes);
    else if (largest_bytes > 0 && largest_bytes < MESSAGE_MIN_BYTES)
        add(settings, "batch.size", settings->largest_bytes);
}

/*
 * Whether retention will overtake what was not read yet.
 *
 * By age the time of the first unread record tells. By size a broker deletes a partition's oldest
 * segment as long as what then remains is retention.bytes at least: so unread records are safe
 * while they are fewer bytes than that. How many they are is not told by anyone; it is their share
 * of the offsets, of what the partition takes on its leader's disks. How fast the pipeline reads
 * cannot be seen while one looks: what is told is how long it takes if it reads nothing.
 */
#include "inspect/place.h"

#include "base/clock.h"
#include "client/admin_brokers.h"
#include "client/scan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_MS 5000
#define BYTES_MS 3000
/* Of what is kept: unread records that are older, or more, than this share are near their end. */
#define NEAR_SHARE 0.75
#define MAX_TOLD 10

static bool is_unread(const struct place *place)
{
    return place->stored && !place->wrong && place->stored->next_offset < place->log->high;
}

static enum scan_verdict take_time(void *context, struct scan_part *part,
                                   const struct message *message)
{
    (void)context;
    struct place *place = part->owner;
    place->oldest_ms = message->timestamp_ms;
    return SCAN_PART_DONE;
}

/* The time of the first record that was not read, of each partition that has one. */
static void read_oldest(struct places *places)
{
    const struct pipeline_config *config = places->x->config;
    struct err ignored;
    size_t n = 0;
    struct scan_part *parts = arena_alloc(places->x->arena, (places->n + 1) * sizeof *parts);
    for (size_t i = 0; i < places->n; i++) {
        struct place *place = &places->items[i];
        if (!is_unread(place))
            continue;
        parts[n++] = (struct scan_part){.topic = place->topic->name,
                                        .partition = place->log->partition,
                                        .from = place->stored->next_offset,
                                        .stop = place->log->high,
                                        .owner = place};
    }
    const struct scan scan = {
        .scope = "",
        .config = config,
        .timeout_ms = SCAN_MS,
        .each = take_time,
    };
    if (n > 0)
        scan_read(&scan, parts, n, &ignored);
}

/* A limit of a topic that deletes what is beyond it; -1: it has none, or it is not known. */
static int64_t limit_of(const struct topic *topic, const char *name)
{
    const struct topic_config *policy = topic_config_find(topic, "cleanup.policy");
    const struct topic_config *limit = topic_config_find(topic, name);
    if (!limit || !limit->value || (policy && policy->value && !strstr(policy->value, "delete")))
        return -1;
    return strtoll(limit->value, NULL, 10);
}

/* ---- by age ---- */

static bool warn_of_age(struct examination *x, const struct place *place)
{
    int64_t retention_ms = limit_of(place->topic, "retention.ms");
    int64_t age_ms = clock_wall_us() / 1000 - place->oldest_ms;
    if (place->oldest_ms < 0 || retention_ms <= 0 ||
        (double)age_ms < NEAR_SHARE * (double)retention_ms)
        return false;
    finding_add(x->findings, FINDING_WARN, PLACE_SECTION, place_name(x->arena, place),
                "its oldest unread record (offset %" PRId64 ") is %s old and may be deleted "
                "after %s, unread",
                place->stored->next_offset, doctor_time_text(x->arena, age_ms),
                doctor_time_text(x->arena, retention_ms))
        ->cure = arena_printf(x->arena,
                              "run the pipeline now, or keep records longer: weir topic alter "
                              "%s --config retention.ms=%" PRId64,
                              place->topic->name, 2 * retention_ms);
    return true;
}

/* ---- by size ---- */

int64_t retention_unread_bytes(int64_t low, int64_t next, int64_t high, int64_t bytes)
{
    if (next < low)
        next = low;
    if (high <= next)
        return 0;
    double unread = (double)bytes * ((double)(high - next) / (double)(high - low));
    return unread < (double)bytes ? (int64_t)unread : bytes;
}

int64_t retention_ms_left(int64_t unread_bytes, int64_t age_ms, int64_t limit)
{
    if (unread_bytes >= limit)
        return 0;
    if (unread_bytes <= 0 || age_ms <= 0)
        return -1;
    double left = (double)age_ms * ((double)(limit - unread_bytes) / (double)unread_bytes);
    return left < (double)INT64_MAX / 2 ? (int64_t)left : INT64_MAX / 2;
}

/* "now" or "in about 3 h, at the rate at which they came, if nothing is read". */
static const char *when(struct arena *arena, const struct place *place, int64_t unread,
                        int64_t limit)
{
    int64_t age_ms = place->oldest_ms < 0 ? -1 : clock_wall_us() / 1000 - place->oldest_ms;
    int64_t left_ms = retention_ms_left(unread, age_ms, limit);
    if (left_ms < 0)
        return "soon";
    return left_ms == 0 ? "now"
                        : arena_printf(arena,
                                       "in about %s, at the rate at which they came, if nothing "
                                       "is read",
                                       doctor_time_text(arena, left_ms));
}

static bool warn_of_size(struct examination *x, const struct place *place)
{
    int64_t limit = limit_of(place->topic, "retention.bytes");
    if (limit < 0 || place->log->bytes < 0)
        return false;
    int64_t unread = retention_unread_bytes(place->log->low, place->stored->next_offset,
                                            place->log->high, place->log->bytes);
    if ((double)unread < NEAR_SHARE * (double)limit)
        return false;
    finding_add(x->findings, FINDING_WARN, PLACE_SECTION, place_name(x->arena, place),
                "its unread records are about %" PRId64 " bytes, and %" PRId64
                " are kept (retention.bytes): the oldest (offset %" PRId64
                ") may be deleted, unread, %s",
                unread, limit, place->stored->next_offset, when(x->arena, place, unread, limit))
        ->cure = arena_printf(x->arena,
                              "run the pipeline now, or keep more: weir topic alter %s --config "
                              "retention.bytes=%" PRId64,
                              place->topic->name, 2 * (unread > limit ? unread : limit));
    return true;
}

static bool limits_bytes(const struct place *place)
{
    return is_unread(place) && limit_of(place->topic, "retention.bytes") >= 0;
}

/* Asked for only where it matters: it is a connection to each broker. */
static void ask_bytes(struct places *places)
{
    struct examination *x = places->x;
    bool matters = false;
    for (size_t i = 0; i < places->n; i++)
        matters |= limits_bytes(&places->items[i]);
    if (matters)
        admin_topics_bytes(x->admin, x->config->kafka, x->config->n_kafka, &x->topics, BYTES_MS);
}

/* One line a topic for the partitions whose bytes nobody tells. */
static void tell_unknown(struct places *places, const struct topic *topic)
{
    struct examination *x = places->x;
    size_t n = 0;
    for (size_t i = 0; i < places->n; i++) {
        const struct place *place = &places->items[i];
        n += place->topic == topic && limits_bytes(place) && place->log->bytes < 0;
    }
    if (n > 0)
        finding_add(x->findings, FINDING_SKIP, PLACE_SECTION, topic->name,
                    "retention.bytes is %" PRId64
                    ", and how many bytes the unread records of %zu partition%s take is unknown: "
                    "the broker does not tell (-v says why)",
                    limit_of(topic, "retention.bytes"), n, n == 1 ? "" : "s");
}

void doctor_retention(struct places *places)
{
    struct examination *x = places->x;
    size_t told = 0;
    read_oldest(places);
    ask_bytes(places);
    for (size_t i = 0; i < places->n && told < MAX_TOLD; i++) {
        const struct place *place = &places->items[i];
        if (!is_unread(place))
            continue;
        told += warn_of_age(x, place);
        told += warn_of_size(x, place);
    }
    for (size_t i = 0; i < x->topics.n; i++)
        tell_unknown(places, &x->topics.items[i]);
}

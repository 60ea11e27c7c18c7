/*
 * Where the pipeline is in its topics: whether that place is still in the log, whether it is still
 * the same topic, and whether retention will overtake what was not read yet.
 */
#include "inspect/examination.h"

#include "base/clock.h"
#include "client/scan.h"
#include "sink/state_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "Place"
#define SCAN_MS 5000
/* Of the retention time: an unread record older than this share is near its end. */
#define NEAR_SHARE 0.75
#define MAX_TOLD 10

/* One partition: the pipeline's place beside the log's ends. */
struct place {
    const struct topic *topic;
    const struct topic_partition *log;
    const struct view_offsets *stored; /* NULL: a partition that the pipeline has not met */
    int64_t oldest_ms;                 /* of the first record not read yet; -1: not known */
    bool wrong;
};

struct places {
    struct examination *x;
    struct place *items;
    size_t n;
    size_t told;
};

static const struct view_offsets *find_stored(const struct view_offsets *all, size_t n,
                                              const char *topic, int32_t partition)
{
    for (size_t i = 0; i < n; i++)
        if (all[i].partition == partition && !strcmp(all[i].topic, topic))
            return &all[i];
    return NULL;
}

static void collect(struct places *places, const struct view_offsets *all, size_t n)
{
    const struct topic_list *topics = &places->x->topics;
    size_t room = 0;
    for (size_t i = 0; i < topics->n; i++)
        room += topics->items[i].n_partitions;
    places->items = arena_alloc(places->x->arena, (room + 1) * sizeof *places->items);
    for (size_t i = 0; i < topics->n; i++)
        for (size_t j = 0; j < topics->items[i].n_partitions; j++) {
            const struct topic_partition *log = &topics->items[i].partitions[j];
            if (log->low < 0 || log->high < 0)
                continue;
            places->items[places->n++] = (struct place){
                .topic = &topics->items[i],
                .log = log,
                .stored = find_stored(all, n, topics->items[i].name, log->partition),
                .oldest_ms = -1,
            };
        }
}

static const char *name_of(const struct places *places, const struct place *place)
{
    return arena_printf(places->x->arena, "%s[%" PRId32 "]", place->topic->name,
                        place->log->partition);
}

#define CURE_RESET                                                                                 \
    "weir ingest --reset --accept-table (keeps the rows) reads the topic from its start"

static void judge_range(struct places *places, struct place *place)
{
    struct examination *x = places->x;
    int64_t next = place->stored->next_offset;
    place->wrong = next > place->log->high || next < place->log->low;
    if (next > place->log->high)
        finding_add(x->findings, FINDING_FAIL, SECTION, name_of(places, place),
                    "ends at offset %" PRId64 " but %" PRId64
                    " is stored: the topic was deleted and created again, or cut",
                    place->log->high, next)
            ->cure = CURE_RESET;
    else if (next < place->log->low)
        finding_add(x->findings, x->config->on_gap == GAP_RECORD ? FINDING_WARN : FINDING_FAIL,
                    SECTION, name_of(places, place),
                    "retention has deleted the offsets %" PRId64 " to %" PRId64
                    " before they were stored",
                    next, place->log->low - 1)
            ->cure = "weir ingest --on-gap record notes the gap and goes on";
}

/* Whether the last stored record is still in its place, as ingest asks at each claim. */
static void recognize(struct places *places, struct place *place)
{
    struct examination *x = places->x;
    struct err err;
    enum recognized found = RECOGNIZED_DELETED;
    const struct last_record *last = &place->stored->last;
    const struct fingerprint print = {last->timestamp_ms, last->crc};
    if (place->wrong || last->offset < 0)
        return;
    if (admin_recognize(x->admin, place->topic->name, place->log->partition, last->offset, &print,
                        place->log->low, ASK_MS, &found, &err) < 0) {
        doctor_add_error(x, FINDING_WARN, SECTION, name_of(places, place), &err);
        return;
    }
    place->wrong = found == RECOGNIZED_OTHER || found == RECOGNIZED_MISSING;
    if (place->wrong)
        finding_add(x->findings, FINDING_FAIL, SECTION, name_of(places, place),
                    "this is another topic under the same name: the record stored last (offset "
                    "%" PRId64 ") is %s",
                    last->offset, found == RECOGNIZED_OTHER ? "another one" : "not in it")
            ->cure = CURE_RESET "; or --name NAME with --allow-second-copy for a pipeline of its "
                                "own, or another table";
}

/* ---- retention ---- */

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
        if (!place->stored || place->wrong || place->stored->next_offset >= place->log->high)
            continue;
        parts[n++] = (struct scan_part){.topic = place->topic->name,
                                        .partition = place->log->partition,
                                        .from = place->stored->next_offset,
                                        .stop = place->log->high,
                                        .owner = place};
    }
    const struct scan scan = {
        .scope = "",
        .brokers = config->brokers,
        .properties = config->kafka,
        .n_properties = config->n_kafka,
        .timeout_ms = SCAN_MS,
        .each = take_time,
    };
    if (n > 0)
        scan_read(&scan, parts, n, &ignored);
}

/* How long a topic keeps its records; -1: for ever, or not known. */
static int64_t retention_of(const struct topic *topic)
{
    const struct topic_config *policy = topic_config_find(topic, "cleanup.policy");
    const struct topic_config *ms = topic_config_find(topic, "retention.ms");
    if (!ms || !ms->value || (policy && policy->value && !strstr(policy->value, "delete")))
        return -1;
    return strtoll(ms->value, NULL, 10);
}

static void warn_of_retention(struct places *places)
{
    struct examination *x = places->x;
    int64_t now_ms = clock_wall_us() / 1000;
    for (size_t i = 0; i < places->n && places->told < MAX_TOLD; i++) {
        const struct place *place = &places->items[i];
        int64_t retention_ms = retention_of(place->topic);
        int64_t age_ms = now_ms - place->oldest_ms;
        if (!place->stored || place->oldest_ms < 0 || retention_ms <= 0 ||
            (double)age_ms < NEAR_SHARE * (double)retention_ms)
            continue;
        places->told++;
        finding_add(x->findings, FINDING_WARN, SECTION, name_of(places, place),
                    "its oldest unread record (offset %" PRId64 ") is %s old and may be deleted "
                    "after %s, unread",
                    place->stored->next_offset, doctor_time_text(x->arena, age_ms),
                    doctor_time_text(x->arena, retention_ms))
            ->cure = arena_printf(x->arena,
                                  "run the pipeline now, or keep records longer: weir topic alter "
                                  "%s --config retention.ms=%" PRId64,
                                  place->topic->name, 2 * retention_ms);
    }
}

static void tell_lag(struct places *places)
{
    struct examination *x = places->x;
    int64_t lag = 0;
    size_t fresh = 0;
    for (size_t i = 0; i < places->n; i++) {
        const struct place *place = &places->items[i];
        if (place->wrong)
            return;
        fresh += !place->stored;
        int64_t next = place->stored ? place->stored->next_offset : place->log->low;
        lag += place->log->high - next;
    }
    finding_add(x->findings, FINDING_OK, SECTION, "lag",
                "%" PRId64 " offset%s not read yet in %zu partition%s%s", lag, lag == 1 ? "" : "s",
                places->n, places->n == 1 ? "" : "s",
                fresh > 0 ? arena_printf(x->arena, ", %zu of them new", fresh) : "");
}

/* The first start: where it would begin. */
static void tell_start(struct examination *x)
{
    struct err err;
    int64_t wanted = 0;
    for (size_t i = 0; i < x->topics.n; i++)
        for (size_t j = 0; j < x->topics.items[i].n_partitions; j++) {
            const struct topic_partition *log = &x->topics.items[i].partitions[j];
            int64_t start = 0;
            if (log->leader == TOPIC_UNKNOWN)
                continue;
            if (x->config->offset.kind == OFFSET_STORED) {
                finding_add(x->findings, FINDING_FAIL, SECTION, "start",
                            "-o stored has no meaning on a first start: nothing is stored yet")
                    ->cure = "use beginning, end, a number or @TIME";
                return;
            }
            if (admin_resolve(x->admin, x->topics.items[i].name, log->partition, x->config->offset,
                              ASK_MS, &start, &err) < 0) {
                doctor_add_error(x, FINDING_FAIL, SECTION, "start", &err);
                return;
            }
            wanted += log->high > start ? log->high - start : 0;
        }
    finding_add(x->findings, FINDING_OK, SECTION, "start",
                "a first start would read %" PRId64 " offset%s there now", wanted,
                wanted == 1 ? "" : "s");
}

static void look_at_places(struct examination *x, const struct view_offsets *offsets, size_t n)
{
    struct places places = {.x = x};
    collect(&places, offsets, n);
    for (size_t i = 0; i < places.n; i++) {
        if (!places.items[i].stored)
            continue;
        judge_range(&places, &places.items[i]);
        recognize(&places, &places.items[i]);
    }
    read_oldest(&places);
    warn_of_retention(&places);
    tell_lag(&places);
}

void doctor_position(struct examination *x)
{
    struct err err;
    struct state_view *view = NULL;
    struct view_offsets *offsets;
    size_t n = 0;
    const char *none = x->no_kafka          ? x->no_kafka
                       : x->topics.n == 0   ? "there is no topic to read"
                       : x->no_database     ? x->no_database
                       : !x->may_make_state ? x->no_state
                                            : NULL;
    if (none) {
        finding_add(x->findings, FINDING_SKIP, SECTION, "lag", "%s", none);
        return;
    }
    if (!x->state_there) {
        tell_start(x);
        return;
    }
    if (state_view_open(&view, x->config, &err) < 0 ||
        state_view_offsets(view, x->arena, x->config->name, &offsets, &n, &err) < 0)
        doctor_add_error(x, FINDING_FAIL, SECTION, "lag", &err);
    else if (n == 0)
        tell_start(x);
    else
        look_at_places(x, offsets, n);
    state_view_close(view);
}

/*
 * Where the pipeline is in its topics: whether that place is still in the log, and whether it is
 * still the same topic.
 */
#include "inspect/place.h"

#include <inttypes.h>
#include <string.h>

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

const char *place_name(struct arena *arena, const struct place *place)
{
    return arena_printf(arena, "%s[%" PRId32 "]", place->topic->name, place->log->partition);
}

#define CURE_RESET                                                                                 \
    "weir ingest --reset --accept-table (keeps the rows) reads the topic from its start"

static void judge_range(struct places *places, struct place *place)
{
    struct examination *x = places->x;
    int64_t next = place->stored->next_offset;
    place->wrong = next > place->log->high || next < place->log->low;
    if (next > place->log->high)
        finding_add(x->findings, FINDING_FAIL, PLACE_SECTION, place_name(x->arena, place),
                    "ends at offset %" PRId64 " but %" PRId64
                    " is stored: the topic was deleted and created again, or cut",
                    place->log->high, next)
            ->cure = CURE_RESET;
    else if (next < place->log->low)
        finding_add(x->findings, x->config->on_gap == GAP_RECORD ? FINDING_WARN : FINDING_FAIL,
                    PLACE_SECTION, place_name(x->arena, place),
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
        doctor_add_error(x, FINDING_WARN, PLACE_SECTION, place_name(x->arena, place), &err);
        return;
    }
    place->wrong = found == RECOGNIZED_OTHER || found == RECOGNIZED_MISSING;
    if (place->wrong)
        finding_add(x->findings, FINDING_FAIL, PLACE_SECTION, place_name(x->arena, place),
                    "this is another topic under the same name: the record stored last (offset "
                    "%" PRId64 ") is %s",
                    last->offset, found == RECOGNIZED_OTHER ? "another one" : "not in it")
            ->cure = CURE_RESET "; or --name NAME with --allow-second-copy for a pipeline of its "
                                "own, or another table";
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
    finding_add(x->findings, FINDING_OK, PLACE_SECTION, "lag",
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
                finding_add(x->findings, FINDING_FAIL, PLACE_SECTION, "start",
                            "-o stored has no meaning on a first start: nothing is stored yet")
                    ->cure = "use beginning, end, a number or @TIME";
                return;
            }
            if (admin_resolve(x->admin, x->topics.items[i].name, log->partition, x->config->offset,
                              ASK_MS, &start, &err) < 0) {
                doctor_add_error(x, FINDING_FAIL, PLACE_SECTION, "start", &err);
                return;
            }
            wanted += log->high > start ? log->high - start : 0;
        }
    finding_add(x->findings, FINDING_OK, PLACE_SECTION, "start",
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
    doctor_retention(&places);
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
        finding_add(x->findings, FINDING_SKIP, PLACE_SECTION, "lag", "%s", none);
        return;
    }
    if (!x->state_there) {
        tell_start(x);
        return;
    }
    if (state_view_open(&view, x->config, &err) < 0 ||
        state_view_offsets(view, x->arena, x->config->name, &offsets, &n, &err) < 0)
        doctor_add_error(x, FINDING_FAIL, PLACE_SECTION, "lag", &err);
    else if (n == 0)
        tell_start(x);
    else
        look_at_places(x, offsets, n);
    state_view_close(view);
}

/*
 * Every record of a stretch, read and counted.
 *
 * Reading begins where the first record of the stretch is: all before it are older, whatever the
 * order, and if the stretch is everything where the log begins. It ends at the log's end, because
 * anything there may be late.
 */
#include "base/signals.h"
#include "base/siphash.h"
#include "inspect/key_count.h"
#include "inspect/rate_private.h"

#include <inttypes.h>
#include <stdlib.h>

#define SHOW_EACH 1024 /* records */
/* Different keys that are kept exactly, of all slots together, of one slot, and at least. */
#define EXACT_KEYS ((size_t)4 << 20)
#define EXACT_SLOT_KEYS ((size_t)1 << 20)
#define EXACT_FEW_KEYS 512

struct reading {
    struct rate_run *run;
    struct siphash_key key;
    struct key_count *keys; /* of each slot, then of all together */
    size_t exact_max;
    size_t slot; /* of the record before */
    int64_t n;
    int64_t passed; /* offsets */
    int64_t of;
};

/* The slot of a time; n_slots if it is in none. Neighbours in the log are neighbours in time. */
static size_t slot_of(const struct rate *rate, size_t guess, int64_t ms)
{
    size_t low = 0;
    size_t high = rate->n_slots;
    if (ms >= rate->slots[guess].from_ms && ms < rate->slots[guess].to_ms)
        return guess;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rate->slots[middle].to_ms <= ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low < rate->n_slots && ms >= rate->slots[low].from_ms ? low : rate->n_slots;
}

static void count_key(struct reading *reading, size_t slot, struct slice key)
{
    if (!key.ptr)
        return;
    uint64_t hash = siphash(&reading->key, key).h[0];
    key_count_add(&reading->keys[slot], hash, reading->exact_max);
    key_count_add(&reading->keys[reading->run->rate->n_slots], hash, EXACT_SLOT_KEYS);
}

static void count_outside(struct rate *rate, int64_t ms)
{
    if (ms >= rate->slots[0].from_ms) {
        rate->later++;
        return;
    }
    rate->earlier++;
    if (ms >= 0 && (!rate->has_earliest || ms < rate->earliest_ms)) {
        rate->has_earliest = true;
        rate->earliest_ms = ms;
    }
}

static void count_record(struct reading *reading, const struct scan_part *part,
                         const struct message *message)
{
    struct rate *rate = reading->run->rate;
    size_t i = slot_of(rate, reading->slot, message->timestamp_ms);
    int64_t bytes = (int64_t)(message->key.len + message->value.len);
    rate->untimed |= message->timestamp_ms < 0;
    if (i == rate->n_slots) {
        count_outside(rate, message->timestamp_ms);
        return;
    }
    struct rate_slot *slot = &rate->slots[i];
    struct rate_partition *partition = part->owner;
    reading->slot = i;
    partition->records++;
    slot->records++;
    slot->bytes += bytes;
    if (slot->smallest < 0 || bytes < slot->smallest)
        slot->smallest = bytes;
    if (bytes > slot->largest)
        slot->largest = bytes;
    count_key(reading, i, message->key);
}

static enum scan_verdict take(void *context, struct scan_part *part, const struct message *message)
{
    struct reading *reading = context;
    const struct rate_topic_request *request = reading->run->request;
    /* What lies between two records are a transaction's marks, or what it aborted. */
    if (message->offset > part->position)
        reading->run->rate->transactional |= !reading->run->rate->compacted;
    reading->passed += message->offset + 1 - part->position;
    count_record(reading, part, message);
    if (++reading->n % SHOW_EACH == 0 && request->progress)
        request->progress(request->context, reading->passed, reading->of);
    return SCAN_MORE;
}

/* One part for each partition with anything to read; returns how many. */
static size_t plan(struct reading *reading, struct scan_part *parts)
{
    struct rate_run *run = reading->run;
    size_t n = 0;
    run->rate->earlier = run->rate->later = 0;
    for (size_t i = 0; i < run->topic->n_partitions; i++) {
        const struct topic_partition *p = &run->topic->partitions[i];
        if (p->leader == TOPIC_UNKNOWN)
            continue;
        int64_t from = run->rate->everything ? p->low : p->at;
        run->rate->partitions[i].records = 0;
        run->rate->earlier += rate_before(run, i, from);
        reading->of += p->high - from;
        parts[n++] = (struct scan_part){.topic = run->topic->name,
                                        .partition = p->partition,
                                        .from = from,
                                        .stop = p->high,
                                        .owner = &run->rate->partitions[i]};
    }
    return n;
}

/* Retention has overtaken some: they go on where their log begins by now. Returns whether any. */
static int catch_up(struct reading *reading, struct scan_part *parts, size_t n, struct err *err)
{
    int again = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t low;
        int64_t high;
        parts[i].from = parts[i].position;
        if (!parts[i].overtaken)
            continue;
        if (admin_watermarks(reading->run->request->admin, parts[i].topic, parts[i].partition,
                             RATE_ASK_MS, &low, &high, err) < 0)
            return -1;
        if (low > parts[i].from)
            parts[i].from = low < parts[i].stop ? low : parts[i].stop;
        again = 1;
    }
    return again;
}

/* A broker may take ten seconds not to answer: a signal ends the process meanwhile. */
static int go_on(struct reading *reading, struct scan_part *parts, size_t n, struct err *err)
{
    signals_end_at_once(true);
    int rc = signals_stop_requested() ? 1 : catch_up(reading, parts, n, err);
    signals_end_at_once(false);
    return rc;
}

static int read_parts(struct reading *reading, struct scan_part *parts, size_t n, struct err *err)
{
    const struct rate_topic_request *request = reading->run->request;
    const struct scan scan = {
        .scope = "",
        .config = request->config,
        .timeout_ms = RATE_ASK_MS,
        .keep_on = true,
        .each = take,
        .context = reading,
    };
    int again = 1;
    signals_end_at_once(false);
    while (again == 1) {
        int rc = scan_read(&scan, parts, n, err);
        if (rc == 1 || signals_stop_requested())
            return err_set(err, ERR_OUTAGE,
                           "cancelled when %" PRId64 " of %" PRId64
                           " records were read: no counts are shown, they would be too low",
                           reading->passed, reading->of);
        again = rc < 0 ? -1 : go_on(reading, parts, n, err);
    }
    if (again < 0 && reading->passed > 0)
        err_prefix(err, "when %" PRId64 " of %" PRId64 " records were read", reading->passed,
                   reading->of);
    return again;
}

static void finish(struct reading *reading)
{
    struct rate *rate = reading->run->rate;
    for (size_t i = 0; i < rate->n_slots; i++) {
        rate->slots[i].distinct_keys = key_count_value(&reading->keys[i]);
        rate->keys_estimated |= key_count_is_estimate(&reading->keys[i]);
    }
    rate->distinct_keys = key_count_value(&reading->keys[rate->n_slots]);
    rate->keys_estimated |= key_count_is_estimate(&reading->keys[rate->n_slots]);
}

static size_t exact_keys_of(size_t n_slots)
{
    size_t each = EXACT_KEYS / (n_slots + 1);
    return each < EXACT_FEW_KEYS ? EXACT_FEW_KEYS : each > EXACT_SLOT_KEYS ? EXACT_SLOT_KEYS : each;
}

int rate_read_all(struct rate_run *run, struct err *err)
{
    struct rate *rate = run->rate;
    size_t n_counts = rate->n_slots + 1;
    struct reading reading = {.run = run,
                              .key = siphash_new_key(),
                              .exact_max = exact_keys_of(rate->n_slots)};
    if (rate_ask_places(run, rate->slots[0].from_ms, err) < 0)
        return -1;
    reading.keys = calloc(n_counts, sizeof *reading.keys);
    if (!reading.keys)
        abort();
    for (size_t i = 0; i < rate->n_slots; i++)
        rate->slots[i].bytes = 0;
    struct scan_part *parts =
        arena_alloc(run->arena, (run->topic->n_partitions + 1) * sizeof *parts);
    int rc = read_parts(&reading, parts, plan(&reading, parts), err);
    if (rc == 0)
        finish(&reading);
    for (size_t i = 0; i < n_counts; i++)
        key_count_release(&reading.keys[i]);
    free(reading.keys);
    return rc;
}

#include "inspect/sample.h"

#include "client/scan.h"

#include <stdlib.h>
#include <string.h>

#define MAX_HEADERS 1000

void sample_share(const int64_t *sizes, size_t n, int64_t wanted, int64_t *taken)
{
    int64_t left = wanted;
    for (size_t i = 0; i < n; i++)
        taken[i] = 0;
    for (bool gave = true; gave && left > 0;) {
        int64_t hungry = 0;
        for (size_t i = 0; i < n; i++)
            hungry += taken[i] < sizes[i];
        gave = false;
        for (size_t i = 0; i < n && hungry > 0; i++) {
            int64_t more = left / hungry > 0 ? left / hungry : 1;
            if (taken[i] == sizes[i])
                continue;
            if (more > sizes[i] - taken[i])
                more = sizes[i] - taken[i];
            if (more > left)
                more = left;
            taken[i] += more;
            left -= more;
            hungry--;
            gave |= more > 0;
        }
    }
}

struct taking {
    struct arena *arena;
    struct sample *sample;
    size_t room;
    size_t bytes;
};

/* A copy of nothing is still something, not Kafka's null. */
static struct slice copy_bytes(struct arena *arena, struct slice bytes)
{
    if (!bytes.ptr)
        return SLICE_NONE;
    char *to = arena_alloc(arena, bytes.len + 1);
    memcpy(to, bytes.ptr, bytes.len);
    return (struct slice){to, bytes.len};
}

static void copy_headers(struct taking *taking, const struct message *message,
                         struct record *record)
{
    struct slice name;
    struct slice value;
    size_t n = 0;
    while (n < MAX_HEADERS && message_header(message, n, &name, &value))
        n++;
    struct record_header *headers = arena_alloc(taking->arena, (n + 1) * sizeof *headers);
    for (size_t i = 0; i < n; i++) {
        message_header(message, i, &name, &value);
        headers[i] = (struct record_header){copy_bytes(taking->arena, name),
                                            copy_bytes(taking->arena, value)};
        taking->bytes += name.len + value.len;
    }
    record->headers = headers;
    record->n_headers = n;
}

static struct record *next_place(struct taking *taking)
{
    struct sample *sample = taking->sample;
    if (sample->n == taking->room) {
        size_t room = taking->room ? 2 * taking->room : 1024;
        struct record *records = arena_alloc(taking->arena, room * sizeof *records);
        if (sample->n > 0)
            memcpy(records, sample->records, sample->n * sizeof *records);
        sample->records = records;
        taking->room = room;
    }
    return &sample->records[sample->n++];
}

static enum scan_verdict take(void *context, struct scan_part *part, const struct message *message)
{
    struct taking *taking = context;
    struct sample *sample = taking->sample;
    struct record *record = next_place(taking);
    *record = (struct record){
        .topic = part->topic,
        .partition = part->partition,
        .offset = message->offset,
        .timestamp_ms = message->timestamp_ms,
        .key = copy_bytes(taking->arena, message->key),
        .value = copy_bytes(taking->arena, message->value),
    };
    copy_headers(taking, message, record);
    if (message->timestamp_ms > sample->newest_ms)
        sample->newest_ms = message->timestamp_ms;
    taking->bytes += message->key.len + message->value.len;
    sample->cut = taking->bytes >= SAMPLE_MAX_BYTES;
    return sample->cut ? SCAN_ALL_DONE : SCAN_MORE;
}

/* Where each partition with records is read from. Returns how many. */
static size_t plan_parts(const struct sample_request *request, struct arena *arena,
                         struct scan_part **out)
{
    size_t n = 0;
    for (size_t i = 0; i < request->topics->n; i++)
        n += request->topics->items[i].n_partitions;
    struct scan_part *parts = arena_alloc(arena, (n + 1) * sizeof *parts);
    int64_t *sizes = arena_alloc(arena, (n + 1) * sizeof *sizes);
    int64_t *taken = arena_alloc(arena, (n + 1) * sizeof *taken);
    n = 0;
    for (size_t i = 0; i < request->topics->n; i++) {
        const struct topic *topic = &request->topics->items[i];
        for (size_t j = 0; j < topic->n_partitions; j++) {
            const struct topic_partition *p = &topic->partitions[j];
            if (p->high <= p->low || p->low < 0)
                continue;
            parts[n] = (struct scan_part){.topic = topic->name,
                                          .partition = p->partition,
                                          .from = p->low,
                                          .stop = p->high};
            sizes[n++] = p->high - p->low;
        }
    }
    sample_share(sizes, n, (int64_t)request->n_records, taken);
    for (size_t i = 0; i < n; i++)
        parts[i].from = parts[i].stop - taken[i];
    *out = parts;
    return n;
}

static void note_open(struct sample *sample, struct arena *arena, const struct scan_part *parts,
                      size_t n)
{
    sample->open = arena_alloc(arena, (n + 1) * sizeof *sample->open);
    for (size_t i = 0; i < n; i++)
        if (parts[i].done && parts[i].position < parts[i].stop)
            sample->open[sample->n_open++] =
                (struct sample_open){parts[i].topic, parts[i].partition, parts[i].position,
                                     parts[i].stop};
}

/* Partitions come in turn. */
static int by_place(const void *left, const void *right)
{
    const struct record *a = left;
    const struct record *b = right;
    int topic = strcmp(a->topic, b->topic);
    if (topic != 0)
        return topic;
    if (a->partition != b->partition)
        return a->partition < b->partition ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

int sample_read(struct sample *out, struct arena *arena, const struct sample_request *request,
                struct err *err)
{
    *out = (struct sample){.newest_ms = -1};
    struct taking taking = {.arena = arena, .sample = out};
    struct scan_part *parts;
    size_t n = plan_parts(request, arena, &parts);
    if (n == 0)
        return 0;
    const struct scan scan = {
        .scope = "",
        .config = request->config,
        .timeout_ms = request->timeout_ms,
        .each = take,
        .context = &taking,
    };
    int rc = scan_read(&scan, parts, n, err);
    if (rc == 0)
        note_open(out, arena, parts, n);
    if (out->n > 0)
        qsort(out->records, out->n, sizeof *out->records, by_place);
    return rc < 0 ? -1 : 0;
}

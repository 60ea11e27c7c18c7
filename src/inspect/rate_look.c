/* Some records of a topic, read: at the ends of its partitions, and around borders. */
#include "inspect/rate_private.h"

#include "base/signals.h"

#include <string.h>

/* A fetch brings a batch at least; more than so many bytes of a partition would be read in vain. */
#define FETCH_BYTES "65536"
/* After a fetch in vain, because retention has just overtaken us; the library's own is 500. */
#define BACKOFF_MS "1"
#define MAX_LOOKS 10

/* The records from `from` to `stop` of one partition, and what they tell. */
struct window {
    size_t partition;  /* its place in the topic's list */
    int64_t border;    /* its offset */
    int64_t border_ms; /* INT64_MIN: it is none */
    int64_t first;     /* the first record's offset; -1: there was none */
    int64_t next;      /* the offset that would come next, were there no gaps */
    int64_t first_ms;
    int64_t newest_ms;
    int64_t late_ms; /* how much older than the border a record behind it is, at most */
    bool any;
    bool gap;
    bool untimed;
};

static enum scan_verdict take(void *context, struct scan_part *part, const struct message *message)
{
    struct window *w = part->owner;
    int64_t ms = message->timestamp_ms;
    (void)context;
    if (w->first < 0)
        w->first = message->offset;
    w->gap |= message->offset != w->next;
    w->next = message->offset + 1;
    w->untimed |= ms < 0;
    if (ms < 0)
        return SCAN_MORE;
    if (!w->any)
        w->first_ms = ms;
    if (!w->any || ms > w->newest_ms)
        w->newest_ms = ms;
    w->any = true;
    if (message->offset >= w->border && w->border_ms > ms && w->border_ms - ms > w->late_ms)
        w->late_ms = w->border_ms - ms;
    return SCAN_MORE;
}

/* A scanner, and one window in each partition. */
struct look {
    struct rate_run *run;
    struct pipeline_config config;
    struct scan scan;
    struct scanner *scanner;
    struct scan_part *parts;
    struct window *windows;
    size_t n;
};

static int open_look(struct look *look, struct rate_run *run, struct err *err)
{
    size_t n = run->request->config->n_kafka;
    struct property *properties = arena_alloc(run->arena, (n + 2) * sizeof *properties);
    if (n > 0)
        memcpy(properties, run->request->config->kafka, n * sizeof *properties);
    properties[n] = (struct property){"fetch.message.max.bytes", FETCH_BYTES, ""};
    properties[n + 1] = (struct property){"fetch.error.backoff.ms", BACKOFF_MS, ""};
    *look = (struct look){.run = run, .config = *run->request->config};
    look->config.kafka = properties;
    look->config.n_kafka = n + 2;
    look->parts = arena_alloc(run->arena, (run->topic->n_partitions + 1) * sizeof *look->parts);
    look->windows = arena_alloc(run->arena, (run->topic->n_partitions + 1) * sizeof *look->windows);
    look->scan = (struct scan){
        .scope = "",
        .config = &look->config,
        .timeout_ms = RATE_ASK_MS,
        .keep_on = true,
        .each = take,
    };
    return scanner_open(&look->scanner, &look->scan, run->topic->n_partitions, err);
}

/* In the next round read so many records before and behind an offset. */
static void add_window(struct look *look, const struct topic_partition *p, int64_t offset,
                       int64_t at_ms, int64_t before, int64_t behind)
{
    int64_t from = offset - p->low > before ? offset - before : p->low;
    int64_t stop = p->high - offset > behind ? offset + behind : p->high;
    if (!rate_has_records(p) || from >= stop)
        return;
    struct window *w = &look->windows[look->n];
    *w = (struct window){.partition = (size_t)(p - look->run->topic->partitions),
                         .border = offset,
                         .border_ms = at_ms,
                         .first = -1,
                         .next = from};
    look->parts[look->n++] = (struct scan_part){.topic = look->run->topic->name,
                                                .partition = p->partition,
                                                .from = from,
                                                .stop = stop,
                                                .owner = w};
}

/*
 * A place that retention has deleted meanwhile tells nothing any more. Committed records without
 * those between them: a transaction's marks are there, or records of one that was aborted or is
 * still open; or compaction took them, which is told elsewhere.
 */
static int read_round(struct look *look, struct err *err)
{
    int rc = look->n > 0 ? scanner_read(look->scanner, look->parts, look->n, err) : 0;
    if (rc == 1 || signals_stop_requested())
        return err_set(err, ERR_OUTAGE, "cancelled");
    if (rc < 0)
        return -1;
    for (size_t i = 0; i < look->n; i++) {
        bool short_of = look->windows[i].next < look->parts[i].stop && !look->parts[i].overtaken;
        if (look->windows[i].gap || short_of)
            look->run->rate->transactional |= !look->run->rate->compacted;
        look->run->rate->untimed |= look->windows[i].untimed;
    }
    return 0;
}

/* ---- how old, how new ---- */

static void take_ends(const struct look *look, struct rate_held *held)
{
    for (size_t i = 0; i < look->n; i++) {
        const struct window *w = &look->windows[i];
        if (!w->any)
            continue;
        if (!held->any || w->first_ms < held->oldest_ms)
            held->oldest_ms = w->first_ms;
        if (!held->any || w->newest_ms > held->newest_ms)
            held->newest_ms = w->newest_ms;
        held->any = true;
    }
}

/* What was read has no record before the first; a log that was read to its end has none at all. */
static int64_t begin_of(const struct look *look, size_t i)
{
    const struct window *w = &look->windows[i];
    const struct topic_partition *p = &look->run->topic->partitions[w->partition];
    if (look->parts[i].overtaken)
        return p->low;
    if (w->first >= 0)
        return w->first;
    return look->parts[i].stop == p->high ? p->high : p->low;
}

/* An offset that is not 0 says that what was before it is deleted. */
static void take_begins(const struct look *look, struct rate_held *held)
{
    struct rate_run *run = look->run;
    size_t n = run->topic->n_partitions;
    run->begins = arena_alloc(run->arena, (n + 1) * sizeof *run->begins);
    for (size_t i = 0; i < n; i++)
        run->begins[i] = run->topic->partitions[i].low;
    take_ends(look, held);
    for (size_t i = 0; i < look->n; i++) {
        const struct window *w = &look->windows[i];
        run->begins[w->partition] = begin_of(look, i);
        if (!w->any || w->border == 0)
            continue;
        if (!held->some_deleted || w->first_ms > held->complete_ms)
            held->complete_ms = w->first_ms;
        held->some_deleted = true;
    }
}

static int read_ends(struct look *look, bool newest, struct err *err)
{
    const struct topic *topic = look->run->topic;
    look->n = 0;
    for (size_t i = 0; i < topic->n_partitions; i++) {
        const struct topic_partition *p = &topic->partitions[i];
        add_window(look, p, newest ? p->high : p->low, INT64_MIN, RATE_WINDOW, RATE_WINDOW);
    }
    return read_round(look, err);
}

static bool any_overtaken(const struct look *look)
{
    for (size_t i = 0; i < look->n; i++)
        if (look->parts[i].overtaken)
            return true;
    return false;
}

/* Retention may be at work just there: then where the log begins by now. */
static int read_begins(struct look *look, struct err *err)
{
    struct rate_run *run = look->run;
    int rc = read_ends(look, false, err);
    for (int i = 0; i < MAX_LOOKS && rc == 0 && any_overtaken(look); i++) {
        rc = admin_topics_offsets(run->request->admin, &run->topics, RATE_ASK_MS, err);
        if (rc == 0)
            rc = read_ends(look, false, err);
    }
    return rc;
}

int rate_look_held(struct rate_run *run, struct rate_held *held, struct err *err)
{
    struct look look;
    if (open_look(&look, run, err) < 0)
        return -1;
    int rc = read_begins(&look, err);
    if (rc == 0) {
        take_begins(&look, held);
        rc = read_ends(&look, true, err);
    }
    if (rc == 0)
        take_ends(&look, held);
    scanner_close(look.scanner);
    return rc;
}

/* ---- around borders ---- */

static void take_border(const struct look *look, struct rate_disorder *disorder)
{
    for (size_t i = 0; i < look->n; i++) {
        const struct window *w = &look->windows[i];
        disorder->borders += w->next > w->border;
        disorder->out_of_place += w->late_ms > 0;
        if (w->late_ms > disorder->worst_ms)
            disorder->worst_ms = w->late_ms;
    }
}

/* One window in each partition, unless the next border lies at the same place and asks for more. */
static void add_border(struct look *look, size_t border, int64_t at_ms)
{
    const struct rate_run *run = look->run;
    look->n = 0;
    for (size_t i = 0; i < run->topic->n_partitions; i++) {
        int64_t offset = *rate_offset(run, border, i);
        if (border + 1 < run->n_borders && *rate_offset(run, border + 1, i) == offset)
            continue;
        add_window(look, &run->topic->partitions[i], offset, at_ms, RATE_WINDOW / 2,
                   RATE_WINDOW / 2);
    }
}

int rate_look_borders(struct rate_run *run, struct err *err)
{
    struct look look;
    struct rate *rate = run->rate;
    size_t every = (run->n_borders * run->topic->n_partitions - 1) / RATE_MAX_PLACES + 1;
    int rc = 0;
    if (open_look(&look, run, err) < 0)
        return -1;
    for (size_t j = run->n_borders; j > 0 && rc == 0; j -= j < every ? j : every) {
        add_border(&look, j - 1, rate_border_ms(rate, j - 1));
        rc = read_round(&look, err);
        if (rc == 0)
            take_border(&look, &rate->disorder);
    }
    scanner_close(look.scanner);
    rate->disorder.looked = rc == 0;
    return rc;
}
